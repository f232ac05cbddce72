//! Money out and in: wallets, payouts, deposits, and races for one balance.

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::payout::PayoutStatus;
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_store::balance;
use whocpa_store::testing::TestDb;
use whocpa_store::transfer::{self, Cause};

use crate::world::{START, USD, World, person, read, refusal};

const HOUR: i64 = 3600;
/// Requests at once in a race, and how often.
const RACERS: usize = 16;
const ROUNDS: i64 = 12;

/// The webmaster earned this many dollars before.
pub async fn earn(world: &World, number: i64, dollars: i64) {
    let debit = Account { kind: AccountKind::External, owner_id: 0, currency_id: USD };
    let owner_id = world.webmaster.user_id;
    let credit = Account { kind: AccountKind::WebmasterAvailable, owner_id, currency_id: USD };
    let amount = dollars * 1_000_000;
    let legs = vec![Posting { debit, credit, amount, kind: TransferKind::LeadClose }];
    let groups = &[(Cause { kind: CauseKind::Manual, id: 1, number }, legs)];
    let store = &world.test.store;
    store
        .write(move |db| async move { transfer::create(&db, groups, START).await })
        .await
        .expect("transfers");
}

async fn wallet(world: &World, account: &str) -> i64 {
    let form = [("kind", "1"), ("account", account), ("currency_id", "840")];
    let id = world.engine.wallet_create(world.webmaster, read(&form)).await.expect("a wallet");
    world.engine.wallet_update(world.operator, id, read(&[("status", "1")])).await.expect("approve");
    id
}

/// The webmaster's (available, reserved) and what left the network, in dollars.
async fn money(world: &World) -> [String; 3] {
    let mine = world.engine.balance_view(world.webmaster, USD).await.expect("a balance");
    let house = world.engine.balance_view(world.operator, USD).await.expect("a balance");
    [mine.available, mine.reserved, house.external].map(|amount| amount.expect("an amount").to_string())
}

async fn books_balance(world: &World) {
    let sums = world.engine.ledger_sum().await.expect("the sum");
    assert!(sums.iter().all(|(_, micros)| *micros == 0), "{sums:?}");
}

fn conflict<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Conflict(words)) => words,
        other => panic!("no conflict: {other:?}"),
    }
}

