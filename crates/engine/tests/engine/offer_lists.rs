//! Finding offers: filters, search, order, figures.

use whocpa_db_test::db_test;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::{Error, Time};
use whocpa_engine::Caller;
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_store::testing::TestDb;

use crate::world::{USD, World, read, refusal, try_read};

/// Late enough for click ids, which count from 2024.
const LATER: Time = Time(1_750_000_000);

const NONE: [i64; 0] = [];

#[db_test]
async fn names_are_found_in_any_case_of_any_alphabet(test: TestDb) {
    let world = World::new(test).await;
    let tea = world.offer(1, OfferStatus::Live, &[("name", "Зелёный Чай 100%")]).await;
    let other = world.offer(1, OfferStatus::Live, &[("name", "Éclair_Box")]).await;
    for (search, found) in [
        ("зеленый", vec![tea]),
        ("ЗЕЛЁНЫЙ  чай", vec![tea]),
        ("100%", vec![tea]),
        ("0_%", vec![]),
        ("éCLAIR", vec![other]),
        ("r_b", vec![other]),
        ("'; --", vec![]),
        (&tea.to_string(), vec![tea]),
    ] {
        let ids = world.ids(Caller::GUEST, &[("search", search)]).await;
        // A number may also stand in a name.
        assert!(found.iter().all(|id| ids.contains(id)) && ids.len() <= found.len() + 1, "{search}: {ids:?}");
    }
    let renamed = world.engine.offer_update(world.operator, tea, read(&[("name", "Мате")]));
    renamed.await.expect("rename");
    assert_eq!(world.ids(Caller::GUEST, &[("search", "чай")]).await, NONE);
    assert_eq!(world.ids(Caller::GUEST, &[("search", "МАТЕ")]).await, [tea]);
}

#[db_test]
async fn kinds_of_traffic_and_languages_narrow_the_list(test: TestDb) {
    let world = World::new(test).await;
    let more = [("traffic_allowed", "3,1,3"), ("traffic_forbidden", "16"), ("languages", "ru,en")];
    let offer = world.offer(1, OfferStatus::Live, &more).await;
    let plain = world.offer(1, OfferStatus::Live, &[]).await;
    let seen = world.engine.offer_view(Caller::GUEST, offer).await.expect("view");
    let codes: Vec<i64> = seen.traffic_allowed.iter().map(|kind| kind.code()).collect();
    assert_eq!(
        (codes, seen.traffic_forbidden.len(), seen.languages),
        (vec![1, 3], 1, vec!["en".into(), "ru".into()])
    );
    for (filter, value, found) in [
        ("traffic", "1", vec![offer]),
        ("traffic", "2,3", vec![offer]),
        ("traffic", "16", vec![]),
        ("languages", "de,ru", vec![offer]),
        ("languages", "de", vec![]),
        ("is_deeplink", "0", vec![offer, plain]),
    ] {
        assert_eq!(world.ids(Caller::GUEST, &[(filter, value)]).await, found, "{filter} {value}");
    }
    for (pairs, told) in [
        ([("languages", "xx")], "languages: Must be an ISO 639-1 code such as en"),
        ([("rating_from", "11")], "rating_from: Must be from 1 to 10"),
        (
            [("payout_from", "5")],
            "currency_id: Must be given: amounts in different currencies cannot be compared",
        ),
        ([("sort", "epc")], "currency_id: Must be given: amounts in different currencies cannot be compared"),
        ([("currency_id", "1")], "currency_id: Currencies not found"),
        ([("status", "2")], "status: Only advertisers and operators may use this"),
        ([("advertiser_id", "2")], "advertiser_id: Only operators may use this"),
    ] {
        let listed = async { world.engine.offer_list(Caller::GUEST, try_read(&pairs)?).await };
        assert_eq!(refusal(listed.await), [told]);
    }
    let both = [("traffic_allowed", "1"), ("traffic_forbidden", "1")];
    let refused = refusal(world.engine.offer_update(world.advertiser, plain, read(&both)).await);
    assert_eq!(refused, ["traffic_forbidden: 1 is both allowed and forbidden"]);
    let cleared = world.engine.offer_update(world.operator, offer, read(&[("traffic_allowed", "")]));
    cleared.await.expect("an empty list takes all away");
    assert_eq!(world.ids(Caller::GUEST, &[("traffic", "1,2,3")]).await, NONE);
}

