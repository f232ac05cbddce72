//! In which spelling an advertiser's system speaks: each platform's postback is a row of data, so that whoever leaves that
//! platform changes the host of his address and nothing else (rivals.md §5.6).
//!
//! Words of a status are mapped per platform only: `1`, `2`, `hold` and others mean different things on different ones
//! (rivals.md §5.2).

use whocpa_domain::input::RawParams;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::way::{Intent, LeadWay};

/// What a parameter is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The advertiser's token.
    Token,
    /// The click.
    Tid,
    /// The offer.
    Offer,
    /// The goal by its number.
    GoalId,
    /// The goal by the advertiser's own name or by its number.
    Goal,
    /// The advertiser's id of the action.
    SaleId,
    /// The sale's amount.
    Amount,
    /// The amount's currency.
    Currency,
    /// The decision.
    Status,
    /// Why: a number or words of the list of reasons.
    Reason,
    /// Words to the status.
    Comment,
    /// Buyer's telephone.
    Phone,
    /// Buyer's name.
    Name,
    /// Buyer's e-mail address.
    Email,
    /// Where to deliver.
    Address,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Our own JSON.
    Json,
    /// `success=true;` or `success=false; err_msg=…`.
    Tune,
    /// `{"status":1}` or `{"status":2,"error":…}`.
    Affise,
    /// `{"status":"success","code":200,…}`.
    Scaleo,
    /// `{"status":"ok","id":…}` or `{"status":"error","error":…}`, HTTP 200.
    AlterCpa,
    /// A line of text.
    Text,
}

/// One platform's spelling.
#[derive(Debug)]
pub struct Shape {
    /// Whose it is.
    pub way: LeadWay,
    /// Where it is received, and what that allows to be done.
    pub paths: &'static [(&'static str, Intent)],
    /// On a path of several platforms: whoever sends one of these means this one. Empty where there is no doubt.
    pub marks: &'static [&'static str],
    /// The parameters; of several names the first that has a value counts.
    pub names: &'static [(Slot, &'static [&'static str])],
    /// The words of its statuses, lower case.
    pub status: &'static [(&'static str, LeadStatus)],
    /// Parameters that list further words of a status, `approved_status=ok,paid`.
    pub lists: &'static [(&'static str, LeadStatus)],
    /// A parameter that lets a change make the lead too, where it is `1`.
    pub auto: Option<&'static str>,
    /// `12,34` is an amount.
    pub has_comma: bool,
    /// How it is answered.
    pub form: Form,
}

impl Shape {
    /// The names of a parameter, in the order in which they are looked at.
    pub fn names(&self, slot: Slot) -> &'static [&'static str] {
        self.names.iter().find(|(known, _)| *known == slot).map_or(&[], |(_, names)| names)
    }

    /// What a request on this path may do.
    pub fn intent(&self, path: &str) -> Intent {
        self.paths.iter().find(|(known, _)| *known == path).map_or(Intent::Any, |(_, intent)| *intent)
    }

    /// The status that this word means here.
    pub fn status(&self, word: &str) -> Option<LeadStatus> {
        let word = word.trim();
        self.status.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, status)| *status)
    }

    /// The words of all statuses, for the sender of another one.
    pub fn status_words(&self) -> String {
        let words: Vec<String> =
            self.status.iter().map(|(word, status)| format!("{word} ({})", status.word())).collect();
        words.join(", ")
    }
}

/// The spelling of a request on this path.
pub fn of_request(path: &str, sent: &RawParams) -> Option<&'static Shape> {
    let here = || SHAPES.iter().copied().filter(|shape| shape.paths.iter().any(|(known, _)| *known == path));
    let is_sent = |name: &&str| sent.names().any(|sent| sent == *name);
    here().find(|shape| shape.marks.iter().any(&is_sent)).or_else(|| here().find(|s| s.marks.is_empty()))
}

pub use super::shapes::SHAPES;
