//! A webmaster contests a refusal.

use std::sync::Arc;

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::lead::{Contest, LeadEventKind, LeadReason, LeadStatus};
use whocpa_domain::role::Role;
use whocpa_domain::time::DAY;
use whocpa_engine::Caller;
use whocpa_engine::lead::LeadList;
use whocpa_engine::ticket::TicketList;
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{read, refusal};

async fn refused(run: &Running, sale: &str) -> i64 {
    let id = run.accepted(&run.click("").await.tid, sale).await;
    let sent = [("status", "2"), ("reason", "10"), ("comment", "nobody answers")];
    run.world.engine.lead_update(run.world.advertiser, id, read(&sent)).await.expect("refuse");
    id
}

async fn contest(run: &Running, lead_id: i64) -> whocpa_domain::Result<i64> {
    let lead_id = lead_id.to_string();
    let sent = [
        ("subject", "He was called once"),
        ("message", "The buyer says that nobody called."),
        ("lead_id", lead_id.as_str()),
        ("is_contest", "1"),
    ];
    run.world.engine.ticket_create(run.world.webmaster, read(&sent)).await
}

#[db_test]
async fn a_refusal_is_contested_and_taken_back(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let id = refused(&run, "a").await;
    let ticket = contest(&run, id).await.expect("contest");
    let mine = engine.lead_view(world.webmaster, id).await.expect("the lead");
    assert_eq!((mine.row.contest, mine.contest_ticket_id), (Contest::Open, Some(ticket)));
    let last = mine.events.last().expect("an event");
    assert_eq!((last.kind, last.by.as_str()), (LeadEventKind::Contested, "webmaster"));
    // The advertiser is told that it is contested, and reads no ticket.
    let theirs = engine.lead_list(world.advertiser, read::<LeadList>(&[("contest", "1")])).await;
    assert_eq!(theirs.expect("leads").rows[0].id, id);
    let theirs = engine.lead_view(world.advertiser, id).await.expect("the lead");
    assert_eq!((theirs.row.contest, theirs.contest_ticket_id), (Contest::Open, None));
    assert!(matches!(engine.ticket_view(world.advertiser, ticket).await, Err(Error::NotFound)));
    // The operator has the story before him.
    let found = engine.ticket_list(world.operator, read::<TicketList>(&[("is_contest", "1")])).await;
    assert_eq!(found.expect("tickets").rows[0].lead_id, Some(id));
    let shown = engine.ticket_view(world.operator, ticket).await.expect("the ticket");
    let story = shown.lead.expect("the story");
    assert_eq!((story.row.id, story.row.reason), (id, LeadReason::NoAnswer));

    // The hold ends meanwhile: the refusal closes, and may still be taken back.
    world.clock.advance(11 * DAY);
    assert_eq!(engine.lead_close_due().await.expect("close"), 1);
    let unexplained = engine.ticket_update(world.operator, ticket, read(&[("contest", "2")])).await;
    assert_eq!(refusal(unexplained), ["message: This parameter is required: the webmaster is told why"]);
    let sent = [("contest", "2"), ("message", "The recording shows one call only.")];
    engine.ticket_update(world.operator, ticket, read(&sent)).await.expect("uphold");
    let mine = engine.lead_view(world.webmaster, id).await.expect("the lead");
    assert_eq!((mine.row.status, mine.row.contest), (LeadStatus::Approved, Contest::Upheld));
    assert_eq!(mine.row.reason, LeadReason::Contested);
    assert_eq!(engine.lead_close_due().await.expect("close"), 1);
    assert_eq!(run.money().await, ["0.00", "8.00", "-10.00", "0.00"].map(str::to_owned));
    let again = engine.ticket_update(world.operator, ticket, read(&sent)).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    run.books_balance().await;
}

