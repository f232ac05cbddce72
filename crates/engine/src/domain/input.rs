//! What may be asked and said about parked domains.

use whocpa_domain::input::Until;
use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::parked::{DomainStatus, domain_name};
use whocpa_domain::sort::{DomainSort, Sort};
use whocpa_domain::{Page, PerPage, Time, params, view};

/// A domain name; letters of all languages are taken.
const NAME: Limits = Limits::Form(&Form {
    format: "idn-hostname",
    pattern: r"^\s*[^\s/:@?#\[\]]+\.[^\s/:@?#\[\]]+\s*$",
    longest: 255,
    wrong: |text| domain_name(text).err().map(str::to_owned),
});

params! {
    /// Which domains are wanted.
    pub struct DomainList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only in these states.
        status: Option<Vec<DomainStatus>>,
        /// Only of these webmasters; for operators.
        webmaster_id: Option<Vec<i64>>,
        /// Only whose name contains this.
        search: Option<String> where limits::LINE,
        /// Parked from here on.
        d_created_from: Option<Time>,
        /// Parked until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `id` unless told.
        sort: Option<Sort<DomainSort>>,
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
        name: String where NAME,
    }
}

params! {
    /// An operator's decision about a domain.
    pub struct DomainUpdate {
        /// Blocked, or waiting to let it be checked again.
        status: Option<DomainStatus>,
        /// Why it is blocked; required with a block.
        reason: Option<String> where limits::TEXT,
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
