//! `whocpa demo`: being written.
/// Options.
#[derive(Debug, clap::Args)]
pub struct DemoOptions {}
/// Runs it.
pub async fn run(_: DemoOptions) -> Result<(), String> { Ok(()) }
