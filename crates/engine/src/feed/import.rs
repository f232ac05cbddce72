//! The run of a feed: its content is brought here, read row by row, and stored in chunks. Each chunk commits its products
//! together with the cursor, so a run that is broken off goes on where it was, or begins anew when the content differs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use whocpa_domain::feed::{FEED_ERRORS, FEED_ROWS, FeedFormat, FeedStatus};
use whocpa_domain::{Error, Result, Scope};
use whocpa_store::feed::{self, Feed, FeedFault};
use whocpa_store::product::{self, Product};
use whocpa_store::{Db, currency, offer};

use super::good::{Good, Refused, Rules};
use super::spool::Spool;
use super::{LEASE_SECONDS, csv, yml};
use crate::Engine;
use crate::product::Hosts;

/// Rows of one transaction.
const CHUNK_ROWS: usize = 250;
/// Bytes of one chunk at most, so that long descriptions do not fill the memory.
const CHUNK_BYTES: usize = 1 << 20;
/// Products that one transaction takes off sale.
const SWEEP_ROWS: u64 = 1000;

/// A run that this worker holds.
pub(super) struct Run {
    pub feed_id: i64,
    pub fence: i64,
}

/// Why a run ends before its time.
pub(super) enum Ended {
    /// The content cannot be imported; in words for the feed's owner.
    Failed(String),
    /// Its owner stopped it, or another worker has taken it over: nothing more is to be written.
    Gone,
    /// This network's own trouble: the run goes on later.
    Trouble(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Trouble(error)
    }
}

/// The outcome of one chunk.
struct Chunk {
    rows: i64,
    /// With their lines.
    good: Vec<(i64, Product)>,
    refused: Vec<Refused>,
}

impl Engine {
    /// Reads what was brought and stores it; gives what its owner should know.
    pub(super) async fn feed_read(&self, run: &Run, feed: &Feed, spool: Spool) -> Result<String, Ended> {
        let (begun, faults) = self.feed_begin(run, &spool.hash).await?;
        let rules = Arc::new(self.feed_rules(&begun).await?);
        let (sender, mut receiver) = mpsc::channel::<Vec<Good>>(2);
        let skip = begun.rows_read;
        let reading = tokio::task::spawn_blocking(move || read(spool, skip, &sender));
        let (now, run_number) = (self.now(), begun.run);
        let mut stored_faults = faults;
        while let Some(goods) = receiver.recv().await {
            let rules = Arc::clone(&rules);
            // Checking some hundred addresses is work of milliseconds: not on the threads that answer requests.
            let checked = tokio::task::spawn_blocking(move || {
                let rows = i64::try_from(goods.len()).unwrap_or(i64::MAX);
                let (mut good, mut refused) = (Vec::new(), Vec::new());
                for row in goods {
                    let line = row.line;
                    match rules.product(row, run_number, now) {
                        Ok(product) => good.push((line, product)),
                        Err(why) => refused.push(why),
                    }
                }
                unique(good, refused, rows)
            });
            let chunk =
                checked.await.map_err(|e| Error::Internal(format!("checking rows of a feed: {e}")))?;
            stored_faults = self.feed_store(run, chunk, stored_faults).await?;
        }
        let notes = match reading.await {
            Ok(read) => read.map_err(Ended::Failed)?,
            Err(panic) => {
                tracing::error!(feed.id = feed.id, %panic, "a feed could not be read");
                return Err(Ended::Failed("The file cannot be read".to_owned()));
            }
        };
        self.feed_sweep(run, notes).await
    }

    /// Decides where the run begins: behind the rows that are stored already, if the content is the same.
    async fn feed_begin(&self, run: &Run, hash: &str) -> Result<(Feed, i64), Ended> {
        let fresh_run = self.store().sequence_reserve("feed_run", 1).await?;
        let begun = self
            .store()
            .write(move |db| async move {
                let Some(mut row) = held(&db, run).await? else { return Ok(None) };
                if row.content_hash != hash {
                    feed::delete_faults(&db, row.id).await?;
                    row = Feed { content_hash: hash.to_owned(), run: fresh_run, ..without_counts(row) };
                    feed::update(&db, row.clone()).await?;
                }
                let faults = feed::faults(&db, row.id).await?.last().map_or(0, |fault| fault.number);
                Ok(Some((row, faults)))
            })
            .await?;
        begun.ok_or(Ended::Gone)
    }

