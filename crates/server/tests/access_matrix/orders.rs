//! Every list of the API beside its own rows: what is asked for is what comes, in the order that was asked for.
//!
//! Nothing is told here of single resources but what is special about them: parameters and fields are those of the
//! declarations, so that a new list is looked at as soon as it has objects in `network.rs`.

use std::collections::BTreeSet;

use serde_json::Value;
use whocpa::api::{Declaration, REGISTRY};
use whocpa_domain::input::{Param, ParamKind};
use whocpa_domain::{Method, Resource};

use crate::network::{Actor, Network};

/// Orders by what is no field of the row of this name, or by amounts in one currency only: told where they are tested.
const ELSEWHERE: &[(Resource, &str)] = &[
    // Dates, payouts and figures of offers: crates/engine/tests/engine/offer_lists.rs.
    (Resource::Offer, "date"),
    (Resource::Offer, "payout"),
    (Resource::Offer, "epc"),
    // crates/server/tests/lists/leads.rs
    (Resource::Lead, "date_closed"),
    (Resource::Lead, "date_decide_until"),
    (Resource::Lead, "money"),
    (Resource::Deposit, "amount"),
    (Resource::Payout, "amount"),
];

/// Lists that are no lists of rows, and parameters that are no filters by the field of their name.
const NO_FILTER: &[(Resource, &str)] = &[
    // One of several currencies of a row; offers' regions and categories are trees and lists.
    (Resource::Offer, "currency_id"),
    // A person's own reading, and bits of kinds.
    (Resource::News, "type"),
    (Resource::News, "offer_id"),
    // Either side of a transfer, by whoever looks.
    (Resource::Transfer, "account"),
];

/// What the lists do; gives what is wrong.
pub async fn told(network: &Network) -> (usize, Vec<String>) {
    let mut look = Look { network, wrong: Vec::new(), asked: 0 };
    for declaration in REGISTRY.declarations() {
        let Some(list) = declaration.method(Method::List).filter(|list| list.is_paged && !list.is_soon())
        else {
            continue;
        };
        if !matches!(declaration.resource, Resource::Stat | Resource::Document) {
            look.list(declaration, list.params).await;
        }
    }
    (look.asked, look.wrong)
}

struct Look<'a> {
    network: &'a Network,
    wrong: Vec<String>,
    asked: usize,
}

