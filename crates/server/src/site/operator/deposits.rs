//! Deposits: what advertisers pay in, and whether it is there.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::deposit::{DepositMethod, DepositStatus};
use whocpa_domain::input::RawParams;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::deposit::{DepositCreate, DepositUpdate, DepositView};

use super::named::Named;
use super::parts::{
    Block, Cell, Line, Screen, Sentback, Sheet, Table, any_currency, known, listed, moment, tone,
};
use crate::i18n::Value;
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Names, codes};
use crate::site::once;
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 6] =
    ["status", "advertiser_id", "method", "currency_id", "d_created_from", "d_created_to"];
/// Fields of a new one.
const FIELDS: [&str; 5] = ["advertiser_id", "amount", "currency_id", "method", "comment"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (status, screen) = list_screen(&reader, Sentback::none()).await?;
    screen.send(status)
}

async fn list_screen(reader: &Operator, mut back: Sentback) -> Result<(StatusCode, Screen)> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.deposit_list(caller, asked.read()?).await };
    let found = listed(reader, &FILTERS, &[("status", "0")], ask).await?;
    let (f, n) = (Frame::own(reader, reader.lang.t("menu-own-deposits")), Names::load(reader).await?);
    let named = Named::load(reader, found.rows.iter().map(|row| row.advertiser_id), []).await?;
    let line = |row: &DepositView| {
        Line::new([
            Cell::when(row.number.as_str()).link(format!("/operator/deposits/{}", row.id)),
            named.person(row.advertiser_id),
            status(&f, row),
            Cell::text(f.say(row.method.word())),
            Cell::num(n.money(&row.amount, &row.currency_id)),
            Cell::when(f.time(&row.date_created)),
            Cell::when(f.date(&row.date_due)),
        ])
    };
    let lines = found.rows.iter().map(line).collect();
    let form = &found.form;
    let currencies = any_currency(&f, &n);
    let filters = vec![
        form.input("status").choice(codes(reader.lang, DepositStatus::CODES)),
        form.input("advertiser_id").mode("numeric"),
        form.input("method").label("wallet-way").choice(codes(reader.lang, DepositMethod::CODES)),
        form.input("currency_id").choice(currencies),
        form.input("d_created_from").kind("date").label("field-made-from"),
        form.input("d_created_to").kind("date").label("field-made-to"),
    ];
    let mut blocks = Vec::new();
    if caller.may(Resource::Deposit, Method::Create).is_ok() {
        blocks.push(new(reader, (&f, &n), &mut back));
    }
    let heads = ["op-number", "op-advertiser", "op-status", "wallet-way", "holds-sum", "op-made", "op-due"];
    let screen = Screen {
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-queue-none")),
        pages: Some(found.pages),
        blocks,
        ..Screen::new(f)
    };
    Ok((found.status, screen))
}

fn new(reader: &Operator, (f, n): (&Frame, &Names), back: &mut Sentback) -> Block {
    let form = back.form(f.lang, "new", [("method", DepositMethod::Manual.code().to_string())]);
    let mut methods = codes(f.lang, DepositMethod::CODES);
    methods.remove(0);
    let sheet = Sheet {
        url: "/operator/deposits".to_owned(),
        hidden: vec![("mark", reader.state.next_request_id())],
        fields: vec![
            form.input("advertiser_id").apart("new_advertiser").mode("numeric").required(),
            form.input("amount").mode("decimal").required(),
            form.input("currency_id").apart("new_currency").choice(n.currency_choices()).required(),
            form.input("method").apart("new_method").label("wallet-way").choice(methods),
            form.input("comment"),
        ],
        general: form.general,
        button: f.t("op-deposit-make"),
        class: "is-main",
        ..Sheet::default()
    };
    Block::form(f.t("op-deposit-new"), f.t("op-deposit-about"), sheet)
}

fn status(f: &Frame, row: &DepositView) -> Cell {
    let tone = tone(row.status == DepositStatus::Paid, row.status == DepositStatus::Cancelled);
    Cell::tag(f.say(row.status.word()), tone)
}

