//! Promos, landings, stocks and products: who sees what, how they are moderated, what may be written.

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::moderation::ModerationStatus::{self, Archived, Draft, Live, Review, Stopped};
use whocpa_engine::Caller;
use whocpa_engine::landing::LandingCreate;
use whocpa_store::testing::TestDb;

use crate::world::{World, read, refusal, try_read};

const PAGE: &str = "https://shop.example/?key=secret";

async fn landing(world: &World, offer_id: i64, more: &[(&str, &str)]) -> i64 {
    let offer_id = offer_id.to_string();
    let mut pairs = vec![("offer_id", offer_id.as_str()), ("name", "Order page"), ("url", PAGE)];
    pairs.extend_from_slice(more);
    world.engine.landing_create(world.advertiser, read(&pairs)).await.expect("create a landing")
}

async fn set(world: &World, caller: Caller, id: i64, pairs: &[(&str, &str)]) -> Result<(), Error> {
    world.engine.landing_update(caller, id, read(pairs)).await
}

async fn state(world: &World, id: i64) -> (ModerationStatus, String) {
    let shown = world.engine.landing_view(world.advertiser, id).await.expect("view");
    (shown.status.expect("a status"), shown.reason.expect("a reason"))
}

async fn listed(world: &World, caller: Caller, pairs: &[(&str, &str)]) -> Vec<i64> {
    let found = world.engine.landing_list(caller, read(pairs)).await.expect("list");
    found.rows.iter().map(|row| row.id).collect()
}

#[db_test]
async fn material_is_seen_when_it_is_live_and_its_offer_is_seen(test: TestDb) {
    let world = World::new(test).await;
    let public = world.offer(1, Live, &[]).await;
    let private = world.offer(1, Live, &[("is_private", "1")]).await;
    let open = landing(&world, public, &[]).await;
    let closed = landing(&world, public, &[("is_private", "1")]).await;
    let inner = landing(&world, private, &[]).await;
    let waiting = landing(&world, public, &[]).await;
    let draft = landing(&world, public, &[("is_draft", "1")]).await;
    for id in [open, closed, inner] {
        set(&world, world.operator, id, &[("status", "2")]).await.expect("approve");
    }
    assert_eq!(listed(&world, Caller::GUEST, &[]).await, [open]);
    assert_eq!(listed(&world, world.webmaster, &[]).await, [open]);
    assert_eq!(listed(&world, world.advertiser, &[]).await, [open, closed, inner, waiting, draft]);
    assert_eq!(listed(&world, world.advertiser, &[("status", "0,1")]).await, [waiting, draft]);
    let newest = listed(&world, world.advertiser, &[("sort", "-id")]).await;
    assert_eq!(newest, [draft, waiting, inner, closed, open]);
    for order in ["date_published", "-date_published"] {
        let by_date = listed(&world, world.advertiser, &[("sort", order)]).await;
        assert_eq!(by_date[3..], [waiting, draft], "{order}: what was never approved comes last");
    }
    assert!(listed(&world, world.rival, &[]).await.is_empty());
    world.connect(public).await;
    assert_eq!(listed(&world, world.webmaster, &[]).await, [open, closed]);
    world.connect(private).await;
    assert_eq!(listed(&world, world.webmaster, &[]).await, [open, closed, inner]);
    for (caller, id) in [
        (Caller::GUEST, closed),
        (Caller::GUEST, inner),
        (world.webmaster, waiting),
        (world.webmaster, draft),
        (world.rival, open),
    ] {
        assert!(matches!(world.engine.landing_view(caller, id).await, Err(Error::NotFound)), "{id}");
    }
    let refused = world.engine.landing_list(Caller::GUEST, read(&[("status", "1")])).await;
    assert_eq!(refusal(refused), ["status: Only advertisers and operators may use this"]);
    let hidden = world.engine.landing_list(Caller::GUEST, read(&[("offer_id", &private.to_string())])).await;
    assert_eq!(refusal(hidden), ["offer_id: Offers not found"]);
    let guest = world.engine.landing_view(Caller::GUEST, open).await.expect("view");
    assert_eq!(guest.url, "https://shop.example/");
    assert!(guest.status.is_none() && guest.reason.is_none() && guest.is_approved && guest.is_new);
    world.clock.advance(15 * 86_400);
    assert!(!world.engine.landing_view(Caller::GUEST, open).await.expect("view").is_new);
}

