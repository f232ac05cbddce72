//! What one party is told of another's, and what a link may say of itself.

use whocpa_db_test::db_test;
use whocpa_domain::click::ClickReason;
use whocpa_domain::offer::OfferStatus;
use whocpa_engine::Caller;
use whocpa_engine::simulate::SimulateView;
use whocpa_store::testing::TestDb;

use crate::routing::routed;
use crate::world::{branch, read, refusal};

/// A webmaster's link to one advertiser's offer may lead to another's: that is nobody else's affair.
#[db_test]
async fn an_advertiser_is_not_told_of_his_rivals_offers(test: TestDb) {
    let run = routed(test).await;
    let world = &run.world;
    let geo = branch(&world.engine.geo_list(world.operator).await.expect("regions"))[1].to_string();
    let category = world.category_id.to_string();
    let input = [
        ("name", "Secret"),
        ("is_private", "1"),
        ("url_redirect", "https://rival.example/secret?k=1"),
        ("categories", category.as_str()),
        ("geo", geo.as_str()),
    ];
    let theirs = world.engine.offer_create(world.rival, read(&input)).await.expect("an offer");
    world.engine.offer_update(world.operator, theirs, read(&[("status", "2")])).await.expect("approve");
    world.connect(theirs).await;
    let routes =
        format!(r#"[{{"offer_id":{theirs},"priority":1}},{{"offer_id":{},"priority":2}}]"#, run.offers[0]);
    run.link(&[("routes", &routes)]).await;
    world.clock.advance(3600);
    world.engine.catalogue_refresh().await.expect("refresh");
    let link = run.link.to_string();
    let click = [("kind", "1"), ("link_id", link.as_str())];
    for caller in [world.webmaster, world.operator] {
        assert_eq!(run.tried(caller, &click).await.offer_id, Some(theirs));
    }
    let tried = run.tried(world.advertiser, &click).await;
    assert_eq!((tried.reason, tried.offer_id), (Some(ClickReason::Sent), None));
    assert_eq!((tried.url_to.as_str(), tried.landing_id), ("", None));
    let told = |tried: &SimulateView| -> Vec<String> {
        let about_offers =
            tried.trace.iter().filter(|step| !["link", "account"].contains(&step.check.as_str()));
        about_offers.map(|step| step.detail.clone()).collect()
    };
    assert_eq!(told(&tried), ["chosen"]);
    // Where the rival takes nobody, the candidate has no name.
    let stopped = OfferStatus::Stopped.code().to_string();
    let stop = world.engine.offer_update(world.rival, theirs, read(&[("status", &stopped)])).await;
    stop.expect("stop");
    let tried = run.tried(world.advertiser, &click).await;
    assert_eq!(tried.offer_id, Some(run.offers[0]));
    assert!(tried.url_to.starts_with("https://shop0.example/?tid="), "{}", tried.url_to);
    let own = format!("chosen: {}", run.offers[0]);
    let (theirs, steps) = (theirs.to_string(), told(&tried));
    assert!(steps.contains(&own) && !steps.iter().any(|step| step.contains(&theirs)), "{steps:?}");
}

#[db_test]
async fn rules_about_single_webmasters_are_not_told_to_others(test: TestDb) {
    let run = routed(test).await;
    let rules = r#"{"devices":[1,2,3,4],"subid1":{"deny":["bad"]}}"#;
    run.offer(0, &[("targeting", rules)]).await;
    let page = run.landing(0, &[("url", "https://shop0.example/page"), ("targeting", rules)]).await;
    let engine = &run.world.engine;
    for (caller, sees) in [
        (Caller::GUEST, false),
        (run.world.webmaster, false),
        (run.world.advertiser, true),
        (run.world.operator, true),
    ] {
        let offer = engine.offer_view(caller, run.offers[0]).await.expect("the offer").targeting;
        assert_eq!((offer.subid1.deny.len(), offer.devices.len()), (usize::from(sees), 4));
        let page = engine.landing_view(caller, page).await.expect("the page").targeting;
        assert_eq!((page.subid1.deny.len(), page.devices.len()), (usize::from(sees), 4));
    }
}

#[db_test]
async fn only_a_smart_link_has_categories_and_tries_others(test: TestDb) {
    let run = routed(test).await;
    let category = run.world.category_id.to_string();
    let change = async |pairs: &[(&str, &str)]| {
        run.world.engine.link_update(run.world.webmaster, run.link, read(pairs)).await
    };
    let both = [("rotation", "1"), ("categories", category.as_str()), ("exploration", "20")];
    let words = ["categories: Only with a smart link", "exploration: Only with a smart link"];
    assert_eq!(refusal(change(&both).await), words);
    assert_eq!(refusal(change(&both[1..]).await), words);
    change(&[("rotation", "2"), both[1], both[2]]).await.expect("a smart link");
    assert_eq!(refusal(change(&[("rotation", "1")]).await), words);
    change(&[("rotation", "1"), ("categories", ""), ("exploration", "")]).await.expect("a plain link again");
    let offer = run.offers[0].to_string();
    let made =
        run.world.engine.link_create(run.world.webmaster, read(&[("offer_id", &offer), both[1]])).await;
    assert_eq!(refusal(made), words[..1]);
}
