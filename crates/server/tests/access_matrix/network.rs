//! A network of two parties, A and B, each with an object of everything, and who may see which.

use std::cell::Cell;
use std::collections::BTreeMap;

use whocpa_domain::role::Role;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Access, Level, Method, Resource};
use whocpa_engine::Caller;
use whocpa_engine::user::UserCreate;
use whocpa_store::testing::TestDb;

use crate::support::{Answer, TestApp};

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    Guest,
    WebmasterA,
    WebmasterB,
    AdvertiserA,
    AdvertiserB,
    /// An owner.
    Operator,
    /// A manager who looks after webmaster A and advertiser A.
    ManagerA,
    Finance,
    Support,
    /// Somebody with a key of webmaster A that was revoked.
    Revoked,
}

use Actor::{
    AdvertiserA, AdvertiserB, Finance, Guest, ManagerA, Operator, Revoked, Support, WebmasterA, WebmasterB,
};

impl Actor {
    pub const ALL: [Self; 10] = [
        Guest,
        WebmasterA,
        WebmasterB,
        AdvertiserA,
        AdvertiserB,
        Operator,
        ManagerA,
        Finance,
        Support,
        Revoked,
    ];
    /// Those who have accounts and keys.
    const PEOPLE: [Self; 8] =
        [WebmasterA, WebmasterB, AdvertiserA, AdvertiserB, Operator, ManagerA, Finance, Support];

    /// The column of the access table; none for a key that opens nothing.
    pub fn level(self) -> Option<Level> {
        match self {
            Guest => Some(Level::Guest),
            WebmasterA | WebmasterB => Some(Level::Webmaster),
            AdvertiserA | AdvertiserB => Some(Level::Advertiser),
            Operator | ManagerA | Finance | Support => Some(Level::Operator),
            Revoked => None,
        }
    }

    /// What an operator is there for; an owner is not narrowed, as nobody else is.
    pub fn role(self) -> Role {
        match self {
            ManagerA => Role::Manager,
            Finance => Role::Finance,
            Support => Role::Support,
            _ => Role::Owner,
        }
    }

    pub fn is_operator(self) -> bool {
        self.level() == Some(Level::Operator)
    }

    /// What the access table and his role leave to him.
    pub fn access(self, resource: Resource, method: Method) -> Access {
        match self.level().map(|level| resource.access(method, level)) {
            None | Some(Access::None) => Access::None,
            Some(_) if self.is_operator() && self != Operator => self.role().access(resource, method),
            Some(access) => access,
        }
    }
}

/// A webmaster, the advertiser whom he works with, and their currency.
pub struct Party {
    pub webmaster: Actor,
    pub advertiser: Actor,
    pub currency_id: i64,
    pub public_offer: i64,
    pub private_offer: i64,
    pub draft_offer: i64,
    pub area: i64,
    pub link: i64,
    pub domain: i64,
    pub wallet: i64,
}

/// What stands for an object in its path: a number, or a text.
pub struct PathId(String);

impl From<i64> for PathId {
    fn from(id: i64) -> Self {
        Self(id.to_string())
    }
}

impl From<&str> for PathId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// Something of the network.
pub struct Object {
    pub resource: Resource,
    /// As it stands in its path.
    pub id: String,
    /// Who reads it; of the operators the owner only, the others follow from their roles.
    pub seen_by: Vec<Actor>,
    /// Whether it belongs to webmaster A or advertiser A, whom a manager looks after.
    pub is_of_a: bool,
    /// A word in one of its texts: it must not stand in any answer to somebody else.
    pub canary: String,
}

impl Object {
    /// Whether a permitted method of this actor reaches it.
    pub fn reached_by(&self, actor: Actor, method: Method) -> bool {
        let is_own = matches!(self.resource, Resource::Key | Resource::Profile);
        if is_own || !actor.is_operator() {
            return self.seen_by.contains(&actor);
        }
        match actor.access(self.resource, method) {
            Access::None => false,
            Access::Own if actor == ManagerA => self.is_of_a,
            Access::Own | Access::All => self.seen_by.contains(&Operator),
        }
    }

