//! Moderation of what advertisers publish: offers, promos, landings, stocks. One table says who may move an object
//! from where to where, and when an operator owes a reason.
//!
//! ```text
//!          send            approve              stop
//! draft ─────────► review ─────────► live ◄───────────► stopped ──► archived ──► draft …
//!       ◄─────────        ◄─────────────── edited by its owner ─┘
//!    withdraw, send back
//! ```
//!
//! * An owner never makes anything live that no operator has approved. He may stop what is live and let it go on; what
//!   an **operator** stopped goes on only after another review. Whose stop it was is told by the reason: an
//!   operator's stop has one, an owner's has none.
//! * When the owner changes what was approved (an address, a text, a picture), the object goes on review again and is
//!   not shown until it is approved.

use crate::{Error, Result, codes};

codes! {
    /// Life of an object that is shown after moderation (design §4).
    pub enum ModerationStatus {
        Draft = 0 "draft",
        Review = 1 "on review",
        Live = 2 "live",
        Stopped = 3 "stopped",
        Archived = 4 "archived",
    }
}

impl ModerationStatus {
    /// The word in types of events: `offer.live`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Review => "review",
            Self::Live => "live",
            Self::Stopped => "stopped",
            Self::Archived => "archived",
        }
    }

    /// Whether an operator has approved what stands there now.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Live | Self::Stopped)
    }
}

/// Who moves an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The advertiser whose it is.
    Owner,
    /// An operator of the network.
    Operator,
}

/// Where an object stands, and the operator's last word about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moderation {
    /// The state.
    pub status: ModerationStatus,
    /// Why an operator sent it back, stopped or archived it; empty otherwise.
    pub reason: String,
}

/// Whether the operator owes a reason for a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// There is nothing to explain.
    None,
    /// He may give one.
    Free,
    /// He must.
    Owed,
}

type Move = (ModerationStatus, ModerationStatus, Reason);

use ModerationStatus::{Archived, Draft, Live, Review, Stopped};

/// What an owner may do. `Stopped -> Live` only undoes his own stop.
const OWNER: [Move; 10] = [
    (Draft, Review, Reason::None),
    (Draft, Archived, Reason::None),
    (Review, Draft, Reason::None),
    (Review, Archived, Reason::None),
    (Live, Stopped, Reason::None),
    (Live, Archived, Reason::None),
    (Stopped, Live, Reason::None),
    (Stopped, Review, Reason::None),
    (Stopped, Archived, Reason::None),
    (Archived, Draft, Reason::None),
];

/// What an operator may do.
const OPERATOR: [Move; 12] = [
    (Draft, Review, Reason::None),
    (Draft, Live, Reason::None),
    (Draft, Archived, Reason::Free),
    (Review, Draft, Reason::Owed),
    (Review, Live, Reason::None),
    (Review, Archived, Reason::Free),
    (Live, Draft, Reason::Owed),
    (Live, Stopped, Reason::Owed),
    (Live, Archived, Reason::Free),
    (Stopped, Live, Reason::None),
    (Stopped, Archived, Reason::Free),
    (Archived, Draft, Reason::Free),
];

impl Moderation {
    /// A new object: its owner sends it for moderation at once, or keeps it as a draft.
    pub fn new(is_draft: bool) -> Self {
        Self { status: if is_draft { Draft } else { Review }, reason: String::new() }
    }

    /// As it is stored: status code and reason. An unknown code is a draft, which nobody else sees.
    pub fn stored(status: i64, reason: &str) -> Self {
        Self { status: ModerationStatus::from_code(status).unwrap_or(Draft), reason: reason.to_owned() }
    }

    /// After `party` asked for the state `wanted`, or only gave another `reason`. To ask for the present state
    /// changes nothing, but an operator's stop takes an owner's over.
    ///
    /// # Errors
    /// [`Error::Conflict`] for a move that the table does not have; a message for `reason` when it is missing, or
    /// given where there is nothing to explain or by somebody else than an operator.
    pub fn moved(
        &self,
        party: Party,
        wanted: Option<ModerationStatus>,
        reason: Option<&str>,
    ) -> Result<Self> {
        let wanted = wanted.unwrap_or(self.status);
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        if reason.is_some() && party == Party::Owner {
            return Err(Error::field("reason", "Only an operator may give a reason"));
        }
        if wanted == self.status {
            return match reason {
                None => Ok(self.clone()),
                Some(reason) if matches!(wanted, Draft | Stopped | Archived) => Ok(Self::at(wanted, reason)),
                Some(_) => Err(unwanted()),
            };
        }
        let moves: &[Move] = if party == Party::Owner { &OWNER } else { &OPERATOR };
        let found = moves.iter().find(|(from, to, _)| (*from, *to) == (self.status, wanted));
        let Some((.., owed)) = found else {
            let (from, to) = (self.status.word(), wanted.word());
            return Err(Error::Conflict(format!("What is {from} cannot become {to}")));
        };
        if (party, self.status, wanted) == (Party::Owner, Stopped, Live) && !self.reason.is_empty() {
            return Err(Error::Conflict(
                "An operator stopped this: change what he asks for and send it on review".to_owned(),
            ));
        }
        match (owed, reason) {
            (Reason::Owed, None) => Err(Error::field("reason", "Must say why")),
            (Reason::None, Some(_)) => Err(unwanted()),
            (_, reason) => Ok(Self::at(wanted, reason.unwrap_or_default())),
        }
    }

