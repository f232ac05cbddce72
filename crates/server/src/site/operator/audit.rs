//! What people did.

use whocpa_domain::audit::AuditActor;
use whocpa_domain::input::RawParams;
use whocpa_domain::money::Amount;
use whocpa_domain::{Method, Resource, Time};
use whocpa_engine::audit::AuditView;

use super::parts::{Cell, Line, Screen, Table, listed};
use crate::site::answer::Shown;
use crate::site::frame::Frame;
use crate::site::names::{Choice, codes};
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 8] =
    ["user_id", "level", "resource", "method", "object_id", "ip", "d_created_from", "d_created_to"];
/// Letters of a value that are shown.
const SHOWN: usize = 120;
/// Letters of all changes of an entry that are shown.
const ALL: usize = 600;
/// What stands in micro-units in the rows.
const AMOUNTS: [&str; 9] = [
    "amount",
    "charge",
    "charge_more",
    "payment",
    "payment_more",
    "fee",
    "amount_paid",
    "price_from",
    "price_to",
];

pub(super) async fn list(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.audit_list(caller, asked.read()?).await };
    let found = listed(&reader, &FILTERS, &[], ask).await?;
    let f = Frame::own(&reader, reader.lang.t("op-audit-title"));
    let named = |names: &mut dyn Iterator<Item = &'static str>| -> Vec<Choice> {
        let all = names.map(|name| (name.to_owned(), name.to_owned()));
        std::iter::once((String::new(), f.t("any"))).chain(all).collect()
    };
    let writes = [Method::Create, Method::Update, Method::Delete];
    let form = &found.form;
    let filters = vec![
        form.input("user_id").mode("numeric"),
        form.input("level").label("field-account-kind").choice(codes(reader.lang, AuditActor::CODES)),
        form.input("resource").choice(named(&mut Resource::NAMES.iter().copied())),
        form.input("object_id").mode("numeric"),
        form.input("method").choice(named(&mut writes.iter().map(|method| method.name()))),
        form.input("ip"),
        form.input("d_created_from").kind("date").label("field-made-from"),
        form.input("d_created_to").kind("date").label("field-made-to"),
    ];
    let screen = Screen {
        about: f.t("op-audit-about"),
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(table(&f, &found.rows)),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

/// Entries with what they changed.
pub(super) fn table(f: &Frame, rows: &[AuditView]) -> Table {
    let line = |row: &AuditView| {
        let who = if row.user_id == 0 {
            Cell::text(f.t("by-network"))
        } else {
            Cell::text(row.login.as_str()).link(format!("/operator/users/{}", row.user_id))
        };
        let key =
            if row.key_id == 0 { String::new() } else { f.with("op-by-key", "id", &row.key_id.to_string()) };
        Line::new([
            Cell::when(f.time(&row.date_created)).small(row.ip.as_str()),
            who.small(key),
            Cell::text(format!("{} {}", row.resource, row.object_id)).small(row.method.as_str()),
            Cell::long(changes(f, row)),
        ])
    };
    let heads = ["money-when", "op-who", "op-what", "op-changes"];
    Table::new(f, &heads, rows.iter().map(line).collect(), "op-audit-none")
}

/// `name: before → after`, in short, without what was empty and is.
fn changes(f: &Frame, row: &AuditView) -> String {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(&row.changes) else {
        return String::new();
    };
    let said = fields.iter().filter_map(|(name, pair)| {
        let value = |at: usize| pair.get(at).map_or_else(String::new, |value| said(f, name, value));
        match (value(0), value(1)) {
            (before, after) if before.is_empty() && after.is_empty() => None,
            (before, after) if before.is_empty() => Some(format!("{name}: {after}")),
            (before, after) => Some(format!("{name}: {before} → {after}")),
        }
    });
    short(&said.collect::<Vec<_>>().join("; "), ALL)
}

/// A value as people write it: moments and amounts stand as numbers in the row.
fn said(f: &Frame, name: &str, value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => short(text, SHOWN),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(seconds) if name.starts_with("date_") && seconds > 0 => f.time(&Time(seconds)),
            Some(micros) if AMOUNTS.contains(&name) => f.number(&Amount { micros, digits: 2 }),
            _ => number.to_string(),
        },
        other => short(&other.to_string(), SHOWN),
    }
}

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most).collect();
    cut.push('…');
    cut
}
