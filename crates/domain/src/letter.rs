//! Letters: what people are told outside the site, and the texts that an operator may replace.

use crate::codes;
use crate::user::Notify;

codes! {
    /// What a letter is about.
    pub enum LetterKind {
        Reset = 1 "a link to set a new password",
        Confirm = 2 "a link that confirms an address",
        Password = 3 "the password was changed",
        Email = 4 "another e-mail address was entered: told to the former one",
        WalletAdded = 5 "a wallet for payouts was added",
        Wallet = 6 "a wallet for payouts was changed, decided about or removed",
        Payout = 7 "a payout went a step further",
        Registration = 8 "a registration was decided about",
        Telegram = 9 "a chat in Telegram was connected: told by e-mail",
        Balance = 10 "money came to the balance",
        Low = 11 "little is left on the balance",
        Offer = 12 "an offer was decided about",
        Area = 13 "an area was decided about",
        Connection = 14 "a connection was asked for, or decided about",
        Ticket = 15 "a ticket was answered",
        Paused = 16 "a postback was paused",
        News = 17 "news were published",
        Queue = 18 "operators: something waits for a decision",
        Lead = 19 "leads came or were decided about",
        Digest = 20 "the day before in numbers",
    }
}

impl LetterKind {
    /// The name of its text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Confirm => "confirm",
            Self::Password => "password",
            Self::Email => "email",
            Self::WalletAdded => "wallet_added",
            Self::Wallet => "wallet",
            Self::Payout => "payout",
            Self::Registration => "registration",
            Self::Telegram => "telegram",
            Self::Balance => "balance",
            Self::Low => "low",
            Self::Offer => "offer",
            Self::Area => "area",
            Self::Connection => "connection",
            Self::Ticket => "ticket",
            Self::Paused => "paused",
            Self::News => "news",
            Self::Queue => "queue",
            Self::Lead => "lead",
            Self::Digest => "digest",
        }
    }

    /// The kind whose text has this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// The choice that lets it through; `None` for what concerns the safety of an account and its money and is always sent.
    pub fn choice(self) -> Option<Notify> {
        match self {
            Self::Reset
            | Self::Confirm
            | Self::Password
            | Self::Email
            | Self::WalletAdded
            | Self::Wallet
            | Self::Payout
            | Self::Registration
            | Self::Telegram => None,
            Self::Balance | Self::Low => Some(Notify::Money),
            Self::Offer | Self::Area | Self::Connection | Self::Queue => Some(Notify::Moderation),
            Self::Ticket => Some(Notify::Ticket),
            Self::Paused => Some(Notify::Postback),
            Self::News => Some(Notify::News),
            Self::Lead => Some(Notify::Lead),
            Self::Digest => Some(Notify::Digest),
        }
    }

    /// Whether it also goes to accounts that do not work: those who wait to be let in, or were not.
    pub fn is_for_waiting(self) -> bool {
        matches!(self, Self::Confirm | Self::Registration)
    }

    /// Whether it may go to an address that its person has not confirmed. Anybody may enter an address of somebody else: besides
    /// links, which are counted, he makes the network send nothing there.
    pub fn is_for_unconfirmed(self) -> bool {
        matches!(self, Self::Reset | Self::Confirm | Self::Registration)
    }

    /// Hours for which the link in it works; `None` where there is none.
    pub fn link_hours(self) -> Option<i64> {
        match self {
            Self::Reset => Some(1),
            Self::Confirm => Some(48),
            _ => None,
        }
    }

    /// What may stand in braces in its text, besides [`COMMON`].
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Self::Reset | Self::Confirm => &["link", "hours"],
            Self::Password => &["date", "way"],
            Self::Email => &["date", "email"],
            Self::WalletAdded => &["wallet", "date", "usable"],
            Self::Wallet => &["wallet", "date", "step", "reason"],
            Self::Payout => &["payout_id", "amount", "currency", "status", "reason"],
            Self::Registration => &["status"],
            Self::Telegram => &["date"],
            Self::Balance => &["amount", "currency"],
            Self::Low => &["available", "limit", "currency"],
            Self::Area => &["area_id", "area", "status", "reason"],
            Self::Offer | Self::Connection => &["offer_id", "offer", "status", "reason"],
            Self::Ticket => &["ticket_id", "subject"],
            Self::Paused => &["postback_id", "postback", "reason"],
            Self::News => &["header", "text"],
            Self::Queue => &["what", "id", "who"],
            Self::Lead => &["count", "sums", "leads"],
            Self::Digest => &["date", "zone", "clicks", "leads", "approved", "pending", "rejected", "money"],
        }
    }

    /// Whether a text without this value would be of no use.
    fn needs(self, value: &str) -> bool {
        value == "link" && matches!(self, Self::Reset | Self::Confirm)
    }
}

/// The kinds up to this number are those that no choice keeps back, and no others: they go out before the rest.
pub const URGENT_LAST: i64 = 9;
/// What may stand in every text.
pub const COMMON: [&str; 4] = ["name", "login", "network", "site"];
/// Longest subject, in characters.
const SUBJECT: usize = 200;

/// A text with values in braces: `Subject: …`, an empty line, the letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterText {
    subject: Vec<Piece>,
    body: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Value(String),
}

