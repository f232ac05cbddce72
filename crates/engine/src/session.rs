//! Signing in with a password and, where the account has one, a second factor; and the sessions that come of it (trust
//! T1, T3, T4).
//!
//! Guessing is slowed down by address and by account. A browser in which somebody signed in before carries a **device
//! mark** of that account: it has tries of its own, so that strangers who use up those of the account do not keep its
//! owner out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use whocpa_domain::access::Origin;
use whocpa_domain::user::UserStatus;
use whocpa_domain::{Error, Level, Method, Resource, Result, Time};
use whocpa_store::person::User;
use whocpa_store::session::{self, Session};
use whocpa_store::{Db, person, second_factor};
use woothee::parser::Parser;

use crate::audit::Changes;
use crate::auth::login_plain;
use crate::password::password_fits;
use crate::second_factor::Proof;
use crate::throttle::Pace;
use crate::vault::fingerprint;
use crate::{Caller, Engine};

/// Letters of a token: 32 of 5 bits are 160 random bits.
const TOKEN_LETTERS: usize = 32;
/// Letters that tell one browser's device mark from another's.
const DEVICE_LETTERS: usize = 16;
/// Letters of a device mark's check: 128 bits.
const DEVICE_CHECK: usize = 32;
/// Characters that are kept of a browser's name.
const AGENT_LENGTH: usize = 200;
/// Seconds in which the code of the second factor must be sent.
const CODE_SECONDS: i64 = 600;
/// Wrong codes after which one must sign in anew.
const CODE_TRIES: i64 = 5;
/// Seconds for which sessions that are over are kept for those who look into what happened.
const KEEP_SECONDS: i64 = 30 * 86_400;
/// A use this long after the last one that is stored is worth writing, in seconds.
const EVERY_SECONDS: i64 = 60;

/// Tries from one address, over all accounts.
const BY_ADDRESS: Pace = Pace { burst: 30, seconds: 30, table: 0 };
/// Tries of one account from browsers without its device mark, from everywhere together.
const BY_ACCOUNT: Pace = Pace { burst: 10, seconds: 180, table: 1 };
/// Tries of one account from one browser with its device mark.
const BY_DEVICE: Pace = Pace { burst: 10, seconds: 60, table: 2 };
/// Codes of one account whose password was right.
const BY_CODE: Pace = Pace { burst: 10, seconds: 360, table: 3 };

/// Where somebody signs in from.
#[derive(Debug, Clone, Default)]
pub struct SignInFrom {
    /// His address.
    pub ip: Option<IpAddr>,
    /// What is counted together: the address, or of IPv6 its network.
    pub counted: String,
    /// The browser's own name.
    pub agent: String,
    /// The device mark that it brought, empty for none.
    pub device: String,
}

/// A session that has just begun.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its id.
    pub id: i64,
    /// Who signed in.
    pub user_id: i64,
    /// Kind of his account.
    pub level: Level,
    /// What opens it: for the browser alone, stored as a hash.
    pub token: String,
    /// False where a code of the second factor is still wanted.
    pub is_confirmed: bool,
    /// Seconds after which it ends whatever happens.
    pub seconds: i64,
    /// The device mark for this browser.
    pub device: String,
}

/// What comes of an attempt to sign in.
#[derive(Debug, Clone)]
pub enum SignedIn {
    /// It worked.
    Opened(Opened),
    /// Wrong login, password or code; or a blocked account. Nobody is told which.
    Refused,
    /// The account was registered and waits for an operator; only who knows the password is told.
    Waiting,
    /// Too many tries: the next one after so many seconds.
    Later(i64),
}

/// Who is behind a session.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// As operations take him.
    pub caller: Caller,
    /// What others call him.
    pub name: String,
    /// What he signs in with.
    pub login: String,
    /// Language of his pages: `en`, `ru` or `uk`.
    pub language: String,
    /// IANA time zone of his dates.
    pub time_zone: String,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// Session id.
    pub id: i64,
    /// From where he signed in, empty for nowhere known.
    pub ip: String,
    /// From where it was last used.
    pub ip_used: String,
    /// Browser and system, as far as its own name tells; else that name.
    pub agent: String,
    /// When he signed in.
    pub date_created: Time,
    /// When it was last used, to a minute.
    pub date_used: Time,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// The newest use of each session that is not stored yet.
