//! Cover: what offers show, who is warned, and when visitors go elsewhere.

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::click::ClickReason;
use whocpa_domain::cover::CoverState;
use whocpa_engine::Caller;
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{read, refusal};

/// What a webmaster sees.
async fn shown(run: &Running) -> CoverState {
    run.world.engine.offer_view(run.world.webmaster, run.offer_id).await.expect("the offer").cover
}

async fn pay_in(run: &Running, amount: &str) {
    let form = [("amount", amount), ("currency_id", "840"), ("method", "1")];
    let id = run.world.engine.deposit_create(run.world.advertiser, read(&form)).await.expect("a deposit");
    let form = read(&[("status", "1"), ("reference", "x")]);
    run.world.engine.deposit_update(run.world.operator, id, form).await.expect("confirm");
    run.world.engine.cover_count().await.expect("count");
}

async fn cover_id(run: &Running, caller: Caller) -> i64 {
    run.world.engine.cover_list(caller, read(&[])).await.expect("covers").rows[0].id
}

async fn tickets(run: &Running) -> usize {
    run.world.engine.ticket_list(run.world.advertiser, read(&[])).await.expect("tickets").rows.len()
}

/// A lead costs 10.00.
#[db_test]
async fn an_offer_shows_what_is_left(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    engine.cover_count().await.expect("count");
    assert_eq!(shown(&run).await, CoverState::Uncovered);
    pay_in(&run, "5").await;
    assert_eq!(shown(&run).await, CoverState::Partly, "not one lead");
    pay_in(&run, "15").await;
    assert_eq!(shown(&run).await, CoverState::Covered);
    for number in 0..2 {
        let tid = run.click("").await.tid;
        run.accepted(&tid, &format!("order-{number}")).await;
    }
    engine.cover_count().await.expect("count");
    assert_eq!(shown(&run).await, CoverState::Uncovered, "both are reserved");
    pay_in(&run, "15").await;
    world.clock.advance(700);
    engine.cover_count().await.expect("count");
    assert_eq!(shown(&run).await, CoverState::Partly, "a week costs 20");

    let cover = cover_id(&run, world.advertiser).await;
    let trusted = engine.cover_update(world.operator, cover, read(&[("credit_limit", "5")])).await;
    trusted.expect("trust him");
    assert_eq!(shown(&run).await, CoverState::Covered);
    let view = engine.cover_view(world.advertiser, cover).await.expect("the cover");
    assert_eq!(view.room.map(|room| room.to_string()), Some("20.00".to_owned()));
    assert_eq!(view.week_charge.to_string(), "20.00");
    let form = [("credit_limit", "0"), ("is_postpaid", "1")];
    engine.cover_update(world.operator, cover, read(&form)).await.expect("he pays afterwards");
    assert_eq!(shown(&run).await, CoverState::Covered);
    assert_eq!(engine.cover_count().await.expect("count"), 0, "nothing changes by counting again");
}

#[db_test]
async fn at_zero_visitors_go_elsewhere_and_come_back(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    pay_in(&run, "10").await;
    let cover = cover_id(&run, world.advertiser).await;
    engine.cover_update(world.advertiser, cover, read(&[("is_traffback", "1")])).await.expect("switch");
    let (sent, early) = (run.click("").await, run.click("").await);
    assert_eq!(sent.reason, ClickReason::Sent);
    run.accepted(&sent.tid, "one").await;
    assert_eq!(run.click("").await.reason, ClickReason::Sent, "nobody has counted yet");
    engine.cover_count().await.expect("count");
    engine.catalogue_refresh().await.expect("refresh");
    let back = run.click("").await;
    assert_eq!(back.reason, ClickReason::Uncovered);
    // Who was sent before is paid all the same.
    run.accepted(&early.tid, "two").await;
    engine.cover_update(world.operator, cover, read(&[("credit_limit", "50")])).await.expect("trust him");
    assert_eq!(run.click("").await.reason, ClickReason::Sent, "at once");
    engine.cover_update(world.operator, cover, read(&[("credit_limit", "0")])).await.expect("no more");
    assert_eq!(run.click("").await.reason, ClickReason::Uncovered);
    // Its goals decide in which currencies it must be covered: clicks know at once.
    engine.goal_delete(world.advertiser, run.goal_id).await.expect("switch off");
    assert_eq!(run.click("").await.reason, ClickReason::Sent, "no goal asks for that currency");
    engine.goal_update(world.advertiser, run.goal_id, read(&[("is_active", "1")])).await.expect("switch on");
    assert_eq!(run.click("").await.reason, ClickReason::Uncovered);
    pay_in(&run, "100").await;
    engine.catalogue_refresh().await.expect("refresh");
    assert_eq!(run.click("").await.reason, ClickReason::Sent);
}

#[db_test]
async fn a_low_balance_is_told_once(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    pay_in(&run, "25").await;
    let cover = cover_id(&run, world.advertiser).await;
    engine.cover_update(world.advertiser, cover, read(&[("warn_below", "20")])).await.expect("threshold");
    engine.cover_count().await.expect("count");
    assert_eq!(tickets(&run).await, 0);
    let tid = run.click("").await.tid;
    run.accepted(&tid, "one").await;
    for _ in 0..3 {
        engine.cover_count().await.expect("count");
    }
    assert_eq!(tickets(&run).await, 1);
    pay_in(&run, "25").await;
    for sale_id in ["two", "three"] {
        let tid = run.click("").await.tid;
        run.accepted(&tid, sale_id).await;
        engine.cover_count().await.expect("count");
    }
    assert_eq!(tickets(&run).await, 1, "20.00 is not less than 20.00");
    let tid = run.click("").await.tid;
    run.accepted(&tid, "four").await;
    engine.cover_count().await.expect("count");
    assert_eq!(tickets(&run).await, 2);
    assert_eq!(engine.ledger_verify().await.expect("books").differences, []);
}

#[db_test]
async fn only_operators_trust(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    engine.cover_count().await.expect("count");
    let cover = cover_id(&run, world.advertiser).await;
    for form in [[("credit_limit", "1")], [("is_postpaid", "1")]] {
        let refused = engine.cover_update(world.advertiser, cover, read(&form)).await;
        assert_eq!(refusal(refused), [format!("{}: Only an operator may change this", form[0].0)]);
    }
    let foreign = engine.cover_update(world.rival, cover, read(&[("is_traffback", "1")])).await;
    assert!(matches!(foreign, Err(Error::NotFound)), "{foreign:?}");
    let advertiser = world.advertiser.user_id.to_string();
    let form = [("advertiser_id", advertiser.as_str()), ("currency_id", "840")];
    let again = engine.cover_create(world.operator, read(&form)).await;
    assert_eq!(refusal(again), ["currency_id: The advertiser has a cover in this currency"]);
    let webmaster = world.webmaster.user_id.to_string();
    let form = [("advertiser_id", webmaster.as_str()), ("currency_id", "840")];
    let wrong = engine.cover_create(world.operator, read(&form)).await;
    assert_eq!(refusal(wrong), ["advertiser_id: Advertisers not found"]);
}