    /// Whether this actor may read it.
    pub fn is_seen_by(&self, actor: Actor) -> bool {
        self.reached_by(actor, Method::View) || self.reached_by(actor, Method::List)
    }
}

pub struct Network {
    pub app: TestApp,
    pub keys: BTreeMap<Actor, String>,
    pub key_ids: BTreeMap<Actor, i64>,
    pub users: BTreeMap<Actor, i64>,
    pub objects: Vec<Object>,
    pub parties: Vec<Party>,
    pub category: i64,
    pub geo: i64,
    /// Tokens of postbacks.
    pub tokens: BTreeMap<Actor, String>,
    /// Words that only operators may read.
    pub notes: Vec<String>,
    next: Cell<u32>,
    /// What is added now belongs to party A.
    is_of_a: bool,
}

/// Finds the audit entry that is among the objects: it would soon be off the first page.
pub const AUDIT_FILTER: &str = "resource=currency&method=create&object_id=90001";

const EVERYBODY: [Actor; 6] = [Guest, WebmasterA, WebmasterB, AdvertiserA, AdvertiserB, Operator];

impl Network {
    pub async fn new(db: TestDb) -> Self {
        let mut network = Self {
            app: TestApp::start(db).await,
            keys: BTreeMap::new(),
            key_ids: BTreeMap::new(),
            users: BTreeMap::new(),
            objects: Vec::new(),
            parties: Vec::new(),
            category: 0,
            geo: 0,
            tokens: BTreeMap::new(),
            notes: Vec::new(),
            next: Cell::new(0),
            is_of_a: false,
        };
        network.people().await;
        network.shared().await;
        network.is_of_a = true;
        network.party(WebmasterA, AdvertiserA, 840).await;
        network.is_of_a = false;
        network.party(WebmasterB, AdvertiserB, 978).await;
        network
    }

    /// A word that stands nowhere else.
    pub fn word(&self) -> String {
        self.next.set(self.next.get() + 1);
        format!("canary{}x", self.next.get())
    }

    pub async fn send(&self, actor: Actor, verb: &str, path: &str, form: &str) -> Answer {
        let key = self.keys.get(&actor).map(String::as_str);
        let mut headers: Vec<(&str, &str)> = key.map(|key| ("x-api-key", key)).into_iter().collect();
        // What moves money is not taken without a name for the request.
        let is_money = ["payout", "deposit", "advance", "batch"].map(|name| format!("/api/{name}"));
        let is_money = is_money.iter().any(|name| path.starts_with(name));
        let name = (is_money && verb != "GET").then(|| self.word());
        headers.extend(name.as_deref().map(|name| ("idempotency-key", name)));
        self.app.call(verb, path, &headers, form).await
    }

    /// Creates an object by the API; gives its id.
    pub async fn make(&self, actor: Actor, resource: Resource, form: &str) -> i64 {
        let answer = self.send(actor, "POST", &format!("/api/{}/", resource.name()), form).await;
        assert_eq!(answer.status.as_u16(), 201, "{actor:?} creates {}: {form}: {answer}", resource.name());
        answer.json()["created"].as_i64().expect("an id")
    }

    pub fn add(&mut self, resource: Resource, id: impl Into<PathId>, seen_by: &[Actor], canary: &str) {
        let (seen_by, is_of_a) = (seen_by.to_vec(), self.is_of_a);
        let (PathId(id), canary) = (id.into(), canary.to_owned());
        self.objects.push(Object { resource, id, seen_by, is_of_a, canary });
    }

    async fn make_and_add(&mut self, actor: Actor, resource: Resource, form: &str, seen_by: &[Actor]) -> i64 {
        let word = self.word();
        let id = self.make(actor, resource, &form.replace("CANARY", &word)).await;
        self.add(resource, id, seen_by, &word);
        id
    }

