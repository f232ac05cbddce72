//! The order of a list, as requests name it: `sort=name`, `sort=-date` for the other direction.

use crate::input::{ParamKind, Single};

/// What a list may be sorted by; made by `sort_keys!`.
pub trait SortKey: Copy + Sized + 'static + PartialEq {
    /// Every word of the protocol, in both directions.
    const WORDS: &'static [&'static str];
    /// The key with this word, without a sign.
    fn by_word(word: &str) -> Option<Self>;
}

/// An order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort<K> {
    /// By what.
    pub key: K,
    /// From the largest, newest or last.
    pub is_descending: bool,
}

impl<K: SortKey> Single for Sort<K> {
    const KIND: ParamKind = ParamKind::Word(K::WORDS);
    fn parse(text: &str) -> Result<Self, String> {
        let (word, is_descending) = text.strip_prefix('-').map_or((text, false), |word| (word, true));
        let key = K::by_word(word).ok_or_else(|| format!("Must be one of {}", K::WORDS.join(", ")))?;
        Ok(Self { key, is_descending })
    }
}

/// Declares what a list may be sorted by: `sort_keys! { /// what for \n pub enum OfferSort { Id = "id", … } }`.
#[macro_export]
macro_rules! sort_keys {
    ($(#[doc = $about:literal])* pub enum $name:ident { $( $(#[doc = $doc:literal])* $variant:ident = $word:literal ),* $(,)? }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $( $(#[doc = $doc])* $variant ),* }

        impl $crate::sort::SortKey for $name {
            const WORDS: &'static [&'static str] = &[$( $word, concat!("-", $word) ),*];
            fn by_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

sort_keys! {
    /// What lists of things with a name are sorted by.
    pub enum NamedSort {
        /// Number.
        Id = "id",
        /// Name.
        Name = "name",
        /// When it was made.
        Created = "date_created",
    }
}

sort_keys! {
    /// What lists of what only ever grows are sorted by.
    pub enum TimeSort {
        /// When it happened; the numbers rise with it.
        Created = "date_created",
    }
}

sort_keys! {
    /// What lists of amounts are sorted by.
    pub enum AmountSort {
        /// When it was made; the numbers rise with it.
        Created = "date_created",
        /// Amount, in one currency.
        Amount = "amount",
    }
}

sort_keys! {
    /// What a list of people is sorted by.
    pub enum UserSort {
        /// Number.
        Id = "id",
        /// Login.
        Login = "login",
        /// Name.
        Name = "name",
        /// When the account was made.
        Created = "date_created",
    }
}

sort_keys! {
    /// What a list of connections is sorted by.
    pub enum ConnectionSort {
        /// Number.
        Id = "id",
        /// When it was asked for.
        Created = "date_created",
        /// When it was decided.
        Decided = "date_decided",
    }
}

sort_keys! {
    /// What a list of tickets is sorted by.
    pub enum TicketSort {
        /// When it was begun; the numbers rise with it.
        Created = "date_created",
        /// When something was last said or done.
        Updated = "date_updated",
        /// How urgent it is.
        Priority = "priority",
    }
}

sort_keys! {
    /// What a list of parked domains is sorted by.
    pub enum DomainSort {
        /// Number.
        Id = "id",
        /// Name.
        Name = "name",
        /// When it was parked.
        Created = "date_created",
        /// When it was last looked at.
        Checked = "date_checked",
    }
}

sort_keys! {
    /// What a list of feeds is sorted by.
    pub enum FeedSort {
        /// Number.
        Id = "id",
        /// Name.
        Name = "name",
        /// When it was added.
        Created = "date_created",
        /// When its last run ended.
        Finished = "date_finished",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    sort_keys! {
        /// For the test below.
        pub enum Sample {
            /// Number.
            Id = "id",
            /// Name.
            Name = "name",
        }
    }

    #[test]
    fn a_minus_turns_the_order_round() {
        assert_eq!(Sort::parse("name"), Ok(Sort { key: Sample::Name, is_descending: false }));
        assert_eq!(Sort::parse("-id"), Ok(Sort { key: Sample::Id, is_descending: true }));
        for bad in ["", "-", "--id", "Id", "id,name", "price"] {
            let told = Sort::<Sample>::parse(bad).err();
            assert_eq!(told.as_deref(), Some("Must be one of id, -id, name, -name"), "{bad}");
        }
    }
}
