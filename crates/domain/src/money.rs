//! Money: integer micro-units of a named currency. No floats, checked arithmetic, named rounding (design §7).

use std::fmt;

/// Micro-units in one unit of any currency.
pub const MICRO: i64 = 1_000_000;

/// Largest amount that anybody may name, in micro-units: a thousand million of any currency.
pub const AMOUNT_LIMIT: i64 = 1_000_000_000 * MICRO;

/// Parts per million in one percent: a rate of 16.5 % is 165 000 ppm.
pub const PPM_PER_PERCENT: i64 = 10_000;

/// An amount for showing: micro-units with the digits of its currency.
///
/// Written as a decimal string with at least the currency's digits and as many more as the amount needs,
/// so that nothing is ever rounded away in an answer: `"12.50"`, `"0.0125"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Micro-units, negative for a debt.
    pub micros: i64,
    /// Minor-unit digits of the currency (ISO 4217), 0..=6.
    pub digits: u8,
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.micros < 0 { "-" } else { "" };
        let whole = self.micros.unsigned_abs() / MICRO.unsigned_abs();
        let part = self.micros.unsigned_abs() % MICRO.unsigned_abs();
        let six = format!("{part:06}");
        let needed = six.trim_end_matches('0').len().max(usize::from(self.digits.min(6)));
        match six.get(..needed) {
            Some(shown) if needed > 0 => write!(f, "{sign}{whole}.{shown}"),
            _ => write!(f, "{sign}{whole}"),
        }
    }
}

impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a plain decimal such as `12`, `12.5`, `0.000001` into micro-units.
///
/// Refused: signs, exponents, grouping, a comma, more than six decimals, other digits than ASCII, anything
/// above what fits (trust M10): a wrong reading of money must be impossible, not unlikely.
pub fn parse_micros(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 13 || part.len() > 6 || !plain(whole) || !plain(part) {
        return None;
    }
    if text.ends_with('.') {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{part:0<6}").parse().ok()?;
    whole.checked_mul(MICRO)?.checked_add(part)
}

/// Reads a percentage such as `16.5` into parts per million; at most four decimals, at most 100 %.
pub fn parse_percent(text: &str) -> Option<i64> {
    let ppm = parse_micros(text)? / 100;
    (parse_micros(text)? % 100 == 0 && ppm <= 100 * PPM_PER_PERCENT).then_some(ppm)
}

/// Writes parts per million as a percentage: 165 000 -> `16.5`.
pub fn show_percent(ppm: i64) -> String {
    Amount { micros: ppm.saturating_mul(100), digits: 0 }.to_string()
}

/// How a division that does not come out even is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// Towards zero: what we pay out.
    Down,
    /// To the nearer micro-unit, halves away from zero: what we charge.
    HalfUp,
}

/// `amount * ppm / 10^6`, rounded as told; `None` when it does not fit in 64 bits.
pub fn share(amount: i64, ppm: i64, rounding: Rounding) -> Option<i64> {
    let product = i128::from(amount).checked_mul(i128::from(ppm))?;
    let million = i128::from(MICRO);
    let rounded = match rounding {
        Rounding::Down => product / million,
        Rounding::HalfUp => (product + product.signum() * (million / 2)) / million,
    };
    i64::try_from(rounded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shown_with_the_digits_of_the_currency() {
        let shown = |micros, digits| Amount { micros, digits }.to_string();
        assert_eq!(shown(12_500_000, 2), "12.50");
        assert_eq!(shown(12_500_000, 0), "12.5");
        assert_eq!(shown(3_000_000, 0), "3");
        assert_eq!(shown(-1, 2), "-0.000001");
        assert_eq!(shown(i64::MIN, 2), "-9223372036854.775808");
    }

    #[test]
    fn only_plain_decimals_are_money() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e9",
            "1,5",
            "1 000",
            "NaN",
            "٣",
            "0.0000001",
            "99999999999999",
        ] {
            assert_eq!(parse_micros(text), None, "{text}");
        }
        assert_eq!(parse_micros("9".repeat(400).as_str()), None);
        assert_eq!(parse_micros("12.5"), Some(12_500_000));
        assert_eq!(parse_micros("0"), Some(0));
        assert_eq!(parse_percent("16.5"), Some(165_000));
        assert_eq!(parse_percent("100.0001"), None);
        assert_eq!(parse_percent("1.00001"), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(micros in 0i64..9_000_000_000_000_000_000, digits in 0u8..=6) {
            prop_assert_eq!(parse_micros(&Amount { micros, digits }.to_string()), Some(micros));
        }

        #[test]
        fn a_share_is_never_more_than_the_whole(amount in 0i64..i64::MAX, ppm in 0i64..=MICRO) {
            for rounding in [Rounding::Down, Rounding::HalfUp] {
                let part = share(amount, ppm, rounding);
                prop_assert!(part.is_some_and(|part| (0..=amount).contains(&part)));
            }
        }
    }
}
