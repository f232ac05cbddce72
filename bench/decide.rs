//! The measuring part of `bench/decide`: a filled network is opened, decided about and read anew.
//!
//! `decide migrate <folder> [url]`, `decide measure <folder> <clicks> <now> [url]`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on must stop and tell"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::{Agent, DeviceKind, Entry, Facts};
use whocpa_domain::geo::GeoType;
use whocpa_domain::tid::ClickIds;
use whocpa_domain::{ManualClock, Scope, Time};
use whocpa_engine::click::Visit;
use whocpa_engine::{Engine, EngineConfig, Rng};
use whocpa_store::{Store, StoreConfig, geo};

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// As `bench/decide` makes them.
const WEBMASTERS: i64 = 5_000;
/// Links of one webmaster repeat after so many.
const KINDS: i64 = 20;
/// Countries that visitors come from.
const COUNTRIES: usize = 30;
/// Seconds after which everything is read anew.
const AWAY: i64 = 86_400;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["migrate", folder, url @ ..] => {
            let clock = ManualClock::new(Time(1_700_000_000));
            Engine::migrate(&config(folder, url), &clock).await.expect("migrate");
        }
        ["measure", folder, clicks, now, url @ ..] => {
            let [clicks, now] = [clicks, now].map(|word| word.parse().expect("a number"));
            measure(&config(folder, url), clicks, Time(now)).await;
        }
        _ => println!("see bench/decide"),
    }
}

fn config(folder: &str, url: &[&str]) -> EngineConfig {
    EngineConfig { database_url: url.first().map(|url| (*url).to_owned()), ..EngineConfig::new(folder) }
}

async fn measure(config: &EngineConfig, clicks: i64, now: Time) {
    let clock = ManualClock::new(now);
    println!("{} MiB before", memory("VmRSS"));
    let begin = Instant::now();
    let engine = Engine::open(config.clone(), Arc::new(clock.clone()), Rng::seeded(1)).await.expect("open");
    println!("opened in {:.1} s, {} MiB then, {} at most", seconds(begin), memory("VmRSS"), memory("VmHWM"));
    let links = count(&engine);
    println!("{links} links, {} offers\n", engine.catalogue_counts().1);
    let places = places(config).await;
    let mut ids = ClickIds::new(1, now.0 * 1000);
    println!("| decisions | sent | p50 us | p99 us | p99.9 us |\n| --- | ---: | ---: | ---: | ---: |");
    for (kind, title) in
        [(0, "a plain link"), (18, "five routes in order"), (19, "a smart link of 50 offers")]
    {
        let (mut taken, mut sent) = (Vec::new(), 0_i64);
        for number in 0..clicks {
            let at = number * 7_919 % (links / WEBMASTERS / KINDS).max(1);
            let link = (at * KINDS + kind) * WEBMASTERS + number * 31 % WEBMASTERS;
            let id = ids.next(now.0 * 1000 + number / 100);
            let facts = visitor(number, id, (now, link), &places);
            let begin = Instant::now();
            let decision = engine.click_decide(&facts);
            taken.push(begin.elapsed());
            sent += i64::from(decision.reason == ClickReason::Sent);
        }
        let [p50, p99, p999] = [500, 990, 999].map(|per_mille| micros(at(&mut taken, per_mille)));
        println!("| {title} | {} % | {p50} | {p99} | {p999} |", sent * 100 / clicks.max(1));
    }
    rebuild(&engine, &clock, links).await;
    println!("{} MiB at the end, {} at most", memory("VmRSS"), memory("VmHWM"));
    engine.close().await.expect("close");
}