#[db_test]
async fn from_wallet_to_paid(test: TestDb) {
    let world = World::new(test).await;
    let (engine, webmaster, operator) = (&world.engine, world.webmaster, world.operator);
    earn(&world, 1, 500).await;
    let none = engine.payout_create(webmaster, read(&[("currency_id", "840")])).await;
    assert_eq!(refusal(none), ["wallet_id: Add a wallet first"]);
    let wrong = [("kind", "4"), ("account", "4111111111111112"), ("currency_id", "1"), ("network", "TRC20")];
    assert_eq!(
        refusal(engine.wallet_create(webmaster, read(&wrong)).await),
        [
            "account: The number is mistyped: its check digit does not fit",
            "holder: Must be given for cards and bank accounts",
            "network: Only USDT has a network",
        ]
    );
    let id = wallet(&world, "U0123456").await;
    let twice = [("kind", "1"), ("account", "u0123456"), ("currency_id", "840")];
    assert_eq!(
        refusal(engine.wallet_create(webmaster, read(&twice)).await),
        ["account: You have a wallet with this account already"]
    );
    let seen = engine.wallet_view(webmaster, id).await.expect("view");
    assert_eq!((seen.row.account.as_str(), seen.account_full, seen.row.is_default), ("U0***56", None, true));
    let seen = engine.wallet_view(operator, id).await.expect("view");
    assert_eq!(seen.account_full.as_deref(), Some("U0123456"), "whoever pays must know where to");
    let wish = read::<whocpa_engine::payout::PayoutCreate>(&[("currency_id", "840"), ("amount", "120.50")]);
    assert_eq!(
        refusal(engine.payout_create(webmaster, wish.clone()).await),
        ["wallet_id: Can be paid to from 2023-11-16T22:13:20Z: new wallets wait 48 hours"]
    );
    world.clock.advance(48 * HOUR);
    for (amount, message) in [
        ("0.001", "amount: Must have at most 2 decimal places; Must be at least 30.00"),
        ("29.99", "amount: Must be at least 30.00"),
        ("500.01", "amount: Only 500.00 is available"),
    ] {
        let wish = read(&[("currency_id", "840"), ("amount", amount)]);
        assert_eq!(refusal(engine.payout_create(webmaster, wish).await), [message]);
    }
    let other = engine.payout_create(webmaster, read(&[("currency_id", "978")])).await;
    assert_eq!(refusal(other), ["amount: Must be at least 30.00"]);
    let payout = engine.payout_create(webmaster, wish).await.expect("a payout");
    assert_eq!(money(&world).await, ["379.50", "120.50", "-500.00"].map(str::to_owned));

    let step = async |form: &[(&str, &str)]| engine.payout_update(operator, payout, read(form)).await;
    assert_eq!(
        conflict(step(&[("status", "3"), ("reference", "x")]).await),
        "A requested payout cannot become paid"
    );
    step(&[("status", "1")]).await.expect("approve");
    assert_eq!(
        conflict(engine.payout_delete(webmaster, payout).await),
        "Only a payout that nobody has approved can be cancelled"
    );
    assert_eq!(refusal(step(&[("status", "3")]).await), ["reference: Must be given when it is paid"]);
    assert_eq!(refusal(step(&[("status", "4")]).await), ["reason: Must be given with a rejection"]);
    step(&[("status", "2")]).await.expect("send");
    assert_eq!(money(&world).await, ["379.50", "120.50", "-500.00"].map(str::to_owned));
    step(&[("status", "3"), ("reference", "bank 17")]).await.expect("pay");
    assert_eq!(money(&world).await, ["379.50", "0.00", "-379.50"].map(str::to_owned));
    assert_eq!(
        conflict(step(&[("status", "4"), ("reason", "x")]).await),
        "A paid payout cannot become rejected"
    );
    let told =
        engine.transfer_list(webmaster, read(&[("payout_id", &payout.to_string())])).await.expect("list");
    assert_eq!(told.total_count, 2, "reserved, and paid without a fee");

    books_balance(&world).await;
}

/// Everything is asked for, taken back, asked for again and rejected: it is available again each time.
#[db_test]
async fn what_is_not_paid_is_available_again(test: TestDb) {
    let world = World::new(test).await;
    let (engine, webmaster, operator) = (&world.engine, world.webmaster, world.operator);
    earn(&world, 1, 100).await;
    wallet(&world, "U0123456").await;
    world.clock.advance(48 * HOUR);
    let all = engine.payout_create(webmaster, read(&[("currency_id", "840")])).await.expect("all of it");
    assert_eq!(money(&world).await, ["0.00", "100.00", "-100.00"].map(str::to_owned));
    engine.payout_delete(webmaster, all).await.expect("cancel");
    let all = engine.payout_create(webmaster, read(&[("currency_id", "840")])).await.expect("all of it");
    let rejected = read(&[("status", "4"), ("reason", "Write to us")]);
    engine.payout_update(operator, all, rejected).await.expect("reject");
    assert_eq!(money(&world).await, ["100.00", "0.00", "-100.00"].map(str::to_owned));
    let shown = engine.payout_view(webmaster, all).await.expect("view");
    assert_eq!((shown.status, shown.reason.as_str()), (PayoutStatus::Rejected, "Write to us"));
    books_balance(&world).await;
}