impl Look<'_> {
    async fn rows(&mut self, resource: Resource, query: &str) -> Option<Vec<Value>> {
        self.asked += 1;
        let path = format!("/api/{}/?per_page=100{query}", resource.name());
        let answer = self.network.send(Actor::Operator, "GET", &path, "").await;
        if answer.status.as_u16() != 200 {
            self.wrong.push(format!("GET {path}: {answer}"));
            return None;
        }
        let told = answer.json();
        let rows = told["objects"].as_array().expect("objects").clone();
        let total = told["total_count"].as_u64().expect("a number");
        if total < 100 && usize::try_from(total).expect("small") != rows.len() {
            self.wrong.push(format!("GET {path}: {} rows, total_count {total}", rows.len()));
        }
        Some(rows)
    }

    async fn list(&mut self, declaration: &Declaration, params: &[Param]) {
        let resource = declaration.resource;
        let extra = if resource == Resource::Offer { "&show_stopped=1" } else { "" };
        let Some(all) = self.rows(resource, extra).await else { return };
        let Some(first) = all.first().cloned() else {
            self.wrong.push(format!("{}: no rows to look at", resource.name()));
            return;
        };
        for param in params {
            let is_left_out = NO_FILTER.contains(&(resource, param.name));
            match (param.name, &param.kind) {
                ("sort", ParamKind::Word(words)) => {
                    for word in *words {
                        self.order(resource, &all, word, extra).await;
                    }
                }
                ("d_created_from", _) if first["date_created"].is_string() => {
                    self.dates(resource, &all, extra).await;
                }
                ("search", _) => self.search(resource, &first, extra).await,
                _ if is_left_out => {}
                (name, kind) => {
                    let field =
                        if declaration.resource == Resource::Click && name == "tid" { "id" } else { name };
                    let is_text = matches!(kind, ParamKind::Text | ParamKind::Word(_));
                    let value = match &first[field] {
                        Value::Number(number) => number.to_string(),
                        Value::String(text) if is_text && !text.is_empty() => text.clone(),
                        Value::Bool(flag) if matches!(kind, ParamKind::Bool) => flag.to_string(),
                        _ => continue,
                    };
                    self.filter(resource, (name, field), &value, &first, extra).await;
                }
            }
        }
    }

    /// A filter by a field gives rows with this value, and all of them.
    async fn filter(
        &mut self,
        resource: Resource,
        (name, field): (&str, &str),
        value: &str,
        first: &Value,
        extra: &str,
    ) {
        let written = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
        let query = format!("{extra}&{name}={written}");
        let Some(found) = self.rows(resource, &query).await else { return };
        let wrong = found.iter().filter(|row| row[field] != first[field]).count();
        let has_first = found.iter().any(|row| row["id"] == first["id"]);
        if wrong > 0 || !has_first {
            let (all, resource) = (found.len(), resource.name());
            self.wrong.push(format!(
                "{resource}?{name}={value}: {wrong} of {all} rows have another {field}; the row itself: {has_first}"
            ));
        }
    }

    /// A part of a name finds it, whatever its letters are.
    async fn search(&mut self, resource: Resource, first: &Value, extra: &str) {
        let field = ["subject", "name", "login", "header", "description", "name_en"];
        let Some(text) =
            field.iter().find_map(|field| first[*field].as_str().filter(|text| !text.is_empty()))
        else {
            return;
        };
        let words = text.split_whitespace().next().unwrap_or(text).to_ascii_uppercase();
        let Some(found) = self.rows(resource, &format!("{extra}&search={words}")).await else { return };
        if !found.iter().any(|row| row["id"] == first["id"]) {
            self.wrong.push(format!("{}?search={words}: does not find {text}", resource.name()));
        }
    }

    /// Rows come in the order of the field of the sort's name, those without a value last, and none is lost.
    async fn order(&mut self, resource: Resource, all: &[Value], word: &str, extra: &str) {
        let (field, is_descending) = word.strip_prefix('-').map_or((word, false), |field| (field, true));
        if ELSEWHERE.contains(&(resource, field)) {
            return;
        }
        let Some(rows) = self.rows(resource, &format!("{extra}&sort={word}")).await else { return };
        let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].to_string()).collect::<BTreeSet<_>>();
        if rows.len() < 100 && ids(&rows) != ids(all) {
            self.wrong.push(format!("{}?sort={word}: other rows than without", resource.name()));
        }
        for pair in rows.windows(2) {
            let (one, two) = (&pair[0][field], &pair[1][field]);
            if !is_in_order(one, two, is_descending) {
                self.wrong.push(format!("{}?sort={word}: {one} before {two}", resource.name()));
            }
        }
    }

    /// The time of a row takes it in at both ends, and leaves it out beyond them.
    async fn dates(&mut self, resource: Resource, all: &[Value], extra: &str) {
        let dates: BTreeSet<&str> = all.iter().filter_map(|row| row["date_created"].as_str()).collect();
        let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return };
        let query = format!("{extra}&d_created_from={first}&d_created_to={last}");
        let Some(found) = self.rows(resource, &query).await else { return };
        let is_outside =
            |row: &&Value| row["date_created"].as_str().is_none_or(|date| date < *first || date > *last);
        if found.len() != all.len() || found.iter().any(|row| is_outside(&row)) {
            let (name, of) = (resource.name(), all.len());
            self.wrong.push(format!("{name}: {} of {of} rows between {first} and {last}", found.len()));
        }
        for query in ["&d_created_from=2098-01-01", "&d_created_to=1960-01-01"] {
            let Some(found) = self.rows(resource, &format!("{extra}{query}")).await else { return };
            if !found.is_empty() {
                self.wrong.push(format!("{}?{query}: {} rows", resource.name(), found.len()));
            }
        }
        let path = format!("/api/{}/?d_created_from=2024-02-02&d_created_to=2024-02-01", resource.name());
        let answer = self.network.send(Actor::Operator, "GET", &path, "").await;
        if answer.status.as_u16() != 400 || answer.json()["error"]["d_created_to"].is_null() {
            self.wrong.push(format!("{path}: {answer}"));
        }
    }
}

fn is_in_order(one: &Value, two: &Value, is_descending: bool) -> bool {
    let order = match (one, two) {
        (_, Value::Null) => return true,
        (Value::Null, _) => return false,
        (Value::Number(one), Value::Number(two)) => {
            one.as_f64().unwrap_or(0.0).total_cmp(&two.as_f64().unwrap_or(0.0))
        }
        // Databases order letters, not cases of letters; which goes first is theirs.
        (one, two) => {
            let fold = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
            fold(one).cmp(&fold(two))
        }
    };
    if is_descending { order.is_ge() } else { order.is_le() }
}
