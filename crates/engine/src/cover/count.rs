//! Counting covers: a job looks what is available, warns whom it must, and tells the catalogue whose visitors go elsewhere.

use std::collections::BTreeMap;

use whocpa_domain::cover::{COVER_DAYS, CoverState};
use whocpa_domain::ledger::AccountKind;
use whocpa_domain::letter::LetterKind;
use whocpa_domain::money::Amount;
use whocpa_domain::postback::PostbackEvent;
use whocpa_domain::ticket::{TicketCategory, TicketPriority, TicketSide, TicketStatus};
use whocpa_domain::{Result, Scope, Time};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::cover::{self, Cover};
use whocpa_store::ticket::{self, Ticket, TicketMessage};
use whocpa_store::{Db, balance, currency, person};

use crate::Engine;
use crate::delivery::{Own, Readers, tell_own};
use crate::mail::Draft;

/// For how long the costs of a week are not counted anew, in seconds.
const WEEK_KEPT: i64 = 600;
/// Covers of one transaction.
const CHUNK: usize = 100;

/// The digits and the letters of currencies.
type Currencies = BTreeMap<i64, (u8, String)>;

impl Engine {
    /// Counts the covers of all advertisers; gives how many changed. A job.
    pub async fn cover_count(&self) -> Result<usize> {
        let (db, now) = (self.store().read(), self.now());
        let known = cover::all(&db).await?;
        let wanted = cover::wanted(&db, now).await?;
        let mut available = BTreeMap::new();
        for row in balance::of_kind(&db, AccountKind::AdvertiserAvailable).await? {
            available.insert((row.account.owner_id, row.account.currency_id), row.micros);
        }
        let is_due = |row: &Cover| row.date_week <= now.0 - WEEK_KEPT;
        let is_new = wanted.keys().chain(available.keys()).any(|pair| !known.contains_key(pair));
        let week = if is_new || known.values().any(is_due) {
            Some(cover::charged(&db, now.plus_days(-COVER_DAYS)).await?)
        } else {
            None
        };
        let mut pairs: Vec<(i64, i64)> =
            known.keys().chain(wanted.keys()).chain(available.keys()).copied().collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut changed = Vec::new();
        for pair in pairs {
            let before = known.get(&pair);
            let row = before.cloned().unwrap_or_else(|| new_row(pair, now));
            let of = |sums: &BTreeMap<(i64, i64), i64>| sums.get(&pair).copied().unwrap_or(0);
            let row = Cover { available: of(&available), ..row };
            let row = match &week {
                Some(week) => Cover { week_charge: of(week).max(of(&wanted)), date_week: now.0, ..row },
                None => row,
            };
            if before != Some(&Cover { state: row.covering().state().code(), ..row.clone() }) {
                changed.push((pair, row.available, (row.week_charge, row.date_week)));
            }
        }
        let currencies = currency::list(&db, Scope::All).await?.into_iter();
        let currencies: &Currencies =
            &currencies.map(|row| (row.id, (u8::try_from(row.digits).unwrap_or(0), row.code))).collect();
        for chunk in changed.chunks(CHUNK) {
            self.store()
                .write(move |db| async move {
                    for (pair, available, week) in chunk {
                        // Read again: somebody may have changed its terms.
                        let before = cover::of_for_update(&db, pair.0, pair.1).await?;
                        let row = before.clone().unwrap_or_else(|| new_row(*pair, now));
                        let (week_charge, date_week) = *week;
                        let row = Cover { available: *available, week_charge, date_week, ..row };
                        let row = Cover { state: row.covering().state().code(), date_counted: now.0, ..row };
                        let row = warned(self, &db, row, currencies, now).await?;
                        store(&db, before.as_ref(), row, now).await?;
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(changed.len())
    }
}

/// A cover that nobody has said anything about: prepaid, and nothing there.
pub(super) fn new_row((advertiser_id, currency_id): (i64, i64), now: Time) -> Cover {
    Cover {
        id: 0,
        advertiser_id,
        currency_id,
        credit_limit: 0,
        is_postpaid: false,
        warn_below: None,
        is_traffback: false,
        is_warned: false,
        state: CoverState::Uncovered.code(),
        available: 0,
        week_charge: 0,
        date_week: 0,
        date_counted: now.0,
        date_created: now.0,
    }
}

/// Writes a cover; where it begins or ceases to stop visitors, clicks hear of it by the change log.
pub(super) async fn store(db: &Db, before: Option<&Cover>, row: Cover, now: Time) -> Result<()> {
    if before.is_some_and(Cover::stops) != row.stops() {
        for id in cover::offers(db, row.advertiser_id, row.currency_id).await? {
            change::create(db, ChangeKind::Offer, id, now).await?;
        }
    }
    match before {
        Some(_) => cover::update(db, row).await,
        None => cover::create(db, row).await.map(drop),
    }
}

/// Tells the advertiser when less than his threshold is available: once, until it is above it again.
async fn warned(engine: &Engine, db: &Db, row: Cover, currencies: &Currencies, now: Time) -> Result<Cover> {
    let is_low = row.warn_below.is_some_and(|limit| row.available < limit);
    if !is_low || row.is_warned {
        return Ok(Cover { is_warned: is_low, ..row });
    }
    let Some(author) = person::first_operator(db).await? else { return Ok(row) };
    ticket_new(db, &row, (author, currencies), now).await?;
    let (digits, code) = currencies.get(&row.currency_id).cloned().unwrap_or_default();
    let shown = |micros: i64| Amount { micros, digits };
    let data = serde_json::json!({
        "currency_id": row.currency_id,
        "currency": code.as_str(),
        "available": shown(row.available),
        "warn_below": shown(row.warn_below.unwrap_or(0)),
        "week_charge": shown(row.week_charge),
    });
    let own = Own::new(PostbackEvent::Balance, "balance.low", &data)?;
    tell_own(db, Readers::advertiser(row.advertiser_id), &own, now).await?;
    let draft = Draft::new(LetterKind::Low).with("available", shown(row.available));
    let draft = draft.with("limit", shown(row.warn_below.unwrap_or(0))).with("currency", code);
    engine.letter_tell(db, row.advertiser_id, &draft).await?;
    Ok(Cover { is_warned: true, ..row })
}

async fn ticket_new(db: &Db, row: &Cover, (author, currencies): (i64, &Currencies), now: Time) -> Result<()> {
    let (digits, code) = currencies.get(&row.currency_id).cloned().unwrap_or_default();
    let shown = |micros: i64| format!("{} {code}", Amount { micros, digits });
    let subject = format!("Low balance: {}", shown(row.available));
    let follows = if row.is_traffback {
        "When nothing is left, visitors of your offers go elsewhere."
    } else {
        "Leads are taken all the same; webmasters see how your offers are covered."
    };
    let body = format!(
        "Available are {}, less than the {} below which you want to be told. Your leads of a week cost {}. {follows}",
        shown(row.available),
        shown(row.warn_below.unwrap_or(0)),
        shown(row.week_charge),
    );
    let ticket = Ticket {
        id: 0,
        user_id: row.advertiser_id,
        subject,
        category: TicketCategory::Money.code(),
        priority: TicketPriority::Normal.code(),
        status: TicketStatus::Answered.code(),
        offer_id: None,
        lead_id: None,
        is_contest: false,
        operator_id: None,
        unread_user: 1,
        unread_operator: 0,
        message_count: 1,
        date_created: now.0,
        date_updated: now.0,
    };
    let ticket_id = ticket::create(db, ticket).await?;
    let message = TicketMessage {
        id: 0,
        ticket_id,
        user_id: author,
        side: TicketSide::Network.code(),
        is_internal: false,
        body,
        date_created: now.0,
    };
    ticket::message_create(db, message).await.map(drop)
}
