//! Impressions: how often pages showed a link's banner. Counted in memory and written by a job, so that no page waits; a node
//! that crashes forgets those of its last seconds. No money depends on them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use whocpa_domain::Result;
use whocpa_domain::time::DAY;
use whocpa_store::impression::{self, Impression};

use crate::Engine;
use crate::catalogue::LinkEntry;
use crate::domain::ParkedHost;

/// Links in one transaction.
const CHUNK: usize = 200;

/// What is not stored yet: by link and day.
#[derive(Default)]
pub(crate) struct Impressions(Mutex<BTreeMap<(i64, i64), i64>>);

impl Impressions {
    fn add(&self, key: (i64, i64), count: i64) {
        // The map is whole at every moment, so a panic elsewhere does not spoil it.
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += count;
    }

    fn take(&self) -> Vec<((i64, i64), i64)> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *counts).into_iter().collect()
    }
}

impl Engine {
    /// Counts that a page showed the link with this code; gives whether there is one. On a parked domain there are its
    /// owner's only.
    pub fn impression_note(&self, code: &str, domain: Option<ParkedHost>) -> bool {
        let catalogue = self.catalogue().now();
        let is_here = |link: &LinkEntry| domain.is_none_or(|domain| domain.webmaster_id == link.webmaster_id);
        let link = catalogue.links.get(code).filter(|link| !link.is_deleted && is_here(link));
        let Some(link) = link else { return false };
        self.impressions().add((link.id, self.now().0.div_euclid(DAY)), 1);
        true
    }

    /// Writes down what was counted. What cannot be written is kept for the next time.
    pub async fn impressions_store(&self) -> Result<()> {
        let counted = self.impressions().take();
        for (number, chunk) in counted.chunks(CHUNK).enumerate() {
            // In one order, so that two nodes wait for each other in one direction only.
            let row = |((link_id, day), shown): &((i64, i64), i64)| Impression {
                link_id: *link_id,
                day: *day,
                shown: *shown,
            };
            let rows: Vec<Impression> = chunk.iter().map(row).collect();
            let rows = &rows;
            let written =
                self.store().write(move |db| async move { impression::add(&db, rows.clone()).await });
            if let Err(error) = written.await {
                for (key, count) in &counted[number * CHUNK..] {
                    self.impressions().add(*key, *count);
                }
                return Err(error);
            }
        }
        Ok(())
    }
}
