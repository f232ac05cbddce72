//! How a report is told: each side's money, shares in percent, names beside ids.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::DeviceKind;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::money::{Amount, MICRO};
use whocpa_domain::sort::Sort;
use whocpa_domain::stat::{Calendar, Dimension, Key, Measure, Source, StatSort, written};
use whocpa_domain::{Error, Level, Result, Time, view};
use whocpa_store::Rows;
use whocpa_store::stats::{self, LeadMoney, Sums};

use super::compare::Pair;
use super::{Asked, cell, earns};
use crate::{Engine, currency};

view! {
    /// What leads are worth to one side.
    pub struct StatSide {
        /// Of all leads that were not refused.
        total: Amount,
        /// Of leads that wait for a decision.
        pending: Amount,
        /// Of approved leads on hold.
        approved_hold: Amount,
        /// Of approved leads, closed.
        approved: Amount,
        /// What rejected leads on hold would have brought.
        rejected_hold: Amount,
        /// What rejected leads, closed, would have brought.
        rejected: Amount,
        /// What spam would have brought.
        spam: Amount,
        /// What doubles would have brought.
        double: Amount,
        /// Share of `pending` in all of these, in percent; `null` when they are nothing.
        pending_percent: Option<Amount>,
        /// Share of `approved_hold`.
        approved_hold_percent: Option<Amount>,
        /// Share of `approved`.
        approved_percent: Option<Amount>,
        /// Share of `rejected_hold` and `rejected`.
        rejected_percent: Option<Amount>,
    }
}

view! {
    /// Money in one currency.
    pub struct StatMoney {
        /// Which one.
        currency_id: i64,
        /// Webmaster: earned; advertiser and operator: paid by advertisers.
        money: StatSide,
        /// What webmasters get of it; for operators.
        #[serde(skip_serializing_if = "Option::is_none")]
        payout: Option<StatSide>,
        /// What the network keeps of it; for operators.
        #[serde(skip_serializing_if = "Option::is_none")]
        margin: Option<StatSide>,
        /// Money of approved leads by click; `null` without clicks.
        epc: Option<Amount>,
    }
}

view! {
    /// What was counted. Clicks are `null` where something is asked that only leads have, leads where only clicks do.
    pub struct StatMeasures {
        /// Clicks of people.
        clicks: Option<i64>,
        /// First clicks of a visitor on an offer within 24 hours.
        uniques: Option<i64>,
        /// Clicks counted apart as bots.
        bots: Option<i64>,
        /// Clicks of people that were not sent to the offer.
        unsent: Option<i64>,
        /// All leads.
        leads: Option<i64>,
        /// Leads that are neither spam nor doubles.
        leads_quality: Option<i64>,
        /// Leads that wait for a decision.
        leads_pending: Option<i64>,
        /// Approved leads on hold.
        leads_approved_hold: Option<i64>,
        /// Approved leads, closed.
        leads_approved: Option<i64>,
        /// Rejected leads on hold.
        leads_rejected_hold: Option<i64>,
        /// Rejected leads, closed.
        leads_rejected: Option<i64>,
        /// Spam.
        leads_spam: Option<i64>,
        /// Doubles.
        leads_double: Option<i64>,
        /// Share of spam in all leads, in percent.
        spam_percent: Option<Amount>,
        /// Share of approved leads on hold.
        approved_hold_percent: Option<Amount>,
        /// Share of approved leads, closed.
        approved_percent: Option<Amount>,
        /// Share of rejected leads, closed.
        rejected_percent: Option<Amount>,
        /// Leads without doubles by a hundred clicks.
        cr: Option<Amount>,
        /// Approved leads of a hundred decided ones, doubles left out.
        approve_rate: Option<Amount>,
        /// Average hold of all leads, in days.
        average_hold: Option<Amount>,
        /// Money by currency; nothing in it when there are no leads.
        money: Vec<StatMoney>,
    }
}

view! {
    /// One value of a dimension.
    pub struct StatKey {
        /// The dimension, for example `offer`.
        dimension: String,
        /// The value: an id, a code, a date, a label; an hour with its distance from UTC, a week by its Monday.
        value: String,
        /// Its name, where it has one.
        name: String,
    }
}

