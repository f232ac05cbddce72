//! What the network does by itself: each job has its pace, and a lease where only one node may do it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use whocpa_domain::Result;
use whocpa_store::{change, node};

use crate::{Engine, delivery};

/// How long a lease of work outlives its holder, in seconds.
const LEASE_SECONDS: i64 = 30;

/// The running jobs of one engine.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Engine {
    /// Starts the jobs; they run until [`Jobs::stop`].
    pub fn jobs_start(&self) -> Jobs {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let holder = self.rng().letters(16);
        for job in [
            Job::Catalogue,
            Job::Forward,
            Job::Poll,
            Job::News,
            Job::Letters,
            Job::Telegram,
            Job::Digest,
            Job::Node,
            Job::Caps,
            Job::Close,
            Job::Silence,
            Job::Parked,
            Job::Feed,
            Job::Decision,
            Job::Rerating,
            Job::Export,
            Job::Domain,
            Job::Count,
            Job::Balance,
            Job::Ledger,
            Job::Cover,
            Job::Payday,
            Job::KeyUse,
            Job::Impressions,
            Job::Figures,
            Job::Quality,
            Job::Keep,
            Job::Tidy,
        ] {
            tasks.spawn(run(self.clone(), job, holder.clone(), stopped.clone()));
        }
        tasks.spawn(delivery::run(self.clone(), stopped));
        Jobs { stop, tasks }
    }
}

