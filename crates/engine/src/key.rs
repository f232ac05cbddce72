//! API keys: always the caller's own, whatever his level. The profile key opens everything that the account may; an
//! additional key may be narrowed by rights, addresses and time, and never opens more than the key that made it.

use serde_json::json;
use whocpa_domain::input::limits;
use whocpa_domain::key::{NETWORK_LIMIT, Network, Networks};
use whocpa_domain::role::{Right, Rights};
use whocpa_domain::user::KeyKind;
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result, Time, params, view};
use whocpa_store::Db;
use whocpa_store::api_key::{self, Key};

use crate::audit::Changes;
use crate::auth::KeySpec;
use crate::{Caller, Engine, check};

/// Working keys that one account may have: each is a way in that somebody must watch.
const KEY_LIMIT: usize = 100;

params! {
    /// A new additional key. It cannot do more than the key that makes it, nor outlive it.
    pub struct KeyCreate {
        /// What you call it, for example the program that uses it.
        name: String where limits::NAME,
        /// What it may be used for: `read` (list, view), `write` (update, create, delete), `money` (the same of balances,
        /// wallets, payouts, deposits and rates). `read` unless told.
        rights: Option<Vec<Right>>,
        /// Addresses and networks from which it may be used, IPv4 or IPv6: `203.0.113.7,2001:db8::/48`. From
        /// everywhere unless told.
        networks: Option<Vec<Network>>,
        /// When it stops working; never unless told.
        date_expires: Option<Time>,
    }
}

view! {
    /// An API key.
    pub struct KeyView {
        /// Key id.
        id: i64,
        /// Why it exists.
        kind: KeyKind,
        /// What you call it.
        name: String,
        /// Its first letters, to tell keys apart.
        prefix: String,
        /// What it may be used for: any of `read`, `write`, `money`.
        rights: Vec<Right>,
        /// Addresses and networks from which it may be used; everywhere when there are none.
        networks: Vec<Network>,
        /// The additional key that made it, and with which it is revoked; `null` for none.
        parent_id: Option<i64>,
        /// When it was made.
        date_created: Time,
        /// When it stops working; `null` for never.
        date_expires: Option<Time>,
        /// When it was revoked; `null` while it works.
        date_revoked: Option<Time>,
        /// When it was last used, to a minute; `null` for never.
        date_used: Option<Time>,
        /// From which address it was last used, empty for none.
        ip_used: String,
    }
}

view! {
    /// A new key.
    pub struct KeyCreated {
        /// Key id.
        id: i64,
        /// The key itself: shown this once, write it down.
        key: String,
    }
}

impl From<Key> for KeyView {
    fn from(row: Key) -> Self {
        Self {
            id: row.id,
            kind: KeyKind::from_code(row.kind).unwrap_or(KeyKind::Extra),
            rights: row.rights().list(),
            networks: Networks::from_text(&row.networks).unwrap_or_default().0,
            name: row.name,
            prefix: row.prefix,
            parent_id: row.parent_id,
            date_created: Time(row.date_created),
            date_expires: row.date_expires.map(Time),
            date_revoked: row.date_revoked.map(Time),
            date_used: row.date_used.map(Time),
            ip_used: row.ip_used,
        }
    }
}

impl Engine {
    /// Your keys, oldest first; revoked ones too.
    pub async fn key_list(&self, caller: Caller) -> Result<Vec<KeyView>> {
        caller.may(Resource::Key, Method::List)?;
        let rows = api_key::list(&self.store().read(), caller.user_id).await?;
        Ok(rows.into_iter().map(KeyView::from).collect())
    }

    /// One of your keys.
    pub async fn key_view(&self, caller: Caller, id: i64) -> Result<KeyView> {
        caller.may(Resource::Key, Method::View)?;
        let row = api_key::view(&self.store().read(), caller.user_id, id).await?;
        // Never the key itself: whoever holds one key must not get another that outlives it.
        row.map(KeyView::from).ok_or(Error::NotFound)
    }

    /// Adds an additional key; gives its id and the key, which is shown this once.
    pub async fn key_create(&self, caller: Caller, input: KeyCreate) -> Result<KeyCreated> {
        caller.may(Resource::Key, Method::Create)?;
        if caller.is_system() {
            // The network's own jobs are nobody's account, so nobody could sign in with the key.
            return Err(Error::Forbidden);
        }
        let spec = &self.key_spec(input)?;
        self.store()
            .write(move |db| async move {
                let (now, mut spec) = (self.now(), spec.clone());
                let rows = api_key::list_for_update(&db, caller.user_id).await?;
                if let Some(parent) = used_key(caller, &rows)? {
                    if !parent.works(now) {
                        // Revoked while this request was under way.
                        return Err(Error::Unauthorized);
                    }
                    check_parent(parent, &spec)?;
                    spec.parent_id = Some(parent.id).filter(|_| parent.kind == KeyKind::Extra.code());
                }
                if rows.iter().filter(|row| row.works(now)).count() >= KEY_LIMIT {
                    return Err(Error::Conflict(format!("You have {KEY_LIMIT} keys: revoke one first")));
                }
                let (row, key) = self.key_add(&db, caller.user_id, spec).await?;
                let created = KeyCreated { id: row.id, key };
                let changes = Changes::created(&row);
                self.note_object(&db, caller, Resource::Key, (row.id, &created), changes).await?;
                Ok(created)
            })
            .await
    }

