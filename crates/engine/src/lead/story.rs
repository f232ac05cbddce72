//! A lead explains itself: its click, its terms, what makes it the same action, its hold, each step with who and why, and
//! what the steps did to the reader's own accounts (design §6). Each part says in whose scope it is read.

use whocpa_domain::facts::BotMark;
use whocpa_domain::goal::{GoalLine, MoneyType, Rate, Special};
use whocpa_domain::lead::{Closing, LeadEventKind, LeadIdentityKind, LeadReason, LeadStatus, identity};
use whocpa_domain::ledger::{AccountKind, TransferKind};
use whocpa_domain::money::Amount;
use whocpa_domain::quality::{RuleAction, RuleKind};
use whocpa_domain::user::UserLevel;
use whocpa_domain::way::{Attribution, LeadWay};
use whocpa_domain::{Error, Level, Method, Resource, Result, Time, view};
use whocpa_store::condition::ConditionVersion;
use whocpa_store::finding::{self, Finding};
use whocpa_store::lead::{self, Lead};
use whocpa_store::lead_event::LeadEvent;
use whocpa_store::transfer::Side;
use whocpa_store::{Db, Scope, condition, goal, lead_event, offer_terms, parked_lead, ticket, transfer};

use super::rating::Version;
use super::shown::{LeadRow, sees_money};
use crate::click::{ClickStep, steps};
use crate::goal::lines_shown;
use crate::offer::OfferTermsView;
use crate::{Caller, Engine, currency};

view! {
    /// One step in a lead's life.
    pub struct LeadEventView {
        /// From 1, without gaps.
        number: i64,
        /// What happened.
        kind: LeadEventKind,
        /// Status after it.
        status: LeadStatus,
        /// On hold or closed after it.
        is_closed: Closing,
        /// Who did it: network, webmaster, advertiser or operator.
        by: String,
        /// Why.
        reason: LeadReason,
        /// Why, in words.
        comment: String,
        /// The sale's amount after it; `null` where it changed nothing of what the lead is worth.
        amount: Option<Amount>,
        /// What the lead is worth after it: what the webmaster gets, for advertisers what they pay; `null` where it changed
        /// nothing of that. Absent for who may not see it.
        #[serde(skip_serializing_if = "Option::is_none")]
        money: Option<Option<Amount>>,
        /// When.
        date_created: Time,
    }
}

view! {
    /// The click that brought a lead.
    pub struct LeadClick {
        /// Id of the redirect.
        tid: String,
        /// When the visitor was redirected.
        date_created: Time,
        /// Seconds from there to the action.
        seconds: i64,
        /// Page that the visitor came from, empty when unknown.
        url_from: String,
        /// Visitor's country, ISO 3166, empty when unknown.
        country: String,
        /// Tracked link.
        link_id: i64,
        /// Traffic source, `null` for none.
        area_id: Option<i64>,
        /// Why it is counted apart.
        bot_mark: BotMark,
        /// How it was decided where the visitor goes, step by step, as the click's own page tells it; absent for advertisers, and
        /// once the click is not kept any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        trace: Option<Vec<ClickStep>>,
    }
}

view! {
    /// By which terms a lead was rated: the goal's own ones that were in force when the action was reported, and what a special
    /// condition of the webmaster changed (one for the area goes before one for all areas).
    pub struct LeadTerms {
        /// The version of the goal's terms.
        goal_version_id: i64,
        /// The special condition that changed them; `null` for none, and for advertisers.
        condition_id: Option<i64>,
        /// The goal's own terms were in force from here.
        date_from: Time,
        /// When they were written down.
        date_recorded: Time,
        /// How the rates are stated.
        money_type: MoneyType,
        /// The line of that version that was chosen for the visitor, with its own rates; `null` where the goal's own counted.
        line: Option<GoalLine>,
        /// The webmaster's approved leads of the goal in the month before it, by which the line was chosen; `null` where no line
        /// asked for them. It counts those that were approved when the lead came in.
        month_leads: Option<i64>,
        /// What the webmaster gets; for webmasters and operators.
        #[serde(skip_serializing_if = "Option::is_none")]
        payment: Option<String>,
        /// What the advertiser pays; for advertisers and operators.
        #[serde(skip_serializing_if = "Option::is_none")]
        charge: Option<String>,
    }
}

