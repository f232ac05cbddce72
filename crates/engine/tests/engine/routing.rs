//! Whom links, offers and landing pages take, where the others go, and caps: through the real engine, on both databases.

use std::net::IpAddr;

use whocpa_db_test::db_test;
use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::BotMark;
use whocpa_domain::input::{RawParams, RawValue};
use whocpa_domain::offer::OfferStatus;
use whocpa_engine::click::{Tracked, Visit};
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_engine::simulate::SimulateView;
use whocpa_engine::{Caller, Engine, EngineConfig, Rng};
use whocpa_store::testing::TestDb;

use crate::world::{World, branch, read, refusal, try_read};

pub struct Routed {
    pub world: World,
    pub offers: [i64; 3],
    pub code: String,
    pub link: i64,
}

/// Three live offers of one advertiser, all connected, and a link to the first.
pub async fn routed(test: TestDb) -> Routed {
    let world = World::calm(test).await;
    let geo = branch(&world.engine.geo_list(world.operator).await.expect("regions"))[1];
    let mut offers = [0; 3];
    for (at, offer) in offers.iter_mut().enumerate() {
        let url = format!("https://shop{at}.example/");
        *offer = world.offer(geo, OfferStatus::Live, &[("url_redirect", &url)]).await;
        world.goal(*offer, "10").await;
        world.connect(*offer).await;
    }
    let first = offers[0].to_string();
    let link =
        world.engine.link_create(world.webmaster, read(&[("offer_id", &first)])).await.expect("a link");
    let code = world.engine.link_view(world.webmaster, link).await.expect("the link").code;
    world.clock.advance(3600);
    world.engine.catalogue_refresh().await.expect("refresh");
    Routed { world, offers, code, link }
}

impl Routed {
    pub async fn click(&self, query: &str) -> Tracked {
        let visit = Visit {
            query,
            ip: IpAddr::from([8, 8, 8, 8]),
            ua: "Mozilla/5.0",
            languages: "en-US",
            ..Visit::to(&self.code)
        };
        self.world.engine.click_track(visit).await
    }

    pub async fn link(&self, pairs: &[(&str, &str)]) {
        let changed = self.world.engine.link_update(self.world.webmaster, self.link, read(pairs)).await;
        changed.expect("change the link");
    }

    pub async fn offer(&self, at: usize, pairs: &[(&str, &str)]) {
        let changed = self.world.engine.offer_update(self.world.operator, self.offers[at], read(pairs)).await;
        changed.expect("change the offer");
    }

    pub async fn landing(&self, at: usize, pairs: &[(&str, &str)]) -> i64 {
        let offer = self.offers[at].to_string();
        let mut all = vec![("offer_id", offer.as_str()), ("name", "Page")];
        all.extend_from_slice(pairs);
        let engine = &self.world.engine;
        let id = engine.landing_create(self.world.advertiser, read(&all)).await.expect("a landing");
        engine.landing_update(self.world.operator, id, read(&[("status", "2")])).await.expect("approve");
        id
    }

