//! Special conditions: who is paid what, which of them goes before which, and what it does to leads.

use whocpa_db_test::db_test;
use whocpa_domain::role::Role;
use whocpa_domain::time::DAY;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Clock, Error};
use whocpa_engine::Caller;
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{person, read, refusal};

/// What a new lead of this query is worth: the webmaster's part, the charge, the days of hold, the condition.
async fn worth(run: &Running, code: &str, sale: &str) -> (String, String, i64, Option<i64>) {
    let world = &run.world;
    let visit = whocpa_engine::click::Visit::to(code);
    let tid = world.engine.click_track(visit).await.tid;
    let id = run.accepted(&tid, sale).await;
    let mine = world.engine.lead_view(world.webmaster, id).await.expect("the lead");
    let theirs = world.engine.lead_view(world.advertiser, id).await.expect("the lead");
    assert_eq!(theirs.terms.condition_id, None, "an advertiser is not told of agreements with webmasters");
    let charge = theirs.terms.charge.expect("the charge");
    (mine.row.money.expect("his part").to_string(), charge, mine.row.hold_period, mine.terms.condition_id)
}

fn told(
    payment: &str,
    charge: &str,
    hold: i64,
    condition: Option<i64>,
) -> (String, String, i64, Option<i64>) {
    (payment.to_owned(), charge.to_owned(), hold, condition)
}

#[db_test]
async fn the_area_goes_before_all_areas_and_that_before_the_goal(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let form = [("kind", "9"), ("name", "Blog")];
    let area = engine.area_create(world.webmaster, read(&form)).await.expect("an area").to_string();
    engine
        .area_update(world.operator, area.parse().expect("an id"), read(&[("status", "1")]))
        .await
        .expect("approve");
    let (offer, goal) = (run.offer_id.to_string(), run.goal_id.to_string());
    let form = [("offer_id", offer.as_str()), ("area_id", area.as_str())];
    let link = engine.link_create(world.webmaster, read(&form)).await.expect("a link");
    let of_area = engine.link_view(world.webmaster, link).await.expect("the link").code;
    assert_eq!(worth(&run, &run.code, "s1").await, told("8.00", "10.00", 10, None));

    let webmaster = world.webmaster.user_id.to_string();
    let create = async |more: &[(&str, &str)]| {
        let mut form = vec![("webmaster_id", webmaster.as_str()), ("goal_id", goal.as_str())];
        form.extend_from_slice(more);
        engine.condition_create(world.operator, read(&form)).await
    };
    let all = create(&[("payment", "9.5"), ("hold_period", "3")]).await.expect("for all areas");
    let one = create(&[("area_id", &area), ("payment", "11"), ("charge", "12")]).await.expect("for one area");
    assert_eq!(worth(&run, &run.code, "s2").await, told("9.50", "10.00", 3, Some(all)));
    assert_eq!(worth(&run, &of_area, "s3").await, told("11.00", "12.00", 10, Some(one)));
    let shown = engine.goal_view(world.webmaster, run.goal_id).await.expect("the goal");
    assert_eq!((shown.payment.as_str(), shown.hold_period), ("9.50", 3), "his own rate");
    let shown = engine.goal_view(world.advertiser, run.goal_id).await.expect("the goal");
    assert_eq!((shown.payment.as_str(), shown.hold_period), ("8.00", 10));

    // A change counts from now on; leads keep the terms by which they were rated.
    world.clock.advance(60);
    engine
        .condition_update(world.operator, all, read(&[("payment", ""), ("hold_period", "0")]))
        .await
        .expect("change");
    assert_eq!(worth(&run, &run.code, "s4").await, told("8.00", "10.00", 0, Some(all)));
    world.clock.advance(60);
    engine.condition_delete(world.operator, all).await.expect("end");
    assert_eq!(worth(&run, &run.code, "s5").await, told("8.00", "10.00", 10, None));
    let ended = engine.condition_update(world.operator, all, read(&[("payment", "9")])).await;
    assert!(matches!(ended, Err(Error::Conflict(_))));
    let again = create(&[("payment", "9")]).await.expect("another one");
    world.clock.advance(60);
    assert_eq!(worth(&run, &run.code, "s6").await, told("9.00", "10.00", 10, Some(again)));
    run.books_balance().await;
}

#[db_test]
async fn what_cannot_be_kept_is_not_promised(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let (goal, webmaster) = (run.goal_id.to_string(), world.webmaster.user_id.to_string());
    let create = async |more: &[(&str, &str)]| {
        let mut form = vec![("webmaster_id", webmaster.as_str()), ("goal_id", goal.as_str())];
        form.extend_from_slice(more);
        engine.condition_create(world.operator, read(&form)).await
    };
    for (form, messages) in [
        (vec![], vec!["payment: A condition needs a payment, a charge or a hold_period of its own"]),
        (
            vec![("payment", "10.01")],
            vec![
                "charge: Must not be below payment: the advertiser pays for both the webmaster and the network",
            ],
        ),
        (vec![("payment", "9"), ("area_id", "999")], vec!["area_id: Areas not found"]),
        (vec![("payment", "9"), ("date_end", "2020-01-01")], vec!["date_end: Must be later than date_start"]),
        (
            vec![("payment", "9"), ("date_start", "2020-01-01")],
            vec!["date_start: Must not be in the past: leads keep the terms by which they were rated"],
        ),
    ] {
        assert_eq!(refusal(create(&form).await), messages);
    }
    let rival = world.rival.user_id.to_string();
    let form = [("webmaster_id", rival.as_str()), ("goal_id", &goal), ("payment", "9")];
    assert_eq!(
        refusal(engine.condition_create(world.operator, read(&form)).await),
        ["webmaster_id: Webmasters not found"]
    );
}

