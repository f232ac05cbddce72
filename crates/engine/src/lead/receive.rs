//! Conversions as they come in, and the answers that go back.

use whocpa_domain::lead::LeadStatus;
use whocpa_domain::tid::{ClickId, TidError};
use whocpa_domain::{Error, Result, Time};

use crate::Engine;
use crate::vault::fingerprint;

/// An action that an advertiser reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Who reports it, and pays.
    pub advertiser_id: i64,
    /// The tid as it was sent.
    pub tid: String,
    /// The goal; needed when the offer has several.
    pub goal_id: Option<i64>,
    /// The advertiser's id of the action, empty for none.
    pub sale_id: String,
    /// The sale in micro-units of the goal's currency; needed for a percentage.
    pub amount: Option<i64>,
    /// The decision so far.
    pub status: LeadStatus,
    /// Words to the status.
    pub comment: String,
}

/// What became of a conversion, known after commit (design §6): never a mere receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A new lead.
    Accepted {
        /// Its id.
        lead_id: i64,
        /// Its status: approved at once with `is_auto_approve`, double when `is_otol` refuses a second action.
        status: LeadStatus,
    },
    /// The same action again with a decision: the lead has it now.
    Updated {
        /// Its id.
        lead_id: i64,
        /// Its new status.
        status: LeadStatus,
    },
    /// The same action again: nothing changed.
    Duplicate {
        /// The lead that it is.
        lead_id: i64,
        /// That lead's status.
        status: LeadStatus,
    },
    /// Kept until its click is known.
    Parked {
        /// Why.
        reason: String,
    },
    /// Not a lead.
    Rejected {
        /// The parameter that is wrong.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl Engine {
    /// The advertiser with this postback token.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for a wrong token or a blocked account.
    pub fn postback_owner(&self, token: &str) -> Result<i64> {
        match self.catalogue().now().tokens.get(&fingerprint(token)) {
            Some((advertiser_id, until)) if until.is_none_or(|until| self.now() < until) => {
                Ok(*advertiser_id)
            }
            _ => Err(Error::Unauthorized),
        }
    }

    /// Takes a conversion in; answers when it is committed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer: the sender must send it again.
    pub async fn lead_receive(&self, conversion: Conversion) -> Result<Verdict> {
        match self.tid_keys().read(&conversion.tid) {
            Ok(click_id) => self.desk().receive(self, conversion, click_id).await,
            Err(wrong) => Ok(Verdict::Rejected { field: "tid", reason: diagnosis(wrong, &conversion.tid) }),
        }
    }
}

/// What the sender should look at.
pub(super) fn diagnosis(wrong: TidError, tid: &str) -> String {
    match wrong {
        TidError::Length => {
            format!("{wrong} ({} characters instead of 21; was it cut?)", tid.chars().count())
        }
        _ => wrong.to_string(),
    }
}

/// A conversion with the click that its tid names.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub conversion: Conversion,
    pub click_id: ClickId,
    /// When it was reported: the terms of that moment rate it.
    pub sent: Time,
    /// The parked row that is tried again, 0 for a new conversion.
    pub parked_id: i64,
}
