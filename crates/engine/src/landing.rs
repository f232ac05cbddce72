//! Landings: the pages of an offer that visitors are sent to, moderated by operators.
//!
//! A landing whose address its owner changes is on review again, and is not shown until it is approved: to keep
//! visitors coming meanwhile, add the new page beside the old one.

use whocpa_domain::input::{Json, Limits, Patch, limits};
use whocpa_domain::landing::LandingKind;
use whocpa_domain::material::MaterialSort;
use whocpa_domain::moderation::{Moderation, ModerationStatus};
use whocpa_domain::rotation::WEIGHT_LIMIT;
use whocpa_domain::sort::Sort;
use whocpa_domain::targeting::Targeting;
use whocpa_domain::{Error, FieldErrors, Method, Page, PerPage, Resource, Result, Scope, Time, params, view};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::landing::{self, Landing, LandingFilter};
use whocpa_store::{Db, goal};

use crate::audit::Changes;
use crate::material::{self, Asked};
use crate::{Caller, Engine, Paging, Rows, check, routing};

/// Share in a rotation.
const WEIGHT: Limits = Limits::Range(0, WEIGHT_LIMIT);

params! {
    /// Which landings are wanted.
    pub struct LandingList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these offers. When one of them is unknown or not visible to you, the request is refused.
        offer_id: Option<Vec<i64>>,
        /// Only to these goals.
        goal_id: Option<Vec<i64>>,
        /// Only of these kinds.
        kind: Option<Vec<LandingKind>>,
        /// Only in these languages, ISO 639-1 codes.
        language: Option<Vec<String>> where limits::LANGUAGE,
        /// 1 for exclusive ones only, 0 for the others only.
        is_exclusive: Option<bool>,
        /// 1 for those that suit desktop visitors only, 0 for the others only.
        is_desktop_optimised: Option<bool>,
        /// 1 for those that suit mobile visitors only, 0 for the others only.
        is_mobile_optimised: Option<bool>,
        /// Only in these states; for advertisers and operators. Others see the live ones.
        status: Option<Vec<ModerationStatus>>,
        /// Only whose name contains this.
        search: Option<String> where limits::LINE,
        /// Only changed since this moment.
        d_updated_from: Option<Time>,
        /// Order of the list, a minus in front for the other direction; `id` unless told.
        sort: Option<Sort<MaterialSort>>,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// A new landing.
    pub struct LandingCreate {
        /// The offer.
        offer_id: i64,
        /// The goal that it leads to, if it leads to one only.
        goal_id: Option<i64>,
        /// What the page is there for; 1 unless told.
        kind: Option<LandingKind>,
        /// Name.
        name: String where limits::NAME,
        /// Its language, an ISO 639-1 code.
        language: Option<String> where limits::LANGUAGE,
        /// Where visitors are sent; macros as in an offer's `url_redirect`.
        url: String where check::URL_TEMPLATE_GIVEN,
        /// Whether only webmasters who are connected with the offer see it; no unless told.
        is_private: Option<bool>,
        /// Whether only this network has it. Operators only.
        is_exclusive: Option<bool>,
        /// Whether it suits desktop visitors; yes unless told.
        is_desktop_optimised: Option<bool>,
        /// Whether it suits mobile visitors; no unless told.
        is_mobile_optimised: Option<bool>,
        /// 1 keeps it out of moderation as a draft.
        is_draft: Option<bool>,
        /// Which visitors it takes; all unless told.
        targeting: Patch<Json<Targeting>>,
        /// Share in the rotation of the offer's pages of this kind, 0 to 1000; 0 unless told: then only links that name it
        /// lead to it.
        weight: Option<i64> where WEIGHT,
    }
}

params! {
    /// Changes of a landing. Its offer stays.
    pub struct LandingUpdate {
        /// The goal that it leads to; empty for all of the offer's.
        goal_id: Patch<i64>,
        /// What the page is there for. When you change it on an approved landing, it goes on review again.
        kind: Option<LandingKind>,
        /// Name.
        name: Option<String> where limits::NAME,
        /// Its language, an ISO 639-1 code; empty for none.
        language: Option<String> where limits::LANGUAGE,
        /// Where visitors are sent. When you change it on an approved landing, it goes on review again and is not shown
        /// until it is approved.
        url: Option<String> where check::URL_TEMPLATE_GIVEN,
        /// Whether only webmasters who are connected with the offer see it.
        is_private: Option<bool>,
        /// Whether only this network has it. Operators only.
        is_exclusive: Option<bool>,
        /// Whether it suits desktop visitors.
        is_desktop_optimised: Option<bool>,
        /// Whether it suits mobile visitors.
        is_mobile_optimised: Option<bool>,
        /// The wanted state. You send a draft for review, take it back, stop what is live, let it go on, archive it or
        /// take it out of the archive; operators approve, send back, stop.
        status: Option<ModerationStatus>,
        /// Why it is sent back, stopped or archived; for operators, required when they send back or stop.
        reason: Option<String> where limits::TEXT,
        /// Which visitors it takes; empty for all.
        targeting: Patch<Json<Targeting>>,
        /// Share in the rotation of the offer's pages of this kind, 0 to 1000; with 0 only links that name it lead to it.
        weight: Option<i64> where WEIGHT,
    }
}

