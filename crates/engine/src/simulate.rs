//! Simulation: what would happen to a click or a lead, without making one.
//!
//! A click goes through the same decision, a report through the same resolution in a transaction that is taken back:
//! nothing is stored, counted or paid.

use std::net::{IpAddr, Ipv4Addr};

use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::Entry;
use whocpa_domain::input::Decimal;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::money::Amount;
use whocpa_domain::tid::click_id;
use whocpa_domain::trace::{Check, Trace, TraceStep};
use whocpa_domain::{Error, FieldErrors, Level, Method, Resource, Result, Scope, Time, codes, params, view};
use whocpa_store::link::{self, Link};
use whocpa_store::{currency, offer};

use crate::click::{ClickStep, Simulated, Visit, told};
use crate::lead::Conversion;
use crate::{Caller, Engine};

codes! {
    /// What is tried.
    pub enum SimulateKind {
        Click = 1 "a click on a link",
        Lead = 2 "a report of an action",
    }
}

params! {
    /// What is tried. Nothing of it is stored, counted or paid.
    pub struct SimulateCreate {
        /// What is tried.
        kind: SimulateKind,
        /// The link or deeplink; required for a click. Yours, or one to your offer.
        link_id: Option<i64>,
        /// When it happens; now unless told.
        date: Option<Time>,
        /// Visitor's address; none in particular unless told, from no known country.
        ip: Option<String>,
        /// Visitor's country, ISO 3166; by the address unless told.
        country: Option<String>,
        /// Visitor's user agent.
        ua: Option<String>,
        /// Visitor's language.
        language: Option<String>,
        /// Page that the visitor comes from.
        url_from: Option<String>,
        /// Parameters after the link's address, for example `subid1=a&subid2=b`.
        query: Option<String>,
        /// The click that brought the action; required for a lead.
        tid: Option<String>,
        /// Goal of the action; needed when the offer has several.
        goal_id: Option<i64>,
        /// The advertiser's id of the action.
        sale_id: Option<String>,
        /// Amount of the sale, in the goal's currency.
        amount: Option<Decimal>,
        /// The decision that comes with the report; pending unless told.
        status: Option<LeadStatus>,
    }
}

view! {
    /// What would happen.
    pub struct SimulateView {
        /// Always 0: nothing is stored.
        id: i64,
        /// Click: where the visitor would go. Advertisers' parameters are left out for others, and for an advertiser all of
        /// an address that is not of his offer.
        url_to: String,
        /// Click: why.
        reason: Option<ClickReason>,
        /// Offer that it would be counted for. An advertiser is told of his own only, also in the trace.
        offer_id: Option<i64>,
        /// Landing page that would be chosen.
        landing_id: Option<i64>,
        /// Lead: the answer that the report would get, for example `accepted`.
        verdict: String,
        /// Lead: the goal that would be chosen.
        goal_id: Option<i64>,
        /// Lead: its status.
        status: Option<LeadStatus>,
        /// Lead: the lead that it would repeat.
        first_lead_id: Option<i64>,
        /// Lead: webmaster: what you would earn; advertiser and operator: what the advertiser would pay.
        money: Option<Amount>,
        /// Lead: currency of `money`.
        currency_id: Option<i64>,
        /// Lead: when its hold would end.
        date_hold_end: Option<Time>,
        /// The questions and their answers, in order.
        trace: Vec<ClickStep>,
    }
}

impl Engine {
    /// Tries a click or a report of an action.
    pub async fn simulate_create(&self, caller: Caller, input: SimulateCreate) -> Result<SimulateView> {
        let scope = caller.may(Resource::Simulate, Method::Create)?;
        check_kind(&input)?;
        match input.kind {
            SimulateKind::Click => self.simulate_click(caller, scope, &input).await,
            SimulateKind::Lead => self.simulate_lead(caller, scope, &input).await,
        }
    }

    async fn simulate_click(
        &self,
        caller: Caller,
        scope: Scope,
        input: &SimulateCreate,
    ) -> Result<SimulateView> {
        let id = input.link_id.ok_or_else(|| Error::field("link_id", "This parameter is required"))?;
        let row = self.simulate_link(scope, id).await?;
        let row = row.ok_or_else(|| Error::field("link_id", "Links not found"))?;
        let now = input.date.unwrap_or_else(|| self.now());
        let ip = match &input.ip {
            Some(ip) => ip.parse().map_err(|_| Error::field("ip", "Must be an IPv4 or IPv6 address"))?,
            None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        };
        let visit = Visit {
            entry: Some(Entry::Code(row.code)),
            query: input.query.as_deref().unwrap_or_default(),
            ip,
            ua: input.ua.as_deref().unwrap_or_default(),
            referer: input.url_from.as_deref().unwrap_or_default(),
            languages: input.language.as_deref().unwrap_or_default(),
            ..Visit::to("")
        };
        let number =
            click_id(now.0.saturating_mul(1000), 0, i64::try_from(self.rng().number() % 4096).unwrap_or(0));
        let country = input.country.as_deref().map(str::to_uppercase);
        let tried = self.click_simulate(&visit, number, now, country.as_deref());
        if let (Some(country), true) = (&country, tried.facts.geo_ids.is_empty()) {
            return Err(Error::field("country", format!("{country} is no country's ISO 3166 code")));
        }
        let catalogue = self.catalogue().now();
        let is_seen = |id: i64| {
            caller.level != Level::Advertiser
                || catalogue.offers.get(&id).is_some_and(|offer| offer.advertiser_id == caller.user_id)
        };
        Ok(click_shown(&tried, caller.level, &is_seen))
    }

