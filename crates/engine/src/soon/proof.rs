//! Proofs: that nothing was changed or left out, without trusting the operator.

use whocpa_domain::input::Until;
use whocpa_domain::{Page, PerPage, Time, codes, params, view};

codes! {
    /// What an entry of the chain records.
    pub enum ProofKind {
        LeadEvent = 1 "an event of a lead",
        Transfer = 2 "a transfer",
    }
}

params! {
    /// Which sealed blocks are wanted.
    pub struct ProofList {
        /// Blocks from this number on.
        from: Option<i64>,
        /// Only blocks that hold entries of this lead.
        lead_id: Option<i64>,
        /// Sealed from here on.
        d_created_from: Option<Time>,
        /// Sealed until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

view! {
    /// A sealed block of the chain.
    pub struct ProofRow {
        /// Number of the block, from 1, without gaps.
        id: i64,
        /// Hash of the block, in hex.
        hash: String,
        /// Hash of the block before it, in hex.
        previous_hash: String,
        /// Root of the tree of its entries, in hex.
        root: String,
        /// Signature of `hash`, in hex.
        signature: String,
        /// The key that signed it.
        key_id: String,
        /// Entries in it, of all parties.
        entry_count: i64,
        /// Number of your first entry in it; your entries are numbered from 1, without gaps.
        own_first: Option<i64>,
        /// Number of your last entry in it.
        own_last: Option<i64>,
        /// Hash of your own chain after it, in hex.
        own_hash: String,
        /// When it was sealed.
        date_created: Time,
    }
}

view! {
    /// One of your entries in a block.
    pub struct ProofEntry {
        /// Its number among your entries.
        number: i64,
        /// What it records.
        kind: ProofKind,
        /// The lead.
        lead_id: Option<i64>,
        /// Number of the lead's event.
        event_number: Option<i64>,
        /// The transfer.
        transfer_id: Option<i64>,
        /// Hash of the entry, in hex.
        hash: String,
        /// What was hashed, in the documented encoding, in hex.
        content: String,
        /// Hashes from the entry up to `root`, in hex.
        path: Vec<String>,
    }
}

view! {
    /// A block with your entries and their way to its root.
    pub struct ProofView {
        /// All fields of the list.
        #[serde(flatten)]
        row: ProofRow,
        /// Your entries, in order.
        entries: Vec<ProofEntry>,
    }
}