    /// Waits until the store has so many clicks.
    pub async fn stored(&self, count: i64) {
        let db = self.world.test.store.clicks();
        for _ in 0..500 {
            if whocpa_store::click::count(&db, whocpa_domain::Scope::All).await.expect("count") >= count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the clicks were not stored");
    }

    pub async fn tried(&self, caller: Caller, pairs: &[(&str, &str)]) -> SimulateView {
        self.world.engine.simulate_create(caller, read(pairs)).await.expect("a trial")
    }

    async fn lead(&self, tid: &str, at: usize) -> i64 {
        let sent = Conversion {
            advertiser_id: self.world.advertiser.user_id,
            tid: tid.to_owned(),
            ..Conversion::default()
        };
        match self.world.engine.lead_receive(sent).await.expect("a verdict") {
            Verdict::Accepted { lead_id, .. } => lead_id,
            other => panic!("offer {at}: {other:?}"),
        }
    }
}

fn host(tracked: &Tracked) -> &str {
    let location = tracked.location.as_deref().unwrap_or_default();
    location.split('/').nth(2).unwrap_or_default()
}

#[db_test]
async fn targeting_sends_others_back(test: TestDb) {
    let run = routed(test).await;
    let engine = &run.world.engine;
    assert_eq!(run.click("").await.reason, ClickReason::Sent);
    // The United States are where 8.8.8.8 is.
    let tree = engine.geo_list(run.world.operator).await.expect("regions");
    let inside = |name: &str| {
        let mut open: Vec<_> = tree.iter().collect();
        while let Some(geo) = open.pop() {
            if geo.name_en == name {
                return geo.id;
            }
            open.extend(&geo.descendants);
        }
        panic!("no region {name}")
    };
    let usa = inside("United States");
    run.offer(0, &[("targeting", &format!(r#"{{"geo":{{"deny":[{usa}]}}}}"#))]).await;
    assert_eq!(run.click("").await.reason, ClickReason::OutOfGeo);
    run.offer(0, &[("targeting", &format!(r#"{{"geo":{{"allow":[{usa}]}}}}"#))]).await;
    assert_eq!(run.click("").await.reason, ClickReason::Sent);
    run.link(&[("targeting", r#"{"subid1":{"deny":["bad"]}}"#)]).await;
    assert_eq!(run.click("subid1=bad").await.reason, ClickReason::OutOfSubid);
    assert_eq!(run.click("subid1=good").await.reason, ClickReason::Sent);
    // The chain of traffic-back: nobody's, the offer's, the webmaster's, the link's.
    assert_eq!(run.click("subid1=bad").await.location, None);
    run.offer(0, &[("url_traffback", "https://offer-back.example/")]).await;
    assert_eq!(host(&run.click("subid1=bad").await), "offer-back.example");
    let mine = run.world.webmaster;
    let back = [("url_traffback", "https://my-back.example/")];
    engine.profile_update(mine, mine.user_id, read(&back)).await.expect("a traffic-back");
    assert_eq!(host(&run.click("subid1=bad").await), "my-back.example");
    run.link(&[("url_traffback", "https://link-back.example/?x=1")]).await;
    let back = run.click("subid1=bad").await;
    assert_eq!(back.location.as_deref(), Some("https://link-back.example/?x=1"));
    // Going round ends on a page of the network.
    let round = Visit { query: "subid1=bad", is_back: true, ..Visit::to(&run.code) };
    assert_eq!(engine.click_track(round).await.location, None);
}

#[db_test]
async fn bad_targeting_is_refused_with_its_place(test: TestDb) {
    let run = routed(test).await;
    let engine = &run.world.engine;
    let tree = engine.geo_list(run.world.operator).await.expect("regions");
    let city = *branch(&tree).last().expect("a region");
    let offer = run.offers[0];
    let of_offer = async |pairs: &[(&str, &str)]| {
        refusal(engine.offer_update(run.world.advertiser, offer, read(pairs)).await)
    };
    let part = of_offer(&[("targeting", &format!(r#"{{"geo":{{"allow":[{city}]}}}}"#))]).await;
    assert!(part[0].contains("is a part of a country"), "{part:?}");
    let unknown = of_offer(&[("targeting", r#"{"geo":{"deny":[1000000007]}}"#)]).await;
    assert_eq!(unknown, ["targeting: geo.deny: Region 1000000007 not found"]);
    let own = of_offer(&[("url_traffback", "http://127.0.0.1:8080/go/abc")]).await;
    assert_eq!(own, ["url_traffback: Must not lead to this network itself"]);
    let parked = read(&[("name", "go.mine.example")]);
    engine.domain_create(run.world.webmaster, parked).await.expect("a domain");
    let mine = ("url_traffback", "https://GO.mine.example:8443/x");
    let updated = engine.link_update(run.world.webmaster, run.link, read(&[mine])).await;
    assert_eq!(refusal(updated), ["url_traffback: Must not lead to this network itself"]);
    // Whoever only claims a name takes it from nobody.
    let claimed = engine.offer_update(run.world.operator, offer, read(&[mine])).await;
    claimed.expect("an address on a domain that was never found here");
    let caps = of_offer(&[("caps", r#"[{"measure":2,"period":1,"limit":"5","goal_id":999}]"#)]).await;
    assert_eq!(caps, ["caps: [0].goal_id: Goals not found"]);
    let mut raw = RawParams::default();
    raw.push("targeting", RawValue::Json(r#"{"devices":[7]}"#.to_owned()));
    let wrong = raw.read::<whocpa_engine::offer::OfferUpdate>();
    assert_eq!(refusal(wrong), ["targeting: devices[0]: Must be one of 0, 1, 2, 3, 4"]);
    let of_link = async |pairs: &[(&str, &str)]| {
        let updated = async { engine.link_update(run.world.webmaster, run.link, try_read(pairs)?).await };
        refusal(updated.await)
    };
    for (routes, said) in [
        (r#"[{"offer_id":99999}]"#, "routes: [0].offer_id: Offers not found"),
        (r"[{}]", "routes: [0].offer_id: This parameter is required"),
    ] {
        assert_eq!(of_link(&[("routes", routes)]).await, [said]);
    }
    let wrong = format!(r#"[{{"offer_id":{offer},"landing_id":12345}}]"#);
    assert_eq!(of_link(&[("routes", &wrong)]).await, ["routes: [0].landing_id: Landings not found"]);
    assert_eq!(of_link(&[("landing_id", "12345")]).await, ["landing_id: Landings not found"]);
    assert_eq!(of_link(&[("exploration", "51")]).await, ["exploration: Must be from 0 to 50"]);
    assert_eq!(
        of_link(&[("rotation", "2"), ("categories", "999999")]).await,
        ["categories: Categories not found"]
    );
}

#[db_test]
async fn landings_take_turns_by_weight(test: TestDb) {
    let run = routed(test).await;
    assert_eq!(host(&run.click("").await), "shop0.example");
    let one = run.landing(0, &[("url", "https://one.example/"), ("weight", "1")]).await;
    let three = run.landing(0, &[("url", "https://three.example/"), ("weight", "3")]).await;
    let named = run.landing(0, &[("url", "https://named.example/")]).await;
    let mut found = [0_u32; 2];
    for _ in 0..400 {
        match host(&run.click("").await) {
            "one.example" => found[0] += 1,
            "three.example" => found[1] += 1,
            other => panic!("{other}"),
        }
    }
    assert!((60..=140).contains(&found[0]), "{found:?}");
    run.link(&[("landing_id", &named.to_string())]).await;
    assert_eq!(host(&run.click("").await), "named.example");
    // The visit's own wish wins, as long as the page is one of the offer's.
    assert_eq!(host(&run.click(&format!("landing_id={one}")).await), "one.example");
    assert_eq!(host(&run.click("landing_id=987654").await), "named.example");
    // A page that does not take the visitor is passed over.
    let only_phones = [("targeting", r#"{"devices":[2]}"#)];
    let engine = &run.world.engine;
    for id in [one, named] {
        engine.landing_update(run.world.operator, id, read(&only_phones)).await.expect("target");
    }
    assert_eq!(host(&run.click("").await), "three.example");
    engine.landing_delete(run.world.operator, three).await.expect("archive");
    assert_eq!(host(&run.click("").await), "shop0.example");
}

#[db_test]
async fn a_prelanding_leads_on_to_the_landing(test: TestDb) {
    let run = routed(test).await;
    run.landing(0, &[("url", "https://land.example/?a=1"), ("weight", "1")]).await;
    let pre = [("url", "https://pre.example/?to={landing_url}"), ("kind", "2"), ("weight", "1")];
    run.landing(0, &pre).await;
    let click = run.click("").await;
    let on = format!("https%3A%2F%2Fland.example%2F%3Fa%3D1%26tid%3D{}", click.tid);
    assert_eq!(click.location, Some(format!("https://pre.example/?to={on}&tid={}", click.tid)));
}

#[db_test]
async fn routes_are_asked_in_their_order(test: TestDb) {
    let run = routed(test).await;
    let [_, second, third] = run.offers;
    let routes = format!(
        r#"[{{"offer_id":{third},"priority":2}},
            {{"offer_id":{second},"priority":1,"targeting":{{"subid1":{{"allow":["b"]}}}}}}]"#
    );
    run.link(&[("routes", &routes)]).await;
    let view = run.world.engine.link_view(run.world.webmaster, run.link).await.expect("the link");
    assert_eq!((view.routes.len(), view.routes[0].offer_id), (2, third));
    assert_eq!(host(&run.click("subid1=b").await), "shop1.example");
    assert_eq!(host(&run.click("subid1=c").await), "shop2.example");
    run.offer(2, &[("status", "3"), ("reason", "pause")]).await;
    let click = run.click("subid1=c").await;
    assert_eq!((host(&click), click.offer_id), ("shop0.example", run.offers[0]));
    run.offer(0, &[("status", "3"), ("reason", "pause")]).await;
    assert_eq!(run.click("subid1=c").await.reason, ClickReason::OutOfSubid, "the first that was asked");
}

#[db_test]
async fn a_smart_link_learns_and_explains(test: TestDb) {
    let run = routed(test).await;
    let category = run.world.category_id.to_string();
    run.link(&[("rotation", "2"), ("categories", &category), ("exploration", "20")]).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..60 {
        seen.insert(run.click("").await.offer_id);
    }
    assert_eq!(seen.len(), 3, "while nothing is known, all are tried");
    let click = run.click("").await;
    assert_eq!(click.reason, ClickReason::Sent);
}

#[db_test]
async fn caps_of_clicks_hold_and_begin_anew(test: TestDb) {
    let run = routed(test).await;
    let caps = r#"[{"measure":1,"period":1,"limit":"3"}]"#;
    run.offer(0, &[("caps", caps), ("time_zone", "Europe/Kyiv")]).await;
    for _ in 0..3 {
        assert_eq!(run.click("").await.reason, ClickReason::Sent);
    }
    assert_eq!(run.click("").await.reason, ClickReason::Capped);
    let shown = run.world.engine.offer_view(run.world.webmaster, run.offers[0]).await.expect("the offer");
    let cap = &shown.caps[0];
    assert_eq!((cap.used.as_deref(), cap.left.as_deref()), (Some("3"), Some("0")));
    // A second offer takes those who come now.
    let second = run.offers[1];
    run.link(&[(
        "routes",
        &format!(r#"[{{"offer_id":{},"priority":1}},{{"offer_id":{second},"priority":2}}]"#, run.offers[0]),
    )])
    .await;
    assert_eq!(run.click("").await.offer_id, second);
    let reset = cap.date_reset.expect("a day ends");
    run.world.clock.advance(reset.0 - run.world.engine.now().0);
    assert_eq!(run.click("").await.offer_id, run.offers[0]);
}

#[db_test]
async fn caps_of_leads_stop_visitors_and_pay_those_who_were_sent(test: TestDb) {
    let run = routed(test).await;
    let caps = r#"[{"measure":2,"period":1,"limit":"2","is_each":true},{"measure":3,"period":4,"limit":"1000","currency_id":840}]"#;
    run.offer(0, &[("caps", caps)]).await;
    let clicks = [run.click("").await, run.click("").await, run.click("").await];
    run.lead(&clicks[0].tid, 0).await;
    assert_eq!(run.click("").await.reason, ClickReason::Sent);
    let second = run.lead(&clicks[1].tid, 0).await;
    assert_eq!(run.click("").await.reason, ClickReason::Capped, "from the commit that reaches it");
    run.lead(&clicks[2].tid, 0).await;
    let shown = run.world.engine.offer_view(run.world.webmaster, run.offers[0]).await.expect("the offer");
    assert_eq!((shown.caps[0].used.as_deref(), shown.caps[0].left.as_deref()), (Some("3"), Some("0")));
    let theirs = run.world.engine.offer_view(run.world.advertiser, run.offers[0]).await.expect("the offer");
    assert_eq!(theirs.caps[0].used, None, "each webmaster apart");
    assert_eq!(theirs.caps[1].limit, "1000.00");
    // What is refused gives its place back.
    for id in [second, second + 1] {
        let refused = [("status", "2"), ("reason", "16"), ("comment", "not reached")];
        run.world.engine.lead_update(run.world.advertiser, id, read(&refused)).await.expect("refuse");
    }
    assert_eq!(run.click("").await.reason, ClickReason::Sent);
    let approved = [("status", "1")];
    run.world.engine.lead_update(run.world.advertiser, second, read(&approved)).await.expect("approve");
    assert_eq!(run.click("").await.reason, ClickReason::Capped, "from the commit of the decision");
}

/// A cap that is taken away and set again counts what came in between.
#[db_test]
async fn a_cap_that_is_set_again_forgets_no_click(test: TestDb) {
    let run = routed(test).await;
    let caps =
        r#"[{"measure":1,"period":1,"limit":"4"},{"measure":1,"period":1,"limit":"4","is_each":true}]"#;
    run.offer(0, &[("caps", caps)]).await;
    run.click("").await;
    run.offer(0, &[("caps", "")]).await;
    for _ in 0..3 {
        assert_eq!(run.click("").await.reason, ClickReason::Sent);
    }
    run.stored(4).await;
    run.offer(0, &[("caps", caps)]).await;
    assert_eq!(run.click("").await.reason, ClickReason::Capped);
}

/// The process dies with clicks in the log: what is on its disk at any moment is enough to go on counting.
#[db_test]
async fn a_start_after_a_death_goes_on_counting(test: TestDb) {
    let run = routed(test).await;
    if run.world.test.config.database_url.is_some() {
        return;
    }
    run.offer(0, &[("caps", r#"[{"measure":1,"period":1,"limit":"150"}]"#)]).await;
    for _ in 0..140 {
        assert_eq!(run.click("").await.reason, ClickReason::Sent);
    }
    let copy = tempfile::tempdir().expect("a folder");
    // The log before the database: what the one has let go of by then is in the other.
    for databases in [false, true] {
        copy_files(&run.world.test.config.data_dir, copy.path(), databases);
    }
    let config = EngineConfig { connections: 4, ..EngineConfig::new(copy.path().to_owned()) };
    let clock = std::sync::Arc::new(run.world.clock.clone());
    let again = Engine::open(config, clock, Rng::seeded(2)).await.expect("open");
    let mut sent = 0;
    for _ in 0..20 {
        let visit = Visit { ua: "Mozilla/5.0", ..Visit::to(&run.code) };
        sent += i32::from(again.click_track(visit).await.reason == ClickReason::Sent);
    }
    assert_eq!(sent, 10);
    again.close().await.expect("close");
}

fn copy_files(from: &std::path::Path, to: &std::path::Path, databases: bool) {
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a kind").is_dir() {
            std::fs::create_dir_all(&target).expect("a folder");
            copy_files(&entry.path(), &target, databases);
        } else if entry.file_name().to_string_lossy().contains(".db") == databases {
            std::fs::copy(entry.path(), target).expect("copy");
        }
    }
}

/// 64 clients at once, and a restart in between: never one more than the cap.
#[db_test]
async fn caps_of_clicks_are_never_exceeded(test: TestDb) {
    let run = routed(test).await;
    let caps =
        r#"[{"measure":1,"period":1,"limit":"100"},{"measure":1,"period":4,"limit":"70","is_each":true}]"#;
    run.offer(0, &[("caps", caps)]).await;
    let run = std::sync::Arc::new(run);
    let clients = (0..64).map(|_| {
        let run = std::sync::Arc::clone(&run);
        tokio::spawn(async move {
            let mut sent = 0;
            for _ in 0..5 {
                sent += i32::from(run.click("").await.reason == ClickReason::Sent);
            }
            sent
        })
    });
    let mut sent = 0;
    for client in clients.collect::<Vec<_>>() {
        sent += client.await.expect("a client");
    }
    assert_eq!(sent, 70);
    // After a restart the counts are those of the store and the log.
    let Routed { world, offers, code, .. } = std::sync::Arc::into_inner(run).expect("all clients have ended");
    let World { engine, test, clock, webmaster, .. } = world;
    engine.close().await.expect("close");
    drop(engine);
    let config = EngineConfig {
        database_url: test.config.database_url.clone(),
        connections: 4,
        ..EngineConfig::new(test.config.data_dir.clone())
    };
    let again = Engine::open(config, std::sync::Arc::new(clock), Rng::seeded(2)).await.expect("open");
    assert_eq!(again.click_track(Visit::to(&code)).await.reason, ClickReason::Capped);
    let shown = again.offer_view(webmaster, offers[0]).await.expect("the offer");
    assert_eq!(shown.caps[0].used.as_deref(), Some("70"));
    again.close().await.expect("close");
}

#[db_test]
async fn what_is_tried_is_neither_counted_nor_stored(test: TestDb) {
    let run = routed(test).await;
    run.offer(0, &[("caps", r#"[{"measure":1,"period":1,"limit":"1"}]"#)]).await;
    run.offer(0, &[("targeting", r#"{"devices":[2]}"#), ("url_traffback", "https://back.example/?k=1")])
        .await;
    let link = run.link.to_string();
    let (webmaster, advertiser) = (run.world.webmaster, run.world.advertiser);
    let click = [("kind", "1"), ("link_id", link.as_str()), ("country", "us")];
    for caller in [webmaster, advertiser, run.world.operator] {
        let tried = run.tried(caller, &click).await;
        assert_eq!(tried.reason, Some(ClickReason::OutOfDevice));
        let last: Vec<&str> = tried.trace.iter().rev().take(2).map(|step| step.check.as_str()).collect();
        assert_eq!(last, ["traffic_back", "device"]);
    }
    let theirs = run.world.engine.simulate_create(run.world.rival, read(&click)).await;
    assert_eq!(refusal(theirs), ["link_id: Links not found"]);
    run.offer(0, &[("targeting", "")]).await;
    for _ in 0..3 {
        let tried = run.tried(webmaster, &click).await;
        assert_eq!(
            (tried.reason, tried.url_to.as_str()),
            (Some(ClickReason::Sent), "https://shop0.example/")
        );
    }
    // Trying a visitor many times does not make him a flood.
    for _ in 0..30 {
        run.tried(webmaster, &[&click[..], &[("ip", "8.8.8.8"), ("ua", "Mozilla/5.0")]].concat()).await;
    }
    let sent = run.click("").await;
    assert_eq!(sent.reason, ClickReason::Sent, "the only place was still free");
    run.stored(1).await;
    let stored = run.world.engine.click_view(run.world.operator, sent.tid.clone()).await.expect("the click");
    assert_eq!(stored.row.bot_mark, BotMark::None);
    assert_eq!(run.tried(webmaster, &click).await.reason, Some(ClickReason::Capped));
    let lead = [("kind", "2"), ("tid", sent.tid.as_str())];
    for (caller, money) in [(webmaster, "8.00"), (advertiser, "10.00"), (webmaster, "8.00")] {
        let tried = run.tried(caller, &lead).await;
        assert_eq!(tried.verdict, "accepted");
        assert_eq!(tried.money.map(|money| money.to_string()).as_deref(), Some(money));
    }
    let id = run.lead(&sent.tid, 0).await;
    assert_eq!(run.tried(webmaster, &lead).await.verdict, format!("duplicate of {id}"));
    let theirs = run.world.engine.simulate_create(run.world.rival, read(&lead)).await;
    assert_eq!(refusal(theirs), ["tid: Clicks not found"]);
    let mixed =
        run.world.engine.simulate_create(webmaster, read(&[("kind", "1"), ("link_id", &link), ("tid", "x")]));
    assert_eq!(refusal(mixed.await), ["tid: Only with kind 2"]);
}
