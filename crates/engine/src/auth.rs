//! Who asks: keys, passwords, tokens.

use std::net::IpAddr;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use whocpa_domain::access::Origin;
use whocpa_domain::user::KeyKind;
use whocpa_domain::{Error, FieldErrors, Result};
use whocpa_store::api_key::{self, Key};
use whocpa_store::{Db, person};

use crate::vault::fingerprint;
use crate::{Caller, Engine};

/// Letters of a key after its prefix: 32 of 5 bits are 160 random bits.
const KEY_LETTERS: usize = 32;
/// What every key begins with, so that scanners of leaked secrets can find it.
const KEY_PREFIX: &str = "wcp_";
/// Shortest accepted password, in characters.
pub const PASSWORD_MIN: usize = 8;
/// Longest accepted password, in bytes: hashing must not be made expensive from outside.
const PASSWORD_MAX: usize = 256;

impl Engine {
    /// The caller behind a key that is used from `ip`; `None` where nobody knows the address.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for a wrong or revoked key, or a blocked account.
    pub async fn authenticate(&self, key: &str, ip: Option<IpAddr>) -> Result<Caller> {
        let found = api_key::with_owner(&self.store().read(), &fingerprint(key)).await?;
        let (key, owner) = found.ok_or(Error::Unauthorized)?;
        let origin = Origin { ip, key_id: key.id, ..Origin::INSIDE };
        Ok(Caller { origin, ..owner.caller() })
    }

    /// The person who signs in with this login and password.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] alike for an unknown login, a wrong password and a blocked account.
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<Caller> {
        let person = person::by_login(&self.store().read(), &login_plain(login)).await?;
        // An unknown login costs a hash too, so that time does not tell whether an account exists (trust T3).
        let hash = person
            .as_ref()
            .map_or_else(|| self.decoy_hash().to_owned(), |person| person.password_hash.clone());
        let password = password.to_owned();
        let fits = blocking(move || {
            let hash = PasswordHash::new(&hash)
                .map_err(|e| Error::Internal(format!("stored password hash: {e}")))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        match (fits.await?, person) {
            (true, Some(person)) if person.is_active() => Ok(person.caller()),
            _ => Err(Error::Unauthorized),
        }
    }

    /// Adds a key to an account, in the caller's transaction; gives its id and the key, which is shown this once.
    pub(crate) async fn key_add(
        &self,
        db: &Db,
        user_id: i64,
        kind: KeyKind,
        name: &str,
    ) -> Result<(i64, String)> {
        let key = format!("{KEY_PREFIX}{}", self.rng().letters(KEY_LETTERS));
        let cipher = match kind {
            KeyKind::Profile => self.vault().seal(self.rng(), &key)?,
            KeyKind::Extra => String::new(),
        };
        let row = Key {
            id: 0,
            user_id,
            kind: kind.code(),
            name: name.to_owned(),
            prefix: key.chars().take(KEY_PREFIX.len() + 4).collect(),
            hash: fingerprint(&key),
            cipher,
            date_created: self.now().0,
            date_revoked: None,
        };
        Ok((api_key::create(db, row).await?, key))
    }
}

/// A login as it is stored and looked up: people type spaces around it and capitals without meaning them.
pub(crate) fn login_plain(login: &str) -> String {
    login.trim().to_lowercase()
}

/// Checks a new password.
pub(crate) fn password_check(errors: &mut FieldErrors, password: &str) {
    if password.chars().count() < PASSWORD_MIN {
        errors.add("password", format!("Must be at least {PASSWORD_MIN} characters"));
    }
    if password.len() > PASSWORD_MAX {
        errors.add("password", format!("Must be at most {PASSWORD_MAX} bytes"));
    }
}

/// Argon2id with the library's parameters (m = 19 MiB, t = 2, p = 1; trust T2), off the async threads.
pub async fn password_hash(password: String) -> Result<String> {
    blocking(move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        Ok(hash.map_err(|e| Error::Internal(format!("hashing a password: {e}")))?.to_string())
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| Error::Internal(format!("a worker thread failed: {e}")))?
}
