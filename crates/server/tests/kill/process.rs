//! The real program on the test's database, in a process that does not outlive the test.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use whocpa_store::StoreConfig;

use super::client::Client;

/// Attempts to start: another program may take the free port before ours has it.
const ATTEMPTS: usize = 5;
const READY_WITHIN: Duration = Duration::from_mins(1);

/// A running server.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
}

impl Process {
    /// Starts the program and waits until it is ready.
    pub async fn start(config: &StoreConfig) -> Self {
        Self::start_with(config, &[]).await
    }

    /// The same with further settings.
    pub async fn start_with(config: &StoreConfig, settings: &[(&str, &str)]) -> Self {
        for _ in 0..ATTEMPTS {
            let mut process = Self::launch(config, settings);
            if process.is_ready().await {
                return process;
            }
        }
        let log = std::fs::read_to_string(config.data_dir.join("server.log")).unwrap_or_default();
        panic!("the server does not start:\n{log}");
    }

    /// SIGKILL: no destructor runs, no buffer is written.
    pub fn kill(&mut self) {
        // An error means that it has ended already, which only a test of its own can tell from a kill.
        assert!(self.child.try_wait().expect("look after the server").is_none(), "it ended by itself");
        self.child.kill().expect("kill the server");
        self.child.wait().expect("wait for the server");
    }

    fn launch(config: &StoreConfig, settings: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let address = free.expect("a free port");
        let log = File::create(config.data_dir.join("server.log")).expect("make the server's log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_whocpa"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("WHOCPA_") {
                command.env_remove(name);
            }
        }
        command.args(["serve", "--listen", &address.to_string(), "--data"]).arg(&config.data_dir);
        if let Some(url) = &config.database_url {
            command.args(["--database-url", url]);
        }
        // Small segments, so that kills also meet the change from one to the next.
        command.env("WHOCPA__CLICK_LOG__SEGMENT_MIB", "1").current_dir(&config.data_dir);
        // Far more requests than people send, and a request that died with its process is waited for briefly.
        command.env("WHOCPA__LIMITS__RATE__MULTIPLY", "100000").env("WHOCPA__LIMITS__CLAIM_SECONDS", "1");
        command.envs(settings.iter().copied());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        Self { child: child.expect("start the server"), address }
    }

    /// False when it ended instead.
    async fn is_ready(&mut self) -> bool {
        let began = Instant::now();
        while began.elapsed() < READY_WITHIN {
            if self.child.try_wait().expect("look after the server").is_some() {
                return false;
            }
            if let Ok(mut client) = Client::connect(self.address).await
                && client.get("/readyz").await.is_ok_and(|answer| answer.status == 200)
            {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Of a process that has ended already, both say so.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
