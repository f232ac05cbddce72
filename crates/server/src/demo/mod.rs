//! `whocpa demo`: a believable network in a fresh folder, with weeks of history and then live traffic, so that everything
//! can be seen and tried without a customer.
//!
//! ```text
//! offers (the plan) ─► world, publish, people: accounts, offers, links ─► history: clicks, actions, decisions ─► live over HTTP
//! ```
//!
//! Nothing is written past the engine: each thing is made by the operation that a person or program would use.

mod contests;
mod dice;
mod history;
mod live;
mod materials;
mod money;
mod news;
mod offers;
mod people;
mod pictures;
mod progress;
mod publish;
mod reasons;
mod report;
mod routing;
mod sales;
mod staff;
mod traffic;
pub mod visitors;
mod world;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::sync::watch;
use whocpa_domain::{Clock, Level, ManualClock, SystemClock, Time};
use whocpa_engine::user::UserList;
use whocpa_engine::{Caller, Engine, Rng, password_hash};

use crate::config::Config;
use crate::state::AppState;
use crate::{app, command};
use dice::Dice;
use history::{Counts, History, Past};
use live::Live;
use progress::Step;
use sales::Queue;
use world::{Builder, World, caller};

/// Options of `whocpa demo`.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoOptions {
    /// A folder for the data that does not exist yet, or is empty
    #[arg(long, value_name = "DIR", default_value = "./whocpa-data/demo")]
    pub data: PathBuf,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// The same number makes the same network
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Days of history
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=366))]
    pub days: u32,
    /// Clicks on a day of the history
    #[arg(long, default_value_t = 20_000, value_name = "CLICKS")]
    pub clicks_per_day: u64,
    /// Live clicks per second afterwards, 0 for none
    #[arg(long, default_value_t = 20, value_name = "CLICKS")]
    pub rate: u64,
    /// An empty PostgreSQL database instead of SQLite: postgres://user:password@host/database
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
}

/// Makes the network and lets it live until Ctrl-C or SIGTERM.
///
/// # Errors
/// In words, for the person at the terminal.
pub async fn run(options: DemoOptions) -> Result<(), String> {
    Box::pin(run_until(options, SystemClock.now(), app::stop_signal())).await
}

/// As [`run`], with a history that ends at `end`, until `stop` is ready.
///
/// # Errors
/// In words, for the person at the terminal.
pub async fn run_until(
    options: DemoOptions,
    end: Time,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), String> {
    let began = Instant::now();
    check_folder(&options.data)?;
    let mut config = config(&options)?;
    // First: a port that is taken must not be noticed after a minute of work.
    let listener = app::bind(&config).await?;
    config.listen = reachable(&listener)?;
    let mut past = make(&options, &config, end).await?;
    let engine = app::open(&config).await.map_err(words)?;
    let figures = report::Figures::read(&engine).await.map_err(words)?;
    let base_url = config.base_url();
    let (stopping, stopped) = watch::channel(false);
    let live = if options.rate > 0 {
        let (world, queue) = (Arc::clone(&past.world), std::mem::take(&mut past.queue));
        let live = Live::new(world, queue, base_url.clone(), options.rate, Dice::new(options.seed, 3))?;
        Some(tokio::spawn(Arc::new(live).run(stopped)))
    } else {
        None
    };
    let path = report::write(&options.data, &report::json(&past, &figures, &base_url, options.seed))
        .map_err(words)?;
    report::show(&past, &figures, &base_url, &path, began.elapsed().as_secs());
    let stop = async move {
        stop.await;
        // Nobody listens when there is no live traffic.
        let _ = stopping.send(true);
        if let Some(live) = live {
            // It ends by itself; a panic in it must not keep the network from closing well.
            let _ = live.await;
        }
    };
    app::serve(listener, AppState::new(engine, config.http(), Rng::system().number()), stop).await?;
    let data = options.data.display();
    let database = options.database_url.map_or_else(String::new, |_| " --database-url …".to_owned());
    command::say(&format!("whocpa demo has stopped; start it again: whocpa serve --data {data}{database}"));
    Ok(())
}