view! {
    /// One row of statistics.
    pub struct StatRow {
        /// The values of the dimensions, in the order of `group`.
        group: Vec<StatKey>,
        /// What was counted.
        #[serde(flatten)]
        measures: StatMeasures,
        /// The same of the period before; `null` without `compare`.
        before: Option<StatMeasures>,
        /// Name of this row: as `cell` of the lists of clicks and leads it shows what is counted here, with `measure` what one
        /// number counts. Empty for a question that is too long for an address.
        cell: String,
    }
}

view! {
    /// What stands beside the rows.
    pub struct StatBeside {
        /// All rows together, those of other pages too.
        totals: StatMeasures,
        /// The same of the period before; `null` without `compare`.
        totals_before: Option<StatMeasures>,
        /// First second of the period.
        from: Time,
        /// First second after it.
        until: Time,
        /// First second of the period before, which ends where this one begins; `null` without `compare`.
        before_from: Option<Time>,
        /// Zone in which days begin.
        tz: String,
        /// As of when leads and money are told; `null` for now.
        as_of: Option<Time>,
        /// All clicks before this moment that this node took are counted, and none of them will be added.
        complete_until: Time,
        /// What was read for it: sums that are kept, or single clicks and leads.
        plan: Vec<String>,
    }
}

/// A page of rows with what stands beside.
#[derive(Debug, Clone)]
pub struct StatPage {
    /// The page.
    pub rows: Rows<StatRow>,
    /// Totals, period, zone, completeness.
    pub beside: StatBeside,
}

/// Knows whom it tells.
pub(super) struct Teller {
    level: Level,
    calendar: Calendar,
    group: Vec<Dimension>,
    has_clicks: bool,
    has_leads: bool,
    digits: BTreeMap<i64, u8>,
}

const PENDING: usize = LeadStatus::Pending as usize;
const APPROVED: usize = LeadStatus::Approved as usize;
const REJECTED: usize = LeadStatus::Rejected as usize;
const SPAM: usize = LeadStatus::Spam as usize;
const DOUBLE: usize = LeadStatus::Double as usize;

impl Teller {
    pub async fn new(engine: &Engine, level: Level, asked: &Asked) -> Result<Self> {
        Ok(Self {
            level,
            calendar: asked.calendar.clone(),
            group: asked.query.group.clone(),
            has_clicks: asked.query.is_of(Source::Clicks),
            has_leads: asked.query.is_of(Source::Leads),
            digits: currency::digits(&engine.store().read()).await?,
        })
    }

    pub fn measures(&self, sums: &Sums) -> StatMeasures {
        let count = Count::of(sums);
        let clicks = |number: i64| self.has_clicks.then_some(number);
        let leads = |number: i64| self.has_leads.then_some(number);
        let share = |part: i64, whole: i64| if self.has_leads { percent(part, whole) } else { None };
        StatMeasures {
            clicks: clicks(sums.clicks),
            uniques: clicks(sums.uniques),
            bots: clicks(sums.bots),
            unsent: clicks(sums.unsent),
            leads: leads(count.all),
            leads_quality: leads(count.all - count.spam - count.double),
            leads_pending: leads(count.pending),
            leads_approved_hold: leads(sums.leads[APPROVED][0]),
            leads_approved: leads(sums.leads[APPROVED][1]),
            leads_rejected_hold: leads(sums.leads[REJECTED][0]),
            leads_rejected: leads(sums.leads[REJECTED][1]),
            leads_spam: leads(count.spam),
            leads_double: leads(count.double),
            spam_percent: share(count.spam, count.all),
            approved_hold_percent: share(sums.leads[APPROVED][0], count.all),
            approved_percent: share(sums.leads[APPROVED][1], count.all),
            rejected_percent: share(sums.leads[REJECTED][1], count.all),
            cr: if self.has_clicks { share(count.all - count.double, sums.clicks) } else { None },
            approve_rate: share(count.approved, count.decided),
            average_hold: if self.has_leads { ratio(sums.hold_days, count.all, 1) } else { None },
            money: sums.money.iter().map(|(id, money)| self.money(*id, money, sums.clicks)).collect(),
        }
    }

