//! Questions as SQL that both databases take.

use std::fmt::Write;

use sea_orm::Value;
use whocpa_domain::stat::{Dimension, Key, Period, Shape};
use whocpa_domain::time::{DAY, HOUR};

use super::rollup::CLICK_SECOND;
use crate::db::Backend;

/// A condition: the value of a dimension is one of these, or is none of them.
#[derive(Debug, Clone)]
pub(super) struct Among {
    pub dimension: Dimension,
    pub is_not: bool,
    pub keys: Vec<Key>,
}

/// Which rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// Of `click`.
    Clicks,
    /// Sums of quarters of an hour.
    Quarters,
    /// Sums of days.
    Days,
    /// Of `lead`.
    Leads,
    /// The same, with `lead_delta`, called `d`.
    LeadsThen,
}

impl Rows {
    /// When it was, in seconds.
    pub fn second(self) -> &'static str {
        match self {
            Self::Clicks => CLICK_SECOND,
            Self::Quarters => "(bucket * 900)",
            Self::Days => "(day * 86400)",
            Self::Leads | Self::LeadsThen => "lead.date_created",
        }
    }

    /// A dimension's value.
    pub fn value(self, dimension: Dimension, period: &Period) -> String {
        if dimension.is_time() {
            return format!("CAST({} AS BIGINT)", time(self.second(), dimension, period));
        }
        let is_lead = matches!(self, Self::Leads | Self::LeadsThen);
        let name = column(dimension);
        let state = matches!(dimension, Dimension::Status | Dimension::Reason | Dimension::Currency);
        match self {
            Self::LeadsThen if state => format!("d.{name}"),
            // What a click has not is 0, what a lead has not is NULL.
            _ if is_lead && is_optional(dimension) => format!("COALESCE(lead.{name}, 0)"),
            _ if is_lead => format!("lead.{name}"),
            _ => name.to_owned(),
        }
    }
}

fn is_optional(dimension: Dimension) -> bool {
    matches!(
        dimension,
        Dimension::Area | Dimension::Landing | Dimension::Promo | Dimension::Stock | Dimension::Deeplink
    )
}

/// The column of a dimension, the same in all tables that have it.
fn column(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Offer => "offer_id",
        Dimension::Goal => "goal_id",
        Dimension::Advertiser => "advertiser_id",
        // Who looks after somebody is told by who he is.
        Dimension::Webmaster | Dimension::Manager => "webmaster_id",
        Dimension::Area => "area_id",
        Dimension::Link => "link_id",
        Dimension::Landing => "landing_id",
        Dimension::Promo => "promo_id",
        Dimension::Stock => "stock_id",
        Dimension::Deeplink => "deeplink_id",
        Dimension::ClickReason => "reason",
        Dimension::Reason => "reason_code",
        Dimension::Currency => "currency_id",
        other => other.name(),
    }
}

/// A time by the zone's clock, as [`Period::key`] computes it.
fn time(second: &str, dimension: Dimension, period: &Period) -> String {
    let local = match period.offsets.as_slice() {
        [(_, 0)] => second.to_owned(),
        [(_, offset)] => format!("({second} + {offset})"),
        offsets => {
            let mut cases = String::new();
            for pair in offsets.windows(2) {
                // Writing to a String cannot fail.
                let _ = write!(cases, " WHEN {second} < {} THEN {}", pair[1].0, pair[0].1);
            }
            let last = offsets.last().map_or(0, |(_, offset)| *offset);
            format!("({second} + CASE{cases} ELSE {last} END)")
        }
    };
    let day = format!("({local} / {DAY})");
    match dimension {
        Dimension::Hour => format!("{second} - ({local} % {HOUR})"),
        Dimension::Day => day,
        Dimension::Week => format!("({day} + 3) / 7"),
        Dimension::Month => {
            let mut cases = String::new();
            for (month, next) in &period.months {
                let _ = write!(cases, " WHEN {day} < {next} THEN {month}");
            }
            let last = period.months.last().map_or(0, |(month, _)| *month);
            format!("CASE{cases} ELSE {last} END")
        }
        Dimension::HourOfDay => format!("({local} / {HOUR}) % 24"),
        _ => format!("({day} + 3) % 7 + 1"),
    }
}

/// A question that grows.
pub(super) struct Sql {
    backend: Backend,
    /// Conditions.
    pub conditions: Vec<String>,
    /// Bound texts.
    pub values: Vec<Value>,
}

impl Sql {
    /// For this database.
    pub fn new(backend: Backend) -> Self {
        Self { backend, conditions: Vec::new(), values: Vec::new() }
    }

    /// Adds conditions.
    pub fn among(&mut self, rows: Rows, period: &Period, all: &[Among]) {
        for Among { dimension, is_not, keys } in all {
            if keys.is_empty() {
                self.conditions.push(if *is_not { "1 = 1" } else { "1 = 0" }.to_owned());
                continue;
            }
            let list: Vec<String> = keys.iter().map(|key| self.bound(key)).collect();
            let value = rows.value(*dimension, period);
            self.conditions.push(match list.as_slice() {
                [one] if !is_not => format!("{value} = {one}"),
                _ => format!("{value} {}IN ({})", if *is_not { "NOT " } else { "" }, list.join(", ")),
            });
        }
    }

    /// Numbers stand in the text, where the planner sees them; texts are bound.
    fn bound(&mut self, key: &Key) -> String {
        match key {
            Key::Number(number) => number.to_string(),
            Key::Text(text) => {
                self.values.push(text.as_str().into());
                match self.backend {
                    Backend::Postgres => format!("${}", self.values.len()),
                    Backend::Sqlite => "?".to_owned(),
                }
            }
        }
    }

    /// The text: dimensions, then what is counted, by group.
    pub fn text(&self, (from, dimensions, sums): (&str, &[String], &[String]), limit: i64) -> String {
        let mut columns = dimensions.to_vec();
        columns.extend_from_slice(sums);
        let mut text = format!("SELECT {} FROM {from}", columns.join(", "));
        if !self.conditions.is_empty() {
            let _ = write!(text, " WHERE {}", self.conditions.join(" AND "));
        }
        if !dimensions.is_empty() {
            let places: Vec<String> = (1..=dimensions.len()).map(|place| place.to_string()).collect();
            let _ = write!(text, " GROUP BY {}", places.join(", "));
        }
        let _ = write!(text, " LIMIT {limit}");
        text
    }
}

/// Whether the values of a dimension are read as numbers.
pub(super) fn is_number(dimension: Dimension) -> bool {
    dimension.shape() != Shape::Text
}
