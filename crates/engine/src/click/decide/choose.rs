//! Which offer of a link a visitor goes to.

use std::sync::Arc;

use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::ClickWay;
use whocpa_domain::rotation::{Draw, LinkRotation, pick, smart};
use whocpa_domain::trace::{Check, Trace};

use super::Asking;
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
type Chosen = (Arc<OfferEntry>, Wanted);

impl Asking<'_> {
    /// The offer that takes the visitor; else the reason of the first that was asked.
    pub(super) fn choose(&self, trace: &mut Trace) -> Result<Chosen, ClickReason> {
        // Who is not redirected is on the page of the link's own offer already.
        let plan = self.link.plan.as_ref().filter(|_| self.facts.way == ClickWay::Redirect);
        let Some(plan) = plan else {
            let offer = self.offer(self.link.offer_id, None, trace)?;
            return Ok((Arc::clone(offer), Wanted::default()));
        };
        if let ([only], LinkRotation::Order) = (&*plan.ways, plan.rotation) {
            let offer = self.offer(only.offer_id, only.targeting.as_ref(), trace)?;
            return Ok((Arc::clone(offer), only.wanted()));
        }
        let mut first = None;
        let mut told = 0;
        let mut takes = |way: &Way, trace: &mut Trace| {
            // What was asked about an offer that is not chosen is told in one step.
            let asked = self.offer(way.offer_id, way.targeting.as_ref(), &mut Trace::default());
            match asked {
                Ok(offer) => Some(Arc::clone(offer)),
                Err(reason) => {
                    first.get_or_insert(reason);
                    told += 1;
                    if told <= TOLD {
                        trace.text(Check::Candidate, false, &format!("{}:{}", way.offer_id, reason.code()));
                    }
                    None
                }
            }
        };
        let chosen = match plan.rotation {
            LinkRotation::Order => self.in_order(plan, &mut takes, trace),
            LinkRotation::Smart => self.best(plan, &mut takes, trace),
        };
        chosen.ok_or(first.unwrap_or(ClickReason::OfferStopped))
    }

    /// The ways of the lowest priority first; among those of one priority that take the visitor, by weight.
    fn in_order(
        &self,
        plan: &Plan,
        takes: &mut impl FnMut(&Way, &mut Trace) -> Option<Arc<OfferEntry>>,
        trace: &mut Trace,
    ) -> Option<Chosen> {
        for ways in plan.ways.chunk_by(|one, next| one.priority == next.priority) {
            let fit: Vec<(&Way, Arc<OfferEntry>)> =
                ways.iter().filter_map(|way| Some((way, takes(way, trace)?))).collect();
            let at = pick(self.facts.id, Draw::Route, fit.iter().map(|(way, _)| way.weight));
            if let Some((way, offer)) = at.and_then(|at| fit.into_iter().nth(at)) {
                trace.number(Check::Choice, true, offer.id);
                return Some((offer, way.wanted()));
            }
        }
        None
    }

    /// The offer that earns most per click, or for a stated share of the visitors one of the others.
    fn best(
        &self,
        plan: &Plan,
        takes: &mut impl FnMut(&Way, &mut Trace) -> Option<Arc<OfferEntry>>,
        trace: &mut Trace,
    ) -> Option<Chosen> {
        let mut fit: Vec<(Wanted, Arc<OfferEntry>)> = Vec::new();
        for way in &plan.ways {
            if let Some(offer) = takes(way, trace) {
                fit.push((way.wanted(), offer));
            }
        }
        if !plan.categories.is_empty() {
            let own = self.catalogue.offers_of.get(&self.link.webmaster_id);
            for id in own.into_iter().flat_map(|ids| ids.iter()) {
                let wanted = self.catalogue.offers.get(id).is_some_and(|offer| {
                    offer.categories.iter().any(|category| plan.categories.contains(category))
                });
                if wanted && !plan.ways.iter().any(|way| way.offer_id == *id) {
                    let way = Way::to(*id);
                    if let Some(offer) = takes(&way, trace) {
                        fit.push((Wanted::default(), offer));
                    }
                }
            }
        }
        // In the order of their numbers, whatever the order of a map: the same click always chooses the same.
        fit.sort_by_key(|(_, offer)| offer.id);
        fit.dedup_by_key(|(_, offer)| offer.id);
        let epc = self.epc(fit.iter().map(|(_, offer)| offer.id));
        let chosen = smart(self.facts.id, plan.exploration, &epc)?;
        let (wanted, offer) = fit.into_iter().nth(chosen.at)?;
        let check = if chosen.is_exploring { Check::Explore } else { Check::Choice };
        let known = epc.get(chosen.at).copied().flatten().unwrap_or(0);
        trace.text(check, true, &format!("{}:{known}:{}", offer.id, epc.len()));
        Some((offer, wanted))
    }

    /// What webmasters earn per click with these offers, as far as it is known in the currency of most of them: sums
    /// in different currencies cannot be compared.
    fn epc(&self, offers: impl Iterator<Item = i64>) -> Vec<Option<i64>> {
        let figures = &self.catalogue.epc;
        let known: Vec<Option<(i64, i64)>> = offers.map(|id| figures.get(&id).copied()).collect();
        let count = |currency: i64| known.iter().flatten().filter(|(other, _)| *other == currency).count();
        let common = known.iter().flatten().map(|(currency, _)| *currency);
        let common = common.max_by_key(|currency| (count(*currency), -currency));
        known
            .into_iter()
            .map(|figure| figure.filter(|(own, _)| Some(*own) == common).map(|(_, epc)| epc))
            .collect()
    }
}

impl Way {
    fn wanted(&self) -> Wanted {
        Wanted { landing_id: self.landing_id, prelanding_id: self.prelanding_id }
    }

    /// To an offer, whatever page.
    fn to(offer_id: i64) -> Self {
        Self { offer_id, weight: 1, ..Self::default() }
    }
}
