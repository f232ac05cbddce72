//! Races for money, as many as the environment says: a hold that ends while everybody decides about it (trust M3), and one
//! balance that everybody wants (trust M4), on PostgreSQL from two nodes.

use std::io::Write as _;
use std::sync::Arc;

use tokio::task::JoinSet;
use whocpa_db_test::db_test;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind, lead_postings};
use whocpa_domain::time::{DAY, HOUR};
use whocpa_domain::{Error, Scope};
use whocpa_engine::{Engine, EngineConfig, Rng};
use whocpa_store::testing::TestDb;
use whocpa_store::transfer::{self, Cause};
use whocpa_store::{account, lead};

use crate::leads::{Running, running_with};
use crate::world::{START, USD, World, read};

/// Tasks of one race.
const RACERS: usize = 32;

fn tell(figure: &str) {
    writeln!(std::io::stdout(), "{figure}").expect("write to the terminal");
}

fn told(name: &str, unless: usize) -> usize {
    std::env::var(name).ok().map_or(unless, |text| text.parse().expect("a number"))
}

/// Another node of the same network; the same one on SQLite, whose file belongs to one process.
async fn second(world: &World) -> Engine {
    let Some(url) = world.test.config.database_url.clone() else { return world.engine.clone() };
    let folder = world.test.dir.path().join("second");
    std::fs::create_dir_all(&folder).expect("a folder");
    let secret = world.test.config.data_dir.join("secret.key");
    std::fs::copy(secret, folder.join("secret.key")).expect("every node has the same key");
    let config = EngineConfig { database_url: Some(url), connections: 4, ..EngineConfig::new(folder) };
    Engine::open(config, Arc::new(world.clock.clone()), Rng::seeded(2)).await.expect("a second node")
}

/// What somebody does about a lead whose hold ends now; a lawful refusal is as good as success.
async fn act(engine: Engine, run: (whocpa_engine::Caller, whocpa_engine::Caller), (what, id): (usize, i64)) {
    let (advertiser, operator) = run;
    let done = match what % 5 {
        0 => engine.lead_close_due().await.map(drop),
        1 => engine.lead_update(advertiser, id, read(&[("status", "1")])).await,
        2 => engine.lead_update(advertiser, id, read(&[("status", "2"), ("reason", "16")])).await,
        3 => engine.lead_update(operator, id, read(&[("status", "3"), ("reason", "30")])).await,
        _ => {
            let form = [("is_closed", "0"), ("status", "2"), ("reason", "16"), ("comment", "charged back")];
            engine.lead_update(operator, id, read(&form)).await
        }
    };
    assert!(matches!(done, Ok(()) | Err(Error::Conflict(_))), "{done:?}");
}

/// Whether a lead's transfers add up to where it stands.
async fn is_settled(run: &Running, id: i64) -> bool {
    let db = run.world.test.store.read();
    let row = lead::view(&db, Scope::All, id).await.expect("a lead").expect("it is there");
    let mut found = std::collections::BTreeMap::new();
    for transfer in transfer::of_lead(&db, id).await.expect("transfers") {
        *found.entry(transfer.debit_id).or_insert(0) -= transfer.amount;
        *found.entry(transfer.credit_id).or_insert(0) += transfer.amount;
    }
    let mut expected = std::collections::BTreeMap::new();
    let postings = lead_postings(row.parties(), row.money(), None, row.state());
    let accounts = postings.iter().flat_map(|posting| [posting.debit, posting.credit]).collect();
    let store = &run.world.test.store;
    let accounts = &accounts;
    let numbers = store.write(move |db| async move { account::ensure(&db, accounts).await }).await;
    let numbers = numbers.expect("accounts");
    for posting in postings {
        *expected.entry(numbers[&posting.debit]).or_insert(0) -= posting.amount;
        *expected.entry(numbers[&posting.credit]).or_insert(0) += posting.amount;
    }
    found.retain(|_, micros| *micros != 0);
    expected.retain(|_, micros| *micros != 0);
    found == expected
}

