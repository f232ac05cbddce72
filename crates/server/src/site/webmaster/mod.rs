//! The webmaster's cabinet.

mod dashboard;
mod leads;
mod links;
mod money;
mod postbacks;
mod stats;
mod tickets;

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::{get, post};
use whocpa_domain::Result;

use super::list::with;
use super::reader::Webmaster;
use crate::state::AppState;

/// Everything under `/pub`.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/pub", get(dashboard::show))
        .route("/pub/links", get(links::list))
        .route("/pub/links/new", get(links::new).post(links::create))
        .route("/pub/links/{id}", get(links::view).post(links::update))
        .route("/pub/links/{id}/delete", post(links::delete))
        .route("/pub/leads", get(leads::list))
        .route("/pub/leads/{id}", get(leads::view))
        .route("/pub/leads/{id}/contest", post(leads::contest))
        .route("/pub/stats", get(stats::list))
        .route("/pub/money", get(money::show))
        .route("/pub/wallets", post(money::wallet_create))
        .route("/pub/wallets/{id}/delete", post(money::wallet_delete))
        .route("/pub/payouts", post(money::payout_create))
        .route("/pub/payouts/{id}/cancel", post(money::payout_delete))
        .route("/pub/postbacks", get(postbacks::list).post(postbacks::create))
        .route("/pub/postbacks/{id}", get(postbacks::view).post(postbacks::update))
        .route("/pub/postbacks/{id}/delete", post(postbacks::delete))
        .route("/pub/deliveries/{id}/replay", post(postbacks::replay))
        .route("/pub/tickets", get(tickets::list).post(tickets::create))
        .route("/pub/tickets/{id}", get(tickets::view).post(tickets::update))
}

/// Names of offers by number.
struct Offers(BTreeMap<i64, String>);

impl Offers {
    /// Those of these offers that he may see.
    async fn load(reader: &Webmaster, ids: impl IntoIterator<Item = i64>) -> Result<Self> {
        let mut unique: Vec<i64> = ids.into_iter().collect();
        unique.sort_unstable();
        unique.dedup();
        if unique.is_empty() {
            return Ok(Self(BTreeMap::new()));
        }
        let ids = unique.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let asked = with([("id", ids), ("show_stopped", "1".to_owned()), ("per_page", "100".to_owned())]);
        let found = reader.engine().offer_list(reader.caller(), asked.read()?).await?;
        Ok(Self(found.rows.into_iter().map(|offer| (offer.id, offer.name)).collect()))
    }

    /// The number where he may not see the name.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    fn name(&self, id: &i64) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_string())
    }
}