/// Makes accounts, offers, links and the history, on a clock of its own; the databases are closed again at the end.
async fn make(options: &DemoOptions, config: &Config, end: Time) -> Result<Past, String> {
    let start = end.plus_days(-i64::from(options.days));
    let clock = ManualClock::new(start.plus_days(-81));
    let rng = Rng::seeded(options.seed);
    let password = rng.letters(12);
    let step = Step::begin("open", 0);
    let engine = Engine::open(config.engine(), Arc::new(clock.clone()), rng).await.map_err(words)?;
    check_database(&engine, options).await?;
    step.end("the databases are ready");
    let made = async {
        let password_hash = password_hash(password.clone()).await?;
        let builder = Builder { engine: &engine, clock: &clock, start, end, password_hash: &password_hash };
        let world = people(&builder, password, &mut Dice::new(options.seed, 1)).await?;
        clock.set(start);
        engine.catalogue_refresh().await?;
        let clicks = options.clicks_per_day.saturating_mul(u64::from(options.days));
        let step = Step::begin("history", clicks);
        let (dice, queue, counts) = (Dice::new(options.seed, 2), Queue::default(), Counts::default());
        let mut history =
            History { engine: &engine, clock: &clock, world: &world, dice, queue, counts, next_click: 1 };
        history.run(start, end, clicks, &step).await?;
        let History { queue, counts, .. } = history;
        contests::make(&engine, &world).await?;
        builder.routing(&world).await?;
        step.end(&format!(
            "{} clicks, {} leads, {} decisions, {} closed",
            counts.clicks, counts.leads, counts.decisions, counts.closed
        ));
        Ok(Past { world: Arc::new(world), queue, counts })
    }
    .await;
    let step = Step::begin("store", 0);
    let closed = engine.close().await;
    let past = made.map_err(words)?;
    closed.map_err(words)?;
    step.end("every click is in the database");
    Ok(past)
}

async fn people(builder: &Builder<'_>, password: String, dice: &mut Dice) -> whocpa_domain::Result<World> {
    let step = Step::begin("people", 64);
    let operator = builder.operator().await?;
    let by_operator = caller(Level::Operator, &operator);
    let advertisers = builder.advertisers().await?;
    let offers = builder.offers(by_operator, &advertisers).await?;
    builder.covers(by_operator, &advertisers).await?;
    let materials = builder.materials(by_operator, &advertisers, &offers).await?;
    let (webmasters, links) =
        builder.webmasters(by_operator, &advertisers, &offers, dice, || step.advance(1)).await?;
    let staff = builder.staff().await?;
    builder.assign(by_operator, &staff, &webmasters).await?;
    builder.assign(by_operator, &staff, &advertisers).await?;
    builder.rates(by_operator).await?;
    builder.news(by_operator, &offers).await?;
    builder.tickets(&staff, &webmasters, &advertisers).await?;
    step.end(&format!(
        "{} advertisers, {} offers with {materials} materials and goods, {} webmasters, {} links",
        advertisers.len(),
        offers.len(),
        webmasters.len(),
        links.len()
    ));
    Ok(World { operator, staff, password, advertisers, webmasters, offers, links })
}

fn config(options: &DemoOptions) -> Result<Config, String> {
    let network = |text: &str| text.parse().map_err(|e| format!("{text}: {e}"));
    Ok(Config {
        listen: options.listen,
        data_dir: options.data.clone(),
        // The demo's visitors come from this machine and say where they are from.
        trusted_proxies: vec![network("127.0.0.0/8")?, network("::1/128")?],
        database: crate::config::DatabaseConfig {
            url: options.database_url.clone().unwrap_or_default(),
            ..Default::default()
        },
        ..Config::default()
    })
}

/// The address under which this machine reaches the listener.
fn reachable(listener: &TcpListener) -> Result<SocketAddr, String> {
    let mut address = listener.local_addr().map_err(|e| e.to_string())?;
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    Ok(address)
}

fn check_folder(data: &Path) -> Result<(), String> {
    if data.join(report::FILE).exists() {
        let folder = data.display();
        return Err(format!("{folder} holds a demo already; start it again: whocpa serve --data {folder}"));
    }
    let is_empty = match std::fs::read_dir(data) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(format!("{}: {error}", data.display())),
    };
    if is_empty {
        return Ok(());
    }
    Err(format!("{} is not empty: remove it, or choose another folder with --data", data.display()))
}

/// Refuses a database in which somebody works.
async fn check_database(engine: &Engine, options: &DemoOptions) -> Result<(), String> {
    let anybody = world::sent::<UserList>(&[]).map_err(words)?;
    let people = engine.user_list(Caller::SYSTEM, anybody).await.map_err(words)?;
    if people.total_count == 0 {
        return Ok(());
    }
    engine.close().await.map_err(words)?;
    let place =
        if options.database_url.is_some() { "the database of --database-url" } else { "the database" };
    Err(format!("{place} has users already: the demo needs an empty one"))
}

/// A refusal in words for the terminal.
#[expect(clippy::needless_pass_by_value, reason = "stands in map_err")]
fn words(error: whocpa_domain::Error) -> String {
    format!("{error:?}")
}
