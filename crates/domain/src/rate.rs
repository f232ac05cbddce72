//! Exchange rates: whole numbers of a stated scale, and how one currency becomes another by them. No floats.
//!
//! A quote says how many units of a currency one unit of its base is. From one currency to another there is a direct quote,
//! or its inverse, or two quotes that cross in one third currency. The rate of an exchange is one number, which is recorded:
//! whoever knows it and the amount gets the same result.

use std::collections::BTreeMap;

use crate::{Time, codes};

codes! {
    /// Who states a rate.
    pub enum RateSource {
        Operator = 1 "the network's operator",
        Ecb = 2 "European Central Bank, euro reference rates",
    }
}

/// A rate of one: 10^-12 is the smallest part of a rate.
pub const RATE_SCALE: i64 = 1_000_000_000_000;
/// Largest rate that anybody may state.
pub const RATE_LIMIT: i64 = 9_000_000 * RATE_SCALE;
/// Decimal places of a rate.
const PLACES: usize = 12;

/// Days for which a rate counts unless its operator says otherwise.
pub const OPERATOR_DAYS: i64 = 30;
/// Most days for which a rate counts.
pub const LONGEST_DAYS: i64 = 366;
/// Days for which a reference rate of the ECB counts: it has none on holidays.
pub const ECB_DAYS: i64 = 7;

/// Reads a rate as a plain decimal of at most twelve places, above zero and at most [`RATE_LIMIT`].
pub fn parse_rate(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 7 || part.len() > PLACES || !plain(whole) || !plain(part) {
        return None;
    }
    if text.ends_with('.') {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{part:0<PLACES$}").parse().ok()?;
    let rate = whole.checked_mul(RATE_SCALE)?.checked_add(part)?;
    (0 < rate && rate <= RATE_LIMIT).then_some(rate)
}

/// Writes a rate as a decimal without needless zeros.
pub fn show_rate(rate: i64) -> String {
    let (whole, part) = (rate / RATE_SCALE, rate.unsigned_abs() % RATE_SCALE.unsigned_abs());
    let part = format!("{part:0PLACES$}");
    match part.trim_end_matches('0') {
        "" => whole.to_string(),
        part => format!("{whole}.{part}"),
    }
}

/// A rate that somebody stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Number.
    pub id: i64,
    /// One unit of this …
    pub base_id: i64,
    /// … is so many of this.
    pub currency_id: i64,
    /// How many, in 10^-12.
    pub value: i64,
    /// From when on.
    pub date_from: Time,
    /// Who says so.
    pub source: RateSource,
}

impl Quote {
    /// The same quote for both directions.
    fn pair(&self) -> (i64, i64) {
        (self.base_id.min(self.currency_id), self.base_id.max(self.currency_id))
    }

    /// Whether it says how many of `to` one unit of the other currency is; else it says the inverse.
    fn is_towards(&self, to: i64) -> bool {
        self.currency_id == to
    }
}

/// By which rate one currency becomes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// Units of the second currency for one of the first, in 10^-12.
    pub rate: i64,
    /// The quote, or the first of two.
    pub quote: Quote,
    /// The other one of a cross.
    pub cross: Option<Quote>,
}

