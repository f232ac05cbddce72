//! The life of a lead: click, conversion, decision, hold, closing, and the money at each step.

use std::net::IpAddr;

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::click::ClickReason;
use whocpa_domain::lead::{LeadEventKind, LeadReason, LeadStatus};
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::tid::TidKeys;
use whocpa_domain::time::DAY;
use whocpa_engine::click::{Tracked, Visit};
use whocpa_engine::lead::{Conversion, LeadList, Verdict};
use whocpa_store::testing::TestDb;
use whocpa_store::{Scope, click, secret};

use crate::world::{USD, World, branch, read, refusal};

/// A live offer with a goal of 10 dollars (8 for the webmaster) and a link to it.
pub struct Running {
    pub world: World,
    pub offer_id: i64,
    pub goal_id: i64,
    pub code: String,
}

async fn running(test: TestDb) -> Running {
    running_with(test, &[]).await
}

/// The same with an offer that says more.
pub async fn running_with(test: TestDb, offer: &[(&str, &str)]) -> Running {
    running_in(World::new(test).await, offer).await
}

/// The same in a world that was made already.
pub async fn running_in(world: World, offer: &[(&str, &str)]) -> Running {
    let geo = branch(&world.engine.geo_list(world.operator).await.expect("regions"))[1];
    let offer_id = world.offer(geo, OfferStatus::Live, offer).await;
    let goal_id = world.goal(offer_id, "10").await;
    world.connect(offer_id).await;
    let offer = offer_id.to_string();
    let link =
        world.engine.link_create(world.webmaster, read(&[("offer_id", &offer), ("subid1", "own")])).await;
    let link = world.engine.link_view(world.webmaster, link.expect("a link")).await.expect("the link");
    // The connection above was written behind the engine's back.
    world.clock.advance(3600);
    world.engine.catalogue_refresh().await.expect("refresh");
    Running { world, offer_id, goal_id, code: link.code }
}

impl Running {
    pub async fn click(&self, query: &str) -> Tracked {
        let visit = Visit {
            query,
            ip: IpAddr::from([8, 8, 8, 8]),
            ua: "Mozilla/5.0",
            referer: "https://blog.example/",
            languages: "en-US",
            ..Visit::to(&self.code)
        };
        self.world.engine.click_track(visit).await
    }

    pub fn conversion(&self, tid: &str, sale_id: &str) -> Conversion {
        Conversion {
            advertiser_id: self.world.advertiser.user_id,
            tid: tid.to_owned(),
            goal_id: Some(self.goal_id),
            sale_id: sale_id.to_owned(),
            amount: None,
            status: LeadStatus::Pending,
            reason: LeadReason::Untold,
            comment: String::new(),
            ..Conversion::default()
        }
    }

    pub async fn receive(&self, conversion: Conversion) -> Verdict {
        self.world.engine.lead_receive(conversion).await.expect("a verdict")
    }

