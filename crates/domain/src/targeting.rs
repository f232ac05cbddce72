//! Targeting: which visitors an offer, a landing page, a link or one of its routes takes.
//!
//! It is written as one JSON object, kept as its text, and compiled once into [`Rules`], which answer in nanoseconds.
//! Every rule that is stated must be met. What is not known of a visitor is in no list: it passes a `deny` and fails an
//! `allow`.

use crate::click::ClickReason;
use crate::facts::{ConnectionType, DeviceKind, Facts};
use crate::input::read_json;
use crate::schedule::{Moment, Schedule, Week};
use crate::trace::Check;
use crate::{codes, document, language};

/// Values that one list may have.
const LIST_LIMIT: usize = 1000;
/// Longest text in a list, in characters.
const WORD_LIMIT: usize = 600;

/// Operating systems that a targeting may name, with what the names of the user agent's parser begin with.
const SYSTEMS: [(&str, &[&str]); 6] = [
    ("android", &["android"]),
    ("ios", &["iphone", "ipad", "ipod", "ios"]),
    ("windows", &["windows"]),
    ("macos", &["mac"]),
    ("linux", &["linux"]),
    ("chromeos", &["chromeos", "chrome os"]),
];

codes! {
    /// Whether a visitor was here before.
    pub enum VisitorKind {
        New = 1 "without a cookie of an earlier click",
        Returning = 2 "with a cookie of an earlier click",
    }
}

document! {
    /// Numbers that are allowed and that are not.
    pub struct IdLists {
        /// Only these; empty for all.
        allow: Vec<i64>,
        /// Not these.
        deny: Vec<i64>,
    }
}

document! {
    /// Texts that are allowed and that are not, in exactly these letters.
    pub struct TextLists {
        /// Only these; empty for all.
        allow: Vec<String>,
        /// Not these.
        deny: Vec<String>,
    }
}

document! {
    /// Versions of an operating system.
    pub struct SystemRange {
        /// One of `android`, `ios`, `windows`, `macos`, `linux`, `chromeos`.
        name: String,
        /// The lowest version, for example `8` or `14.2`; empty for any.
        min: String,
        /// The highest version: `14` takes 14.9 too; empty for any.
        max: String,
    }
}

document! {
    /// Which visitors are taken. Every rule that is stated must be met; an empty or absent one asks nothing.
    pub struct Targeting {
        /// Ids of regions, country groups or countries. A visitor's country is known by the address, a place within
        /// the country is not: smaller regions are refused.
        geo: IdLists,
        /// Kinds of device.
        devices: Vec<DeviceKind>,
        /// Operating systems, any of which will do.
        os: Vec<SystemRange>,
        /// Browsers by name, for example `Chrome`, `Safari`, `Firefox`, in any case of letters.
        browsers: Vec<String>,
        /// The visitor's languages, ISO 639-1.
        languages: Vec<String>,
        /// Hours of the week.
        schedule: Schedule,
        /// Kinds of connection.
        connections: Vec<ConnectionType>,
        /// New or returning visitors only.
        visitors: Option<VisitorKind>,
        /// Ids of the webmasters' areas.
        areas: IdLists,
        /// Values of the first label.
        subid1: TextLists,
        /// Values of the second label.
        subid2: TextLists,
        /// Values of the third label.
        subid3: TextLists,
        /// Values of the fourth label.
        subid4: TextLists,
        /// Values of the fifth label.
        subid5: TextLists,
    }
}

