//! Promos: creative material.

use crate::codes;

codes! {
    /// Kind of a promo.
    pub enum PromoKind {
        Banner = 1 "banner: a picture of a certain size",
        Text = 2 "text",
        Email = 3 "e-mail",
        Html = 4 "HTML block",
        Video = 5 "video",
        Showcase = 6 "product feed or showcase",
    }
}

/// What stands in a template for the webmaster's own tracked link.
pub const LINK_PLACE: &str = "{link}";