impl Exchange {
    /// The rate from one currency to another by these quotes, all of which count now.
    ///
    /// Of the quotes of a pair the operator's own goes before a bank's, then the newest counts, in whichever direction. A direct
    /// one goes before a cross. Of several crosses the one counts whose older quote is the newest; then the one by the currency with the smaller
    /// number. The rate is rounded to the nearer 10^-12, halves up. `None` when there is no way, or no such number.
    pub fn find(quotes: &[Quote], from: i64, to: i64) -> Option<Self> {
        let mut newest: BTreeMap<(i64, i64), Quote> = BTreeMap::new();
        for quote in quotes {
            let known = newest.entry(quote.pair()).or_insert(*quote);
            // Who pays by his own price is not overruled by whom he did not ask.
            let rank = |quote: &Quote| (quote.source == RateSource::Operator, quote.date_from, quote.id);
            if rank(quote) > rank(known) {
                *known = *quote;
            }
        }
        let of = |one: i64, other: i64| newest.get(&(one.min(other), one.max(other))).copied();
        if let Some(quote) = of(from, to) {
            let (value, one) = (i128::from(quote.value), i128::from(RATE_SCALE));
            let rate = if quote.is_towards(to) { Some(quote.value) } else { divide(one * one, value) };
            return Some(Self { rate: rate?, quote, cross: None });
        }
        let thirds = newest.values().flat_map(|quote| [quote.base_id, quote.currency_id]);
        let ways = thirds.filter(|third| ![from, to].contains(third)).filter_map(|third| {
            let (first, second) = (of(from, third)?, of(third, to)?);
            Some((first.date_from.min(second.date_from), std::cmp::Reverse(third), first, second))
        });
        let (_, third, quote, cross) = ways.max_by_key(|way| (way.0, way.1))?;
        let (first, second, one) = (i128::from(quote.value), i128::from(cross.value), i128::from(RATE_SCALE));
        let rate = match (quote.is_towards(third.0), cross.is_towards(to)) {
            (true, true) => divide(first.checked_mul(second)?, one),
            (true, false) => divide(first * one, second),
            (false, true) => divide(second * one, first),
            (false, false) => divide(one * one * one, first.checked_mul(second)?),
        };
        Some(Self { rate: rate?, quote, cross: Some(cross) })
    }

    /// What an amount becomes, in micro-units; rounded down to what a currency of so many digits can pay.
    pub fn apply(&self, amount: i64, digits: u8) -> Option<i64> {
        let product = i128::from(amount).checked_mul(i128::from(self.rate))?;
        let micros = i64::try_from(product / i128::from(RATE_SCALE)).ok()?;
        Some(micros - micros % 10_i64.pow(6 - u32::from(digits.min(6))))
    }

    /// Who stated what it was made of, and when: for those whose money it was.
    pub fn words(&self) -> String {
        let one = |quote: &Quote| {
            let by = match quote.source {
                RateSource::Operator => "network",
                RateSource::Ecb => "ECB",
            };
            format!("{by} {} (rate {})", quote.date_from, quote.id)
        };
        let cross = self.cross.iter().map(|quote| format!(", {}", one(quote)));
        one(&self.quote) + &cross.collect::<String>()
    }
}

