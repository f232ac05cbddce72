//! Receivers that fail in every way: nothing is lost, nobody waits for another, and two workers do not send twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use whocpa_db_test::db_test;
use whocpa_domain::postback::{DeliveryStatus, PostbackStatus, TRIES};
use whocpa_domain::time::DAY;
use whocpa_engine::outbound::{Limits, OutboundConfig};
use whocpa_engine::{Engine, EngineConfig, Rng};
use whocpa_store::testing::TestDb;

use crate::deliveries::Told;
use crate::receiver::{FINE, Mode, Receiver};
use crate::world::{World, read};

/// Every way to fail, and how often it was tried until it was given up.
#[db_test]
async fn created_is_delivered_or_dead_whatever_the_receiver_does(test: TestDb) {
    let told = Told::new(test).await;
    let clock = &told.run.world.clock;
    let made = told.get("p?e={event_id}").await;
    let modes = [
        Mode::Answer(500, ""),
        Mode::Answer(404, ""),
        Mode::Answer(302, "Location: http://127.0.0.1:1/\r\n"),
        Mode::Answer(429, "Retry-After: 30\r\n"),
        Mode::Close,
        Mode::Noise,
    ];
    for mode in &modes {
        told.receiver.set(mode.clone());
        told.lead("", "").await;
        told.send().await;
    }
    let mut rounds = 0;
    while told.list(&[("status", "0")]).await.iter().any(|row| row.status == DeliveryStatus::Waiting) {
        clock.advance(1800);
        told.receiver.set(modes[rounds % modes.len()].clone());
        told.send().await;
        rounds += 1;
        assert!(rounds < 1000, "it has an end");
        if told.view(made.id).await.status == PostbackStatus::Failing {
            break;
        }
    }
    let all = told.list(&[]).await;
    assert_eq!(all.len(), modes.len(), "created = waiting + delivered + dead");
    assert!(
        all.iter().all(|row| row.status == DeliveryStatus::Failed && row.attempt_count == TRIES),
        "{all:?}"
    );
    told.receiver.set(FINE);
    let postback_id = made.id.to_string();
    assert_eq!(told.create(&[("postback_id", &postback_id), ("status", "2")]).await.count, 6);
    told.receiver.clear();
    told.send().await;
    let mut seen = told.receiver.targets();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6, "all that failed is there at last");
    assert!(told.list(&[]).await.iter().all(|row| row.status == DeliveryStatus::Delivered));
    let mut redirects = 0;
    for row in &all {
        let view = told.run.world.engine.delivery_view(told.run.world.webmaster, row.id).await.expect("view");
        assert_eq!(i64::try_from(view.attempts.len()), Ok(TRIES + 1));
        redirects += view.attempts.iter().filter(|attempt| attempt.http_status == Some(302)).count();
    }
    assert!(redirects > 0, "a redirect is an answer that is no success, and nobody follows it");
}

#[db_test]
async fn a_success_is_its_status_whatever_follows(test: TestDb) {
    let told = Told::new(test).await;
    told.get("p").await;
    for mode in [Mode::Drip, Mode::Huge(3_000_000), Mode::Answer(204, "")] {
        told.receiver.set(mode.clone());
        told.lead("", "").await;
        let begun = Instant::now();
        assert_eq!(told.send().await, 1);
        assert!(begun.elapsed() < Duration::from_secs(20), "{mode:?}");
    }
    let rows = told.list(&[]).await;
    assert!(rows.iter().all(|row| row.status == DeliveryStatus::Delivered), "{rows:?}");
    for row in rows {
        let view = told.run.world.engine.delivery_view(told.run.world.webmaster, row.id).await.expect("view");
        assert!(view.attempts[0].answer.len() <= 1024);
    }
}

