//! Lists of leads beside a model: whatever is asked, in whatever order, page by page, the store finds what a plain look
//! at all rows finds, and tells the right number.

use whocpa_db_test::db_test;
use whocpa_domain::input::{Page, PerPage};
use whocpa_domain::lead::{LeadSort, LeadStatus, LeadType, NEWEST_FIRST};
use whocpa_domain::sort::Sort;
use whocpa_domain::time::DAY;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Scope, Time};
use whocpa_store::area::{self, Area, AreaFilter};
use whocpa_store::goal::{self, Goal};
use whocpa_store::lead::{self, Lead, LeadFilter, Record, Window};
use whocpa_store::link::{self, Link};
use whocpa_store::person::{self, User};
use whocpa_store::testing::TestDb;
use whocpa_store::{Paging, lead_count, offer};

use crate::direct::Direct;
use crate::rows::{self, NOW};

/// More than are skipped one by one, so that far pages go the short ways.
const LEADS: i64 = 2_700;
/// Midnight.
const START: i64 = NOW.0 - NOW.0 % DAY;

struct Network {
    leads: Vec<Lead>,
    webmasters: [i64; 2],
    advertisers: [i64; 2],
    goals: [i64; 2],
    offers: [i64; 2],
    link: i64,
    area: i64,
    managed: i64,
}

/// A number that looks thrown, the same in every run.
fn die(n: i64, sides: i64) -> i64 {
    (n.wrapping_mul(2_654_435_761) >> 7).rem_euclid(sides)
}

async fn network(db: &TestDb) -> Network {
    let store = &db.store;
    let [manager, w1, w2, a1, a2] = {
        let mut ids = [0; 5];
        let levels = [UserLevel::Operator, UserLevel::Webmaster, UserLevel::Webmaster];
        let levels = levels.into_iter().chain([UserLevel::Advertiser, UserLevel::Advertiser]);
        for (at, level) in levels.enumerate() {
            ids[at] = rows::person(store, level, &format!("p{at}")).await;
        }
        ids
    };
    let look_after = store.write(move |db| async move {
        let row = person::view(&db, Scope::All, w2).await?.expect("a person");
        person::update(&db, User { manager_id: Some(manager), ..row }).await
    });
    look_after.await.expect("a manager");
    let (mut offers, mut goals, mut versions) = ([0; 2], [0; 2], [0; 2]);
    for (at, advertiser_id) in [a1, a2].into_iter().enumerate() {
        let made = store.write(move |db| async move {
            let offer_id = offer::create(&db, rows::offer_row(advertiser_id)).await?;
            let goal_id = goal::create(&db, Goal { offer_id, ..rows::goal_row() }).await?;
            Ok((offer_id, goal_id, goal::version_create(&db, rows::version_row(goal_id)).await?))
        });
        (offers[at], goals[at], versions[at]) = made.await.expect("an offer");
    }
    let (area, link) = (&area_of(w1), &link_of(w1, offers[0]));
    let made = store.write(move |db| async move {
        Ok((area::create(&db, area.clone()).await?, link::create(&db, link.clone()).await?))
    });
    let (area, link) = made.await.expect("an area and a link");
    let people = ([a1, a2], [w1, w2]);
    let row = |n| {
        let row = lead_of(n, people, (offers, goals, versions));
        if row.webmaster_id == w1 && n % 4 == 0 {
            Lead { link_id: link, area_id: Some(area), ..row }
        } else {
            row
        }
    };
    let leads: Vec<Lead> = (1..=LEADS).map(row).collect();
    for chunk in leads.chunks(500) {
        let stored = store.write(move |db| async move {
            lead::create(&db, Record { new: chunk, buyers: &[], events: &[], told: &[], postings: &[] }, NOW)
                .await
        });
        stored.await.expect("leads");
    }
    Network {
        leads,
        webmasters: [w1, w2],
        advertisers: [a1, a2],
        goals,
        offers,
        link,
        area,
        managed: manager,
    }
}

