//! Every outcome of a decision, and that there always is one.

use whocpa_domain::Time;
use whocpa_domain::parked::DomainStatus;
use whocpa_domain::template::UrlTemplate;

use super::*;
use crate::catalogue::{DomainEntry, IdSet, Plan, Way};
use whocpa_domain::rotation::LinkRotation;

const NOW: Time = Time(1_700_000_000);

fn offer(id: i64, is_live: bool) -> OfferEntry {
    OfferEntry {
        id,
        advertiser_id: 20,
        is_live,
        date_stop: Some(NOW.0 + 1),
        destination: UrlTemplate::parse("https://shop.example/").ok(),
        cookie_ttl_days: 30,
        ..OfferEntry::default()
    }
}

fn catalogue() -> Snapshot {
    let link = |is_deleted, offer_id| LinkEntry {
        id: 1,
        webmaster_id: 10,
        offer_id,
        is_deleted,
        ..LinkEntry::default()
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
    snapshot.connect([(5, vec![10]), (6, vec![10])].into());
    snapshot
}

fn back(host: &str) -> BackAddress {
    BackAddress { url: format!("https://{host}/"), host: host.to_owned() }
}

fn parked(name: &str, webmaster_id: i64, is_waiting: bool) -> Arc<DomainEntry> {
    Arc::new(DomainEntry {
        id: 1,
        name: name.to_owned(),
        webmaster_id,
        status: if is_waiting { DomainStatus::Waiting } else { DomainStatus::Active },
        is_secure: false,
        token: String::new(),
    })
}

fn decided(catalogue: &Snapshot, code: &str, now: Time) -> Decision {
    decide(catalogue, &Facts::new(now, 1, Entry::Code(code.to_owned())), &Spent::default())
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
        assert_eq!(decided(&catalogue, code, NOW).reason, reason, "{code}");
    }
    let late = decided(&catalogue, "good", NOW.plus(1)).reason;
    assert_eq!(late, ClickReason::OfferStopped, "its last second is over");
    catalogue.blocked.insert_mut(10);
    assert_eq!(decided(&catalogue, "good", NOW).reason, ClickReason::AccountBlocked);
    catalogue.blocked = IdSet::default().insert(20);
    assert_eq!(decided(&catalogue, "good", NOW).reason, ClickReason::OfferStopped);
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
        let decision = decide(&catalogue, &Facts::new(NOW, 1, entry), &Spent::default());
        assert_eq!(decision.reason, reason);
        assert_eq!(decision.link.map_or(0, |link| link.id), 0);
    }
}

#[test]
fn the_trace_ends_where_the_click_failed() {
    let catalogue = catalogue();
    let trace = |code: &str| decided(&catalogue, code, NOW).trace.into_text();
    assert_eq!(trace("good"), "1+1 2+10 3+5 4+5");
    assert_eq!(trace("gone"), "1-1 27-");
    assert_eq!(trace("nothing"), "1- 27-");
}

#[test]
fn a_visit_without_a_redirect_counts_for_the_links_own_offer() {
    let mut catalogue = catalogue();
    catalogue.offers.insert_mut(8, Arc::new(offer(8, true)));
    catalogue.connect([(8, vec![10])].into());
    let way = |offer_id, priority| Way { offer_id, weight: 1, priority, ..Way::default() };
    let plan = Plan {
        targeting: None,
        rotation: LinkRotation::Order,
        ways: Box::from([way(8, 0), way(5, i64::MAX)]),
        categories: Box::default(),
        exploration: 0,
    };
    let link = LinkEntry {
        id: 2,
        webmaster_id: 10,
        offer_id: 5,
        plan: Some(Box::new(plan)),
        ..LinkEntry::default()
    };
    catalogue.links.insert_mut("two".to_owned(), Arc::new(link));
    for way in ClickWay::ALL {
        let facts = Facts { way: *way, ..Facts::new(NOW, 1, Entry::Code("two".to_owned())) };
        let chosen = decide(&catalogue, &facts, &Spent::default()).offer_id();
        assert_eq!(chosen, if *way == ClickWay::Redirect { 8 } else { 5 }, "{way:?}");
    }
}

/// An address on a domain that was parked after it was written down is passed over; one that a stranger only claims is not.
#[test]
fn traffic_back_never_leads_here() {
    let mut catalogue = catalogue();
    catalogue.traffback.insert_mut(10, Box::new(back("mine.example")));
    catalogue.network_traffback = Some(Box::new(back("network.example")));
    let to = |catalogue: &Snapshot| decided(catalogue, "stopped", NOW).back.map(|(owner, _)| owner);
    assert_eq!(to(&catalogue), Some(BackOwner::Webmaster));
    for (webmaster_id, is_waiting, owner) in [
        (11, true, BackOwner::Webmaster),
        (11, false, BackOwner::Network),
        (10, true, BackOwner::Network),
        (10, false, BackOwner::Network),
    ] {
        let entry = parked("mine.example", webmaster_id, is_waiting);
        catalogue.domains.insert_mut("mine.example".to_owned(), entry);
        assert_eq!(to(&catalogue), Some(owner), "{webmaster_id} {is_waiting}");
    }
    catalogue.domains.insert_mut("network.example".to_owned(), parked("network.example", 11, false));
    assert_eq!(to(&catalogue), None);
}

