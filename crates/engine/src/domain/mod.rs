//! Parked domains: links under a webmaster's own name. He points the name here; a job looks whether it arrives.
//!
//! On a parked domain the host decides whose links there are: codes of others do not exist there.

mod input;
mod look;
mod own;

use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};
use whocpa_domain::parked::{DomainStatus, domain_name, name_part};
use whocpa_domain::{Error, FieldErrors, Level, Method, Resource, Result, Scope, Time};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::domain::{self, Domain, DomainFilter};
use whocpa_store::{Db, link};

use crate::audit::Changes;
use crate::catalogue::DomainEntry;
use crate::{Caller, Engine, Paging, Rows, check};

pub use self::input::{DomainCreate, DomainList, DomainUpdate, DomainView};
pub use self::look::PROOF_PATH;
pub(crate) use self::look::{Found, find};
pub(crate) use self::own::OwnHosts;

/// Domains that one webmaster may park.
const LIMIT: u64 = 100;
/// Letters of what the network answers on a domain.
const TOKEN_LETTERS: usize = 26;

/// A parked domain that a request came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParkedHost {
    /// Domain id.
    pub id: i64,
    /// Whose it is.
    pub webmaster_id: i64,
}

impl Engine {
    /// The parked domain of a `Host` header, with or without a port: one that was found here.
    pub fn domain_of_host(&self, host: &str) -> Option<ParkedHost> {
        let entry = self.domain_named(host).filter(|entry| entry.status.is_host())?;
        Some(ParkedHost { id: entry.id, webmaster_id: entry.webmaster_id })
    }

    /// What is parked under the name in a `Host` header; a name of the network's own never is.
    fn domain_named(&self, host: &str) -> Option<Arc<DomainEntry>> {
        let catalogue = self.catalogue().now();
        if catalogue.domains.is_empty() {
            return None;
        }
        let name = host.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        let entry = catalogue.domains.get(&name)?;
        (!self.own_hosts().have(&name)).then(|| Arc::clone(entry))
    }

