//! News: what is published, what will be, and writing it.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::input::RawParams;
use whocpa_domain::news::{NewsStatus, NewsType};
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::news::{NewsCreate, NewsUpdate, NewsView};

use super::parts::{Block, Cell, Line, Screen, Sentback, Sheet, Table, listed, moment, tone};
use crate::site::answer::{Shown, done};
use crate::site::form::{Field, Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Choice, codes};
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 3] = ["status", "search", "offer_id"];
/// Fields of a piece.
const FIELDS: [&str; 8] =
    ["header", "body", "type", "offer_id", "img", "is_important", "date_start", "date_end"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { Ok(engine.news_list(caller, asked.read()?).await?.rows) };
    let found = listed(&reader, &FILTERS, &[], ask).await?;
    let f = Frame::own(&reader, reader.lang.t("news-title"));
    let line = |row: &NewsView| {
        let tone = tone(row.status == NewsStatus::Active, false);
        let important = if row.is_important { f.t("news-important") } else { String::new() };
        Line::new([
            Cell::long(row.header.as_str()).link(format!("/operator/news/{}", row.id)).small(important),
            Cell::tag(f.say(row.status.word()), tone),
            Cell::text(f.say(row.r#type.word())),
            Cell::when(f.time(&row.date_start)),
            Cell::when(moment(&f, row.date_end)),
        ])
    };
    let lines = found.rows.iter().map(line).collect();
    let filters = vec![
        found.form.input("status").choice(codes(reader.lang, NewsStatus::CODES)),
        found.form.input("offer_id").mode("numeric"),
        found.form.input("search").label("field-words"),
    ];
    let links = if caller.may(Resource::News, Method::Create).is_ok() {
        vec![(f.t("op-news-new"), "/operator/news/new".to_owned())]
    } else {
        Vec::new()
    };
    let heads = ["field-header", "op-status", "field-kind", "field-date-start", "field-date-end"];
    let screen = Screen {
        links,
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-news-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

fn fields(f: &Frame, form: &Form) -> Vec<Field> {
    let kinds: Vec<Choice> = [NewsType::System, NewsType::Offer]
        .iter()
        .map(|kind| (kind.code().to_string(), f.say(kind.word()).to_owned()))
        .collect();
    let yes_no = [("0", "op-no"), ("1", "op-yes")].map(|(code, key)| (code.to_owned(), f.t(key)));
    vec![
        form.input("header").required(),
        form.input("type").label("field-kind").choice(kinds),
        form.input("body").kind("area").hint("op-body-hint").required(),
        form.input("offer_id").mode("numeric").hint("op-news-offer-hint"),
        form.input("is_important").label("news-important").choice(yes_no),
        form.input("date_start").hint("op-time-hint"),
        form.input("date_end").hint("op-end-hint"),
        form.input("img").kind("url"),
    ]
}

fn new_page(reader: &Operator, mut back: Sentback) -> Screen {
    let f = Frame::own(reader, reader.lang.t("op-news-new"));
    let form = back.form(reader.lang, "new", []);
    let sheet = Sheet {
        url: "/operator/news/new".to_owned(),
        fields: fields(&f, &form),
        general: form.general,
        button: f.t("op-publish"),
        class: "is-main",
        ..Sheet::default()
    };
    Screen {
        crumbs: vec![(f.t("news-title"), "/operator/news")],
        blocks: vec![Block::form(String::new(), f.t("op-news-about"), sheet)],
        ..Screen::new(f)
    }
}

pub(super) async fn new(reader: Operator) -> Shown {
    reader.caller().may(Resource::News, Method::Create)?;
    new_page(&reader, Sentback::none()).send(StatusCode::OK)
}

pub(super) async fn create(reader: Operator, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: NewsCreate = sent.given().0.read()?;
        reader.engine().news_create(reader.caller(), input).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/operator/news/{id}"), "op-made")),
        Err(error) => {
            let back = Sentback::new("new", form.refused_on(error, &FIELDS)?);
            new_page(&reader, back).send(StatusCode::BAD_REQUEST)
        }
    }
}

pub(super) async fn view(reader: Operator, Path(id): Path<i64>) -> Shown {
    screen(&reader, id, Sentback::none()).await?.send(StatusCode::OK)
}

async fn screen(reader: &Operator, id: i64, mut back: Sentback) -> Result<Screen> {
    let caller = reader.caller();
    let row = reader.engine().news_view(caller, id).await?;
    let f = Frame::own(reader, row.header.clone());
    let time = |time: Option<whocpa_domain::Time>| time.map_or_else(String::new, |time| time.to_string());
    let kind = if row.offer_id.is_some() { NewsType::Offer } else { NewsType::System };
    let values = [
        ("header", row.header.clone()),
        ("body", row.body.clone()),
        ("type", kind.code().to_string()),
        ("offer_id", row.offer_id.map_or_else(String::new, |id| id.to_string())),
        ("img", row.img.clone()),
        ("is_important", i64::from(row.is_important).to_string()),
        ("date_start", time(Some(row.date_start))),
        ("date_end", time(row.date_end)),
    ];
    let mut blocks = Vec::new();
    if caller.may(Resource::News, Method::Update).is_ok() {
        let form = back.form(reader.lang, "edit", values);
        let sheet = Sheet {
            url: format!("/operator/news/{id}"),
            fields: fields(&f, &form),
            general: form.general,
            button: f.t("save"),
            class: "is-main",
            ..Sheet::default()
        };
        blocks.push(Block::form(String::new(), String::new(), sheet));
    } else {
        blocks.push(Block::words(String::new(), row.excerpt.clone()));
    }
    if caller.may(Resource::News, Method::Delete).is_ok() {
        let sheet = Sheet {
            url: format!("/operator/news/{id}/delete"),
            button: f.t("op-remove"),
            class: "danger",
            confirm: f.t("op-news-remove-ask"),
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t("op-remove"), f.t("op-news-remove-about"), sheet));
    }
    let links = vec![(f.t("op-news-see"), reader.to(&format!("/news/{id}")))];
    Ok(Screen {
        crumbs: vec![(f.t("news-title"), "/operator/news")],
        tag: Some(Cell::tag(f.say(row.status.word()), tone(row.status == NewsStatus::Active, false))),
        links,
        blocks,
        ..Screen::new(f)
    })
}

pub(super) async fn update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: NewsUpdate = sent.without_empty("date_start").0.read()?;
        reader.engine().news_update(reader.caller(), id, input).await
    };
    match made.await {
        Ok(()) => Ok(done(&reader, &format!("/operator/news/{id}"), "saved")),
        Err(error) => {
            let back = Sentback::new("edit", form.refused_on(error, &FIELDS)?);
            screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}

pub(super) async fn delete(reader: Operator, Path(id): Path<i64>) -> Shown {
    reader.engine().news_delete(reader.caller(), id).await?;
    Ok(done(&reader, "/operator/news", "op-gone"))
}
