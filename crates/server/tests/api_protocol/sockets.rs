//! Limits as a real connection meets them: long, slow and unending requests, crowds (trust R3, R4).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use whocpa::app;
use whocpa::limits::LimitsConfig;
use whocpa::serve;
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::support::{TestApp, generous};

/// A server on a port of its own.
struct Server {
    app: TestApp,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
}

impl Server {
    async fn start(db: TestDb, change: impl FnOnce(&mut LimitsConfig)) -> Self {
        let mut limits = generous();
        (limits.head_seconds, limits.body_seconds) = (1, 1);
        change(&mut limits);
        let app = TestApp::start_with(db, limits).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (stop, stopped) = oneshot::channel::<()>();
        let routes = app::router(&app.state);
        tokio::spawn(async move {
            let stopped = async move { drop(stopped.await) };
            let second = Duration::from_secs(1);
            let times = serve::Times { head: second, write: second, grace: second };
            serve::connections(listener, routes, times, stopped).await;
        });
        Self { app, address, stop: Some(stop) }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("connect")
    }

    /// Sends bytes and reads until the server closes.
    async fn talk(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may have refused before it read everything.
        let _ = stream.write_all(bytes).await;
        read(&mut stream).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut text));
    reading.await.expect("the server closes in time").expect("no reset");
    String::from_utf8_lossy(&text).into_owned()
}

fn post(headers: &str) -> String {
    format!(
        "POST /api/category HTTP/1.1\r\nhost: cpa.test\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\n{headers}\r\n"
    )
}

#[track_caller]
fn is(answer: &str, status: u16, body: &str) {
    let (head, found) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
    assert!(found.contains(body), "{found}");
}

const TOO_LONG: &str = r#"{"error":"The body is longer than 2097152 bytes"}"#;