mod any {
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    use whocpa_domain::cap::{CapMeasure, CapPeriod, CapRule, Window};
    use whocpa_domain::targeting::{IdLists, Targeting, VisitorKind};
    use whocpa_store::cap::Used;

    use super::*;
    use crate::catalogue::CapEntry;

    fn rules() -> impl Strategy<Value = Option<Rules>> {
        let ids = || proptest::collection::vec(1..5_i64, 0..2);
        let visitors = proptest::option::of(proptest::sample::select(VisitorKind::ALL.to_vec()));
        (ids(), ids(), visitors).prop_map(|(allow, deny, visitors)| {
            Targeting { geo: IdLists { allow, deny }, visitors, ..Targeting::default() }.compile()
        })
    }

    fn cap() -> impl Strategy<Value = CapEntry> {
        let measure = proptest::sample::select(CapMeasure::ALL.to_vec());
        let period = proptest::sample::select(CapPeriod::ALL.to_vec());
        (
            measure,
            period,
            0..3_i64,
            0..3_i64,
            any::<bool>(),
            proptest::collection::btree_map(0..3_i64, 0..3_i64, 0..3),
        )
            .prop_map(|(measure, period, limit, webmaster_id, is_each, by_webmaster)| {
                let rule = CapRule {
                    measure,
                    period,
                    limit,
                    currency_id: 0,
                    goal_id: 0,
                    webmaster_id,
                    is_each: is_each && webmaster_id == 0,
                };
                let mut entry = CapEntry::new(rule, jiff::tz::TimeZone::UTC);
                let found = Used { by_webmaster, leads: 1 };
                entry.set_used(Window { start: Time(0), end: NOW }, found, Time(0));
                entry
            })
    }

    fn landing() -> impl Strategy<Value = Arc<LandingEntry>> {
        let kind = proptest::sample::select(LandingKind::ALL.to_vec());
        (1..9_i64, kind, 0..3_i64, rules()).prop_map(|(id, kind, weight, targeting)| {
            let destination = UrlTemplate::parse("https://page.example/{landing_url}").expect("right");
            Arc::new(LandingEntry { id, kind, weight, targeting, destination })
        })
    }

    fn any_offer(id: i64) -> impl Strategy<Value = Arc<OfferEntry>> {
        let times = proptest::option::of(NOW.0 - 1..NOW.0 + 2);
        (
            (1..4_i64, any::<bool>(), any::<bool>(), times.clone(), times),
            rules(),
            any::<bool>(),
            proptest::collection::vec(landing(), 0..4),
            proptest::collection::vec(cap(), 0..3),
            1..3_i64,
        )
            .prop_map(move |(state, targeting, has_back, landings, caps, category)| {
                let (advertiser_id, is_live, has_page, date_start, date_stop) = state;
                Arc::new(OfferEntry {
                    advertiser_id,
                    is_live,
                    date_start,
                    date_stop,
                    destination: has_page.then(|| UrlTemplate::parse("https://a.example/").expect("right")),
                    targeting,
                    url_traffback: has_back.then(|| Box::new(back("back.example"))),
                    landings: landings.into_boxed_slice(),
                    categories: Box::new([category]),
                    caps: caps.into_boxed_slice(),
                    ..offer(id, is_live)
                })
            })
    }

    fn way() -> impl Strategy<Value = Way> {
        (1..7_i64, 0..9_i64, 0..9_i64, rules(), 0..3_i64, 0..3_i64).prop_map(
            |(offer_id, landing_id, prelanding_id, targeting, weight, priority)| Way {
                offer_id,
                landing_id,
                prelanding_id,
                targeting,
                weight,
                priority,
            },
        )
    }

    fn plan() -> impl Strategy<Value = Option<Box<Plan>>> {
        let rotation = proptest::sample::select(LinkRotation::ALL.to_vec());
        let ways = proptest::collection::vec(way(), 0..5);
        let plan = (rules(), rotation, ways, proptest::collection::vec(1..4_i64, 0..2), -5..200_i64);
        proptest::option::of(plan.prop_map(|(targeting, rotation, ways, categories, exploration)| {
            Box::new(Plan {
                targeting,
                rotation,
                ways: ways.into_boxed_slice(),
                categories: categories.into_boxed_slice(),
                exploration,
            })
        }))
    }

