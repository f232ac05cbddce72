//! Deposits: an advertiser's money on its way in.

use whocpa_domain::input::{Decimal, Until};
use whocpa_domain::money::Amount;
use whocpa_domain::{Page, PerPage, Time, codes, params, view};

codes! {
    /// Way of paying in.
    pub enum DepositMethod {
        Invoice = 1 "bank transfer by invoice",
        Capitalist = 2 "Capitalist",
        Usdt = 3 "USDT",
        Card = 4 "bank card",
        Manual = 5 "an operator's entry",
    }
}

codes! {
    /// How far a deposit is.
    pub enum DepositStatus {
        Waiting = 0 "waiting for the money",
        Paid = 1 "on the balance",
        Cancelled = 2 "cancelled",
    }
}

params! {
    /// Which deposits are wanted.
    pub struct DepositList {
        /// Only in these states.
        status: Option<Vec<DepositStatus>>,
        /// Only by these ways.
        method: Option<Vec<DepositMethod>>,
        /// Only of this advertiser; for operators.
        advertiser_id: Option<i64>,
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

params! {
    /// A new deposit. It needs an `Idempotency-Key`.
    pub struct DepositCreate {
        /// How much.
        amount: Decimal,
        /// Currency of the balance that it goes to.
        currency_id: i64,
        /// Way of paying in.
        method: DepositMethod,
        /// What the operator should know.
        comment: Option<String>,
        /// Who pays in; for operators, and required from them.
        advertiser_id: Option<i64>,
    }
}

params! {
    /// An operator's step with a deposit.
    pub struct DepositUpdate {
        /// Paid puts the money on the balance; it cannot be taken back but by another transfer.
        status: Option<DepositStatus>,
        /// Id of the payment in the system that made it.
        reference: Option<String>,
        /// Words of the operator.
        reason: Option<String>,
    }
}

view! {
    /// A deposit and its invoice.
    pub struct DepositView {
        /// Deposit id.
        id: i64,
        /// Who pays in.
        advertiser_id: i64,
        /// Number of the invoice.
        number: String,
        /// How much.
        amount: Amount,
        /// Currency of `amount`.
        currency_id: i64,
        /// Way of paying in.
        method: DepositMethod,
        /// How far it is.
        status: DepositStatus,
        /// Where to pay to and what to write there.
        instructions: String,
        /// Address of the invoice as PDF.
        url_invoice: String,
        /// The advertiser's words to the operator.
        comment: String,
        /// Words of the operator.
        reason: String,
        /// Id of the payment in the system that made it.
        reference: String,
        /// When it was made.
        date_created: Time,
        /// Until when the invoice is to be paid.
        date_due: Option<Time>,
        /// When the money was on the balance.
        date_paid: Option<Time>,
    }
}