view! {
    /// A page that visitors are sent to.
    pub struct LandingView {
        /// Landing id.
        id: i64,
        /// Its offer.
        offer_id: i64,
        /// The goal that it leads to; `null` when it leads to all of the offer's.
        goal_id: Option<i64>,
        /// What the page is there for.
        kind: LandingKind,
        /// Name.
        name: String,
        /// Its language, an ISO 639-1 code, empty when not told.
        language: String,
        /// Where visitors are sent. Guests and webmasters see it without its query.
        url: String,
        /// Whether it is approved and live.
        is_approved: bool,
        /// Whether it was approved for the first time in the last 14 days.
        is_new: bool,
        /// Whether only webmasters who are connected with the offer see it.
        is_private: bool,
        /// Whether only this network has it.
        is_exclusive: bool,
        /// Whether it suits desktop visitors.
        is_desktop_optimised: bool,
        /// Whether it suits mobile visitors.
        is_mobile_optimised: bool,
        /// When it was added.
        date_created: Time,
        /// When it was changed last.
        date_updated: Time,
        /// Which visitors it takes; what is empty asks nothing.
        targeting: Targeting,
        /// Share in the rotation of the offer's pages of this kind; with 0 only links that name it lead to it.
        weight: i64,
        /// State of moderation; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<ModerationStatus>,
        /// The operator's reason, empty for none; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

impl Engine {
    /// One page of landings.
    pub async fn landing_list(&self, caller: Caller, input: LandingList) -> Result<Rows<LandingView>> {
        let scope = caller.may(Resource::Landing, Method::List)?;
        material::filter_by_insiders(caller, "status", input.status.is_some())?;
        let db = self.store().read();
        material::offers_check(&db, scope, input.offer_id.as_deref()).await?;
        let filter = LandingFilter {
            ids: input.id,
            offer_ids: input.offer_id,
            goal_ids: input.goal_id,
            kinds: input.kind,
            status: input.status,
            languages: input.language,
            is_exclusive: input.is_exclusive,
            is_desktop_optimised: input.is_desktop_optimised,
            is_mobile_optimised: input.is_mobile_optimised,
            search: input.search,
            updated_from: input.d_updated_from,
            sort: input.sort.unwrap_or_default(),
        };
        let rows = landing::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let now = self.now();
        Ok(rows.map(|row| shown(row, caller, now)))
    }

    /// One landing.
    pub async fn landing_view(&self, caller: Caller, id: i64) -> Result<LandingView> {
        let scope = caller.may(Resource::Landing, Method::View)?;
        let row = landing::view(&self.store().read(), scope, id).await?.ok_or(Error::NotFound)?;
        Ok(shown(row, caller, self.now()))
    }

    /// Changes a landing or its moderation; absent fields keep their value.
    pub async fn landing_update(&self, caller: Caller, id: i64, input: LandingUpdate) -> Result<()> {
        let scope = caller.may(Resource::Landing, Method::Update)?;
        let (now, input, tree) = (self.now(), &input, self.geo_tree().await?);
        let tree = &*tree;
        self.change(move |db| async move {
            let before = landing::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
            let mut row = before.clone();
            apply(&mut row, input);
            let mut errors = FieldErrors::default();
            material::operators_only(&mut errors, caller, &[("is_exclusive", input.is_exclusive.is_some())]);
            self.landing_check(&mut errors, &db, &row).await?;
            let texts = (Some(before.targeting.as_str()), row.targeting.as_str());
            routing::check_targeting_text(&mut errors, texts, (tree, scope));
            errors.finish()?;
            let is_content = (&row.url, row.kind) != (&before.url, before.kind);
            let present = Moderation::stored(before.status, &before.reason);
            let asked = Asked { status: input.status, reason: input.reason.as_deref() };
            let moderation = material::moderated(caller, &present, row != before, is_content, &asked)?;
            row.status = moderation.status.code();
            row.date_published = material::published(row.date_published, moderation.status, now);
            row.reason = moderation.reason;
            if row != before {
                row.date_updated = now.0;
            }
            let changes = Changes::updated(&before, &row);
            change::create(&db, ChangeKind::Offer, row.offer_id, now).await?;
            landing::update(&db, row).await?;
            self.note(&db, caller, Resource::Landing, id, changes).await
        })
        .await
    }

    /// Adds a landing, for moderation unless it is a draft; gives its id.
    pub async fn landing_create(&self, caller: Caller, input: LandingCreate) -> Result<i64> {
        let scope = caller.may(Resource::Landing, Method::Create)?;
        let mut errors = FieldErrors::default();
        material::operators_only(&mut errors, caller, &[("is_exclusive", input.is_exclusive.is_some())]);
        errors.finish()?;
        let now = self.now().0;
        let row = &Landing {
            id: 0,
            offer_id: input.offer_id,
            goal_id: input.goal_id,
            kind: input.kind.unwrap_or(LandingKind::Landing).code(),
            status: Moderation::new(input.is_draft.unwrap_or(false)).status.code(),
            reason: String::new(),
            name: input.name,
            language: input.language.unwrap_or_default(),
            url: input.url,
            is_private: input.is_private.unwrap_or(false),
            is_exclusive: input.is_exclusive.unwrap_or(false),
            is_desktop_optimised: input.is_desktop_optimised.unwrap_or(true),
            is_mobile_optimised: input.is_mobile_optimised.unwrap_or(false),
            date_created: now,
            date_updated: now,
            date_published: None,
            targeting: routing::targeting_text(&input.targeting, ""),
            weight: input.weight.unwrap_or(0),
        };
        let tree = &*self.geo_tree().await?;
        self.store()
            .write(move |db| async move {
                material::offer_for(&db, scope, row.offer_id).await?;
                let mut errors = FieldErrors::default();
                self.landing_check(&mut errors, &db, row).await?;
                routing::check_targeting_text(&mut errors, (None, row.targeting.as_str()), (tree, scope));
                errors.finish()?;
                let id = landing::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Landing, id, Changes::created(row)).await?;
                Ok(id)
            })
            .await
    }

    /// Removes a landing that was never approved; one that was is archived, because clicks and leads name it.
    pub async fn landing_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Landing, Method::Delete)?;
        let now = self.now().0;
        self.change(move |db| async move {
            let row = landing::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
            change::create(&db, ChangeKind::Offer, row.offer_id, Time(now)).await?;
            let changes = if row.date_published.is_none() {
                landing::delete(&db, id).await?;
                Changes::deleted(&row)
            } else {
                let status = ModerationStatus::Archived.code();
                let archived = Landing { status, date_updated: now, ..row.clone() };
                let changes = Changes::archived(&row, &archived);
                landing::update(&db, archived).await?;
                changes
            };
            self.note(&db, caller, Resource::Landing, id, changes).await
        })
        .await
    }

    async fn landing_check(&self, errors: &mut FieldErrors, db: &Db, row: &Landing) -> Result<()> {
        check::name(errors, "name", &row.name);
        material::language(errors, &row.language);
        WEIGHT.check_number(errors, "weight", row.weight);
        check::URL_TEMPLATE_GIVEN.check(errors, "url", &row.url);
        self.check_away(errors, "url", &row.url, 0);
        if let Some(id) = row.goal_id
            && goal::view(db, Scope::All, id).await?.is_none_or(|goal| goal.offer_id != row.offer_id)
        {
            errors.add("goal_id", "Goals not found");
        }
        Ok(())
    }
}

