//! The demo's past: weeks of clicks, actions and decisions, made by the engine's operations on a clock that is moved.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use whocpa_domain::click::ClickReason;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::time::DAY;
use whocpa_domain::{Error, Level, ManualClock, Result, Time};
use whocpa_engine::Engine;
use whocpa_engine::click::{Tracked, Visit};
use whocpa_engine::lead::{Conversion, LeadUpdate, Verdict};
use whocpa_engine::offer::OfferUpdate;

use super::dice::Dice;
use super::progress::Step;
use super::sales::{Act, Pace, Plans, Queue, Sale, plan};
use super::traffic::{Click, Stream};
use super::visitors::{COUNTRIES, awake};
use super::world::{World, caller, sent};

/// One step of the past: so long are the batches of what advertisers send.
const SLOT_SECONDS: i64 = 900;
/// Holds that are over are looked for every so many steps.
const CLOSE_EVERY: i64 = 24;
/// Visitors by day of the week, Monday first, in percent.
const WEEK: [u64; 7] = [104, 106, 105, 102, 96, 88, 94];
/// Conversions that wait for their answers at once: fewer than the engine lets wait.
const WAITING: usize = 1000;

/// What happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Clicks that were made durable.
    pub clicks: u64,
    /// Of these, sent to an offer.
    pub clicks_sent: u64,
    /// Actions that became leads.
    pub leads: u64,
    /// Repeats of them that changed nothing.
    pub repeats: u64,
    /// Decisions that came later.
    pub decisions: u64,
    /// Leads that closed.
    pub closed: u64,
}

/// The past while it is made.
pub struct History<'a> {
    /// The engine, on `clock`.
    pub engine: &'a Engine,
    /// Moved along.
    pub clock: &'a ManualClock,
    /// The network.
    pub world: &'a World,
    /// Everything by chance.
    pub dice: Dice,
    /// What will be sent.
    pub queue: Queue,
    /// What happened.
    pub counts: Counts,
    /// Number of the next click.
    pub next_click: u64,
}

type Tracking = Pin<Box<dyn Future<Output = Tracked> + Send>>;
/// A click on its way to the disk, with its time and what will follow.
type Waiting = (i64, Plans, Tracking);

