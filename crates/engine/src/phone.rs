//! Telephone numbers as buyers type them, read by the numbering plans of the countries where an offer sells.

use phonenumber::country::Id;
use phonenumber::{Mode, PhoneNumber};

/// Countries whose plans are tried for a number without a country code; of an offer for more of them only the buyer's own
/// is, because some plan or other fits almost anything.
const PLANS: usize = 12;

/// A number that exists in its country's plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phone {
    /// As E.164: `+380501234567`.
    pub e164: String,
}

/// Reads what a buyer typed. `countries` are those of the offer (ISO 3166, none for everywhere), `own` the one that his
/// address lies in, empty when unknown.
///
/// # Errors
/// In words for the sender.
pub(crate) fn read(typed: &str, countries: &[String], own: &str) -> Result<Phone, String> {
    let typed = typed.trim();
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    if !(6..=17).contains(&digits.len()) || typed.chars().any(char::is_alphabetic) {
        return Err("Must be a telephone number".to_owned());
    }
    let is_sold = |id: Id| {
        countries.is_empty() || countries.iter().any(|code| code.parse::<Id>().is_ok_and(|known| known == id))
    };
    let fits = |number: &PhoneNumber| number.is_valid() && number.country().id().is_some_and(is_sold);
    let found = if typed.starts_with('+') || typed.starts_with("00") {
        international(digits.trim_start_matches("00"))
    } else {
        let plans = plans(countries, own).filter_map(|id| phonenumber::parse(Some(id), typed).ok());
        // Many leave the plus out.
        plans.filter(&fits).chain(international(&digits)).find(&fits)
    };
    match found {
        Some(number) if fits(&number) => Ok(Phone { e164: number.format().mode(Mode::E164).to_string() }),
        _ if countries.is_empty() || countries.len() > PLANS => {
            Err("Must be a telephone number that exists, with its country's code such as +380".to_owned())
        }
        _ => Err(format!("Must be a telephone number of {}", countries.join(", "))),
    }
}

fn international(digits: &str) -> Option<PhoneNumber> {
    phonenumber::parse(None, format!("+{digits}")).ok()
}

/// The plans that are tried, the buyer's own country first.
fn plans(countries: &[String], own: &str) -> impl Iterator<Item = Id> {
    let is_few = countries.len() <= PLANS;
    let own = Some(own.to_owned()).filter(|own| countries.is_empty() || countries.contains(own));
    let others = if is_few { countries } else { &[] };
    let codes: Vec<String> = own.into_iter().chain(others.iter().cloned()).collect();
    codes.into_iter().filter_map(|code| code.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn e164(typed: &str, countries: &str, own: &str) -> String {
        let countries: Vec<String> = countries.split_whitespace().map(str::to_owned).collect();
        read(typed, &countries, own).map_or_else(|words| words, |phone| phone.e164)
    }

    #[test]
    fn numbers_are_read_by_the_offers_countries() {
        for typed in ["050 123 45 67", "+38 (050) 123-45-67", "380501234567", "00380501234567", "0501234567"]
        {
            assert_eq!(e164(typed, "UA", ""), "+380501234567", "{typed}");
        }
        assert_eq!(e164("8 (912) 345-67-89", "RU", ""), "+79123456789");
        assert_eq!(e164("89123456789", "KZ RU", "RU"), "+79123456789");
        assert_eq!(e164("081 234 5678", "TH", ""), "+66812345678");
        assert_eq!(e164("202-456-1111", "US CA", ""), "+12024561111");
        assert_eq!(e164("0501234567", "", "UA"), "+380501234567", "an offer for everywhere, a buyer at home");
    }

    #[test]
    fn what_is_no_number_there_is_refused_in_words() {
        assert_eq!(e164("+48512345678", "UA", ""), "Must be a telephone number of UA");
        assert_eq!(e164("12345", "UA", ""), "Must be a telephone number");
        assert_eq!(e164("call me", "UA", ""), "Must be a telephone number");
        assert_eq!(e164("0500000", "UA RO", ""), "Must be a telephone number of UA, RO");
        assert!(e164("0501234567", "", "").contains("country's code"));
    }
}
