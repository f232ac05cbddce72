//! Referrals: who brought whom, and what it earned.

use whocpa_domain::input::Until;
use whocpa_domain::money::Amount;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Page, PerPage, Time, params, view};

params! {
    /// Which referrals are wanted.
    pub struct ReferralList {
        /// Joined from here on.
        d_created_from: Option<Time>,
        /// Joined until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Only those brought by this person; for operators.
        referrer_id: Option<i64>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

view! {
    /// Somebody who was brought.
    pub struct ReferralRow {
        /// User id of who was brought.
        id: i64,
        /// Who brought him; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        referrer_id: Option<i64>,
        /// Name, masked for everybody but operators.
        name: String,
        /// Kind of account.
        level: UserLevel,
        /// Share of what he earns that the network pays to the referrer, in percent.
        percent: Amount,
        /// Until when that share is paid, `null` for without end.
        date_end: Option<Time>,
        /// His closed and approved leads.
        lead_count: i64,
        /// When he joined.
        date_created: Time,
    }
}

view! {
    /// What a referral earned in one currency.
    pub struct ReferralEarned {
        /// Currency.
        currency_id: i64,
        /// Available to the referrer or paid out already.
        amount: Amount,
        /// Waiting for the end of the hold.
        amount_hold: Amount,
    }
}

view! {
    /// Somebody who was brought, and what it earned.
    pub struct ReferralView {
        /// All fields of the list.
        #[serde(flatten)]
        row: ReferralRow,
        /// What it earned, by currency.
        earned: Vec<ReferralEarned>,
    }
}
