//! THE access table: who may do what with which resource (design §4).
//!
//! It drives enforcement, the access-matrix test, the reference pages and OpenAPI. A row's letters are the five
//! methods in the product's order, `lvucd`: list, view, update, create, delete.

use std::net::IpAddr;

use crate::role::{Rights, Role};
use crate::{Error, Result};

/// One of the five ways to interact with a resource, in the product's own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// `GET /api/resource/`
    List,
    /// `GET /api/resource/id`
    View,
    /// `POST` or `PUT /api/resource/id`
    Update,
    /// `POST /api/resource/`
    Create,
    /// `DELETE /api/resource/id` or `POST /api/resource/del/id`
    Delete,
}

impl Method {
    /// All five, in order.
    pub const ALL: [Self; 5] = [Self::List, Self::View, Self::Update, Self::Create, Self::Delete];

    /// The word used in URLs, operation names and documentation.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::View => "view",
            Self::Update => "update",
            Self::Create => "create",
            Self::Delete => "delete",
        }
    }

    fn letter(self) -> char {
        match self {
            Self::List => 'l',
            Self::View => 'v',
            Self::Update => 'u',
            Self::Create => 'c',
            Self::Delete => 'd',
        }
    }
}

/// Kind of account behind a request; a request without a key is a guest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nobody in particular: what the public site shows.
    Guest,
    /// Brings visitors for a reward; `pub` in URLs of the reference.
    Webmaster,
    /// Owns offers and pays for leads; `adv` in URLs of the reference.
    Advertiser,
    /// Runs the network.
    Operator,
}

impl Level {
    /// All four, from the least to the most powerful.
    pub const ALL: [Self; 4] = [Self::Guest, Self::Webmaster, Self::Advertiser, Self::Operator];

    /// The word in answers and documentation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Webmaster => "webmaster",
            Self::Advertiser => "advertiser",
            Self::Operator => "operator",
        }
    }

    /// The segment in URLs of the reference pages (whocpa.md §1).
    pub fn segment(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Webmaster => "pub",
            Self::Advertiser => "adv",
            Self::Operator => "operator",
        }
    }
}

/// Which rows a permitted method reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The level may not use the method.
    None,
    /// Rows that belong to the caller.
    Own,
    /// Every row that the level may see at all (a guest or webmaster sees public offers only).
    All,
}

/// The rows that a store function may touch; its first argument, always (design §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What anybody may see.
    Public,
    /// What the webmaster with this user id may see or owns.
    Webmaster(i64),
    /// What the advertiser with this user id may see or owns.
    Advertiser(i64),
    /// What belongs to the people whom the operator with this user id looks after, and what belongs to nobody.
    Manager(i64),
    /// Every row.
    All,
}

macro_rules! resources {
    ($($variant:ident $name:literal $title:literal: $guest:expr, $webmaster:expr, $advertiser:expr, $operator:expr;)*) => {
        /// A thing of the network that the API speaks about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Resource { $(#[doc = $title] $variant,)* }

        impl Resource {
            /// All resources, in the order of design §4.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// Their names.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The name in URLs and operations.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it is, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            fn grants(self) -> [Grant; 4] {
                match self { $(Self::$variant => [$guest, $webmaster, $advertiser, $operator]),* }
            }
        }
    };
}

