//! The demo's present: visitors and advertisers' systems that speak to the running network over HTTP, as those of a real
//! one do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use form_urlencoded::Serializer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::money::Amount;
use whocpa_domain::{Clock, SystemClock};

use super::dice::Dice;
use super::sales::{Act, Pace, Queue, Sale, plan};
use super::traffic::{Click, Stream};
use super::world::World;

/// How often it is looked what is due.
const TICK: Duration = Duration::from_millis(100);
/// Requests on their way at once.
const AT_ONCE: usize = 256;

/// Live traffic.
pub struct Live {
    /// The network.
    pub world: Arc<World>,
    /// `http://127.0.0.1:8080`
    pub base_url: String,
    /// Clicks per second.
    pub rate: u64,
    client: reqwest::Client,
    state: Mutex<State>,
    counts: Counts,
}

struct State {
    dice: Dice,
    queue: Queue,
    clicks: u64,
}

#[derive(Default)]
struct Counts {
    clicks: AtomicU64,
    reports: AtomicU64,
    failed: AtomicU64,
}

impl Live {
    /// Traffic that goes on where the history ended.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(
        world: Arc<World>,
        queue: Queue,
        base_url: String,
        rate: u64,
        dice: Dice,
    ) -> Result<Self, String> {
        #[expect(clippy::disallowed_methods, reason = "the demo talks to itself on this machine only")]
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .tls_backend_preconfigured(whocpa_engine::outbound::tls().map_err(|e| e.to_string())?)
            .build()
            .map_err(|e| format!("cannot make visitors: {e}"))?;
        let state = Mutex::new(State { dice, queue, clicks: 0 });
        Ok(Self { world, base_url, rate, client, state, counts: Counts::default() })
    }

    /// Runs until `stopped` changes.
    pub async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}   (Ctrl-C stops)") {
            bar.set_style(style);
        }
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (slots, mut tasks) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
        let mut owed_thousandths = 0;
        loop {
            tokio::select! {
                _ = stopped.changed() => break,
                _ = ticks.tick() => {}
            }
            owed_thousandths += self.rate * 100;
            let now_ms = SystemClock.now_ms();
            let (mut acts, stream) = (self.due(now_ms), Stream::at(&self.world, now_ms));
            while owed_thousandths >= 1000 {
                owed_thousandths -= 1000;
                // With all at work the visitor does not come: a queue would only grow.
                let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
                let (live, click) = (Arc::clone(&self), self.click(&stream, now_ms));
                tasks.spawn(async move {
                    live.visit(click).await;
                    drop(slot);
                });
            }
            for act in acts.drain(..) {
                let live = Arc::clone(&self);
                tasks.spawn(async move { live.act(act).await });
            }
            while tasks.try_join_next().is_some() {}
            bar.set_message(self.shown());
            bar.tick();
        }
        tasks.abort_all();
        bar.finish_and_clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole at every moment, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { clicks, reports, failed } = &self.counts;
        format!("live: {} clicks, {} postbacks, {} failed", count(clicks), count(reports), count(failed))
    }

    fn due(&self, now_ms: i64) -> Vec<Act> {
        let mut state = self.state();
        std::iter::from_fn(|| state.queue.pop(now_ms)).take(AT_ONCE).map(|(_, act)| act).collect()
    }

    fn click(&self, stream: &Stream, now_ms: i64) -> Click {
        stream.next(&mut self.state().dice, &self.world, now_ms)
    }

    fn failed(&self, what: &str, why: &str) {
        // The first ones in full: after a hundred nobody reads on.
        if self.counts.failed.fetch_add(1, Ordering::Relaxed) < 100 {
            tracing::warn!(what, why, "a request of the demo's live traffic failed");
        }
    }

    async fn visit(&self, click: Click) {
        let visitor = &click.visitor;
        let url = format!("{}/go/{}?{}", self.base_url, click.code, visitor.query);
        let mut request = self
            .client
            .get(url)
            .header("x-forwarded-for", visitor.ip.to_string())
            .header("user-agent", visitor.ua)
            .header("accept-language", visitor.languages);
        if !visitor.referer.is_empty() {
            request = request.header("referer", &visitor.referer);
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return self.failed("click", &error.to_string()),
        };
        self.counts.clicks.fetch_add(1, Ordering::Relaxed);
        let Some(offer) = click.offer.and_then(|index| self.world.offers.get(index)) else { return };
        let cookie = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok());
        let Some(tid) = cookie.and_then(|text| tid(text, offer.id)) else {
            return self
                .failed("click", &format!("no tid in an answer {} for offer {}", answer.status(), offer.id));
        };
        let (mut state, now_ms) = (self.state(), SystemClock.now_ms());
        state.clicks += 1;
        // Unlike the numbers of the past.
        let number = now_ms.unsigned_abs() * 1000 + state.clicks % 1000;
        for (after_ms, sale) in plan(&mut state.dice, offer, Pace::Live, number) {
            state.queue.push(now_ms + after_ms, Act::Report(Sale { tid: tid.to_owned(), ..sale }));
        }
    }

    async fn act(&self, act: Act) {
        let sent = match &act {
            Act::Decide(sale, lead_id) if sale.by_api => self.decide(sale, *lead_id).await,
            Act::Report(sale) => self.postback(sale, LeadStatus::Pending).await,
            Act::Decide(sale, _) => self.postback(sale, sale.decision).await,
        };
        let answer = match sent {
            Ok(answer) => answer,
            Err(why) => return self.failed("postback", &why),
        };
        self.counts.reports.fetch_add(1, Ordering::Relaxed);
        let (verdict, lead_id, status) = (&answer["verdict"], answer["lead_id"].as_i64(), &answer["status"]);
        if let (Act::Report(sale), Some("accepted"), Some(lead_id)) = (act, verdict.as_str(), lead_id) {
            let is_pending = *status == LeadStatus::Pending.code();
            if is_pending && sale.decision != LeadStatus::Pending {
                let at_ms = SystemClock.now_ms() + sale.decision_ms;
                self.state().queue.push(at_ms, Act::Decide(sale, lead_id));
            }
        }
    }

    async fn postback(&self, sale: &Sale, status: LeadStatus) -> Result<Value, String> {
        let url = format!("{}/pb?{}", self.base_url, self.postback_query(sale, status));
        read(self.client.get(url)).await
    }

    fn postback_query(&self, sale: &Sale, status: LeadStatus) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("token", &self.world.advertisers[sale.advertiser].postback_token);
        query.append_pair("tid", &sale.tid).append_pair("goal_id", &sale.goal_id.to_string());
        query.append_pair("sale_id", &sale.own_id);
        if let Some(micros) = sale.amount {
            query.append_pair("amount", &Amount { micros, digits: 2 }.to_string());
        }
        if status != LeadStatus::Pending {
            query.append_pair("status", status.word());
            let (reason, comment) = sale.reason;
            if reason != LeadReason::Untold {
                query.append_pair("reason", &reason.code().to_string()).append_pair("comment", comment);
            }
        }
        query.finish()
    }

    async fn decide(&self, sale: &Sale, lead_id: i64) -> Result<Value, String> {
        let request = self.client.post(format!("{}/api/lead/{lead_id}", self.base_url));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        read(request.body(self.decision_body(sale))).await
    }

    fn decision_body(&self, sale: &Sale) -> String {
        let mut body = Serializer::new(String::new());
        body.append_pair("api_key", &self.world.advertisers[sale.advertiser].api_key);
        body.append_pair("status", &sale.decision.code().to_string());
        let (reason, comment) = sale.reason;
        if reason != LeadReason::Untold {
            body.append_pair("reason", &reason.code().to_string()).append_pair("comment", comment);
        }
        body.finish()
    }
}

/// Sends a request; its answer, which must be a success in JSON.
async fn read(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let answer = request.send().await.map_err(|e| e.to_string())?;
    let status = answer.status();
    let text = answer.text().await.map_err(|e| e.to_string())?;
    if !status.is_success() {
        return Err(format!("{status}: {text}"));
    }
    serde_json::from_str(&text).map_err(|e| format!("{e}: {text}"))
}

/// The tid in a `Set-Cookie` for this offer.
fn tid(cookie: &str, offer_id: i64) -> Option<&str> {
    let value = cookie.strip_prefix(&format!("tid_{offer_id}="))?;
    value.split(';').next()
}
