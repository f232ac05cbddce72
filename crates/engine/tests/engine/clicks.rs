//! What is known of a click: facts, marks, uniqueness, the trace, and who may look at it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use whocpa_db_test::db_test;
use whocpa_domain::facts::BotMark;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Scope};
use whocpa_engine::click::{ClickView, Visit};
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_engine::{Engine, EngineConfig, Rng};
use whocpa_store::click;
use whocpa_store::testing::TestDb;

use crate::world::{World, branch, person, read, refusal};

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
const ROBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/// A live offer whose only goal approves its leads by itself, and a link to it.
struct Tracked {
    world: World,
    offer_id: i64,
    goal_id: i64,
    code: String,
}

async fn tracked(test: TestDb) -> Tracked {
    let world = World::new(test).await;
    let geo = branch(&world.engine.geo_list(world.operator).await.expect("regions"))[1];
    let url = "https://shop.example/?t={tid}&g={gclid}&d={device}&o={os}";
    let offer_id = world.offer(geo, OfferStatus::Live, &[("url_redirect", url)]).await;
    let goal_id = world.goal(offer_id, "10").await;
    let approves = world.engine.goal_update(world.advertiser, goal_id, read(&[("is_auto_approve", "1")]));
    approves.await.expect("a goal that approves");
    world.connect(offer_id).await;
    let offer = offer_id.to_string();
    let link =
        world.engine.link_create(world.webmaster, read(&[("offer_id", &offer)])).await.expect("a link");
    let code = world.engine.link_view(world.webmaster, link).await.expect("the link").code;
    world.clock.advance(3600);
    world.engine.catalogue_refresh().await.expect("refresh");
    Tracked { world, offer_id, goal_id, code }
}

impl Tracked {
    fn visit<'a>(&self, ua: &'a str, query: &'a str) -> Visit<'a> {
        Visit { ip: IpAddr::from([8, 8, 8, 8]), ua, query, ..Visit::to(&self.code) }
    }

