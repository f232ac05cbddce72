//! Parked domains: links under a webmaster's own name.

use url::Host;

use crate::codes;

codes! {
    /// Whether visitors can come through a domain.
    pub enum DomainStatus {
        Waiting = 0 "waiting for its DNS record",
        Active = 1 "works",
        Failed = 2 "it was found here once and is not any more",
        Blocked = 3 "blocked by an operator",
    }
}

/// Days after which a name that was never found here goes to whoever parks it next: nobody may sit on a name that is
/// not his.
pub const CLAIM_DAYS: i64 = 3;
/// Days after which a name that was found here once and is not any more goes to whoever parks it next.
pub const LOST_DAYS: i64 = 30;
/// Longest pause between two looks at a name that is not found here, in seconds.
const PAUSE_MAX: i64 = 6 * 3600;

impl DomainStatus {
    /// Seconds until it is looked at again, when it has not been found here for so many seconds: the longer it is not
    /// there, the longer the pause.
    pub fn pause(self, absent: i64) -> i64 {
        match self {
            Self::Waiting => (absent / 20).clamp(60, PAUSE_MAX),
            Self::Failed => (absent / 20).clamp(600, PAUSE_MAX),
            Self::Active | Self::Blocked => 86_400,
        }
    }

    /// Whether it was found here once and nobody blocked it: only such a name is a host of its own.
    pub fn is_host(self) -> bool {
        matches!(self, Self::Active | Self::Failed)
    }

    /// Days without being found here after which the name goes to whoever parks it next; `None` for one that stays.
    pub fn idle_days(self) -> Option<i64> {
        match self {
            Self::Waiting => Some(CLAIM_DAYS),
            Self::Failed => Some(LOST_DAYS),
            Self::Active | Self::Blocked => None,
        }
    }

    /// The state after a look: what was found here once and is gone has failed, what was never found goes on waiting.
    #[must_use]
    pub fn seen(self, is_found: bool) -> Self {
        match (self, is_found) {
            (Self::Blocked, _) => Self::Blocked,
            (_, true) => Self::Active,
            (Self::Waiting, false) => Self::Waiting,
            (Self::Active | Self::Failed, false) => Self::Failed,
        }
    }
}

/// A domain name as it is stored: lower case, ASCII (`xn--…`), without a dot at its end.
///
/// # Errors
/// In words, for anything that is not the name of a host in a domain.
pub fn domain_name(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "Must be a domain name such as go.example.com";
    let Ok(Host::Domain(name)) = Host::parse(text.trim().trim_end_matches('.')) else { return Err(WRONG) };
    let is_label = |label: &str| {
        let inner = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_name = name.contains('.') && name.split('.').all(is_label);
    if is_name && name.len() <= 253 { Ok(name) } else { Err(WRONG) }
}

/// A part of a name as it stands in stored ones, where it is one: words that are none stay as they are.
pub fn name_part(text: &str) -> String {
    match Host::parse(text.trim()) {
        Ok(Host::Domain(name)) => name,
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        for (sent, stored) in [
            ("Go.Example.COM", "go.example.com"),
            (" go.example.com. ", "go.example.com"),
            ("перейти.пример.рф", "xn--e1aajd1ahq.xn--e1afmkfd.xn--p1ai"),
            ("x-1.co", "x-1.co"),
        ] {
            assert_eq!(domain_name(sent).as_deref(), Ok(stored), "{sent}");
        }
        for bad in [
            "",
            "localhost",
            "1.2.3.4",
            "::1",
            "a..b",
            "-a.com",
            "a_b.com",
            "a b.com",
            "a.com:80",
            "a.com/x",
            "http://a.com",
            "a.*",
        ] {
            assert!(domain_name(bad).is_err(), "{bad}");
        }
        assert!(domain_name(&format!("{}.com", "a".repeat(64))).is_err());
        for (sent, part) in [("Пример", "xn--e1afmkfd"), ("GO", "go"), ("a b", "a b"), ("", "")] {
            assert_eq!(name_part(sent), part, "{sent}");
        }
        assert!(domain_name(&format!("{}com", "abcdefgh.".repeat(30))).is_err());
    }

    #[test]
    fn pauses_grow() {
        use DomainStatus::{Active, Failed, Waiting};
        for (status, absent, pause) in [
            (Waiting, 0, 60),
            (Waiting, 3600, 180),
            (Waiting, 86_400, 4320),
            (Waiting, 365 * 86_400, PAUSE_MAX),
            (Failed, 0, 600),
            (Failed, i64::MAX, PAUSE_MAX),
            (Active, i64::MAX, 86_400),
        ] {
            assert_eq!(status.pause(absent), pause, "{status:?} {absent}");
        }
    }

    #[test]
    fn only_what_was_there_can_fail() {
        use DomainStatus::{Active, Blocked, Failed, Waiting};
        for (before, is_found, after) in [
            (Waiting, false, Waiting),
            (Waiting, true, Active),
            (Active, false, Failed),
            (Failed, false, Failed),
            (Failed, true, Active),
            (Blocked, true, Blocked),
        ] {
            assert_eq!(before.seen(is_found), after);
        }
    }
}
