//! Decisions about many leads: checked first, applied when somebody says so, with what became of each row.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::decision::{DecisionStatus, DecisionVerdict};
use whocpa_domain::input::RawParams;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::Paging;
use whocpa_engine::decision::{DecisionRow, DecisionUpdate, DecisionView};

use super::named::Named;
use super::parts::{Block, Cell, Line, PER_PAGE, Screen, Sentback, Sheet, Table, listed, tone};
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of};
use crate::site::names::codes;
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 4] = ["status", "user_id", "d_created_from", "d_created_to"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.decision_list(caller, asked.read()?).await };
    let found = listed(&reader, &FILTERS, &[], ask).await?;
    let f = Frame::own(&reader, reader.lang.t("menu-own-decisions"));
    let named = Named::load(&reader, found.rows.iter().filter_map(|row| row.user_id), []).await?;
    let line = |row: &DecisionRow| {
        Line::new([
            Cell::when(row.id.to_string()).link(format!("/operator/decisions/{}", row.id)),
            status(&f, row),
            named.person(row.user_id.unwrap_or_default()),
            Cell::num(f.number(&row.row_count)),
            Cell::num(f.number(&row.rows_failed)),
            Cell::when(f.time(&row.date_created)),
        ])
    };
    let lines = found.rows.iter().map(line).collect();
    let form = &found.form;
    let filters = vec![
        form.input("status").choice(codes(reader.lang, DecisionStatus::CODES)),
        form.input("user_id").mode("numeric"),
        form.input("d_created_from").kind("date").label("field-made-from"),
        form.input("d_created_to").kind("date").label("field-made-to"),
    ];
    let heads = ["lead-id", "op-status", "op-who", "op-rows", "op-rows-failed", "op-made"];
    let screen = Screen {
        about: f.t("op-decisions-about"),
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-decisions-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

fn status(f: &Frame, row: &DecisionRow) -> Cell {
    let tone = tone(row.status == DecisionStatus::Applied, row.status == DecisionStatus::Stopped);
    Cell::tag(f.say(row.status.word()), tone)
}

pub(super) async fn view(reader: Operator, Path(id): Path<i64>) -> Shown {
    screen(&reader, id, Sentback::none()).await?.send(StatusCode::OK)
}

async fn screen(reader: &Operator, id: i64, mut back: Sentback) -> Result<Screen> {
    let asked = params_of(reader, PER_PAGE);
    let form = Form::sent(reader.lang, &asked);
    let page = form.value("page").parse().unwrap_or(1);
    let per_page = form.value("per_page").parse().unwrap_or(PER_PAGE);
    let view = reader.engine().decision_view(reader.caller(), id, asked.read()?).await?;
    let f = Frame::own(reader, reader.lang.with("op-decision-title", "id", id.to_string()));
    let row = &view.row;
    let numbers = [
        ("op-rows", row.row_count),
        ("op-rows-done", row.rows_done),
        ("op-rows-approved", row.rows_approved),
        ("op-rows-rejected", row.rows_rejected),
        ("op-rows-spam", row.rows_spam),
        ("op-rows-unchanged", row.rows_unchanged),
        ("op-rows-failed", row.rows_failed),
    ];
    let facts = numbers.map(|(key, number)| (f.t(key), Cell::text(f.number(&number)))).into();
    let may_act = reader.caller().may(Resource::Decision, Method::Update).is_ok();
    let is_own = row.user_id == Some(reader.caller().user_id);
    let blocks = if may_act { acts(&f, &view, is_own, &mut back) } else { Vec::new() };
    let moves =
        matches!(row.status, DecisionStatus::Loading | DecisionStatus::Checking | DecisionStatus::Applying);
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-decisions"), "/operator/decisions")],
        tag: Some(status(&f, row)),
        about: if moves { f.t("op-decision-moves") } else { row.message.clone() },
        links: if moves { vec![(f.t("op-again"), format!("/operator/decisions/{id}"))] } else { Vec::new() },
        filters: vec![form.input("verdict").choice(codes(reader.lang, DecisionVerdict::CODES))],
        table: Some(rows(&f, &view)),
        pages: Some(Pages::new(reader, view.rows_found, Paging { page, ..Paging::first(per_page) })),
        facts,
        blocks,
        ..Screen::new(f)
    })
}

fn rows(f: &Frame, view: &DecisionView) -> Table {
    let lines = view.rows.iter().map(|row| {
        let lead = row.lead_id.map_or_else(Cell::default, |id| {
            Cell::text(id.to_string()).link(format!("/operator/leads/{id}"))
        });
        let tone = tone(row.verdict == DecisionVerdict::Decided, row.verdict == DecisionVerdict::Refused);
        Line::new([
            Cell::when(row.line.to_string()),
            lead,
            Cell::text(row.status.map_or("", |status| f.say(status.word()))),
            Cell::tag(f.say(row.verdict.word()), tone),
            Cell::text(f.lang.message(&row.message)),
        ])
    });
    let heads = ["op-line", "money-lead", "op-decision", "op-verdict", "lead-reason"];
    Table::new(f, &heads, lines.collect(), "op-rows-none")
}

/// Applying what was checked; stopping what runs.
fn acts(f: &Frame, view: &DecisionView, is_own: bool, back: &mut Sentback) -> Vec<Block> {
    let row = &view.row;
    let sheet = |name: &'static str, key: &str, class| Sheet {
        url: format!("/operator/decisions/{}", row.id),
        hidden: vec![(name, "1".to_owned())],
        button: f.t(key),
        class,
        ..Sheet::default()
    };
    let general = back.form(f.lang, "act", []).general;
    match row.status {
        DecisionStatus::Checked if !is_own => {
            let drop = Sheet { general, ..sheet("is_stopped", "op-drop", "") };
            vec![Block::form(f.t("op-apply-head"), f.t("op-apply-other"), drop)]
        }
        DecisionStatus::Checked => {
            let about = f.count("op-apply-about", &(row.row_count - row.rows_failed - row.rows_unchanged));
            let apply =
                Sheet { general, confirm: f.t("op-apply-ask"), ..sheet("is_applied", "op-apply", "is-main") };
            let drop = sheet("is_stopped", "op-drop", "");
            vec![
                Block::form(f.t("op-apply-head"), about, apply),
                Block::form(String::new(), f.t("op-drop-about"), drop),
            ]
        }
        DecisionStatus::Loading | DecisionStatus::Checking | DecisionStatus::Applying => {
            let stop = Sheet { general, ..sheet("is_stopped", "op-stop", "danger") };
            vec![Block::form(f.t("op-stop"), f.t("op-stop-about"), stop)]
        }
        DecisionStatus::Applied | DecisionStatus::Stopped => Vec::new(),
    }
}

pub(super) async fn update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: DecisionUpdate = sent.given().0.read()?;
        reader.engine().decision_update(reader.caller(), id, input).await
    };
    match made.await {
        Ok(()) => Ok(done(&reader, &format!("/operator/decisions/{id}"), "op-decided")),
        Err(error) => {
            let back = Sentback::new("act", form.refused_on(error, &[])?);
            screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
