//! Links, offers and landing pages as clicks see them: what is stored as text is read and compiled once.

use std::sync::Arc;

use jiff::tz::TimeZone;
use whocpa_domain::cap::{CapMeasure, read_caps};
use whocpa_domain::click::ReferrerMode;
use whocpa_domain::deeplink::DeeplinkHosts;
use whocpa_domain::input::read_json;
use whocpa_domain::landing::LandingKind;
use whocpa_domain::offer::{OfferStatus, with_mask};
use whocpa_domain::parked::DomainStatus;
use whocpa_domain::rotation::{EXPLORATION, LinkRotation, Route};
use whocpa_domain::schedule::zone;
use whocpa_domain::targeting::{Rules, Targeting};
use whocpa_domain::template::UrlTemplate;
use whocpa_domain::terms::{LateRule, LateTerms};
use whocpa_domain::way::AttributionRule;
use whocpa_store::domain::Domain;
use whocpa_store::finding::Source;
use whocpa_store::landing::Landing;
use whocpa_store::link::{Link, LinkCore};
use whocpa_store::offer::Offer;

use super::CapEntry;
use crate::check;

/// A tracked link, as clicks see it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LinkEntry {
    /// Link id, 0 for one that is not stored.
    pub id: i64,
    /// Whose it is.
    pub webmaster_id: i64,
    /// Where it leads.
    pub offer_id: i64,
    /// The page of the offer's site that a deeplink leads to.
    pub url_to: Option<Box<str>>,
    /// Where it is placed, 0 for nowhere in particular.
    pub area_id: i64,
    /// The promo material that it stands behind, 0 for none.
    pub promo_id: i64,
    /// Labels of clicks that bring none of their own; most links have none.
    pub subids: Option<Box<[String; 5]>>,
    /// Where visitors go who cannot go to the offer.
    pub url_traffback: Option<Box<BackAddress>>,
    /// How it hides the page that visitors come from; `None` for not at all.
    pub referrer: Option<ReferrerMode>,
    /// A deleted link still answers.
    pub is_deleted: bool,
    /// Stands for the stored row, 0 for a plain link and for one that is not stored.
    pub mark: u64,
    /// More than its offer and its labels; most links have none.
    pub plan: Option<Box<Plan>>,
}

/// How a link chooses.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// Whom it takes.
    pub targeting: Option<Rules>,
    /// How it chooses among offers.
    pub rotation: LinkRotation,
    /// Its ways: those with the lowest priority first; the last one is its own offer.
    pub ways: Box<[Way]>,
    /// A smart link also chooses among the webmaster's offers in these categories.
    pub categories: Box<[i64]>,
    /// Percent of its visitors that try other offers.
    pub exploration: i64,
}

/// A way to an offer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The offer.
    pub offer_id: i64,
    /// The wanted landing page, 0 for any.
    pub landing_id: i64,
    /// The wanted pre-landing page, 0 for any.
    pub prelanding_id: i64,
    /// Whom it takes.
    pub targeting: Option<Rules>,
    /// Share among ways of its priority.
    pub weight: i64,
    /// Lower ones are asked first.
    pub priority: i64,
}

