//! Names of what answers tell by number: currencies, categories, regions; and amounts as the reader writes them.

use std::collections::BTreeMap;

use whocpa_domain::Result;
use whocpa_domain::goal::MoneyType;
use whocpa_domain::input::RawParams;
use whocpa_engine::Engine;
use whocpa_engine::geo::GeoView;
use whocpa_engine::offer::OfferPayment;

use super::reader::Reader;
use crate::i18n::Lang;

/// A choice in a list: value and words.
pub(super) type Choice = (String, String);

/// Names by number.
pub(super) struct Names {
    lang: Lang,
    currencies: BTreeMap<i64, String>,
    categories: BTreeMap<i64, String>,
    geos: BTreeMap<i64, String>,
}

impl Names {
    /// Those that the reader may see.
    pub async fn load(reader: &Reader) -> Result<Self> {
        let (engine, lang): (&Engine, Lang) = (reader.engine(), reader.lang);
        let caller = reader.caller();
        let currencies = engine.currency_list(caller).await?;
        let categories = engine.category_list(caller, RawParams::default().read()?).await?;
        let mut geos = BTreeMap::new();
        collect(lang, &engine.geo_list(caller).await?, &mut geos);
        Ok(Self {
            lang,
            currencies: currencies.into_iter().map(|row| (row.id, row.code)).collect(),
            categories: categories
                .into_iter()
                .map(|row| (row.id, named(lang, row.name_en, row.name_ru)))
                .collect(),
            geos,
        })
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    pub fn currency(&self, id: &i64) -> String {
        self.currencies.get(id).cloned().unwrap_or_else(|| id.to_string())
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    pub fn geo(&self, id: &i64) -> String {
        self.geos.get(id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// Names of regions, the first of them in words.
    pub fn geos(&self, ids: &[i64], most: usize) -> String {
        let mut names: Vec<String> = ids.iter().take(most).map(|id| self.geo(id)).collect();
        if ids.len() > most {
            names.push(self.lang.with("more", "count", ids.len() - most));
        }
        names.join(", ")
    }

    pub fn categories(&self, ids: &[i64]) -> String {
        let names = ids.iter().filter_map(|id| self.categories.get(id).cloned());
        names.collect::<Vec<_>>().join(", ")
    }

    /// Categories to choose from.
    pub fn category_choices(&self) -> Vec<Choice> {
        choices(self.lang, &self.categories)
    }

    /// Currencies to choose from, by their numbers.
    pub fn currency_choices(&self) -> Vec<Choice> {
        let mut all = choices(self.lang, &self.currencies);
        all[0].1 = self.lang.t("choose");
        all
    }

    /// The same to filter by.
    pub fn currency_filter(&self) -> Vec<Choice> {
        choices(self.lang, &self.currencies)
    }

    /// Regions to choose from.
    pub fn geo_choices(&self) -> Vec<Choice> {
        choices(self.lang, &self.geos)
    }

    /// An amount with its currency: `12.50 USD`, `12,50 USD`.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    pub fn money(&self, amount: &impl ToString, currency_id: &i64) -> String {
        format!("{}\u{a0}{}", number(self.lang, &amount.to_string()), self.currency(currency_id))
    }

    /// What goals of an offer pay.
    pub fn payment(&self, payment: &OfferPayment) -> String {
        let from = number(self.lang, &payment.from);
        let span = if payment.from == payment.to {
            from
        } else {
            format!("{from}–{}", number(self.lang, &payment.to))
        };
        self.paid(payment.money_type, &span, payment.currency_id)
    }

    /// A rate as it is stated.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    pub fn rate(&self, money_type: &MoneyType, payment: &str, currency_id: &i64) -> String {
        self.paid(*money_type, &number(self.lang, payment), *currency_id)
    }

    fn paid(&self, money_type: MoneyType, text: &str, currency_id: i64) -> String {
        match money_type {
            MoneyType::Percent => format!("{text}\u{a0}%"),
            _ => format!("{text}\u{a0}{}", self.currency(&currency_id)),
        }
    }
}

/// A number as people of this language write it: groups of three digits, their own mark before the fraction.
pub(super) fn number(lang: Lang, plain: &str) -> String {
    let (group, mark) = if lang == Lang::En { (',', '.') } else { ('\u{a0}', ',') };
    let digits = plain.strip_prefix('-').unwrap_or(plain);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return plain.to_owned();
    }
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut text = if plain.starts_with('-') { "−".to_owned() } else { String::new() };
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            text.push(group);
        }
        text.push(digit);
    }
    if let Some(part) = part {
        text.push(mark);
        text.push_str(part);
    }
    text
}