impl Targeting {
    /// Reads a stored text; an empty one asks nothing.
    ///
    /// # Errors
    /// Names the place that is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        let read: Self = if text.is_empty() { Self::default() } else { read_json(text)? };
        read.check()?;
        Ok(read)
    }

    /// What everybody may read: which areas and labels are taken concerns single webmasters, and says who they are.
    #[must_use]
    pub fn public(self) -> Self {
        let [subid1, subid2, subid3, subid4, subid5] = <[TextLists; 5]>::default();
        Self { areas: IdLists::default(), subid1, subid2, subid3, subid4, subid5, ..self }
    }

    /// The text that is stored; empty when it asks nothing.
    pub fn to_text(&self) -> String {
        if *self == Self::default() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }

    /// Says what is wrong with it and where, apart from regions and areas, which are somebody else's to know.
    pub fn check(&self) -> Result<(), String> {
        for (name, length) in [
            ("geo.allow", self.geo.allow.len()),
            ("geo.deny", self.geo.deny.len()),
            ("os", self.os.len()),
            ("areas.allow", self.areas.allow.len()),
            ("areas.deny", self.areas.deny.len()),
            ("schedule.hours", self.schedule.hours.len()),
        ] {
            if length > LIST_LIMIT {
                return Err(format!("{name}: At most {LIST_LIMIT} values"));
            }
        }
        let at = |number: usize, part: &str| format!("subid{}.{part}", number + 1);
        for (number, lists) in self.subids().into_iter().enumerate() {
            check_words(&at(number, "allow"), &lists.allow)?;
            check_words(&at(number, "deny"), &lists.deny)?;
        }
        check_words("browsers", &self.browsers)?;
        if let Some(at) = self.languages.iter().position(|code| !language::is_known(code)) {
            return Err(format!("languages[{at}]: Must be a code of ISO 639-1 such as en"));
        }
        for (at, range) in self.os.iter().enumerate() {
            range.check().map_err(|wrong| format!("os[{at}].{wrong}"))?;
        }
        self.schedule.check().map_err(|wrong| format!("schedule.{wrong}"))
    }

    /// The lists of the five labels.
    pub fn subids(&self) -> [&TextLists; 5] {
        [&self.subid1, &self.subid2, &self.subid3, &self.subid4, &self.subid5]
    }

    /// Ready to be asked; none when it asks nothing.
    pub fn compile(&self) -> Option<Rules> {
        if *self == Self::default() {
            return None;
        }
        let bits = |codes: &mut dyn Iterator<Item = i64>| codes.fold(0_u32, |bits, code| bits | bit(code));
        let lower = |words: &[String]| words.iter().map(|word| word.to_lowercase()).collect();
        Some(Rules {
            geo: Ids::new(&self.geo),
            devices: bits(&mut self.devices.iter().map(|kind| kind.code())),
            systems: self.os.iter().filter_map(System::new).collect(),
            browsers: lower(&self.browsers),
            languages: self.languages.clone().into_boxed_slice(),
            week: self.schedule.compile(),
            connections: bits(&mut self.connections.iter().map(|kind| kind.code())),
            visitors: self.visitors,
            areas: Ids::new(&self.areas),
            subids: self
                .subids()
                .into_iter()
                .enumerate()
                .filter(|(_, lists)| **lists != TextLists::default())
                .map(|(number, lists)| (number, lists.clone()))
                .collect(),
        })
    }
}

fn check_words(place: &str, words: &[String]) -> Result<(), String> {
    if words.len() > LIST_LIMIT {
        return Err(format!("{place}: At most {LIST_LIMIT} values"));
    }
    match words.iter().position(|word| word.is_empty() || word.chars().count() > WORD_LIMIT) {
        Some(at) => Err(format!("{place}[{at}]: Must be 1 to {WORD_LIMIT} characters")),
        None => Ok(()),
    }
}

impl SystemRange {
    fn check(&self) -> Result<(), String> {
        if !SYSTEMS.iter().any(|(name, _)| *name == self.name) {
            let known: Vec<&str> = SYSTEMS.iter().map(|(name, _)| *name).collect();
            return Err(format!("name: Must be one of {}", known.join(", ")));
        }
        for (member, text) in [("min", &self.min), ("max", &self.max)] {
            if !text.is_empty() && Version::read(text).is_none_or(|version| version.as_text() != *text) {
                return Err(format!("{member}: Must be a version such as 14 or 14.2.1"));
            }
        }
        Ok(())
    }
}

/// A targeting, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    geo: Ids,
    devices: u32,
    systems: Box<[System]>,
    browsers: Box<[String]>,
    languages: Box<[String]>,
    week: Option<Week>,
    connections: u32,
    visitors: Option<VisitorKind>,
    areas: Ids,
    subids: Box<[(usize, TextLists)]>,
}

/// A visit as a link shows it: with the link's own area and labels; and read once for many rules.
#[derive(Debug, Clone)]
pub struct Visit<'a> {
    facts: &'a Facts,
    area_id: i64,
    subid: &'a [String; 5],
    /// A bit for each of the [`SYSTEMS`] that the visitor has.
    systems: u32,
    version: Option<Version>,
    moment: Moment,
}

impl<'a> Visit<'a> {
    /// What is known of a visitor, with the webmaster's area (0 for none) and the link's labels, which stand in for those
    /// that the visit did not bring.
    pub fn new(facts: &'a Facts, area_id: i64, subid: &'a [String; 5]) -> Self {
        let agent = &facts.agent;
        let starts = |prefix: &&str| {
            agent.os.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let has = |(at, (_, prefixes)): (u32, &(&str, &[&str]))| u32::from(prefixes.iter().any(starts)) << at;
        Self {
            facts,
            area_id,
            subid,
            systems: (0..).zip(&SYSTEMS).map(has).sum(),
            version: Version::read(&agent.os_version),
            moment: Moment::new(facts.now),
        }
    }

    /// A label of the visit, counted from 0: its own, else the link's.
    pub fn subid(&self, number: usize) -> &str {
        let own = self.facts.subid.get(number).map_or("", String::as_str);
        if own.is_empty() { self.subid.get(number).map_or("", String::as_str) } else { own }
    }
}

impl Rules {
    /// Rules that take nobody.
    pub fn nobody() -> Option<Self> {
        let nowhere = IdLists { allow: vec![i64::MIN], deny: Vec::new() };
        Targeting { geo: nowhere, ..Targeting::default() }.compile()
    }

