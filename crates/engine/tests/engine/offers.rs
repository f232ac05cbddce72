//! Offers, goals, regions, news and currencies: who sees what, and what may be written.

use whocpa_db_test::db_test;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::news::NewsType;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::{Error, Time};
use whocpa_engine::Caller;
use whocpa_engine::news::NewsList;
use whocpa_engine::offer::OfferCreate;
use whocpa_store::testing::TestDb;

use crate::world::{START, USD, World, branch, ids_of, read, refusal, try_read};

#[db_test]
async fn an_offer_is_seen_by_those_whom_it_concerns(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let draft = world.offer(1, OfferStatus::Draft, &[]).await;
    let live = world.offer(1, OfferStatus::Live, &[]).await;
    let private = world.offer(1, OfferStatus::Live, &[("is_private", "1")]).await;
    let stopped = world.offer(1, OfferStatus::Stopped, &[]).await;

    assert_eq!(world.ids(Caller::GUEST, &[]).await, [live]);
    assert_eq!(world.ids(Caller::GUEST, &[("show_stopped", "1")]).await, [live, stopped]);
    assert_eq!(world.ids(world.webmaster, &[]).await, [live]);
    assert_eq!(world.ids(world.advertiser, &[]).await, [draft, live, private]);
    assert_eq!(world.ids(world.rival, &[("show_stopped", "1")]).await, Vec::<i64>::new());
    for (caller, id) in
        [(Caller::GUEST, draft), (Caller::GUEST, private), (world.webmaster, private), (world.rival, live)]
    {
        assert!(matches!(engine.offer_view(caller, id).await, Err(Error::NotFound)));
    }
    let stolen = engine.offer_update(world.rival, live, read(&[("name", "Mine")]));
    assert!(matches!(stolen.await, Err(Error::NotFound)));
    assert!(matches!(engine.offer_delete(world.rival, draft).await, Err(Error::NotFound)));

    world.connect(private).await;
    assert_eq!(world.ids(world.webmaster, &[]).await, [live, private]);
    let seen = engine.offer_view(world.webmaster, private).await.expect("view");
    assert!(seen.is_approved);
    assert_eq!(seen.connection_status, Some(ConnectionStatus::Approved));
    let unconnected = engine.offer_view(world.webmaster, live).await.expect("view");
    assert!(!unconnected.is_approved && unconnected.connection_status.is_none());
}

#[db_test]
async fn secrets_of_an_offer_stay_with_its_advertiser(test: TestDb) {
    let world = World::new(test).await;
    let live = world.offer(1, OfferStatus::Live, &[]).await;
    world.goal(live, "10").await;
    let guest = world.engine.offer_view(Caller::GUEST, live).await.expect("view");
    assert_eq!(guest.url_redirect, "https://shop.example/");
    assert!(guest.advertiser_id.is_none() && guest.status.is_none() && guest.is_private.is_none());
    assert!(guest.is_approved && guest.is_new && guest.geo == [1] && guest.categories == [world.category_id]);
    assert_eq!(guest.goals[0].payment, "8.00");
    let own = world.engine.offer_view(world.advertiser, live).await.expect("view");
    assert_eq!(own.url_redirect, "https://shop.example/?key=secret");
    assert_eq!(own.status, Some(OfferStatus::Live));
    world.clock.advance(15 * 86_400);
    assert!(!world.engine.offer_view(Caller::GUEST, live).await.expect("view").is_new);
}

