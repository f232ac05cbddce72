//! Deeplinks: tracked links to an inner page of the advertiser's site, for offers that allow it.
//!
//! They live in the table of links: a code belongs to one of both, and visitors come by it the same way.

use whocpa_domain::click::ReferrerMode;
use whocpa_domain::deeplink::DeeplinkHosts;
use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::input::{Patch, Until};
use whocpa_domain::rotation::LinkRotation;
use whocpa_domain::sort::{NamedSort, Sort};
use whocpa_domain::text::fold;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::link::{self, Link, LinkFilter, LinkKind};
use whocpa_store::{Db, offer};

use crate::link::{SUBID, check_offer, check_places, check_promo, named};
use crate::{Caller, Engine, Paging, Rows, check};

/// The address of a page, as a browser shows it.
const PAGE: Limits = Limits::Form(&Form {
    format: "web-address",
    pattern: r"^https?://[^\s\u0000-\u001f\u007f-\u009f/?#{@\\]+([/?#][^\s\u0000-\u001f\u007f-\u009f\\]*)?$",
    longest: 2000,
    wrong: |text| text.is_empty().then(|| "Must not be empty".to_owned()),
});

params! {
    /// Which deeplinks are wanted.
    pub struct DeeplinkList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Part of the name, in any case of letters, or the code.
        search: Option<String> where limits::LINE,
        /// Made on or after this date or moment.
        d_created_from: Option<Time>,
        /// Made on or before this date or moment.
        d_created_to: Option<Until>,
        /// Only of these offers.
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
    /// A new deeplink.
    pub struct DeeplinkCreate {
        /// The offer; it must allow deeplinks and you must be connected to it.
        offer_id: i64,
        /// The inner page; its host must be one of those that the offer allows.
        url_to: String where PAGE,
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
        /// The promo material of its offer that it stands behind; its clicks name it.
        promo_id: Option<i64>,
    }
}

params! {
    /// Changes of a deeplink. Its offer and its code stay.
    pub struct DeeplinkUpdate {
        /// The inner page; its host must be one of those that the offer allows.
        url_to: Option<String> where PAGE,
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
        /// The promo material of its offer that it stands behind; empty for none.
        promo_id: Patch<i64>,
    }
}

view! {
    /// A deeplink.
    pub struct DeeplinkView {
        /// Deeplink id.
        id: i64,
        /// The word in its address.
        code: String,
        /// The address for visitors; `subid1` to `subid5` may be added as parameters.
        url: String,
        /// The inner page that it leads to.
        url_to: String,
        /// Whose it is; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// The offer that it belongs to.
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
        /// The promo material that it stands behind.
        promo_id: Option<i64>,
        /// When it was made.
        date_created: Time,
    }
}

