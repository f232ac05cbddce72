//! Lists as files, over HTTP: what stands in them, who gets them, and what becomes of a run that breaks off.

#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;

#[cfg(test)]
#[path = "exports/files.rs"]
mod files;
#[cfg(test)]
#[path = "exports/large.rs"]
mod large;
#[cfg(test)]
#[path = "exports/network.rs"]
mod network;
#[cfg(test)]
#[path = "exports/runs.rs"]
mod runs;