/// Its owner may remove a wallet while money is on its way to it; an operator who rejects it stops the money.
#[db_test]
async fn money_goes_where_it_was_allowed_to_go(test: TestDb) {
    let world = World::new(test).await;
    let (engine, webmaster, operator) = (&world.engine, world.webmaster, world.operator);
    earn(&world, 1, 200).await;
    let (removed, rejected) = (wallet(&world, "U0123456").await, wallet(&world, "U6543210").await);
    world.clock.advance(48 * HOUR);
    let mut payouts = Vec::new();
    for wallet in [removed, rejected] {
        let wallet = wallet.to_string();
        let wish = read(&[("currency_id", "840"), ("amount", "50"), ("wallet_id", &wallet)]);
        payouts.push(engine.payout_create(webmaster, wish).await.expect("a payout"));
    }
    let step = async |id: i64, form: &[(&str, &str)]| engine.payout_update(operator, id, read(form)).await;
    engine.wallet_delete(webmaster, removed).await.expect("remove");
    assert!(matches!(engine.wallet_view(webmaster, removed).await, Err(Error::NotFound)));
    let shown = engine.wallet_view(operator, removed).await.expect("who pays sees where to");
    assert_eq!(shown.account_full.as_deref(), Some("U0123456"));
    step(payouts[0], &[("status", "1")]).await.expect("approve");
    step(payouts[0], &[("status", "3"), ("reference", "bank 1")]).await.expect("pay");

    step(payouts[1], &[("status", "1")]).await.expect("approve");
    let refused = [("status", "2"), ("reason", "Not yours")];
    engine.wallet_update(operator, rejected, read(&refused)).await.expect("reject the wallet");
    for form in [vec![("status", "2")], vec![("status", "3"), ("reference", "bank 2")]] {
        assert_eq!(
            conflict(step(payouts[1], &form).await),
            "Its wallet is not approved any more: reject the payout"
        );
    }
    step(payouts[1], &[("status", "4"), ("reason", "The wallet")]).await.expect("reject");
    assert_eq!(money(&world).await, ["150.00", "0.00", "-150.00"].map(str::to_owned));
    books_balance(&world).await;
}

#[db_test]
async fn one_wallet_is_the_default(test: TestDb) {
    let world = World::new(test).await;
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(wallet(&world, &format!("U012345{number}")).await);
    }
    for _ in 0..ROUNDS {
        let mut racers = tokio::task::JoinSet::new();
        for id in ids.clone() {
            let (engine, webmaster) = (world.engine.clone(), world.webmaster);
            racers.spawn(
                async move { engine.wallet_update(webmaster, id, read(&[("is_default", "1")])).await },
            );
        }
        assert!(racers.join_all().await.iter().all(Result::is_ok));
        let mine = world.engine.wallet_list(world.webmaster, read(&[])).await.expect("list");
        assert_eq!(mine.rows.iter().filter(|wallet| wallet.is_default).count(), 1);
    }
}

#[db_test]
async fn above_the_limit_two_operators_approve(test: TestDb) {
    let world = World::new(test).await;
    let (engine, operator) = (&world.engine, world.operator);
    let second = person(&world.test, UserLevel::Operator, "second").await;
    earn(&world, 1, 5000).await;
    wallet(&world, "U0123456").await;
    world.clock.advance(48 * HOUR);
    let wish = read(&[("currency_id", "840"), ("amount", "1000.01")]);
    let id = engine.payout_create(world.webmaster, wish).await.expect("a payout");
    let approve = async |caller: Caller| engine.payout_update(caller, id, read(&[("status", "1")])).await;
    approve(operator).await.expect("the first approval");
    let shown = engine.payout_view(operator, id).await.expect("view");
    assert_eq!((shown.status, shown.approved_by.map(|all| all.len())), (PayoutStatus::Requested, Some(1)));
    assert_eq!(conflict(approve(operator).await), "Another operator must approve it too");
    let cancel = engine.payout_delete(world.webmaster, id).await;
    assert_eq!(conflict(cancel), "Only a payout that nobody has approved can be cancelled");
    approve(second).await.expect("the second approval");
    let shown = engine.payout_view(operator, id).await.expect("view");
    assert_eq!((shown.status, shown.approved_by.map(|all| all.len())), (PayoutStatus::Approved, Some(2)));
    let foreign = person(&world.test, UserLevel::Webmaster, "other").await;
    assert!(matches!(engine.payout_view(foreign, id).await, Err(Error::NotFound)));
    assert!(matches!(engine.payout_delete(foreign, id).await, Err(Error::NotFound)));
}

