//! Reports as each side reads them: whose numbers, which money, in which zone, compared with what.

use std::net::IpAddr;
use std::time::Duration;

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_engine::stat::{StatMeasures, StatPage};
use whocpa_store::testing::TestDb;

use crate::world::{World, branch, person, read, refusal};

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
const ROBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/// Six visits of people and one robot to one offer, and three leads: approved, rejected, pending.
struct Net {
    world: World,
    offer_id: i64,
    goal_id: i64,
    leads: Vec<i64>,
}

async fn net(test: TestDb) -> Net {
    let world = World::new(test).await;
    let geo = branch(&world.engine.geo_list(world.operator).await.expect("regions"))[1];
    let url = "https://shop.example/?t={tid}";
    let offer_id = world.offer(geo, OfferStatus::Live, &[("url_redirect", url)]).await;
    let goal_id = world.goal(offer_id, "10").await;
    world.connect(offer_id).await;
    let offer = offer_id.to_string();
    let link =
        world.engine.link_create(world.webmaster, read(&[("offer_id", &offer)])).await.expect("a link");
    let code = world.engine.link_view(world.webmaster, link).await.expect("the link").code;
    world.clock.advance(3600);
    world.engine.catalogue_refresh().await.expect("refresh");
    let mut tids = Vec::new();
    for (at, query) in ["subid1=a", "subid1=a", "subid1=b", "", "subid1=a", ""].into_iter().enumerate() {
        let ip = IpAddr::from([8, 8, 8, u8::try_from(at).expect("few")]);
        tids.push(world.engine.click_track(Visit { ip, ua: PHONE, query, ..Visit::to(&code) }).await.tid);
    }
    let ip = IpAddr::from([8, 8, 8, 8]);
    world.engine.click_track(Visit { ip, ua: ROBOT, ..Visit::to(&code) }).await;
    let mut net = Net { world, offer_id, goal_id, leads: Vec::new() };
    for _ in 0..500 {
        let page = net.report(net.world.operator, &[]).await;
        if (page.beside.totals.clicks, page.beside.totals.bots) == (Some(6), Some(1)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for (tid, status) in tids.iter().zip([LeadStatus::Approved, LeadStatus::Rejected, LeadStatus::Pending]) {
        net.world.clock.advance(60);
        let conversion = Conversion {
            advertiser_id: net.world.advertiser.user_id,
            tid: tid.clone(),
            goal_id: Some(goal_id),
            sale_id: tid.clone(),
            amount: None,
            status: LeadStatus::Pending,
            comment: String::new(),
            ..Conversion::default()
        };
        let verdict = net.world.engine.lead_receive(conversion).await.expect("a verdict");
        let Verdict::Accepted { lead_id, .. } = verdict else { panic!("not accepted: {verdict:?}") };
        net.leads.push(lead_id);
        net.world.clock.advance(3600);
        if status != LeadStatus::Pending {
            let code = status.code().to_string();
            let mut form = vec![("status", code.as_str())];
            form.extend((status == LeadStatus::Rejected).then_some(("reason", "20")));
            let done = net.world.engine.lead_update(net.world.advertiser, lead_id, read(&form)).await;
            done.expect("decide");
        }
    }
    net
}

impl Net {
    async fn report(&self, caller: Caller, pairs: &[(&str, &str)]) -> StatPage {
        self.world.engine.stat_list(caller, read(pairs)).await.expect("a report")
    }
}

/// Clicks, uniques, bots; leads, pending, approved on hold, rejected on hold.
fn numbers(of: &StatMeasures) -> [i64; 7] {
    [
        of.clicks,
        of.uniques,
        of.bots,
        of.leads,
        of.leads_pending,
        of.leads_approved_hold,
        of.leads_rejected_hold,
    ]
    .map(|number| number.unwrap_or(-1))
}

#[db_test]
async fn each_side_reads_its_own_money(test: TestDb) {
    let net = net(test).await;
    let World { webmaster, advertiser, operator, rival, .. } = net.world;
    let statuses = net.report(operator, &[("group", "status")]).await;
    let shown: Vec<_> = statuses.rows.rows.iter().map(|row| row.group[0].value.as_str()).collect();
    assert_eq!(shown, ["0", "1", "2"], "one lead of each");
    assert_eq!(statuses.beside.totals.clicks, None, "clicks have no status");
    for (caller, money, others) in
        [(webmaster, "10.00", false), (advertiser, "10.00", false), (operator, "10.00", true)]
    {
        let page = net.report(caller, &[("group", "offer")]).await;
        let totals = &page.beside.totals;
        assert_eq!(numbers(totals), [6, 6, 1, 3, 1, 1, 1], "{caller:?}");
        assert_eq!(page.rows.rows.len(), 1, "one offer");
        let [row] = totals.money.as_slice() else { panic!("one currency") };
        assert_eq!(row.payout.is_some() && row.margin.is_some(), others);
        let own = row.money.approved_hold.to_string();
        assert_eq!(
            own == money,
            caller.level != webmaster.level,
            "{own}: the webmaster earns less than is paid"
        );
        assert_eq!(totals.cr.map(|cr| cr.to_string()).as_deref(), Some("50.00"));
        assert_eq!(totals.approve_rate.map(|rate| rate.to_string()).as_deref(), Some("50.00"));
        assert_eq!(totals.average_hold.map(|hold| hold.to_string()).as_deref(), Some("10.00"));
    }
    assert_eq!(numbers(&net.report(rival, &[]).await.beside.totals), [0; 7]);
    let stranger = person(&net.world.test, UserLevel::Webmaster, "stranger").await;
    assert_eq!(numbers(&net.report(stranger, &[]).await.beside.totals), [0; 7]);
    let nobody = net.world.engine.stat_list(Caller::GUEST, read(&[])).await;
    assert!(matches!(nobody, Err(Error::Unauthorized)));
}

#[db_test]
async fn nobody_asks_for_the_other_side(test: TestDb) {
    let net = net(test).await;
    let World { webmaster, advertiser, operator, .. } = net.world;
    for (caller, dimensions) in [
        (webmaster, vec!["advertiser", "webmaster", "manager"]),
        (
            advertiser,
            vec!["area", "link", "deeplink", "subid1", "subid5", "keyword", "manager", "advertiser"],
        ),
    ] {
        for dimension in dimensions {
            let asked = net.world.engine.stat_list(caller, read(&[("group", dimension)])).await;
            assert!(refusal(asked)[0].contains("may use this"), "{dimension}");
            let filter = if dimension.starts_with("subid") || dimension == "keyword" {
                dimension.to_owned()
            } else {
                format!("{dimension}_id")
            };
            for name in [filter.clone(), format!("{filter}_not")] {
                let asked = net.world.engine.stat_list(caller, read(&[(name.as_str(), "1")])).await;
                assert!(refusal(asked)[0].starts_with(&name), "{name}");
            }
            let asked = net.world.engine.stat_list(caller, read(&[("none", dimension)])).await;
            assert!(refusal(asked)[0].starts_with("none"), "{dimension}");
            net.report(operator, &[("group", dimension)]).await;
        }
    }
    for (pairs, name) in [
        (vec![("group", "day,offer,goal,link,country")], "group"),
        (vec![("group", "goal,click_reason")], "group"),
        (vec![("from", "2023-11-15"), ("to", "2023-11-14")], "to"),
        (vec![("from", "2003-11-15")], "from"),
        (vec![("sort", "-money")], "currency_id"),
        (vec![("sort", "offer")], "sort"),
        (vec![("as_of", "2099-01-01")], "as_of"),
        (vec![("group", "week"), ("compare", "1"), ("from", "2023-11-13"), ("to", "2023-11-14")], "compare"),
    ] {
        let asked = net.world.engine.stat_list(operator, read(&pairs)).await;
        assert!(refusal(asked)[0].starts_with(name), "{pairs:?}");
    }
}

#[db_test]
async fn rows_are_grouped_sorted_and_cut(test: TestDb) {
    let net = net(test).await;
    let webmaster = net.world.webmaster;
    let page = net.report(webmaster, &[("group", "subid1,offer"), ("sort", "-clicks")]).await;
    let shown: Vec<_> = page
        .rows
        .rows
        .iter()
        .map(|row| {
            (row.group[0].value.as_str(), row.group[1].name.as_str(), row.measures.clicks.unwrap_or(0))
        })
        .collect();
    assert_eq!(shown, [("a", "Tea", 3), ("", "Tea", 2), ("b", "Tea", 1)]);
    assert_eq!(page.beside.plan.len(), 2, "{:?}", page.beside.plan);
    let page = net.report(webmaster, &[("group", "subid1"), ("none", "subid1")]).await;
    assert_eq!((page.rows.total_count, page.beside.totals.clicks), (1, Some(2)));
    let page =
        net.report(webmaster, &[("group", "subid1"), ("subid1_not", "a"), ("none_not", "subid1")]).await;
    assert_eq!((page.rows.total_count, page.beside.totals.clicks), (1, Some(1)));
    let page = net.report(webmaster, &[("group", "device,os,browser,country"), ("device", "2")]).await;
    let values: Vec<_> = page.rows.rows[0].group.iter().map(|key| key.value.as_str()).collect();
    assert_eq!(values, ["2", "iOS", "Safari", "US"]);
    assert_eq!(page.rows.rows[0].group[0].name, "phone");
    assert_eq!(numbers(&page.beside.totals), [6, 6, 0, 3, 1, 1, 1], "leads know the device of their click");
    let goal = net.report(webmaster, &[("group", "goal")]).await;
    assert_eq!(goal.rows.rows[0].group[0].value, net.goal_id.to_string());
    let offer = net.offer_id.to_string();
    let none = net.report(webmaster, &[("offer_id_not", &offer)]).await;
    assert_eq!(numbers(&none.beside.totals), [0; 7]);
}

#[db_test]
async fn a_report_is_made_as_of_any_moment(test: TestDb) {
    let net = net(test).await;
    let webmaster = net.world.webmaster;
    let now = net.world.engine.now();
    let then = |hours: i64| now.plus(-hours * 3600 - 30).to_string();
    let mut seen = Vec::new();
    for hours in [4, 2, 1, 0] {
        let page = net.report(webmaster, &[("as_of", &then(hours))]).await;
        seen.push(numbers(&page.beside.totals)[3..].to_vec());
        assert_eq!(page.beside.as_of.map(|at| at.to_string()), Some(then(hours)));
    }
    assert_eq!(seen[0], [0, 0, 0, 0], "nothing was reported yet");
    assert_eq!(seen[3], [3, 1, 1, 1]);
    assert!(seen.windows(2).all(|pair| pair[0][0] <= pair[1][0]), "{seen:?}");
    // They came at 23:13 UTC of 2023-11-14: in Kathmandu it is the next day already, in New York it is not.
    for (zone, day) in [("Asia/Kathmandu", "2023-11-15"), ("America/New_York", "2023-11-14")] {
        let page = net.report(webmaster, &[("tz", zone), ("to", "2023-11-15")]).await;
        assert_eq!((page.beside.tz.as_str(), page.rows.rows[0].group[0].value.as_str()), (zone, day));
    }
    let page = net.report(webmaster, &[("from", "2023-11-14"), ("to", "2023-11-14"), ("compare", "1")]).await;
    assert_eq!(page.beside.totals_before.as_ref().map(|before| before.clicks), Some(Some(0)));
    assert_eq!(page.beside.before_from.map(|at| at.to_string()).as_deref(), Some("2023-11-13T00:00:00Z"));
    let next = [("from", "2023-11-15"), ("to", "2023-11-15"), ("compare", "1"), ("group", "country")];
    let page = net.report(webmaster, &next).await;
    let [row] = page.rows.rows.as_slice() else { panic!("a row that had something only before") };
    assert_eq!((row.group[0].value.as_str(), row.measures.clicks), ("US", Some(0)));
    assert_eq!(row.before.as_ref().and_then(|before| before.clicks), Some(6));
}

/// What the lists count for a row's number.
async fn behind(net: &Net, caller: Caller, cell: &str, measure: &str) -> i64 {
    let pairs = [("cell", cell), ("measure", measure)];
    let is_clicks = ["clicks", "uniques", "bots", "unsent"].contains(&measure);
    if is_clicks {
        net.world.engine.click_list(caller, read(&pairs)).await.expect("clicks").total_count
    } else {
        net.world.engine.lead_list(caller, read(&pairs)).await.expect("leads").total_count
    }
}

#[db_test]
async fn the_rows_behind_a_number_are_as_many(test: TestDb) {
    let net = net(test).await;
    let as_of = net.world.engine.now().plus(-3700).to_string();
    let mut compared = 0;
    for caller in [net.world.webmaster, net.world.advertiser, net.world.operator] {
        for pairs in [
            vec![("group", "day,offer"), ("tz", "Asia/Kathmandu")],
            vec![("group", "subid1"), ("country", "US")],
            vec![("group", "hour,device,os"), ("none_not", "browser")],
            vec![("group", "webmaster,weekday")],
            vec![("group", "advertiser,manager,link")],
            vec![("group", "status,goal,currency")],
            vec![("group", "status"), ("as_of", as_of.as_str())],
            vec![("group", "click_reason")],
        ] {
            let Ok(page) = net.world.engine.stat_list(caller, read(&pairs)).await else { continue };
            for row in &page.rows.rows {
                let of = &row.measures;
                for (measure, number) in [
                    ("clicks", of.clicks),
                    ("uniques", of.uniques),
                    ("bots", of.bots),
                    ("unsent", of.unsent),
                    ("leads", of.leads),
                    ("leads_quality", of.leads_quality),
                    ("leads_pending", of.leads_pending),
                    ("leads_approved_hold", of.leads_approved_hold),
                    ("leads_rejected_hold", of.leads_rejected_hold),
                    ("leads_spam", of.leads_spam),
                ] {
                    let is_advertiser = caller.level == net.world.advertiser.level;
                    let Some(number) = number.filter(|_| !is_advertiser || measure.starts_with("leads"))
                    else {
                        continue;
                    };
                    assert_eq!(
                        behind(&net, caller, &row.cell, measure).await,
                        number,
                        "{measure} of {}",
                        row.cell
                    );
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 150, "only {compared} numbers were compared");
}

#[db_test]
async fn a_cell_is_read_strictly(test: TestDb) {
    let net = net(test).await;
    let page = net.report(net.world.operator, &[("group", "webmaster")]).await;
    let cell = page.rows.rows[0].cell.as_str();
    let stranger = person(&net.world.test, UserLevel::Webmaster, "stranger").await;
    for (caller, cell) in [
        (net.world.webmaster, cell),
        (net.world.operator, "from=1&until=0"),
        (net.world.operator, "from=1"),
        (net.world.operator, "from=1&until=2&tz=Mars/Olympus"),
        (net.world.operator, "from=1&until=2&offer=x"),
        (net.world.operator, "from=1&until=2&moon=1"),
        (net.world.operator, "from=1&until=99999999999999"),
    ] {
        let asked = net.world.engine.click_list(caller, read(&[("cell", cell)])).await;
        assert!(refusal(asked)[0].starts_with("cell"), "{cell}");
    }
    let own = net.report(net.world.webmaster, &[("group", "offer")]).await;
    let cell = own.rows.rows[0].cell.as_str();
    assert_eq!(behind(&net, stranger, cell, "clicks").await, 0, "another's clicks are not seen by his cell");
    assert_eq!(behind(&net, stranger, cell, "leads").await, 0);
    let asked = net.world.engine.click_list(stranger, read(&[("cell", cell), ("measure", "leads")])).await;
    assert!(refusal(asked)[0].starts_with("measure"));
    let asked = net.world.engine.lead_list(stranger, read(&[("measure", "leads")])).await;
    assert!(refusal(asked)[0].starts_with("measure"));
}

#[db_test]
async fn old_clicks_go_and_their_sums_stay(test: TestDb) {
    let net = net(test).await;
    assert_eq!(net.world.engine.clicks_forget().await.expect("nothing is old"), 0);
    net.world.clock.advance(402 * 86_400);
    assert_eq!(net.world.engine.clicks_forget().await.expect("forget"), 7);
    assert_eq!(net.world.engine.clicks_forget().await.expect("nothing is left"), 0);
    let then = [("from", "2023-11-01"), ("to", "2023-11-30")];
    for (group, zone) in
        [("day", "UTC"), ("day,offer", "UTC"), ("day", "Asia/Kathmandu"), ("country,device", "Europe/Kyiv")]
    {
        let pairs = [then[0], then[1], ("group", group), ("tz", zone)];
        let page = net.report(net.world.operator, &pairs).await;
        assert_eq!((page.beside.totals.clicks, page.beside.totals.bots), (Some(6), Some(1)), "{pairs:?}");
    }
    let pairs = [then[0], then[1], ("group", "subid1")];
    let asked = net.world.engine.stat_list(net.world.operator, read(&pairs)).await;
    assert!(refusal(asked)[0].starts_with("from: Clicks before 2023-11-17"), "labels are in no sums");
    net.report(net.world.operator, &[("group", "subid1")]).await;
}
