//! Rules about the quality of traffic: what an advertiser, or the network, looks for in the sources of webmasters. Whoever
//! is touched by a rule can read it, with its limit; a rule that nobody can read does not exist.

use whocpa_domain::input::limits;
use whocpa_domain::input::{Decimal, Limits};
use whocpa_domain::money::{Amount, MICRO};
use whocpa_domain::quality::{LIMIT_PERCENT, RuleAction, RuleKind, RuleSource};
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::rule::{self, Rule, RuleFilter};
use whocpa_store::{Paging, Rows};

use crate::audit::Changes;
use crate::{Caller, Engine, check, material};

/// Rules of one offer, and rules of every offer.
const RULES_LIMIT: u64 = 50;
const SECONDS: Limits = Limits::Range(1, 86_400);
const MIN_LEADS: Limits = Limits::Range(1, 100_000);
const WINDOW: Limits = Limits::Range(1, 168);

params! {
    /// Which rules are wanted.
    pub struct RuleList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only those that look at these offers; rules of every offer do.
        offer_id: Option<Vec<i64>>,
        /// Only of these kinds.
        kind: Option<Vec<RuleKind>>,
        /// Only with one of these actions.
        action: Option<Vec<RuleAction>>,
        /// Only those that are at work (1), or only others (0).
        is_active: Option<bool>,
        /// Page, from 1.
        page: Page,
        /// Rules on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// A new rule.
    pub struct RuleCreate {
        /// The offer that it looks at; operators may leave it out for every offer.
        offer_id: Option<i64>,
        /// What it is called.
        name: String where limits::NAME,
        /// What it looks at; 4 is for operators.
        kind: RuleKind,
        /// What it tells apart; 3 for `kind` 4.
        source: RuleSource,
        /// What follows when it finds something. No lead is refused, held or paid less by it.
        action: RuleAction,
        /// From this share on it finds something, in percent, above 0 and up to 100.
        limit_percent: Decimal,
        /// For `kind` 1: a lead that comes within so many seconds of its click is fast; 10 unless told.
        seconds: Option<i64> where SECONDS,
        /// With fewer leads (for `kind` 3, decided leads; for 4, his and theirs) it finds nothing, because few leads are chance;
        /// 30 unless told.
        min_leads: Option<i64> where MIN_LEADS,
        /// How many hours it looks back; 24 unless told.
        window_hours: Option<i64> where WINDOW,
    }
}

params! {
    /// What is changed of a rule. What it looks at stays: make another rule for that.
    pub struct RuleUpdate {
        /// What it is called.
        name: Option<String> where limits::NAME,
        /// What follows when it finds something; findings that are there keep theirs.
        action: Option<RuleAction>,
        /// From this share on it finds something, in percent.
        limit_percent: Option<Decimal>,
        /// Seconds of a fast lead.
        seconds: Option<i64> where SECONDS,
        /// Leads below which it finds nothing.
        min_leads: Option<i64> where MIN_LEADS,
        /// Hours that it looks back.
        window_hours: Option<i64> where WINDOW,
        /// 0 turns it off and ends what it found; 1 turns it on again.
        is_active: Option<bool>,
    }
}

view! {
    /// A rule about the quality of traffic.
    pub struct RuleView {
        /// Rule id.
        id: i64,
        /// The offer that it looks at; `null` for every offer.
        offer_id: Option<i64>,
        /// What it is called.
        name: String,
        /// What it looks at.
        kind: RuleKind,
        /// What it tells apart.
        source: RuleSource,
        /// What follows when it finds something. No lead is refused, held or paid less by it.
        action: RuleAction,
        /// From this share on it finds something, in percent.
        limit_percent: Amount,
        /// A lead that comes within so many seconds of its click is fast.
        seconds: i64,
        /// With fewer leads it finds nothing.
        min_leads: i64,
        /// How many hours it looks back.
        window_hours: i64,
        /// Whether it is at work.
        is_active: bool,
        /// When it was made.
        date_created: Time,
        /// Who made it; for operators.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<i64>,
    }
}