    /// Whether they take this visit.
    ///
    /// # Errors
    /// The first rule that refuses it.
    pub fn matches(&self, visit: &Visit<'_>) -> Result<(), Check> {
        let (facts, agent) = (visit.facts, &visit.facts.agent);
        let holds = |bits: u32, code: i64| bits == 0 || bits & bit(code) != 0;
        let refused = if !self.geo.take(&facts.geo_ids) {
            Check::Geo
        } else if !holds(self.devices, agent.device.code()) {
            Check::Device
        } else if !self.systems.is_empty()
            && !self.systems.iter().any(|system| system.takes(visit.systems, visit.version))
        {
            Check::Os
        } else if !among(&self.browsers, &agent.browser) {
            Check::Browser
        } else if !among(&self.languages, &facts.language) {
            Check::Language
        } else if !holds(self.connections, facts.connection.code()) {
            Check::ConnectionType
        } else if self.visitors.is_some_and(|wanted| (wanted == VisitorKind::Returning) != facts.is_returning)
        {
            Check::Visitor
        } else if !self.areas.take(&[visit.area_id]) {
            Check::Area
        } else if !self.subids.iter().all(|(number, lists)| lists.takes(visit.subid(*number))) {
            Check::Subid
        } else if self.week.as_ref().is_some_and(|week| !week.holds_at(&visit.moment)) {
            Check::Schedule
        } else {
            return Ok(());
        };
        Err(refused)
    }
}

/// The reason of a click that a rule of a targeting refused.
pub fn refusal(check: Check) -> ClickReason {
    match check {
        Check::Geo => ClickReason::OutOfGeo,
        Check::Device => ClickReason::OutOfDevice,
        Check::Os => ClickReason::OutOfSystem,
        Check::Browser => ClickReason::OutOfBrowser,
        Check::Language => ClickReason::OutOfLanguage,
        Check::ConnectionType => ClickReason::OutOfConnection,
        Check::Visitor => ClickReason::OutOfVisitor,
        Check::Area => ClickReason::OutOfArea,
        Check::Subid => ClickReason::OutOfSubid,
        Check::Schedule => ClickReason::OutOfSchedule,
        _ => ClickReason::OfferStopped,
    }
}

fn bit(code: i64) -> u32 {
    u32::try_from(code).ok().and_then(|code| 1_u32.checked_shl(code)).unwrap_or(0)
}

/// In any case of letters; an empty list holds everything.
fn among(words: &[String], word: &str) -> bool {
    words.is_empty() || words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

impl TextLists {
    fn takes(&self, word: &str) -> bool {
        let among = |words: &[String]| words.iter().any(|known| known == word);
        (self.allow.is_empty() || among(&self.allow)) && !among(&self.deny)
    }
}

/// Sorted, so that a long list is searched in a few steps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ids {
    allow: Box<[i64]>,
    deny: Box<[i64]>,
}

impl Ids {
    fn new(lists: &IdLists) -> Self {
        let sorted = |ids: &[i64]| {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            ids.dedup();
            ids.into_boxed_slice()
        };
        Self { allow: sorted(&lists.allow), deny: sorted(&lists.deny) }
    }

    /// Whether something of which all of `ids` are true is taken.
    fn take(&self, ids: &[i64]) -> bool {
        let any = |list: &[i64]| ids.iter().any(|id| list.binary_search(id).is_ok());
        (self.allow.is_empty() || any(&self.allow)) && !any(&self.deny)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct System {
    bit: u32,
    min: Option<Version>,
    max: Option<Version>,
}

impl System {
    fn new(range: &SystemRange) -> Option<Self> {
        let (at, _) = (0..).zip(&SYSTEMS).find(|(_, (name, _))| *name == range.name)?;
        Some(Self { bit: 1_u32 << at, min: Version::read(&range.min), max: Version::read(&range.max) })
    }

    fn takes(&self, systems: u32, version: Option<Version>) -> bool {
        if systems & self.bit == 0 {
            return false;
        }
        if self.min.is_none() && self.max.is_none() {
            return true;
        }
        let Some(version) = version else { return false };
        self.min.is_none_or(|min| version.numbers >= min.numbers)
            && self.max.is_none_or(|max| version.start(max.length) <= max.numbers)
    }
}

/// A version as up to four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    numbers: [u32; 4],
    length: usize,
}

impl Version {
    /// Reads `14`, `14.2.1`, and what parsers write: `NT 10.0`, `14_2`.
    fn read(text: &str) -> Option<Self> {
        let text = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let (mut numbers, mut length) = ([0; 4], 0);
        for (slot, part) in numbers.iter_mut().zip(text.split(['.', '_'])) {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let Ok(number) = part[..digits].parse() else { break };
            *slot = number;
            length += 1;
        }
        (length > 0).then_some(Self { numbers, length })
    }

    /// Its first numbers, zeros after them.
    fn start(&self, length: usize) -> [u32; 4] {
        let mut numbers = [0; 4];
        for (slot, number) in numbers.iter_mut().zip(self.numbers).take(length) {
            *slot = number;
        }
        numbers
    }

    fn as_text(&self) -> String {
        let parts: Vec<String> = self.numbers.iter().take(self.length).map(u32::to_string).collect();
        parts.join(".")
    }
}

#[cfg(test)]
mod tests;
