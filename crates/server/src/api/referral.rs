//! `referral`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::referral::{ReferralList, ReferralRow, ReferralView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Referral,
        "Somebody who joined by a webmaster's invitation, and what it earns the webmaster.",
    )
    .soon::<ReferralList, ReferralRow>(
        Method::List,
        "People whom you brought that fit the filters, page by page.",
    )
    .soon::<Nothing, ReferralView>(Method::View, "One of them, with what it earned by currency.")
}