view! {
    /// What makes an action the same one when it is sent again, and what a double repeats.
    pub struct LeadIdentity {
        /// What is compared within the offer and goal.
        kind: LeadIdentityKind,
        /// The sale id or the tid that is compared.
        value: String,
        /// The rule by which it is a double; `null` when it is none.
        rule: Option<LeadReason>,
        /// The lead that a double repeats.
        first_lead_id: Option<i64>,
        /// When that one was created.
        date_first: Option<Time>,
    }
}

view! {
    /// How the end of a lead's hold was found: so many days after its creation, whatever the goal says now.
    pub struct LeadHold {
        /// Days.
        days: i64,
        /// From here.
        date_from: Time,
        /// Until here; a decided lead then closes, a pending one when it is decided.
        date_end: Time,
        /// Whether that moment has passed.
        is_over: bool,
    }
}

view! {
    /// What one step did to an account.
    pub struct LeadTransfer {
        /// The step.
        event_number: i64,
        /// Why.
        kind: TransferKind,
        /// Which account.
        account: AccountKind,
        /// Whose account, 0 for the network's own; for operators.
        #[serde(skip_serializing_if = "Option::is_none")]
        owner_id: Option<i64>,
        /// What came in; below zero for what went out.
        amount: Amount,
        /// When.
        date_created: Time,
    }
}

view! {
    /// A lead whose click was not known at first.
    pub struct LeadParked {
        /// When it was reported.
        date_created: Time,
        /// When its click was found.
        date_matched: Time,
        /// Why it had to wait.
        reason: String,
    }
}

view! {
    /// What a rule about the quality of traffic found in a lead's source.
    pub struct LeadFinding {
        /// The finding.
        id: i64,
        /// Its rule.
        rule_id: i64,
        /// What the rule looks at.
        kind: RuleKind,
        /// What followed.
        action: RuleAction,
    }
}

view! {
    /// A lead and its story.
    pub struct LeadView {
        /// All fields of the list.
        #[serde(flatten)]
        row: LeadRow,
        /// When its hold ends.
        date_hold_end: Time,
        /// The version of the goal's terms by which it was rated.
        goal_version_id: i64,
        /// The lead that a double repeats.
        first_lead_id: Option<i64>,
        /// By which door it came in.
        way: LeadWay,
        /// How it found the click that is paid for it.
        attribution: Attribution,
        /// Whether the report that made it carried a right signature of the advertiser.
        is_signed: bool,
        /// The click that brought it.
        click: LeadClick,
        /// By which terms it was rated.
        terms: LeadTerms,
        /// What makes it the same action when it is sent again, and what a double repeats.
        identity: LeadIdentity,
        /// How the end of its hold was found.
        hold: LeadHold,
        /// Where it waited for its click; `null` when it did not.
        parked: Option<LeadParked>,
        /// The terms for late leads that its click carries; `null` for a click of an offer that always paid them.
        late_terms: Option<OfferTermsView>,
        /// What rules about the quality of traffic found in its source at the time when it came. No lead is refused, held or paid
        /// less by it.
        findings: Vec<LeadFinding>,
        /// The ticket in which its refusal is or was contested; `null` for none, and for advertisers.
        contest_ticket_id: Option<i64>,
        /// What happened to it, in order.
        events: Vec<LeadEventView>,
        /// What that did to your accounts, in order; operators see those of all sides. Absent for who may not read transfers.
        #[serde(skip_serializing_if = "Option::is_none")]
        transfers: Option<Vec<LeadTransfer>>,
        /// Whom of yours it was told to, and what came of it: the first hundred deliveries; operators see those of all sides.
        deliveries: Vec<crate::delivery::LeadDelivery>,
    }
}

