//! News of the network and of offers.

use crate::codes;

codes! {
    /// Kind of a piece of news; the numbers are bits, a filter may add them up (whocpa.md §2.6).
    pub enum NewsType {
        System = 1 "system news",
        Offer = 2 "offer news",
        MyOffers = 4 "news of the offers you work with",
    }
}
