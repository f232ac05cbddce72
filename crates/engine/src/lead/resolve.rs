//! What each conversion of a batch becomes: read what is there, decide in memory, write all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use whocpa_domain::click::{Click, ClickReason};
use whocpa_domain::facts::BotMark;
use whocpa_domain::goal::MoneyType;
use whocpa_domain::lead::{self, LeadReason, LeadType};
use whocpa_domain::orphan::{OrphanKind, OrphanState};
use whocpa_domain::tid::{ClickId, click_ms};
use whocpa_domain::way::{Attribution, AttributionRule, Intent};
use whocpa_domain::{Result, Scope, Time};
use whocpa_store::goal::Goal;
use whocpa_store::lead::Lead;
use whocpa_store::parked_lead::{self, ParkedLead};
use whocpa_store::referral::{self, Referral};
use whocpa_store::{Db, currency, goal};

use super::again::{Rules, again, decide_new, mark_words};
use super::bare::{area_of, bare_lead, worth};
use super::choice::Choice;
use super::goal::pick;
use super::late::{beginning, unpaid};
use super::noted::{self, Noted};
use super::parked::natural_key;
use super::phones::{Number, Phones};
use super::rating::{Ratings, Version};
use super::receive::{Claim, Verdict};
use super::silence::{auto_approve, decide_until};
use super::steps::{Place, Steps, Why};
use crate::catalogue::{OfferEntry, Snapshot};

/// Said to a browser that reports a part of a sale.
const UNPROVEN_AMOUNT: &str = "a part of the sale is paid: sign the report, or send it by postback";

/// Said of a goal that cannot rate anything.
pub(super) const NO_TERMS: &str = "the goal has no terms yet";

/// What a batch needs to know and nobody changes under it: read before its transaction, which is shorter for it.
pub(super) struct Known {
    catalogue: Arc<Snapshot>,
    clicks: BTreeMap<ClickId, Click>,
    goals: BTreeMap<i64, Vec<Goal>>,
    /// What their goals pay.
    terms: Choice,
    /// Who is paid for having brought a webmaster, by webmaster.
    referrals: BTreeMap<i64, Referral>,
    /// Letters of currencies, where a claim names one.
    currencies: BTreeMap<i64, String>,
}

/// What became of a batch; its leads are still to be written.
pub(super) struct Resolved {
    /// One for each claim, in order.
    pub verdicts: Vec<Verdict>,
    /// How many lead ids were used.
    pub used: i64,
    /// The leads.
    pub steps: Steps,
    /// The telephone numbers that they hold.
    pub phones: Phones,
    /// Requests to be noted, with what they are told.
    pub noted: Vec<noted::Request>,
}

/// Resolves `claims` in order; leads get ids from `first_id` on.
pub(super) async fn resolve_all(
    db: &Db,
    known: &Known,
    claims: &[Claim],
    first_id: i64,
    now: Time,
) -> Result<Resolved> {
    let keys: Vec<String> = claims.iter().map(key_of).collect();
    let (mut phones, holders) = Phones::lock(db, &known.numbers(claims)).await?;
    let mut same = whocpa_store::lead::same_actions(db, &keys, &known.click_ids()).await?;
    same.extend(holders);
    // After the clicks, as whoever parks a report does.
    let parked: Vec<i64> = claims.iter().map(|claim| claim.parked_id).filter(|id| *id != 0).collect();
    let waiting = if parked.is_empty() { BTreeMap::new() } else { parked_lead::waiting(db, &parked).await? };
    let mut ratings = Ratings::default();
    if claims.iter().any(|claim| claim.conversion.amount.is_some()) {
        ratings = Ratings::read(db, same.iter()).await?;
        known.terms.tell(&mut ratings);
    }
    let mut steps = Steps::new(same, now);
    steps.recall(db, claims).await?;
    let (mut verdicts, mut noted) = (Vec::with_capacity(claims.len()), Vec::new());
    for (claim, key) in claims.iter().zip(keys) {
        if claim.parked_id != 0 && !is_as_read(claim, &waiting) {
            // The next sweep finds what became of it.
            let (kind, reason) = claim.orphan.clone();
            verdicts.push(Verdict::Parked { id: claim.parked_id, kind, reason });
            continue;
        }
        let before = claim.by.and_then(|_| Noted::of(known.about(claim, &key, &steps)?, &steps));
        let id = first_id + steps.created();
        let mut verdict = known.resolve(claim, key, (id, &ratings), (&mut steps, &mut phones));
        if claim.parked_id != 0 {
            note_tried(db, claim.parked_id, &verdict, now).await?;
        } else if let Verdict::Parked { id, kind, reason } = &mut verdict {
            *id = parked_lead::create(db, known.park(claim, (*kind, reason), now)).await?;
        }
        noted.extend(noted::request(claim, &verdict, before.as_ref(), &steps));
        verdicts.push(verdict);
    }
    Ok(Resolved { verdicts, used: steps.created(), steps, phones, noted })
}

