//! The job that sends letters: takes them by a lease, sends them with no transaction open, writes down what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use whocpa_domain::letter::{LetterKind, letter_retry};
use whocpa_domain::time::{DAY, HOUR};
use whocpa_domain::{Result, Scope, Time};
use whocpa_store::letter::{self, DROPPED, EMAIL, FAILED, Letter, SENT, TELEGRAM};
use whocpa_store::letter_token;
use whocpa_store::person::{self, User};

use super::compose::Opened;
use super::is_wanted;
use super::way::{MAIL_SECONDS, Refused};
use crate::Engine;

/// Letters that are looked at in one round.
const ROUND: u64 = 200;
/// After this long a round begins no more letters: a network that is stopped waits for those that are under way.
const ROUND_TIME: Duration = Duration::from_secs(20);
/// Letters on their way at once.
pub(super) const AT_ONCE: usize = 4;
/// Letters that go out as one.
const TOGETHER: usize = 20;
/// Seconds for which a worker has a letter: what sending may take, and as much again for a worker that is slow.
const LEASE: i64 = 2 * MAIL_SECONDS;
/// Tries after which even a letter whose workers die is given up.
const TRIES_MAX: i64 = 12;
/// Days after its turn when a letter is not sent any more.
const OLD_DAYS: i64 = 3;
/// Letters of the name of a letter's file.
const NAME_LENGTH: usize = 12;
/// Days for which letters are kept.
const KEEP_DAYS: i64 = 30;
/// Letters that are forgotten in one transaction.
const FORGET: u64 = 500;
/// Characters that are kept of a refusal.
const ERROR_LENGTH: usize = 500;

impl Engine {
    /// Sends what is due by e-mail, then writes more news to their readers: a link that works for an hour does not wait for them. A
    /// job.
    pub(crate) async fn letters_work(&self) -> Result<()> {
        let sent = self.letters_send().await.map(drop);
        self.letters_spread().await.and(sent)
    }

    /// Reads what people wrote to the bot, and sends what is due in Telegram. A job.
    pub(crate) async fn telegram_work(&self) -> Result<()> {
        self.telegram_read().await?;
        self.telegram_send_due().await.map(drop)
    }

    /// Sends letters that are due by e-mail; gives how many were tried.
    pub async fn letters_send(&self) -> Result<usize> {
        if self.mail().is_on() { self.letters_send_by(EMAIL).await } else { Ok(0) }
    }

    /// The same in Telegram.
    pub async fn telegram_send_due(&self) -> Result<usize> {
        if self.telegram().is_on() { self.letters_send_by(TELEGRAM).await } else { Ok(0) }
    }

    async fn letters_send_by(&self, channel: i64) -> Result<usize> {
        let due = letter::due(&self.store().read(), channel, self.now(), ROUND).await?;
        let (mut count, mut running, mut came) = (0, JoinSet::new(), Ok(()));
        let end = Instant::now() + ROUND_TIME;
        for group in groups(due) {
            while running.len() >= AT_ONCE {
                came = came.and(ended(running.join_next().await));
            }
            if came.is_err() || Instant::now() > end {
                break;
            }
            count += 1;
            let engine = self.clone();
            running.spawn(async move { engine.letter_send(group).await });
        }
        // Whatever failed: a letter that is broken off on its way may have been taken, and would come twice.
        while !running.is_empty() {
            came = came.and(ended(running.join_next().await));
        }
        came.map(|()| count)
    }

    /// Sends letters to one person as one.
    async fn letter_send(&self, group: Vec<Letter>) -> Result<()> {
        let group = &group;
        let until = self.now().plus(LEASE);
        let taken = self
            .store()
            .write(move |db| async move {
                let mut taken = Vec::new();
                for row in group {
                    if letter::take(&db, row, until).await? {
                        let (fence, try_count) = (row.fence + 1, row.try_count + 1);
                        taken.push(Letter { fence, try_count, ..row.clone() });
                    }
                }
                Ok(taken)
            })
            .await?;
        let settled = &self.letters_tried(taken, until).await?;
        self.store()
            .write(move |db| async move {
                for row in settled {
                    if !letter::settle(&db, row).await? {
                        tracing::warn!(letter.id = row.id, "another worker has this letter by now");
                    }
                }
                Ok(())
            })
            .await
    }