    fn money(&self, currency_id: i64, money: &LeadMoney, clicks: i64) -> StatMoney {
        let digits = self.digits.get(&currency_id).copied().unwrap_or(2);
        let is_operator = self.level == Level::Operator;
        let own = if earns(self.level) { &money.payout } else { &money.charge };
        let mut kept = money.charge;
        for (kept, paid) in kept.iter_mut().flatten().zip(money.payout.iter().flatten()) {
            *kept -= paid;
        }
        let earned = own[APPROVED][0] + own[APPROVED][1];
        let is_counted = self.has_clicks && clicks > 0;
        StatMoney {
            currency_id,
            money: side(own, digits),
            payout: is_operator.then(|| side(&money.payout, digits)),
            margin: is_operator.then(|| side(&kept, digits)),
            epc: is_counted.then(|| Amount { micros: earned.div_euclid(clicks), digits }),
        }
    }

    pub async fn rows(
        &self,
        (engine, asked): (&Engine, &Asked),
        rows: &[(Vec<Key>, Pair)],
        is_compared: bool,
    ) -> Result<Vec<StatRow>> {
        let db = engine.store().read();
        let mut names = Vec::new();
        for (at, dimension) in self.group.iter().enumerate() {
            let ids: BTreeSet<i64> = rows.iter().map(|(key, _)| key[at].number()).collect();
            let ids: Vec<i64> = ids.into_iter().collect();
            let is_person =
                matches!(dimension, Dimension::Webmaster | Dimension::Advertiser | Dimension::Manager);
            let is_hidden = is_person && self.level != Level::Operator;
            names.push(if is_hidden { BTreeMap::new() } else { stats::names(&db, *dimension, &ids).await? });
        }
        let told = |(key, (now, then)): &(Vec<Key>, Pair)| StatRow {
            group: key
                .iter()
                .zip(&self.group)
                .zip(&names)
                .map(|((key, dimension), names)| self.key(*dimension, key, names))
                .collect(),
            measures: self.measures(now),
            before: is_compared.then(|| self.measures(then)),
            cell: cell::name(asked, key),
        };
        Ok(rows.iter().map(told).collect())
    }

    fn key(&self, dimension: Dimension, key: &Key, names: &BTreeMap<i64, String>) -> StatKey {
        let value = match key {
            Key::Number(number) => written(dimension, *number, &self.calendar),
            Key::Text(text) => text.clone(),
        };
        let code = key.number();
        let name = match dimension {
            Dimension::Device => DeviceKind::from_code(code).map(DeviceKind::word),
            Dimension::ClickReason => ClickReason::from_code(code).map(ClickReason::word),
            Dimension::Status => LeadStatus::from_code(code).map(LeadStatus::word),
            Dimension::Reason => LeadReason::from_code(code).map(LeadReason::word),
            _ => names.get(&code).map(String::as_str),
        };
        let name = name.unwrap_or_default().to_owned();
        StatKey { dimension: dimension.name().to_owned(), value, name }
    }
}

/// Leads of a row, added up.
struct Count {
    all: i64,
    pending: i64,
    approved: i64,
    decided: i64,
    spam: i64,
    double: i64,
}

impl Count {
    fn of(sums: &Sums) -> Self {
        let [pending, approved, rejected, spam, double] = sums.leads.map(|[hold, closed]| hold + closed);
        Self {
            all: pending + approved + rejected + spam + double,
            pending,
            approved,
            decided: approved + rejected + spam,
            spam,
            double,
        }
    }
}

fn side(cross: &[[i64; 2]; 5], digits: u8) -> StatSide {
    let amount = |micros| Amount { micros, digits };
    let both = |status: usize| cross[status][0].saturating_add(cross[status][1]);
    let all = cross.iter().flatten().fold(0_i64, |sum, part| sum.saturating_add(*part));
    StatSide {
        total: amount(both(PENDING).saturating_add(both(APPROVED))),
        pending: amount(both(PENDING)),
        approved_hold: amount(cross[APPROVED][0]),
        approved: amount(cross[APPROVED][1]),
        rejected_hold: amount(cross[REJECTED][0]),
        rejected: amount(cross[REJECTED][1]),
        spam: amount(both(SPAM)),
        double: amount(both(DOUBLE)),
        pending_percent: percent(both(PENDING), all),
        approved_hold_percent: percent(cross[APPROVED][0], all),
        approved_percent: percent(cross[APPROVED][1], all),
        rejected_percent: percent(both(REJECTED), all),
    }
}

