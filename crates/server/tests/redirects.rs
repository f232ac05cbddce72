//! Where visitors are sent: only to addresses that stand in an offer or a link, whatever they bring (trust R1).

#[cfg(test)]
#[path = "redirects/attempts.rs"]
mod attempts;
#[cfg(test)]
#[path = "redirects/parked.rs"]
mod parked;
#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;
