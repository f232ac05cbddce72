//! Which offer of a link a visitor goes to.

use std::sync::Arc;

use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::ClickWay;
use whocpa_domain::rotation::{Draw, LinkRotation, pick, smart};
use whocpa_domain::trace::{Check, Trace};

use super::{Asking, told};
use crate::catalogue::{OfferEntry, Plan, Way};

/// Refused offers that a trace names.
const TOLD: usize = 20;

/// The pages that a way wants, 0 for any.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    pub landing_id: i64,
    pub prelanding_id: i64,
}

/// The offer and the pages.
type Chosen<'a> = (&'a Arc<OfferEntry>, Wanted);

/// Offers that were asked and did not take the visitor: each is told in one step.
#[derive(Default)]
struct Refused {
    first: Option<ClickReason>,
    count: usize,
}

impl Refused {
    fn note(&mut self, offer_id: i64, reason: ClickReason, trace: &mut Trace) {
        self.first.get_or_insert(reason);
        self.count += 1;
        if self.count <= TOLD {
            trace.numbers(Check::Candidate, false, &[offer_id, reason.code()]);
        }
    }
}

impl<'a> Asking<'a> {
    /// The offer that takes the visitor; else the reason of the first that was asked.
    pub(super) fn choose(&self, trace: &mut Trace) -> Result<Chosen<'a>, ClickReason> {
        // Who is not redirected is on the page of the link's own offer already.
        let plan = self.link.plan.as_ref().filter(|_| self.facts.way == ClickWay::Redirect);
        let Some(plan) = plan else {
            let asked = self.offer(self.link.offer_id, None);
            return Ok((told(self.link.offer_id, asked, trace)?, Wanted::default()));
        };
        if let ([only], LinkRotation::Order) = (&*plan.ways, plan.rotation) {
            let asked = self.offer(only.offer_id, only.targeting.as_ref());
            return Ok((told(only.offer_id, asked, trace)?, only.wanted()));
        }
        let mut refused = Refused::default();
        let chosen = match plan.rotation {
            LinkRotation::Order => self.in_order(plan, &mut refused, trace),
            LinkRotation::Smart => self.best(plan, &mut refused, trace),
        };
        chosen.ok_or(refused.first.unwrap_or(ClickReason::OfferStopped))
    }

    /// The ways of the lowest priority first; among those of one priority that take the visitor, by weight.
    fn in_order(&self, plan: &'a Plan, refused: &mut Refused, trace: &mut Trace) -> Option<Chosen<'a>> {
        let mut fit: Vec<(&Way, &Arc<OfferEntry>)> = Vec::with_capacity(plan.ways.len());
        for ways in plan.ways.chunk_by(|one, next| one.priority == next.priority) {
            fit.clear();
            for way in ways {
                match self.offer(way.offer_id, way.targeting.as_ref()) {
                    Ok(offer) => fit.push((way, offer)),
                    Err(stop) => refused.note(way.offer_id, stop.reason, trace),
                }
            }
            let at = pick(self.facts.id, Draw::Route, fit.iter().map(|(way, _)| way.weight));
            if let Some((way, offer)) = at.and_then(|at| fit.get(at)) {
                trace.number(Check::Choice, true, offer.id);
                return Some((offer, way.wanted()));
            }
        }
        None
    }

    /// The offer that earns most per click, or for a stated share of the visitors one of the others. Offers are asked in
    /// that order, and no more of them than it needs.
    fn best(&self, plan: &'a Plan, refused: &mut Refused, trace: &mut Trace) -> Option<Chosen<'a>> {
        let shelf = self.shelf?;
        let mut found: Vec<(usize, Chosen<'a>)> = Vec::with_capacity(2);
        let chosen = smart(self.facts.id, plan.exploration, (shelf.known, shelf.ranked.len()), |at| {
            let Some((offer_id, _)) = shelf.ranked.get(at) else { return false };
            match self.of_plan(plan, *offer_id) {
                Some(Ok(chosen)) => {
                    found.push((at, chosen));
                    true
                }
                Some(Err(reason)) => {
                    refused.note(*offer_id, reason, trace);
                    false
                }
                None => false,
            }
        })?;
        let (_, (offer, wanted)) = found.into_iter().find(|(at, _)| *at == chosen.at)?;
        let check = if chosen.is_exploring { Check::Explore } else { Check::Choice };
        let earns = shelf.ranked.get(chosen.at).map_or(0, |(_, epc)| *epc);
        trace.numbers(check, true, &[offer.id, earns]);
        Some((offer, wanted))
    }

    /// Whether an offer of the webmaster takes the visitor on this link; none when it is no offer of the link.
    fn of_plan(&self, plan: &'a Plan, offer_id: i64) -> Option<Result<Chosen<'a>, ClickReason>> {
        let mut first = None;
        for way in plan.ways.iter().filter(|way| way.offer_id == offer_id) {
            match self.offer(offer_id, way.targeting.as_ref()) {
                Ok(offer) => return Some(Ok((offer, way.wanted()))),
                Err(stop) => first.get_or_insert(stop.reason),
            };
        }
        if let Some(reason) = first {
            return Some(Err(reason));
        }
        if plan.categories.is_empty() {
            return None;
        }
        let offer = self.catalogue.offers.get(&offer_id)?;
        if !offer.categories.iter().any(|category| plan.categories.contains(category)) {
            return None;
        }
        let asked = self.takes(offer, None).map(|offer| (offer, Wanted::default()));
        Some(asked.map_err(|stop| stop.reason))
    }
}

impl Way {
    fn wanted(&self) -> Wanted {
        Wanted { landing_id: self.landing_id, prelanding_id: self.prelanding_id }
    }
}
