//! Who asks: keys and passwords.

use std::net::IpAddr;

use whocpa_domain::access::Origin;
use whocpa_domain::key::Networks;
use whocpa_domain::role::Rights;
use whocpa_domain::user::KeyKind;
use whocpa_domain::{Error, Result, Time};
use whocpa_store::Db;
use whocpa_store::api_key::{self, Key};
use whocpa_store::person::{self, User};

use crate::password::password_fits;
use crate::vault::fingerprint;
use crate::{Caller, Engine};

/// Letters of a key after its prefix: 32 of 5 bits are 160 random bits.
const KEY_LETTERS: usize = 32;
/// What every key begins with, so that scanners of leaked secrets can find it.
const KEY_PREFIX: &str = "wcp_";

/// What a new key is to be.
#[derive(Debug, Clone)]
pub(crate) struct KeySpec {
    pub kind: KeyKind,
    pub name: String,
    pub rights: Rights,
    pub networks: Networks,
    pub date_expires: Option<Time>,
    pub parent_id: Option<i64>,
}

impl KeySpec {
    /// The account's own key: everything, from everywhere, until it is revoked.
    pub fn profile() -> Self {
        Self {
            kind: KeyKind::Profile,
            name: "Profile".to_owned(),
            rights: Rights::ALL,
            networks: Networks::default(),
            date_expires: None,
            parent_id: None,
        }
    }
}

impl Engine {
    /// The caller behind a key that is used from `ip`; `None` where nobody knows the address.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] alike for a key that is wrong, revoked, expired or used from a foreign address, and for
    /// one of a blocked account.
    pub async fn authenticate(&self, key: &str, ip: Option<IpAddr>) -> Result<Caller> {
        // Found by the hash of 160 random bits: no comparison of secrets whose time could tell anything (trust T6).
        let found = api_key::with_owner(&self.store().read(), &fingerprint(key)).await?;
        let (key, owner) = found.ok_or(Error::Unauthorized)?;
        let now = self.now();
        let is_allowed = Networks::from_text(&key.networks).is_some_and(|networks| networks.allow(ip));
        if !is_allowed || !key.works(now) {
            return Err(Error::Unauthorized);
        }
        self.key_uses().note(&key, now, ip);
        let origin = Origin { ip, key_id: key.id, rights: key.rights(), ..Origin::INSIDE };
        Ok(Caller { origin, ..owner.caller() })
    }

    /// The person who signs in with this login and password.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] alike for an unknown login, a wrong password and a blocked account.
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<Caller> {
        match self.password_compare(&login_plain(login), password).await? {
            (true, Some(person)) if person.is_active() => Ok(person.caller()),
            _ => Err(Error::Unauthorized),
        }
    }

    /// Whether the password is the one of this login's account, and that account, whatever its status.
    pub(crate) async fn password_compare(&self, login: &str, password: &str) -> Result<(bool, Option<User>)> {
        let person = person::by_login(&self.store().read(), login).await?;
        // An unknown login costs a hash too, so that time does not tell whether an account exists (trust T3).
        let hash = person
            .as_ref()
            .map_or_else(|| self.decoy_hash().to_owned(), |person| person.password_hash.clone());
        Ok((password_fits(password.to_owned(), hash).await?, person))
    }

    /// Adds a key to an account, in the caller's transaction; gives its row, and the key, which is shown this once.
    pub(crate) async fn key_add(&self, db: &Db, user_id: i64, spec: KeySpec) -> Result<(Key, String)> {
        let key = format!("{KEY_PREFIX}{}", self.rng().letters(KEY_LETTERS));
        let cipher = match spec.kind {
            KeyKind::Profile => self.vault().seal(self.rng(), &key)?,
            KeyKind::Extra => String::new(),
        };
        let row = Key {
            id: 0,
            user_id,
            kind: spec.kind.code(),
            name: spec.name,
            prefix: key.chars().take(KEY_PREFIX.len() + 4).collect(),
            hash: fingerprint(&key),
            cipher,
            date_created: self.now().0,
            date_revoked: None,
            can_read: spec.rights.read,
            can_write: spec.rights.write,
            can_money: spec.rights.money,
            networks: spec.networks.text(),
            parent_id: spec.parent_id,
            date_expires: spec.date_expires.map(|end| end.0),
            date_used: None,
            ip_used: String::new(),
        };
        let id = api_key::create(db, row.clone()).await?;
        Ok((Key { id, ..row }, key))
    }
}

/// A login as it is stored and looked up: people type spaces around it and capitals without meaning them.
pub(crate) fn login_plain(login: &str) -> String {
    login.trim().to_lowercase()
}
