//! What stands on a person's card, written by the person himself, by his manager or by an owner.

use std::collections::BTreeSet;

use whocpa_domain::input::limits::{Form, Limits};
use whocpa_domain::offer::TrafficKind;
use whocpa_domain::user::{Language, Notify, TimeZone, Trust, codes_text};
use whocpa_domain::{FieldErrors, Result, Scope};
use whocpa_store::Db;
use whocpa_store::category;
use whocpa_store::person::User;

use crate::check;

/// Longest e-mail address (RFC 5321).
const EMAIL_MAX: usize = 254;
/// Level in the network's own programme.
pub(crate) const RANK: Limits = Limits::Range(0, 1000);
/// An e-mail address, or none.
pub(crate) const EMAIL: Limits = Limits::Form(&Form {
    format: "email",
    pattern: r#"^([^\s@<>(),;:\\"\[\]]+@[A-Za-z0-9]+(-+[A-Za-z0-9]+)*(\.[A-Za-z0-9]+(-+[A-Za-z0-9]+)*)+)?$"#,
    longest: EMAIL_MAX,
    wrong: |text| {
        let text = text.trim();
        let is_right = text.is_empty() || is_email(text);
        (!is_right).then(|| "Must be an e-mail address such as name@example.com".to_owned())
    },
});
/// A name in Telegram, or none.
pub(crate) const TELEGRAM: Limits = Limits::Form(&Form {
    format: "",
    pattern: "^(@?[A-Za-z0-9_]{4,32})?$",
    longest: 40,
    wrong: |text| {
        let name = text.trim().trim_start_matches('@');
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_right = (4..=32).contains(&name.len()) && name.chars().all(plain);
        (!name.is_empty() && !is_right).then(|| "Must be a Telegram name such as @example".to_owned())
    },
});
/// A telephone number, or none.
pub(crate) const PHONE: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^(\+?\(?[0-9]([ ()-]{0,2}[0-9]){4,19})?$",
    longest: 40,
    wrong: |text| {
        let text = text.trim();
        let is_phone = |c: char| c.is_ascii_digit() || " +-()".contains(c);
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let is_right = text.is_empty() || (text.chars().all(is_phone) && (5..=20).contains(&digits));
        (!is_right).then(|| "Must be a telephone number such as +380 44 123 45 67".to_owned())
    },
});

/// Changes of a card; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Card {
    pub name: Option<String>,
    pub email: Option<String>,
    pub telegram: Option<String>,
    pub phone: Option<String>,
    pub site: Option<String>,
    pub language: Option<Language>,
    pub time_zone: Option<TimeZone>,
    pub notify: Option<Vec<Notify>>,
    pub comment: Option<String>,
    pub rank: Option<i64>,
    pub trust: Option<Trust>,
    pub traffic_kinds: Option<Vec<TrafficKind>>,
}

impl Card {
    /// The row with these changes, checked.
    pub fn apply(&self, row: User, errors: &mut FieldErrors) -> User {
        let text = |new: &Option<String>, old: String| new.as_ref().map_or(old, |new| new.trim().to_owned());
        let telegram = self.telegram.as_deref().map(|name| name.trim().trim_start_matches('@').to_owned());
        let traffic_kinds = self.traffic_kinds.as_ref().map(|kinds| {
            let kinds: BTreeSet<i64> = kinds.iter().map(|kind| kind.code()).collect();
            codes_text(kinds)
        });
        let email = text(&self.email, row.email.clone());
        let row = User {
            name: self.name.clone().unwrap_or(row.name),
            // An operator knows whose it is; who enters his own is asked.
            is_email_confirmed: row.is_email_confirmed || email != row.email,
            email,
            telegram: telegram.unwrap_or(row.telegram),
            phone: text(&self.phone, row.phone),
            site: text(&self.site, row.site),
            language: self.language.map_or(row.language, |language| language.code().to_owned()),
            time_zone: self.time_zone.as_ref().map_or(row.time_zone, |zone| zone.name().to_owned()),
            notify: self.notify.as_ref().map_or(row.notify, |kinds| Notify::bits(kinds)),
            comment: self.comment.clone().unwrap_or(row.comment),
            rank: self.rank.unwrap_or(row.rank),
            trust: self.trust.map_or(row.trust, Trust::code),
            traffic_kinds: traffic_kinds.unwrap_or(row.traffic_kinds),
            ..row
        };
        check(errors, &row);
        row
    }
}

fn check(errors: &mut FieldErrors, row: &User) {
    check::name(errors, "name", &row.name);
    check::text(errors, "comment", &row.comment);
    check::url(errors, "site", &row.site);
    RANK.check_number(errors, "rank", row.rank);
    EMAIL.check(errors, "email", &row.email);
    TELEGRAM.check(errors, "telegram", &row.telegram);
    PHONE.check(errors, "phone", &row.phone);
}

/// Whether this looks like an address that mail can be sent to; whether it is one, only a letter tells.
fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let is_host = |c: char| c.is_alphanumeric() || "-.".contains(c);
    let labels =
        host.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let bad = |c: char| c.is_whitespace() || c.is_control() || "<>(),;:\\\"[]".contains(c);
    text.len() <= EMAIL_MAX
        && !name.is_empty()
        && !name.contains(bad)
        && !name.contains('@')
        && host.contains('.')
        && host.chars().all(is_host)
        && labels
}

/// Categories that the caller may name, without repeats.
pub(super) async fn known_categories(db: &Db, scope: Scope, ids: &[i64]) -> Result<Vec<i64>> {
    let wanted: BTreeSet<i64> = ids.iter().copied().collect();
    let known: BTreeSet<i64> = category::list(db, scope).await?.into_iter().map(|row| row.id).collect();
    if wanted.is_subset(&known) {
        return Ok(wanted.into_iter().collect());
    }
    Err(whocpa_domain::Error::field("categories", "Categories not found"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for good in ["a@b.example", "first.last+tag@sub.example.com", "имя@пошта.укр", "o'neil@x-y.example"]
        {
            assert!(is_email(good), "{good}");
        }
        let long = format!("{}@b.example", "a".repeat(250));
        for bad in [
            "",
            "a",
            "@b.example",
            "a@b",
            "a@.example",
            "a@b..example",
            "a b@c.example",
            "a@b@c.example",
            "a@-b.example",
            "<a@b.example>",
            "a@b.example\n",
            &long,
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
