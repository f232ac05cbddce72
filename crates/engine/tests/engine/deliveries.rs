//! Postbacks and their deliveries: what is told to whom, in which words, and what their owner sees of it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use whocpa_db_test::db_test;
use whocpa_domain::buyer::Buyer;
use whocpa_domain::postback::{DeliveryStatus, PostbackEvent, PostbackStatus};
use whocpa_domain::{Clock, Error, SystemClock, Time};
use whocpa_engine::Caller;
use whocpa_engine::delivery::{DeliveryCreated, DeliveryRow};
use whocpa_engine::lead::Conversion;
use whocpa_engine::postback::{PostbackCreated, PostbackView};
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_in};
use crate::receiver::{Receiver, Seen};
use crate::world::{World, read, refusal, try_read};

/// A network with a receiver that it may reach.
pub struct Told {
    pub run: Running,
    pub receiver: Receiver,
}

impl Told {
    pub async fn new(test: TestDb) -> Self {
        let receiver = Receiver::start().await;
        let world = World::with(test, receiver.outbound()).await;
        Self { run: running_in(world, &[]).await, receiver }
    }

    pub async fn postback(&self, caller: Caller, pairs: &[(&str, &str)]) -> PostbackCreated {
        self.run.world.engine.postback_create(caller, read(pairs)).await.expect("a postback")
    }

    /// The webmaster's postback by GET.
    pub async fn get(&self, tail: &str) -> PostbackCreated {
        self.postback(self.run.world.webmaster, &[("kind", "1"), ("url", &self.receiver.url(tail))]).await
    }

    pub async fn update(&self, id: i64, pairs: &[(&str, &str)]) {
        let updated = self.run.world.engine.postback_update(self.run.world.webmaster, id, read(pairs)).await;
        updated.expect("update");
    }

    pub async fn view(&self, id: i64) -> PostbackView {
        self.run.world.engine.postback_view(self.run.world.webmaster, id).await.expect("the postback")
    }

    pub async fn lead(&self, query: &str, sale_id: &str) -> i64 {
        let click = self.run.click(query).await;
        self.run.accepted(&click.tid, sale_id).await
    }

    pub async fn decide(&self, lead_id: i64, status: &str) {
        let reason: &[(&str, &str)] = if status == "1" { &[] } else { &[("reason", "10")] };
        let input = read(&[&[("status", status)], reason].concat());
        let decided = self.run.world.engine.lead_update(self.run.world.advertiser, lead_id, input);
        decided.await.expect("decide");
    }

    pub async fn send(&self) -> usize {
        self.run.world.engine.delivery_send_due().await.expect("send")
    }

    pub async fn list(&self, pairs: &[(&str, &str)]) -> Vec<DeliveryRow> {
        let found = self.run.world.engine.delivery_list(self.run.world.webmaster, read(pairs)).await;
        found.expect("deliveries").rows
    }

    pub async fn create(&self, pairs: &[(&str, &str)]) -> DeliveryCreated {
        let made = self.run.world.engine.delivery_create(self.run.world.webmaster, read(pairs)).await;
        made.expect("create")
    }
}

/// As Standard Webhooks verify.
fn is_signed(secret: &str, seen: &Seen, content: &str) -> bool {
    let secret = STANDARD.decode(secret.strip_prefix("whsec_").expect("a prefix")).expect("base64");
    let text = format!("{}.{}.{content}", seen.header("webhook-id"), seen.header("webhook-timestamp"));
    let mac = Hmac::<Sha256>::new_from_slice(&secret).expect("a key").chain_update(text);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    seen.header("webhook-signature").split(' ').any(|signature| signature == expected)
}

