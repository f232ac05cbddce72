//! Where a click goes, and why: a pure function of the catalogue and the request.

use std::sync::Arc;

use whocpa_domain::Time;
use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::{Entry, Facts};
use whocpa_domain::offer::is_within;
use whocpa_domain::trace::{Check, Trace};

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
    /// What was asked about the click, and found.
    pub trace: Trace,
}

/// Decides about a click. Total: every visit and every catalogue has an answer.
pub fn decide(catalogue: &Snapshot, facts: &Facts) -> Decision {
    let mut trace = Trace::default();
    let Some(link) = link_of(catalogue, &facts.entry) else {
        trace.number(Check::Link, false, 0);
        return Decision { reason: ClickReason::UnknownCode, link: None, offer: None, trace };
    };
    let offer = catalogue.offers.get(&link.offer_id);
    let connected =
        catalogue.connected.get(&link.offer_id).is_some_and(|ids| ids.contains(&link.webmaster_id));
    let is_working = !catalogue.blocked.contains(&link.webmaster_id);
    let is_open = offer.is_some_and(|offer| is_open(catalogue, offer, facts.now));
    let questions = [
        (Check::Link, !link.is_deleted, link.id, ClickReason::LinkDeleted),
        (Check::Account, is_working, link.webmaster_id, ClickReason::AccountBlocked),
        (Check::Offer, is_open, link.offer_id, ClickReason::OfferStopped),
        (Check::Connection, connected, link.offer_id, ClickReason::NotConnected),
    ];
    let mut reason = ClickReason::Sent;
    for (check, is_passed, number, otherwise) in questions {
        trace.number(check, is_passed, number);
        if !is_passed {
            reason = otherwise;
            break;
        }
    }
    Decision { reason, link: Some(link), offer: offer.map(Arc::clone), trace }
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
            is_deleted,
            ..LinkEntry::default()
        };
        let offer = |id, is_live| OfferEntry {
            id,
            advertiser_id: 20,
            is_live,
            date_start: None,
            date_stop: Some(NOW.0 + 1),
            destination: UrlTemplate::parse("https://shop.example/").ok(),
            cookie_ttl_days: 30,
            decision_days: 0,
            is_silence_approval: false,
            leads: crate::catalogue::LeadRules::default(),
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
        let decide = |catalogue: &Snapshot, code: &str, now| {
            decide(catalogue, &Facts::new(now, 1, Entry::Code(code.to_owned())))
        };
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

    #[test]
    fn a_webmaster_and_an_offer_make_a_link() {
        let catalogue = catalogue();
        for (offer_id, webmaster_id, reason) in [
            (5, 10, ClickReason::Sent),
            (5, 11, ClickReason::NotConnected),
            (6, 10, ClickReason::OfferStopped),
            (99, 10, ClickReason::UnknownCode),
        ] {
            let entry = Entry::Pair { offer_id, webmaster_id };
            let decision = decide(&catalogue, &Facts::new(NOW, 1, entry));
            assert_eq!(decision.reason, reason);
            assert_eq!(decision.link.map_or(0, |link| link.id), 0);
        }
    }

    #[test]
    fn the_trace_ends_where_the_click_failed() {
        let catalogue = catalogue();
        let trace = |code: &str| {
            let facts = Facts::new(NOW, 1, Entry::Code(code.to_owned()));
            decide(&catalogue, &facts).trace.into_text()
        };
        assert_eq!(trace("good"), "1+1 2+10 3+5 4+5");
        assert_eq!(trace("gone"), "1-1");
        assert_eq!(trace("nothing"), "1-");
    }
}
