//! The books: what is right is found right, and what somebody changed by hand is found out.

use whocpa_db_test::db_test;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::time::DAY;
use whocpa_engine::EngineConfig;
use whocpa_engine::ledger::JournalFilter;
use whocpa_store::testing::TestDb;
use whocpa_store::transfer::{self, Cause};

use crate::leads::running_with;
use crate::world::{START, USD, read};

#[db_test]
async fn the_books_of_a_network_are_right(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    // Leads in every state.
    let mut ids = Vec::new();
    for number in 0..8 {
        let tid = run.click("").await.tid;
        ids.push(run.accepted(&tid, &format!("order-{number}")).await);
    }
    for (id, status) in ids.iter().zip(["1", "1", "1", "1", "2", "3"]) {
        let reason = match status {
            "2" => Some("16"),
            "3" => Some("30"),
            _ => None,
        };
        let mut form = vec![("status", status)];
        form.extend(reason.map(|reason| ("reason", reason)));
        engine.lead_update(world.advertiser, *id, read(&form)).await.expect("decide");
    }
    world.clock.advance(10 * DAY);
    engine.lead_close_due().await.expect("close");
    let back = read(&[("is_closed", "0"), ("status", "3"), ("reason", "30"), ("comment", "looked again")]);
    engine.lead_update(world.operator, ids[0], back).await.expect("reopen");
    let back = read(&[("is_closed", "0"), ("status", "2"), ("reason", "16"), ("comment", "charged back")]);
    engine.lead_update(world.operator, ids[1], back).await.expect("charge back");
    // Money in and out.
    let form = [("amount", "100"), ("currency_id", "840"), ("method", "1")];
    for paid in [true, false] {
        let id = engine.deposit_create(world.advertiser, read(&form)).await.expect("a deposit");
        if paid {
            let form = read(&[("status", "1"), ("reference", "x")]);
            engine.deposit_update(world.operator, id, form).await.expect("confirm");
        }
    }
    let books = engine.ledger_verify().await.expect("the books");
    assert_eq!(books.differences, []);
    assert_eq!(books.rows, 9, "a deposit that waits is no money");
    assert!(books.transfers > 20, "{books:?}");
    engine.balance_fold().await.expect("fold");
    assert_eq!(engine.ledger_verify().await.expect("the books").differences, []);

    // A transfer that no lead asked for, written past all rules.
    let account = |kind, owner_id| Account { kind, owner_id, currency_id: USD };
    let debit = account(AccountKind::HouseMargin, 0);
    let credit = account(AccountKind::WebmasterAvailable, world.webmaster.user_id);
    let legs = vec![Posting { debit, credit, amount: 1, kind: TransferKind::LeadClose }];
    let groups = &[(Cause { kind: CauseKind::Lead, id: ids[0], number: 99 }, legs)];
    let store = &world.test.store;
    store.write(move |db| async move { transfer::create(&db, groups, START).await }).await.expect("written");
    let books = engine.ledger_verify().await.expect("the books");
    let wrong: Vec<(Option<Account>, i128)> =
        books.differences.iter().map(|wrong| (wrong.account, wrong.found - wrong.expected)).collect();
    assert_eq!(wrong, [(Some(credit), 1), (Some(debit), -1)]);
}

#[db_test]
async fn the_journal_of_an_account_ends_with_its_balance(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let mut leads = Vec::new();
    for number in 0..3 {
        let tid = run.click("").await.tid;
        leads.push(run.accepted(&tid, &format!("order-{number}")).await);
        engine.lead_update(world.advertiser, leads[number], read(&[("status", "1")])).await.expect("approve");
    }
    world.clock.advance(DAY);
    let until = engine.now();
    engine
        .lead_update(world.advertiser, leads[0], read(&[("status", "2"), ("reason", "16")]))
        .await
        .expect("refuse");
    let config = EngineConfig {
        database_url: world.test.config.database_url.clone(),
        ..EngineConfig::new(world.test.config.data_dir.clone())
    };
    let csv = async |filter: JournalFilter| {
        let mut out = Vec::new();
        let done = whocpa_engine::ledger::export(&config, &filter, &mut out).await.expect("export");
        let lines: Vec<String> = String::from_utf8(out).expect("text").lines().map(str::to_owned).collect();
        (done.transfers, lines)
    };
    let (transfers, lines) = csv(JournalFilter::default()).await;
    assert_eq!((transfers, lines.len()), (11, 12), "{lines:?}");
    assert!(lines[0].starts_with("id,date,kind,debit_account"), "{lines:?}");
    let hold = JournalFilter {
        account: Some(AccountKind::WebmasterHold),
        owner_id: Some(world.webmaster.user_id),
        currency_id: Some(USD),
        ..JournalFilter::default()
    };
    let (transfers, lines) = csv(JournalFilter { until: Some(until), ..hold }).await;
    assert_eq!(transfers, 3);
    assert!(lines[1].ends_with(",0.00") && lines[4].ends_with(",8.00,24.00"), "{lines:?}");
    let (transfers, lines) = csv(JournalFilter { from: Some(until), ..hold }).await;
    assert_eq!(transfers, 1);
    assert!(lines[1].contains(",opening,") && lines[1].ends_with(",24.00"), "{lines:?}");
    assert!(
        lines[2].contains("lead_refuse,webmaster_hold") && lines[2].ends_with(",-8.00,16.00"),
        "{lines:?}"
    );
    let other = JournalFilter { owner_id: Some(world.rival.user_id), ..JournalFilter::default() };
    assert_eq!(csv(other).await.0, 0);
}
