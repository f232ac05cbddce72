//! Payouts: a webmaster's money on its way out.

use whocpa_domain::input::{Decimal, Until};
use whocpa_domain::money::Amount;
use whocpa_domain::{Page, PerPage, Time, codes, params, view};

use super::wallet::WalletKind;

codes! {
    /// How far a payout is.
    pub enum PayoutStatus {
        Requested = 0 "asked for; the money is reserved",
        Approved = 1 "approved, waiting to be sent",
        Sending = 2 "handed to the way of payment",
        Paid = 3 "paid",
        Rejected = 4 "rejected; the money is available again",
        Cancelled = 5 "cancelled by its owner; the money is available again",
    }
}

params! {
    /// Which payouts are wanted.
    pub struct PayoutList {
        /// Only in these states.
        status: Option<Vec<PayoutStatus>>,
        /// Only to this wallet.
        wallet_id: Option<i64>,
        /// Only by these ways of payment.
        wallet_kind: Option<Vec<WalletKind>>,
        /// Only of this webmaster; for operators.
        webmaster_id: Option<i64>,
        /// Asked for from here on.
        d_created_from: Option<Time>,
        /// Asked for until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A wish to be paid. It needs an `Idempotency-Key`.
    pub struct PayoutCreate {
        /// Where the money goes; an approved wallet of yours.
        wallet_id: i64,
        /// The balance that it is taken from.
        currency_id: i64,
        /// How much; everything that is available unless told.
        amount: Option<Decimal>,
        /// What the operator should know.
        comment: Option<String>,
    }
}

params! {
    /// An operator's step with a payout.
    pub struct PayoutUpdate {
        /// The next state. Above the network's limit another operator must approve it too.
        status: Option<PayoutStatus>,
        /// Why it is rejected; required with a rejection.
        reason: Option<String>,
        /// Id of the payment in the system that made it.
        reference: Option<String>,
    }
}

view! {
    /// A payout.
    pub struct PayoutView {
        /// Payout id.
        id: i64,
        /// Who is paid; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// Where the money goes.
        wallet_id: i64,
        /// By which way.
        wallet_kind: WalletKind,
        /// What leaves the balance.
        amount: Amount,
        /// Currency of `amount` and `fee`.
        currency_id: i64,
        /// What the way of payment keeps.
        fee: Amount,
        /// What arrives, in the wallet's currency.
        amount_paid: Amount,
        /// Currency of `amount_paid`.
        paid_currency_id: i64,
        /// Rate by which the one became the other.
        rate: Amount,
        /// How far it is.
        status: PayoutStatus,
        /// Why it was rejected, empty otherwise.
        reason: String,
        /// The owner's words to the operator.
        comment: String,
        /// Id of the payment in the system that made it.
        reference: String,
        /// When it was asked for.
        date_created: Time,
        /// When it was approved or rejected.
        date_decided: Option<Time>,
        /// When it was paid.
        date_paid: Option<Time>,
        /// Who approved it; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        approved_by: Option<Vec<i64>>,
    }
}
