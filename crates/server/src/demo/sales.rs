//! What visitors of the demo do after their click, and what advertisers say to it: planned when the click is made, done
//! when its time has come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use whocpa_domain::goal::MoneyType;
use whocpa_domain::lead::LeadStatus;

use super::dice::Dice;
use super::reasons::{self, Reason};
use super::world::DemoOffer;

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As in life: minutes, hours, days.
    History,
    /// Within minutes, so that somebody who watches sees it.
    Live,
}

/// An action that a visitor will have done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// Index of the advertiser.
    pub advertiser: usize,
    /// The click.
    pub tid: String,
    /// The goal.
    pub goal_id: i64,
    /// The advertiser's id, empty where he sends none.
    pub own_id: String,
    /// Micro-units of a sale.
    pub amount: Option<i64>,
    /// What the advertiser will say; pending for never.
    pub decision: LeadStatus,
    /// Why.
    pub reason: Reason,
    /// After so long.
    pub decision_ms: i64,
    /// By the API of leads, not by a second postback.
    pub by_api: bool,
}

/// Something that an advertiser's system will send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// An action was done.
    Report(Sale),
    /// This lead is decided.
    Decide(Sale, i64),
}

/// Acts by the time at which they are due; those of one time in the order in which they were planned.
#[derive(Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<(i64, u64)>>,
    acts: std::collections::HashMap<u64, Act>,
    next: u64,
}

impl Queue {
    /// Plans an act.
    pub fn push(&mut self, at_ms: i64, act: Act) {
        self.heap.push(Reverse((at_ms, self.next)));
        self.acts.insert(self.next, act);
        self.next += 1;
    }

    /// The next act that is due before `until_ms`.
    pub fn pop(&mut self, until_ms: i64) -> Option<(i64, Act)> {
        let Reverse((at_ms, number)) = *self.heap.peek()?;
        if at_ms >= until_ms {
            return None;
        }
        self.heap.pop();
        self.acts.remove(&number).map(|act| (at_ms, act))
    }
}

/// Actions that follow a click, without the click: `(after milliseconds, sale)`.
pub type Plans = Vec<(i64, Sale)>;

/// What follows a click on this offer; mostly nothing.
pub fn plan(dice: &mut Dice, offer: &DemoOffer, pace: Pace, click: u64) -> Plans {
    let mut plans = Plans::new();
    if !dice.ppm(offer.plan.cr_ppm) {
        return plans;
    }
    let after = report_delay(dice, pace);
    plans.push((after, sale(dice, offer, 0, pace, format!("{:03}-{click}", offer.plan.company + 101))));
    if offer.goals.len() > 1 && dice.percent(45) {
        let later = after + report_delay(dice, pace);
        plans.push((later, sale(dice, offer, 1, pace, format!("{:03}-{click}-2", offer.plan.company + 101))));
    }
    let Some((_, first)) = plans.first().cloned() else { return plans };
    if dice.percent(3) {
        // The sender did not hear the answer and asks again.
        plans.push((after + dice.between(1, 90) * 1000, first));
    } else if dice.percent(3) && !first.own_id.is_empty() {
        // The same visitor does it again: a second order in a shop, a double elsewhere.
        let own_id = format!("{}-b", first.own_id);
        plans.push((after + report_delay(dice, pace), Sale { own_id, ..first }));
    }
    plans
}

fn sale(dice: &mut Dice, offer: &DemoOffer, goal: usize, pace: Pace, own_id: String) -> Sale {
    let goal = &offer.goals[goal.min(offer.goals.len() - 1)];
    let (decision, reason) = decision(dice, offer);
    Sale {
        advertiser: offer.plan.company,
        tid: String::new(),
        goal_id: goal.id,
        // One advertiser's system has no ids of its own.
        own_id: if offer.plan.company == 4 { String::new() } else { own_id },
        amount: (goal.money_type == MoneyType::Percent).then(|| dice.between(900, 24_000) * 10_000),
        decision,
        reason,
        decision_ms: decision_delay(dice, pace),
        by_api: dice.percent(if pace == Pace::Live { 50 } else { 4 }),
    }
}

fn decision(dice: &mut Dice, offer: &DemoOffer) -> (LeadStatus, Reason) {
    match dice.index(100) {
        0..3 => (LeadStatus::Pending, reasons::NONE),
        3..6 => (LeadStatus::Spam, one_of(dice, reasons::SPAM)),
        _ if dice.percent(offer.plan.approved) => (LeadStatus::Approved, reasons::NONE),
        _ => (LeadStatus::Rejected, one_of(dice, reasons::rejected(offer.plan.category))),
    }
}

fn one_of(dice: &mut Dice, reasons: &[Reason]) -> Reason {
    reasons.get(dice.index(reasons.len())).copied().unwrap_or(reasons::NONE)
}

fn report_delay(dice: &mut Dice, pace: Pace) -> i64 {
    let seconds = match (pace, dice.index(10)) {
        (Pace::Live, _) => dice.between(1, 60),
        (Pace::History, 0..6) => dice.between(90, 3_600),
        (Pace::History, 6..9) => dice.between(3_600, 8 * 3_600),
        (Pace::History, _) => dice.between(8 * 3_600, 36 * 3_600),
    };
    seconds * 1000 + dice.between(0, 999)
}

fn decision_delay(dice: &mut Dice, pace: Pace) -> i64 {
    let seconds = match (pace, dice.index(10)) {
        (Pace::Live, _) => dice.between(10, 120),
        (Pace::History, 0..3) => dice.between(3_600, 6 * 3_600),
        (Pace::History, 3..8) => dice.between(6 * 3_600, 48 * 3_600),
        (Pace::History, _) => dice.between(48 * 3_600, 144 * 3_600),
    };
    seconds * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_come_in_the_order_of_time_and_of_planning() {
        let sale = |tid: &str| Sale {
            advertiser: 0,
            tid: tid.to_owned(),
            goal_id: 1,
            own_id: String::new(),
            amount: None,
            decision: LeadStatus::Pending,
            reason: reasons::NONE,
            decision_ms: 0,
            by_api: false,
        };
        let mut queue = Queue::default();
        for (at, tid) in [(5, "c"), (1, "a"), (5, "d"), (2, "b"), (9, "e")] {
            queue.push(at, Act::Report(sale(tid)));
        }
        let mut seen = String::new();
        while let Some((_, Act::Report(sale))) = queue.pop(9) {
            seen.push_str(&sale.tid);
        }
        assert_eq!(seen, "abcd");
    }
}
