//! Exports: whole lists as files, once or on a schedule.

use whocpa_domain::{Page, PerPage, Time, codes, params, view};

codes! {
    /// Kind of file.
    pub enum ExportFormat {
        Csv = 1 "CSV, UTF-8, with a head line",
        Xlsx = 2 "XLSX",
        Json = 3 "JSON, one object on a line",
    }
}

codes! {
    /// How far an export is.
    pub enum ExportStatus {
        Waiting = 0 "waiting for its turn",
        Running = 1 "being written",
        Ready = 2 "ready to be fetched",
        Failed = 3 "failed",
        Gone = 4 "its file was removed after its time",
    }
}

codes! {
    /// How often an export is made.
    pub enum ExportSchedule {
        Once = 0 "once",
        Daily = 1 "every day",
        Weekly = 2 "every Monday",
        Monthly = 3 "on the first of every month",
    }
}

params! {
    /// Which exports are wanted.
    pub struct ExportList {
        /// Only in these states.
        status: Option<Vec<ExportStatus>>,
        /// Only of this resource.
        resource: Option<String>,
        /// Only of this person; for operators.
        user_id: Option<i64>,
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
        resource: String,
        /// Kind of file.
        format: ExportFormat,
        /// Parameters of that list as they stand in its query, for example `status=1&closed=0`.
        query: Option<String>,
        /// Fields that are written, in this order; all unless told.
        fields: Option<Vec<String>>,
        /// How often it is made; once unless told.
        schedule: Option<ExportSchedule>,
        /// Where a mail with the address of the file goes.
        email: Option<Vec<String>>,
        /// What you call it.
        name: Option<String>,
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
        /// How often it is made.
        schedule: ExportSchedule,
        /// Where a mail goes.
        email: Vec<String>,
        /// How far it is.
        status: ExportStatus,
        /// Why it failed, empty otherwise.
        reason: String,
        /// Rows in the file.
        row_count: i64,
        /// Size of the file in bytes.
        size: i64,
        /// SHA-256 of the file, in hex.
        sha256: String,
        /// Where the file is fetched with the same key, empty until it is ready.
        url: String,
        /// When it was asked for.
        date_created: Time,
        /// When the file was ready.
        date_ready: Option<Time>,
        /// When the file is removed.
        date_expires: Option<Time>,
    }
}
