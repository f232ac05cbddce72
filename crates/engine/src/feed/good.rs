//! One row of a feed as it was written, and the product that it means.

use std::collections::BTreeMap;

use whocpa_domain::{FieldErrors, Time, money};
use whocpa_store::product::Product;

use crate::product::{self, Hosts};

/// A row as its file has it; what is missing is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Good {
    /// Line where it begins, from 1.
    pub line: i64,
    pub id: String,
    pub name: String,
    pub url: String,
    pub price: String,
    pub price_old: String,
    pub currency: String,
    pub picture: String,
    pub category: String,
    pub vendor: String,
    pub description: String,
    pub available: String,
    /// What kept the row from being read, with the field's name.
    pub fault: Option<(String, String)>,
}

impl Good {
    /// About how much memory it takes.
    pub fn size(&self) -> usize {
        let texts = [&self.id, &self.name, &self.url, &self.picture, &self.category, &self.description];
        texts.iter().map(|text| text.len()).sum::<usize>() + 200
    }
}

/// A row that was refused: what was wrong, by field.
pub(super) struct Refused {
    pub line: i64,
    /// The product's id, empty when it could not be read.
    pub external_id: String,
    pub errors: FieldErrors,
}

/// How the rows of one feed become products.
pub(super) struct Rules {
    pub offer_id: i64,
    pub hosts: Hosts,
    /// Ids of the currencies that goods may have, by code.
    pub currencies: BTreeMap<String, i64>,
    /// Currency of goods that name none.
    pub currency_id: Option<i64>,
}

impl Rules {
    /// The product of a row, as the run `run` sees it.
    pub fn product(&self, good: Good, run: i64, now: Time) -> Result<Product, Refused> {
        let mut errors = FieldErrors::default();
        if let Some((field, message)) = good.fault {
            errors.add(field, message);
        }
        let price = price(&mut errors, "price", &good.price).unwrap_or_default();
        // An old price that is no higher is how shops say "not discounted".
        let price_old = match good.price_old.as_str() {
            "" => None,
            text => self::price(&mut errors, "price_old", text).filter(|old| *old > price),
        };
        let row = Product {
            id: 0,
            offer_id: self.offer_id,
            external_id: good.id,
            name: one_line(&good.name),
            url: good.url,
            price,
            price_old,
            currency_id: self.currency(&mut errors, &good.currency),
            picture: good.picture,
            category: one_line(&good.category),
            vendor: one_line(&good.vendor),
            description: good.description,
            is_available: available(&mut errors, &good.available),
            run,
            date_created: now.0,
            date_updated: now.0,
        };
        product::check(&mut errors, &row, &self.hosts);
        if errors.is_empty() {
            Ok(row)
        } else {
            Err(Refused { line: good.line, external_id: row.external_id, errors })
        }
    }

    fn currency(&self, errors: &mut FieldErrors, code: &str) -> i64 {
        let known = match code.to_ascii_uppercase().as_str() {
            "" => self.currency_id,
            // Its code until 1998; feeds have kept it.
            "RUR" => self.currencies.get("RUB").copied(),
            code => self.currencies.get(code).copied(),
        };
        known.unwrap_or_else(|| {
            let message = if code.is_empty() {
                "Must be given: the feed has no currency_id of its own"
            } else {
                "Currencies not found"
            };
            errors.add("currency", message);
            0
        })
    }
}

/// A price. A comma is a decimal one only before one or two digits: `1,234` may mean two things, and is refused.
fn price(errors: &mut FieldErrors, field: &str, text: &str) -> Option<i64> {
    let plain = match text.split_once(',') {
        Some((whole, part)) if !text.contains('.') && matches!(part.len(), 1 | 2) => {
            format!("{whole}.{part}")
        }
        _ => text.to_owned(),
    };
    let price = money::parse_micros(&plain);
    if price.is_none() {
        errors.add(field, "Must be a plain decimal such as 12.50");
    }
    price
}

fn available(errors: &mut FieldErrors, text: &str) -> bool {
    match text.to_lowercase().as_str() {
        "" | "1" | "true" | "yes" | "in stock" | "да" | "в наличии" => true,
        "0" | "false" | "no" | "out of stock" | "нет" | "нет в наличии" => false,
        _ => {
            errors.add("available", "Must be true or false");
            false
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_never_guessed() {
        let read = |text: &str| price(&mut FieldErrors::default(), "price", text);
        assert_eq!(read("12.5"), Some(12_500_000));
        assert_eq!(read("12,5"), Some(12_500_000));
        assert_eq!(read("1234,50"), Some(1_234_500_000));
        for bad in ["", "1,234", "1.234,50", "1,234.50", "1 234", "-1", "12,", "12.5 USD", "NaN", "1e3"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
