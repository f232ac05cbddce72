//! Requests a minute, by key, account and address: token buckets of the crate `governor`.
//!
//! Memory is bounded: a bucket that is full again is no different from none, and is swept away. One that was used once
//! is full after a minute divided by its figure, so what is kept is at most what a minute's requests can fill.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use dashmap::DashMap;
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use whocpa_domain::Clock;

use super::address::counted;
use super::ticks::Ticks;
use super::{Figures, Kind, RateConfig};

/// Requests after which full buckets are swept away.
const SWEEP_EVERY: u64 = 10_000;
/// Keys that were right, remembered at least.
const FAMILIAR: usize = 10_000;
/// Seconds in which a bucket fills.
const WINDOW: u32 = 60;

/// How a caller stands with one of his limits: what the `RateLimit-…` headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests in 60 seconds.
    pub limit: u32,
    /// Requests that are left at once.
    pub remaining: u32,
    /// Seconds until all of them are there again.
    pub reset: u32,
}

/// A request too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// How the caller stands.
    pub standing: Standing,
    /// Seconds until the next request is answered.
    pub retry_after: u32,
    /// What there were too many of.
    pub what: &'static str,
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    Address(IpAddr),
    Key(i64),
    Account(i64),
}

/// The buckets of one figure.
struct Buckets {
    limit: NonZeroU32,
    what: &'static str,
    ticks: Ticks,
    limiter: RateLimiter<Subject, DashMapStateStore<Subject>, Ticks, StateInformationMiddleware>,
    used: AtomicU64,
}

impl Buckets {
    fn new(limit: NonZeroU32, what: &'static str, ticks: &Ticks) -> Self {
        let limiter = RateLimiter::dashmap_with_clock(Quota::per_minute(limit), ticks.clone());
        Self {
            limit,
            what,
            ticks: ticks.clone(),
            limiter: limiter.with_middleware(),
            used: AtomicU64::new(0),
        }
    }

    fn take(&self, subject: Subject) -> Result<Standing, Refused> {
        if self.used.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        match self.limiter.check_key(&subject) {
            Ok(state) => Ok(self.standing(state.remaining_burst_capacity())),
            Err(until) => Err(Refused {
                standing: self.standing(0),
                retry_after: seconds_up(until.wait_time_from(self.ticks.now())),
                what: self.what,
            }),
        }
    }

    fn standing(&self, remaining: u32) -> Standing {
        let limit = self.limit.get();
        let missing = u64::from(limit.saturating_sub(remaining));
        let reset = (missing * u64::from(WINDOW)).div_ceil(u64::from(limit));
        Standing { limit, remaining, reset: u32::try_from(reset).unwrap_or(WINDOW) }
    }
}

fn seconds_up(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(1000)).unwrap_or(WINDOW).max(1)
}

/// All rates of one process.
pub struct Limiter {
    guest: [Buckets; 4],
    key: [Buckets; 4],
    account: [Buckets; 4],
    wrong: WrongKeys,
}

impl Limiter {
    /// With the figures of the settings.
    pub fn new(config: &RateConfig, clock: Arc<dyn Clock>) -> Self {
        let ticks = Ticks::new(clock);
        let buckets = |figures: Figures| {
            Kind::ALL.map(|kind| Buckets::new(config.times(figures.of(kind)), kind.words(), &ticks))
        };
        Self {
            guest: buckets(config.guest),
            key: buckets(config.key),
            account: buckets(config.account),
            wrong: WrongKeys::new(config.times(config.wrong_keys), &ticks),
        }
    }

    /// Counts a request without a key.
    ///
    /// # Errors
    /// A request too many.
    pub fn guest(&self, ip: IpAddr, kind: Kind) -> Result<Standing, Refused> {
        self.guest[kind as usize].take(Subject::Address(counted(ip)))
    }