    async fn feed_rules(&self, feed: &Feed) -> Result<Rules, Ended> {
        let db = self.store().read();
        let offer = offer::view(&db, Scope::All, feed.offer_id).await?.ok_or(Ended::Gone)?;
        let currencies = currency::list(&db, Scope::Public).await?;
        Ok(Rules {
            offer_id: offer.id,
            hosts: Hosts::of(&offer),
            currencies: currencies.into_iter().map(|row| (row.code, row.id)).collect(),
            currency_id: feed.currency_id,
        })
    }

    /// Stores a chunk and moves the cursor behind it; gives how many faults are stored now.
    async fn feed_store(&self, run: &Run, chunk: Chunk, faults: i64) -> Result<i64, Ended> {
        let now = self.now();
        let chunk = &chunk;
        let stored = self
            .store()
            .write(move |db| async move {
                let Some(mut row) = held(&db, run).await? else { return Ok(None) };
                let known = known(&db, row.offer_id, chunk).await?;
                let (mut written, mut seen, mut twins) = (Vec::new(), Vec::new(), Vec::new());
                for (line, product) in &chunk.good {
                    match known.get(product.external_id.as_str()) {
                        None => {
                            row.rows_created += 1;
                            written.push(product.clone());
                        }
                        Some(old) if old.run == row.run => twins.push((*line, product.external_id.as_str())),
                        Some(old) if is_same(old, product) => {
                            row.rows_unchanged += 1;
                            seen.push(old.id);
                        }
                        Some(_) => {
                            row.rows_updated += 1;
                            written.push(product.clone());
                        }
                    }
                }
                // A row that cannot be read is still there: its product stays as it is.
                let refused = chunk.refused.iter().filter_map(|why| known.get(why.external_id.as_str()));
                seen.extend(refused.map(|old| old.id));
                product::create_or_update(&db, &written).await?;
                product::update_seen(&db, &seen, row.run).await?;
                let told = told(row.id, faults, chunk, &twins);
                feed::create_faults(&db, &told).await?;
                let wrong = chunk.refused.len() + twins.len();
                row.rows_failed += i64::try_from(wrong).unwrap_or(i64::MAX);
                row.rows_read += chunk.rows;
                row.date_until = now.plus(LEASE_SECONDS).0;
                feed::update(&db, row).await?;
                Ok(Some(told.last().map_or(faults, |fault| fault.number)))
            })
            .await?;
        stored.ok_or(Ended::Gone)
    }

    /// After a full feed was read to its end: what is missing in it cannot be bought any more.
    async fn feed_sweep(&self, run: &Run, notes: String) -> Result<String, Ended> {
        let (now, mut after) = (self.now(), 0);
        let row = feed::view(&self.store().read(), Scope::All, run.feed_id).await?.ok_or(Ended::Gone)?;
        if row.rows_read == 0 {
            return Err(Ended::Failed("The feed has no goods".to_owned()));
        }
        if !row.is_full {
            return Ok(notes);
        }
        if row.rows_failed * 10 > row.rows_read {
            let kept =
                "Goods that are missing in it stay as they are: more than a tenth of its rows were refused";
            return Ok([kept, &notes].join(". ").trim_end_matches(". ").to_owned());
        }
        loop {
            let swept = self
                .store()
                .write(move |db| async move {
                    let Some(mut row) = held(&db, run).await? else { return Ok(None) };
                    let ids = product::unseen(&db, row.offer_id, row.run, after, SWEEP_ROWS).await?;
                    product::update_unavailable(&db, &ids, now).await?;
                    row.rows_missing += i64::try_from(ids.len()).unwrap_or(i64::MAX);
                    row.date_until = now.plus(LEASE_SECONDS).0;
                    feed::update(&db, row).await?;
                    Ok(Some(ids.last().copied()))
                })
                .await?;
            match swept {
                None => return Err(Ended::Gone),
                Some(None) => return Ok(notes),
                Some(Some(last)) => after = last,
            }
        }
    }
}

/// The feed, if this worker may still write: its owner has not stopped it and nobody else has taken it over.
pub(super) async fn held(db: &Db, run: &Run) -> Result<Option<Feed>> {
    let row = feed::view_for_update(db, Scope::All, run.feed_id).await?;
    Ok(row.filter(|row| row.fence == run.fence && row.status == FeedStatus::Running.code()))
}

