//! Why a lead's status changed: a closed list, so that refusals can be counted and compared. Words may stand beside it.

use super::{Decider, LeadStatus};
use crate::codes;

codes! {
    /// Why a lead's status changed.
    pub enum LeadReason {
        Untold = 0 "no reason was told",
        NoAnswer = 10 "nobody answered",
        Declined = 11 "the buyer does not want it",
        Contact = 12 "wrong contact data",
        Region = 13 "outside the region",
        Conditions = 14 "does not meet the conditions of the offer",
        Known = 15 "was a client before",
        Cancelled = 16 "cancelled or returned",
        NotPaid = 17 "not paid, or charged back",
        NotCompleted = 18 "not completed in time",
        Traffic = 19 "traffic that the offer forbids",
        Test = 20 "a test",
        MadeUp = 30 "made-up data",
        Program = 31 "sent by a program",
        Unasked = 32 "the person asked for nothing",
        Confirmed = 40 "the buyer confirmed it",
        Paid = 41 "paid or delivered",
        Mistake = 50 "the decision before was a mistake",
        Contested = 51 "contested with success",
        Other = 59 "another reason, told in words",
        GoalRule = 60 "the goal approves by itself",
        Silence = 61 "nobody decided in the agreed time",
        HoldOver = 62 "the hold is over",
        SecondAction = 63 "a second action of the same click",
        SamePhone = 64 "the same phone again",
        Late = 65 "came after the offer stopped or a cap was reached, and the terms of its click do not pay that",
    }
}

/// Reasons for every decision.
const ANY: [LeadReason; 2] = [LeadReason::Mistake, LeadReason::Other];

impl LeadReason {
    /// What somebody may tell with this decision; the rules of the network tell the others.
    pub fn of(status: LeadStatus, by: Decider) -> Vec<Self> {
        let (from, until) = match status {
            LeadStatus::Rejected => (10, 30),
            LeadStatus::Spam => (30, 40),
            LeadStatus::Approved => (40, 50),
            LeadStatus::Pending | LeadStatus::Double => (0, 0),
        };
        let mut all: Vec<Self> =
            Self::ALL.iter().copied().filter(|reason| (from..until).contains(&reason.code())).collect();
        if !all.is_empty() {
            all.extend(ANY);
        }
        if status == LeadStatus::Approved && by == Decider::Operator {
            all.push(Self::Contested);
        }
        all
    }

    /// Whether this decision must have a reason: every refusal.
    pub fn is_owed(status: LeadStatus) -> bool {
        matches!(status, LeadStatus::Rejected | LeadStatus::Spam)
    }

    /// Whether it says nothing without words.
    pub fn needs_words(self) -> bool {
        self == Self::Other
    }

    /// What a program tells with a decision, as far as it can be understood: nothing is lost for a reason that is not in the
    /// list. Gives the reason and the words, of which an unknown reason becomes the first.
    pub fn heard(status: LeadStatus, reason: &str, comment: &str) -> (Self, String) {
        let known = Self::read(reason).filter(|known| Self::of(status, Decider::Party).contains(known));
        match known {
            Some(known) => (known, comment.to_owned()),
            None if reason.is_empty() => (Self::Untold, comment.to_owned()),
            None if comment.is_empty() => (Self::Untold, reason.to_owned()),
            None => (Self::Untold, format!("{reason}: {comment}")),
        }
    }

    /// A reason as people and programs write it: its number or its words, in any case of letters.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let named = Self::ALL.iter().copied().find(|reason| reason.word().eq_ignore_ascii_case(text));
        named.or_else(|| text.parse().ok().and_then(Self::from_code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_tells_the_reasons_of_rules() {
        for status in LeadStatus::ALL {
            for by in [Decider::Party, Decider::Operator] {
                let told = LeadReason::of(*status, by);
                assert!(told.iter().all(|reason| (10..60).contains(&reason.code())), "{status:?}");
                assert_eq!(told.is_empty(), matches!(status, LeadStatus::Pending | LeadStatus::Double));
            }
        }
        let refusals = LeadReason::of(LeadStatus::Rejected, Decider::Party);
        assert!(refusals.contains(&LeadReason::NoAnswer) && !refusals.contains(&LeadReason::MadeUp));
        assert!(!LeadReason::of(LeadStatus::Approved, Decider::Party).contains(&LeadReason::Contested));
    }

    #[test]
    fn a_program_is_heard_whatever_it_says() {
        let heard = |reason, comment| LeadReason::heard(LeadStatus::Rejected, reason, comment);
        assert_eq!(heard("12", "no such number"), (LeadReason::Contact, "no such number".to_owned()));
        assert_eq!(heard("", "call back"), (LeadReason::Untold, "call back".to_owned()));
        assert_eq!(heard("trash", ""), (LeadReason::Untold, "trash".to_owned()));
        assert_eq!(heard("trash", "twice"), (LeadReason::Untold, "trash: twice".to_owned()));
        // A rule's reason, and one for another decision.
        assert_eq!(heard("61", "").0, LeadReason::Untold);
        assert_eq!(heard("30", "").0, LeadReason::Untold);
    }

    #[test]
    fn a_reason_is_read_by_number_and_by_words() {
        assert_eq!(LeadReason::read(" 10"), Some(LeadReason::NoAnswer));
        assert_eq!(LeadReason::read("Nobody Answered"), Some(LeadReason::NoAnswer));
        assert_eq!(LeadReason::read("because"), None);
    }
}
