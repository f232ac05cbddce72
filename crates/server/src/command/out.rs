//! What commands tell the person at the terminal; everything else goes to the log.

use whocpa_domain::Error;

/// An operation's refusal for the person at the terminal, who may read causes too.
pub fn told(error: &Error) -> String {
    match error {
        Error::Invalid(errors) => {
            let all = errors.messages().iter().map(|(name, texts)| format!("{name}: {}", texts.join("; ")));
            all.collect::<Vec<String>>().join(", ")
        }
        Error::Internal(cause) | Error::Unavailable(cause) => cause.clone(),
        other => other.to_string(),
    }
}

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