#[db_test]
async fn an_operator_moderates_and_says_why(test: TestDb) {
    let world = World::new(test).await;
    let offer = world.offer(1, Live, &[]).await;
    let id = landing(&world, offer, &[]).await;
    let (own, operator) = (world.advertiser, world.operator);
    assert_eq!(state(&world, id).await, (Review, String::new()));
    assert!(matches!(set(&world, own, id, &[("status", "2")]).await, Err(Error::Conflict(_))));
    assert_eq!(
        refusal(set(&world, own, id, &[("reason", "x")]).await),
        ["reason: Only an operator may give a reason"]
    );
    assert_eq!(refusal(set(&world, operator, id, &[("status", "0")]).await), ["reason: Must say why"]);
    set(&world, operator, id, &[("status", "0"), ("reason", "No contacts")]).await.expect("send back");
    assert_eq!(state(&world, id).await, (Draft, "No contacts".to_owned()));
    set(&world, own, id, &[("status", "1"), ("name", "With contacts")]).await.expect("send again");
    set(&world, operator, id, &[("status", "2")]).await.expect("approve");
    assert_eq!(state(&world, id).await, (Live, String::new()));

    set(&world, own, id, &[("name", "Another name")]).await.expect("a name is no content");
    assert_eq!(state(&world, id).await.0, Live);
    set(&world, own, id, &[("status", "3")]).await.expect("stop");
    set(&world, own, id, &[("status", "2")]).await.expect("go on");
    set(&world, own, id, &[("status", "3")]).await.expect("stop");
    let round = set(&world, own, id, &[("status", "2"), ("url", "https://other.example/")]).await;
    assert!(matches!(round, Err(Error::Conflict(_))), "another address goes round the moderator");
    assert_eq!(state(&world, id).await.0, Stopped);
    set(&world, own, id, &[("url", "https://other.example/")]).await.expect("another address");
    assert_eq!(state(&world, id).await.0, Review);
    assert!(listed(&world, Caller::GUEST, &[]).await.is_empty());

    set(&world, operator, id, &[("status", "2")]).await.expect("approve");
    set(&world, operator, id, &[("status", "3"), ("reason", "Complaints")]).await.expect("stop");
    assert!(matches!(set(&world, own, id, &[("status", "2")]).await, Err(Error::Conflict(_))));
    world.engine.landing_delete(own, id).await.expect("archive");
    assert_eq!(state(&world, id).await.0, Archived);
    assert!(matches!(set(&world, own, id, &[("name", "x")]).await, Err(Error::Conflict(_))));
    let fresh = landing(&world, offer, &[]).await;
    world.engine.landing_delete(own, fresh).await.expect("delete");
    assert!(matches!(world.engine.landing_view(own, fresh).await, Err(Error::NotFound)));
}

#[db_test]
async fn material_is_the_advertisers_own_and_checked_by_field(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let (offer, other) = (world.offer(1, Live, &[]).await, world.offer(1, Live, &[]).await);
    let goal = world.goal(other, "10").await.to_string();
    let offer_id = offer.to_string();
    let good = [("offer_id", offer_id.as_str()), ("name", "Page"), ("url", PAGE)];
    let stolen = refusal(engine.landing_create(world.rival, read(&good)).await);
    assert_eq!(stolen, ["offer_id: Offers not found"]);
    let id = landing(&world, offer, &[]).await;
    assert!(matches!(set(&world, world.rival, id, &[("name", "Mine")]).await, Err(Error::NotFound)));
    assert!(matches!(engine.landing_delete(world.rival, id).await, Err(Error::NotFound)));
    let bad = [
        ("offer_id", offer_id.as_str()),
        ("name", " "),
        ("url", "javascript:alert(1)"),
        ("language", "english"),
    ];
    let refused = refusal(try_read::<LandingCreate>(&bad));
    assert_eq!(
        refused,
        [
            "language: Must be at most 2 characters",
            "name: Must not be empty",
            "url: Must be an http or https address with a host",
        ]
    );
    let foreign = [good.as_slice(), &[("goal_id", goal.as_str())]].concat();
    let refused = refusal(engine.landing_create(world.advertiser, read(&foreign)).await);
    assert_eq!(refused, ["goal_id: Goals not found"]);
    let exclusive = [good.as_slice(), &[("is_exclusive", "1")]].concat();
    let refused = refusal(engine.landing_create(world.advertiser, read(&exclusive)).await);
    assert_eq!(refused, ["is_exclusive: Only an operator may set this"]);
    engine.landing_create(world.operator, read(&exclusive)).await.expect("an operator may");
    let refused = engine.offer_delete(world.operator, offer).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
}

