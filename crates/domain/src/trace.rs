//! The trace of a click: the questions that were asked about it and what was found, in order, in a few dozen bytes.
//!
//! ```text
//! 1+7 2+10 3+5 4- …        number of the check, + passed or - not, what was found; one space between steps
//! ```

use crate::codes;
use crate::facts::{BotMark, DeviceKind};

codes! {
    /// A question about a click. Its word is the name that the trace shows.
    pub enum Check {
        Link = 1 "link",
        Account = 2 "account",
        Offer = 3 "offer",
        Connection = 4 "connection",
        Schedule = 5 "schedule",
        Geo = 6 "geo",
        Device = 7 "device",
        Os = 8 "os",
        Browser = 9 "browser",
        Language = 10 "language",
        ConnectionType = 11 "connection_type",
        Visitor = 12 "visitor",
        Area = 13 "area",
        Subid = 14 "subid",
        Cap = 15 "cap",
        Coverage = 16 "coverage",
        Candidate = 17 "candidate",
        Choice = 18 "choice",
        Explore = 19 "explore",
        Landing = 20 "landing",
        Prelanding = 21 "prelanding",
        Promo = 22 "promo",
        Deeplink = 23 "deeplink",
        Domain = 24 "domain",
        Bot = 25 "bot",
        Unique = 26 "unique",
        TrafficBack = 27 "traffic_back",
        Destination = 28 "destination",
        Rule = 29 "rule",
        Way = 30 "way",
        Terms = 31 "terms",
        Cover = 32 "cover",
    }
}

/// Bytes that most traces fit into.
const ROOM: usize = 128;

/// The steps of one decision, in their stored form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace(String);

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceStep {
    /// What was looked at.
    pub check: Check,
    /// Whether the click passed.
    pub is_passed: bool,
    /// What was found: a number, a short text, or nothing.
    pub found: String,
}

impl Trace {
    /// Adds a step about a number, 0 for none.
    pub fn number(&mut self, check: Check, is_passed: bool, number: i64) {
        self.begin(check, is_passed);
        if number != 0 {
            self.digits(number);
        }
    }

    /// Adds a step about several numbers, with colons between them.
    pub fn numbers(&mut self, check: Check, is_passed: bool, numbers: &[i64]) {
        self.begin(check, is_passed);
        for (at, number) in numbers.iter().enumerate() {
            if at > 0 {
                self.0.push(':');
            }
            self.digits(*number);
        }
    }

    /// Adds a step about a short text; what is white in it becomes a low line.
    pub fn text(&mut self, check: Check, is_passed: bool, text: &str) {
        self.begin(check, is_passed);
        self.0.extend(text.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }));
    }

    fn begin(&mut self, check: Check, is_passed: bool) {
        if self.0.is_empty() {
            self.0.reserve(ROOM);
        } else {
            self.0.push(' ');
        }
        self.digits(check.code());
        self.0.push(if is_passed { '+' } else { '-' });
    }

    /// As `write!` would, which takes several times as long; a click has a dozen of them.
    fn digits(&mut self, number: i64) {
        if number < 0 {
            self.0.push('-');
        }
        let (mut left, mut digits, mut at) = (number.unsigned_abs(), [0_u8; 20], 20);
        loop {
            at -= 1;
            // A digit is below ten.
            digits[at] = b'0' + u8::try_from(left % 10).unwrap_or(0);
            left /= 10;
            if left == 0 {
                break;
            }
        }
        self.0.extend(digits[at..].iter().map(|digit| char::from(*digit)));
    }

    /// The stored form.
    pub fn into_text(self) -> String {
        self.0
    }

    /// The steps of a stored trace. One that a newer version wrote is passed over: its question is not known here.
    pub fn read(text: &str) -> impl Iterator<Item = TraceStep> {
        text.split(' ').filter_map(|step| {
            let at = step.find(['+', '-'])?;
            let (code, rest) = step.split_at(at);
            let check = Check::from_code(code.parse().ok()?)?;
            let (is_passed, found) = (rest.starts_with('+'), rest[1..].to_owned());
            Some(TraceStep { check, is_passed, found })
        })
    }
}

impl TraceStep {
    /// The step in words.
    pub fn words(&self) -> String {
        let found = self.found.as_str();
        let (passed, refused) = phrases(self.check);
        let phrase = if self.is_passed { passed } else { refused };
        let meaning = found.parse().ok().and_then(|code| match self.check {
            Check::Device => DeviceKind::from_code(code).map(DeviceKind::word),
            Check::Bot => BotMark::from_code(code).map(BotMark::word),
            _ => None,
        });
        match meaning {
            Some(word) => format!("{phrase}: {word}"),
            None if found.is_empty() => phrase.to_owned(),
            None => format!("{phrase}: {found}"),
        }
    }
}

