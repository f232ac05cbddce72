//! Rules about the quality of traffic, and what they found.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::input::RawParams;
use whocpa_domain::quality::{FindingState, RuleAction, RuleKind, RuleSource};
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::quality::finding::{FindingUpdate, FindingView};
use whocpa_engine::quality::rule::{RuleCreate, RuleUpdate, RuleView};

use super::named::Named;
use super::parts::{Block, Cell, Line, Screen, Sentback, Sheet, Table, known, listed, moment, tone, yes_no};
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Choice, codes};
use crate::site::reader::Operator;

/// Conditions of the list of rules.
const RULE_FILTERS: [&str; 3] = ["offer_id", "kind", "is_active"];
/// Conditions of the list of findings.
const FINDING_FILTERS: [&str; 5] = ["state", "offer_id", "webmaster_id", "rule_id", "action"];
/// Fields of a rule.
const FIELDS: [&str; 9] =
    ["name", "offer_id", "kind", "source", "action", "limit_percent", "seconds", "min_leads", "window_hours"];

fn choices(f: &Frame, table: &'static [(i64, &'static str)]) -> Vec<Choice> {
    codes(f.lang, table).into_iter().skip(1).map(|(code, words)| (code, plain(&words))).collect()
}

/// Words of a table without the marks of names of parameters.
fn plain(words: &str) -> String {
    words.replace('`', "")
}

pub(super) async fn rules(reader: Operator) -> Shown {
    let (status, screen) = rules_screen(&reader, Sentback::none()).await?;
    screen.send(status)
}

async fn rules_screen(reader: &Operator, mut back: Sentback) -> Result<(StatusCode, Screen)> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.rule_list(caller, asked.read()?).await };
    let found = listed(reader, &RULE_FILTERS, &[], ask).await?;
    let f = Frame::own(reader, reader.lang.t("menu-own-rules"));
    let named = Named::load(reader, [], found.rows.iter().filter_map(|row| row.offer_id)).await?;
    let line = |row: &RuleView| {
        Line::new([
            Cell::text(row.name.as_str()).link(format!("/operator/rules/{}", row.id)),
            row.offer_id.map_or_else(|| Cell::text(f.t("op-every-offer")), |id| named.offer(id)),
            Cell::text(plain(f.say(row.kind.word()))),
            Cell::text(f.say(row.action.word())),
            Cell::num(f.percent(&row.limit_percent)),
            Cell::tag(f.t(if row.is_active { "op-on" } else { "op-off" }), tone(row.is_active, false)),
        ])
    };
    let lines = found.rows.iter().map(line).collect();
    let form = &found.form;
    let yes_no = yes_no(&f);
    let filters = vec![
        form.input("offer_id").mode("numeric"),
        form.input("kind").label("op-looks-at").choice(codes(reader.lang, RuleKind::CODES)),
        form.input("is_active").choice(yes_no),
    ];
    let mut blocks = Vec::new();
    if caller.may(Resource::Rule, Method::Create).is_ok() {
        let form = back.form(reader.lang, "new", []);
        let sheet = Sheet {
            url: "/operator/rules".to_owned(),
            fields: vec![
                form.input("name").required(),
                form.input("offer_id").apart("new_offer").mode("numeric").hint("op-rule-offer-hint"),
                form.input("kind")
                    .apart("new_kind")
                    .label("op-looks-at")
                    .choice(choices(&f, RuleKind::CODES)),
                form.input("source").choice(choices(&f, RuleSource::CODES)),
                form.input("action").choice(choices(&f, RuleAction::CODES)),
                form.input("limit_percent").mode("decimal").required(),
                form.input("seconds").mode("numeric").hint("op-seconds-hint"),
                form.input("min_leads").mode("numeric").hint("op-min-leads-hint"),
                form.input("window_hours").mode("numeric").hint("op-window-hint"),
            ],
            general: form.general,
            button: f.t("op-rule-make"),
            class: "is-main",
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t("op-rule-new"), f.t("op-rule-about"), sheet));
    }
    let heads = ["op-name", "lead-offer", "op-looks-at", "field-action", "field-limit-percent", "op-status"];
    let screen = Screen {
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-rules-none")),
        pages: Some(found.pages),
        blocks,
        ..Screen::new(f)
    };
    Ok((found.status, screen))
}

