//! Events to fetch: each side its own, in one order, and none that is committed late is passed.

use std::sync::Arc;

use tokio::sync::Notify;
use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_engine::Caller;
use whocpa_engine::event::EventView;
use whocpa_store::Backend;
use whocpa_store::event::{self, Event};
use whocpa_store::testing::TestDb;

use crate::deliveries::Told;
use crate::world::{read, refusal, try_read};

async fn fetch(told: &Told, caller: Caller, pairs: &[(&str, &str)]) -> Vec<EventView> {
    told.run.world.engine.event_list(caller, read(pairs)).await.expect("events").rows
}

fn types(rows: &[EventView]) -> Vec<&str> {
    rows.iter().map(|row| row.r#type.as_str()).collect()
}

#[db_test]
async fn each_side_fetches_its_own_in_order(test: TestDb) {
    let told = Told::new(test).await;
    let (webmaster, advertiser) = (told.run.world.webmaster, told.run.world.advertiser);
    let id = told.lead("subid1=a", "sale-1").await;
    told.run.world.clock.advance(10);
    told.decide(id, "1").await;
    told.decide(id, "2").await;
    let of_leads = |rows: Vec<EventView>| -> Vec<EventView> {
        rows.into_iter().filter(|row| row.r#type.starts_with("lead.")).collect()
    };
    let rows = of_leads(fetch(&told, webmaster, &[]).await);
    assert_eq!(types(&rows), ["lead.created", "lead.approved", "lead.rejected"]);
    let said: Vec<serde_json::Value> =
        rows.iter().map(|row| serde_json::to_value(row).expect("JSON")).collect();
    assert_eq!(said[1]["event_id"], format!("lead_{id}_2"));
    assert_eq!((&said[0]["data"]["status"], &said[1]["data"]["status"]), (&0.into(), &1.into()));
    assert_eq!(said[2]["data"]["currency"], "USD");
    assert!(said[0]["data"].get("charge").is_none(), "what the advertiser pays is not the webmaster's");
    assert_eq!(of_leads(fetch(&told, advertiser, &[]).await).len(), 3);
    // The cursor goes on where it was, by any step.
    let mut after = 0;
    let mut seen = Vec::new();
    loop {
        let page = fetch(&told, webmaster, &[("after", &after.to_string()), ("limit", "1")]).await;
        let Some(last) = page.last() else { break };
        assert!(last.id > after);
        after = last.id;
        seen.extend(page);
    }
    assert_eq!(types(&of_leads(seen)), types(&rows));
    // What it was refused for stays so when its hold ends, and what it was told is nothing that came later.
    told.run.world.clock.advance(40 * whocpa_domain::time::DAY);
    told.run.world.engine.lead_close_due().await.expect("close");
    let said = of_leads(fetch(&told, webmaster, &[]).await);
    let said: Vec<serde_json::Value> =
        said.iter().map(|row| serde_json::to_value(row).expect("JSON")).collect();
    assert_eq!(
        (&said[3]["type"], &said[3]["data"]["reason"]),
        (&"lead.closed".into(), &said[2]["data"]["reason"])
    );
    assert_eq!((&said[0]["data"]["date_decided"], &said[2]["data"]["date_closed"]), (&().into(), &().into()));
    assert!(said[3]["data"]["date_closed"].is_i64() || said[3]["data"]["date_closed"].is_string());
    // A cursor of another network.
    let beyond = [("after", "9000000000")];
    let refused = told.run.world.engine.event_list(webmaster, read(&beyond)).await;
    assert_eq!(refusal(refused), ["after: No event has this number"]);
    // Nobody else's.
    let stranger =
        crate::world::person(&told.run.world.test, whocpa_domain::user::UserLevel::Webmaster, "stranger")
            .await;
    assert_eq!(of_leads(fetch(&told, stranger, &[]).await).len(), 0);
    let engine = &told.run.world.engine;
    assert!(matches!(engine.event_list(Caller::GUEST, read(&[])).await, Err(Error::Unauthorized)));
    for (name, value) in [("after", "-1"), ("limit", "0"), ("limit", "1001"), ("format", "3"), ("page", "1")]
    {
        let refused = refusal(try_read::<whocpa_engine::event::EventList>(&[(name, value)]));
        assert_eq!(refused.len(), 1, "{name}={value}");
    }
}

/// What is committed late has the lower number: a reader waits for it instead of passing it.
#[db_test]
async fn a_cursor_passes_nothing_that_is_committed_late(test: TestDb) {
    let told = Told::new(test).await;
    let store = told.run.world.test.store.clone();
    if store.read().backend() == Backend::Sqlite {
        // One writer: what is committed later has the higher number.
        return;
    }
    let webmaster = told.run.world.webmaster;
    let lead_id = told.lead("subid1=a", "").await;
    let first = fetch(&told, webmaster, &[]).await;
    let row = |number: i64| Event {
        id: 0,
        event: 1,
        webmaster_id: Some(webmaster.user_id),
        advertiser_id: None,
        lead_id: Some(lead_id),
        number,
        body: String::new(),
        date_created: 1,
    };
    let (written, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let late = {
        let (store, row) = (store.clone(), row(1));
        let (written, go_on) = (Arc::clone(&written), Arc::clone(&go_on));
        tokio::spawn(async move {
            let (row, written, go_on) = (&row, &written, &go_on);
            store
                .write(move |db| async move {
                    event::create_many(&db, std::slice::from_ref(row)).await?;
                    written.notify_one();
                    go_on.notified().await;
                    Ok(())
                })
                .await
        })
    };
    written.notified().await;
    let second = &row(1);
    store
        .write(move |db| async move { event::create_many(&db, std::slice::from_ref(second)).await })
        .await
        .expect("the faster one");
    let after = first.last().expect("the lead's own").id.to_string();
    let engine = &told.run.world.engine;
    let early = engine.event_list(webmaster, read(&[("after", after.as_str())])).await;
    assert!(
        matches!(early, Err(Error::Unavailable(_))),
        "the slower one may still come, and the list is not at its end"
    );
    go_on.notify_one();
    late.await.expect("it ends").expect("the slower one");
    let both = fetch(&told, webmaster, &[("after", &after)]).await;
    assert_eq!(both.len(), 2);
    assert!(both[0].id < both[1].id);
}

/// What is not about leads: by webhooks of those who ask for it, and in the same stream.
#[db_test]
async fn what_is_not_about_leads_is_told_too(test: TestDb) {
    let told = Told::new(test).await;
    let world = &told.run.world;
    let (engine, webmaster, advertiser) = (&world.engine, world.webmaster, world.advertiser);
    let refused = engine.postback_create(
        webmaster,
        read(&[("kind", "1"), ("url", &told.receiver.url("x")), ("events", "1,20")]),
    );
    assert_eq!(refusal(refused.await), ["events: 20 to 23 are not about leads: only for kind 2"]);
    let hook = |tail: &str, events: &'static str| {
        [("kind", "2".to_owned()), ("url", told.receiver.url(tail)), ("events", events.to_owned())]
    };
    for (caller, tail, events) in
        [(webmaster, "w", "20,21,22,23"), (advertiser, "a", "21,22"), (webmaster, "leads", "")]
    {
        let pairs = hook(tail, events);
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        told.postback(caller, &pairs).await;
    }
    let form = read(&[("amount", "500"), ("currency_id", "840"), ("method", "1")]);
    let deposit = engine.deposit_create(advertiser, form).await.expect("a deposit");
    let paid = engine.deposit_update(world.operator, deposit, read(&[("status", "1"), ("reference", "x")]));
    paid.await.expect("confirm");
    let id = webmaster.user_id.to_string();
    let advance = [("webmaster_id", id.as_str()), ("currency_id", "840"), ("amount", "40")];
    engine.advance_create(world.operator, read(&advance)).await.expect("an advance");
    let news = read(&[("header", "Holidays"), ("body", "<p>Closed</p>")]);
    engine.news_create(world.operator, news).await.expect("news");
    assert_eq!((engine.news_tell().await.expect("tell"), engine.news_tell().await.expect("tell")), (1, 0));
    let stop = engine.offer_update(advertiser, told.run.offer_id, read(&[("status", "3")]));
    stop.await.expect("stop");
    assert_eq!(told.send().await, 5);
    let mut seen: Vec<(String, String)> = told
        .receiver
        .seen()
        .iter()
        .map(|seen| {
            let body: serde_json::Value = serde_json::from_str(&seen.body).expect("JSON");
            assert!(seen.header("webhook-id").starts_with("event_"), "{seen:?}");
            (seen.target.clone(), body["type"].as_str().expect("a type").to_owned())
        })
        .collect();
    seen.sort();
    let expected = [
        ("/a", "balance.deposited"),
        ("/a", "offer.stopped"),
        ("/w", "balance.advanced"),
        ("/w", "news.published"),
        ("/w", "offer.stopped"),
    ];
    assert_eq!(seen, expected.map(|(target, kind)| (target.to_owned(), kind.to_owned())));
    let fetched = async |caller: Caller| -> Vec<String> {
        let rows = fetch(&told, caller, &[("limit", "1000")]).await;
        rows.into_iter().map(|row| row.r#type).collect()
    };
    let last = |types: &[String], count: usize| types[types.len() - count..].to_vec();
    assert_eq!(last(&fetched(webmaster).await, 3), ["balance.advanced", "news.published", "offer.stopped"]);
    assert_eq!(last(&fetched(advertiser).await, 3), ["balance.deposited", "news.published", "offer.stopped"]);
    let rival = fetched(world.rival).await;
    assert!(rival.iter().all(|kind| kind == "news.published"), "{rival:?}");
}
