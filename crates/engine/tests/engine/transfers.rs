//! Transfers: each side sees its own, in full, and nothing of the other's.

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::ledger::AccountKind as K;
use whocpa_domain::time::DAY;
use whocpa_engine::Caller;
use whocpa_engine::transfer::{TransferList, TransferView};
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{read, refusal};

async fn list(run: &Running, caller: Caller, pairs: &[(&str, &str)]) -> Vec<TransferView> {
    run.world.engine.transfer_list(caller, read::<TransferList>(pairs)).await.expect("list").rows
}

/// What moved, as `from>to amount`; `-` is an account that is not shown.
fn told(rows: &[TransferView]) -> Vec<String> {
    let word = |account: Option<K>| account.map_or("-".to_owned(), |kind| format!("{kind:?}"));
    let line = |row: &TransferView| {
        format!("{}>{} {}", word(row.debit_account), word(row.credit_account), row.amount)
    };
    rows.iter().rev().map(line).collect()
}

#[db_test]
async fn a_chargeback_after_closing_is_seen_by_both_sides(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let tid = run.click("").await.tid;
    let id = run.accepted(&tid, "order-1").await;
    engine.lead_update(world.advertiser, id, read(&[("status", "1")])).await.expect("approve");
    world.clock.advance(10 * DAY);
    engine.lead_close_due().await.expect("close");
    assert_eq!(
        told(&list(&run, world.webmaster, &[]).await),
        ["->WebmasterHold 8.00", "WebmasterHold>WebmasterAvailable 8.00"]
    );
    let back = read(&[("is_closed", "0"), ("status", "2"), ("reason", "16"), ("comment", "charged back")]);
    engine.lead_update(world.operator, id, back).await.expect("take back");
    // The hold is long over: what is decided closes again.
    engine.lead_close_due().await.expect("close");
    assert_eq!(
        told(&list(&run, world.webmaster, &[]).await)[2..],
        ["WebmasterAvailable>WebmasterHold 8.00", "WebmasterHold>- 8.00"]
    );
    assert_eq!(
        told(&list(&run, world.advertiser, &[]).await),
        [
            "AdvertiserAvailable>AdvertiserCommitted 10.00",
            "AdvertiserCommitted>- 10.00",
            "->AdvertiserAvailable 10.00",
        ]
    );
    let lead = id.to_string();
    let all = list(&run, world.operator, &[("lead_id", &lead)]).await;
    assert_eq!(all.len(), 9, "{:?}", told(&all));
    assert!(all.iter().all(|row| row.debit_owner_id.is_some() && row.lead_id == Some(id)));
    assert_eq!(run.money().await, ["0.00", "0.00", "0.00", "0.00"].map(str::to_owned));
    assert!(engine.balance_fold().await.expect("fold") > 0);
    assert_eq!(engine.balance_fold().await.expect("fold"), 0, "once");
    assert_eq!(run.money().await, ["0.00", "0.00", "0.00", "0.00"].map(str::to_owned));
    run.books_balance().await;
}

#[db_test]
async fn filters_and_pages(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let mut leads = Vec::new();
    for number in 0..12 {
        let tid = run.click("").await.tid;
        leads.push(run.accepted(&tid, &format!("order-{number}")).await);
    }
    for id in &leads {
        engine.lead_update(world.advertiser, *id, read(&[("status", "1")])).await.expect("approve");
    }
    let first = leads[0].to_string();
    let two = format!("{},{}", leads[0], leads[1]);
    for (caller, pairs, count) in [
        (world.webmaster, vec![], 12),
        (world.advertiser, vec![], 24),
        (world.operator, vec![], 36),
        (world.rival, vec![], 0),
        (world.webmaster, vec![("lead_id", two.as_str())], 2),
        (world.advertiser, vec![("lead_id", &first)], 2),
        (world.advertiser, vec![("kind", "1")], 12),
        (world.advertiser, vec![("account", "21")], 24),
        // Kinds of accounts that are not his find nothing, whoever they belong to.
        (world.advertiser, vec![("account", "10,30")], 0),
        (world.operator, vec![("account", "10")], 12),
        (world.operator, vec![("account", "30")], 24),
        (world.operator, vec![("owner_id", "0")], 24),
        (world.operator, vec![("currency_id", "978")], 0),
        (world.operator, vec![("payout_id", "1")], 0),
        (world.operator, vec![("lead_id", &first), ("deposit_id", "1")], 0),
        (world.webmaster, vec![("d_created_to", "2020-01-01")], 0),
        (world.webmaster, vec![("d_created_from", "2020-01-01")], 12),
    ] {
        let found = engine.transfer_list(caller, read(&pairs)).await.expect("list");
        assert_eq!((found.total_count, found.rows.len()), (count, found.rows.len()), "{pairs:?}");
        assert_eq!(i64::try_from(found.rows.len()).expect("few"), count, "{pairs:?}");
        assert!(found.rows.is_sorted_by(|a, b| a.id > b.id), "{pairs:?}: newest first, each once");
    }
    let mut ids = Vec::new();
    for page in ["1", "2", "3"] {
        let rows = list(&run, world.advertiser, &[("page", page), ("per_page", "10")]).await;
        ids.extend(rows.iter().map(|row| row.id));
    }
    let whole: Vec<i64> = list(&run, world.advertiser, &[]).await.iter().map(|row| row.id).collect();
    assert_eq!(ids, whole);
    let theirs = list(&run, world.advertiser, &[("lead_id", &first)]).await[0].id;
    let seen = engine.transfer_view(world.advertiser, theirs).await.expect("view");
    assert_eq!((seen.amount.to_string().as_str(), seen.credit_account), ("10.00", None));
    for caller in [world.rival, world.webmaster] {
        assert!(matches!(engine.transfer_view(caller, theirs).await, Err(Error::NotFound)));
    }
    let wrong = [("owner_id", "1"), ("lead_id", "1")];
    assert_eq!(
        refusal(engine.transfer_list(world.webmaster, read(&wrong)).await),
        ["owner_id: Only operators may use this"]
    );
}
