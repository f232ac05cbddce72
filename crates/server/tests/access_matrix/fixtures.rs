//! A good request for every method that writes, and objects that may be deleted.

use whocpa_domain::Resource;
use whocpa_engine::click::Visit;

use crate::network::{Actor, Network, Party};

impl Network {
    /// A good body of a create.
    pub async fn create_body(&self, resource: Resource, actor: Actor) -> String {
        let word = self.word();
        let party = self.party_of(actor);
        match resource {
            Resource::Offer if actor.is_operator() => {
                let advertiser = self.users[&party.advertiser];
                format!("name={word}&advertiser_id={advertiser}&{}", self.offer_form())
            }
            Resource::Offer => format!("name={word}&{}", self.offer_form()),
            Resource::Goal => {
                let (offer, currency) = (party.public_offer, party.currency_id);
                format!(
                    "offer_id={offer}&description={word}&currency_id={currency}&hold_period=1&money_type=1&charge=5"
                )
            }
            Resource::Category => format!("name_en={word}&name_ru={word}"),
            Resource::Currency => Self::currency_form(&word),
            Resource::Rate => format!("base_id=840&currency_id=978&value=0.9&comment={word}"),
            // A manager speaks about the offers of his people only.
            Resource::Feed => Self::feed_form(party.public_offer, &word),
            Resource::News if actor == Actor::ManagerA => {
                format!("header={word}&body={word}&offer_id={}", party.public_offer)
            }
            Resource::Promo | Resource::Landing | Resource::Stock | Resource::Product => {
                Self::material_form(resource, party.public_offer, &word)
            }
            Resource::News => format!("header={word}&body={word}"),
            Resource::Area => format!("kind=9&name={word}"),
            Resource::Connection => {
                let offer = self.live_offer(party.advertiser).await;
                if actor.is_operator() {
                    format!("offer_id={offer}&webmaster_id={}", self.users[&party.webmaster])
                } else {
                    format!("offer_id={offer}")
                }
            }
            Resource::Link => format!("offer_id={}&name={word}", party.public_offer),
            Resource::Lead => self.lead_form(party, actor, &word).await,
            // A lead of nobody: its one row is refused, so that the matrix stays as it is.
            Resource::Decision => "lead_id=999999&status=1&is_preview=1".to_owned(),
            Resource::Rule => format!(
                "offer_id={}&name={word}&kind=1&source=1&action=1&limit_percent=50&seconds=86400&min_leads=1",
                party.public_offer
            ),
            Resource::Simulate => format!("kind=1&link_id={}", party.link),
            Resource::Deeplink => {
                format!("offer_id={}&url_to=https://shop.example/tea&name={word}", party.public_offer)
            }
            Resource::Domain => format!("name={word}.example"),
            Resource::Key => format!("name={word}"),
            Resource::Ticket => format!("subject={word}&message={word}"),
            Resource::Condition => self.condition_form(party, &word).await,
            Resource::Rerating => {
                format!("goal_id={}&d_created_from=2020-01-01&reason={word}", self.create_goal(party).await)
            }
            Resource::Advance => self.advance_form(party, &word),
            Resource::Batch => self.batch_form(party.webmaster, (party.wallet, party.currency_id)).await,
            Resource::Cover => self.cover_form(party, &word).await,
            Resource::Wallet => Self::wallet_form(party.currency_id, &word),
            Resource::Payout | Resource::Deposit => self.payment_form(resource, party, actor, &word),
            Resource::Export => format!("resource=offer&format=1&name={word}"),
            Resource::Postback => Self::postback_form(&word),
            Resource::Delivery => self.delivery_form(actor).await,
            Resource::User => format!("level=1&login={word}&name={word}&password=correct+horse"),
            other => panic!("{} has no create body in fixtures.rs", other.name()),
        }
    }

    fn currency_form(word: &str) -> String {
        let number: u32 = word.trim_matches(char::is_alphabetic).parse().expect("a number");
        let id = 50_000 + number;
        format!("id={id}&code=X{id}&digits=2&name_en={word}&name_ru={word}")
    }

