//! Special conditions: other rates, or another hold, for one webmaster on one goal.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::input::RawParams;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::condition::{ConditionCreate, ConditionUpdate, ConditionView};

use super::named::Named;
use super::parts::{Block, Cell, Line, Screen, Sentback, Sheet, Table, listed, moment, tone, yes_no};
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::Names;
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 4] = ["webmaster_id", "offer_id", "goal_id", "is_active"];
/// Fields of a condition.
const FIELDS: [&str; 9] = [
    "webmaster_id",
    "goal_id",
    "area_id",
    "payment",
    "charge",
    "hold_period",
    "description",
    "date_start",
    "date_end",
];

pub(super) async fn list(reader: Operator) -> Shown {
    let (status, screen) = list_screen(&reader, Sentback::none()).await?;
    screen.send(status)
}

async fn list_screen(reader: &Operator, mut back: Sentback) -> Result<(StatusCode, Screen)> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.condition_list(caller, asked.read()?).await };
    let found = listed(reader, &FILTERS, &[], ask).await?;
    let (f, n) = (Frame::own(reader, reader.lang.t("menu-own-conditions")), Names::load(reader).await?);
    let (people, offers) =
        (found.rows.iter().map(|row| row.webmaster_id), found.rows.iter().map(|row| row.offer_id));
    let named = Named::load(reader, people, offers).await?;
    let lines = found.rows.iter().map(|row| line(&f, (&n, &named), row)).collect();
    let form = &found.form;
    let yes_no = yes_no(&f);
    let filters = vec![
        form.input("webmaster_id").mode("numeric"),
        form.input("offer_id").mode("numeric"),
        form.input("goal_id").mode("numeric"),
        form.input("is_active").choice(yes_no),
    ];
    let mut blocks = Vec::new();
    if caller.may(Resource::Condition, Method::Create).is_ok() {
        let asked = |name: &str| reader.asked(name).unwrap_or_default();
        let values = [("webmaster_id", asked("webmaster_id")), ("goal_id", asked("goal_id"))];
        let form = back.form(reader.lang, "new", values);
        let sheet = Sheet {
            url: "/operator/conditions".to_owned(),
            fields: vec![
                form.input("webmaster_id").apart("new_webmaster").mode("numeric").required(),
                form.input("goal_id").apart("new_goal").mode("numeric").required(),
                form.input("payment").hint("op-rate-hint"),
                form.input("charge").hint("op-rate-hint"),
                form.input("hold_period").mode("numeric"),
                form.input("area_id").mode("numeric").hint("op-area-hint"),
                form.input("date_start").hint("op-time-hint"),
                form.input("date_end").hint("op-end-hint"),
                form.input("description").kind("area").hint("op-description-hint"),
            ],
            general: form.general,
            button: f.t("op-condition-make"),
            class: "is-main",
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t("op-condition-new"), f.t("op-condition-about"), sheet));
    }
    let heads = [
        "op-webmaster",
        "lead-offer",
        "field-goal-id",
        "op-payment",
        "op-charge",
        "offer-hold",
        "op-status",
        "field-date-end",
    ];
    let screen = Screen {
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-conditions-none")),
        pages: Some(found.pages),
        blocks,
        ..Screen::new(f)
    };
    Ok((found.status, screen))
}

/// What is different stands above what holds without it.
fn line(f: &Frame, (n, named): (&Names, &Named), row: &ConditionView) -> Line {
    let rate = |rate: &str| n.rate(&row.money_type, rate, &row.currency_id);
    let own = |own: Option<&String>, base: &str| match own.filter(|own| !own.is_empty()) {
        Some(own) => Cell::num(rate(own)).small(rate(base)),
        None => Cell::num(rate(base)),
    };
    let person = named.person(row.webmaster_id);
    let name = if person.text.is_empty() { format!("#{}", row.webmaster_id) } else { person.text };
    Line::new([
        Cell::text(name).link(format!("/operator/conditions/{}", row.id)),
        named.offer(row.offer_id),
        Cell::text(row.goal_id.to_string())
            .small(row.area_id.map_or_else(String::new, |id| f.with("op-of-area", "id", &id.to_string()))),
        own(row.payment.as_ref(), &row.payment_base),
        own(row.charge.as_ref(), row.charge_base.as_deref().unwrap_or_default()),
        Cell::num(f.count("days", &row.hold_period.unwrap_or(row.hold_period_base))),
        Cell::tag(f.t(if row.is_active { "op-on" } else { "op-off" }), tone(row.is_active, false)),
        Cell::when(moment(f, row.date_end)),
    ])
}

