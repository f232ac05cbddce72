//! Which link is clicked, by whom: the demo's stream of visitors, for the history and for live traffic.

use super::dice::{Dice, running};
use super::visitors::{COUNTRIES, Visitor, awake, visitor};
use super::world::{DemoOffer, World};

/// Where a click goes.
pub struct Click {
    /// The word in the link's address.
    pub code: String,
    /// Who clicks.
    pub visitor: Visitor,
    /// The offer, an index in `World::offers`; `None` for a visitor who is not sent to one.
    pub offer: Option<usize>,
}

/// The links that have visitors at some time.
pub struct Stream {
    links: Vec<usize>,
    sums: Vec<u64>,
}

impl Stream {
    /// The links with visitors at this moment. A stopped offer's links fade out, they do not end.
    pub fn at(world: &World, at_ms: i64) -> Self {
        let weight = |offer: &DemoOffer, weight: u64| match offer.stop_ms {
            _ if offer.start_ms > at_ms => 0,
            Some(stop_ms) if stop_ms <= at_ms => weight / 12,
            _ => weight.max(1),
        };
        let weights = world.links.iter().map(|link| weight(&world.offers[link.offer], link.weight));
        Self { links: (0..world.links.len()).collect(), sums: running(weights) }
    }

    /// The next click.
    pub fn next(&self, dice: &mut Dice, world: &World, at_ms: i64) -> Click {
        let index = self.links.get(dice.weighted(&self.sums)).copied().unwrap_or_default();
        let link = &world.links[index.min(world.links.len() - 1)];
        let offer = &world.offers[link.offer];
        let weigh = |index: &usize| COUNTRIES[*index].weight * awake(&COUNTRIES[*index], at_ms);
        let place = dice.weighted(&running(offer.countries.iter().map(weigh)));
        let country = &COUNTRIES[offer.countries.get(place).copied().unwrap_or_default()];
        let visitor = visitor(dice, country, link.kind, &link.site);
        if dice.ppm(1_500) {
            // Somebody copied a link and lost its end.
            let code = link.code.chars().take(7).collect();
            return Click { code, visitor, offer: None };
        }
        let is_stopped = offer.stop_ms.is_some_and(|stop_ms| stop_ms <= at_ms);
        Click { code: link.code.clone(), visitor, offer: (!is_stopped).then_some(link.offer) }
    }
}