impl Engine {
    /// One page of deeplinks.
    pub async fn deeplink_list(&self, caller: Caller, input: DeeplinkList) -> Result<Rows<DeeplinkView>> {
        let scope = caller.may(Resource::Deeplink, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("webmaster_id", input.webmaster_id.is_some())]);
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = LinkFilter {
            kind: LinkKind::Deeplink,
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
        let rows = link::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(|row| self.deeplink_shown(caller, row)))
    }

    /// One deeplink.
    pub async fn deeplink_view(&self, caller: Caller, id: i64) -> Result<DeeplinkView> {
        let scope = caller.may(Resource::Deeplink, Method::View)?;
        let row = link::view(&self.store().read(), scope, LinkKind::Deeplink, id).await?;
        row.map(|row| self.deeplink_shown(caller, row)).ok_or(Error::NotFound)
    }

    /// Changes a deeplink; absent fields keep their value.
    pub async fn deeplink_update(&self, caller: Caller, id: i64, input: DeeplinkUpdate) -> Result<()> {
        let scope = caller.may(Resource::Deeplink, Method::Update)?;
        let input = &input;
        self.change(move |db| async move {
            let found = link::view_for_update(&db, scope, LinkKind::Deeplink, id).await?;
            let before = found.ok_or(Error::NotFound)?;
            let (sent, row) = (input.clone(), before.clone());
            let name = sent.name.unwrap_or(row.name);
            let row = Link {
                url_to: sent.url_to.unwrap_or(row.url_to),
                area_id: sent.area_id.or(row.area_id),
                domain_id: sent.domain_id.or(row.domain_id),
                promo_id: sent.promo_id.or(row.promo_id),
                name_folded: fold(&name),
                name,
                subid1: sent.subid1.unwrap_or(row.subid1),
                subid2: sent.subid2.unwrap_or(row.subid2),
                subid3: sent.subid3.unwrap_or(row.subid3),
                subid4: sent.subid4.unwrap_or(row.subid4),
                subid5: sent.subid5.unwrap_or(row.subid5),
                url_traffback: sent.url_traffback.unwrap_or(row.url_traffback),
                ..row
            };
            self.link_check(&row)?;
            // What is not changed was checked before, and may have been archived or forbidden since.
            if row.url_to != before.url_to {
                check_page(&db, scope, &row).await?;
            }
            check_places(&db, scope, input.area_id, input.domain_id).await?;
            if let Patch::Set(id) = input.promo_id {
                check_promo(&db, scope, (id, before.offer_id)).await?;
            }
            self.link_save(&db, caller, Resource::Deeplink, (&before, row)).await
        })
        .await
    }

    /// Adds a deeplink to a page of an offer that the caller is connected to; gives its id.
    pub async fn deeplink_create(&self, caller: Caller, input: DeeplinkCreate) -> Result<i64> {
        let scope = caller.may(Resource::Deeplink, Method::Create)?;
        let name = input.name.unwrap_or_default();
        let row = Link {
            id: 0,
            code: String::new(),
            webmaster_id: caller.user_id,
            offer_id: input.offer_id,
            url_to: input.url_to,
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
            targeting: String::new(),
            landing_id: None,
            prelanding_id: None,
            rotation: LinkRotation::Order.code(),
            routes: String::new(),
            categories: String::new(),
            exploration: None,
            promo_id: input.promo_id,
            referrer: ReferrerMode::Keep.code(),
            date_created: self.now().0,
            date_deleted: None,
        };
        self.link_check(&row)?;
        let row = &row;
        self.change(move |db| async move {
            check_offer(&db, scope, row.webmaster_id, row.offer_id).await?;
            check_page(&db, scope, row).await?;
            check_places(&db, scope, named(row.area_id), named(row.domain_id)).await?;
            if let Some(id) = row.promo_id {
                check_promo(&db, scope, (id, row.offer_id)).await?;
            }
            self.link_insert(&db, caller, Resource::Deeplink, row).await
        })
        .await
    }

    /// Deletes a deeplink. Its clicks and leads stay, its code is never used again, and visitors who still come by it
    /// go to its traffic-back.
    pub async fn deeplink_delete(&self, caller: Caller, id: i64) -> Result<()> {
        self.link_remove(caller, Resource::Deeplink, LinkKind::Deeplink, id).await
    }

    fn deeplink_shown(&self, caller: Caller, row: Link) -> DeeplinkView {
        DeeplinkView {
            id: row.id,
            url: format!("{}/go/{}", self.link_base(row.domain_id), row.code),
            code: row.code,
            url_to: row.url_to,
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
            promo_id: row.promo_id,
            date_created: Time(row.date_created),
        }
    }
}

/// A page that the offer allows deeplinks to.
async fn check_page(db: &Db, scope: Scope, row: &Link) -> Result<()> {
    let offer = offer::view(db, scope, row.offer_id).await?;
    let offer = offer.ok_or_else(|| Error::field("offer_id", "Offers not found"))?;
    if !offer.is_deeplink {
        return Err(Error::field("offer_id", "The offer allows no deeplinks"));
    }
    let hosts = DeeplinkHosts::of_offer(&offer.deeplink_hosts, &offer.url_redirect);
    hosts
        .destination(&row.url_to, &offer.utm_mask)
        .map(drop)
        .map_err(|message| Error::field("url_to", message))
}
