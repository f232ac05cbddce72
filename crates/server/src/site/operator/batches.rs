//! Batches: approved payouts that are sent together, with the file for the way of payment.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use whocpa_domain::input::RawParams;
use whocpa_domain::wallet::WalletKind;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::batch::{BatchCreate, BatchRow, BatchUpdate};

use super::named::Named;
use super::parts::{Block, Cell, Line, Screen, Sentback, Sheet, Table, listed};
use crate::i18n::Value;
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Names, codes};
use crate::site::once;
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 2] = ["wallet_kind", "currency_id"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (status, screen) = list_screen(&reader, Sentback::none()).await?;
    screen.send(status)
}

async fn list_screen(reader: &Operator, mut back: Sentback) -> Result<(StatusCode, Screen)> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.batch_list(caller, asked.read()?).await };
    let found = listed(reader, &FILTERS, &[], ask).await?;
    let (f, n) = (Frame::own(reader, reader.lang.t("menu-own-batches")), Names::load(reader).await?);
    let named = Named::load(reader, found.rows.iter().map(|row| row.operator_id), []).await?;
    let line = |row: &BatchRow| {
        Line::new([
            Cell::when(row.id.to_string()).link(format!("/operator/batches/{}", row.id)),
            Cell::text(f.say(row.wallet_kind.word())),
            Cell::num(f.number(&row.payout_count)),
            Cell::num(n.money(&row.amount, &row.currency_id)),
            named.person(row.operator_id),
            Cell::when(f.time(&row.date_created)),
        ])
    };
    let lines = found.rows.iter().map(line).collect();
    let heads = ["lead-id", "wallet-way", "menu-own-payouts", "holds-sum", "op-who", "op-made"];
    let mut blocks = Vec::new();
    if caller.may(Resource::Batch, Method::Create).is_ok() {
        let form = back.form(reader.lang, "new", []);
        let mut kinds = codes(reader.lang, WalletKind::CODES);
        kinds.remove(0);
        let sheet = Sheet {
            url: "/operator/batches".to_owned(),
            hidden: vec![("mark", reader.state.next_request_id())],
            fields: vec![
                form.input("wallet_kind").choice(kinds).required(),
                form.input("currency_id").choice(n.currency_choices()).required(),
            ],
            general: form.general,
            button: f.t("op-batch-make"),
            class: "is-main",
            confirm: f.t("op-batch-ask"),
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t("op-batch-new"), f.t("op-batch-about"), sheet));
    }
    let screen = Screen {
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-batches-none")),
        pages: Some(found.pages),
        blocks,
        ..Screen::new(f)
    };
    Ok((found.status, screen))
}

pub(super) async fn create(reader: Operator, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let engine = reader.engine();
    let made = async {
        let input: BatchCreate = sent.given().0.read()?;
        let asked = format!("{input:?}");
        let make = |caller| async move { engine.batch_create(caller, input).await };
        once::run(&reader, ("form batch", &mark, &asked), make).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/operator/batches/{id}"), "op-made")),
        Err(error) => {
            let back = Sentback::new("new", form.refused_on(error, &["wallet_kind", "currency_id"])?);
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
    let view = engine.batch_view(caller, id).await?;
    let f = Frame::own(reader, reader.lang.with("op-batch-title", "id", id.to_string()));
    let n = Names::load(reader).await?;
    let row = &view.row;
    let named = Named::load(reader, [row.operator_id], []).await?;
    let facts = vec![
        (f.t("wallet-way"), Cell::text(f.say(row.wallet_kind.word()))),
        (f.t("menu-own-payouts"), Cell::text(f.number(&row.payout_count))),
        (f.t("holds-sum"), Cell::text(n.money(&row.amount, &row.currency_id))),
        (f.t("op-batch-sending"), Cell::text(f.number(&view.sending_count))),
        (f.t("op-paid"), Cell::text(f.number(&view.paid_count))),
        (f.t("op-who"), named.person(row.operator_id)),
        (f.t("op-made"), Cell::text(f.time(&row.date_created))),
    ];
    let may_pay = caller.may(Resource::Batch, Method::Update).is_ok() && view.sending_count > 0;
    let mut blocks = Vec::new();
    if may_pay {
        let values = [
            ("amount", Value::Text(n.money(&row.amount, &row.currency_id))),
            ("count", Value::Text(f.number(&view.sending_count))),
        ];
        let about = f.lang.with_all("op-batch-paid-about", values);
        let sheet = |name: &'static str, form: Form, field, confirm| Sheet {
            url: format!("/operator/batches/{id}"),
            hidden: vec![("mark", reader.state.next_request_id()), ("form", name.to_owned())],
            fields: vec![field],
            general: form.general,
            button: f.t("op-payout-pay"),
            class: "is-main",
            confirm,
            ..Sheet::default()
        };
        let form = back.form(f.lang, "all", []);
        let field = form.input("reference").hint("op-reference-hint").required();
        blocks.push(Block::form(f.t("op-batch-paid"), about.clone(), sheet("all", form, field, about)));
        let form = back.form(f.lang, "each", []);
        let field = form.input("references").kind("area").hint("op-references-hint").required();
        let ask = f.t("op-batch-each-about");
        blocks.push(Block::form(f.t("op-batch-each"), ask.clone(), sheet("each", form, field, ask)));
    }
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-batches"), "/operator/batches")],
        links: vec![(f.t("op-batch-file"), format!("/operator/batches/{id}/file"))],
        facts,
        blocks,
        ..Screen::new(f)
    })
}

/// The file for the way of payment.
pub(super) async fn file(reader: Operator, Path(id): Path<i64>) -> Shown {
    let view = reader.engine().batch_view(reader.caller(), id).await?;
    let name = format!("attachment; filename=\"batch-{id}.csv\"");
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, view.csv).into_response())
}

/// Says what was paid, under the form's mark.
pub(super) async fn update(reader: Operator, Path(id): Path<i64>, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let name = if sent.take("form") == "each" { "each" } else { "all" };
    let engine = reader.engine();
    let made = async {
        let input: BatchUpdate = sent.given().0.read()?;
        let asked = format!("{id} {input:?}");
        let step = |caller| async move { engine.batch_update(caller, id, input).await.map(|()| id) };
        once::run(&reader, ("form batch step", &mark, &asked), step).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, &format!("/operator/batches/{id}"), "op-money")),
        Err(error) => {
            let back = Sentback::new(name, form.refused_on(error, &["reference", "references"])?);
            screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
