//! Words of the audit: who can leave an entry, and what about.

use crate::input::{ParamKind, Single};
use crate::{Level, Method, Resource, codes};

codes! {
    /// Who did what an entry of the audit tells.
    pub enum AuditActor {
        Network = 0 "the network itself",
        Webmaster = 1 "webmaster",
        Advertiser = 2 "advertiser",
        Operator = 3 "operator",
    }
}

impl From<Level> for AuditActor {
    fn from(level: Level) -> Self {
        match level {
            // Guests write nothing; what has no account is the network's.
            Level::Guest => Self::Network,
            Level::Webmaster => Self::Webmaster,
            Level::Advertiser => Self::Advertiser,
            Level::Operator => Self::Operator,
        }
    }
}

impl Single for Resource {
    const KIND: ParamKind = ParamKind::Word(Resource::NAMES);
    fn parse(text: &str) -> Result<Self, String> {
        Self::by_name(text).ok_or_else(|| "Must be the name of a resource such as offer".to_owned())
    }
}

impl Single for Method {
    const KIND: ParamKind = ParamKind::Word(&["list", "view", "update", "create", "delete"]);
    fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|method| method.name() == text);
        found.ok_or_else(|| "Must be one of list, view, update, create, delete".to_owned())
    }
}
