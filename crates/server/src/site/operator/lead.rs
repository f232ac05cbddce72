//! One lead: how it came, by which terms, what happened to it and to whose money; and the decision.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::lead::{Closing, LeadStatus};
use whocpa_domain::money::Amount;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::lead::{LeadUpdate, LeadView};

use super::leads::choices;
use super::named::Named;
use super::parts::{Block, Cell, Line, Screen, Sentback, Sheet, Table, known, moment};
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::Names;
use crate::site::reader::Operator;

/// Fields of the decision.
const FIELDS: [&str; 4] = ["status", "reason", "comment", "amount"];

pub(super) async fn view(reader: Operator, Path(id): Path<i64>) -> Shown {
    screen(&reader, id, Sentback::none()).await?.send(StatusCode::OK)
}

async fn screen(reader: &Operator, id: i64, mut back: Sentback) -> Result<Screen> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let lead = engine.lead_view(caller, id).await?;
    let title = reader.lang.with("lead-title", "id", id.to_string());
    let (f, n) = (Frame::own(reader, title), Names::load(reader).await?);
    let row = &lead.row;
    let owners = lead.transfers.iter().flatten().filter_map(|transfer| transfer.owner_id);
    let people = [row.webmaster_id, row.advertiser_id, row.referrer_id].into_iter().flatten().chain(owners);
    let named = Named::load(reader, people, [row.offer_id]).await?;
    let mut blocks = vec![Block::facts(f.t("lead-terms"), terms(&f, &n, &lead))];
    blocks.push(Block::table(f.t("lead-story"), story(&f, &n, &lead)));
    if let Some(buyer) = buyer(&f, &lead) {
        blocks.push(buyer);
    }
    if lead.transfers.as_ref().is_some_and(|rows| !rows.is_empty()) {
        blocks.push(Block::table(f.t("op-lead-accounts"), transfers(&f, (&n, &named), &lead)));
    }
    if !lead.deliveries.is_empty() {
        blocks.push(Block::table(f.t("postback-log"), deliveries(&f, &lead)));
    }
    if caller.may(Resource::Lead, Method::Update).is_ok() {
        blocks.extend(decisions(reader, &f, &lead, &mut back));
    }
    Ok(Screen {
        crumbs: vec![(f.t("leads-title"), "/operator/leads")],
        tag: Some(Cell::tag(f.say(row.status.word()), f.tone(row.status.code()))),
        facts: facts(&f, (&n, &named), &lead),
        blocks,
        ..Screen::new(f)
    })
}

fn money(n: &Names, amount: Option<Amount>, currency_id: i64) -> String {
    amount.map_or_else(String::new, |amount| n.money(&amount, &currency_id))
}

fn facts(f: &Frame, (n, named): (&Names, &Named), lead: &LeadView) -> Vec<(String, Cell)> {
    let row = &lead.row;
    let currency = row.currency_id;
    let link = |id: Option<i64>, path: &str| {
        id.map_or_else(Cell::default, |id| Cell::text(id.to_string()).link(format!("{path}{id}")))
    };
    let hold = format!("{} ({})", f.time(&lead.hold.date_end), f.count("days", &lead.hold.days));
    let facts = [
        ("op-charge", Cell::text(money(n, row.money, currency)).small(f.say(row.is_closed.word()))),
        ("op-payment", Cell::text(money(n, row.payout, currency))),
        ("lead-reason", Cell::text(f.say(row.reason.word())).small(row.substatus.as_str())),
        ("lead-offer", named.offer(row.offer_id)),
        ("op-webmaster", named.person(row.webmaster_id.unwrap_or_default())),
        ("op-advertiser", named.person(row.advertiser_id.unwrap_or_default())),
        (
            "op-referrer",
            named.person(row.referrer_id.unwrap_or_default()).small(money(n, row.referral, currency)),
        ),
        ("lead-came", Cell::text(f.time(&row.date_created)).small(f.say(lead.way.word()))),
        (
            "op-clicked",
            Cell::text(f.time(&row.date_redirect)).small(f.with(
                "health-seconds",
                "seconds",
                &f.number(&lead.click.seconds),
            )),
        ),
        ("lead-hold-end", Cell::text(hold)),
        (
            "lead-decide",
            Cell::text(moment(f, row.date_decide_until)).small(if row.is_overdue {
                f.t("op-overdue")
            } else {
                String::new()
            }),
        ),
        ("lead-tid", Cell::text(row.tid.as_str())),
        ("op-sale", Cell::text(row.sale_id.as_str())),
        ("op-visitor", Cell::text(row.ip.as_str()).small(row.country.as_str())),
        ("op-bot", Cell::text(f.say(row.bot_mark.word()))),
        ("field-subid1", Cell::text(row.subid1.as_str())),
        ("lead-first", link(lead.first_lead_id, "/operator/leads/")),
        (
            "op-contest-ticket",
            link(lead.contest_ticket_id, "/operator/tickets/").small(f.say(row.contest.word())),
        ),
    ];
    known(f, facts)
}