#[db_test]
async fn a_refusal_that_stands_is_contested_once(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let id = refused(&run, "a").await;
    let ticket = contest(&run, id).await.expect("contest");
    let sent = [("contest", "3"), ("message", "Three calls are on record.")];
    engine.ticket_update(world.operator, ticket, read(&sent)).await.expect("dismiss");
    let mine = engine.lead_view(world.webmaster, id).await.expect("the lead");
    assert_eq!((mine.row.status, mine.row.contest), (LeadStatus::Rejected, Contest::Dismissed));
    assert_eq!(mine.events.last().map(|event| event.kind), Some(LeadEventKind::Settled));
    assert!(matches!(contest(&run, id).await, Err(Error::Conflict(_))));
    // Another decision may be contested anew.
    engine.lead_update(world.advertiser, id, read(&[("status", "3"), ("reason", "30")])).await.expect("spam");
    let second = contest(&run, id).await.expect("contest the new one");
    engine.ticket_update(world.webmaster, second, read(&[("contest", "4")])).await.expect("withdraw");
    let mine = engine.lead_view(world.webmaster, id).await.expect("the lead");
    assert_eq!((mine.row.contest, mine.contest_ticket_id), (Contest::Withdrawn, Some(second)));
    // The advertiser thinks again while a protest waits: that is what it wanted.
    let other = refused(&run, "b").await;
    contest(&run, other).await.expect("contest");
    engine.lead_update(world.advertiser, other, read(&[("status", "1")])).await.expect("approve");
    let mine = engine.lead_view(world.webmaster, other).await.expect("the lead");
    assert_eq!(mine.row.contest, Contest::Upheld);
    run.books_balance().await;
}

#[db_test]
async fn who_may_contest_and_who_may_settle(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let pending = run.accepted(&run.click("").await.tid, "p").await;
    assert!(matches!(contest(&run, pending).await, Err(Error::Conflict(_))), "nothing is refused");
    assert_eq!(refusal(contest(&run, 999_999).await), ["lead_id: Leads not found"]);
    let id = refused(&run, "a").await;
    let lead_id = id.to_string();
    let sent = [("subject", "x"), ("message", "x"), ("lead_id", lead_id.as_str()), ("is_contest", "1")];
    let theirs = engine.ticket_create(world.advertiser, read(&sent)).await;
    assert_eq!(refusal(theirs), ["is_contest: Only webmasters may use this"]);
    let nothing = read(&[("subject", "x"), ("message", "x"), ("is_contest", "1")]);
    let refused = refusal(engine.ticket_create(world.webmaster, nothing).await);
    assert_eq!(refused, ["lead_id: This parameter is required to contest a refusal"]);

    let ticket = contest(&run, id).await.expect("contest");
    let own =
        engine.ticket_update(world.webmaster, ticket, read(&[("contest", "2"), ("message", "x")])).await;
    assert_eq!(refusal(own), ["contest: Only operators may use this"]);
    let support = Caller { role: Role::Support, ..world.operator };
    let sent = [("contest", "2"), ("message", "fine")];
    let theirs = engine.ticket_update(support, ticket, read(&sent)).await;
    assert!(
        matches!(theirs, Err(Error::Forbidden)),
        "support answers, and decides about no lead: {theirs:?}"
    );
    let stranger = Caller { role: Role::Manager, ..world.operator };
    let theirs = engine.ticket_update(stranger, ticket, read(&sent)).await;
    assert!(matches!(theirs, Err(Error::NotFound)), "{theirs:?}");
    let plain = read(&[("subject", "x"), ("message", "x")]);
    let plain = engine.ticket_create(world.webmaster, plain).await.expect("a question");
    let nothing = engine.ticket_update(world.operator, plain, read(&sent)).await;
    assert_eq!(refusal(nothing), ["contest: Nothing is contested here"]);
}

#[db_test]
async fn protests_at_once_are_one_protest(test: TestDb) {
    let run = Arc::new(running_with(test, &[]).await);
    let id = refused(&run, "a").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let run = Arc::clone(&run);
        tasks.spawn(async move { contest(&run, id).await });
    }
    let (mut opened, mut refused) = (0, 0);
    while let Some(done) = tasks.join_next().await {
        match done.expect("no panic") {
            Ok(_) => opened += 1,
            Err(Error::Conflict(_)) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((opened, refused), (1, 7));
    let all = run.world.engine.ticket_list(run.world.operator, read::<TicketList>(&[])).await;
    assert_eq!(all.expect("tickets").total_count, 1, "a refused protest leaves no ticket");
}
