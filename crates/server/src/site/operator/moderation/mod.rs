//! What is looked at before it works: connections, areas, landings, promos, wallets, domains. Each kind has the same
//! pages: those that wait, one of them with what is known of it, and the decision with its reason.

mod items;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};
use whocpa_domain::area::AreaStatus;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::moderation::ModerationStatus;
use whocpa_domain::parked::DomainStatus;
use whocpa_domain::wallet::WalletStatus;
use whocpa_domain::{Method, Resource, Result};

use super::named::Named;
use super::parts::{Act, Block, Cell, Line, Listed, Screen, Sentback, Sheet, Table};
use crate::site::answer::{Shown, done};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Choice, codes};
use crate::site::reader::Operator;
use crate::state::AppState;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connection,
    Area,
    Landing,
    Promo,
    Wallet,
    Domain,
}

/// One of them, as all kinds are shown.
pub(super) struct Item {
    pub id: i64,
    pub name: String,
    /// What stands below the name.
    pub detail: String,
    pub status: i64,
    pub reason: String,
    /// The webmaster whose it is, 0 for nobody.
    pub person: i64,
    /// Its offer, 0 for none.
    pub offer: i64,
    pub date: whocpa_domain::Time,
    /// What else is known of it, on its own page.
    pub facts: Vec<(&'static str, Cell)>,
    /// The words of its owner, or its text.
    pub words: String,
}

/// Filters of all kinds.
const FILTERS: [&str; 4] = ["status", "search", "webmaster_id", "offer_id"];

impl Kind {
    const ALL: [Self; 6] =
        [Self::Connection, Self::Area, Self::Landing, Self::Promo, Self::Wallet, Self::Domain];

    fn path(self) -> &'static str {
        match self {
            Self::Connection => "/operator/connections",
            Self::Area => "/operator/areas",
            Self::Landing => "/operator/landings",
            Self::Promo => "/operator/promos",
            Self::Wallet => "/operator/wallets",
            Self::Domain => "/operator/domains",
        }
    }

    /// Name of the text over its list.
    fn title(self) -> &'static str {
        match self {
            Self::Connection => "menu-own-connections",
            Self::Area => "menu-own-areas",
            Self::Landing => "menu-own-landings",
            Self::Promo => "menu-own-promos",
            Self::Wallet => "menu-own-wallets",
            Self::Domain => "menu-own-domains",
        }
    }

    fn resource(self) -> Resource {
        match self {
            Self::Connection => Resource::Connection,
            Self::Area => Resource::Area,
            Self::Landing => Resource::Landing,
            Self::Promo => Resource::Promo,
            Self::Wallet => Resource::Wallet,
            Self::Domain => Resource::Domain,
        }
    }

    fn codes(self) -> &'static [(i64, &'static str)] {
        match self {
            Self::Connection => ConnectionStatus::CODES,
            Self::Area => AreaStatus::CODES,
            Self::Landing | Self::Promo => ModerationStatus::CODES,
            Self::Wallet => WalletStatus::CODES,
            Self::Domain => DomainStatus::CODES,
        }
    }

    /// The state that is shown unless another one is asked for: what waits.
    fn first(self) -> &'static str {
        match self {
            Self::Landing | Self::Promo => "1",
            Self::Domain => "",
            _ => "0",
        }
    }

    /// Conditions that its list knows.
    fn filters(self) -> &'static [&'static str] {
        match self {
            Self::Connection => &["status", "search", "webmaster_id", "offer_id"],
            Self::Area | Self::Domain => &["status", "search", "webmaster_id"],
            Self::Landing | Self::Promo => &["status", "search", "offer_id"],
            Self::Wallet => &["status", "webmaster_id"],
        }
    }

    /// What a state may become: what lets it work, and what does not.
    fn moves(self, status: i64) -> (Option<i64>, &'static [i64]) {
        match self {
            Self::Landing | Self::Promo => moderated(status),
            Self::Area => match status {
                0 => (Some(1), &[2, 3]),
                1 => (None, &[2, 3]),
                2 => (Some(1), &[3]),
                _ => (Some(1), &[]),
            },
            Self::Connection | Self::Wallet => match status {
                0 => (Some(1), &[2]),
                1 => (None, &[2]),
                _ => (Some(1), &[]),
            },
            Self::Domain => (None, if status == DomainStatus::Blocked.code() { &[0] } else { &[3] }),
        }
    }

    /// How a state is coloured.
    fn tone(self, status: i64) -> &'static str {
        match self {
            Self::Landing | Self::Promo => moderated_tone(status),
            Self::Domain => super::parts::tone(status == 1, status >= 2),
            _ => super::parts::tone(status == 1, status == 2),
        }
    }
}

