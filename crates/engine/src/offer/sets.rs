//! What an offer has several of: categories, regions, kinds of traffic, languages.

use serde::Serialize;
use whocpa_domain::input::limits;
use whocpa_domain::offer::TrafficKind;
use whocpa_domain::{FieldErrors, Result, Scope};
use whocpa_store::offer;
use whocpa_store::{Db, category};

use super::input::OfferUpdate;
use crate::geo::GeoTree;

/// All of them, each in order and without repetitions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Sets {
    /// Ids.
    pub categories: Vec<i64>,
    /// Ids.
    pub geo: Vec<i64>,
    /// Codes of ISO 639-1.
    pub languages: Vec<String>,
    /// [`TrafficKind`] as a number.
    pub traffic_allowed: Vec<i64>,
    /// [`TrafficKind`] as a number.
    pub traffic_forbidden: Vec<i64>,
}

impl Sets {
    /// Those of a stored offer.
    pub async fn load(db: &Db, id: i64) -> Result<Self> {
        let traffic = offer::traffic(db, &[id]).await?.remove(&id).unwrap_or_default();
        let of = |wanted: bool| {
            let kinds = traffic.iter().filter(|(_, is_allowed)| *is_allowed == wanted);
            kinds.map(|(kind, _)| *kind).collect()
        };
        Ok(Self {
            categories: offer::categories(db, &[id]).await?.remove(&id).unwrap_or_default(),
            geo: offer::geos(db, &[id]).await?.remove(&id).unwrap_or_default(),
            languages: offer::languages(db, &[id]).await?.remove(&id).unwrap_or_default(),
            traffic_allowed: of(true),
            traffic_forbidden: of(false),
        })
    }

    /// With what was sent in the place of what was there.
    pub fn with(&self, input: &OfferUpdate) -> Self {
        let kinds = |sent: &Option<Vec<TrafficKind>>, present: &Vec<i64>| {
            let sent = sent.as_ref().map(|kinds| kinds.iter().map(|kind| kind.code()).collect());
            unique(sent.unwrap_or_else(|| present.clone()))
        };
        Self {
            categories: unique(input.categories.clone().unwrap_or_else(|| self.categories.clone())),
            geo: unique(input.geo.clone().unwrap_or_else(|| self.geo.clone())),
            languages: unique(input.languages.clone().unwrap_or_else(|| self.languages.clone())),
            traffic_allowed: kinds(&input.traffic_allowed, &self.traffic_allowed),
            traffic_forbidden: kinds(&input.traffic_forbidden, &self.traffic_forbidden),
        }
    }

    /// Checks them before they are written; what the offer has already may stay, also when nobody else may choose it
    /// any more.
    pub async fn check(
        &self,
        errors: &mut FieldErrors,
        db: &Db,
        scope: Scope,
        present: &Self,
        tree: &GeoTree,
    ) -> Result<()> {
        if self.categories.is_empty() {
            errors.add("categories", "Choose at least one category");
        }
        let unknown = categories_unknown(db, scope, &self.categories).await?;
        if unknown.iter().any(|id| !present.categories.contains(id)) {
            errors.add("categories", "Categories not found");
        }
        if self.geo.is_empty() {
            errors.add("geo", "Choose at least one region");
        }
        if self.geo.iter().any(|id| !tree.knows(scope, *id) && !present.geo.contains(id)) {
            errors.add("geo", "Regions not found");
        }
        for code in &self.languages {
            limits::LANGUAGE.check(errors, "languages", code);
        }
        if let Some(both) = self.traffic_allowed.iter().find(|kind| self.traffic_forbidden.contains(kind)) {
            errors.add("traffic_forbidden", format!("{both} is both allowed and forbidden"));
        }
        Ok(())
    }

    /// Stores what differs from what was there.
    pub async fn write(&self, db: &Db, id: i64, present: &Self) -> Result<()> {
        if self.categories != present.categories {
            offer::set_categories(db, id, &self.categories).await?;
        }
        if self.geo != present.geo {
            offer::set_geos(db, id, &self.geo).await?;
        }
        if self.languages != present.languages {
            offer::set_languages(db, id, &self.languages).await?;
        }
        let traffic = |sets: &Self| -> Vec<(i64, bool)> {
            let allowed = sets.traffic_allowed.iter().map(|kind| (*kind, true));
            allowed.chain(sets.traffic_forbidden.iter().map(|kind| (*kind, false))).collect()
        };
        if traffic(self) != traffic(present) {
            offer::set_traffic(db, id, &traffic(self)).await?;
        }
        Ok(())
    }
}

/// The same value may be sent twice; it is stored once.
fn unique<T: Ord>(mut values: Vec<T>) -> Vec<T> {
    values.sort_unstable();
    values.dedup();
    values
}

/// Those of `ids` that the caller may not choose.
pub(super) async fn categories_unknown(db: &Db, scope: Scope, ids: &[i64]) -> Result<Vec<i64>> {
    let known: Vec<i64> = category::list(db, scope).await?.iter().map(|row| row.id).collect();
    Ok(ids.iter().copied().filter(|id| !known.contains(id)).collect())
}