/// An offer, as clicks and conversions see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferEntry {
    /// Offer id.
    pub id: i64,
    /// Whose it is.
    pub advertiser_id: i64,
    /// Visitors may be sent, within the dates below.
    pub is_live: bool,
    /// Not before this, seconds.
    pub date_start: Option<i64>,
    /// Not from here on, seconds.
    pub date_stop: Option<i64>,
    /// Where they are sent; `None` when the stored address cannot be used.
    pub destination: Option<UrlTemplate>,
    /// Days that the cookie lives.
    pub cookie_ttl_days: i64,
    /// Days in which the advertiser decides about a lead, 0 for none agreed.
    pub decision_days: i64,
    /// Leads that nobody decided about in these days are approved.
    pub is_silence_approval: bool,
    /// Which pages deeplinks may lead to, with the query that is added to them; `None` when the offer allows none.
    pub deeplinks: Option<(DeeplinkHosts, String)>,
    /// How its leads are counted.
    pub leads: LeadRules,
    /// Whom it takes.
    pub targeting: Option<Rules>,
    /// Where visitors go whom it does not take.
    pub url_traffback: Option<Box<BackAddress>>,
    /// Its live landing and pre-landing pages.
    pub landings: Box<[Arc<LandingEntry>]>,
    /// Its categories.
    pub categories: Box<[i64]>,
    /// Its terms for late leads, as a click carries them; none while they are all paid and always were.
    pub terms: Option<Box<str>>,
    /// When it was stopped, seconds.
    pub date_stopped: Option<i64>,
    /// Its caps.
    pub caps: Box<[CapEntry]>,
    /// Nothing is left that pays for its leads, and its advertiser wants no visitors then.
    pub is_uncovered: bool,
    /// Sources that rules about the quality of traffic have paused.
    pub paused: Box<[PausedEntry]>,
    /// Stands for its stored rows, 0 for an offer that is not stored.
    pub mark: u64,
}

/// A source whose visitors are not sent to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PausedEntry {
    /// By which finding.
    pub finding_id: i64,
    /// Whose source it is.
    pub webmaster_id: i64,
    /// Which one.
    pub source: Source,
}

/// A traffic-back address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackAddress {
    /// The address.
    pub url: String,
    /// Its host, as names of hosts are compared.
    pub host: String,
}

/// A parked domain, as clicks see it.
#[derive(Debug, PartialEq, Eq)]
pub struct DomainEntry {
    /// Domain id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub webmaster_id: i64,
    /// Whether visitors can come through it.
    pub status: DomainStatus,
    /// By https too.
    pub is_secure: bool,
    /// What the network answers there.
    pub token: String,
}

/// How an offer's leads are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadRules {
    /// Days for which a telephone number is one lead, 0 for no such rule.
    pub phone_double_days: i64,
    /// A report without a click belongs to the click of its telephone number.
    pub is_phone_tracking: bool,
    /// Reports of browsers are taken without a signature.
    pub is_pixel: bool,
    /// Whose a lead is that only a cookie or a telephone number names the visitor of.
    pub attribution: AttributionRule,
}

impl Default for LeadRules {
    fn default() -> Self {
        Self {
            phone_double_days: 0,
            is_phone_tracking: false,
            is_pixel: false,
            attribution: AttributionRule::Last,
        }
    }
}

/// A landing page.
#[derive(Debug, PartialEq, Eq)]
pub struct LandingEntry {
    /// Landing id.
    pub id: i64,
    /// What it is there for.
    pub kind: LandingKind,
    /// Share in the rotation, 0 for none.
    pub weight: i64,
    /// Whom it takes.
    pub targeting: Option<Rules>,
    /// Its address.
    pub destination: UrlTemplate,
}

/// What cannot be read was written by a newer version, or by hand: it is passed over, and said.
fn read_or_say<T>(what: &str, id: i64, read: Result<T, String>) -> Option<T> {
    read.inspect_err(|wrong| {
        tracing::error!(what, id, wrong, "something stored cannot be read and is passed over");
    })
    .ok()
}

/// The rules of a stored targeting. One that cannot be read takes nobody: better no visitors than wrong ones.
fn rules(what: &str, id: i64, text: &str) -> Option<Rules> {
    if text.is_empty() {
        return None;
    }
    match read_or_say(what, id, Targeting::read(text)) {
        Some(targeting) => targeting.compile(),
        None => Rules::nobody(),
    }
}

/// A traffic-back address, unless it leads to this network's own name: visitors could go round for ever. Whether it leads
/// to a parked domain is asked when it is used, because domains come and go.
pub(super) fn traffback(url: String, own_host: Option<&str>) -> Option<Box<BackAddress>> {
    let host = check::host(&url)?;
    (own_host != Some(host.as_str())).then(|| Box::new(BackAddress { url, host }))
}

/// No labels.
const NO_SUBIDS: &[String; 5] = &[String::new(), String::new(), String::new(), String::new(), String::new()];

