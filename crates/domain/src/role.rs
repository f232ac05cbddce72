//! What narrows an account: the role of an operator and the rights of a key (design §4).

use crate::input::{ParamKind, Single};
use crate::view::{FieldKind, FieldType};
use crate::{Access, Method, Resource, codes};

codes! {
    /// What an operator is there for.
    pub enum Role {
        Owner = 1 "owner: everything",
        Manager = 2 "manager: the people assigned to him, with their offers, sources, leads, tickets and rates",
        Finance = 3 "finance: payouts, deposits, currencies, rates; sees everything else",
        Support = 4 "support: moderation, news and tickets; sees no balances, payouts and earnings",
    }
}

impl Role {
    /// What is left of the operators' column of the access table; never more than stands there.
    ///
    /// | | owner | manager | finance | support |
    /// | --- | --- | --- | --- | --- |
    /// | own account: profile, key | all | all | all | all |
    /// | catalogue: offer, goal, promo, landing, stock, product, news | all | reads all, writes own | reads | all but goals, which it reads |
    /// | category, geo | all | reads | reads | reads |
    /// | currency | all | reads | all | reads |
    /// | traffic: area, connection, domain; feed | all | own | reads | all |
    /// | link, deeplink, click, lead, orphan, decision, rule, finding, postback, delivery, proof | all | own | reads | reads |
    /// | ticket, simulate | all | own | all | all |
    /// | user | all | own | reads | reads |
    /// | condition (rates) | all | own | all | nothing |
    /// | balance, transfer, wallet, payout, deposit, advance, cover, referral, document | all | reads own (of balances, lists) | all | nothing |
    /// | batch (of payouts) | all | nothing | all | nothing |
    /// | stat, export | all | own | all | nothing |
    /// | audit | all | nothing | all | nothing |
    ///
    /// "Own" is what belongs to the people assigned to a manager. An audit cannot be written by anybody.
    pub fn access(self, resource: Resource, method: Method) -> Access {
        let reads = matches!(method, Method::List | Method::View);
        match self {
            Self::Owner => Access::All,
            // What everybody does with his own account, whatever he is there for.
            _ if matches!(resource, Resource::Profile | Resource::Key) => Access::All,
            Self::Manager => manager(resource, method, reads),
            Self::Finance => finance(resource, reads),
            Self::Support => support(resource, reads),
        }
    }
}

fn manager(resource: Resource, method: Method, reads: bool) -> Access {
    use Resource::{Audit, Balance, Batch, Category, Condition, Currency, Geo, Rate};
    match resource {
        Audit | Batch => Access::None,
        // What belongs to nobody in particular: managers read it, owners keep it.
        Category | Currency | Rate | Geo => {
            if reads {
                Access::All
            } else {
                Access::None
            }
        }
        // `view` of an operator shows the network's own balances; he lists those of his people.
        Balance if method == Method::View => Access::None,
        // He advises his webmasters on every offer, and changes those of his own advertisers.
        _ if is_catalogue(resource) && reads => Access::All,
        // He agrees on rates with his people; money itself goes through finance.
        Condition => Access::Own,
        // It is about all webmasters of a goal.
        Resource::Rerating => Access::None,
        _ if is_money(resource) && !reads => Access::None,
        _ => Access::Own,
    }
}

fn finance(resource: Resource, reads: bool) -> Access {
    use Resource::{Export, Simulate, Ticket};
    let works = is_money(resource) || matches!(resource, Ticket | Export | Simulate);
    if reads || works { Access::All } else { Access::None }
}

fn support(resource: Resource, reads: bool) -> Access {
    use Resource::{Area, Audit, Connection, Currency, Domain, Export, Feed, Goal, Simulate, Stat, Ticket};
    match resource {
        Currency | Resource::Rate if reads => Access::All,
        Audit | Stat | Export => Access::None,
        _ if is_money(resource) => Access::None,
        Goal => {
            if reads {
                Access::All
            } else {
                Access::None
            }
        }
        Area | Connection | Domain | Feed | Simulate | Ticket => Access::All,
        _ if is_catalogue(resource) || reads => Access::All,
        _ => Access::None,
    }
}

/// Offers and what belongs to them.
fn is_catalogue(resource: Resource) -> bool {
    use Resource::{Goal, Landing, News, Offer, Product, Promo, Stock};
    matches!(resource, Goal | Landing | News | Offer | Product | Promo | Stock)
}

/// What moves money outside of leads, says where to, or sets the rates of single people. What leads are worth follows
/// from goals, which are an offer's own terms; deciding about a lead is everyday work of an advertiser's program.
pub fn is_money(resource: Resource) -> bool {
    use Resource::{
        Advance, Balance, Batch, Condition, Cover, Currency, Deposit, Document, Payout, Rate, Referral,
        Rerating, Transfer, Wallet,
    };
    let moves = matches!(resource, Advance | Balance | Batch | Condition | Cover | Currency);
    moves || matches!(resource, Deposit | Document | Payout | Rate | Referral | Rerating | Transfer | Wallet)
}