/// The amount as the protocol writes it, of one that is written as [`number`] writes it; anything else as it was.
pub(super) fn plain_amount(lang: Lang, written: &str) -> String {
    let text: String = written.trim().chars().filter(|c| !c.is_whitespace()).collect();
    let text = text.replace('−', "-");
    let plain = if lang == Lang::En {
        let is_grouped = number(lang, &text.replace(',', "")) == text.replace('-', "−");
        if is_grouped { text.replace(',', "") } else { text }
    } else if text.matches(',').count() == 1 && !text.contains('.') {
        text.replace(',', ".")
    } else {
        text
    };
    let is_plain =
        !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit() || b".-".contains(&byte));
    if is_plain { plain } else { written.to_owned() }
}

/// The name in the reader's language, where it has one.
fn named(lang: Lang, en: String, ru: String) -> String {
    if lang == Lang::Ru && !ru.is_empty() { ru } else { en }
}

fn collect(lang: Lang, regions: &[GeoView], names: &mut BTreeMap<i64, String>) {
    for region in regions {
        names.insert(region.id, named(lang, region.name_en.clone(), region.name_ru.clone()));
        // Regions of a country are too many to choose from.
        if region.r#type.code() < whocpa_domain::geo::GeoType::Country.code() {
            collect(lang, &region.descendants, names);
        }
    }
}

/// By name, after a line for all of them.
fn choices(lang: Lang, names: &BTreeMap<i64, String>) -> Vec<Choice> {
    let mut all: Vec<Choice> = names.iter().map(|(id, name)| (id.to_string(), name.clone())).collect();
    all.sort_by_key(|choice| choice.1.to_lowercase());
    all.insert(0, (String::new(), lang.t("any")));
    all
}

/// The words of a table of codes, after a line for all of them.
pub(super) fn codes(lang: Lang, table: &'static [(i64, &'static str)]) -> Vec<Choice> {
    let all = table.iter().map(|(code, word)| (code.to_string(), lang.say(word).to_owned()));
    std::iter::once((String::new(), lang.t("any"))).chain(all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_do() {
        for (plain, en, ru) in [
            ("0", "0", "0"),
            ("1234567.50", "1,234,567.50", "1\u{a0}234\u{a0}567,50"),
            ("-1234", "−1,234", "−1\u{a0}234"),
            ("123", "123", "123"),
            ("12 + 5%", "12 + 5%", "12 + 5%"),
        ] {
            assert_eq!(number(Lang::En, plain), en);
            assert_eq!(number(Lang::Ru, plain), ru);
            for lang in Lang::ALL.into_iter().filter(|_| !plain.contains('+')) {
                assert_eq!(plain_amount(lang, &number(lang, plain)), plain);
            }
        }
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (written, en, ru) in [
            ("12,50", "12,50", "12.50"),
            (" 1 234,50 ", " 1 234,50 ", "1234.50"),
            ("1,234.50", "1234.50", "1,234.50"),
            ("1,2,3", "1,2,3", "1,2,3"),
            ("1.5", "1.5", "1.5"),
            ("much", "much", "much"),
            ("", "", ""),
        ] {
            assert_eq!(plain_amount(Lang::En, written), en);
            assert_eq!(plain_amount(Lang::Ru, written), ru);
            assert_eq!(plain_amount(Lang::Uk, written), ru);
        }
    }
}