#[db_test]
async fn a_body_that_is_too_long_is_refused_in_words(db: TestDb) {
    let server = Server::start(db, |_| {}).await;
    // All of it is sent before the answer is read, as plain clients do.
    let body = vec![b'a'; 6 << 20];
    let mut announced = post(&format!("content-length: {}\r\n", body.len())).into_bytes();
    announced.extend_from_slice(&body);
    is(&server.talk(&announced).await, 413, TOO_LONG);
    let mut chunked = post("transfer-encoding: chunked\r\n").into_bytes();
    for chunk in body.chunks(1 << 20) {
        chunked.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunked.extend_from_slice(chunk);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    is(&server.talk(&chunked).await, 413, TOO_LONG);
    // Who asks first is told before he sends anything.
    let asking = post("content-length: 3000000\r\nexpect: 100-continue\r\n");
    let answer = server.talk(asking.as_bytes()).await;
    assert!(!answer.contains("100 Continue"), "{answer}");
    is(&answer, 413, TOO_LONG);
}

#[db_test]
async fn a_slow_body_is_not_waited_for(db: TestDb) {
    let server = Server::start(db, |_| {}).await;
    let began = Instant::now();
    for headers in ["content-length: 100\r\n", "transfer-encoding: chunked\r\n"] {
        let mut stream = server.connect().await;
        stream.write_all(post(headers).as_bytes()).await.expect("send the head");
        stream.write_all(b"1\r\n").await.expect("send a little");
        is(&read(&mut stream).await, 408, r#"{"error":"The body did not arrive within 1 seconds"}"#);
    }
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[db_test]
async fn a_head_has_an_end(db: TestDb) {
    let server = Server::start(db, |_| {}).await;
    let get = |path: &str, headers: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: cpa.test\r\nconnection: close\r\n{headers}\r\n")
    };
    let long = server.talk(get(&format!("/api/category?x={}", "a".repeat(17_000)), "").as_bytes()).await;
    is(&long, 414, r#"{"error":"The address is longer than 16384 bytes"}"#);
    let large = format!("x-large: {}\r\n", "a".repeat(33_000));
    let words = r#"{"error":"At most 64 headers, and 32768 bytes with the address"}"#;
    is(&server.talk(get("/api/category", &large).as_bytes()).await, 431, words);
    let many = "x: a\r\n".repeat(70);
    is(&server.talk(get("/api/category", &many).as_bytes()).await, 431, words);
    is(&server.talk(get("/pb", &many).as_bytes()).await, 431, words);
    // Beyond what is read at all there is nobody to speak to, but an answer all the same.
    let endless = server.talk(get("/api/category", &format!("x: {}", "a".repeat(200_000))).as_bytes()).await;
    assert!(endless.starts_with("HTTP/1.1 431 "), "{endless}");
    // Silence, the beginning of HTTP/2, half a head, and a kept connection that is not used.
    let kept = "GET /healthz HTTP/1.1\r\nhost: cpa.test\r\n\r\n";
    for bytes in ["", "PRI * HTTP/2.0\r\n", "GET /api/category HTTP/1.1\r\nx: ", kept] {
        let began = Instant::now();
        server.talk(bytes.as_bytes()).await;
        assert!(began.elapsed() < Duration::from_secs(5), "{bytes:?} {:?}", began.elapsed());
    }
}

#[db_test]
async fn an_answer_that_nobody_reads_is_thrown_away(db: TestDb) {
    let server = Server::start(db, |_| {}).await;
    let mut stream = server.connect().await;
    // Far more than the buffers of both ends hold.
    let asked = 40;
    let get = "GET /api/geo HTTP/1.1\r\nhost: cpa.test\r\n\r\n".repeat(asked);
    stream.write_all(get.as_bytes()).await.expect("ask");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let mut text = Vec::new();
    // It ends with the end of the stream, or with a reset.
    let reading = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut text));
    let _ = reading.await.expect("the server has closed");
    let answers = String::from_utf8_lossy(&text).matches("HTTP/1.1 200 OK").count();
    assert!(answers < asked, "all {answers} answers waited for the reader");
}

#[db_test]
async fn deep_json_is_refused(db: TestDb) {
    let server = Server::start(db, |_| {}).await;
    let body = format!("{{\"a\":{}", "[".repeat(100_000));
    let head = post(&format!("content-length: {}\r\n", body.len())).replace("x-www-form-urlencoded", "json");
    is(&server.talk(format!("{head}{body}").as_bytes()).await, 400, "recursion limit exceeded");
}

#[db_test]
async fn a_crowd_waits_outside(db: TestDb) {
    let crowd = |limits: &mut LimitsConfig| {
        (limits.body_seconds, limits.concurrent, limits.concurrent_per_address) = (3, 4, 2);
    };
    let server = Server::start(db, crowd).await;
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        stream.write_all(post("content-length: 9\r\n").as_bytes()).await.expect("send the head");
        slow.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: cpa.test\r\nconnection: close\r\n\r\n");
    let refused = server.talk(get("/api/category").as_bytes()).await;
    is(&refused, 429, r#"{"error":"Too many requests at once: at most 2 from one address"}"#);
    assert!(refused.contains("retry-after: 1") && refused.contains("x-request-id"), "{refused}");
    // Conversions, pages, probes and clicks have doors of their own.
    is(&server.talk(get("/pb").as_bytes()).await, 400, "token");
    for (path, status) in [("/", 200), ("/readyz", 200), ("/go/none", 404)] {
        let answer = server.talk(get(path).as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    for mut stream in slow {
        stream.write_all(b"name_en=A").await.expect("send the body");
        is(&read(&mut stream).await, 401, "Unauthorized");
    }
    is(&server.talk(get("/api/category").as_bytes()).await, 200, "objects");
}

#[db_test]
async fn all_together_are_a_crowd_too(db: TestDb) {
    let crowd = |limits: &mut LimitsConfig| (limits.body_seconds, limits.concurrent) = (3, 1);
    let server = Server::start(db, crowd).await;
    let mut slow = server.connect().await;
    slow.write_all(post("content-length: 9\r\n").as_bytes()).await.expect("send the head");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let get = "GET /api/category HTTP/1.1\r\nhost: cpa.test\r\nconnection: close\r\n\r\n";
    let refused = server.talk(get.as_bytes()).await;
    is(&refused, 503, r#"{"error":"Not ready, try again later"}"#);
    assert!(refused.contains("retry-after: 1"), "{refused}");
}

/// The beginning of a request whose body never comes.
async fn beginning(server: &Server, path: &str, headers: &str) -> TcpStream {
    let mut stream = server.connect().await;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: cpa.test\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: 10\r\n{headers}\r\na"
    );
    stream.write_all(head.as_bytes()).await.expect("send the beginning");
    stream
}

#[db_test]
async fn beginnings_of_bodies_stop_nobody_else(db: TestDb) {
    let crowd = |limits: &mut LimitsConfig| {
        (limits.body_seconds, limits.concurrent, limits.concurrent_per_address) = (10, 4, 2);
    };
    let server = Server::start(db, crowd).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: cpa.test\r\nconnection: close\r\n\r\n");
    for (path, asked, status) in [("/pb", "/pb", 400), ("/t/none", "/t/none.gif", 404)] {
        let mut stalled = Vec::new();
        for _ in 0..8 {
            stalled.push(beginning(&server, path, "").await);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        // What is there whole takes a place, from the same address too.
        let answer = server.talk(get(asked).as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        // The hall is full for this address only, and the first two give up their places in time.
        let last = read(&mut stalled[7]).await;
        is(&last, 429, "Too many requests at once: at most 2 from one address");
        is(&read(&mut stalled[0]).await, 408, "The body did not arrive within");
        let mut whole = beginning(&server, path, "").await;
        whole.write_all(b"=b&c=d&e=").await.expect("send the rest");
        let answer = read(&mut whole).await;
        assert!(!answer.starts_with("HTTP/1.1 429") && !answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
}

#[db_test]
async fn files_are_taken_from_those_who_are_known(db: TestDb) {
    let server = Server::start(db, |limits| limits.upload_seconds = 4).await;
    let key = server.app.key(whocpa_domain::user::UserLevel::Advertiser).await;
    let webmaster = server.app.key(whocpa_domain::user::UserLevel::Webmaster).await;
    let upload = |path: &str, headers: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: cpa.test\r\nconnection: close\r\nexpect: 100-continue\r\n\
             content-type: multipart/form-data; boundary=x\r\ncontent-length: {length}\r\n{headers}\r\n"
        )
    };
    // Nobody who is unknown, or may not, is asked for his 20 MB.
    let long = 20 << 20;
    is(&server.talk(upload("/api/feed/", "", long).as_bytes()).await, 413, TOO_LONG);
    let wrong = server.talk(upload("/api/feed/", "x-api-key: wrong\r\n", long).as_bytes()).await;
    is(&wrong, 401, "Unauthorized");
    let path = format!("/api/feed/?api_key={webmaster}");
    is(&server.talk(upload(&path, "", long).as_bytes()).await, 403, "");
    // Who is known is; and his key in the body must be the same one.
    let mut stream = server.connect().await;
    let head = upload("/api/feed/", &format!("x-api-key: {key}\r\n"), long);
    stream.write_all(head.as_bytes()).await.expect("send the head");
    let mut asked = [0; 12];
    stream.read_exact(&mut asked).await.expect("an answer");
    assert_eq!(&asked, b"HTTP/1.1 100");
    let body = "--x\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\nother\r\n--x--\r\n";
    let head = upload("/api/feed/", &format!("x-api-key: {key}\r\n"), body.len());
    let head = head.replace("expect: 100-continue\r\n", "");
    is(&server.talk(format!("{head}{body}").as_bytes()).await, 400, "Different keys in one request");
}
