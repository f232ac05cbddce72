//! Leads sent by programs: an advertiser reports an action of a click, a webmaster sends a buyer's name and phone.

use whocpa_domain::input::Decimal;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::{params, view};

params! {
    /// A new lead. It goes the same way as a report of the advertiser's shop.
    pub struct LeadCreate {
        /// The click that brought the action; required from advertisers, absent from webmasters whose buyer filled a
        /// form on their own page.
        tid: Option<String>,
        /// The offer; required without `tid`. Webmasters must be connected to it.
        offer_id: Option<i64>,
        /// The goal; the offer's first active goal unless told.
        goal_id: Option<i64>,
        /// The sender's id of the action: the same one again is the same lead.
        sale_id: Option<String>,
        /// Amount of the sale, in the goal's currency; for advertisers and operators.
        amount: Option<Decimal>,
        /// The decision; pending unless told; for advertisers and operators.
        status: Option<LeadStatus>,
        /// Buyer's name; for webmasters, and required from them.
        name: Option<String>,
        /// Buyer's phone as he typed it; for webmasters, and required from them.
        phone: Option<String>,
        /// Buyer's address.
        ip: Option<String>,
        /// Buyer's user agent.
        ua: Option<String>,
        /// Your own link that the buyer came by.
        link_id: Option<i64>,
        /// Your area where the form stands.
        area_id: Option<i64>,
        /// Your label.
        subid1: Option<String>,
        /// Your label.
        subid2: Option<String>,
        /// Your label.
        subid3: Option<String>,
        /// Your label.
        subid4: Option<String>,
        /// Your label.
        subid5: Option<String>,
        /// What the advertiser should know of the order.
        comment: Option<String>,
    }
}

view! {
    /// What became of a lead that was sent: told after it is durable.
    pub struct LeadCreated {
        /// Lead id.
        id: i64,
        /// `accepted`, `updated`, `duplicate` or `parked`.
        verdict: String,
        /// Why it is a duplicate or parked, empty otherwise.
        reason: String,
        /// The lead that a duplicate repeats.
        first_lead_id: Option<i64>,
    }
}
