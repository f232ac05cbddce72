//! Conversions as they come in, and the answers that go back.

use std::net::IpAddr;

use whocpa_domain::buyer::Buyer;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::orphan::{OrphanKind, diagnose};
use whocpa_domain::tid::ClickId;
use whocpa_domain::way::{Attribution, Intent, LeadWay};
use whocpa_domain::{Error, Result, Time};

use super::buyer::Sealed;
use crate::vault::{fingerprint, signature_fits};
use crate::{Caller, Engine};

/// An action that an advertiser reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// Who reports it, and pays.
    pub advertiser_id: i64,
    /// The tid as it was sent.
    pub tid: String,
    /// The offer that was named beside the tid, 0 for none: only a parked conversion needs it, to be found by.
    pub offer_id: i64,
    /// The goal; needed when the offer has several.
    pub goal_id: Option<i64>,
    /// The goal by the advertiser's own name of it, or by its number; empty for none. Looked at without `goal_id`.
    pub goal_alias: String,
    /// The advertiser's id of the action, empty for none.
    pub sale_id: String,
    /// The sale in micro-units of the goal's currency; needed for a percentage.
    pub amount: Option<i64>,
    /// Currency that the amount was sent in, as ISO 4217 letters; empty for the goal's.
    pub currency: String,
    /// The decision so far.
    pub status: LeadStatus,
    /// Why; programs that tell none are heard all the same.
    pub reason: LeadReason,
    /// Words to the status.
    pub comment: String,
    /// The door that it came through.
    pub way: LeadWay,
    /// How its click was found.
    pub attribution: Attribution,
    /// What the sender allows to be done.
    pub intent: Intent,
    /// It carried a right signature.
    pub is_signed: bool,
    /// What is known of the buyer.
    pub buyer: Buyer,
    /// It is an order that the buyer or a webmaster sent, and no report of the advertiser.
    pub order: Option<Order>,
}

/// Whose order it is, where it is no report of the advertiser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// Who sent it or showed the form.
    pub webmaster_id: i64,
    /// His own id of it, empty for none: the same one again is the same order.
    pub id: String,
    /// His traffic source, where he names one.
    pub area_id: Option<i64>,
}

impl Default for Conversion {
    fn default() -> Self {
        Self {
            advertiser_id: 0,
            tid: String::new(),
            offer_id: 0,
            goal_id: None,
            goal_alias: String::new(),
            sale_id: String::new(),
            amount: None,
            currency: String::new(),
            status: LeadStatus::Pending,
            reason: LeadReason::Untold,
            comment: String::new(),
            way: LeadWay::Unknown,
            attribution: Attribution::Tid,
            intent: Intent::Any,
            is_signed: false,
            buyer: Buyer::default(),
            order: None,
        }
    }
}

impl Conversion {
    /// Whether a browser reports it that could have been told to by anybody.
    pub fn is_unproven(&self) -> bool {
        self.way.is_browser() && !self.is_signed
    }

