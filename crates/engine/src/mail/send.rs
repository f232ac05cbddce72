//! The job that sends letters: takes them by a lease, sends them with no transaction open, writes down what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use whocpa_domain::letter::{LetterKind, letter_retry};
use whocpa_domain::time::DAY;
use whocpa_domain::{Result, Scope, Time};
use whocpa_store::letter::{self, EMAIL, FAILED, Letter, SENT, TELEGRAM};
use whocpa_store::letter_token;
use whocpa_store::person::{self, User};

use super::compose::Opened;
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
/// Days for which letters are kept.
const KEEP_DAYS: i64 = 30;
/// Letters that are forgotten in one transaction.
const FORGET: u64 = 500;
/// Characters that are kept of a refusal.
const ERROR_LENGTH: usize = 500;

impl Engine {
    /// Writes news to their readers, and sends what is due by e-mail. A job.
    pub(crate) async fn letters_work(&self) -> Result<()> {
        self.letters_spread().await?;
        self.letters_send().await.map(drop)
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
        let (mut count, mut running) = (0, JoinSet::new());
        let end = Instant::now() + ROUND_TIME;
        for group in groups(due) {
            if Instant::now() > end {
                break;
            }
            while running.len() >= AT_ONCE {
                ended(running.join_next().await)?;
            }
            count += 1;
            let engine = self.clone();
            running.spawn(async move { engine.letter_send(group).await });
        }
        while !running.is_empty() {
            ended(running.join_next().await)?;
        }
        Ok(count)
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
            match self.letter_open(&row) {
                Ok(_) if row.try_count > TRIES_MAX => {
                    settled
                        .push(self.letter_after(row, &Err(Refused::for_good("Whoever tries it breaks off"))));
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
        let Some(first) = rows.first() else { return Ok(settled) };
        let came = match user {
            None => Err(Refused::for_good("There is nobody to send it to")),
            // A worker that was held up leaves the letter to the next one.
            Some(_) if self.now().plus(MAIL_SECONDS) > until => {
                Err(Refused::for_now("Its worker was held up"))
            }
            Some(user) if channel == TELEGRAM => self.telegram_send(&user, &opened).await,
            Some(user) => self.mail_send(&user, first, &opened).await,
        };
        settled.extend(rows.into_iter().map(|row| self.letter_after(row, &came)));
        Ok(settled)
    }

    async fn mail_send(
        &self,
        user: &User,
        first: &Letter,
        opened: &[Opened],
    ) -> std::result::Result<(), Refused> {
        match self.letter_message(user, first, opened) {
            Ok(message) => self.mail().send(message).await,
            Err(error) => {
                tracing::error!(letter.id = first.id, ?error, "a letter could not be written");
                Err(Refused::for_good("It could not be written to this address"))
            }
        }
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
