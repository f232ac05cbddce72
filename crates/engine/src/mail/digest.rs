//! What many events make one letter of: leads of the last quarter of an hour, and the day before, for those who chose it. Both are
//! read from what is stored anyway, so that leads themselves write no letters.

use std::collections::BTreeMap;

use whocpa_domain::input::{RawParams, RawValue};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::postback::PostbackEvent;
use whocpa_domain::stat::Calendar;
use whocpa_domain::time::{DAY, HOUR};
use whocpa_domain::user::{Notify, UserLevel};
use whocpa_domain::{Error, Result, Scope, Time};
use whocpa_store::letter_digest::{self, LetterDigest};
use whocpa_store::person::{self, User};
use whocpa_store::{currency, event};

use super::Draft;
use super::compose::language_of;
use crate::Engine;
use crate::stat::StatList;

/// Seconds between two letters about leads to one person.
const LEADS_EVERY: i64 = 900;
/// Events that are read at once, and how often for one such letter; what is more comes in the next one.
const EVENTS: u64 = 1000;
/// See [`EVENTS`].
const ROUNDS: usize = 20;
/// Leads that it names.
const NAMED: usize = 20;
/// Hour of the person's day at which the day before is told.
const DIGEST_HOUR: i64 = 8;
/// People who are read at once.
const PEOPLE: u64 = 200;

impl Engine {
    /// Writes letters about leads and about the day before to those who chose them. A job.
    pub async fn letters_digest(&self) -> Result<()> {
        if !self.sends_messages() {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let choices = Notify::bits(&[Notify::Lead, Notify::Digest]);
            let people = person::wanting(&self.store().read(), choices, after, PEOPLE).await?;
            let Some(last) = people.last() else { return Ok(()) };
            after = last.id;
            for user in &people {
                // One whose letter cannot be written keeps nobody else waiting.
                if let Err(error) = self.letter_digest(user).await {
                    tracing::warn!(user.id, ?error, "a summary was not written");
                }
            }
        }
    }

    async fn letter_digest(&self, user: &User) -> Result<()> {
        let db = self.store().read();
        let now = self.now();
        let Some(before) = letter_digest::view(&db, user.id).await? else {
            let row = &LetterDigest {
                user_id: user.id,
                event_id: event::last(&db).await?,
                date_events: now.0,
                date_digest: self.digest_day(user)?.0.0,
            };
            let write =
                self.store().write(move |db| async move { letter_digest::advance(&db, None, row).await });
            return write.await.map(drop);
        };
        let wants = |choice: Notify| (user.notify | user.notify_telegram) & choice.code() != 0;
        let (mut row, mut drafts) = (before.clone(), Vec::new());
        if now.0 - before.date_events >= LEADS_EVERY {
            row.date_events = now.0;
            // Who chose it again after a while is told of what comes from now on.
            if wants(Notify::Lead) && now.0 - before.date_events < DAY {
                let (last, draft) = self.leads_draft(user, before.event_id).await?;
                row.event_id = last;
                drafts.extend(draft);
            } else {
                row.event_id = event::last(&db).await?;
            }
        }
        let (today, yesterday) = self.digest_day(user)?;
        if today.0 > before.date_digest && now >= today.plus(DIGEST_HOUR * HOUR) {
            row.date_digest = today.0;
            if wants(Notify::Digest) {
                drafts.push(self.day_draft(user, &yesterday).await?);
            }
        }
        if row == before {
            return Ok(());
        }
        let (before, row, drafts) = (&before, &row, &drafts);
        self.store()
            .write(move |db| async move {
                if letter_digest::advance(&db, Some(before), row).await? {
                    for draft in drafts {
                        self.letter_to(&db, std::slice::from_ref(user), draft).await?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// When a person's day began, and the day before as a date.
    fn digest_day(&self, user: &User) -> Result<(Time, String)> {
        let calendar = Calendar::new(&user.time_zone).or_else(|_| Calendar::new("UTC"));
        let calendar = calendar.map_err(Error::Internal)?;
        let today = calendar.begin(calendar.date(self.now()));
        Ok((today, calendar.date(today.plus(-1)).to_string()))
    }

    /// What happened to a person's leads behind an event; gives the last event that was counted.
    async fn leads_draft(&self, user: &User, after: i64) -> Result<(i64, Option<Draft>)> {
        let scope = match user.level() {
            UserLevel::Webmaster => Scope::Webmaster(user.id),
            UserLevel::Advertiser => Scope::Advertiser(user.id),
            UserLevel::Operator => return Ok((after, None)),
        };
        let (texts, language) = (&self.mail().texts, language_of(user));
        let (mut last, mut counts, mut named) = (after, BTreeMap::new(), Vec::new());
        for _ in 0..ROUNDS {
            let events = event::list(&self.store().read(), scope, last, EVENTS).await?;
            let Some(end) = events.last() else { break };
            last = end.id;
            for row in &events {
                let kind = PostbackEvent::from_code(row.event).filter(|kind| kind.is_of_lead());
                let (Some(kind), Some(lead_id)) = (kind, row.lead_id) else { continue };
                *counts.entry(kind.full_name()).or_insert(0) += 1;
                if named.len() < NAMED {
                    named.push(format!("{lead_id}: {}", texts.word(&kind.full_name(), language)));
                }
            }
        }
        if counts.is_empty() {
            return Ok((last, None));
        }
        let count: i64 = counts.values().sum();
        let sums: Vec<String> =
            counts.iter().map(|(kind, count)| format!("{}: {count}", texts.word(kind, language))).collect();
        let draft = Draft::new(LetterKind::Lead).with("count", count).with("sums", sums.join(", "));
        Ok((last, Some(draft.with("leads", named.join("\n")))))
    }

    /// A person's day in numbers: those of his statistics.
    async fn day_draft(&self, user: &User, day: &str) -> Result<Draft> {
        let mut asked = RawParams::default();
        for name in ["from", "to"] {
            asked.push(name, RawValue::Text(day.to_owned()));
        }
        let page = self.stat_list(user.caller(), asked.read::<StatList>()?).await?;
        let totals = &page.beside.totals;
        let number = |count: Option<i64>| count.unwrap_or(0);
        let currencies = currency::list(&self.store().read(), Scope::All).await?;
        let code = |id: i64| currencies.iter().find(|row| row.id == id).map_or("", |row| row.code.as_str());
        let money =
            totals.money.iter().map(|money| format!("{} {}", money.money.total, code(money.currency_id)));
        let money: Vec<String> = money.collect();
        let approved = number(totals.leads_approved) + number(totals.leads_approved_hold);
        let rejected = number(totals.leads_rejected) + number(totals.leads_rejected_hold);
        Ok(Draft::new(LetterKind::Digest)
            .with("date", day)
            .with("zone", &user.time_zone)
            .with("clicks", number(totals.clicks))
            .with("leads", number(totals.leads))
            .with("approved", approved)
            .with("pending", number(totals.leads_pending))
            .with("rejected", rejected)
            .with("money", if money.is_empty() { "0".to_owned() } else { money.join(", ") }))
    }
}
