//! State changes of leads: each is one numbered event and the transfers that the ledger's rules ask for.
//!
//! Changes are made in memory on leads that are read (and locked) before, then written together: the same code for
//! one decision and for a batch of conversions.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::lead::{
    Closing, Contest, Decider, Illegal, LeadEventKind, LeadMoney, LeadReason, LeadState, LeadStatus,
};
use whocpa_domain::ledger::{CauseKind, Posting, adjust_postings, lead_postings};
use whocpa_domain::user::UserLevel;
use whocpa_domain::way::LeadWay;
use whocpa_domain::{Result, Time};
use whocpa_store::Db;
use whocpa_store::buyer::{self, Buyer};
use whocpa_store::change;
use whocpa_store::event::Event;
use whocpa_store::lead::{self, Lead, Record};
use whocpa_store::lead_event::{self, LeadEvent};
use whocpa_store::transfer::Cause;

use super::buyer::Sealed;
use super::receive::Claim;
use crate::delivery::{self, Told};

/// Who changes a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Actor {
    /// `UserLevel` as a number, 0 for the network itself.
    pub level: i64,
    /// 0 for the network itself.
    pub user_id: i64,
}

impl Actor {
    /// A rule of the network, not a person.
    pub const NETWORK: Self = Self { level: 0, user_id: 0 };

    /// What he may decide.
    pub fn decider(self) -> Decider {
        if self.level == UserLevel::Operator.code() { Decider::Operator } else { Decider::Party }
    }
}

/// Advertiser, offer and goal.
pub(super) type Place = (i64, i64, i64);

/// Whether it came in before the advertiser's own report of it.
pub(super) fn is_early(lead: &Lead) -> bool {
    LeadWay::from_code(lead.way).is_some_and(|way| way.is_order() || way.is_browser())
}

/// Whether its buyer's order came in before the advertiser knew of it.
fn is_order(lead: &Lead) -> bool {
    LeadWay::from_code(lead.way).is_some_and(LeadWay::is_order)
}

fn place_of(lead: &Lead) -> Place {
    (lead.advertiser_id, lead.offer_id, lead.goal_id)
}

/// Why a lead changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Why<'a> {
    /// From the closed list.
    pub code: LeadReason,
    /// In words; they become the words to the status where there are some.
    pub words: &'a str,
}

impl Why<'static> {
    /// A rule of the network, which needs no words.
    pub const fn rule(code: LeadReason) -> Self {
        Self { code, words: "" }
    }
}

/// What rates a lead anew.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rerated {
    /// The version of its goal's terms.
    pub version_id: i64,
    /// The line of it, 0 for none.
    pub line: i64,
    /// What the lead is worth by it.
    pub money: LeadMoney,
}

/// From one state (none for a new lead) to another.
type Change = (Option<LeadState>, LeadState);

/// Leads and what is to be written about them.
pub(crate) struct Steps {
    leads: BTreeMap<i64, Lead>,
    /// Numbers of their newest events as they were read.
    read: BTreeMap<i64, i64>,
    /// Whose buyers are known.
    bought: BTreeSet<i64>,
    /// When an advertiser or operator last decided, where it was asked for.
    said: BTreeMap<i64, i64>,
    new: Vec<i64>,
    changed: Vec<i64>,
    events: Vec<LeadEvent>,
    postings: Vec<(Cause, Vec<Posting>)>,
    buyers: Vec<Buyer>,
    attached: Vec<Buyer>,
    told: Vec<Told>,
    now: Time,
}

impl Steps {
    /// Steps on these leads, at this moment.
    pub fn new(leads: Vec<Lead>, now: Time) -> Self {
        let leads: BTreeMap<i64, Lead> = leads.into_iter().map(|lead| (lead.id, lead)).collect();
        Self {
            read: leads.values().map(|lead| (lead.id, lead.event_count)).collect(),
            leads,
            bought: BTreeSet::new(),
            said: BTreeMap::new(),
            new: Vec::new(),
            changed: Vec::new(),
            events: Vec::new(),
            postings: Vec::new(),
            buyers: Vec::new(),
            attached: Vec::new(),
            told: Vec::new(),
            now,
        }
    }

