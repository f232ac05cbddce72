//! The life of an offer: who moves it where, what an edit does, and what the audit keeps.

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::offer::OfferStatus;
use whocpa_engine::Caller;
use whocpa_engine::audit::AuditView;
use whocpa_store::testing::TestDb;

use crate::world::{World, read, refusal};

#[db_test]
async fn what_an_operator_approved_is_what_is_shown(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let status = async || engine.offer_view(world.advertiser, offer).await.expect("view").status;
    let update =
        async |caller: Caller, pairs: &[(&str, &str)]| engine.offer_update(caller, offer, read(pairs)).await;
    for harmless in [
        ("call_hours", "9-18"),
        ("cookie_ttl_days", "45"),
        ("is_auto_connect", "1"),
        ("name", "Tea"),
        ("geo", "1"),
    ] {
        update(world.advertiser, &[harmless]).await.expect("harmless");
        assert_eq!(status().await, Some(OfferStatus::Live), "{harmless:?}");
    }
    for content in [
        ("name", "Other tea"),
        ("description", "Words"),
        ("url_redirect", "https://other.example/"),
        ("utm_mask", "a=b"),
        ("geo", "2,1"),
        ("traffic_forbidden", "8"),
        ("languages", "en"),
    ] {
        update(world.advertiser, &[content]).await.expect("content");
        assert_eq!(status().await, Some(OfferStatus::Review), "{content:?}");
        assert!(matches!(engine.offer_view(Caller::GUEST, offer).await, Err(Error::NotFound)));
        update(world.operator, &[("status", "2")]).await.expect("approve");
    }
    update(world.operator, &[("name", "Third tea")]).await.expect("an operator's edit");
    assert_eq!(status().await, Some(OfferStatus::Live));
    // A stop, another address and a start must not go round the moderator.
    update(world.advertiser, &[("is_stopped", "1")]).await.expect("stop");
    update(world.advertiser, &[("url_redirect", "https://third.example/")]).await.expect("another address");
    assert_eq!(status().await, Some(OfferStatus::Review));
    assert!(matches!(update(world.advertiser, &[("status", "2")]).await, Err(Error::Conflict(_))));
}

#[db_test]
async fn an_operator_says_why(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, OfferStatus::Review, &[]).await;
    let update =
        async |caller: Caller, pairs: &[(&str, &str)]| engine.offer_update(caller, offer, read(pairs)).await;
    assert_eq!(refusal(update(world.operator, &[("status", "0")]).await), ["reason: Must say why"]);
    update(world.operator, &[("status", "0"), ("reason", "No prices")]).await.expect("send back");
    let own = engine.offer_view(world.advertiser, offer).await.expect("view");
    assert_eq!((own.status, own.reason.as_deref()), (Some(OfferStatus::Draft), Some("No prices")));
    assert_eq!(
        refusal(update(world.advertiser, &[("reason", "x")]).await),
        ["reason: Only an operator may give a reason"]
    );
    update(world.advertiser, &[("description", "Prices"), ("is_draft", "0")]).await.expect("again");
    update(world.operator, &[("status", "2")]).await.expect("approve");
    update(world.operator, &[("status", "3"), ("reason", "Complaints")]).await.expect("stop");
    assert!(matches!(update(world.advertiser, &[("is_stopped", "0")]).await, Err(Error::Conflict(_))));
    assert_eq!(world.ids(Caller::GUEST, &[]).await, Vec::<i64>::new());
    assert_eq!(world.ids(Caller::GUEST, &[("show_stopped", "1")]).await, [offer]);
    update(world.operator, &[("is_stopped", "0")]).await.expect("an operator lets it go on");
    update(world.advertiser, &[("status", "4")]).await.expect("archive");
    assert!(matches!(update(world.advertiser, &[("name", "x")]).await, Err(Error::Conflict(_))));
    assert_eq!(world.ids(world.advertiser, &[("show_stopped", "1")]).await, [offer]);
    assert_eq!(world.ids(world.advertiser, &[("status", "4")]).await, [offer]);
    assert_eq!(world.ids(Caller::GUEST, &[("show_stopped", "1")]).await, Vec::<i64>::new());
    update(world.advertiser, &[("status", "0")]).await.expect("a draft again");
    assert!(
        matches!(engine.offer_delete(world.advertiser, offer).await, Err(Error::Conflict(_))),
        "it went live once"
    );
}

