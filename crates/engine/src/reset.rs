//! A forgotten password, and the proof that an address is its person's: links in letters that open something once (trust, harm 5).

use std::collections::BTreeSet;

use serde_json::json;
use whocpa_domain::access::Origin;
use whocpa_domain::letter::LetterKind;
use whocpa_domain::{Error, FieldErrors, Resource, Result, Scope};
use whocpa_store::person::{self, User};
use whocpa_store::session;

use crate::audit::Changes;
use crate::auth::login_plain;
use crate::password::{password_check, password_hash};
use crate::session::SignInFrom;
use crate::throttle::Pace;
use crate::{Caller, Engine};

/// Links that one address may ask for, to whomever.
const BY_ADDRESS: Pace = Pace { burst: 5, seconds: 720, table: 6 };
/// Accounts with one address that are sent a link each.
const ACCOUNTS: u64 = 5;

impl Engine {
    /// Whether the network sends letters, so that a forgotten password can be replaced.
    pub fn sends_letters(&self) -> bool {
        self.mail().is_on()
    }

    /// Sends whoever has this login or e-mail address a link to a new password. The answer comes before anybody is looked for:
    /// neither what it says nor when tells whether there is an account.
    ///
    /// # Errors
    /// [`Error::Conflict`] when this address asks too often, [`Error::Unavailable`] when the network sends no letters.
    pub fn reset_create(&self, from: &SignInFrom, who: &str) -> Result<()> {
        if !self.mail().is_on() {
            return Err(Error::Unavailable("this network sends no letters".to_owned()));
        }
        if let Err(seconds) = self.try_take(&format!("reset {}", from.counted), BY_ADDRESS) {
            tracing::warn!(
                address = from.counted,
                "a link to a new password refused: too many from this address"
            );
            return Err(Error::Conflict(format!(
                "Too many letters from your address: wait {seconds} seconds"
            )));
        }
        let (engine, who) = (self.clone(), login_plain(who));
        tokio::spawn(async move {
            if let Err(error) = engine.reset_send(&who).await {
                tracing::error!(?error, "a link to a new password was not sent");
            }
        });
        Ok(())
    }

    async fn reset_send(&self, who: &str) -> Result<()> {
        let db = self.store().read();
        // Both: a login that is somebody's address does not keep that one's letters back.
        let mut found = person::by_email(&db, who, ACCOUNTS).await?;
        found.extend(person::by_login(&db, who).await?);
        let ids: BTreeSet<i64> = found.iter().filter(|user| user.is_active()).map(|user| user.id).collect();
        for id in ids {
            let write = self.store().write(move |db| async move {
                match person::view_for_update(&db, Scope::All, id).await? {
                    Some(user) => self.letter_link(&db, &user, LetterKind::Reset).await,
                    None => Ok(false),
                }
            });
            write.await?;
        }
        Ok(())
    }

    /// Whether this link to a new password works.
    pub async fn reset_view(&self, token: &str) -> Result<bool> {
        let found = self.letter_token_view(&self.store().read(), LetterKind::Reset, token).await?;
        Ok(found.is_some())
    }

    /// Sets a new password by a link, once: all sessions end, and API keys are revoked on wish. The second factor stays. The
    /// address that the link came to is its owner's.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a link that does not work, [`Error::Invalid`] for the password; the link still works then.
    pub async fn reset_update(
        &self,
        from: &SignInFrom,
        token: &str,
        password: String,
        revokes_keys: bool,
    ) -> Result<()> {
        let db = self.store().read();
        let link = &self.letter_token_view(&db, LetterKind::Reset, token).await?.ok_or(Error::NotFound)?;
        let user = person::view(&db, Scope::All, link.user_id).await?.ok_or(Error::NotFound)?;
        let mut errors = FieldErrors::default();
        password_check(&mut errors, &user.login, &password);
        errors.finish()?;
        let hash = &password_hash(password).await?;
        self.change(move |db| async move {
            let found = person::view_for_update(&db, Scope::All, link.user_id).await?;
            let before = found.filter(|user| user.is_active() && user.email == link.address);
            let before = before.ok_or(Error::NotFound)?;
            if !self.letter_token_use(&db, link, LetterKind::Reset).await? {
                return Err(Error::NotFound);
            }
            let row = User { password_hash: hash.clone(), is_email_confirmed: true, ..before.clone() };
            let changes = Changes::updated(&before, &row).also("password", json!("reset"));
            session::revoke_others(&db, row.id, 0, self.now()).await?;
            let changes = if revokes_keys { self.keys_replace(&db, row.id, changes).await? } else { changes };
            let changes = self.password_told(&db, &row, "reset", changes).await?;
            person::update(&db, row.clone()).await?;
            self.note(&db, by(&row, from), Resource::Profile, row.id, changes).await
        })
        .await
    }

    /// Sends the caller another link that confirms his address.
    ///
    /// # Errors
    /// [`Error::Conflict`] when he was sent several within the hour, or the network sends no letters.
    pub async fn confirmation_create(&self, caller: Caller) -> Result<()> {
        let write = self.store().write(move |db| async move {
            let found = person::view_for_update(&db, Scope::All, caller.user_id).await?;
            let user = found.ok_or(Error::NotFound)?;
            Ok(user.is_email_confirmed || self.letter_link(&db, &user, LetterKind::Confirm).await?)
        });
        if write.await? {
            Ok(())
        } else {
            Err(Error::Conflict("No letter can be sent now: try again in an hour".to_owned()))
        }
    }

    /// Whether this link that confirms an address works.
    pub async fn confirmation_view(&self, token: &str) -> Result<bool> {
        let found = self.letter_token_view(&self.store().read(), LetterKind::Confirm, token).await?;
        Ok(found.is_some())
    }

    /// Confirms an address by a link, once.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a link that does not work.
    pub async fn confirmation_update(&self, from: &SignInFrom, token: &str) -> Result<()> {
        let link = self.letter_token_view(&self.store().read(), LetterKind::Confirm, token).await?;
        let link = &link.ok_or(Error::NotFound)?;
        let write = self.store().write(move |db| async move {
            let found = person::view_for_update(&db, Scope::All, link.user_id).await?;
            let before = found.filter(|user| user.email == link.address).ok_or(Error::NotFound)?;
            if !self.letter_token_use(&db, link, LetterKind::Confirm).await? {
                return Err(Error::NotFound);
            }
            let row = User { is_email_confirmed: true, ..before.clone() };
            let changes = Changes::updated(&before, &row);
            person::update(&db, row.clone()).await?;
            self.note(&db, by(&row, from), Resource::Profile, row.id, changes).await
        });
        write.await
    }
}

/// The person who opened a link, from where he did.
fn by(owner: &User, from: &SignInFrom) -> Caller {
    Caller { origin: Origin { ip: from.ip, ..Origin::INSIDE }, ..owner.caller() }
}