/// A division to the nearer whole number, halves up; above zero.
fn divide(number: i128, part: i128) -> Option<i64> {
    let rate = i64::try_from(number.checked_add(part / 2)?.checked_div(part)?).ok()?;
    (rate > 0).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EUR: i64 = 978;
    const USD: i64 = 840;
    const RUB: i64 = 643;

    fn quote(base_id: i64, currency_id: i64, text: &str, at: i64) -> Quote {
        let value = parse_rate(text).expect("a rate");
        Quote { id: at, base_id, currency_id, value, date_from: Time(at), source: RateSource::Operator }
    }

    fn rate(quotes: &[Quote], from: i64, to: i64) -> Option<String> {
        Exchange::find(quotes, from, to).map(|found| show_rate(found.rate))
    }

    #[test]
    fn only_plain_decimals_above_zero_are_rates() {
        for text in [
            "",
            "0",
            "0.0",
            "-1",
            "+1",
            "1e3",
            "1,5",
            ".5",
            "1.",
            "NaN",
            "9000000.1",
            "0.0000000000001",
            "\u{663}",
        ] {
            assert_eq!(parse_rate(text), None, "{text}");
        }
        assert_eq!(parse_rate("92.5"), Some(92_500_000_000_000));
        assert_eq!(parse_rate("9000000"), Some(RATE_LIMIT));
        assert_eq!(show_rate(92_500_000_000_000), "92.5");
        assert_eq!(show_rate(1), "0.000000000001");
    }

    #[test]
    fn direct_then_inverse_then_a_cross() {
        let quotes = [quote(EUR, USD, "1.25", 10), quote(EUR, RUB, "100", 12)];
        assert_eq!(rate(&quotes, EUR, USD).as_deref(), Some("1.25"));
        assert_eq!(rate(&quotes, USD, EUR).as_deref(), Some("0.8"));
        assert_eq!(rate(&quotes, USD, RUB).as_deref(), Some("80"));
        assert_eq!(rate(&quotes, RUB, USD).as_deref(), Some("0.0125"));
        assert_eq!(rate(&quotes, RUB, 36), None);
        // What somebody states himself goes before what can be computed.
        let own = [&quotes[..], &[quote(USD, RUB, "81.5", 1)]].concat();
        assert_eq!(rate(&own, USD, RUB).as_deref(), Some("81.5"));
        // The newest of a pair counts, in whichever direction it was stated.
        let newer = [&own[..], &[quote(RUB, USD, "0.0125", 20)]].concat();
        assert_eq!(rate(&newer, USD, RUB).as_deref(), Some("80"));
        // A bank's counts where the operator states none.
        let bank = |value, at| Quote { source: RateSource::Ecb, ..quote(EUR, USD, value, at) };
        assert_eq!(rate(&[quotes[0], bank("1.5", 30)], EUR, USD).as_deref(), Some("1.25"));
        assert_eq!(rate(&[bank("1.5", 30), bank("1.4", 29)], EUR, USD).as_deref(), Some("1.5"));
        let found = Exchange::find(&quotes, USD, RUB).expect("a cross");
        assert_eq!(
            found.words(),
            "network 1970-01-01T00:00:10Z (rate 10), network 1970-01-01T00:00:12Z (rate 12)"
        );
    }

    #[test]
    fn the_newer_of_two_crosses_counts() {
        let quotes = [
            quote(EUR, USD, "1.25", 10),
            quote(EUR, RUB, "100", 10),
            quote(36, USD, "2", 11),
            quote(36, RUB, "100", 11),
        ];
        assert_eq!(rate(&quotes, USD, RUB).as_deref(), Some("50"));
    }

    #[test]
    fn what_arrives_is_rounded_down_to_what_can_be_paid() {
        let found = Exchange::find(&[quote(USD, RUB, "92.4567", 1)], USD, RUB).expect("a rate");
        assert_eq!(found.apply(10_000_000, 2), Some(924_560_000));
        assert_eq!(found.apply(10_000_000, 0), Some(924_000_000));
        assert_eq!(found.apply(i64::MAX, 2), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(rate in 1..=RATE_LIMIT) {
            prop_assert_eq!(parse_rate(&show_rate(rate)), Some(rate));
        }

        /// Never more than the recorded rate says, never less than that by a minor unit, whatever the numbers.
        #[test]
        fn an_exchange_follows_its_rate(
            one in 1..=RATE_LIMIT, other in 1..=RATE_LIMIT, flips in 0u8..4, amount in 0..i64::MAX, digits in 0u8..=6,
        ) {
            let make = |base_id, currency_id, value, id| {
                Quote { id, base_id, currency_id, value, date_from: Time(id), source: RateSource::Ecb }
            };
            let first = if flips & 1 == 0 { make(EUR, USD, one, 1) } else { make(USD, EUR, one, 1) };
            let second = if flips & 2 == 0 { make(EUR, RUB, other, 2) } else { make(RUB, EUR, other, 2) };
            if let Some(found) = Exchange::find(&[first, second], USD, RUB)
                && let Some(paid) = found.apply(amount, digits)
            {
                let exact = i128::from(amount) * i128::from(found.rate) / i128::from(RATE_SCALE);
                let unit = i128::from(10_i64.pow(6 - u32::from(digits)));
                prop_assert!(i128::from(paid) <= exact && exact - i128::from(paid) < unit);
            }
        }
    }
}
