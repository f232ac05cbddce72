//! Currencies, and what they are worth in one another.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::input::RawParams;
use whocpa_domain::rate::RateSource;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::currency::{CurrencyCreate, CurrencyUpdate, CurrencyView};
use whocpa_engine::rate::{RateCreate, RateView};

use super::parts::{Act, Block, Cell, Line, Screen, Sentback, Sheet, Table, any_currency, listed};
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Names, codes};
use crate::site::reader::Operator;

/// Conditions of the list of rates.
const FILTERS: [&str; 3] = ["base_id", "currency_id", "source"];
/// Fields of a new currency.
const FIELDS: [&str; 5] = ["id", "code", "digits", "name_en", "name_ru"];
/// Fields of a rate.
const RATE_FIELDS: [&str; 6] = ["base_id", "currency_id", "value", "date_start", "date_end", "comment"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (status, screen) = screen(&reader, Sentback::none()).await?;
    screen.send(status)
}

async fn screen(reader: &Operator, mut back: Sentback) -> Result<(StatusCode, Screen)> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.rate_list(caller, asked.read()?).await };
    let found = listed(reader, &FILTERS, &[], ask).await?;
    let (f, n) = (Frame::own(reader, reader.lang.t("menu-own-currencies")), Names::load(reader).await?);
    let line = |row: &RateView| {
        Line::new([
            Cell::text(format!("1 {}", n.currency(&row.base_id))),
            Cell::num(format!("{} {}", f.number(&row.value), n.currency(&row.currency_id))),
            Cell::text(f.say(row.source.word())).small(row.comment.as_str()),
            Cell::when(f.date(&row.date_start)),
            Cell::when(f.date(&row.date_end)),
        ])
    };
    let lines = found.rows.iter().map(line).collect();
    let form = &found.form;
    let choices = any_currency(&f, &n);
    let filters = vec![
        form.input("base_id").label("op-rate-of").choice(&choices),
        form.input("currency_id").label("op-rate-in").choice(&choices),
        form.input("source").choice(codes(reader.lang, RateSource::CODES)),
    ];
    let mut blocks = Vec::new();
    if caller.may(Resource::Rate, Method::Create).is_ok() {
        blocks.push(state(&f, &n, &mut back));
    }
    let heads = ["op-rate-of", "op-rate-value", "field-source", "field-date-start", "field-date-end"];
    let screen = Screen {
        about: f.t("op-rates-about"),
        links: vec![(f.t("op-currencies"), "/operator/currencies/all".to_owned())],
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-rates-none")),
        pages: Some(found.pages),
        blocks,
        ..Screen::new(f)
    };
    Ok((found.status, screen))
}

/// Every currency.
pub(super) async fn all(reader: Operator) -> Shown {
    all_screen(&reader, Sentback::none()).await?.send(StatusCode::OK)
}

async fn all_screen(reader: &Operator, mut back: Sentback) -> Result<Screen> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let currencies = engine.currency_list(caller).await?;
    let f = Frame::own(reader, reader.lang.t("op-currencies"));
    let mut blocks = Vec::new();
    if caller.may(Resource::Currency, Method::Create).is_ok() {
        blocks.push(add(&f, &mut back));
    }
    let may_change = caller.may(Resource::Currency, Method::Update).is_ok();
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-currencies"), "/operator/currencies")],
        table: Some(table(&f, &currencies, may_change)),
        blocks,
        ..Screen::new(f)
    })
}

fn state(f: &Frame, n: &Names, back: &mut Sentback) -> Block {
    let form = back.form(f.lang, "rate", []);
    let sheet = Sheet {
        url: "/operator/rates".to_owned(),
        fields: vec![
            form.input("base_id")
                .apart("new_base")
                .label("op-rate-of")
                .choice(n.currency_choices())
                .required(),
            form.input("currency_id")
                .apart("new_in")
                .label("op-rate-in")
                .choice(n.currency_choices())
                .required(),
            form.input("value").label("op-rate-value").mode("decimal").required(),
            form.input("date_end").hint("op-rate-end-hint"),
            form.input("comment").hint("op-rate-comment-hint"),
        ],
        general: form.general,
        button: f.t("op-rate-state"),
        class: "is-main",
        confirm: f.t("op-rate-about"),
        ..Sheet::default()
    };
    Block::form(f.t("op-rate-state"), f.t("op-rate-about"), sheet)
}

fn table(f: &Frame, rows: &[CurrencyView], may_change: bool) -> Table {
    let line = |row: &CurrencyView| {
        let act = may_change.then(|| Act {
            url: format!("/operator/currencies/{}", row.id),
            hidden: vec![("is_active", i64::from(!row.is_active).to_string())],
            label: f.t(if row.is_active { "op-turn-off" } else { "op-turn-on" }),
            confirm: String::new(),
        });
        let tone = if row.is_active { "good" } else { "warn" };
        let cells = [
            Cell::text(row.code.as_str()).small(row.id.to_string()),
            Cell::text(row.name_en.as_str()).small(row.name_ru.as_str()),
            Cell::num(row.digits.to_string()),
            Cell::tag(f.t(if row.is_active { "op-on" } else { "op-off" }), tone),
        ];
        Line { act, ..Line::new(cells) }
    };
    let heads = ["field-code-iso", "op-name", "field-digits", "op-status"];
    Table::new(f, &heads, rows.iter().map(line).collect(), "op-nothing")
}

fn add(f: &Frame, back: &mut Sentback) -> Block {
    let form = back.form(f.lang, "currency", []);
    let sheet = Sheet {
        url: "/operator/currencies/all".to_owned(),
        fields: vec![
            form.input("id").label("op-currency-id").mode("numeric").hint("op-currency-id-hint").required(),
            form.input("code").label("field-code-iso").required(),
            form.input("digits").mode("numeric").required(),
            form.input("name_en").required(),
            form.input("name_ru").required(),
        ],
        general: form.general,
        button: f.t("op-currency-add"),
        ..Sheet::default()
    };
    Block::form(f.t("op-currency-add"), String::new(), sheet)
}

pub(super) async fn create(reader: Operator, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: CurrencyCreate = sent.given().0.read()?;
        reader.engine().currency_create(reader.caller(), input).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, "/operator/currencies/all", "op-made")),
        Err(error) => {
            let back = Sentback::new("currency", form.refused_on(error, &FIELDS)?);
            all_screen(&reader, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}

pub(super) async fn update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let input: CurrencyUpdate = sent.given().0.read()?;
    reader.engine().currency_update(reader.caller(), id, input).await?;
    Ok(done(&reader, "/operator/currencies/all", "saved"))
}

pub(super) async fn rate_create(reader: Operator, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: RateCreate = sent.given().0.read()?;
        reader.engine().rate_create(reader.caller(), input).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, "/operator/currencies", "op-made")),
        Err(error) => {
            let back = Sentback::new("rate", form.refused_on(error, &RATE_FIELDS)?);
            let (_, screen) = screen(&reader, back).await?;
            screen.send(StatusCode::BAD_REQUEST)
        }
    }
}