impl History<'_> {
    /// Makes `clicks` clicks between `start` and `end`, and what follows from them.
    pub async fn run(&mut self, start: Time, end: Time, clicks: u64, step: &Step) -> Result<()> {
        let slots: Vec<i64> =
            (start.0..end.0).step_by(usize::try_from(SLOT_SECONDS).unwrap_or(900)).collect();
        let (mut made, mut before) = (0, Vec::new());
        for ((at, number), due) in slots.iter().zip(0..).zip(self.rhythm(&slots, (start, end), clicks)) {
            let until = Time((at + SLOT_SECONDS).min(end.0));
            self.stop_offers(Time(*at), until).await?;
            // A slot's clicks get to the disk while advertisers send what is due, so they are waited for in the next.
            let waiting = self.clicks(Time(*at), until, due - made).await;
            self.clicked_all(std::mem::replace(&mut before, waiting)).await?;
            step.advance(due - made);
            made = due;
            self.acts(until).await?;
            if number % CLOSE_EVERY == CLOSE_EVERY - 1 {
                self.clock.set(until);
                self.counts.decisions += self.engine.lead_approve_silent().await?;
                self.counts.closed += self.engine.lead_close_due().await?;
            }
        }
        self.clicked_all(before).await?;
        self.clock.set(end);
        self.counts.closed += self.engine.lead_close_due().await?;
        Ok(())
    }

    /// How many clicks there are up to the end of each slot.
    fn rhythm(&mut self, slots: &[i64], (start, end): (Time, Time), clicks: u64) -> Vec<u64> {
        let mut sums = Vec::with_capacity(slots.len());
        let mut total = 0u64;
        for at in slots {
            let awake: u64 = COUNTRIES.iter().map(|country| country.weight * awake(country, at * 1000)).sum();
            // 1970-01-01 was a Thursday.
            let weekday = usize::try_from((at.div_euclid(DAY) + 3).rem_euclid(7)).unwrap_or_default();
            // The network grows by a quarter in its history.
            let passed = u64::try_from((at - start.0) * 100 / (end.0 - start.0).max(1)).unwrap_or_default();
            let noise = u64::try_from(self.dice.between(88, 112)).unwrap_or(100);
            total += awake * WEEK[weekday.min(6)] * (400 + passed) * noise / 10_000;
            sums.push(total);
        }
        let part = |sum: u64| u64::try_from(u128::from(sum) * u128::from(clicks) / u128::from(total.max(1)));
        sums.into_iter().map(|sum| part(sum).unwrap_or(clicks)).collect()
    }

    /// Advertisers stop offers when their time has come.
    async fn stop_offers(&self, from: Time, until: Time) -> Result<()> {
        let slot = from.0 * 1000..until.0 * 1000;
        for offer in
            self.world.offers.iter().filter(|offer| offer.stop_ms.is_some_and(|at| slot.contains(&at)))
        {
            let advertiser = caller(Level::Advertiser, &self.world.advertisers[offer.plan.company]);
            self.clock.set(from);
            self.engine
                .offer_update(advertiser, offer.id, sent::<OfferUpdate>(&[("is_stopped", "1".to_owned())])?)
                .await?;
            self.engine.catalogue_refresh().await?;
        }
        Ok(())
    }

    /// Makes the clicks of one slot, each at its own millisecond.
    async fn clicks(&mut self, from: Time, until: Time, count: u64) -> Vec<Waiting> {
        let stream = Stream::at(self.world, from.0 * 1000);
        let (first, last) = (from.0 * 1000, until.0 * 1000 - 1);
        let mut times: Vec<i64> = (0..count).map(|_| self.dice.between(first, last)).collect();
        times.sort_unstable();
        let mut waiting = Vec::with_capacity(times.len());
        for at_ms in times {
            let click = stream.next(&mut self.dice, self.world, at_ms);
            let plans = match click.offer.and_then(|index| self.world.offers.get(index)) {
                Some(offer) => plan(&mut self.dice, offer, Pace::History, self.next_click),
                None => Plans::new(),
            };
            self.next_click += 1;
            self.clock.set_ms(at_ms);
            let mut tracking: Tracking = Box::pin(track(self.engine.clone(), click));
            // The first poll gives the click its id, by the clock of this moment.
            if let Some(tracked) = polled_once(&mut tracking).await {
                tracking = Box::pin(std::future::ready(tracked));
            }
            waiting.push((at_ms, plans, tracking));
        }
        waiting
    }

    async fn clicked_all(&mut self, waiting: Vec<Waiting>) -> Result<()> {
        for (at_ms, plans, tracking) in waiting {
            let tracked = tracking.await;
            self.clicked(at_ms, plans, &tracked)?;
        }
        Ok(())
    }

    fn clicked(&mut self, at_ms: i64, plans: Plans, tracked: &Tracked) -> Result<()> {
        if !tracked.is_durable {
            return Err(Error::Unavailable(
                "a click could not be made durable: is the disk full?".to_owned(),
            ));
        }
        self.counts.clicks += 1;
        self.counts.clicks_sent += u64::from(tracked.reason == ClickReason::Sent);
        for (after_ms, sale) in plans {
            self.queue.push(at_ms + after_ms, Act::Report(Sale { tid: tracked.tid.clone(), ..sale }));
        }
        Ok(())
    }

    /// Sends everything that is due before `until`.
    async fn acts(&mut self, until: Time) -> Result<()> {
        loop {
            let mut due = Vec::new();
            while due.len() < WAITING
                && let Some(act) = self.queue.pop(until.0 * 1000)
            {
                due.push(act);
            }
            let Some((last_ms, _)) = due.last() else { return Ok(()) };
            self.clock.set_ms((*last_ms).max(until.0 * 1000 - SLOT_SECONDS * 1000));
            self.send(due).await?;
        }
    }

    async fn send(&mut self, due: Vec<(i64, Act)>) -> Result<()> {
        let mut waiting = Vec::with_capacity(due.len());
        for (at_ms, act) in due {
            match act {
                Act::Decide(sale, lead_id) if sale.by_api => self.decide(&sale, lead_id).await?,
                act => {
                    let conversion = self.conversion(&act);
                    let engine = self.engine.clone();
                    let mut receiving = Box::pin(async move { engine.lead_receive(conversion).await });
                    let verdict = polled_once(&mut receiving).await;
                    waiting.push((at_ms, act, verdict, receiving));
                }
            }
        }
        for (at_ms, act, verdict, receiving) in waiting {
            let verdict = match verdict {
                Some(verdict) => verdict?,
                None => receiving.await?,
            };
            self.answered(at_ms, act, verdict);
        }
        Ok(())
    }

    fn conversion(&self, act: &Act) -> Conversion {
        let (sale, status) = match act {
            Act::Report(sale) => (sale, LeadStatus::Pending),
            Act::Decide(sale, _) => (sale, sale.decision),
        };
        Conversion {
            advertiser_id: self.world.advertisers[sale.advertiser].id,
            tid: sale.tid.clone(),
            goal_id: Some(sale.goal_id),
            sale_id: sale.own_id.clone(),
            amount: sale.amount,
            status,
            reason: if status == LeadStatus::Pending { LeadReason::Untold } else { sale.reason.0 },
            comment: if status == LeadStatus::Pending { String::new() } else { sale.reason.1.to_owned() },
            ..Conversion::default()
        }
    }

    async fn decide(&mut self, sale: &Sale, lead_id: i64) -> Result<()> {
        let advertiser = caller(Level::Advertiser, &self.world.advertisers[sale.advertiser]);
        let (reason, comment) = sale.reason;
        let input = LeadUpdate {
            amount: None,
            status: Some(sale.decision),
            reason: Some(reason).filter(|reason| *reason != LeadReason::Untold),
            comment: Some(comment.to_owned()).filter(|words| !words.is_empty()),
            substatus: None,
            is_closed: None,
        };
        self.counts.decisions += 1;
        self.engine.lead_update(advertiser, lead_id, input).await
    }

    fn answered(&mut self, at_ms: i64, act: Act, verdict: Verdict) {
        match (verdict, act) {
            (Verdict::Accepted { lead_id, status, .. }, Act::Report(sale)) => {
                self.counts.leads += 1;
                if status == LeadStatus::Pending && sale.decision != LeadStatus::Pending {
                    self.queue.push(at_ms + sale.decision_ms, Act::Decide(sale, lead_id));
                }
            }
            (Verdict::Updated { .. }, _) => self.counts.decisions += 1,
            (Verdict::Duplicate { .. }, _) => self.counts.repeats += 1,
            (verdict, act) => tracing::warn!(?verdict, ?act, "the demo expected another verdict"),
        }
    }
}

async fn track(engine: Engine, click: Click) -> Tracked {
    let visitor = &click.visitor;
    let visit = Visit {
        query: &visitor.query,
        ip: visitor.ip,
        ua: visitor.ua,
        referer: &visitor.referer,
        languages: visitor.languages,
        ..Visit::to(&click.code)
    };
    engine.click_track(visit).await
}

/// Lets a future begin; its value, when that was all that it needed.
async fn polled_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| match Pin::new(&mut *future).poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Keeps what the history leaves for live traffic.
pub struct Past {
    /// The network.
    pub world: Arc<World>,
    /// What advertisers have not sent yet.
    pub queue: Queue,
    /// What happened.
    pub counts: Counts,
}
