//! How a link chooses: what was sent, and whether it can be.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::input::{Json, Limits, Patch, read_json};
use whocpa_domain::landing::LandingKind;
use whocpa_domain::rotation::{LinkRotation, ROUTE_LIMIT, Route};
use whocpa_domain::targeting::Targeting;
use whocpa_domain::{FieldErrors, Result, Scope};
use whocpa_store::landing::LandingFilter;
use whocpa_store::link::Link;
use whocpa_store::{Db, Paging, category, landing, offer};

use crate::catalogue::numbers;
use crate::geo::GeoTree;
use crate::routing::{check_targeting, check_targeting_text, targeting_text};

/// Share of a smart link's visitors that try other offers, in percent.
pub(super) const EXPLORED: Limits = Limits::Range(0, 50);
/// Categories of one smart link.
const CATEGORY_LIMIT: usize = 50;

/// What a request says about the choice.
pub(super) struct Sent<'a> {
    pub targeting: &'a Patch<Json<Targeting>>,
    pub landing_id: Patch<i64>,
    pub prelanding_id: Patch<i64>,
    pub rotation: Option<LinkRotation>,
    pub routes: &'a Patch<Json<Vec<Route>>>,
    pub categories: Option<&'a [i64]>,
    pub exploration: Patch<i64>,
}

impl Sent<'_> {
    /// The link with what was sent.
    pub fn apply(&self, row: Link) -> Link {
        Link {
            targeting: targeting_text(self.targeting, &row.targeting),
            landing_id: self.landing_id.or(row.landing_id),
            prelanding_id: self.prelanding_id.or(row.prelanding_id),
            rotation: self.rotation.map_or(row.rotation, LinkRotation::code),
            routes: match self.routes {
                Patch::Keep => row.routes,
                Patch::Clear => String::new(),
                Patch::Set(Json(routes)) => text(routes),
            },
            categories: self.categories.map_or(row.categories, |ids| {
                let ids: BTreeSet<i64> = ids.iter().copied().collect();
                let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
                ids.join(",")
            }),
            exploration: self.exploration.or(row.exploration),
            ..row
        }
    }
}

fn text(routes: &[Route]) -> String {
    if routes.is_empty() { String::new() } else { serde_json::to_string(routes).unwrap_or_default() }
}

/// The stored routes.
pub(super) fn routes(text: &str) -> Vec<Route> {
    if text.is_empty() { Vec::new() } else { read_json(text).unwrap_or_default() }
}

/// Checks what is new in a link: its offers, pages, categories, regions.
pub(super) async fn check(
    db: &Db,
    scope: Scope,
    (before, row): (Option<&Link>, &Link),
    tree: &GeoTree,
) -> Result<()> {
    let mut errors = FieldErrors::default();
    check_targeting_text(
        &mut errors,
        (before.map(|row| row.targeting.as_str()), &row.targeting),
        (tree, scope),
    );
    let chosen = |row: &Link| (row.rotation, row.categories.clone(), row.exploration);
    if row.rotation != LinkRotation::Smart.code() && before.map(chosen) != Some(chosen(row)) {
        for (field, is_set) in
            [("categories", !row.categories.is_empty()), ("exploration", row.exploration.is_some())]
        {
            if is_set {
                errors.add(field, "Only with a smart link");
            }
        }
    }
    if let Some(percent) = row.exploration {
        EXPLORED.check_number(&mut errors, "exploration", percent);
    }
    for (field, kind, id, present) in [
        ("landing_id", LandingKind::Landing, row.landing_id, before.and_then(|row| row.landing_id)),
        (
            "prelanding_id",
            LandingKind::Prelanding,
            row.prelanding_id,
            before.and_then(|row| row.prelanding_id),
        ),
    ] {
        if let Some(id) = id.filter(|id| Some(*id) != present)
            && !has_page(db, scope, row.offer_id, (id, kind)).await?
        {
            errors.add(field, "Landings not found");
        }
    }
    if before.is_none_or(|before| before.categories != row.categories) {
        check_categories(&mut errors, db, scope, &numbers(&row.categories)).await?;
    }
    if before.is_none_or(|before| before.routes != row.routes) {
        check_routes(&mut errors, db, scope, row, tree).await?;
    }
    errors.finish()
}

async fn check_categories(errors: &mut FieldErrors, db: &Db, scope: Scope, ids: &[i64]) -> Result<()> {
    if ids.len() > CATEGORY_LIMIT {
        errors.add("categories", format!("At most {CATEGORY_LIMIT} values"));
    }
    let known: BTreeSet<i64> = category::list(db, scope).await?.iter().map(|row| row.id).collect();
    if ids.iter().any(|id| !known.contains(id)) {
        errors.add("categories", "Categories not found");
    }
    Ok(())
}

async fn check_routes(
    errors: &mut FieldErrors,
    db: &Db,
    scope: Scope,
    row: &Link,
    tree: &GeoTree,
) -> Result<()> {
    let routes: Vec<Route> = match read_json(if row.routes.is_empty() { "[]" } else { &row.routes }) {
        Ok(routes) => routes,
        Err(wrong) => {
            errors.add("routes", wrong);
            return Ok(());
        }
    };
    if routes.len() > ROUTE_LIMIT {
        errors.add("routes", format!("At most {ROUTE_LIMIT} routes"));
        return Ok(());
    }
    let ids: Vec<i64> = routes.iter().map(|route| route.offer_id).collect();
    let known: BTreeSet<i64> = offer::known(db, scope, &ids).await?.into_iter().collect();
    let connected = offer::connected(db, row.webmaster_id, &ids).await?;
    let mut pages = BTreeMap::new();
    for (at, route) in routes.iter().enumerate() {
        if let Err(wrong) = route.check() {
            errors.add("routes", format!("[{at}].{wrong}"));
            continue;
        }
        if !known.contains(&route.offer_id) {
            errors.add("routes", format!("[{at}].offer_id: Offers not found"));
            continue;
        }
        if !connected.contains(&route.offer_id) {
            errors.add("routes", format!("[{at}].offer_id: You are not connected to this offer"));
        }
        check_targeting(errors, ("routes", &format!("[{at}].targeting.")), &route.targeting, (tree, scope));
        for (member, kind, id) in [
            ("landing_id", LandingKind::Landing, route.landing_id),
            ("prelanding_id", LandingKind::Prelanding, route.prelanding_id),
        ] {
            let Some(id) = id else { continue };
            let page = (route.offer_id, id, kind.code());
            let is_there = match pages.get(&page) {
                Some(is_there) => *is_there,
                None => has_page(db, scope, route.offer_id, (id, kind)).await?,
            };
            pages.insert(page, is_there);
            if !is_there {
                errors.add("routes", format!("[{at}].{member}: Landings not found"));
            }
        }
    }
    Ok(())
}

/// Whether the caller sees this page among the live ones of the offer.
async fn has_page(db: &Db, scope: Scope, offer_id: i64, (id, kind): (i64, LandingKind)) -> Result<bool> {
    let filter = LandingFilter {
        ids: Some(vec![id]),
        offer_ids: Some(vec![offer_id]),
        kinds: Some(vec![kind]),
        ..LandingFilter::default()
    };
    let found = landing::list(db, scope, &filter, Paging::first(1)).await?;
    Ok(!found.rows.is_empty())
}
