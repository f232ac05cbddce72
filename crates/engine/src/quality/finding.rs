//! What rules about the quality of traffic found: listed for both sides, with the figures and the limit.

use whocpa_domain::input::{Until, limits};
use whocpa_domain::money::Amount;
use whocpa_domain::quality::{FindingState, RuleAction, RuleKind, RuleSource};
use whocpa_domain::{Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::finding::{self, Finding, FindingFilter};
use whocpa_store::{Db, Paging, Rows};

use crate::audit::Changes;
use crate::{Caller, Engine, check};

params! {
    /// Which findings are wanted.
    pub struct FindingList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these rules.
        rule_id: Option<Vec<i64>>,
        /// Only on these offers.
        offer_id: Option<Vec<i64>>,
        /// Only of these webmasters; for advertisers and operators.
        webmaster_id: Option<Vec<i64>>,
        /// Only from these areas.
        area_id: Option<Vec<i64>>,
        /// Only with one of these first labels.
        subid1: Option<Vec<String>>,
        /// Only in one of these states.
        state: Option<Vec<FindingState>>,
        /// Only with one of these actions.
        action: Option<Vec<RuleAction>>,
        /// Found from here on.
        d_created_from: Option<Time>,
        /// Found until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Page, from 1.
        page: Page,
        /// Findings on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// What becomes of a finding.
    pub struct FindingUpdate {
        /// 2 ends it: a paused source gets visitors again, and its rule looks at it again when its window has passed.
        state: Option<FindingState>,
        /// Why, in words, which the webmaster reads.
        comment: Option<String> where limits::LINE,
    }
}

view! {
    /// What a rule found: a source of a webmaster on an offer.
    pub struct FindingView {
        /// Finding id.
        id: i64,
        /// The rule that found it.
        rule_id: i64,
        /// The offer.
        offer_id: i64,
        /// What the rule looks at.
        kind: RuleKind,
        /// What it tells apart.
        source: RuleSource,
        /// The area; `null` for clicks without one, and for other sources.
        area_id: Option<i64>,
        /// The label, empty for other sources.
        subid1: String,
        /// What followed.
        action: RuleAction,
        /// How many it counted last: fast leads, leads, refused leads, or leads of others who share the account, by `kind`.
        part: i64,
        /// Of how many: leads, clicks, decided leads, or leads of all who share the account.
        whole: i64,
        /// The rule's limit then, in percent.
        limit_percent: Amount,
        /// The rule's seconds then.
        seconds: i64,
        /// What became of it.
        state: FindingState,
        /// Words of who ended it.
        comment: String,
        /// The ticket that told the webmaster; `null` for none, and for advertisers.
        ticket_id: Option<i64>,
        /// From here on it was counted.
        date_from: Time,
        /// When it was found first.
        date_created: Time,
        /// When it was found last.
        date_seen: Time,
        /// When it ended.
        date_ended: Option<Time>,
        /// Whose source it is (advertisers and operators).
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
    }
}

impl Engine {
    /// One page of findings, the newest first.
    pub async fn finding_list(&self, caller: Caller, input: FindingList) -> Result<Rows<FindingView>> {
        let scope = caller.may(Resource::Finding, Method::List)?;
        let mut errors = FieldErrors::default();
        if input.webmaster_id.is_some() && caller.level == Level::Webmaster {
            errors.add("webmaster_id", "Only advertisers and operators may use this");
        }
        let found = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = FindingFilter {
            ids: input.id,
            rule_ids: input.rule_id,
            offer_ids: input.offer_id,
            webmaster_ids: input.webmaster_id,
            area_ids: input.area_id,
            subid1: input.subid1,
            found,
            states: input.state,
            actions: input.action,
        };
        let paging = Paging::new(input.page, input.per_page);
        let rows = finding::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(|row| shown(caller, row)))
    }

    /// One finding.
    pub async fn finding_view(&self, caller: Caller, id: i64) -> Result<FindingView> {
        let scope = caller.may(Resource::Finding, Method::View)?;
        let row = finding::view(&self.store().read(), scope, id).await?;
        row.map(|row| shown(caller, row)).ok_or(Error::NotFound)
    }

    /// Ends a finding: those who run its offer, whatever its rule still counts.
    ///
    /// # Errors
    /// [`Error::Conflict`] for one that has ended.
    pub async fn finding_update(&self, caller: Caller, id: i64, input: FindingUpdate) -> Result<()> {
        let scope = caller.may(Resource::Finding, Method::Update)?;
        if input.state.is_some_and(|state| state != FindingState::Ended) {
            return Err(Error::field("state", "Must be 2: rules find, people end"));
        }
        let (input, now) = (&input, self.now());
        self.change(move |db| async move {
            let before = finding::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
            let mut row = before.clone();
            if let Some(words) = &input.comment {
                words.trim().clone_into(&mut row.comment);
            }
            if input.state.is_some() {
                if before.state != FindingState::Open.code() {
                    return Err(Error::Conflict("It has ended already".to_owned()));
                }
                row = Finding { state: FindingState::Ended.code(), date_ended: Some(now.0), ..row };
                clicks_see(&db, &row, now).await?;
            }
            let changes = Changes::updated(&before, &row);
            finding::update(&db, row).await?;
            self.note(&db, caller, Resource::Finding, id, changes).await
        })
        .await
    }

    /// Ends what a rule found because it is turned off, in the transaction that does so.
    pub(crate) async fn findings_over(&self, db: &Db, rule_id: i64) -> Result<()> {
        let now = self.now();
        for row in finding::open_of_rule(db, rule_id).await? {
            let row = Finding { state: FindingState::Over.code(), date_ended: Some(now.0), ..row };
            clicks_see(db, &row, now).await?;
            finding::update(db, row).await?;
        }
        Ok(())
    }
}

/// Tells the catalogue of clicks when a source is paused, or is not any more.
pub(super) async fn clicks_see(db: &Db, row: &Finding, now: Time) -> Result<()> {
    if row.action == RuleAction::Pause.code() {
        change::create(db, ChangeKind::Offer, row.offer_id, now).await?;
    }
    Ok(())
}

fn shown(caller: Caller, row: Finding) -> FindingView {
    // What others brought is theirs.
    let is_of_others = caller.level == Level::Webmaster && row.kind == RuleKind::SharedWallet.code();
    FindingView {
        id: row.id,
        rule_id: row.rule_id,
        offer_id: row.offer_id,
        kind: RuleKind::from_code(row.kind).unwrap_or(RuleKind::FastLeads),
        source: RuleSource::from_code(row.source).unwrap_or(RuleSource::Area),
        area_id: Some(row.area_id).filter(|id| *id != 0),
        subid1: row.subid1,
        action: RuleAction::from_code(row.action).unwrap_or(RuleAction::Mark),
        part: if is_of_others { 0 } else { row.part },
        whole: if is_of_others { 0 } else { row.whole },
        limit_percent: Amount { micros: row.limit_percent, digits: 2 },
        seconds: row.seconds,
        state: FindingState::from_code(row.state).unwrap_or(FindingState::Over),
        comment: row.comment,
        ticket_id: row.ticket_id.filter(|_| caller.level != Level::Advertiser),
        date_from: Time(row.date_from),
        date_created: Time(row.date_created),
        date_seen: Time(row.date_seen),
        date_ended: row.date_ended.map(Time),
        webmaster_id: (caller.level != Level::Webmaster).then_some(row.webmaster_id),
    }
}
