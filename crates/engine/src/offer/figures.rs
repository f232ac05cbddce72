//! The figures of offers, computed anew by a job; the rules are in `domain::offer_figure`.

use whocpa_domain::Result;
use whocpa_domain::offer_figure::{WINDOW_DAYS, figures};
use whocpa_domain::tid::click_id;
use whocpa_domain::time::DAY;
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::click;
use whocpa_store::offer_figure::{self, OfferFigure};

use crate::Engine;

/// Clicks are counted when they are so old: by then the drainer has stored them. One that is stored later is missing
/// in the figures, and in nothing else.
const LAG_MS: i64 = 5 * 60 * 1000;
/// Longest span of clicks that is counted at once.
const SPAN_MS: i64 = 6 * 3600 * 1000;

impl Engine {
    /// Counts the clicks since the last time, and computes the figures of all offers. A job; each click is counted
    /// once, in one pass over its id.
    pub async fn offer_figures(&self) -> Result<()> {
        let now = self.now();
        let since = now.plus_days(-WINDOW_DAYS);
        self.clicks_count(since.0 * 1000, now.0 * 1000 - LAG_MS).await?;
        let counted = offer_figure::counted(&self.store().read(), since).await?;
        let rows: Vec<OfferFigure> = figures(&counted)
            .into_iter()
            .filter_map(|(offer_id, figures)| {
                let counted = counted.get(&offer_id)?;
                Some(OfferFigure {
                    offer_id,
                    clicks: counted.clicks,
                    leads: counted.leads,
                    currency_id: counted.currency_id,
                    epc: figures.epc,
                    cr: figures.cr,
                    approve_rate: figures.approve_rate,
                    rating: figures.rating,
                    is_recommended: figures.is_recommended,
                    undecided: counted.undecided,
                    date_undecided: counted.date_undecided,
                    decision_seconds: counted.decision_seconds(),
                })
            })
            .collect();
        let rows = &rows;
        self.store()
            .write(move |db| async move {
                offer_figure::day_delete(&db, since).await?;
                offer_figure::replace(&db, rows).await?;
                change::create(&db, ChangeKind::Figures, 0, now).await
            })
            .await
    }

    /// Adds clicks to their days, span by span: clicks may be in another database, so the mark moves with the sums.
    async fn clicks_count(&self, from_ms: i64, until_ms: i64) -> Result<()> {
        let day_ms = DAY * 1000;
        let mut mark = offer_figure::counted_ms(&self.store().read()).await?;
        // The window begins with a whole day.
        let first = from_ms - from_ms.rem_euclid(day_ms);
        while mark.max(first) < until_ms {
            let from = mark.max(first);
            let day = from.div_euclid(day_ms);
            let until = until_ms.min(from + SPAN_MS).min((day + 1) * day_ms);
            let clicks = self.store().clicks();
            let sums = click::sent_by_offer(&clicks, click_id(from, 0, 0), click_id(until, 0, 0)).await?;
            let sums = &sums;
            let added = self
                .store()
                .write(move |db| async move { offer_figure::day_add(&db, (mark, until), day, sums).await });
            if !added.await? {
                return Ok(());
            }
            mark = until;
        }
        Ok(())
    }
}