    /// A link or deeplink that the caller may try: a webmaster's own, or one to an advertiser's own offer.
    async fn simulate_link(&self, scope: Scope, id: i64) -> Result<Option<Link>> {
        let db = self.store().read();
        if let Some(row) = link::view_any(&db, scope, id).await? {
            return Ok(Some(row));
        }
        let (Scope::Advertiser(_) | Scope::Manager(_)) = scope else { return Ok(None) };
        let row = link::view_any(&db, Scope::All, id).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(offer::view(&db, scope, row.offer_id).await?.map(|_| row))
    }

    async fn simulate_lead(
        &self,
        caller: Caller,
        scope: Scope,
        input: &SimulateCreate,
    ) -> Result<SimulateView> {
        let tid = input.tid.clone().ok_or_else(|| Error::field("tid", "This parameter is required"))?;
        let conversion = Conversion {
            tid,
            goal_id: input.goal_id,
            sale_id: input.sale_id.clone().unwrap_or_default(),
            amount: input.amount.map(|amount| amount.0),
            status: input.status.unwrap_or(LeadStatus::Pending),
            ..Conversion::default()
        };
        let tried = self.lead_simulate(scope, conversion).await?;
        let tried = tried.ok_or_else(|| Error::field("tid", "Clicks not found"))?;
        let mut view = SimulateView { verdict: tried.verdict, ..empty() };
        if let Some(lead) = tried.lead {
            let money = if caller.level == Level::Webmaster { lead.payout } else { lead.charge };
            let row = currency::view(&self.store().read(), Scope::All, lead.currency_id).await?;
            let digits = row.and_then(|row| u8::try_from(row.digits).ok()).unwrap_or(2);
            view.offer_id = Some(lead.offer_id);
            view.goal_id = Some(lead.goal_id);
            view.status = LeadStatus::from_code(lead.status);
            view.first_lead_id = lead.first_lead_id;
            view.money = Some(Amount { micros: money, digits });
            view.currency_id = Some(lead.currency_id);
            view.date_hold_end = Some(Time(lead.date_hold_end));
        }
        Ok(view)
    }
}

/// Refuses what belongs to the other kind: it would be ignored, and taken for an answer.
fn check_kind(input: &SimulateCreate) -> Result<()> {
    let of_click = [
        ("link_id", input.link_id.is_some()),
        ("date", input.date.is_some()),
        ("ip", input.ip.is_some()),
        ("country", input.country.is_some()),
        ("ua", input.ua.is_some()),
        ("language", input.language.is_some()),
        ("url_from", input.url_from.is_some()),
        ("query", input.query.is_some()),
    ];
    let of_lead = [
        ("tid", input.tid.is_some()),
        ("goal_id", input.goal_id.is_some()),
        ("sale_id", input.sale_id.is_some()),
        ("amount", input.amount.is_some()),
        ("status", input.status.is_some()),
    ];
    let (others, word) = match input.kind {
        SimulateKind::Click => (&of_lead[..], "Only with kind 2"),
        SimulateKind::Lead => (&of_click[..], "Only with kind 1"),
    };
    let mut errors = FieldErrors::default();
    for (field, _) in others.iter().filter(|(_, is_sent)| *is_sent) {
        errors.add(*field, word);
    }
    errors.finish()
}

fn empty() -> SimulateView {
    SimulateView {
        id: 0,
        url_to: String::new(),
        reason: None,
        offer_id: None,
        landing_id: None,
        verdict: String::new(),
        goal_id: None,
        status: None,
        first_lead_id: None,
        money: None,
        currency_id: None,
        date_hold_end: None,
        trace: Vec::new(),
    }
}

/// `is_seen` tells of which offers the caller may know: a webmaster's link to an advertiser's offer may lead to his
/// rivals' too.
fn click_shown(tried: &Simulated, level: Level, is_seen: &dyn Fn(i64) -> bool) -> SimulateView {
    let Simulated { decision, location, .. } = tried;
    let offer_id = decision.offer_id();
    let is_own = is_seen(offer_id);
    let url = location.as_deref().filter(|_| is_own).unwrap_or_default();
    let is_sent = decision.reason == ClickReason::Sent;
    let sees_all = level == Level::Operator || level == Level::Advertiser && is_sent;
    let shown = if sees_all { url } else { url.split(['?', '#']).next().unwrap_or_default() };
    let trace = decision.trace.clone().into_text();
    let steps = Trace::read(&trace).map(|step| {
        if is_told(&step, is_own, is_seen) { step } else { TraceStep { found: String::new(), ..step } }
    });
    SimulateView {
        url_to: shown.to_owned(),
        reason: Some(decision.reason),
        offer_id: Some(offer_id).filter(|id| is_own && *id != 0),
        landing_id: decision.landing.as_ref().filter(|_| is_own).map(|landing| landing.id),
        trace: told(steps),
        ..empty()
    }
}

/// Whether what was found in a step may be told.
fn is_told(step: &TraceStep, is_own: bool, is_seen: &dyn Fn(i64) -> bool) -> bool {
    match step.check {
        Check::Offer | Check::Connection | Check::Candidate | Check::Choice | Check::Explore => {
            let id = step.found.split(':').next().and_then(|id| id.parse().ok());
            id.is_none_or(is_seen)
        }
        Check::Cap | Check::Landing | Check::Prelanding | Check::Destination => is_own,
        _ => true,
    }
}
