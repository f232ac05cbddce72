//! Which page of a list is wanted, and how long it is.

use super::{Limits, ParamKind, ParamType, RawValue};

/// Number of the wanted page, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page(
    /// At least 1.
    pub i64,
);

/// Rows on a page: 10 to 100, 100 unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerPage(
    /// 10..=100.
    pub i64,
);

/// Pages beyond this are refused: a deeper read is an export.
const PAGE_LIMIT: i64 = 1_000_000;

macro_rules! bounded {
    ($ty:ident, $default:literal, $min:expr, $max:expr) => {
        impl Default for $ty {
            fn default() -> Self {
                Self($default)
            }
        }
        impl ParamType for $ty {
            const KIND: ParamKind = ParamKind::Int;
            const REQUIRED: bool = false;
            const MANY: bool = false;
            const LIMITS: Limits = Limits::Range($min, $max);
            fn from_values(values: Vec<RawValue>) -> std::result::Result<Self, String> {
                Ok(Option::<i64>::from_values(values)?.map_or_else(Self::default, Self))
            }
        }
    };
}
bounded!(Page, 1, 1, PAGE_LIMIT);
bounded!(PerPage, 100, 10, 100);