/// Two places behind the point, rounded to the nearer one.
fn ratio(part: i64, whole: i64, times: i64) -> Option<Amount> {
    let scaled = i128::from(part) * i128::from(times) * 100;
    let hundredths = (2 * scaled + i128::from(whole)).checked_div_euclid(2 * i128::from(whole))?;
    let micros = i64::try_from(hundredths).ok()?.checked_mul(MICRO / 100)?;
    Some(Amount { micros, digits: 2 })
}

fn percent(part: i64, whole: i64) -> Option<Amount> {
    ratio(part, whole, 100)
}

/// Puts rows in order; equal ones stay in the order of their values.
pub(super) fn sort(
    rows: &mut [(Vec<Key>, Pair)],
    group: &[Dimension],
    sort: Option<Sort<StatSort>>,
    (level, currencies): (Level, &[Key]),
) -> Result<()> {
    let Some(Sort { key, is_descending }) = sort else { return Ok(()) };
    let directed = |order: Ordering| if is_descending { order.reverse() } else { order };
    match key {
        StatSort::Dimension(dimension) => {
            let Some(at) = group.iter().position(|grouped| *grouped == dimension) else {
                return Err(Error::field("sort", "Must be a dimension of group, or a measure"));
            };
            rows.sort_by(|(one, _), (other, _)| directed(one[at].cmp(&other[at])));
        }
        StatSort::Measure(measure) => {
            if matches!(measure, Measure::Money | Measure::Epc) && currencies.len() != 1 {
                let words = "Must name one currency: amounts in different ones cannot be compared";
                return Err(Error::field("currency_id", words));
            }
            let weigh = |(_, (now, _)): &(Vec<Key>, Pair)| weight(measure, now, level);
            // Compared as fractions: nothing is rounded away.
            let compare = |one: (i128, i128), other: (i128, i128)| (one.0 * other.1).cmp(&(other.0 * one.1));
            rows.sort_by(|one, other| directed(compare(weigh(one), weigh(other))));
        }
    }
    Ok(())
}

/// A measure as a fraction; what cannot be told is the least.
fn weight(measure: Measure, sums: &Sums, level: Level) -> (i128, i128) {
    let count = Count::of(sums);
    let whole = |number: i64| (i128::from(number), 1);
    let share = |part: i64, of: i64| if of == 0 { (-1, 1) } else { (i128::from(part), i128::from(of)) };
    let money = || {
        let of = |money: &LeadMoney| if earns(level) { money.payout } else { money.charge };
        sums.money.values().next().map(of).unwrap_or_default()
    };
    match measure {
        Measure::Clicks => whole(sums.clicks),
        Measure::Uniques => whole(sums.uniques),
        Measure::Bots => whole(sums.bots),
        Measure::Unsent => whole(sums.unsent),
        Measure::Leads => whole(count.all),
        Measure::Quality => whole(count.all - count.spam - count.double),
        Measure::Pending => whole(count.pending),
        Measure::ApprovedHold => whole(sums.leads[APPROVED][0]),
        Measure::Approved => whole(sums.leads[APPROVED][1]),
        Measure::RejectedHold => whole(sums.leads[REJECTED][0]),
        Measure::Rejected => whole(sums.leads[REJECTED][1]),
        Measure::Spam => whole(count.spam),
        Measure::Double => whole(count.double),
        Measure::Cr => share(count.all - count.double, sums.clicks),
        Measure::ApproveRate => share(count.approved, count.decided),
        Measure::AverageHold => share(sums.hold_days, count.all),
        Measure::Money => {
            let money = money();
            whole(money[PENDING][0] + money[PENDING][1] + money[APPROVED][0] + money[APPROVED][1])
        }
        Measure::Epc => share(money()[APPROVED][0] + money()[APPROVED][1], sums.clicks),
    }
}