#[db_test]
async fn payouts_are_compared_in_one_currency(test: TestDb) {
    let world = World::new(test).await;
    let (usd, eur) = (USD.to_string(), "978".to_owned());
    let mut offers = Vec::new();
    for (currency, charge) in [(&usd, "10"), (&usd, "50"), (&eur, "30")] {
        let offer = world.offer(1, OfferStatus::Live, &[]).await;
        let offer_id = offer.to_string();
        let goal = [
            ("offer_id", offer_id.as_str()),
            ("description", "Заказ"),
            ("currency_id", currency),
            ("hold_period", "1"),
            ("money_type", "1"),
            ("charge", charge),
        ];
        world.engine.goal_create(world.advertiser, read(&goal)).await.expect("a goal");
        offers.push(offer);
    }
    let empty = world.offer(1, OfferStatus::Live, &[]).await;
    let [ten, fifty, euro] = offers[..] else { unreachable!() };
    let ids = async |pairs: &[(&str, &str)]| world.ids(Caller::GUEST, pairs).await;
    assert_eq!(ids(&[("currency_id", &usd)]).await, [ten, fifty]);
    assert_eq!(ids(&[("currency_id", &usd), ("payout_from", "8.01")]).await, [fifty]);
    assert_eq!(ids(&[("currency_id", &usd), ("payout_from", "8"), ("payout_to", "8.00")]).await, [ten]);
    assert_eq!(ids(&[("currency_id", &eur), ("payout_to", "100")]).await, [euro]);
    assert_eq!(ids(&[("currency_id", &usd), ("sort", "-payout")]).await, [fifty, ten]);
    assert_eq!(ids(&[("sort", "-id")]).await, [empty, euro, fifty, ten]);
    let seen = world.engine.offer_view(Caller::GUEST, fifty).await.expect("view");
    let payment = &seen.payments[0];
    assert_eq!((payment.from.as_str(), payment.to.as_str(), payment.currency_id), ("40.00", "40.00", USD));

    // New terms are a new version, and the list follows the one in force.
    world.clock.advance(10);
    let goals =
        world.engine.goal_list(Caller::GUEST, read(&[("offer_id", &ten.to_string())])).await.expect("goals");
    let goal = goals.rows[0].id;
    world.engine.goal_update(world.advertiser, goal, read(&[("charge", "100")])).await.expect("new terms");
    world.engine.goal_update(world.operator, goal, read(&[("payment", "90")])).await.expect("new terms");
    assert_eq!(ids(&[("currency_id", &usd), ("sort", "-payout")]).await, [ten, fifty]);
    for (filter, value, count) in [
        ("money_type", "2", 0),
        ("money_type", "1,2", 3),
        ("category", "0", 3),
        ("category", "34", 0),
        ("currency_id", "978", 1),
        ("search", "ЗАКАЗ", 3),
        ("search", "нет", 0),
    ] {
        let found = world.engine.goal_list(Caller::GUEST, read(&[(filter, value)])).await.expect("goals");
        assert_eq!(found.rows.len(), count, "{filter} {value}");
    }
}

#[db_test]
async fn orders_are_total_in_both_directions(test: TestDb) {
    let world = World::new(test).await;
    let b = world.offer(1, OfferStatus::Live, &[("name", "б")]).await;
    world.clock.advance(5);
    let a = world.offer(1, OfferStatus::Live, &[("name", "А")]).await;
    let c = world.offer(1, OfferStatus::Live, &[("name", "В")]).await;
    for (sort, expected) in [
        ("name", [a, b, c]),
        ("-name", [c, b, a]),
        ("date", [b, a, c]),
        ("-date", [a, c, b]),
        ("rating", [b, a, c]),
        ("-rating", [b, a, c]),
        ("cr", [b, a, c]),
        ("-approve_rate", [b, a, c]),
    ] {
        assert_eq!(world.ids(Caller::GUEST, &[("sort", sort)]).await, expected, "{sort}");
    }
    let usd = USD.to_string();
    for sort in ["epc", "-epc", "payout"] {
        assert_eq!(world.ids(Caller::GUEST, &[("sort", sort), ("currency_id", &usd)]).await, NONE, "{sort}");
    }
}

/// 200 clicks of people on an offer, and as many of robots; of its first 20 visitors 15 buy, and 5 are refused.
async fn sell(world: &World, offer: i64, goal: i64) {
    let engine = &world.engine;
    let link =
        engine.link_create(world.webmaster, read(&[("offer_id", &offer.to_string())])).await.expect("a link");
    let code = engine.link_view(world.webmaster, link).await.expect("the link").code;
    let mut tids = Vec::new();
    for _ in 0..200 {
        let visit = Visit { ip: [8, 8, 8, 8].into(), ua: "Mozilla/5.0", ..Visit::to(&code) };
        tids.push(engine.click_track(visit).await.tid);
        // Robots are sent too, and count in no figure.
        engine.click_track(Visit::to(&code)).await;
    }
    for (number, tid) in tids.iter().take(20).enumerate() {
        let conversion = Conversion {
            advertiser_id: world.advertiser.user_id,
            tid: tid.clone(),
            goal_id: Some(goal),
            sale_id: number.to_string(),
            amount: None,
            status: if number < 15 { LeadStatus::Approved } else { LeadStatus::Rejected },
            reason: LeadReason::Untold,
            comment: "x".to_owned(),
            ..Conversion::default()
        };
        let verdict = engine.lead_receive(conversion).await;
        assert!(matches!(verdict, Ok(Verdict::Accepted { .. })), "{verdict:?}");
    }
}