/// Trust M4: whoever asks at once for the whole balance, one gets it.
#[db_test]
async fn no_balance_is_paid_out_twice(test: TestDb) {
    let world = World::new(test).await;
    wallet(&world, "U0123456").await;
    world.clock.advance(48 * HOUR);
    let mut accepted = Vec::new();
    for round in 1..=ROUNDS {
        earn(&world, round, 100).await;
        let mut racers = tokio::task::JoinSet::new();
        for _ in 0..RACERS {
            let (engine, webmaster) = (world.engine.clone(), world.webmaster);
            let wish = read(&[("currency_id", "840"), ("amount", "100")]);
            racers.spawn(async move { engine.payout_create(webmaster, wish).await });
        }
        // The fold goes on meanwhile.
        world.engine.balance_fold().await.expect("fold");
        let ended = racers.join_all().await;
        accepted.push(ended.iter().filter(|result| result.is_ok()).count());
        let wrong = |result: &&Result<i64, Error>| matches!(result, Err(error) if !matches!(error, Error::Invalid(_)));
        assert!(!ended.iter().any(|result| wrong(&result)), "{ended:?}");
        assert_eq!(money(&world).await[0], "0.00", "round {round}");
    }
    assert_eq!(accepted, vec![1; usize::try_from(ROUNDS).expect("few")]);
    let differences = balance::differences(&world.test.store.read()).await;
    assert_eq!(differences.expect("compare"), []);
    books_balance(&world).await;
}

#[db_test]
async fn equal_amounts_stand_on_one_page_each(test: TestDb) {
    let world = World::new(test).await;
    let (engine, advertiser) = (&world.engine, world.advertiser);
    let mut made = Vec::new();
    for number in 0..25 {
        let amount = (number % 3 + 1).to_string();
        let form = [("amount", amount.as_str()), ("currency_id", "840"), ("method", "1")];
        let id = engine.deposit_create(advertiser, read(&form)).await.expect("a deposit");
        made.push((number % 3, id));
    }
    made.sort_unstable();
    for sort in ["amount", "-amount"] {
        let mut ids = Vec::new();
        for page in ["1", "2", "3"] {
            let form = [("sort", sort), ("currency_id", "840,840"), ("per_page", "10"), ("page", page)];
            let rows = engine.deposit_list(advertiser, read(&form)).await.expect("deposits").rows;
            ids.extend(rows.iter().map(|row| row.id));
        }
        assert_eq!(ids, made.iter().map(|(_, id)| *id).collect::<Vec<i64>>(), "{sort}");
        made.reverse();
    }
    for form in [vec![("sort", "amount")], vec![("sort", "amount"), ("currency_id", "840,978")]] {
        let words = ["currency_id: Must name one currency: amounts in different ones cannot be compared"];
        assert_eq!(refusal(engine.deposit_list(advertiser, read(&form)).await), words);
        assert_eq!(refusal(engine.payout_list(world.webmaster, read(&form)).await), words);
    }
}

#[db_test]
async fn a_deposit_is_on_the_balance_once(test: TestDb) {
    let world = World::new(test).await;
    let (engine, advertiser, operator) = (&world.engine, world.advertiser, world.operator);
    for (form, messages) in [
        (vec![("amount", "0"), ("currency_id", "840"), ("method", "1")], vec!["amount: Must be above zero"]),
        (
            vec![("amount", "1.005"), ("currency_id", "840"), ("method", "1")],
            vec!["amount: Must have at most 2 decimal places"],
        ),
        (
            vec![("amount", "1"), ("currency_id", "1"), ("method", "1")],
            vec!["currency_id: Currencies not found"],
        ),
        (
            vec![("amount", "1"), ("currency_id", "840"), ("method", "5")],
            vec!["method: Only an operator may set this"],
        ),
    ] {
        assert_eq!(refusal(engine.deposit_create(advertiser, read(&form)).await), messages);
    }
    let form = [("amount", "250.50"), ("currency_id", "840"), ("method", "1")];
    let id = engine.deposit_create(advertiser, read(&form)).await.expect("a deposit");
    let confirm = async |form: &[(&str, &str)]| engine.deposit_update(operator, id, read(form)).await;
    assert_eq!(refusal(confirm(&[("status", "1")]).await), ["reference: Must be given when it is paid"]);
    assert!(engine.balance_list(advertiser).await.expect("balances").is_empty());
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..RACERS {
        let engine = engine.clone();
        let paid = read(&[("status", "1"), ("reference", "statement 4")]);
        racers.spawn(async move { engine.deposit_update(operator, id, paid).await });
    }
    assert!(racers.join_all().await.iter().all(Result::is_ok), "the same word again changes nothing");
    let own = engine.balance_view(advertiser, USD).await.expect("a balance");
    assert_eq!(own.available.map(|amount| amount.to_string()).as_deref(), Some("250.50"), "once");
    assert_eq!(conflict(confirm(&[("status", "2")]).await), "The deposit was confirmed already");
    assert!(matches!(engine.deposit_view(world.rival, id).await, Err(Error::NotFound)));
    let all = engine.transfer_list(operator, read(&[])).await.expect("transfers");
    assert_eq!(all.total_count, 1);
    books_balance(&world).await;
}

