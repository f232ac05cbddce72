//! Offers: the list, one with its terms and what changed in them, moderation, a webmaster who is let in.

use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::input::RawParams;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::{Method, Resource, Result};
use whocpa_engine::connection::ConnectionCreate;
use whocpa_engine::goal::GoalView;
use whocpa_engine::offer::{OfferRow, OfferUpdate, OfferView};

use super::audit;
use super::moderation::{decisions, moderated, moderated_tone, word};
use super::named::Named;
use super::parts::{Act, Block, Cell, Line, Screen, Sentback, Sheet, Table, known, listed, moment, yes_no};
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::with;
use crate::site::names::{Names, codes};
use crate::site::reader::Operator;

/// What the form filters by.
const FILTERS: [&str; 5] = ["search", "status", "advertiser_id", "categories", "is_private"];

pub(super) async fn list(reader: Operator) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let ask = |mut asked: RawParams| async move {
        if !asked.names().any(|name| name == "status") {
            asked.append(with([("show_stopped", "1".to_owned())]));
        }
        engine.offer_list(caller, asked.read()?).await
    };
    let found = listed(&reader, &FILTERS, &[], ask).await?;
    let (f, n) = (Frame::own(&reader, reader.lang.t("offers-title")), Names::load(&reader).await?);
    let named = Named::load(&reader, found.rows.iter().filter_map(|row| row.advertiser_id), []).await?;
    let may_decide = caller.may(Resource::Offer, Method::Update).is_ok();
    let lines = found.rows.iter().map(|row| line(&f, (&n, &named), row, may_decide)).collect();
    let form = &found.form;
    let yes_no = yes_no(&f);
    let filters = vec![
        form.input("search"),
        form.input("status").choice(codes(reader.lang, OfferStatus::CODES)),
        form.input("advertiser_id").mode("numeric"),
        form.input("categories").choice(n.category_choices()),
        form.input("is_private").choice(yes_no),
    ];
    let heads =
        ["op-name", "op-status", "op-advertiser", "offer-pays", "op-cover", "op-undecided", "op-made"];
    let screen = Screen {
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-offers-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

fn line(f: &Frame, (n, named): (&Names, &Named), row: &OfferRow, may_decide: bool) -> Line {
    let status = row.status.map_or(0, OfferStatus::code);
    let pays: Vec<String> = row.payments.iter().map(|payment| n.payment(payment)).collect();
    let cells = vec![
        Cell::long(row.name.as_str()).link(format!("/operator/offers/{}", row.id)).small(row.id.to_string()),
        Cell::tag(word(f, OfferStatus::CODES, status), moderated_tone(status))
            .small(row.reason.clone().unwrap_or_default()),
        named.person(row.advertiser_id.unwrap_or_default()),
        Cell::text(pays.join(", ")),
        Cell::text(first(f.say(row.cover.word()))),
        Cell::num(f.number(&row.undecided)),
        Cell::when(f.date(&row.date_created)),
    ];
    let waits = status == OfferStatus::Review.code() && may_decide;
    let act = waits.then(|| Act {
        url: format!("/operator/offers/{}/status", row.id),
        hidden: vec![("status", OfferStatus::Live.code().to_string())],
        label: f.t("op-approve"),
        confirm: f.with("op-offer-ask", "name", &row.name),
    });
    Line { act, ..Line::new(cells) }
}

/// The words before a colon: what comes after it explains them.
fn first(words: &str) -> &str {
    words.split(':').next().unwrap_or(words)
}

pub(super) async fn view(reader: Operator, Path(id): Path<i64>) -> Shown {
    screen(&reader, id, Sentback::none()).await?.send(StatusCode::OK)
}

async fn screen(reader: &Operator, id: i64, mut back: Sentback) -> Result<Screen> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let offer = engine.offer_view(caller, id).await?;
    let goals = with([("offer_id", id.to_string())]);
    let goals = engine.goal_list(caller, goals.read()?).await?.rows;
    let (f, n) = (Frame::own(reader, offer.name.clone()), Names::load(reader).await?);
    let named = Named::load(reader, offer.advertiser_id, []).await?;
    let status = offer.status.map_or(0, OfferStatus::code);
    let mut blocks = vec![Block::table(f.t("offer-goals"), goal_table(&f, &n, &goals))];
    for (key, words) in [
        ("offer-about", &offer.description),
        ("offer-rules", &offer.rules.full),
        ("field-note", offer.comment.as_ref().unwrap_or(&String::new())),
    ] {
        if !words.is_empty() {
            blocks.push(Block::words(f.t(key), words.clone()));
        }
    }
    if caller.may(Resource::Offer, Method::Update).is_ok() {
        let url = format!("/operator/offers/{id}/status");
        blocks.extend(decisions(&f, (url, OfferStatus::CODES), moderated(status), &mut back));
        blocks.push(note(&f, &offer, &mut back));
    }
    if caller.may(Resource::Connection, Method::Create).is_ok() {
        blocks.push(connect(&f, id, &mut back));
    }
    blocks.extend(changes(reader, &f, id, &goals).await?);
    Ok(Screen {
        crumbs: vec![(f.t("offers-title"), "/operator/offers")],
        tag: Some(Cell::tag(word(&f, OfferStatus::CODES, status), moderated_tone(status))),
        links: links(reader, &f, id),
        facts: facts(&f, (&n, &named), &offer),
        blocks,
        ..Screen::new(f)
    })
}

