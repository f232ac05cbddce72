//! The way out for letters: an SMTP server, a folder, or none. The server is the operator's own choice, so that the guard of
//! addresses that people give (`outbound`) has no word here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::io::AsyncWriteExt as _;
use url::Url;
use whocpa_domain::{Error, Result};

use super::MailConfig;
use super::send::AT_ONCE;
use super::text::Texts;

/// Seconds that one letter may take.
pub(super) const MAIL_SECONDS: i64 = 60;
/// How long one letter may take, and how long one answer of the server.
const TIMES: (Duration, Duration) =
    (Duration::from_secs(MAIL_SECONDS.unsigned_abs()), Duration::from_secs(20));
/// Replies that refuse the network itself and not a letter: they end with other settings.
const OURS: [u16; 4] = [530, 534, 535, 538];

/// What it takes to send letters.
pub(crate) struct Mail {
    way: Way,
    pub(super) from: Option<Mailbox>,
    pub(super) network: String,
    pub(super) texts: Texts,
}

enum Way {
    None,
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

/// Why a letter did not go out.
pub(super) struct Refused {
    pub why: String,
    /// Whether it will not go out tomorrow either.
    pub is_final: bool,
}

impl Refused {
    pub fn for_good(why: &str) -> Self {
        Self { why: why.to_owned(), is_final: true }
    }

    pub fn for_now(why: &str) -> Self {
        Self { why: why.to_owned(), is_final: false }
    }
}

impl Mail {
    /// Reads the settings.
    ///
    /// # Errors
    /// Naming the setting that cannot be used.
    pub fn new(config: &MailConfig, base_url: &str) -> Result<Self> {
        let wrong = |words: String| Error::Unavailable(format!("mail: {words}"));
        let way = match config.url.split_once("://") {
            None if config.url.is_empty() => Way::None,
            Some(("file", path)) if path.starts_with('/') => Way::Folder(PathBuf::from(path)),
            Some(("smtp" | "smtps", _)) => Way::Smtp(smtp(&config.url).map_err(wrong)?),
            _ => return Err(wrong("url must begin with smtps://, smtp:// or file:///".to_owned())),
        };
        let from = match (&way, config.from.as_str()) {
            (Way::None, "") => None,
            (_, "") => return Err(wrong("from must be given".to_owned())),
            (_, from) => Some(from.parse().map_err(|e| wrong(format!("from: {e}")))?),
        };
        let host = Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let network =
            if config.network.is_empty() { host.unwrap_or_default() } else { config.network.clone() };
        Ok(Self { way, from, network, texts: Texts::read(config.texts.as_deref())? })
    }

    /// Whether there is a way out.
    pub fn is_on(&self) -> bool {
        !matches!(self.way, Way::None)
    }

    /// Sends a letter; `name` is one that no other letter has.
    pub(super) async fn send(&self, letter: Message, name: &str) -> std::result::Result<(), Refused> {
        match &self.way {
            Way::None => Err(Refused::for_good("There is no way out for letters")),
            Way::Smtp(transport) => match tokio::time::timeout(TIMES.0, transport.send(letter)).await {
                Err(_) => Err(Refused::for_now("The server takes too long")),
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => {
                    let is_ours = error.status().is_some_and(|code| OURS.contains(&u16::from(code)));
                    Err(Refused { is_final: error.is_permanent() && !is_ours, why: error.to_string() })
                }
            },
            Way::Folder(folder) => {
                let written = write(folder, name, &letter.formatted()).await;
                written.map_err(|error| Refused { why: error.to_string(), is_final: false })
            }
        }
    }
}

/// A server by its address. Its words of error are not repeated: they may hold the password.
fn smtp(text: &str) -> std::result::Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let unreadable = || "url cannot be read".to_owned();
    let url = Url::parse(text).map_err(|_| unreadable())?;
    let is_open = url.scheme() == "smtp"
        && !url.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    let is_here = url.host_str().is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host));
    if url.password().is_some() && is_open && !is_here {
        return Err(
            "url has a password that would be sent in clear: use smtps:// or ?tls=required".to_owned()
        );
    }
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(text).map_err(|_| unreadable())?;
    let most = u32::try_from(AT_ONCE).unwrap_or(1);
    Ok(builder.timeout(Some(TIMES.1)).pool_config(PoolConfig::new().max_size(most)).build())
}

/// Writes a letter as a file, whole or not at all, for nobody else to read: there are links in it.
async fn write(folder: &Path, name: &str, letter: &[u8]) -> std::io::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.create(folder).await?;
    let unfinished = folder.join(format!(".{name}"));
    let mut file = options.open(&unfinished).await?;
    let mut written = file.write_all(letter).await;
    if written.is_ok() {
        // Only this tells whether the last of it was written.
        written = file.flush().await;
    }
    if written.is_ok() {
        written = tokio::fs::rename(&unfinished, folder.join(format!("{name}.eml"))).await;
    }
    if written.is_err() {
        // What is left of it is not read by anybody.
        let _ = tokio::fs::remove_file(&unfinished).await;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_refused_in_words_without_the_password() {
        let refused = |url: &str, from: &str| {
            let config = MailConfig { url: url.to_owned(), from: from.to_owned(), ..MailConfig::default() };
            format!("{:?}", Mail::new(&config, "https://cpa.test").err().expect(url))
        };
        let from = "news@network.example";
        assert!(refused("http://a", from).contains("must begin with"));
        assert!(refused("file://letters", from).contains("must begin with"));
        assert!(refused("file:///letters", "").contains("from must be given"));
        assert!(refused("file:///letters", "news").contains("from:"));
        for url in
            ["smtp://me:verysecret@mail.example", "smtp://me:verysecret@mail.example?tls=opportunistic"]
        {
            let words = refused(url, from);
            assert!(words.contains("in clear") && !words.contains("verysecret"), "{words}");
        }
        assert!(!refused("smtps://me:verysecret@", from).contains("verysecret"));
    }

    #[tokio::test]
    async fn servers_with_tls_are_taken() {
        for url in [
            "smtps://me:secret@mail.example",
            "smtp://me:secret@mail.example:587?tls=required",
            "smtp://127.0.0.1:25",
        ] {
            let from = "Tea <news@network.example>".to_owned();
            let config = MailConfig { url: url.to_owned(), from, ..MailConfig::default() };
            let mail = Mail::new(&config, "https://cpa.test").expect(url);
            assert!(mail.is_on() && mail.network == "cpa.test");
        }
    }
}
