//! Payouts by schedule, batches and their files, advances and how they are repaid.

use whocpa_db_test::db_test;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::payout::PayoutStatus;
use whocpa_domain::time::DAY;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Time};
use whocpa_store::testing::TestDb;
use whocpa_store::transfer::{self, Cause};

use crate::leads::{Running, running_with};
use crate::world::{USD, World, person, read, refusal};

/// So many dollars that leads earned before.
async fn earn(world: &World, number: i64, dollars: i64) {
    let account = |kind, owner_id| Account { kind, owner_id, currency_id: USD };
    let debit = account(AccountKind::External, 0);
    let credit = account(AccountKind::WebmasterAvailable, world.webmaster.user_id);
    let legs = vec![Posting { debit, credit, amount: dollars * 1_000_000, kind: TransferKind::LeadClose }];
    let groups = &[(Cause { kind: CauseKind::Manual, id: 1, number }, legs)];
    let (store, now) = (&world.test.store, world.engine.now());
    store.write(move |db| async move { transfer::create(&db, groups, now).await }).await.expect("transfers");
}

async fn wallet(world: &World, more: &[(&str, &str)]) -> i64 {
    let mut form = vec![("kind", "1"), ("account", "U0123456"), ("currency_id", "840")];
    form.extend_from_slice(more);
    let id = world.engine.wallet_create(world.webmaster, read(&form)).await.expect("a wallet");
    world.engine.wallet_update(world.operator, id, read(&[("status", "1")])).await.expect("approve");
    id
}

async fn available(world: &World) -> String {
    let mine = world.engine.balance_view(world.webmaster, USD).await.expect("a balance");
    mine.available.expect("an amount").to_string()
}

/// The clock stands at this moment.
fn at(world: &World, text: &str) {
    let time = Time::parse(text).expect("a moment");
    world.clock.advance(time.0 - world.engine.now().0);
}

#[db_test]
async fn a_schedule_asks_for_everything_on_its_day(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    // The world begins on Tuesday, 2023-11-14.
    let id = wallet(&world, &[("schedule", "1")]).await;
    earn(&world, 1, 100).await;
    assert_eq!(engine.payout_ask_due().await.expect("a round"), 0, "its first due day is next Monday");
    at(&world, "2023-11-20T00:00:30");
    assert_eq!(engine.payout_ask_due().await.expect("a round"), 1);
    assert_eq!(engine.payout_ask_due().await.expect("a round"), 0, "once a week");
    assert_eq!(available(&world).await, "0.00");
    earn(&world, 2, 29).await;
    at(&world, "2023-11-27T00:00:30");
    assert_eq!(engine.payout_ask_due().await.expect("a round"), 0, "below the minimum");
    earn(&world, 3, 11).await;
    assert_eq!(engine.payout_ask_due().await.expect("a round"), 0, "it waits for the next due day");
    let monthly = read(&[("schedule", "2")]);
    engine.wallet_update(world.webmaster, id, monthly).await.expect("another schedule");
    at(&world, "2023-11-30T23:59:59");
    assert_eq!(engine.payout_ask_due().await.expect("a round"), 0);
    at(&world, "2023-12-01T00:00:00");
    assert_eq!(engine.payout_ask_due().await.expect("a round"), 1);
    let payouts = engine.payout_list(world.webmaster, read(&[])).await.expect("payouts").rows;
    let amounts: Vec<String> = payouts.iter().map(|row| row.amount.to_string()).collect();
    assert_eq!(amounts, ["40.00", "100.00"]);
    let never = read(&[("schedule", "0")]);
    engine.wallet_update(world.webmaster, id, never).await.expect("on request");
    earn(&world, 4, 500).await;
    at(&world, "2024-03-01T00:00:00");
    assert_eq!(engine.payout_ask_due().await.expect("a round"), 0);
    let weekly = read(&[("schedule", "1")]);
    engine.wallet_update(world.webmaster, id, weekly).await.expect("every week");
    let blocked = read(&[("status", "2")]);
    engine.user_update(world.operator, world.webmaster.user_id, blocked).await.expect("block");
    at(&world, "2024-03-12T00:00:00");
    assert_eq!(engine.payout_ask_due().await.expect("a round"), 0, "the money of a blocked account stays");
    assert_eq!(engine.ledger_verify().await.expect("books").differences, []);
}