/// In the letters of the other two languages too: SQLite by itself knows the case of Latin ones only.
#[db_test]
async fn words_are_found_in_any_case(test: TestDb) {
    let webmaster_id = rows::person(&test.store, UserLevel::Webmaster, "p").await;
    let area = &Area { name: "Мой сайт, tea_1%".to_owned(), ..area_of(webmaster_id) };
    let id = test.store.write(move |db| async move { area::create(&db, area.clone()).await });
    let id = id.await.expect("an area");
    for (search, is_found) in [
        ("мой", true),
        ("МОЙ", true),
        ("Мой", true),
        ("сайт", true),
        ("САЙТ", true),
        ("TEA_1%", true),
        ("tea11", false),
        ("твой", false),
    ] {
        let filter = AreaFilter { search: Some(search.to_owned()), ..AreaFilter::default() };
        let paging = Paging::first(10);
        let found = area::list(&test.store.read(), Scope::Webmaster(webmaster_id), &filter, paging).await;
        let found: Vec<i64> = found.expect("areas").rows.iter().map(|row| row.id).collect();
        assert_eq!(found.contains(&id), is_found, "{search}");
    }
}

fn area_of(webmaster_id: i64) -> Area {
    Area {
        id: 0,
        webmaster_id,
        kind: 9,
        name: "a".to_owned(),
        url: String::new(),
        status: 1,
        reason: String::new(),
        comment: String::new(),
        date_created: NOW.0,
    }
}

fn link_of(webmaster_id: i64, offer_id: i64) -> Link {
    Link {
        id: 0,
        code: "code".to_owned(),
        webmaster_id,
        offer_id,
        url_to: String::new(),
        domain_id: None,
        area_id: None,
        name: String::new(),
        name_folded: String::new(),
        subid1: String::new(),
        subid2: String::new(),
        subid3: String::new(),
        subid4: String::new(),
        subid5: String::new(),
        url_traffback: String::new(),
        referrer: 0,
        date_created: NOW.0,
        date_deleted: None,
        targeting: String::new(),
        promo_id: None,
        landing_id: None,
        prelanding_id: None,
        rotation: 1,
        routes: String::new(),
        categories: String::new(),
        exploration: None,
    }
}

/// Numbers and moments are mixed, so that no order is another one's by accident.
fn lead_of(
    n: i64,
    (advertisers, webmasters): ([i64; 2], [i64; 2]),
    (offers, goals, versions): ([i64; 2], [i64; 2], [i64; 2]),
) -> Lead {
    let side = usize::from(die(n, 10) < 3);
    let who = usize::from(die(n + 50, 10) < 4);
    let date_created = START + die(n + 99, 5 * DAY) / 60 * 60;
    let status = [0, 1, 1, 1, 2, 2, 3, 4][usize::try_from(die(n + 7, 8)).expect("small")];
    let is_closed = status != 0 && die(n + 13, 2) == 0;
    let sale_id = if n % 3 == 0 { String::new() } else { format!("s{n}") };
    Lead {
        natural_key: whocpa_domain::lead::natural_key(&sale_id, n),
        click_id: n / 2,
        otol_click_id: None,
        sale_id,
        r#type: die(n + 17, 2),
        status,
        is_closed: i64::from(is_closed),
        payout: 1_000_000 * die(n + 19, 9),
        charge: 1_500_000 * die(n + 19, 9),
        date_created,
        date_approved: (status == 1).then_some(date_created + 3600),
        date_closed: is_closed.then_some(date_created + 10 * DAY),
        link_id: -1,
        subid1: ["", "a", "b"][usize::try_from(die(n + 29, 3)).expect("small")].to_owned(),
        subid2: format!("x{}", n % 4),
        keyword: if n % 6 == 0 { "Green 100% tea".to_owned() } else { String::new() },
        country: ["TH", "US"][usize::try_from(n % 2).expect("small")].to_owned(),
        ..rows::lead_row(n, (advertisers[side], webmasters[who]), (offers[side], goals[side], versions[side]))
    }
}

type Test = Box<dyn Fn(&Lead) -> bool>;

fn case(filter: LeadFilter, test: impl Fn(&Lead) -> bool + 'static) -> (LeadFilter, Test) {
    (filter, Box::new(test))
}

fn window(from: i64, until: i64) -> Window {
    Window { from: Some(Time(from)), until: Some(Time(until)) }
}

