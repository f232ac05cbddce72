//! Connections: whether a webmaster may send traffic to an offer.

use crate::codes;

codes! {
    /// State of a webmaster's work with an offer.
    pub enum ConnectionStatus {
        Requested = 0 "requested",
        Approved = 1 "approved",
        Refused = 2 "refused",
    }
}