/// What makes a claim the same action when it is sent again.
fn key_of(claim: &Claim) -> String {
    match &claim.conversion.order {
        Some(order) if !order.id.is_empty() => lead::order_key(order.webmaster_id, &order.id),
        // Who could write any sale id gets no second lead by it.
        _ if claim.conversion.is_unproven() => lead::natural_key("", claim.click_id),
        _ => lead::natural_key(&claim.conversion.sale_id, claim.click_id),
    }
}

/// Whether a parked report is still the one that was read: neither settled, sent again, nor led to another click meanwhile.
fn is_as_read(claim: &Claim, waiting: &BTreeMap<i64, (i64, ClickId)>) -> bool {
    let present = waiting.get(&claim.parked_id);
    present.is_some_and(|(count, click_id)| {
        *count == claim.parked_count && (*click_id == 0 || *click_id == claim.click_id)
    })
}

async fn note_tried(db: &Db, parked_id: i64, verdict: &Verdict, now: Time) -> Result<()> {
    let (lead_id, refusal) = match verdict {
        Verdict::Accepted { lead_id, .. }
        | Verdict::Updated { lead_id, .. }
        | Verdict::Duplicate { lead_id, .. } => (Some(*lead_id), None),
        Verdict::Rejected { field, reason } => (None, Some(format!("{field}: {reason}"))),
        Verdict::Parked { .. } => (None, None),
    };
    parked_lead::tried(db, parked_id, lead_id, refusal.as_deref(), now).await
}

pub(super) fn rejected(field: &'static str, reason: impl Into<String>) -> Verdict {
    Verdict::Rejected { field, reason: reason.into() }
}

impl Known {
    /// Reads the goals of these clicks' offers. Claims of one batch were reported at about the same time: the terms in
    /// force at `sent`, the first one's moment, rate all of them.
    pub async fn read(
        db: &Db,
        catalogue: Arc<Snapshot>,
        clicks: BTreeMap<ClickId, Click>,
        sent: Time,
    ) -> Result<Self> {
        let mut offer_ids: Vec<i64> = clicks.values().map(|click| click.offer_id).collect();
        offer_ids.sort_unstable();
        offer_ids.dedup();
        let mut goals: BTreeMap<i64, Vec<Goal>> = BTreeMap::new();
        for row in goal::of_offers(db, &offer_ids).await? {
            goals.entry(row.offer_id).or_default().push(row);
        }
        let terms = Choice::read(db, &clicks, &goals, sent).await?;
        let webmasters: BTreeSet<i64> = clicks.values().map(|click| click.webmaster_id).collect();
        let webmasters: Vec<i64> = webmasters.into_iter().collect();
        let referrals = referral::in_force(db, &webmasters, sent).await?;
        Ok(Self { catalogue, clicks, goals, terms, referrals, currencies: BTreeMap::new() })
    }

