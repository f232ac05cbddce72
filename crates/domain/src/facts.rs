//! Facts: everything that may be looked at when a click is decided, gathered before and by nobody else.
//!
//! A decision is a pure function of the catalogue and these facts, so that it can be tried (`simulate`), tested and
//! explained later. What depends on the offer that is chosen is no fact: whether the click is the visitor's first one
//! on that offer in 24 hours is found after the decision.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::tid::ClickId;
use crate::{Time, codes};

codes! {
    /// What the visitor held in his hand.
    pub enum DeviceKind {
        Other = 0 "other or unknown",
        Desktop = 1 "desktop computer",
        Phone = 2 "phone",
        Tablet = 3 "tablet",
        Television = 4 "television set or console",
    }
}

codes! {
    /// How the visitor is connected, as far as the operator's lists of networks tell: nothing else is known of it.
    pub enum ConnectionType {
        Unknown = 0 "in no list of networks",
        Mobile = 1 "a mobile operator's network",
        DataCentre = 2 "a data centre's network",
    }
}

codes! {
    /// Why a click is counted apart from people's clicks.
    pub enum BotMark {
        None = 0 "no mark",
        Crawler = 1 "a known crawler by its user agent",
        DataCentre = 2 "an address of a data centre",
        Flood = 3 "too many clicks of one visitor",
        EmptyAgent = 4 "no user agent",
        Prefetch = 5 "asked for ahead of a visit, or without its page",
    }
}

codes! {
    /// How a click came about.
    pub enum ClickWay {
        Redirect = 0 "the visitor was redirected",
        Script = 1 "a page reported the visit by the network's script",
        Picture = 2 "a page reported the visit by a picture",
        Form = 3 "the visitor opened the network's order form",
        Server = 4 "a server sent a lead without a visit",
    }
}

/// What names the link that was clicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// `/go/<code>`: a stored link.
    Code(String),
    /// `/click?offer_id=&aff_id=`: a webmaster's visitor for an offer, without a stored link.
    Pair {
        /// The offer that was named.
        offer_id: i64,
        /// The webmaster who was named.
        webmaster_id: i64,
    },
}

/// What a user agent says. Names are those of the parser, versions as written; both empty when unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Kind of device.
    pub device: DeviceKind,
    /// Operating system: `Android`, `iPhone`, `iPad`, `Windows 10`, `Mac OSX` …
    pub os: String,
    /// Its version: `15.3.1`.
    pub os_version: String,
    /// Browser: `Chrome`, `Safari`, `Firefox` …
    pub browser: String,
    /// Its version: `126.0.0.0`.
    pub browser_version: String,
    /// A robot that says so.
    pub is_crawler: bool,
}

impl Default for Agent {
    fn default() -> Self {
        let [os, os_version, browser, browser_version] = <[String; 4]>::default();
        Self { device: DeviceKind::Other, os, os_version, browser, browser_version, is_crawler: false }
    }
}

/// What the address asked for beyond the link itself; 0 and empty for nothing. Whoever uses one of these checks that
/// it belongs to the offer that is chosen: everybody can write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `landing_id`.
    pub landing_id: i64,
    /// `promo_id`.
    pub promo_id: i64,
    /// `product_id`.
    pub product_id: i64,
    /// `stock_id`.
    pub stock_id: i64,
    /// `deeplink`: a page of the advertiser, to be judged by the offer's own hosts.
    pub deeplink: String,
}

/// What is known of a visit when it is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The moment.
    pub now: Time,
    /// The click's number: what chooses by shares takes it, so that the choice can be made again.
    pub id: ClickId,
    /// Which link.
    pub entry: Entry,
    /// How the visit came about.
    pub way: ClickWay,
    /// The visitor's address.
    pub ip: IpAddr,
    /// ISO 3166 code of its country, empty when unknown.
    pub country: String,
    /// That country in the tree of regions and all regions that it lies in, from the inside out; empty when unknown.
    /// Regions and cities within a country are not known of an address.
    pub geo_ids: Arc<[i64]>,
    /// What the user agent says.
    pub agent: Arc<Agent>,
    /// First accepted language, lower case, without its country; empty when unknown.
    pub language: String,
    /// Page that the visitor came from, empty when unknown.
    pub referer: String,
    /// How the visitor is connected.
    pub connection: ConnectionType,
    /// The labels that the visit brought; the link's own stand in for empty ones.
    pub subid: [String; 5],
    /// Search phrase.
    pub keyword: String,
    /// What the address asked for.
    pub asked: Asked,
    /// Parked domain that the visitor came through, 0 for the network's own.
    pub domain_id: i64,
    /// The visitor brought a cookie of an earlier click.
    pub is_returning: bool,
    /// Why the click will be counted apart.
    pub bot_mark: BotMark,
    /// The visitor was sent to traffic-back addresses several times in the last seconds: he is going round.
    pub is_back: bool,
}

impl Facts {
    /// A visit of which nothing else is known.
    pub fn new(now: Time, id: ClickId, entry: Entry) -> Self {
        Self {
            now,
            id,
            entry,
            way: ClickWay::Redirect,
            ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            country: String::new(),
            geo_ids: Arc::default(),
            agent: Arc::default(),
            language: String::new(),
            referer: String::new(),
            connection: ConnectionType::Unknown,
            subid: Default::default(),
            keyword: String::new(),
            asked: Asked::default(),
            domain_id: 0,
            is_returning: false,
            bot_mark: BotMark::None,
            is_back: false,
        }
    }
}
