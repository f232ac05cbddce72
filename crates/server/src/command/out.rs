//! What commands tell the person at the terminal; everything else goes to the log.

/// A line on standard output.
#[expect(clippy::print_stdout, reason = "commands answer on standard output")]
pub fn say(line: &str) {
    println!("{line}");
}

/// Why a command failed, on standard error.
#[expect(clippy::print_stderr, reason = "commands complain on standard error")]
pub fn complain(message: &str) {
    eprintln!("whocpa: {message}");
}
