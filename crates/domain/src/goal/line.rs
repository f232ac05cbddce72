//! Lines of a goal's terms: other rates for some visitors, or from so many leads a month on.
//!
//! Of the lines whose conditions all hold one counts: a line for the landing page goes before one without, then the one for
//! the nearer region (a country before its group), then one for the device, then the one with the highest number of leads. Where
//! none holds, the goal's own rates count.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::Rate;
use crate::document;
use crate::facts::DeviceKind;

/// Lines that one goal may have.
pub const LINE_LIMIT: usize = 100;

document! {
    /// Other rates of a goal. What is not stated fits everybody.
    pub struct GoalLine {
        /// Only for visitors from this country or group of countries.
        geo_id: Option<i64>,
        /// Only for visitors with this device.
        device: Option<DeviceKind>,
        /// Only for visitors who were sent to this landing page.
        landing_id: Option<i64>,
        /// Only from so many of the webmaster's leads of the goal on: approved ones of the same calendar month in the offer's zone.
        leads_from: Option<i64>,
        /// What the advertiser pays, stated as the goal's own `charge`; for advertisers and operators only.
        charge: Option<String>,
        /// What the webmaster gets, stated alike; 80 % of `charge` unless an operator says otherwise.
        payment: Option<String>,
    }
}

/// One line as it is stored: rates in the units of its goal's money type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// From 1 within its version.
    pub number: i64,
    /// Country or group of countries.
    pub geo_id: Option<i64>,
    /// [`DeviceKind`] as a number.
    pub device: Option<i64>,
    /// Landing page.
    pub landing_id: Option<i64>,
    /// Approved leads in the month before.
    pub leads_from: i64,
    /// What the webmaster gets.
    pub payment: Rate,
    /// What the advertiser pays.
    pub charge: Rate,
}

/// What is known of a lead when its line is chosen.
#[derive(Debug, Clone, Copy)]
pub struct LeadFacts<'a> {
    /// The visitor's country in the tree of regions, and all that it lies in, from the inside out.
    pub geo_ids: &'a [i64],
    /// [`DeviceKind`] as a number.
    pub device: i64,
    /// Landing page, 0 for none.
    pub landing_id: i64,
    /// The webmaster's approved leads of the goal in the month before it.
    pub month_leads: i64,
}

/// The line that counts for a lead; none where the goal's own rates do.
pub fn line_of<'a>(lines: &'a [Line], facts: &LeadFacts<'_>) -> Option<&'a Line> {
    let place = |line: &Line| line.geo_id.map(|id| facts.geo_ids.iter().position(|known| *known == id));
    let fits = |line: &&Line| {
        place(line) != Some(None)
            && line.device.is_none_or(|device| device == facts.device)
            && line.landing_id.is_none_or(|id| id == facts.landing_id)
            && line.leads_from <= facts.month_leads
    };
    // A nearer region has a lower place; no region at all comes last.
    let nearness = |line: &Line| place(line).flatten().map(Reverse);
    let rank = |line: &&Line| {
        let is_near = (line.landing_id.is_some(), nearness(line), line.device.is_some());
        (is_near, line.leads_from, Reverse(line.number))
    };
    lines.iter().filter(fits).max_by_key(rank)
}

/// The text that is stored; empty for none.
pub fn lines_text(lines: &[Line]) -> String {
    if lines.is_empty() { String::new() } else { serde_json::to_string(lines).unwrap_or_default() }
}

/// Reads what [`lines_text`] wrote; none for what nobody wrote.
pub fn read_lines(text: &str) -> Option<Vec<Line>> {
    if text.is_empty() { Some(Vec::new()) } else { serde_json::from_str(text).ok() }
}
