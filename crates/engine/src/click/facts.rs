//! Gathering the facts of a visit: everything in memory, nothing that waits.

use std::collections::HashMap;
use std::hash::Hasher;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use siphasher::sip::SipHasher13;
use tokio::sync::watch;
use whocpa_domain::facts::{Agent, BotMark, ClickWay, ConnectionType, DeviceKind, Entry, Facts};
use whocpa_domain::geo::GeoType;
use whocpa_domain::tid::{ClickId, click_ms, first_click_id};
use whocpa_domain::{Result, Scope, Time};
use whocpa_store::{Store, click, geo};

use super::agent::Agents;
use super::networks::Networks;
use super::query::Sent;
use super::recent::{COUNT_LIMIT, Recent};
use super::track::Visit;
use crate::Rng;

/// Seconds of the window in which clicks of one visitor are counted.
const FLOOD_SECONDS: i64 = 60;
/// Visitors and addresses that are counted at a time: two million bytes.
const FLOOD_KEYS: usize = 1 << 18;
/// Clicks that are read at once when the last day is read.
const RECALL_CLICKS: i64 = 10_000;
/// Minutes in which a visitor is unique to an offer once.
const UNIQUE_MINUTES: u32 = 24 * 60;

/// What is told about visitors from outside.
#[derive(Debug, Clone)]
pub struct ClickConfig {
    /// Networks of data centres: their clicks are counted apart.
    pub data_centre: Vec<IpNet>,
    /// Networks of mobile operators.
    pub mobile: Vec<IpNet>,
    /// Clicks of one visitor (address and user agent) in a minute above which they are counted apart; 0 for no limit.
    pub flood_visitor: u32,
    /// Clicks from one address in a minute above which they are counted apart; 0 for no limit.
    pub flood_address: u32,
    /// Pairs of visitor and offer that are remembered at a time, 8 bytes each: as many as there are in 24 hours.
    pub unique_pairs: usize,
    /// Days that single clicks are kept, 0 for ever; sums are always kept.
    pub keep_days: u32,
}

impl Default for ClickConfig {
    fn default() -> Self {
        Self {
            data_centre: Vec::new(),
            mobile: Vec::new(),
            flood_visitor: 30,
            flood_address: 600,
            unique_pairs: 1 << 21,
            keep_days: 400,
        }
    }
}

/// Where facts come from.
pub(crate) struct FactSource {
    /// Country code to the country's region and all that it lies in.
    places: HashMap<String, Arc<[i64]>>,
    agents: Agents,
    data_centre: Networks,
    mobile: Networks,
    flood: Recent,
    flood_visitor: u32,
    flood_address: u32,
    unique: Recent,
    unique_pairs: usize,
    hash_key: [u8; 16],
    /// Whether [`recall`](Self::recall) was tried to its end.
    recalled: watch::Sender<bool>,
}

