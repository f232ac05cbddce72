//! News: their fields, filters and read marks, and what is left of an attacker's HTML.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_domain::Time;
use whocpa_domain::user::UserLevel;
use whocpa_engine::news::Notice;
use whocpa_store::testing::TestDb;

use crate::support::{Answer, TestApp};

/// Ways to bring a script, a frame or a form to a reader.
const ATTACKS: [&str; 38] = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.test/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1)</script>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<form action=//evil.test><input name=api_key><button formaction=javascript:alert(1)>x</button></form>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' jAvAsCrIpT:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61&#x76&#x61script:alert(1)'>x</a>",
    "<a href=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==>x</a>",
    "<a href=vbscript:msgbox(1)>x</a>",
    "<p onclick=alert(1) onmouseover='alert(1)' style='background:url(javascript:alert(1))'>x</p>",
    "<p style=width:expression(alert(1))>x</p>",
    "<style>@import '//evil.test/x.css';</style>",
    "<link rel=stylesheet href=//evil.test/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.test/>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><img src=x onerror=alert(1)></title>",
    "<!--><script>alert(1)</script-->",
    "<![CDATA[><script>alert(1)</script>]]>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<details open ontoggle=alert(1)>x</details>",
    "<a href=\"https://ok.test/\" title=\"'><img src=x onerror=alert(1)>\">x</a>",
];

/// What a browser would find in a body: the markup, with the text between it and quoted values left out.
fn markup(html: &str) -> String {
    let mut markup = String::new();
    let mut quoted = false;
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' if !inside => inside = true,
            '"' if inside => quoted = !quoted,
            '>' if inside && !quoted => {
                inside = false;
                markup.push(' ');
            }
            _ if inside && !quoted => markup.push(character.to_ascii_lowercase()),
            _ => {}
        }
    }
    markup
}

struct Network {
    app: TestApp,
    operator: String,
    webmaster: String,
}

impl Network {
    async fn start(db: TestDb) -> Self {
        let app = TestApp::start(db).await;
        let operator = app.key(UserLevel::Operator).await;
        let webmaster = app.key(UserLevel::Webmaster).await;
        Self { app, operator, webmaster }
    }

    async fn send(&self, key: &str, method: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let headers: Vec<(&str, &str)> = if key.is_empty() { vec![] } else { vec![("x-api-key", key)] };
        self.app.call(method, path, &headers, &form).await
    }

    async fn add(&self, pairs: &[(&str, &str)]) -> i64 {
        let added = self.send(&self.operator, "POST", "/api/news/", pairs).await;
        assert_eq!(added.status.as_u16(), 201, "{pairs:?}: {added}");
        added.json()["created"].as_i64().expect("an id")
    }

    async fn object(&self, key: &str, id: i64) -> Value {
        self.send(key, "GET", &format!("/api/news/{id}"), &[]).await.json()["object"].clone()
    }

    /// Ids of a list, and how many are unread.
    async fn list(&self, key: &str, query: &str) -> (Vec<i64>, i64) {
        let answer = self.send(key, "GET", &format!("/api/news/?{query}"), &[]).await;
        assert_eq!(answer.status.as_u16(), 200, "{query}: {answer}");
        let json = answer.json();
        let objects = json["objects"].as_array().expect("objects").clone();
        assert_eq!(json["total_count"], objects.len(), "{query}");
        let ids = objects.iter().map(|row| row["id"].as_i64().expect("an id")).collect();
        (ids, json["unread_count"].as_i64().expect("a number"))
    }

    async fn mark(&self, key: &str, id: i64, pairs: &[(&str, &str)]) {
        let marked = self.send(key, "POST", &format!("/api/news/{id}"), pairs).await;
        assert_eq!(marked.to_string(), format!("200 {{\"updated\":{id}}}"));
    }
}