#[db_test]
async fn figures_follow_clicks_and_leads(test: TestDb) {
    let world = World::calm(test).await;
    world.clock.set(LATER);
    let engine = &world.engine;
    let good = world.offer(1, OfferStatus::Live, &[]).await;
    let quiet = world.offer(1, OfferStatus::Live, &[]).await;
    let goal = world.goal(good, "10").await;
    let pair = [("offer_id", &*good.to_string()), ("webmaster_id", &*world.webmaster.user_id.to_string())];
    engine.connection_create(world.operator, read(&pair)).await.expect("connect");
    sell(&world, good, goal).await;
    let shown = async || {
        let seen = engine.offer_view(Caller::GUEST, good).await.expect("view");
        let text = |amount: Option<whocpa_domain::money::Amount>| {
            amount.map_or("-".to_owned(), |amount| amount.to_string())
        };
        (text(seen.epc), text(seen.cr), text(seen.approve_rate), seen.rating)
    };
    assert_eq!(shown().await, ("-".to_owned(), "-".to_owned(), "-".to_owned(), 5));
    // The drainer stores clicks within moments; the job counts those of five minutes ago.
    for _ in 0..200 {
        if whocpa_store::click::count(&world.test.store.clicks(), whocpa_domain::Scope::All)
            .await
            .expect("count")
            == 400
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    world.clock.advance(600);
    for _ in 0..2 {
        engine.offer_figures().await.expect("figures");
        // 15 x 8.00 for 200 clicks; 20 leads; alone it is in the middle.
        assert_eq!(shown().await, ("0.60".to_owned(), "10.00".to_owned(), "75.00".to_owned(), 6));
    }
    let usd = USD.to_string();
    for (pairs, found) in [
        (vec![("epc_from", "0.6"), ("currency_id", &*usd)], vec![good]),
        (vec![("epc_from", "0.61"), ("currency_id", &*usd)], vec![]),
        (vec![("cr_from", "10")], vec![good]),
        (vec![("cr_from", "10.01")], vec![]),
        (vec![("approve_rate_from", "75")], vec![good]),
        (vec![("rating_from", "6")], vec![good]),
        (vec![("rating_from", "5")], vec![good, quiet]),
        (vec![("is_recommended", "1")], vec![]),
        (vec![("is_recommended", "0")], vec![good, quiet]),
        (vec![("sort", "-rating")], vec![good, quiet]),
        (vec![("sort", "rating")], vec![quiet, good]),
        (vec![("sort", "-cr")], vec![good, quiet]),
        (vec![("sort", "-epc"), ("currency_id", &*usd)], vec![good]),
    ] {
        assert_eq!(world.ids(Caller::GUEST, &pairs).await, found, "{pairs:?}");
    }
    world.clock.advance(32 * 86_400);
    engine.offer_figures().await.expect("figures");
    assert_eq!(shown().await, ("-".to_owned(), "-".to_owned(), "-".to_owned(), 5), "the window has moved on");
}

#[db_test]
async fn new_is_since_it_went_live(test: TestDb) {
    let world = World::new(test).await;
    let offer = world.offer(1, OfferStatus::Review, &[]).await;
    world.clock.advance(30 * 86_400);
    world.engine.offer_update(world.operator, offer, read(&[("status", "2")])).await.expect("approve");
    assert_eq!(world.ids(Caller::GUEST, &[("is_new", "1")]).await, [offer]);
    world.clock.advance(14 * 86_400);
    assert!(world.engine.offer_view(Caller::GUEST, offer).await.expect("view").is_new);
    world.clock.advance(1);
    assert!(!world.engine.offer_view(Caller::GUEST, offer).await.expect("view").is_new);
    assert_eq!(world.ids(Caller::GUEST, &[("is_new", "0")]).await, [offer]);
    assert_eq!(world.ids(world.webmaster, &[("is_approved", "1")]).await, NONE);
    world.connect(offer).await;
    assert_eq!(world.ids(world.webmaster, &[("is_approved", "1")]).await, [offer]);
    assert_eq!(world.ids(world.webmaster, &[("is_approved", "0")]).await, NONE);
}

#[db_test]
async fn dates_start_and_stop_an_offer(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    world.clock.set(LATER);
    let offer =
        world.offer(1, OfferStatus::Live, &[("date_start", "2025-06-16"), ("date_stop", "2025-06-17")]).await;
    let is_stopped = async || engine.offer_view(Caller::GUEST, offer).await.expect("view").is_stopped;
    assert!(is_stopped().await, "it has not begun");
    assert_eq!(world.ids(Caller::GUEST, &[]).await, NONE);
    assert_eq!(world.ids(Caller::GUEST, &[("show_stopped", "1")]).await, [offer]);
    world.clock.set(Time::parse("2025-06-16").expect("a date"));
    assert!(!is_stopped().await);
    assert_eq!(world.ids(Caller::GUEST, &[]).await, [offer]);
    world.clock.set(Time::parse("2025-06-17").expect("a date"));
    assert!(is_stopped().await, "it is over");
    let bad = engine.offer_update(world.advertiser, offer, read(&[("date_stop", "2025-06-16")])).await;
    assert_eq!(refusal(bad), ["date_stop: Must be after date_start"]);
    engine.offer_update(world.advertiser, offer, read(&[("date_stop", "")])).await.expect("no end");
    assert!(!is_stopped().await);
}

#[db_test]
async fn prices_masks_and_hours_are_shown(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let more = [
        ("price_from", "19.90"),
        ("price_currency_id", "978"),
        ("utm_mask", "utm_source=whocpa&utm_content={webmaster_id}"),
        ("call_hours", "Mon-Fri 9:00-18:00 UTC+3"),
    ];
    let offer = world.offer(1, OfferStatus::Live, &more).await;
    let seen = engine.offer_view(Caller::GUEST, offer).await.expect("view");
    let price = seen.product_price.expect("a price");
    assert_eq!(
        (price.currency_id, price.from.to_string(), price.to.to_string()),
        (978, "19.90".into(), "19.90".into())
    );
    assert!(seen.utm_mask.is_none() && seen.comment.is_none() && seen.reason.is_none());
    assert_eq!(seen.call_hours, "Mon-Fri 9:00-18:00 UTC+3");
    let own = engine.offer_view(world.advertiser, offer).await.expect("view");
    assert!(own.utm_mask.is_some() && own.comment.is_none() && own.reason.is_some());
    for (pairs, told) in [
        ([("price_to", "5"), ("name", "x")], "price_to: Must not be below price_from"),
        ([("price_currency_id", ""), ("name", "x")], "price_currency_id: Must be given with a price"),
        ([("price_currency_id", "1"), ("name", "x")], "price_currency_id: Currencies not found"),
        ([("price_from", ""), ("price_to", "9")], "price_from: Must be given with price_to"),
        (
            [("utm_mask", "{nothing}=1"), ("name", "x")],
            "utm_mask: Must be a query such as utm_source=whocpa, with known macros",
        ),
        (
            [("utm_mask", "#x=1"), ("name", "x")],
            "utm_mask: Must be a query such as utm_source=whocpa, with known macros",
        ),
    ] {
        let updated = async { engine.offer_update(world.advertiser, offer, try_read(&pairs)?).await };
        assert_eq!(refusal(updated.await), [told]);
    }
    world.clock.set(LATER);
    world.connect(offer).await;
    engine.catalogue_refresh().await.expect("refresh");
    let link = engine
        .link_create(world.webmaster, read(&[("offer_id", &offer.to_string()), ("name", "Мой блог")]))
        .await;
    let link = engine.link_view(world.webmaster, link.expect("a link")).await.expect("the link");
    let visit = Visit { ip: [8, 8, 8, 8].into(), ..Visit::to(&link.code) };
    let location = engine.click_track(visit).await.location.expect("an address");
    assert!(
        location.contains(&format!("utm_source=whocpa&utm_content={}", world.webmaster.user_id)),
        "{location}"
    );
    for (search, count) in [("МОЙ", 1), (link.code.as_str(), 1), ("чужой", 0)] {
        let found = engine.link_list(world.webmaster, read(&[("search", search)])).await.expect("links");
        assert_eq!(found.rows.len(), count, "{search}");
    }
    for (pair, count) in [(("search", "tEa"), 1), (("search", "no"), 0), (("d_created_to", "2020-01-01"), 0)]
    {
        let found = engine.connection_list(world.webmaster, read(&[pair])).await.expect("connections");
        assert_eq!(found.rows.len(), count, "{pair:?}");
    }
    let categories =
        engine.category_list(Caller::GUEST, read(&[("search", "ЗДОР")])).await.expect("categories");
    assert_eq!(categories.len(), 1);
    assert!(matches!(
        engine.category_list(world.webmaster, read(&[("is_active", "0")])).await,
        Err(Error::Invalid(_))
    ));
}
