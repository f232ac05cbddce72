//! What narrows an account: the role of an operator and the rights of a key (design §4).

use crate::{Access, Method, Resource, codes};

codes! {
    /// What an operator is there for.
    pub enum Role {
        Owner = 1 "everything",
        Manager = 2 "the people assigned to him, their offers, sources, leads and tickets",
        Finance = 3 "money: payouts, deposits, currencies, conditions; sees everything else",
        Support = 4 "moderation, news and tickets; sees no money",
    }
}

impl Role {
    /// What is left of the operators' column of the access table.
    pub fn access(self, resource: Resource, method: Method) -> Access {
        let reads = matches!(method, Method::List | Method::View);
        match self {
            Self::Owner => Access::All,
            Self::Manager => manager(resource, reads),
            Self::Finance if reads || is_own_account(resource) || is_money(resource) => Access::All,
            Self::Support if is_own_account(resource) => Access::All,
            Self::Support if is_money(resource) || resource == Resource::Audit => Access::None,
            Self::Support if reads || is_care(resource) => Access::All,
            Self::Finance | Self::Support => Access::None,
        }
    }
}

fn manager(resource: Resource, reads: bool) -> Access {
    match resource {
        // What belongs to nobody in particular: managers read it, owners keep it.
        Resource::Category | Resource::Currency | Resource::Geo if reads => Access::All,
        Resource::Category | Resource::Currency | Resource::Geo | Resource::Audit => Access::None,
        // He advises his webmasters on every offer, and changes those of his own advertisers.
        _ if is_catalogue(resource) && reads => Access::All,
        _ if is_own_account(resource) => Access::All,
        _ if is_money(resource) && !reads => Access::None,
        _ => Access::Own,
    }
}

/// Offers and what belongs to them.
fn is_catalogue(resource: Resource) -> bool {
    use Resource::{Goal, Landing, News, Offer, Product, Promo, Stock};
    matches!(resource, Goal | Landing | News | Offer | Product | Promo | Stock)
}

/// What everybody does with his own account, whatever he is there for.
fn is_own_account(resource: Resource) -> bool {
    matches!(resource, Resource::Profile | Resource::Key)
}

/// What moves money, or says where to.
fn is_money(resource: Resource) -> bool {
    use Resource::{Balance, Condition, Currency, Deposit, Payout, Referral, Transfer, Wallet};
    matches!(resource, Balance | Condition | Currency | Deposit | Payout | Referral | Transfer | Wallet)
}

/// What support looks after.
fn is_care(resource: Resource) -> bool {
    use Resource::{Area, Connection, Landing, News, Offer, Product, Promo, Stock, Ticket};
    matches!(resource, Area | Connection | Landing | News | Offer | Product | Promo | Stock | Ticket)
}

/// What a key may be used for: any of reading, writing, and writing what moves money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// `list` and `view`.
    pub read: bool,
    /// `update`, `create` and `delete` of what moves no money.
    pub write: bool,
    /// The same for what does: payouts, wallets, deposits and the like.
    pub money: bool,
}

impl Rights {
    /// Those of a profile key.
    pub const ALL: Self = Self { read: true, write: true, money: true };

    /// Whether `method` of `resource` is among them.
    pub fn cover(self, resource: Resource, method: Method) -> bool {
        match method {
            Method::List | Method::View => self.read,
            _ if is_money(resource) => self.money,
            _ => self.write,
        }
    }
}