    /// Takes the regions of the clicks' countries from what places visitors.
    pub fn place(&mut self, geo_ids: impl Fn(&str) -> Arc<[i64]>) {
        self.terms.place(self.clicks.values().map(|click| &click.country), geo_ids);
    }

    /// Reads the letters of all currencies.
    pub async fn read_currencies(&mut self, db: &Db) -> Result<()> {
        let rows = currency::list(db, Scope::All).await?;
        self.currencies = rows.into_iter().map(|row| (row.id, row.code)).collect();
        Ok(())
    }

    /// The webmaster and the advertiser of a click that was found.
    pub fn parties(&self, click_id: ClickId) -> Option<(i64, i64)> {
        let click = self.clicks.get(&click_id)?;
        let offer = self.catalogue.offers.get(&click.offer_id)?;
        Some((click.webmaster_id, offer.advertiser_id))
    }

    /// The offers of the clicks.
    pub fn offer_ids(&self) -> impl Iterator<Item = i64> {
        self.clicks.values().map(|click| click.offer_id)
    }

    /// The clicks that were found: all their leads are looked for.
    fn click_ids(&self) -> Vec<ClickId> {
        self.clicks.keys().copied().collect()
    }

    /// The telephone numbers that offers count once.
    fn numbers(&self, claims: &[Claim]) -> Vec<(i64, String)> {
        claims.iter().filter_map(|claim| self.number(claim)).map(|(number, _)| number).collect()
    }

    /// A claim's telephone number in its offer, and the days for which the offer counts it once.
    fn number(&self, claim: &Claim) -> Option<(Number, i64)> {
        let offer_id = self.clicks.get(&claim.click_id)?.offer_id;
        let hash = &claim.sealed.as_ref()?.phone_hash;
        let days = self.catalogue.offers.get(&offer_id)?.leads.phone_double_days;
        (days > 0 && !hash.is_empty()).then(|| ((offer_id, hash.clone()), days))
    }

    /// The known lead that a claim is about.
    fn about(&self, claim: &Claim, key: &str, steps: &Steps) -> Option<i64> {
        let offer_id = self.clicks.get(&claim.click_id)?.offer_id;
        let (goal, _) = self.goal(offer_id, claim).ok()?;
        known_as(claim, (claim.conversion.advertiser_id, offer_id, goal.id), key, steps)
    }