    /// Counts a request with a key; gives the closer of the two limits.
    ///
    /// # Errors
    /// A request too many, with this key or with all keys of its account.
    pub fn key(&self, key_id: i64, user_id: i64, kind: Kind) -> Result<Standing, Refused> {
        let account = self.account[kind as usize].take(Subject::Account(user_id))?;
        let key = self.key[kind as usize].take(Subject::Key(key_id))?;
        Ok(if account.remaining < key.remaining { account } else { key })
    }

    /// Wrong keys.
    pub fn wrong_keys(&self) -> &WrongKeys {
        &self.wrong
    }
}

/// Guessing: an address that sent too many wrong keys must wait, except with keys that were right from there before.
/// So nobody is locked out by guesses at his key from elsewhere, or by a neighbour behind the same address.
pub struct WrongKeys {
    buckets: Buckets,
    closed: DashMap<IpAddr, Duration>,
    hasher: RandomState,
    familiar: RwLock<Familiar>,
}

/// What was right lately, as hashes; older ones go when newer ones come.
#[derive(Default)]
struct Familiar {
    newer: HashSet<u64>,
    older: HashSet<u64>,
}

impl WrongKeys {
    fn new(limit: NonZeroU32, ticks: &Ticks) -> Self {
        Self {
            buckets: Buckets::new(limit, "wrong keys", ticks),
            closed: DashMap::new(),
            hasher: RandomState::new(),
            familiar: RwLock::default(),
        }
    }

    /// Before a key is looked up.
    ///
    /// # Errors
    /// The address sent too many wrong ones, and this one was not right from there before.
    pub fn check(&self, ip: IpAddr, key: &str) -> Result<(), Refused> {
        let Some(until) = self.closed.get(&counted(ip)).map(|until| *until) else { return Ok(()) };
        let wait = until.saturating_sub(self.buckets.ticks.now());
        if wait.is_zero() || self.is_familiar(ip, key) {
            return Ok(());
        }
        let retry_after = seconds_up(wait);
        Err(Refused { standing: self.buckets.standing(0), retry_after, what: self.buckets.what })
    }

    /// A key that was right.
    pub fn right(&self, ip: IpAddr, key: &str) {
        let hash = self.hash(ip, key);
        if self.read(|familiar| familiar.newer.contains(&hash)) {
            return;
        }
        let mut familiar = self.familiar.write().unwrap_or_else(PoisonError::into_inner);
        if familiar.newer.len() >= FAMILIAR {
            familiar.older = std::mem::take(&mut familiar.newer);
        }
        familiar.newer.insert(hash);
    }

    /// A key that was wrong.
    ///
    /// # Errors
    /// One too many.
    pub fn wrong(&self, ip: IpAddr, key: &str) -> Result<Standing, Refused> {
        let (hash, address) = (self.hash(ip, key), counted(ip));
        if self.is_familiar(ip, key) {
            // It was revoked.
            let mut familiar = self.familiar.write().unwrap_or_else(PoisonError::into_inner);
            familiar.newer.remove(&hash);
            familiar.older.remove(&hash);
        }
        let now = self.buckets.ticks.now();
        if self.buckets.used.load(Ordering::Relaxed).is_multiple_of(SWEEP_EVERY) {
            self.closed.retain(|_, until| *until > now);
        }
        let taken = self.buckets.take(Subject::Address(address));
        let wait = match &taken {
            Ok(standing) if standing.remaining > 0 => return taken,
            Ok(_) => WINDOW / self.buckets.limit.get(),
            Err(refused) => refused.retry_after,
        };
        self.closed.insert(address, now + Duration::from_secs(u64::from(wait.max(1))));
        taken
    }

    fn is_familiar(&self, ip: IpAddr, key: &str) -> bool {
        let hash = self.hash(ip, key);
        self.read(|familiar| familiar.newer.contains(&hash) || familiar.older.contains(&hash))
    }

    fn read<T>(&self, look: impl FnOnce(&Familiar) -> T) -> T {
        look(&self.familiar.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nobody outside can make two keys meet here: the hash has a secret of this process.
    fn hash(&self, ip: IpAddr, key: &str) -> u64 {
        self.hasher.hash_one((counted(ip), key))
    }
}
