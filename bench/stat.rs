//! The measuring part of `bench/stat`: clicks are stored as the drainer stores them, then questions are asked.
//!
//! `stat fill <folder> <clicks> [url]`, `stat ask <folder> <times> [url]`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on must stop and tell"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use whocpa_domain::click::Click;
use whocpa_domain::stat::{Calendar, Dimension, Key};
use whocpa_domain::tid::click_id;
use whocpa_domain::time::DAY;
use whocpa_domain::{Scope, Time};
use whocpa_store::click::ClickMark;
use whocpa_store::stats::StatQuery;
use whocpa_store::{Store, StoreConfig};

/// 2024-09-01: clocks go back within the 90 days that follow.
const START: i64 = 1_725_148_800;
const DAYS: i64 = 90;
const WEBMASTERS: i64 = 1_000;
const OFFERS: i64 = 500;
const LABELS: i64 = 3_000;
const COUNTRIES: [&str; 20] = [
    "UA", "US", "IN", "TH", "MX", "PH", "ID", "DE", "PL", "BR", "VN", "KZ", "TR", "IT", "ES", "FR", "RO",
    "CZ", "CO", "PE",
];
const AGENT: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36";
/// Clicks of one transaction, as the drainer takes them.
const BATCH: i64 = 512;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["fill", folder, clicks, url @ ..] => {
            fill(&open(folder, url).await, clicks.parse().expect("a number")).await;
        }
        ["ask", folder, times, url @ ..] => {
            ask(&open(folder, url).await, times.parse().expect("a number")).await;
        }
        _ => println!("see bench/stat"),
    }
}

async fn open(folder: &str, url: &[&str]) -> Store {
    let config = StoreConfig {
        data_dir: PathBuf::from(folder),
        database_url: url.first().map(|url| (*url).to_owned()),
        connections: 4,
    };
    let store = Store::connect(&config).await.expect("connect");
    store.migrate(Time(START)).await.expect("migrate");
    store
}

/// A number that looks thrown, the same in every run.
fn die(n: i64, salt: i64, sides: i64) -> i64 {
    let mixed = (n + salt * 0x9E37_79B9).wrapping_mul(0x5851_F42D_4C95_7F2D_i64);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0x2545_F491_4F6C_DD1D) >> 20).rem_euclid(sides)
}

/// Webmaster 1 has a tenth of all, webmaster 2 half a percent, the others are skewed.
fn webmaster(n: i64) -> i64 {
    match die(n, 1, 1_000) {
        0..100 => 1,
        100..105 => 2,
        _ => {
            let thrown = die(n, 2, 1_000);
            3 + thrown * thrown / 1_000 * thrown / 1_000 * (WEBMASTERS - 3) / 1_000
        }
    }
}

fn click(n: i64, clicks: i64) -> Click {
    let webmaster_id = webmaster(n);
    // Twenty offers of each webmaster, each for up to four countries.
    let offer_id = 1 + (webmaster_id * 37 + die(n, 3, 20) * 11) % OFFERS;
    let country = COUNTRIES[usize::try_from((offer_id + die(n, 4, 4)) % 20).expect("small")];
    let at = START * 1000 + n * (DAYS * DAY * 1000 / clicks);
    Click {
        id: click_id(at, 1, n),
        link_id: webmaster_id * 20 + die(n, 3, 20),
        offer_id,
        webmaster_id,
        area_id: webmaster_id,
        reason: if die(n, 5, 20) == 0 { 6 } else { 0 },
        code: format!("c{webmaster_id}x{}", die(n, 3, 20)),
        ip: format!("10.{}.{}.{}", die(n, 6, 256), die(n, 7, 256), die(n, 8, 256)),
        country: country.to_owned(),
        ua: AGENT.to_owned(),
        language: "en".to_owned(),
        referer: "https://news.example/".to_owned(),
        subid: [
            format!("campaign-{}", die(n, 9, LABELS)),
            format!("banner-{}", die(n, 10, 50)),
            String::new(),
            String::new(),
            String::new(),
        ],
        query: format!("subid1=campaign-{}&subid2=banner-{}", die(n, 9, LABELS), die(n, 10, 50)),
        cookie_ttl_days: 30,
        device: [2, 2, 2, 1, 3][usize::try_from(die(n, 11, 5)).expect("small")],
        os: ["Android", "Android", "iOS", "Windows"][usize::try_from(die(n, 12, 4)).expect("small")]
            .to_owned(),
        os_version: "10".to_owned(),
        browser: "Chrome".to_owned(),
        browser_version: "126.0.0.0".to_owned(),
        bot_mark: i64::from(die(n, 13, 12) == 0),
        is_unique: die(n, 14, 4) > 0,
        trace: format!("1+{};2+{offer_id};3+", webmaster_id * 20),
        ..Click::default()
    }
}

