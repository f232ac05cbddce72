//! Guard rails: how much one caller may ask, how large and how slow a request may be, how many run at once.
//!
//! Figures are settings (`[limits]`), published in the reference and in OpenAPI. They hold for one process: behind a
//! balancer, several nodes together allow as many times more, and a caller sees the figures of the node that answers.
//!
//! `/go` is outside all of this: a visitor is redirected whatever happens (design §5). `/pb` has no rate: a conversion
//! that is refused may never be sent again, its token is looked up in memory, and an unknown one costs no database.

mod address;
mod gate;
mod guard;
mod rate;
mod ticks;

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use whocpa_domain::{Method, Resource};

pub(crate) use address::counted;
pub use guard::{Guard, Place, around, is_multipart};
pub use rate::{Limiter, Refused, Standing};

/// Most headers of a request.
pub const HEADERS_LIMIT: usize = 64;
/// Longest head of a request that is answered in words, in bytes: address and headers.
pub const HEAD_LIMIT: usize = 32 << 10;
/// Longest address of a request, in bytes.
pub const URI_LIMIT: usize = 16 << 10;

/// All guard rails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Requests a minute.
    pub rate: RateConfig,
    /// Requests to the API and to pages that run at once; `/pb` has as many of its own, and so have browsers' reports.
    pub concurrent: usize,
    /// Requests to the API and to pages that run at once from one address; of `/pb` and browsers' reports, those whose
    /// bodies still arrive.
    pub concurrent_per_address: usize,
    /// Seconds within which the head of a request must arrive, and that a kept connection may be idle.
    pub head_seconds: u64,
    /// Seconds for which a client may read nothing of its answer.
    pub write_seconds: u64,
    /// Seconds within which a body must arrive.
    pub body_seconds: u64,
    /// Seconds within which a body of `multipart/form-data` must arrive.
    pub upload_seconds: u64,
    /// Seconds after which a request that still runs is told so.
    pub answer_seconds: u64,
    /// Seconds after which a repeated request may take over an `Idempotency-Key` whose first request has not ended.
    pub claim_seconds: i64,
}

/// Requests a minute; all of them may come at once, then they grow back evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateConfig {
    /// Multiplies all figures: for load tests.
    pub multiply: NonZeroU32,
    /// Without a key, from one address (of IPv6: from one /64).
    pub guest: Figures,
    /// With one key.
    pub key: Figures,
    /// With all keys of one account.
    pub account: Figures,
    /// Wrong keys from one address.
    pub wrong_keys: NonZeroU32,
}

/// Requests a minute by what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// Lists and views.
    pub read: NonZeroU32,
    /// Lists of what grows without end, see [`Kind::of`].
    pub heavy: NonZeroU32,
    /// Updates, creations, deletions.
    pub write: NonZeroU32,
    /// The same in `multipart/form-data`.
    pub upload: NonZeroU32,
}

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A list or view.
    Read,
    /// A list of what grows without end.
    Heavy,
    /// An update, creation or deletion.
    Write,
    /// The same in `multipart/form-data`.
    Upload,
}

impl Kind {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Read, Self::Heavy, Self::Write, Self::Upload];

    /// What this method of this resource costs.
    pub fn of(resource: Resource, method: Method, is_multipart: bool) -> Self {
        use Resource::{Audit, Click, Delivery, Event, Lead, Product, Stat, Transfer};
        match method {
            Method::List
                if matches!(
                    resource,
                    Audit | Click | Delivery | Event | Lead | Product | Stat | Transfer
                ) =>
            {
                Self::Heavy
            }
            Method::List | Method::View => Self::Read,
            Method::Update | Method::Create | Method::Delete if is_multipart => Self::Upload,
            Method::Update | Method::Create | Method::Delete => Self::Write,
        }
    }

    /// Name in settings and texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Heavy => "heavy",
            Self::Write => "write",
            Self::Upload => "upload",
        }
    }

    /// In words, for OpenAPI and refusals.
    pub fn words(self) -> &'static str {
        match self {
            Self::Read => "lists and views",
            Self::Heavy => {
                "lists of leads, events, clicks, statistics, transfers, deliveries, products and audit entries"
            }
            Self::Write => "updates, creations and deletions",
            Self::Upload => "updates and creations in multipart/form-data",
        }
    }
}

impl Figures {
    const fn new(read: u32, heavy: u32, write: u32, upload: u32) -> Self {
        Self { read: figure(read), heavy: figure(heavy), write: figure(write), upload: figure(upload) }
    }

    /// Requests of one kind.
    pub fn of(&self, kind: Kind) -> NonZeroU32 {
        match kind {
            Kind::Read => self.read,
            Kind::Heavy => self.heavy,
            Kind::Write => self.write,
            Kind::Upload => self.upload,
        }
    }
}

const fn figure(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(figure) => figure,
        None => NonZeroU32::MIN,
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            rate: RateConfig::default(),
            concurrent: 1024,
            concurrent_per_address: 128,
            head_seconds: 30,
            write_seconds: 30,
            body_seconds: 30,
            upload_seconds: 120,
            answer_seconds: 30,
            claim_seconds: 15,
        }
    }
}

impl Default for RateConfig {
    fn default() -> Self {
        Self {
            multiply: NonZeroU32::MIN,
            guest: Figures::new(300, 60, 60, 10),
            key: Figures::new(1200, 240, 600, 60),
            account: Figures::new(3600, 600, 1800, 120),
            wrong_keys: figure(20),
        }
    }
}

impl Default for Figures {
    fn default() -> Self {
        RateConfig::default().guest
    }
}

/// A published figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Who is counted.
    pub who: &'static str,
    /// What is counted.
    pub what: &'static str,
    /// How many a minute.
    pub per_minute: u32,
}

impl RateConfig {
    /// Requests a minute after [`RateConfig::multiply`].
    pub fn times(&self, figure: NonZeroU32) -> NonZeroU32 {
        figure.saturating_mul(self.multiply)
    }

    /// Every figure with the words that tell it to callers, for the reference and OpenAPI.
    pub fn published(&self) -> Vec<Published> {
        let groups = [
            ("requests without a key, from one address", self.guest),
            ("requests with one key", self.key),
            ("requests with all keys of one account", self.account),
        ];
        let all = groups.into_iter().flat_map(|(who, figures)| Kind::ALL.map(|kind| (who, figures, kind)));
        let mut rows: Vec<Published> = all
            .map(|(who, figures, kind)| Published {
                who,
                what: kind.words(),
                per_minute: self.times(figures.of(kind)).get(),
            })
            .collect();
        let per_minute = self.times(self.wrong_keys).get();
        rows.push(Published { who: "one address", what: "wrong keys", per_minute });
        rows
    }
}
