//! Counting and applying a re-rating. Counting only reads: one that breaks off begins anew. Applying commits chunks of leads, their
//! events and transfers together with the cursor, so that one that breaks off goes on where it was and does no lead twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use whocpa_domain::goal::{LeadFacts, Line, Special, Terms};
use whocpa_domain::hex::{hex, unhex};
use whocpa_domain::lead::{LeadMoney, LeadStatus};
use whocpa_domain::rerating::{ReratingStatus, rated};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Method, Resource, Result, Scope, Time};
use whocpa_store::rerating::{self, RatedLead, Rerating, ReratingRow};
use whocpa_store::{Db, condition, goal, lead, person};

use crate::Engine;
use crate::lead::{Actor, Rerated, Steps, Version};

/// Leads that one question reads.
const PAGE: u64 = 10_000;
/// Leads that one transaction changes: well under 50 ms (design §11).
const CHUNK: usize = 100;
/// Seconds for which a worker holds a re-rating without showing itself.
const LEASE_SECONDS: i64 = 30;

/// What is the same for all leads of a re-rating.
struct Scale {
    terms: Terms,
    lines: Vec<Line>,
    version_id: i64,
    specials: BTreeMap<i64, Special>,
    places: BTreeMap<String, Arc<[i64]>>,
    /// Devices by user agent, where a line asks for them.
    devices: HashMap<String, i64>,
}

/// What a lead becomes.
struct Change {
    line: i64,
    money: LeadMoney,
}

impl Scale {
    async fn read(db: &Db, job: &Rerating) -> Result<Self> {
        let version = goal::version(db, job.goal_version_id).await?;
        let lost = || Error::Internal(format!("goal version {} is missing", job.goal_version_id));
        let version = Version::new(version.ok_or_else(lost)?)?;
        Ok(Self {
            terms: version.row.terms(),
            lines: version.lines,
            version_id: version.row.id,
            specials: BTreeMap::new(),
            places: BTreeMap::new(),
            devices: HashMap::new(),
        })
    }

    /// Reads what these leads need besides.
    async fn learn(&mut self, engine: &Engine, db: &Db, leads: &[RatedLead]) -> Result<()> {
        let wanted: BTreeSet<i64> = leads.iter().filter_map(|lead| lead.condition_version_id).collect();
        let wanted = wanted.into_iter().filter(|id| !self.specials.contains_key(id)).collect();
        for (id, version) in condition::versions_by_id(db, &wanted).await? {
            self.specials.insert(id, version.special());
        }
        for lead in leads {
            if !self.places.contains_key(&lead.country) {
                self.places.insert(lead.country.clone(), engine.facts().geo_ids(&lead.country));
            }
            if self.asks_device() && !self.devices.contains_key(&lead.ua) {
                self.devices.insert(lead.ua.clone(), engine.facts().device(&lead.ua).code());
            }
        }
        Ok(())
    }

    /// Whether a line asks for the visitor's device.
    fn asks_device(&self) -> bool {
        self.lines.iter().any(|line| line.device.is_some())
    }

    fn rate(&self, lead: &RatedLead) -> std::result::Result<Change, &'static str> {
        let facts = LeadFacts {
            geo_ids: self.places.get(&lead.country).map_or(&[][..], |ids| &ids[..]),
            device: self.devices.get(&lead.ua).copied().unwrap_or(0),
            landing_id: lead.landing_id.unwrap_or(0),
            month_leads: lead.month_leads.unwrap_or(0),
        };
        let special = lead.condition_version_id.and_then(|id| self.specials.get(&id)).copied();
        let terms = (self.terms, self.lines.as_slice());
        let (line, money) = rated(terms, special.unwrap_or_default(), &facts, lead.amount)?;
        Ok(Change { line, money })
    }
}

/// Sums of one webmaster, or of all.
#[derive(Default, Clone, Copy)]
struct Sums {
    leads: i64,
    changed: i64,
    charge: (i128, i128),
    payout: (i128, i128),
}

impl Sums {
    fn add(&mut self, lead: &RatedLead, to: Option<LeadMoney>) {
        let from = LeadMoney::new(lead.charge, lead.payout);
        let to = to.unwrap_or(from);
        self.leads += 1;
        self.changed += i64::from(to != from);
        let holds =
            [LeadStatus::Pending, LeadStatus::Approved].iter().any(|status| status.code() == lead.status);
        if holds {
            self.charge.0 += i128::from(from.charge);
            self.charge.1 += i128::from(to.charge);
            self.payout.0 += i128::from(from.payout);
            self.payout.1 += i128::from(to.payout);
        }
    }
}

fn fits(sum: i128) -> Result<i64> {
    i64::try_from(sum).map_err(|_| Error::Internal("a sum of a re-rating does not fit".to_owned()))
}

/// A chain over all changes in order: whatever the chunks, the same changes give the same one.
#[derive(Clone, Copy, Default)]
struct Chain([u8; 32]);

