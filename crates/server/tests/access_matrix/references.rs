//! Parameters that name objects: one that the caller may not see is refused as one that does not exist.

use whocpa_domain::Resource;

use crate::cells::{Matrix, outside};
use crate::network::Actor::{self, AdvertiserA, AdvertiserB, Guest, ManagerA, WebmasterA, WebmasterB};
use crate::network::Network;

impl Matrix<'_> {
    /// Each form or query is sent with a foreign id and with one that nothing has, in the place of `ID`.
    pub async fn references(&mut self) {
        let network = self.network;
        let [a, b] = &network.parties[..] else { unreachable!() };
        for (own, other) in [(a, b), (b, a)] {
            let (offer, link) = (own.public_offer, own.link);
            let to = format!("offer_id={offer}&area_id=ID");
            let on_link = format!("/api/link/{link}");
            let goal = format!(
                "offer_id=ID&description=x&currency_id={}&hold_period=1&money_type=1&charge=5",
                own.currency_id
            );
            for foreign in [other.private_offer, other.draft_offer, other.public_offer] {
                for resource in [Resource::Promo, Resource::Landing, Resource::Stock, Resource::Product] {
                    let path = format!("/api/{}/", resource.name());
                    let form = Network::material_form(resource, 0, "x").replace("offer_id=0", "offer_id=ID");
                    self.reference(own.advertiser, "POST", &path, &form, foreign).await;
                }
                let form = Network::feed_form(0, "x").replace("offer_id=0", "offer_id=ID");
                self.reference(own.advertiser, "POST", "/api/feed/", &form, foreign).await;
                self.reference(own.advertiser, "GET", "/api/feed/?offer_id=ID", "", foreign).await;
            }
            for foreign in [other.private_offer, other.draft_offer] {
                for list in ["promo", "landing", "stock", "product"] {
                    for actor in [Guest, own.webmaster, own.advertiser] {
                        self.reference(actor, "GET", &format!("/api/{list}/?offer_id=ID"), "", foreign).await;
                    }
                }
                self.reference(own.webmaster, "POST", "/api/link/", "offer_id=ID", foreign).await;
                self.reference(own.webmaster, "POST", "/api/connection/", "offer_id=ID", foreign).await;
                self.reference(own.advertiser, "POST", "/api/goal/", &goal, foreign).await;
                for actor in [Guest, own.webmaster, own.advertiser] {
                    self.reference(actor, "GET", "/api/goal/?offer_id=ID", "", foreign).await;
                    self.reference(actor, "GET", "/api/offer/?id=ID", "", foreign).await;
                }
            }
            self.reference(own.webmaster, "POST", "/api/link/", "offer_id=ID", own.draft_offer).await;
            self.reference(own.advertiser, "POST", "/api/goal/", &goal, other.public_offer).await;
            self.reference(own.webmaster, "POST", "/api/link/", &to, other.area).await;
            self.reference(own.webmaster, "POST", &on_link, "area_id=ID", other.area).await;
            self.reference(own.webmaster, "GET", "/api/link/?area_id=ID", "", other.area).await;
            self.reference(
                own.webmaster,
                "POST",
                "/api/link/",
                &to.replace("area_id", "domain_id"),
                other.domain,
            )
            .await;
            self.reference(own.webmaster, "POST", &on_link, "domain_id=ID", other.domain).await;
            let deep = format!("{to}&url_to=https://shop.example/");
            self.reference(own.webmaster, "POST", "/api/deeplink/", &deep, other.area).await;
            let deep = deep.replace("area_id", "domain_id");
            self.reference(own.webmaster, "POST", "/api/deeplink/", &deep, other.domain).await;
            for actor in [own.webmaster, own.advertiser] {
                self.reference(actor, "POST", "/api/simulate/", "kind=1&link_id=ID", other.link).await;
                for filter in ["offer_id", "goal_id", "id"] {
                    let foreign = if filter == "offer_id" { other.public_offer } else { 1 };
                    // The ids of A's lead and goal are low; to B, and to nobody at all, they are nothing.
                    if filter == "offer_id" || [WebmasterB, AdvertiserB].contains(&actor) {
                        self.reference(actor, "GET", &format!("/api/lead/?{filter}=ID"), "", foreign).await;
                    }
                }
                self.reference(actor, "GET", "/api/connection/?offer_id=ID", "", other.public_offer).await;
                self.reference(actor, "GET", "/api/orphan/?offer_id=ID", "", other.public_offer).await;
            }
            let webmaster = network.users[&other.webmaster];
            self.reference(own.advertiser, "GET", "/api/connection/?webmaster_id=ID", "", webmaster).await;
        }
        self.only_operators().await;
        self.only_his_people().await;
    }

    /// A manager names the people and offers that he does not look after in vain.
    async fn only_his_people(&mut self) {
        let network = self.network;
        let [_, b] = &network.parties[..] else { unreachable!() };
        let (webmaster, advertiser) = (network.users[&b.webmaster], network.users[&b.advertiser]);
        let offer = format!("name=x&{}&advertiser_id=ID", network.offer_form());
        let goal = "offer_id=ID&description=x&currency_id=840&hold_period=1&money_type=1&charge=5".to_owned();
        let connection = format!("offer_id={}&webmaster_id=ID", b.public_offer);
        let mut forms = vec![("offer", offer, advertiser), ("connection", connection, webmaster)];
        forms.push(("goal", goal, b.public_offer));
        forms.push(("news", "header=x&body=x&offer_id=ID".to_owned(), b.public_offer));
        for resource in [Resource::Promo, Resource::Landing, Resource::Stock, Resource::Product] {
            let form = Network::material_form(resource, 0, "x").replace("offer_id=0", "offer_id=ID");
            forms.push((resource.name(), form, b.public_offer));
        }
        for (name, form, foreign) in forms {
            self.reference(ManagerA, "POST", &format!("/api/{name}/"), &form, foreign).await;
        }
        for list in ["area", "link", "connection"] {
            let path = format!("/api/{list}/?webmaster_id=ID");
            self.reference(ManagerA, "GET", &path, "", webmaster).await;
        }
        self.reference(ManagerA, "GET", "/api/ticket/?user_id=ID", "", webmaster).await;
        let to_all = self.send(ManagerA, "POST", "/api/news/", "header=x&body=x").await;
        let is_named = to_all.status.as_u16() == 400 && to_all.json()["error"]["offer_id"].is_array();
        self.check(is_named, || format!("ManagerA tells the whole network: {to_all}"));
        self.refused_field(
            ManagerA,
            &format!("/api/user/{}", network.users[&WebmasterA]),
            "",
            "manager_id",
            1,
        )
        .await;
    }

    /// Nobody is paid to somebody else's wallet.
    pub async fn foreign_wallets(&mut self) {
        let [a, b] = &self.network.parties[..] else { unreachable!() };
        for (own, other) in [(a, b), (b, a)] {
            let form = format!("currency_id={}&wallet_id=ID&amount=30", own.currency_id);
            self.reference(own.webmaster, "POST", "/api/payout/", &form, other.wallet).await;
            self.reference(own.webmaster, "GET", "/api/payout/?wallet_id=ID", "", other.wallet).await;
        }
    }

    async fn reference(&mut self, actor: Actor, verb: &str, path: &str, form: &str, foreign: i64) {
        let with = |text: &str, id: i64| text.replace("=ID", &format!("={id}"));
        let missing = self.send(actor, verb, &with(path, 999_999), &with(form, 999_999)).await;
        let told = self.send(actor, verb, &with(path, foreign), &with(form, foreign)).await;
        let is_same = outside(&told) == outside(&missing) && [200, 400].contains(&told.status.as_u16());
        self.check(is_same, || {
            format!("{actor:?} {verb} {path} {form}: {foreign} gives {told}, 999999 {missing}")
        });
        if told.status.as_u16() == 200 {
            let is_empty = told.json()["objects"].as_array().is_some_and(Vec::is_empty);
            self.check(is_empty, || format!("{actor:?} {verb} {path} with {foreign}: {told}"));
        }
    }

    /// Declared parameters that decide about others are refused by name to everybody but operators.
    async fn only_operators(&mut self) {
        let network = self.network;
        let [a, b] = &network.parties[..] else { unreachable!() };
        let other = network.users[&b.webmaster];
        let offer = format!("/api/offer/{}", a.public_offer);
        let offer_form = format!("name=x&{}", network.offer_form());
        for (field, value) in [("comment", 2), ("reason", 10), ("is_exclusive", 1)] {
            self.refused_field(AdvertiserA, &offer, "", field, value).await;
            self.refused_field(AdvertiserA, "/api/offer/", &offer_form, field, value).await;
        }
        self.refused_field(AdvertiserA, "/api/offer/", &offer_form, "status", 2).await;
        for filter in ["status", "is_private", "is_auto_connect", "advertiser_id"] {
            let answer = self.send(WebmasterA, "GET", &format!("/api/offer/?{filter}=1"), "").await;
            let is_named = answer.status.as_u16() == 400 && answer.json()["error"][filter].is_array();
            self.check(is_named, || format!("WebmasterA lists offers by {filter}: {answer}"));
        }
        self.refused_field(
            AdvertiserA,
            "/api/offer/",
            &offer_form,
            "advertiser_id",
            network.users[&b.advertiser],
        )
        .await;
        let area = format!("/api/area/{}", a.area);
        self.refused_field(WebmasterA, &area, "", "status", 1).await;
        self.refused_field(WebmasterA, &area, "", "reason", 1).await;
        let connection = format!("offer_id={}", b.public_offer);
        self.refused_field(WebmasterA, "/api/connection/", &connection, "webmaster_id", other).await;
        for list in ["link", "area", "connection"] {
            let path = format!("/api/{list}/?webmaster_id={other}");
            let answer = self.send(WebmasterA, "GET", &path, "").await;
            let is_named = answer.status.as_u16() == 400 && answer.json()["error"]["webmaster_id"].is_array();
            self.check(is_named, || format!("WebmasterA GET {path}: {answer}"));
        }
    }

    async fn refused_field(&mut self, actor: Actor, path: &str, form: &str, field: &str, value: i64) {
        let answer = self.send(actor, "POST", path, &format!("{form}&{field}={value}")).await;
        let is_named = answer.status.as_u16() == 400 && answer.json()["error"][field].is_array();
        self.check(is_named, || format!("{actor:?} POST {path} with {field}: {answer}"));
    }
}