    fn snapshot() -> impl Strategy<Value = Snapshot> {
        let offers: Vec<_> = (1..6).map(any_offer).collect();
        let pairs = proptest::collection::vec((1..4_i64, 1..7_i64), 0..9);
        let blocked = proptest::collection::vec(1..4_i64, 0..2);
        let epc = proptest::collection::hash_map(1..6_i64, (1..3_i64, any::<i64>()), 0..5);
        let domain = (
            proptest::sample::select(vec!["back.example", "network.example", "link.example"]),
            1..4_i64,
            any::<bool>(),
        );
        let domains = proptest::collection::vec(domain, 0..3);
        let link = (plan(), 1..4_i64, 1..7_i64, 0..5_i64, any::<bool>(), any::<bool>());
        (offers, pairs, blocked, epc, link, (any::<bool>(), domains)).prop_map(
            |(offers, pairs, blocked, epc, link, (has_back, domains))| {
                let mut snapshot = Snapshot { epc: Arc::new(epc), ..Snapshot::default() };
                for (name, webmaster_id, is_waiting) in domains {
                    snapshot.domains.insert_mut(name.to_owned(), parked(name, webmaster_id, is_waiting));
                }
                for offer in offers {
                    snapshot.offers.insert_mut(offer.id, offer);
                }
                let mut connected: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
                for (webmaster_id, offer_id) in pairs {
                    connected.entry(offer_id).or_default().push(webmaster_id);
                }
                snapshot.connect(connected);
                for id in blocked {
                    snapshot.blocked.insert_mut(id);
                }
                snapshot.network_traffback = has_back.then(|| Box::new(back("network.example")));
                let (plan, webmaster_id, offer_id, area_id, is_deleted, has_link_back) = link;
                let entry = LinkEntry {
                    id: 1,
                    webmaster_id,
                    offer_id,
                    area_id,
                    url_traffback: has_link_back.then(|| Box::new(back("link.example"))),
                    is_deleted,
                    plan,
                    ..LinkEntry::default()
                };
                snapshot.links.insert_mut("code".to_owned(), Arc::new(entry));
                snapshot
            },
        )
    }

    fn facts() -> impl Strategy<Value = Facts> {
        let entry = prop_oneof![
            4 => Just(Entry::Code("code".to_owned())),
            1 => ".{0,8}".prop_map(Entry::Code),
            1 => (any::<i64>(), any::<i64>())
                .prop_map(|(offer_id, webmaster_id)| Entry::Pair { offer_id, webmaster_id }),
            2 => (1..7_i64, 1..4_i64).prop_map(|(offer_id, webmaster_id)| Entry::Pair { offer_id, webmaster_id }),
        ];
        let geo = proptest::collection::vec(1..5_i64, 0..3);
        (entry, any::<i64>(), any::<i64>(), geo, any::<bool>(), any::<bool>(), 0..9_i64).prop_map(
            |(entry, id, now, geo, is_returning, is_back, landing_id)| {
                let mut facts = Facts::new(Time(if now % 3 == 0 { now } else { NOW.0 }), id, entry);
                facts.geo_ids = geo.into();
                facts.is_returning = is_returning;
                facts.is_back = is_back;
                facts.asked.landing_id = landing_id;
                facts
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        /// Whatever the catalogue and the visit: a decision, with an offer's address or a reason, the same each time,
        /// and with every cap that it claims spent another one, until none is claimed.
        #[test]
        fn there_is_always_a_decision(snapshot in snapshot(), facts in facts()) {
            let mut spent = Spent::default();
            for round in 0..100 {
                let decision = decide(&snapshot, &facts, &spent);
                prop_assert_eq!(&decision, &decide(&snapshot, &facts, &spent));
                if decision.reason == ClickReason::Sent {
                    let offer = decision.offer.as_ref().expect("an offer");
                    prop_assert!(offer.destination.is_some() && decision.back.is_none());
                    prop_assert!(offer.is_live && !snapshot.blocked.contains(&offer.advertiser_id));
                    for page in decision.landing.iter().chain(&decision.prelanding) {
                        prop_assert!(offer.landings.contains(page));
                    }
                } else {
                    prop_assert!(decision.claims.is_empty() && decision.landing.is_none());
                    prop_assert!(decision.back.is_none() || !facts.is_back);
                    let away = |url: &str| snapshot.domains.values().all(|entry| {
                        entry.status == DomainStatus::Waiting || url != format!("https://{}/", entry.name)
                    });
                    prop_assert!(decision.back.as_ref().is_none_or(|(_, url)| away(url)));
                }
                for claim in &decision.claims {
                    prop_assert!(!spent.has(claim), "a full cap is not claimed again");
                }
                let Some(claim) = decision.claims.first() else { return Ok(()) };
                prop_assert!(spent.add(claim.key) && round < 99);
            }
        }
    }
}
