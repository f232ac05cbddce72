//! Leads: two independent axes, status and hold/closed, and the only ways between their values (design §6).

use crate::money::{self, Rounding};
use crate::sort::Sort;
use crate::{codes, sort_keys};

mod reason;

pub use reason::LeadReason;

codes! {
    /// The advertiser's decision about a lead.
    pub enum LeadStatus {
        Pending = 0 "pending",
        Approved = 1 "approved",
        Rejected = 2 "rejected",
        Spam = 3 "spam",
        Double = 4 "double",
    }
}

codes! {
    /// Whether a lead's decision is final.
    pub enum Closing {
        Hold = 0 "hold",
        Closed = 1 "closed",
    }
}

codes! {
    /// What was done.
    pub enum LeadType {
        Lead = 0 "lead",
        Sale = 1 "sale",
    }
}

codes! {
    /// What happened to a lead; its events are numbered from 1 and never change.
    pub enum LeadEventKind {
        Created = 1 "created",
        Decided = 2 "decided",
        Closed = 3 "closed",
        Reopened = 4 "reopened",
        Contested = 5 "contested by the webmaster",
        Settled = 6 "the contest ended, the refusal stands",
        Corrected = 7 "the sale's amount was corrected, and the lead rated anew by its terms",
        Rerated = 8 "rated anew by other terms of its goal",
    }
}

codes! {
    /// What became of a webmaster's protest against a refusal.
    pub enum Contest {
        None = 0 "not contested",
        Open = 1 "waits for the network",
        Upheld = 2 "the lead was approved",
        Dismissed = 3 "the refusal stands",
        Withdrawn = 4 "withdrawn by the webmaster",
    }
}

codes! {
    /// What makes an action the same one when it is sent again.
    pub enum LeadIdentityKind {
        Sale = 1 "the advertiser's sale id",
        Click = 2 "the click, as no sale id was sent",
        Order = 3 "the webmaster's own id of the order",
    }
}

sort_keys! {
    /// What a list of leads is sorted by.
    pub enum LeadSort {
        /// Number.
        Id = "id",
        /// When it came in; the numbers decide between leads of one second.
        Created = "date_created",
        /// When it was closed; of closed leads only.
        Closed = "date_closed",
        /// Until when the advertiser has agreed to decide; of pending leads with such a time only.
        DecideUntil = "date_decide_until",
        /// What it is worth, as the caller sees it.
        Money = "money",
    }
}

/// The order of a list of leads unless another one is asked for: newest first.
pub const NEWEST_FIRST: Sort<LeadSort> = Sort { key: LeadSort::Created, is_descending: true };

/// Events of a lead from which on its advertiser changes nothing more: two programs that contradict each other would write
/// its history for ever.
pub const PARTY_EVENTS: i64 = 50;
/// The same for those who run the network, who must be able to end such a quarrel.
pub const OPERATOR_EVENTS: i64 = 200;

/// What one lead is worth, in micro-units of its goal's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadMoney {
    /// The advertiser pays this.
    pub charge: i64,
    /// The webmaster gets this part of it.
    pub payout: i64,
    /// Who brought the webmaster gets this part of it, out of what the network would keep.
    pub referral: i64,
}

impl LeadMoney {
    /// Nobody has brought the webmaster.
    pub fn new(charge: i64, payout: i64) -> Self {
        Self { charge, payout, referral: 0 }
    }

    /// With so many parts per million of the payout for the referrer: rounded down, and no more than the network would
    /// keep.
    #[must_use]
    pub fn with_referral(self, ppm: i64) -> Self {
        let kept = (self.charge - self.payout).max(0);
        let share = money::share(self.payout, ppm, Rounding::Down).unwrap_or(0);
        Self { referral: share.clamp(0, kept), ..self }
    }

    /// The network keeps the rest: charge = webmaster + referrer + network, to the micro-unit.
    pub fn margin(self) -> i64 {
        self.charge - self.payout - self.referral
    }
}

