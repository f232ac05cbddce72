//! Rules about the quality of traffic: what they find, what follows, and who sees and ends it.

use std::time::Duration;

use whocpa_db_test::db_test;
use whocpa_domain::click::ClickReason;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::quality::{FindingState, RuleAction, RuleKind};
use whocpa_domain::time::HOUR;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Result};
use whocpa_engine::quality::finding::{FindingList, FindingView};
use whocpa_engine::quality::rule::RuleList;
use whocpa_engine::ticket::TicketList;
use whocpa_engine::{Caller, Engine};
use whocpa_store::testing::TestDb;
use whocpa_store::{Scope, click};

use crate::leads::{Running, running_with};
use crate::world::{person, read, refusal};

/// A rule about labels with three leads or more.
async fn rule(run: &Running, caller: Caller, more: &[(&str, &str)]) -> Result<i64> {
    let offer = run.offer_id.to_string();
    let mut pairs = vec![
        ("offer_id", offer.as_str()),
        ("name", "Too fast"),
        ("kind", "1"),
        ("source", "2"),
        ("action", "1"),
        ("limit_percent", "50"),
        ("min_leads", "3"),
    ];
    pairs.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    pairs.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    run.world.engine.rule_create(caller, read(&pairs)).await
}

/// Leads of this label, each so many seconds after its click.
async fn leads(run: &Running, subid1: &str, count: usize, seconds: i64) -> Vec<i64> {
    let mut ids = Vec::new();
    for number in 0..count {
        let tid = run.click(&format!("subid1={subid1}")).await.tid;
        run.world.clock.advance(seconds);
        ids.push(run.accepted(&tid, &format!("{subid1}-{number}-{}", run.world.engine.now().0)).await);
    }
    ids
}

