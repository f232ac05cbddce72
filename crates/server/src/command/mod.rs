//! The command line: `whocpa serve | demo | migrate | admin | doctor | ledger | mail | rates | stat | openapi`.

mod admin;
mod doctor;
mod ledger;
mod ledger_export;
mod mail;
mod migrate;
mod openapi;
mod out;
mod rates;
mod serve;
mod stat;

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::demo::DemoOptions;
use crate::telemetry;

pub use out::{complain, say, told};

/// An open-source CPA affiliate network in one program.
#[derive(Debug, Parser)]
#[command(name = "whocpa", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the network (needs no configuration: SQLite in ./data, http://127.0.0.1:8080)
    Serve(Settings),
    /// Make a believable network in a fresh folder and let it live
    Demo(DemoOptions),
    /// Bring the database up to date, or show what is pending
    Migrate(migrate::Migrate),
    /// Help operators: make one
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Look whether the network is well: data folder, database, own address, parked domains
    Doctor(doctor::Doctor),
    /// Look whether the books are right
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Letters: their texts, and those that did not go out
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Load euro reference rates of the European Central Bank
    Rates(rates::Rates),
    /// Make the sums of statistics anew
    #[command(subcommand)]
    Stat(stat::Stat),
    /// Print the OpenAPI document of the API
    #[command(name = "openapi")]
    OpenApi(openapi::OpenApi),
}

/// Where the settings come from; a flag wins over the environment, that over the file, that over the defaults.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Settings file (default: whocpa.toml in this folder, if there is one)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the data
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// PostgreSQL instead of SQLite: postgres://user:password@host/database
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Settings {
    /// The settings after all sources.
    ///
    /// # Errors
    /// Names a bad key and its source.
    pub fn read(&self) -> Result<Config, String> {
        let mut config = Config::read(self.config.as_ref()).map_err(|e| e.to_string())?;
        if let Some(data) = &self.data {
            config.data_dir.clone_from(data);
        }
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let Some(url) = &self.database_url {
            config.database.url.clone_from(url);
        }
        Ok(config)
    }
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    /// In words, for the person at the terminal.
    pub fn run(self) -> Result<(), String> {
        match self.command {
            Command::Serve(settings) => {
                telemetry::start_logs("info");
                block_on(serve::run(settings.read()?))
            }
            Command::Demo(options) => {
                telemetry::start_logs("warn");
                block_on(crate::demo::run(options))
            }
            Command::Migrate(migrate) => block_on(migrate.run()),
            Command::Admin(admin) => block_on(admin.run()),
            Command::Doctor(doctor) => block_on(doctor.run()),
            Command::Ledger(ledger) => block_on(ledger.run()),
            Command::Mail(mail) => block_on(mail.run()),
            Command::Rates(rates) => block_on(rates.run()),
            Command::Stat(stat) => block_on(stat.run()),
            Command::OpenApi(openapi) => {
                openapi.run();
                Ok(())
            }
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|e| format!("cannot start: {e}"))?.block_on(work)
}
