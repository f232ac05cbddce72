//! Exports: a whole list of the API as a file, written in the background.
//!
//! A file is kept in the database, in sealed pieces: every node can give it out, a backup has it, and buyers' data stand nowhere
//! in clear. What a list answers to a request it answers to an export, to the same person with the rights that he has when it
//! runs.

mod column;
mod file;
pub mod lists;
mod run;
mod sheet;

use serde_json::json;
use whocpa_domain::export::{EXPORT_STORE_BYTES, EXPORTS_KEPT, EXPORTS_OPEN, ExportFormat, ExportStatus};
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::{Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::export::{self, Export, ExportFilter};

use crate::audit::Changes;
use crate::{Caller, Engine, Paging, Rows, check};
use lists::Asked;

pub use file::ExportFile;

/// Parameters that a list has and an export does not: it has all pages, and a telephone number would be kept in clear.
const NOT_TAKEN: [&str; 4] = ["page", "per_page", "api_key", "phone"];

params! {
    /// Which exports are wanted.
    pub struct ExportList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only in these states.
        status: Option<Vec<ExportStatus>>,
        /// Only of these resources.
        resource: Option<Vec<Resource>>,
        /// Only of these people; for operators.
        user_id: Option<Vec<i64>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new export.
    pub struct ExportCreate {
        /// Whose list is written, for example `lead`, `click`, `stat`, `transfer`.
        resource: Resource,
        /// Kind of file.
        format: ExportFormat,
        /// Parameters of that list as they stand in its query, for example `status=1&closed=0`; without `page`, `per_page` and
        /// `phone`.
        query: Option<String> where Limits::Line(0, 4000),
        /// Fields that are written, in this order; all unless told. `group.day` means all columns of that object.
        fields: Option<Vec<String>> where Limits::Line(1, 100),
        /// What you call it.
        name: Option<String> where limits::LINE,
    }
}

view! {
    /// An export.
    pub struct ExportView {
        /// Export id.
        id: i64,
        /// Whose it is; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<i64>,
        /// What its owner calls it.
        name: String,
        /// Whose list is written.
        resource: String,
        /// Kind of file.
        format: ExportFormat,
        /// Parameters of that list.
        query: String,
        /// Fields that are written, empty for all.
        fields: Vec<String>,
        /// How far it is.
        status: ExportStatus,
        /// Why it failed, empty otherwise.
        reason: String,
        /// Rows that are written so far; in the file, once it is ready.
        row_count: i64,
        /// Rows that the list had when the export was asked for; `null` for a list that does not tell.
        row_total: Option<i64>,
        /// Size of the file in bytes.
        size: i64,
        /// SHA-256 of the file, in hex.
        sha256: String,
        /// Where its owner fetches the file with his key, empty until it is ready.
        url: String,
        /// When it was asked for.
        date_created: Time,
        /// When the file was ready.
        date_ready: Option<Time>,
        /// When the file is removed.
        date_expires: Option<Time>,
    }
}

impl Engine {
    /// One page of exports, newest first.
    pub async fn export_list(&self, caller: Caller, input: ExportList) -> Result<Rows<ExportView>> {
        let scope = caller.may(Resource::Export, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("user_id", input.user_id.is_some())]);
        errors.finish()?;
        let names = |list: Vec<Resource>| list.into_iter().map(|one| one.name().to_owned()).collect();
        let filter = ExportFilter {
            ids: input.id,
            status: input.status,
            resources: input.resource.map(names),
            user_ids: input.user_id,
        };
        let paging = Paging::new(input.page, input.per_page);
        let rows = export::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(|row| self.export_shown(caller, row)))
    }

    /// One export.
    pub async fn export_view(&self, caller: Caller, id: i64) -> Result<ExportView> {
        let scope = caller.may(Resource::Export, Method::View)?;
        let row = export::view(&self.store().read(), scope, id).await?.ok_or(Error::NotFound)?;
        Ok(self.export_shown(caller, row))
    }

    /// Asks for an export; gives its id.
    ///
    /// # Errors
    /// [`Error::Invalid`] also for what the list itself would refuse; [`Error::Conflict`] when too many wait already.
    pub async fn export_create(&self, caller: Caller, input: ExportCreate) -> Result<i64> {
        caller.may(Resource::Export, Method::Create)?;
        let query = input.query.unwrap_or_default();
        let fields = input.fields.unwrap_or_default();
        let row_total = self.question_check(caller, input.resource, &query, &fields).await?;
        let now = self.now();
        let row = &Export {
            id: 0,
            user_id: caller.user_id,
            key_id: caller.origin.key_id,
            name: input.name.unwrap_or_default(),
            resource: input.resource.name().to_owned(),
            format: input.format.code(),
            query,
            fields: fields.join(","),
            status: ExportStatus::Waiting.code(),
            reason: String::new(),
            row_count: 0,
            row_total,
            size: 0,
            stored: 0,
            sha256: String::new(),
            fence: 0,
            date_until: 0,
            date_created: now.0,
            date_ready: None,
            date_expires: None,
            date_deleted: None,
        };
        self.store()
            .write(move |db| async move {
                let (open, kept) = export::counts(&db, row.user_id).await?;
                if open >= EXPORTS_OPEN {
                    let words =
                        format!("{EXPORTS_OPEN} of your exports wait already: let them end or delete them");
                    return Err(Error::Conflict(words));
                }
                if kept >= EXPORTS_KEPT {
                    let words = format!("{EXPORTS_KEPT} files of yours are kept already: delete some");
                    return Err(Error::Conflict(words));
                }
                if export::stored(&db).await? >= EXPORT_STORE_BYTES {
                    let words = "The network keeps as many files as it can: try again later, or delete some"
                        .to_owned();
                    return Err(Error::Conflict(words));
                }
                let id = export::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Export, id, Changes::created(row)).await?;
                Ok(id)
            })
            .await
    }

    /// Puts an export away: its file is gone, and a run that writes it stops.
    pub async fn export_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Export, Method::Delete)?;
        let now = self.now();
        self.store()
            .write(move |db| async move {
                let before = export::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let row = Export {
                    fence: before.fence + 1,
                    stored: 0,
                    date_deleted: Some(now.0),
                    ..before.clone()
                };
                export::update(&db, row).await?;
                let changes = Changes::deleted(&before).also("date_deleted", json!(now.0));
                self.note(&db, caller, Resource::Export, id, changes).await
            })
            .await
    }

    /// Looks whether a list would answer this; gives how many objects it has, where it tells. What is wrong is said of `resource`,
    /// `query` and `fields`.
    pub(crate) async fn question_check(
        &self,
        caller: Caller,
        resource: Resource,
        query: &str,
        fields: &[String],
    ) -> Result<Option<i64>> {
        let lists = self.lists().ok_or_else(|| Error::Internal("no lists to export".to_owned()))?;
        let Some(declared) = lists.fields(resource) else {
            let words = format!("Must be one of {}", lists.names().join(", "));
            return Err(Error::field("resource", words));
        };
        if caller.may(resource, Method::List).is_err() {
            return Err(Error::field("resource", "You may not read this list"));
        }
        let mut errors = FieldErrors::default();
        let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        for name in names {
            let plain = name.trim_end_matches("[]").trim_end_matches("%5B%5D").trim_end_matches("%5b%5d");
            // Another spelling of a name would pass by what is not taken.
            if NOT_TAKEN.contains(&plain) || plain.contains('%') {
                errors.add("query", format!("{name}: An export does not take this"));
            }
        }
        errors.finish()?;
        let asked = Asked { resource, query: query.to_owned(), walk: None };
        let piece = match lists.piece(self.clone(), caller, asked).await {
            Err(Error::Invalid(wrong)) => return Err(Error::field("query", listed(&wrong))),
            piece => piece?,
        };
        if let Err(unknown) = column::chosen(column::columns(declared, &piece), fields) {
            return Err(Error::field("fields", format!("The list has no {}", unknown.join(", "))));
        }
        Ok(piece.total_count)
    }

    fn export_shown(&self, caller: Caller, row: Export) -> ExportView {
        let status = ExportStatus::from_code(row.status).unwrap_or(ExportStatus::Failed);
        let is_own = row.user_id == caller.user_id;
        let url = if status == ExportStatus::Ready && is_own {
            format!("{}/api/export/{}/file", self.base_url(), row.id)
        } else {
            String::new()
        };
        ExportView {
            id: row.id,
            user_id: (caller.level == Level::Operator).then_some(row.user_id),
            name: row.name,
            resource: row.resource,
            format: ExportFormat::from_code(row.format).unwrap_or(ExportFormat::Csv),
            query: row.query,
            fields: row.fields.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            status,
            reason: row.reason,
            row_count: row.row_count,
            row_total: row.row_total,
            size: row.size,
            sha256: row.sha256,
            url,
            date_created: Time(row.date_created),
            date_ready: row.date_ready.map(Time),
            date_expires: row.date_expires.map(Time),
        }
    }
}

/// What is wrong with the parameters of a list, in one line.
fn listed(wrong: &FieldErrors) -> String {
    let told = wrong.messages().iter().map(|(name, messages)| format!("{name}: {}", messages.join(", ")));
    told.collect::<Vec<_>>().join("; ")
}

/// Why an export failed, for its owner.
fn words(error: &Error) -> String {
    match error {
        Error::Unauthorized | Error::Forbidden => "Its owner may not read this list any more".to_owned(),
        Error::Invalid(wrong) => listed(wrong),
        other => other.to_string(),
    }
}