#[db_test]
async fn a_hold_ends_once_whoever_decides_meanwhile(test: TestDb) {
    let holds = told("WHOCPA_RACE_HOLDS", 8);
    let run = running_with(test, &[]).await;
    let (world, other) = (&run.world, second(&run.world).await);
    let mut ids = Vec::with_capacity(holds);
    for number in 0..holds {
        let tid = run.click("").await.tid;
        ids.push(run.accepted(&tid, &format!("order-{number}")).await);
        world
            .engine
            .lead_update(world.advertiser, ids[number], read(&[("status", "1")]))
            .await
            .expect("approve");
    }
    // The second in which the first hold ends.
    world.clock.advance(10 * DAY);
    for id in &ids {
        let mut racers = JoinSet::new();
        for what in 0..RACERS {
            let engine = if what % 2 == 0 { world.engine.clone() } else { other.clone() };
            racers.spawn(act(engine, (world.advertiser, world.operator), (what, *id)));
        }
        racers.join_all().await;
    }
    world.engine.lead_close_due().await.expect("close");
    let (mut wrong, mut open) = (0, 0);
    for id in &ids {
        wrong += usize::from(!is_settled(&run, *id).await);
        let row = lead::view(&world.test.store.read(), Scope::All, *id).await.expect("a lead");
        open += usize::from(row.expect("it is there").is_closed == 0);
    }
    assert_eq!((wrong, open), (0, 0));
    assert_eq!(world.engine.ledger_verify().await.expect("books").differences, []);
    tell(&format!("M3: {holds} holds, {RACERS} tasks each: double resolutions {wrong}, unresolved {open}"));
}

/// The webmaster earned this many dollars before.
async fn earn(world: &World, number: i64, dollars: i64) {
    let account = |kind, owner_id| Account { kind, owner_id, currency_id: USD };
    let debit = account(AccountKind::External, 0);
    let credit = account(AccountKind::WebmasterAvailable, world.webmaster.user_id);
    let legs = vec![Posting { debit, credit, amount: dollars * 1_000_000, kind: TransferKind::LeadClose }];
    let groups = &[(Cause { kind: CauseKind::Manual, id: 1, number }, legs)];
    let store = &world.test.store;
    store
        .write(move |db| async move { transfer::create(&db, groups, START).await })
        .await
        .expect("transfers");
}

#[db_test]
async fn one_balance_is_wanted_by_all_from_two_nodes(test: TestDb) {
    let rounds = told("WHOCPA_RACE_ROUNDS", 4);
    let world = World::new(test).await;
    let other = second(&world).await;
    let form = [("kind", "1"), ("account", "U0123456"), ("currency_id", "840")];
    let wallet = world.engine.wallet_create(world.webmaster, read(&form)).await.expect("a wallet");
    world.engine.wallet_update(world.operator, wallet, read(&[("status", "1")])).await.expect("approve");
    world.clock.advance(48 * HOUR);
    let mut accepted = Vec::with_capacity(rounds);
    for round in 0..rounds {
        earn(&world, i64::try_from(round).expect("few"), 100).await;
        let mut racers = JoinSet::new();
        for number in 0..2 * RACERS {
            let engine = if number % 2 == 0 { world.engine.clone() } else { other.clone() };
            let (webmaster, wish) = (world.webmaster, read(&[("currency_id", "840"), ("amount", "100")]));
            racers.spawn(async move { engine.payout_create(webmaster, wish).await });
        }
        world.engine.balance_fold().await.expect("fold");
        let ended = racers.join_all().await;
        let lost = |result: &&whocpa_domain::Result<i64>| !matches!(result, Ok(_) | Err(Error::Invalid(_)));
        assert!(!ended.iter().any(|result| lost(&result)), "{ended:?}");
        accepted.push(ended.iter().filter(|result| result.is_ok()).count());
        let mine = world.engine.balance_view(world.webmaster, USD).await.expect("a balance");
        assert_eq!(mine.available.map(|amount| amount.micros), Some(0), "round {round}");
    }
    assert!(accepted.iter().all(|count| *count == 1), "{accepted:?}");
    tell(&format!("M4: {rounds} rounds of {} requests: one accepted in each, least balance 0", 2 * RACERS));
}