    pub async fn accepted(&self, tid: &str, sale_id: &str) -> i64 {
        match self.receive(self.conversion(tid, sale_id)).await {
            Verdict::Accepted { lead_id, .. } => lead_id,
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// The webmaster's (hold, available) and the advertiser's (available, committed).
    pub async fn money(&self) -> [String; 4] {
        let engine = &self.world.engine;
        let mine = engine.balance_list(self.world.webmaster).await.expect("balances");
        let theirs = engine.balance_list(self.world.advertiser).await.expect("balances");
        let shown =
            |amount: Option<whocpa_domain::money::Amount>| amount.map_or("-".to_owned(), |a| a.to_string());
        let (mine, theirs) = (mine.first(), theirs.first());
        [
            shown(mine.and_then(|row| row.hold)),
            shown(mine.and_then(|row| row.available)),
            shown(theirs.and_then(|row| row.available)),
            shown(theirs.and_then(|row| row.committed)),
        ]
    }

    pub async fn books_balance(&self) {
        let sums = self.world.engine.ledger_sum().await.expect("the sum");
        assert!(sums.iter().all(|(_, micros)| *micros == 0), "{sums:?}");
    }
}

#[db_test]
async fn from_click_to_available(test: TestDb) {
    let run = running(test).await;
    let (engine, clock) = (&run.world.engine, &run.world.clock);
    let click = run.click("subid1=a&subid2=b&keyword=tea").await;
    assert_eq!(click.reason, ClickReason::Sent);
    assert!(click.is_durable);
    assert_eq!(click.location, Some(format!("https://shop.example/?key=secret&tid={}", click.tid)));

    let id = run.accepted(&click.tid, "order-1").await;
    assert_eq!(run.money().await, ["-", "-", "-10.00", "10.00"].map(str::to_owned));
    let lead = engine.lead_view(run.world.webmaster, id).await.expect("the lead");
    assert_eq!(
        (lead.row.subid1.as_str(), lead.row.subid2.as_str(), lead.row.keyword.as_str()),
        ("a", "b", "tea")
    );
    assert_eq!(
        (lead.row.tid.as_str(), lead.row.country.as_str(), lead.row.language.as_str()),
        (click.tid.as_str(), "US", "en")
    );
    assert_eq!(lead.row.money.expect("money").to_string(), "8.00");

    let approve = engine.lead_update(run.world.advertiser, id, read(&[("status", "1")]));
    approve.await.expect("approve");
    assert_eq!(run.money().await, ["8.00", "0.00", "-10.00", "0.00"].map(str::to_owned));

    assert_eq!(engine.lead_close_due().await.expect("close"), 0, "the hold is not over");
    clock.advance(10 * DAY);
    assert_eq!(engine.lead_close_due().await.expect("close"), 1);
    assert_eq!(engine.lead_close_due().await.expect("close"), 0, "once");
    assert_eq!(run.money().await, ["0.00", "8.00", "-10.00", "0.00"].map(str::to_owned));

    let lead = engine.lead_view(run.world.webmaster, id).await.expect("the lead");
    let kinds: Vec<LeadEventKind> = lead.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [LeadEventKind::Created, LeadEventKind::Decided, LeadEventKind::Closed]);
    let late = engine.lead_update(run.world.advertiser, id, read(&[("status", "2"), ("reason", "50")]));
    assert!(matches!(late.await, Err(Error::Conflict(_))));
    run.books_balance().await;
}

#[db_test]
async fn an_operator_takes_a_final_decision_back(test: TestDb) {
    let run = running(test).await;
    let engine = &run.world.engine;
    let id = run.accepted(&run.click("").await.tid, "").await;
    engine.lead_update(run.world.advertiser, id, read(&[("status", "1")])).await.expect("approve");
    run.world.clock.advance(10 * DAY);
    engine.lead_close_due().await.expect("close");
    let theirs = engine.lead_update(run.world.advertiser, id, read(&[("is_closed", "0")]));
    assert_eq!(refusal(theirs.await), ["is_closed: Unknown parameter"]);
    let unexplained =
        engine.lead_update(run.world.operator, id, read(&[("is_closed", "0"), ("status", "1")]));
    assert_eq!(refusal(unexplained.await), ["reason: This parameter is required to reopen a lead"]);
    let undecided = engine.lead_update(run.world.operator, id, read(&[("is_closed", "0")]));
    assert_eq!(
        refusal(undecided.await),
        [
            "reason: This parameter is required to reopen a lead",
            "status: This parameter is required to reopen a lead: the new decision"
        ]
    );
    let both = read(&[("is_closed", "0"), ("status", "2"), ("reason", "20"), ("comment", "our own order")]);
    engine.lead_update(run.world.operator, id, both).await.expect("reopen and refuse");
    assert_eq!(run.money().await, ["0.00", "0.00", "0.00", "0.00"].map(str::to_owned));
    assert_eq!(engine.lead_close_due().await.expect("close"), 1, "refused leads close too");
    run.books_balance().await;
}

#[db_test]
async fn the_same_action_is_one_lead(test: TestDb) {
    let run = running(test).await;
    let click = run.click("").await;
    let first = run.accepted(&click.tid, "order-1").await;
    let again = run.receive(run.conversion(&click.tid, "order-1")).await;
    assert_eq!(again, Verdict::Duplicate { lead_id: first, status: LeadStatus::Pending });
    let decided = Conversion { status: LeadStatus::Approved, ..run.conversion(&click.tid, "order-1") };
    let verdict = run.receive(decided.clone()).await;
    assert_eq!(verdict, Verdict::Updated { lead_id: first, status: LeadStatus::Approved });
    assert_eq!(
        run.receive(decided).await,
        Verdict::Duplicate { lead_id: first, status: LeadStatus::Approved }
    );

    // Another action on the same click: is_otol pays only one.
    match run.receive(run.conversion(&click.tid, "order-2")).await {
        Verdict::Accepted { lead_id, status, first_lead_id } => {
            assert_eq!((status, first_lead_id), (LeadStatus::Double, Some(first)));
            let lead = run.world.engine.lead_view(run.world.webmaster, lead_id).await.expect("the double");
            assert_eq!(
                (lead.first_lead_id, lead.row.money.expect("money").to_string().as_str()),
                (Some(first), "0.00")
            );
        }
        other => panic!("{other:?}"),
    }
    // However often it is repeated, and whatever is said of it.
    for status in [LeadStatus::Approved, LeadStatus::Approved, LeadStatus::Pending] {
        let verdict = run.receive(Conversion { status, ..run.conversion(&click.tid, "order-2") }).await;
        assert!(matches!(verdict, Verdict::Duplicate { status: LeadStatus::Double, .. }), "{verdict:?}");
    }
    assert_eq!(run.money().await, ["8.00", "0.00", "-10.00", "0.00"].map(str::to_owned));
    run.books_balance().await;
}

#[db_test]
async fn concurrent_reports_of_one_action_pay_once(test: TestDb) {
    let run = std::sync::Arc::new(running(test).await);
    let tid = run.click("").await.tid;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (run, tid) = (std::sync::Arc::clone(&run), tid.clone());
        // Half repeat one sale, half claim the click with sales of their own.
        let sale_id = if number % 2 == 0 { "same".to_owned() } else { format!("sale-{number}") };
        tasks.spawn(async move { run.receive(run.conversion(&tid, &sale_id)).await });
    }
    let mut paid = 0;
    while let Some(verdict) = tasks.join_next().await {
        if let Verdict::Accepted { status: LeadStatus::Pending, .. } = verdict.expect("a verdict") {
            paid += 1;
        }
    }
    assert_eq!(paid, 1);
    assert_eq!(run.money().await, ["-", "-", "-10.00", "10.00"].map(str::to_owned));
    run.books_balance().await;
}