    fn key_spec(&self, input: KeyCreate) -> Result<KeySpec> {
        let spec = KeySpec {
            kind: KeyKind::Extra,
            name: input.name,
            rights: input.rights.map_or(Rights::of(&[Right::Read]), |rights| Rights::of(&rights)),
            networks: Networks(input.networks.unwrap_or_default()),
            date_expires: input.date_expires,
            parent_id: None,
        };
        let mut errors = FieldErrors::default();
        check::name(&mut errors, "name", &spec.name);
        if spec.rights.list().is_empty() {
            errors.add("rights", "Must be any of read, write, money");
        }
        if spec.networks.0.len() > NETWORK_LIMIT {
            errors.add("networks", format!("At most {NETWORK_LIMIT} networks"));
        }
        if spec.date_expires.is_some_and(|end| end <= self.now()) {
            errors.add("date_expires", "Must be in the future");
        }
        errors.finish().map(|()| spec)
    }

    /// Revokes a key and those that were made with it; they stay in the list. A revoked profile key is replaced by a new
    /// one at once, so that an account always has one. A key that was revoked before stays as it is.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when the key that is used may do less than the one to revoke.
    pub async fn key_delete(&self, caller: Caller, id: i64) -> Result<()> {
        caller.may(Resource::Key, Method::Delete)?;
        self.store()
            .write(move |db| async move {
                let rows = api_key::list_for_update(&db, caller.user_id).await?;
                let row = rows.iter().find(|row| row.id == id).ok_or(Error::NotFound)?;
                if used_key(caller, &rows)?.is_some_and(|used| !used.rights().include(row.rights())) {
                    return Err(Error::Forbidden);
                }
                let at = Some(self.now().0);
                let mut changes = Changes::archived(row, row);
                if row.date_revoked.is_none() {
                    changes = Changes::archived(row, &Key { date_revoked: at, ..row.clone() });
                    let others = made_with(&rows, id);
                    for row in rows.iter().filter(|row| row.id == id || others.contains(&row.id)) {
                        // The readable form has no use any more.
                        let revoked = Key { date_revoked: at, cipher: String::new(), ..row.clone() };
                        api_key::update(&db, revoked).await?;
                    }
                    if !others.is_empty() {
                        changes = changes.also("revoked_too", json!(others));
                    }
                    if row.kind == KeyKind::Profile.code() {
                        let (fresh, _) = self.key_add(&db, caller.user_id, KeySpec::profile()).await?;
                        changes = changes.also("replaced_by", json!(fresh.id));
                    }
                }
                self.note(&db, caller, Resource::Key, id, changes).await
            })
            .await
    }

    /// Revokes all keys of a person and gives him a new profile key; in the transaction of what it belongs to, whose
    /// audit tells it.
    pub(crate) async fn keys_replace(&self, db: &Db, user_id: i64, changes: Changes) -> Result<Changes> {
        let rows = api_key::list_for_update(db, user_id).await?;
        let mut revoked = Vec::new();
        for row in rows.into_iter().filter(|row| row.date_revoked.is_none()) {
            revoked.push(row.id);
            let date_revoked = Some(self.now().0);
            api_key::update(db, Key { date_revoked, cipher: String::new(), ..row }).await?;
        }
        let (fresh, _) = self.key_add(db, user_id, KeySpec::profile()).await?;
        Ok(changes.also("keys_revoked", json!(revoked)).also("profile_key", json!(fresh.id)))
    }

    /// The readable form of a profile key.
    pub(crate) fn key_text(&self, row: &Key) -> Result<String> {
        let lost = || {
            let text = format!("key {} cannot be decrypted: is secret.key that of this database?", row.id);
            Error::Internal(text)
        };
        self.vault().open_text(&row.cipher).ok_or_else(lost)
    }
}

/// The key that the caller uses; `None` when he came without one.
fn used_key(caller: Caller, rows: &[Key]) -> Result<Option<&Key>> {
    if caller.origin.key_id == 0 {
        return Ok(None);
    }
    let found = rows.iter().find(|row| row.id == caller.origin.key_id);
    found.map(Some).ok_or(Error::Unauthorized)
}

/// A key gives on what it has, and nothing else.
fn check_parent(parent: &Key, spec: &KeySpec) -> Result<()> {
    let mut errors = FieldErrors::default();
    if !parent.rights().include(spec.rights) {
        errors.add("rights", "Must not be more than those of the key that you use");
    }
    let networks = Networks::from_text(&parent.networks).ok_or(Error::Unauthorized)?;
    if !networks.cover(&spec.networks) {
        errors.add("networks", "Must lie within those of the key that you use");
    }
    let is_later = |end: i64| spec.date_expires.is_none_or(|wanted| wanted.0 > end);
    if parent.date_expires.is_some_and(is_later) {
        errors.add("date_expires", "Must not be later than that of the key that you use");
    }
    errors.finish()
}

/// The working keys that were made with a key, and with those, and so on.
fn made_with(rows: &[Key], id: i64) -> Vec<i64> {
    let mut found = Vec::new();
    // A key is made by an older one: in the order of the ids, one pass finds all.
    for row in rows {
        if row.parent_id.is_some_and(|parent| parent == id || found.contains(&parent)) {
            found.push(row.id);
        }
    }
    let is_working = |key: &i64| rows.iter().any(|row| row.id == *key && row.date_revoked.is_none());
    found.retain(is_working);
    found
}