    /// One page of domains.
    pub async fn domain_list(&self, caller: Caller, input: DomainList) -> Result<Rows<DomainView>> {
        let scope = caller.may(Resource::Domain, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("webmaster_id", input.webmaster_id.is_some())]);
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = DomainFilter {
            ids: input.id,
            webmaster_ids: input.webmaster_id,
            status: input.status,
            search: input.search.map(|words| name_part(&words)),
            created,
            sort: input.sort,
        };
        let paging = Paging::new(input.page, input.per_page);
        let rows = domain::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(|row| self.domain_shown(caller, row)))
    }

    /// One domain, with the DNS record to make.
    pub async fn domain_view(&self, caller: Caller, id: i64) -> Result<DomainView> {
        let scope = caller.may(Resource::Domain, Method::View)?;
        let row = domain::view(&self.store().read(), scope, id).await?;
        row.map(|row| self.domain_shown(caller, row)).ok_or(Error::NotFound)
    }

    /// An operator blocks a domain, or lets it be looked at again.
    pub async fn domain_update(&self, caller: Caller, id: i64, input: DomainUpdate) -> Result<()> {
        let scope = caller.may(Resource::Domain, Method::Update)?;
        let input = &input;
        self.change(move |db| async move {
            let found = domain::view_for_update(&db, scope, id).await?;
            let before = found.ok_or(Error::NotFound)?;
            let row = self.domain_decided(before.clone(), input)?;
            let changes = Changes::updated(&before, &row);
            domain::update(&db, row).await?;
            change::create(&db, ChangeKind::Domain, id, self.now()).await?;
            self.note(&db, caller, Resource::Domain, id, changes).await
        })
        .await
    }

    /// Parks a domain; gives its id. It works as soon as the job finds that the name leads here.
    pub async fn domain_create(&self, caller: Caller, input: DomainCreate) -> Result<i64> {
        caller.may(Resource::Domain, Method::Create)?;
        let name = domain_name(&input.name).map_err(|message| Error::field("name", message))?;
        if self.own_hosts().have(&name) {
            return Err(Error::field("name", "This is the network's own name"));
        }
        let name = &name;
        self.change(move |db| async move {
            if domain::count(&db, caller.user_id).await? >= LIMIT {
                return Err(Error::field("name", format!("You have {LIMIT} domains already")));
            }
            self.domain_make_room(&db, name).await?;
            let now = self.now();
            let row = Domain {
                id: 0,
                name: name.clone(),
                webmaster_id: caller.user_id,
                status: DomainStatus::Waiting.code(),
                reason: String::new(),
                is_secure: false,
                token: self.rng().letters(TOKEN_LETTERS),
                date_checked: None,
                date_seen: None,
                date_due: now.0,
                date_created: now.0,
            };
            let id = domain::create(&db, row.clone()).await?;
            change::create(&db, ChangeKind::Domain, id, now).await?;
            self.note(&db, caller, Resource::Domain, id, Changes::created(&Domain { id, ..row })).await?;
            Ok(id)
        })
        .await
    }

    /// Gives a domain up, or releases its name as an operator; links that were shown under it are shown under the
    /// network's own name.
    pub async fn domain_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Domain, Method::Delete)?;
        self.change(move |db| async move {
            let found = domain::view_for_update(&db, scope, id).await?;
            let row = found.ok_or(Error::NotFound)?;
            // A block would otherwise end with the row, whenever its owner likes.
            if caller.level != Level::Operator && row.status == DomainStatus::Blocked.code() {
                return Err(Error::Conflict("A blocked domain stays".to_owned()));
            }
            self.domain_remove(&db, id).await?;
            self.note(&db, caller, Resource::Domain, id, Changes::deleted(&row)).await
        })
        .await
    }

    async fn domain_remove(&self, db: &Db, id: i64) -> Result<()> {
        link::leave_domain(db, id).await?;
        domain::delete(db, id).await?;
        change::create(db, ChangeKind::Domain, id, self.now()).await
    }

    /// A name that somebody parked and that does not lead here for long goes to whoever comes next.
    async fn domain_make_room(&self, db: &Db, name: &str) -> Result<()> {
        let Some(row) = domain::by_name(db, name).await? else { return Ok(()) };
        let days = DomainStatus::from_code(row.status).and_then(DomainStatus::idle_days);
        let last = Time(row.date_seen.unwrap_or(row.date_created));
        if days.is_none_or(|days| self.now() <= last.plus_days(days)) {
            return Err(Error::field("name", "This domain is parked already"));
        }
        self.domain_remove(db, row.id).await
    }

    fn domain_decided(&self, row: Domain, input: &DomainUpdate) -> Result<Domain> {
        let mut errors = FieldErrors::default();
        let reason = input.reason.clone().unwrap_or_default();
        check::text(&mut errors, "reason", &reason);
        let is_blocked = match input.status {
            Some(DomainStatus::Blocked) => true,
            Some(DomainStatus::Waiting) => false,
            Some(_) => {
                errors.add("status", "Must be 3 to block it, or 0 to let it be looked at again");
                false
            }
            None => row.status == DomainStatus::Blocked.code(),
        };
        let is_new = input.status.is_some_and(|status| status.code() != row.status);
        if is_blocked && is_new && reason.trim().is_empty() {
            errors.add("reason", "Must be given with a block");
        }
        if !is_blocked && !reason.is_empty() {
            errors.add("reason", "Only a block has a reason");
        }
        errors.finish()?;
        let status = input.status.map_or(row.status, DomainStatus::code);
        let kept = if is_blocked && !is_new { row.reason.clone() } else { String::new() };
        let reason = input.reason.clone().unwrap_or(kept);
        Ok(Domain { status, reason, date_due: self.now().0, ..row })
    }

    fn domain_shown(&self, caller: Caller, row: Domain) -> DomainView {
        let own = Url::parse(self.base_url()).ok();
        let (kind, value) = match own.as_ref().and_then(Url::host) {
            Some(Host::Ipv4(ip)) => ("A", IpAddr::V4(ip).to_string()),
            Some(Host::Ipv6(ip)) => ("AAAA", IpAddr::V6(ip).to_string()),
            Some(Host::Domain(name)) => ("CNAME", name.to_owned()),
            None => ("CNAME", String::new()),
        };
        DomainView {
            id: row.id,
            name: row.name,
            webmaster_id: (caller.level == Level::Operator).then_some(row.webmaster_id),
            status: DomainStatus::from_code(row.status).unwrap_or(DomainStatus::Failed),
            reason: row.reason,
            dns_kind: kind.to_owned(),
            dns_value: value,
            is_secure: row.is_secure,
            date_checked: row.date_checked.map(Time),
            date_created: Time(row.date_created),
        }
    }

    /// Where links begin that are shown under this domain: the network's own address unless visitors can come through it.
    pub(crate) fn link_base(&self, domain_id: Option<i64>) -> String {
        let catalogue = self.catalogue().now();
        let entry = domain_id.and_then(|id| catalogue.domain_names.get(&id));
        let entry = entry
            .and_then(|name| catalogue.domains.get(name))
            .filter(|entry| entry.status == DomainStatus::Active);
        entry.map_or_else(
            || self.base_url().to_owned(),
            |entry| address_of(self.base_url(), &entry.name, entry.is_secure),
        )
    }
}

/// The address of a domain; behind the same port as the network's own.
fn address_of(base_url: &str, name: &str, is_secure: bool) -> String {
    let port = Url::parse(base_url).ok().and_then(|own| own.port());
    let scheme = if is_secure { "https" } else { "http" };
    port.map_or_else(|| format!("{scheme}://{name}"), |port| format!("{scheme}://{name}:{port}"))
}

/// An own domain that is not blocked.
pub(crate) async fn check_domain(db: &Db, scope: Scope, id: i64) -> Result<()> {
    let found = domain::view(db, scope, id).await?;
    if found.is_some_and(|row| row.status != DomainStatus::Blocked.code()) {
        Ok(())
    } else {
        Err(Error::field("domain_id", "Domains not found"))
    }
}
