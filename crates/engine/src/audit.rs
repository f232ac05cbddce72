//! What people did: every write of a caller leaves an entry, in the transaction that makes it.

mod list;

use serde::Serialize;
use serde_json::{Map, Value, json};
use whocpa_domain::{Error, Level, Method, Resource, Result};
use whocpa_store::Db;
use whocpa_store::audit::{self, Entry};

use crate::claim::Told;
use crate::{Caller, Engine};
pub(crate) use list::{ADDRESS, plain_address};
pub use list::{AuditList, AuditView};

/// What an operation changed: `{"field": [before, after]}`. Rows leave out of their serialised form what must not
/// stand in an audit: hashes, tokens, buyers' data.
pub(crate) struct Changes {
    method: Method,
    fields: Map<String, Value>,
}

impl Changes {
    /// An update: the fields that differ.
    pub fn updated(before: &impl Serialize, after: &impl Serialize) -> Self {
        Self { method: Method::Update, fields: difference(before, after) }
    }

    /// A new row: all its fields.
    pub fn created(row: &impl Serialize) -> Self {
        let fields = fields(row).into_iter().map(|(name, new)| (name, json!([null, new])));
        Self { method: Method::Create, fields: fields.collect() }
    }

    /// A row that is gone: what it was.
    pub fn deleted(row: &impl Serialize) -> Self {
        let fields = fields(row).into_iter().map(|(name, old)| (name, json!([old, null])));
        Self { method: Method::Delete, fields: fields.collect() }
    }

    /// What the row itself does not hold.
    pub fn with(mut self, field: &str, before: Value, after: Value) -> Self {
        self.fields.insert(field.to_owned(), Value::Array(vec![before, after]));
        self
    }

    /// What happened beside it, or must not be shown: `changes.also("password", json!("changed"))`.
    pub fn also(self, field: &str, value: Value) -> Self {
        self.with(field, Value::Null, value)
    }

    /// A deletion that keeps the row, because history needs it.
    pub fn archived(before: &impl Serialize, after: &impl Serialize) -> Self {
        Self { method: Method::Delete, fields: difference(before, after) }
    }
}

fn difference(before: &impl Serialize, after: &impl Serialize) -> Map<String, Value> {
    let (before, mut after) = (fields(before), fields(after));
    let changed = before.into_iter().filter_map(|(name, old)| {
        let new = after.remove(&name).unwrap_or(Value::Null);
        (old != new).then(|| (name, json!([old, new])))
    });
    changed.collect()
}

fn fields(row: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(row) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

impl Engine {
    /// Notes a caller's write, in its transaction; every operation that changes something ends with it, once, with the
    /// id that the caller is told. It also settles the request's `Idempotency-Key`.
    ///
    /// # Errors
    /// [`Error::Conflict`] when a repeated request took this one's place meanwhile:
    /// the transaction must fail.
    pub(crate) async fn note(
        &self,
        db: &Db,
        caller: Caller,
        resource: Resource,
        object_id: i64,
        changes: Changes,
    ) -> Result<()> {
        self.settle(db, caller, &Told::Id(object_id)).await?;
        self.entry(db, caller, resource, object_id, changes).await
    }

    /// As [`Engine::note`], for a creation that tells more than the id: `object` has the id as `id`.
    pub(crate) async fn note_object(
        &self,
        db: &Db,
        caller: Caller,
        resource: Resource,
        (object_id, object): (i64, &impl Serialize),
        changes: Changes,
    ) -> Result<()> {
        let object = serde_json::to_value(object);
        let object = object.map_err(|e| Error::Internal(format!("writing what is told: {e}")))?;
        self.settle(db, caller, &Told::Object(object)).await?;
        self.entry(db, caller, resource, object_id, changes).await
    }

    async fn settle(&self, db: &Db, caller: Caller, told: &Told) -> Result<()> {
        match caller.origin.claim {
            Some(claim) => self.claim_settle(db, claim, told).await,
            None => Ok(()),
        }
    }

    async fn entry(
        &self,
        db: &Db,
        caller: Caller,
        resource: Resource,
        object_id: i64,
        changes: Changes,
    ) -> Result<()> {
        let row = Entry {
            id: 0,
            date_created: self.now().0,
            level: if caller.is_system() { 0 } else { level_code(caller.level) },
            user_id: caller.user_id,
            key_id: caller.origin.key_id,
            ip: caller.origin.ip.map(|ip| ip.to_string()).unwrap_or_default(),
            resource: resource.name().to_owned(),
            method: changes.method.name().to_owned(),
            object_id,
            changes: Value::Object(changes.fields).to_string(),
        };
        audit::create(db, row).await
    }
}

fn level_code(level: Level) -> i64 {
    use whocpa_domain::user::UserLevel;
    UserLevel::ALL.iter().find(|known| known.level() == level).map_or(0, |known| known.code())
}