pub(super) async fn create(reader: Operator, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: ConditionCreate = sent.given().0.read()?;
        reader.engine().condition_create(reader.caller(), input).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/operator/conditions/{id}"), "op-made")),
        Err(error) => {
            let back = Sentback::new("new", form.refused_on(error, &FIELDS)?);
            let (_, screen) = list_screen(&reader, back).await?;
            screen.send(StatusCode::BAD_REQUEST)
        }
    }
}

pub(super) async fn view(reader: Operator, Path(id): Path<i64>) -> Shown {
    screen(&reader, id, Sentback::none()).await?.send(StatusCode::OK)
}

async fn screen(reader: &Operator, id: i64, mut back: Sentback) -> Result<Screen> {
    let caller = reader.caller();
    let row = reader.engine().condition_view(caller, id).await?;
    let (f, n) = (
        Frame::own(reader, reader.lang.with("op-condition-title", "id", id.to_string())),
        Names::load(reader).await?,
    );
    let named = Named::load(reader, [row.webmaster_id], [row.offer_id]).await?;
    let rate = |rate: &str| n.rate(&row.money_type, rate, &row.currency_id);
    let facts = vec![
        (f.t("op-webmaster"), named.person(row.webmaster_id)),
        (f.t("lead-offer"), named.offer(row.offer_id)),
        (f.t("field-goal-id"), Cell::text(row.goal_id.to_string())),
        (f.t("op-payment-base"), Cell::text(rate(&row.payment_base))),
        (f.t("op-charge-base"), Cell::text(rate(row.charge_base.as_deref().unwrap_or_default()))),
        (f.t("field-date-start"), Cell::text(f.time(&row.date_start))),
        (f.t("op-made"), Cell::text(f.time(&row.date_created))),
    ];
    let mut blocks = Vec::new();
    if caller.may(Resource::Condition, Method::Update).is_ok() {
        blocks.push(edit(&f, &row, &mut back));
    }
    if caller.may(Resource::Condition, Method::Delete).is_ok() {
        let sheet = Sheet {
            url: format!("/operator/conditions/{id}/delete"),
            button: f.t("op-remove"),
            class: "danger",
            confirm: f.t("op-condition-remove-about"),
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t("op-remove"), f.t("op-condition-remove-about"), sheet));
    }
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-conditions"), "/operator/conditions")],
        tag: Some(Cell::tag(f.t(if row.is_active { "op-on" } else { "op-off" }), tone(row.is_active, false))),
        facts,
        blocks,
        ..Screen::new(f)
    })
}

fn edit(f: &Frame, row: &ConditionView, back: &mut Sentback) -> Block {
    let values = [
        ("payment", row.payment.clone().unwrap_or_default()),
        ("charge", row.charge.clone().unwrap_or_default()),
        ("hold_period", row.hold_period.map_or_else(String::new, |days| days.to_string())),
        ("description", row.description.clone()),
        ("date_end", row.date_end.map_or_else(String::new, |time| time.to_string())),
    ];
    let form = back.form(f.lang, "edit", values);
    let sheet = Sheet {
        url: format!("/operator/conditions/{}", row.id),
        fields: vec![
            form.input("payment").hint("op-rate-hint"),
            form.input("charge").hint("op-rate-hint"),
            form.input("hold_period").mode("numeric"),
            form.input("date_end").hint("op-end-hint"),
            form.input("description").kind("area").hint("op-description-hint"),
        ],
        general: form.general,
        button: f.t("save"),
        class: "is-main",
        ..Sheet::default()
    };
    Block::form(f.t("op-condition-edit"), f.t("op-condition-about"), sheet)
}

pub(super) async fn update(reader: Operator, Path(id): Path<i64>, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let present = reader.engine().condition_view(reader.caller(), id).await?.charge;
        if form.value("charge") == present.unwrap_or_default() {
            // Not everybody may set it, and who did not touch it does not set it.
            sent.0.take("charge");
        }
        let input: ConditionUpdate = sent.0.read()?;
        reader.engine().condition_update(reader.caller(), id, input).await
    };
    match made.await {
        Ok(()) => Ok(done(&reader, &format!("/operator/conditions/{id}"), "saved")),
        Err(error) => {
            let back = Sentback::new("edit", form.refused_on(error, &FIELDS)?);
            screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}

pub(super) async fn delete(reader: Operator, Path(id): Path<i64>) -> Shown {
    reader.engine().condition_delete(reader.caller(), id).await?;
    Ok(done(&reader, "/operator/conditions", "op-gone"))
}
