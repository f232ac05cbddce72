//! The whole HTTP application, and serving it until told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use whocpa_domain::SystemClock;
use whocpa_engine::{Engine, Rng};

use crate::config::Config;
use crate::state::AppState;
use crate::{api, telemetry, track, web};

/// Every route: API, tracking, pages, health.
pub fn router(state: AppState) -> Router {
    Router::new()
        .merge(web::router())
        .with_state(state.clone())
        .merge(track::router(&state))
        .merge(api::router(state))
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
/// When the listener or the engine fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), String> {
    telemetry::metrics();
    let engine = state.engine.clone();
    let jobs = engine.jobs_start();
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let stop = async move {
        stop.await;
        // Nobody waits for this when serving has already failed.
        let _ = stopping.send(());
    };
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|stream| {
        // Answers are small and whole: waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
    });
    let server = axum::serve(listener, service).with_graceful_shutdown(stop);
    let deadline = async {
        let _ = stopped.await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    };
    let served = tokio::select! {
        served = server => served.map_err(|e| e.to_string()),
        () = deadline => Ok(()),
    };
    jobs.stop().await;
    engine.close().await.map_err(|e| e.to_string())?;
    served
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