#[db_test]
async fn two_operators_decide_once(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, OfferStatus::Review, &[]).await;
    let approve = async || engine.offer_update(world.operator, offer, read(&[("status", "2")])).await;
    let back =
        async || engine.offer_update(world.operator, offer, read(&[("status", "0"), ("reason", "x")])).await;
    let edit = async || engine.offer_update(world.advertiser, offer, read(&[("name", "Edited")])).await;
    let (approved, sent_back, edited) = tokio::join!(approve(), back(), edit());
    edited.expect("an edit in every state");
    let seen = engine.offer_view(world.advertiser, offer).await.expect("view");
    assert_eq!(seen.name, "Edited");
    // An edit that came after the approval took it back; nothing that no operator saw is live.
    if seen.status == Some(OfferStatus::Live) {
        assert!(approved.is_ok());
    }
    assert!(approved.is_ok() || sent_back.is_ok());
}

#[db_test]
async fn every_write_leaves_an_entry(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, OfferStatus::Live, &[("traffic_allowed", "1")]).await;
    engine.offer_update(world.advertiser, offer, read(&[("traffic_allowed", "1,3")])).await.expect("update");
    engine.offer_update(world.operator, offer, read(&[("status", "2")])).await.expect("approve");
    let goal = world.goal(offer, "10").await;
    world.clock.advance(5);
    engine.goal_update(world.advertiser, goal, read(&[("charge", "12")])).await.expect("new terms");
    engine.goal_delete(world.advertiser, goal).await.expect("deactivate");
    let offer_id = offer.to_string();
    let connection =
        engine.connection_create(world.webmaster, read(&[("offer_id", &offer_id)])).await.expect("ask");
    engine.connection_update(world.advertiser, connection, read(&[("status", "1")])).await.expect("approve");
    let link = engine.link_create(world.webmaster, read(&[("offer_id", &offer_id)])).await.expect("a link");
    engine.link_update(world.webmaster, link, read(&[("name", "x")])).await.expect("rename");
    engine.link_delete(world.webmaster, link).await.expect("delete");
    engine.connection_delete(world.webmaster, connection).await.expect("end");
    let draft = world.offer(1, OfferStatus::Draft, &[]).await;
    engine.offer_delete(world.advertiser, draft).await.expect("delete");
    let entries = async |resource: &str, id: i64| {
        let wanted = [("resource", resource), ("object_id", &*id.to_string())];
        let found = engine.audit_list(world.operator, read(&wanted)).await.expect("the audit");
        let text = |row: &AuditView| serde_json::to_string(&row.changes).expect("changes in JSON");
        found.rows.iter().rev().map(|row| (row.method.clone(), text(row))).collect::<Vec<_>>()
    };
    let methods =
        |entries: &[(String, String)]| entries.iter().map(|(method, _)| method.clone()).collect::<Vec<_>>();
    let of_offer = entries("offer", offer).await;
    assert_eq!(methods(&of_offer), ["create", "update", "update", "update"]);
    assert!(
        of_offer[2].1.contains("\"traffic_allowed\":[[1],[1,3]]")
            && of_offer[2].1.contains("\"status\":[2,1]"),
        "{}",
        of_offer[2].1
    );
    let of_goal = entries("goal", goal).await;
    assert_eq!(methods(&of_goal), ["create", "update", "delete"]);
    assert!(of_goal[1].1.contains("\"charge\":[10000000,12000000]"), "{}", of_goal[1].1);
    assert_eq!(methods(&entries("connection", connection).await), ["create", "update", "delete"]);
    assert_eq!(methods(&entries("link", link).await), ["create", "update", "delete"]);
    assert_eq!(methods(&entries("offer", draft).await), ["create", "delete"]);
}