#[db_test]
async fn a_tracker_is_told_each_change_in_its_own_words(test: TestDb) {
    let told = Told::new(test).await;
    let engine = &told.run.world.engine;
    let tail = "fd12a9/postback?subid=[sub1]&s={status:pending=lead approved=sale}&c={status_code}&p={payout}\
                &cur={currency}&id={txid}&e={event_id}&key=secret77&n={offer_name}&os={os}";
    let made = told.get(tail).await;
    assert!(made.url.contains("subid={sub1}&s={status:pending=lead,approved=sale}"), "{}", made.url);
    let id = told.lead("subid1=a%20b%26c%23d", "").await;
    assert_eq!(told.receiver.seen().len(), 0, "the network is not touched before the job");
    assert_eq!(told.send().await, 1);
    told.decide(id, "1").await;
    told.decide(id, "2").await;
    assert_eq!((told.send().await, told.send().await), (2, 0));
    let common = format!("&cur=USD&id={id}&e=lead_{id}");
    let expected: Vec<String> = [("lead", 0, "8.00", 1), ("sale", 1, "8.00", 2), ("rejected", 2, "", 3)]
        .iter()
        .map(|(word, code, payout, number)| {
            format!(
                "/fd12a9/postback?subid=a%20b%26c%23d&s={word}&c={code}&p={payout}{common}_{number}&key=secret77&n=Tea&os="
            )
        })
        .collect();
    assert_eq!(told.receiver.targets(), expected);
    let first = &told.receiver.seen()[0];
    assert_eq!((first.method.as_str(), first.header("webhook-id")), ("GET", format!("lead_{id}_1").as_str()));
    assert!(is_signed(&made.secret, first, &first.target), "{first:?}");
    assert!(!is_signed(&made.secret, first, "/other"));

    let rows = told.list(&[("lead_id", &id.to_string())]).await;
    let shown: Vec<_> =
        rows.iter().map(|row| (row.event, row.status, row.attempt_count, row.http_status)).collect();
    let fine = |event| (event, DeliveryStatus::Delivered, 1, Some(200));
    assert_eq!(
        shown,
        [fine(PostbackEvent::Rejected), fine(PostbackEvent::Approved), fine(PostbackEvent::Created)]
    );
    let view = engine.delivery_view(told.run.world.webmaster, rows[0].id).await.expect("view");
    assert_eq!(view.empty, ["os", "payout"], "a rejected lead pays nothing, and the agent told no system");
    assert_eq!((view.attempts.len(), view.attempts[0].answer.as_str()), (1, "fine"));
    assert!(view.attempts[0].url.contains("/***/postback?") && view.attempts[0].url.contains("&key=***&"));
    let story = engine.lead_view(told.run.world.webmaster, id).await.expect("the lead");
    let numbers: Vec<i64> = story.deliveries.iter().map(|row| row.event_number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    let story = engine.lead_view(told.run.world.advertiser, id).await.expect("the lead");
    assert!(story.deliveries.is_empty(), "an advertiser has postbacks of his own");
    let foreign = engine.delivery_view(told.run.world.advertiser, rows[0].id).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    let shown = engine.postback_view(told.run.world.operator, made.id).await.expect("for an operator");
    assert!(shown.url.contains("/***/postback") && !shown.url.contains("secret77"), "{}", shown.url);
}

#[db_test]
async fn only_what_is_asked_for_is_told_and_a_simulation_tells_nobody(test: TestDb) {
    let told = Told::new(test).await;
    let world = &told.run.world;
    let offer = told.run.offer_id.to_string();
    let other = told.run.world.offer(1, whocpa_domain::offer::OfferStatus::Live, &[]).await.to_string();
    let url = |tail: &str| told.receiver.url(tail);
    for (tail, filter, value) in [
        ("approved", "events", "2"),
        ("refused", "events", "3,4"),
        ("offer", "offer_id", offer.as_str()),
        ("other", "offer_id", other.as_str()),
    ] {
        told.postback(world.webmaster, &[("kind", "1"), ("url", &url(tail)), (filter, value)]).await;
    }
    told.postback(
        world.advertiser,
        &[("kind", "1"), ("url", &url("advertiser?p={payout}")), ("events", "2")],
    )
    .await;
    told.postback(world.rival, &[("kind", "1"), ("url", &url("rival"))]).await;
    let click = told.run.click("").await;
    let tid = click.tid.clone();
    world
        .engine
        .simulate_create(world.webmaster, read(&[("kind", "2"), ("tid", &tid)]))
        .await
        .expect("a simulation");
    assert_eq!(told.send().await, 0, "what is taken back is not told");
    let born =
        Conversion { status: whocpa_domain::lead::LeadStatus::Approved, ..told.run.conversion(&tid, "1") };
    told.run.receive(born).await;
    told.send().await;
    let mut targets = told.receiver.targets();
    targets.sort();
    assert_eq!(
        targets,
        ["/advertiser?p=10.00", "/approved", "/offer", "/offer"],
        "a lead that is born approved is both"
    );
    let again = told.run.conversion(&tid, "1");
    told.run.receive(Conversion { status: whocpa_domain::lead::LeadStatus::Approved, ..again }).await;
    assert_eq!(told.send().await, 0, "the same decision again is no news");
}

#[db_test]
async fn webhooks_are_signed_and_secrets_overlap(test: TestDb) {
    let told = Told::new(test).await;
    let world = &told.run.world;
    let made = told.postback(world.webmaster, &[("kind", "2"), ("url", &told.receiver.url("hook"))]).await;
    let body = r#"{"id":"{lead_id}","who":"{name}","phone":"{phone}","status":"{status}"}"#;
    let headers = "Authorization: Bearer abc\nX-Shop: 7";
    told.postback(
        world.advertiser,
        &[("kind", "3"), ("url", &told.receiver.url("crm")), ("body", body), ("headers", headers)],
    )
    .await;
    let kept = std::env::var_os("WHOCPA_WEBHOOK_OUT");
    if kept.is_some() {
        // Whoever checks it elsewhere looks at his own clock.
        world.clock.advance(SystemClock.now().0 - world.engine.now().0);
    }
    let id = told.lead("subid1=x", "").await;
    told.send().await;
    let seen = told.receiver.seen();
    let hook = seen.iter().find(|seen| seen.target == "/hook").expect("the webhook");
    assert_eq!((hook.method.as_str(), hook.header("content-type")), ("POST", "application/json"));
    assert!(is_signed(&made.secret, hook, &hook.body), "{hook:?}");
    if let Some(path) = kept {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let headers: BTreeMap<&str, &str> = names.iter().map(|name| (*name, hook.header(name))).collect();
        let told = serde_json::json!({ "secret": made.secret, "headers": headers, "body": hook.body });
        std::fs::write(path, told.to_string()).expect("the message is written");
        return;
    }
    let message: serde_json::Value = serde_json::from_str(&hook.body).expect("JSON");
    assert_eq!((&message["type"], &message["data"]["id"]), (&"lead.created".into(), &id.into()));
    assert_eq!((&message["data"]["money"], &message["data"]["subid1"]), (&"8.00".into(), &"x".into()));
    assert!(message["data"].get("advertiser_id").is_none(), "no more than lead/view shows");
    let crm = seen.iter().find(|seen| seen.target == "/crm").expect("the CRM");
    assert_eq!((crm.header("authorization"), crm.header("x-shop")), ("Bearer abc", "7"));
    assert_eq!(crm.body, format!(r#"{{"id":"{id}","who":"","phone":"","status":"pending"}}"#));

    let secret = format!("whsec_{}", STANDARD.encode([9; 32]));
    told.update(made.id, &[("secret", &secret), ("secret_overlap_hours", "1")]).await;
    told.receiver.clear();
    told.decide(id, "1").await;
    told.send().await;
    let both = told.receiver.seen().into_iter().find(|seen| seen.target == "/hook").expect("a message");
    assert!(is_signed(&made.secret, &both, &both.body) && is_signed(&secret, &both, &both.body));
    world.clock.advance(3601);
    told.receiver.clear();
    told.decide(id, "2").await;
    told.send().await;
    let one = told.receiver.seen().into_iter().find(|seen| seen.target == "/hook").expect("a message");
    assert!(!is_signed(&made.secret, &one, &one.body) && is_signed(&secret, &one, &one.body));
}

#[db_test]
async fn a_buyer_goes_to_the_advertisers_system_and_into_no_log(test: TestDb) {
    let told = Told::new(test).await;
    let world = &told.run.world;
    let body = r#"{"who":"{name}","phone":"{phone}"}"#;
    let url = told.receiver.url("crm?tid={tid}");
    told.postback(world.advertiser, &[("kind", "3"), ("url", &url), ("body", body)]).await;
    let click = told.run.click("").await;
    let buyer = Buyer { name: "Ann \"Q\"".to_owned(), phone: "+254712123456".to_owned(), ..Buyer::default() };
    told.run.receive(Conversion { buyer, ..told.run.conversion(&click.tid, "") }).await;
    told.send().await;
    assert_eq!(told.receiver.seen()[0].body, r#"{"who":"Ann \"Q\"","phone":"+254712123456"}"#);
    let rows = world.engine.delivery_list(world.advertiser, read(&[])).await.expect("deliveries").rows;
    let view = world.engine.delivery_view(world.advertiser, rows[0].id).await.expect("view");
    let text = format!("{view:?}");
    assert!(!text.contains("Ann") && !text.contains("712123456"), "{text}");
    for (caller, kind, url, body, words) in [
        (world.webmaster, "3", "crm", body, "body: Only advertisers are told {name} and {phone} of a buyer"),
        (
            world.advertiser,
            "1",
            "crm?n={phone}",
            "",
            "url: {name} and {phone} of a buyer may stand in a body only: addresses are written into logs",
        ),
    ] {
        let url = told.receiver.url(url);
        let mut pairs = vec![("kind", kind), ("url", url.as_str()), ("body", body)];
        pairs.retain(|(_, value)| !value.is_empty());
        assert_eq!(refusal(world.engine.postback_create(caller, read(&pairs)).await), [words]);
    }
}

#[db_test]
async fn what_is_wrong_is_refused_when_it_is_saved(test: TestDb) {
    let told = Told::new(test).await;
    let world = &told.run.world;
    for (pairs, words) in [
        (
            vec![("kind", "1"), ("url", "https://t.example/?a={sub_id_11}")],
            "url: Unknown macro {sub_id_11}: did you mean {sub_id_1}?",
        ),
        (vec![("kind", "1"), ("url", "https://t.example/?a=##nonsense##")], "url: Unknown macro {nonsense}"),
        (
            vec![("kind", "1"), ("url", "https://{tid}.example/")],
            "url: Must be an http or https address with a host",
        ),
    ] {
        let refused = try_read::<whocpa_engine::postback::PostbackCreate>(&pairs);
        assert_eq!(refusal(refused), [words]);
    }
    let offer = (told.run.offer_id + 1000).to_string();
    for (pairs, words) in [
        (
            vec![("kind", "1"), ("url", "http://127.0.0.1/{tid}")],
            vec!["url: Must be a public address", "url: Must not lead to this network itself"],
        ),
        (vec![("kind", "1"), ("url", "http://169.254.169.254/")], vec!["url: Must be a public address"]),
        (vec![("kind", "1"), ("url", "https://t.example:22/")], vec!["url: Must not name this port"]),
        (vec![("kind", "1")], vec!["url: This parameter is required"]),
        (vec![("kind", "3"), ("url", "https://t.example/")], vec!["body: This parameter is required"]),
        (
            vec![("kind", "3"), ("url", "https://t.example/"), ("body", "{\"a\":")],
            vec![
                "body: Must be JSON once its macros are filled in: EOF while parsing a value at line 1 column 5",
            ],
        ),
        (
            vec![("kind", "1"), ("url", "https://t.example/"), ("offer_id", &offer)],
            vec!["offer_id: Offers not found"],
        ),
        (
            vec![("kind", "1"), ("url", "https://t.example/"), ("headers", "Host: evil")],
            vec!["headers: Host: this header may not be set, or not to this value"],
        ),
        (
            vec![("kind", "1"), ("template", "1"), ("tracker_domain", "t.example")],
            vec!["tracker_key: This parameter is required"],
        ),
        (
            vec![("kind", "2"), ("template", "2"), ("tracker_domain", "t.example")],
            vec!["kind: Trackers are called with kind 1"],
        ),
    ] {
        let refused = refusal(world.engine.postback_create(world.webmaster, read(&pairs)).await);
        let words: Vec<String> = join(words);
        assert_eq!(refused, words, "{pairs:?}");
    }
    let keitaro =
        [("kind", "1"), ("template", "1"), ("tracker_domain", "t.example"), ("tracker_key", "fd12a9")];
    let made = told.postback(world.webmaster, &keitaro).await;
    assert!(
        made.url
            .starts_with("https://t.example/fd12a9/postback?subid={subid1}&status={status}&payout={payout}")
    );
    let voluum = [("kind", "1"), ("template", "3"), ("tracker_domain", "t.example")];
    let made = told.postback(world.webmaster, &voluum).await;
    assert_eq!(told.view(made.id).await.events, [PostbackEvent::Approved]);
}

/// Messages of one field stand together.
fn join(words: Vec<&str>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for word in words {
        let (field, message) = word.split_once(": ").expect("a field");
        match joined.last_mut().filter(|last| last.starts_with(&format!("{field}: "))) {
            Some(last) => *last = format!("{last}; {message}"),
            None => joined.push(word.to_owned()),
        }
    }
    joined
}

#[db_test]
async fn a_rehearsal_shows_what_arrives_empty_and_counts_nowhere(test: TestDb) {
    let told = Told::new(test).await;
    let world = &told.run.world;
    let made = told.get("p?a={subid1}&b={subid2}&o={offer_id}&t={is_test}&key=hidden77").await;
    let id = made.id.to_string();
    let dry = told.create(&[("postback_id", &id), ("is_test", "1"), ("is_dry_run", "1")]).await;
    assert_eq!((dry.id, told.receiver.seen().len()), (0, 0));
    assert!(dry.url.ends_with("?a=test-subid1&b=test-subid2&o=&t=1&key=***"), "{}", dry.url);
    let click = told.run.click("subid1=mine").await;
    let real =
        told.create(&[("postback_id", &id), ("is_test", "1"), ("tid", &click.tid), ("event", "2")]).await;
    assert_eq!(real.empty, ["subid2"]);
    let target = format!("/p?a=mine&b=&o={}&t=1&key=hidden77", told.run.offer_id);
    assert_eq!(told.receiver.targets(), [target]);
    let view = world.engine.delivery_view(world.webmaster, real.id).await.expect("view");
    assert_eq!(
        (view.row.is_test, view.row.status, view.row.lead_id),
        (true, DeliveryStatus::Delivered, None)
    );
    assert!(world.engine.lead_list(world.operator, read(&[])).await.expect("leads").rows.is_empty());
    let stranger = world.engine.delivery_create(world.rival, read(&[("postback_id", &id), ("is_test", "1")]));
    assert_eq!(refusal(stranger.await), ["postback_id: Postbacks not found"]);
    let hook = told.postback(world.advertiser, &[("kind", "2"), ("url", &told.receiver.url("hook"))]).await;
    let pairs = [("postback_id", hook.id.to_string()), ("is_test", "1".to_owned())];
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    world.engine.delivery_create(world.advertiser, read(&pairs)).await.expect("a rehearsal");
    let seen = told.receiver.seen().pop().expect("a message");
    assert!(seen.body.contains(r#""is_test":true"#) && is_signed(&hook.secret, &seen, &seen.body));
}

#[db_test]
async fn a_pause_keeps_everything_and_goes_on_where_it_stopped(test: TestDb) {
    let told = Told::new(test).await;
    let made = told.get("p?e={event_id}").await;
    told.update(made.id, &[("status", "2")]).await;
    let first = told.lead("", "").await;
    told.decide(first, "1").await;
    let second = told.lead("", "").await;
    assert_eq!(told.send().await, 0);
    assert_eq!(told.view(made.id).await.waiting_count, 3);
    assert!(told.list(&[("status", "3")]).await.iter().all(|row| row.status == DeliveryStatus::Paused));
    assert_eq!(
        (told.list(&[("status", "3")]).await.len(), told.list(&[("status", "0")]).await.len()),
        (3, 0)
    );
    told.update(made.id, &[("status", "1")]).await;
    assert_eq!(told.send().await, 3);
    let mut targets = told.receiver.targets();
    let place =
        |number: i64| targets.iter().position(|target| *target == format!("/p?e=lead_{first}_{number}"));
    assert!(place(1) < place(2), "{targets:?}");
    targets.sort();
    targets.dedup();
    assert_eq!(targets.len(), 3);
    assert!(targets.contains(&format!("/p?e=lead_{second}_1")));

    let all = [("postback_id", made.id.to_string())];
    let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let dry = told.create(&[&all[..], &[("is_dry_run", "1")]].concat()).await;
    assert_eq!((dry.count, told.send().await), (3, 0));
    told.receiver.clear();
    assert_eq!(told.create(&[&all[..], &[("status", "1")]].concat()).await.count, 3);
    assert_eq!(told.send().await, 3);
    assert_eq!(told.receiver.seen().len(), 3, "the same events, once more");
    let other = told.get("other?e={event_id}").await.id.to_string();
    told.receiver.clear();
    told.create(&[&all[..], &[("to_postback_id", other.as_str())]].concat()).await;
    told.send().await;
    assert_eq!(
        told.receiver.targets().iter().filter(|target| target.starts_with("/other?e=lead_")).count(),
        3
    );
    let one = told.list(&[]).await.pop().expect("a delivery");
    told.run
        .world
        .engine
        .delivery_update(told.run.world.webmaster, one.id, read(&[("replay", "1")]))
        .await
        .expect("again");
    assert_eq!(told.send().await, 1);

    told.lead("", "").await;
    told.run.world.engine.postback_delete(told.run.world.webmaster, made.id).await.expect("delete");
    told.send().await;
    assert_eq!(told.list(&[("status", "4")]).await.len(), 1, "nothing more is sent, and it is told");
    let gone = told.run.world.engine.postback_view(told.run.world.webmaster, made.id).await;
    assert!(matches!(gone, Err(Error::NotFound)));
    assert!(told.view(other.parse().expect("an id")).await.date_delivered > Some(Time(0)));
    assert_eq!(told.view(other.parse().expect("an id")).await.status, PostbackStatus::Active);
}
