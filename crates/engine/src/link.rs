//! Tracked links: what webmasters show to their visitors.

mod common;
mod routing;

use whocpa_domain::click::{ReferrerMode, SUBID_LIMIT};
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::input::{Json, Patch, Until};
use whocpa_domain::rotation::{EXPLORATION, LinkRotation, Route};
use whocpa_domain::sort::{NamedSort, Sort};
use whocpa_domain::targeting::Targeting;
use whocpa_domain::text::fold;
use whocpa_domain::{Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::impression;
use whocpa_store::link::{self, Link, LinkFilter, LinkKind};

pub(crate) use self::common::{check_offer, check_places, check_promo, named};
use crate::catalogue::numbers;
use crate::{Caller, Engine, Paging, Rows, check};

/// Labels of clicks.
pub(crate) const SUBID: Limits = Limits::Text(0, SUBID_LIMIT);

params! {
    /// Which links are wanted.
    pub struct LinkList {
        /// These links.
        id: Option<Vec<i64>>,
        /// Part of the name, in any case of letters, or the code.
        search: Option<String> where limits::LINE,
        /// Made on or after this date or moment.
        d_created_from: Option<Time>,
        /// Made on or before this date or moment.
        d_created_to: Option<Until>,
        /// Only to these offers.
        offer_id: Option<Vec<i64>>,
        /// Only from these areas.
        area_id: Option<Vec<i64>>,
        /// Only under these parked domains.
        domain_id: Option<Vec<i64>>,
        /// Only with these promo materials.
        promo_id: Option<Vec<i64>>,
        /// Only with one of these first labels.
        subid1: Option<Vec<String>>,
        /// Only of these webmasters; for operators.
        webmaster_id: Option<Vec<i64>>,
        /// Order of the list, a minus in front for the other direction; `id` unless told.
        sort: Option<Sort<NamedSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new link.
    pub struct LinkCreate {
        /// The offer that it leads to; you must be connected to it.
        offer_id: i64,
        /// The area where it is placed.
        area_id: Option<i64>,
        /// Parked domain of its address; the network's own unless told.
        domain_id: Option<i64>,
        /// What you call it.
        name: Option<String> where limits::LINE,
        /// Label of clicks that bring no `subid1` of their own, at most 600 characters.
        subid1: Option<String> where SUBID,
        /// As `subid1`.
        subid2: Option<String> where SUBID,
        /// As `subid1`.
        subid3: Option<String> where SUBID,
        /// As `subid1`.
        subid4: Option<String> where SUBID,
        /// As `subid1`.
        subid5: Option<String> where SUBID,
        /// Where visitors go who cannot go to the offer; a page of the network unless given.
        url_traffback: Option<String> where check::URL,
        /// Whether the advertiser's site learns which page the visitor comes from; as the browser does unless told.
        referrer: Option<ReferrerMode>,
        /// Which visitors it takes; all unless told. The others go to traffic-back.
        targeting: Patch<Json<Targeting>>,
        /// The landing page of its offer that it leads to; chosen by weight unless told.
        landing_id: Patch<i64>,
        /// The pre-landing page of its offer that visitors see first; chosen by weight unless told.
        prelanding_id: Patch<i64>,
        /// How it chooses when it has several offers; 1 unless told.
        rotation: Option<LinkRotation>,
        /// Further offers, each with its page, its targeting, its weight and its priority, at most 50; the list replaces
        /// the present one.
        routes: Patch<Json<Vec<Route>>>,
        /// A smart link also chooses among your offers in these categories; the list replaces the present one.
        categories: Option<Vec<i64>>,
        /// Percent of a smart link's visitors that try offers other than the best, 0 to 50; 20 unless told.
        exploration: Patch<i64> where routing::EXPLORED,
        /// The promo material of its offer that it stands behind; its clicks name it.
        promo_id: Option<i64>,
    }
}

params! {
    /// Changes of a link. Its offer and its code stay.
    pub struct LinkUpdate {
        /// The area where it is placed; empty for none.
        area_id: Patch<i64>,
        /// Parked domain of its address; empty for the network's own.
        domain_id: Patch<i64>,
        /// What you call it.
        name: Option<String> where limits::LINE,
        /// Label of clicks that bring no `subid1` of their own, at most 600 characters.
        subid1: Option<String> where SUBID,
        /// As `subid1`.
        subid2: Option<String> where SUBID,
        /// As `subid1`.
        subid3: Option<String> where SUBID,
        /// As `subid1`.
        subid4: Option<String> where SUBID,
        /// As `subid1`.
        subid5: Option<String> where SUBID,
        /// Where visitors go who cannot go to the offer; empty for a page of the network.
        url_traffback: Option<String> where check::URL,
        /// Whether the advertiser's site learns which page the visitor comes from.
        referrer: Option<ReferrerMode>,
        /// Which visitors it takes; empty for all. The others go to traffic-back.
        targeting: Patch<Json<Targeting>>,
        /// The landing page of its offer that it leads to; empty for one chosen by weight.
        landing_id: Patch<i64>,
        /// The pre-landing page of its offer that visitors see first; empty for one chosen by weight.
        prelanding_id: Patch<i64>,
        /// How it chooses when it has several offers.
        rotation: Option<LinkRotation>,
        /// Further offers, each with its page, its targeting, its weight and its priority, at most 50; the list replaces
        /// the present one.
        routes: Patch<Json<Vec<Route>>>,
        /// A smart link also chooses among your offers in these categories; the list replaces the present one.
        categories: Option<Vec<i64>>,
        /// Percent of a smart link's visitors that try offers other than the best, 0 to 50; empty for 20.
        exploration: Patch<i64> where routing::EXPLORED,
        /// The promo material of its offer that it stands behind; empty for none.
        promo_id: Patch<i64>,
    }
}

view! {
    /// A tracked link.
    pub struct LinkView {
        /// Link id.
        id: i64,
        /// The word in its address.
        code: String,
        /// The address for visitors; `subid1` to `subid5` may be added as parameters.
        url: String,
        /// Whose it is; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// The offer that it leads to.
        offer_id: i64,
        /// The area where it is placed.
        area_id: Option<i64>,
        /// Parked domain of its address, `null` for the network's own.
        domain_id: Option<i64>,
        /// What its owner calls it.
        name: String,
        /// Label of clicks that bring no `subid1` of their own.
        subid1: String,
        /// As `subid1`.
        subid2: String,
        /// As `subid1`.
        subid3: String,
        /// As `subid1`.
        subid4: String,
        /// As `subid1`.
        subid5: String,
        /// Where visitors go who cannot go to the offer, empty for a page of the network.
        url_traffback: String,
        /// Whether the advertiser's site learns which page the visitor comes from.
        referrer: ReferrerMode,
        /// When it was made.
        date_created: Time,
        /// Which visitors it takes; what is empty asks nothing.
        targeting: Targeting,
        /// The landing page of its offer that it leads to; `null` for one chosen by weight.
        landing_id: Option<i64>,
        /// The pre-landing page of its offer that visitors see first; `null` for one chosen by weight.
        prelanding_id: Option<i64>,
        /// How it chooses when it has several offers.
        rotation: LinkRotation,
        /// Further offers; visitors whom none of them takes go to `offer_id`.
        routes: Vec<Route>,
        /// Categories among whose offers a smart link chooses too.
        categories: Vec<i64>,
        /// Percent of a smart link's visitors that try offers other than the best.
        exploration: i64,
        /// The promo material that it stands behind.
        promo_id: Option<i64>,
        /// How often pages showed it: loads of the picture `/i/<code>.gif` that stands beside your banner. Some seconds
        /// late.
        impressions: i64,
    }
}

impl Engine {
    /// One page of links.
    pub async fn link_list(&self, caller: Caller, input: LinkList) -> Result<Rows<LinkView>> {
        let scope = caller.may(Resource::Link, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("webmaster_id", input.webmaster_id.is_some())]);
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = LinkFilter {
            kind: LinkKind::Link,
            offer_ids: input.offer_id,
            webmaster_ids: input.webmaster_id,
            area_ids: input.area_id,
            domain_ids: input.domain_id,
            promo_ids: input.promo_id,
            subid1: input.subid1,
            ids: input.id,
            search: input.search.as_deref().map(fold),
            created,
            sort: input.sort,
        };
        let paging = Paging::new(input.page, input.per_page);
        let db = self.store().read();
        let rows = link::list(&db, scope, &filter, paging).await?;
        let ids: Vec<i64> = rows.rows.iter().map(|row| row.id).collect();
        let shown = impression::list(&db, scope, &ids).await?;
        Ok(rows.map(|row| {
            let impressions = shown.get(&row.id).copied().unwrap_or(0);
            LinkView { impressions, ..self.link_shown(caller, row) }
        }))
    }

    /// One link.
    pub async fn link_view(&self, caller: Caller, id: i64) -> Result<LinkView> {
        let scope = caller.may(Resource::Link, Method::View)?;
        let db = self.store().read();
        let row = link::view(&db, scope, LinkKind::Link, id).await?.ok_or(Error::NotFound)?;
        let impressions = impression::list(&db, scope, &[id]).await?.get(&id).copied().unwrap_or(0);
        Ok(LinkView { impressions, ..self.link_shown(caller, row) })
    }

    /// Changes a link; absent fields keep their value.
    pub async fn link_update(&self, caller: Caller, id: i64, input: LinkUpdate) -> Result<()> {
        let scope = caller.may(Resource::Link, Method::Update)?;
        let (input, tree) = (&input, &*self.geo_tree().await?);
        self.change(move |db| async move {
            let found = link::view_for_update(&db, scope, LinkKind::Link, id).await?;
            let before = found.ok_or(Error::NotFound)?;
            let row = before.clone();
            check_places(&db, scope, input.area_id, input.domain_id).await?;
            if let Patch::Set(id) = input.promo_id {
                check_promo(&db, scope, (id, before.offer_id)).await?;
            }
            let input = input.clone();
            let name = input.name.unwrap_or(row.name);
            let row = Link {
                area_id: input.area_id.or(row.area_id),
                domain_id: input.domain_id.or(row.domain_id),
                promo_id: input.promo_id.or(row.promo_id),
                name_folded: fold(&name),
                name,
                subid1: input.subid1.unwrap_or(row.subid1),
                subid2: input.subid2.unwrap_or(row.subid2),
                subid3: input.subid3.unwrap_or(row.subid3),
                subid4: input.subid4.unwrap_or(row.subid4),
                subid5: input.subid5.unwrap_or(row.subid5),
                url_traffback: input.url_traffback.unwrap_or(row.url_traffback),
                referrer: input.referrer.map_or(row.referrer, ReferrerMode::code),
                ..row
            };
            let routing = routing::Sent {
                targeting: &input.targeting,
                landing_id: input.landing_id,
                prelanding_id: input.prelanding_id,
                rotation: input.rotation,
                routes: &input.routes,
                categories: input.categories.as_deref(),
                exploration: input.exploration,
            };
            let row = routing.apply(row);
            self.link_check(&row)?;
            routing::check(&db, scope, (Some(&before), &row), tree).await?;
            self.link_save(&db, caller, Resource::Link, (&before, row)).await
        })
        .await
    }

    /// Adds a link to an offer that the caller is connected to; gives its id.
    pub async fn link_create(&self, caller: Caller, input: LinkCreate) -> Result<i64> {
        let scope = caller.may(Resource::Link, Method::Create)?;
        let name = input.name.unwrap_or_default();
        let row = Link {
            id: 0,
            code: String::new(),
            webmaster_id: caller.user_id,
            offer_id: input.offer_id,
            url_to: String::new(),
            domain_id: input.domain_id,
            area_id: input.area_id,
            name_folded: fold(&name),
            name,
            subid1: input.subid1.unwrap_or_default(),
            subid2: input.subid2.unwrap_or_default(),
            subid3: input.subid3.unwrap_or_default(),
            subid4: input.subid4.unwrap_or_default(),
            subid5: input.subid5.unwrap_or_default(),
            url_traffback: input.url_traffback.unwrap_or_default(),
            referrer: input.referrer.unwrap_or(ReferrerMode::Keep).code(),
            date_created: self.now().0,
            date_deleted: None,
            targeting: String::new(),
            landing_id: None,
            prelanding_id: None,
            rotation: LinkRotation::Order.code(),
            routes: String::new(),
            categories: String::new(),
            exploration: None,
            promo_id: input.promo_id,
        };
        let sent = routing::Sent {
            targeting: &input.targeting,
            landing_id: input.landing_id,
            prelanding_id: input.prelanding_id,
            rotation: input.rotation,
            routes: &input.routes,
            categories: input.categories.as_deref(),
            exploration: input.exploration,
        };
        let row = sent.apply(row);
        self.link_check(&row)?;
        let (row, tree) = (&row, &*self.geo_tree().await?);
        self.change(move |db| async move {
            check_offer(&db, scope, row.webmaster_id, row.offer_id).await?;
            routing::check(&db, scope, (None, row), tree).await?;
            check_places(&db, scope, named(row.area_id), named(row.domain_id)).await?;
            if let Some(id) = row.promo_id {
                check_promo(&db, scope, (id, row.offer_id)).await?;
            }
            self.link_insert(&db, caller, Resource::Link, row).await
        })
        .await
    }

    /// Deletes a link. Its clicks and leads stay, its code is never used again, and visitors who still come by it go
    /// to its traffic-back.
    pub async fn link_delete(&self, caller: Caller, id: i64) -> Result<()> {
        self.link_remove(caller, Resource::Link, LinkKind::Link, id).await
    }

    fn link_shown(&self, caller: Caller, row: Link) -> LinkView {
        LinkView {
            id: row.id,
            url: format!("{}/go/{}", self.link_base(row.domain_id), row.code),
            code: row.code,
            webmaster_id: (caller.level == Level::Operator).then_some(row.webmaster_id),
            offer_id: row.offer_id,
            area_id: row.area_id,
            domain_id: row.domain_id,
            name: row.name,
            subid1: row.subid1,
            subid2: row.subid2,
            subid3: row.subid3,
            subid4: row.subid4,
            subid5: row.subid5,
            url_traffback: row.url_traffback,
            referrer: ReferrerMode::from_code(row.referrer).unwrap_or(ReferrerMode::Keep),
            date_created: Time(row.date_created),
            targeting: Targeting::read(&row.targeting).unwrap_or_default(),
            landing_id: row.landing_id,
            prelanding_id: row.prelanding_id,
            rotation: LinkRotation::from_code(row.rotation).unwrap_or(LinkRotation::Order),
            routes: routing::routes(&row.routes),
            categories: numbers(&row.categories),
            exploration: row.exploration.unwrap_or(EXPLORATION),
            promo_id: row.promo_id,
            impressions: 0,
        }
    }
}
