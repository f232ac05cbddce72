//! A small network that sends letters into a folder, or to a mail server of its own.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use whocpa_engine::Caller;
use whocpa_engine::mail::MailConfig;
use whocpa_store::testing::TestDb;

use crate::world::{World, read};

/// A network and the folder of its letters.
pub struct Post {
    pub world: World,
    pub folder: tempfile::TempDir,
}

impl Post {
    pub async fn new(test: TestDb) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("file://{}", folder.path().display());
        let world = World::of(test, |config| config.mail = settings(&url)).await;
        let post = Self { world, folder };
        post.card(post.world.webmaster, &[("email", "ivan@example.com")]).await;
        post
    }

    pub async fn card(&self, caller: Caller, pairs: &[(&str, &str)]) {
        let changed = self.world.engine.user_update(Caller::SYSTEM, caller.user_id, read(pairs)).await;
        changed.expect("a card");
    }

    /// Chooses what he is written about.
    pub async fn choose(&self, caller: Caller, notify: &str) {
        let form = read(&[("notify", notify)]);
        self.world.engine.profile_update(caller, caller.user_id, form).await.expect("a choice");
    }

    /// Sends what is due; gives the new letters.
    pub async fn send(&self) -> Vec<Letter> {
        let before = files(self.folder.path());
        self.world.engine.letters_send().await.expect("send");
        let new = files(self.folder.path()).into_iter().filter(|path| !before.contains(path));
        new.map(|path| Letter::read(&std::fs::read_to_string(path).expect("a letter"))).collect()
    }

    /// The webmaster asks, and is answered.
    pub async fn ticket(&self, subject: &str) {
        let engine = &self.world.engine;
        let form = read(&[("subject", subject), ("category", "1"), ("message", "Where is it?")]);
        let id = engine.ticket_create(self.world.webmaster, form).await.expect("a ticket");
        engine.ticket_update(self.world.operator, id, read(&[("message", "Here")])).await.expect("an answer");
    }
}

pub fn settings(url: &str) -> MailConfig {
    let from = "Tea network <news@network.example>".to_owned();
    MailConfig { url: url.to_owned(), from, ..MailConfig::default() }
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path());
    let mut all: Vec<_> = all.filter(|path| path.extension().is_some_and(|word| word == "eml")).collect();
    all.sort();
    all
}

/// A letter as its reader's program understands it.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Lines of the head, unfolded, as they were sent.
    pub head: Vec<String>,
    pub subject: String,
    pub body: String,
}

impl Letter {
    pub fn read(text: &str) -> Self {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").expect("a head and a body");
        let head: Vec<String> = head.replace("\n ", " ").lines().map(str::to_owned).collect();
        let value = |name: &str| {
            let line = head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().to_owned()
        };
        let body = match value("Content-Transfer-Encoding").as_str() {
            "base64" => String::from_utf8(STANDARD.decode(body.replace('\n', "")).expect("base64")),
            "quoted-printable" => String::from_utf8(printable(body)),
            _ => Ok(body.to_owned()),
        };
        let subject = words(&value("Subject"));
        Self { head, subject, body: body.expect("UTF-8").replace("\r\n", "\n") }
    }

    pub fn has(&self, line: &str) -> bool {
        self.head.iter().any(|known| known == line)
    }

    /// What stands in its link behind this.
    pub fn link(&self, path: &str) -> String {
        let begin = self.body.find(path).expect("a link") + path.len();
        self.body[begin..].chars().take_while(char::is_ascii_alphanumeric).collect()
    }
}

fn printable(text: &str) -> Vec<u8> {
    let text = text.replace("=\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'=' {
            let code = std::str::from_utf8(&after[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(code, 16).expect("a byte"));
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    bytes
}

/// Encoded words of RFC 2047.
fn words(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("=?utf-8?b?") {
        if !before.trim().is_empty() {
            plain.push_str(before);
        }
        let (word, behind) = after.split_once("?=").expect("an end");
        plain.push_str(&String::from_utf8(STANDARD.decode(word).expect("base64")).expect("UTF-8"));
        rest = behind;
    }
    plain + rest
}

/// A mail server that takes what it likes: real enough for SMTP.
pub struct Server {
    pub url: String,
    /// Envelopes and letters that it took.
    pub taken: Arc<Mutex<Vec<(String, String)>>>,
}

impl Server {
    /// `answer` says what becomes of a recipient.
    pub async fn start(answer: fn(&str) -> &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let taken: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let all = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let all = Arc::clone(&all);
                tokio::spawn(async move { talk(stream, answer, &all).await });
            }
        });
        Self { url, taken }
    }

    pub fn count(&self) -> usize {
        self.taken.lock().expect("letters").len()
    }
}

async fn talk(
    stream: TcpStream,
    answer: fn(&str) -> &'static str,
    all: &Mutex<Vec<(String, String)>>,
) -> Option<()> {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 mail.example ready\r\n").await.ok()?;
    let mut to = String::new();
    loop {
        let line = lines.next_line().await.ok()??;
        let reply = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => "250 mail.example",
            "RCPT" => {
                to = line.clone();
                answer(&line)
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await.ok()?;
                let mut letter = String::new();
                loop {
                    let line = lines.next_line().await.ok()??;
                    if line == "." {
                        break;
                    }
                    letter.push_str(line.strip_prefix('.').unwrap_or(&line));
                    letter.push_str("\r\n");
                }
                all.lock().expect("letters").push((to.clone(), letter));
                "250 taken"
            }
            "QUIT" => {
                writer.write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            _ => "250 well",
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
    }
}
