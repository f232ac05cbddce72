//! People: webmasters, advertisers, operators.

use crate::{Level, codes};

codes! {
    /// Kind of account as stored; guests have none.
    pub enum UserLevel {
        Webmaster = 1 "webmaster",
        Advertiser = 2 "advertiser",
        Operator = 3 "operator",
    }
}

impl UserLevel {
    /// The level of access that such an account has.
    pub fn level(self) -> Level {
        match self {
            Self::Webmaster => Level::Webmaster,
            Self::Advertiser => Level::Advertiser,
            Self::Operator => Level::Operator,
        }
    }
}

codes! {
    /// Whether an account works.
    pub enum UserStatus {
        Active = 1 "active",
        Blocked = 2 "blocked",
    }
}

codes! {
    /// Why a key exists.
    pub enum KeyKind {
        Profile = 1 "the account's own key, readable to its owner",
        Extra = 2 "an additional key, shown once",
    }
}
