//! Leads: the list, and decisions about many of them at once.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use whocpa_domain::input::{RawParams, RawValue};
use whocpa_domain::lead::{Contest, LeadReason, LeadStatus};
use whocpa_domain::{Error, Method, Resource, Result};
use whocpa_engine::decision::DecisionCreate;
use whocpa_engine::lead::LeadRow;

use super::named::Named;
use super::parts::{Block, Cell, Line, Screen, Sentback, Sheet, Table, listed};
use crate::i18n::Lang;
use crate::site::answer::Shown;
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{params, with};
use crate::site::names::{Choice, Names, codes};
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 12] = [
    "status",
    "closed",
    "contest",
    "is_overdue",
    "id",
    "tid",
    "offer_id",
    "webmaster_id",
    "advertiser_id",
    "country",
    "d_created_from",
    "d_created_to",
];
/// Fields of the decision.
const FIELDS: [&str; 4] = ["status", "reason", "comment", "is_all"];
/// Leads that one decision takes, as the operation says.
const MOST: i64 = 1000;

pub(super) async fn list(reader: Operator) -> Shown {
    let (status, screen) = screen(&reader, Sentback::none(), &[]).await?;
    screen.send(status)
}

async fn screen(reader: &Operator, mut back: Sentback, picked: &[i64]) -> Result<(StatusCode, Screen)> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.lead_list(caller, asked.read()?).await };
    let found = listed(reader, &FILTERS, &[], ask).await?;
    let (f, n) = (Frame::own(reader, reader.lang.t("leads-title")), Names::load(reader).await?);
    let people = found.rows.iter().flat_map(|row| [row.webmaster_id, row.advertiser_id]).flatten();
    let named = Named::load(reader, people, found.rows.iter().map(|row| row.offer_id)).await?;
    let may_decide = caller.may(Resource::Decision, Method::Create).is_ok();
    let line = |row: &LeadRow| Line {
        pick: may_decide.then(|| (row.id, picked.contains(&row.id))),
        ..Line::new(cells(&f, (&n, &named), row))
    };
    let lines: Vec<Line> = found.rows.iter().map(line).collect();
    let (mut blocks, mut links) = (Vec::new(), Vec::new());
    if may_decide && !lines.is_empty() {
        links.push((f.t("op-bulk-head"), "#bulk".to_owned()));
        blocks.push(bulk(reader, &f, found.pages.total, &mut back));
    }
    let heads = [
        "lead-id",
        "lead-status",
        "lead-offer",
        "op-webmaster",
        "op-advertiser",
        "lead-country",
        "op-charge",
        "op-payment",
    ];
    let screen = Screen {
        links,
        filters: filters(reader.lang, &found.form),
        count: f.count("leads-count", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "leads-none")),
        pages: Some(found.pages),
        blocks,
        ..Screen::new(f)
    };
    Ok((found.status, screen))
}

fn filters(lang: Lang, form: &Form) -> Vec<crate::site::form::Field> {
    let choice = |lines: [(&str, &str); 3]| -> Vec<Choice> {
        lines.map(|(code, key)| (code.to_owned(), lang.t(key))).to_vec()
    };
    vec![
        form.input("status").choice(codes(lang, LeadStatus::CODES)),
        form.input("closed").choice(choice([("", "any"), ("0", "leads-on-hold"), ("1", "leads-closed")])),
        form.input("contest").choice(codes(lang, Contest::CODES)),
        form.input("is_overdue").choice(choice([("", "any"), ("1", "op-yes"), ("0", "op-no")])),
        form.input("id").label("field-lead-ids"),
        form.input("tid"),
        form.input("offer_id").mode("numeric"),
        form.input("webmaster_id").mode("numeric"),
        form.input("advertiser_id").mode("numeric"),
        form.input("country"),
        form.input("d_created_from").kind("date"),
        form.input("d_created_to").kind("date"),
    ]
}