async fn fill(store: &Store, clicks: i64) {
    let begin = Instant::now();
    let (mut made, mut stored) = (0, Duration::ZERO);
    while made < clicks {
        let until = (made + BATCH).min(clicks);
        let batch: Vec<Click> = (made..until).map(|n| click(n, clicks)).collect();
        let write = Instant::now();
        store.click_write("bench", ClickMark { segment: 1, place: until }, &batch).await.expect("store");
        stored += write.elapsed();
        made = until;
        if made % 1_000_000 < BATCH {
            println!("{made} clicks in {:.0?}, stored in {stored:.0?}", begin.elapsed());
        }
    }
    println!("{clicks} clicks in {:.0?}, stored in {stored:.0?}", begin.elapsed());
}

/// Name, zone, days, scope, group, offer.
type Question = (&'static str, &'static str, i64, Scope, &'static [Dimension], Option<i64>);

fn questions() -> Vec<Question> {
    use Dimension::{Browser, Country, Day, Device, Hour, Offer, Subid1, Webmaster};
    let (large, usual) = (Scope::Webmaster(1), Scope::Webmaster(2));
    let offer = Some(1 + 2 * 37 % OFFERS);
    let of_large = Some(1 + 37 % OFFERS);
    vec![
        ("0.5 %: by day", "Europe/Kyiv", 30, usual, &[Day], None),
        ("0.5 %: by day, UTC", "UTC", 30, usual, &[Day], None),
        ("0.5 %: by hour", "Asia/Kathmandu", 30, usual, &[Hour], None),
        ("0.5 %: by offer", "Europe/Kyiv", 30, usual, &[Offer], None),
        ("0.5 %: by subid1 of one offer", "Europe/Kyiv", 30, usual, &[Subid1], offer),
        ("0.5 %: by subid1", "Europe/Kyiv", 30, usual, &[Subid1], None),
        ("0.5 %: by country", "Europe/Kyiv", 30, usual, &[Country], None),
        ("10 %: by day", "Europe/Kyiv", 30, large, &[Day], None),
        ("10 %: by offer", "Europe/Kyiv", 30, large, &[Offer], None),
        ("10 %: by day and offer", "Europe/Kyiv", 30, large, &[Day, Offer], None),
        ("10 %: by subid1 of one offer", "Europe/Kyiv", 30, large, &[Subid1], of_large),
        ("10 %: by subid1", "Europe/Kyiv", 30, large, &[Subid1], None),
        ("network: country x device", "Europe/Kyiv", 30, Scope::All, &[Country, Device], None),
        ("network: by day", "Europe/Kyiv", 30, Scope::All, &[Day], None),
        ("network: by offer", "Europe/Kyiv", 30, Scope::All, &[Offer], None),
        ("network: by webmaster", "Europe/Kyiv", 30, Scope::All, &[Webmaster], None),
        ("network: by day, 90 days", "Europe/Kyiv", 90, Scope::All, &[Day], None),
        ("network: by browser, one day", "Europe/Kyiv", 1, Scope::All, &[Browser], None),
        ("one offer: by day", "Europe/Kyiv", 30, Scope::All, &[Day], offer),
        ("one offer: by country", "Europe/Kyiv", 30, Scope::All, &[Country], offer),
    ]
}

async fn ask(store: &Store, times: usize) {
    println!(
        "| question | rows | first ms | p50 ms | p99 ms | read |\n| --- | ---: | ---: | ---: | ---: | --- |"
    );
    for (name, zone, days, scope, group, offer) in questions() {
        let calendar = Calendar::new(zone).expect("a zone");
        let until = calendar.begin(calendar.date(Time(START + (DAYS - 1) * DAY)));
        let from = calendar.later(until, -days, 0);
        let only = offer.map(|offer| (Dimension::Offer, vec![Key::Number(offer)]));
        let query = StatQuery {
            period: calendar.period(from, until),
            group: group.to_vec(),
            only: BTreeMap::from_iter(only),
            not: BTreeMap::new(),
            as_of: None,
        };
        let mut taken = Vec::new();
        let (mut rows, mut plan) = (0, Vec::new());
        for _ in 0..=times {
            let begin = Instant::now();
            let report = store.stat_report(scope, &query).await.expect("a report");
            taken.push(begin.elapsed());
            (rows, plan) = (report.rows.len(), report.plan);
        }
        let first = taken.remove(0);
        taken.sort_unstable();
        let at = |part: usize| milliseconds(taken[(taken.len() * part / 100).min(taken.len() - 1)]);
        let read: Vec<&str> = plan.iter().filter_map(|part| part.rsplit(' ').next()).collect();
        println!(
            "| {name} | {rows} | {} | {} | {} | {} |",
            milliseconds(first),
            at(50),
            at(99),
            read.join(", ")
        );
    }
}

fn milliseconds(taken: Duration) -> String {
    let hundredths = taken.as_micros() / 10;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
