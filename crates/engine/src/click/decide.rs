//! Where a click goes, and why: a pure function of the catalogue and the request.

use std::sync::Arc;

use whocpa_domain::Time;
use whocpa_domain::click::ClickReason;
use whocpa_domain::offer::is_within;

use crate::catalogue::{LinkEntry, OfferEntry, Snapshot};

/// What was decided about a click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Why; stored with the click.
    pub reason: ClickReason,
    /// The link, unless no link has the code.
    pub link: Option<Arc<LinkEntry>>,
    /// The link's offer.
    pub offer: Option<Arc<OfferEntry>>,
}

/// Decides about a click on the link with this code. Total: every code and every catalogue has an answer.
pub fn decide(catalogue: &Snapshot, code: &str, now: Time) -> Decision {
    let Some(link) = catalogue.links.get(code) else {
        return Decision { reason: ClickReason::UnknownCode, link: None, offer: None };
    };
    let offer = catalogue.offers.get(&link.offer_id);
    let connected =
        catalogue.connected.get(&link.offer_id).is_some_and(|ids| ids.contains(&link.webmaster_id));
    let reason = if link.is_deleted {
        ClickReason::LinkDeleted
    } else if catalogue.blocked.contains(&link.webmaster_id) {
        ClickReason::AccountBlocked
    } else if !offer.is_some_and(|offer| is_open(catalogue, offer, now)) {
        ClickReason::OfferStopped
    } else if !connected {
        ClickReason::NotConnected
    } else {
        ClickReason::Sent
    };
    Decision { reason, link: Some(Arc::clone(link)), offer: offer.map(Arc::clone) }
}

/// Whether visitors may be sent: a blocked advertiser could not report what they do.
fn is_open(catalogue: &Snapshot, offer: &OfferEntry, now: Time) -> bool {
    let is_running = offer.is_live && is_within(offer.date_start, offer.date_stop, now);
    is_running && offer.destination.is_some() && !catalogue.blocked.contains(&offer.advertiser_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpds::HashTrieSetSync;
    use whocpa_domain::offer::UrlTemplate;

    const NOW: Time = Time(1_700_000_000);

    fn catalogue() -> Snapshot {
        let link = |is_deleted, offer_id| LinkEntry {
            id: 1,
            webmaster_id: 10,
            offer_id,
            area_id: 0,
            subid: Default::default(),
            url_traffback: None,
            is_deleted,
        };
        let offer = |id, is_live| OfferEntry {
            id,
            advertiser_id: 20,
            is_live,
            date_start: None,
            date_stop: Some(NOW.0 + 1),
            destination: UrlTemplate::parse("https://shop.example/").ok(),
            cookie_ttl_days: 30,
        };
        let mut snapshot = Snapshot::default();
        for (code, is_deleted, offer_id) in
            [("good", false, 5), ("gone", true, 5), ("stopped", false, 6), ("new", false, 7)]
        {
            snapshot.links.insert_mut(code.to_owned(), Arc::new(link(is_deleted, offer_id)));
        }
        for (id, is_live) in [(5, true), (6, false), (7, true)] {
            snapshot.offers.insert_mut(id, Arc::new(offer(id, is_live)));
        }
        for offer_id in [5, 6] {
            snapshot.connected.insert_mut(offer_id, HashTrieSetSync::new_sync().insert(10));
        }
        snapshot
    }

    #[test]
    fn every_outcome_has_its_reason() {
        let mut catalogue = catalogue();
        for (code, reason) in [
            ("good", ClickReason::Sent),
            ("gone", ClickReason::LinkDeleted),
            ("stopped", ClickReason::OfferStopped),
            ("new", ClickReason::NotConnected),
            ("nothing", ClickReason::UnknownCode),
        ] {
            assert_eq!(decide(&catalogue, code, NOW).reason, reason, "{code}");
        }
        let late = decide(&catalogue, "good", NOW.plus(1)).reason;
        assert_eq!(late, ClickReason::OfferStopped, "its last second is over");
        catalogue.blocked.insert_mut(10);
        assert_eq!(decide(&catalogue, "good", NOW).reason, ClickReason::AccountBlocked);
        catalogue.blocked = HashTrieSetSync::new_sync().insert(20);
        assert_eq!(decide(&catalogue, "good", NOW).reason, ClickReason::OfferStopped);
    }
}
