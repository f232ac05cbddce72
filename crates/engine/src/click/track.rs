//! One visit of a tracked link, from the request to the answer.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use whocpa_domain::click::{Click, ClickReason, ReferrerMode};
use whocpa_domain::facts::{BotMark, ClickWay, Entry, Facts};
use whocpa_domain::trace::{Check, Trace};
use whocpa_domain::way::AttributionRule;

use super::address::{address, host};
use super::log::Durability;
use super::query::{self, storable};
use super::record::encode;
use super::{Decision, decide};
use crate::Engine;
use crate::domain::ParkedHost;

/// Characters that are kept of a code that no link has.
const CODE_LIMIT: usize = 64;
/// Characters that are kept of a user agent or referrer.
const TEXT_LIMIT: usize = 2000;
/// Characters that are kept of the raw query.
const QUERY_LIMIT: usize = 8000;

/// What is known of a visitor. Texts are as the browser sent them.
#[derive(Debug, Clone)]
pub struct Visit<'a> {
    /// The link that was clicked; `None` when the query names offer and webmaster instead.
    pub entry: Option<Entry>,
    /// The raw query, without the question mark.
    pub query: &'a str,
    /// The visitor's address: of the socket, or told by a trusted proxy.
    pub ip: IpAddr,
    /// `User-Agent`, empty for none.
    pub ua: &'a str,
    /// `Referer`, empty for none.
    pub referer: &'a str,
    /// `Accept-Language`, empty for none.
    pub languages: &'a str,
    /// The parked domain that the visitor came through.
    pub domain: Option<ParkedHost>,
    /// The visitor brought a cookie of an earlier click.
    pub is_returning: bool,
    /// How it came about.
    pub way: ClickWay,
    /// The visitor was sent to traffic-back addresses several times in the last seconds.
    pub is_back: bool,
    /// A program asked for it ahead of a visit, or for its headers only.
    pub is_prefetch: bool,
}

impl Visit<'_> {
    /// A visit of the link with this code, of which nothing else is known.
    pub fn to(code: impl Into<String>) -> Self {
        Self {
            entry: Some(Entry::Code(code.into())),
            query: "",
            ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            ua: "",
            referer: "",
            languages: "",
            domain: None,
            is_returning: false,
            way: ClickWay::Redirect,
            is_back: false,
            is_prefetch: false,
        }
    }

    /// A visit whose query names offer and webmaster, of which nothing else is known.
    pub fn to_pair() -> Self {
        Self { entry: None, ..Self::to("") }
    }
}

/// What became of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked {
    /// The click's public id.
    pub tid: String,
    /// Why it goes where it goes.
    pub reason: ClickReason,
    /// Where to: the offer, or the link's traffic-back address. `None` means a page of ours that says why.
    pub location: Option<String>,
    /// The offer, 0 for an unknown code; names the cookie.
    pub offer_id: i64,
    /// Days that the cookie lives.
    pub cookie_ttl_days: i64,
    /// The visitor's first click counts: a cookie of an earlier one stays.
    pub keeps_first: bool,
    /// How the page that the visitor comes from is hidden; `None` for not at all.
    pub referrer: Option<ReferrerMode>,
    /// Something that the visitor brought was longer than what is kept.
    pub is_cut: bool,
    /// False when the log could not be made durable: the visitor is redirected all the same, the click is counted as
    /// unacknowledged and may be lost.
    pub is_durable: bool,
}

impl Engine {
    /// Whether a tid was given out by this network.
    pub fn tid_fits(&self, tid: &str) -> bool {
        self.tid_keys().read(tid).is_ok()
    }

    /// Decides about a visit, and takes its place in the caps of clicks. Each round finds one more full cap, of which
    /// there are not many: it ends.
    pub fn click_decide(&self, facts: &Facts) -> Decision {
        let catalogue = self.catalogue().now();
        let mut spent = self.catalogue().caps().spent();
        loop {
            let decision = decide(&catalogue, facts, &spent);
            let caps = self.catalogue().caps();
            // Who is counted apart meets full caps, and takes no place of people.
            let is_counted = facts.bot_mark == BotMark::None;
            let placed =
                if is_counted { caps.reserve(&decision.claims) } else { caps.room(&decision.claims) };
            match placed {
                Err(full) if spent.add(full) => {}
                _ => return decision,
            }
        }
    }

