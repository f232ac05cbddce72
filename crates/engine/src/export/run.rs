//! Writing the files of exports: a worker takes one that waits, reads its list piece by piece as the person who asked, and
//! stores the file in pieces under its fence. A run that breaks off leaves pieces that nobody reads, and begins anew.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use whocpa_domain::export::{EXPORT_BYTES, EXPORT_DAYS, EXPORT_ROWS, ExportFormat, ExportStatus};
use whocpa_domain::hex::hex;
use whocpa_domain::view::flat_fields;
use whocpa_domain::{Error, Method, Resource, Result, Scope, Walk, WalkPlace};
use whocpa_store::export::{self, Export, Piece as StoredPiece};
use whocpa_store::{api_key, person};

use super::column;
use super::lists::{Asked, Piece};
use super::sheet::{Sheet, unfit};
use super::words;
use crate::{Caller, Engine};

/// Runs of one node at once: a long one keeps few others waiting.
const WORKERS: usize = 2;
/// Seconds for which a worker holds an export without showing itself.
const LEASE_SECONDS: i64 = 60;
/// How often a worker shows itself at least, and tells how many rows it has.
const BEAT: Duration = Duration::from_secs(5);
/// Runs after which an export that breaks off each time is given up.
const RUNS: i64 = 5;
/// Bytes of the file in one stored piece.
const PIECE_BYTES: usize = 1 << 20;
/// Pieces that one transaction removes.
const REMOVED: u64 = 20;

/// A worker's hold on an export, and what it has written.
struct Run {
    id: i64,
    fence: i64,
    rows: i64,
    size: i64,
    stored: i64,
    pieces: i64,
    hash: Sha256,
    /// Bytes that make no whole piece yet.
    rest: Vec<u8>,
    beat: Instant,
}

/// Somebody else has the export now, or nobody wants it any more.
#[derive(Debug)]
struct Lost;

type Held<T> = Result<std::result::Result<T, Lost>>;

