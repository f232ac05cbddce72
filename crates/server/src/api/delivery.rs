//! `delivery`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::IdOnly;
use whocpa_engine::soon::delivery::{DeliveryList, DeliveryRow, DeliveryUpdate, DeliveryView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Delivery, "One event that a postback tells, with every try.")
        .soon::<DeliveryList, DeliveryRow>(
            Method::List,
            "Deliveries that fit the filters, page by page, newest first.",
        )
        .soon::<Nothing, DeliveryView>(
            Method::View,
            "One delivery with its tries and the receiver's answers.",
        )
        .soon::<DeliveryUpdate, IdOnly>(Method::Update, "Sends a delivery again.")
}
