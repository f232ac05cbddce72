//! The terms of an offer for late leads: a change of them is a new version, and clicks from then on carry it.

use whocpa_domain::terms::LateRule;
use whocpa_domain::{Result, Time, view};
use whocpa_store::Db;
use whocpa_store::offer::Offer;
use whocpa_store::offer_terms::{self, OfferTerms};

view! {
    /// A version of an offer's terms for late leads.
    pub struct OfferTermsView {
        /// Version, from 1.
        version: i64,
        /// What is paid of the leads that come after the offer stopped or a cap of its leads was reached.
        late_rule: LateRule,
        /// Days of the rule that counts them from the click.
        late_days: i64,
        /// Clicks from here on carry it.
        date_from: Time,
    }
}

/// Whether two rows differ in these terms.
pub(super) fn differ(before: &Offer, after: &Offer) -> bool {
    (before.late_rule, before.late_days) != (after.late_rule, after.late_days)
}

/// Writes a new version down when the terms have changed.
pub(super) async fn follow(db: &Db, before: &Offer, row: &mut Offer, now: Time) -> Result<()> {
    if !differ(before, row) {
        return Ok(());
    }
    row.terms_version = before.terms_version + 1;
    let terms = OfferTerms {
        offer_id: row.id,
        version: row.terms_version,
        late_rule: row.late_rule,
        late_days: row.late_days,
        date_from: now.0,
    };
    offer_terms::create(db, terms).await
}

/// The versions of an offer's terms, newest first.
pub(super) async fn versions(db: &Db, offer_id: i64) -> Result<Vec<OfferTermsView>> {
    Ok(offer_terms::list(db, offer_id).await?.into_iter().map(OfferTermsView::from).collect())
}

impl From<OfferTerms> for OfferTermsView {
    fn from(row: OfferTerms) -> Self {
        Self {
            version: row.version,
            late_rule: LateRule::from_code(row.late_rule).unwrap_or(LateRule::Paid),
            late_days: row.late_days,
            date_from: Time(row.date_from),
        }
    }
}