/// Enters a deposit; the money is not on the balance before it is confirmed.
pub(super) async fn create(reader: Operator, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let engine = reader.engine();
    let made = async {
        let input: DepositCreate = sent.given().0.read()?;
        let asked = format!("{input:?}");
        let make = |caller| async move { engine.deposit_create(caller, input).await };
        once::run(&reader, ("form deposit", &mark, &asked), make).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/operator/deposits/{id}"), "op-made")),
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
    let (engine, caller) = (reader.engine(), reader.caller());
    let row = engine.deposit_view(caller, id).await?;
    let f = Frame::own(reader, row.number.clone());
    let n = Names::load(reader).await?;
    let named = Named::load(reader, [row.advertiser_id], []).await?;
    let facts = [
        ("op-advertiser", named.person(row.advertiser_id)),
        ("holds-sum", Cell::text(n.money(&row.amount, &row.currency_id))),
        ("wallet-way", Cell::text(f.say(row.method.word()))),
        ("op-instructions", Cell::text(row.instructions.as_str())),
        ("field-comment", Cell::text(row.comment.as_str())),
        ("lead-reason", Cell::text(row.reason.as_str())),
        ("field-reference", Cell::text(row.reference.as_str())),
        ("op-made", Cell::text(f.time(&row.date_created))),
        ("op-due", Cell::text(f.date(&row.date_due))),
        ("op-paid", Cell::text(moment(&f, row.date_paid))),
    ];
    let may_decide = caller.may(Resource::Deposit, Method::Update).is_ok();
    let blocks = if may_decide && row.status == DepositStatus::Waiting {
        steps(reader, (&f, &n), &row, &mut back)
    } else {
        Vec::new()
    };
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-deposits"), "/operator/deposits")],
        tag: Some(status(&f, &row)),
        facts: known(&f, facts),
        blocks,
        ..Screen::new(f)
    })
}

fn steps(reader: &Operator, (f, n): (&Frame, &Names), row: &DepositView, back: &mut Sentback) -> Vec<Block> {
    let amount = n.money(&row.amount, &row.currency_id);
    let about = |key: &str| f.lang.with_all(key, [("amount", Value::Text(amount.clone()))]);
    let sheet = |status: DepositStatus, form: Form, field, key: &str, class| Sheet {
        url: format!("/operator/deposits/{}", row.id),
        hidden: vec![("status", status.code().to_string()), ("mark", reader.state.next_request_id())],
        fields: vec![field],
        general: form.general,
        button: f.t(key),
        class,
        confirm: about(&format!("{key}-about")),
        ..Sheet::default()
    };
    let form = back.form(f.lang, "pay", []);
    let field = form.input("reference").hint("op-reference-hint").required();
    let pay = sheet(DepositStatus::Paid, form, field, "op-deposit-pay", "is-main");
    let form = back.form(f.lang, "cancel", []);
    let field = form.input("reason").kind("area").hint("op-reason-hint");
    let cancel = sheet(DepositStatus::Cancelled, form, field, "op-deposit-cancel", "danger");
    vec![
        Block::form(f.t("op-deposit-pay"), about("op-deposit-pay-about"), pay),
        Block::form(f.t("op-deposit-cancel"), about("op-deposit-cancel-about"), cancel),
    ]
}

/// A step, under the form's mark.
pub(super) async fn update(reader: Operator, Path(id): Path<i64>, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let is_paid = form.value("status") == DepositStatus::Paid.code().to_string();
    let engine = reader.engine();
    let made = async {
        let input: DepositUpdate = sent.given().0.read()?;
        let asked = format!("{id} {input:?}");
        let step = |caller| async move { engine.deposit_update(caller, id, input).await.map(|()| id) };
        once::run(&reader, ("form deposit step", &mark, &asked), step).await
    };
    match made.await {
        Ok(_) => Ok(done(
            &reader,
            &format!("/operator/deposits/{id}"),
            if is_paid { "op-money" } else { "op-decided" },
        )),
        Err(error) => {
            let name = if is_paid { "pay" } else { "cancel" };
            let back = Sentback::new(name, form.refused_on(error, &["reason", "reference"])?);
            screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
