//! Landings: the pages that visitors are sent to.

use crate::codes;

codes! {
    /// What a page is there for.
    pub enum LandingKind {
        Landing = 1 "landing: the visitor orders here",
        Prelanding = 2 "pre-landing: it warms the visitor up and leads on to a landing",
    }
}
