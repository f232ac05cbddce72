//! Tables of leads: each line has a verdict, and one refusal never fails its neighbours.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::Network;
use crate::support::Answer;

impl Network {
    async fn import(&self, key: &str, table: &str, more: &str) -> Answer {
        let csv: String = form_urlencoded::byte_serialize(table.as_bytes()).collect();
        self.app.call("POST", "/lead/import", &[], &format!("api_key={key}&csv={csv}{more}")).await
    }
}

fn verdicts(report: &Value) -> Vec<&str> {
    report["report"].as_array().expect("lines").iter().filter_map(|line| line["verdict"].as_str()).collect()
}

#[db_test]
async fn an_advertiser_imports_actions_and_decisions(db: TestDb) {
    let net = Network::start(db).await;
    let tids = [net.visit("").await, net.visit("").await, net.visit("").await];
    let old = net.report(&format!("/pb?token=TOKEN&tid={}&sale_id=OLD", tids[2])).await.json();
    let id = old["lead_id"].clone();
    // Two lines about one action keep their order.
    let table = format!(
        "tid;sale_id;status;comment;lead_id;reason\n{0};A;0;;;\n{0};A;1;paid, indeed;;\n{1};B;;;;\n{1};B;;;;\n\
         undefined;C;;;;\n;;2;;{id};10\n;;1;;999;\n{1};D;9;;;\n",
        tids[0], tids[1]
    );
    let expected =
        ["accepted", "updated", "accepted", "duplicate", "parked", "updated", "rejected", "rejected"];
    let preview = net.import(&net.advertiser, &table, "&preview=1").await.json();
    assert_eq!((&preview["preview"], &preview["lines"]), (&json!(true), &json!(8)), "{preview}");
    // Each line is tried by itself: what stands above it has not happened.
    let alone = ["accepted", "accepted", "accepted", "accepted", "parked", "updated", "rejected", "rejected"];
    assert_eq!(verdicts(&preview), alone, "{preview}");
    assert_eq!(preview["report"][0]["id"], Value::Null);
    assert_eq!(net.leads().await.len(), 1, "nothing stays");
    assert_eq!(net.view(&net.operator, &format!("lead/{id}")).await["status"], json!(0));

    let report = net.import(&net.advertiser, &table, "").await.json();
    assert_eq!(verdicts(&report), expected, "{report}");
    assert_eq!(
        report["verdicts"],
        json!({"accepted": 2, "updated": 2, "duplicate": 1, "parked": 1, "rejected": 2})
    );
    assert_eq!((&report["report"][7]["line"], &report["report"][6]["line"]), (&json!(9), &json!(8)));
    assert!(report["report"][7]["error"]["status"].is_array(), "{report}");
    let lead = net.view(&net.operator, &format!("lead/{}", report["report"][0]["id"])).await;
    assert_eq!(
        (&lead["way"], &lead["status"], &lead["substatus"]),
        (&json!(7), &json!(1), &json!("paid, indeed"))
    );
    let again = net.import(&net.advertiser, &table, "").await.json();
    assert_eq!(again["verdicts"]["accepted"], json!(0), "the same table again changes nothing: {again}");
    assert_eq!(net.leads().await.len(), 3);
}

#[db_test]
async fn a_webmaster_imports_orders(db: TestDb) {
    let net = Network::start(db).await;
    let table = format!(
        "offer_id,name,phone,sale_id,subid1,quantity\n{0},Olena,0501234567,o1,call,2\n{0},Petro,123,o2,,\n\
         {0},\"Kovalenko, Ivan\",+380671234567,o3,,\n999,Anna,0501234567,o4,,\n",
        net.offer
    );
    let preview = net.import(&net.webmaster, &table, "&preview=1").await.json();
    assert_eq!(verdicts(&preview), ["accepted", "rejected", "accepted", "rejected"], "{preview}");
    assert!(net.leads().await.is_empty());
    let report = net.import(&net.webmaster, &table, "").await.json();
    assert_eq!(verdicts(&report), ["accepted", "rejected", "accepted", "rejected"], "{report}");
    assert!(report["report"][1]["error"]["phone"].is_array(), "{report}");
    let again = net.import(&net.webmaster, &table, "").await.json();
    assert_eq!(again["verdicts"]["duplicate"], json!(2), "{again}");
    let lead = net.view(&net.advertiser, &format!("lead/{}", report["report"][2]["id"])).await;
    assert_eq!((&lead["way"], &lead["buyer"]["name"]), (&json!(9), &json!("Kovalenko, Ivan")));
    let decides = net.import(&net.webmaster, &format!("lead_id,status\n{},1\n", lead["id"]), "").await.json();
    assert_eq!(verdicts(&decides), ["rejected"], "a webmaster decides about nothing: {decides}");
    let wrong = net.import(&net.webmaster, "offer_id,who\n1,2\n", "").await;
    assert!(wrong.status.as_u16() == 400 && wrong.text.contains("Unknown column"), "{wrong}");
    let nobody = net.import("nothing", &table, "").await;
    assert_eq!(nobody.status.as_u16(), 401, "{nobody}");
    let reads = net.import(&net.webmaster, &table, "&previw=1").await;
    assert!(reads.text.contains("previw"), "a misspelt word must not write: {reads}");
}