impl Engine {
    /// One lead and its story.
    pub async fn lead_view(&self, caller: Caller, id: i64) -> Result<LeadView> {
        let scope = caller.may(Resource::Lead, Method::View)?;
        let db = self.store().read();
        let lead = lead::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let events = lead_event::list(&db, scope, id).await?;
        let digits = currency::digits(&db).await?;
        let buyer = self.buyers_shown(caller.level, scope, &[id]).await?.remove(&id);
        let places = digits.get(&lead.currency_id).copied().unwrap_or(2);
        Ok(LeadView {
            date_hold_end: Time(lead.date_hold_end),
            goal_version_id: lead.goal_version_id,
            first_lead_id: lead.first_lead_id,
            way: LeadWay::from_code(lead.way).unwrap_or(LeadWay::Unknown),
            attribution: Attribution::from_code(lead.attribution).unwrap_or(Attribution::Tid),
            is_signed: lead.is_signed,
            deliveries: crate::delivery::of_lead(&db, caller, id).await?,
            click: LeadClick { trace: self.lead_trace(caller, &lead).await?, ..self.lead_click(&lead) },
            terms: terms(&db, caller, &lead, places).await?,
            identity: self.lead_identity(&db, &lead, &events).await?,
            hold: LeadHold {
                days: lead.hold_period,
                date_from: Time(lead.date_created),
                date_end: Time(lead.date_hold_end),
                is_over: lead.date_hold_end <= self.now().0,
            },
            parked: parked_lead::of_lead(&db, id).await?.map(|row| LeadParked {
                date_created: Time(row.date_created),
                date_matched: Time(row.date_tried),
                reason: row.reason,
            }),
            late_terms: offer_terms::view(&db, lead.offer_id, lead.terms_version).await?.map(Into::into),
            findings: finding::of_lead(&db, scope, &lead).await?.iter().map(lead_finding).collect(),
            contest_ticket_id: contest_ticket(&db, caller, id).await?,
            transfers: transfers(&db, caller, id, places).await?,
            events: events.into_iter().map(|event| event_view(caller, event, places)).collect(),
            row: LeadRow { buyer, ..self.lead_row(caller, lead, &digits) },
        })
    }

    fn lead_click(&self, lead: &Lead) -> LeadClick {
        LeadClick {
            tid: self.tid_keys().write(lead.click_id),
            date_created: Time(lead.date_redirect),
            seconds: lead.date_created - lead.date_redirect,
            url_from: lead.url_from.clone(),
            country: lead.country.clone(),
            link_id: lead.link_id,
            area_id: lead.area_id,
            bot_mark: BotMark::from_code(lead.bot_mark).unwrap_or(BotMark::None),
            trace: None,
        }
    }

    /// In the scope of clicks, which advertisers do not read.
    async fn lead_trace(&self, caller: Caller, lead: &Lead) -> Result<Option<Vec<ClickStep>>> {
        let Ok(scope) = caller.may(Resource::Click, Method::View) else { return Ok(None) };
        Ok(self.click_seen(scope, lead.click_id).await?.map(|click| steps(&click.trace)))
    }

    /// The first lead may be another webmaster's: only its number and its time are told.
    async fn lead_identity(&self, db: &Db, lead: &Lead, events: &[LeadEvent]) -> Result<LeadIdentity> {
        let first = match lead.first_lead_id {
            Some(id) => lead::view(db, Scope::All, id).await?,
            None => None,
        };
        let told = events.first().and_then(|event| LeadReason::from_code(event.reason_code));
        // Doubles from before reasons were stored: there was one rule.
        let told = told.filter(|reason| *reason != LeadReason::Untold).unwrap_or(LeadReason::SecondAction);
        let (kind, value) = match identity(&lead.natural_key) {
            (LeadIdentityKind::Click, _) => (LeadIdentityKind::Click, self.tid_keys().write(lead.click_id)),
            (kind, value) => (kind, value.to_owned()),
        };
        Ok(LeadIdentity {
            kind,
            value,
            rule: lead.first_lead_id.map(|_| told),
            first_lead_id: lead.first_lead_id,
            date_first: first.map(|first| Time(first.date_created)),
        })
    }
}

