//! Where a click goes, and why: a pure function of the catalogue and the facts.
//!
//! ```text
//! link ─► account ─► the link's targeting ─► an offer that takes the visitor ─► its pre-landing and landing page
//!   └── what fails on the way names the reason, and the visitor goes to the first traffic-back address:
//!       the link's, the webmaster's, the offer's, the network's; else to a page that says why
//! ```
//!
//! Caps of clicks are counted elsewhere: a decision **claims** them, and when one of the claims cannot be met it is
//! made again with that cap among the [`Spent`] ones.

mod choose;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use whocpa_domain::cap::CapMeasure;
use whocpa_domain::click::ClickReason;
use whocpa_domain::codes;
use whocpa_domain::facts::{ClickWay, Entry, Facts};
use whocpa_domain::landing::LandingKind;
use whocpa_domain::offer::is_within;
use whocpa_domain::rotation::{Draw, pick};
use whocpa_domain::targeting::{Rules, Visit, refusal};
use whocpa_domain::template::UrlTemplate;
use whocpa_domain::trace::{Check, Trace};

use super::caps::{CapKey, Claim, Spent};
use crate::catalogue::{BackAddress, CapEntry, LandingEntry, LinkEntry, OfferEntry, Shelf, Snapshot};
use choose::Wanted;

codes! {
    /// Whose traffic-back address a visitor goes to.
    pub enum BackOwner {
        Link = 1 "link",
        Webmaster = 2 "webmaster",
        Offer = 3 "offer",
        Network = 4 "network",
    }
}

/// What was decided about a click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Why; stored with the click.
    pub reason: ClickReason,
    /// The link, unless no link has the code.
    pub link: Option<Arc<LinkEntry>>,
    /// The offer that was chosen; the link's own when none could be.
    pub offer: Option<Arc<OfferEntry>>,
    /// The page of the offer's site that a deeplink leads to, instead of a landing page.
    pub page: Option<UrlTemplate>,
    /// The landing page; the offer's own address without one.
    pub landing: Option<Arc<LandingEntry>>,
    /// The page before it.
    pub prelanding: Option<Arc<LandingEntry>>,
    /// Where a visitor goes who is not sent to an offer; a page of ours without one.
    pub back: Option<(BackOwner, String)>,
    /// Caps of clicks that this click counts in.
    pub claims: Vec<Claim>,
    /// What was asked about the click, and found.
    pub trace: Trace,
}

impl Decision {
    /// The offer for which the click counts: the chosen one, else the link's own; 0 for an unknown link.
    pub fn offer_id(&self) -> i64 {
        let own = self.link.as_ref().map_or(0, |link| link.offer_id);
        self.offer.as_ref().map_or(own, |offer| offer.id)
    }
}

/// Decides about a click. Total: every visit and every catalogue has an answer.
pub fn decide(catalogue: &Snapshot, facts: &Facts, spent: &Spent) -> Decision {
    let mut trace = Trace::default();
    let found = link_of(catalogue, &facts.entry);
    let owner = catalogue.domain_owner(facts.domain_id);
    let is_here = |link: &LinkEntry| owner.is_none_or(|owner| owner == link.webmaster_id);
    if owner.is_some() {
        trace.number(Check::Domain, found.as_deref().is_none_or(is_here), facts.domain_id);
    }
    // On a parked domain there are the links of its owner only.
    let Some(link) = found.filter(|link| is_here(link)) else {
        trace.number(Check::Link, false, 0);
        return refused(catalogue, facts, ClickReason::UnknownCode, None, None, trace);
    };
    let asking = Asking::new(catalogue, facts, spent, &link);
    let chosen = match asking.link(&mut trace) {
        Ok(()) => asking.choose(&mut trace),
        Err(reason) => Err(reason),
    };
    match chosen {
        Ok((offer, wanted)) => {
            let page = asking.page(offer, &mut trace);
            let (prelanding, landing) =
                if page.is_some() { (None, None) } else { asking.pages(offer, wanted, &mut trace) };
            let claims = asking.claims(offer);
            if let Some(terms) = &offer.terms {
                trace.text(Check::Terms, true, terms);
            }
            let offer = Some(Arc::clone(offer));
            let reason = ClickReason::Sent;
            let link = Some(Arc::clone(&link));
            Decision { reason, link, offer, page, landing, prelanding, back: None, claims, trace }
        }
        Err(reason) => {
            let offer = catalogue.offers.get(&link.offer_id).map(Arc::clone);
            refused(catalogue, facts, reason, Some(link), offer, trace)
        }
    }
}