impl Jobs {
    /// Lets each job end its present round, then returns.
    pub async fn stop(mut self) {
        // Nobody listening means that all have ended.
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

#[derive(Debug, Clone, Copy)]
enum Job {
    /// Reads what other nodes changed (design §5.1).
    Catalogue,
    /// Decides what advertisers' own systems said.
    Forward,
    /// Asks them for what they do not tell.
    Poll,
    /// Tells readers outside of news that are shown by now.
    News,
    /// Sends letters.
    Letters,
    /// Reads what people write to the bot, and sends letters in Telegram.
    Telegram,
    /// Writes letters about leads and about the day before.
    Digest,
    /// Keeps the node number of click ids.
    Node,
    /// Shares the counts of caps of clicks with other nodes.
    Caps,
    /// Closes leads whose hold is over.
    Close,
    /// Approves leads that nobody decided about in the agreed time.
    Silence,
    /// Matches parked conversions.
    Parked,
    /// Folds changes into the numbers of leads.
    Count,
    /// Folds transfers into balances.
    Balance,
    /// Looks whether the books are right.
    Ledger,
    /// Counts what covers the leads of advertisers.
    Cover,
    /// Repays advances, then asks for payouts that are due.
    Payday,
    /// Imports product feeds.
    Feed,
    /// Checks and applies decisions about many leads.
    Decision,
    /// Counts and applies re-ratings.
    Rerating,
    /// Writes the files of exports.
    Export,
    /// Looks whether parked domains lead here.
    Domain,
    /// Writes down when keys and sessions were last used.
    KeyUse,
    /// Writes down how often links were shown.
    Impressions,
    /// Counts how offers do.
    Figures,
    /// Looks whether rules about the quality of traffic find something.
    Quality,
    /// Forgets clicks that are too old.
    Keep,
    /// Forgets old entries of the change log, answers kept for repeated requests, and pictures that nothing shows.
    Tidy,
}

impl Job {
    fn name(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            Self::Forward => "forward",
            Self::Poll => "forward_poll",
            Self::News => "news_tell",
            Self::Letters => "letters_send",
            Self::Telegram => "telegram",
            Self::Digest => "letters_digest",
            Self::Node => "node",
            Self::Caps => "caps",
            Self::Close => "lead_close",
            Self::Silence => "lead_silence",
            Self::Parked => "lead_parked",
            Self::Count => "lead_count",
            Self::Balance => "balance",
            Self::Ledger => "ledger_verify",
            Self::Cover => "cover_count",
            Self::Payday => "payday",
            Self::Feed => "feed_import",
            Self::Decision => "decision_run",
            Self::Rerating => "rerating_run",
            Self::Export => "export_run",
            Self::Domain => "domain_look",
            Self::KeyUse => "key_use",
            Self::Impressions => "impression",
            Self::Figures => "offer_figures",
            Self::Quality => "quality_check",
            Self::Keep => "click_forget",
            Self::Tidy => "tidy",
        }
    }

    fn every(self) -> Duration {
        Duration::from_secs(match self {
            Self::Forward | Self::Poll => 6,
            Self::News => 10,
            Self::Letters | Self::Telegram => 3,
            Self::Catalogue | Self::Caps => 1,
            Self::Parked | Self::Feed | Self::Decision | Self::Rerating | Self::Export => 2,
            Self::Close | Self::Count | Self::Balance | Self::Impressions | Self::Cover => 5,
            Self::KeyUse | Self::Node | Self::Silence | Self::Domain => 15,
            Self::Keep | Self::Payday | Self::Digest => 60,
            Self::Quality => 120,
            Self::Figures | Self::Tidy => 600,
            Self::Ledger => 86_400,
        })
    }

    /// Whether every node does it for itself.
    fn is_local(self) -> bool {
        matches!(
            self,
            Self::Catalogue
                | Self::Caps
                | Self::Node
                | Self::KeyUse
                | Self::Impressions
                | Self::Feed
                | Self::Decision
                | Self::Rerating
                | Self::Export
        )
    }

    /// Whether a round may be broken off at any point, and is worth it: it goes on where it was.
    fn is_resumable(self) -> bool {
        matches!(self, Self::Feed | Self::Decision | Self::Rerating | Self::Export)
    }

    async fn round(self, engine: &Engine) -> Result<()> {
        match self {
            Self::Catalogue => engine.catalogue_refresh().await,
            Self::Forward => engine.forward_work().await.map(drop),
            Self::Poll => engine.forward_poll().await,
            Self::News => engine.news_tell().await.map(drop),
            Self::Letters => engine.letters_work().await,
            Self::Telegram => engine.telegram_work().await,
            Self::Digest => engine.letters_digest().await,
            Self::Node => engine.node_ids().renew().await,
            Self::Caps => engine.caps_share().await,
            Self::Close => {
                let closed = engine.lead_close_due().await?;
                if closed > 0 {
                    tracing::info!(lead.count = closed, "leads closed: their hold is over");
                }
                Ok(())
            }
            Self::Silence => {
                let approved = engine.lead_approve_silent().await?;
                if approved > 0 {
                    tracing::info!(
                        lead.count = approved,
                        "leads approved: nobody decided in the agreed time"
                    );
                }
                Ok(())
            }
            Self::Parked => engine.lead_match_parked().await.map(drop),
            Self::Count => engine.lead_count_fold().await.map(drop),
            Self::Balance => engine.balance_fold().await.map(drop),
            Self::Ledger => engine.ledger_verify().await.map(drop),
            Self::Cover => engine.cover_count().await.map(drop),
            Self::Payday => {
                engine.advance_repay().await?;
                engine.payout_ask_due().await.map(drop)
            }
            Self::Feed => engine.feed_import_due().await.map(drop),
            Self::Decision => engine.decision_run_due().await.map(drop),
            Self::Rerating => engine.rerating_run_due().await,
            Self::Export => engine.export_run_due().await.map(drop),
            Self::Domain => engine.domain_look_due().await.map(drop),
            Self::KeyUse => {
                engine.session_uses_store().await?;
                engine.key_uses_store().await
            }
            Self::Impressions => engine.impressions_store().await,
            Self::Figures => engine.offer_figures().await,
            Self::Quality => engine.quality_check().await.map(drop),
            Self::Keep => engine.clicks_forget().await.map(drop),
            Self::Tidy => tidy(engine).await,
        }
    }
}

/// Forgets what nobody needs any more.
async fn tidy(engine: &Engine) -> Result<()> {
    let before = engine.now().plus(-change::KEEP_SECONDS);
    engine.store().write(move |db| async move { change::delete(&db, before).await }).await?;
    let expired = engine.lead_expire_parked().await?;
    if expired > 0 {
        tracing::info!(count = expired, "parked conversions whose visit nobody named are given up");
    }
    engine.claim_delete_old().await?;
    engine.session_delete_old().await?;
    engine.feed_forget().await?;
    engine.decision_forget().await?;
    engine.export_forget().await?;
    engine.delivery_forget().await?;
    engine.letters_forget().await?;
    engine.image_tidy().await
}

async fn run(engine: Engine, job: Job, holder: String, mut stopped: watch::Receiver<bool>) {
    loop {
        let round = async {
            if may_run(&engine, job, &holder).await
                && let Err(error) = job.round(&engine).await
            {
                tracing::error!(job = job.name(), ?error, "a job failed and is tried again");
            }
        };
        if job.is_resumable() {
            tokio::select! {
                _ = stopped.changed() => return,
                () = round => {}
            }
        } else {
            round.await;
        }
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(job.every()) => {}
        }
    }
}

/// Takes or keeps the lease of a job that only one node may do. Its effects are safe without it too (a lead closes
/// once, whoever closes it): the lease only saves doing the same work twice.
async fn may_run(engine: &Engine, job: Job, holder: &str) -> bool {
    if job.is_local() {
        return true;
    }
    let now = engine.now();
    let taken = engine
        .store()
        .write(move |db| async move { node::lease_take(&db, job.name(), holder, LEASE_SECONDS, now).await })
        .await;
    match taken {
        Ok(fence) => fence.is_some(),
        Err(error) => {
            tracing::warn!(job = job.name(), ?error, "the lease of a job could not be taken");
            false
        }
    }
}
