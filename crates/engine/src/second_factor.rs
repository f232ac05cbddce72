//! The second factor: codes of an app (RFC 6238), each for one use, and recovery codes for when the app is lost (trust T5).

use serde_json::json;
use totp_rs::{Builder, Secret, Totp};
use whocpa_domain::{Error, Method, Resource, Result};
use whocpa_store::second_factor::{self, SecondFactor};
use whocpa_store::{Db, person, session};

use crate::audit::Changes;
use crate::password::password_fits;
use crate::throttle::Pace;
use crate::{Caller, Engine};

/// Bytes of a secret: 160 bits, as RFC 4226 advises.
const SECRET_BYTES: usize = 20;
/// Recovery codes that are given at once.
const RECOVERY_CODES: usize = 10;
/// Letters of each: 50 bits, hashed with a key that is outside the database.
const RECOVERY_LETTERS: usize = 10;
/// Whose codes an app shows, beside the login.
const ISSUER: &str = "whocpa";
/// Codes and passwords that one may try while signed in.
const BY_ACCOUNT: Pace = Pace { burst: 10, seconds: 180, table: 4 };

/// What an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactorView {
    /// Whether codes are asked for.
    pub is_on: bool,
    /// Recovery codes that are left.
    pub recovery_count: u64,
}

/// What an app needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret as people type it (base 32).
    pub secret: String,
    /// The same as an address for a QR code.
    pub uri: String,
}

/// What a code proved to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    Wrong,
    Code,
    Recovery,
}

impl Proof {
    /// For the audit.
    pub fn word(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Code => "code",
            Self::Recovery => "recovery code",
        }
    }
}

impl Engine {
    /// Whether the caller's account has a second factor.
    pub async fn second_factor_view(&self, caller: Caller) -> Result<SecondFactorView> {
        caller.may(Resource::Profile, Method::View)?;
        let db = self.store().read();
        let row = second_factor::view(&db, caller.user_id).await?;
        let is_on = row.is_some_and(|row| row.date_confirmed.is_some());
        let recovery_count = second_factor::recovery_count(&db, caller.user_id).await?;
        Ok(SecondFactorView { is_on, recovery_count })
    }

    /// Gives the caller's app a new secret; it asks nobody for codes until [`Engine::second_factor_confirm`]. Needs the
    /// password: whoever finds an open session must not shut its owner out with an app of his own.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the account has one already.
    pub async fn second_factor_create(&self, caller: Caller, password: &str) -> Result<Enrolment> {
        self.password_proven(caller, password).await?;
        let mut secret = [0u8; SECRET_BYTES];
        self.rng().fill(&mut secret);
        let secret = Secret::from(secret.to_vec()).to_base32();
        let sealed = &self.vault().seal(self.rng(), &secret)?;
        let write = self.store().write(move |db| async move {
            let known = second_factor::view_for_update(&db, caller.user_id).await?;
            if known.is_some_and(|known| known.date_confirmed.is_some()) {
                return Err(Error::Conflict("The second factor is on already".to_owned()));
            }
            let row = SecondFactor {
                user_id: caller.user_id,
                secret_sealed: sealed.clone(),
                date_created: self.now().0,
                date_confirmed: None,
                step_used: 0,
            };
            second_factor::replace(&db, row).await?;
            self.factor_note(&db, caller, "begun").await
        });
        write.await?;
        self.enrolment(caller, secret).await
    }

    /// The secret that waits for its first code, for a page that is shown again.
    pub async fn second_factor_pending(&self, caller: Caller) -> Result<Option<Enrolment>> {
        secured(caller)?;
        let row = second_factor::view(&self.store().read(), caller.user_id).await?;
        match row.filter(|row| row.date_confirmed.is_none()) {
            Some(row) => Ok(Some(self.enrolment(caller, self.secret_of(&row)?).await?)),
            None => Ok(None),
        }
    }

    async fn enrolment(&self, caller: Caller, secret: String) -> Result<Enrolment> {
        let owner = person::view(&self.store().read(), whocpa_domain::Scope::All, caller.user_id).await?;
        let login = owner.ok_or(Error::NotFound)?.login;
        let plain = |c: &char| c.is_ascii_alphanumeric() || "@.-_".contains(*c);
        let label: String = login.chars().filter(plain).collect();
        let uri = format!("otpauth://totp/{ISSUER}:{label}?secret={secret}&issuer={ISSUER}");
        Ok(Enrolment { secret, uri })
    }

    /// Turns it on by a first code of the app, and ends all other sessions, which no code was asked for; gives the
    /// recovery codes, which are shown this once.
    pub async fn second_factor_confirm(&self, caller: Caller, code: &str) -> Result<Vec<String>> {
        secured(caller)?;
        self.guess(caller.user_id, "code")?;
        let codes = &self.recovery_codes();
        let write = self.store().write(move |db| async move {
            // The lock under which sessions begin: none begins unseen while codes are not yet asked for.
            person::view_for_update(&db, whocpa_domain::Scope::All, caller.user_id).await?;
            let row = second_factor::view_for_update(&db, caller.user_id).await?;
            let row = row.filter(|row| row.date_confirmed.is_none()).ok_or(Error::NotFound)?;
            let step = self.code_step(&row, code)?.ok_or_else(|| Error::field("code", "Wrong code"))?;
            let date_confirmed = Some(self.now().0);
            second_factor::update(&db, SecondFactor { date_confirmed, step_used: step, ..row }).await?;
            self.recovery_store(&db, caller.user_id, codes).await?;
            session::revoke_others(&db, caller.user_id, caller.origin.session_id, self.now()).await?;
            self.factor_note(&db, caller, "on").await
        });
        write.await?;
        Ok(codes.clone())
    }

