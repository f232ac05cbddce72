//! Taking a feed whose run is due, bringing its content here, and ending the run.

use std::fs::File;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::read::GzEncoder;
use tokio::task::JoinSet;
use whocpa_domain::feed::{FEED_BYTES, FeedFormat, FeedStatus};
use whocpa_domain::{Error, Result, Scope, Time};
use whocpa_store::feed::{self, Feed, FeedPart};

use super::LEASE_SECONDS;
use super::import::{Ended, Run, held, without_counts};
use super::input::FeedFile;
use super::spool::{Spool, nameless};
use crate::Engine;
use crate::outbound::Limits;

/// Bytes of one part of an uploaded file.
const PART_BYTES: usize = 256 << 10;
/// What fetching a feed may cost.
const FETCH: Limits =
    Limits { bytes: FEED_BYTES, total: Duration::from_mins(15), idle: Duration::from_secs(30) };
/// Runs of one node at once: a slow one keeps few others waiting.
const WORKERS: usize = 3;
/// How often a worker that fetches shows itself.
const BEAT: Duration = Duration::from_secs(20);
/// Seconds for which an uploaded file without a feed is kept: its request may still run.
const FORGOTTEN_SECONDS: i64 = 3600;

impl Engine {
    /// Runs every feed that is due, a few at once; gives how many. A job does this on each node; tests and the demo do it
    /// when they want.
    pub async fn feed_import_due(&self) -> Result<i64> {
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            let engine = self.clone();
            workers.spawn(async move { engine.feed_work().await });
        }
        let mut all = Ok(0);
        // Dropped with this future, they are broken off and go on where they were.
        while let Some(ended) = workers.join_next().await {
            let ended = ended.map_err(|e| Error::Internal(format!("a run of a feed broke off: {e}")));
            all = match (all, ended.and_then(|count| count)) {
                (Ok(all), Ok(count)) => Ok(all + count),
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
        }
        all
    }

    /// Runs one feed after the other, until none is due.
    async fn feed_work(&self) -> Result<i64> {
        let mut count = 0;
        while let Some((run, feed)) = self.feed_take().await? {
            count += 1;
            let ended = match self.feed_bring(&run, &feed).await {
                Ok(spool) => self.feed_read(&run, &feed, spool).await,
                Err(ended) => Err(ended),
            };
            match ended {
                Ok(notes) => self.feed_end(&run, FeedStatus::Finished, &notes).await?,
                Err(Ended::Failed(why)) => self.feed_end(&run, FeedStatus::Failed, &why).await?,
                Err(Ended::Gone) => tracing::info!(feed.id = feed.id, "the run of a feed was ended"),
                Err(Ended::Trouble(error)) => return Err(error),
            }
        }
        Ok(count)
    }

    /// Takes the run that is due longest.
    async fn feed_take(&self) -> Result<Option<(Run, Feed)>> {
        let now = self.now();
        if feed::due(&self.store().read(), now).await?.is_none() {
            return Ok(None);
        }
        self.store()
            .write(move |db| async move {
                // Asked again: another worker may have taken it, or another feed of its advertiser.
                let Some(id) = feed::due(&db, now).await? else { return Ok(None) };
                let Some(row) = feed::view_for_update(&db, Scope::All, id).await? else { return Ok(None) };
                if !is_due(&row, now) {
                    return Ok(None);
                }
                let is_broken_off = row.status == FeedStatus::Running.code();
                let row = if is_broken_off {
                    row
                } else {
                    feed::delete_faults(&db, id).await?;
                    let (message, date_started) = (String::new(), Some(now.0));
                    Feed {
                        message,
                        date_started,
                        date_finished: None,
                        date_next: None,
                        ..without_counts(row)
                    }
                };
                let row = Feed {
                    status: FeedStatus::Running.code(),
                    fence: row.fence + 1,
                    date_until: now.plus(LEASE_SECONDS).0,
                    ..row
                };
                feed::update(&db, row.clone()).await?;
                Ok(Some((Run { feed_id: id, fence: row.fence }, row)))
            })
            .await
    }

    /// Brings the content of a feed onto this node's disk and finds out what it is.
    async fn feed_bring(&self, run: &Run, feed: &Feed) -> Result<Spool, Ended> {
        let folder = self.data_dir().join("feeds");
        let file = |what: &str| nameless(&folder, &format!("{}-{}-{what}", run.feed_id, run.fence));
        let unavailable =
            |e: io::Error| Ended::Trouble(Error::Unavailable(format!("{}: {e}", folder.display())));
        let (mut packed, empty) =
            (file("packed").map_err(unavailable)?, file("unpacked").map_err(unavailable)?);
        match feed.upload_id {
            Some(upload_id) => self.feed_unite(upload_id, &mut packed).await?,
            None => self.feed_fetch(run, &feed.url, &mut packed).await?,
        }
        let format = FeedFormat::from_code(feed.format).unwrap_or(FeedFormat::Auto);
        let work = tokio::task::spawn_blocking(move || Spool::new(packed, empty, format));
        let spool = work.await.map_err(|e| Error::Internal(format!("unpacking a feed: {e}")))?;
        self.feed_beat(run).await?;
        spool.map_err(Ended::Failed)
    }