    /// Reads what these claims need to know of the leads besides.
    pub(super) async fn recall(&mut self, db: &Db, claims: &[Claim]) -> Result<()> {
        let ids: Vec<i64> = self.leads.keys().copied().collect();
        if claims.iter().any(|claim| claim.sealed.is_some()) {
            self.bought = buyer::known(db, &ids).await?;
        }
        if claims.iter().any(|claim| claim.parked_id != 0) {
            self.said = lead_event::said(db, &ids).await?;
        }
        Ok(())
    }

    /// When an advertiser or operator last decided about a lead, before these steps.
    pub fn said(&self, lead_id: i64) -> Option<i64> {
        self.said.get(&lead_id).copied()
    }

    /// Whether the buyer of a lead is known, as far as a claim brought one.
    pub fn knows_buyer(&self, lead_id: i64) -> bool {
        self.bought.contains(&lead_id)
    }

    /// All leads that were read or made.
    pub fn leads(&self) -> impl Iterator<Item = &Lead> {
        self.leads.values()
    }

    /// The lead of the same action of this advertiser, offer and goal.
    pub fn same(&self, place: Place, natural_key: &str) -> Option<i64> {
        let is_it = |lead: &&Lead| lead.natural_key == natural_key && place == place_of(lead);
        self.leads.values().find(is_it).map(|lead| lead.id)
    }

    /// The lead of this click that its buyer, his browser or a webmaster sent, when the advertiser reports it with a sale id of his
    /// own: nobody else has named its sale yet.
    pub fn order(&self, place: Place, click_id: i64, sale_id: &str) -> Option<i64> {
        let of_click = || self.of_click(place, click_id).filter(|lead| is_early(lead));
        let named = of_click().find(|lead| !sale_id.is_empty() && lead.sale_id == sale_id);
        let open = || of_click().find(|lead| sale_id.is_empty() || lead.sale_id.is_empty());
        named.or_else(open).map(|lead| lead.id)
    }

    /// The lead of this click that the advertiser reported before its order came in: the order is about it.
    pub fn reported(&self, place: Place, click_id: i64) -> Option<i64> {
        self.of_click(place, click_id).find(|lead| !is_order(lead)).map(|lead| lead.id)
    }

    /// Any lead of this click: what a browser reports without proof is never a second one.
    pub fn any(&self, place: Place, click_id: i64) -> Option<i64> {
        self.of_click(place, click_id).next().map(|lead| lead.id)
    }

    fn of_click(&self, place: Place, click_id: i64) -> impl Iterator<Item = &Lead> {
        self.leads.values().filter(move |lead| lead.click_id == click_id && place == place_of(lead))
    }

    /// The buyer of a lead, new or known; one who is known already stays. Gives whether he is new.
    pub(super) fn set_buyer(&mut self, lead_id: i64, sealed: &Sealed) -> bool {
        let Some(lead) = self.leads.get(&lead_id) else { return false };
        if !self.bought.insert(lead_id) {
            return false;
        }
        let row = Buyer {
            lead_id,
            offer_id: lead.offer_id,
            phone_hash: sealed.phone_hash.clone(),
            sealed: sealed.text.clone(),
            date_created: lead.date_created,
        };
        if self.new.contains(&lead_id) {
            self.buyers.push(row);
        } else {
            self.attached.push(row);
        }
        true
    }

    /// The lead that holds this click for this goal: the first one that is no double, whatever the goal said when it came.
    pub fn holder(&self, click_id: i64, goal_id: i64) -> Option<i64> {
        let is_of = |lead: &&Lead| lead.click_id == click_id && lead.goal_id == goal_id;
        let mut all = self.leads.values().filter(is_of);
        all.find(|lead| lead.state().status != LeadStatus::Double).map(|lead| lead.id)
    }

