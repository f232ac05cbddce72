//! Special conditions: rates and hold for one webmaster.

use whocpa_domain::goal::MoneyType;
use whocpa_domain::input::Patch;
use whocpa_domain::{Page, PerPage, Time, params, view};

params! {
    /// Which conditions are wanted.
    pub struct ConditionList {
        /// Only of these offers.
        offer_id: Option<Vec<i64>>,
        /// Only of these goals.
        goal_id: Option<Vec<i64>>,
        /// Only those that are in force (1), or only the others (0).
        is_active: Option<bool>,
        /// Only of this webmaster; for operators.
        webmaster_id: Option<i64>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new condition. It counts for actions from its start on.
    pub struct ConditionCreate {
        /// For whom.
        webmaster_id: i64,
        /// For which goal.
        goal_id: i64,
        /// Only for visitors from this area; from all areas unless told.
        area_id: Option<i64>,
        /// What the webmaster gets, stated as the goal's own `payment`.
        payment: Option<String>,
        /// What the advertiser pays, stated alike.
        charge: Option<String>,
        /// Days of hold, 0 to 365.
        hold_period: Option<i64>,
        /// Words for the webmaster.
        description: Option<String>,
        /// In force from here; from now unless told.
        date_start: Option<Time>,
        /// In force until here; without end unless told.
        date_end: Option<Time>,
    }
}

params! {
    /// Changes of a condition: a new version for actions from now on; leads keep the terms by which they were rated.
    pub struct ConditionUpdate {
        /// What the webmaster gets; empty for the goal's own.
        payment: Patch<String>,
        /// What the advertiser pays; empty for the goal's own.
        charge: Patch<String>,
        /// Days of hold, 0 to 365; empty for the goal's own.
        hold_period: Patch<i64>,
        /// Words for the webmaster.
        description: Option<String>,
        /// In force until here; empty for without end.
        date_end: Patch<Time>,
    }
}

view! {
    /// What is different for one webmaster.
    pub struct ConditionView {
        /// Condition id.
        id: i64,
        /// For whom.
        webmaster_id: i64,
        /// The offer.
        offer_id: i64,
        /// The goal.
        goal_id: i64,
        /// Only for visitors from this area, `null` for all areas.
        area_id: Option<i64>,
        /// How `payment` and `charge` are stated.
        money_type: MoneyType,
        /// Currency of the goal.
        currency_id: i64,
        /// What the webmaster gets, `null` for the goal's own.
        payment: Option<String>,
        /// What the webmaster gets without this condition.
        payment_base: String,
        /// What the advertiser pays, `null` for the goal's own; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        charge: Option<String>,
        /// What the advertiser pays without this condition; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        charge_base: Option<String>,
        /// Days of hold, `null` for the goal's own.
        hold_period: Option<i64>,
        /// Days of hold without this condition.
        hold_period_base: i64,
        /// Words for the webmaster.
        description: String,
        /// In force from here.
        date_start: Time,
        /// In force until here, `null` for without end.
        date_end: Option<Time>,
        /// Whether it is in force now.
        is_active: bool,
        /// When it was made.
        date_created: Time,
        /// When it was last changed.
        date_updated: Time,
    }
}
