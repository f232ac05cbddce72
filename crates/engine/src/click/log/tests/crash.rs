//! A process killed at any moment loses nothing it acknowledged, and nothing is read twice.
//!
//! The test binary runs itself as the process to be killed. This shows what a crash of the process does; a
//! power cut is imitated in `damage.rs`.

use std::collections::HashSet;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::*;

const FOLDER: &str = "CLICK_LOG_CRASH_FOLDER";
const FIRST_ID: &str = "CLICK_LOG_CRASH_FIRST_ID";
const ROUNDS: i64 = 15;
const SEED: u64 = 0x00c1_1c10;

/// The process: appends from many tasks and prints each id once it is durable. As a test of its own it does
/// nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn process() {
    let (Ok(folder), Ok(first)) = (env::var(FOLDER), env::var(FIRST_ID)) else {
        return;
    };
    let log = open(Path::new(&folder));
    let first: i64 = first.parse().unwrap();
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let log = log.clone();
        tasks.spawn(async move {
            for id in (first + task..).step_by(8) {
                if append(&log, id).await == Durability::Durable {
                    writeln!(std::io::stdout(), "durable {id}").unwrap();
                }
            }
        });
    }
    tasks.join_all().await;
}

#[test]
fn a_killed_process_loses_nothing_acknowledged() {
    let dir = folder();
    let mut random = SEED;
    let (mut acknowledged, mut read, mut mark) = (HashSet::new(), HashSet::new(), Mark::default());
    for round in 0..ROUNDS {
        let mut process = start(dir.path(), round * 1_000_000);
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let reader = thread::spawn(move || {
            let ids = lines
                .map_while(Result::ok)
                .filter_map(|line| line.strip_prefix("durable ")?.parse::<i64>().ok());
            ids.collect::<Vec<_>>()
        });
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        thread::sleep(Duration::from_millis(20 + (random >> 33) % 80));
        process.kill().unwrap();
        process.wait().unwrap();
        acknowledged.extend(reader.join().unwrap());

        // Drained like a store would, in part: the next process meets both recycled and undrained segments.
        let log = open(dir.path());
        let (ids, end) = read_all(&log, mark);
        for id in ids {
            assert!(read.insert(id), "{id} was read twice");
        }
        mark = end;
        if round % 2 == 0 {
            log.release(mark).unwrap();
        }
    }
    let lost: Vec<_> = acknowledged.difference(&read).collect();
    assert!(lost.is_empty(), "acknowledged but lost: {lost:?}");
    assert!(acknowledged.len() > 100, "only {} records were acknowledged", acknowledged.len());
}

fn start(folder: &Path, first_id: i64) -> Child {
    let module = module_path!().split_once("::").unwrap().1;
    Command::new(env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::process"), "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST_ID, first_id.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