impl LetterText {
    /// Reads a text for letters of one kind.
    ///
    /// # Errors
    /// In words: what is missing, and every value that the kind does not have.
    pub fn parse(kind: LetterKind, text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let (head, body) =
            text.split_once("\n\n").ok_or("must be a subject, an empty line, and the letter")?;
        let subject = head.strip_prefix("Subject:").map(str::trim).filter(|subject| !subject.is_empty());
        let subject = subject.ok_or("the first line must be Subject: and the subject")?;
        if subject.contains('\n') {
            return Err("the subject must be one line".to_owned());
        }
        if body.trim().is_empty() {
            return Err("the letter is empty".to_owned());
        }
        let mut unknown = Vec::new();
        let body = pieces(kind, body.trim(), &mut unknown);
        let text = Self { subject: pieces(kind, subject, &mut unknown), body };
        let missing =
            |value: &&&str| kind.needs(value) && !text.body.contains(&Piece::Value((**value).to_owned()));
        if let Some(missing) = kind.values().iter().find(missing) {
            return Err(format!("the letter must have {{{missing}}} in it"));
        }
        if unknown.is_empty() {
            return Ok(text);
        }
        let known: Vec<&str> = COMMON.iter().chain(kind.values()).copied().collect();
        Err(format!("{{{}}} is not known here; known are {{{}}}", unknown.join("}, {"), known.join("}, {")))
    }

    /// Subject and letter with these values. The subject is one line whatever the values hold: nobody adds headers to a letter.
    pub fn fill(&self, value: impl Fn(&str) -> String) -> (String, String) {
        let join = |pieces: &[Piece]| -> String {
            let filled = pieces.iter().map(|piece| match piece {
                Piece::Plain(text) => text.clone(),
                Piece::Value(name) => value(name),
            });
            filled.collect()
        };
        let one_line = |letter: char| if is_break(letter) { ' ' } else { letter };
        let subject: String = join(&self.subject).chars().map(one_line).take(SUBJECT).collect();
        let plain = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
        let body: String = join(&self.body).chars().filter(plain).collect();
        // What an empty value leaves behind.
        let lines: Vec<&str> = body.lines().map(str::trim_end).collect();
        (subject.trim().to_owned(), lines.join("\n").trim_end().to_owned())
    }
}

/// Whether a line may end here for some program.
fn is_break(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

fn pieces(kind: LetterKind, text: &str, unknown: &mut Vec<String>) -> Vec<Piece> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        all.push(Piece::Plain(before.to_owned()));
        if !COMMON.contains(&name) && !kind.values().contains(&name) {
            unknown.push(name.to_owned());
        }
        all.push(Piece::Value(name.to_owned()));
        rest = behind;
    }
    all.push(Piece::Plain(rest.to_owned()));
    all
}

/// Seconds from a failed try to the next one: eight tries in two days. Who is not reached by then has seen it on the site.
const RETRIES: [i64; 7] = [30, 300, 1800, 2 * 3600, 6 * 3600, 14 * 3600, 24 * 3600];

/// Seconds until the next try after so many, 20 % more or less by `chance`; `None` after the last.
pub fn letter_retry(tries: i64, chance: u64) -> Option<i64> {
    let seconds = RETRIES.get(usize::try_from(tries - 1).ok()?)?;
    let percent = 80 + i64::try_from(chance % 41).unwrap_or(20);
    Some(seconds * percent / 100)
}

/// An address as it is told to somebody who may not be its owner: `i…n@example.com`.
pub fn masked_address(address: &str) -> String {
    let Some((name, host)) = address.rsplit_once('@') else { return "…".to_owned() };
    let mut letters = name.chars();
    match (letters.next(), letters.next_back()) {
        (Some(first), Some(last)) => format!("{first}…{last}@{host}"),
        _ => format!("…@{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_checked_before_it_is_used() {
        let wrong = |text: &str| LetterText::parse(LetterKind::Ticket, text).expect_err(text);
        assert!(wrong("Hello").contains("empty line"));
        assert!(wrong("Hello\n\nYou").contains("Subject:"));
        assert!(wrong("Subject: a\n\n  ").contains("is empty"));
        assert!(wrong("Subject: {sub}\n\n{amount}").contains("{amount}, {sub} is not known here"));
        assert!(LetterText::parse(LetterKind::Ticket, "Subject: {subject}\n\n{name}: {ticket_id}").is_ok());
        let useless = LetterText::parse(LetterKind::Reset, "Subject: {link}\n\nHello {name}");
        assert_eq!(useless, Err("the letter must have {link} in it".to_owned()));
    }

    #[test]
    fn nothing_that_people_write_becomes_a_header() {
        let text =
            LetterText::parse(LetterKind::Ticket, "Subject: Re: {subject}\n\n{subject}").expect("a text");
        let (subject, body) = text.fill(|_| "a\r\nBcc: everybody@example.com\0\u{2028}{name}".to_owned());
        assert_eq!(subject, "Re: a  Bcc: everybody@example.com  {name}");
        assert_eq!(body, "a\nBcc: everybody@example.com\u{2028}{name}");
        let long = text.fill(|_| "x".repeat(5000));
        assert_eq!((long.0.len(), long.1.len()), (SUBJECT, 5000));
    }

    #[test]
    fn tries_end_after_two_days() {
        let waits: Vec<i64> = (1..=7).filter_map(|tries| letter_retry(tries, 20)).collect();
        assert_eq!(waits.len(), 7);
        assert!((40..50).contains(&(waits.iter().sum::<i64>() / 3600)), "{waits:?}");
        assert_eq!((letter_retry(8, 20), letter_retry(0, 20)), (None, None));
    }

    #[test]
    fn an_address_is_masked_and_names_are_unique() {
        assert_eq!(masked_address("ivan@example.com"), "i…n@example.com");
        assert_eq!(masked_address("i@example.com"), "…@example.com");
        for kind in LetterKind::ALL {
            assert_eq!(LetterKind::from_name(kind.name()), Some(*kind));
            assert_eq!(kind.choice().is_none(), kind.code() <= URGENT_LAST, "{kind:?}");
        }
    }
}
