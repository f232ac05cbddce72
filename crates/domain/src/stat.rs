//! Statistics: what clicks and leads are counted by, and how moments become days of a zone (design §8).

mod period;
mod sort;

use crate::Level;
use crate::input::{ParamKind, Single};

pub use period::{Calendar, Edge, Period, QUARTER, written};
pub use sort::{Measure, StatSort};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Visits.
    Clicks,
    /// Targeted actions, with what they are worth.
    Leads,
}

/// What the values of a dimension are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Times by the clock of a zone.
    Time,
    /// Ids and codes.
    Number,
    /// Words.
    Text,
}

macro_rules! dimensions {
    ($($variant:ident $name:literal $shape:ident $clicks:literal $leads:literal $webmaster:literal $advertiser:literal;)*) => {
        /// What may be asked for apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Dimension { $(#[doc = $name] $variant,)* }

        impl Dimension {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// Their words.
            pub const WORDS: &'static [&'static str] = &[$($name),*];

            /// Its word in requests and answers.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What its values are.
            pub fn shape(self) -> Shape {
                match self { $(Self::$variant => Shape::$shape),* }
            }

            /// Whether clicks, or leads, have it.
            pub fn is_of(self, source: Source) -> bool {
                let (clicks, leads) = match self { $(Self::$variant => ($clicks, $leads)),* };
                match source {
                    Source::Clicks => clicks == 1,
                    Source::Leads => leads == 1,
                }
            }

            /// Whether this level may know it: nobody learns how the other side works.
            pub fn is_for(self, level: Level) -> bool {
                let (webmaster, advertiser) = match self { $(Self::$variant => ($webmaster, $advertiser)),* };
                match level {
                    Level::Guest => false,
                    Level::Webmaster => webmaster == 1,
                    Level::Advertiser => advertiser == 1,
                    Level::Operator => true,
                }
            }
        }
    };
}

dimensions! {
    //                                clicks leads webmaster advertiser
    Hour        "hour"         Time   1      1     1         1;
    Day         "day"          Time   1      1     1         1;
    Week        "week"         Time   1      1     1         1;
    Month       "month"        Time   1      1     1         1;
    HourOfDay   "hour_of_day"  Time   1      1     1         1;
    Weekday     "weekday"      Time   1      1     1         1;
    Offer       "offer"        Number 1      1     1         1;
    Goal        "goal"         Number 0      1     1         1;
    Advertiser  "advertiser"   Number 1      1     0         0;
    Webmaster   "webmaster"    Number 1      1     0         1;
    Manager     "manager"      Number 1      1     0         0;
    Area        "area"         Number 1      1     1         0;
    Link        "link"         Number 1      1     1         0;
    Landing     "landing"      Number 1      1     1         1;
    Promo       "promo"        Number 1      1     1         1;
    Stock       "stock"        Number 1      1     1         1;
    Deeplink    "deeplink"     Number 1      1     1         0;
    Country     "country"      Text   1      1     1         1;
    Device      "device"       Number 1      1     1         1;
    Os          "os"           Text   1      1     1         1;
    Browser     "browser"      Text   1      1     1         1;
    Language    "language"     Text   1      1     1         1;
    Subid1      "subid1"       Text   1      1     1         0;
    Subid2      "subid2"       Text   1      1     1         0;
    Subid3      "subid3"       Text   1      1     1         0;
    Subid4      "subid4"       Text   1      1     1         0;
    Subid5      "subid5"       Text   1      1     1         0;
    Keyword     "keyword"      Text   1      1     1         0;
    ClickReason "click_reason" Number 1      0     1         0;
    Status      "status"       Number 0      1     1         1;
    Reason      "reason"       Number 0      1     1         1;
    Currency    "currency"     Number 0      1     1         1;
}

impl Dimension {
    /// The dimension with this word.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dimension| dimension.name() == name)
    }

    /// Whether it says when something was.
    pub fn is_time(self) -> bool {
        self.shape() == Shape::Time
    }
}

impl Single for Dimension {
    const KIND: ParamKind = ParamKind::Word(Self::WORDS);
    fn parse(text: &str) -> Result<Self, String> {
        Self::by_name(text).ok_or_else(|| format!("Must be one of {}", Self::WORDS.join(", ")))
    }
}

/// A value of a dimension. Times are numbers: the first second of an hour, days since 1970, weeks and months since then,
/// 0 to 23, Monday 1 to Sunday 7.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A time, an id, a code.
    Number(i64),
    /// A word.
    Text(String),
}

impl Key {
    /// The number; 0 for a text.
    pub fn number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(_) => 0,
        }
    }
}