#[derive(Clone, Copy)]
struct Grant(&'static str, Access);

const NO: Grant = Grant("", Access::None);

const fn all(letters: &'static str) -> Grant {
    Grant(letters, Access::All)
}

const fn own(letters: &'static str) -> Grant {
    Grant(letters, Access::Own)
}

resources! {
    //                                                                  guest      webmaster     advertiser    operator
    Offer      "offer"      "Offers: an advertiser's product and rules":           all("lv"), all("lv"),    own("lvucd"), all("lvucd");
    Goal       "goal"       "Goals: what is paid":                                 all("lv"), all("lv"),    own("lvucd"), all("lvucd");
    Category   "category"   "Categories of offers":                                all("lv"), all("lv"),    all("lv"),    all("lvucd");
    Currency   "currency"   "Currencies":                                          all("lv"), all("lv"),    all("lv"),    all("lvucd");
    Rate       "rate"       "Exchange rates of currencies":                        NO,        all("lv"),    all("lv"),    all("lvc");
    Geo        "geo"        "Regions: country groups, countries, regions, cities": all("l"),  all("l"),     all("l"),     all("lu");
    Promo      "promo"      "Promo materials of offers":                           all("lv"), all("lv"),    own("lvucd"), all("lvucd");
    Landing    "landing"    "Landing pages of offers":                             all("lv"), all("lv"),    own("lvucd"), all("lvucd");
    Stock      "stock"      "Stocks: time-limited promotions of offers":           all("lv"), all("lv"),    own("lvucd"), all("lvucd");
    Product    "product"    "Products of offers":                                  all("lv"), all("lv"),    own("lvucd"), all("lvucd");
    Feed       "feed"       "Feeds: imports of products":                         NO,        NO,           own("lvucd"), all("lvucd");
    News       "news"       "News of the network and of offers":                   all("lv"), all("lvu"),   all("lvu"),   all("lvucd");
    Area       "area"       "Areas: a webmaster's traffic sources":                NO,        own("lvucd"), NO,           all("lvu");
    Connection "connection" "Connections: a webmaster works with an offer":        NO,        own("lvcd"),  own("lvu"),   all("lvucd");
    Link       "link"       "Tracked links":                                       NO,        own("lvucd"), NO,           all("lv");
    Deeplink   "deeplink"   "Deeplinks to inner pages":                            NO,        own("lvucd"), NO,           all("lv");
    Domain     "domain"     "Parked tracking domains":                             NO,        own("lvcd"),  NO,           all("lvud");
    Click      "click"      "Clicks with their decision trace":                    NO,        own("lv"),    NO,           all("lv");
    Lead       "lead"       "Leads: targeted actions":                             NO,        own("lvc"),   own("lvuc"),  all("lvuc");
    Orphan     "orphan"     "Orphans: reported actions whose visit is not known":  NO,        own("lv"),    own("lvu"),   all("lvu");
    Decision   "decision"   "Decisions about many leads at once":                  NO,        NO,           own("lvucd"), all("lvucd");
    Rerating   "rerating"   "Re-ratings: leads rated anew by other terms":         NO,        NO,           NO,           all("lvuc");
    Rule       "rule"       "Rules about the quality of traffic":                  NO,        own("lv"),    own("lvucd"), all("lvucd");
    Finding    "finding"    "What rules about the quality of traffic found":       NO,        own("lv"),    own("lvu"),   all("lvu");
    Stat       "stat"       "Statistics":                                          NO,        own("l"),     own("l"),     all("l");
    Postback   "postback"   "Postbacks to your tracker":                           NO,        own("lvucd"), own("lvucd"), all("lv");
    Delivery   "delivery"   "Deliveries of postbacks":                             NO,        own("lvuc"),  own("lvuc"),  all("lv");
    Event      "event"      "Events: what happened, to fetch in order":            NO,        own("l"),     own("l"),     NO;
    Balance    "balance"    "Balances by currency":                                NO,        own("lv"),    own("lv"),    all("lv");
    Transfer   "transfer"   "Transfers between accounts":                          NO,        own("lv"),    own("lv"),    all("lv");
    Wallet     "wallet"     "Wallets for payouts":                                 NO,        own("lvucd"), NO,           all("lvu");
    Payout     "payout"     "Payouts":                                             NO,        own("lvcd"),  NO,           all("lvu");
    Deposit    "deposit"    "Deposits and invoices":                               NO,        NO,           own("lvc"),   all("lvuc");
    Advance    "advance"    "Advances to webmasters":                              NO,        own("lv"),    NO,           all("lvc");
    Batch      "batch"      "Batches of payouts":                                  NO,        NO,           NO,           all("lvuc");
    Cover      "cover"      "Covers: what an advertiser's leads are paid from":    NO,        NO,           own("lvu"),   all("lvuc");
    Condition  "condition"  "Special conditions":                                  NO,        own("lv"),    NO,           all("lvucd");
    Referral   "referral"   "Referrals":                                           NO,        own("lv"),    NO,           all("lv");
    Document   "document"   "Documents as PDF":                                    NO,        own("l"),     own("l"),     all("l");
    Ticket     "ticket"     "Tickets to support":                                  NO,        own("lvuc"),  own("lvuc"),  all("lvu");
    Profile    "profile"    "Your account":                                        NO,        own("lvu"),   own("lvu"),   own("lvu");
    Key        "key"        "API keys":                                            NO,        own("lvcd"),  own("lvcd"),  own("lvcd");
    User       "user"       "People":                                              NO,        NO,           NO,           all("lvucd");
    Audit      "audit"      "What people did":                                     NO,        NO,           NO,           all("lv");
    Export     "export"     "Exports":                                             NO,        own("lvcd"),  own("lvcd"),  all("lvcd");
    Simulate   "simulate"   "What would happen to this click or lead":             NO,        own("c"),     own("c"),     all("c");
    Proof      "proof"      "Proofs of inclusion and completeness":                NO,        own("lv"),    own("lv"),    all("lv");
}

impl Resource {
    /// The resource with this name in a URL.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|resource| resource.name() == name)
    }

    /// What `level` may reach with `method`.
    pub fn access(self, method: Method, level: Level) -> Access {
        let Grant(letters, access) = self.grants()[level as usize];
        if letters.contains(method.letter()) { access } else { Access::None }
    }

    /// Whether a write is refused without an `Idempotency-Key`: it moves money by its sender's word alone, so that a
    /// retry after a lost answer must not move it twice (trust §5). Elsewhere the key is the sender's choice.
    pub fn requires_idempotency_key(self, method: Method) -> bool {
        let is_write = !matches!(method, Method::List | Method::View);
        is_write
            && matches!(self, Self::Payout | Self::Deposit | Self::Transfer | Self::Advance | Self::Batch)
    }

    /// True when at least one level has the method; otherwise the answer is 405 for everybody.
    pub fn has(self, method: Method) -> bool {
        Level::ALL.iter().any(|level| self.access(method, *level) != Access::None)
    }
}

