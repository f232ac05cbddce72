//! The `whocpa` program.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use whocpa::command::Cli;

/// A redirect makes many small allocations; this allocator makes them cheaper than the system's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            whocpa::command::complain(&message);
            ExitCode::FAILURE
        }
    }
}