/// A lead in a row.
fn cells(f: &Frame, (n, named): (&Names, &Named), row: &LeadRow) -> Vec<Cell> {
    let money = |amount: Option<whocpa_domain::money::Amount>| {
        Cell::num(amount.map_or_else(String::new, |amount| n.money(&amount, &row.currency_id)))
    };
    let waits = if row.is_overdue { f.t("op-overdue") } else { f.say(row.is_closed.word()).to_owned() };
    let contested =
        if row.contest == Contest::Open { format!(" · {}", f.t("op-contested")) } else { String::new() };
    vec![
        Cell::when(row.id.to_string())
            .link(format!("/operator/leads/{}", row.id))
            .small(f.time(&row.date_created)),
        Cell::tag(f.say(row.status.word()), f.tone(row.status.code())).small(format!("{waits}{contested}")),
        named.offer(row.offer_id),
        named.person(row.webmaster_id.unwrap_or_default()),
        named.person(row.advertiser_id.unwrap_or_default()),
        Cell::text(row.country.as_str()),
        money(row.money),
        money(row.payout),
    ]
}

/// Decisions that an operator may make, and why.
pub(super) fn choices(lang: Lang) -> (Vec<Choice>, Vec<Choice>) {
    let statuses = [LeadStatus::Approved, LeadStatus::Rejected, LeadStatus::Spam];
    let statuses = statuses.map(|status| (status.code().to_string(), lang.say(status.word()).to_owned()));
    let mut reasons = codes(lang, LeadReason::CODES);
    // What follows from rules is nobody's reason.
    let last = LeadReason::Other.code();
    reasons.retain(|(code, _)| code.parse::<i64>().map_or(true, |code| code != 0 && code <= last));
    reasons[0].1 = lang.t("op-reason-none");
    (statuses.to_vec(), reasons)
}

fn bulk(reader: &Operator, f: &Frame, total: i64, back: &mut Sentback) -> Block {
    let form = back.form(reader.lang, "bulk", []);
    let (statuses, reasons) = choices(reader.lang);
    let which = [(String::new(), f.t("op-bulk-picked")), ("1".to_owned(), f.count("op-bulk-all", &total))];
    let sheet = Sheet {
        // The conditions of the list stay in its address.
        url: format!("/operator/leads?{}", reader.query),
        id: "bulk",
        fields: vec![
            form.input("is_all").label("op-bulk-which").choice(which),
            form.input("status").apart("bulk_status").label("op-decision").choice(statuses),
            form.input("reason").choice(reasons),
            form.input("comment").hint("op-comment-hint"),
        ],
        general: form.general,
        button: f.t("op-bulk-check"),
        class: "is-main",
        ..Sheet::default()
    };
    Block::form(f.t("op-bulk-head"), f.t("op-bulk-about"), sheet)
}

/// Checks a decision about many leads; nothing is decided until somebody applies it on its own page.
pub(super) async fn decide(reader: Operator, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let listed = form.value("lead_id");
    let picked: Vec<i64> = listed.split(',').filter_map(|id| id.parse().ok()).collect();
    let made = async {
        let mut asked = sent.given().0;
        let is_all = asked.take_text("is_all").is_some();
        if is_all {
            asked.take("lead_id");
            for id in all(&reader).await? {
                asked.push("lead_id", RawValue::Element(id.to_string()));
            }
        } else if picked.is_empty() {
            return Err(Error::field("is_all", "Choose leads in the list first"));
        }
        asked.append(with([("is_preview", "1".to_owned())]));
        let input: DecisionCreate = asked.read()?;
        reader.engine().decision_create(reader.caller(), input).await
    };
    match made.await {
        Ok(id) => Ok(Redirect::to(&format!("/operator/decisions/{id}")).into_response()),
        Err(error) => {
            let form = form.refused_on(error, &FIELDS)?;
            let (_, screen) = screen(&reader, Sentback::new("bulk", form), &picked).await?;
            screen.send(StatusCode::BAD_REQUEST)
        }
    }
}

/// Every lead that the list's conditions find.
async fn all(reader: &Operator) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for page in 1.. {
        let mut asked = params(reader);
        // By number, so that no row moves to another page meanwhile.
        for name in ["page", "per_page", "sort"] {
            asked.take(name);
        }
        asked.append(with([
            ("page", page.to_string()),
            ("per_page", "100".to_owned()),
            ("sort", "id".to_owned()),
        ]));
        let found = reader.engine().lead_list(reader.caller(), asked.read()?).await?;
        if found.total_count > MOST {
            return Err(Error::field("is_all", format!("At most {MOST} leads: add a condition")));
        }
        let is_last = found.rows.len() < 100;
        ids.extend(found.rows.into_iter().map(|row| row.id));
        if is_last {
            break;
        }
    }
    ids.dedup();
    Ok(ids)
}
