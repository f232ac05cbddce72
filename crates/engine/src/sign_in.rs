//! Signing in with a password and, where the account has one, a second factor (trust T1, T3).
//!
//! Guessing is slowed down by address and by account. A browser in which somebody signed in before carries a device mark
//! of that account (`device.rs`), which has tries of its own.

use serde_json::json;
use whocpa_domain::access::Origin;
use whocpa_domain::user::UserStatus;
use whocpa_domain::{Resource, Result, Scope};
use whocpa_store::person::User;
use whocpa_store::session::{self, Session};
use whocpa_store::{Db, person, second_factor};

use crate::audit::Changes;
use crate::auth::login_plain;
use crate::second_factor::Proof;
use crate::session::{Opened, SignInFrom, SignedIn, lifetime};
use crate::throttle::Pace;
use crate::vault::fingerprint;
use crate::{Caller, Engine};

/// Letters of a token: 32 of 5 bits are 160 random bits.
const TOKEN_LETTERS: usize = 32;
/// Characters that are kept of a browser's name.
const AGENT_LENGTH: usize = 200;
/// Seconds in which the code of the second factor must be sent.
const CODE_SECONDS: i64 = 600;
/// Wrong codes after which one must sign in anew.
const CODE_TRIES: i64 = 5;
/// Open sessions of one person; with one more, the oldest ends. Those that wait for a code are counted apart, so that
/// who knows the password only ends none that works.
const OPEN_LIMIT: u64 = 50;

/// Tries from one address, over all accounts.
const BY_ADDRESS: Pace = Pace { burst: 30, seconds: 30, table: 0 };
/// Tries of one account from browsers without its device mark, from everywhere together.
const BY_ACCOUNT: Pace = Pace { burst: 10, seconds: 180, table: 1 };
/// Tries of one account from one browser with its device mark.
const BY_DEVICE: Pace = Pace { burst: 10, seconds: 60, table: 2 };
/// Codes of one account whose password was right: from one browser with its device mark, and from all others together.
const BY_CODE: Pace = Pace { burst: 10, seconds: 360, table: 3 };

/// What a code turned out to be.
enum Code {
    Right,
    Wrong,
    /// One too many: the attempt is over.
    Last,
}

impl SignInFrom {
    fn address(&self) -> String {
        self.ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default()
    }

    /// A line for those who watch: never what was typed, for people type passwords into the field of the login.
    fn log(&self, refusal: &str, is_known: bool) {
        tracing::warn!(address = self.address(), is_known_browser = is_known, "sign-in refused: {refusal}");
    }
}

impl Engine {
    /// Signs in. What it takes does not tell whether an account exists.
    pub async fn session_create(&self, from: &SignInFrom, login: &str, password: &str) -> Result<SignedIn> {
        let login = login_plain(login);
        let device = self.device_of(&login, &from.device).await?;
        let is_known = device.is_some();
        let counted = match device {
            // Strangers behind the same address must not use up the tries of a browser that is known.
            Some(device) => vec![(format!("device {device}"), BY_DEVICE)],
            None => vec![
                (format!("address {}", from.counted), BY_ADDRESS),
                (format!("account {login}"), BY_ACCOUNT),
            ],
        };
        for (what, pace) in &counted {
            if let Err(seconds) = self.try_take(what, *pace) {
                from.log("too many tries", is_known);
                return Ok(SignedIn::Later(seconds));
            }
        }
        let mut compared = self.password_compare(&login, password).await;
        for (what, pace) in &counted {
            compared = self.try_returned(what, *pace, compared);
        }
        let owner = match compared? {
            (true, Some(owner)) if owner.is_active() => owner,
            (true, Some(owner)) if owner.status == UserStatus::Waiting.code() => {
                return Ok(SignedIn::Waiting);
            }
            _ => {
                from.log("wrong login or password", is_known);
                return Ok(SignedIn::Refused);
            }
        };
        let Some(opened) = self.session_begin(&owner, from).await? else {
            from.log("the password has just been changed", is_known);
            return Ok(SignedIn::Refused);
        };
        // While a code is wanted, what was taken of the account stays taken: who knows the password only must not open
        // attempts without end.
        for (what, pace) in &counted {
            if opened.is_confirmed || *pace == BY_ADDRESS {
                self.throttle().give_back(what, *pace);
            }
        }
        Ok(SignedIn::Opened(opened))
    }

