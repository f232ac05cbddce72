//! Buyers: what is known of the person behind a lead. It is stored encrypted, shown to the two sides that need it, and
//! stands in no log (design §6).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::input::Limits;
use crate::{FieldErrors, codes, money};

/// A name or an e-mail address.
pub const NAME: Limits = Limits::Text(0, 255);
/// A telephone number as it was typed.
pub const PHONE: Limits = Limits::Text(0, 40);
/// An address or a comment.
pub const TEXT: Limits = Limits::Text(0, 1000);
/// Pieces of one order.
pub const QUANTITY: Limits = Limits::Range(1, 1000);
/// Letters of a telephone number that are shown to those who may not see it: its beginning and its end.
const SHOWN: (usize, usize) = (4, 2);

codes! {
    /// What an order form asks besides name and telephone.
    pub enum FormField {
        Email = 1 "e-mail address",
        Address = 2 "where to deliver",
        Comment = 3 "a comment, which may be left empty",
        Quantity = 4 "pieces",
    }
}

impl FormField {
    /// Its name in the form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Address => "address",
            Self::Comment => "comment",
            Self::Quantity => "quantity",
        }
    }
}

/// One buyer. What is not known is empty.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Buyer {
    /// What he is called.
    pub name: String,
    /// Telephone as he typed it.
    pub phone: String,
    /// The same as E.164, empty when it cannot be read.
    pub e164: String,
    /// E-mail address.
    pub email: String,
    /// Where to deliver.
    pub address: String,
    /// What he said to the order.
    pub comment: String,
    /// Pieces, 0 for unknown.
    pub quantity: i64,
    /// Price that he was told, as it was sent.
    pub price: String,
}

/// Never shown by accident.
impl fmt::Debug for Buyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a buyer")
    }
}

impl Buyer {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what the buyer said to the order under the lead's own field; the limits of each.
    pub fn check(&self, errors: &mut FieldErrors) {
        for (name, text, limits) in [
            ("name", &self.name, NAME),
            ("phone", &self.phone, PHONE),
            ("email", &self.email, NAME),
            ("address", &self.address, TEXT),
            ("comment", &self.comment, TEXT),
        ] {
            limits.check(errors, name, text);
        }
        if self.quantity != 0 {
            QUANTITY.check_number(errors, "quantity", self.quantity);
        }
        if !self.price.is_empty() && money::parse_micros(&self.price).is_none() {
            errors.add("price", "Must be a plain decimal such as 12.50");
        }
    }

    /// The telephone for those who may not see it: `+380*******67`.
    pub fn masked_phone(&self) -> String {
        let known = if self.e164.is_empty() { &self.phone } else { &self.e164 };
        masked(known)
    }
}

/// A telephone number of which only the beginning and the end are shown; of a short one, nothing.
pub fn masked(phone: &str) -> String {
    let letters: Vec<char> = phone.chars().collect();
    let (start, end) = SHOWN;
    let is_long = letters.len() > start + end + 2;
    let is_shown = |at: usize| is_long && (at < start || at + end >= letters.len());
    letters.iter().enumerate().map(|(at, letter)| if is_shown(at) { *letter } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_masked_phone_tells_its_country_and_no_more() {
        assert_eq!(masked("+380501234567"), "+380*******67");
        assert_eq!(masked("12345678"), "********");
        let buyer = Buyer { name: "Olena".to_owned(), e164: "+380501234567".to_owned(), ..Buyer::default() };
        assert_eq!(format!("{buyer:?}"), "a buyer");
    }

    proptest! {
        #[test]
        fn a_mask_keeps_the_length_and_hides_most(phone in ".{0,40}") {
            let shown = masked(&phone);
            prop_assert_eq!(shown.chars().count(), phone.chars().count());
            prop_assert!(shown.chars().zip(phone.chars()).filter(|(a, b)| a == b && *a != '*').count() <= 6);
        }
    }
}