    fn resolve(
        &self,
        claim: &Claim,
        key: String,
        (id, ratings): (i64, &Ratings),
        (steps, phones): (&mut Steps, &mut Phones),
    ) -> Verdict {
        let Some(click) = self.clicks.get(&claim.click_id) else {
            let (kind, reason) = claim.orphan.clone();
            return Verdict::Parked { id: 0, kind, reason };
        };
        let sent = &claim.conversion;
        let offer = self.catalogue.offers.get(&click.offer_id);
        if let Some(words) = refused(click, offer.map(Arc::as_ref), claim) {
            return rejected("tid", words);
        }
        let (goal, version) = match self.goal(click.offer_id, claim) {
            Ok(found) => found,
            Err(reason) => return rejected("goal_id", reason),
        };
        let place = (sent.advertiser_id, click.offer_id, goal.id);
        let amount = match self.amount(claim, goal, version) {
            Ok(amount) => amount,
            Err(reason) => return rejected("currency", reason),
        };
        let number = self.number(claim);
        if let Some(id) = known_as(claim, place, &key, steps) {
            let rules = Rules { goal, offer: offer.map(Arc::as_ref), amount, number, ratings };
            return again(claim, &rules, id, (steps, phones));
        }
        if sent.intent == Intent::Change {
            return rejected("tid", "no lead of this click and goal to change");
        }
        let (line, month_leads) = self.terms.line(version, click);
        let area_id = area_of(claim, click);
        let (special, terms) = self.terms.of((version.as_ref(), line), click.webmaster_id, area_id);
        let money = match terms.rate(amount) {
            Ok(money) => money,
            Err(_) if sent.is_unproven() => return rejected("sign", UNPROVEN_AMOUNT),
            Err(reason) => return rejected("amount", reason),
        };
        let referral = self.referrals.get(&click.webmaster_id);
        let repeated = repeated(claim, goal, number.as_ref(), (steps, phones));
        let first = repeated.map(|(id, _)| id);
        let mark = BotMark::from_code(click.bot_mark).filter(|mark| *mark != BotMark::None);
        let is_marked = mark.is_some() || !sent.is_told();
        let lead = Lead {
            otol_click_id: (goal.is_otol && first.is_none()).then_some(claim.click_id),
            natural_key: key,
            first_lead_id: first,
            goal_line: line,
            month_leads,
            amount,
            r#type: if amount.is_some() { LeadType::Sale.code() } else { LeadType::Lead.code() },
            attribution: attribution(sent.attribution, offer).code(),
            date_decide_until: offer.and_then(|offer| decide_until(offer, steps.now())),
            date_auto_approve: offer.and_then(|offer| auto_approve(offer, is_marked, steps.now())),
            ..worth(bare_lead(claim, click, goal, (&version.row, special), id), money, referral)
        };
        let late = offer.filter(|_| first.is_none()).and_then(|offer| unpaid(claim, click, offer));
        let (status, code) = beginning(repeated.map(|(_, code)| code), late.is_some());
        let words = &late.clone().unwrap_or_else(|| mark_words(claim, mark, goal));
        steps.create(lead, status, Why { code, words });
        if let Some(sealed) = &claim.sealed {
            steps.set_buyer(id, sealed);
        }
        if first.is_none() {
            // What the goal approves by itself is what it pays by itself.
            decide_new(claim, goal, is_marked || late.is_some(), (id, steps));
            if let Some((number, _)) = number {
                phones.take(number, id);
            }
        }
        Verdict::Accepted { lead_id: id, status: steps.status(id), first_lead_id: first }
    }

    /// The goal that a claim names. One that was reported in time stays payable when the goal stops meanwhile.
    fn goal(&self, offer_id: i64, claim: &Claim) -> Result<(&Goal, &Arc<Version>), &'static str> {
        let goals = self.goals.get(&offer_id).map_or(&[][..], Vec::as_slice);
        let active = goals.iter().filter(|goal| goal.is_active || claim.parked_id != 0);
        let goal = pick(active, claim.conversion.goal_id, &claim.conversion.goal_alias)?;
        let version = self.terms.version(goal.id).ok_or(NO_TERMS)?;
        Ok((goal, version))
    }

    /// The sale's amount in the goal's currency. One in another currency counts nothing where a fixed sum is paid, and
    /// cannot be used where a part of it is.
    fn amount(&self, claim: &Claim, goal: &Goal, version: &Version) -> Result<Option<i64>, String> {
        let (sent, known) = (&claim.conversion, self.currencies.get(&goal.currency_id));
        let is_same = sent.currency.is_empty()
            || known.is_some_and(|known| known.eq_ignore_ascii_case(sent.currency.trim()));
        match (is_same, version.row.terms().money_type) {
            (true, _) => Ok(sent.amount),
            (false, MoneyType::Fixed) => Ok(None),
            (false, _) if sent.amount.is_none() => Ok(None),
            (false, _) => {
                let currency = known.map_or("its own currency", String::as_str);
                Err(format!("the goal is in {currency}: send the amount in it"))
            }
        }
    }

    /// The row of a conversion that waits.
    fn park(&self, claim: &Claim, (kind, reason): (OrphanKind, &str), now: Time) -> ParkedLead {
        let sent = &claim.conversion;
        let offer = self.catalogue.offers.get(&sent.offer_id);
        let offer = offer.filter(|offer| offer.advertiser_id == sent.advertiser_id);
        let (offer_id, order) = (offer.map(|offer| offer.id), sent.order.as_ref());
        ParkedLead {
            id: 0,
            advertiser_id: sent.advertiser_id,
            tid: sent.tid.clone(),
            click_id: claim.click_id,
            goal_id: sent.goal_id.unwrap_or(0),
            sale_id: sent.sale_id.clone(),
            amount: sent.amount,
            status: sent.status.code(),
            reason_code: sent.reason.code(),
            comment: sent.comment.clone(),
            is_open: true,
            reason: reason.to_owned(),
            lead_id: None,
            date_created: now.0,
            date_tried: now.0,
            goal_alias: sent.goal_alias.clone(),
            offer_id,
            currency: sent.currency.clone(),
            kind: kind.code(),
            way: sent.way.code(),
            intent: sent.intent.code(),
            is_signed: sent.is_signed,
            phone_hash: claim.sealed.as_ref().map(|known| known.phone_hash.clone()).unwrap_or_default(),
            sealed: claim.sealed.as_ref().map(|known| known.text.clone()).unwrap_or_default(),
            sent_count: 1,
            date_closed: None,
            state: OrphanState::Open.code(),
            webmaster_id: order.map(|order| order.webmaster_id),
            order_id: order.map(|order| order.id.clone()).unwrap_or_default(),
            area_id: order.and_then(|order| order.area_id),
            date_said: now.0,
            natural_key: natural_key(claim, offer_id),
        }
    }
}

