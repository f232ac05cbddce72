//! A receiver of postbacks on this machine that answers as badly as it is told to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use whocpa_engine::outbound::OutboundConfig;

/// How it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// With this status, and these headers more.
    Answer(u16, &'static str),
    /// Not at all until it is released; then as its mode is by then.
    Hang,
    /// It closes the connection.
    Close,
    /// A success whose body never ends.
    Drip,
    /// A success with this body.
    Says(&'static str),
    /// A success with a body of so many bytes.
    Huge(usize),
    /// Something that is no HTTP.
    Noise,
}

pub const FINE: Mode = Mode::Answer(200, "");

/// One request.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// A running receiver.
pub struct Receiver {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    mode: watch::Sender<Mode>,
    released: watch::Sender<bool>,
}

impl Receiver {
    pub async fn start() -> Self {
        Self::at("127.0.0.2").await
    }

    pub async fn at(ip: &str) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.expect("bind");
        let port = listener.local_addr().expect("an address").port();
        let (mode, modes) = watch::channel(FINE);
        let (released, releases) = watch::channel(false);
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), modes.clone(), releases.clone()));
            }
        });
        Self { port, seen, mode, released }
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Answers those that hang.
    pub fn release(&self) {
        self.released.send_replace(true);
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("the log").clone()
    }

    pub fn targets(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.target).collect()
    }

    pub fn clear(&self) {
        self.seen.lock().expect("the log").clear();
    }

    pub fn url(&self, tail: &str) -> String {
        format!("http://127.0.0.2:{}/{tail}", self.port)
    }

    /// A network that may reach this receiver.
    pub fn outbound(&self) -> OutboundConfig {
        OutboundConfig {
            allow: vec!["127.0.0.2/32".parse().expect("a network")],
            ports: vec![80, 443, self.port],
            ..OutboundConfig::default()
        }
    }
}

async fn serve(
    stream: TcpStream,
    log: Arc<Mutex<Vec<Seen>>>,
    modes: watch::Receiver<Mode>,
    mut releases: watch::Receiver<bool>,
) {
    let mut stream = BufReader::new(stream);
    while let Some(seen) = read(&mut stream).await {
        log.lock().expect("the log").push(seen);
        let hangs = *modes.borrow() == Mode::Hang;
        if hangs && releases.wait_for(|is_released| *is_released).await.is_err() {
            return;
        }
        let mode = modes.borrow().clone();
        let answer = match mode {
            Mode::Answer(status, more) => {
                format!("HTTP/1.1 {status} X\r\n{more}Content-Length: 4\r\n\r\nfine")
            }
            Mode::Says(text) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()),
            Mode::Huge(bytes) => {
                format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n{}", "x".repeat(bytes))
            }
            Mode::Noise => "what?\r\n\r\n".to_owned(),
            Mode::Drip => "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
            Mode::Close | Mode::Hang => return,
        };
        if stream.get_mut().write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        if mode == Mode::Drip {
            while stream.get_mut().write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().expect("a number"))];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { method, target, headers, body: String::from_utf8(body).expect("text") })
}
