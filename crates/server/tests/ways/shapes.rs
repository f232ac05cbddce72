//! Postbacks in the spelling of other platforms: the addresses that their users have, with another host and other values.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::Network;

/// An address, the code of its way, the lead's status, and how it is answered (`ID` is the lead's).
const FIRST: &[(&str, i64, i64, &str)] = &[
    (
        "/aff_lsr?offer_id=OFFER&transaction_id=TID&amount=49.90&adv_sub=SALE&security_token=TOKEN",
        21,
        0,
        "success=true;",
    ),
    (
        "/aff_lsr?offer_id=OFFER&transaction_id=TID&adv_sub=SALE&status=approved&security_token=TOKEN",
        21,
        1,
        "success=true;",
    ),
    (
        "/aff_goal?a=lsr&goal_id=order&transaction_id=TID&adv_sub=SALE&security_token=TOKEN",
        21,
        0,
        "success=true;",
    ),
    ("/pb/TOKEN/aff_lsr?offer_id=OFFER&transaction_id=TID&adv_sub=SALE", 21, 0, "success=true;"),
    (
        "/?nid=42&transaction_id=TID&event_id=order&order_id=SALE&amount=49,90&adv1=x&verification_token=TOKEN",
        22,
        0,
        r#"{"ignored":["adv1","nid"],"lead_id":ID,"status":0,"verdict":"accepted"}"#,
    ),
    (
        "/?nid=TOKEN&transaction_id=TID&order_id=SALE",
        22,
        0,
        r#"{"lead_id":ID,"status":0,"verdict":"accepted"}"#,
    ),
    (
        "/pb/TOKEN/?nid=42&transaction_id=TID&order_id=SALE",
        22,
        0,
        r#"{"ignored":["nid"],"lead_id":ID,"status":0,"verdict":"accepted"}"#,
    ),
    (
        "/postback?clickid=TID&goal=order&sum=49.90&status=1&action_id=SALE&secure=TOKEN",
        23,
        1,
        r#"{"message":"accepted","status":1}"#,
    ),
    (
        "/postback?clickid=TID&action_id=SALE&status=5&secure=TOKEN&custom_field1=a",
        23,
        0,
        r#"{"message":"accepted","status":1}"#,
    ),
    (
        "/postback?click_id=TID&secure=TOKEN&action_id=SALE&status=3",
        23,
        2,
        r#"{"message":"accepted","status":1}"#,
    ),
    (
        "/track/conv?click_id=TID&token=TOKEN&goal_id=GOAL&conv_status=pending&aff_param1=AP12&adv_order_id=SALE",
        24,
        0,
        SCALEO_OK,
    ),
    (
        "/track/conv?click_id=TID&goal_alias=order&conv_status=ok&trash_status=spam,duplicate&approved_status=ok,approved&token=TOKEN&adv_order_id=SALE",
        24,
        1,
        SCALEO_APPROVED,
    ),
    (
        "/track/conv-addchange?click_id=TID&token=TOKEN&goal_alias=order&conv_status=approved&adv_order_id=SALE",
        24,
        1,
        SCALEO_APPROVED,
    ),
    (
        "/acquisition?click_id=TID&security_token=TOKEN&goal_value=order&sale_amount=49.90&currency=USD&txn_id=SALE&status=pending",
        25,
        0,
        r#"{"lead_id":ID,"status":0,"verdict":"accepted"}"#,
    ),
    (
        "/acquisition?click_id=TID&security_token=TOKEN&txn_id=SALE&status=cancelled",
        25,
        2,
        r#"{"lead_id":ID,"status":2,"verdict":"accepted"}"#,
    ),
    (
        "/p?mid=000&tid=TID&event=order&adv_sub1=SALE&sale=49.90&token=TOKEN",
        26,
        0,
        r#"{"ignored":["mid"],"lead_id":ID,"status":0,"verdict":"accepted"}"#,
    ),
    (
        "/pb/TOKEN/p?mid=000&tid=TID&adv_sub1=SALE",
        26,
        0,
        r#"{"ignored":["mid"],"lead_id":ID,"status":0,"verdict":"accepted"}"#,
    ),
    ("/api/site/click.json?token=TOKEN&click=TID&exto=SALE", 27, 0, r#"{"id":ID,"status":"ok"}"#),
    (
        "/api/site/status.json?token=TOKEN&click=TID&status=approve&auto=1&exto=SALE",
        27,
        1,
        r#"{"id":ID,"status":"ok"}"#,
    ),
    ("/pb/TOKEN/postback?click_id=TID&goal=order&status=approved&sum=49.90", 28, 1, "Conversion logged"),
    ("/postback?click_id=TID&goal=GOAL&sum=49.90&token=TOKEN", 28, 0, "Conversion logged"),
    (
        "/pb?token=TOKEN&clickid=TID&sum=49.90&txid=SALE&goal=order&status=ok&approved_status=ok,paid",
        1,
        1,
        r#"{"lead_id":ID,"status":1,"verdict":"accepted"}"#,
    ),
    (
        "/pb/TOKEN?tid=TID&click_id=other&payout=5&order_id=SALE",
        1,
        0,
        r#"{"ignored":["click_id"],"lead_id":ID,"status":0,"verdict":"accepted"}"#,
    ),
];

const SCALEO_OK: &str = r#"{"code":200,"info":{"conv_status":"pending","lead_id":ID},"message":"accepted","name":"OK","status":"success"}"#;
const SCALEO_APPROVED: &str = r#"{"code":200,"info":{"conv_status":"approved","lead_id":ID},"message":"accepted","name":"OK","status":"success"}"#;

fn same(shown: &str, expected: &str) -> bool {
    match (serde_json::from_str::<Value>(shown), serde_json::from_str::<Value>(expected)) {
        (Ok(shown), Ok(expected)) => shown == expected,
        _ => shown == expected,
    }
}

impl Network {
    fn filled(&self, path: &str, tid: &str, sale: &str) -> String {
        path.replace("OFFER", &self.offer.to_string())
            .replace("GOAL", &self.goal.to_string())
            .replace("TOKEN", &self.token)
            .replace("TID", tid)
            .replace("SALE", sale)
    }
}

#[db_test]
async fn each_platform_is_understood_and_answered_in_its_form(db: TestDb) {
    let net = Network::start(db).await;
    for (number, (path, way, status, expected)) in FIRST.iter().enumerate() {
        let tid = net.visit("").await;
        let path = net.filled(path, &tid, &format!("S{number}"));
        let answer = net.report(&path).await;
        let leads = net.list(&net.operator, &format!("lead/?tid={tid}")).await;
        let [lead] = leads.as_slice() else { panic!("{path}: {answer}, {} leads", leads.len()) };
        assert_eq!(answer.status.as_u16(), 200, "{path}: {answer}");
        let expected = expected.replace("ID", &lead["id"].to_string());
        assert!(same(&answer.text, &expected), "{path}\n{}\n{expected}", answer.text);
        assert_eq!(lead["status"], json!(status), "{path}");
        let view = net.view(&net.operator, &format!("lead/{}", lead["id"])).await;
        assert_eq!(
            (&view["way"], &view["attribution"], &view["is_signed"]),
            (&json!(way), &json!(0), &json!(false)),
            "{path}"
        );
        if path.contains("49") {
            assert_eq!(lead["amount"], "49.90", "{path}");
        }
        // Whoever sends it again is told of the same lead, by POST too.
        let (bare, query) = path.split_once('?').expect("a query");
        let bare = if bare.is_empty() || bare == "/" { "/pb" } else { bare };
        if bare != "/pb" {
            let again = net.app.call("POST", bare, &[], query).await;
            assert_eq!(again.status.as_u16(), 200, "{path}: {again}");
        }
        assert_eq!(net.list(&net.operator, &format!("lead/?tid={tid}")).await.len(), 1, "{path}");
    }
}

#[db_test]
async fn changes_come_in_each_spelling(db: TestDb) {
    let net = Network::start(db).await;
    let tid = net.visit("").await;
    let told = async |path: &str| net.report(&net.filled(path, &tid, "S1")).await.to_string();
    // Scaleo's change finds nothing to change, and AlterCPA's neither.
    let nothing =
        told("/track/conv-change?click_id=TID&token=TOKEN&conv_status=approved&adv_order_id=SALE").await;
    assert!(nothing.starts_with("400 ") && nothing.contains("no lead of this click"), "{nothing}");
    let nothing = told("/api/site/status.json?token=TOKEN&click=TID&status=approve&exto=SALE").await;
    assert!(nothing.starts_with("200 ") && nothing.contains(r#""status":"error""#), "{nothing}");
    let first = told("/track/conv?click_id=TID&token=TOKEN&adv_order_id=SALE").await;
    assert!(first.starts_with("200 "), "{first}");
    // Scaleo's add changes nothing that is there.
    told("/track/conv?click_id=TID&token=TOKEN&conv_status=approved&adv_order_id=SALE").await;
    assert_eq!(net.leads().await[0]["status"], json!(0));
    told("/track/conv-change?click_id=TID&token=TOKEN&conv_status=rejected&adv_order_id=SALE").await;
    assert_eq!(net.leads().await[0]["status"], json!(2));
    told("/api/site/status.json?token=TOKEN&click=TID&status=approve&exto=SALE").await;
    assert_eq!(net.leads().await[0]["status"], json!(1));
    assert_eq!(net.leads().await.len(), 1);
}

#[db_test]
async fn refusals_come_in_each_form(db: TestDb) {
    let net = Network::start(db).await;
    let tid = net.visit("").await;
    for (path, expected) in [
        ("/aff_lsr?transaction_id=TID&security_token=wrong", "200 success=false; err_msg=Unauthorized;"),
        (
            "/aff_lsr?transaction_id=TID&security_token=TOKEN&status=ok",
            "200 success=false; err_msg=status: Must be one of approved (approved), pending (pending), rejected (rejected);",
        ),
        (
            "/aff_lsr?transaction_id=1027c887059b47bc69c699f45466b9&security_token=TOKEN",
            "200 success=false; err_msg=Invalid click id, kept until you mend it: 30 hexadecimal digits, the transaction id of TUNE: send the value that came as tid in the visit's address;",
        ),
        ("/postback?clickid=TID&secure=wrong", r#"401 {"error":"Unauthorized","status":2}"#),
        (
            "/postback?clickid=TID&secure=TOKEN&status=9",
            r#"400 {"error":"status: Must be one of 1 (approved), 2 (pending), 3 (rejected), 4 (rejected), 5 (pending)","status":2}"#,
        ),
        ("/postback?click_id=TID&token=TOKEN&goal=other", "400 goal_id: Goals not found"),
        ("/api/site/click.json?token=wrong&click=TID", r#"200 {"error":"Unauthorized","status":"error"}"#),
        (
            "/api/site/click.json?token=TOKEN&click={subid}",
            r#"200 {"error":"Invalid click id, kept until you mend it: a macro that was not replaced: your system does not know it, or the name is misspelt","status":"error"}"#,
        ),
        ("/acquisition?click_id=TID&security_token=wrong", r#"401 {"error":"Unauthorized"}"#),
        (
            "/track/conv?click_id=TID",
            r#"400 {"code":400,"info":null,"message":"token: This parameter is required","name":"Bad Request","status":"error"}"#,
        ),
        ("/p?tid=TID&tid=x&token=TOKEN", r#"400 {"error":{"tid":["Must be given once"]}}"#),
        ("/pb/TOKEN/nothing?tid=TID", r#"404 {"error":"Resource not found"}"#),
        (
            "/pb?token=TOKEN&tid=TID&status=declined",
            r#"400 {"error":{"status":["Must be one of pending (pending), approved (approved), rejected (rejected), spam (spam), 0 (pending), 1 (approved), 2 (rejected), 3 (spam)"]}}"#,
        ),
        (
            "/pb?token=TOKEN&tid=undefined",
            r#"202 {"reason":"your system had no tid to send: was it kept from the visit?","verdict":"parked"}"#,
        ),
    ] {
        let path = net.filled(path, &tid, "S1").replace('{', "%7B").replace('}', "%7D");
        let answer = net.report(&path).await;
        let (status, body) = expected.split_once(' ').expect("status and body");
        assert_eq!(answer.status.as_u16().to_string(), status, "{path}: {answer}");
        assert!(same(&answer.text, body), "{path}\n{}\n{body}", answer.text);
    }
    assert!(net.leads().await.is_empty());
}

#[db_test]
async fn an_amount_in_another_currency_is_not_mistaken_for_the_goals(db: TestDb) {
    let net = Network::start(db).await;
    let (fixed, percent) = (net.goal, net.new_goal("alias=share").await);
    let form = "money_type=2&charge=20";
    net.change(&net.advertiser, &format!("goal/{percent}"), form).await;
    let tid = net.visit("").await;
    let told = async |goal: i64, more: &str| {
        net.report(&format!("/pb?token=TOKEN&tid={tid}&goal_id={goal}&{more}")).await.to_string()
    };
    let refused = told(percent, "amount=100&currency=EUR").await;
    assert_eq!(
        refused,
        r#"400 {"error":{"currency":["the goal is in USD: send the amount in it"]},"verdict":"rejected"}"#
    );
    assert!(told(percent, "amount=100&currency=usd").await.starts_with("200 "));
    assert!(told(fixed, "amount=100&currency=EUR").await.starts_with("200 "), "a fixed goal needs no amount");
    let leads = net.leads().await;
    assert_eq!((&leads[0]["amount"], &leads[0]["money"]), (&Value::Null, &json!("10.00")));
    assert_eq!((&leads[1]["amount"], &leads[1]["money"]), (&json!("100.00"), &json!("20.00")));
}

#[db_test]
async fn goals_have_names_of_the_advertisers_own(db: TestDb) {
    let net = Network::start(db).await;
    let other = net.new_goal("alias=deposit").await;
    let taken = net.send(&net.advertiser, "POST", &format!("/api/goal/{other}"), "alias=order").await;
    assert_eq!(taken.to_string(), r#"400 {"error":{"alias":["Another goal of the offer has this name"]}}"#);
    let spaced = net.send(&net.advertiser, "POST", &format!("/api/goal/{other}"), "alias=a+b").await;
    assert_eq!(
        spaced.to_string(),
        r#"400 {"error":{"alias":["Must be at most 64 characters without spaces"]}}"#
    );
    let tid = net.visit("").await;
    for (sent, goal) in [("goal=deposit".to_owned(), other), (format!("goal={}", net.goal), net.goal)] {
        net.report(&format!("/pb?token=TOKEN&tid={tid}&{sent}")).await;
        assert_eq!(net.leads().await[0]["goal_id"], json!(goal), "{sent}");
    }
    assert!(net.view(&net.webmaster, &format!("goal/{other}")).await.get("alias").is_none(), "his own");
    assert_eq!(net.view(&net.advertiser, &format!("goal/{other}")).await["alias"], "deposit");
}