impl Chain {
    fn read(text: &str) -> Self {
        Self(unhex(text).and_then(|bytes| bytes.try_into().ok()).unwrap_or_default())
    }

    fn add(&mut self, lead: &RatedLead, to: LeadMoney) {
        let mut hash = Sha256::new();
        hash.update(self.0);
        for number in [lead.id, lead.charge, lead.payout, to.charge, to.payout] {
            hash.update(number.to_be_bytes());
        }
        self.0 = hash.finalize().into();
    }

    fn text(self) -> String {
        hex(&self.0)
    }
}

impl Engine {
    /// Counts and applies every re-rating that waits. A job.
    pub async fn rerating_run_due(&self) -> Result<()> {
        while let Some(id) = rerating::due(&self.store().read(), self.now()).await? {
            self.rerating_run(id).await?;
        }
        Ok(())
    }

    /// Runs a short one for the request that sent it; whatever keeps it from its end is left to the job.
    pub(super) async fn rerating_run_now(&self, id: i64) {
        if let Err(error) = self.rerating_run(id).await {
            tracing::warn!(rerating.id = id, ?error, "a re-rating is left to the job");
        }
    }

    async fn rerating_run(&self, id: i64) -> Result<()> {
        let Some(job) = self.rerating_take(id).await? else { return Ok(()) };
        if job.status == ReratingStatus::Counting.code() {
            return self.rerating_count(job).await;
        }
        let mut scale = Scale::read(&self.store().read(), &job).await?;
        let mut job = Some(job);
        while let Some(next) = job {
            job = self.rerating_chunk(next, &mut scale).await?;
        }
        Ok(())
    }

    /// Takes one that waits. Only somebody who may still re-rate leads has it applied in his name.
    async fn rerating_take(&self, id: i64) -> Result<Option<Rerating>> {
        let now = self.now();
        self.store()
            .write(move |db| async move {
                let found = rerating::view_for_update(&db, Scope::All, id).await?;
                let is_waiting = |row: &Rerating| {
                    ReratingStatus::from_code(row.status).is_some_and(ReratingStatus::is_running)
                        && row.date_until <= now.0
                };
                let Some(row) = found.filter(is_waiting) else { return Ok(None) };
                let fence = row.fence + 1;
                if !may_rerate(&db, row.user_id).await? {
                    rerating::update(&db, forbidden(Rerating { fence, ..row }, now)).await?;
                    return Ok(None);
                }
                let row = Rerating { fence, date_until: now.plus(LEASE_SECONDS).0, ..row };
                rerating::update(&db, row.clone()).await?;
                Ok(Some(row))
            })
            .await
    }

    /// Counts what would change; writes nothing but the result.
    async fn rerating_count(&self, job: Rerating) -> Result<()> {
        let mut scale = Scale::read(&self.store().read(), &job).await?;
        let (mut at, mut all, mut failed) = (super::at_start(job.clone()), Sums::default(), 0);
        let (mut each, mut chain) = (BTreeMap::<i64, Sums>::new(), Chain::default());
        let mut seen = self.now();
        loop {
            let db = self.store().read();
            let page = rerating::leads(&db, &at, PAGE, scale.asks_device()).await?;
            scale.learn(self, &db, &page).await?;
            for lead in &page {
                let to = scale.rate(lead).map(|change| change.money);
                failed += i64::from(to.is_err());
                let to = to.ok();
                all.add(lead, to);
                each.entry(lead.webmaster_id).or_default().add(lead, to);
                if let Some(to) = to.filter(|to| (to.charge, to.payout) != (lead.charge, lead.payout)) {
                    chain.add(lead, to);
                }
            }
            let Some(last) = page.last().filter(|_| page.len() as u64 == PAGE) else { break };
            (at.cursor_date, at.cursor_id) = (last.date_created, last.id);
            if self.now() > seen.plus(LEASE_SECONDS / 3) {
                seen = self.now();
                if !self.rerating_hold(&job).await? {
                    return Ok(());
                }
            }
        }
        let rows: Result<Vec<ReratingRow>> =
            each.into_iter().map(|(id, sums)| row(job.id, id, sums)).collect();
        self.rerating_counted(job, (all, failed, chain), &rows?).await
    }

    /// Shows that this worker still has it; false when another one does.
    async fn rerating_hold(&self, job: &Rerating) -> Result<bool> {
        let until = self.now().plus(LEASE_SECONDS).0;
        self.store()
            .write(move |db| async move {
                let found = rerating::view_for_update(&db, Scope::All, job.id).await?;
                let Some(row) = found.filter(|row| row.fence == job.fence) else { return Ok(false) };
                rerating::update(&db, Rerating { date_until: until, ..row }).await.map(|()| true)
            })
            .await
    }