    /// Gives new recovery codes, which are shown this once; needs the password.
    pub async fn second_factor_renew(&self, caller: Caller, password: &str) -> Result<Vec<String>> {
        self.password_proven(caller, password).await?;
        let codes = &self.recovery_codes();
        let write = self.store().write(move |db| async move {
            let row = second_factor::view_for_update(&db, caller.user_id).await?;
            if row.is_none_or(|row| row.date_confirmed.is_none()) {
                return Err(Error::NotFound);
            }
            self.recovery_store(&db, caller.user_id, codes).await?;
            self.factor_note(&db, caller, "new recovery codes").await
        });
        write.await?;
        Ok(codes.clone())
    }

    /// Turns it off; needs the password.
    pub async fn second_factor_delete(&self, caller: Caller, password: &str) -> Result<()> {
        self.password_proven(caller, password).await?;
        let write = self.store().write(move |db| async move {
            second_factor::delete(&db, caller.user_id).await?;
            self.factor_note(&db, caller, "off").await
        });
        write.await
    }

    /// What a code is, and uses it up; in the transaction of what it opens.
    pub(crate) async fn second_factor_prove(&self, db: &Db, user_id: i64, code: &str) -> Result<Proof> {
        let row = second_factor::view_for_update(db, user_id).await?;
        let Some(row) = row.filter(|row| row.date_confirmed.is_some()) else { return Ok(Proof::Wrong) };
        if let Some(step) = self.code_step(&row, code)? {
            second_factor::update(db, SecondFactor { step_used: step, ..row }).await?;
            return Ok(Proof::Code);
        }
        let is_there =
            second_factor::recovery_use(db, user_id, &self.recovery_hash(code), self.now()).await?;
        Ok(if is_there { Proof::Recovery } else { Proof::Wrong })
    }

    /// The time step of a right code that was not used yet: a step early or late at most.
    fn code_step(&self, row: &SecondFactor, code: &str) -> Result<Option<i64>> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let now = u64::try_from(self.now().0).unwrap_or(0);
        let step = totp(&self.secret_of(row)?)?.check(&code, now).and_then(|step| i64::try_from(step).ok());
        Ok(step.filter(|step| *step > row.step_used))
    }

    fn secret_of(&self, row: &SecondFactor) -> Result<String> {
        let lost =
            || Error::Internal(format!("the second factor of user {} cannot be decrypted", row.user_id));
        self.vault().open_text(&row.secret_sealed).ok_or_else(lost)
    }

    async fn password_proven(&self, caller: Caller, password: &str) -> Result<()> {
        secured(caller)?;
        self.guess(caller.user_id, "password")?;
        let owner = person::view(&self.store().read(), whocpa_domain::Scope::All, caller.user_id).await?;
        let hash = owner.ok_or(Error::NotFound)?.password_hash;
        let fits = password_fits(password.to_owned(), hash).await;
        if self.guess_returned(caller.user_id, "password", fits)? {
            return Ok(());
        }
        Err(Error::field("password", "Wrong password"))
    }

    /// Whoever sits at an open session must not guess quickly either.
    pub(crate) fn guess(&self, user_id: i64, field: &str) -> Result<()> {
        let taken = self.try_take(&format!("own {field} {user_id}"), BY_ACCOUNT);
        taken.map_err(|seconds| Error::field(field, format!("Too many tries: wait {seconds} seconds")))
    }

    /// Gives the try back when the password could not be compared.
    pub(crate) fn guess_returned<T>(&self, user_id: i64, field: &str, done: Result<T>) -> Result<T> {
        self.try_returned(&format!("own {field} {user_id}"), BY_ACCOUNT, done)
    }

    fn recovery_codes(&self) -> Vec<String> {
        let code = || {
            let letters = self.rng().letters(RECOVERY_LETTERS);
            let (left, right) = letters.split_at(RECOVERY_LETTERS / 2);
            format!("{left}-{right}")
        };
        (0..RECOVERY_CODES).map(|_| code()).collect()
    }

    async fn recovery_store(&self, db: &Db, user_id: i64, codes: &[String]) -> Result<()> {
        let hashes: Vec<String> = codes.iter().map(|code| self.recovery_hash(code)).collect();
        second_factor::recovery_replace(db, user_id, &hashes).await
    }

    /// Hyphens, spaces and capitals mean nothing.
    fn recovery_hash(&self, code: &str) -> String {
        let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        self.vault().mac(format!("recovery {}", plain.to_lowercase()).as_bytes())
    }

    async fn factor_note(&self, db: &Db, caller: Caller, word: &str) -> Result<()> {
        let nothing = json!({});
        let changes = Changes::updated(&nothing, &nothing).also("second_factor", json!(word));
        self.note(db, caller, Resource::Profile, caller.user_id, changes).await
    }
}

/// What guards the account needs all rights.
fn secured(caller: Caller) -> Result<()> {
    caller.may(Resource::Profile, Method::Update)?;
    if caller.may_secure() { Ok(()) } else { Err(Error::Forbidden) }
}

fn totp(secret: &str) -> Result<Totp> {
    let wrong = |_| Error::Internal("a secret of a second factor is not base 32".to_owned());
    let secret = Secret::try_from_base32(secret).map_err(wrong)?;
    let built = Builder::new().with_secret(secret).with_skew(1).build();
    built.map_err(|e| Error::Internal(format!("a secret of a second factor: {e:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B: the secret "12345678901234567890" at 59 seconds gives 94287082, of which six digits.
        let totp = totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").expect("a secret");
        assert_eq!(totp.check("287082", 59), Some(1));
        assert_eq!(totp.check("287082", 59 + 30), Some(1), "one step late");
        assert_eq!(totp.check("287082", 59 + 60), None, "two steps late");
        assert_eq!(totp.check("28708", 59), None);
    }
}
