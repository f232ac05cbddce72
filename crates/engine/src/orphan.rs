//! Orphans: reported actions whose visit is not known. Both sides see them; their sender names the visit, or gives them up.

use whocpa_domain::input::Until;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::money::Amount;
use whocpa_domain::orphan::{OrphanKind, OrphanState};
use whocpa_domain::sort::{Sort, TimeSort};
use whocpa_domain::way::LeadWay;
use whocpa_domain::{Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::parked_lead::{self, OrphanFilter, ParkedLead};
use whocpa_store::{Paging, Rows};

use crate::audit::Changes;
use crate::lead::PARKED_DAYS;
use crate::{Caller, Engine};

params! {
    /// Which orphans are wanted.
    pub struct OrphanList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these offers.
        offer_id: Option<Vec<i64>>,
        /// Only with one of these diagnoses.
        kind: Option<Vec<OrphanKind>>,
        /// Only of which one of these became.
        state: Option<Vec<OrphanState>>,
        /// Only of these advertisers; for operators.
        advertiser_id: Option<Vec<i64>>,
        /// Reported from here on.
        d_created_from: Option<Time>,
        /// Reported until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `-date_created` unless told.
        sort: Option<Sort<TimeSort>>,
        /// Page of the list.
        page: Page,
        /// Orphans on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// What is to become of an orphan.
    pub struct OrphanUpdate {
        /// The visit that brought it: from now on it is tried as if it had been reported with this tid.
        tid: Option<String>,
        /// 0 gives it up, 1 lets one that was given up wait again.
        is_open: Option<bool>,
    }
}

view! {
    /// A reported action whose visit is not known.
    pub struct OrphanView {
        /// Orphan id.
        id: i64,
        /// Who reported it; for operators.
        #[serde(skip_serializing_if = "Option::is_none")]
        advertiser_id: Option<i64>,
        /// The offer, where the report named one.
        offer_id: Option<i64>,
        /// What was sent instead of a visit.
        kind: OrphanKind,
        /// The same in words, with what to do; of one that was refused, why (the advertiser is told).
        reason: String,
        /// What became of it.
        state: OrphanState,
        /// What was sent as tid; not for webmasters, like all that follows until `status`.
        #[serde(skip_serializing_if = "Option::is_none")]
        tid: Option<String>,
        /// The sender's id of the action, empty for none.
        #[serde(skip_serializing_if = "Option::is_none")]
        sale_id: Option<String>,
        /// The goal that was named.
        #[serde(skip_serializing_if = "Option::is_none")]
        goal_id: Option<Option<i64>>,
        /// The sender's own name of the goal, empty for none.
        #[serde(skip_serializing_if = "Option::is_none")]
        goal_alias: Option<String>,
        /// Amount of the sale as it was sent.
        #[serde(skip_serializing_if = "Option::is_none")]
        amount: Option<Option<Amount>>,
        /// Its currency as it was sent, empty for the goal's.
        #[serde(skip_serializing_if = "Option::is_none")]
        currency: Option<String>,
        /// Words to the decision.
        #[serde(skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        /// The lead that it became.
        #[serde(skip_serializing_if = "Option::is_none")]
        lead_id: Option<Option<i64>>,
        /// The decision that was reported.
        status: LeadStatus,
        /// By which door it came in.
        way: LeadWay,
        /// How often it was reported.
        sent_count: i64,
        /// When it was first reported.
        date_created: Time,
        /// When it was last tried.
        date_tried: Time,
        /// Until when it waits for its visit.
        date_expires: Time,
        /// When it was settled or given up.
        date_closed: Option<Time>,
    }
}

/// What webmasters read of a refused report.
const REFUSED: &str = "the advertiser is told why";

impl OrphanView {
    /// Webmasters of the offer see that there is an action without a visit, and nothing of the advertiser's business.
    fn new(level: Level, row: ParkedLead) -> Self {
        let is_told = level != Level::Webmaster;
        let state = OrphanState::from_code(row.state).unwrap_or(OrphanState::Open);
        // Why a report was refused may name amounts and leads.
        let is_refused = state == OrphanState::Refused;
        let reason = if is_refused && !is_told { REFUSED.to_owned() } else { row.reason };
        let text = |text: String| is_told.then_some(text);
        Self {
            id: row.id,
            advertiser_id: (level == Level::Operator).then_some(row.advertiser_id),
            offer_id: row.offer_id,
            kind: OrphanKind::from_code(row.kind).unwrap_or(OrphanKind::Wrong),
            reason,
            state,
            tid: text(row.tid),
            sale_id: text(row.sale_id),
            goal_id: is_told.then_some(Some(row.goal_id).filter(|id| *id != 0)),
            goal_alias: text(row.goal_alias),
            amount: is_told.then_some(row.amount.map(|micros| Amount { micros, digits: 2 })),
            currency: text(row.currency),
            comment: text(row.comment),
            lead_id: is_told.then_some(row.lead_id),
            status: LeadStatus::from_code(row.status).unwrap_or(LeadStatus::Pending),
            way: LeadWay::from_code(row.way).unwrap_or(LeadWay::Unknown),
            sent_count: row.sent_count,
            date_created: Time(row.date_created),
            date_tried: Time(row.date_tried),
            date_expires: Time(row.date_created).plus_days(PARKED_DAYS),
            date_closed: row.date_closed.map(Time),
        }
    }
}

impl Engine {
    /// One page of orphans, the newest first.
    pub async fn orphan_list(&self, caller: Caller, input: OrphanList) -> Result<Rows<OrphanView>> {
        let scope = caller.may(Resource::Orphan, Method::List)?;
        let mut errors = FieldErrors::default();
        if input.advertiser_id.is_some() && caller.level != Level::Operator {
            errors.add("advertiser_id", "Only operators may use this");
        }
        if input.d_created_from.zip(input.d_created_to).is_some_and(|(from, to)| to.0 <= from) {
            errors.add("d_created_to", "Must not be before d_created_from");
        }
        errors.finish()?;
        let filter = OrphanFilter {
            ids: input.id,
            advertiser_ids: input.advertiser_id,
            offer_ids: input.offer_id,
            kinds: input.kind,
            states: input.state,
            created_from: input.d_created_from,
            created_until: input.d_created_to.map(|until| until.0),
            sort: input.sort,
        };
        let paging = Paging::new(input.page, input.per_page);
        let rows = parked_lead::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(|row| OrphanView::new(caller.level, row)))
    }

    /// One orphan.
    pub async fn orphan_view(&self, caller: Caller, id: i64) -> Result<OrphanView> {
        let scope = caller.may(Resource::Orphan, Method::View)?;
        let row = parked_lead::view(&self.store().read(), scope, id).await?;
        row.map(|row| OrphanView::new(caller.level, row)).ok_or(Error::NotFound)
    }

    /// Names an orphan's visit, or gives it up. One whose visit is named is tried at once; what became of it stands in its
    /// `state`.
    ///
    /// # Errors
    /// [`Error::Conflict`] for one that became a lead, and for one to be opened again whose time is over.
    pub async fn orphan_update(&self, caller: Caller, id: i64, input: OrphanUpdate) -> Result<()> {
        let scope = caller.may(Resource::Orphan, Method::Update)?;
        let click = match &input.tid {
            Some(tid) => Some(self.click_of_tid(tid).await?),
            None => None,
        };
        let owner = click.as_ref().and_then(|click| {
            self.catalogue().now().offers.get(&click.offer_id).map(|offer| offer.advertiser_id)
        });
        let (named, is_open, now) = (click.map(|click| click.id), input.is_open, self.now());
        let row = self
            .store()
            .write(move |db| async move {
                let row = parked_lead::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                if row.state == OrphanState::Matched.code() {
                    return Err(Error::Conflict("It became a lead already".to_owned()));
                }
                if named.is_some() && owner != Some(row.advertiser_id) {
                    return Err(Error::field("tid", "Clicks not found"));
                }
                let is_over = Time(row.date_created).plus_days(PARKED_DAYS) <= now;
                if is_over && !row.is_open && named.is_none() && is_open == Some(true) {
                    return Err(Error::Conflict("Its time is over: name its visit with tid".to_owned()));
                }
                let after = changed(row.clone(), named, is_open, now);
                parked_lead::update(&db, after.clone()).await?;
                self.note(&db, caller, Resource::Orphan, id, Changes::updated(&row, &after)).await?;
                Ok(after)
            })
            .await?;
        // Should this fail, the sweep does it.
        if named.is_some() && row.is_open {
            self.parked_try(row).await;
        }
        Ok(())
    }
}

fn changed(row: ParkedLead, named: Option<i64>, is_open: Option<bool>, now: Time) -> ParkedLead {
    let mut row = row;
    let is_open = is_open.unwrap_or(row.is_open || named.is_some());
    if is_open != row.is_open {
        row.is_open = is_open;
        row.state = if is_open { OrphanState::Open.code() } else { OrphanState::Dropped.code() };
        row.date_closed = (!is_open).then_some(now.0);
    }
    row.click_id = named.unwrap_or(row.click_id);
    row
}
