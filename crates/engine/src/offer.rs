//! Offers: an advertiser's product, its rules, where and how it may be promoted.

mod input;
mod shown;

use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, FieldErrors, Level, Method, Resource, Result, Scope};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::offer::{self, Offer, OfferFilter};
use whocpa_store::{Db, Paging, Rows, category, connection, goal, person};

pub use input::{OfferCreate, OfferList, OfferUpdate};
pub use shown::{OfferRow, OfferRules, OfferView};

use crate::geo::GeoTree;
use crate::goal::{GoalSummary, GoalViews};
use crate::{Caller, Engine, check, image};
use shown::Around;

/// Rating of an offer that nobody has rated.
const DEFAULT_RATING: i64 = 5;
/// Days that the cookie with the tid lives, unless the advertiser says otherwise.
const DEFAULT_COOKIE_DAYS: i64 = 30;

impl Engine {
    /// Offers in the order of their ids: guests see the public ones, webmasters also private ones that they are
    /// connected with, advertisers their own.
    pub async fn offer_list(&self, caller: Caller, input: OfferList) -> Result<Rows<OfferRow>> {
        let scope = caller.may(Resource::Offer, Method::List)?;
        let paging = Paging::new(input.page, input.per_page);
        let db = self.store().read();
        let filter = self.offer_filter(&db, scope, input).await?;
        let rows = offer::list(&db, scope, &filter, paging).await?;
        let ids: Vec<i64> = rows.rows.iter().map(|row| row.id).collect();
        let around = Around::load(self, &db, (caller, scope), &ids).await?;
        Ok(rows.map(|row| around.row(row)))
    }

    /// One offer with its goals.
    pub async fn offer_view(&self, caller: Caller, id: i64) -> Result<OfferView> {
        let scope = caller.may(Resource::Offer, Method::View)?;
        let (db, now) = (self.store().read(), self.now());
        let row = offer::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let connection = match scope {
            Scope::Webmaster(webmaster_id) => connection::of_pair(&db, webmaster_id, id).await?,
            Scope::Public | Scope::Advertiser(_) | Scope::Manager(_) | Scope::All => None,
        };
        let status = connection.and_then(|connection| ConnectionStatus::from_code(connection.status));
        let goals = goal::of_offers(&db, &[id]).await?;
        let views = GoalViews::load(&db, caller, now, &goals).await?;
        let goals = goals.into_iter().map(|goal| views.view(goal).map(GoalSummary::from));
        let goals = goals.collect::<Result<_>>()?;
        let around = Around::load(self, &db, (caller, scope), &[id]).await?;
        Ok(around.row(row).with(goals, status))
    }

    /// Changes an offer; absent fields keep their value. An advertiser may also change, stop and resume a live offer.
    pub async fn offer_update(&self, caller: Caller, id: i64, input: OfferUpdate) -> Result<()> {
        let scope = caller.may(Resource::Offer, Method::Update)?;
        input::operator_only(caller, &input, None)?;
        if offer::view(&self.store().read(), scope, id).await?.is_none() {
            return Err(Error::NotFound);
        }
        let image = self.image_read("image", &input.image).await?;
        let (now, tree) = (self.now(), self.geo_tree().await?);
        let (input, tree, image) = (&input, &*tree, &image);
        self.change(move |db| async move {
            let row = offer::view_for_update(&db, scope, id).await?;
            let mut row = row.ok_or(Error::NotFound)?;
            let present = OfferStatus::from_code(row.status).unwrap_or(OfferStatus::Draft);
            row.status = input::next_status(present, input)?.code();
            let destination = row.url_redirect.clone();
            input::apply(&mut row, input);
            // Visitors go to approved destinations only (design §5.4).
            if row.url_redirect != destination && present.is_public() && caller.level != Level::Operator {
                row.status = OfferStatus::Review.code();
            }
            let mut errors = FieldErrors::default();
            input::check(&mut errors, &row);
            check::not_ours(&mut errors, "url_redirect", &row.url_redirect, self.base_url());
            places_check(&mut errors, &db, scope, id, input, tree).await?;
            errors.finish()?;
            image::apply(&db, image, &mut row.image).await?;
            offer::update(&db, row).await?;
            places_write(&db, id, input).await?;
            change::create(&db, ChangeKind::Offer, id, now).await
        })
        .await
    }

    /// Adds an offer, for moderation unless told otherwise; gives its id.
    pub async fn offer_create(&self, caller: Caller, input: OfferCreate) -> Result<i64> {
        let scope = caller.may(Resource::Offer, Method::Create)?;
        let advertiser_id = input.advertiser_id;
        let mut input = OfferUpdate::from(input);
        input::operator_only(caller, &input, advertiser_id)?;
        // Without a word about them they are missing, which the check says.
        input.categories.get_or_insert_default();
        input.geo.get_or_insert_default();
        let image = self.image_read("image", &input.image).await?;
        let (now, tree) = (self.now(), self.geo_tree().await?);
        let mut row = empty(now.0);
        row.status = input::next_status(OfferStatus::Review, &input)?.code();
        input::apply(&mut row, &input);
        let (row, input, tree, image) = (&row, &input, &*tree, &image);
        self.change(move |db| async move {
            let mut row = row.clone();
            let mut errors = FieldErrors::default();
            row.advertiser_id = match scope {
                Scope::Advertiser(id) => id,
                _ => owner(&mut errors, &db, advertiser_id).await?,
            };
            input::check(&mut errors, &row);
            check::not_ours(&mut errors, "url_redirect", &row.url_redirect, self.base_url());
            places_check(&mut errors, &db, scope, 0, input, tree).await?;
            errors.finish()?;
            image::apply(&db, image, &mut row.image).await?;
            let id = offer::create(&db, row).await?;
            places_write(&db, id, input).await?;
            change::create(&db, ChangeKind::Offer, id, now).await?;
            Ok(id)
        })
        .await
    }

