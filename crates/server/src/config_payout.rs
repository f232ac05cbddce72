//! The `[payout]` and `[referral]` parts of the configuration: amounts are written as text, as in the API, so that none is ever a float.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use whocpa_domain::money::{self, AMOUNT_LIMIT, Amount};
use whocpa_domain::payout::{PayoutRules, PayoutTerms};
use whocpa_domain::referral::ReferralRules;
use whocpa_domain::wallet::WalletKind;

/// An amount as text: `"12.50"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money(i64);

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Amount { micros: self.0, digits: 0 })
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let micros = money::parse_micros(&text).filter(|micros| *micros <= AMOUNT_LIMIT);
        micros
            .map(Self)
            .ok_or_else(|| D::Error::custom("must be a plain decimal in quotes such as \"12.50\""))
    }
}

/// A percentage as text: `"1.5"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent(i64);

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&money::show_percent(self.0))
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let ppm = money::parse_percent(&text);
        ppm.map(Self).ok_or_else(|| D::Error::custom("must be a percentage in quotes such as \"1.5\""))
    }
}

/// What payouts cost, and which of them need a second approval. Amounts are in units of the balance that is paid out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PayoutSettings {
    /// Above this amount a second operator must approve a payout too.
    pub second_approval: Money,
    /// The same by the letters of a currency, where it has a limit of its own.
    pub second_approval_by_currency: BTreeMap<String, Money>,
    /// The zone in which the days of scheduled payouts begin.
    pub time_zone: String,
    /// Payouts to Capitalist accounts.
    pub capitalist: MethodSettings,
    /// Payouts to Payoneer accounts.
    pub payoneer: MethodSettings,
    /// Payouts in USDT.
    pub usdt: MethodSettings,
    /// Payouts to cards.
    pub card: MethodSettings,
    /// Payouts to bank accounts.
    pub bank: MethodSettings,
}

/// What one way of payment costs and takes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MethodSettings {
    /// Least amount of a payout.
    pub minimum: Money,
    /// Fixed part of the fee.
    pub fee: Money,
    /// Further part of the fee, in percent of the amount.
    pub fee_percent: Percent,
}

impl Default for MethodSettings {
    fn default() -> Self {
        let PayoutTerms { amount_min, fee, fee_ppm } = PayoutTerms::USUAL;
        Self { minimum: Money(amount_min), fee: Money(fee), fee_percent: Percent(fee_ppm) }
    }
}

impl Default for PayoutSettings {
    fn default() -> Self {
        let usual = MethodSettings::default();
        Self {
            second_approval: Money(PayoutRules::default().second_approval),
            second_approval_by_currency: BTreeMap::new(),
            time_zone: PayoutRules::default().time_zone,
            capitalist: usual,
            payoneer: usual,
            usdt: usual,
            card: usual,
            bank: usual,
        }
    }
}

impl PayoutSettings {
    /// As the engine is told.
    pub fn rules(&self) -> PayoutRules {
        let mut rules = PayoutRules::default();
        rules.second_approval = self.second_approval.0;
        let limits = self.second_approval_by_currency.iter();
        rules.second_by_currency = limits.map(|(code, limit)| (code.to_ascii_uppercase(), limit.0)).collect();
        rules.time_zone.clone_from(&self.time_zone);
        for (kind, set) in [
            (WalletKind::Capitalist, self.capitalist),
            (WalletKind::Payoneer, self.payoneer),
            (WalletKind::Usdt, self.usdt),
            (WalletKind::Card, self.card),
            (WalletKind::Bank, self.bank),
        ] {
            let terms = PayoutTerms { amount_min: set.minimum.0, fee: set.fee.0, fee_ppm: set.fee_percent.0 };
            rules.set(kind, terms);
        }
        rules
    }
}

/// What those earn who bring others: terms of accounts that are made from now on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReferralSettings {
    /// Share of the payouts, in percent, out of the network's part.
    pub percent: Percent,
    /// For how many days from the account's beginning; 0 for without end.
    pub days: u16,
}

impl Default for ReferralSettings {
    fn default() -> Self {
        let ReferralRules { ppm, days } = ReferralRules::default();
        Self { percent: Percent(ppm), days: u16::try_from(days).unwrap_or(0) }
    }
}

impl ReferralSettings {
    /// As the engine is told.
    pub fn rules(self) -> ReferralRules {
        ReferralRules { ppm: self.percent.0, days: i64::from(self.days) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use figment::Figment;
    use figment::providers::{Format, Serialized, Toml};

    fn read(text: &str) -> Result<PayoutSettings, String> {
        let all = Figment::from(Serialized::defaults(PayoutSettings::default())).merge(Toml::string(text));
        all.extract().map_err(|error| error.to_string())
    }

    #[test]
    fn amounts_are_texts_and_nothing_else() {
        let read_well =
            read("second_approval = \"500\"\n[usdt]\nfee = \"2.5\"\nfee_percent = \"1\"").expect("good");
        let rules = read_well.rules();
        assert_eq!(rules.second_approval, 500_000_000);
        let own = read("[second_approval_by_currency]\nrub = \"90000\"").expect("good").rules();
        assert_eq!((own.second_of("RUB"), own.second_of("USD")), (90_000_000_000, 1_000_000_000));
        assert_eq!(
            rules.of(WalletKind::Usdt),
            PayoutTerms { amount_min: 30_000_000, fee: 2_500_000, fee_ppm: 10_000 }
        );
        assert_eq!(rules.of(WalletKind::Card), PayoutTerms::USUAL);
        for wrong in [
            "second_approval = 0.1",
            "second_approval = \"-1\"",
            "[card]\nfee_percent = \"101\"",
            "[card]\nfe = \"1\"",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
