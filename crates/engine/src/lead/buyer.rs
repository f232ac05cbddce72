//! Buyers of leads: sealed when they come in, opened for those who may see them.

use std::collections::BTreeMap;

use whocpa_domain::buyer::Buyer;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::orphan::OrphanKind;
use whocpa_domain::tid::ClickId;
use whocpa_domain::way::{Attribution, AttributionRule};
use whocpa_domain::{Error, Level, Result, Scope, Time, view};
use whocpa_store::{buyer, lead, offer};

use super::desk::find_clicks;
use super::receive::Claim;
use crate::catalogue::OfferEntry;
use crate::{Engine, phone};

view! {
    /// The person behind a lead.
    pub struct BuyerView {
        /// Telephone: as E.164 where it could be read, else as it was typed. Webmasters see its beginning and end only.
        phone: String,
        /// What he is called; not for webmasters.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Telephone as he typed it; not for webmasters.
        #[serde(skip_serializing_if = "Option::is_none")]
        phone_typed: Option<String>,
        /// E-mail address, empty for none; not for webmasters.
        #[serde(skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        /// Where to deliver, empty for unknown; not for webmasters.
        #[serde(skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// What he said to the order; not for webmasters.
        #[serde(skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        /// Pieces, 0 for unknown.
        quantity: i64,
        /// Price that he was told, empty for unknown.
        price: String,
    }
}

impl BuyerView {
    fn new(level: Level, buyer: Buyer) -> Self {
        let is_seen = matches!(level, Level::Advertiser | Level::Operator);
        let masked = buyer.masked_phone();
        let known = if buyer.e164.is_empty() { buyer.phone.clone() } else { buyer.e164 };
        Self {
            phone: if is_seen { known } else { masked },
            name: is_seen.then_some(buyer.name),
            phone_typed: is_seen.then_some(buyer.phone),
            email: is_seen.then_some(buyer.email),
            address: is_seen.then_some(buyer.address),
            comment: is_seen.then_some(buyer.comment),
            quantity: buyer.quantity,
            price: buyer.price,
        }
    }
}

/// A buyer as he is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sealed {
    /// Keyed hash of his telephone number, empty without one that could be read.
    pub phone_hash: String,
    /// All that is known, encrypted.
    pub text: String,
    /// Keyed hash of all that is known, empty for what was read from the store.
    pub print: String,
}

impl Engine {
    /// The buyers of these leads as the caller may see them, by lead.
    pub(crate) async fn buyers_shown(
        &self,
        level: Level,
        scope: Scope,
        lead_ids: &[i64],
    ) -> Result<BTreeMap<i64, BuyerView>> {
        let rows = buyer::list(&self.store().read(), scope, lead_ids).await?;
        let opened = rows.into_iter().filter_map(|(lead_id, row)| {
            let buyer = self.buyer_open(&row.sealed);
            if buyer.is_none() {
                tracing::error!(
                    lead.id = lead_id,
                    "a buyer cannot be decrypted: is secret.key that of this database?"
                );
            }
            buyer.map(|buyer| (lead_id, BuyerView::new(level, buyer)))
        });
        Ok(opened.collect())
    }

    /// The keyed hash of a telephone number as somebody types it who looks for it.
    pub(super) fn phone_hash_of(&self, typed: &str) -> Result<String> {
        let phone = phone::read(typed, &[], "").map_err(|words| Error::field("phone", words))?;
        Ok(self.vault().phone_mac(&phone.e164))
    }

    /// Reads a telephone number by the numbering plans of an offer's countries.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `phone`.
    pub(super) async fn phone_read(&self, offer_id: i64, typed: &str, own: &str) -> Result<String> {
        let geos =
            offer::geos(&self.store().read(), &[offer_id]).await?.remove(&offer_id).unwrap_or_default();
        let countries = self.geo_tree().await?.countries(&geos);
        let phone = phone::read(typed, &countries, own).map_err(|words| Error::field("phone", words))?;
        Ok(phone.e164)
    }

