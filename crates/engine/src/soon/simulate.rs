//! Simulation: what would happen to a click or a lead, without making one.

use whocpa_domain::click::ClickReason;
use whocpa_domain::input::Decimal;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::money::Amount;
use whocpa_domain::{Time, codes, params, view};

use crate::click::ClickStep;

codes! {
    /// What is tried.
    pub enum SimulateKind {
        Click = 1 "a click on a link",
        Lead = 2 "a report of an action",
    }
}

params! {
    /// What is tried. Nothing of it is stored, counted or paid.
    pub struct SimulateCreate {
        /// What is tried.
        kind: SimulateKind,
        /// The link; required for a click. Yours, or one to your offer.
        link_id: Option<i64>,
        /// When it happens; now unless told.
        date: Option<Time>,
        /// Visitor's address.
        ip: Option<String>,
        /// Visitor's country, ISO 3166; by the address unless told.
        country: Option<String>,
        /// Visitor's user agent.
        ua: Option<String>,
        /// Visitor's language.
        language: Option<String>,
        /// Page that the visitor comes from.
        url_from: Option<String>,
        /// Parameters after the link's address, for example `subid1=a&subid2=b`.
        query: Option<String>,
        /// The click that brought the action; required for a lead.
        tid: Option<String>,
        /// Goal of the action; the offer's first active goal unless told.
        goal_id: Option<i64>,
        /// The advertiser's id of the action.
        sale_id: Option<String>,
        /// Amount of the sale, in the goal's currency.
        amount: Option<Decimal>,
        /// The decision that comes with the report; pending unless told.
        status: Option<LeadStatus>,
    }
}

view! {
    /// What would happen.
    pub struct SimulateView {
        /// Always 0: nothing is stored.
        id: i64,
        /// Click: where the visitor would go. Advertisers' parameters are left out for others.
        url_to: String,
        /// Click: why.
        reason: Option<ClickReason>,
        /// Offer that it would be counted for.
        offer_id: Option<i64>,
        /// Landing page that would be chosen.
        landing_id: Option<i64>,
        /// Lead: the answer that the report would get, for example `accepted`.
        verdict: String,
        /// Lead: the goal that would be chosen.
        goal_id: Option<i64>,
        /// Lead: its status.
        status: Option<LeadStatus>,
        /// Lead: the lead that it would repeat.
        first_lead_id: Option<i64>,
        /// Lead: webmaster: what you would earn; advertiser and operator: what the advertiser would pay.
        money: Option<Amount>,
        /// Lead: currency of `money`.
        currency_id: Option<i64>,
        /// Lead: when its hold would end.
        date_hold_end: Option<Time>,
        /// The questions and their answers, in order.
        trace: Vec<ClickStep>,
    }
}