#[derive(Default)]
pub(crate) struct SessionUses(Mutex<BTreeMap<i64, (Time, String)>>);

impl SessionUses {
    fn note(&self, session: &Session, now: Time, ip: &str) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.0 - session.date_used >= EVERY_SECONDS {
            uses.insert(session.id, (now, ip.to_owned()));
        }
    }

    /// A use that is not written down yet counts.
    fn last(&self, session: &Session) -> i64 {
        let uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        uses.get(&session.id).map_or(session.date_used, |(at, _)| session.date_used.max(at.0))
    }

    fn take(&self) -> BTreeMap<i64, (Time, String)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long a session lives at most, and how long unused, in seconds. Operators' open the most, so they live shortest.
fn lifetime(level: Level) -> (i64, i64) {
    match level {
        Level::Operator => (7 * 86_400, 12 * 3600),
        _ => (30 * 86_400, 7 * 86_400),
    }
}

/// `Chrome, Linux` of what a browser calls itself.
fn browser(agent: &str) -> String {
    match Parser::new().parse(agent) {
        Some(known) if known.name != "UNKNOWN" => format!("{}, {}", known.name, known.os),
        _ => agent.to_owned(),
    }
}

impl Engine {
    /// Signs in. What it takes does not tell whether an account exists.
    pub async fn session_create(&self, from: &SignInFrom, login: &str, password: &str) -> Result<SignedIn> {
        let login = login_plain(login);
        let address = format!("address {}", from.counted);
        if let Err(seconds) = self.try_take(&address, BY_ADDRESS) {
            return Ok(SignedIn::Later(seconds));
        }
        let (what, pace) = match self.device_of(&login, &from.device).await? {
            Some(device) => (format!("device {device}"), BY_DEVICE),
            None => (format!("account {login}"), BY_ACCOUNT),
        };
        if let Err(seconds) = self.try_take(&what, pace) {
            return Ok(SignedIn::Later(seconds));
        }
        let caller = match self.sign_in(&login, password).await {
            Ok(caller) => caller,
            Err(Error::Unauthorized) => return self.refused(&login, password).await,
            Err(other) => return Err(other),
        };
        self.throttle().give_back(&address, BY_ADDRESS);
        self.throttle().give_back(&what, pace);
        self.session_begin(caller, from).await.map(SignedIn::Opened)
    }

    /// Why nobody was signed in. An account that waits costs another hash; whoever sees that has typed its login.
    async fn refused(&self, login: &str, password: &str) -> Result<SignedIn> {
        let person = person::by_login(&self.store().read(), login).await?;
        match person.filter(|person| person.status == UserStatus::Waiting.code()) {
            Some(person) if password_fits(password.to_owned(), person.password_hash.clone()).await? => {
                Ok(SignedIn::Waiting)
            }
            _ => Ok(SignedIn::Refused),
        }
    }

    async fn session_begin(&self, caller: Caller, from: &SignInFrom) -> Result<Opened> {
        let factor = second_factor::view(&self.store().read(), caller.user_id).await?;
        let is_confirmed = factor.is_none_or(|factor| factor.date_confirmed.is_none());
        let token = self.rng().letters(TOKEN_LETTERS);
        let seconds = if is_confirmed { lifetime(caller.level).0 } else { CODE_SECONDS };
        let now = self.now();
        let ip = from.ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default();
        let row = &Session {
            id: 0,
            user_id: caller.user_id,
            hash: fingerprint(&token),
            is_confirmed,
            tries: 0,
            ip: ip.clone(),
            ip_used: ip,
            agent: from.agent.chars().filter(|c| !c.is_control()).take(AGENT_LENGTH).collect(),
            date_created: now.0,
            date_used: now.0,
            date_end: now.plus(seconds).0,
            date_revoked: None,
        };
        let caller = Caller { origin: Origin { ip: from.ip, ..caller.origin }, ..caller };
        let write = self.store().write(move |db| async move {
            let id = session::create(&db, row.clone()).await?;
            let changes =
                Changes::updated(row, row).also("session", json!({"begun": id, "agent": row.agent}));
            self.note(&db, caller, Resource::Profile, caller.user_id, changes).await?;
            Ok(id)
        });
        let id = write.await?;
        let device = self.device_mark(caller.user_id);
        Ok(Opened { id, user_id: caller.user_id, level: caller.level, token, is_confirmed, seconds, device })
    }