    async fn people(&mut self) {
        let engine = self.app.state.engine.clone();
        let hash = whocpa_engine::password_hash("correct horse".to_owned()).await.expect("a hash");
        // The manager comes before the people whom he looks after.
        for actor in [Operator, ManagerA, Finance, Support, WebmasterA, WebmasterB, AdvertiserA, AdvertiserB]
        {
            let level = match actor.level() {
                Some(Level::Webmaster) => UserLevel::Webmaster,
                Some(Level::Advertiser) => UserLevel::Advertiser,
                _ => UserLevel::Operator,
            };
            let word = self.word();
            self.is_of_a = matches!(actor, WebmasterA | AdvertiserA);
            let name = format!("{actor:?}");
            let input = UserCreate {
                role: actor.is_operator().then(|| actor.role()),
                manager_id: self.is_of_a.then(|| self.users[&ManagerA]),
                // The rest he sees himself, and those to whom he writes.
                comment: Some(word.clone()),
                ..UserCreate::new(level, &name, &name, "not used")
            };
            let id = engine.user_import(Caller::SYSTEM, input, hash.clone()).await.expect("an account");
            let key = engine.profile_key(id).await.expect("its key");
            let view = engine.user_view(Caller::SYSTEM, id).await.expect("the account");
            self.tokens.extend(view.postback_token.map(|token| (actor, token)));
            let opened = engine.authenticate(&key, None).await.expect("the key opens");
            self.users.insert(actor, id);
            self.key_ids.insert(actor, opened.origin.key_id);
            self.keys.insert(actor, key);
            self.add(Resource::User, id, &[Operator], &word);
            self.is_of_a = false;
            self.add(Resource::Profile, id, &[actor], "");
        }
        for actor in Actor::PEOPLE {
            self.make_and_add(actor, Resource::Key, "name=CANARY&rights=read,write,money", &[actor]).await;
        }
        let answer = self.send(WebmasterA, "POST", "/api/key/", "name=lost").await.json();
        let (id, key) = (&answer["created"], answer["key"].as_str().expect("the key").to_owned());
        let revoked = self.send(WebmasterA, "DELETE", &format!("/api/key/{id}"), "").await;
        assert_eq!(revoked.status.as_u16(), 200, "{revoked}");
        self.keys.insert(Revoked, key);
    }

    /// What belongs to nobody.
    async fn shared(&mut self) {
        let names = "name_en=CANARY&name_ru=CANARY";
        self.category = self.make_and_add(Operator, Resource::Category, names, &EVERYBODY).await;
        let hidden = format!("{names}&is_active=0");
        self.make_and_add(Operator, Resource::Category, &hidden, &[Operator]).await;
        let currency = "code=XXA&digits=2&id=90001&name_en=CANARY&name_ru=CANARY&is_active=0";
        self.make_and_add(Operator, Resource::Currency, currency, &[Operator]).await;
        let entries = self.send(Operator, "GET", &format!("/api/audit/?{AUDIT_FILTER}"), "").await.json();
        self.add(Resource::Audit, entries["objects"][0]["id"].as_i64().expect("an entry"), &[Operator], "");
        self.add(Resource::Currency, 840, &EVERYBODY, "");
        let rate = "base_id=840&currency_id=643&value=92.5&comment=CANARY";
        self.make_and_add(Operator, Resource::Rate, rate, &EVERYBODY[1..]).await;
        let news = "header=CANARY&body=text";
        self.make_and_add(Operator, Resource::News, news, &EVERYBODY).await;
        let future = format!("{news}&date_start=2099-01-01");
        self.make_and_add(Operator, Resource::News, &future, &[Operator]).await;
        let tree = self.send(Guest, "GET", "/api/geo/", "").await.json();
        let roots = tree["objects"].as_array().expect("regions");
        self.geo = roots[0]["id"].as_i64().expect("an id");
        let geo = self.geo;
        self.add(Resource::Geo, geo, &EVERYBODY, "");
        let hidden = roots[1]["id"].as_i64().expect("an id");
        let word = self.word();
        let form = format!("is_displayed=0&name_en={word}");
        let hiding = self.send(Operator, "POST", &format!("/api/geo/{hidden}"), &form).await;
        assert_eq!(hiding.status.as_u16(), 200, "{hiding}");
        self.add(Resource::Geo, hidden, &[Operator], &word);
    }