    /// After `party` changed something of the object; `is_content` when it was what an operator approves.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the object is archived.
    pub fn edited(&self, party: Party, is_content: bool) -> Result<Self> {
        if self.status == Archived {
            return Err(Error::Conflict("What is archived cannot be changed".to_owned()));
        }
        if is_content && party == Party::Owner && self.status.is_public() {
            return Ok(Self::at(Review, ""));
        }
        Ok(self.clone())
    }

    fn at(status: ModerationStatus, reason: &str) -> Self {
        Self { status, reason: reason.to_owned() }
    }
}

fn unwanted() -> Error {
    Error::field("reason", "Only what is sent back, stopped or archived has a reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(status: ModerationStatus) -> Moderation {
        Moderation { status, reason: String::new() }
    }

    #[test]
    fn an_owner_never_publishes_what_no_operator_approved() {
        for from in [Draft, Review, Archived] {
            assert!(matches!(at(from).moved(Party::Owner, Some(Live), None), Err(Error::Conflict(_))));
        }
        assert_eq!(at(Live).edited(Party::Owner, true).ok(), Some(at(Review)));
        // Otherwise a stop, another address and a start would go round the moderator.
        assert_eq!(at(Stopped).edited(Party::Owner, true).ok(), Some(at(Review)));
        assert_eq!(at(Live).edited(Party::Owner, false).ok(), Some(at(Live)));
        assert_eq!(at(Live).edited(Party::Operator, true).ok(), Some(at(Live)));
        assert!(at(Archived).edited(Party::Owner, false).is_err());
    }

    #[test]
    fn an_operators_stop_needs_a_reason_and_another_review() {
        assert!(at(Live).moved(Party::Operator, Some(Stopped), None).is_err());
        assert!(at(Live).moved(Party::Operator, Some(Stopped), Some(" ")).is_err());
        let stopped = at(Live).moved(Party::Operator, Some(Stopped), Some("No licence"));
        let stopped = stopped.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(stopped.reason, "No licence");
        assert!(stopped.moved(Party::Owner, Some(Live), None).is_err());
        assert_eq!(stopped.moved(Party::Owner, Some(Review), None).ok(), Some(at(Review)));
        assert_eq!(stopped.moved(Party::Operator, Some(Live), None).ok(), Some(at(Live)));
        assert_eq!(at(Stopped).moved(Party::Owner, Some(Live), None).ok(), Some(at(Live)));
        let taken_over = at(Stopped).moved(Party::Operator, Some(Stopped), Some("Complaints"));
        assert!(taken_over.is_ok_and(|stop| stop.moved(Party::Owner, Some(Live), None).is_err()));
    }

    #[test]
    fn reasons_are_the_operators_and_have_their_places() {
        assert!(at(Live).moved(Party::Owner, Some(Stopped), Some("x")).is_err());
        assert!(at(Review).moved(Party::Operator, Some(Live), Some("x")).is_err());
        assert!(at(Review).moved(Party::Operator, Some(Draft), None).is_err());
        assert!(at(Review).moved(Party::Operator, None, Some("x")).is_err());
        assert_eq!(at(Live).moved(Party::Owner, Some(Live), None).ok(), Some(at(Live)));
    }

    #[test]
    fn every_state_is_reached_and_left() {
        for state in ModerationStatus::ALL {
            for moves in [OWNER.as_slice(), OPERATOR.as_slice()] {
                assert!(moves.iter().any(|(from, ..)| from == state), "nothing leaves {state:?}");
            }
            assert!(OPERATOR.iter().any(|(_, to, _)| to == state), "nothing reaches {state:?}");
        }
    }
}