    /// The moment of the steps.
    pub fn now(&self) -> Time {
        self.now
    }

    /// How many new leads there are.
    pub fn created(&self) -> i64 {
        i64::try_from(self.new.len()).unwrap_or(i64::MAX)
    }

    /// A lead as it is by now.
    pub fn lead(&self, lead_id: i64) -> Option<&Lead> {
        self.leads.get(&lead_id)
    }

    /// A lead's present status.
    pub fn status(&self, lead_id: i64) -> LeadStatus {
        self.leads.get(&lead_id).map_or(LeadStatus::Pending, |lead| lead.state().status)
    }

    /// A new lead, and what is said of it.
    pub fn create(&mut self, lead: Lead, status: LeadStatus, why: Why<'_>) {
        let (id, actor) = (lead.id, Actor::NETWORK);
        self.leads.insert(id, lead);
        self.new.push(id);
        self.step(id, (None, LeadState::new(status)), LeadEventKind::Created, actor, why);
    }

    /// A decision about a lead, or a reason for the one that it has; gives whether anything changed. The history of a lead
    /// has an end for each side (`Decider::may_add`); the same decision again is never too much.
    pub fn decide(
        &mut self,
        lead_id: i64,
        status: LeadStatus,
        actor: Actor,
        why: Why<'_>,
    ) -> Result<bool, Illegal> {
        let Some(lead) = self.leads.get(&lead_id) else { return Ok(false) };
        let from = lead.state();
        let to = from.decide(status, actor.decider())?;
        let is_explained = why.code != LeadReason::Untold && why.code.code() != lead.reason_code;
        if to == from && !is_explained {
            return Ok(false);
        }
        actor.decider().may_add(lead.event_count)?;
        self.step(lead_id, (Some(from), to), LeadEventKind::Decided, actor, why);
        if !why.words.is_empty() {
            self.set_substatus(lead_id, why.words.to_owned());
        }
        Ok(true)
    }

    /// Somebody may correct the amount of a lead's sale as long as he may decide about it; those who run the network also when
    /// it is closed.
    fn may_correct(&self, lead_id: i64, actor: Actor) -> Result<(), Illegal> {
        let Some(lead) = self.leads.get(&lead_id) else { return Ok(()) };
        match (lead.state().closing, actor.decider()) {
            (Closing::Closed, Decider::Party) => Err(Illegal::Closed),
            (_, decider) => decider.may_add(lead.event_count),
        }
    }

    /// The sale has another amount, and the lead is worth something else by it. What that changes is moved at once, between
    /// the accounts in which the lead's money sits. Gives whether it changed anything: an amount that was not known before and
    /// changes nothing else is only noted.
    pub fn correct(
        &mut self,
        lead_id: i64,
        (amount, money): (i64, LeadMoney),
        actor: Actor,
        words: &str,
    ) -> Result<bool, Illegal> {
        let Some(lead) = self.leads.get_mut(&lead_id) else { return Ok(false) };
        let money = money.with_referral(lead.referral_ppm);
        if lead.amount.is_none() && lead.money() == money {
            if lead.state().closing == Closing::Hold {
                lead.amount = Some(amount);
                self.changed.push(lead_id);
            }
            return Ok(false);
        }
        self.may_correct(lead_id, actor)?;
        let Some(lead) = self.leads.get_mut(&lead_id) else { return Ok(false) };
        let (state, old, parties) = (lead.state(), lead.money(), lead.parties());
        lead.amount = Some(amount);
        (lead.charge, lead.payout, lead.referral) = (money.charge, money.payout, money.referral);
        let why = Why { code: LeadReason::Untold, words };
        self.step(lead_id, (Some(state), state), LeadEventKind::Corrected, actor, why);
        if let Some((_, postings)) = self.postings.last_mut() {
            *postings = adjust_postings(parties, old, money, state);
        }
        Ok(true)
    }