/// The version is the goal's, which both sides know; of its two rates each side sees its own.
async fn terms(db: &Db, caller: Caller, lead: &Lead, places: u8) -> Result<LeadTerms> {
    let (level, sees_money) = (caller.level, sees_money(caller));
    let version = goal::version(db, lead.goal_version_id).await?;
    let version = version.ok_or_else(|| Error::Internal(format!("lead {} has no terms", lead.id)))?;
    let version = Version::new(version)?;
    let special = match lead.condition_version_id {
        Some(id) => condition::version(db, id).await?,
        None => None,
    };
    let own = special.as_ref().map(ConditionVersion::special).unwrap_or_default();
    let terms = version.terms(lead.goal_line).with(own);
    let rate = |rate: Rate| rate.text(terms.money_type, places);
    let sees = (sees_money && level != Level::Advertiser, sees_money && level != Level::Webmaster);
    let line = version.lines.iter().find(|line| line.number == lead.goal_line);
    let line = line.map(|line| {
        lines_shown(std::slice::from_ref(line), (terms.money_type, places), Special::default(), sees)
    });
    Ok(LeadTerms {
        goal_version_id: version.row.id,
        condition_id: special
            .filter(|_| sees_money && level != Level::Advertiser)
            .map(|special| special.condition_id),
        date_from: Time(version.row.date_from),
        date_recorded: Time(version.row.date_recorded),
        line: line.and_then(|mut line| line.pop()),
        month_leads: lead.month_leads,
        money_type: terms.money_type,
        payment: sees.0.then(|| rate(terms.payment)),
        charge: sees.1.then(|| rate(terms.charge)),
    })
}

/// In the scope of tickets: the webmaster's own, and those that an operator reads.
async fn contest_ticket(db: &Db, caller: Caller, lead_id: i64) -> Result<Option<i64>> {
    let Ok(scope) = caller.may(Resource::Ticket, Method::View) else { return Ok(None) };
    Ok(ticket::contest_of(db, scope, lead_id).await?.map(|ticket| ticket.id))
}

/// In the scope of transfers, not of leads: support reads leads and no money, a manager the accounts of his people only.
async fn transfers(db: &Db, caller: Caller, lead_id: i64, places: u8) -> Result<Option<Vec<LeadTransfer>>> {
    let Ok(scope) = caller.may(Resource::Transfer, Method::List) else { return Ok(None) };
    let shown = |side: Side| LeadTransfer {
        event_number: side.number,
        kind: TransferKind::from_code(side.kind).unwrap_or(TransferKind::LeadReserve),
        account: side.account.kind,
        owner_id: (caller.level == Level::Operator).then_some(side.account.owner_id),
        amount: Amount { micros: side.micros, digits: places },
        date_created: Time(side.date_created),
    };
    let sides = transfer::sides_of_lead(db, scope, lead_id).await?;
    Ok(Some(sides.into_iter().map(shown).collect()))
}

fn lead_finding(row: &Finding) -> LeadFinding {
    LeadFinding {
        id: row.id,
        rule_id: row.rule_id,
        kind: RuleKind::from_code(row.kind).unwrap_or(RuleKind::FastLeads),
        action: RuleAction::from_code(row.action).unwrap_or(RuleAction::Mark),
    }
}

fn event_view(caller: Caller, event: LeadEvent, places: u8) -> LeadEventView {
    let own = if caller.level == Level::Advertiser { event.charge } else { event.payout };
    let amount = |micros: i64| Amount { micros, digits: places };
    LeadEventView {
        number: event.number,
        kind: LeadEventKind::from_code(event.kind).unwrap_or(LeadEventKind::Created),
        status: LeadStatus::from_code(event.status).unwrap_or(LeadStatus::Pending),
        is_closed: Closing::from_code(event.is_closed).unwrap_or(Closing::Hold),
        by: UserLevel::from_code(event.level).map_or("network", UserLevel::word).to_owned(),
        reason: LeadReason::from_code(event.reason_code).unwrap_or(LeadReason::Untold),
        comment: event.reason,
        amount: event.amount.map(amount),
        money: sees_money(caller).then_some(own.map(amount)),
        date_created: Time(event.date_created),
    }
}
