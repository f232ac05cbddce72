//! Looking whether rules find something: a job, which counts what is stored and is never on the way of a visitor.
//!
//! What a rule finds first is a new finding; while it finds it again, the figures of that finding are kept up to date; when
//! it finds it no more, the finding is over. A pause brings no more visitors, so that only people end it. What people ended
//! is left alone for one window.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::quality::{FindingState, RuleAction, RuleKind, SourceCounts};
use whocpa_domain::ticket::{TicketCategory, TicketPriority, TicketSide, TicketStatus};
use whocpa_domain::time::HOUR;
use whocpa_domain::{Resource, Result, Time};
use whocpa_store::Db;
use whocpa_store::finding::{self, Finding, Source};
use whocpa_store::rule::{self, Rule};
use whocpa_store::ticket::{self, Ticket, TicketMessage};

use super::finding::clicks_see;
use crate::audit::Changes;
use crate::{Caller, Engine};

/// Sources that one look of a rule takes: of more, the first ones are told.
const SOURCES: i64 = 2_000;
/// Findings of one transaction.
const CHUNK: usize = 20;
/// Characters of a ticket's subject.
const SUBJECT_LIMIT: usize = 200;

/// Offer, webmaster, source.
type Key = (i64, i64, Source);

impl Engine {
    /// Looks with every rule that is at work; gives how many new findings there are.
    pub async fn quality_check(&self) -> Result<i64> {
        let mut found = 0;
        for row in rule::active(&self.store().read()).await? {
            found += self.rule_look(row).await?;
        }
        Ok(found)
    }

    async fn rule_look(&self, row: Rule) -> Result<i64> {
        let now = self.now();
        let since = now.plus(-row.window_hours * HOUR);
        let found = self.rule_finds(&row, since).await?;
        let (row, found) = (&row, &found);
        let is_over = self.store().write(move |db| async move { over(&db, row, found, now).await }).await?;
        let new: Vec<(&Key, &SourceCounts)> = found.iter().collect();
        let mut created = 0;
        for chunk in new.chunks(CHUNK) {
            created += self
                .store()
                .write(move |db| async move {
                    // The rule may have been turned off meanwhile: what it found would never end.
                    let still = rule::view_for_update(&db, whocpa_domain::Scope::All, row.id).await?;
                    if still.as_ref() != Some(row) {
                        return Ok(0);
                    }
                    let mut created = 0;
                    let known = known(&db, row.id).await?;
                    let ended = ended(&db, row.id, since).await?;
                    for (key, counts) in chunk.iter().filter(|(key, _)| !ended.contains(*key)) {
                        if let Some(known) = known.get(*key) {
                            finding::update(&db, again(known.clone(), row, counts, now)).await?;
                        } else {
                            self.finding_new(&db, row, key, counts, (since, now)).await?;
                            created += 1;
                        }
                    }
                    Ok(created)
                })
                .await?;
        }
        if row.action == RuleAction::Pause.code() && (created > 0 || is_over) {
            self.catalogue_follow().await;
        }
        Ok(created)
    }

    /// The sources in which a rule finds something.
    async fn rule_finds(&self, row: &Rule, since: Time) -> Result<BTreeMap<Key, SourceCounts>> {
        let kind = RuleKind::from_code(row.kind).unwrap_or(RuleKind::FastLeads);
        let (main, clicks) = (self.store().read(), self.store().clicks());
        let mut found = BTreeMap::new();
        for (key, mut counts) in finding::sources(&main, row, since, SOURCES).await? {
            if kind == RuleKind::HighCr {
                counts.clicks = finding::clicks(&clicks, (key.0, key.1, &key.2), since).await?;
            }
            if kind.finds(&counts, row.limit_percent, row.min_leads) {
                found.insert(key, counts);
            }
        }
        Ok(found)
    }

    /// Stores a finding; tells the webmaster by a ticket where the rule says so.
    async fn finding_new(
        &self,
        db: &Db,
        row: &Rule,
        (offer_id, webmaster_id, source): &Key,
        counts: &SourceCounts,
        (since, now): (Time, Time),
    ) -> Result<()> {
        let (area_id, subid1) = match source {
            Source::Area(id) => (*id, String::new()),
            Source::Subid(text) => (0, text.clone()),
            Source::Webmaster => (0, String::new()),
        };
        let mut new = Finding {
            id: 0,
            rule_id: row.id,
            offer_id: *offer_id,
            webmaster_id: *webmaster_id,
            source: row.source,
            area_id,
            subid1,
            kind: row.kind,
            action: row.action,
            part: 0,
            whole: 0,
            limit_percent: row.limit_percent,
            seconds: row.seconds,
            state: FindingState::Open.code(),
            comment: String::new(),
            ticket_id: None,
            date_from: since.0,
            date_created: now.0,
            date_seen: now.0,
            date_ended: None,
        };
        new = again(new, row, counts, now);
        if row.action != RuleAction::Mark.code() {
            new.ticket_id = Some(ticket_new(db, row, &new, now).await?);
        }
        let changes = Changes::created(&new);
        clicks_see(db, &new, now).await?;
        let id = finding::create(db, new).await?;
        self.note(db, Caller::SYSTEM, Resource::Finding, id, changes).await
    }
}

