//! The list of all resources. Those that are only announced answer 501, like methods that no declaration names.

use std::sync::LazyLock;

use whocpa_domain::{Method, Resource};

use super::resource::{Declaration, Declared};
use super::{
    advance, area, audit, balance, batch, category, click, condition, connection, cover, currency, decision,
    deeplink, delivery, deposit, document, domain, event, export, feed, finding, geo, goal, key, landing,
    lead, link, news, offer, orphan, payout, postback, product, profile, promo, proof, rate, referral,
    rerating, rule, simulate, stat, stock, ticket, transfer, user, wallet,
};

/// Declared resources.
pub struct Registry(Vec<Declaration>);

/// The network's resources, in the order of the reference's menu. A new resource is one line here and one in `mod.rs`.
pub static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    Registry::new(vec![
        offer::declaration(),
        goal::declaration(),
        category::declaration(),
        currency::declaration(),
        rate::declaration(),
        geo::declaration(),
        promo::declaration(),
        landing::declaration(),
        stock::declaration(),
        product::declaration(),
        feed::declaration(),
        news::declaration(),
        area::declaration(),
        connection::declaration(),
        advance::declaration(),
        batch::declaration(),
        cover::declaration(),
        condition::declaration(),
        link::declaration(),
        lead::declaration(),
        orphan::declaration(),
        decision::declaration(),
        rerating::declaration(),
        rule::declaration(),
        finding::declaration(),
        event::declaration(),
        export::declaration(),
        balance::declaration(),
        transfer::declaration(),
        wallet::declaration(),
        payout::declaration(),
        deposit::declaration(),
        ticket::declaration(),
        profile::declaration(),
        key::declaration(),
        user::declaration(),
        audit::declaration(),
        // Announced.
        click::declaration(),
        deeplink::declaration(),
        delivery::declaration(),
        domain::declaration(),
        postback::declaration(),
        proof::declaration(),
        referral::declaration(),
        document::declaration(),
        simulate::declaration(),
        stat::declaration(),
    ])
});

impl Registry {
    /// A list of resources.
    ///
    /// # Panics
    /// At start, when a declaration contradicts the access table: nobody could ever use that method.
    pub fn new(declarations: Vec<Declaration>) -> Self {
        for (number, declaration) in declarations.iter().enumerate() {
            let resource = declaration.resource;
            let twin = declarations[..number].iter().any(|other| other.resource == resource);
            assert!(!twin, "{} is declared twice", resource.name());
            for (method, _) in declaration.methods() {
                let (resource, method_name) = (resource.name(), method.name());
                assert!(
                    declaration.resource.has(method),
                    "{resource}_{method_name} is declared, but the access table gives it to nobody"
                );
            }
        }
        Self(declarations)
    }

    /// A resource's declaration, if it has one.
    pub fn declaration(&self, resource: Resource) -> Option<&Declaration> {
        self.0.iter().find(|declaration| declaration.resource == resource)
    }

    /// A method, if it is there: declared and not only announced.
    pub fn method(&self, resource: Resource, method: Method) -> Option<&Declared> {
        self.declaration(resource)?.method(method).filter(|declared| !declared.is_soon())
    }

    /// All declarations in order.
    pub fn declarations(&self) -> &[Declaration] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_declared_method_is_in_the_access_table_and_documented() {
        for declaration in REGISTRY.declarations() {
            assert!(!declaration.about.is_empty(), "{}", declaration.resource.name());
            for (method, declared) in declaration.methods() {
                let name = format!("{}_{}", declaration.resource.name(), method.name());
                assert!(declared.doc.ends_with('.'), "{name}: a sentence is wanted");
                for param in declared.params {
                    assert!(!param.doc.is_empty(), "{name}: what does {} mean?", param.name);
                }
                for field in declared.fields {
                    assert!(!field.doc.is_empty(), "{name}: what does {} mean?", field.name);
                }
            }
        }
    }
}