/// Who asks: the first argument of every operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Kind of account.
    pub level: Level,
    /// User id; 0 for a guest and for the system's own jobs.
    pub user_id: i64,
    /// What an operator is there for; [`Role::Owner`], which narrows nothing, for everybody else.
    pub role: Role,
    /// By which way he came.
    pub origin: Origin,
}

/// By which way a request came: it narrows what the caller may do, and stands in the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Address of the client; `None` for jobs and commands.
    pub ip: Option<IpAddr>,
    /// Id of the API key, 0 without one.
    pub key_id: i64,
    /// Id of the session of a person who signed in, 0 without one.
    pub session_id: i64,
    /// What that key may be used for.
    pub rights: Rights,
    /// The request's `Idempotency-Key`, which the operation settles in its own transaction.
    pub claim: Option<Claim>,
}

/// A claim on an `Idempotency-Key`: the request that holds it may settle it (trust §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Its row.
    pub id: i64,
    /// Another one for each request that takes the row over, so that a late one settles nothing.
    pub fence: i64,
}

impl Origin {
    /// From within: jobs, commands, tests.
    pub const INSIDE: Self = Self { ip: None, key_id: 0, session_id: 0, rights: Rights::ALL, claim: None };
}

impl Caller {
    /// A request without a key.
    pub const GUEST: Self = Self::new(Level::Guest, 0);
    /// The network itself: jobs, the command line, the demo.
    pub const SYSTEM: Self = Self::new(Level::Operator, 0);

    /// An account that comes from within and is not narrowed by a role.
    pub const fn new(level: Level, user_id: i64) -> Self {
        Self { level, user_id, role: Role::Owner, origin: Origin::INSIDE }
    }

    /// Whether he may change how accounts are entered: passwords, e-mail addresses, tokens, operators. A key needs all
    /// rights for that, or it could open a way to those that it lacks.
    pub fn may_secure(&self) -> bool {
        self.origin.rights == Rights::ALL
    }

    /// Whether this is the network itself and nobody's account.
    pub fn is_system(&self) -> bool {
        self.level == Level::Operator && self.user_id == 0
    }

    /// The scope in which this caller may use `method` of `resource`.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for a guest where some account has the right, else [`Error::Forbidden`].
    pub fn may(&self, resource: Resource, method: Method) -> Result<Scope> {
        if resource.access(method, self.level) == Access::None {
            return Err(if self.level == Level::Guest { Error::Unauthorized } else { Error::Forbidden });
        }
        if !self.origin.rights.cover(resource, method) {
            return Err(Error::Forbidden);
        }
        match self.level {
            Level::Guest => Ok(Scope::Public),
            Level::Webmaster => Ok(Scope::Webmaster(self.user_id)),
            Level::Advertiser => Ok(Scope::Advertiser(self.user_id)),
            Level::Operator => match self.role.access(resource, method) {
                Access::None => Err(Error::Forbidden),
                Access::Own => Ok(Scope::Manager(self.user_id)),
                Access::All => Ok(Scope::All),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_the_five_methods_in_order() {
        for resource in Resource::ALL {
            for Grant(letters, _) in resource.grants() {
                let places: Vec<Option<usize>> = letters.chars().map(|letter| "lvucd".find(letter)).collect();
                assert!(places.iter().all(Option::is_some), "{}: {letters}", resource.name());
                assert!(places.is_sorted(), "{}: {letters}", resource.name());
            }
        }
    }

    #[test]
    fn a_guest_is_asked_for_a_key_and_an_account_is_refused() {
        assert!(matches!(Caller::GUEST.may(Resource::Lead, Method::List), Err(Error::Unauthorized)));
        let webmaster = Caller::new(Level::Webmaster, 7);
        assert!(matches!(webmaster.may(Resource::User, Method::List), Err(Error::Forbidden)));
        assert!(matches!(webmaster.may(Resource::Lead, Method::List), Ok(Scope::Webmaster(7))));
    }
}
