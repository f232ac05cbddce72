//! News of the network and of offers.

use crate::{Time, codes};

codes! {
    /// Kind of a piece of news; the numbers are bits, a filter may add them up (whocpa.md §2.6).
    pub enum NewsType {
        System = 1 "system news",
        Offer = 2 "offer news",
        MyOffers = 4 "news of the offers you work with",
    }
}

codes! {
    /// Whether a piece of news is shown to readers at this moment.
    pub enum NewsStatus {
        Future = 0 "not published yet",
        Active = 1 "published and relevant",
        Expired = 2 "no longer relevant",
    }
}

impl NewsStatus {
    /// The status at the moment `now` of news that are shown from `start` until `end`, which is outside.
    pub fn at(now: Time, start: Time, end: Option<Time>) -> Self {
        if start > now {
            Self::Future
        } else if end.is_some_and(|end| end <= now) {
            Self::Expired
        } else {
            Self::Active
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_shown_from_their_first_second_until_their_last() {
        let at = |now| NewsStatus::at(Time(now), Time(10), Some(Time(20)));
        assert_eq!([9, 10, 19, 20].map(at), {
            use NewsStatus::{Active, Expired, Future};
            [Future, Active, Active, Expired]
        });
        assert_eq!(NewsStatus::at(Time(99), Time(10), None), NewsStatus::Active);
    }
}
