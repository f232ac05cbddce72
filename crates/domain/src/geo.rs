//! Regions: where an offer may be promoted.

use crate::codes;

codes! {
    /// Kind of a region (whocpa.md §2.4).
    pub enum GeoType {
        CountryGroup = 25 "group of countries",
        Country = 30 "country",
        RegionGroup = 35 "group of regions",
        Region = 40 "region",
        City = 50 "city",
    }
}