    /// Tries letters to one person; gives them as they are afterwards.
    async fn letters_tried(&self, taken: Vec<Letter>, until: Time) -> Result<Vec<Letter>> {
        let Some(first) = taken.first() else { return Ok(Vec::new()) };
        let channel = first.channel;
        let user = person::view(&self.store().read(), Scope::All, first.user_id).await?;
        let (mut settled, mut rows, mut opened) = (Vec::new(), Vec::new(), Vec::new());
        for row in taken {
            if let Some(why) = self.letter_late(&row) {
                settled.push(self.letter_after(row, &Err(Refused::for_good(why))));
                continue;
            }
            match self.letter_open(&row) {
                Ok(letter) if user.as_ref().is_some_and(|user| is_dropped(letter.kind, user, channel)) => {
                    settled.push(Letter { status: DROPPED, ..row });
                }
                Ok(letter) => {
                    opened.push(letter);
                    rows.push(row);
                }
                // What cannot be read keeps nothing else waiting.
                Err(error) => {
                    tracing::error!(letter.id = row.id, ?error, "a letter cannot be read");
                    settled.push(self.letter_after(row, &Err(Refused::for_good("It cannot be read"))));
                }
            }
        }
        if rows.is_empty() {
            return Ok(settled);
        }
        let came = match user {
            None => Err(Refused::for_good("There is nobody to send it to")),
            // A worker that was held up leaves the letter to the next one.
            Some(_) if self.now().plus(MAIL_SECONDS) > until => {
                Err(Refused::for_now("Its worker was held up"))
            }
            Some(user) if channel == TELEGRAM => self.telegram_send(&user, &opened).await,
            Some(user) => self.mail_send(&user, &rows, &opened).await,
        };
        settled.extend(rows.into_iter().map(|row| self.letter_after(row, &came)));
        Ok(settled)
    }

    async fn mail_send(
        &self,
        user: &User,
        rows: &[Letter],
        opened: &[Opened],
    ) -> std::result::Result<(), Refused> {
        match self.letter_message(user, rows, opened) {
            Ok(message) => {
                let name = format!("{:012}-{}", self.now().0, self.rng().letters(NAME_LENGTH));
                self.mail().send(message, &name).await
            }
            Err(error) => {
                tracing::error!(
                    letter.id = rows.first().map(|row| row.id),
                    ?error,
                    "a letter could not be written"
                );
                Err(Refused::for_good("It could not be written to this address"))
            }
        }
    }

    /// Why a letter comes too late: its link opens nothing any more, or nobody sent it for days, as where letters were switched off.
    fn letter_late(&self, row: &Letter) -> Option<&'static str> {
        let now = self.now().0;
        let hours = LetterKind::from_code(row.kind).and_then(LetterKind::link_hours);
        let is_dead = hours.is_some_and(|hours| row.date_created + hours * HOUR <= now);
        // From its turn on: an operator who has it tried anew gives it another one.
        if is_dead || row.date_next + OLD_DAYS * DAY < now {
            return Some("It is too old");
        }
        (row.try_count > TRIES_MAX).then_some("Whoever tries it breaks off")
    }

    fn letter_after(&self, row: Letter, came: &std::result::Result<(), Refused>) -> Letter {
        let now = self.now();
        match came {
            Ok(()) => Letter { status: SENT, error: String::new(), date_sent: Some(now.0), ..row },
            Err(refused) => {
                // Not the answer itself: servers repeat addresses in it.
                tracing::warn!(
                    letter.id = row.id,
                    tries = row.try_count,
                    for_good = refused.is_final,
                    "a letter did not go out"
                );
                let again = letter_retry(row.try_count, self.rng().number()).filter(|_| !refused.is_final);
                let error = refused.why.chars().take(ERROR_LENGTH).collect();
                match again {
                    Some(seconds) => Letter { error, date_next: now.plus(seconds).0, ..row },
                    None => Letter { error, status: FAILED, ..row },
                }
            }
        }
    }

    /// Forgets what was sent long ago. A job.
    pub(crate) async fn letters_forget(&self) -> Result<()> {
        let before = self.now().plus(-KEEP_DAYS * DAY);
        self.store().write(move |db| async move { letter_token::forget(&db, before).await }).await?;
        loop {
            let gone = self.store().write(move |db| async move { letter::forget(&db, before, FORGET).await });
            if gone.await? < FORGET {
                return Ok(());
            }
        }
    }
}

/// Whether a letter that can wait is not wanted any more, or has no address any more: its reader may have chosen otherwise since.
fn is_dropped(kind: LetterKind, user: &User, channel: i64) -> bool {
    kind.choice().is_some() && !is_wanted(kind, user, channel)
}

/// What goes out as one letter: what concerns the safety of an account alone, the rest by person.
fn groups(due: Vec<Letter>) -> Vec<Vec<Letter>> {
    let mut alone = Vec::new();
    let mut together: BTreeMap<i64, Vec<Letter>> = BTreeMap::new();
    for row in due {
        if LetterKind::from_code(row.kind).and_then(LetterKind::choice).is_none() {
            alone.push(vec![row]);
            continue;
        }
        let group = together.entry(row.user_id).or_default();
        if group.len() < TOGETHER {
            group.push(row);
        }
    }
    alone.into_iter().chain(together.into_values()).collect()
}

fn ended(joined: Option<std::result::Result<Result<()>, tokio::task::JoinError>>) -> Result<()> {
    match joined {
        None => Ok(()),
        Some(Ok(sent)) => sent,
        Some(Err(error)) => {
            tracing::error!(?error, "sending a letter broke off");
            Ok(())
        }
    }
}