/// A lead's place on both axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadState {
    /// The decision.
    pub status: LeadStatus,
    /// Whether it is final.
    pub closing: Closing,
}

/// Who decides about a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decider {
    /// The advertiser, or a rule of his goal.
    Party,
    /// Somebody who runs the network.
    Operator,
}

impl Decider {
    /// Whether he may add a step to a history of so many events.
    pub fn may_add(self, events: i64) -> Result<(), Illegal> {
        match self {
            Self::Party if events >= PARTY_EVENTS => Err(Illegal::TooOften),
            Self::Operator if events >= OPERATOR_EVENTS => Err(Illegal::TooOftenForAll),
            _ => Ok(()),
        }
    }
}

/// Why a change is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The decision is final.
    #[error("The lead is closed: its decision is final")]
    Closed,
    /// There is no way back to Pending.
    #[error("A decided lead cannot become pending again")]
    BackToPending,
    /// Only the network marks repeats.
    #[error("Double is set by the duplicate rule only")]
    DoubleByHand,
    /// Only the network undoes a mark that it made.
    #[error("The lead is a double of another one: only the network can decide otherwise")]
    IsDouble,
    /// Closing needs a decision.
    #[error("A pending lead cannot be closed")]
    Undecided,
    /// Nothing to reopen.
    #[error("The lead is not closed")]
    NotClosed,
    /// Only a refusal can be contested.
    #[error("Only refused leads can be contested")]
    NotRefused,
    /// One protest at a time, and one for each decision.
    #[error("This refusal is contested already, or was")]
    Contested,
    /// Nothing to decide.
    #[error("The lead is not contested now")]
    NotContested,
    /// A history without an end would hide what happened.
    #[error("The lead was decided and explained too often: only the network can change it now")]
    TooOften,
    /// The same for the network itself.
    #[error("The lead was decided and explained too often")]
    TooOftenForAll,
}

impl LeadState {
    /// A new lead's state.
    pub fn new(status: LeadStatus) -> Self {
        Self { status, closing: Closing::Hold }
    }

    /// A decision; the same decision again changes nothing and is allowed.
    ///
    /// A Double pays nothing because another lead of its click was first: only an operator may see it otherwise, or a
    /// retry of the same report would pay the click twice.
    pub fn decide(self, status: LeadStatus, by: Decider) -> Result<Self, Illegal> {
        if self.status == status {
            return Ok(self);
        }
        match (self.closing, status) {
            (Closing::Closed, _) => Err(Illegal::Closed),
            (_, LeadStatus::Pending) => Err(Illegal::BackToPending),
            (_, LeadStatus::Double) => Err(Illegal::DoubleByHand),
            (Closing::Hold, _) if self.status == LeadStatus::Double && by == Decider::Party => {
                Err(Illegal::IsDouble)
            }
            (Closing::Hold, status) => Ok(Self { status, ..self }),
        }
    }

    /// The end of the hold: decided leads close, refused ones too; a pending one stays open.
    pub fn close(self) -> Result<Self, Illegal> {
        match (self.closing, self.status) {
            (Closing::Closed, _) => Err(Illegal::Closed),
            (_, LeadStatus::Pending) => Err(Illegal::Undecided),
            _ => Ok(Self { closing: Closing::Closed, ..self }),
        }
    }

    /// Whether a webmaster may contest its refusal; `contest` is what became of the last time.
    pub fn may_contest(self, contest: Contest) -> Result<(), Illegal> {
        match (self.status, contest) {
            (LeadStatus::Pending | LeadStatus::Approved, _) => Err(Illegal::NotRefused),
            (_, Contest::None) => Ok(()),
            _ => Err(Illegal::Contested),
        }
    }

    /// The operator takes a final decision back, with a reason; the transfers are reversed by others.
    pub fn reopen(self) -> Result<Self, Illegal> {
        match self.closing {
            Closing::Hold => Err(Illegal::NotClosed),
            Closing::Closed => Ok(Self { closing: Closing::Hold, ..self }),
        }
    }
}