/// Why a claim cannot be about this click.
fn refused(click: &Click, offer: Option<&OfferEntry>, claim: &Claim) -> Option<String> {
    let sent = &claim.conversion;
    // Another advertiser's click answers as one that never was (design §2).
    if offer.is_none_or(|offer| offer.advertiser_id != sent.advertiser_id) {
        return Some("not a click of your offers".to_owned());
    }
    let theirs = sent.order.as_ref().map(|order| (order.webmaster_id, sent.offer_id));
    if theirs.is_some_and(|theirs| theirs != (click.webmaster_id, click.offer_id)) {
        return Some("not one of the webmaster's clicks on this offer".to_owned());
    }
    if click.reason != ClickReason::Sent.code() {
        return Some("this visitor was not sent to the offer".to_owned());
    }
    let (clicked, days) = (Time(click_ms(click.id).div_euclid(1000)), click.cookie_ttl_days);
    let is_late = sent.way.is_browser() && claim.sent > clicked.plus_days(days);
    is_late.then(|| format!("the visit is older than the {days} days for which the offer pays it"))
}

/// How the click was found, told by the offer's rule.
fn attribution(sent: Attribution, offer: Option<&Arc<OfferEntry>>) -> Attribution {
    let is_first = offer.is_some_and(|offer| offer.leads.attribution == AttributionRule::First);
    if is_first && sent == Attribution::Cookie { Attribution::CookieFirst } else { sent }
}

/// The lead that a new one repeats, and by which rule.
fn repeated(
    claim: &Claim,
    goal: &Goal,
    number: Option<&(Number, i64)>,
    (steps, phones): (&Steps, &Phones),
) -> Option<(i64, LeadReason)> {
    let held = if goal.is_otol { steps.holder(claim.click_id, goal.id) } else { None };
    held.map(|id| (id, LeadReason::SecondAction)).or_else(|| {
        let (number, days) = number?;
        let first = phones.holder(number, *days, claim.sent, steps)?;
        // An advertiser may report several actions of one visit; a buyer's second order there is the first one again.
        let is_other = first.click_id != claim.click_id || claim.conversion.order.is_some();
        is_other.then_some((first.id, LeadReason::SamePhone))
    })
}

/// The lead that a claim is about: of the same key, or the other side's word about one order.
fn known_as(claim: &Claim, place: Place, key: &str, steps: &Steps) -> Option<i64> {
    let sent = &claim.conversion;
    steps.same(place, key).or_else(|| match sent.order {
        None if sent.is_unproven() => steps.any(place, claim.click_id),
        None => steps.order(place, claim.click_id, &sent.sale_id),
        Some(_) => steps.reported(place, claim.click_id),
    })
}