/// Waits until the store has so many clicks.
async fn stored(run: &Running, count: i64) {
    let db = run.world.test.store.clicks();
    for _ in 0..500 {
        if click::count(&db, Scope::All).await.expect("count") >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the clicks were not stored");
}

async fn findings(run: &Running, caller: Caller) -> Vec<FindingView> {
    run.world.engine.finding_list(caller, read::<FindingList>(&[])).await.expect("findings").rows
}

#[db_test]
async fn what_is_found_is_told_and_changes_no_lead(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let id = rule(&run, world.advertiser, &[("action", "2")]).await.expect("a rule");
    let fast = leads(&run, "fast", 3, 1).await;
    leads(&run, "slow", 4, 600).await;
    leads(&run, "few", 2, 1).await;
    assert_eq!(engine.quality_check().await.expect("look"), 1);
    let found = findings(&run, world.webmaster).await;
    assert_eq!(found.len(), 1);
    let told = &found[0];
    assert_eq!((told.rule_id, told.subid1.as_str(), told.state), (id, "fast", FindingState::Open));
    assert_eq!((told.part, told.whole, told.kind), (3, 3, RuleKind::FastLeads));
    assert_eq!(told.limit_percent.to_string(), "50.00");
    let tickets = engine.ticket_list(world.webmaster, read::<TicketList>(&[])).await.expect("tickets");
    assert_eq!((tickets.total_count, Some(tickets.rows[0].id)), (1, told.ticket_id));
    let ticket = engine.ticket_view(world.webmaster, tickets.rows[0].id).await.expect("the ticket");
    assert_eq!(ticket.messages[0].author, "", "not in the advertiser's name");
    assert!(ticket.messages[0].message.contains("3 of 3 leads"), "{}", ticket.messages[0].message);
    let lead = engine.lead_view(world.webmaster, fast[0]).await.expect("the lead");
    assert_eq!(
        (lead.row.status, lead.findings.len(), lead.findings[0].rule_id),
        (LeadStatus::Pending, 1, id)
    );
    // Again: the same finding with newer figures, no second ticket.
    leads(&run, "fast", 2, 600).await;
    assert_eq!(engine.quality_check().await.expect("look"), 0);
    let again = findings(&run, world.advertiser).await;
    assert_eq!((again.len(), again[0].part, again[0].whole), (1, 3, 5));
    // When the window has passed it is over.
    world.clock.advance(25 * HOUR);
    assert_eq!(engine.quality_check().await.expect("look"), 0);
    assert_eq!(findings(&run, world.webmaster).await[0].state, FindingState::Over);
    run.books_balance().await;
}

#[db_test]
async fn a_paused_source_gets_no_visitors_until_somebody_ends_it(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let id = rule(&run, world.advertiser, &[("action", "3")]).await.expect("a rule");
    let before = run.click("subid1=bad").await.tid;
    leads(&run, "bad", 3, 1).await;
    assert_eq!(engine.quality_check().await.expect("look"), 1);
    assert_eq!(run.click("subid1=bad").await.reason, ClickReason::Paused);
    assert_eq!(run.click("subid1=good").await.reason, ClickReason::Sent);
    run.accepted(&before, "sent before").await;
    // No visitors, no leads: that is no reason to begin again.
    world.clock.advance(25 * HOUR);
    engine.quality_check().await.expect("look");
    assert_eq!(run.click("subid1=bad").await.reason, ClickReason::Paused);
    let found = findings(&run, world.advertiser).await;
    let end = [("state", "2"), ("comment", "explained")];
    for other in [world.webmaster, world.rival] {
        let theirs = engine.finding_update(other, found[0].id, read(&end)).await;
        assert!(matches!(theirs, Err(Error::Forbidden | Error::NotFound)), "{theirs:?}");
    }
    engine.finding_update(world.advertiser, found[0].id, read(&end)).await.expect("end");
    assert_eq!(run.click("subid1=bad").await.reason, ClickReason::Sent);
    leads(&run, "bad", 3, 1).await;
    assert_eq!(engine.quality_check().await.expect("look"), 0, "left alone for one window");
    let twice = engine.finding_update(world.advertiser, found[0].id, read(&end)).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    world.clock.advance(25 * HOUR);
    leads(&run, "bad", 3, 1).await;
    assert_eq!(engine.quality_check().await.expect("look"), 1);
    assert_eq!(run.click("subid1=bad").await.reason, ClickReason::Paused);
    // A rule that is turned off pauses nobody.
    engine.rule_update(world.advertiser, id, read(&[("is_active", "0")])).await.expect("off");
    assert_eq!(run.click("subid1=bad").await.reason, ClickReason::Sent);
    engine.rule_update(world.advertiser, id, read(&[("is_active", "1")])).await.expect("on");
    assert_eq!(engine.quality_check().await.expect("look"), 1);
    engine.rule_delete(world.advertiser, id).await.expect("remove");
    assert_eq!(run.click("subid1=bad").await.reason, ClickReason::Sent);
    assert_eq!(findings(&run, world.webmaster).await.len(), 3, "what happened stays to be read");
}

#[db_test]
async fn shares_of_clicks_and_refusals(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    rule(&run, world.operator, &[("offer_id", ""), ("kind", "2"), ("source", "1")]).await.expect("a rule");
    let refused = rule(&run, world.advertiser, &[("kind", "3")]).await.expect("a rule");
    let ids = leads(&run, "x", 4, 60).await;
    for _ in 0..5 {
        run.click("subid1=x").await;
    }
    stored(&run, 9).await;
    // 4 leads of 9 clicks, and nothing is decided yet.
    assert_eq!(engine.quality_check().await.expect("look"), 0);
    leads(&run, "x", 1, 60).await;
    stored(&run, 10).await;
    for id in &ids[..3] {
        let sent = [("status", "2"), ("reason", "10")];
        engine.lead_update(world.advertiser, *id, read(&sent)).await.expect("reject");
    }
    assert_eq!(engine.quality_check().await.expect("look"), 2);
    let found = findings(&run, world.webmaster).await;
    assert_eq!((found[0].rule_id, found[0].part, found[0].whole), (refused, 3, 3));
    assert_eq!(
        (found[1].kind, found[1].part, found[1].whole, found[1].area_id),
        (RuleKind::HighCr, 5, 10, None)
    );
}

/// Another webmaster of the offer; gives his link's code too.
async fn second(run: &Running) -> (Caller, String) {
    let (engine, offer) = (&run.world.engine, run.offer_id.to_string());
    let other = person(&run.world.test, UserLevel::Webmaster, "second").await;
    let pairs = [("offer_id", offer.as_str()), ("webmaster_id", &other.user_id.to_string())];
    engine.connection_create(run.world.operator, read(&pairs)).await.expect("connect");
    let link = engine.link_create(other, read(&[("offer_id", &offer)])).await.expect("a link");
    (other, engine.link_view(other, link).await.expect("the link").code)
}

/// Two webmasters who are paid to one account: the operator sees both and how much each brought, they read that they
/// are asked, no advertiser reads it, and no lead is decided by it.
#[db_test]
async fn a_shared_wallet_is_told_and_changes_no_lead(test: TestDb) {
    let mut run = running_with(test, &[]).await;
    let (other, code) = second(&run).await;
    let engine = run.world.engine.clone();
    let (webmaster, operator) = (run.world.webmaster, run.world.operator);
    let wallet = async |whose: Caller, account: &str| {
        let form = [("kind", "1"), ("account", account), ("currency_id", "840")];
        engine.wallet_create(whose, read(&form)).await.expect("a wallet")
    };
    let shared = [("offer_id", ""), ("kind", "4"), ("source", "3"), ("action", "3"), ("min_leads", "4")];
    let refused = rule(&run, run.world.advertiser, &[("kind", "4"), ("source", "3")]).await;
    assert_eq!(refusal(refused), ["kind: Only operators may use this"]);
    let refused = rule(&run, operator, &[("offer_id", ""), ("kind", "4")]).await;
    assert_eq!(refusal(refused), ["source: Must be 3 for a rule about shared wallets"]);
    let id = rule(&run, operator, &shared).await.expect("a rule");
    let approve = async |wallet: i64| {
        engine.wallet_update(operator, wallet, read(&[("status", "1")])).await.expect("approve");
    };
    let (mine, theirs) = (wallet(webmaster, "U0123456").await, wallet(other, "U7654321").await);
    approve(mine).await;
    approve(theirs).await;
    let lead = leads(&run, "a", 1, 60).await[0];
    let own = std::mem::replace(&mut run.code, code);
    leads(&run, "b", 3, 60).await;
    assert_eq!(engine.quality_check().await.expect("look"), 0, "two accounts");
    let second = wallet(other, "u0123456").await;
    assert_eq!(engine.quality_check().await.expect("look"), 0, "anybody can type somebody else's account");
    approve(second).await;
    assert_eq!(engine.quality_check().await.expect("look"), 1, "75 % of his side, 25 % of theirs");
    let found = findings(&run, webmaster).await;
    assert_eq!((found.len(), found[0].rule_id, found[0].kind), (1, id, RuleKind::SharedWallet));
    assert_eq!(
        (found[0].part, found[0].whole, found[0].area_id),
        (0, 0, None),
        "what others brought is theirs"
    );
    let seen = findings(&run, operator).await;
    assert_eq!((seen.len(), seen[0].part, seen[0].whole), (1, 3, 4));
    assert_eq!(findings(&run, run.world.advertiser).await.len(), 0);
    let story = engine.lead_view(webmaster, lead).await.expect("the lead");
    assert_eq!((story.row.status, story.findings.len()), (LeadStatus::Pending, 1));
    let story = engine.lead_view(run.world.advertiser, lead).await.expect("the lead");
    assert_eq!(story.findings.len(), 0);
    let ticket = engine.ticket_view(webmaster, found[0].ticket_id.expect("a ticket")).await.expect("it");
    assert!(!ticket.messages[0].message.contains("3 of 4"), "{}", ticket.messages[0].message);
    assert!(ticket.messages[0].message.contains("paid as always"), "{}", ticket.messages[0].message);
    // Visitors of his go elsewhere, and those of the other one do not.
    assert_eq!(run.click("subid1=b").await.reason, ClickReason::Sent);
    run.code = own;
    assert_eq!(run.click("subid1=z").await.reason, ClickReason::Paused);
    let rows = engine.wallet_list(operator, read(&[("is_shared", "1")])).await.expect("wallets").rows;
    let told: Vec<_> = rows.iter().map(|row| (row.id, row.shared_with.clone())).collect();
    assert_eq!(told, [(mine, Some(vec![other.user_id])), (second, Some(vec![webmaster.user_id]))]);
    let rows = engine.wallet_list(operator, read(&[("is_shared", "0")])).await.expect("wallets").rows;
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [theirs]);
    assert_eq!(engine.wallet_view(webmaster, mine).await.expect("own").row.shared_with, None);
    let asked = engine.wallet_list(webmaster, read(&[("is_shared", "1")])).await;
    assert_eq!(refusal(asked), ["is_shared: Only operators may use this"]);
    let end = [("state", "2"), ("comment", "brothers")];
    assert!(engine.finding_update(run.world.advertiser, found[0].id, read(&end)).await.is_err());
    engine.finding_update(operator, found[0].id, read(&end)).await.expect("end");
    assert_eq!(run.click("subid1=z").await.reason, ClickReason::Sent);
    run.books_balance().await;
}