/// A feed before its first row.
pub(super) fn without_counts(row: Feed) -> Feed {
    Feed {
        content_hash: String::new(),
        rows_read: 0,
        rows_created: 0,
        rows_updated: 0,
        rows_unchanged: 0,
        rows_failed: 0,
        rows_missing: 0,
        ..row
    }
}

/// Reads the file and sends its rows on in chunks; gives what its owner should know.
fn read(spool: Spool, skip: i64, sender: &mpsc::Sender<Vec<Good>>) -> Result<String, String> {
    let format = spool.format;
    let source = spool.reader().map_err(|error| format!("The file cannot be read: {error}"))?;
    let (mut rows, mut chunk, mut bytes, mut is_heard) = (0, Vec::new(), 0, true);
    let mut each = |good: Good| {
        rows += 1;
        if rows > skip {
            bytes += good.size();
            chunk.push(good);
        }
        if chunk.len() >= CHUNK_ROWS || bytes >= CHUNK_BYTES {
            bytes = 0;
            is_heard = sender.blocking_send(std::mem::take(&mut chunk)).is_ok();
        }
        is_heard && rows <= FEED_ROWS
    };
    let unused = match format {
        FeedFormat::Csv => csv::read(source, &mut each)?,
        FeedFormat::Auto | FeedFormat::Yml => yml::read(source, &mut each).map(|()| Vec::new())?,
    };
    if rows > FEED_ROWS {
        return Err(format!("The feed has more than {FEED_ROWS} goods"));
    }
    if !chunk.is_empty() {
        // Nobody listens when the run is over already.
        drop(sender.blocking_send(chunk));
    }
    if unused.is_empty() {
        return Ok(String::new());
    }
    Ok(format!("Columns that were not used: {}", unused.join(", ")))
}

/// Of rows with the same id the first counts.
fn unique(good: Vec<(i64, Product)>, mut refused: Vec<Refused>, rows: i64) -> Chunk {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for (line, product) in good {
        if seen.insert(product.external_id.clone()) {
            kept.push((line, product));
        } else {
            let mut errors = whocpa_domain::FieldErrors::default();
            errors.add("external_id", TWIN);
            refused.push(Refused { line, external_id: String::new(), errors });
        }
    }
    Chunk { rows, good: kept, refused }
}

/// What the second row with an id is told.
const TWIN: &str = "Stands in the feed more than once: the first one counts";

/// The products of a chunk that are there already, by the advertiser's ids.
async fn known(db: &Db, offer_id: i64, chunk: &Chunk) -> Result<BTreeMap<String, Product>> {
    let good = chunk.good.iter().map(|(_, product)| &product.external_id);
    let refused = chunk.refused.iter().map(|why| &why.external_id);
    let ids: Vec<String> = good.chain(refused).filter(|id| !id.is_empty()).cloned().collect();
    let rows = product::of_external_ids(db, offer_id, &ids).await?;
    Ok(rows.into_iter().map(|row| (row.external_id.clone(), row)).collect())
}

/// Whether a row changes nothing.
fn is_same(old: &Product, new: &Product) -> bool {
    let (id, run, date_created, date_updated) = (old.id, old.run, old.date_created, old.date_updated);
    *old == Product { id, run, date_created, date_updated, ..new.clone() }
}

/// What is stored of a chunk's faults, by line: at most [`FEED_ERRORS`] of a run.
fn told(feed_id: i64, stored: i64, chunk: &Chunk, twins: &[(i64, &str)]) -> Vec<FeedFault> {
    let mut all: Vec<(i64, &str, &str, String)> = Vec::new();
    for why in &chunk.refused {
        for (field, messages) in why.errors.messages() {
            all.push((why.line, &why.external_id, field, messages.join("; ")));
        }
    }
    all.extend(twins.iter().map(|(line, id)| (*line, *id, "external_id", TWIN.to_owned())));
    all.sort_by_key(|(line, ..)| *line);
    let free = usize::try_from(FEED_ERRORS - stored).unwrap_or_default();
    let fault = |(number, (line, id, field, message)): (i64, (i64, &str, &str, String))| FeedFault {
        feed_id,
        number,
        line,
        external_id: id.chars().take(100).collect(),
        field: field.to_owned(),
        message,
    };
    (stored + 1..).zip(all.into_iter().take(free)).map(fault).collect()
}