    /// The parameters of a good offer.
    pub fn offer_form(&self) -> String {
        let (category, geo) = (self.category, self.geo);
        format!(
            "url_redirect=https://shop.example/%3Fkey%3Dsecretquery&categories={category}&geo={geo}&is_deeplink=1"
        )
    }

    pub async fn status(&self, offer_id: i64, status: i64) {
        let path = format!("/api/offer/{offer_id}");
        let answer = self.send(Operator, "POST", &path, &format!("status={status}")).await;
        assert_eq!(answer.status.as_u16(), 200, "{answer}");
    }

    pub async fn connect(&self, webmaster: Actor, offer_id: i64) -> i64 {
        let form = format!("offer_id={offer_id}&webmaster_id={}", self.users[&webmaster]);
        self.make(Operator, Resource::Connection, &form).await
    }

    async fn party(&mut self, webmaster: Actor, advertiser: Actor, currency_id: i64) {
        let both = [webmaster, advertiser, Operator];
        let public: Vec<Actor> = vec![Guest, WebmasterA, WebmasterB, advertiser, Operator];
        let mut offers = Vec::new();
        for (more, status, seen_by) in [
            ("", Some(2), public.as_slice()),
            ("&is_private=1", Some(2), &both),
            ("&is_draft=1", None, &both[1..]),
        ] {
            let form = format!("name=CANARY{more}&{}", self.offer_form());
            let offer_id = self.make_and_add(advertiser, Resource::Offer, &form, seen_by).await;
            if let Some(status) = status {
                self.status(offer_id, status).await;
            }
            let goal = format!(
                "offer_id={offer_id}&description=CANARY&currency_id={currency_id}&hold_period=10&money_type=1&charge=10"
            );
            let goal_id = self.make_and_add(advertiser, Resource::Goal, &goal, seen_by).await;
            self.materials(advertiser, offer_id, seen_by).await;
            offers.push((offer_id, goal_id));
            // News of a public offer are for everybody, also for other advertisers.
            let readers = if seen_by.contains(&Guest) { &EVERYBODY[..] } else { seen_by };
            let news = format!("header=CANARY&body=text&offer_id={offer_id}");
            self.make_and_add(Operator, Resource::News, &news, readers).await;
        }
        let [(public_offer, goal_id), (private_offer, _), (draft_offer, _)] = offers[..] else {
            unreachable!()
        };
        self.hidden_materials(advertiser, public_offer, &both).await;
        let connection = format!("offer_id={public_offer}&comment=CANARY");
        let connection = self.make_and_add(webmaster, Resource::Connection, &connection, &both).await;
        let approved =
            self.send(advertiser, "POST", &format!("/api/connection/{connection}"), "status=1").await;
        assert_eq!(approved.status.as_u16(), 200, "{approved}");
        let private = self.connect(webmaster, private_offer).await;
        self.add(Resource::Connection, private, &both, "");
        let own = [webmaster, Operator];
        let area = self.make_and_add(webmaster, Resource::Area, "kind=9&name=CANARY", &own).await;
        self.tickets(webmaster, advertiser).await;
        let link = format!("offer_id={public_offer}&area_id={area}&name=CANARY");
        let link = self.make_and_add(webmaster, Resource::Link, &link, &own).await;
        // Names of domains are kept in lower case, so that their canary would not be found.
        let domain = self.make(webmaster, Resource::Domain, &format!("name={}.example", self.word())).await;
        self.add(Resource::Domain, domain, &own, "");
        let deeplink =
            format!("offer_id={public_offer}&url_to=https://shop.example/tea&domain_id={domain}&name=CANARY");
        self.make_and_add(webmaster, Resource::Deeplink, &deeplink, &own).await;
        self.add(Resource::Balance, currency_id, &both, "");
        let wallet = self.money(webmaster, advertiser, currency_id).await;
        let party = Party {
            webmaster,
            advertiser,
            currency_id,
            public_offer,
            private_offer,
            draft_offer,
            area,
            link,
            domain,
            wallet,
        };
        self.told_lead(&party, goal_id).await;
        self.condition(&party).await;
        self.rerating(goal_id).await;
        self.orphan(&party).await;
        self.quality(&party).await;
        self.decision(advertiser).await;
        self.exports(webmaster, advertiser).await;
        self.parties.push(party);
    }