    /// A lead is rated anew by other terms; gives whether it is worth another amount by them. Its history has room for that at
    /// any length: it happens to many leads at once, by hand of those who run the network.
    pub fn rerate(&mut self, lead_id: i64, to: Rerated, actor: Actor, words: &str) -> bool {
        let Some(lead) = self.leads.get_mut(&lead_id) else { return false };
        let (state, old, parties) = (lead.state(), lead.money(), lead.parties());
        let money = to.money.with_referral(lead.referral_ppm);
        if old == money {
            return false;
        }
        (lead.goal_version_id, lead.goal_line) = (to.version_id, to.line);
        (lead.charge, lead.payout, lead.referral) = (money.charge, money.payout, money.referral);
        let why = Why { code: LeadReason::Untold, words };
        self.step(lead_id, (Some(state), state), LeadEventKind::Rerated, actor, why);
        if let Some((_, postings)) = self.postings.last_mut() {
            *postings = adjust_postings(parties, old, money, state);
        }
        true
    }

    /// The end of a lead's hold.
    pub fn close(&mut self, lead_id: i64) -> Result<(), Illegal> {
        let Some(from) = self.leads.get(&lead_id).map(Lead::state) else { return Ok(()) };
        let to = from.close()?;
        let why = Why::rule(LeadReason::HoldOver);
        self.step(lead_id, (Some(from), to), LeadEventKind::Closed, Actor::NETWORK, why);
        Ok(())
    }

    /// A final decision is taken back; the hold is over, so the lead closes again once it is decided anew.
    pub fn reopen(&mut self, lead_id: i64, actor: Actor, why: Why<'_>) -> Result<(), Illegal> {
        let Some(from) = self.leads.get(&lead_id).map(Lead::state) else { return Ok(()) };
        let to = from.reopen()?;
        self.step(lead_id, (Some(from), to), LeadEventKind::Reopened, actor, why);
        Ok(())
    }

    /// The webmaster contests a refusal.
    pub fn contest(&mut self, lead_id: i64, actor: Actor, ticket_id: i64) -> Result<(), Illegal> {
        let Some(lead) = self.leads.get_mut(&lead_id) else { return Ok(()) };
        let state = lead.state();
        state.may_contest(lead.contest())?;
        lead.contest = Contest::Open.code();
        let words = format!("ticket {ticket_id}");
        let why = Why { code: LeadReason::Untold, words: &words };
        self.step(lead_id, (Some(state), state), LeadEventKind::Contested, actor, why);
        Ok(())
    }

    /// The protest against a refusal ends without a change.
    pub fn settle(&mut self, lead_id: i64, actor: Actor, end: Contest) -> Result<(), Illegal> {
        let Some(lead) = self.leads.get_mut(&lead_id) else { return Ok(()) };
        if lead.contest() != Contest::Open {
            return Err(Illegal::NotContested);
        }
        let state = lead.state();
        lead.contest = end.code();
        let why = Why { code: LeadReason::Untold, words: end.word() };
        self.step(lead_id, (Some(state), state), LeadEventKind::Settled, actor, why);
        Ok(())
    }

    /// Changes the words to a lead's status.
    pub fn set_substatus(&mut self, lead_id: i64, words: String) {
        if let Some(lead) = self.leads.get_mut(&lead_id) {
            lead.substatus = words;
            self.changed.push(lead_id);
        }
    }

    /// Notes the advertiser's own id of an order that came in without one.
    pub fn set_sale_id(&mut self, lead_id: i64, sale_id: &str) {
        if let Some(lead) = self.leads.get_mut(&lead_id).filter(|lead| lead.sale_id.is_empty()) {
            sale_id.clone_into(&mut lead.sale_id);
            self.changed.push(lead_id);
        }
    }

    /// From when on silence approves a lead that it did not approve before.
    pub fn set_auto_approve(&mut self, lead_id: i64, at: Option<i64>) {
        let lead = self.leads.get_mut(&lead_id).filter(|lead| lead.date_auto_approve.is_none());
        if let Some(lead) = lead.filter(|_| at.is_some()) {
            lead.date_auto_approve = at;
            self.changed.push(lead_id);
        }
    }