    /// Encrypts a buyer.
    pub(super) fn buyer_seal(&self, buyer: &Buyer) -> Result<Sealed> {
        let text = serde_json::to_string(buyer);
        let text = text.map_err(|error| Error::Internal(format!("writing a buyer: {error}")))?;
        let phone_hash = match buyer.e164.as_str() {
            "" => String::new(),
            e164 => self.vault().phone_mac(e164),
        };
        let print = self.vault().mac(text.as_bytes());
        Ok(Sealed { phone_hash, text: self.vault().seal(self.rng(), &text)?, print })
    }

    /// Decrypts a buyer.
    pub(crate) fn buyer_open(&self, sealed: &str) -> Option<Buyer> {
        serde_json::from_str(&self.vault().open_text(sealed)?).ok()
    }

    /// Seals the buyer of a claim. Without a click, the click of his telephone number is looked for, where the offer
    /// tracks by it.
    pub(super) async fn buyer_take(&self, claim: &mut Claim, mut buyer: Buyer) -> Result<()> {
        let clicks = find_clicks(self, std::slice::from_ref(claim)).await?;
        let click = clicks.get(&claim.click_id);
        let offer_id = click.map_or(claim.conversion.offer_id, |click| click.offer_id);
        let own = click.map_or("", |click| click.country.as_str());
        let is_unread = buyer.e164.is_empty() && !buyer.phone.is_empty() && offer_id != 0;
        // A report is not refused for a number that nobody can read: it is kept as it was typed.
        if is_unread && let Ok(e164) = self.phone_read(offer_id, &buyer.phone, own).await {
            buyer.e164 = e164;
        }
        let sealed = self.buyer_seal(&buyer)?;
        if claim.conversion.tid.is_empty() {
            self.phone_track(claim, &sealed.phone_hash).await?;
        }
        claim.sealed = Some(sealed);
        Ok(())
    }

    /// Finds the click of a telephone number, within the life of the offer's cookie.
    pub(super) async fn phone_track(&self, claim: &mut Claim, phone_hash: &str) -> Result<()> {
        let catalogue = self.catalogue().now_owned();
        let offer = catalogue.offers.get(&claim.conversion.offer_id);
        let offer = offer.filter(|offer| offer.advertiser_id == claim.conversion.advertiser_id);
        let Some(offer) = offer.filter(|offer| offer.leads.is_phone_tracking) else {
            return Err(Error::field("tid", "This parameter is required: the offer does not track by phone"));
        };
        let since = Time(claim.sent.0).plus_days(-offer.cookie_ttl_days);
        let words = format!("no order of this telephone number in the {} days before", offer.cookie_ttl_days);
        claim.orphan = (OrphanKind::NoPhone, words);
        if phone_hash.is_empty() {
            return Ok(());
        }
        if let Some((click_id, attribution)) = self.phone_click(offer, phone_hash, since).await? {
            claim.click_id = click_id;
            claim.conversion.tid = self.tid_keys().write(click_id);
            claim.conversion.attribution = attribution;
        }
        Ok(())
    }

    /// The click of a telephone number's order since then, the last or the first by the offer's rule. What only repeats
    /// another order is none: it pays nothing.
    pub(super) async fn phone_click(
        &self,
        offer: &OfferEntry,
        phone_hash: &str,
        since: Time,
    ) -> Result<Option<(ClickId, Attribution)>> {
        let db = self.store().read();
        let mut known = buyer::of_phones(&db, &[phone_hash.to_owned()], since).await?;
        known.retain(|row| row.offer_id == offer.id);
        let attribution = match offer.leads.attribution {
            AttributionRule::First => Attribution::PhoneFirst,
            AttributionRule::Last => Attribution::PhoneLast,
        };
        if attribution == Attribution::PhoneLast {
            known.reverse();
        }
        for row in known {
            let order = lead::view(&db, Scope::All, row.lead_id).await?;
            if let Some(order) = order.filter(|order| order.state().status != LeadStatus::Double) {
                return Ok(Some((order.click_id, attribution)));
            }
        }
        Ok(None)
    }
}