fn links(reader: &Operator, f: &Frame, id: i64) -> Vec<(String, String)> {
    let caller = reader.caller();
    let all = [
        ("menu-own-leads", "leads?offer_id=", Resource::Lead),
        ("menu-own-connections", "connections?status=&offer_id=", Resource::Connection),
        ("menu-own-landings", "landings?status=&offer_id=", Resource::Landing),
        ("menu-own-promos", "promos?status=&offer_id=", Resource::Promo),
        ("menu-own-conditions", "conditions?offer_id=", Resource::Condition),
        ("menu-own-stats", "stats?group=webmaster&offer_id=", Resource::Stat),
    ];
    let open = all.into_iter().filter(|line| caller.may(line.2, Method::List).is_ok());
    open.map(|(key, url, _)| (f.t(key), format!("/operator/{url}{id}"))).collect()
}

fn facts(f: &Frame, (n, named): (&Names, &Named), offer: &OfferView) -> Vec<(String, Cell)> {
    let reason = offer.reason.clone().unwrap_or_default();
    let yes = |is: bool| f.t(if is { "op-yes" } else { "op-no" });
    let allowed: Vec<&str> = offer.traffic_allowed.iter().map(|kind| f.say(kind.word())).collect();
    let facts = [
        ("op-advertiser", named.person(offer.advertiser_id.unwrap_or_default())),
        ("lead-reason", Cell::text(reason)),
        ("field-url", Cell::text(offer.url_redirect.as_str())),
        ("field-categories", Cell::text(n.categories(&offer.categories))),
        ("field-geo", Cell::text(n.geos(&offer.geo, 5))),
        ("offer-allowed", Cell::text(allowed.join(", "))),
        ("field-is-private", Cell::text(yes(offer.is_private.unwrap_or_default()))),
        ("op-auto-connect", Cell::text(yes(offer.is_auto_connect.unwrap_or_default()))),
        ("op-cover", Cell::text(f.say(offer.cover.word()))),
        ("op-undecided", Cell::text(f.number(&offer.undecided)).small(moment(f, offer.date_undecided))),
        ("op-made", Cell::text(f.time(&offer.date_created))),
    ];
    known(f, facts)
}

