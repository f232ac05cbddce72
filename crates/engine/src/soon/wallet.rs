//! Wallets: where a webmaster's money goes out.

use whocpa_domain::money::Amount;
use whocpa_domain::{Page, PerPage, Time, codes, params, view};

codes! {
    /// Way of being paid.
    pub enum WalletKind {
        Capitalist = 1 "Capitalist",
        Payoneer = 2 "Payoneer",
        Usdt = 3 "USDT",
        Card = 4 "bank card",
        Bank = 5 "bank account",
    }
}

codes! {
    /// Whether a wallet may be used.
    pub enum WalletStatus {
        Review = 0 "on review",
        Approved = 1 "may be paid to",
        Rejected = 2 "rejected",
    }
}

params! {
    /// Which wallets are wanted.
    pub struct WalletList {
        /// Only of these kinds.
        kind: Option<Vec<WalletKind>>,
        /// Only in these states.
        status: Option<Vec<WalletStatus>>,
        /// Only of this webmaster; for operators.
        webmaster_id: Option<i64>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new wallet.
    pub struct WalletCreate {
        /// Way of being paid.
        kind: WalletKind,
        /// Number, address or e-mail of the account, as that way of payment writes it; checked by its rules.
        account: String,
        /// Currency in which it takes money.
        currency_id: i64,
        /// Name of the account's owner; required for cards and bank accounts.
        holder: Option<String>,
        /// USDT: the network, `TRC20` or `ERC20`.
        network: Option<String>,
        /// What you call it.
        name: Option<String>,
        /// Whether scheduled payouts go here; the first wallet does.
        is_default: Option<bool>,
    }
}

params! {
    /// Changes of a wallet. Its account stays: another account is another wallet.
    pub struct WalletUpdate {
        /// What you call it; for the owner.
        name: Option<String>,
        /// Whether scheduled payouts go here; for the owner.
        is_default: Option<bool>,
        /// The decision; for operators.
        status: Option<WalletStatus>,
        /// Why it was rejected; for operators, required with a rejection.
        reason: Option<String>,
    }
}

view! {
    /// A wallet.
    pub struct WalletView {
        /// Wallet id.
        id: i64,
        /// Whose it is; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// Way of being paid.
        kind: WalletKind,
        /// The account, with its middle part masked.
        account: String,
        /// Name of the account's owner.
        holder: String,
        /// USDT: the network.
        network: String,
        /// Currency in which it takes money.
        currency_id: i64,
        /// What its owner calls it.
        name: String,
        /// Whether scheduled payouts go here.
        is_default: bool,
        /// Whether it may be used.
        status: WalletStatus,
        /// Why it was rejected, empty otherwise.
        reason: String,
        /// Least amount of a payout to it, in its currency.
        amount_min: Amount,
        /// Fixed part of the fee of a payout, in its currency.
        fee: Amount,
        /// Share of a payout that is its fee, in percent.
        fee_percent: Amount,
        /// When it was added.
        date_created: Time,
    }
}