#[db_test]
async fn a_promise_is_kept_for_its_time(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let (goal, webmaster) = (run.goal_id.to_string(), world.webmaster.user_id.to_string());
    let create = async |more: &[(&str, &str)]| {
        let mut form = vec![("webmaster_id", webmaster.as_str()), ("goal_id", goal.as_str())];
        form.extend_from_slice(more);
        engine.condition_create(world.operator, read(&form)).await
    };
    // One that begins later, for a day.
    let start = world.clock.now().plus(DAY).to_string();
    let end = world.clock.now().plus(2 * DAY).to_string();
    let id =
        create(&[("payment", "9"), ("date_start", &start), ("date_end", &end)]).await.expect("a condition");
    assert_eq!(
        refusal(create(&[("payment", "9.1")]).await),
        [format!("goal_id: Condition {id} is about the same webmaster, goal and area")]
    );
    let seen = engine.condition_view(world.webmaster, id).await.expect("view");
    assert_eq!(
        (seen.is_active, seen.payment.as_deref(), seen.charge, seen.payment_base.as_str()),
        (false, Some("9.00"), None, "8.00")
    );
    assert_eq!(worth(&run, &run.code, "s1").await, told("8.00", "10.00", 10, None));
    world.clock.advance(DAY + 60);
    assert_eq!(worth(&run, &run.code, "s2").await, told("9.00", "10.00", 10, Some(id)));
    let below = engine.goal_update(world.advertiser, run.goal_id, read(&[("charge", "8.5")])).await;
    assert_eq!(
        refusal(below),
        ["charge: A special condition promises a webmaster more than that: an operator must end it first"]
    );
    let other = read(&[("money_type", "2"), ("charge", "5")]);
    assert!(
        refusal(engine.goal_update(world.advertiser, run.goal_id, other).await)[0].starts_with("money_type:")
    );
    world.clock.advance(DAY);
    assert_eq!(worth(&run, &run.code, "s3").await, told("8.00", "10.00", 10, None));
    engine
        .goal_update(world.advertiser, run.goal_id, read(&[("charge", "8.5")]))
        .await
        .expect("nothing is promised");
    for (caller, pairs, count) in [
        (world.operator, vec![], 1),
        (world.operator, vec![("is_active", "1")], 0),
        (world.operator, vec![("is_active", "0")], 1),
        (world.webmaster, vec![("goal_id", goal.as_str())], 1),
    ] {
        let found = engine.condition_list(caller, read(&pairs)).await.expect("list");
        assert_eq!(found.total_count, count, "{pairs:?}");
    }
    assert!(matches!(engine.condition_list(world.advertiser, read(&[])).await, Err(Error::Forbidden)));
}

#[db_test]
async fn one_that_never_began_stands_in_nobodys_way(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let (goal, webmaster) = (run.goal_id.to_string(), world.webmaster.user_id.to_string());
    let start = world.clock.now().plus(DAY).to_string();
    let form = [("webmaster_id", webmaster.as_str()), ("goal_id", goal.as_str()), ("payment", "9")];
    let later = engine.condition_create(
        world.operator,
        read(&[form.as_slice(), &[("date_start", start.as_str())]].concat()),
    );
    let later = later.await.expect("one that begins tomorrow");
    engine.condition_delete(world.operator, later).await.expect("end it before");
    let now = engine.condition_create(world.operator, read(&form)).await.expect("another one");
    let ended = engine.condition_update(world.operator, later, read(&[("payment", "8.5")])).await;
    assert!(matches!(ended, Err(Error::Conflict(_))), "{ended:?}");
    world.clock.advance(2 * DAY);
    assert_eq!(worth(&run, &run.code, "s1").await, told("9.00", "10.00", 10, Some(now)));
}

/// What an advertiser pays is agreed on with him: a webmaster's manager cannot change it.
#[db_test]
async fn a_manager_states_charges_of_his_advertisers_only(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let manager = person(&world.test, UserLevel::Operator, "mark").await;
    let role = read(&[("role", "1")]);
    engine.user_update(world.operator, manager.user_id, role).await.expect("a manager");
    let manager = Caller { role: Role::Manager, ..manager };
    let assign = async |user: Caller| {
        let to = manager.user_id.to_string();
        engine.user_update(world.operator, user.user_id, read(&[("manager_id", &to)])).await.expect("assign");
    };
    assign(world.webmaster).await;
    let (goal, webmaster) = (run.goal_id.to_string(), world.webmaster.user_id.to_string());
    let form = [("webmaster_id", webmaster.as_str()), ("goal_id", goal.as_str()), ("payment", "9")];
    let charged = [form.as_slice(), &[("charge", "11")]].concat();
    let told = ["charge: Only who looks after the advertiser may set this"];
    assert_eq!(refusal(engine.condition_create(manager, read(&charged)).await), told);
    let id = engine.condition_create(manager, read(&form)).await.expect("a payment is his to agree on");
    assert_eq!(refusal(engine.condition_update(manager, id, read(&[("charge", "11")])).await), told);
    assign(world.advertiser).await;
    engine.condition_update(manager, id, read(&[("charge", "11")])).await.expect("both are his");
}