/// The link that was clicked. A webmaster and an offer that were named make one that is not stored.
fn link_of(catalogue: &Snapshot, entry: &Entry) -> Option<Arc<LinkEntry>> {
    match entry {
        Entry::Code(code) => catalogue.links.get(code).map(Arc::clone),
        Entry::Pair { offer_id, webmaster_id } => catalogue.offers.get(offer_id).map(|offer| {
            Arc::new(LinkEntry { offer_id: offer.id, webmaster_id: *webmaster_id, ..LinkEntry::default() })
        }),
    }
}

/// A click that goes to no offer.
fn refused(
    catalogue: &Snapshot,
    facts: &Facts,
    reason: ClickReason,
    link: Option<Arc<LinkEntry>>,
    offer: Option<Arc<OfferEntry>>,
    mut trace: Trace,
) -> Decision {
    let back = back(catalogue, facts, reason, link.as_deref(), offer.as_deref());
    let owner = back.as_ref().map_or("", |(owner, _)| owner.word());
    trace.text(Check::TrafficBack, back.is_some(), owner);
    let (page, landing, prelanding) = (None, None, None);
    Decision { reason, link, offer, page, landing, prelanding, back, claims: Vec::new(), trace }
}

/// The first traffic-back address that does not lead back to this network. A visitor who was sent to one a moment ago is
/// not sent on again, and a blocked webmaster sends nobody anywhere.
fn back(
    catalogue: &Snapshot,
    facts: &Facts,
    reason: ClickReason,
    link: Option<&LinkEntry>,
    offer: Option<&OfferEntry>,
) -> Option<(BackOwner, String)> {
    if facts.is_back {
        return None;
    }
    let link = link.filter(|_| reason != ClickReason::AccountBlocked);
    let of_webmaster = link.and_then(|link| catalogue.traffback.get(&link.webmaster_id));
    let offer = offer.filter(|offer| !catalogue.blocked.contains(&offer.advertiser_id));
    let all = [
        (BackOwner::Link, link.and_then(|link| link.url_traffback.as_ref())),
        (BackOwner::Webmaster, of_webmaster),
        (BackOwner::Offer, offer.and_then(|offer| offer.url_traffback.as_ref())),
        (BackOwner::Network, catalogue.network_traffback.as_ref()),
    ];
    let webmaster_id = link.map_or(0, |link| link.webmaster_id);
    let leads_away = |address: &BackAddress| !catalogue.answers_at(&address.host, webmaster_id);
    let mut away = all.into_iter().filter_map(|(owner, address)| Some((owner, address?)));
    let (owner, address) = away.find(|(_, address)| leads_away(address))?;
    Some((owner, address.url.clone()))
}

/// Whether visitors may be sent: a blocked advertiser could not report what they do.
fn is_open(catalogue: &Snapshot, offer: &OfferEntry, facts: &Facts) -> bool {
    let is_running = offer.is_live && is_within(offer.date_start, offer.date_stop, facts.now);
    is_running && offer.destination.is_some() && !catalogue.blocked.contains(&offer.advertiser_id)
}

/// What is asked about one visit of one link.
struct Asking<'a> {
    catalogue: &'a Snapshot,
    facts: &'a Facts,
    spent: &'a Spent,
    link: &'a LinkEntry,
    /// The offers that the link's webmaster is connected to.
    shelf: Option<&'a Shelf>,
    visit: Visit<'a>,
}

/// Why an offer does not take a visitor.
#[derive(Debug, Clone, Copy)]
struct Stop {
    check: Check,
    number: i64,
    reason: ClickReason,
}