#[db_test]
async fn what_cannot_be_a_lead_says_why(test: TestDb) {
    let run = running(test).await;
    let click = run.click("").await;
    let rejected = async |conversion: Conversion| match run.receive(conversion).await {
        Verdict::Rejected { field, reason } => format!("{field}: {reason}"),
        other => panic!("{other:?}"),
    };
    let good = run.conversion(&click.tid, "");
    let rival = Conversion { advertiser_id: run.world.rival.user_id, ..good.clone() };
    assert_eq!(rejected(rival).await, "tid: not a click of your offers");
    assert_eq!(rejected(Conversion { goal_id: Some(999), ..good }).await, "goal_id: Goals not found");
    assert_eq!(run.money().await, ["-", "-", "-", "-"].map(str::to_owned));
}

#[db_test]
async fn every_click_has_an_answer_and_is_remembered(test: TestDb) {
    let run = running(test).await;
    let engine = &run.world.engine;
    let offer = run.offer_id.to_string();
    let stop =
        engine.offer_update(run.world.operator, run.offer_id, read(&[("status", "3"), ("reason", "x")]));
    stop.await.expect("stop the offer");
    let stopped = run.click("").await;
    assert_eq!((stopped.reason, stopped.location), (ClickReason::OfferStopped, None));
    let visit = Visit { ip: IpAddr::from([1, 1, 1, 1]), ..Visit::to("nothing") };
    let unknown = engine.click_track(visit).await;
    assert_eq!((unknown.reason, unknown.location), (ClickReason::UnknownCode, None));
    let links = engine.link_list(run.world.webmaster, read(&[("offer_id", &offer)])).await.expect("links");
    let elsewhere = read(&[("url_traffback", "https://elsewhere.example/")]);
    engine.link_update(run.world.webmaster, links.rows[0].id, elsewhere).await.expect("set traffic-back");
    assert_eq!(run.click("").await.location.as_deref(), Some("https://elsewhere.example/"));
    // A conversion on a click that was not sent to the offer is not a lead.
    let verdict = run.receive(run.conversion(&stopped.tid, "")).await;
    assert!(matches!(verdict, Verdict::Rejected { field: "tid", .. }), "{verdict:?}");
    engine.close().await.expect("close");
    let count = reopened_clicks(&run).await;
    assert_eq!(count, 3, "all three clicks are in the store after a clean stop");
}