    /// Takes the code of the second factor, or a recovery code, for a session that waits for it. A right one gives the
    /// session a new token; too many wrong ones end it.
    pub async fn session_confirm(&self, token: &str, code: &str) -> Result<SignedIn> {
        let found = session::with_owner(&self.store().read(), &fingerprint(token)).await?;
        let Some((row, owner)) =
            found.filter(|(row, _)| !row.is_confirmed && row.works(self.now(), i64::MAX))
        else {
            return Ok(SignedIn::Refused);
        };
        let what = format!("code {}", owner.id);
        if let Err(seconds) = self.try_take(&what, BY_CODE) {
            return Ok(SignedIn::Later(seconds));
        }
        let fresh = &self.rng().letters(TOKEN_LETTERS);
        let (seconds, _) = lifetime(owner.caller().level);
        let row_id = row.id;
        let owner = &owner;
        let is_right = self
            .store()
            .write(move |db| async move { self.code_take(&db, owner, row_id, code, (fresh, seconds)).await })
            .await?;
        if !is_right {
            return Ok(SignedIn::Refused);
        }
        self.throttle().give_back(&what, BY_CODE);
        let device = self.device_mark(owner.id);
        let token = fresh.clone();
        Ok(SignedIn::Opened(Opened {
            id: row_id,
            user_id: owner.id,
            level: owner.caller().level,
            token,
            is_confirmed: true,
            seconds,
            device,
        }))
    }

    async fn code_take(
        &self,
        db: &Db,
        owner: &User,
        id: i64,
        code: &str,
        (fresh, seconds): (&str, i64),
    ) -> Result<bool> {
        let now = self.now();
        let Some(row) = session::view_for_update(db, owner.id, id).await? else { return Ok(false) };
        if row.is_confirmed || row.date_revoked.is_some() {
            return Ok(false);
        }
        let proof = self.second_factor_prove(db, owner.id, code).await?;
        if proof == Proof::Wrong {
            let tries = row.tries + 1;
            let date_revoked = (tries >= CODE_TRIES).then_some(now.0);
            session::update(db, Session { tries, date_revoked, ..row }).await?;
            return Ok(false);
        }
        let row = Session {
            is_confirmed: true,
            hash: fingerprint(fresh),
            date_used: now.0,
            date_end: now.plus(seconds).0,
            ..row
        };
        let changes = Changes::updated(&row, &row).also("second_factor", json!(proof.word()));
        let caller =
            Caller { origin: Origin { ip: row.ip.parse().ok(), ..Origin::INSIDE }, ..owner.caller() };
        session::update(db, row).await?;
        self.note(db, caller, Resource::Profile, owner.id, changes).await?;
        Ok(true)
    }

    /// Who is behind a session's token that is used from `ip`; `None` for one that is over, and while a code is wanted.
    pub async fn session_visitor(&self, token: &str, ip: Option<IpAddr>) -> Result<Option<Visitor>> {
        let found = session::with_owner(&self.store().read(), &fingerprint(token)).await?;
        let Some((row, owner)) = found else { return Ok(None) };
        let caller = owner.caller();
        let now = self.now();
        let seen = Session { date_used: self.session_uses().last(&row), ..row };
        if !seen.is_confirmed || !seen.works(now, lifetime(caller.level).1) {
            return Ok(None);
        }
        let text = ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default();
        self.session_uses().note(&seen, now, &text);
        let origin = Origin { ip, session_id: seen.id, ..Origin::INSIDE };
        Ok(Some(Visitor {
            caller: Caller { origin, ..caller },
            name: owner.name,
            login: owner.login,
            language: owner.language,
            time_zone: owner.time_zone,
        }))
    }

    /// Whether a token's session waits for the code of the second factor.
    pub async fn session_waits(&self, token: &str) -> Result<bool> {
        let found = session::with_owner(&self.store().read(), &fingerprint(token)).await?;
        Ok(found.is_some_and(|(row, _)| !row.is_confirmed && row.works(self.now(), i64::MAX)))
    }

