//! The corpus of trust §4 through the real client, with canaries on this machine that nothing may wake.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ipnet::IpNet;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::resolve::{Found, Names};
use super::{Limits, Outbound, OutboundConfig, OutboundError};

const LIMITS: Limits =
    Limits { bytes: 1000, total: Duration::from_secs(5), idle: Duration::from_millis(500) };

/// A server that counts who comes.
struct Canary {
    hits: Arc<AtomicUsize>,
    port: u16,
}

impl Canary {
    async fn sing(ip: &str, port: u16, answer: &'static str) -> Self {
        let listener = TcpListener::bind((ip, port)).await.expect("bind");
        let port = listener.local_addr().expect("an address").port();
        let hits = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&hits);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 1024]).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    // An answer without an end keeps its reader waiting.
                    if !answer.contains("Content-Length") {
                        tokio::time::sleep(Duration::from_secs(3)).await;
                    }
                });
            }
        });
        Self { hits, port }
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

/// A name server of an attacker's own.
#[derive(Default)]
struct Attacker(AtomicUsize);

impl Names for Attacker {
    fn find(&self, name: &str) -> Found {
        let round = self.0.fetch_add(1, Ordering::SeqCst);
        let addresses: &[&str] = match name {
            "mapped.test.example" => &["::ffff:127.0.0.1"],
            "mixed.test.example" => &["127.0.0.2", "127.0.0.1"],
            "six.test.example" => &["::1"],
            "metadata.test.example" => &["169.254.169.254"],
            "nat64.test.example" => &["64:ff9b::7f00:1"],
            "ok.test.example" => &["127.0.0.2"],
            // The first answer may be reached; whoever asks again is led inside.
            "rebind.test.example" if round == 0 => &["127.0.0.2"],
            "rebind.test.example" | "loopback.test.example" | "loopback.test.example." => &["127.0.0.1"],
            _ => &[],
        };
        let found: io::Result<Vec<IpAddr>> =
            addresses.iter().map(|text| text.parse().map_err(io::Error::other)).collect();
        Box::pin(std::future::ready(found))
    }
}

/// A client for which 127.0.0.2 is public and the rest of this machine is not.
fn client(port: u16) -> Outbound {
    let open: IpNet = "127.0.0.2/32".parse().expect("a network");
    let config = OutboundConfig { allow: vec![open], ports: vec![80, port], ..OutboundConfig::default() };
    Outbound::with_names(config, Arc::new(Attacker::default())).expect("a client")
}

const FINE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn nothing_of_the_corpus_reaches_this_machine() {
    let canary = Canary::sing("127.0.0.1", 0, FINE).await;
    let six = Canary::sing("::1", canary.port, FINE).await;
    let client = client(canary.port);
    let mut corpus: Vec<String> = include_str!("corpus.txt").lines().map(str::to_owned).collect();
    for hidden in ['\t', '\r', '\n', '\0', ' '] {
        corpus.push(format!("http://127.0.0.1{hidden}:PORT/"));
    }
    corpus.push(format!("http://127.0.0.1:PORT/{}", "x".repeat(64 << 10)));
    corpus.push(format!("http://{}.example:PORT/", "x".repeat(64)));
    let count = corpus.len();
    for line in corpus {
        let url = line.replace("PORT", &canary.port.to_string());
        let got = client.get(&url, LIMITS).await;
        assert!(
            matches!(got, Err(OutboundError::Refused(_) | OutboundError::Unreachable)),
            "{url}: {:?}",
            got.err()
        );
    }
    assert_eq!((canary.hits(), six.hits()), (0, 0), "of {count} addresses");
}

#[tokio::test]
async fn a_public_address_is_reached_and_only_it() {
    let open = Canary::sing("127.0.0.2", 0, FINE).await;
    let inner = Canary::sing("127.0.0.1", open.port, FINE).await;
    for host in ["127.0.0.2", "ok.test.example", "rebind.test.example"] {
        let url = format!("http://{host}:{}/feed.xml", open.port);
        let mut reply = client(open.port).get(&url, LIMITS).await.unwrap_or_else(|e| panic!("{url}: {e}"));
        let first = reply.chunk().await.expect("a piece").map(|bytes| bytes.as_ref().to_vec());
        assert_eq!(first.as_deref(), Some(b"ok".as_slice()));
        assert!(reply.chunk().await.expect("the end").is_none());
    }
    assert_eq!((open.hits(), inner.hits()), (3, 0));
    // The same client a second time: the name has moved inside meanwhile.
    let client = client(open.port);
    let url = format!("http://rebind.test.example:{}/", open.port);
    assert!(client.get(&url, LIMITS).await.is_ok());
    let closing = Canary::sing("127.0.0.2", 0, FINE).await;
    let moved = format!("http://rebind.test.example:{}/", closing.port);
    assert!(client.check(&moved).is_err(), "another port is refused as written");
    assert_eq!(inner.hits(), 0);
}

#[tokio::test]
async fn redirects_are_not_followed_and_limits_hold() {
    let inner = Canary::sing("127.0.0.1", 0, FINE).await;
    let moved: &'static str = Box::leak(
        format!(
            "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:{}/\r\nContent-Length: 0\r\n\r\n",
            inner.port
        )
        .into_boxed_str(),
    );
    let get = async |answer: &'static str| {
        let canary = Canary::sing("127.0.0.2", 0, answer).await;
        let mut reply =
            client(canary.port).get(&format!("http://127.0.0.2:{}/", canary.port), LIMITS).await?;
        while reply.chunk().await?.is_some() {}
        Ok(())
    };
    assert_eq!(get(moved).await, Err(OutboundError::Status(307)));
    assert_eq!(inner.hits(), 0);
    assert_eq!(get("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n").await, Err(OutboundError::Status(404)));
    assert_eq!(
        get("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n").await,
        Err(OutboundError::TooLarge(1000))
    );
    let endless: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(5000)).into_boxed_str());
    assert_eq!(get(endless).await, Err(OutboundError::TooLarge(1000)));
    assert_eq!(get("HTTP/1.1 200 OK\r\n\r\nslow").await, Err(OutboundError::TooSlow));
    assert_eq!(get("").await, Err(OutboundError::TooSlow));
    assert_eq!(get("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort").await, Err(OutboundError::Broken));
}

#[test]
fn the_operators_networks_are_exceptions_and_never_everything() {
    let with = |allow: &[&str], deny: &[&str]| {
        let nets = |all: &[&str]| all.iter().map(|text| text.parse().expect("a network")).collect();
        let config = OutboundConfig { allow: nets(allow), deny: nets(deny), ..OutboundConfig::default() };
        Outbound::new(config)
    };
    assert!(with(&["0.0.0.0/0"], &[]).is_err() && with(&["::/0"], &[]).is_err());
    let client = with(&["10.0.0.0/8", "64:ff9b::/96"], &["10.1.0.0/16", "8.8.8.0/24"]).expect("a client");
    for good in
        ["http://10.0.0.1/", "http://9.9.9.9/", "http://[2606:4700::1]/", "http://[64:ff9b::909:909]/"]
    {
        assert!(client.check(good).is_ok(), "{good}");
    }
    for bad in ["http://10.1.0.1/", "http://8.8.8.8/", "http://192.168.0.1/", "http://[64:ff9b::c0a8:1]/"] {
        assert!(client.check(bad).is_err(), "{bad}");
    }
    let strict = OutboundConfig { http: false, ..OutboundConfig::default() };
    let strict = Outbound::new(strict).expect("a client");
    assert!(strict.check("http://example.com/").is_err() && strict.check("https://example.com/").is_ok());
}