    /// A click as an operator sees it, once the log is drained.
    async fn view(&self, tid: &str) -> ClickView {
        for _ in 0..500 {
            if let Ok(click) = self.world.engine.click_view(self.world.operator, tid.to_owned()).await {
                return click;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the click {tid} was not stored");
    }

    async fn track(&self, visit: Visit<'_>) -> ClickView {
        let tid = self.world.engine.click_track(visit).await.tid;
        self.view(&tid).await
    }

    /// Waits until the store has so many clicks.
    async fn stored(&self, count: i64) {
        let db = self.world.test.store.clicks();
        for _ in 0..500 {
            if click::count(&db, Scope::All).await.expect("count") >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the clicks were not stored");
    }

    async fn convert(&self, tid: &str) -> (i64, LeadStatus) {
        let conversion = Conversion {
            advertiser_id: self.world.advertiser.user_id,
            tid: tid.to_owned(),
            goal_id: Some(self.goal_id),
            sale_id: tid.to_owned(),
            amount: None,
            status: LeadStatus::Pending,
            comment: String::new(),
            ..Conversion::default()
        };
        match self.world.engine.lead_receive(conversion).await.expect("a verdict") {
            Verdict::Accepted { lead_id, status, .. } => (lead_id, status),
            other => panic!("not accepted: {other:?}"),
        }
    }
}

#[db_test]
async fn a_click_remembers_who_came_and_why_he_was_sent(test: TestDb) {
    let net = tracked(test).await;
    let visit = net.visit(PHONE, "clickid=c1&gclid=G-1&utm_medium=feed&keyword=tea");
    let tracked = net.world.engine.click_track(visit).await;
    let address = format!("https://shop.example/?t={}&g=G-1&d=phone&o=iOS", tracked.tid);
    assert_eq!(tracked.location.as_deref(), Some(address.as_str()));
    let view = net.view(&tracked.tid).await;
    assert_eq!((view.row.subid1.as_str(), view.row.subid2.as_str()), ("c1", "feed"));
    assert_eq!(view.params, "subid1=clickid&subid2=utm_medium&gclid=G-1");
    assert_eq!(
        (view.row.os.as_str(), view.row.os_version.as_str(), view.row.browser.as_str()),
        ("iOS", "18.5", "Safari")
    );
    assert_eq!((view.row.country.as_str(), view.row.is_bot, view.row.is_unique), ("US", false, true));
    assert_eq!(view.url_to, "shop.example");
    let checks: Vec<&str> = view.trace.iter().map(|step| step.check.as_str()).collect();
    for check in ["link", "offer", "connection", "bot", "unique", "destination"] {
        assert!(checks.contains(&check), "{check} is not in {checks:?}");
    }
    assert!(view.trace.iter().all(|step| step.is_passed && !step.detail.is_empty()));
    let unknown = net.track(Visit::to("nothing")).await;
    assert_eq!((unknown.row.offer_id, unknown.row.is_unique, unknown.url_to.as_str()), (None, false, ""));
    assert!(unknown.trace.iter().any(|step| step.check == "link" && !step.is_passed));
}

#[db_test]
async fn a_pair_of_offer_and_webmaster_needs_no_link(test: TestDb) {
    let net = tracked(test).await;
    let query = format!("o={}&a={}&s2=x", net.offer_id, net.world.webmaster.user_id);
    let view = net.track(Visit { query: &query, ua: PHONE, ..Visit::to_pair() }).await;
    assert_eq!((view.row.link_id, view.row.offer_id), (None, Some(net.offer_id)));
    assert_eq!((view.row.webmaster_id, view.row.subid2.as_str()), (Some(net.world.webmaster.user_id), "x"));
    assert_eq!(view.url_to, "shop.example");
    for query in ["", "o=1", "o=x&a=y", &format!("o={}&a=999", net.offer_id)] {
        let refused = net.world.engine.click_track(Visit { query, ..Visit::to_pair() }).await;
        assert_eq!(refused.location, None, "{query}");
    }
}

#[db_test]
async fn robots_and_floods_are_marked_and_sent_all_the_same(test: TestDb) {
    let net = tracked(test).await;
    let prefetch = Visit { is_prefetch: true, ..net.visit(PHONE, "") };
    for (visit, mark) in [
        (net.visit(ROBOT, ""), BotMark::Crawler),
        (net.visit("", ""), BotMark::EmptyAgent),
        (prefetch, BotMark::Prefetch),
        (net.visit(PHONE, ""), BotMark::None),
    ] {
        let view = net.track(visit).await;
        assert_eq!((view.row.bot_mark, view.row.is_bot), (mark, mark != BotMark::None));
        assert_eq!(view.url_to, "shop.example", "{mark:?} is sent all the same");
    }
    // Thirty clicks of one visitor in a minute are no flood, the next one is; another minute begins anew.
    net.world.clock.advance(60);
    for number in 1..=31 {
        let view = net.track(net.visit(PHONE, "")).await;
        let mark = if number > 30 { BotMark::Flood } else { BotMark::None };
        assert_eq!(view.row.bot_mark, mark, "click {number}");
    }
    net.world.clock.advance(60);
    assert_eq!(net.track(net.visit(PHONE, "")).await.row.bot_mark, BotMark::None);
}

#[db_test]
async fn a_lead_of_a_marked_click_is_never_approved_by_itself(test: TestDb) {
    let net = tracked(test).await;
    let engine = &net.world.engine;
    let tid = engine.click_track(net.visit(PHONE, "")).await.tid;
    assert_eq!(net.convert(&tid).await.1, LeadStatus::Approved);
    let tid = engine.click_track(net.visit(ROBOT, "")).await.tid;
    let (id, status) = net.convert(&tid).await;
    assert_eq!(status, LeadStatus::Pending);
    let lead = engine.lead_view(net.world.webmaster, id).await.expect("the lead");
    let words = "the click is counted apart: a known crawler by its user agent; so the goal does not approve the lead by itself";
    assert_eq!(lead.events[0].comment, words);
    // It is decided like any other.
    engine.lead_update(net.world.advertiser, id, read(&[("status", "1")])).await.expect("approve");
    assert_eq!(net.view(&tid).await.lead_ids, [id]);
}

#[db_test]
async fn a_visitor_is_unique_to_an_offer_once_a_day_and_after_a_restart(test: TestDb) {
    let net = tracked(test).await;
    let world = &net.world;
    assert!(net.track(net.visit(PHONE, "")).await.row.is_unique);
    assert!(!net.track(net.visit(PHONE, "")).await.row.is_unique, "the same visitor");
    assert!(net.track(net.visit(&PHONE.replace("18_5", "18_4"), "")).await.row.is_unique, "another phone");
    world.clock.advance(23 * 3600);
    assert!(!net.track(net.visit(PHONE, "")).await.row.is_unique);
    net.stored(4).await;
    let Tracked { world: World { test, engine, clock, operator, .. }, code, .. } = net;
    engine.close().await.expect("close");
    drop(engine);
    let config = EngineConfig {
        database_url: test.config.database_url.clone(),
        ..EngineConfig::new(test.config.data_dir.clone())
    };
    let again = Engine::open(config, Arc::new(clock.clone()), Rng::seeded(2)).await.expect("open again");
    let is_unique = async || {
        let visit = Visit { ip: IpAddr::from([8, 8, 8, 8]), ua: PHONE, ..Visit::to(&code) };
        let tid = again.click_track(visit).await.tid;
        for _ in 0..1000 {
            // It is shown once the log is drained.
            if let Ok(click) = again.click_view(operator, tid.clone()).await {
                return click.row.is_unique;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the click is not stored after 10 s");
    };
    again.click_recalled().await;
    assert!(!is_unique().await, "known from before the restart");
    clock.advance(3600 + 60);
    assert!(is_unique().await, "another day");
    again.close().await.expect("close");
}

#[db_test]
async fn lists_hold_what_the_filters_ask_for_and_the_caller_may_see(test: TestDb) {
    let net = tracked(test).await;
    let engine = &net.world.engine;
    let first = engine.click_track(net.visit(PHONE, "subid1=a")).await.tid;
    net.world.clock.advance(3600);
    let second = engine.click_track(net.visit(ROBOT, "subid1=b")).await.tid;
    let third = engine.click_track(net.visit(PHONE, "subid1=c")).await.tid;
    let lost = engine.click_track(Visit::to("nothing")).await.tid;
    net.stored(4).await;
    net.convert(&first).await;
    let offer = net.offer_id.to_string();
    for (filter, expected) in [
        (vec![], vec![&third, &second, &first]),
        (vec![("offer_id", offer.as_str())], vec![&third, &second, &first]),
        (vec![("offer_id", "999")], vec![]),
        (vec![("subid1", "a,b")], vec![&second, &first]),
        (vec![("is_bot", "1")], vec![&second]),
        (vec![("is_bot", "0")], vec![&third, &first]),
        (vec![("device", "2")], vec![&third, &first]),
        (vec![("is_unique", "0")], vec![&third]),
        (vec![("country", "us")], vec![&third, &second, &first]),
        (vec![("country", "de")], vec![]),
        (vec![("reason", "0")], vec![&third, &second, &first]),
        (vec![("reason", "3")], vec![]),
        (vec![("has_lead", "1")], vec![&first]),
        (vec![("has_lead", "0")], vec![&third, &second]),
        (vec![("has_lead", "1"), ("is_bot", "1")], vec![]),
        (vec![("tid", first.as_str())], vec![&first]),
        (vec![("tid", lost.as_str())], vec![]),
        (vec![("d_created_to", "2023-11-14T23:30:00")], vec![&first]),
        (vec![("d_created_from", "2023-11-14T23:30:00")], vec![&third, &second]),
        (vec![("link_id", "999")], vec![]),
        (vec![("area_id", "1")], vec![]),
    ] {
        let rows = engine.click_list(net.world.webmaster, read(&filter)).await.expect("clicks");
        let found: Vec<&String> = rows.rows.iter().map(|row| &row.id).collect();
        assert_eq!(found, expected, "{filter:?}");
        assert_eq!(rows.total_count, i64::try_from(expected.len()).expect("few"), "{filter:?}");
        assert!(rows.rows.iter().all(|row| row.webmaster_id.is_none()));
    }
    let of = engine.click_list(net.world.webmaster, read(&[("tid", first.as_str())])).await.expect("one");
    assert_eq!(of.rows[0].lead_count, 1);
    let all = engine.click_list(net.world.operator, read(&[])).await.expect("all");
    assert_eq!(all.total_count, 4, "an operator sees those of nobody too");
    let webmaster = net.world.webmaster.user_id.to_string();
    let own =
        engine.click_list(net.world.operator, read(&[("webmaster_id", &webmaster)])).await.expect("his");
    assert_eq!(own.total_count, 3);
    let other = person(&net.world.test, UserLevel::Webmaster, "other").await;
    assert_eq!(engine.click_list(other, read(&[])).await.expect("none").total_count, 0);
    for tid in [&first, &lost, &"x".to_owned()] {
        assert!(matches!(engine.click_view(other, tid.clone()).await, Err(Error::NotFound)));
    }
    let wrong = read(&[("tid", "abc"), ("country", "USA"), ("webmaster_id", "1")]);
    assert_eq!(refusal(engine.click_list(net.world.webmaster, wrong).await).len(), 3);
}

/// What an address names of an offer's objects is recorded, and goes on to the lead; what is another offer's is not.
#[db_test]
async fn objects_of_the_offer_are_recorded(test: TestDb) {
    let net = tracked(test).await;
    let (engine, advertiser) = (&net.world.engine, net.world.advertiser);
    let other = net.world.offer(1, OfferStatus::Live, &[]).await;
    let mut objects = Vec::new();
    for offer in [net.offer_id, other].map(|id| id.to_string()) {
        let offer = ("offer_id", offer.as_str());
        let promo = [offer, ("name", "Banner"), ("kind", "2"), ("template", "Tea")];
        let stock = [offer, ("name", "Sale"), ("date_start", "2024-01-01"), ("date_end", "2098-12-31")];
        let page = ("url", "https://shop.example/tea");
        let product =
            [offer, ("name", "Tea"), ("external_id", "1"), page, ("price", "1"), ("currency_id", "840")];
        objects.push([
            engine.promo_create(advertiser, read(&promo)).await.expect("a promo"),
            engine.product_create(advertiser, read(&product)).await.expect("a product"),
            engine.stock_create(advertiser, read(&stock)).await.expect("a stock"),
        ]);
    }
    let query =
        |[promo, product, stock]: [i64; 3]| format!("promo_id={promo}&product_id={product}&stock_id={stock}");
    for (named, own) in [(objects[0], objects[0].map(Some)), (objects[1], [None; 3]), ([999; 3], [None; 3])] {
        let tid = engine.click_track(net.visit("Mozilla/5.0", &query(named))).await.tid;
        // Before the click is stored, and after.
        let (lead, _) = net.convert(&tid).await;
        let row = net.view(&tid).await.row;
        assert_eq!([row.promo_id, row.product_id, row.stock_id], own, "{named:?}");
        let lead = engine.lead_view(net.world.webmaster, lead).await.expect("the lead").row;
        assert_eq!([lead.promo_id, lead.product_id, lead.stock_id], own, "{named:?}");
    }
    // A link may stand behind one promo of its offer.
    net.world.engine.catalogue_refresh().await.expect("refresh");
    let (link, webmaster) = (net.track(net.visit("Mozilla/5.0", "")).await.row.link_id, net.world.webmaster);
    let (link, [promo, ..]) = (link.expect("a link"), objects[0]);
    let change = async |promo: i64| {
        engine.link_update(webmaster, link, read(&[("promo_id", &promo.to_string())])).await
    };
    assert_eq!(refusal(change(objects[1][0]).await), ["promo_id: Promos not found"]);
    assert_eq!(refusal(change(promo).await), ["promo_id: Promos not found"], "not approved yet");
    let live = engine.promo_update(net.world.operator, promo, read(&[("status", "2")])).await;
    live.expect("approve");
    change(promo).await.expect("a promo of the offer");
    assert_eq!(engine.link_view(webmaster, link).await.expect("the link").promo_id, Some(promo));
    assert_eq!(net.track(net.visit("Mozilla/5.0", "")).await.row.promo_id, Some(promo));
    // As at a start: what a node does not know is read by pages of links.
    net.world.clock.advance(86_400);
    net.world.engine.catalogue_refresh().await.expect("a rebuild");
    assert_eq!(net.track(net.visit("Mozilla/5.0", "")).await.row.promo_id, Some(promo));
    let refused = net.track(Visit { query: &query(objects[0]), ..Visit::to("nothing") }).await.row;
    assert_eq!([refused.promo_id, refused.product_id, refused.stock_id], [None; 3]);
}
