//! One telephone number, one lead: within an offer's days, another order of the same number is a double.

use std::collections::BTreeMap;

use whocpa_domain::lead::LeadStatus;
use whocpa_domain::{Result, Time};
use whocpa_store::lead::{self, Lead};
use whocpa_store::{Db, phone_claim};

use super::steps::Steps;

/// Offer and keyed hash of the number.
pub(super) type Number = (i64, String);

/// The numbers of a batch, locked for its transaction.
#[derive(Debug, Default)]
pub(super) struct Phones {
    held: BTreeMap<Number, i64>,
    taken: Vec<(Number, i64)>,
}

impl Phones {
    /// Locks these numbers; gives also the leads that hold them.
    pub async fn lock(db: &Db, numbers: &[Number]) -> Result<(Self, Vec<Lead>)> {
        if numbers.is_empty() {
            return Ok((Self::default(), Vec::new()));
        }
        let mut held = BTreeMap::new();
        for row in phone_claim::lock(db, numbers).await? {
            if let Some(lead_id) = row.lead_id {
                held.insert((row.offer_id, row.phone_hash), lead_id);
            }
        }
        let ids: Vec<i64> = held.values().copied().collect();
        Ok((Self { held, taken: Vec::new() }, lead::of_ids(db, &ids).await?))
    }

    /// The lead that holds this number: not refused, not older than so many days.
    pub fn holder<'a>(&self, number: &Number, days: i64, sent: Time, steps: &'a Steps) -> Option<&'a Lead> {
        let first = steps.lead(*self.held.get(number)?)?;
        let is_refused =
            matches!(first.state().status, LeadStatus::Rejected | LeadStatus::Spam | LeadStatus::Double);
        let is_recent = first.date_created >= sent.plus_days(-days).0;
        (!is_refused && is_recent).then_some(first)
    }

    /// From now on this lead holds the number.
    pub fn take(&mut self, number: Number, lead_id: i64) {
        self.held.insert(number.clone(), lead_id);
        self.taken.push((number, lead_id));
    }

    /// Writes down who holds what, in the transaction of [`Phones::lock`].
    pub async fn write(self, db: &Db) -> Result<()> {
        for ((offer_id, phone_hash), lead_id) in self.taken {
            phone_claim::update(db, offer_id, &phone_hash, lead_id).await?;
        }
        Ok(())
    }
}