#[db_test]
async fn a_receiver_that_is_away_is_asked_now_and_then_and_paused_at_last(test: TestDb) {
    let told = Told::new(test).await;
    let clock = &told.run.world.clock;
    let made = told.get("p?e={event_id}").await;
    told.receiver.set(Mode::Answer(503, "Retry-After: 3600\r\n"));
    for _ in 0..5 {
        told.lead("", "").await;
    }
    let first = told.send().await;
    assert!((1..=5).contains(&first), "those that were on their way already");
    clock.advance(600);
    assert_eq!(told.send().await, 0, "it asked for an hour");
    clock.advance(3000);
    assert_eq!(told.send().await, 1, "one message asks whether it is back");
    told.receiver.set(FINE);
    told.receiver.clear();
    clock.advance(3600);
    told.send().await;
    assert_eq!(told.receiver.seen().len(), 5, "once it is back everything arrives at once");

    told.receiver.set(Mode::Close);
    told.lead("", "").await;
    for _ in 0..200 {
        told.send().await;
        clock.advance(3600);
        if told.view(made.id).await.status == PostbackStatus::Failing {
            break;
        }
        // A new lead each hour, so that there is always something to try.
        told.lead("", "").await;
    }
    let paused = told.view(made.id).await;
    assert_eq!(paused.status, PostbackStatus::Failing);
    assert_eq!(paused.reason, "Every try of the last five days failed");
    let days = paused.date_paused.expect("since when").0 - paused.date_failing.expect("since when").0;
    assert!((5 * DAY..6 * DAY).contains(&days), "{days}");
    let waiting = paused.waiting_count;
    assert!(waiting > 20);
    told.receiver.set(FINE);
    assert_eq!(told.send().await, 0, "its owner lets it go on");
    told.update(made.id, &[("status", "1")]).await;
    told.send().await;
    assert_eq!(told.view(made.id).await.waiting_count, 0, "of {waiting}");
    told.receiver.set(Mode::Answer(410, ""));
    told.lead("", "").await;
    told.send().await;
    let gone = told.view(made.id).await;
    assert_eq!(
        (gone.status, gone.waiting_count),
        (PostbackStatus::Failing, 1),
        "gone for good, and nothing lost"
    );
}

/// The events of a lead arrive in their order, also where the first of them fails at first.
#[db_test]
async fn what_happens_to_a_lead_arrives_in_its_order(test: TestDb) {
    let told = Told::new(test).await;
    told.get("p?e={event_id}").await;
    told.receiver.set(Mode::Answer(500, ""));
    let id = told.lead("", "").await;
    told.send().await;
    told.decide(id, "1").await;
    told.receiver.set(FINE);
    told.receiver.clear();
    told.lead("", "").await;
    assert_eq!(told.send().await, 1, "another lead does not wait for it");
    told.run.world.clock.advance(10);
    told.send().await;
    let targets = told.receiver.targets();
    assert_eq!(targets[1..], [format!("/p?e=lead_{id}_1"), format!("/p?e=lead_{id}_2")]);
}

/// A worker that slept past its lease writes nothing down, and begins nothing more.
#[db_test]
async fn a_worker_that_slept_is_fenced(test: TestDb) {
    let told = Arc::new(Told::new(test).await);
    told.get("p?e={event_id}").await;
    told.receiver.set(Mode::Hang);
    for _ in 0..20 {
        told.lead("", "").await;
    }
    let sleeper = tokio::spawn({
        let told = Arc::clone(&told);
        async move { told.send().await }
    });
    while told.receiver.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = told.receiver.seen().len();
    told.run.world.clock.advance(61);
    // The second worker finds the lease over; the receiver answers again.
    told.receiver.set(FINE);
    assert_eq!(told.send().await, 20);
    told.receiver.release();
    let late = sleeper.await.expect("the sleeper");
    assert!(late <= begun, "{late} of {begun}: nothing is begun after the lease");
    let rows = told.list(&[]).await;
    assert!(
        rows.iter().all(|row| row.status == DeliveryStatus::Delivered && row.attempt_count == 1),
        "{rows:?}"
    );
    assert_eq!(
        told.receiver.seen().len(),
        20 + begun,
        "what was on its way when it fell asleep, and nothing else"
    );
}

/// Two nodes share the work: nothing is sent twice.
#[db_test]
async fn two_nodes_send_each_once(test: TestDb) {
    let Some(url) = test.config.database_url.clone() else { return };
    let second = test.dir.path().join("second");
    let told = Told::new(test).await;
    std::fs::create_dir_all(&second).expect("a folder");
    let secret = told.run.world.test.config.data_dir.join("secret.key");
    std::fs::copy(secret, second.join("secret.key")).expect("every node has the same key");
    let outbound = told.receiver.outbound();
    let config =
        EngineConfig { database_url: Some(url), connections: 4, outbound, ..EngineConfig::new(second) };
    let clock = Arc::new(told.run.world.clock.clone());
    let other = Engine::open(config, clock, Rng::seeded(2)).await.expect("a second node");
    for number in 0..20 {
        told.get(&format!("p{number}?e={{event_id}}")).await;
    }
    for _ in 0..5 {
        told.lead("", "").await;
    }
    let (one, two) = tokio::join!(told.run.world.engine.delivery_send_due(), other.delivery_send_due());
    assert_eq!(one.expect("one") + two.expect("two"), 100);
    let mut targets = told.receiver.targets();
    targets.sort();
    targets.dedup();
    assert_eq!((targets.len(), told.receiver.seen().len()), (100, 100), "double sends: 0");
    other.close().await.expect("close the second node");
}

