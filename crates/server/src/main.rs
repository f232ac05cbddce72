//! The `whocpa` program.

use std::process::ExitCode;

use clap::Parser;
use whocpa::command::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            whocpa::command::complain(&message);
            ExitCode::FAILURE
        }
    }
}
