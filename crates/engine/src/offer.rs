//! Offers: an advertiser's product, its rules, where and how it may be promoted.

mod caps;
mod figures;
mod filter;
mod input;
mod sets;
mod shown;
mod terms;

use serde::Serialize;
use whocpa_domain::cap::Cap;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::input::read_json;
use whocpa_domain::letter::LetterKind;
use whocpa_domain::moderation::Moderation;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::postback::PostbackEvent;
use whocpa_domain::user::UserLevel;
use whocpa_domain::way::AttributionRule;
use whocpa_domain::{Error, FieldErrors, Level, Method, Resource, Result, Scope, Time};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::offer::{self, Offer};
use whocpa_store::{Db, Paging, Rows, connection, currency, goal, person};

pub use caps::CapView;
pub use filter::OfferList;
pub(crate) use input::fields_of;
pub use input::{OfferCreate, OfferUpdate};
pub use shown::{OfferLanding, OfferPayment, OfferPrice, OfferRow, OfferRules, OfferView};
pub use terms::OfferTermsView;

use crate::audit::Changes;
use crate::delivery::{Own, Readers, tell_own};
use crate::geo::GeoTree;
use crate::goal::{GoalSummary, GoalViews};
use crate::mail::Draft;
use crate::{Caller, Engine, image, routing};
use sets::Sets;
use shown::Around;

/// Days that the cookie with the tid lives, unless the advertiser says otherwise.
const DEFAULT_COOKIE_DAYS: i64 = 30;

/// What the audit tells of an offer.
#[derive(Serialize)]
struct Audited<'a> {
    #[serde(flatten)]
    row: &'a Offer,
    #[serde(flatten)]
    sets: &'a Sets,
}

impl Engine {
    /// One page of offers: guests see the public ones, webmasters also private ones that they are connected with,
    /// advertisers their own.
    pub async fn offer_list(&self, caller: Caller, input: OfferList) -> Result<Rows<OfferRow>> {
        let scope = caller.may(Resource::Offer, Method::List)?;
        let paging = Paging::new(input.page, input.per_page);
        let db = self.store().read();
        let filter = self.offer_filter(&db, caller, scope, input).await?;
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
        let landings = shown::landings(&db, scope, id).await?;
        let caps = self.caps_shown(caller, &row, &around);
        let terms = terms::versions(&db, id).await?;
        Ok(around.view(row, (goals, landings), status, (caps, terms)))
    }

    /// Changes an offer, or its state; absent fields keep their value. When an advertiser changes what an operator has
    /// approved, the offer goes on review again and takes no visitors until it is approved.
    ///
    /// # Errors
    /// [`Error::Conflict`] for a state that cannot follow the present one, and for an archived offer.
    pub async fn offer_update(&self, caller: Caller, id: i64, input: OfferUpdate) -> Result<()> {
        let scope = caller.may(Resource::Offer, Method::Update)?;
        if offer::view(&self.store().read(), scope, id).await?.is_none() {
            return Err(Error::NotFound);
        }
        input::operator_only(caller, &input, None, false)?;
        let picture = self.image_read("image", &input.image).await?;
        let (now, tree) = (self.now(), self.geo_tree().await?);
        let (input, tree, picture) = (&input, &*tree, &picture);
        self.change(move |db| async move {
            let before = offer::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
            let present = Sets::load(&db, id).await?;
            let sets = present.with(input);
            let mut row = before.clone();
            input::apply(&mut row, input);
            image::apply(&db, picture, &mut row.image).await?;
            let is_content = input::is_content(&before, &row) || sets != present;
            let edit = (row != before || sets != present).then_some(is_content);
            input::moderate(&mut row, caller, input, edit, now)?;
            self.offer_check(&db, scope, (&before, &row), (&present, &sets), tree).await?;
            terms::follow(&db, &before, &mut row, now).await?;
            if row.status != before.status {
                told(&db, &before, &row, now).await?;
                self.offer_letters(&db, caller, &row).await?;
            }
            offer::update(&db, row.clone()).await?;
            sets.write(&db, id, &present).await?;
            change::create(&db, ChangeKind::Offer, id, now).await?;
            let changes = Changes::updated(
                &Audited { row: &before, sets: &present },
                &Audited { row: &row, sets: &sets },
            );
            self.note(&db, caller, Resource::Offer, id, changes).await
        })
        .await
    }

    /// Adds an offer, for moderation unless told otherwise; gives its id.
    pub async fn offer_create(&self, caller: Caller, input: OfferCreate) -> Result<i64> {
        let scope = caller.may(Resource::Offer, Method::Create)?;
        let advertiser_id = input.advertiser_id;
        let input = OfferUpdate::from(input);
        input::operator_only(caller, &input, advertiser_id, true)?;
        let picture = self.image_read("image", &input.image).await?;
        let (now, tree) = (self.now(), self.geo_tree().await?);
        let (row, sets) = (&new_row(caller, &input, now)?, &Sets::default().with(&input));
        let (tree, picture) = (&*tree, &picture);
        self.change(move |db| async move {
            let mut row = row.clone();
            row.advertiser_id = match scope {
                Scope::Advertiser(id) => id,
                _ => owner(&db, scope, advertiser_id).await?,
            };
            image::apply(&db, picture, &mut row.image).await?;
            self.offer_check(&db, scope, (&row, &row), (&Sets::default(), sets), tree).await?;
            row.terms_version = i64::from(terms::differ(&Offer::default(), &row));
            let id = offer::create(&db, row.clone()).await?;
            let begun = Offer { id, ..Offer::default() };
            terms::follow(&db, &begun, &mut Offer { id, ..row.clone() }, now).await?;
            sets.write(&db, id, &Sets::default()).await?;
            change::create(&db, ChangeKind::Offer, id, now).await?;
            let row = Offer { id, ..row };
            if caller.level == Level::Advertiser {
                self.offer_letters(&db, caller, &row).await?;
            }
            self.note(&db, caller, Resource::Offer, id, Changes::created(&Audited { row: &row, sets }))
                .await?;
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
            if ![OfferStatus::Draft.code(), OfferStatus::Review.code()].contains(&row.status)
                || row.date_live.is_some()
            {
                return Err(Error::Conflict("This offer went live: stop or archive it instead".to_owned()));
            }
            if offer::is_used(&db, id).await? {
                return Err(Error::Conflict(
                    "Goals, connections, links, news or materials refer to this offer".to_owned(),
                ));
            }
            let sets = Sets::load(&db, id).await?;
            offer::delete(&db, scope, id).await?;
            change::create(&db, ChangeKind::Offer, id, now).await?;
            let changes = Changes::deleted(&Audited { row: &row, sets: &sets });
            self.note(&db, caller, Resource::Offer, id, changes).await
        })
        .await
    }

