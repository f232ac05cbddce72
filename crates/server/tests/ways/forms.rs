//! The order form: as a page, within another page, in the buyer's language, and what it refuses.

use serde_json::json;
use whocpa_db_test::db_test;
use whocpa_domain::Scope;
use whocpa_domain::parked::DomainStatus;
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_engine::user::UserCreate;
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::domain::{self, Domain};
use whocpa_store::testing::TestDb;

use crate::network::{BROWSER, Network};
use crate::support::Answer;

impl Network {
    async fn form(&self, query: &str) -> Answer {
        let path = format!("/form/{}?{query}", self.code);
        self.app.call("GET", &path, &[("user-agent", BROWSER), ("accept-language", "uk,en;q=0.8")], "").await
    }

    /// The key of another webmaster.
    async fn stranger(&self) -> String {
        let engine = &self.app.state.engine;
        let other = UserCreate::new(UserLevel::Webmaster, "other@cpa.test", "other", "correct horse");
        let other = engine.user_create(Caller::SYSTEM, other).await.expect("another webmaster");
        engine.profile_key(other).await.expect("his key")
    }

    /// What a look at a parked domain would have found, without a server there.
    async fn found_here(&self, id: i64) {
        let (now, engine) = (self.app.state.engine.now(), &self.app.state.engine);
        let change = move |db| async move {
            let row = domain::view(&db, Scope::All, id).await?.expect("it is there");
            let status = DomainStatus::Active.code();
            domain::update(&db, Domain { status, date_seen: Some(now.0), ..row }).await?;
            change::create(&db, ChangeKind::Domain, id, now).await
        };
        self.app.db.store.write(change).await.expect("write the state");
        engine.catalogue_refresh().await.expect("read it");
    }

    async fn buy(&self, form: &str) -> Answer {
        self.app.call("POST", &format!("/form/{}", self.code), &[("user-agent", BROWSER)], form).await
    }
}

fn tid(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("name=\"tid\" value=\"").expect("a tid in the form");
    rest.split('"').next().expect("a value").to_owned()
}

#[db_test]
async fn a_webmaster_without_a_site_sends_buyers_to_the_form(db: TestDb) {
    let net = Network::start(db).await;
    let none = net.form("").await;
    assert!(none.header("location").starts_with("https://shop.example/"), "no form, no lost visitor: {none}");
    let form =
        "is_form=1&form_fields=2,4&price_from=49.9&price_currency_id=980&description_short=Black <tea>";
    net.change(&net.operator, &format!("offer/{}", net.offer), form).await;
    let shown = net.view(&net.webmaster, &format!("offer/{}", net.offer)).await;
    assert_eq!((&shown["is_form"], &shown["form_fields"]), (&json!(true), &json!([2, 4])));

    let page = net.form("subid1=tg").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(page.header("content-security-policy").contains("frame-ancestors *"));
    for part in ["lang=\"uk\"", "Замовлення: Tea", "від 49.90 UAH", "Black &#60;tea&#62;", "name=\"address\""]
    {
        assert!(page.text.contains(part), "{part}: {page}");
    }
    assert!(!page.text.contains("name=\"email\"") && !page.text.contains("<script"), "{page}");
    let tid = tid(&page);
    let missing = net.buy(&format!("tid={tid}&lang=ru&name=O&phone=123&quantity=0")).await;
    assert_eq!(missing.status.as_u16(), 400);
    for part in ["Напишите адрес", "от 1 до 1000", "value=\"O\""] {
        assert!(missing.text.contains(part), "{part}: {missing}");
    }
    let foreign = net.buy(&format!("tid={tid}&name=O&phone=%2B48512345678&address=Kyiv&quantity=2")).await;
    assert!(foreign.text.contains("Check the telephone number"), "{foreign}");
    assert!(net.leads().await.is_empty());

    let order = format!("tid={tid}&lang=ru&name=Olena&phone=0501234567&address=Kyiv&quantity=2&embed=1");
    let done = net.buy(&order).await;
    let id = net.leads().await[0]["id"].clone();
    assert!(done.text.contains(&format!("Номер заказа: {id}")), "{done}");
    assert!(net.buy(&order).await.text.contains(&format!("Номер заказа: {id}")), "sent twice, ordered once");
    let lead = net.view(&net.advertiser, &format!("lead/{id}")).await;
    assert_eq!(
        (&lead["way"], &lead["subid1"], &lead["link_id"], &lead["buyer"]["quantity"]),
        (&json!(6), &json!("tg"), &json!(net.link), &json!(2))
    );
    assert_eq!(
        (&lead["buyer"]["phone"], &lead["buyer"]["address"]),
        (&json!("+380501234567"), &json!("Kyiv"))
    );
    // The advertiser's own report of it is about the same lead.
    let told = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=CRM&status=approved")).await.json();
    assert_eq!((&told["verdict"], &told["lead_id"]), (&json!("updated"), &id));
    assert_eq!(net.leads().await.len(), 1);
}

#[db_test]
async fn a_form_takes_only_its_own_visits(db: TestDb) {
    let net = Network::start(db).await;
    net.change(&net.operator, &format!("offer/{}", net.offer), "is_form=1").await;
    let embedded = net.form("embed=1&lang=en").await;
    assert!(embedded.text.contains("name=\"embed\"") && !embedded.text.contains("<h1>"), "{embedded}");
    let buyer = "name=Olena&phone=0501234567";
    for (form, words) in
        [(buyer.to_owned(), "open it anew"), (format!("{buyer}&tid=nothing"), "open it anew")]
    {
        let answer = net.buy(&form).await;
        assert!(answer.status.as_u16() == 400 && answer.text.contains(words), "{form}: {answer}");
    }
    let unknown = net.app.call("POST", "/form/nothing", &[], buyer).await;
    assert_eq!(unknown.status.as_u16(), 404);
    let tid = tid(&embedded);
    let order = format!("{buyer}&tid={tid}");
    let path = format!("/form/{}", net.code);
    for (key, host, status) in
        [(&net.stranger().await, "go.other.example", 404), (&net.webmaster, "go.mine.example", 400)]
    {
        let id = net.make(key, "domain", &format!("name={host}")).await;
        net.found_here(id).await;
        // Without a name, so that nothing is ordered yet.
        let answer = net.app.call("POST", &path, &[("host", host)], &format!("tid={tid}")).await;
        assert_eq!(answer.status.as_u16(), status, "{host}: {answer}");
    }
    let stolen = net.app.call("POST", &path, &[("host", "go.other.example")], &order).await;
    assert_eq!(stolen.status.as_u16(), 404, "on a stranger's domain this link is not there: {stolen}");
    assert!(net.leads().await.is_empty());
    net.change(&net.operator, &format!("offer/{}", net.offer), "status=3&reason=x").await;
    let stopped = net.form("").await;
    assert_eq!(stopped.status.as_u16(), 410, "{stopped}");
    // Who opened the form in time may order: the lead of a click already sent is taken.
    let late = net.buy(&format!("{buyer}&tid={tid}")).await;
    assert_eq!(late.status.as_u16(), 200, "{late}");
    assert_eq!(net.leads().await.len(), 1);
}