    /// Removes a draft, or an offer on review, that nothing refers to. Others are stopped or archived instead.
    pub async fn offer_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Offer, Method::Delete)?;
        let now = self.now();
        self.change(move |db| async move {
            let row = offer::view_for_update(&db, scope, id).await?;
            let row = row.ok_or(Error::NotFound)?;
            if ![OfferStatus::Draft.code(), OfferStatus::Review.code()].contains(&row.status) {
                return Err(Error::Conflict("This offer went live: stop it instead".to_owned()));
            }
            if offer::is_used(&db, id).await? {
                return Err(Error::Conflict(
                    "Goals, connections, links or news refer to this offer".to_owned(),
                ));
            }
            offer::delete(&db, scope, id).await?;
            change::create(&db, ChangeKind::Offer, id, now).await
        })
        .await
    }

    async fn offer_filter(&self, db: &Db, scope: Scope, input: OfferList) -> Result<OfferFilter> {
        let mut errors = FieldErrors::default();
        let mut geo_ids = None;
        if let Some(ids) = &input.geo {
            let tree = self.geo_tree().await?;
            if ids.iter().any(|id| !tree.knows(scope, *id)) {
                errors.add("geo", "Regions not found");
            }
            geo_ids = Some(tree.related(ids).into_iter().collect());
        }
        if let Some(ids) = &input.categories
            && !categories_unknown(db, scope, ids).await?.is_empty()
        {
            errors.add("categories", "Categories not found");
        }
        errors.finish()?;
        // There are no promo materials and stocks yet, so no offer has a new one.
        let wants_none =
            [input.is_new_promo, input.is_new_stock, input.is_active_stock].contains(&Some(true));
        Ok(OfferFilter {
            ids: if wants_none { Some(Vec::new()) } else { input.id },
            is_exclusive: input.is_exclusive,
            is_mobile: input.is_mobile,
            is_mobile_optimised: input.is_mobile_optimised,
            show_stopped: input.show_stopped.unwrap_or(false),
            geo_ids,
            category_ids: input.categories,
        })
    }
}

/// The advertiser whom an operator names.
async fn owner(errors: &mut FieldErrors, db: &Db, id: Option<i64>) -> Result<i64> {
    let Some(id) = id else {
        errors.add("advertiser_id", "This parameter is required");
        return Ok(0);
    };
    let person = person::view(db, Scope::All, id).await?;
    if person.is_none_or(|person| person.level() != UserLevel::Advertiser) {
        errors.add("advertiser_id", "Advertisers not found");
    }
    Ok(id)
}

async fn categories_unknown(db: &Db, scope: Scope, ids: &[i64]) -> Result<Vec<i64>> {
    let known: Vec<i64> = category::list(db, scope).await?.iter().map(|row| row.id).collect();
    Ok(ids.iter().copied().filter(|id| !known.contains(id)).collect())
}

/// Checks categories and regions that were sent; what the offer has already may stay, also when nobody else may
/// choose it any more.
async fn places_check(
    errors: &mut FieldErrors,
    db: &Db,
    scope: Scope,
    id: i64,
    input: &OfferUpdate,
    tree: &GeoTree,
) -> Result<()> {
    if let Some(ids) = &input.categories {
        let present = offer::categories(db, &[id]).await?.remove(&id).unwrap_or_default();
        let unknown = categories_unknown(db, scope, ids).await?;
        if ids.is_empty() {
            errors.add("categories", "Choose at least one category");
        }
        if unknown.iter().any(|id| !present.contains(id)) {
            errors.add("categories", "Categories not found");
        }
    }
    if let Some(ids) = &input.geo {
        let present = offer::geos(db, &[id]).await?.remove(&id).unwrap_or_default();
        if ids.is_empty() {
            errors.add("geo", "Choose at least one region");
        }
        if ids.iter().any(|id| !tree.knows(scope, *id) && !present.contains(id)) {
            errors.add("geo", "Regions not found");
        }
    }
    Ok(())
}

async fn places_write(db: &Db, id: i64, input: &OfferUpdate) -> Result<()> {
    if let Some(ids) = &input.categories {
        offer::set_categories(db, id, &unique(ids)).await?;
    }
    if let Some(ids) = &input.geo {
        offer::set_geos(db, id, &unique(ids)).await?;
    }
    Ok(())
}

/// The same number may be sent twice; it is stored once.
fn unique(ids: &[i64]) -> Vec<i64> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn empty(now: i64) -> Offer {
    Offer {
        id: 0,
        advertiser_id: 0,
        status: OfferStatus::Review.code(),
        is_private: false,
        name: String::new(),
        description: String::new(),
        description_short: String::new(),
        rules_full: String::new(),
        rules_short: String::new(),
        is_deeplink: false,
        is_exclusive: false,
        is_phone_tracking: false,
        is_mobile: false,
        is_mobile_optimised: false,
        is_auto_connect: false,
        rating: DEFAULT_RATING,
        is_recommended: false,
        url_homepage: String::new(),
        url_redirect: String::new(),
        url_name: String::new(),
        image: None,
        cookie_ttl_days: DEFAULT_COOKIE_DAYS,
        date_created: now,
    }
}
