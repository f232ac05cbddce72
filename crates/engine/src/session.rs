//! Sessions of people who signed in (`sign_in.rs`): who is behind them, and how they end (trust T4).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use serde_json::json;
use whocpa_domain::access::Origin;
use whocpa_domain::{Error, Level, Method, Resource, Result, Time};
use whocpa_store::session::{self, Session};
use woothee::parser::Parser;

use crate::audit::Changes;
use crate::throttle::Pace;
use crate::vault::fingerprint;
use crate::{Caller, Engine};

/// Seconds for which sessions that are over are kept for those who look into what happened.
const KEEP_SECONDS: i64 = 30 * 86_400;
/// A use this long after the last one that is stored is worth writing, in seconds.
const EVERY_SECONDS: i64 = 60;

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
    /// The device mark for this browser, empty while a code is still wanted.
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
pub(crate) fn lifetime(level: Level) -> (i64, i64) {
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

    /// Gives a try back where the work could not be done at all: nothing was learned from it.
    pub(crate) fn try_returned<T>(&self, what: &str, pace: Pace, done: Result<T>) -> Result<T> {
        if matches!(done, Err(Error::Unavailable(_))) {
            self.throttle().give_back(what, pace);
        }
        done
    }
}