#[db_test]
async fn moderation_is_the_operators(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let category = world.category_id.to_string();
    let all = [
        ("name", "Tea"),
        ("url_redirect", "https://shop.example/"),
        ("categories", category.as_str()),
        ("geo", "1"),
    ];
    let mut forbidden = all.to_vec();
    forbidden.extend([("status", "2"), ("comment", "x"), ("is_exclusive", "1"), ("advertiser_id", "1")]);
    let refused = refusal(engine.offer_create(world.advertiser, read(&forbidden)).await);
    assert_eq!(
        refused,
        [
            "advertiser_id: Only an operator may set this",
            "comment: Only an operator may set this",
            "is_exclusive: Only an operator may set this",
            "status: Only an operator may set this",
        ]
    );
    let nobody = refusal(engine.offer_create(world.operator, read(&all)).await);
    assert_eq!(nobody, ["advertiser_id: This parameter is required"]);
    let bad = [("name", " "), ("url_redirect", "shop"), ("cookie_ttl_days", "366")];
    let refused = refusal(try_read::<OfferCreate>(&bad));
    assert_eq!(refused.len(), 3, "{refused:?}");
    let nowhere = [("name", "Tea"), ("url_redirect", "https://shop.example/"), ("geo", "-5")];
    let refused = refusal(engine.offer_create(world.advertiser, read(&nowhere)).await);
    assert_eq!(refused.len(), 2, "{refused:?}");

    let id = engine.offer_create(world.advertiser, read(&all)).await.expect("create");
    let status = async || engine.offer_view(world.advertiser, id).await.expect("view").status;
    let update = async |caller: Caller, name: &str, value: &str| {
        engine.offer_update(caller, id, read(&[(name, value)])).await
    };
    assert_eq!(status().await, Some(OfferStatus::Review));
    update(world.advertiser, "is_draft", "1").await.expect("draft");
    assert_eq!(status().await, Some(OfferStatus::Draft));
    let early = update(world.advertiser, "is_stopped", "1").await;
    assert!(matches!(early, Err(Error::Conflict(_))));
    update(world.operator, "status", "2").await.expect("approve");
    update(world.advertiser, "is_stopped", "1").await.expect("stop");
    assert_eq!(status().await, Some(OfferStatus::Stopped));
    update(world.advertiser, "is_stopped", "0").await.expect("resume");
    assert_eq!(status().await, Some(OfferStatus::Live));
    let back = update(world.advertiser, "is_draft", "1").await;
    assert!(matches!(back, Err(Error::Conflict(_))));
}

#[db_test]
async fn only_an_unused_offer_that_never_went_live_is_deleted(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let live = world.offer(1, OfferStatus::Live, &[]).await;
    assert!(matches!(engine.offer_delete(world.advertiser, live).await, Err(Error::Conflict(_))));
    let used = world.offer(1, OfferStatus::Review, &[]).await;
    world.goal(used, "10").await;
    assert!(matches!(engine.offer_delete(world.advertiser, used).await, Err(Error::Conflict(_))));
    let unused = world.offer(1, OfferStatus::Draft, &[]).await;
    engine.offer_delete(world.advertiser, unused).await.expect("delete");
    assert!(matches!(engine.offer_view(world.operator, unused).await, Err(Error::NotFound)));
}

#[db_test]
async fn a_region_finds_offers_of_wider_and_narrower_regions(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let tree = engine.geo_list(Caller::GUEST).await.expect("list regions");
    let path = branch(&tree);
    assert!(path.len() >= 3, "{path:?}");
    let mut ids = Vec::new();
    for geo in &path {
        ids.push(world.offer(*geo, OfferStatus::Live, &[]).await);
    }
    let other = tree.iter().find(|geo| geo.id != path[0]).expect("another root").id;
    let elsewhere = world.offer(other, OfferStatus::Live, &[]).await;
    for geo in &path {
        assert_eq!(world.ids(Caller::GUEST, &[("geo", &geo.to_string())]).await, ids);
    }
    assert_eq!(world.ids(Caller::GUEST, &[("geo", &other.to_string())]).await, [elsewhere]);
    // A cousin region has the wider ones in common only.
    let root = tree.iter().find(|geo| geo.id == path[0]).expect("the root");
    let cousin = root.descendants.iter().find(|geo| geo.id != path[1]).expect("a cousin");
    let found = world.ids(Caller::GUEST, &[("geo", &cousin.id.to_string())]).await;
    assert_eq!(found, [ids[0]]);

    let refused = refusal(engine.offer_list(Caller::GUEST, read(&[("geo", "1,-7")])).await);
    assert_eq!(refused, ["geo: Regions not found"]);
    let refused = refusal(engine.offer_list(Caller::GUEST, read(&[("categories", "-7")])).await);
    assert_eq!(refused, ["categories: Categories not found"]);
    for filter in ["is_new_promo", "is_new_stock", "is_active_stock"] {
        assert_eq!(world.ids(Caller::GUEST, &[(filter, "1")]).await, Vec::<i64>::new());
        assert_eq!(world.ids(Caller::GUEST, &[(filter, "0")]).await.len(), ids.len() + 1);
    }
}

