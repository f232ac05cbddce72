//! `whocpa serve`

use whocpa_engine::Rng;

use super::{say, told};
use crate::app;
use crate::config::Config;
use crate::state::AppState;

/// Letters of the set-up link: 120 random bits.
const SETUP_LETTERS: usize = 24;

/// Runs the network until Ctrl-C or SIGTERM.
pub async fn run(config: Config) -> Result<(), String> {
    let listener = app::bind(&config).await?;
    let engine = app::open(&config).await.map_err(|e| told(&e))?;
    let rng = Rng::system();
    let mut state = AppState::new(engine.clone(), config.http(), rng.number());
    let url = config.base_url();
    say(&format!("whocpa runs on {url}"));
    say(&format!("  sign in        {url}/sign-in"));
    say(&format!("  API            {url}/api/offer/"));
    say(&format!("  API reference  {url}/apidocs/guest/overview/about"));
    say(&format!("  health         {url}/healthz  {url}/readyz  {url}/metrics"));
    if engine.operator_count().await.map_err(|e| told(&e))? == 0 {
        let token = rng.letters(SETUP_LETTERS);
        say(&format!("  set up         {url}/setup/{token}   (works once: make the first operator there)"));
        state = state.with_setup_token(token);
    }
    app::serve(listener, state, app::stop_signal()).await
}