    /// Of an advertiser who has none yet.
    async fn cover_form(&self, party: &Party, word: &str) -> String {
        let form = format!("level=2&login={word}&name={word}&password=correct+horse");
        let advertiser = self.make(Actor::Operator, Resource::User, &form).await;
        format!("advertiser_id={advertiser}&currency_id={}&credit_limit=100", party.currency_id)
    }

    fn payment_form(&self, resource: Resource, party: &Party, actor: Actor, word: &str) -> String {
        let form = format!("currency_id={}&comment={word}", party.currency_id);
        if resource == Resource::Payout {
            format!("{form}&wallet_id={}&amount=30", party.wallet)
        } else if actor.is_operator() {
            format!("{form}&method=1&amount=50&advertiser_id={}", self.users[&party.advertiser])
        } else {
            format!("{form}&method=1&amount=50")
        }
    }

    fn advance_form(&self, party: &Party, word: &str) -> String {
        let (webmaster, currency) = (self.users[&party.webmaster], party.currency_id);
        format!("webmaster_id={webmaster}&currency_id={currency}&amount=10&comment={word}")
    }

    /// A batch of a payout that is approved for it.
    pub async fn batch_form(&self, webmaster: Actor, (wallet, currency_id): (i64, i64)) -> String {
        let form = format!("currency_id={currency_id}&wallet_id={wallet}&amount=30");
        let payout = self.make(webmaster, Resource::Payout, &form).await;
        // Who gave its webmaster an advance does not approve it alone.
        let path = format!("/api/payout/{payout}");
        for actor in [Actor::Operator, Actor::Finance] {
            let approved = self.send(actor, "POST", &path, "status=1").await;
            assert_eq!(approved.status.as_u16(), 200, "{approved}");
            let payout = self.send(actor, "GET", &path, "").await.json();
            if payout["object"]["status"] == 1 {
                break;
            }
        }
        format!("wallet_kind=1&currency_id={currency_id}")
    }

    /// A lead: a webmaster's order, or a report of a click.
    async fn lead_form(&self, party: &Party, actor: Actor, word: &str) -> String {
        let goals = format!("/api/goal/?offer_id={}&is_active=1", party.public_offer);
        let goals = self.send(party.advertiser, "GET", &goals, "").await.json();
        let goal = &goals["objects"][0]["id"];
        if actor == party.webmaster {
            let offer = party.public_offer;
            return format!(
                "offer_id={offer}&goal_id={goal}&sale_id={word}&name={word}&phone=%2B254712123456"
            );
        }
        let link = self.send(party.webmaster, "GET", &format!("/api/link/{}", party.link), "").await.json();
        let code = link["object"]["code"].as_str().expect("a code");
        let tid = self.app.state.engine.click_track(Visit::to(code)).await.tid;
        format!("tid={tid}&goal_id={goal}&sale_id={word}")
    }

    /// The parameters of a good condition, for a goal that has none.
    pub async fn condition_form(&self, party: &Party, word: &str) -> String {
        let goal = self.create_goal(party).await;
        format!("webmaster_id={}&goal_id={goal}&payment=4.5&description={word}", self.users[&party.webmaster])
    }

    async fn create_goal(&self, party: &Party) -> i64 {
        let (offer, currency) = (party.public_offer, party.currency_id);
        let form = format!(
            "offer_id={offer}&description=more&currency_id={currency}&hold_period=1&money_type=1&charge=5"
        );
        self.make(party.advertiser, Resource::Goal, &form).await
    }

    /// The parameters of a good wallet; the word has a number that stands nowhere else.
    pub fn wallet_form(currency_id: i64, word: &str) -> String {
        let number: u32 = word.trim_matches(char::is_alphabetic).parse().expect("a number");
        format!("kind=1&account=U{number:08}&currency_id={currency_id}&name={word}")
    }

    /// The parameters of a good feed.
    pub fn feed_form(offer: i64, word: &str) -> String {
        format!("offer_id={offer}&name={word}&url=https://feeds.example/goods.xml")
    }