#[db_test]
async fn a_stock_runs_from_its_first_to_its_last_second(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, Live, &[]).await.to_string();
    // The clock stands at 2023-11-14T22:13:20Z.
    let make = async |start: &str, end: &str| {
        let pairs = [
            ("offer_id", offer.as_str()),
            ("name", "Sale"),
            ("date_start", start),
            ("date_end", end),
            ("promo_code", "TEA10"),
        ];
        engine.stock_create(world.advertiser, read(&pairs)).await
    };
    let runs = make("2023-11-14", "2023-11-14").await.expect("a day");
    let later = make("2023-12-01", "2023-12-31").await.expect("a month");
    let wrong = refusal(make("2023-12-02", "2023-12-01").await);
    assert_eq!(wrong, ["date_end: Must be later than date_start"]);
    for id in [runs, later] {
        engine.stock_update(world.operator, id, read(&[("status", "2")])).await.expect("approve");
    }
    let active = async |wanted: &str| {
        let found = engine.stock_list(Caller::GUEST, read(&[("is_active", wanted)])).await.expect("list");
        found.rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!((active("1").await, active("0").await), (vec![runs], vec![later]));
    let shown = engine.stock_view(Caller::GUEST, runs).await.expect("view");
    assert_eq!(shown.date_end.to_string(), "2023-11-14T23:59:59Z");
    assert!(shown.is_active && shown.is_new);
    world.clock.advance(2 * 3600);
    assert_eq!((active("1").await, active("0").await), (vec![], vec![runs, later]));
    engine.stock_update(world.advertiser, runs, read(&[("date_end", "2023-11-20")])).await.expect("longer");
    assert_eq!(active("1").await, [runs], "its owner's dates need no review");
    engine.stock_update(world.advertiser, runs, read(&[("promo_code", "TEA99")])).await.expect("change");
    assert!(active("1").await.is_empty(), "another code does");
    let fresh = engine.stock_list(Caller::GUEST, read(&[("is_new", "0")])).await.expect("list");
    assert_eq!(fresh.total_count, 0);
}

#[db_test]
async fn each_kind_of_promo_has_what_it_needs(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, Live, &[]).await.to_string();
    let make = async |kind: &str, more: &[(&str, &str)]| {
        let pairs = [&[("offer_id", offer.as_str()), ("kind", kind), ("name", "Promo")], more].concat();
        engine.promo_create(world.advertiser, read(&pairs)).await
    };
    for (kind, told) in [
        ("2", "template: Must be given for this kind of promo"),
        ("3", "template: Must be given for this kind of promo"),
        ("5", "url_content: Must be given for this kind of promo"),
        ("6", "url_content: Must be given for this kind of promo"),
    ] {
        assert_eq!(refusal(make(kind, &[]).await), [told]);
    }
    let without_link = refusal(make("4", &[("template", "<b>Tea</b>")]).await);
    assert_eq!(without_link, ["template: Must have {link} where the webmaster's link belongs"]);
    let html = r#"<a href="{link}">Tea</a>"#;
    let id = make("4", &[("template", html), ("language", "en")]).await.expect("an HTML block");
    engine.promo_update(world.operator, id, read(&[("status", "2")])).await.expect("approve");
    assert_eq!(engine.promo_view(Caller::GUEST, id).await.expect("view").template, html);
    let found = async |pairs: &[(&str, &str)]| {
        engine.promo_list(Caller::GUEST, read(pairs)).await.expect("list").total_count
    };
    assert_eq!(found(&[("kind", "4"), ("language", "en,ru"), ("is_new", "1"), ("search", "PRO")]).await, 1);
    for pairs in
        [[("kind", "1")], [("language", "ru")], [("is_new", "0")], [("search", "%")], [("width", "468")]]
    {
        assert_eq!(found(&pairs).await, 0, "{pairs:?}");
    }
    let since = whocpa_domain::Time(crate::world::START.0 + 1).to_string();
    assert_eq!(found(&[("d_updated_from", &since)]).await, 0);
    world.clock.advance(1);
    engine.promo_update(world.advertiser, id, read(&[("language", "ru")])).await.expect("change");
    assert_eq!(found(&[("d_updated_from", &since)]).await, 1);
}