/// Redirects, durable ones, while everything is read anew.
async fn rebuild(engine: &Engine, clock: &ManualClock, links: i64) {
    let is_over = Arc::new(AtomicBool::new(false));
    println!("\n| redirects | p50 ms | p99 ms | longest ms |\n| --- | ---: | ---: | ---: |");
    for title in ["as usual", "while everything is read anew"] {
        is_over.store(false, Ordering::Relaxed);
        let visitors: Vec<_> = (0..16)
            .map(|who| tokio::spawn(visit(engine.clone(), who, links, Arc::clone(&is_over))))
            .collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let begin = Instant::now();
        if title == "as usual" {
            tokio::time::sleep(Duration::from_secs(2)).await;
        } else {
            clock.advance(AWAY);
            engine.catalogue_refresh().await.expect("a rebuild");
        }
        let took = seconds(begin);
        is_over.store(true, Ordering::Relaxed);
        let mut taken = Vec::new();
        for visitor in visitors {
            taken.extend(visitor.await.expect("a visitor"));
        }
        let [p50, p99, longest] = [500, 990, 1000].map(|per_mille| at(&mut taken, per_mille));
        let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
        println!("| {title}: {took:.2} s | {} | {} | {} |", ms(p50), ms(p99), ms(longest));
    }
    println!();
}

/// One visitor after the other, 1000 in a second at most.
async fn visit(engine: Engine, who: i64, links: i64, is_over: Arc<AtomicBool>) -> Vec<Duration> {
    let (mut taken, mut number) = (Vec::new(), who);
    while !is_over.load(Ordering::Relaxed) {
        number += 7_919;
        let visit = Visit {
            ip: [8, 8, 8, 8].into(),
            ua: "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
            languages: "en-US",
            ..Visit::to(format!("code{}", number % links))
        };
        let begin = Instant::now();
        engine.click_track(visit).await;
        taken.push(begin.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    taken
}

/// Countries with what they lie in, from the inside out.
async fn places(config: &EngineConfig) -> Vec<Arc<[i64]>> {
    let (data_dir, database_url) = (config.data_dir.clone(), config.database_url.clone());
    let store =
        Store::connect(&StoreConfig { data_dir, database_url, connections: 1 }).await.expect("connect");
    let rows = geo::list(&store.read(), Scope::All).await.expect("regions");
    store.close().await;
    let parent = |id: i64| rows.iter().find(|row| row.id == id).and_then(|row| row.parent_id);
    let around = |id: i64| std::iter::successors(Some(id), |id| parent(*id)).take(8).collect();
    let countries = rows.iter().filter(|row| row.r#type == GeoType::Country.code());
    let mut ids: Vec<i64> = countries.map(|row| row.id).collect();
    ids.sort_unstable();
    ids.into_iter().take(COUNTRIES).map(around).collect()
}

fn visitor(number: i64, id: i64, (now, link): (Time, i64), places: &[Arc<[i64]>]) -> Facts {
    let agent = Agent {
        device: if number % 3 == 0 { DeviceKind::Desktop } else { DeviceKind::Phone },
        os: if number % 3 == 0 { "Windows 10" } else { "Android" }.to_owned(),
        os_version: if number % 3 == 0 { "NT 10.0" } else { "13" }.to_owned(),
        browser: "Chrome".to_owned(),
        ..Agent::default()
    };
    let place = usize::try_from(number * 13).unwrap_or(0) % places.len().max(1);
    Facts {
        geo_ids: places.get(place).cloned().unwrap_or_default(),
        agent: Arc::new(agent),
        language: ["en", "uk", "en", "es", "fr"][usize::try_from(number % 5).unwrap_or(0)].to_owned(),
        ..Facts::new(now, id, Entry::Code(format!("code{link}")))
    }
}

fn count(engine: &Engine) -> i64 {
    i64::try_from(engine.catalogue_counts().0).unwrap_or(0)
}

/// The time below which so many of a thousand lie.
fn at(taken: &mut [Duration], per_mille: usize) -> Duration {
    taken.sort_unstable();
    let place = (taken.len() * per_mille / 1000).min(taken.len().saturating_sub(1));
    taken.get(place).copied().unwrap_or_default()
}

fn micros(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e6)
}

fn seconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64()
}

/// A line of what the kernel tells of this process, in MiB.
fn memory(name: &str) -> u64 {
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = told.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let kilobytes = line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok());
    kilobytes.unwrap_or(0) >> 10
}