    /// Begins a session of somebody whose password was right; `None` when it has been changed, or he was blocked, since
    /// it was compared.
    async fn session_begin(&self, owner: &User, from: &SignInFrom) -> Result<Option<Opened>> {
        let token = self.rng().letters(TOKEN_LETTERS);
        let now = self.now();
        let row = &Session {
            id: 0,
            user_id: owner.id,
            hash: fingerprint(&token),
            is_confirmed: false,
            tries: 0,
            ip: from.address(),
            ip_used: from.address(),
            agent: from.agent.chars().filter(|c| !c.is_control()).take(AGENT_LENGTH).collect(),
            date_created: now.0,
            date_used: now.0,
            date_end: now.plus(CODE_SECONDS).0,
            date_revoked: None,
        };
        let write = self.store().write(move |db| async move {
            // Under the lock that a new password, a block and a new second factor take, too.
            let found = person::view_for_update(&db, Scope::All, owner.id).await?;
            let is_same = |found: &User| found.is_active() && found.password_hash == owner.password_hash;
            let Some(found) = found.filter(is_same) else { return Ok(None) };
            let factor = second_factor::view(&db, owner.id).await?;
            let is_confirmed = factor.is_none_or(|factor| factor.date_confirmed.is_none());
            let level = found.caller().level;
            let seconds = if is_confirmed { lifetime(level).0 } else { CODE_SECONDS };
            let row = Session { is_confirmed, date_end: now.plus(seconds).0, ..row.clone() };
            let id = session::create(&db, row.clone()).await?;
            session::revoke_oldest(&db, owner.id, is_confirmed, OPEN_LIMIT, now).await?;
            let changes =
                Changes::updated(&row, &row).also("session", json!({"begun": id, "agent": row.agent}));
            self.note(&db, sent_from(&found, from), Resource::Profile, owner.id, changes).await?;
            Ok(Some((id, level, is_confirmed, seconds)))
        });
        let Some((id, level, is_confirmed, seconds)) = write.await? else { return Ok(None) };
        // A mark is earned by the whole way in.
        let device = if is_confirmed { self.device_mark(owner.id, None) } else { String::new() };
        Ok(Some(Opened { id, user_id: owner.id, level, token, is_confirmed, seconds, device }))
    }

    /// Takes the code of the second factor, or a recovery code, for a session that waits for it. A right one gives the
    /// session a new token; too many wrong ones end it.
    pub async fn session_confirm(&self, from: &SignInFrom, token: &str, code: &str) -> Result<SignedIn> {
        let found = session::with_owner(&self.store().read(), &fingerprint(token)).await?;
        let Some((row, owner)) =
            found.filter(|(row, _)| !row.is_confirmed && row.works(self.now(), i64::MAX))
        else {
            return Ok(SignedIn::Refused);
        };
        let device = self.device_of(&owner.login, &from.device).await?;
        let is_known = device.is_some();
        let what = device.map_or_else(|| format!("code {}", owner.id), |device| format!("code {device}"));
        if let Err(seconds) = self.try_take(&what, BY_CODE) {
            from.log("too many codes", is_known);
            return Ok(SignedIn::Later(seconds));
        }
        let fresh = &self.rng().letters(TOKEN_LETTERS);
        let (id, owner) = (row.id, &owner);
        let write = self
            .store()
            .write(move |db| async move { self.code_take(&db, owner, id, (code, fresh), from).await });
        match self.try_returned(&what, BY_CODE, write.await)? {
            Code::Right => {}
            Code::Wrong => {
                from.log("wrong code", is_known);
                return Ok(SignedIn::Refused);
            }
            Code::Last => {
                from.log("too many wrong codes, the attempt is over", is_known);
                return Ok(SignedIn::Refused);
            }
        }
        self.throttle().give_back(&what, BY_CODE);
        let level = owner.caller().level;
        Ok(SignedIn::Opened(Opened {
            id,
            user_id: owner.id,
            level,
            token: fresh.clone(),
            is_confirmed: true,
            seconds: lifetime(level).0,
            device: self.device_mark(owner.id, self.factor_since(owner.id).await?),
        }))
    }

    async fn code_take(
        &self,
        db: &Db,
        owner: &User,
        id: i64,
        (code, fresh): (&str, &str),
        from: &SignInFrom,
    ) -> Result<Code> {
        let now = self.now();
        let Some(row) = session::view_for_update(db, owner.id, id).await? else { return Ok(Code::Wrong) };
        if row.is_confirmed || row.date_revoked.is_some() {
            return Ok(Code::Wrong);
        }
        let caller = sent_from(owner, from);
        let proof = self.second_factor_prove(db, owner.id, code).await?;
        if proof == Proof::Wrong {
            let row = Session { tries: row.tries + 1, ip_used: from.address(), ..row };
            if row.tries < CODE_TRIES {
                session::update(db, row).await?;
                return Ok(Code::Wrong);
            }
            let changes =
                Changes::updated(&row, &row).also("session", json!({"ended": id, "wrong_codes": row.tries}));
            session::update(db, Session { date_revoked: Some(now.0), ..row }).await?;
            self.note(db, caller, Resource::Profile, owner.id, changes).await?;
            return Ok(Code::Last);
        }
        let row = Session {
            is_confirmed: true,
            hash: fingerprint(fresh),
            ip_used: from.address(),
            date_used: now.0,
            date_end: now.plus(lifetime(owner.caller().level).0).0,
            ..row
        };
        let changes = Changes::updated(&row, &row).also("second_factor", json!(proof.word()));
        session::update(db, row).await?;
        session::revoke_oldest(db, owner.id, true, OPEN_LIMIT, now).await?;
        self.note(db, caller, Resource::Profile, owner.id, changes).await?;
        Ok(Code::Right)
    }
}

/// The person who signs in, from where he does.
fn sent_from(owner: &User, from: &SignInFrom) -> Caller {
    Caller { origin: Origin { ip: from.ip, ..Origin::INSIDE }, ..owner.caller() }
}