#[db_test]
async fn a_hidden_region_hides_what_lies_in_it(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let tree = engine.geo_list(Caller::GUEST).await.expect("list regions");
    let path = branch(&tree);
    let hide = engine.geo_update(world.operator, path[1], read(&[("is_displayed", "0")]));
    hide.await.expect("hide");
    let public = engine.geo_list(world.advertiser).await.expect("list regions");
    let all = engine.geo_list(world.operator).await.expect("list regions");
    assert!(!ids_of(&public).contains(&path[1]) && !ids_of(&public).contains(&path[2]));
    assert!(ids_of(&public).contains(&path[0]) && ids_of(&all).contains(&path[1]));
    let text = path[2].to_string();
    let refused = refusal(engine.offer_list(Caller::GUEST, read(&[("geo", &text)])).await);
    assert_eq!(refused, ["geo: Regions not found"]);
    assert!(engine.offer_list(world.operator, read(&[("geo", &text)])).await.is_ok());
    let forbidden = engine.geo_update(world.advertiser, path[1], read(&[("is_displayed", "1")]));
    assert!(matches!(forbidden.await, Err(Error::Forbidden)));
}

#[db_test]
async fn goals_of_unseen_offers_are_not_found(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let live = world.offer(1, OfferStatus::Live, &[]).await;
    let draft = world.offer(1, OfferStatus::Draft, &[]).await;
    let goal = world.goal(live, "10").await;
    let hidden = world.goal(draft, "10").await;
    for wanted in ["-123".to_owned(), draft.to_string(), format!("{live},{draft}"), String::new()] {
        let found = engine.goal_list(Caller::GUEST, read(&[("offer_id", &wanted)])).await;
        assert_eq!(refusal(found), ["offer_id: Offers not found"], "{wanted}");
    }
    let found = engine.goal_list(Caller::GUEST, read(&[("offer_id", &live.to_string())])).await;
    let found = found.expect("list goals");
    assert_eq!((found.total_count, found.rows[0].id), (1, goal));
    assert!(found.rows[0].charge.is_none());
    assert!(matches!(engine.goal_view(Caller::GUEST, hidden).await, Err(Error::NotFound)));
    assert!(matches!(engine.goal_view(world.rival, goal).await, Err(Error::NotFound)));
    let all = engine.goal_list(world.advertiser, read(&[])).await.expect("list goals");
    assert_eq!(all.total_count, 2);
    assert_eq!(all.rows[0].charge.as_deref(), Some("10.00"));
    let foreign = [
        ("offer_id", live.to_string()),
        ("description", "x".to_owned()),
        ("currency_id", USD.to_string()),
        ("hold_period", "1".to_owned()),
        ("money_type", "1".to_owned()),
        ("charge", "1".to_owned()),
    ];
    let foreign: Vec<(&str, &str)> = foreign.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = refusal(engine.goal_create(world.rival, read(&foreign)).await);
    assert_eq!(refused, ["offer_id: Offers not found"]);
}

#[db_test]
async fn changed_terms_are_a_new_version(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let goal = world.goal(offer, "9.99").await;
    let versions = async |at: Time| {
        let db = world.test.store.read();
        let found = whocpa_store::goal::versions_at(&db, &[goal], at).await.expect("versions");
        found[&goal].clone()
    };
    let first = versions(START).await;
    assert_eq!((first.charge, first.payment), (9_990_000, 7_990_000));

    world.clock.advance(100);
    let update = async |caller: Caller, pairs: &[(&str, &str)]| {
        engine.goal_update(caller, goal, try_read(pairs)?).await
    };
    update(world.advertiser, &[("description", "Other words")]).await.expect("words");
    assert_eq!(versions(engine.now()).await.id, first.id);
    let refused = refusal(update(world.advertiser, &[("charge", "7")]).await);
    assert!(refused[0].starts_with("charge: Must not be below payment"), "{refused:?}");
    let refused = refusal(update(world.advertiser, &[("payment", "7")]).await);
    assert_eq!(refused, ["payment: Only an operator may set this"]);
    let refused = refusal(update(world.advertiser, &[("money_type", "2")]).await);
    assert_eq!(refused, ["charge: This parameter is required with another money_type"]);
    let refused = refusal(update(world.operator, &[("charge", "1e3"), ("hold_period", "400")]).await);
    assert_eq!(refused.len(), 2, "{refused:?}");

    update(world.operator, &[("charge", "12"), ("payment", "11.5")]).await.expect("rates");
    let second = versions(engine.now()).await;
    assert_eq!((second.charge, second.payment, second.hold_period), (12_000_000, 11_500_000, 10));
    assert_eq!(versions(START).await, first);
    world.clock.advance(100);
    update(world.advertiser, &[("money_type", "2"), ("charge", "16.5")]).await.expect("percent");
    let seen = engine.goal_view(world.advertiser, goal).await.expect("view");
    assert_eq!((seen.payment.as_str(), seen.charge.as_deref()), ("13.2", Some("16.5")));

    engine.goal_delete(world.advertiser, goal).await.expect("delete");
    assert!(!engine.goal_view(Caller::GUEST, goal).await.expect("view").is_active);
}

