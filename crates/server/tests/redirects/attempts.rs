//! Attempts to lead a visitor elsewhere, by everything that he may bring.

use whocpa_db_test::db_test;
use whocpa_domain::alias::{AD_CLICK_IDS, CLICK_PARAMS};
use whocpa_domain::user::UserLevel;
use whocpa_store::testing::TestDb;

use crate::support::{Answer, TestApp};

/// Attempts to lead elsewhere.
const CORPUS: &[&str] = &[
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:\\\\evil.example",
    "///evil.example//",
    "/%2f%2fevil.example",
    "%2f%2fevil.example",
    "%252f%252fevil.example",
    "%5c%5cevil.example",
    "https://shop.example@evil.example/",
    "https://shop.example:pw@evil.example/",
    "@evil.example",
    ":@evil.example",
    ".evil.example",
    "https://shop.example.evil.example/",
    "https://evil.example#shop.example",
    "https://evil.example?shop.example",
    "https://evil.example\\shop.example",
    "https://sh\u{43e}p.example/",
    "https://xn--shp-0ed.example/",
    "https://ⓔvil.example/",
    "https://evil。example/",
    "https://[::1]/",
    "https://2130706433/",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "x\r\nLocation: https://evil.example/",
    "x%0d%0aLocation:%20https://evil.example/",
    "%E5%98%8A%E5%98%8DLocation:https://evil.example/",
    "\u{202e}elpmaxe.live//:sptth",
    "..",
    "../..",
    "%2e%2e/%2e%2e",
    ".",
    "...",
    "..;/",
    "?x=1&tid=forged",
    "&tid=forged",
    "#",
    "{tid}",
    "{subid1}",
    "\u{0}https://evil.example/",
    "\t//evil.example",
    " https://evil.example/",
    "<>//evil.example",
    "data://evil.example",
    "1e999",
    "-1",
];

pub struct Door {
    pub app: TestApp,
    pub offer: i64,
    pub webmaster: i64,
    pub code: String,
    pub link: i64,
    /// The webmaster's.
    pub key: String,
    /// The operator's.
    pub operator: String,
}

/// An offer whose address has values in its path and query, and a link to it.
pub async fn door(db: TestDb) -> Door {
    door_of(TestApp::start(db).await).await
}

/// The same in this network.
pub async fn door_of(mut app: TestApp) -> Door {
    app.router = whocpa::app::router(&app.state);
    let operator = app.key(UserLevel::Operator).await;
    let advertiser = app.key(UserLevel::Advertiser).await;
    let webmaster = app.key(UserLevel::Webmaster).await;
    let post = async |key: &str, path: &str, form: &str| {
        let answer = app.call("POST", path, &[("x-api-key", key)], form).await;
        assert!(answer.status.is_success(), "{path} {form}: {answer}");
        answer.json()
    };
    let category = post(&operator, "/api/category/", "name_en=Tea&name_ru=Tea").await["created"].clone();
    let tree = app.get("/api/geo/").await.json();
    let geo = &tree["objects"][0]["id"];
    let url = "https://shop.example/p/{subid1}/{keyword}/end?a={subid2}&g={gclid}&u={ua}&t={tid}#{sub3}";
    let url: String = form_urlencoded::byte_serialize(url.as_bytes()).collect();
    let form = format!("name=Tea&categories={category}&geo={geo}&url_redirect={url}");
    let offer = post(&advertiser, "/api/offer/", &form).await["created"].as_i64().expect("an offer");
    post(&operator, &format!("/api/offer/{offer}"), "status=2").await;
    let users = app.call("GET", "/api/user/?level=1", &[("x-api-key", &operator)], "").await.json();
    let id = users["objects"][0]["id"].as_i64().expect("the webmaster");
    post(&operator, "/api/connection/", &format!("offer_id={offer}&webmaster_id={id}")).await;
    let id_of_link = post(&webmaster, "/api/link/", &format!("offer_id={offer}")).await["created"].as_i64();
    let number = id_of_link.expect("a link");
    let path = format!("/api/link/{number}");
    let link = app.call("GET", &path, &[("x-api-key", &webmaster)], "").await.json();
    let code = link["object"]["code"].as_str().expect("a code").to_owned();
    app.clock.advance(3600);
    app.state.engine.catalogue_refresh().await.expect("refresh");
    Door { app, offer, webmaster: id, code, link: number, key: webmaster, operator }
}

/// Why this answer is wrong, if it leads anywhere but to the offer's page.
fn wrong(answer: &Answer, sent: &str) -> Option<String> {
    let location = answer.header("location");
    if location.is_empty() {
        return Some(format!("{sent}: no redirect: {answer}"));
    }
    let url = url::Url::parse(location).ok()?;
    let steps: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let tids = url.query_pairs().filter(|(name, value)| name == "t" && value.len() == 21).count();
    let is_right = url.scheme() == "https"
        && url.host_str() == Some("shop.example")
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && steps.len() == 4
        && (steps[0], steps[3]) == ("p", "end")
        && url.query_pairs().count() == 4
        && tids == 1
        && answer.headers.get_all("location").iter().count() == 1;
    (!is_right).then(|| format!("{sent}: {location}"))
}

