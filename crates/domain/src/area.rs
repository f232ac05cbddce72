//! Areas: a webmaster's traffic sources, moderated by the network.

use crate::codes;

codes! {
    /// Moderation of an area.
    pub enum AreaStatus {
        Review = 0 "on review",
        Approved = 1 "approved",
        Rejected = 2 "rejected",
        Archived = 3 "archived",
    }
}

codes! {
    /// Kind of a traffic source.
    pub enum AreaKind {
        Site = 1 "web site",
        Context = 2 "search advertising",
        Social = 3 "social network",
        Messenger = 4 "messenger channel",
        Teaser = 5 "teaser and native network",
        Push = 6 "push and pop traffic",
        Email = 7 "mailing list",
        Video = 8 "video channel",
        App = 9 "mobile application",
        Other = 99 "other",
    }
}