impl LinkEntry {
    /// Labels of clicks that bring none of their own.
    pub fn subid(&self) -> &[String; 5] {
        self.subids.as_deref().unwrap_or(NO_SUBIDS)
    }

    /// A stored link that is nothing but a way to its offer.
    pub(super) fn plain(row: &LinkCore) -> Self {
        let [first, rest] = [row.subid1.clone(), String::new()];
        let subids =
            (!first.is_empty()).then(|| Box::new([first, rest, String::new(), String::new(), String::new()]));
        let (id, webmaster_id, offer_id) = (row.id, row.webmaster_id, row.offer_id);
        Self { id, webmaster_id, offer_id, area_id: row.area_id, subids, ..Self::default() }
    }

    /// Whether it is the entry of this plain link.
    pub(super) fn is_plain_of(&self, row: &LinkCore) -> bool {
        self.mark == 0
            && (self.id, self.webmaster_id, self.offer_id) == (row.id, row.webmaster_id, row.offer_id)
            && (self.area_id, self.subid()[0].as_str()) == (row.area_id, row.subid1.as_str())
    }

    /// A stored link.
    pub(super) fn new(row: Link, own_host: Option<&str>) -> Self {
        Self {
            plan: plan(&row),
            id: row.id,
            webmaster_id: row.webmaster_id,
            offer_id: row.offer_id,
            url_to: Some(row.url_to).filter(|url| !url.is_empty()).map(String::into_boxed_str),
            area_id: row.area_id.unwrap_or(0),
            promo_id: row.promo_id.unwrap_or(0),
            subids: Some([row.subid1, row.subid2, row.subid3, row.subid4, row.subid5])
                .filter(|all| all.iter().any(|label| !label.is_empty()))
                .map(Box::new),
            url_traffback: traffback(row.url_traffback, own_host),
            referrer: ReferrerMode::from_code(row.referrer).filter(|mode| *mode != ReferrerMode::Keep),
            is_deleted: row.date_deleted.is_some(),
            mark: 0,
        }
    }
}

fn plan(row: &Link) -> Option<Box<Plan>> {
    let rotation = LinkRotation::from_code(row.rotation).unwrap_or(LinkRotation::Order);
    let is_plain = rotation == LinkRotation::Order
        && row.targeting.is_empty()
        && row.routes.is_empty()
        && row.landing_id.is_none()
        && row.prelanding_id.is_none();
    if is_plain {
        return None;
    }
    let routes: Vec<Route> = if row.routes.is_empty() {
        Vec::new()
    } else {
        read_or_say("the routes of a link", row.id, read_json(&row.routes)).unwrap_or_default()
    };
    let mut ways: Vec<Way> = routes.iter().map(Way::from).collect();
    ways.sort_by_key(|way| way.priority);
    ways.push(Way {
        offer_id: row.offer_id,
        landing_id: row.landing_id.unwrap_or(0),
        prelanding_id: row.prelanding_id.unwrap_or(0),
        targeting: None,
        weight: 1,
        priority: i64::MAX,
    });
    Some(Box::new(Plan {
        targeting: rules("the targeting of a link", row.id, &row.targeting),
        rotation,
        ways: ways.into_boxed_slice(),
        categories: numbers(&row.categories).into_boxed_slice(),
        exploration: row.exploration.unwrap_or(EXPLORATION),
    }))
}

impl From<&Route> for Way {
    fn from(route: &Route) -> Self {
        Self {
            offer_id: route.offer_id,
            landing_id: route.landing_id.unwrap_or(0),
            prelanding_id: route.prelanding_id.unwrap_or(0),
            targeting: route.targeting.compile(),
            weight: route.weight.unwrap_or(1),
            priority: route.priority,
        }
    }
}

impl From<Domain> for DomainEntry {
    fn from(row: Domain) -> Self {
        Self {
            id: row.id,
            name: row.name,
            webmaster_id: row.webmaster_id,
            // What a newer version wrote is no reason to send anybody away.
            status: DomainStatus::from_code(row.status).unwrap_or(DomainStatus::Failed),
            is_secure: row.is_secure,
            token: row.token,
        }
    }
}