pub(super) async fn rule_create(reader: Operator, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: RuleCreate = sent.given().0.read()?;
        reader.engine().rule_create(reader.caller(), input).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, "/operator/rules", "op-made")),
        Err(error) => {
            let back = Sentback::new("new", form.refused_on(error, &FIELDS)?);
            let (_, screen) = rules_screen(&reader, back).await?;
            screen.send(StatusCode::BAD_REQUEST)
        }
    }
}

pub(super) async fn rule(reader: Operator, Path(id): Path<i64>) -> Shown {
    rule_screen(&reader, id, Sentback::none()).await?.send(StatusCode::OK)
}

async fn rule_screen(reader: &Operator, id: i64, mut back: Sentback) -> Result<Screen> {
    let row = reader.engine().rule_view(reader.caller(), id).await?;
    let f = Frame::own(reader, row.name.clone());
    let named = Named::load(reader, row.user_id, row.offer_id).await?;
    let facts = vec![
        (
            f.t("lead-offer"),
            row.offer_id.map_or_else(|| Cell::text(f.t("op-every-offer")), |id| named.offer(id)),
        ),
        (f.t("op-looks-at"), Cell::text(plain(f.say(row.kind.word())))),
        (f.t("field-source"), Cell::text(f.say(row.source.word()))),
        (f.t("op-who"), named.person(row.user_id.unwrap_or_default())),
        (f.t("op-made"), Cell::text(f.time(&row.date_created))),
    ];
    let mut blocks = Vec::new();
    if reader.caller().may(Resource::Rule, Method::Update).is_ok() {
        let values = [
            ("name", row.name.clone()),
            ("action", row.action.code().to_string()),
            ("limit_percent", row.limit_percent.to_string()),
            ("seconds", row.seconds.to_string()),
            ("min_leads", row.min_leads.to_string()),
            ("window_hours", row.window_hours.to_string()),
            ("is_active", i64::from(row.is_active).to_string()),
        ];
        let form = back.form(reader.lang, "edit", values);
        let works = [("1", "op-on"), ("0", "op-off")].map(|(code, key)| (code.to_owned(), f.t(key)));
        let sheet = Sheet {
            url: format!("/operator/rules/{id}"),
            fields: vec![
                form.input("name").required(),
                form.input("action").choice(choices(&f, RuleAction::CODES)),
                form.input("limit_percent").mode("decimal").required(),
                form.input("seconds").mode("numeric").hint("op-seconds-hint"),
                form.input("min_leads").mode("numeric").hint("op-min-leads-hint"),
                form.input("window_hours").mode("numeric").hint("op-window-hint"),
                form.input("is_active").label("op-status").choice(works),
            ],
            general: form.general,
            button: f.t("save"),
            class: "is-main",
            ..Sheet::default()
        };
        blocks.push(Block::form(String::new(), f.t("op-rule-about"), sheet));
    }
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-rules"), "/operator/rules")],
        tag: Some(Cell::tag(f.t(if row.is_active { "op-on" } else { "op-off" }), tone(row.is_active, false))),
        links: vec![(f.t("menu-own-findings"), format!("/operator/findings?state=&rule_id={id}"))],
        facts,
        blocks,
        ..Screen::new(f)
    })
}