/// The natural key of an action within (advertiser, offer, goal): by sale id, else by click (design §6).
///
/// The prefix keeps the two kinds apart, so that a sale id that looks like a tid cannot meet one.
pub fn natural_key(sale_id: &str, click_id: i64) -> String {
    if sale_id.is_empty() { format!("t:{click_id}") } else { format!("s:{sale_id}") }
}

/// The natural key of an order that a webmaster sends with an id of his own: nobody else's id can meet it.
pub fn order_key(webmaster_id: i64, id: &str) -> String {
    format!("w:{webmaster_id}:{id}")
}

/// The webmaster's own id of an order, from its natural key.
pub fn order_id(natural_key: &str) -> Option<&str> {
    natural_key.strip_prefix("w:")?.split_once(':').map(|(_, id)| id)
}

/// What a natural key is made of, and the value that is compared.
pub fn identity(natural_key: &str) -> (LeadIdentityKind, &str) {
    match (order_id(natural_key), natural_key.split_once(':')) {
        (Some(id), _) => (LeadIdentityKind::Order, id),
        (None, Some(("s", sale_id))) => (LeadIdentityKind::Sale, sale_id),
        (None, Some((_, click_id))) => (LeadIdentityKind::Click, click_id),
        (None, None) => (LeadIdentityKind::Click, natural_key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair of state and event, so that a change of the table is a change of this test (trust M7).
    #[test]
    fn every_state_meets_every_event() {
        for status in LeadStatus::ALL {
            for closing in Closing::ALL {
                let state = LeadState { status: *status, closing: *closing };
                for wanted in LeadStatus::ALL {
                    let to_decision = !matches!(wanted, LeadStatus::Pending | LeadStatus::Double);
                    for by in [Decider::Party, Decider::Operator] {
                        let may = by == Decider::Operator || *status != LeadStatus::Double;
                        let legal = status == wanted || (*closing == Closing::Hold && to_decision && may);
                        assert_eq!(
                            state.decide(*wanted, by).is_ok(),
                            legal,
                            "{state:?} -> {wanted:?} by {by:?}"
                        );
                    }
                }
                let open = *closing == Closing::Hold;
                assert_eq!(state.close().is_ok(), open && *status != LeadStatus::Pending);
                assert_eq!(state.reopen().is_ok(), !open);
            }
        }
    }

    #[test]
    fn a_referrer_is_paid_out_of_what_the_network_would_keep() {
        let money = LeadMoney::new(10_000_000, 7_999_999);
        assert_eq!(money.with_referral(50_000).referral, 399_999, "rounded down");
        assert_eq!(money.with_referral(500_000).referral, 2_000_001, "no more than there is");
        assert_eq!(money.with_referral(500_000).margin(), 0);
        assert_eq!(LeadMoney::new(5, 5).with_referral(1_000_000).referral, 0);
        assert_eq!(LeadMoney::new(i64::MAX, i64::MAX - 1).with_referral(1_000_000).referral, 1);
    }

    #[test]
    fn a_sale_id_never_meets_a_tid() {
        assert_ne!(natural_key("t:5", 1), natural_key("", 5));
        assert_ne!(natural_key("5", 1), natural_key("", 5));
        assert_ne!(natural_key("w:7:5", 1), order_key(7, "5"));
        assert_eq!(order_id(&order_key(7, "a:b")), Some("a:b"));
        assert_eq!(order_id(&natural_key("w:7:5", 1)), None);
        assert_eq!(identity(&order_key(7, "a:b")), (LeadIdentityKind::Order, "a:b"));
        assert_eq!(identity(&natural_key("w:7:5", 1)), (LeadIdentityKind::Sale, "w:7:5"));
        assert_eq!(identity(&natural_key("", 5)), (LeadIdentityKind::Click, "5"));
    }
}