#[db_test]
async fn products_are_on_the_hosts_of_their_offer(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let offer = world.offer(1, Live, &[]).await.to_string();
    let make = async |caller: Caller, more: &[(&str, &str)]| {
        let mut pairs = vec![
            ("offer_id", offer.as_str()),
            ("external_id", "sku-1"),
            ("name", "Green tea"),
            ("url", "https://m.shop.example/1?id=7"),
            ("price", "12.50"),
            ("currency_id", "840"),
        ];
        for (name, value) in more {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        engine.product_create(caller, read(&pairs)).await
    };
    let bad = [("url", "https://shop.example.evil.example/"), ("price_old", "12.50"), ("currency_id", "1")];
    let refused = refusal(make(world.advertiser, &bad).await);
    assert_eq!(
        refused,
        [
            "currency_id: Currencies not found",
            "price_old: Must be above price, and at most 1000000000",
            "url: Must be on a host of the offer: shop.example",
        ]
    );
    assert_eq!(refusal(make(world.rival, &[]).await), ["offer_id: Offers not found"]);
    let id = make(world.advertiser, &[("price_old", "15")]).await.expect("create");
    let twin = refusal(make(world.advertiser, &[]).await);
    assert_eq!(twin, ["external_id: This offer has a product with this id"]);
    let shown = engine.product_view(Caller::GUEST, id).await.expect("view");
    assert_eq!(
        (shown.price.to_string(), shown.price_old.map(|old| old.to_string())),
        ("12.50".to_owned(), Some("15.00".to_owned()))
    );
    let found = async |pairs: &[(&str, &str)]| {
        engine.product_list(Caller::GUEST, read(pairs)).await.expect("list").total_count
    };
    for pairs in [
        vec![("price_from", "12.50"), ("price_to", "12.50"), ("currency_id", "840")],
        vec![("is_discounted", "1"), ("is_available", "1"), ("search", "tea")],
        vec![("external_id", "sku-0,sku-1"), ("offer_id", offer.as_str())],
    ] {
        assert_eq!(found(&pairs).await, 1, "{pairs:?}");
    }
    let cheap = make(world.advertiser, &[("external_id", "sku-2"), ("price", "1")]).await.expect("create");
    let ordered = async |order: &str| {
        let found = engine.product_list(Caller::GUEST, read(&[("sort", order)])).await.expect("list");
        found.rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!((ordered("price").await, ordered("-price").await), (vec![cheap, id], vec![id, cheap]));
    engine.product_delete(world.advertiser, cheap).await.expect("delete");
    for pairs in [("price_from", "12.51"), ("price_to", "12.49"), ("is_available", "0"), ("vendor", "x")] {
        assert_eq!(found(&[pairs]).await, 0, "{pairs:?}");
    }
    assert!(matches!(engine.product_delete(world.rival, id).await, Err(Error::NotFound)));
    engine
        .product_update(world.advertiser, id, read(&[("price_old", ""), ("price", "20")]))
        .await
        .expect("change");
    assert!(engine.product_view(Caller::GUEST, id).await.expect("view").price_old.is_none());
    engine.product_delete(world.advertiser, id).await.expect("delete");
    assert_eq!(found(&[]).await, 0);
}