    async fn condition(&mut self, party: &Party) {
        let word = self.word();
        let condition = self.condition_form(party, &word).await;
        let condition = self.make(Operator, Resource::Condition, &condition).await;
        self.add(Resource::Condition, condition, &[party.webmaster, Operator], &word);
    }

    async fn rerating(&mut self, goal_id: i64) {
        let word = self.word();
        let form = format!("goal_id={goal_id}&d_created_from=2020-01-01&reason={word}");
        let rerating = self.make(Operator, Resource::Rerating, &form).await;
        self.add(Resource::Rerating, rerating, &[Operator], &word);
    }

    async fn decision(&mut self, advertiser: Actor) {
        let form = "lead_id=999999&status=1&is_preview=1";
        let decision = self.make(advertiser, Resource::Decision, form).await;
        self.add(Resource::Decision, decision, &[advertiser, Operator], "");
    }

    async fn exports(&mut self, webmaster: Actor, advertiser: Actor) {
        for owner in [webmaster, advertiser] {
            let form = "resource=offer&format=1&name=CANARY";
            self.make_and_add(owner, Resource::Export, form, &[owner, Operator]).await;
        }
    }

    /// A question of each side, with an answer and a note that only operators see.
    async fn tickets(&mut self, webmaster: Actor, advertiser: Actor) {
        for asker in [webmaster, advertiser] {
            let form = "subject=CANARY&message=help";
            let id = self.make_and_add(asker, Resource::Ticket, form, &[asker, Operator]).await;
            let path = format!("/api/ticket/{id}");
            let note = self.word();
            for form in ["message=so+it+is".to_owned(), format!("message={note}&is_internal=1")] {
                let answer = self.send(Operator, "POST", &path, &form).await;
                assert_eq!(answer.status.as_u16(), 200, "{answer}");
            }
            self.notes.push(note);
        }
    }

    /// Approved material of an offer: it is seen by those who see the offer.
    async fn materials(&mut self, advertiser: Actor, offer_id: i64, seen_by: &[Actor]) {
        for resource in [Resource::Promo, Resource::Landing, Resource::Stock, Resource::Product] {
            let form = Self::material_form(resource, offer_id, "CANARY");
            let id = self.make_and_add(advertiser, resource, &form, seen_by).await;
            if resource != Resource::Product {
                self.approve(resource, id).await;
            }
        }
        let insiders: Vec<Actor> =
            seen_by.iter().copied().filter(|actor| [advertiser, Operator].contains(actor)).collect();
        let form = Self::feed_form(offer_id, "CANARY");
        self.make_and_add(advertiser, Resource::Feed, &form, &insiders).await;
    }

    /// Material of a public offer that not everybody sees: a draft, and what is for connected webmasters.
    async fn hidden_materials(&mut self, advertiser: Actor, offer_id: i64, connected: &[Actor]) {
        for resource in [Resource::Promo, Resource::Landing, Resource::Stock] {
            let form = Self::material_form(resource, offer_id, "CANARY");
            let draft = format!("{form}&is_draft=1");
            self.make_and_add(advertiser, resource, &draft, &[advertiser, Operator]).await;
            let private = format!("{form}&is_private=1");
            let id = self.make_and_add(advertiser, resource, &private, connected).await;
            self.approve(resource, id).await;
        }
    }

    async fn approve(&self, resource: Resource, id: i64) {
        let path = format!("/api/{}/{id}", resource.name());
        let answer = self.send(Operator, "POST", &path, "status=2").await;
        assert_eq!(answer.status.as_u16(), 200, "{answer}");
    }

    pub fn party_of(&self, actor: Actor) -> &Party {
        let found = self.parties.iter().find(|party| [party.webmaster, party.advertiser].contains(&actor));
        found.unwrap_or(&self.parties[0])
    }
}
