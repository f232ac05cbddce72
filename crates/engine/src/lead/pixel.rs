//! Reports of browsers: a picture on the page after the order (`/px/<goal>.gif`), or that page's script (`/t.js`).
//!
//! Whoever has clicked can send one. So an offer must allow them, a click has one, nothing approves it by itself and no
//! amount is taken from it; or the advertiser's server has signed it, and it is as good as a postback.

use whocpa_domain::orphan::diagnose;
use whocpa_domain::{Error, Result, Scope};
use whocpa_store::goal;

use super::receive::{Conversion, Verdict};
use crate::Engine;

/// The goal that a browser's report is for, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelGoal {
    /// The goal.
    pub id: i64,
    /// Its offer.
    pub offer_id: i64,
    /// Who pays.
    pub advertiser_id: i64,
    /// Reports are taken without a signature.
    is_open: bool,
}

impl Engine {
    /// The goal that a browser reports.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one that does not exist.
    pub async fn pixel_goal(&self, id: i64) -> Result<PixelGoal> {
        let found = goal::view(&self.store().read(), Scope::All, id).await?.ok_or(Error::NotFound)?;
        let catalogue = self.catalogue().now();
        let offer = catalogue.offers.get(&found.offer_id).ok_or(Error::NotFound)?;
        let is_open = offer.leads.is_pixel;
        Ok(PixelGoal { id, offer_id: offer.id, advertiser_id: offer.advertiser_id, is_open })
    }

    /// Takes a browser's report in. `named` tells whether it named its click or sale itself, `text` is its canonical form
    /// with `goal_id`: what a signature covers.
    ///
    /// # Errors
    /// [`Error::Invalid`] names what keeps it from being taken; as [`Engine::lead_receive`].
    pub async fn pixel_receive(
        &self,
        goal: PixelGoal,
        mut sent: Conversion,
        (text, signature): (&str, Option<&str>),
        is_named: bool,
    ) -> Result<Verdict> {
        sent.advertiser_id = goal.advertiser_id;
        sent.offer_id = goal.offer_id;
        sent.goal_id = Some(goal.id);
        sent.is_signed = self.signature_check(goal.advertiser_id, text, signature)?;
        if sent.is_signed && !is_named {
            let words = "Sign a sale_id or tid too: this signature would fit every visitor's report";
            return Err(Error::field("sign", words));
        }
        if !sent.is_signed {
            if !goal.is_open {
                let words = "The offer takes no reports of browsers: switch on its is_pixel, or sign them";
                return Err(Error::field("goal", words));
            }
            // Nothing is kept of what anybody could write; only a click of this network may be late.
            let tid = sent.tid.trim();
            if self.tid_keys().read(tid).is_err() && self.tid_keys().read_cut(tid).is_none() {
                return Err(Error::field("tid", diagnose(tid).1));
            }
            (sent.amount, sent.currency) = (None, String::new());
        }
        self.lead_receive(sent).await
    }
}
