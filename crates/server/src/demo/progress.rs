//! How far the demo is: bars on a terminal, a line per step elsewhere. Both on standard error.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::command::complain;

/// A running step.
pub struct Step {
    bar: ProgressBar,
    name: &'static str,
    began: Instant,
}

impl Step {
    /// Begins a step of `length` parts.
    pub fn begin(name: &'static str, length: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        let style =
            ProgressStyle::with_template("{msg:10} [{bar:36}] {human_pos}/{human_len} {per_sec} {eta}");
        // The template is a constant; with a bad one the library's own style stays.
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(name);
        Self { bar, name, began: Instant::now() }
    }

    /// So many parts more are done.
    pub fn advance(&self, parts: u64) {
        self.bar.inc(parts);
    }

    /// Ends the step; gives how long it took.
    pub fn end(self, what: &str) -> Duration {
        let took = self.began.elapsed();
        let line = format!("{:10} {what}, {:.1} s", self.name, took.as_secs_f64());
        self.bar.finish_and_clear();
        complain(&line);
        took
    }
}
