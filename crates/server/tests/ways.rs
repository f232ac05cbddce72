//! Every way in for a lead, through the real router and on both databases.

#[cfg(test)]
#[path = "ways/approvals.rs"]
mod approvals;
#[cfg(test)]
#[path = "ways/chromium.rs"]
mod chromium;
#[cfg(test)]
#[path = "ways/forms.rs"]
mod forms;
#[cfg(test)]
#[path = "ways/imports.rs"]
mod imports;
#[cfg(test)]
#[path = "ways/late.rs"]
mod late;
#[cfg(test)]
#[path = "ways/network.rs"]
mod network;
#[cfg(test)]
#[path = "ways/orders.rs"]
mod orders;
#[cfg(test)]
#[path = "ways/orphans.rs"]
mod orphans;
#[cfg(test)]
#[path = "ways/permutations.rs"]
mod permutations;
#[cfg(test)]
#[path = "ways/pixels.rs"]
mod pixels;
#[cfg(test)]
#[path = "ways/repeats.rs"]
mod repeats;
#[cfg(test)]
#[path = "ways/roles.rs"]
mod roles;
#[cfg(test)]
#[path = "ways/senders.rs"]
mod senders;
#[cfg(test)]
#[path = "ways/shapes.rs"]
mod shapes;
#[cfg(test)]
#[path = "ways/waiting.rs"]
mod waiting;

#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;
