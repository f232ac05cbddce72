//! What rates leads: a version of their goal's terms, one of its lines, and what a special condition changes. The same
//! question gives the same answer at any time: each of them is never changed, and the lead says which it were.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use whocpa_domain::goal::{Line, Special, Terms};
use whocpa_domain::lead::LeadMoney;
use whocpa_domain::{Error, Result};
use whocpa_store::Db;
use whocpa_store::condition::{self, ConditionVersion};
use whocpa_store::goal::{self, GoalVersion};
use whocpa_store::lead::Lead;

/// A version of a goal's terms, with its lines read.
#[derive(Debug)]
pub(crate) struct Version {
    /// Its row.
    pub row: GoalVersion,
    /// Other rates for some visitors.
    pub lines: Vec<Line>,
}

impl Version {
    /// Reads its lines.
    pub fn new(row: GoalVersion) -> Result<Self> {
        Ok(Self { lines: row.lines()?, row })
    }

    /// Its terms by one of its lines, 0 for none.
    pub fn terms(&self, line: i64) -> Terms {
        let terms = self.row.terms();
        match self.lines.iter().find(|known| known.number == line) {
            Some(line) => Terms { payment: line.payment, charge: line.charge, ..terms },
            None => terms,
        }
    }

    /// Whether it asks how many leads there were in the month before.
    pub fn has_tiers(&self) -> bool {
        self.lines.iter().any(|line| line.leads_from > 0)
    }
}

/// The versions by which leads were rated.
#[derive(Debug, Default)]
pub(crate) struct Ratings {
    versions: BTreeMap<i64, Arc<Version>>,
    specials: BTreeMap<i64, Special>,
}

impl Ratings {
    /// Reads those of these leads.
    pub async fn read<'a>(db: &Db, leads: impl Iterator<Item = &'a Lead> + Clone) -> Result<Self> {
        let versions: BTreeSet<i64> = leads.clone().map(|lead| lead.goal_version_id).collect();
        let conditions: BTreeSet<i64> = leads.filter_map(|lead| lead.condition_version_id).collect();
        Self::of(db, &versions, &conditions).await
    }

    /// Reads these versions of terms and of conditions.
    pub async fn of(db: &Db, versions: &BTreeSet<i64>, conditions: &BTreeSet<i64>) -> Result<Self> {
        let mut ratings = Self::default();
        for (id, row) in goal::versions(db, versions).await? {
            ratings.versions.insert(id, Arc::new(Version::new(row)?));
        }
        let conditions = condition::versions_by_id(db, conditions).await?;
        ratings.specials.extend(conditions.into_iter().map(|(id, row)| (id, row.special())));
        Ok(ratings)
    }

    /// Knows these besides: leads that come in meanwhile are rated by them.
    pub fn know<'a>(
        &mut self,
        versions: impl Iterator<Item = &'a Arc<Version>>,
        conditions: impl Iterator<Item = &'a ConditionVersion>,
    ) {
        self.versions.extend(versions.map(|version| (version.row.id, Arc::clone(version))));
        self.specials.extend(conditions.map(|version| (version.id, version.special())));
    }

    /// The terms of a version by one of its lines, with what a version of a condition changes.
    pub fn terms(&self, version_id: i64, line: i64, condition_id: Option<i64>) -> Result<Terms> {
        let version = self.versions.get(&version_id);
        let version =
            version.ok_or_else(|| Error::Internal(format!("goal version {version_id} is missing")))?;
        let special = condition_id.and_then(|id| self.specials.get(&id)).copied().unwrap_or_default();
        Ok(version.terms(line).with(special))
    }

    /// What a lead is worth with this amount of its sale, by the terms that rated it.
    ///
    /// # Errors
    /// In words, when the terms cannot rate such an amount.
    pub fn rate(&self, lead: &Lead, amount: Option<i64>) -> std::result::Result<LeadMoney, &'static str> {
        let terms = self.terms(lead.goal_version_id, lead.goal_line, lead.condition_version_id);
        terms.map_err(|_| super::resolve::NO_TERMS)?.rate(amount)
    }
}