    async fn feed_fetch(&self, run: &Run, url: &str, file: &mut File) -> Result<(), Ended> {
        let failed = |error: crate::outbound::OutboundError| Ended::Failed(error.to_string());
        let mut reply = self.outbound().get(url, FETCH).await.map_err(failed)?;
        let mut beaten = Instant::now();
        while let Some(piece) = reply.chunk().await.map_err(failed)? {
            // Some kilobytes into the cache of the system: shorter than handing them to another thread.
            file.write_all(piece.as_ref()).map_err(full)?;
            if beaten.elapsed() > BEAT {
                self.feed_beat(run).await?;
                beaten = Instant::now();
            }
        }
        Ok(())
    }

    /// Puts an uploaded file together.
    async fn feed_unite(&self, upload_id: i64, file: &mut File) -> Result<(), Ended> {
        let mut number = 1;
        while let Some(part) = feed::part(&self.store().read(), upload_id, number).await? {
            file.write_all(&part).map_err(full)?;
            number += 1;
        }
        Ok(())
    }

    /// Shows that the worker lives.
    async fn feed_beat(&self, run: &Run) -> Result<(), Ended> {
        let now = self.now();
        let beaten = self.store().write(move |db| async move {
            let Some(row) = held(&db, run).await? else { return Ok(None) };
            feed::update(&db, Feed { date_until: now.plus(LEASE_SECONDS).0, ..row }).await.map(Some)
        });
        beaten.await?.ok_or(Ended::Gone)
    }

    async fn feed_end(&self, run: &Run, status: FeedStatus, message: &str) -> Result<()> {
        let now = self.now();
        self.store()
            .write(move |db| async move {
                let Some(row) = held(&db, run).await? else { return Ok(()) };
                if let Some(upload_id) = row.upload_id {
                    feed::delete_parts(&db, upload_id).await?;
                }
                let again = (row.refresh_hours > 0).then(|| now.plus(row.refresh_hours * 3600).0);
                let ended = Feed {
                    status: status.code(),
                    message: message.to_owned(),
                    upload_id: None,
                    date_until: 0,
                    date_finished: Some(now.0),
                    date_next: again,
                    ..row
                };
                feed::update(&db, ended).await
            })
            .await
    }

    /// Keeps an uploaded file until its run, in parts of which each is a short transaction; gives its number.
    pub(super) async fn feed_keep(&self, file: Option<&FeedFile>) -> Result<Option<i64>> {
        let Some(file) = file else { return Ok(None) };
        let upload_id = self.store().sequence_reserve("feed_upload", 1).await?;
        let (shared, now) = (file.shared(), self.now());
        let packed = tokio::task::spawn_blocking(move || packed(shared.bytes()));
        let packed = packed.await.map_err(|e| Error::Internal(format!("packing a feed: {e}")))?;
        let packed = packed.map_err(|e| Error::Internal(format!("packing a feed: {e}")))?;
        for (number, body) in (1..).zip(packed.chunks(PART_BYTES)) {
            self.store()
                .write(move |db| async move {
                    let body = body.to_vec();
                    feed::create_part(&db, FeedPart { upload_id, number, body, date_created: now.0 }).await
                })
                .await?;
        }
        Ok(Some(upload_id))
    }

    /// Removes uploaded files whose request was broken off or refused.
    pub(crate) async fn feed_forget(&self) -> Result<()> {
        let before = self.now().plus(-FORGOTTEN_SECONDS);
        for upload_id in feed::forgotten(&self.store().read(), before).await? {
            self.store().write(move |db| async move { feed::delete_parts(&db, upload_id).await }).await?;
        }
        Ok(())
    }
}

fn is_due(row: &Feed, now: Time) -> bool {
    let waits = [FeedStatus::Waiting.code(), FeedStatus::Running.code()].contains(&row.status);
    row.date_until <= now.0 && (waits || row.date_next.is_some_and(|next| next <= now.0))
}

#[expect(clippy::needless_pass_by_value, reason = "stands in map_err")]
fn full(error: io::Error) -> Ended {
    Ended::Trouble(Error::Unavailable(format!("a feed cannot be kept on disk: {error}")))
}

/// The file as it waits: compressed, unless it is already.
fn packed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes.to_vec());
    }
    let mut packed = Vec::new();
    GzEncoder::new(bytes, Compression::fast()).read_to_end(&mut packed)?;
    Ok(packed)
}
