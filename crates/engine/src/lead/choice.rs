//! By which terms the leads of some clicks are rated: the versions in force, the line for the visitor, and what a special
//! condition of the webmaster changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use whocpa_domain::cap::CapPeriod;
use whocpa_domain::click::Click;
use whocpa_domain::goal::{LeadFacts, Terms, line_of};
use whocpa_domain::schedule::zone;
use whocpa_domain::tid::ClickId;
use whocpa_domain::{Result, Scope, Time};
use whocpa_store::condition::{self, Condition, ConditionVersion};
use whocpa_store::goal::{self, Goal};
use whocpa_store::{Db, offer};

use super::rating::{Ratings, Version};

type Clicks = BTreeMap<ClickId, Click>;
/// Goals by offer.
type Goals = BTreeMap<i64, Vec<Goal>>;

/// What goals pay at one moment.
#[derive(Default)]
pub(super) struct Choice {
    /// By goal.
    versions: BTreeMap<i64, Arc<Version>>,
    /// Approved leads of the month by webmaster and goal, where lines ask for them.
    month_leads: BTreeMap<(i64, i64), i64>,
    /// The regions of the clicks' countries, from the inside out.
    places: BTreeMap<String, Arc<[i64]>>,
    /// Special conditions by webmaster and goal.
    specials: BTreeMap<(i64, i64), Vec<(Condition, ConditionVersion)>>,
}

impl Choice {
    /// Reads what is in force at `sent` for leads of these clicks.
    pub async fn read(db: &Db, clicks: &Clicks, goals: &Goals, sent: Time) -> Result<Self> {
        let goal_ids: Vec<i64> = goals.values().flatten().map(|row| row.id).collect();
        let mut choice = Self::default();
        for (goal_id, row) in goal::versions_at(db, &goal_ids, sent).await? {
            choice.versions.insert(goal_id, Arc::new(Version::new(row)?));
        }
        let webmasters: BTreeSet<i64> = clicks.values().map(|click| click.webmaster_id).collect();
        let webmasters: Vec<i64> = webmasters.into_iter().collect();
        for (row, version) in condition::in_force(db, &webmasters, &goal_ids, sent).await? {
            choice.specials.entry((row.webmaster_id, row.goal_id)).or_default().push((row, version));
        }
        choice.read_months(db, clicks, goals, sent).await?;
        Ok(choice)
    }

    /// Counts the approved leads of this month where a goal's lines ask for them.
    async fn read_months(&mut self, db: &Db, clicks: &Clicks, goals: &Goals, sent: Time) -> Result<()> {
        let mut wanted = BTreeSet::new();
        for click in clicks.values() {
            for goal in goals.get(&click.offer_id).into_iter().flatten() {
                if self.versions.get(&goal.id).is_some_and(|version| version.has_tiers()) {
                    wanted.insert((click.webmaster_id, goal.id, click.offer_id));
                }
            }
        }
        for (webmaster_id, goal_id, offer_id) in wanted {
            let offer = offer::view(db, Scope::All, offer_id).await?;
            let zone = offer.and_then(|offer| zone(&offer.time_zone).ok()).unwrap_or(TimeZone::UTC);
            let month = CapPeriod::Month.window(&zone, sent);
            // All that are stored by now: what is rated here is not.
            let span = (month.start, sent.plus(1));
            let count = whocpa_store::lead::approved(db, (webmaster_id, goal_id), span).await?;
            self.month_leads.insert((webmaster_id, goal_id), count);
        }
        Ok(())
    }

    /// Takes the regions of the clicks' countries from what places visitors.
    pub fn place<'a>(
        &mut self,
        countries: impl Iterator<Item = &'a String>,
        geo_ids: impl Fn(&str) -> Arc<[i64]>,
    ) {
        let countries: BTreeSet<&String> = countries.collect();
        self.places = countries.into_iter().map(|code| (code.clone(), geo_ids(code))).collect();
    }

    /// The terms of a goal.
    pub fn version(&self, goal_id: i64) -> Option<&Arc<Version>> {
        self.versions.get(&goal_id)
    }

    /// Tells what rates leads that come in now.
    pub fn tell(&self, ratings: &mut Ratings) {
        let specials = self.specials.values().flatten().map(|(_, version)| version);
        ratings.know(self.versions.values(), specials);
    }

    /// The line of a goal's terms that counts for a lead of this click, and how many leads there were in the month before it.
    pub fn line(&self, version: &Version, click: &Click) -> (i64, Option<i64>) {
        let month = self.month_leads.get(&(click.webmaster_id, version.row.goal_id)).copied();
        let facts = LeadFacts {
            geo_ids: self.places.get(&click.country).map_or(&[][..], |ids| &ids[..]),
            device: click.device,
            landing_id: click.landing_id,
            month_leads: month.unwrap_or(0),
        };
        (line_of(&version.lines, &facts).map_or(0, |line| line.number), month)
    }

    /// The goal's terms with what is different for this webmaster: of the area, else of all areas.
    pub fn of(
        &self,
        (version, line): (&Version, i64),
        webmaster_id: i64,
        area_id: Option<i64>,
    ) -> (Option<&ConditionVersion>, Terms) {
        let all = self.specials.get(&(webmaster_id, version.row.goal_id)).map_or(&[][..], Vec::as_slice);
        let of = |area: Option<i64>| all.iter().find(|(row, _)| row.area_id == area);
        let found = of(area_id).or_else(|| of(None)).map(|(_, special)| special);
        (found, version.terms(line).with(found.map(ConditionVersion::special).unwrap_or_default()))
    }
}
