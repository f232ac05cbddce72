//! The whole HTTP application, and serving it until told to stop.

use std::future::Future;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use tokio::net::TcpListener;
use whocpa_domain::SystemClock;
use whocpa_engine::{Engine, Rng};

use crate::apidocs::changes;
use crate::config::Config;
use crate::serve::Times;
use crate::state::AppState;
use crate::track::parked;
use crate::{api, serve, site, telemetry, track, web};

/// Time for running requests to end after the process was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Every route: API, tracking, pages, health.
pub fn router(state: &AppState) -> Router {
    let site =
        Router::new().merge(web::router(state)).merge(site::router(state)).merge(api::router(state.clone()));
    let site = site.layer(from_fn_with_state(state.clone(), parked::only_links));
    let rest = any(parked::elsewhere).with_state(state.clone());
    Router::new().merge(site).merge(parked::router(state)).merge(track::router(state)).fallback_service(rest)
}

/// Opens the engine on these settings with the machine's clock and randomness.
///
/// # Errors
/// When the data folder or the database cannot be used.
pub async fn open(config: &Config) -> whocpa_domain::Result<Engine> {
    Engine::open(config.engine(), std::sync::Arc::new(SystemClock), Rng::system()).await
}

/// Binds the address of the settings.
///
/// # Errors
/// Names the address, for example when another program has it.
pub async fn bind(config: &Config) -> Result<TcpListener, String> {
    TcpListener::bind(config.listen).await.map_err(|e| format!("cannot listen on {}: {e}", config.listen))
}

/// Serves until `stop` is ready, then lets running requests end (at most ten seconds) and makes everything durable.
///
/// # Errors
/// When the engine fails to make everything durable.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), String> {
    telemetry::metrics();
    let engine = state.engine.clone();
    let jobs = engine.jobs_start();
    let told = engine.clone();
    // Beside serving: visitors are redirected while the database is away.
    tokio::spawn(async move {
        if let Err(error) = changes::publish(&told).await {
            tracing::warn!(?error, "changes of the API are not told as news yet; the next start tries again");
        }
    });
    let limits = state.config.limits;
    let [head, write] = [limits.head_seconds, limits.write_seconds].map(Duration::from_secs);
    serve::connections(listener, router(&state), Times { head, write, grace: GRACE }, stop).await;
    jobs.stop().await;
    engine.close().await.map_err(|e| e.to_string())
}

/// Ready at the first Ctrl-C or SIGTERM.
pub async fn stop_signal() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