    /// The parameters of good material of an offer.
    pub fn material_form(resource: Resource, offer: i64, word: &str) -> String {
        let form = format!("offer_id={offer}&name={word}");
        match resource {
            Resource::Promo => {
                format!("{form}&kind=2&template={word}&url=https://shop.example/%3Fkey%3Dsecretquery")
            }
            Resource::Landing => format!("{form}&url=https://shop.example/%3Fkey%3Dsecretquery"),
            Resource::Stock => format!("{form}&date_start=2024-01-01&date_end=2098-12-31"),
            _ => format!(
                "{form}&external_id={word}&url=https://shop.example/{word}&price=12.50&currency_id=840"
            ),
        }
    }

    /// A good body of an update that keeps the canary and can be sent again and again.
    pub fn update_body(resource: Resource, actor: Actor) -> &'static str {
        match (resource, actor) {
            (Resource::Offer, _) => "call_hours=9+to+18",
            (Resource::Goal, _) => "is_auto_approve=0",
            (Resource::Category | Resource::Currency | Resource::Geo, _) => "name_ru=%D0%98%D0%BC%D1%8F",
            (Resource::Promo | Resource::Landing, _) => "language=en",
            (Resource::Stock, _) => "date_end=2099-01-01",
            (Resource::Product, _) => "vendor=maker",
            (Resource::Feed, _) => "is_full=0",
            (Resource::News, actor) if actor.is_operator() => "is_important=0",
            (Resource::News | Resource::Ticket, _) => "is_read=1",
            (Resource::Area, actor) if actor.is_operator() => "status=1",
            (Resource::Connection, _) => "status=1",
            (Resource::Area, _) => "comment=words",
            (Resource::User, _) => "rank=1",
            (Resource::Profile, _) => "telegram=example",
            (Resource::Link | Resource::Deeplink, _) => "subid2=two",
            (Resource::Domain, _) => "status=0",
            (Resource::Lead, _) => "substatus=looked+at",
            (Resource::Orphan, _) => "is_open=1",
            (Resource::Condition, _) => "hold_period=5",
            (Resource::Cover, _) => "is_traffback=0",
            (Resource::Wallet, actor) if actor.is_operator() => "status=1",
            (Resource::Wallet, _) => "is_default=1",
            (Resource::Payout | Resource::Deposit | Resource::Batch, _) => "reference=transfer+17",
            // Nothing is asked for, nothing changes.
            (Resource::Decision | Resource::Rerating, _) => "",
            (Resource::Rule, _) => "seconds=86400",
            (Resource::Postback, _) => "is_zero_sent=1",
            (Resource::Delivery, _) => "replay=1",
            (Resource::Finding, _) => "comment=looked+at",
            (other, _) => panic!("{} has no update body in fixtures.rs", other.name()),
        }
    }

    /// An object that the caller may delete.
    pub async fn throwaway(&self, resource: Resource, actor: Actor) -> i64 {
        match resource {
            // An operator releases what a webmaster parked.
            Resource::Domain if actor.is_operator() => {
                let body = self.create_body(resource, Actor::WebmasterA).await;
                self.make(Actor::WebmasterA, resource, &body).await
            }
            // An offer without anything that refers to it.
            Resource::Offer
            | Resource::Goal
            | Resource::Category
            | Resource::Currency
            | Resource::Promo
            | Resource::Landing
            | Resource::Stock
            | Resource::Product
            | Resource::Feed
            | Resource::News
            | Resource::Area
            | Resource::Connection
            | Resource::Link
            | Resource::Deeplink
            | Resource::Domain
            | Resource::Decision
            | Resource::Rule
            | Resource::Key
            | Resource::Wallet
            | Resource::Condition
            | Resource::Payout
            | Resource::Postback
            | Resource::Export
            | Resource::User => {
                let body = self.create_body(resource, actor).await;
                self.make(actor, resource, &body).await
            }
            other => panic!("{} has nothing to delete in fixtures.rs", other.name()),
        }
    }

    async fn live_offer(&self, advertiser: Actor) -> i64 {
        let form = format!("name={}&{}", self.word(), self.offer_form());
        let id = self.make(advertiser, Resource::Offer, &form).await;
        self.status(id, 2).await;
        id
    }
}