#[db_test]
async fn news_are_marked_by_readers_and_written_by_operators(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    let draft = world.offer(1, OfferStatus::Draft, &[]).await;
    let create = async |offer_id: Option<i64>| {
        let offer_id = offer_id.map(|id| id.to_string());
        let mut pairs = vec![("header", "Hello"), ("body", "One\r\ntwo")];
        pairs.extend(offer_id.as_deref().map(|id| ("offer_id", id)));
        engine.news_create(world.operator, read(&pairs)).await.expect("create news")
    };
    let system = create(None).await;
    let about = create(Some(offer)).await;
    let hidden = create(Some(draft)).await;
    let ids = async |caller: Caller, pairs: &[(&str, &str)]| {
        let found = engine.news_list(caller, read(pairs)).await.expect("list news");
        found.rows.rows.iter().map(|row| (row.id, row.r#type)).collect::<Vec<_>>()
    };
    let both = [(about, NewsType::Offer), (system, NewsType::System)];
    assert_eq!(ids(Caller::GUEST, &[]).await, both);
    assert_eq!(ids(world.webmaster, &[]).await, both);
    assert_eq!(ids(world.webmaster, &[("type", "4")]).await, []);
    world.connect(offer).await;
    assert_eq!(ids(world.webmaster, &[("type", "4")]).await, [(about, NewsType::MyOffers)]);
    assert_eq!(ids(world.advertiser, &[("type", "4")]).await.len(), 2);
    assert_eq!(refusal(try_read::<NewsList>(&[("type", "8")])), ["type: Must be from 1 to 7"]);
    assert!(matches!(engine.news_view(world.webmaster, hidden).await, Err(Error::NotFound)));

    let refused = refusal(engine.news_update(world.webmaster, system, read(&[("header", "Mine")])).await);
    assert_eq!(refused, ["header: Only an operator may set this"]);
    let mark = engine.news_update(world.webmaster, about, read(&[("is_read", "1")]));
    mark.await.expect("mark");
    let seen = engine.news_view(world.webmaster, about).await.expect("view");
    assert!(seen.read && seen.is_active && seen.body == "One<br>\ntwo" && seen.excerpt == "One two");
    let json = serde_json::to_value(&seen).expect("serialise");
    assert_eq!(json["offer"], serde_json::json!({ (offer.to_string()): "Tea" }));
    assert!(!engine.news_view(world.advertiser, about).await.expect("view").read);

    let refused = refusal(
        engine.news_update(world.operator, system, read(&[("body", "<b></b>"), ("type", "2")])).await,
    );
    assert_eq!(refused.len(), 2, "{refused:?}");
    engine.news_delete(world.operator, about).await.expect("delete");
    assert_eq!(ids(Caller::GUEST, &[]).await, [(system, NewsType::System)]);
}

#[db_test]
async fn a_currency_in_use_stays(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, OfferStatus::Live, &[]).await;
    world.goal(offer, "10").await;
    assert!(matches!(engine.currency_delete(world.operator, USD).await, Err(Error::Conflict(_))));
    let new =
        [("id", "20000"), ("code", "GOLD"), ("digits", "3"), ("name_en", "Gold"), ("name_ru", "Золото")];
    assert_eq!(engine.currency_create(world.operator, read(&new)).await.expect("create"), 20_000);
    assert_eq!(refusal(engine.currency_create(world.operator, read(&new)).await).len(), 1);
    let off = engine.currency_update(world.operator, 20_000, read(&[("is_active", "0")]));
    off.await.expect("deactivate");
    assert!(matches!(engine.currency_view(world.advertiser, 20_000).await, Err(Error::NotFound)));
    assert!(engine.currency_list(Caller::GUEST).await.expect("list").iter().all(|row| row.id != 20_000));
    engine.currency_delete(world.operator, 20_000).await.expect("delete");
}
