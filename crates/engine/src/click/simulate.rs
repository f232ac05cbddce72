//! A click that is tried: decided like any other, and neither counted nor remembered.

use std::sync::Arc;

use whocpa_domain::Time;
use whocpa_domain::facts::Facts;
use whocpa_domain::tid::ClickId;

use super::query::{self};
use super::track::{Visit, location, record};
use super::{Decision, decide};
use crate::Engine;

/// What would become of a click.
pub(crate) struct Simulated {
    /// What would be decided.
    pub decision: Decision,
    /// Where the visitor would go, with a tid that is none.
    pub location: Option<String>,
    /// What would be known of the visitor.
    pub facts: Facts,
}

/// Stands in the place of the tid.
const NO_TID: &str = "simulated";

impl Engine {
    /// Decides about a visit at a moment, as the click with this number, from a country if one is told. What chooses by
    /// shares follows from the number.
    pub(crate) fn click_simulate(
        &self,
        visit: &Visit<'_>,
        id: ClickId,
        now: Time,
        country: Option<&str>,
    ) -> Simulated {
        let sent = query::read(visit.query);
        let mut facts = self.facts().try_out(visit, sent, id, now);
        if let Some(country) = country {
            facts.geo_ids = Arc::clone(&self.facts().geo_ids(country));
            country.clone_into(&mut facts.country);
        }
        let catalogue = self.catalogue().now();
        let mut spent = self.catalogue().caps().spent();
        let decision = loop {
            let decision = decide(&catalogue, &facts, &spent);
            match self.catalogue().caps().room(&decision.claims) {
                Err(full) if spent.add(full) => {}
                _ => break decision,
            }
        };
        let (click, _) = record(facts.clone(), visit, &decision, (String::new(), false));
        let location = location(&decision, &click, NO_TID);
        Simulated { decision, location, facts }
    }
}
