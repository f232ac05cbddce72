//! Which page of a list is wanted, and how long it is.

use super::{Limits, ParamKind, ParamType, RawValue};

/// Number of the wanted page, from 1; or where a walk through the whole list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// At least 1.
    pub number: i64,
    /// Only from within: no request can ask for it.
    pub walk: Option<Walk>,
}

/// A whole list read piece by piece, in the order of its rows' keys: what comes or goes meanwhile shifts nothing, so no row is
/// met twice and none is passed over. Exports read like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// Rows of one piece.
    pub take: i64,
    /// Where the piece begins; in an answer, where the next one does.
    pub place: WalkPlace,
}

/// How far a walk has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalkPlace {
    /// Nothing was read. A list that still says so in its answer is not read by keys.
    Start,
    /// Behind the row with this time (0 for lists whose order is by number alone) and this number.
    Behind {
        /// Seconds.
        time: i64,
        /// The row's number.
        id: i64,
    },
    /// Nothing is left.
    End,
}

impl Walk {
    /// The same walk after a piece of `count` rows, of which the last has this key.
    #[must_use]
    pub fn after(self, count: usize, last: Option<(i64, i64)>) -> Self {
        let is_full = i64::try_from(count).is_ok_and(|count| count >= self.take);
        let place = match last.filter(|_| is_full) {
            Some((time, id)) => WalkPlace::Behind { time, id },
            None => WalkPlace::End,
        };
        Self { place, ..self }
    }
}

/// Rows on a page: 10 to 100, 100 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerPage(
    /// 10..=100.
    pub i64,
);

/// Pages beyond this are refused: a deeper read is an export.
const PAGE_LIMIT: i64 = 1_000_000;

impl Page {
    /// A page by its number.
    pub const fn number(number: i64) -> Self {
        Self { number, walk: None }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::number(1)
    }
}

impl ParamType for Page {
    const KIND: ParamKind = ParamKind::Int;
    const REQUIRED: bool = false;
    const MANY: bool = false;
    const LIMITS: Limits = Limits::Range(1, PAGE_LIMIT);
    fn from_values(values: Vec<RawValue>) -> Result<Self, String> {
        if let [RawValue::Walk(number, walk)] = values.as_slice() {
            return Ok(Self { number: *number, walk: Some(*walk) });
        }
        Ok(Option::<i64>::from_values(values)?.map_or_else(Self::default, Self::number))
    }
}

impl Default for PerPage {
    fn default() -> Self {
        Self(100)
    }
}

impl ParamType for PerPage {
    const KIND: ParamKind = ParamKind::Int;
    const REQUIRED: bool = false;
    const MANY: bool = false;
    const LIMITS: Limits = Limits::Range(10, 100);
    fn from_values(values: Vec<RawValue>) -> Result<Self, String> {
        Ok(Option::<i64>::from_values(values)?.map_or_else(Self::default, Self))
    }
}