/// What is paid, by both sides.
fn goal_table(f: &Frame, n: &Names, goals: &[GoalView]) -> Table {
    let line = |goal: &GoalView| {
        let rate = |rate: &str| n.rate(&goal.money_type, rate, &goal.currency_id);
        Line::new([
            Cell::long(goal.description.as_str()).small(goal.id.to_string()),
            Cell::tag(
                f.t(if goal.is_active { "op-on" } else { "op-off" }),
                if goal.is_active { "good" } else { "warn" },
            ),
            Cell::num(goal.charge.as_deref().map(rate).unwrap_or_default()),
            Cell::num(rate(&goal.payment)),
            Cell::text(f.count("days", &goal.hold_period)),
        ])
    };
    let heads = ["offer-goal", "op-status", "op-charge", "op-payment", "offer-hold"];
    Table::new(f, &heads, goals.iter().map(line).collect(), "op-goals-none")
}

fn note(f: &Frame, offer: &OfferView, back: &mut Sentback) -> Block {
    let form = back.form(f.lang, "note", [("comment", offer.comment.clone().unwrap_or_default())]);
    let sheet = Sheet {
        url: format!("/operator/offers/{}/note", offer.id),
        fields: vec![form.input("comment").label("field-note").kind("area").hint("op-note-hint")],
        general: form.general,
        button: f.t("save"),
        ..Sheet::default()
    };
    Block::form(String::new(), String::new(), sheet)
}

fn connect(f: &Frame, id: i64, back: &mut Sentback) -> Block {
    let form = back.form(f.lang, "connect", []);
    let sheet = Sheet {
        url: format!("/operator/offers/{id}/connect"),
        fields: vec![form.input("webmaster_id").mode("numeric").required()],
        general: form.general,
        button: f.t("op-connect"),
        ..Sheet::default()
    };
    Block::form(f.t("op-connect"), f.t("op-connect-about"), sheet)
}

/// What was changed last in the offer and in the terms of its goals, before and after.
async fn changes(reader: &Operator, f: &Frame, id: i64, goals: &[GoalView]) -> Result<Vec<Block>> {
    let (engine, caller) = (reader.engine(), reader.caller());
    if caller.may(Resource::Audit, Method::List).is_err() {
        return Ok(Vec::new());
    }
    let of = |resource: Resource, ids: String| {
        let name = resource.name().to_owned();
        with([("resource", name), ("object_id", ids), ("per_page", "10".to_owned())])
    };
    let mut rows = engine.audit_list(caller, of(Resource::Offer, id.to_string()).read()?).await?.rows;
    if !goals.is_empty() {
        let ids = goals.iter().map(|goal| goal.id.to_string()).collect::<Vec<_>>().join(",");
        rows.extend(engine.audit_list(caller, of(Resource::Goal, ids).read()?).await?.rows);
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    }
    Ok(vec![Block::table(f.t("op-offer-changes"), audit::table(f, &rows))])
}

pub(super) async fn decide(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    update(&reader, id, sent.given(), ("status", &["status", "reason"])).await
}

pub(super) async fn note_update(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    update(&reader, id, sent, ("note", &["comment"])).await
}

async fn update(reader: &Operator, id: i64, sent: Sent, (name, fields): (&'static str, &[&str])) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: OfferUpdate = sent.0.read()?;
        reader.engine().offer_update(reader.caller(), id, input).await
    };
    match made.await {
        Ok(()) => Ok(done(reader, &format!("/operator/offers/{id}"), "op-decided")),
        Err(error) => {
            let back = Sentback::new(name, form.refused_on(error, fields)?);
            screen(reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}

/// Lets a webmaster in: the way into private offers.
pub(super) async fn connect_create(reader: Operator, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let mut asked = sent.given().0;
        asked.append(with([("offer_id", id.to_string())]));
        let input: ConnectionCreate = asked.read()?;
        reader.engine().connection_create(reader.caller(), input).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, &format!("/operator/offers/{id}"), "op-connected")),
        Err(error) => {
            let back = Sentback::new("connect", form.refused_on(error, &["webmaster_id"])?);
            screen(&reader, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
