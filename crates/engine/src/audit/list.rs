//! Reading the audit.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Serialize, Serializer};
use serde_json::Value;
use whocpa_domain::audit::AuditActor;
use whocpa_domain::input::Until;
use whocpa_domain::input::limits::{Form, Limits};
use whocpa_domain::sort::{Sort, TimeSort};
use whocpa_domain::view::{FieldKind, FieldType};
use whocpa_domain::{Error, FieldErrors, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::audit::{self, AuditFilter, Entry};
use whocpa_store::{Db, person};

use crate::{Caller, Engine, Paging, Rows, check};

/// An address of a client.
pub(crate) const ADDRESS: Limits = Limits::Form(&Form {
    format: "ip-address",
    pattern: "^[0-9A-Fa-f.:]+$",
    longest: 45,
    wrong: |text| match text.parse::<IpAddr>() {
        Ok(_) => None,
        Err(_) => Some("Must be an address such as 203.0.113.7 or 2001:db8::1".to_owned()),
    },
});

params! {
    /// Which entries are wanted.
    pub struct AuditList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only what these people did; 0 is the network itself.
        user_id: Option<Vec<i64>>,
        /// Only what these kinds of accounts did.
        level: Option<Vec<AuditActor>>,
        /// Only what was done to these resources, by name: `offer`.
        resource: Option<Vec<Resource>>,
        /// Only what was done by these methods: `update`, `create`, `delete`.
        method: Option<Vec<Method>>,
        /// Only what was done to the objects with these ids; say also of which resource.
        object_id: Option<Vec<i64>>,
        /// Only what was done with these keys, by their id.
        key_id: Option<Vec<i64>>,
        /// Only what was done from these addresses.
        ip: Option<Vec<String>> where ADDRESS,
        /// Only what was done at this time or later.
        d_created_from: Option<Time>,
        /// Only what was done until this time; a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `-date_created` unless told.
        sort: Option<Sort<TimeSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

/// `{"field": [before, after]}`
#[derive(Debug, Clone)]
pub struct ChangesView(serde_json::Map<String, Value>);

impl Serialize for ChangesView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl FieldType for ChangesView {
    const KIND: FieldKind = FieldKind::Map;
}

view! {
    /// Something that was done.
    pub struct AuditView {
        /// Number of the entry; later ones have higher numbers.
        id: i64,
        /// When.
        date_created: Time,
        /// What kind of account did it.
        level: AuditActor,
        /// Who did it; 0 is the network itself.
        user_id: i64,
        /// What he signs in with, empty for the network itself.
        login: String,
        /// With which key, 0 without one.
        key_id: i64,
        /// From which address, empty for a command on the server.
        ip: String,
        /// To what.
        resource: String,
        /// By which method.
        method: String,
        /// To which object.
        object_id: i64,
        /// What changed: `{"name": ["before", "after"]}`. Secrets and buyers' data never stand here.
        changes: ChangesView,
    }
}

impl Engine {
    /// One page of what was done, newest first.
    pub async fn audit_list(&self, caller: Caller, input: AuditList) -> Result<Rows<AuditView>> {
        let scope = caller.may(Resource::Audit, Method::List)?;
        let mut errors = FieldErrors::default();
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = AuditFilter {
            ids: input.id,
            user_ids: input.user_id,
            levels: input.level,
            resources: input.resource,
            methods: input.method,
            object_ids: input.object_id,
            key_ids: input.key_id,
            ips: input.ip.map(|texts| texts.iter().map(|text| plain_address(text)).collect()),
            created,
            sort: input.sort,
        };
        let db = self.store().read();
        let rows = audit::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let logins = logins(&db, &rows.rows).await?;
        Ok(rows.map(|row| shown(row, &logins)))
    }

    /// One entry.
    pub async fn audit_view(&self, caller: Caller, id: i64) -> Result<AuditView> {
        let scope = caller.may(Resource::Audit, Method::View)?;
        let db = self.store().read();
        let row = audit::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let logins = logins(&db, std::slice::from_ref(&row)).await?;
        Ok(shown(row, &logins))
    }
}

/// An address in the form in which it is stored; [`ADDRESS`] has looked at it.
pub(crate) fn plain_address(text: &str) -> String {
    text.trim().parse::<IpAddr>().map_or_else(|_| text.to_owned(), |ip| ip.to_canonical().to_string())
}

async fn logins(db: &Db, rows: &[Entry]) -> Result<BTreeMap<i64, String>> {
    let mut ids: Vec<i64> = rows.iter().map(|row| row.user_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = person::by_ids(db, &ids).await?;
    Ok(people.into_iter().map(|(id, person)| (id, person.login)).collect())
}

fn shown(row: Entry, logins: &BTreeMap<i64, String>) -> AuditView {
    AuditView {
        id: row.id,
        date_created: Time(row.date_created),
        level: AuditActor::from_code(row.level).unwrap_or(AuditActor::Network),
        login: logins.get(&row.user_id).cloned().unwrap_or_default(),
        user_id: row.user_id,
        key_id: row.key_id,
        ip: row.ip,
        resource: row.resource,
        method: row.method,
        object_id: row.object_id,
        changes: ChangesView(serde_json::from_str(&row.changes).unwrap_or_default()),
    }
}