/// Puts what was sent into the row, except its moderation.
fn apply(row: &mut Landing, input: &LandingUpdate) {
    row.goal_id = input.goal_id.or(row.goal_id);
    row.kind = input.kind.map_or(row.kind, LandingKind::code);
    row.targeting = routing::targeting_text(&input.targeting, &row.targeting);
    row.weight = input.weight.unwrap_or(row.weight);
    for (place, sent) in
        [(&mut row.name, &input.name), (&mut row.language, &input.language), (&mut row.url, &input.url)]
    {
        if let Some(sent) = sent {
            place.clone_from(sent);
        }
    }
    for (place, sent) in [
        (&mut row.is_private, input.is_private),
        (&mut row.is_exclusive, input.is_exclusive),
        (&mut row.is_desktop_optimised, input.is_desktop_optimised),
        (&mut row.is_mobile_optimised, input.is_mobile_optimised),
    ] {
        *place = sent.unwrap_or(*place);
    }
}

fn shown(row: Landing, caller: Caller, now: Time) -> LandingView {
    let status = ModerationStatus::from_code(row.status).unwrap_or(ModerationStatus::Draft);
    let sees_all = material::sees_all(caller);
    let targeting = Targeting::read(&row.targeting).unwrap_or_default();
    LandingView {
        id: row.id,
        offer_id: row.offer_id,
        goal_id: row.goal_id,
        kind: LandingKind::from_code(row.kind).unwrap_or(LandingKind::Landing),
        name: row.name,
        language: row.language,
        url: material::address(caller, row.url),
        is_approved: status == ModerationStatus::Live,
        is_new: material::is_new(row.date_published, now),
        is_private: row.is_private,
        is_exclusive: row.is_exclusive,
        is_desktop_optimised: row.is_desktop_optimised,
        is_mobile_optimised: row.is_mobile_optimised,
        date_created: Time(row.date_created),
        date_updated: Time(row.date_updated),
        targeting: if sees_all { targeting } else { targeting.public() },
        weight: row.weight,
        status: sees_all.then_some(status),
        reason: sees_all.then_some(row.reason),
    }
}