/// Notes a step; an error when it was not passed.
fn step(
    trace: &mut Trace,
    check: Check,
    is_passed: bool,
    number: i64,
    otherwise: ClickReason,
) -> Result<(), ClickReason> {
    trace.number(check, is_passed, number);
    if is_passed { Ok(()) } else { Err(otherwise) }
}

/// Writes down what was found of the only offer that could be chosen.
fn told<'a>(
    offer_id: i64,
    asked: Result<&'a Arc<OfferEntry>, Stop>,
    trace: &mut Trace,
) -> Result<&'a Arc<OfferEntry>, ClickReason> {
    let stop = asked.as_ref().err();
    let failed = |check: Check| stop.is_some_and(|stop| stop.check == check);
    for check in [Check::Offer, Check::Connection] {
        trace.number(check, !failed(check), offer_id);
        if failed(check) {
            return asked.map_err(|stop| stop.reason);
        }
    }
    if let Some(stop) = stop {
        trace.number(stop.check, false, stop.number);
    }
    asked.map_err(|stop| stop.reason)
}

impl<'a> Asking<'a> {
    fn new(catalogue: &'a Snapshot, facts: &'a Facts, spent: &'a Spent, link: &'a LinkEntry) -> Self {
        let visit = Visit::new(facts, link.area_id, link.subid());
        let shelf = catalogue.shelves.get(&link.webmaster_id).map(|shelf| &**shelf);
        Self { catalogue, facts, spent, link, shelf, visit }
    }

    /// Whether rules take the visit.
    fn fits(&self, rules: Option<&Rules>) -> Result<(), Stop> {
        let refused = rules.map_or(Ok(()), |rules| rules.matches(&self.visit));
        refused.map_err(|check| Stop { check, number: 0, reason: refusal(check) })
    }

    /// The link itself.
    fn link(&self, trace: &mut Trace) -> Result<(), ClickReason> {
        let (link, catalogue) = (self.link, self.catalogue);
        step(trace, Check::Link, !link.is_deleted, link.id, ClickReason::LinkDeleted)?;
        let works = !catalogue.blocked.contains(&link.webmaster_id);
        step(trace, Check::Account, works, link.webmaster_id, ClickReason::AccountBlocked)?;
        self.fits(link.plan.as_ref().and_then(|plan| plan.targeting.as_ref())).map_err(|stop| {
            trace.number(stop.check, false, stop.number);
            stop.reason
        })
    }