async fn rate(world: &World, base: &str, currency: &str, value: &str) -> i64 {
    let form = [("base_id", base), ("currency_id", currency), ("value", value), ("comment", "agreed")];
    world.engine.rate_create(world.operator, read(&form)).await.expect("a rate")
}

#[db_test]
async fn a_wallet_of_another_currency_is_paid_by_the_rate_of_the_moment(test: TestDb) {
    let world = World::new(test).await;
    let (engine, webmaster, operator) = (&world.engine, world.webmaster, world.operator);
    earn(&world, 1, 500).await;
    let form = [("kind", "1"), ("account", "U0123456"), ("currency_id", "643")];
    let wallet = engine.wallet_create(webmaster, read(&form)).await.expect("a wallet");
    engine.wallet_update(operator, wallet, read(&[("status", "1")])).await.expect("approve");
    world.clock.advance(48 * HOUR);
    let wish = || read(&[("currency_id", "840"), ("amount", "100.01")]);
    assert!(
        refusal(engine.payout_create(webmaster, wish()).await)[0].contains("no rate from USD to RUB now")
    );
    // A cross by the euro: 80.000000000000 roubles for a dollar.
    rate(&world, "978", "840", "1.25").await;
    rate(&world, "978", "643", "100").await;
    let payout = engine.payout_create(webmaster, wish()).await.expect("a payout");
    // What is stated later changes nothing of it.
    world.clock.advance(1);
    rate(&world, "840", "643", "50").await;
    let seen = engine.payout_view(webmaster, payout).await.expect("the payout");
    assert_eq!((seen.amount.to_string(), seen.amount_paid.to_string()), ("100.01".into(), "8000.80".into()));
    assert_eq!((seen.currency_id, seen.currency_paid_id, seen.rate.as_deref()), (840, 643, Some("80")));
    assert!(seen.rate_source.starts_with("network 2023-11-16T22:13:20Z (rate "), "{}", seen.rate_source);
    engine.payout_update(operator, payout, read(&[("status", "1")])).await.expect("approve");
    let paid = [("status", "3"), ("reference", "7f3a")];
    engine.payout_update(operator, payout, read(&paid)).await.expect("pay");
    books_balance(&world).await;
    assert_eq!(engine.ledger_verify().await.expect("verify").differences, []);
    let id = payout.to_string();
    let rows = engine.transfer_list(webmaster, read(&[("payout_id", &id)])).await.expect("transfers").rows;
    let told: Vec<(i64, String, Option<&str>)> =
        rows.iter().map(|row| (row.currency_id, row.amount.to_string(), row.rate.as_deref())).collect();
    let expected = [
        (643, "8000.80".to_owned(), None),
        (643, "8000.80".to_owned(), Some("80")),
        (840, "100.01".to_owned(), Some("80")),
        (840, "100.01".to_owned(), None),
    ];
    assert_eq!(told, expected);
    let house = |balance: whocpa_engine::balance::BalanceView| balance.fx.expect("fx").to_string();
    assert_eq!(house(engine.balance_view(operator, 840).await.expect("balance")), "100.01");
    assert_eq!(house(engine.balance_view(operator, 643).await.expect("balance")), "-8000.80");
    // The newest rate of the pair itself now goes before the cross.
    let next = engine.payout_create(webmaster, wish()).await.expect("a payout");
    let seen = engine.payout_view(webmaster, next).await.expect("the payout");
    assert_eq!((seen.rate.as_deref(), seen.amount_paid.to_string()), (Some("50"), "5000.50".into()));
    engine.payout_delete(webmaster, next).await.expect("cancel");
    let least = [("currency_id", "840"), ("amount", "100.01"), ("amount_paid_min", "5000.51")];
    assert_eq!(
        conflict(engine.payout_create(webmaster, read(&least)).await),
        "amount_paid_min: only 5000.50 would arrive now"
    );
    // Where there is another operator, nobody alone states a rate and pays by it.
    let second = person(&world.test, UserLevel::Operator, "second").await;
    let watched = engine.payout_create(webmaster, wish()).await.expect("a payout");
    let approve =
        async |caller: Caller| engine.payout_update(caller, watched, read(&[("status", "1")])).await;
    approve(operator).await.expect("the first approval");
    let shown = engine.payout_view(operator, watched).await.expect("view");
    assert_eq!(shown.status, PayoutStatus::Requested);
    approve(second).await.expect("the second approval");
    let shown = engine.payout_view(operator, watched).await.expect("view");
    assert_eq!(shown.status, PayoutStatus::Approved);
    let usdt = [("kind", "3"), ("account", "x"), ("currency_id", "840"), ("network", "TRC20")];
    assert!(
        refusal(engine.wallet_create(webmaster, read(&usdt)).await)
            .contains(&"currency_id: Must be 10001: a USDT wallet takes USDT".to_owned())
    );
    assert_eq!(engine.ledger_verify().await.expect("verify").differences, []);
    // Rates end.
    world.clock.advance(31 * 24 * HOUR);
    assert!(refusal(engine.payout_create(webmaster, wish()).await)[0].contains("no rate"));
}