impl Engine {
    /// One page of rules, the newest first.
    pub async fn rule_list(&self, caller: Caller, input: RuleList) -> Result<Rows<RuleView>> {
        let scope = caller.may(Resource::Rule, Method::List)?;
        let filter = RuleFilter {
            ids: input.id,
            offer_ids: input.offer_id,
            kinds: input.kind,
            actions: input.action,
            is_active: input.is_active,
        };
        let paging = Paging::new(input.page, input.per_page);
        let rows = rule::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(|row| shown(caller, row)))
    }

    /// One rule.
    pub async fn rule_view(&self, caller: Caller, id: i64) -> Result<RuleView> {
        let scope = caller.may(Resource::Rule, Method::View)?;
        let row = rule::view(&self.store().read(), scope, id).await?;
        row.map(|row| shown(caller, row)).ok_or(Error::NotFound)
    }

    /// Changes a rule; absent fields keep their value. One that is turned off ends what it found.
    pub async fn rule_update(&self, caller: Caller, id: i64, input: RuleUpdate) -> Result<()> {
        let scope = caller.may(Resource::Rule, Method::Update)?;
        let input = &input;
        self.change(move |db| async move {
            let before = rule::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
            may_rule(scope, before.kind)?;
            let row = input.applied(before.clone());
            checked(&row)?;
            if before.is_active && !row.is_active {
                self.findings_over(&db, id).await?;
            }
            let changes = Changes::updated(&before, &row);
            rule::update(&db, row).await?;
            self.note(&db, caller, Resource::Rule, id, changes).await
        })
        .await
    }

    /// Makes a rule; gives its id.
    pub async fn rule_create(&self, caller: Caller, input: RuleCreate) -> Result<i64> {
        let scope = caller.may(Resource::Rule, Method::Create)?;
        if input.offer_id.is_none() && scope != Scope::All {
            return Err(Error::field("offer_id", "This parameter is required"));
        }
        let row = &input.row(caller, self.now());
        if may_rule(scope, row.kind).is_err() {
            return Err(Error::field("kind", "Only operators may use this"));
        }
        checked(row)?;
        self.store()
            .write(move |db| async move {
                if let Some(offer_id) = row.offer_id {
                    material::offer_for(&db, scope, offer_id).await?;
                }
                if rule::count(&db, row.offer_id).await? >= RULES_LIMIT {
                    return Err(Error::Conflict(format!("There are {RULES_LIMIT} rules already")));
                }
                let id = rule::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Rule, id, Changes::created(row)).await?;
                Ok(id)
            })
            .await
    }

    /// Removes a rule; what it found ends and stays to be read.
    pub async fn rule_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Rule, Method::Delete)?;
        let now = self.now();
        self.change(move |db| async move {
            let before = rule::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
            may_rule(scope, before.kind)?;
            self.findings_over(&db, id).await?;
            let row = Rule { is_active: false, date_deleted: Some(now.0), ..before.clone() };
            let changes = Changes::archived(&before, &row);
            rule::update(&db, row).await?;
            self.note(&db, caller, Resource::Rule, id, changes).await
        })
        .await
    }
}

/// Who shares wallets is for those who see all webmasters.
fn may_rule(scope: Scope, kind: i64) -> Result<()> {
    let is_about_wallets = kind == RuleKind::SharedWallet.code();
    if is_about_wallets && scope != Scope::All { Err(Error::Forbidden) } else { Ok(()) }
}

impl RuleCreate {
    fn row(&self, caller: Caller, now: Time) -> Rule {
        Rule {
            id: 0,
            user_id: caller.user_id,
            offer_id: self.offer_id,
            name: self.name.trim().to_owned(),
            kind: self.kind.code(),
            source: self.source.code(),
            action: self.action.code(),
            limit_percent: self.limit_percent.0,
            seconds: self.seconds.unwrap_or(10),
            min_leads: self.min_leads.unwrap_or(30),
            window_hours: self.window_hours.unwrap_or(24),
            is_active: true,
            date_created: now.0,
            date_deleted: None,
        }
    }
}

impl RuleUpdate {
    fn applied(&self, row: Rule) -> Rule {
        Rule {
            name: self.name.as_ref().map_or(row.name, |name| name.trim().to_owned()),
            action: self.action.map_or(row.action, RuleAction::code),
            limit_percent: self.limit_percent.map_or(row.limit_percent, |limit| limit.0),
            seconds: self.seconds.unwrap_or(row.seconds),
            min_leads: self.min_leads.unwrap_or(row.min_leads),
            window_hours: self.window_hours.unwrap_or(row.window_hours),
            is_active: self.is_active.unwrap_or(row.is_active),
            ..row
        }
    }
}

fn checked(row: &Rule) -> Result<()> {
    let mut errors = FieldErrors::default();
    check::name(&mut errors, "name", &row.name);
    SECONDS.check_number(&mut errors, "seconds", row.seconds);
    MIN_LEADS.check_number(&mut errors, "min_leads", row.min_leads);
    WINDOW.check_number(&mut errors, "window_hours", row.window_hours);
    if row.limit_percent <= 0 || row.limit_percent > LIMIT_PERCENT * MICRO {
        errors.add("limit_percent", "Must be above 0 and at most 100");
    }
    if row.kind == RuleKind::SharedWallet.code() && row.source != RuleSource::Webmaster.code() {
        errors.add("source", "Must be 3 for a rule about shared wallets");
    }
    errors.finish()
}

fn shown(caller: Caller, row: Rule) -> RuleView {
    RuleView {
        id: row.id,
        offer_id: row.offer_id,
        name: row.name,
        kind: RuleKind::from_code(row.kind).unwrap_or(RuleKind::FastLeads),
        source: RuleSource::from_code(row.source).unwrap_or(RuleSource::Area),
        action: RuleAction::from_code(row.action).unwrap_or(RuleAction::Mark),
        limit_percent: Amount { micros: row.limit_percent, digits: 2 },
        seconds: row.seconds,
        min_leads: row.min_leads,
        window_hours: row.window_hours,
        is_active: row.is_active,
        date_created: Time(row.date_created),
        user_id: (caller.level == Level::Operator).then_some(row.user_id),
    }
}