pub(super) async fn rule_update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: RuleUpdate = sent.given().0.read()?;
        reader.engine().rule_update(reader.caller(), id, input).await
    };
    match made.await {
        Ok(()) => Ok(done(&reader, &format!("/operator/rules/{id}"), "saved")),
        Err(error) => {
            let back = Sentback::new("edit", form.refused_on(error, &FIELDS)?);
            rule_screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}

pub(super) async fn findings(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.finding_list(caller, asked.read()?).await };
    let found = listed(&reader, &FINDING_FILTERS, &[("state", "0")], ask).await?;
    let f = Frame::own(&reader, reader.lang.t("menu-own-findings"));
    let people = found.rows.iter().filter_map(|row| row.webmaster_id);
    let named = Named::load(&reader, people, found.rows.iter().map(|row| row.offer_id)).await?;
    let line = |row: &FindingView| {
        Line::new([
            Cell::when(row.id.to_string()).link(format!("/operator/findings/{}", row.id)),
            named.person(row.webmaster_id.unwrap_or_default()).small(place(row)),
            named.offer(row.offer_id),
            Cell::text(plain(f.say(row.kind.word()))),
            Cell::num(format!("{} / {}", f.number(&row.part), f.number(&row.whole))),
            state(&f, row).small(f.say(row.action.word())),
            Cell::when(f.time(&row.date_seen)),
        ])
    };
    let lines = found.rows.iter().map(line).collect();
    let form = &found.form;
    let filters = vec![
        form.input("state").label("op-status").choice(codes(reader.lang, FindingState::CODES)),
        form.input("offer_id").mode("numeric"),
        form.input("webmaster_id").mode("numeric"),
        form.input("rule_id").mode("numeric"),
        form.input("action").choice(codes(reader.lang, RuleAction::CODES)),
    ];
    let heads =
        ["lead-id", "op-webmaster", "lead-offer", "op-looks-at", "op-counted", "op-status", "op-seen"];
    let screen = Screen {
        about: f.t("op-findings-about"),
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-queue-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

fn place(row: &FindingView) -> String {
    row.area_id.map_or_else(|| row.subid1.clone(), |id| format!("#{id}"))
}

fn state(f: &Frame, row: &FindingView) -> Cell {
    Cell::tag(f.say(row.state.word()), tone(row.state != FindingState::Open, false))
}

pub(super) async fn finding(reader: Operator, Path(id): Path<i64>) -> Shown {
    finding_screen(&reader, id, Sentback::none()).await?.send(StatusCode::OK)
}

async fn finding_screen(reader: &Operator, id: i64, mut back: Sentback) -> Result<Screen> {
    let row = reader.engine().finding_view(reader.caller(), id).await?;
    let f = Frame::own(reader, reader.lang.with("op-finding-title", "id", id.to_string()));
    let named = Named::load(reader, row.webmaster_id, [row.offer_id]).await?;
    let ticket = row
        .ticket_id
        .map_or_else(Cell::default, |id| Cell::text(id.to_string()).link(format!("/operator/tickets/{id}")));
    let facts = [
        ("op-webmaster", named.person(row.webmaster_id.unwrap_or_default())),
        ("lead-offer", named.offer(row.offer_id)),
        ("op-looks-at", Cell::text(plain(f.say(row.kind.word())))),
        ("field-source", Cell::text(place(&row)).small(f.say(row.source.word()))),
        ("field-action", Cell::text(f.say(row.action.word()))),
        ("op-counted", Cell::text(format!("{} / {}", f.number(&row.part), f.number(&row.whole)))),
        ("field-limit-percent", Cell::text(f.percent(&row.limit_percent))),
        ("op-rule", Cell::text(row.rule_id.to_string()).link(format!("/operator/rules/{}", row.rule_id))),
        ("money-when", Cell::text(f.time(&row.date_created))),
        ("op-seen", Cell::text(f.time(&row.date_seen))),
        ("op-ended", Cell::text(moment(&f, row.date_ended))),
        ("menu-own-tickets", ticket),
        ("field-comment", Cell::text(row.comment.as_str())),
    ];
    let mut blocks = Vec::new();
    let may_end = reader.caller().may(Resource::Finding, Method::Update).is_ok();
    if may_end && row.state != FindingState::Ended {
        let form = back.form(reader.lang, "end", []);
        let sheet = Sheet {
            url: format!("/operator/findings/{id}"),
            hidden: vec![("state", FindingState::Ended.code().to_string())],
            fields: vec![form.input("comment").hint("op-reason-hint")],
            general: form.general,
            button: f.t("op-finding-end"),
            class: "is-main",
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t("op-finding-end"), f.t("op-finding-end-about"), sheet));
    }
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-findings"), "/operator/findings")],
        tag: Some(state(&f, &row)),
        facts: known(&f, facts),
        blocks,
        ..Screen::new(f)
    })
}

pub(super) async fn finding_update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: FindingUpdate = sent.given().0.read()?;
        reader.engine().finding_update(reader.caller(), id, input).await
    };
    match made.await {
        Ok(()) => Ok(done(&reader, &format!("/operator/findings/{id}"), "op-decided")),
        Err(error) => {
            let back = Sentback::new("end", form.refused_on(error, &["comment"])?);
            finding_screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
