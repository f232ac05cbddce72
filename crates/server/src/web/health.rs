//! `/healthz`: the process lives. `/readyz`: it can do its work. `/metrics`: how it fares.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use metrics_exporter_prometheus::PrometheusHandle;

use crate::state::AppState;
use crate::telemetry;

/// 200 as long as the process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 when the databases answer, else 503. Clicks are redirected in both cases (design §5.3).
pub async fn readyz(State(state): State<AppState>) -> Response {
    match state.engine.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(?error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// Prometheus text, for this machine, or for those who have the token of the settings.
pub async fn metrics(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    // A proxy on this machine forwards strangers, who must not pass for it.
    let is_local = peer.ip().to_canonical().is_loopback() && !headers.contains_key("x-forwarded-for");
    let token = &state.config.metrics_token;
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let has_token = !token.is_empty() && sent.strip_prefix("Bearer ").is_some_and(|sent| sent == token);
    if !is_local && !has_token {
        return StatusCode::NOT_FOUND.into_response();
    }
    let log = state.engine.click_log_stats();
    for (name, value) in [
        ("whocpa_click_log_durable", log.durable),
        ("whocpa_click_log_unacknowledged", log.unacknowledged),
        ("whocpa_click_log_groups", log.groups),
        ("whocpa_click_log_sync_errors", log.sync_errors),
    ] {
        metrics::counter!(name).absolute(value);
    }
    gauge("whocpa_click_log_pending_bytes", log.pending_bytes);
    gauge("whocpa_click_log_segments", log.segments as u64);
    gauge("whocpa_click_log_reserve_segments", log.reserve_segments as u64);
    telemetry::metrics().map_or_else(String::new, PrometheusHandle::render).into_response()
}

#[expect(clippy::cast_precision_loss, reason = "figures of this kind stay far below 2^53")]
fn gauge(name: &'static str, value: u64) {
    metrics::gauge!(name).set(value as f64);
}
