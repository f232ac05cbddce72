//! Questions of webmasters and advertisers, and protests against refused leads.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::input::RawParams;
use whocpa_domain::lead::Contest;
use whocpa_domain::ticket::{TicketCategory, TicketPriority, TicketSide, TicketStatus};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::ticket::{TicketRow, TicketUpdate, TicketView};

use super::named::Named;
use super::parts::{
    Block, Body, Cell, Line, Said, Screen, Sentback, Sheet, Table, known, listed, tone, yes_no,
};
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::with;
use crate::site::names::{Choice, codes};
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 6] = ["status", "category", "priority", "user_id", "is_contest", "search"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |asked: RawParams| async move { engine.ticket_list(caller, asked.read()?).await };
    let found = listed(&reader, &FILTERS, &[("status", "1")], ask).await?;
    let f = Frame::own(&reader, reader.lang.t("menu-own-tickets"));
    let operators = found.rows.iter().filter_map(|row| row.operator_id.flatten());
    let people = found.rows.iter().filter_map(|row| row.user_id).chain(operators);
    let named = Named::load(&reader, people, []).await?;
    let lines = found.rows.iter().map(|row| line(&f, &named, row)).collect();
    let form = &found.form;
    let yes_no = yes_no(&f);
    let filters = vec![
        form.input("status").choice(codes(reader.lang, TicketStatus::CODES)),
        form.input("category").choice(codes(reader.lang, TicketCategory::CODES)),
        form.input("priority").choice(codes(reader.lang, TicketPriority::CODES)),
        form.input("is_contest").label("field-contest").choice(yes_no),
        form.input("user_id").mode("numeric"),
        form.input("search").label("field-words"),
    ];
    let heads = [
        "field-subject",
        "op-who",
        "op-status",
        "field-category",
        "field-priority",
        "field-operator-id",
        "ticket-changed",
    ];
    let screen = Screen {
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-queue-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

fn line(f: &Frame, named: &Named, row: &TicketRow) -> Line {
    let mut mark = if row.unread_count > 0 { f.t("news-unread") } else { String::new() };
    if row.is_contest {
        mark = f.t("op-contest-mark");
    }
    Line::new([
        Cell::long(row.subject.as_str()).link(format!("/operator/tickets/{}", row.id)).small(mark),
        named.person(row.user_id.unwrap_or_default()),
        status(f, row.status),
        Cell::text(f.say(row.category.word())),
        Cell::text(row.priority.map_or("", |priority| f.say(priority.word()))),
        named.person(row.operator_id.flatten().unwrap_or_default()),
        Cell::when(f.time(&row.date_updated)),
    ])
}

fn status(f: &Frame, status: TicketStatus) -> Cell {
    Cell::tag(f.say(status.word()), tone(status != TicketStatus::Open, false))
}

/// Shows it; whoever opens it has read it for the network.
pub(super) async fn view(reader: Operator, Path(id): Path<i64>) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ticket = engine.ticket_view(caller, id).await?;
    if ticket.ticket.unread_count > 0 && caller.may(Resource::Ticket, Method::Update).is_ok() {
        let input: TicketUpdate = with([("is_read", "1".to_owned())]).read()?;
        engine.ticket_update(caller, id, input).await?;
    }
    screen(&reader, &ticket, Sentback::none()).await?.send(StatusCode::OK)
}

async fn screen(reader: &Operator, ticket: &TicketView, mut back: Sentback) -> Result<Screen> {
    let row = &ticket.ticket;
    let f = Frame::own(reader, row.subject.clone());
    let operator = row.operator_id.flatten();
    let named = Named::load(reader, row.user_id.into_iter().chain(operator), row.offer_id).await?;
    let lead = row
        .lead_id
        .map_or_else(Cell::default, |id| Cell::text(id.to_string()).link(format!("/operator/leads/{id}")));
    let facts = [
        ("op-who", named.person(row.user_id.unwrap_or_default())),
        ("field-category", Cell::text(f.say(row.category.word()))),
        ("field-priority", Cell::text(row.priority.map_or("", |priority| f.say(priority.word())))),
        ("field-operator-id", named.person(operator.unwrap_or_default())),
        ("lead-offer", row.offer_id.map_or_else(Cell::default, |id| named.offer(id))),
        ("money-lead", lead),
        ("ticket-changed", Cell::text(f.time(&row.date_updated))),
    ];
    let mut blocks: Vec<Block> = ticket
        .messages
        .iter()
        .map(|message| {
            let inner = message.is_internal == Some(true);
            let mark = if inner { format!(" · {}", f.t("op-inner")) } else { String::new() };
            let said = Said {
                by: format!("{} · {}{mark}", message.author, f.time(&message.date_created)),
                words: message.message.clone(),
                is_own: message.side == TicketSide::Network,
            };
            Block { head: String::new(), about: String::new(), body: Body::Said(said) }
        })
        .collect();
    if reader.caller().may(Resource::Ticket, Method::Update).is_ok() {
        blocks.push(answer(&f, row, &mut back));
        let is_open = ticket.lead.as_ref().is_some_and(|lead| lead.row.contest == Contest::Open);
        if is_open && reader.caller().may(Resource::Lead, Method::Update).is_ok() {
            blocks.push(contest(&f, row, &mut back));
        }
        blocks.push(settings(reader, &f, row, &mut back).await?);
    }
    Ok(Screen {
        crumbs: vec![(f.t("menu-own-tickets"), "/operator/tickets")],
        tag: Some(status(&f, row.status)),
        facts: known(&f, facts),
        blocks,
        ..Screen::new(f)
    })
}

fn sheet(f: &Frame, row: &TicketRow, name: &str, form: Form, fields: Vec<crate::site::form::Field>) -> Sheet {
    Sheet {
        url: format!("/operator/tickets/{}", row.id),
        hidden: vec![("form", name.to_owned())],
        fields,
        general: form.general,
        button: f.t("ticket-send"),
        class: "is-main",
        ..Sheet::default()
    }
}

fn answer(f: &Frame, row: &TicketRow, back: &mut Sentback) -> Block {
    let form = back.form(f.lang, "answer", []);
    let who = [("", "op-to-person"), ("1", "op-to-operators")].map(|(code, key)| (code.to_owned(), f.t(key)));
    let fields = vec![
        form.input("message").kind("area").required(),
        form.input("is_internal").label("op-read-by").choice(who),
    ];
    Block::form(f.t("op-answer"), String::new(), sheet(f, row, "answer", form, fields))
}

fn contest(f: &Frame, row: &TicketRow, back: &mut Sentback) -> Block {
    let form = back.form(f.lang, "contest", []);
    let ends = [Contest::Dismissed, Contest::Upheld];
    let ends: Vec<Choice> =
        ends.iter().map(|end| (end.code().to_string(), f.say(end.word()).to_owned())).collect();
    let fields = vec![
        form.input("contest").apart("contest_end").label("op-decision").choice(ends),
        form.input("message").apart("contest_message").kind("area").required(),
    ];
    let sheet = Sheet { button: f.t("op-decide"), ..sheet(f, row, "contest", form, fields) };
    Block::form(f.t("op-contest-head"), f.t("op-contest-about"), sheet)
}

async fn settings(reader: &Operator, f: &Frame, row: &TicketRow, back: &mut Sentback) -> Result<Block> {
    let values = [
        ("status", row.status.code().to_string()),
        ("category", row.category.code().to_string()),
        ("priority", row.priority.map_or_else(String::new, |priority| priority.code().to_string())),
        ("operator_id", row.operator_id.flatten().map_or_else(String::new, |id| id.to_string())),
    ];
    let form = back.form(f.lang, "settings", values);
    let of = |table| codes(f.lang, table).into_iter().skip(1).collect::<Vec<Choice>>();
    let operators = operators(reader, f, row.operator_id.flatten()).await?;
    let fields = vec![
        form.input("status").choice(of(TicketStatus::CODES)),
        form.input("category").choice(of(TicketCategory::CODES)),
        form.input("priority").choice(of(TicketPriority::CODES)),
        form.input("operator_id").choice(operators),
    ];
    let sheet = Sheet { button: f.t("save"), class: "", ..sheet(f, row, "settings", form, fields) };
    Ok(Block::form(f.t("op-ticket-settings"), String::new(), sheet))
}

/// Nobody, and the operators whom the reader sees; himself and who answers it now are always among them.
async fn operators(reader: &Operator, f: &Frame, present: Option<i64>) -> Result<Vec<Choice>> {
    let asked = with([("level", UserLevel::Operator.code().to_string()), ("sort", "name".to_owned())]);
    let found = reader.engine().user_list(reader.caller(), asked.read()?).await?.rows;
    let mut all = vec![(String::new(), f.t("op-nobody"))];
    all.extend(found.into_iter().map(|row| (row.id.to_string(), row.name)));
    let own =
        reader.visitor.as_ref().map(|visitor| (visitor.caller.user_id.to_string(), visitor.name.clone()));
    let present = present.map(|id| (id.to_string(), format!("#{id}")));
    for choice in own.into_iter().chain(present) {
        if !all.iter().any(|known| known.0 == choice.0) {
            all.push(choice);
        }
    }
    Ok(all)
}

pub(super) async fn update(reader: Operator, Path(id): Path<i64>, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let (engine, caller) = (reader.engine(), reader.caller());
    let name = match sent.take("form").as_str() {
        "contest" => "contest",
        "settings" => "settings",
        _ => "answer",
    };
    let made = async {
        // Only the settings have an empty value: nobody answers it.
        let asked = if name == "settings" { sent.0 } else { sent.given().0 };
        let input: TicketUpdate = asked.read()?;
        engine.ticket_update(caller, id, input).await
    };
    match made.await {
        Ok(()) => Ok(done(&reader, &format!("/operator/tickets/{id}"), "saved")),
        Err(error) => {
            let shown =
                ["message", "is_internal", "contest", "status", "category", "priority", "operator_id"];
            let back = Sentback::new(name, form.refused_on(error, &shown)?);
            let ticket = engine.ticket_view(caller, id).await?;
            screen(&reader, &ticket, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
