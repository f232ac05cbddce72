//! Decisions about many leads at once: limits and states.

use crate::codes;

codes! {
    /// How far a decision about many leads has come.
    pub enum DecisionStatus {
        Loading = 0 "its rows are being read",
        Checking = 1 "its rows are being checked, nothing is decided",
        Checked = 2 "checked: it waits to be applied",
        Applying = 3 "it is being applied",
        Applied = 4 "applied",
        Stopped = 5 "stopped: what was applied before stays",
    }
}

impl DecisionStatus {
    /// Whether somebody works on its rows, or should.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Checking | Self::Applying)
    }
}

codes! {
    /// What became of one row, or would.
    pub enum DecisionVerdict {
        Decided = 1 "the lead is decided",
        Unchanged = 2 "the lead was decided like this already",
        Refused = 3 "refused, nothing was changed",
    }
}

/// Rows of one file.
pub const DECISION_ROWS: usize = 50_000;
/// Most bytes of a file.
pub const DECISION_BYTES: usize = 10 << 20;
/// Days for which the rows of a decision are kept after its end; what it did stands in the leads' own histories.
pub const DECISION_DAYS: i64 = 30;
