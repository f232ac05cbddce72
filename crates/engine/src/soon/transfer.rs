//! Transfers: every movement of money, never changed and never deleted.

use whocpa_domain::input::Until;
use whocpa_domain::ledger::{AccountKind, CauseKind, TransferKind};
use whocpa_domain::money::Amount;
use whocpa_domain::{Page, PerPage, Time, params, view};

params! {
    /// Which transfers are wanted.
    pub struct TransferList {
        /// Only these transfers.
        id: Option<Vec<i64>>,
        /// Only of these kinds.
        kind: Option<Vec<TransferKind>>,
        /// Only from or to accounts of these kinds.
        account: Option<Vec<AccountKind>>,
        /// Only in this currency.
        currency_id: Option<i64>,
        /// Only those of these leads.
        lead_id: Option<Vec<i64>>,
        /// Only those of this payout.
        payout_id: Option<i64>,
        /// Only those of this deposit.
        deposit_id: Option<i64>,
        /// Only from or to accounts of this person, 0 for the network itself; for operators.
        owner_id: Option<i64>,
        /// Made from here on.
        d_created_from: Option<Time>,
        /// Made until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

view! {
    /// A movement of money: out of one account, into another one.
    pub struct TransferView {
        /// Transfer id.
        id: i64,
        /// Why it was made.
        kind: TransferKind,
        /// Kind of the account that it was taken from; `null` when that one is not yours.
        debit_account: Option<AccountKind>,
        /// Owner of that account, 0 for the network itself; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        debit_owner_id: Option<i64>,
        /// Kind of the account that it was put into; `null` when that one is not yours.
        credit_account: Option<AccountKind>,
        /// Owner of that account, 0 for the network itself; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        credit_owner_id: Option<i64>,
        /// How much, always above zero.
        amount: Amount,
        /// Currency of `amount`.
        currency_id: i64,
        /// What caused it.
        cause_kind: CauseKind,
        /// Id of its cause.
        cause_id: i64,
        /// The lead that it belongs to.
        lead_id: Option<i64>,
        /// The payout that it belongs to.
        payout_id: Option<i64>,
        /// The deposit that it belongs to.
        deposit_id: Option<i64>,
        /// The transfer that it takes back.
        reverses_id: Option<i64>,
        /// Why, in words, where somebody gave a reason.
        reason: String,
        /// When it was made.
        date_created: Time,
    }
}