#[db_test]
async fn who_may_make_and_read_rules(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let id = rule(&run, world.advertiser, &[]).await.expect("a rule");
    let all = rule(&run, world.operator, &[("offer_id", "")]).await.expect("a rule of every offer");
    assert!(matches!(rule(&run, world.webmaster, &[]).await, Err(Error::Forbidden)));
    assert_eq!(refusal(rule(&run, world.rival, &[]).await), ["offer_id: Offers not found"]);
    let every = rule(&run, world.advertiser, &[("offer_id", "")]).await;
    assert_eq!(refusal(every), ["offer_id: This parameter is required"]);
    for limit in ["0", "100.01"] {
        let wrong = rule(&run, world.advertiser, &[("limit_percent", limit)]).await;
        assert_eq!(refusal(wrong), ["limit_percent: Must be above 0 and at most 100"]);
    }
    for (caller, expected) in [
        (world.webmaster, vec![all, id]),
        (world.advertiser, vec![all, id]),
        (world.operator, vec![all, id]),
        (world.rival, vec![all]),
    ] {
        let rules = engine.rule_list(caller, read::<RuleList>(&[])).await.expect("rules");
        assert_eq!(rules.rows.iter().map(|row| row.id).collect::<Vec<_>>(), expected);
    }
    let louder = [("action", "3")];
    for (caller, id) in [(world.rival, id), (world.rival, all), (world.advertiser, all)] {
        let theirs = engine.rule_update(caller, id, read(&louder)).await;
        assert!(matches!(theirs, Err(Error::NotFound)), "{theirs:?}");
        assert!(matches!(engine.rule_delete(caller, id).await, Err(Error::NotFound)));
    }
    engine.rule_update(world.operator, id, read(&louder)).await.expect("the network may");
    let shown = engine.rule_view(world.webmaster, id).await.expect("the rule");
    assert_eq!((shown.action, shown.user_id), (RuleAction::Pause, None));
    let mut last = Ok(0);
    for _ in 0..50 {
        last = rule(&run, world.advertiser, &[]).await;
    }
    assert!(matches!(last, Err(Error::Conflict(_))), "{last:?}");
}

#[db_test]
async fn two_looks_at_once_find_once(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    rule(&run, world.advertiser, &[("action", "2")]).await.expect("a rule");
    leads(&run, "a", 3, 1).await;
    leads(&run, "b", 3, 1).await;
    assert_eq!(look_at_once(engine).await, 2);
    assert_eq!(findings(&run, world.operator).await.len(), 2);
    let tickets = engine.ticket_list(world.webmaster, read::<TicketList>(&[])).await.expect("tickets");
    assert_eq!(tickets.total_count, 2);
}

/// Four looks at once; gives what they found together.
async fn look_at_once(engine: &Engine) -> i64 {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let engine = engine.clone();
        tasks.spawn(async move { engine.quality_check().await.expect("look") });
    }
    let mut found = 0;
    while let Some(done) = tasks.join_next().await {
        found += done.expect("no panic");
    }
    found
}