/// Receivers that hang keep nobody else waiting, and no more of them are asked at once than is bounded.
#[db_test]
async fn receivers_that_hang_keep_nobody_waiting(test: TestDb) {
    let (healthy, hanging) = (Receiver::start().await, Receiver::at("127.0.0.3").await);
    hanging.set(Mode::Hang);
    let mut outbound = healthy.outbound();
    outbound.allow.push("127.0.0.3/32".parse().expect("a network"));
    outbound.ports.push(hanging.port);
    let world = World::with(test, outbound).await;
    let told = Told { run: crate::leads::running_in(world, &[]).await, receiver: healthy };
    let webmaster = told.run.world.webmaster;
    for number in 0..40 {
        let url = if number % 10 == 0 {
            format!("http://127.0.0.3:{}/{number}", hanging.port)
        } else {
            told.receiver.url(&number.to_string())
        };
        told.run
            .world
            .engine
            .postback_create(webmaster, read(&[("kind", "1"), ("url", &url)]))
            .await
            .expect("made");
    }
    told.lead("", "").await;
    let begun = Instant::now();
    let sending = tokio::spawn({
        let engine = told.run.world.engine.clone();
        async move { engine.delivery_send_due().await }
    });
    while told.receiver.seen().len() < 36 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(begun.elapsed() < Duration::from_secs(10), "{} of 36", told.receiver.seen().len());
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    hanging.set(FINE);
    hanging.release();
    assert_eq!(sending.await.expect("the worker").expect("sent"), 40);
}

/// The corpus of forged addresses through every field that this network calls (trust S1): a canary listens where none may get.
#[db_test]
async fn no_forged_address_reaches_this_machine(test: TestDb) {
    let canary = Receiver::at("127.0.0.1").await;
    let mut outbound = canary.outbound();
    outbound.hosts.insert("loopback.test.example".to_owned(), "127.0.0.1".parse().expect("an address"));
    let world = World::with(test, outbound).await;
    let told = Told { run: crate::leads::running_in(world, &[]).await, receiver: canary };
    let (engine, webmaster) = (&told.run.world.engine, told.run.world.webmaster);
    let port = told.receiver.port.to_string();
    let corpus: Vec<String> = include_str!("../../src/outbound/corpus.txt")
        .lines()
        .map(|line| line.replace("PORT", &port))
        .collect();
    let offer = told.run.offer_id.to_string();
    let mut taken = Vec::new();
    let mut tries = 0;
    for url in
        corpus.iter().map(String::as_str).chain([format!("http://loopback.test.example:{port}/").as_str()])
    {
        for more in [&[("kind", "1")][..], &[("kind", "2")], &[("kind", "3"), ("body", "{}")]] {
            tries += 1;
            let pairs = [&[("url", url)], more].concat();
            let Ok(input) = crate::world::try_read(&pairs) else { continue };
            let Ok(made) = engine.postback_create(webmaster, input).await else { continue };
            let id = made.id.to_string();
            let trial = [("postback_id", id.as_str()), ("is_test", "1")];
            engine.delivery_create(webmaster, read(&trial)).await.expect("a rehearsal is answered");
            told.lead("", "").await;
            told.send().await;
            engine.postback_delete(webmaster, made.id).await.expect("delete");
            taken.push(url.to_owned());
        }
        tries += 1;
        let feed = [("offer_id", offer.as_str()), ("url", url)];
        if let Ok(input) = crate::world::try_read(&feed)
            && let Ok(id) = engine.feed_create(told.run.world.advertiser, input).await
        {
            engine.feed_import_due().await.expect("a run that fails");
            engine.feed_delete(told.run.world.advertiser, id).await.expect("delete");
        }
    }
    assert_eq!(told.receiver.seen().len(), 0, "canary hits in {tries} tries; saved were {taken:?}");
    assert!(!taken.is_empty(), "names are judged when something is sent");
    // The canary sings: the same network with that address open reaches it.
    let open = OutboundConfig {
        allow: vec!["127.0.0.1/32".parse().expect("a network")],
        ports: vec![told.receiver.port],
        ..OutboundConfig::default()
    };
    let client = whocpa_engine::outbound::Outbound::new(open).expect("a client");
    let limits = Limits { bytes: 100, total: Duration::from_secs(5), idle: Duration::from_secs(5) };
    client.get(&format!("http://127.0.0.1:{port}/"), limits).await.map(drop).expect("an answer");
    assert_eq!(told.receiver.seen().len(), 1);
}