fn terms(f: &Frame, n: &Names, lead: &LeadView) -> Vec<(String, Cell)> {
    let terms = &lead.terms;
    let rate = |rate: &Option<String>| {
        rate.as_ref().map_or_else(String::new, |rate| n.rate(&terms.money_type, rate, &lead.row.currency_id))
    };
    let condition = terms.condition_id.map_or_else(Cell::default, |id| {
        Cell::text(id.to_string()).link(format!("/operator/conditions/{id}"))
    });
    let facts = [
        ("op-charge", Cell::text(rate(&terms.charge))),
        ("op-payment", Cell::text(rate(&terms.payment))),
        ("lead-terms-from", Cell::text(f.time(&terms.date_from))),
        ("op-condition", condition),
    ];
    known(f, facts)
}

fn story(f: &Frame, n: &Names, lead: &LeadView) -> Table {
    let lines = lead.events.iter().map(|event| {
        let worth = event.money.flatten();
        Line::new([
            Cell::when(f.time(&event.date_created)),
            Cell::text(f.say(event.kind.word())).small(f.by(&event.by)),
            Cell::tag(f.say(event.status.word()), f.tone(event.status.code()))
                .small(f.say(event.is_closed.word())),
            Cell::text(f.say(event.reason.word())).small(event.comment.as_str()),
            Cell::num(money(n, worth, lead.row.currency_id)),
        ])
    });
    let heads = ["money-when", "op-event", "lead-status", "lead-reason", "op-payment"];
    Table::new(f, &heads, lines.collect(), "op-nothing")
}

/// The person behind it, as far as he is known.
fn buyer(f: &Frame, lead: &LeadView) -> Option<Block> {
    let buyer = lead.row.buyer.as_ref()?;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let facts = [
        ("field-name", text(&buyer.name)),
        ("field-phone", buyer.phone.clone()),
        ("field-email", text(&buyer.email)),
        ("op-address", text(&buyer.address)),
        ("field-comment", text(&buyer.comment)),
    ];
    let known = facts.into_iter().filter(|(_, text)| !text.is_empty());
    Some(Block::facts(f.t("op-buyer"), known.map(|(key, text)| (f.t(key), Cell::text(text))).collect()))
}

fn transfers(f: &Frame, (n, named): (&Names, &Named), lead: &LeadView) -> Table {
    let lines = lead.transfers.iter().flatten().map(|transfer| {
        Line::new([
            Cell::when(f.time(&transfer.date_created)),
            Cell::text(f.say(transfer.kind.word())),
            Cell::text(f.say(transfer.account.word())),
            named.person(transfer.owner_id.unwrap_or_default()),
            Cell::num(n.money(&transfer.amount, &lead.row.currency_id)),
        ])
    });
    let heads = ["money-when", "money-why", "money-account", "op-who", "holds-sum"];
    Table::new(f, &heads, lines.collect(), "op-nothing")
}

fn deliveries(f: &Frame, lead: &LeadView) -> Table {
    let lines = lead.deliveries.iter().map(|delivery| {
        Line::new([
            Cell::text(f.say(delivery.event.word())),
            Cell::text(f.say(delivery.status.word())),
            Cell::num(f.number(&delivery.attempt_count)),
            Cell::when(moment(f, delivery.date_delivered)),
        ])
    });
    Table::new(
        f,
        &["postback-event", "lead-status", "postback-tries", "postback-delivered"],
        lines.collect(),
        "op-nothing",
    )
}

/// The decision; of a closed lead, to open it again.
fn decisions(reader: &Operator, f: &Frame, lead: &LeadView, back: &mut Sentback) -> Vec<Block> {
    let row = &lead.row;
    let form = back.form(reader.lang, "decide", []);
    let (mut statuses, mut reasons) = choices(reader.lang);
    reasons[0].1 = f.t("op-reason-none");
    let mut fields = Vec::new();
    let is_closed = row.is_closed == Closing::Closed;
    if is_closed {
        fields.push(form.input("reason").choice(reasons).required());
        fields.push(form.input("comment").kind("area").hint("op-comment-hint").required());
    } else {
        // Its first choice decides nothing: an amount may be corrected alone.
        statuses.insert(0, (String::new(), f.t("op-decision-none")));
        fields.push(form.input("status").label("op-decision").choice(statuses));
        fields.push(form.input("reason").choice(reasons));
        fields.push(form.input("amount").mode("decimal").hint("op-amount-hint"));
        fields.push(form.input("comment").kind("area").hint("op-comment-hint"));
    }
    let (head, about, button) = if is_closed {
        ("op-reopen-head", "op-reopen-about", "op-reopen")
    } else {
        ("op-decide-head", "op-decide-about", "op-decide")
    };
    if row.status == LeadStatus::Double {
        return Vec::new();
    }
    let hidden = if is_closed { vec![("is_closed", Closing::Hold.code().to_string())] } else { Vec::new() };
    let sheet = Sheet {
        url: format!("/operator/leads/{}", row.id),
        hidden,
        fields,
        general: form.general,
        button: f.t(button),
        class: if is_closed { "danger" } else { "is-main" },
        confirm: f.t(if is_closed { "op-reopen-ask" } else { "op-decide-ask" }),
        ..Sheet::default()
    };
    vec![Block::form(f.t(head), f.t(about), sheet)]
}

pub(super) async fn update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: LeadUpdate = sent.given().0.read()?;
        reader.engine().lead_update(reader.caller(), id, input).await
    };
    match made.await {
        Ok(()) => Ok(done(&reader, &format!("/operator/leads/{id}"), "op-decided")),
        Err(error) => {
            let back = Sentback::new("decide", form.refused_on(error, &FIELDS)?);
            screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