#[db_test]
async fn each_payout_goes_into_one_batch(test: TestDb) {
    let world = World::new(test).await;
    let (engine, operator) = (&world.engine, world.operator);
    wallet(&world, &[("holder", "=HYPERLINK(1)")]).await;
    world.clock.advance(3 * DAY);
    earn(&world, 1, 1_000).await;
    let kind = [("wallet_kind", "1"), ("currency_id", "840")];
    let none = engine.batch_create(operator, read(&kind)).await;
    assert_eq!(refusal(none), ["wallet_kind: No approved payouts wait for this way in this currency"]);
    let mut ids = Vec::new();
    for _ in 0..4 {
        let form = [("currency_id", "840"), ("amount", "50")];
        ids.push(engine.payout_create(world.webmaster, read(&form)).await.expect("a payout"));
    }
    for id in &ids[..3] {
        engine.payout_update(operator, *id, read(&[("status", "1")])).await.expect("approve");
    }
    let (one, two) =
        tokio::join!(engine.batch_create(operator, read(&kind)), engine.batch_create(operator, read(&kind)));
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    let batch = one.or(two).expect("a batch");
    let view = engine.batch_view(operator, batch).await.expect("the batch");
    assert_eq!((view.row.payout_count, view.row.amount.to_string().as_str()), (3, "150.00"));
    let line = format!("{},U0123456,50.00,USD,Payout {} of batch {batch}", ids[0], ids[0]);
    assert_eq!(
        view.csv.lines().collect::<Vec<_>>()[..2],
        ["payout_id,account,amount,currency,purpose", &line]
    );

    let answer = |text: String| [("references", text)];
    let send = async |form: [(&str, String); 1]| {
        let form = form.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>();
        engine.batch_update(operator, batch, read(&form)).await
    };
    let wrong = send(answer(format!("payout_id,reference\n{},a\n{},b\n", ids[0], ids[3]))).await;
    let words =
        format!("references: Line 3: payout {} is not being sent in this batch, or comes twice", ids[3]);
    assert_eq!(refusal(wrong), [words]);
    send(answer(format!("payout_id,reference\n{},bank 1\n", ids[1]))).await.expect("one is paid");
    let back = read(&[("status", "4"), ("reason", "closed account")]);
    engine.payout_update(operator, ids[2], back).await.expect("one came back");
    let again = engine.batch_view(operator, batch).await.expect("the batch").csv;
    assert_eq!(again.lines().count(), 2, "what is paid or came back is not sent again: {again}");
    assert!(again.contains(&line));
    send([("reference", "bank 2".to_owned())]).await.expect("the rest is paid");
    let view = engine.batch_view(operator, batch).await.expect("the batch");
    assert_eq!((view.sending_count, view.paid_count), (0, 2));
    let seen = engine.payout_view(world.webmaster, ids[0]).await.expect("the payout");
    assert_eq!((seen.status, seen.reference.as_str(), seen.batch_id), (PayoutStatus::Paid, "bank 2", None));
    assert_eq!(available(&world).await, "850.00", "two of them left, one came back, one is not approved");
    assert_eq!(engine.ledger_verify().await.expect("books").differences, []);
    for caller in [world.webmaster, world.advertiser] {
        assert!(matches!(engine.batch_view(caller, batch).await, Err(Error::Forbidden)));
    }
}

/// One lead that pays the webmaster 8.00, closed.
async fn closed(run: &Running, sale_id: &str) -> i64 {
    let (engine, world) = (&run.world.engine, &run.world);
    let tid = run.click("").await.tid;
    let lead = run.accepted(&tid, sale_id).await;
    engine.lead_update(world.advertiser, lead, read(&[("status", "1")])).await.expect("approve");
    world.clock.advance(10 * DAY);
    engine.lead_close_due().await.expect("close");
    lead
}