    /// Whether its advertiser says so himself, or an operator for him: neither a browser that anybody could have told to,
    /// nor a buyer's order.
    pub fn is_told(&self) -> bool {
        self.order.is_none() && !self.is_unproven()
    }
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
        /// The lead that a double repeats.
        first_lead_id: Option<i64>,
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
    /// Kept until its click is known, or its sender mends it.
    Parked {
        /// Its number among the parked ones.
        id: i64,
        /// What is wrong.
        kind: OrphanKind,
        /// Why, in words for the sender.
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

impl Verdict {
    /// A new lead that nobody has decided about.
    pub(super) fn expected() -> Self {
        Self::Accepted { lead_id: 0, status: LeadStatus::Pending, first_lead_id: None }
    }
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

    /// Checks how an advertiser's postback came: from where, and whether it is signed. `text` is its canonical form, all
    /// parameters but the signature; gives whether a right signature was there.
    ///
    /// # Errors
    /// [`Error::Invalid`] names what does not fit: `ip` or `sign`.
    pub fn postback_check(
        &self,
        advertiser_id: i64,
        ip: IpAddr,
        text: &str,
        signature: Option<&str>,
    ) -> Result<bool> {
        let catalogue = self.catalogue().now();
        let Some(sender) = catalogue.senders.get(&advertiser_id) else { return Ok(false) };
        if !sender.networks.as_ref().is_some_and(|networks| networks.allow(Some(ip))) {
            let words = format!("{ip} is none of the addresses that your postbacks may come from");
            return Err(Error::field("ip", words));
        }
        self.signature_check(advertiser_id, text, signature)
    }

    /// Checks a signature alone.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `sign` for one that is wrong, or is missing where the advertiser wants one.
    pub(super) fn signature_check(
        &self,
        advertiser_id: i64,
        text: &str,
        signature: Option<&str>,
    ) -> Result<bool> {
        let catalogue = self.catalogue().now();
        let Some(sender) = catalogue.senders.get(&advertiser_id) else { return Ok(false) };
        match signature {
            None if sender.is_signed => {
                Err(Error::field("sign", "This parameter is required: sign your postbacks"))
            }
            None => Ok(false),
            // A parameter of another system that has this name: nobody could have signed.
            Some(_) if sender.secret.is_empty() => Ok(false),
            Some(signature) => {
                let lost = || Error::Internal("a postback secret cannot be decrypted".to_owned());
                let secret = self.vault().open_text(&sender.secret).ok_or_else(lost)?;
                if signature_fits(&secret, text, signature) {
                    return Ok(true);
                }
                Err(Error::field("sign", "The signature does not fit the parameters"))
            }
        }
    }

    /// Takes a conversion in; answers when it is committed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the store does not answer: the sender must send it again.
    pub async fn lead_receive(&self, conversion: Conversion) -> Result<Verdict> {
        self.lead_receive_by(conversion, None).await
    }

    /// The same for somebody's request, which is noted in the transaction of its effect.
    pub(super) async fn lead_receive_by(
        &self,
        conversion: Conversion,
        by: Option<Caller>,
    ) -> Result<Verdict> {
        let claim = self.claim_sealed(conversion, by).await?;
        self.desk().receive(self, claim).await
    }

    /// A conversion ready to be resolved: its click is named, its buyer sealed.
    pub(super) async fn claim_sealed(&self, conversion: Conversion, by: Option<Caller>) -> Result<Claim> {
        let mut claim = self.claim_of(conversion);
        claim.by = by;
        let buyer = std::mem::take(&mut claim.conversion.buyer);
        if !buyer.is_empty() {
            self.buyer_take(&mut claim, buyer).await?;
        }
        Ok(claim)
    }

    /// The conversion with the click that its tid names. A tid that lost its end still names one; anything else is
    /// parked with what it looks like (design §6).
    pub(super) fn claim_of(&self, mut conversion: Conversion) -> Claim {
        let (click_id, orphan) = match self.tid_keys().read(conversion.tid.trim()) {
            Ok(click_id) => {
                // One spelling, so that the same action is parked once.
                conversion.tid = self.tid_keys().write(click_id);
                (click_id, (OrphanKind::Late, "the click is not known yet".to_owned()))
            }
            Err(_) => match self.tid_keys().read_cut(conversion.tid.trim()) {
                Some(click_id) => {
                    conversion.attribution = Attribution::CutTid;
                    (click_id, diagnose(conversion.tid.trim()))
                }
                None => (0, diagnose(conversion.tid.trim())),
            },
        };
        let now = self.now();
        Claim {
            conversion,
            click_id,
            orphan,
            sent: now,
            said: now,
            parked_id: 0,
            parked_count: 0,
            sealed: None,
            by: None,
        }
    }
}

/// A conversion with the click that its tid names.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub conversion: Conversion,
    /// 0 when the tid names none.
    pub click_id: ClickId,
    /// What is said of it when the click is not there.
    pub orphan: (OrphanKind, String),
    /// When it was reported: the terms of that moment rate it.
    pub sent: Time,
    /// When it was reported last: what somebody decided since then is newer.
    pub said: Time,
    /// The parked row that is tried again, 0 for a new conversion.
    pub parked_id: i64,
    /// How often that one had been sent when it was read.
    pub parked_count: i64,
    /// The buyer, where he is known.
    pub sealed: Option<Sealed>,
    /// Whose request it is, where it is one to the API.
    pub by: Option<Caller>,
}