/// The terms for late leads that a click of this offer carries.
fn terms(row: &Offer) -> Option<Box<str>> {
    let rule = LateRule::from_code(row.late_rule).unwrap_or(LateRule::Paid);
    let terms = LateTerms { version: row.terms_version, rule, days: row.late_days };
    (row.terms_version > 0).then(|| terms.text().into())
}

/// Numbers of a stored list, `1,2,3`.
pub(crate) fn numbers(text: &str) -> Vec<i64> {
    text.split(',').filter_map(|number| number.parse().ok()).collect()
}

impl OfferEntry {
    /// A stored offer, without what other tables know of it.
    pub(super) fn new(row: Offer, own_host: Option<&str>) -> Self {
        let zone =
            read_or_say("the time zone of an offer", row.id, zone(&row.time_zone)).unwrap_or(TimeZone::UTC);
        let caps = read_or_say("the caps of an offer", row.id, read_caps(&row.caps)).unwrap_or_default();
        let caps =
            caps.iter().filter_map(|cap| cap.rule().ok()).map(|rule| CapEntry::new(rule, zone.clone()));
        let hosts = || DeeplinkHosts::of_offer(&row.deeplink_hosts, &row.url_redirect);
        Self {
            terms: terms(&row),
            deeplinks: row.is_deeplink.then(|| (hosts(), row.utm_mask.clone())),
            id: row.id,
            advertiser_id: row.advertiser_id,
            is_live: row.status == OfferStatus::Live.code(),
            date_start: row.date_start,
            date_stop: row.date_stop,
            destination: UrlTemplate::parse(&with_mask(&row.url_redirect, &row.utm_mask)).ok(),
            cookie_ttl_days: row.cookie_ttl_days,
            decision_days: row.decision_days,
            is_silence_approval: row.is_silence_approval,
            leads: LeadRules {
                phone_double_days: row.phone_double_days,
                is_phone_tracking: row.is_phone_tracking,
                is_pixel: row.is_pixel,
                attribution: AttributionRule::from_code(row.attribution).unwrap_or(AttributionRule::Last),
            },
            targeting: rules("the targeting of an offer", row.id, &row.targeting),
            url_traffback: traffback(row.url_traffback, own_host),
            landings: Box::default(),
            categories: Box::default(),
            date_stopped: row.date_stopped,
            caps: caps.collect(),
            is_uncovered: false,
            paused: Box::default(),
            mark: 0,
        }
    }

    /// One of its live pages of a kind.
    pub fn landing(&self, id: i64, kind: LandingKind) -> Option<&Arc<LandingEntry>> {
        self.landings.iter().find(|landing| landing.id == id && landing.kind == kind)
    }

    /// The finding that paused this source of a webmaster.
    pub fn paused_by(&self, webmaster_id: i64, area_id: i64, subid1: &str) -> Option<i64> {
        let is_it = |entry: &&PausedEntry| {
            entry.webmaster_id == webmaster_id
                && match &entry.source {
                    Source::Area(id) => *id == area_id,
                    Source::Subid(text) => text == subid1,
                    Source::Webmaster => true,
                }
        };
        self.paused.iter().find(is_it).map(|entry| entry.finding_id)
    }

    /// Whether some of its caps count leads or money.
    pub fn counts_leads(&self) -> bool {
        self.caps.iter().any(|cap| cap.rule.measure != CapMeasure::Clicks)
    }
}

impl LandingEntry {
    /// A stored page with its offer's UTM mask; none when its address cannot be used.
    pub(super) fn new(row: &Landing, mask: &str) -> Option<Self> {
        Some(Self {
            id: row.id,
            kind: LandingKind::from_code(row.kind)?,
            weight: row.weight,
            targeting: rules("the targeting of a landing page", row.id, &row.targeting),
            destination: UrlTemplate::parse(&with_mask(&row.url, mask)).ok()?,
        })
    }
}