/// What is said of a step that was passed, and of one that was not; what was found follows after a colon.
fn phrases(check: Check) -> (&'static str, &'static str) {
    match check {
        Check::Link => ("the link is in use", "the link is unknown or deleted"),
        Check::Account => ("the webmaster's account works", "the webmaster's account is blocked"),
        Check::Offer => ("the offer takes visitors", "the offer is unknown or stopped"),
        Check::Connection => {
            ("the webmaster is connected to the offer", "the webmaster is not connected to the offer")
        }
        Check::Schedule => ("within the schedule", "outside the schedule"),
        Check::Geo => ("the country fits", "the country does not fit"),
        Check::Device => ("the device fits", "the device does not fit"),
        Check::Os => ("the operating system fits", "the operating system does not fit"),
        Check::Browser => ("the browser fits", "the browser does not fit"),
        Check::Language => ("the language fits", "the language does not fit"),
        Check::ConnectionType => ("the kind of connection fits", "the kind of connection does not fit"),
        Check::Visitor => ("new or returning visitor as wanted", "not the wanted kind of visitor"),
        Check::Area => ("the area is allowed", "the area is not allowed"),
        Check::Subid => ("the subids are allowed", "a subid is not allowed"),
        Check::Cap => ("within the cap", "the cap is reached"),
        Check::Coverage => {
            ("the advertiser's balance covers it", "the advertiser's balance does not cover it")
        }
        Check::Candidate => ("this offer could be chosen", "this offer could not be chosen"),
        Check::Choice => ("chosen", "not chosen"),
        Check::Explore => ("chosen to learn how it does", "not chosen to learn how it does"),
        Check::Landing => ("the landing page is used", "the landing page is not used"),
        Check::Prelanding => ("the pre-landing page is used", "the pre-landing page is not used"),
        Check::Promo => ("the promo material is used", "the promo material is not used"),
        Check::Deeplink => ("the page is on the offer's hosts", "the page is not on the offer's hosts"),
        Check::Domain => ("through the parked domain", "not through a domain of this webmaster"),
        Check::Bot => ("counted with people's clicks", "counted apart"),
        Check::Unique => {
            ("first click on this offer in 24 hours", "a repeated click on this offer in 24 hours")
        }
        Check::TrafficBack => ("sent to the traffic-back address of", "no traffic-back address"),
        Check::Destination => ("sent to", "nowhere to send: a page of the network"),
        Check::Rule => ("not paused by a rule", "the source is paused by the finding"),
        Check::Cover => ("its leads are paid for", "nothing is left that pays for leads of offer"),
        Check::Way => ("came by", "came by"),
        Check::Terms => ("late leads are judged by the terms (version:rule:days)", "no terms for late leads"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_reads_back() {
        let mut trace = Trace::default();
        trace.number(Check::Link, true, 7);
        trace.number(Check::Device, false, DeviceKind::Phone.code());
        trace.number(Check::Explore, false, 0);
        trace.text(Check::Destination, true, "shop.example\tx y");
        let text = trace.into_text();
        assert_eq!(text, "1+7 7-2 19- 28+shop.example_x_y");
        let words: Vec<String> = Trace::read(&text).map(|step| step.words()).collect();
        let said = [
            "the link is in use: 7",
            "the device does not fit: phone",
            "not chosen to learn how it does",
            "sent to: shop.example_x_y",
        ];
        assert_eq!(words, said);
    }

    #[test]
    fn numbers_are_written_as_always() {
        for number in [i64::MIN, -10, -1, 1, 9, 10, 1_234_567_890, i64::MAX] {
            let mut trace = Trace::default();
            trace.numbers(Check::Candidate, false, &[number, 0]);
            assert_eq!(trace.into_text(), format!("17-{number}:0"));
        }
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        assert_eq!(Trace::read("").count(), 0);
        assert_eq!(Trace::read("9999+1 1+ nonsense x+ 3-5").count(), 2);
        assert_eq!(Trace::read("6--1").next().map(|step| step.found), Some("-1".to_owned()));
    }

    #[test]
    fn every_check_has_words() {
        for check in Check::ALL {
            for is_passed in [true, false] {
                let step = TraceStep { check: *check, is_passed, found: String::new() };
                assert!(!step.words().is_empty());
            }
        }
    }
}