#[db_test]
async fn nothing_that_a_visitor_brings_leads_elsewhere(db: TestDb) {
    let door = door(db).await;
    let own = ["url", "redirect", "redirect_url", "next", "to", "r", "traffback", "url_traffback"];
    let names: Vec<&str> = CLICK_PARAMS
        .iter()
        .flat_map(|(_, names)| names.iter().copied())
        .chain(AD_CLICK_IDS.iter().copied())
        .chain(own)
        .collect();
    let (mut asked, mut foreign) = (0, Vec::new());
    for value in CORPUS {
        let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        for chunk in names.chunks(8) {
            let pairs: Vec<String> = chunk.iter().map(|name| format!("{name}={encoded}")).collect();
            let query = pairs.join("&");
            let pair = format!("/click?offer_id={}&aff_id={}&{query}", door.offer, door.webmaster);
            for path in [format!("/go/{}?{query}", door.code), pair] {
                let answer = door.app.get(&path).await;
                asked += chunk.len();
                // A name of the pair itself may say that there is no such offer: then nobody is sent.
                let is_pair = chunk.iter().any(|name| ["offer_id", "aff_id"].contains(name));
                if !(is_pair && answer.header("location").is_empty()) {
                    foreign.extend(wrong(&answer, &path));
                }
            }
        }
        let headers =
            [("user-agent", *value), ("referer", *value), ("accept-language", *value), ("host", *value)];
        for header in headers.iter().filter(|(_, value)| value.bytes().all(|byte| byte.is_ascii_graphic())) {
            let answer = door.app.call("GET", &format!("/go/{}", door.code), &[*header], "").await;
            asked += 1;
            foreign.extend(wrong(&answer, header.0));
        }
        let answer = door.app.get(&format!("/go/{encoded}")).await;
        asked += 1;
        assert_eq!(answer.header("location"), "", "an unknown code leads nowhere");
    }
    println!("{asked} attempts, {} foreign destinations", foreign.len());
    assert!(foreign.is_empty(), "{}", foreign.join("\n"));
}

#[db_test]
async fn a_link_hides_where_its_visitors_come_from(db: TestDb) {
    let mut door = door(db).await;
    let path = format!("/api/link/{}", door.link);
    let key = std::mem::take(&mut door.key);
    let plain = door.app.get(&format!("/go/{}", door.code)).await;
    assert_eq!((plain.status.as_u16(), plain.header("referrer-policy")), (302, ""));
    for (mode, status) in [(1, 302), (2, 200)] {
        let set = door.app.call("POST", &path, &[("x-api-key", &key)], &format!("referrer={mode}")).await;
        assert_eq!(set.status.as_u16(), 200, "{set}");
        let attack = "%22%3E%3Cscript%3E&sub3=%27%3E%3Cscript%3E&keyword=javascript:alert(1)";
        let answer = door.app.get(&format!("/go/{}?subid1={attack}", door.code)).await;
        assert_eq!((answer.status.as_u16(), answer.header("referrer-policy")), (status, "no-referrer"));
        assert!(answer.header("set-cookie").starts_with("tid_"));
        if mode == 1 {
            assert_eq!(wrong(&answer, "hidden"), None);
        } else {
            let start = answer.text.find("0;url=").expect("a refresh") + 6;
            let to = answer.text[start..].split('"').next().unwrap_or_default();
            assert!(
                to.starts_with("https://shop.example/p/%22%3E%3Cscript%3E/javascript%3Aalert%281%29/end?a="),
                "{to}"
            );
            assert_eq!(
                answer.text.matches('<').count(),
                12,
                "nothing was added to the page: {}",
                answer.text
            );
            assert_eq!(
                answer.header("content-security-policy"),
                "default-src 'none'; frame-ancestors 'none'"
            );
        }
    }
    let set = door.app.call("POST", &path, &[("x-api-key", &key)], "referrer=3").await;
    assert_eq!(set.status.as_u16(), 400, "{set}");
}

#[db_test]
async fn what_is_cut_is_said_and_an_unknown_pair_gets_a_page(db: TestDb) {
    let door = door(db).await;
    let long = "x".repeat(601);
    for name in ["subid1", "sub_id_5", "gclid", "keyword"] {
        let answer = door.app.get(&format!("/go/{}?{name}={long}", door.code)).await;
        assert!(answer.header("warning").contains("cut"), "{name}: {answer}");
        let answer = door.app.get(&format!("/go/{}?{name}={}", door.code, &long[1..])).await;
        assert_eq!(answer.header("warning"), "", "600 characters are kept");
    }
    for query in ["", "?offer_id=999&aff_id=1", "?offer_id=x"] {
        let answer = door.app.get(&format!("/click{query}")).await;
        assert_eq!(answer.status.as_u16(), 404, "{query}: {answer}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    }
    let head = door.app.call("HEAD", &format!("/go/{}", door.code), &[], "").await;
    assert_eq!(head.status.as_u16(), 302);
}

#[db_test]
async fn spoilt_links_are_remembered_and_told(db: TestDb) {
    let door = door(db).await;
    for path in [format!("/go/{}/", door.code), format!("/GO/{}", door.code)] {
        let answer = door.app.get(&path).await;
        assert!(answer.header("location").starts_with("https://shop.example/p/"), "{path}: {answer}");
    }
    let pair = format!("/click/?offer_id={}&aff_id={}", door.offer, door.webmaster);
    assert!(door.app.get(&pair).await.header("location").starts_with("https://shop.example/p/"));
    for path in ["/go", "/go/", "/go/a/b", "/go//", "/GO/"] {
        let answer = door.app.get(path).await;
        let told = (answer.status.as_u16(), answer.text.contains("This link does not exist."));
        assert_eq!(told, (404, true), "{path}: {answer}");
    }
    let clicks = door.app.db.store.clicks();
    for _ in 0..500 {
        let stored = whocpa_store::click::count(&clicks, whocpa_domain::Scope::All).await;
        if stored.expect("count") == 8 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not all clicks were stored");
}