    async fn rerating_counted(
        &self,
        job: Rerating,
        (all, failed, chain): (Sums, i64, Chain),
        rows: &[ReratingRow],
    ) -> Result<()> {
        let job = &Rerating {
            status: ReratingStatus::Counted.code(),
            leads: all.leads,
            leads_changed: all.changed,
            leads_failed: failed,
            charge_before: fits(all.charge.0)?,
            charge_after: fits(all.charge.1)?,
            payout_before: fits(all.payout.0)?,
            payout_after: fits(all.payout.1)?,
            checksum: chain.text(),
            date_until: 0,
            ..job
        };
        self.store()
            .write(move |db| async move {
                let found = rerating::view_for_update(&db, Scope::All, job.id).await?;
                if found.is_none_or(|row| row.fence != job.fence) {
                    return Ok(());
                }
                rerating::create_rows(&db, job.id, rows).await?;
                rerating::update(&db, job.clone()).await
            })
            .await
    }

    /// Applies it to the next leads; gives it while there may be more.
    async fn rerating_chunk(&self, job: Rerating, scale: &mut Scale) -> Result<Option<Rerating>> {
        let db = self.store().read();
        let page = rerating::leads(&db, &job, PAGE, scale.asks_device()).await?;
        scale.learn(self, &db, &page).await?;
        let is_changed = |lead: &RatedLead| {
            let to = scale.rate(lead).ok().map(|change| (change.money.charge, change.money.payout));
            to.is_some_and(|to| to != (lead.charge, lead.payout))
        };
        let mut ids = Vec::new();
        let mut done = 0;
        for lead in &page {
            if is_changed(lead) {
                if ids.len() == CHUNK {
                    break;
                }
                ids.push(lead.id);
            }
            done += 1;
        }
        let is_over = done == page.len() && (page.len() as u64) < PAGE;
        let cursor = page.get(done.wrapping_sub(1)).map(|lead| (lead.date_created, lead.id));
        let (job, ids, scale, now) = (&job, &ids, &*scale, self.now());
        let (next, offer_ids) = self
            .store()
            .write(move |db| async move {
                let found = rerating::view_for_update(&db, Scope::All, job.id).await?;
                let Some(mut row) = found.filter(|row| row.fence == job.fence) else {
                    return Ok((None, Vec::new()));
                };
                if !may_rerate(&db, row.user_id).await? {
                    rerating::update(&db, forbidden(row, now)).await?;
                    return Ok((None, Vec::new()));
                }
                // As they are now, and kept from changing: somebody may have decided meanwhile.
                let found = lead::of_ids(&db, ids).await?;
                let offer_ids: Vec<i64> = found.iter().map(|lead| lead.offer_id).collect();
                let mut facts: Vec<RatedLead> = found.iter().map(RatedLead::from).collect();
                facts.sort_unstable_by_key(|lead| (lead.date_created, lead.id));
                let mut steps = Steps::new(found, now);
                let mut chain = Chain::read(&row.checksum_applied);
                let actor = Actor { level: UserLevel::Operator.code(), user_id: row.user_id };
                for lead in &facts {
                    let Ok(Change { line, money }) = scale.rate(lead) else { continue };
                    let to = Rerated { version_id: scale.version_id, line, money };
                    if steps.rerate(lead.id, to, actor, &row.reason) {
                        chain.add(lead, money);
                        row.leads_applied += 1;
                    }
                }
                steps.write(&db).await?;
                row.checksum_applied = chain.text();
                (row.cursor_date, row.cursor_id) = cursor.unwrap_or((row.cursor_date, row.cursor_id));
                row.date_until = now.plus(LEASE_SECONDS).0;
                if is_over {
                    row.status = ReratingStatus::Applied.code();
                    row.date_until = 0;
                    row.date_finished = Some(now.0);
                }
                rerating::update(&db, row.clone()).await?;
                Ok((Some(row).filter(|_| !is_over), offer_ids))
            })
            .await?;
        self.caps_follow(&offer_ids).await;
        Ok(next)
    }
}

/// Whether somebody still has the right: it is looked at again for each part.
async fn may_rerate(db: &Db, user_id: i64) -> Result<bool> {
    let owner = person::view(db, Scope::All, user_id).await?;
    let owner = owner.filter(person::User::is_active).map(|person| person.caller());
    Ok(owner.is_some_and(|owner| owner.may(Resource::Rerating, Method::Update).is_ok()))
}

fn forbidden(row: Rerating, now: Time) -> Rerating {
    let message = "Its owner may not rate leads anew any more".to_owned();
    let status = ReratingStatus::Stopped.code();
    Rerating { status, message, date_finished: Some(now.0), ..row }
}

fn row(rerating_id: i64, webmaster_id: i64, sums: Sums) -> Result<ReratingRow> {
    Ok(ReratingRow {
        rerating_id,
        webmaster_id,
        leads: sums.leads,
        leads_changed: sums.changed,
        charge_before: fits(sums.charge.0)?,
        charge_after: fits(sums.charge.1)?,
        payout_before: fits(sums.payout.0)?,
        payout_after: fits(sums.payout.1)?,
    })
}