async fn reopened_clicks(run: &Running) -> i64 {
    let store = whocpa_store::Store::connect(&run.world.test.config).await.expect("connect again");
    click::count(&store.clicks(), Scope::All).await.expect("count")
}

#[db_test]
async fn a_conversion_before_its_click_is_parked_and_matched(test: TestDb) {
    let run = running(test).await;
    let (engine, store) = (&run.world.engine, &run.world.test.store);
    // A click of another node, which still waits in that node's log.
    let known = run.click("").await;
    let keys = secret::list(&store.read(), "tid_key").await.expect("keys");
    let key = (0..16)
        .map(|at| u8::from_str_radix(&keys[0][at * 2..at * 2 + 2], 16).expect("hex"))
        .collect::<Vec<u8>>();
    let keys = TidKeys::new(vec![key.try_into().expect("16 bytes")]);
    let id = keys.read(&known.tid).expect("our tid");
    let late = keys.write(id + 1);
    for _ in 0..2 {
        let verdict = run.receive(run.conversion(&late, "late")).await;
        assert!(matches!(verdict, Verdict::Parked { .. }), "{verdict:?}");
    }
    run.world.clock.advance(60);
    assert_eq!(engine.lead_match_parked().await.expect("match"), 0, "still unknown");
    while click::count(&store.clicks(), Scope::All).await.expect("count") < 1 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let mut row = click::find(&store.clicks(), &[id]).await.expect("clicks").remove(&id).expect("the click");
    row.id = id + 1;
    let rows = &[row];
    let stored = store.write_clicks(move |db| async move {
        click::create(&db, "00000000000000ff", click::ClickMark::default(), rows).await
    });
    stored.await.expect("the other node's drainer");
    run.world.clock.advance(60);
    assert_eq!(engine.lead_match_parked().await.expect("match"), 1, "parked once, matched once");
    let leads = engine.lead_list(run.world.webmaster, read::<LeadList>(&[])).await.expect("leads");
    assert_eq!((leads.total_count, leads.rows[0].sale_id.as_str()), (1, "late"));
    run.world.clock.advance(60);
    assert_eq!(engine.lead_match_parked().await.expect("match"), 0, "done");
    run.books_balance().await;
}

#[db_test]
async fn percentages_follow_the_sale(test: TestDb) {
    let run = running(test).await;
    let (offer, usd) = (run.offer_id.to_string(), USD.to_string());
    let goal = [
        ("offer_id", offer.as_str()),
        ("description", "Sale"),
        ("currency_id", usd.as_str()),
        ("hold_period", "0"),
        ("money_type", "2"),
        ("charge", "20"),
        ("is_auto_approve", "1"),
        ("is_otol", "0"),
    ];
    let goal_id = run.world.engine.goal_create(run.world.advertiser, read(&goal)).await.expect("a goal");
    let tid = run.click("").await.tid;
    let sale = |sale_id: &str, amount| Conversion {
        goal_id: Some(goal_id),
        amount,
        ..run.conversion(&tid, sale_id)
    };
    assert!(matches!(run.receive(sale("1", None)).await, Verdict::Rejected { field: "amount", .. }));
    for (sale_id, amount) in [("1", 99_990_000), ("2", 10_000)] {
        let verdict = run.receive(sale(sale_id, Some(amount))).await;
        assert!(matches!(verdict, Verdict::Accepted { status: LeadStatus::Approved, .. }), "{verdict:?}");
    }
    let corrected = run.receive(sale("1", Some(50_000_000))).await;
    assert!(matches!(corrected, Verdict::Updated { status: LeadStatus::Approved, .. }), "{corrected:?}");
    assert_eq!(run.world.engine.lead_close_due().await.expect("close"), 2, "no hold");
    assert_eq!(run.money().await, ["0.00", "8.0016", "-10.002", "0.00"].map(str::to_owned));
    run.books_balance().await;
}
