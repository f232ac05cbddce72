//! Advances: money that the network gives a webmaster before his leads have earned it. It asks twice: the second page says
//! what will happen.

use axum::http::StatusCode;
use whocpa_domain::advance::AdvanceStatus;
use whocpa_domain::input::RawParams;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::advance::{AdvanceCreate, AdvanceView};

use super::named::Named;
use super::parts::{Block, Cell, Line, Screen, Sentback, Sheet, Table, listed, tone};
use crate::i18n::Value;
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Names, codes};
use crate::site::once;
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 2] = ["webmaster_id", "status"];
/// Fields of a new one.
const FIELDS: [&str; 5] = ["webmaster_id", "amount", "currency_id", "repay_percent", "comment"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (status, screen) = screen(&reader, Sentback::none()).await?;
    screen.send(status)
}

async fn screen(reader: &Operator, mut back: Sentback) -> Result<(StatusCode, Screen)> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.advance_list(caller, asked.read()?).await };
    let found = listed(reader, &FILTERS, &[], ask).await?;
    let (f, n) = (Frame::own(reader, reader.lang.t("menu-own-advances")), Names::load(reader).await?);
    let named = Named::load(reader, found.rows.iter().filter_map(|row| row.webmaster_id), []).await?;
    let line = |row: &AdvanceView| {
        Line::new([
            Cell::when(row.id.to_string()).small(row.comment.as_str()),
            named.person(row.webmaster_id.unwrap_or_default()),
            Cell::tag(f.say(row.status.word()), tone(row.status == AdvanceStatus::Repaid, false)),
            Cell::num(n.money(&row.amount, &row.currency_id)),
            Cell::num(n.money(&row.owed, &row.currency_id)),
            Cell::num(f.percent(&row.repay_percent)),
            Cell::when(f.time(&row.date_created)),
        ])
    };
    let lines = found.rows.iter().map(line).collect();
    let filters = vec![
        found.form.input("webmaster_id").mode("numeric"),
        found.form.input("status").choice(codes(reader.lang, AdvanceStatus::CODES)),
    ];
    let mut blocks = Vec::new();
    if caller.may(Resource::Advance, Method::Create).is_ok() {
        let form = back.form(reader.lang, "new", [("repay_percent", "100".to_owned())]);
        let sheet = Sheet {
            url: "/operator/advances".to_owned(),
            fields: vec![
                form.input("webmaster_id").apart("new_webmaster").mode("numeric").required(),
                form.input("amount").mode("decimal").required(),
                form.input("currency_id").choice(n.currency_choices()).required(),
                form.input("repay_percent").mode("decimal").hint("op-repay-hint"),
                form.input("comment"),
            ],
            general: form.general,
            button: f.t("op-go-on"),
            class: "is-main",
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t("op-advance-new"), f.t("op-advance-about"), sheet));
    }
    let heads =
        ["lead-id", "op-webmaster", "op-status", "holds-sum", "op-owed", "field-repay-percent", "op-made"];
    let screen = Screen {
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-advances-none")),
        pages: Some(found.pages),
        blocks,
        ..Screen::new(f)
    };
    Ok((found.status, screen))
}

/// The first time it is asked whether it is meant so, the second time it is given, under the form's mark.
pub(super) async fn create(reader: Operator, mut sent: Sent) -> Shown {
    reader.caller().may(Resource::Advance, Method::Create)?;
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let engine = reader.engine();
    let made = async {
        let input: AdvanceCreate = sent.given().0.read()?;
        if mark.is_empty() {
            // A webmaster who is not there, or is somebody else's, is said next to his number.
            let person = reader.engine().user_view(reader.caller(), input.webmaster_id).await;
            let person =
                person.map_err(|_| whocpa_domain::Error::field("webmaster_id", "Webmasters not found"))?;
            return Ok(Some(person.name));
        }
        let asked = format!("{input:?}");
        let make = |caller| async move { engine.advance_create(caller, input).await };
        once::run(&reader, ("form advance", &mark, &asked), make).await.map(|_| None)
    };
    match made.await {
        Ok(Some(name)) => confirm(&reader, &form, &name).await?.send(StatusCode::OK),
        Ok(None) => Ok(done(&reader, "/operator/advances", "op-money")),
        Err(error) => {
            let back = Sentback::new("new", form.refused_on(error, &FIELDS)?);
            let (_, screen) = screen(&reader, back).await?;
            screen.send(StatusCode::BAD_REQUEST)
        }
    }
}

/// What will happen, and the button.
async fn confirm(reader: &Operator, form: &Form, name: &str) -> Result<Screen> {
    let (f, n) = (Frame::own(reader, reader.lang.t("op-advance-new")), Names::load(reader).await?);
    let currency = form.value("currency_id").parse().unwrap_or_default();
    let percent = form.value("repay_percent");
    let percent = if percent.is_empty() { "100".to_owned() } else { percent };
    let values = [
        ("name", Value::Text(name.to_owned())),
        ("amount", Value::Text(n.money(&form.value("amount"), &currency))),
        ("percent", Value::Text(percent)),
    ];
    let mut hidden: Vec<(&'static str, String)> = FIELDS
        .iter()
        .map(|field| (*field, form.value(field)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    hidden.push(("mark", reader.state.next_request_id()));
    let sheet = Sheet {
        url: "/operator/advances".to_owned(),
        hidden,
        button: f.t("op-advance-give"),
        class: "is-main",
        ..Sheet::default()
    };
    let about = f.lang.with_all("op-advance-consequence", values);
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-advances"), "/operator/advances")],
        blocks: vec![Block::form(f.t("op-consequence"), about, sheet)],
        ..Screen::new(f)
    })
}
