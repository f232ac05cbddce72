//! How each kind becomes an item, and what decides about it.

use whocpa_domain::Result;
use whocpa_domain::input::RawParams;
use whocpa_domain::moderation::ModerationStatus;
use whocpa_engine::area::AreaView;
use whocpa_engine::connection::ConnectionView;
use whocpa_engine::domain::DomainView;
use whocpa_engine::landing::LandingView;
use whocpa_engine::promo::PromoRow;
use whocpa_engine::wallet::WalletRow;

use super::{FILTERS, Item, Kind};
use crate::i18n::Lang;
use crate::site::names::Names;
use crate::site::operator::parts::{Cell, Listed, listed};
use crate::site::reader::Operator;

/// One page of a kind.
pub(super) async fn list(reader: &Operator, kind: Kind, defaults: &[(&str, &str)]) -> Result<Listed<Item>> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let n = &Names::load(reader).await?;
    let lang = reader.lang;
    listed(reader, &FILTERS, defaults, |asked: RawParams| async move {
        Ok(match kind {
            Kind::Connection => engine.connection_list(caller, asked.read()?).await?.map(connection),
            Kind::Area => engine.area_list(caller, asked.read()?).await?.map(|row| area(lang, row)),
            Kind::Landing => engine.landing_list(caller, asked.read()?).await?.map(|row| landing(lang, row)),
            Kind::Promo => engine.promo_list(caller, asked.read()?).await?.map(|row| promo(lang, row)),
            Kind::Wallet => {
                engine.wallet_list(caller, asked.read()?).await?.map(|row| wallet((lang, n), row))
            }
            Kind::Domain => engine.domain_list(caller, asked.read()?).await?.map(domain),
        })
    })
    .await
}

/// One of a kind.
pub(super) async fn view(reader: &Operator, kind: Kind, id: i64) -> Result<Item> {
    let (engine, caller, lang) = (reader.engine(), reader.caller(), reader.lang);
    Ok(match kind {
        Kind::Connection => connection(engine.connection_view(caller, id).await?),
        Kind::Area => area(lang, engine.area_view(caller, id).await?),
        Kind::Landing => landing(lang, engine.landing_view(caller, id).await?),
        Kind::Promo => {
            let view = engine.promo_view(caller, id).await?;
            let facts = vec![
                ("field-kind", Cell::text(lang.say(view.kind.word()))),
                ("field-language", Cell::text(view.language)),
                ("field-url", Cell::text(view.url)),
                ("op-content", Cell::text(view.url_content)),
            ];
            Item {
                id,
                name: view.name,
                detail: String::new(),
                status: view.status.map_or(0, ModerationStatus::code),
                reason: view.reason.unwrap_or_default(),
                person: 0,
                offer: view.offer_id,
                date: view.date_created,
                facts,
                words: view.template,
            }
        }
        Kind::Wallet => {
            let view = engine.wallet_view(caller, id).await?;
            let full = view.account_full.unwrap_or_default();
            let mut item = wallet((lang, &Names::load(reader).await?), view.row);
            item.facts.push(("op-account-full", Cell::text(full)));
            item
        }
        Kind::Domain => domain(engine.domain_view(caller, id).await?),
    })
}

/// Decides about one.
pub(super) async fn decide(reader: &Operator, kind: Kind, id: i64, sent: RawParams) -> Result<()> {
    let (engine, caller) = (reader.engine(), reader.caller());
    match kind {
        Kind::Connection => engine.connection_update(caller, id, sent.read()?).await,
        Kind::Area => engine.area_update(caller, id, sent.read()?).await,
        Kind::Landing => engine.landing_update(caller, id, sent.read()?).await,
        Kind::Promo => engine.promo_update(caller, id, sent.read()?).await,
        Kind::Wallet => engine.wallet_update(caller, id, sent.read()?).await,
        Kind::Domain => engine.domain_update(caller, id, sent.read()?).await,
    }
}

fn connection(row: ConnectionView) -> Item {
    Item {
        id: row.id,
        name: format!("#{}", row.id),
        detail: row.comment.clone(),
        status: row.status.code(),
        reason: row.reason,
        person: row.webmaster_id,
        offer: row.offer_id,
        date: row.date_created,
        facts: Vec::new(),
        words: row.comment,
    }
}

fn area(lang: Lang, row: AreaView) -> Item {
    Item {
        id: row.id,
        name: row.name,
        detail: row.url.clone(),
        status: row.status.code(),
        reason: row.reason,
        person: row.webmaster_id,
        offer: 0,
        date: row.date_created,
        facts: vec![
            ("field-kind", Cell::text(lang.say(row.kind.word()))),
            ("field-url", Cell::text(row.url)),
        ],
        words: row.comment,
    }
}

fn landing(lang: Lang, row: LandingView) -> Item {
    Item {
        id: row.id,
        name: row.name,
        detail: row.url.clone(),
        status: row.status.map_or(0, ModerationStatus::code),
        reason: row.reason.unwrap_or_default(),
        person: 0,
        offer: row.offer_id,
        date: row.date_created,
        facts: vec![
            ("field-kind", Cell::text(lang.say(row.kind.word()))),
            ("field-language", Cell::text(row.language)),
            ("field-url", Cell::text(row.url)),
        ],
        words: String::new(),
    }
}

fn promo(lang: Lang, row: PromoRow) -> Item {
    Item {
        id: row.id,
        name: row.name,
        detail: lang.say(row.kind.word()).to_owned(),
        status: row.status.map_or(0, ModerationStatus::code),
        reason: row.reason.unwrap_or_default(),
        person: 0,
        offer: row.offer_id,
        date: row.date_created,
        facts: Vec::new(),
        words: String::new(),
    }
}

fn wallet((lang, n): (Lang, &Names), row: WalletRow) -> Item {
    let kind = lang.say(row.kind.word());
    Item {
        id: row.id,
        name: format!("{kind} {}", row.account),
        detail: n.currency(&row.currency_id),
        status: row.status.code(),
        reason: row.reason,
        person: row.webmaster_id.unwrap_or_default(),
        offer: 0,
        date: row.date_created,
        facts: vec![
            ("field-holder", Cell::text(row.holder)),
            ("field-network", Cell::text(row.network)),
            ("field-currency-id", Cell::text(n.currency(&row.currency_id))),
            ("op-shared", shared(row.shared_with.as_deref())),
        ],
        words: String::new(),
    }
}

/// Other webmasters who are paid to the same account.
fn shared(others: Option<&[i64]>) -> Cell {
    let others: Vec<String> = others.unwrap_or_default().iter().map(|other| format!("#{other}")).collect();
    Cell::text(others.join(", "))
}

fn domain(row: DomainView) -> Item {
    Item {
        id: row.id,
        name: row.name,
        detail: format!("{} {}", row.dns_kind, row.dns_value),
        status: row.status.code(),
        reason: row.reason,
        person: row.webmaster_id.unwrap_or_default(),
        offer: 0,
        date: row.date_created,
        facts: vec![("op-dns", Cell::text(format!("{} {}", row.dns_kind, row.dns_value)))],
        words: String::new(),
    }
}
