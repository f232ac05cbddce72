//! What must be watched and is others' to mend: reported actions without a visit, and postbacks that stopped.

use axum::extract::Path;
use whocpa_domain::input::RawParams;
use whocpa_domain::orphan::{OrphanKind, OrphanState};
use whocpa_domain::postback::PostbackStatus;
use whocpa_domain::{Method, Resource};
use whocpa_engine::orphan::{OrphanUpdate, OrphanView};
use whocpa_engine::postback::PostbackView;

use super::named::Named;
use super::parts::{Act, Cell, Line, Screen, Table, listed, moment, tone};
use crate::site::answer::{Shown, done};
use crate::site::form::Sent;
use crate::site::frame::Frame;
use crate::site::names::codes;
use crate::site::reader::Operator;

/// Conditions of the list of orphans.
const ORPHAN_FILTERS: [&str; 5] = ["state", "kind", "offer_id", "advertiser_id", "d_created_from"];
/// Conditions of the list of postbacks.
const POSTBACK_FILTERS: [&str; 4] = ["status", "user_id", "offer_id", "search"];

pub(super) async fn orphans(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.orphan_list(caller, asked.read()?).await };
    let found = listed(&reader, &ORPHAN_FILTERS, &[("state", "0")], ask).await?;
    let f = Frame::own(&reader, reader.lang.t("menu-own-orphans"));
    let people = found.rows.iter().filter_map(|row| row.advertiser_id);
    let named = Named::load(&reader, people, found.rows.iter().filter_map(|row| row.offer_id)).await?;
    let may_drop = caller.may(Resource::Orphan, Method::Update).is_ok();
    let line = |row: &OrphanView| {
        let lead = row.lead_id.flatten();
        let state = Cell::tag(
            f.say(row.state.word()),
            tone(row.state == OrphanState::Matched, row.state == OrphanState::Refused),
        );
        let act = (row.state == OrphanState::Open && may_drop).then(|| Act {
            url: format!("/operator/orphans/{}", row.id),
            hidden: vec![("is_open", "0".to_owned())],
            label: f.t("op-give-up"),
            confirm: f.t("op-give-up-ask"),
        });
        let cells = [
            Cell::when(f.time(&row.date_created)).small(row.id.to_string()),
            named.person(row.advertiser_id.unwrap_or_default()),
            row.offer_id.map_or_else(Cell::default, |id| named.offer(id)),
            Cell::long(f.say(row.kind.word())).small(row.tid.clone().unwrap_or_default()),
            lead.map_or(state, |id| {
                Cell::tag(f.say(row.state.word()), "good").link(format!("/operator/leads/{id}"))
            }),
            Cell::num(f.number(&row.sent_count)),
            Cell::when(f.date(&row.date_expires)),
        ];
        Line { act, ..Line::new(cells) }
    };
    let lines = found.rows.iter().map(line).collect();
    let form = &found.form;
    let filters = vec![
        form.input("state").label("op-status").choice(codes(reader.lang, OrphanState::CODES)),
        form.input("kind").choice(codes(reader.lang, OrphanKind::CODES)),
        form.input("offer_id").mode("numeric"),
        form.input("advertiser_id").mode("numeric"),
        form.input("d_created_from").kind("date").label("field-made-from"),
    ];
    let heads = [
        "money-when",
        "op-advertiser",
        "lead-offer",
        "op-instead",
        "op-status",
        "op-sent-times",
        "op-waits-until",
    ];
    let screen = Screen {
        about: f.t("op-orphans-about"),
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-queue-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

/// Gives one up.
pub(super) async fn orphan_update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let input: OrphanUpdate = sent.given().0.read()?;
    reader.engine().orphan_update(reader.caller(), id, input).await?;
    Ok(done(&reader, "/operator/orphans", "op-decided"))
}

pub(super) async fn postbacks(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.postback_list(caller, asked.read()?).await };
    let found = listed(&reader, &POSTBACK_FILTERS, &[], ask).await?;
    let f = Frame::own(&reader, reader.lang.t("menu-own-postbacks"));
    let named = Named::load(&reader, found.rows.iter().filter_map(|row| row.user_id), []).await?;
    let line = |row: &PostbackView| {
        let name = if row.name.is_empty() { format!("#{}", row.id) } else { row.name.clone() };
        let tone = tone(row.status == PostbackStatus::Active, row.status == PostbackStatus::Failing);
        Line::new([
            Cell::long(name).small(row.url.as_str()),
            named.person(row.user_id.unwrap_or_default()),
            Cell::tag(f.say(row.status.word()), tone).small(row.reason.as_str()),
            Cell::num(f.number(&row.waiting_count)),
            Cell::num(f.number(&row.failure_count)),
            Cell::when(moment(&f, row.date_delivered)),
        ])
    };
    let lines = found.rows.iter().map(line).collect();
    let form = &found.form;
    let filters = vec![
        form.input("status").choice(codes(reader.lang, PostbackStatus::CODES)),
        form.input("user_id").mode("numeric"),
        form.input("offer_id").mode("numeric"),
        form.input("search").label("field-words"),
    ];
    let heads = ["op-name", "op-who", "op-status", "postback-waiting", "op-failures", "postback-delivered"];
    let screen = Screen {
        about: f.t("op-postbacks-about"),
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-queue-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}
