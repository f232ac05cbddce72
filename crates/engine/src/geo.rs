//! Regions: one tree of country groups, countries, region groups, regions and cities.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use whocpa_domain::geo::GeoType;
use whocpa_domain::input::limits;
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result, Scope, Time, params, view};
use whocpa_store::geo::{self, Geo};

use crate::audit::Changes;
use crate::kept::Kept;
use crate::{Caller, Engine, check};

/// Seconds after which a node reads the tree anew: so long another node's change may stay unseen.
const CACHE_SECONDS: i64 = 60;

params! {
    /// Changes of a region.
    pub struct GeoUpdate {
        /// Name in English.
        name_en: Option<String> where limits::NAME,
        /// Name in Russian.
        name_ru: Option<String> where limits::NAME,
        /// Whether offers may use it. A region that is not displayed hides everything in it too.
        is_displayed: Option<bool>,
    }
}

view! {
    /// A region with the regions in it.
    pub struct GeoView {
        /// Region id.
        id: i64,
        /// Kind of region.
        r#type: GeoType,
        /// Name in English.
        name_en: String,
        /// Name in Russian.
        name_ru: String,
        /// The regions in it, objects of the same kind; absent when there are none.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        descendants: Vec<GeoView>,
    }
}

/// The regions as last read, and when.
#[derive(Default)]
pub(crate) struct GeoCache(ArcSwapOption<(Time, Arc<GeoTree>)>);

/// All regions at one moment.
pub(crate) struct GeoTree {
    rows: BTreeMap<i64, Geo>,
    /// Regions by the region that they lie in, in the store's order; `None` are the roots.
    inner: BTreeMap<Option<i64>, Vec<i64>>,
    /// What operators see.
    all: Arc<Kept<Vec<GeoView>>>,
    /// What others see.
    public: Arc<Kept<Vec<GeoView>>>,
    /// The ids in `public`.
    displayed: BTreeSet<i64>,
}

impl GeoTree {
    fn new(rows: Vec<Geo>) -> Result<Self> {
        let mut tree = Self {
            rows: BTreeMap::new(),
            inner: BTreeMap::new(),
            all: Arc::new(Kept::new(Vec::new())),
            public: Arc::new(Kept::new(Vec::new())),
            displayed: BTreeSet::new(),
        };
        for row in rows {
            tree.inner.entry(row.parent_id).or_default().push(row.id);
            tree.rows.insert(row.id, row);
        }
        let public = tree.views(None, false)?;
        tree.displayed = ids_of(&public);
        tree.public = Arc::new(Kept::new(public));
        tree.all = Arc::new(Kept::new(tree.views(None, true)?));
        Ok(tree)
    }

    /// Whether it was made of these rows.
    fn is_of(&self, rows: &[Geo]) -> bool {
        rows.len() == self.rows.len() && rows.iter().all(|row| self.rows.get(&row.id) == Some(row))
    }