#[db_test]
async fn nothing_that_runs_reaches_a_reader(db: TestDb) {
    let net = Network::start(db).await;
    let plain = net.add(&[("header", "Plain"), ("body", "One & <two>\nthree")]).await;
    for attack in ATTACKS {
        let body = format!("<p>before</p>{attack}<p>after</p>");
        let added = net.add(&[("header", "x"), ("body", &body)]).await;
        let path = format!("/api/news/{plain}");
        let updated = net.send(&net.operator, "POST", &path, &[("body", &body)]).await;
        assert_eq!(updated.status.as_u16(), 200, "{updated}");
        for id in [added, plain] {
            let object = net.object(&net.webmaster, id).await;
            let html = object["body"].as_str().expect("a body");
            let markup = markup(html);
            let is_known = markup.split(' ').all(|word| {
                let word = word.trim_start_matches('/');
                word.is_empty()
                    || ["p", "a", "table", "tbody", "href=", "title=", "rel=", "target="].contains(&word)
            });
            assert!(is_known, "{attack}: {html}");
            assert!(html.starts_with("<p>before</p>"), "{attack}: {html}");
            let lower = html.to_lowercase();
            for scheme in ["javascript:", "vbscript:", "data:"] {
                assert!(!lower.contains(&format!("href=\"{scheme}")), "{attack}: {html}");
            }
        }
    }
    let refused =
        net.send(&net.operator, "POST", "/api/news/", &[("header", "x"), ("body", ATTACKS[0])]).await;
    assert_eq!(refused.to_string(), r#"400 {"error":{"body":["Must have a text in it"]}}"#);
}

#[db_test]
async fn every_documented_field_is_there(db: TestDb) {
    let net = Network::start(db).await;
    let body = "<h3>Tea</h3><p>Read <a href=\"/apidocs/changes\">more</a></p>";
    let pairs = [
        ("header", "Hello"),
        ("body", body),
        ("img", "https://img.example/1.png"),
        ("is_important", "1"),
        ("date_start", "2024-04-01"),
        ("date_end", "2024-05-01T12:00:00"),
    ];
    let id = net.add(&pairs).await;
    let expected = json!({
        "id": id,
        "header": "Hello",
        "body": "<h3>Tea</h3><p>Read <a href=\"https://cpa.test/apidocs/changes\" target=\"_blank\" \
                 rel=\"noopener noreferrer nofollow\">more</a></p>",
        "excerpt": "Tea Read more",
        "type": 1,
        "date_created": "2024-04-25T14:15:16Z",
        "img": "https://img.example/1.png",
        "is_important": true,
        "date_start": "2024-04-01T00:00:00Z",
        "date_end": "2024-05-01T12:00:00Z",
        "is_active": true,
        "status": 1,
        "read": false,
        "is_read": false,
        "offer_id": null,
        "stock_id": null,
    });
    let sorted = |value: &Value| value.as_object().expect("an object").clone();
    let mut shown = sorted(&net.object(&net.webmaster, id).await);
    let link =
        |value: &Value| value.as_str().map(|text| text.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let (mut ours, mut theirs) =
        (link(&expected["body"]).expect("a body"), link(&shown["body"]).expect("a body"));
    // The order of a link's attributes says nothing.
    for words in [&mut ours, &mut theirs] {
        words.sort();
    }
    assert_eq!(ours.len(), theirs.len(), "{shown:?}");
    shown["body"] = expected["body"].clone();
    assert_eq!(Value::Object(shown), expected);
}

#[db_test]
async fn filters_find_what_they_say(db: TestDb) {
    let net = Network::start(db).await;
    let old = net
        .add(&[("header", "Old"), ("body", "Чай"), ("date_start", "2024-01-01"), ("date_end", "2024-02-01")])
        .await;
    let must = net
        .add(&[("header", "Must 100%"), ("body", "x"), ("is_important", "1"), ("date_start", "2024-03-01")])
        .await;
    let now = net.add(&[("header", "Now"), ("body", "<b>Green</b> tea")]).await;
    let soon = net.add(&[("header", "Soon"), ("body", "x"), ("date_start", "2099-01-01")]).await;
    let operator = net.operator.as_str();
    for (query, ids) in [
        ("", vec![soon, now, must, old]),
        ("status=0", vec![soon]),
        ("status=1", vec![now, must]),
        ("status=2", vec![old]),
        ("status=0,2", vec![soon, old]),
        ("type=1", vec![soon, now, must, old]),
        ("type=6", vec![]),
        ("from=2024-03-01&to=2024-04-25", vec![now, must]),
        ("is_important=1", vec![must]),
        ("search=GREEN%20TEA", vec![now]),
        ("search=100%25", vec![must]),
        ("search=%D0%A7%D0%B0%D0%B9", vec![old]),
        ("search=%3Cb%3E", vec![]),
        ("offer_id=1", vec![]),
    ] {
        assert_eq!(net.list(operator, query).await.0, ids, "{query}");
    }
    assert_eq!(net.list(&net.webmaster, "").await, (vec![now, must], 2));
    assert_eq!(net.list("", "").await, (vec![now, must], 0));
    for (key, query, field) in [
        (net.webmaster.as_str(), "status=1", "status"),
        ("", "is_read=1", "is_read"),
        (operator, "from=2024-02-01&to=2024-01-01", "to"),
        (operator, "type=0", "type"),
    ] {
        let refused = net.send(key, "GET", &format!("/api/news/?{query}"), &[]).await;
        let named: Vec<String> =
            refused.json()["error"].as_object().expect("fields").keys().cloned().collect();
        assert_eq!((refused.status.as_u16(), named), (400, vec![field.to_owned()]), "{query}");
    }
}

#[db_test]
async fn each_account_has_marks_of_its_own(db: TestDb) {
    let net = Network::start(db).await;
    let (me, operator) = (net.webmaster.as_str(), net.operator.as_str());
    let mut ids = Vec::new();
    for day in ["01", "02", "03"] {
        let start = format!("2024-04-{day}");
        ids.push(net.add(&[("header", "x"), ("body", "x"), ("date_start", &start)]).await);
    }
    let late = net.add(&[("header", "x"), ("body", "x"), ("date_start", "2099-01-01")]).await;
    assert_eq!(net.list(me, "is_read=0").await, (vec![ids[2], ids[1], ids[0]], 3));
    net.mark(me, ids[1], &[("is_read", "1")]).await;
    net.mark(me, ids[1], &[("is_read", "1")]).await;
    assert_eq!(net.list(me, "is_read=1").await, (vec![ids[1]], 2));
    net.mark(me, ids[1], &[("is_read", "0")]).await;
    net.mark(me, ids[1], &[("is_read", "1"), ("with_older", "1")]).await;
    assert_eq!(net.list(me, "is_read=0").await, (vec![ids[2]], 1));
    net.mark(me, ids[2], &[("is_read", "1"), ("with_older", "1")]).await;
    assert_eq!(net.list(me, "is_read=1").await, (vec![ids[2], ids[1], ids[0]], 0));
    assert_eq!(net.object(me, ids[0]).await["read"], true);
    assert_eq!(net.object(operator, ids[0]).await["read"], false);
    // An operator who marks what is to come reads it before it is published; the marks are his alone.
    net.mark(operator, late, &[("is_read", "1"), ("with_older", "1")]).await;
    assert_eq!(net.list(operator, "is_read=1").await.0.len(), 4);
    let refused = net.send(me, "POST", &format!("/api/news/{}", ids[0]), &[("with_older", "1")]).await;
    assert_eq!(refused.to_string(), r#"400 {"error":{"with_older":["Must be sent with is_read=1"]}}"#);
    let missing = net.send(me, "POST", &format!("/api/news/{late}"), &[("is_read", "1")]).await;
    assert_eq!(missing.status.as_u16(), 404, "{missing}");
}

#[db_test]
async fn the_network_announces_each_thing_once(db: TestDb) {
    let net = Network::start(db).await;
    let engine = &net.app.state.engine;
    let notice = |name: &str| Notice {
        name: name.to_owned(),
        header: "The API changed".to_owned(),
        body: "<p>See <a href='/apidocs/changes'>changes</a></p><script>x</script>".to_owned(),
        is_important: false,
        date_start: Time(1_714_000_000),
    };
    let (first, twin) = tokio::join!(
        engine.news_publish_system(notice("api:1")),
        engine.news_publish_system(notice("api:1"))
    );
    let ids: Vec<i64> = [first, twin].into_iter().filter_map(|id| id.expect("published")).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(engine.news_publish_system(notice("api:1")).await.expect("again"), None);
    let deleted = net.send(&net.operator, "DELETE", &format!("/api/news/{}", ids[0]), &[]).await;
    assert_eq!(deleted.status.as_u16(), 200);
    assert_eq!(engine.news_publish_system(notice("api:1")).await.expect("again"), None, "it stays removed");
    let other = engine.news_publish_system(notice("api:2")).await.expect("another").expect("is new");
    assert_eq!(net.list(&net.webmaster, "").await.0, [other]);
    assert!(!net.object("", other).await["body"].as_str().expect("a body").contains("script"));
}