    /// Where the caller is signed in, newest first.
    pub async fn session_list(&self, caller: Caller) -> Result<Vec<SessionView>> {
        caller.may(Resource::Profile, Method::List)?;
        let now = self.now();
        let rows = session::list(&self.store().read(), caller.user_id, now).await?;
        let idle = lifetime(caller.level).1;
        let shown = rows.into_iter().filter_map(|row| {
            let last = self.session_uses().last(&row);
            (now.0 - last < idle).then(|| SessionView {
                id: row.id,
                ip: row.ip,
                ip_used: row.ip_used,
                agent: browser(&row.agent),
                date_created: Time(row.date_created),
                date_used: Time(last),
                is_this: row.id == caller.origin.session_id,
            })
        });
        Ok(shown.collect())
    }

    /// Ends one of the caller's sessions: at once, on all nodes.
    pub async fn session_delete(&self, caller: Caller, id: i64) -> Result<()> {
        caller.may(Resource::Profile, Method::Update)?;
        let write = self.store().write(move |db| async move {
            let row = session::view_for_update(&db, caller.user_id, id).await?.ok_or(Error::NotFound)?;
            if row.date_revoked.is_none() {
                let changes = Changes::updated(&row, &row).also("session", json!({"ended": id}));
                session::update(&db, Session { date_revoked: Some(self.now().0), ..row }).await?;
                self.note(&db, caller, Resource::Profile, caller.user_id, changes).await?;
            }
            Ok(())
        });
        write.await
    }

    /// Ends all of the caller's sessions but the one that asks.
    pub async fn session_delete_others(&self, caller: Caller) -> Result<()> {
        caller.may(Resource::Profile, Method::Update)?;
        let kept = caller.origin.session_id;
        let write = self.store().write(move |db| async move {
            let count = session::revoke_others(&db, caller.user_id, kept, self.now()).await?;
            let nothing = json!({});
            let changes =
                Changes::updated(&nothing, &nothing).also("session", json!({"others_ended": count}));
            self.note(&db, caller, Resource::Profile, caller.user_id, changes).await
        });
        write.await
    }

    /// Writes the last uses of sessions down.
    pub async fn session_uses_store(&self) -> Result<()> {
        let uses = &self.session_uses().take();
        if uses.is_empty() {
            return Ok(());
        }
        let write = self.store().write(move |db| async move {
            // In the order of the ids, so that two nodes wait for each other in one direction only.
            for (id, (at, ip)) in uses {
                session::set_used(&db, *id, *at, ip).await?;
            }
            Ok(())
        });
        write.await
    }

    /// Forgets sessions that have been over for a month.
    pub(crate) async fn session_delete_old(&self) -> Result<()> {
        let before = self.now().plus(-KEEP_SECONDS);
        self.store().write(move |db| async move { session::delete_old(&db, before).await }).await
    }

    /// Takes one try.
    ///
    /// # Errors
    /// Seconds until there is one.
    pub(crate) fn try_take(&self, what: &str, pace: Pace) -> Result<(), i64> {
        self.throttle().take(what, pace, self.clock().now_ms())
    }

    /// A mark by which a browser is known to have signed in to this account.
    fn device_mark(&self, user_id: i64) -> String {
        let name = self.rng().letters(DEVICE_LETTERS);
        format!("{user_id}.{name}.{}", self.device_check(user_id, &name))
    }

    fn device_check(&self, user_id: i64, name: &str) -> String {
        let mut check = self.vault().mac(format!("device {user_id} {name}").as_bytes());
        check.truncate(DEVICE_CHECK);
        check
    }

    /// The device mark that was brought, when it is one of this login's account.
    async fn device_of(&self, login: &str, brought: &str) -> Result<Option<String>> {
        let mut parts = brought.splitn(3, '.');
        let (Some(Ok(user_id)), Some(name), Some(check)) =
            (parts.next().map(str::parse::<i64>), parts.next(), parts.next())
        else {
            return Ok(None);
        };
        if self.device_check(user_id, name) != check {
            return Ok(None);
        }
        let person = person::by_login(&self.store().read(), login).await?;
        Ok(person.filter(|person| person.id == user_id).map(|_| brought.to_owned()))
    }
}
