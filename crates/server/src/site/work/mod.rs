//! Pages that several cabinets have: each reader sees his own through them.

pub(super) mod postbacks;
pub(super) mod statement;
pub(super) mod stats;
pub(super) mod steps;
pub(super) mod tickets;

use std::collections::BTreeMap;

use whocpa_domain::Result;

use super::list::with;
use super::reader::Reader;

/// Names of offers by number.
pub(super) struct Offers(BTreeMap<i64, String>);

impl Offers {
    /// Those of these offers that he may see.
    pub async fn load(reader: &Reader, ids: impl IntoIterator<Item = i64>) -> Result<Self> {
        let mut unique: Vec<i64> = ids.into_iter().collect();
        unique.sort_unstable();
        unique.dedup();
        if unique.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let ids = unique.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let asked = with([("id", ids), ("show_stopped", "1".to_owned()), ("per_page", "100".to_owned())]);
        let found = reader.engine().offer_list(reader.caller(), asked.read()?).await?;
        Ok(Self(found.rows.into_iter().map(|offer| (offer.id, offer.name)).collect()))
    }

    /// The number where he may not see the name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    pub fn name(&self, id: &i64) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_string())
    }
}
