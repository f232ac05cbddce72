//! What lists of an offer's materials and goods may be sorted by.

use crate::sort::Sort;
use crate::sort_keys;

sort_keys! {
    /// What lists of promos, landings and stocks may be sorted by.
    pub enum MaterialSort {
        /// Number.
        Id = "id",
        /// Name.
        Name = "name",
        /// When it was changed last.
        Updated = "date_updated",
        /// When it was first approved; what never was comes last.
        Published = "date_published",
    }
}

sort_keys! {
    /// What a list of products may be sorted by.
    pub enum ProductSort {
        /// Number.
        Id = "id",
        /// Name.
        Name = "name",
        /// Price, whatever the currency.
        Price = "price",
        /// When it was changed last.
        Updated = "date_updated",
    }
}

impl Default for Sort<MaterialSort> {
    fn default() -> Self {
        Self { key: MaterialSort::Id, is_descending: false }
    }
}

impl Default for Sort<ProductSort> {
    fn default() -> Self {
        Self { key: ProductSort::Id, is_descending: false }
    }
}