impl FactSource {
    /// Reads what does not change while the program runs.
    pub async fn open(store: &Store, config: &ClickConfig, rng: &Rng) -> Result<Self> {
        let rows = geo::list(&store.read(), Scope::All).await?;
        let parents: HashMap<i64, Option<i64>> = rows.iter().map(|row| (row.id, row.parent_id)).collect();
        let countries = rows.iter().filter(|row| row.r#type == GeoType::Country.code());
        let around = |id: i64| {
            let up = |id: &i64| parents.get(id).copied().flatten();
            // The tree is a few levels deep; a circle in it must not be walked for ever.
            std::iter::successors(Some(id), up).take(parents.len()).collect()
        };
        let mut hash_key = [0; 16];
        rng.fill(&mut hash_key);
        Ok(Self {
            places: countries.map(|row| (row.code.clone(), around(row.id))).collect(),
            agents: Agents::new()?,
            data_centre: Networks::new(&config.data_centre),
            mobile: Networks::new(&config.mobile),
            flood: Recent::new(FLOOD_KEYS, 1),
            flood_visitor: config.flood_visitor.min(COUNT_LIMIT - 1),
            flood_address: config.flood_address.min(COUNT_LIMIT - 1),
            unique: Recent::new(config.unique_pairs, UNIQUE_MINUTES),
            unique_pairs: config.unique_pairs,
            hash_key,
            recalled: watch::Sender::new(false),
        })
    }

    /// The facts of a visit, which counts in its minute.
    pub fn gather(&self, visit: &Visit<'_>, sent: Sent, id: ClickId, now: Time) -> Facts {
        let is_flood = self.is_flood(visit, now);
        self.read(visit, sent, (id, now), is_flood)
    }

    /// The facts of a visit that is only tried: it counts nowhere.
    pub fn try_out(&self, visit: &Visit<'_>, sent: Sent, id: ClickId, now: Time) -> Facts {
        self.read(visit, sent, (id, now), false)
    }

    fn read(&self, visit: &Visit<'_>, sent: Sent, (id, now): (ClickId, Time), is_flood: bool) -> Facts {
        // On a parked domain the host says whose the visitor is.
        let webmaster_id = visit.domain.map_or(sent.webmaster_id, |domain| domain.webmaster_id);
        let named = Entry::Pair { offer_id: sent.offer_id, webmaster_id };
        let entry = visit.entry.clone().unwrap_or(named);
        let country = iptocc::country_code(visit.ip).unwrap_or_default();
        let agent = self.agents.read(visit.ua);
        let connection = self.connection(visit.ip);
        Facts {
            ip: visit.ip,
            country: country.to_owned(),
            geo_ids: self.geo_ids(country),
            bot_mark: bot_mark(visit, &agent, connection, is_flood),
            agent,
            language: language(visit.languages),
            referer: visit.referer.to_owned(),
            connection,
            subid: sent.subid,
            keyword: sent.keyword,
            asked: sent.asked,
            domain_id: visit.domain.map_or(0, |domain| domain.id),
            is_returning: visit.is_returning,
            way: visit.way,
            ..Facts::new(now, id, entry)
        }
    }

    /// A country's region and all that it lies in, from the inside out.
    pub(crate) fn geo_ids(&self, country: &str) -> Arc<[i64]> {
        self.places.get(country).map(Arc::clone).unwrap_or_default()
    }

    /// The device of a user agent: the same text gives the same device.
    pub(crate) fn device(&self, ua: &str) -> DeviceKind {
        self.agents.read(ua).device
    }

    /// How an address is connected, as far as the operator's lists tell.
    fn connection(&self, ip: IpAddr) -> ConnectionType {
        if self.data_centre.contains(ip) {
            ConnectionType::DataCentre
        } else if self.mobile.contains(ip) {
            ConnectionType::Mobile
        } else {
            ConnectionType::Unknown
        }
    }

    /// Whether it is the first click of this visitor on this offer in 24 hours; it counts as clicked from now on.
    pub fn is_unique(&self, ip: IpAddr, ua: &str, offer_id: i64, at: Time) -> bool {
        self.unique.touch(self.key(offer_id, ip, ua), stamp(at, 60)) == 1
    }

    /// Reads first clicks of the last 24 hours from the store, so that a start forgets nobody; gives how many.
    pub async fn recall(&self, store: &Store, now: Time) -> Result<usize> {
        let first = first_click_id(now.plus(-i64::from(UNIQUE_MINUTES) * 60));
        let (mut before, mut count) = (ClickId::MAX, 0);
        loop {
            let (clicks, lowest) = click::first_clicks(&store.clicks(), first, before, RECALL_CLICKS).await?;
            for click in &clicks {
                if let Ok(ip) = click.ip.parse() {
                    let at = Time(click_ms(click.id).div_euclid(1000));
                    self.is_unique(ip, &click.ua, click.offer_id, at);
                }
            }
            count += clicks.len();
            match lowest {
                Some(lowest) if count < self.unique_pairs => before = lowest,
                _ => return Ok(count),
            }
        }
    }

    /// Tells those who wait that the visitors of the last day are known, or will not be.
    pub fn recall_ended(&self) {
        self.recalled.send_replace(true);
    }

    /// Waits for [`recall_ended`](Self::recall_ended).
    pub async fn wait_recalled(&self) {
        // It fails only when the sender is gone, and `self` keeps it.
        let _ = self.recalled.subscribe().wait_for(|ended| *ended).await;
    }

    /// Many people may share an address, so it may click more often than one visitor.
    fn is_flood(&self, visit: &Visit<'_>, now: Time) -> bool {
        let minute = stamp(now, FLOOD_SECONDS);
        let is_over = |ua: &str, kind: i64, limit: u32| {
            limit > 0 && self.flood.touch(self.key(kind, visit.ip, ua), minute) > limit
        };
        let visitor = is_over(visit.ua, -1, self.flood_visitor);
        is_over("", -2, self.flood_address) || visitor
    }

    /// A number that stands for a visitor and something; nobody outside can find two with the same.
    fn key(&self, kind: i64, ip: IpAddr, ua: &str) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        hasher.write_i64(kind);
        match ip {
            IpAddr::V4(ip) => hasher.write_u32(ip.into()),
            // A household has a whole network of 64 bits and changes its address in it.
            IpAddr::V6(ip) => hasher.write_u64(u64::try_from(u128::from(ip) >> 64).unwrap_or(0)),
        }
        hasher.write(ua.as_bytes());
        hasher.finish()
    }
}

/// The first of these that is true.
fn bot_mark(visit: &Visit<'_>, agent: &Agent, connection: ConnectionType, is_flood: bool) -> BotMark {
    if visit.is_prefetch {
        BotMark::Prefetch
    } else if visit.ua.is_empty() && visit.way != ClickWay::Server {
        // A server that sends its buyer's order need not know his browser.
        BotMark::EmptyAgent
    } else if agent.is_crawler {
        BotMark::Crawler
    } else if connection == ConnectionType::DataCentre {
        BotMark::DataCentre
    } else if is_flood {
        BotMark::Flood
    } else {
        BotMark::None
    }
}

/// Units of so many seconds since 1970; the tables take the lower bits.
fn stamp(at: Time, seconds: i64) -> u32 {
    u32::try_from(at.0.div_euclid(seconds) & 0xf_ffff).unwrap_or(0)
}

/// The first language of `Accept-Language`: `ru-RU,ru;q=0.9` -> `ru`.
fn language(header: &str) -> String {
    let first = header.split([',', ';', '-']).next().unwrap_or_default().trim();
    if first.len() <= 8 && first.bytes().all(|b| b.is_ascii_alphabetic()) {
        first.to_ascii_lowercase()
    } else {
        String::new()
    }
}
