//! How an advertiser's postbacks must come: signed, from his own addresses.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::Network;

/// As `docs/postbacks.md` tells it: parameters in the order of their names, urlencoded, joined.
pub fn signature(secret: &str, pairs: &[(&str, &str)]) -> String {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key").chain_update(text.as_bytes());
    whocpa_domain::hex::hex(&mac.finalize().into_bytes())
}

impl Network {
    async fn set(&self, form: &str) {
        self.change(&self.advertiser, &format!("profile/{}", self.advertiser_id), form).await;
    }
}

#[db_test]
async fn a_signature_is_checked_before_anything_else(db: TestDb) {
    let net = Network::start(db).await;
    let tid = net.visit("").await;
    let early = net
        .send(&net.advertiser, "POST", &format!("/api/profile/{}", net.advertiser_id), "is_postback_signed=1")
        .await;
    assert_eq!(
        early.to_string(),
        r#"400 {"error":{"is_postback_signed":["Make a secret first: rotate_postback_secret=1"]}}"#
    );
    // A parameter of another system that happens to be called so.
    let stray = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=0&sign=abc&status=7")).await;
    assert!(stray.text.contains("status"), "{stray}");
    net.set("rotate_postback_secret=1&is_postback_signed=1").await;
    let secret = net.object(&net.advertiser, "profile").await["postback_secret"]
        .as_str()
        .expect("a secret")
        .to_owned();
    let unsigned = net.report(&format!("/pb?token=TOKEN&tid={tid}&status=nonsense")).await;
    assert_eq!(
        unsigned.to_string(),
        r#"400 {"error":{"sign":["This parameter is required: sign your postbacks"]}}"#
    );
    let pairs = [("token", net.token.as_str()), ("tid", &tid), ("sale_id", "a b/ü"), ("x", "")];
    let good = signature(&secret, &pairs);
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    for wrong in
        [signature("other", &pairs), good[1..].to_owned(), String::from("zz"), good.replace('0', "1")]
    {
        let answer = net.report(&format!("/pb?{query}&sign={wrong}")).await;
        assert_eq!(
            answer.to_string(),
            r#"400 {"error":{"sign":["The signature does not fit the parameters"]}}"#
        );
    }
    let changed = net.report(&format!("/pb?{query}&status=approved&sign={good}")).await;
    assert!(changed.text.contains("does not fit"), "{changed}");
    assert!(net.leads().await.is_empty());
    let by_header = net.app.call("POST", "/pb", &[("x-signature", &good.to_uppercase())], &query).await;
    assert_eq!(by_header.status.as_u16(), 200, "{by_header}");
    let again = net.report(&format!("/pb?sign={good}&{query}")).await;
    assert!(again.text.contains("duplicate"), "{again}");
    let lead = net.leads().await.remove(0);
    let view = net.view(&net.webmaster, &format!("lead/{}", lead["id"])).await;
    assert_eq!(view["is_signed"], serde_json::json!(true));
    // The secret is in no audit entry and in no answer to others.
    let audit = net.send(&net.operator, "GET", "/api/audit/", "").await;
    assert!(!audit.text.contains(&secret) && audit.text.contains("postback_secret"), "{audit}");
    let reader = net.send(&net.advertiser, "POST", "/api/key/", "name=reader&rights=read").await.json();
    let seen = net.object(reader["key"].as_str().expect("a key"), "profile").await;
    assert!(seen.get("postback_secret").is_none() && seen.get("postback_token").is_none());
}

#[db_test]
async fn postbacks_come_from_known_addresses_only(db: TestDb) {
    let net = Network::start(db).await;
    let tid = net.visit("").await;
    net.set("postback_networks=198.51.100.0/24,2001:db8::/32").await;
    let path = format!("/pb?token={}&tid={tid}", net.token);
    for (ip, is_taken) in
        [("203.0.113.9", false), ("2001:db9::1", false), ("198.51.100.77", true), ("2001:db8::5", true)]
    {
        let answer = net.app.get_from(ip, &path, &[("x-forwarded-for", "198.51.100.1")]).await;
        if is_taken {
            assert_eq!(answer.status.as_u16(), 200, "{ip}: {answer}");
        } else {
            let words = format!("{ip} is none of the addresses that your postbacks may come from");
            assert_eq!(answer.to_string(), format!(r#"400 {{"error":{{"ip":["{words}"]}}}}"#));
        }
    }
    let wrong = net.app.get_from("203.0.113.9", &format!("/pb?token=wrong&tid={tid}"), &[]).await;
    assert_eq!(wrong.to_string(), r#"401 {"error":"Unauthorized"}"#, "nobody learns whose address it is");
    for (key, words) in
        [(&net.webmaster, "Only advertisers send postbacks"), (&net.operator, "Only advertisers send")]
    {
        let id = net.object(key, "profile").await["id"].clone();
        let answer =
            net.send(key, "POST", &format!("/api/profile/{id}"), "postback_networks=198.51.100.0/24").await;
        assert!(answer.status.as_u16() == 400 && answer.text.contains(words), "{answer}");
    }
}
