//! Parked domains: links under a webmaster's own name.

use whocpa_domain::{Page, PerPage, Time, codes, params, view};

codes! {
    /// Whether visitors can come through a domain.
    pub enum DomainStatus {
        Waiting = 0 "waiting for its DNS record",
        Active = 1 "works",
        Failed = 2 "its DNS record is gone or its certificate could not be had",
        Blocked = 3 "blocked by an operator",
    }
}

params! {
    /// Which domains are wanted.
    pub struct DomainList {
        /// Only in these states.
        status: Option<Vec<DomainStatus>>,
        /// Only of this webmaster; for operators.
        webmaster_id: Option<i64>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A domain to be parked.
    pub struct DomainCreate {
        /// Its name, for example `go.example.com`; nobody else may have parked it.
        name: String,
    }
}

params! {
    /// An operator's decision about a domain.
    pub struct DomainUpdate {
        /// Blocked, or waiting to let it be checked again.
        status: Option<DomainStatus>,
        /// Why it is blocked; required with a block.
        reason: Option<String>,
    }
}

view! {
    /// A parked domain.
    pub struct DomainView {
        /// Domain id.
        id: i64,
        /// Its name.
        name: String,
        /// Whose it is; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// Whether visitors can come through it.
        status: DomainStatus,
        /// Why it does not work, empty otherwise.
        reason: String,
        /// Kind of the DNS record to make, for example `CNAME`.
        dns_kind: String,
        /// Value of that record.
        dns_value: String,
        /// Whether it has a certificate for https.
        is_secure: bool,
        /// When its record was last looked at.
        date_checked: Option<Time>,
        /// When it was added.
        date_created: Time,
    }
}
