//! The order form of an offer, reached by a webmaster's link: for those who have no site of their own.

use std::sync::Arc;

use whocpa_domain::buyer::FormField;
use whocpa_domain::money::Amount;
use whocpa_domain::way::LeadWay;
use whocpa_domain::{Error, FieldErrors, Result, Scope};
use whocpa_store::{currency, offer};

use super::order::{LeadCreated, OrderSent, told};
use crate::catalogue::LinkEntry;
use crate::domain::ParkedHost;
use crate::offer::fields_of;
use crate::{Engine, image};

/// An order form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderForm {
    /// The offer.
    pub offer_id: i64,
    /// What it is called.
    pub name: String,
    /// What it is, in short.
    pub about: String,
    /// Path of its picture, empty for none.
    pub image: String,
    /// What it costs at least, with the currency's letters; empty when nothing is known.
    pub price: String,
    /// What is asked besides name and telephone.
    pub fields: Vec<FormField>,
}

impl Engine {
    /// The form that a link leads to.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no link has this code, or none of the parked domain's owner, or its offer has no form.
    pub async fn form_view(&self, code: &str, domain: Option<ParkedHost>) -> Result<OrderForm> {
        let link = self.form_link(code, domain)?;
        let (db, scope) = (self.store().read(), Scope::Webmaster(link.webmaster_id));
        let row = offer::view(&db, scope, link.offer_id).await?.ok_or(Error::NotFound)?;
        if !row.is_form {
            return Err(Error::NotFound);
        }
        let price = match row.price_from.zip(row.price_currency_id) {
            Some((micros, id)) => currency::view(&db, Scope::Public, id).await?.map(|row| {
                let digits = u8::try_from(row.digits).unwrap_or(2);
                format!("{} {}", Amount { micros, digits }, row.code)
            }),
            None => None,
        };
        // Small, middle, big: on the form's own host.
        let middle = image::views("", row.image.as_deref()).into_iter().nth(1);
        Ok(OrderForm {
            offer_id: row.id,
            image: middle.map(|image| image.img).unwrap_or_default(),
            name: row.name,
            about: row.description_short,
            price: price.unwrap_or_default(),
            fields: fields_of(&row.form_fields),
        })
    }

    /// Takes in what a buyer wrote into a form: the same visit again is the same order.
    ///
    /// # Errors
    /// [`Error::Invalid`] by field; [`Error::NotFound`] as [`Engine::form_view`].
    pub async fn form_order(
        &self,
        code: &str,
        domain: Option<ParkedHost>,
        sent: OrderSent,
    ) -> Result<LeadCreated> {
        let form = self.form_view(code, domain).await?;
        let mut errors = FieldErrors::default();
        for field in &form.fields {
            let is_missing = match field {
                FormField::Email => sent.buyer.email.is_empty(),
                FormField::Address => sent.buyer.address.is_empty(),
                FormField::Quantity => sent.buyer.quantity == 0,
                FormField::Comment => false,
            };
            if is_missing {
                errors.add(field.name(), "This parameter is required");
            }
        }
        if sent.tid.is_empty() {
            errors.add("tid", "This parameter is required");
        }
        errors.finish()?;
        let webmaster_id = self.form_link(code, domain)?.webmaster_id;
        let sent = OrderSent { way: Some(LeadWay::Form), webmaster_id, offer_id: form.offer_id, ..sent };
        told(self.order_receive(None, sent).await?)
    }

    /// A link in use; on a parked domain there are those of its owner only.
    fn form_link(&self, code: &str, domain: Option<ParkedHost>) -> Result<Arc<LinkEntry>> {
        let catalogue = self.catalogue().now();
        let owner = domain.and_then(|domain| catalogue.domain_owner(domain.id));
        let is_here = |link: &&Arc<LinkEntry>| owner.is_none_or(|owner| owner == link.webmaster_id);
        let link = catalogue.links.get(code).filter(|link| !link.is_deleted).filter(is_here);
        link.map(Arc::clone).ok_or(Error::NotFound)
    }
}