#[db_test]
async fn rates_are_stated_once(test: TestDb) {
    let world = World::new(test).await;
    let engine = &world.engine;
    let first = rate(&world, "840", "643", "92.5").await;
    for (form, message) in [
        (
            [("base_id", "840"), ("currency_id", "840"), ("value", "1")],
            "currency_id: Must be another currency than base_id",
        ),
        ([("base_id", "840"), ("currency_id", "5"), ("value", "1")], "currency_id: Currencies not found"),
    ] {
        assert_eq!(refusal(engine.rate_create(world.operator, read(&form)).await), [message]);
    }
    let past = [("base_id", "840"), ("currency_id", "643"), ("value", "1"), ("date_start", "2020-01-01")];
    assert!(
        refusal(engine.rate_create(world.operator, read(&past)).await)[0]
            .starts_with("date_start: Must not be in the past")
    );
    let refused = engine.rate_create(world.webmaster, read(&past)).await;
    assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
    let seen = engine.rate_view(world.webmaster, first).await.expect("everybody reads them");
    assert_eq!((seen.value.as_str(), seen.comment.as_str()), ("92.5", "agreed"));
    // What ships with the program is loaded once, however often.
    let count = engine.rate_load_shipped(START.plus_days(700)).await.expect("load");
    assert!(count > 1000, "{count}");
    assert_eq!(engine.rate_load_shipped(START.plus_days(700)).await.expect("load"), 0);
    let of_bank = [("source", "2"), ("per_page", "10")];
    let ecb = engine.rate_list(world.operator, read(&of_bank)).await.expect("rates");
    assert_eq!(ecb.total_count, i64::try_from(count).expect("a count"));
    // Who is paid by them does not know the rates of tomorrow.
    let begun = engine.rate_list(world.webmaster, read(&of_bank)).await.expect("rates");
    assert_eq!(begun.total_count, 0);
}
