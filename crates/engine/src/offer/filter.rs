//! Which offers a list shows, and in which order.

use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::input::{Decimal, Until};
use whocpa_domain::offer::{OfferSort, OfferStatus, TrafficKind, new_since};
use whocpa_domain::sort::Sort;
use whocpa_domain::text::fold;
use whocpa_domain::{FieldErrors, Level, Page, PerPage, Result, Scope, Time, params};
use whocpa_store::offer::{Flag, OfferFilter, PayoutFilter};
use whocpa_store::{Db, currency};

use super::sets::categories_unknown;
use crate::{Caller, Engine, check};

/// Ratings of offers.
const RATING: Limits = Limits::Range(1, 10);

params! {
    /// Which offers are wanted.
    pub struct OfferList {
        /// These offers.
        id: Option<Vec<i64>>,
        /// Part of the name, in any case of letters, or the id.
        search: Option<String> where limits::NAME,
        /// 1 for the offers that are approved for you only, 0 for the others only; see the field of this name.
        is_approved: Option<bool>,
        /// 1 for exclusive offers only, 0 for the others only.
        is_exclusive: Option<bool>,
        /// 1 for mobile products only, 0 for the others only.
        is_mobile: Option<bool>,
        /// 1 for offers optimised for mobile only, 0 for the others only.
        is_mobile_optimised: Option<bool>,
        /// 1 for offers that allow deeplinks only, 0 for the others only.
        is_deeplink: Option<bool>,
        /// 1 for offers that connect webmasters without a decision only, 0 for the others only; for advertisers and
        /// operators.
        is_auto_connect: Option<bool>,
        /// 1 for private offers only, 0 for the others only; for advertisers and operators.
        is_private: Option<bool>,
        /// 1 for new offers only, 0 for the others only.
        is_new: Option<bool>,
        /// 1 for offers with new promo materials only, 0 for the others only.
        is_new_promo: Option<bool>,
        /// 1 for offers with a new stock only, 0 for the others only.
        is_new_stock: Option<bool>,
        /// 1 for offers with a running stock only, 0 for the others only.
        is_active_stock: Option<bool>,
        /// 1 for recommended offers only, 0 for the others only.
        is_recommended: Option<bool>,
        /// 1 to include stopped offers (and archived ones, where you may see them).
        show_stopped: Option<bool>,
        /// In these states, whatever `show_stopped` says; for advertisers and operators.
        status: Option<Vec<OfferStatus>>,
        /// Of these advertisers; for operators.
        advertiser_id: Option<Vec<i64>>,
        /// Offers available in at least a part of these regions: offers for a region itself, for one that it lies in
        /// (an offer for Europe is found by Germany), or for one that lies in it (and the other way round).
        geo: Option<Vec<i64>>,
        /// Offers of these categories.
        categories: Option<Vec<i64>>,
        /// Offers that allow at least one of these kinds of traffic.
        traffic: Option<Vec<TrafficKind>>,
        /// Offers in at least one of these languages, ISO 639-1.
        languages: Option<Vec<String>> where limits::LANGUAGE,
        /// Offers with an active goal in this currency. Required where amounts are compared.
        currency_id: Option<i64>,
        /// Offers with an active goal that pays at least so much for an action, in `currency_id`.
        payout_from: Option<Decimal>,
        /// Offers with an active goal that pays at most so much for an action, in `currency_id`.
        payout_to: Option<Decimal>,
        /// Offers with at least this EPC in `currency_id`.
        epc_from: Option<Decimal>,
        /// Offers with at least so many leads in a hundred clicks.
        cr_from: Option<Decimal>,
        /// Offers with at least so many approved leads in a hundred decided ones.
        approve_rate_from: Option<Decimal>,
        /// Offers with at least this rating, 1 to 10.
        rating_from: Option<i64> where RATING,
        /// Added on or after this date or moment.
        d_created_from: Option<Time>,
        /// Added on or before this date or moment.
        d_created_to: Option<Until>,
        /// The order, by id unless told. A minus turns it round: -date begins with the newest. Offers without the value
        /// come last. By payout and by epc, offers are compared in `currency_id`, which is required then.
        sort: Option<Sort<OfferSort>>,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

const BY_ID: Sort<OfferSort> = Sort { key: OfferSort::Id, is_descending: false };

impl Engine {
    pub(super) async fn offer_filter(
        &self,
        db: &Db,
        caller: Caller,
        scope: Scope,
        input: OfferList,
    ) -> Result<OfferFilter> {
        let mut errors = FieldErrors::default();
        check_level(&mut errors, caller, &input);
        check_values(&mut errors, &input);
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
        if let Some(id) = input.currency_id
            && currency::view(db, scope, id).await?.is_none()
        {
            errors.add("currency_id", "Currencies not found");
        }
        errors.finish()?;
        Ok(filter(caller, self.now(), input, geo_ids))
    }
}

/// Parameters that would tell a caller what he may not see are refused by name.
fn check_level(errors: &mut FieldErrors, caller: Caller, input: &OfferList) {
    let is_owner = matches!(caller.level, Level::Advertiser | Level::Operator);
    for (name, is_sent) in [
        ("status", input.status.is_some()),
        ("is_private", input.is_private.is_some()),
        ("is_auto_connect", input.is_auto_connect.is_some()),
    ] {
        if is_sent && !is_owner {
            errors.add(name, "Only advertisers and operators may use this");
        }
    }
    if input.advertiser_id.is_some() && caller.level != Level::Operator {
        errors.add("advertiser_id", "Only operators may use this");
    }
}

fn check_values(errors: &mut FieldErrors, input: &OfferList) {
    let sorted = input.sort.is_some_and(|sort| matches!(sort.key, OfferSort::Payout | OfferSort::Epc));
    let amounts = [input.payout_from, input.payout_to, input.epc_from];
    if (sorted || amounts.iter().any(Option::is_some)) && input.currency_id.is_none() {
        errors.add("currency_id", "Must be given: amounts in different currencies cannot be compared");
    }
    if let (Some(from), Some(to)) = (input.payout_from, input.payout_to)
        && from > to
    {
        errors.add("payout_to", "Must not be below payout_from");
    }
    for code in input.languages.iter().flatten() {
        limits::LANGUAGE.check(errors, "languages", code);
    }
    if let Some(rating) = input.rating_from {
        RATING.check_number(errors, "rating_from", rating);
    }
    if let Some(search) = &input.search {
        check::name(errors, "search", search);
    }
    check::period(errors, "created", (input.d_created_from, input.d_created_to));
}

fn filter(caller: Caller, now: Time, input: OfferList, geo_ids: Option<Vec<i64>>) -> OfferFilter {
    let flags = [
        (Flag::Exclusive, input.is_exclusive),
        (Flag::Mobile, input.is_mobile),
        (Flag::MobileOptimised, input.is_mobile_optimised),
        (Flag::Deeplink, input.is_deeplink),
        (Flag::Private, input.is_private),
        (Flag::AutoConnect, input.is_auto_connect),
    ];
    let is_webmaster = caller.level == Level::Webmaster;
    let since = |wanted: Option<bool>| wanted.map(|wanted| (new_since(now), wanted));
    let per_million = |percent: Decimal| percent.0 / 100;
    OfferFilter {
        now,
        ids: input.id,
        search: input.search.as_deref().map(fold),
        advertiser_ids: input.advertiser_id,
        status: input.status,
        show_stopped: input.show_stopped.unwrap_or(false),
        is_public: input.is_approved.filter(|_| !is_webmaster),
        flags: flags.into_iter().filter_map(|(flag, wanted)| Some((flag, wanted?))).collect(),
        live_since: since(input.is_new),
        promo_since: since(input.is_new_promo),
        stock_since: since(input.is_new_stock),
        is_active_stock: input.is_active_stock,
        connected: input.is_approved.filter(|_| is_webmaster).map(|wanted| (caller.user_id, wanted)),
        geo_ids,
        category_ids: input.categories,
        traffic: input.traffic.map(|kinds| kinds.into_iter().map(TrafficKind::code).collect()),
        languages: input.languages,
        currency_id: input.currency_id,
        payout: input.currency_id.filter(|_| input.payout_from.is_some() || input.payout_to.is_some()).map(
            |currency_id| PayoutFilter {
                currency_id,
                from: input.payout_from.map(|amount| amount.0),
                to: input.payout_to.map(|amount| amount.0),
            },
        ),
        epc_from: input.epc_from.map(|amount| amount.0).zip(input.currency_id),
        cr_from: input.cr_from.map(per_million),
        approve_rate_from: input.approve_rate_from.map(per_million),
        rating_from: input.rating_from,
        is_recommended: input.is_recommended,
        created_from: input.d_created_from,
        created_until: input.d_created_to.map(|until| until.0),
        sort: input.sort.unwrap_or(BY_ID),
    }
}
