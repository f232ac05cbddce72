//! Giving out a file, piece by piece.

use std::io::Read;

use flate2::read::DeflateDecoder;
use whocpa_domain::export::{ExportFormat, ExportStatus};
use whocpa_domain::{Error, Method, Resource, Result, Scope};
use whocpa_store::export::{self, Export};

use crate::{Caller, Engine};

/// A file that is ready.
#[derive(Debug, Clone)]
pub struct ExportFile {
    /// Its name, of plain letters.
    pub name: String,
    /// Type of its content.
    pub media_type: &'static str,
    /// Bytes.
    pub size: i64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    key: (i64, i64),
}

impl Engine {
    /// The file of an export, for who asked for it and may still read that list; nobody else, whatever his rights are: it holds
    /// what the list showed to its owner.
    ///
    /// # Errors
    /// [`Error::Conflict`] for one that is not ready, or not any more.
    pub async fn export_file(&self, caller: Caller, id: i64) -> Result<ExportFile> {
        caller.may(Resource::Export, Method::View)?;
        let found = export::view(&self.store().read(), Scope::All, id).await?;
        let row = found.filter(|row| row.user_id == caller.user_id).ok_or(Error::NotFound)?;
        let resource = Resource::by_name(&row.resource).ok_or(Error::NotFound)?;
        caller.may(resource, Method::List)?;
        let is_over = row.date_expires.is_some_and(|end| end <= self.now().0);
        if row.status != ExportStatus::Ready.code() || is_over {
            return Err(Error::Conflict("This export has no file now: look at its status".to_owned()));
        }
        Ok(file(&row))
    }

    /// A piece of a file, from 1; `None` behind the last one.
    pub async fn export_piece(&self, file: &ExportFile, number: i64) -> Result<Option<Vec<u8>>> {
        let Some(sealed) = export::piece(&self.store().read(), file.key, number).await? else {
            return Ok(None);
        };
        let broken = |what: &str| Error::Internal(format!("a piece of export {}: {what}", file.key.0));
        let packed = self.vault().open_bytes(&sealed).ok_or_else(|| broken("cannot be opened"))?;
        let mut bytes = Vec::new();
        DeflateDecoder::new(&packed[..]).read_to_end(&mut bytes).map_err(|e| broken(&e.to_string()))?;
        Ok(Some(bytes))
    }
}

fn file(row: &Export) -> ExportFile {
    let format = ExportFormat::from_code(row.format).unwrap_or(ExportFormat::Csv);
    ExportFile {
        name: format!("{}-{}.{}", row.resource, row.id, format.ending()),
        media_type: format.media_type(),
        size: row.size,
        sha256: row.sha256.clone(),
        key: (row.id, row.fence),
    }
}