/// What an operator may make of an offer, a landing, a promo.
pub(super) fn moderated(status: i64) -> (Option<i64>, &'static [i64]) {
    match status {
        0 => (None, &[1, 2, 4]),
        1 => (Some(2), &[0, 4]),
        2 => (None, &[3, 0, 4]),
        3 => (Some(2), &[4]),
        _ => (None, &[0]),
    }
}

pub(super) fn moderated_tone(status: i64) -> &'static str {
    super::parts::tone(status == 2, status >= 3)
}

/// The words of a state.
pub(super) fn word(f: &Frame, codes: &[(i64, &'static str)], status: i64) -> &'static str {
    codes.iter().find(|(code, _)| *code == status).map_or("", |(_, word)| f.say(word))
}

/// The pages of every kind.
pub(super) fn router() -> Router<AppState> {
    let mut pages = Router::new();
    for kind in Kind::ALL {
        pages = pages
            .route(kind.path(), get(move |reader: Operator| list(reader, kind)))
            .route(
                &format!("{}/{{id}}", kind.path()),
                get(move |reader: Operator, Path(id): Path<i64>| async move {
                    screen(&reader, kind, id, Sentback::none()).await?.send(StatusCode::OK)
                }),
            )
            .route(
                &format!("{}/{{id}}/status", kind.path()),
                post(move |reader: Operator, Path(id): Path<i64>, sent: Sent| decide(reader, kind, id, sent)),
            );
    }
    pages
}

async fn list(reader: Operator, kind: Kind) -> Shown {
    let found: Listed<Item> = items::list(&reader, kind, &[("status", kind.first())]).await?;
    let f = Frame::own(&reader, reader.lang.t(kind.title()));
    let named =
        Named::load(&reader, found.rows.iter().map(|row| row.person), found.rows.iter().map(|row| row.offer))
            .await?;
    let may_decide = reader.caller().may(kind.resource(), Method::Update).is_ok();
    let filters = kind.filters().iter().map(|name| match *name {
        "status" => found.form.input(name).choice(codes(reader.lang, kind.codes())),
        "search" => found.form.input(name).label("field-words"),
        _ => found.form.input(name).mode("numeric"),
    });
    let filters = filters.collect();
    let has_offer = found.rows.iter().any(|row| row.offer > 0);
    let has_person = found.rows.iter().any(|row| row.person > 0);
    let mut heads = vec!["op-name", "op-status"];
    heads.extend(has_person.then_some("op-webmaster"));
    heads.extend(has_offer.then_some("lead-offer"));
    heads.push("op-made");
    let line = |row: &Item| {
        let mut cells = vec![
            Cell::long(row.name.as_str())
                .link(format!("{}/{}", kind.path(), row.id))
                .small(row.detail.as_str()),
            Cell::tag(word(&f, kind.codes(), row.status), kind.tone(row.status)).small(row.reason.as_str()),
        ];
        cells.extend(has_person.then(|| named.person(row.person)));
        cells.extend(has_offer.then(|| named.offer(row.offer)));
        cells.push(Cell::when(f.date(&row.date)));
        let waits = row.status.to_string() == kind.first();
        // Whose account a wallet is must be looked at first: that stands on its own page.
        let is_seen = !matches!(kind, Kind::Wallet);
        let good = kind.moves(row.status).0.filter(|_| may_decide && waits && is_seen);
        let act = good.map(|status| Act {
            url: format!("{}/{}/status", kind.path(), row.id),
            hidden: vec![("status", status.to_string()), ("back", "list".to_owned())],
            label: f.t("op-approve"),
            confirm: String::new(),
        });
        Line { act, ..Line::new(cells) }
    };
    let lines = found.rows.iter().map(line).collect();
    let screen = Screen {
        filters,
        count: f.count("op-found", &found.pages.total),
        table: Some(Table::new(&f, &heads, lines, "op-queue-none")),
        pages: Some(found.pages),
        ..Screen::new(f)
    };
    screen.send(found.status)
}

async fn screen(reader: &Operator, kind: Kind, id: i64, mut back: Sentback) -> Result<Screen> {
    let item = items::view(reader, kind, id).await?;
    let named = Named::load(reader, [item.person], [item.offer]).await?;
    let f = Frame::own(reader, item.name.clone());
    let mut facts = Vec::new();
    if item.person > 0 {
        facts.push((f.t("op-webmaster"), named.person(item.person)));
    }
    if item.offer > 0 {
        facts.push((f.t("lead-offer"), named.offer(item.offer)));
    }
    facts.push((f.t("op-made"), Cell::text(f.time(&item.date))));
    let known = item.facts.into_iter().filter(|(_, cell)| !cell.text.is_empty());
    facts.extend(known.map(|(key, cell)| (f.t(key), cell)));
    if !item.reason.is_empty() {
        facts.push((f.t("lead-reason"), Cell::text(item.reason.as_str())));
    }
    let mut blocks = Vec::new();
    if !item.words.is_empty() {
        blocks.push(Block::words(f.t("op-words"), item.words));
    }
    if reader.caller().may(kind.resource(), Method::Update).is_ok() {
        let url = format!("{}/{id}/status", kind.path());
        blocks.extend(decisions(&f, (url, kind.codes()), kind.moves(item.status), &mut back));
    }
    Ok(Screen {
        crumbs: vec![(f.t(kind.title()), kind.path())],
        tag: Some(Cell::tag(word(&f, kind.codes(), item.status), kind.tone(item.status))),
        facts,
        blocks,
        ..Screen::new(f)
    })
}

/// The forms that decide: one that lets it work, one that does not and says why.
pub(super) fn decisions(
    f: &Frame,
    (url, codes): (String, &[(i64, &'static str)]),
    (good, others): (Option<i64>, &'static [i64]),
    back: &mut Sentback,
) -> Vec<Block> {
    let form = back.form(f.lang, "status", []);
    let mut blocks = Vec::new();
    if let Some(status) = good {
        let sheet = Sheet {
            url: url.clone(),
            hidden: vec![("status", status.to_string())],
            button: f.t("op-approve"),
            class: "is-main",
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t("op-approve-head"), f.t("op-approve-about"), sheet));
    }
    if !others.is_empty() {
        let choices: Vec<Choice> =
            others.iter().map(|status| (status.to_string(), word(f, codes, *status).to_owned())).collect();
        let status = form.input("status").label("op-becomes").choice(choices);
        let reason = form.input("reason").kind("area").hint("op-reason-hint");
        let sheet = Sheet {
            url,
            fields: vec![status, reason],
            general: form.general,
            button: f.t("op-decide"),
            class: "danger",
            ..Sheet::default()
        };
        blocks.push(Block::form(f.t("op-refuse-head"), String::new(), sheet));
    }
    blocks
}

async fn decide(reader: Operator, kind: Kind, id: i64, mut sent: Sent) -> Shown {
    let is_list = sent.take("back") == "list";
    let form = Form::sent(reader.lang, &sent.0);
    match items::decide(&reader, kind, id, sent.given().0).await {
        Ok(()) if is_list => Ok(done(&reader, kind.path(), "op-decided")),
        Ok(()) => Ok(done(&reader, &format!("{}/{id}", kind.path()), "op-decided")),
        Err(error) => {
            let back = Sentback::new("status", form.refused_on(error, &["status", "reason"])?);
            screen(&reader, kind, id, back).await?.send(StatusCode::BAD_REQUEST)
        }
    }
}