/// One right of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// `list` and `view`.
    Read,
    /// `update`, `create` and `delete` of what moves no money.
    Write,
    /// The same of what does ([`is_money`]).
    Money,
}

impl Right {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Money];

    /// The word in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Money => "money",
        }
    }
}

impl Single for Right {
    const KIND: ParamKind = ParamKind::Word(&["read", "write", "money"]);
    fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|right| right.name() == text);
        found.ok_or_else(|| "Must be one of read, write, money".to_owned())
    }
}

impl serde::Serialize for Right {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl FieldType for Right {
    const KIND: FieldKind = FieldKind::Text;
}

/// What a key may be used for: any of reading, writing, and writing what moves money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// [`Right::Read`]
    pub read: bool,
    /// [`Right::Write`]
    pub write: bool,
    /// [`Right::Money`]
    pub money: bool,
}

impl Rights {
    /// Those of a profile key.
    pub const ALL: Self = Self { read: true, write: true, money: true };

    /// Exactly these.
    pub fn of(rights: &[Right]) -> Self {
        let has = |right| rights.contains(&right);
        Self { read: has(Right::Read), write: has(Right::Write), money: has(Right::Money) }
    }

    /// One by one.
    pub fn list(self) -> Vec<Right> {
        let all = [(Right::Read, self.read), (Right::Write, self.write), (Right::Money, self.money)];
        all.into_iter().filter(|(_, has)| *has).map(|(right, _)| right).collect()
    }

    /// Whether `method` of `resource` is among them.
    pub fn cover(self, resource: Resource, method: Method) -> bool {
        match method {
            Method::List | Method::View => self.read,
            _ if is_money(resource) => self.money,
            _ => self.write,
        }
    }

    /// Whether a key with these rights may do all that one with `other` may.
    pub fn include(self, other: Self) -> bool {
        (self.read || !other.read) && (self.write || !other.write) && (self.money || !other.money)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Resource::{
        Area, Audit, Balance, Category, Condition, Goal, Key, Lead, Offer, Payout, Profile, Stat, Ticket,
        Transfer, User,
    };

    /// `all`, `own` or `-` for reading and for writing.
    fn words(role: Role, resource: Resource) -> String {
        let word = |method| match role.access(resource, method) {
            Access::None => "-",
            Access::Own => "own",
            Access::All => "all",
        };
        if resource != Balance {
            assert_eq!(role.access(resource, Method::List), role.access(resource, Method::View));
        }
        assert_eq!(role.access(resource, Method::Update), role.access(resource, Method::Delete));
        format!("{} {}", word(Method::List), word(Method::Create))
    }

    #[test]
    fn each_role_has_its_part() {
        for (resource, manager, finance, support) in [
            (Profile, "all all", "all all", "all all"),
            (Key, "all all", "all all", "all all"),
            (Offer, "all own", "all -", "all all"),
            (Goal, "all own", "all -", "all -"),
            (Category, "all -", "all -", "all -"),
            (Resource::Currency, "all -", "all all", "all -"),
            (Resource::Rate, "all -", "all all", "all -"),
            (Resource::Rerating, "- -", "all all", "- -"),
            (Area, "own own", "all -", "all all"),
            (Lead, "own own", "all -", "all -"),
            (Ticket, "own own", "all all", "all all"),
            (User, "own own", "all -", "all -"),
            (Condition, "own own", "all all", "- -"),
            (Balance, "own -", "all all", "- -"),
            (Transfer, "own -", "all all", "- -"),
            (Payout, "own -", "all all", "- -"),
            (Stat, "own own", "all -", "- -"),
            (Resource::Export, "own own", "all all", "- -"),
            (Audit, "- -", "all -", "- -"),
        ] {
            let name = resource.name();
            assert_eq!(words(Role::Owner, resource), "all all", "{name}");
            assert_eq!(words(Role::Manager, resource), manager, "{name}");
            assert_eq!(words(Role::Finance, resource), finance, "{name}");
            assert_eq!(words(Role::Support, resource), support, "{name}");
        }
    }

    #[test]
    fn rights_are_compared_one_by_one() {
        let read = Rights::of(&[Right::Read]);
        let both = Rights::of(&[Right::Write, Right::Read]);
        assert!(Rights::ALL.include(both) && both.include(read) && read.include(read));
        assert!(!read.include(both) && !both.include(Rights::ALL));
        assert_eq!(both.list(), [Right::Read, Right::Write]);
        assert!(both.cover(Lead, Method::Update) && !both.cover(Payout, Method::Create));
        assert!(both.cover(Payout, Method::List) && !read.cover(Lead, Method::Update));
    }
}