    /// The regions in `parent` with all that is in them. It ends, because a region has one parent: one on a circle
    /// is reached from no root.
    fn views(&self, parent: Option<i64>, hidden_too: bool) -> Result<Vec<GeoView>> {
        let rows = self.in_region(parent).filter_map(|id| self.rows.get(&id));
        rows.filter(|row| hidden_too || row.is_displayed)
            .map(|row| {
                let kind = GeoType::from_code(row.r#type);
                let unknown = || Error::Internal(format!("region {} has type {}", row.id, row.r#type));
                Ok(GeoView {
                    id: row.id,
                    r#type: kind.ok_or_else(unknown)?,
                    name_en: row.name_en.clone(),
                    name_ru: row.name_ru.clone(),
                    descendants: self.views(Some(row.id), hidden_too)?,
                })
            })
            .collect()
    }

    fn in_region(&self, parent: Option<i64>) -> impl Iterator<Item = i64> {
        self.inner.get(&parent).into_iter().flatten().copied()
    }

    /// ISO 3166 codes of the countries in which these regions lie or which lie in them; none when one of them takes the
    /// whole world in.
    pub(crate) fn countries(&self, ids: &[i64]) -> Vec<String> {
        let is_country = |row: &&Geo| row.r#type == GeoType::Country.code();
        let mut codes = BTreeSet::new();
        for id in ids {
            let up = |id: &i64| self.rows.get(id).and_then(|row| row.parent_id);
            let around = std::iter::successors(Some(*id), up).take(self.rows.len());
            let outer = around.filter_map(|id| self.rows.get(&id)).find(is_country);
            if let Some(country) = outer {
                codes.insert(country.code.clone());
                continue;
            }
            let mut inner = vec![*id];
            while let Some(id) = inner.pop() {
                match self.rows.get(&id).filter(is_country) {
                    Some(country) => drop(codes.insert(country.code.clone())),
                    None => inner.extend(self.in_region(Some(id))),
                }
            }
        }
        codes.into_iter().filter(|code| code.len() == 2).collect()
    }

    /// What kind of region it is.
    pub(crate) fn kind(&self, id: i64) -> Option<GeoType> {
        self.rows.get(&id).and_then(|row| GeoType::from_code(row.r#type))
    }

    /// Whether the caller may name this region.
    pub(crate) fn knows(&self, scope: Scope, id: i64) -> bool {
        match scope {
            Scope::All => self.rows.contains_key(&id),
            _ => self.displayed.contains(&id),
        }
    }

    /// These regions, all that they lie in, and all that lies in them: an offer for any of those is available in
    /// at least a part of these.
    pub(crate) fn related(&self, ids: &[i64]) -> BTreeSet<i64> {
        let mut outer = BTreeSet::new();
        for id in ids {
            let mut at = self.rows.get(id).and_then(|row| row.parent_id);
            while let Some(id) = at.filter(|id| outer.insert(*id)) {
                at = self.rows.get(&id).and_then(|row| row.parent_id);
            }
        }
        let mut inner: BTreeSet<i64> = ids.iter().copied().collect();
        let mut open: Vec<i64> = ids.to_vec();
        while let Some(id) = open.pop() {
            open.extend(self.in_region(Some(id)).filter(|id| inner.insert(*id)));
        }
        inner.append(&mut outer);
        inner
    }
}

fn ids_of(views: &[GeoView]) -> BTreeSet<i64> {
    let mut ids: BTreeSet<i64> = views.iter().map(|view| view.id).collect();
    for view in views {
        ids.append(&mut ids_of(&view.descendants));
    }
    ids
}

impl Engine {
    /// The tree of regions, not paginated. Regions that offers may not use, and all that lies in them, are shown to
    /// operators only. Another node's change is seen within a minute.
    pub async fn geo_list(&self, caller: Caller) -> Result<Arc<Kept<Vec<GeoView>>>> {
        let scope = caller.may(Resource::Geo, Method::List)?;
        let tree = self.geo_tree().await?;
        Ok(Arc::clone(if scope == Scope::All { &tree.all } else { &tree.public }))
    }

    /// Changes a region; absent fields keep their value.
    pub async fn geo_update(&self, caller: Caller, id: i64, input: GeoUpdate) -> Result<()> {
        caller.may(Resource::Geo, Method::Update)?;
        let input = &input;
        let written = self.store().write(move |db| async move {
            let before = geo::view_for_update(&db, id).await?.ok_or(Error::NotFound)?;
            let mut row = before.clone();
            row.name_en = input.name_en.clone().unwrap_or(row.name_en);
            row.name_ru = input.name_ru.clone().unwrap_or(row.name_ru);
            row.is_displayed = input.is_displayed.unwrap_or(row.is_displayed);
            let mut errors = FieldErrors::default();
            check::name(&mut errors, "name_en", &row.name_en);
            check::name(&mut errors, "name_ru", &row.name_ru);
            errors.finish()?;
            let changes = Changes::updated(&before, &row);
            geo::update(&db, row).await?;
            self.note(&db, caller, Resource::Geo, id, changes).await
        });
        written.await?;
        self.geo_cache().0.store(None);
        Ok(())
    }

    /// All regions, read at most a minute ago.
    pub(crate) async fn geo_tree(&self) -> Result<Arc<GeoTree>> {
        let (now, cache) = (self.now(), &self.geo_cache().0);
        let present = cache.load_full();
        if let Some((read_at, tree)) = present.as_deref()
            && (0..CACHE_SECONDS).contains(&(now.0 - read_at.0))
        {
            return Ok(Arc::clone(tree));
        }
        let rows = geo::list(&self.store().read(), Scope::All).await?;
        // What did not change keeps its written form.
        let tree = match present.as_deref().filter(|(_, tree)| tree.is_of(&rows)) {
            Some((_, tree)) => Arc::clone(tree),
            None => Arc::new(GeoTree::new(rows)?),
        };
        cache.store(Some(Arc::new((now, Arc::clone(&tree)))));
        Ok(tree)
    }
}