fn cases(net: &Network) -> Vec<(LeadFilter, Test)> {
    let all = LeadFilter::default;
    let (offer, goal, webmaster, advertiser) =
        (net.offers[1], net.goals[0], net.webmasters[0], net.advertisers[1]);
    let rejected = vec![LeadStatus::Rejected, LeadStatus::Spam];
    let (noon, later) = (START + DAY / 2, START + 3 * DAY + 7);
    let mut list = vec![
        case(all(), |_| true),
        case(LeadFilter { ids: Some(vec![5, 900, 7]), ..all() }, |row| [5, 900, 7].contains(&row.id)),
        case(LeadFilter { click_ids: Some(vec![450, 3]), ..all() }, |row| [450, 3].contains(&row.click_id)),
        case(LeadFilter { sale_ids: Some(vec!["s4".into(), String::new()]), ..all() }, |row| {
            row.sale_id == "s4"
        }),
        case(LeadFilter { offer_ids: Some(vec![offer]), ..all() }, move |row| row.offer_id == offer),
        case(LeadFilter { goal_ids: Some(vec![goal, -1]), ..all() }, move |row| row.goal_id == goal),
        case(LeadFilter { status: Some(rejected), ..all() }, |row| [2, 3].contains(&row.status)),
        case(LeadFilter { closed: Some(true), ..all() }, |row| row.is_closed == 1),
        case(LeadFilter { closed: Some(false), offer_ids: Some(vec![offer]), ..all() }, move |row| {
            row.is_closed == 0 && row.offer_id == offer
        }),
        case(LeadFilter { types: Some(vec![LeadType::Sale]), ..all() }, |row| row.r#type == 1),
        case(LeadFilter { webmaster_ids: Some(vec![webmaster]), ..all() }, move |row| {
            row.webmaster_id == webmaster
        }),
        case(LeadFilter { advertiser_ids: Some(vec![advertiser]), ..all() }, move |row| {
            row.advertiser_id == advertiser
        }),
        case(LeadFilter { currency_ids: Some(vec![1]), ..all() }, |_| false),
        case(LeadFilter { created: window(START + DAY, START + 3 * DAY), ..all() }, |row| {
            (START + DAY..START + 3 * DAY).contains(&row.date_created)
        }),
        case(LeadFilter { created: window(noon, later), ..all() }, move |row| {
            (noon..later).contains(&row.date_created)
        }),
        case(
            LeadFilter {
                created: window(noon, noon + 3600),
                status: Some(vec![LeadStatus::Approved]),
                ..all()
            },
            move |row| (noon..noon + 3600).contains(&row.date_created) && row.status == 1,
        ),
        case(LeadFilter { created: window(-5 * DAY, -1), ..all() }, |_| false),
        case(LeadFilter { created: Window { from: Some(Time(noon)), until: None }, ..all() }, move |row| {
            row.date_created >= noon
        }),
        case(LeadFilter { created: Window { from: None, until: Some(Time(later)) }, ..all() }, move |row| {
            row.date_created < later
        }),
        case(LeadFilter { approved: window(noon, later), ..all() }, move |row| {
            row.date_approved.is_some_and(|at| (noon..later).contains(&at))
        }),
        case(LeadFilter { closed_at: window(noon + 10 * DAY, later + 10 * DAY), ..all() }, move |row| {
            row.date_closed.is_some_and(|at| (noon + 10 * DAY..later + 10 * DAY).contains(&at))
        }),
    ];
    let (link, area) = (net.link, net.area);
    list.push(case(LeadFilter { link_ids: Some(vec![link]), ..all() }, move |row| row.link_id == link));
    list.push(case(LeadFilter { area_ids: Some(vec![area, -5]), ..all() }, move |row| {
        row.area_id == Some(area)
    }));
    list.extend(more_cases());
    list
}

fn more_cases() -> Vec<(LeadFilter, Test)> {
    let all = LeadFilter::default;
    let label = |at: usize, text: &str| {
        let mut subids: [Option<Vec<String>>; 5] = Default::default();
        subids[at] = Some(vec![text.to_owned()]);
        LeadFilter { subids, ..all() }
    };
    let worth = |row: &Lead| if row.status < 2 { row.charge } else { 0 };
    vec![
        case(LeadFilter { countries: Some(vec!["US".into()]), ..all() }, |row| row.country == "US"),
        case(label(0, "a"), |row| row.subid1 == "a"),
        case(label(0, ""), |row| row.subid1.is_empty()),
        case(label(1, "x3"), |row| row.subid2 == "x3"),
        case(label(4, "x"), |_| false),
        case(LeadFilter { keyword: Some("green 100%".into()), ..all() }, |row| !row.keyword.is_empty()),
        case(LeadFilter { money_from: Some(1_500_000), money_to: Some(4_500_000), ..all() }, move |row| {
            (1_500_000..=4_500_000).contains(&worth(row))
        }),
    ]
}

fn sees(scope: Scope, row: &Lead, net: &Network) -> bool {
    match scope {
        Scope::All => true,
        Scope::Webmaster(id) => row.webmaster_id == id,
        Scope::Advertiser(id) => row.advertiser_id == id,
        Scope::Manager(id) => id == net.managed && row.webmaster_id == net.webmasters[1],
        Scope::Public => false,
    }
}

/// All pages of a list, one after the other; each tells the same number.
async fn pages(
    db: &TestDb,
    scope: Scope,
    filter: &LeadFilter,
    order: Sort<LeadSort>,
    expected: usize,
) -> Vec<i64> {
    let mut ids = Vec::new();
    for page in 1.. {
        let paging = Paging::new(Page::number(page), PerPage(100));
        let found = lead::list(&db.store.read(), scope, filter, order, paging).await;
        let found = found.unwrap_or_else(|error| panic!("{scope:?} {filter:?} {order:?} {page}: {error:?}"));
        let total = usize::try_from(found.total_count).expect("a number");
        assert_eq!(total, expected, "{scope:?} {filter:?} {order:?} page {page}");
        if found.rows.is_empty() {
            break;
        }
        ids.extend(found.rows.iter().map(|row| row.id));
    }
    ids
}

fn sorted(mut rows: Vec<&Lead>, order: Sort<LeadSort>, scope: Scope) -> Vec<i64> {
    let worth = |row: &Lead| match (row.status < 2, scope) {
        (false, _) => 0,
        (true, Scope::Webmaster(_)) => row.payout,
        (true, _) => row.charge,
    };
    rows.sort_by_key(|row| match order.key {
        LeadSort::Id => (row.id, 0),
        LeadSort::Created => (row.date_created, row.id),
        LeadSort::Closed => (row.date_closed.unwrap_or_default(), row.id),
        LeadSort::DecideUntil => (row.date_decide_until.unwrap_or_default(), row.id),
        LeadSort::Money => (worth(row), row.id),
    });
    if order.is_descending {
        rows.reverse();
    }
    rows.iter().map(|row| row.id).collect()
}

fn order(by: LeadSort, is_descending: bool) -> Sort<LeadSort> {
    Sort { key: by, is_descending }
}

#[db_test]
async fn every_filter_finds_what_a_plain_look_finds(db: TestDb) {
    let net = network(&db).await;
    let mut scopes = vec![Scope::All, Scope::Public, Scope::Manager(net.managed)];
    scopes.extend(net.webmasters.map(Scope::Webmaster));
    scopes.extend(net.advertisers.map(Scope::Advertiser));
    for (round, (filter, test)) in cases(&net).into_iter().enumerate() {
        if round % 3 == 2 {
            // Between questions the job moves a part of the numbers: no answer may change by it.
            db.store.write(|db| async move { lead_count::fold(&db, 150).await }).await.expect("fold");
        }
        for scope in &scopes {
            let wanted: Vec<&Lead> =
                net.leads.iter().filter(|row| sees(*scope, row, &net) && test(row)).collect();
            if filter.money_from.is_some() && matches!(scope, Scope::Webmaster(_)) {
                continue;
            }
            let expected = sorted(wanted, NEWEST_FIRST, *scope);
            let found = pages(&db, *scope, &filter, NEWEST_FIRST, expected.len()).await;
            assert!(found == expected, "{scope:?} {filter:?}");
        }
    }
}

#[db_test]
async fn every_order_has_all_pages(db: TestDb) {
    let net = network(&db).await;
    let closed = LeadFilter { closed: Some(true), ..LeadFilter::default() };
    let cut = LeadFilter { created: window(START + 100, START + 5 * DAY - 100), ..LeadFilter::default() };
    let days = LeadFilter { created: window(START, START + 4 * DAY), ..LeadFilter::default() };
    let all = LeadFilter::default();
    for scope in [Scope::All, Scope::Webmaster(net.webmasters[1]), Scope::Advertiser(net.advertisers[0])] {
        for (filter, by) in [
            (&all, LeadSort::Id),
            (&all, LeadSort::Created),
            (&cut, LeadSort::Created),
            (&days, LeadSort::Created),
            (&all, LeadSort::Money),
            (&closed, LeadSort::Closed),
        ] {
            for is_descending in [true, false] {
                let order = order(by, is_descending);
                let is_inside = |row: &&Lead| {
                    let at = Time(row.date_created);
                    filter.created.from.is_none_or(|from| at >= from)
                        && filter.created.until.is_none_or(|until| at < until)
                        && (filter.closed.is_none() || row.is_closed == 1)
                        && sees(scope, row, &net)
                };
                let expected = sorted(net.leads.iter().filter(is_inside).collect(), order, scope);
                let found = pages(&db, scope, filter, order, expected.len()).await;
                assert!(found == expected, "{scope:?} {filter:?} {order:?}");
            }
        }
    }
}

/// What the counters say and what counting says, by every dimension.
async fn differences(direct: &Direct) -> i64 {
    let cells = "advertiser_id, offer_id, goal_id, currency_id, status, is_closed";
    let mut wrong = 0;
    for (webmaster, day, in_lead, of_family) in [
        ("webmaster_id", "-1", "webmaster_id", "webmaster_id > 0 AND day = -1"),
        ("0", "day", "date_created / 86400", "webmaster_id = 0 AND day >= 0"),
        ("0", "-1", "0", "webmaster_id = -1 AND day = -1"),
    ] {
        let key = if webmaster == "0" { if day == "-1" { "0" } else { day } } else { webmaster };
        let told = format!(
            "SELECT {key} AS k, {cells}, SUM(count) AS n FROM (SELECT webmaster_id, day, {cells}, count FROM lead_count \
             WHERE {of_family} UNION ALL SELECT webmaster_id, day, {cells}, count FROM lead_count_change) AS t \
             GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING SUM(count) <> 0"
        );
        let counted =
            format!("SELECT {in_lead} AS k, {cells}, COUNT(*) AS n FROM lead GROUP BY 1, 2, 3, 4, 5, 6, 7");
        for (one, other) in [(&told, &counted), (&counted, &told)] {
            let sql = format!(
                "SELECT COUNT(*) FROM (SELECT * FROM ({one}) AS a EXCEPT SELECT * FROM ({other}) AS b) AS c"
            );
            wrong += direct.number(&sql).await;
        }
    }
    wrong
}

#[db_test]
async fn the_numbers_follow_every_change(db: TestDb) {
    let net = network(&db).await;
    let direct = Direct::open(&db.config).await;
    assert_eq!(differences(&direct).await, 0, "after creation");
    for round in 0..6 {
        let changed = net.leads.iter().filter(|row| die(row.id + round, 40) == 0).map(|row| {
            let status = die(row.id + round, 5);
            Lead { status, is_closed: i64::from(round % 2 == 0), ..row.clone() }
        });
        let changed: &Vec<Lead> = &changed.collect();
        let write = db.store.write(move |db| async move {
            for row in changed {
                lead::update(&db, row.clone(), row.event_count).await?;
            }
            Ok(())
        });
        let fold = db.store.write(|db| async move { lead_count::fold(&db, 700).await });
        // A writer and the job at once.
        let (written, folded) = tokio::join!(write, fold);
        written.expect("write");
        folded.expect("fold");
        assert_eq!(differences(&direct).await, 0, "round {round}");
    }
    while db.store.write(|db| async move { lead_count::fold(&db, 700).await }).await.expect("fold") > 0 {}
    assert_eq!(direct.number("SELECT COUNT(*) FROM lead_count_change").await, 0);
    assert_eq!(direct.number("SELECT COUNT(*) FROM lead_count WHERE count <= 0").await, 0);
    assert_eq!(differences(&direct).await, 0, "folded");
    // A transaction that fails leaves no number behind.
    let row = &Lead { id: LEADS + 1, natural_key: "other".to_owned(), ..net.leads[0].clone() };
    let failed = db.store.write(move |db| async move {
        let record =
            Record { new: std::slice::from_ref(row), buyers: &[], events: &[], told: &[], postings: &[] };
        lead::create(&db, record, NOW).await?;
        Err::<(), Error>(Error::NotFound)
    });
    assert!(matches!(failed.await, Err(Error::NotFound)));
    assert_eq!(differences(&direct).await, 0, "rolled back");
}