#[db_test]
async fn an_advance_is_repaid_by_later_leads(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    closed(&run, "before").await;
    let webmaster = world.webmaster.user_id.to_string();
    let form = [
        ("webmaster_id", webmaster.as_str()),
        ("currency_id", "840"),
        ("amount", "10"),
        ("repay_percent", "75"),
    ];
    let id = engine.advance_create(world.operator, read(&form)).await.expect("an advance");
    assert_eq!(available(world).await, "18.00");
    assert_eq!(engine.advance_repay().await.expect("a round"), 0, "what was earned before repays nothing");
    let owed = async || engine.advance_view(world.webmaster, id).await.expect("the advance").owed.to_string();
    let lead = closed(&run, "one").await;
    assert_eq!(engine.advance_repay().await.expect("a round"), 1);
    assert_eq!(engine.advance_repay().await.expect("a round"), 0, "once");
    assert_eq!((owed().await.as_str(), available(world).await.as_str()), ("4.00", "20.00"));
    let back = [("is_closed", "0"), ("status", "2"), ("reason", "16"), ("comment", "charged back")];
    engine.lead_update(world.operator, lead, read(&back)).await.expect("charge back");
    closed(&run, "two").await;
    assert_eq!(
        engine.advance_repay().await.expect("a round"),
        0,
        "the lead that was charged back had repaid that"
    );
    closed(&run, "three").await;
    engine.advance_repay().await.expect("a round");
    assert_eq!((owed().await.as_str(), available(world).await.as_str()), ("0.00", "24.00"));
    closed(&run, "four").await;
    assert_eq!(engine.advance_repay().await.expect("a round"), 0, "nothing is owed");
    let balance = engine.balance_view(world.webmaster, USD).await.expect("a balance");
    assert_eq!(balance.advance.map(|amount| amount.to_string()), Some("0.00".to_owned()));
    assert_eq!(engine.ledger_verify().await.expect("books").differences, []);
    let wrong = [
        ("webmaster_id", webmaster.as_str()),
        ("currency_id", "840"),
        ("amount", "0.001"),
        ("repay_percent", "0"),
    ];
    let wrong = engine.advance_create(world.operator, read(&wrong)).await;
    assert_eq!(
        refusal(wrong),
        ["amount: Must have at most 2 decimal places", "repay_percent: Must be above zero"]
    );
}

/// Two advances are repaid one after the other, and before anything is paid out, however quickly that is asked for.
#[db_test]
async fn the_same_earnings_repay_one_advance(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    wallet(world, &[]).await;
    world.clock.advance(3 * DAY);
    let webmaster = world.webmaster.user_id.to_string();
    let form = [("webmaster_id", webmaster.as_str()), ("currency_id", "840"), ("amount", "40")];
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(engine.advance_create(world.operator, read(&form)).await.expect("an advance"));
    }
    let owed = async || {
        let mut owed = Vec::new();
        for id in &ids {
            let row = engine.advance_view(world.webmaster, *id).await.expect("the advance");
            owed.push(row.owed.to_string());
        }
        owed
    };
    for number in 0..6 {
        closed(&run, &format!("sale-{number}")).await;
    }
    // 48 earned, and 80 advanced: of 128 first 40 are repaid, then 8.
    let all = read(&[("currency_id", "840")]);
    let payout = engine.payout_create(world.webmaster, all).await.expect("everything that is his");
    assert_eq!(owed().await, ["0.00", "32.00"]);
    let payout = engine.payout_view(world.operator, payout).await.expect("the payout");
    assert_eq!(payout.amount.to_string(), "80.00");
    // Who gave the advance does not pay it out alone.
    let second = person(&world.test, UserLevel::Operator, "second").await;
    for (caller, status) in [(world.operator, PayoutStatus::Requested), (second, PayoutStatus::Approved)] {
        engine.payout_update(caller, payout.id, read(&[("status", "1")])).await.expect("approve");
        let seen = engine.payout_view(world.operator, payout.id).await.expect("the payout");
        assert_eq!(seen.status, status);
    }
    assert_eq!(engine.ledger_verify().await.expect("books").differences, []);
}