    /// One change of a lead: its state, an event, and the transfers between the two states.
    fn step(&mut self, lead_id: i64, (from, to): Change, kind: LeadEventKind, actor: Actor, why: Why<'_>) {
        let Some(lead) = self.leads.get_mut(&lead_id) else { return };
        lead.event_count += 1;
        lead.status = to.status.code();
        lead.is_closed = to.closing.code();
        // Clocks of nodes differ: what is known of a lead at a moment never goes back.
        lead.date_recorded = self.now.0.max(lead.date_recorded);
        if from.map(|state| state.status) != Some(to.status) {
            lead.contest = contest_after(lead.contest(), to.status).code();
            lead.date_approved = (to.status == LeadStatus::Approved).then_some(self.now.0);
        }
        if from.is_some_and(|state| state.closing != to.closing) {
            lead.date_closed = (to.closing == Closing::Closed).then_some(self.now.0);
        }
        let is_rated =
            matches!(kind, LeadEventKind::Created | LeadEventKind::Corrected | LeadEventKind::Rerated);
        self.events.push(LeadEvent {
            lead_id,
            number: lead.event_count,
            kind: kind.code(),
            status: lead.status,
            is_closed: lead.is_closed,
            level: actor.level,
            user_id: actor.user_id,
            reason_code: why.code.code(),
            reason: why.words.to_owned(),
            date_created: self.now.0,
            amount: lead.amount.filter(|_| is_rated),
            charge: is_rated.then_some(lead.charge),
            payout: is_rated.then_some(lead.payout),
        });
        let is_new = from.map(|state| state.status) != Some(to.status);
        self.told.extend(Told::of(lead, kind, to.status, is_new));
        if kind == LeadEventKind::Decided && lead.date_decided.is_none() {
            lead.date_decided = Some(self.now.0);
        }
        if matches!(kind, LeadEventKind::Created | LeadEventKind::Decided) {
            lead.reason_code = why.code.code();
        }
        let cause = Cause { kind: CauseKind::Lead, id: lead_id, number: lead.event_count };
        self.postings.push((cause, lead_postings(lead.parties(), lead.money(), from, to)));
        self.changed.push(lead_id);
    }

    /// Writes new and changed leads, their events and transfers, in the caller's transaction.
    pub async fn write(mut self, db: &Db) -> Result<()> {
        self.changed.sort_unstable();
        self.changed.dedup();
        let mut used: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for lead in self.changed.iter().filter_map(|id| self.leads.get(id)) {
            let (leads, payout) = used.entry(lead.offer_id).or_default();
            (*leads, *payout) = (*leads + 1, payout.saturating_add(lead.payout));
        }
        change::create_used(db, &used, self.now).await?;
        let mut new = Vec::with_capacity(self.new.len());
        for id in &self.new {
            new.extend(self.leads.remove(id));
        }
        for id in &self.changed {
            if let Some((lead, read)) = self.leads.remove(id).zip(self.read.get(id)) {
                lead::update(db, lead, *read).await?;
            }
        }
        let told: Vec<Event> = self.told.iter().map(|told| told.event(self.now)).collect();
        let record = Record {
            new: &new,
            buyers: &self.buyers,
            events: &self.events,
            told: &told,
            postings: &self.postings,
        };
        lead::create(db, record, self.now).await?;
        delivery::tell(db, &self.told, self.now).await?;
        buyer::attach(db, self.attached).await
    }
}

/// What becomes of a protest when the lead is decided anew: an approval is what it wanted; another refusal leaves an open
/// one open, and may be contested itself after an ended one.
fn contest_after(contest: Contest, status: LeadStatus) -> Contest {
    match (contest, status) {
        (Contest::Open, LeadStatus::Approved) => Contest::Upheld,
        (Contest::Open, _) => Contest::Open,
        _ => Contest::None,
    }
}
