//! Nothing acknowledged is lost (trust D1) or paid twice (trust M6): the real program is killed with SIGKILL at
//! random moments under load, again and again; afterwards the store must hold everything that was answered.
//!
//! `WHOCPA_KILLS` sets the number of kills (50). Everything happens on 127.0.0.1.

#[cfg(test)]
#[path = "kill/claims.rs"]
mod claims;
#[cfg(test)]
#[path = "kill/client.rs"]
mod client;
#[cfg(test)]
#[path = "kill/deliveries.rs"]
mod deliveries;
#[cfg(test)]
#[path = "kill/load.rs"]
mod load;
#[cfg(test)]
#[path = "kill/network.rs"]
mod network;
#[cfg(test)]
#[path = "kill/process.rs"]
mod process;
#[cfg(test)]
#[path = "kill/proof.rs"]
mod proof;

use std::sync::Arc;
use std::time::{Duration, Instant};

use load::Worker;
use network::Network;
use process::Process;
use whocpa_db_test::db_test;
use whocpa_engine::Rng;
use whocpa_store::testing::TestDb;

const SEED: u64 = 0x51_6b_11;
const WORKERS: u64 = 16;
const KILLS: u64 = 50;
/// A kill comes this long after the process is ready, in milliseconds.
const KILL_AFTER_MS: std::ops::Range<u64> = 50..600;

#[db_test]
async fn what_was_answered_survives_kill_9(test: TestDb) {
    let began = Instant::now();
    let kills =
        std::env::var("WHOCPA_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number of kills"));
    // From here on only the processes that are killed have the database open.
    test.store.close().await;
    let network = Arc::new(Network::prepare(&test.config).await);
    let rng = Rng::seeded(SEED);
    let mut workers: Vec<Worker> = (0..WORKERS).map(|number| Worker::new(number, &network)).collect();
    for _ in 0..kills {
        let mut process = Process::start(&test.config).await;
        let address = process.address;
        let running: Vec<_> = workers.drain(..).map(|worker| tokio::spawn(worker.run(address))).collect();
        let span = KILL_AFTER_MS.end - KILL_AFTER_MS.start;
        let after = KILL_AFTER_MS.start + rng.number() % span;
        tokio::time::sleep(Duration::from_millis(after)).await;
        process.kill();
        for worker in running {
            workers.push(worker.await.expect("a worker"));
        }
    }
    let figures = proof::check(&test.config, &network, &workers).await;
    let database = if test.config.database_url.is_some() { "postgres" } else { "sqlite" };
    println!("kill -9: {database} {kills} kills, {figures} ({} s)", began.elapsed().as_secs());
    figures.are_clean();
}