    async fn offer_check(
        &self,
        db: &Db,
        scope: Scope,
        (before, row): (&Offer, &Offer),
        (present, sets): (&Sets, &Sets),
        tree: &GeoTree,
    ) -> Result<()> {
        let mut errors = FieldErrors::default();
        input::check(&mut errors, row);
        self.check_away(&mut errors, "url_redirect", &row.url_redirect, 0);
        self.check_traffback(&mut errors, &row.url_traffback, 0);
        let is_stored = row.id != 0;
        let texts = (is_stored.then_some(before.targeting.as_str()), row.targeting.as_str());
        routing::check_targeting_text(&mut errors, texts, (tree, scope));
        if !is_stored || row.caps != before.caps {
            match read_json::<Vec<Cap>>(if row.caps.is_empty() { "[]" } else { &row.caps }) {
                Ok(caps) => routing::caps_check(&mut errors, db, row.id, &caps).await?,
                Err(wrong) => errors.add("caps", wrong),
            }
        }
        sets.check(&mut errors, db, scope, present, tree).await?;
        // A currency that was chosen already may stay when nobody may choose it any more.
        let is_chosen = row.id != 0 && row.price_currency_id == before.price_currency_id;
        if let Some(id) = row.price_currency_id.filter(|_| !is_chosen) {
            let money = currency::view(db, Scope::All, id).await?;
            if money.is_none_or(|money| !money.is_active) {
                errors.add("price_currency_id", "Currencies not found");
            }
        }
        errors.finish()
    }
}

impl Engine {
    /// Writes to its owner what the network decided about an offer, and to those who decide that it waits for them.
    async fn offer_letters(&self, db: &Db, caller: Caller, row: &Offer) -> Result<()> {
        let status = OfferStatus::from_code(row.status).unwrap_or(OfferStatus::Draft);
        if caller.level == Level::Operator {
            let draft = Draft::new(LetterKind::Offer).with("offer_id", row.id).with("offer", &row.name);
            let draft = draft.word("status", "offer", status.name()).with("reason", &row.reason);
            return self.letter_tell(db, row.advertiser_id, &draft).await;
        }
        if status == OfferStatus::Review {
            return self.letter_queue(db, Resource::Offer, row.advertiser_id, ("offer", row.id)).await;
        }
        Ok(())
    }
}

/// Tells of an offer's new state: its owner of everything, webmasters of what they see. One that they do not see any more has
/// stopped for them, under the name by which they knew it: nobody has looked at another one yet.
async fn told(db: &Db, before: &Offer, row: &Offer, now: Time) -> Result<()> {
    let status = |row: &Offer| OfferStatus::from_code(row.status).unwrap_or(OfferStatus::Draft);
    let tell = async |readers: Readers, name: &str, status: OfferStatus| {
        let data = serde_json::json!({ "id": row.id, "name": name, "status": status.code() });
        let own = Own::new(PostbackEvent::Offer, &format!("offer.{}", status.name()), &data)?;
        tell_own(db, readers, &own.of_offer(Some(row.id)), now).await
    };
    let present = status(row);
    if present == OfferStatus::Live {
        return tell(Readers::of_offer(db, row).await?, &row.name, present).await;
    }
    tell(Readers::advertiser(row.advertiser_id), &row.name, present).await?;
    if status(before).is_public() {
        let webmasters = Readers::of_offer(db, before).await?.without_advertisers();
        let seen = if present.is_public() { present } else { OfferStatus::Stopped };
        tell(webmasters, &before.name, seen).await?;
    }
    Ok(())
}

/// The row of a new offer, whose owner is not known yet.
fn new_row(caller: Caller, input: &OfferUpdate, now: Time) -> Result<Offer> {
    let is_draft = input.is_draft == Some(true) || input.status == Some(OfferStatus::Draft);
    let mut row = Offer {
        status: Moderation::new(is_draft).status.code(),
        cookie_ttl_days: DEFAULT_COOKIE_DAYS,
        attribution: AttributionRule::Last.code(),
        date_created: now.0,
        ..Offer::default()
    };
    input::apply(&mut row, input);
    input::moderate(&mut row, caller, input, None, now)?;
    Ok(row)
}

/// The advertiser whom an operator names.
async fn owner(db: &Db, scope: Scope, id: Option<i64>) -> Result<i64> {
    let id = id.ok_or_else(|| Error::field("advertiser_id", "This parameter is required"))?;
    let person = person::view(db, scope, id).await?;
    if person.is_none_or(|person| person.level() != UserLevel::Advertiser) {
        return Err(Error::field("advertiser_id", "Advertisers not found"));
    }
    Ok(id)
}