    /// An offer with the rules of the way to it. Writes nothing down: most that are asked about are not chosen.
    fn offer(&self, offer_id: i64, way: Option<&Rules>) -> Result<&'a Arc<OfferEntry>, Stop> {
        let stopped = Stop { check: Check::Offer, number: offer_id, reason: ClickReason::OfferStopped };
        let offer = self.catalogue.offers.get(&offer_id).ok_or(stopped)?;
        if self.shelf.is_some_and(|shelf| shelf.has(offer_id)) {
            return self.takes(offer, way);
        }
        if !is_open(self.catalogue, offer, self.facts) {
            return Err(stopped);
        }
        Err(Stop { check: Check::Connection, number: offer_id, reason: ClickReason::NotConnected })
    }

    /// Whether an offer that the webmaster is connected to takes the visit.
    fn takes(&self, offer: &'a Arc<OfferEntry>, way: Option<&Rules>) -> Result<&'a Arc<OfferEntry>, Stop> {
        if !is_open(self.catalogue, offer, self.facts) {
            return Err(Stop { check: Check::Offer, number: offer.id, reason: ClickReason::OfferStopped });
        }
        self.fits(way)?;
        self.fits(offer.targeting.as_ref())?;
        if offer.is_uncovered {
            return Err(Stop { check: Check::Cover, number: offer.id, reason: ClickReason::Uncovered });
        }
        if !offer.paused.is_empty() {
            let (link, subid1) = (self.link, self.visit.subid(0));
            if let Some(number) = offer.paused_by(link.webmaster_id, link.area_id, subid1) {
                return Err(Stop { check: Check::Rule, number, reason: ClickReason::Paused });
            }
        }
        match (1..).zip(&offer.caps).find(|(_, cap)| self.is_full(offer, cap)) {
            Some((number, _)) => Err(Stop { check: Check::Cap, number, reason: ClickReason::Capped }),
            None => Ok(offer),
        }
    }

    fn is_full(&self, offer: &OfferEntry, cap: &CapEntry) -> bool {
        match cap.rule.measure {
            CapMeasure::Clicks => {
                cap.rule.concerns(self.link.webmaster_id)
                    && (cap.rule.limit == 0 || self.spent.has(&self.claim(offer, cap)))
            }
            CapMeasure::Leads | CapMeasure::Payout => cap.stops(self.link.webmaster_id, self.facts.now),
        }
    }

    fn claim(&self, offer: &OfferEntry, cap: &CapEntry) -> Claim {
        Claim { key: self.cap_key(offer, cap), window: cap.window(self.facts.now) }
    }

    fn cap_key(&self, offer: &OfferEntry, cap: &CapEntry) -> CapKey {
        let webmaster_id = cap.rule.counted_for(self.link.webmaster_id);
        CapKey { offer_id: offer.id, period: cap.rule.period, webmaster_id, limit: cap.rule.limit }
    }

    /// The caps of clicks in which a click on this offer counts.
    fn claims(&self, offer: &OfferEntry) -> Vec<Claim> {
        let clicks = |cap: &&CapEntry| {
            cap.rule.measure == CapMeasure::Clicks && cap.rule.concerns(self.link.webmaster_id)
        };
        offer.caps.iter().filter(clicks).map(|cap| self.claim(offer, cap)).collect()
    }

    /// The page of the offer's site that a deeplink, or the address itself, asks for. One that the offer does not allow
    /// leads to where the offer leads: no visitor is lost by it, and none led elsewhere.
    fn page(&self, offer: &OfferEntry, trace: &mut Trace) -> Option<UrlTemplate> {
        let asked = Some(self.facts.asked.deeplink.as_str()).filter(|asked| !asked.is_empty());
        let page = self.link.url_to.as_deref().or(asked)?;
        let found = offer.deeplinks.as_ref().and_then(|(hosts, mask)| hosts.destination(page, mask).ok());
        trace.number(Check::Deeplink, found.is_some(), self.link.id);
        found
    }

    /// The pre-landing and the landing page: the one that the visit asks for, the way's, else one by its weight.
    fn pages(
        &self,
        offer: &OfferEntry,
        wanted: Wanted,
        trace: &mut Trace,
    ) -> (Option<Arc<LandingEntry>>, Option<Arc<LandingEntry>>) {
        if offer.landings.is_empty() {
            return (None, None);
        }
        let takes = |landing: &&Arc<LandingEntry>| {
            landing.targeting.as_ref().is_none_or(|rules| rules.matches(&self.visit).is_ok())
        };
        let is_redirect = self.facts.way == ClickWay::Redirect;
        let choose = |kind: LandingKind, ids: [i64; 2], draw: Draw| {
            let asked = ids.into_iter().filter(|id| *id != 0);
            let mut wanted = asked.filter_map(|id| offer.landing(id, kind).filter(takes));
            wanted.next().or_else(|| {
                let has_turns = |landing: &&Arc<LandingEntry>| landing.kind == kind && landing.weight > 0;
                let turns = offer.landings.iter().filter(|_| is_redirect).filter(has_turns);
                // Each is asked once.
                let turns: Vec<&Arc<LandingEntry>> = turns.filter(takes).collect();
                let at = pick(self.facts.id, draw, turns.iter().map(|landing| landing.weight))?;
                turns.get(at).copied()
            })
        };
        let asked = [self.facts.asked.landing_id, wanted.landing_id];
        let landing = choose(LandingKind::Landing, asked, Draw::Landing).map(Arc::clone);
        let asked = [self.facts.asked.landing_id, wanted.prelanding_id];
        let prelanding = choose(LandingKind::Prelanding, asked, Draw::Prelanding).map(Arc::clone);
        for (check, page) in [(Check::Prelanding, &prelanding), (Check::Landing, &landing)] {
            if let Some(page) = page {
                trace.number(check, true, page.id);
            }
        }
        (prelanding, landing)
    }
}
