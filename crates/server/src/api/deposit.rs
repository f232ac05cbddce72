//! `deposit`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::IdOnly;
use whocpa_engine::soon::deposit::{DepositCreate, DepositList, DepositUpdate, DepositView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Deposit, "Money of an advertiser on its way in, with its invoice.")
        .soon::<DepositList, DepositView>(
            Method::List,
            "Deposits that fit the filters, page by page, newest first.",
        )
        .soon::<Nothing, DepositView>(Method::View, "One deposit, with how to pay it.")
        .soon::<DepositUpdate, IdOnly>(Method::Update, "Confirms or cancels a deposit.")
        .soon::<DepositCreate, IdOnly>(
            Method::Create,
            "Makes a deposit and its invoice; an operator confirms the money when it is there.",
        )
}