/// What a rule finds now.
async fn known(db: &Db, rule_id: i64) -> Result<BTreeMap<Key, Finding>> {
    let rows = finding::open_of_rule(db, rule_id).await?;
    Ok(rows.into_iter().map(|row| (key(&row), row)).collect())
}

/// What people ended within the window.
async fn ended(db: &Db, rule_id: i64, since: Time) -> Result<BTreeSet<Key>> {
    Ok(finding::ended_of_rule(db, rule_id, since).await?.iter().map(key).collect())
}

fn key(row: &Finding) -> Key {
    (row.offer_id, row.webmaster_id, row.source())
}

/// Ends what a rule does not find any more, but for pauses; gives whether there was something.
async fn over(db: &Db, row: &Rule, found: &BTreeMap<Key, SourceCounts>, now: Time) -> Result<bool> {
    let mut is_over = false;
    for (key, known) in known(db, row.id).await? {
        if !found.contains_key(&key) && known.action != RuleAction::Pause.code() {
            is_over = true;
            let state = FindingState::Over.code();
            finding::update(db, Finding { state, date_ended: Some(now.0), ..known }).await?;
        }
    }
    Ok(is_over)
}

/// A finding with the figures of now.
fn again(known: Finding, row: &Rule, counts: &SourceCounts, now: Time) -> Finding {
    let (part, whole) = RuleKind::from_code(row.kind).unwrap_or(RuleKind::FastLeads).share(counts);
    let (limit_percent, seconds) = (row.limit_percent, row.seconds);
    Finding { part, whole, limit_percent, seconds, date_seen: now.0, ..known }
}

/// The ticket in which the webmaster reads what was counted, and can answer.
async fn ticket_new(db: &Db, row: &Rule, found: &Finding, now: Time) -> Result<i64> {
    let source = match found.source() {
        Source::Area(0) => "clicks without an area".to_owned(),
        Source::Area(id) => format!("area {id}"),
        Source::Subid(text) => format!("subid1 \"{text}\""),
        Source::Webmaster => "all your visitors".to_owned(),
    };
    let subject: String = format!("Quality of traffic: {source}").chars().take(SUBJECT_LIMIT).collect();
    let ticket = Ticket {
        id: 0,
        user_id: found.webmaster_id,
        subject,
        category: TicketCategory::General.code(),
        priority: TicketPriority::Normal.code(),
        status: TicketStatus::Answered.code(),
        offer_id: Some(found.offer_id),
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
        user_id: row.user_id,
        side: TicketSide::Network.code(),
        is_internal: false,
        body: words(row, found, &source),
        date_created: now.0,
    };
    ticket::message_create(db, message).await?;
    Ok(ticket_id)
}

/// What was counted, where the limit is, and what follows.
fn words(row: &Rule, found: &Finding, source: &str) -> String {
    let Finding { part, whole, seconds, .. } = found;
    let counted = match RuleKind::from_code(row.kind).unwrap_or(RuleKind::FastLeads) {
        RuleKind::FastLeads => {
            format!("{part} of {whole} leads came within {seconds} seconds of their click")
        }
        RuleKind::HighCr => format!("{whole} clicks brought {part} leads"),
        RuleKind::Refused => format!("{part} of {whole} decided leads were rejected or spam"),
        // Not how many: that is the business of those who brought them.
        RuleKind::SharedWallet => {
            "others who are paid to the same account as you brought leads to it too".to_owned()
        }
    };
    let limit = whocpa_domain::money::Amount { micros: row.limit_percent, digits: 2 };
    let asked = if row.kind == RuleKind::SharedWallet.code() {
        "Please tell us why you share an account, or add a wallet of your own."
    } else {
        "Please tell us where this traffic comes from."
    };
    let follows = if row.action == RuleAction::Pause.code() && row.kind == RuleKind::SharedWallet.code() {
        "Your visitors are not sent to the offer until the network ends it. Leads of visitors who were sent before are"
    } else if row.action == RuleAction::Pause.code() {
        "Visitors of this source are not sent to the offer until the advertiser or the network ends it. Leads of visitors \
         who were sent before are"
    } else {
        "Nothing follows from it by itself: the leads are"
    };
    format!(
        "In the last {} hours of {source} on offer {}, {counted}. The rule \"{}\" ({}) tells from {limit} % on.\n\n{follows} \
         decided and paid as always. {asked}",
        row.window_hours, found.offer_id, row.name, row.id
    )
}
