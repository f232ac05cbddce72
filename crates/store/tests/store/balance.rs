//! Balances: what is folded and what is not yet are together what the transfers add up to.

use std::collections::BTreeMap;
use std::time::Duration;

use sea_orm::ConnectionTrait;
use whocpa_db_test::db_test;
use whocpa_domain::Scope;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::money::AMOUNT_LIMIT;
use whocpa_store::testing::TestDb;
use whocpa_store::transfer::{self, Cause};
use whocpa_store::{Store, balance};

use crate::direct::{Direct, tell};
use crate::rows::{NOW, USD};

/// Euro.
const EUR: i64 = 978;
/// Steps of the random walk.
const STEPS: i64 = 300;

/// Numbers that are the same at each run (Knuth's multiplier).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn account(&mut self, currency_id: i64) -> Account {
        let all = [
            (AccountKind::HouseMargin, 0),
            (AccountKind::External, 0),
            (AccountKind::WebmasterAvailable, 1),
            (AccountKind::WebmasterHold, 1),
            (AccountKind::AdvertiserAvailable, 2),
        ];
        let (kind, owner_id) = all[usize::try_from(self.below(5)).expect("small")];
        Account { kind, owner_id, currency_id }
    }
}

async fn move_money(store: &Store, number: i64, legs: Vec<Posting>) {
    let cause = Cause { kind: CauseKind::Manual, id: 1, number };
    let groups = &[(cause, legs)];
    let moved = store.write(move |db| async move { transfer::create(&db, groups, NOW).await });
    moved.await.expect("transfers");
}

async fn fold(store: &Store, limit: i64) -> i64 {
    let horizon = store.write(|db| async move { balance::horizon(&db).await }).await.expect("the horizon");
    let folded = store.write(move |db| async move { balance::fold(&db, horizon, limit).await });
    folded.await.expect("fold")
}

async fn read(store: &Store) -> BTreeMap<Account, i64> {
    let rows = balance::list(&store.read(), Scope::All).await.expect("balances");
    rows.into_iter().map(|row| (row.account, row.micros)).collect()
}

#[db_test]
async fn balances_are_what_transfers_add_up_to_whenever_they_are_folded(db: TestDb) {
    let store = &db.store;
    let mut dice = Dice(7);
    let mut model: BTreeMap<Account, i64> = BTreeMap::new();
    let (mut folded, mut mismatches) = (0, 0);
    for number in 1..=STEPS {
        let currency = if dice.below(3) == 0 { EUR } else { USD };
        let mut legs = Vec::new();
        for _ in 0..=dice.below(3) {
            let (debit, credit) = (dice.account(currency), dice.account(currency));
            let most = if dice.below(4) == 0 { AMOUNT_LIMIT.unsigned_abs() } else { 3_000_000 };
            let amount = i64::try_from(1 + dice.below(most)).expect("an amount");
            if debit != credit {
                legs.push(Posting { debit, credit, amount, kind: TransferKind::Deposit });
                *model.entry(debit).or_default() -= amount;
                *model.entry(credit).or_default() += amount;
            }
        }
        move_money(store, number, legs).await;
        if dice.below(3) == 0 {
            folded += fold(store, i64::try_from(1 + dice.below(9)).expect("small")).await;
        }
        let found = read(store).await;
        mismatches += usize::from(found != model);
        for currency in [USD, EUR] {
            let of =
                |(account, micros): (&Account, &i64)| (account.currency_id == currency).then_some(*micros);
            assert_eq!(found.iter().filter_map(of).sum::<i64>(), 0, "step {number}");
        }
    }
    while fold(store, 1000).await > 0 {}
    assert_eq!((read(store).await, mismatches), (model, 0));
    assert!(folded > 0);
    assert_eq!(balance::differences(&store.read()).await.expect("compare"), []);
    tell(&format!(
        "balances: {STEPS} steps, {folded} transfers folded between them, imbalance 0, mismatches 0"
    ));
    let direct = Direct::open(&db.config).await;
    let forged =
        "UPDATE balance SET micros = micros + 1 WHERE account_id = (SELECT MIN(account_id) FROM balance)";
    direct.main.execute_unprepared(forged).await.expect("a cache can be written");
    let found = balance::differences(&store.read()).await.expect("compare");
    assert_eq!(found.iter().map(|row| row.micros).collect::<Vec<i64>>(), [1], "and is found out");
}

/// A transfer that is written before another one and committed after it is not passed over by the fold.
#[db_test]
async fn a_late_commit_is_not_lost(db: TestDb) {
    let store = &db.store;
    let account = |kind| Account { kind, owner_id: 0, currency_id: USD };
    let (debit, credit) = (account(AccountKind::External), account(AccountKind::HouseMargin));
    let leg = |amount| Posting { debit, credit, amount, kind: TransferKind::Deposit };
    move_money(store, 1, vec![leg(1)]).await;
    let slow_groups = &[(Cause { kind: CauseKind::Manual, id: 1, number: 2 }, vec![leg(10)])];
    let slow = store.write(move |db| async move {
        transfer::create(&db, slow_groups, NOW).await?;
        tokio::time::sleep(Duration::from_millis(400)).await;
        Ok(())
    });
    let quick = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        move_money(store, 3, vec![leg(100)]).await;
    };
    let folding = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        fold(store, 1000).await
    };
    let (slow, (), folded) = tokio::join!(slow, quick, folding);
    slow.expect("the slow one");
    assert!(folded >= 2, "it waited for what was being written: {folded}");
    while fold(store, 1000).await > 0 {}
    assert_eq!(read(store).await[&credit], 111);
    assert_eq!(balance::differences(&store.read()).await.expect("compare"), []);
}