    /// Decides about a visit and remembers it; returns when the click is durable in the node's log (design §5.3).
    pub async fn click_track(&self, visit: Visit<'_>) -> Tracked {
        let (id, now) = (self.node_ids().next(), self.now());
        let mut sent = query::read(visit.query);
        let (params, is_cut) = (std::mem::take(&mut sent.params), sent.is_cut);
        let facts = Facts { is_back: visit.is_back, ..self.facts().gather(&visit, sent, id, now) };
        let decision = self.click_decide(&facts);
        let (mut click, is_cut) = record(facts, &visit, &decision, (params, is_cut));
        let is_sent = decision.reason == ClickReason::Sent;
        // Of those who go nowhere there is nothing to count.
        click.is_unique = is_sent && self.facts().is_unique(visit.ip, visit.ua, click.offer_id, now);
        let tid = self.tid_keys().write(id);
        let location = location(&decision, &click, &tid);
        click.trace = traced(decision.trace, &click, location.as_deref());
        let caps = self.catalogue().caps();
        let enter = |buffer: &mut Vec<u8>| {
            encode(&click, buffer);
            if caps.is_watching() {
                caps.note_sent(&click, &decision.claims);
            }
        };
        let durability = self.click_log().append(id, enter).await;
        Tracked {
            tid,
            reason: decision.reason,
            location,
            offer_id: click.offer_id,
            cookie_ttl_days: click.cookie_ttl_days,
            keeps_first: decision
                .offer
                .as_ref()
                .is_some_and(|offer| offer.leads.attribution == AttributionRule::First),
            referrer: decision.link.as_ref().and_then(|link| link.referrer),
            is_cut,
            is_durable: durability == Durability::Durable,
        }
    }
}

/// The click, and whether something in it had to be cut. `sent` is what was found in the query: its names and ids, and
/// whether something of it was cut.
pub(super) fn record(
    facts: Facts,
    visit: &Visit<'_>,
    decision: &Decision,
    sent: (String, bool),
) -> (Click, bool) {
    let (params, mut is_cut) = sent;
    let mut kept = |text: Cow<'_, str>, limit: usize| storable(text, limit, &mut is_cut);
    let link = decision.link.as_deref();
    let mut subid = facts.subid;
    for (slot, default) in subid.iter_mut().zip(link.iter().flat_map(|link| link.subid())) {
        if slot.is_empty() {
            slot.clone_from(default);
        }
    }
    let code = match facts.entry {
        Entry::Code(code) => kept(code.into(), CODE_LIMIT),
        Entry::Pair { .. } => String::new(),
    };
    // Of those who go nowhere, nothing was shown. Whether they are the offer's is known when the click is stored.
    let asked = |id: i64| if decision.reason == ClickReason::Sent { id } else { 0 };
    let click = Click {
        id: facts.id,
        link_id: link.map_or(0, |link| link.id),
        offer_id: decision.offer_id(),
        webmaster_id: link.map_or(0, |link| link.webmaster_id),
        area_id: link.map_or(0, |link| link.area_id),
        reason: decision.reason.code(),
        code,
        ip: facts.ip.to_string(),
        country: facts.country,
        ua: kept(visit.ua.into(), TEXT_LIMIT),
        language: facts.language,
        referer: kept(facts.referer.into(), TEXT_LIMIT),
        keyword: facts.keyword,
        subid,
        query: kept(visit.query.into(), QUERY_LIMIT),
        cookie_ttl_days: decision.offer.as_ref().map_or(0, |offer| offer.cookie_ttl_days),
        way: facts.way.code(),
        device: facts.agent.device.code(),
        os: facts.agent.os.clone(),
        os_version: facts.agent.os_version.clone(),
        browser: facts.agent.browser.clone(),
        browser_version: facts.agent.browser_version.clone(),
        bot_mark: facts.bot_mark.code(),
        is_unique: false,
        landing_id: decision.landing.as_ref().map_or(0, |landing| landing.id),
        promo_id: asked(if facts.asked.promo_id == 0 {
            link.map_or(0, |link| link.promo_id)
        } else {
            facts.asked.promo_id
        }),
        product_id: asked(facts.asked.product_id),
        stock_id: asked(facts.asked.stock_id),
        deeplink_id: link.filter(|link| link.url_to.is_some()).map_or(0, |link| link.id),
        domain_id: facts.domain_id,
        trace: String::new(),
        params,
    };
    (click, is_cut)
}

/// Where a visitor goes: to the page that he asked for or that was chosen, through the page before it, or back.
pub(super) fn location(decision: &Decision, click: &Click, tid: &str) -> Option<String> {
    let (ClickReason::Sent, Some(offer)) = (decision.reason, &decision.offer) else {
        return decision.back.as_ref().map(|(_, url)| url.clone());
    };
    let landing = decision.landing.as_ref().map(|landing| &landing.destination);
    let to = address(decision.page.as_ref().or(landing).or(offer.destination.as_ref())?, click, tid, "");
    let before = decision.prelanding.as_ref();
    Some(before.map_or_else(|| to.clone(), |before| address(&before.destination, click, tid, &to)))
}

/// What was decided, and what the click was counted as and where it went.
fn traced(mut trace: Trace, click: &Click, location: Option<&str>) -> String {
    let is_sent = click.reason == ClickReason::Sent.code();
    trace.number(Check::Bot, click.bot_mark == BotMark::None.code(), click.bot_mark);
    if is_sent {
        trace.number(Check::Unique, click.is_unique, 0);
    }
    trace.text(Check::Destination, location.is_some(), location.map_or("", host));
    trace.into_text()
}
