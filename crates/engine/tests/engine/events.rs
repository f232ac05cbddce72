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
    told.decide(id, "1").await;
    told.decide(id, "2").await;
    let rows = fetch(&told, webmaster, &[]).await;
    assert_eq!(types(&rows), ["lead.created", "lead.approved", "lead.rejected"]);
    let said: Vec<serde_json::Value> =
        rows.iter().map(|row| serde_json::to_value(row).expect("JSON")).collect();
    assert_eq!(said[1]["event_id"], format!("lead_{id}_2"));
    assert_eq!((&said[0]["data"]["status"], &said[1]["data"]["status"]), (&0.into(), &1.into()));
    assert_eq!(said[2]["data"]["currency"], "USD");
    assert!(said[0]["data"].get("charge").is_none(), "what the advertiser pays is not the webmaster's");
    assert_eq!(types(&fetch(&told, advertiser, &[]).await).len(), 3);
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
    assert_eq!(types(&seen), types(&rows));
    // Nobody else's.
    let stranger =
        crate::world::person(&told.run.world.test, whocpa_domain::user::UserLevel::Webmaster, "stranger")
            .await;
    assert_eq!(fetch(&told, stranger, &[]).await.len(), 0);
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
    assert_eq!(fetch(&told, webmaster, &[("after", &after)]).await.len(), 0, "the slower one may still come");
    go_on.notify_one();
    late.await.expect("it ends").expect("the slower one");
    let both = fetch(&told, webmaster, &[("after", &after)]).await;
    assert_eq!(both.len(), 2);
    assert!(both[0].id < both[1].id);
}
