//! `payout`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::IdOnly;
use whocpa_engine::soon::payout::{PayoutCreate, PayoutList, PayoutUpdate, PayoutView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Payout, "Money of yours on its way out.")
        .soon::<PayoutList, PayoutView>(
            Method::List,
            "Payouts that fit the filters, page by page, newest first.",
        )
        .soon::<Nothing, PayoutView>(Method::View, "One payout.")
        .soon::<PayoutUpdate, IdOnly>(Method::Update, "Approves, sends or rejects a payout.")
        .soon::<PayoutCreate, IdOnly>(Method::Create, "Asks for a payout; the amount is reserved at once.")
        .soon::<Nothing, IdOnly>(
            Method::Delete,
            "Cancels a payout that nobody has approved yet; the money is available again.",
        )
}