impl Engine {
    /// Writes every export that waits; gives how many. A job does this on each node.
    pub async fn export_run_due(&self) -> Result<i64> {
        if self.lists().is_none() {
            return Ok(0);
        }
        let mut workers = JoinSet::new();
        for _ in 0..WORKERS {
            let engine = self.clone();
            workers.spawn(async move { engine.export_work().await });
        }
        let mut all = Ok(0);
        while let Some(ended) = workers.join_next().await {
            let ended = ended.map_err(|e| Error::Internal(format!("an export broke off: {e}")));
            all = match (all, ended.and_then(|count| count)) {
                (Ok(all), Ok(count)) => Ok(all + count),
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
        }
        all
    }

    async fn export_work(&self) -> Result<i64> {
        let mut count = 0;
        while let Some(id) = export::due(&self.store().read(), self.now()).await? {
            if let Some((row, run)) = self.export_take(id).await? {
                self.export_run(row, run).await?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Takes an export that waits, or whose worker is gone.
    async fn export_take(&self, id: i64) -> Result<Option<(Export, Run)>> {
        let now = self.now();
        let taken = self
            .store()
            .write(move |db| async move {
                let found = export::view_for_update(&db, Scope::All, id).await?;
                let is_open = |row: &Export| {
                    matches!(
                        ExportStatus::from_code(row.status),
                        Some(ExportStatus::Waiting | ExportStatus::Running)
                    ) && row.date_until <= now.0
                };
                let Some(row) = found.filter(is_open) else { return Ok(None) };
                if row.fence >= RUNS {
                    let reason = format!("It broke off {RUNS} times");
                    let status = ExportStatus::Failed.code();
                    export::update(&db, Export { status, reason, stored: 0, ..row }).await?;
                    return Ok(None);
                }
                let row = Export {
                    status: ExportStatus::Running.code(),
                    fence: row.fence + 1,
                    date_until: now.plus(LEASE_SECONDS).0,
                    row_count: 0,
                    size: 0,
                    stored: 0,
                    ..row
                };
                export::update(&db, row.clone()).await?;
                Ok(Some(row))
            })
            .await?;
        Ok(taken.map(|row| {
            let run = Run {
                id: row.id,
                fence: row.fence,
                rows: 0,
                size: 0,
                stored: 0,
                pieces: 0,
                hash: Sha256::new(),
                rest: Vec::new(),
                beat: Instant::now(),
            };
            (row, run)
        }))
    }

    /// Writes one export to its end, or says why it has none.
    async fn export_run(&self, row: Export, mut run: Run) -> Result<()> {
        let ended = match self.export_write(&row, &mut run).await {
            Ok(Ok(())) => self.export_ready(run).await,
            Ok(Err(Lost)) => Ok(Ok(())),
            // It may be done a minute later, here or elsewhere.
            Err(Error::Unavailable(words)) => {
                tracing::warn!(export.id = row.id, words, "an export is tried again later");
                Ok(Ok(()))
            }
            Err(error) => {
                if let Error::Internal(words) = &error {
                    tracing::error!(export.id = row.id, words, "an export failed");
                }
                let reason = words(&error);
                self.export_note(&run, move |row| {
                    let status = ExportStatus::Failed.code();
                    Export { status, reason: reason.clone(), stored: 0, size: 0, ..row }
                })
                .await
            }
        };
        ended.map(drop)
    }

    /// Reads the list and stores what is written of the file.
    async fn export_write(&self, row: &Export, run: &mut Run) -> Held<()> {
        let internal = |what: &str| Error::Internal(format!("export {}: {what}", row.id));
        let lists = self.lists().ok_or_else(|| internal("no lists"))?;
        let resource = Resource::by_name(&row.resource).ok_or_else(|| internal("unknown resource"))?;
        let format = ExportFormat::from_code(row.format).ok_or_else(|| internal("unknown format"))?;
        let fields = lists.fields(resource).ok_or_else(|| internal("no list"))?;
        let names: Vec<String> =
            row.fields.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let (mut page, mut walk) = (1, Walk { take: take(resource), place: WalkPlace::Start });
        let mut sheet: Option<Sheet> = None;
        loop {
            let caller = self.export_caller(row, resource).await?;
            let asked = Asked { resource, query: row.query.clone(), walk: Some((page, walk)) };
            let piece = lists.piece(self.clone(), caller, asked).await?;
            let sheet = if let Some(sheet) = &mut sheet {
                sheet
            } else {
                let begun = self.begin(format, fields, &names, &piece)?;
                run.rest.extend(begun.head()?);
                sheet.insert(begun)
            };
            run.rest.extend(sheet.add(&piece.rows)?);
            run.rows += i64::try_from(piece.rows.len()).unwrap_or(i64::MAX);
            if run.rows > EXPORT_ROWS {
                return Err(unfit(format!("The list has more than {EXPORT_ROWS} rows: narrow its query")));
            }
            if let Err(lost) = self.export_store(run, false).await? {
                return Ok(Err(lost));
            }
            match next(&piece, walk, page) {
                Some(place) => (page, walk) = place,
                None => break,
            }
        }
        match sheet {
            Some(sheet) if sheet.is_put_together() => self.put_together(sheet, run).await,
            _ => self.export_store(run, true).await,
        }
    }

    fn begin(
        &self,
        format: ExportFormat,
        fields: &'static [whocpa_domain::view::Field],
        names: &[String],
        piece: &Piece,
    ) -> Result<Sheet> {
        let members = names.is_empty().then(|| flat_fields(fields).iter().map(|field| field.name).collect());
        let columns = column::chosen(column::columns(fields, piece), names);
        let columns =
            columns.map_err(|unknown| unfit(format!("The list has no field {}", unknown.join(", "))))?;
        Sheet::new(format, columns, members, &self.data_dir().join("export"))
    }

    /// Who asked, with the rights that he has now.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when he may not read this list any more, or his key opens nothing.
    pub(super) async fn export_caller(&self, row: &Export, resource: Resource) -> Result<Caller> {
        let (db, now) = (self.store().read(), self.now());
        let owner = person::view(&db, Scope::All, row.user_id).await?.filter(person::User::is_active);
        let mut caller = owner.ok_or(Error::Forbidden)?.caller();
        if row.key_id != 0 {
            let key = api_key::view(&db, row.user_id, row.key_id).await?.filter(|key| key.works(now));
            caller.origin.rights = key.ok_or(Error::Forbidden)?.rights();
        }
        caller.may(Resource::Export, Method::View)?;
        caller.may(resource, Method::List)?;
        Ok(caller)
    }

    /// A kind of file that has its beginning at the end: written by a thread of its own, stored as it comes.
    async fn put_together(&self, sheet: Sheet, run: &mut Run) -> Held<()> {
        let (sender, mut pieces) = mpsc::channel(2);
        let written = tokio::task::spawn_blocking(move || {
            let mut out = Pieces { sender, bytes: Vec::new() };
            sheet.finish(&mut out)?;
            out.flush().map_err(|e| Error::Internal(format!("writing a file: {e}")))
        });
        while let Some(bytes) = pieces.recv().await {
            run.rest.extend::<Vec<u8>>(bytes);
            if let Err(lost) = self.export_store(run, false).await? {
                return Ok(Err(lost));
            }
        }
        written.await.map_err(|e| Error::Internal(format!("writing a file: {e}")))??;
        self.export_store(run, true).await
    }

    /// Stores whole pieces of what is written; all of it at the end. Shows that the worker is there.
    async fn export_store(&self, run: &mut Run, is_end: bool) -> Held<()> {
        while run.rest.len() >= PIECE_BYTES || (is_end && !run.rest.is_empty()) {
            let left = run.rest.split_off(run.rest.len().min(PIECE_BYTES));
            let bytes = std::mem::replace(&mut run.rest, left);
            run.hash.update(&bytes);
            run.size += i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            if run.size > EXPORT_BYTES {
                return Err(unfit(format!("The file has more than {EXPORT_BYTES} bytes: narrow its query")));
            }
            let content = self.vault().seal_bytes(self.rng(), &deflated(&bytes)?)?;
            run.stored += i64::try_from(content.len()).unwrap_or(i64::MAX);
            run.pieces += 1;
            let piece = StoredPiece { export_id: run.id, fence: run.fence, number: run.pieces, content };
            if let Err(lost) = self.export_progress(run, Some(&piece)).await? {
                return Ok(Err(lost));
            }
        }
        if run.beat.elapsed() >= BEAT {
            return self.export_progress(run, None).await;
        }
        Ok(Ok(()))
    }

    async fn export_progress(&self, run: &mut Run, piece: Option<&StoredPiece>) -> Held<()> {
        run.beat = Instant::now();
        let (held, until) = (&*run, self.now().plus(LEASE_SECONDS).0);
        let (id, fence) = (run.id, run.fence);
        let (row_count, size, stored) = (held.rows, held.size, held.stored);
        self.store()
            .write(move |db| async move {
                let found = export::view_for_update(&db, Scope::All, id).await?;
                let Some(row) = found.filter(|row| row.fence == fence) else { return Ok(Err(Lost)) };
                if let Some(piece) = piece {
                    export::create_piece(&db, piece.clone()).await?;
                }
                let row = Export { row_count, size, stored, date_until: until, ..row };
                export::update(&db, row).await?;
                Ok(Ok(()))
            })
            .await
    }

    /// The file is there.
    async fn export_ready(&self, run: Run) -> Held<()> {
        let now = self.now();
        let sha256 = hex(&run.hash.clone().finalize());
        let (row_count, size, stored) = (run.rows, run.size, run.stored);
        self.export_note(&run, move |row| Export {
            status: ExportStatus::Ready.code(),
            row_count,
            size,
            stored,
            sha256: sha256.clone(),
            date_ready: Some(now.0),
            date_expires: Some(now.plus_days(EXPORT_DAYS).0),
            ..row
        })
        .await
    }

    /// Changes an export that this worker still holds, and lets go of it.
    async fn export_note(&self, run: &Run, change: impl Fn(Export) -> Export) -> Held<()> {
        let (id, fence, change) = (run.id, run.fence, &change);
        self.store()
            .write(move |db| async move {
                let found = export::view_for_update(&db, Scope::All, id).await?;
                let Some(row) = found.filter(|row| row.fence == fence) else { return Ok(Err(Lost)) };
                export::update(&db, Export { date_until: 0, ..change(row) }).await?;
                Ok(Ok(()))
            })
            .await
    }

    /// Removes files whose time is over, and pieces that belong to no file.
    pub async fn export_forget(&self) -> Result<()> {
        let now = self.now();
        for id in export::expired(&self.store().read(), now).await? {
            self.store()
                .write(move |db| async move {
                    let found = export::view_for_update(&db, Scope::All, id).await?;
                    let is_ready = |row: &Export| row.status == ExportStatus::Ready.code();
                    let Some(row) = found.filter(is_ready) else { return Ok(()) };
                    export::update(&db, Export { status: ExportStatus::Gone.code(), stored: 0, ..row }).await
                })
                .await?;
        }
        while self.store().write(|db| async move { export::delete_pieces(&db, REMOVED).await }).await? > 0 {}
        Ok(())
    }
}

/// Rows that are read at once. Statistics are computed anew for each page.
fn take(resource: Resource) -> i64 {
    if resource == Resource::Stat { 2000 } else { 500 }
}

/// Where the next piece begins; `None` after the last one.
fn next(piece: &Piece, asked: Walk, page: i64) -> Option<(i64, Walk)> {
    let walk = piece.walk?;
    match walk.place {
        WalkPlace::End => None,
        WalkPlace::Behind { .. } => Some((1, walk)),
        WalkPlace::Start => {
            // A list that knows pages only.
            let is_full = i64::try_from(piece.rows.len()).is_ok_and(|count| count >= asked.take);
            is_full.then_some((page + 1, walk))
        }
    }
}

fn deflated(bytes: &[u8]) -> Result<Vec<u8>> {
    let failed = |e: io::Error| Error::Internal(format!("deflating: {e}"));
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).map_err(failed)?;
    encoder.finish().map_err(failed)
}

/// Hands on what is written, in pieces.
struct Pieces {
    sender: mpsc::Sender<Vec<u8>>,
    bytes: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.bytes);
        // Nobody waits for it any more.
        self.sender.blocking_send(bytes).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
