//! What stands in a file.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::{Network, unpacked};

/// Texts that a spreadsheet may take for formulas, and what stands for them in CSV.
const CORPUS: [(&str, &str); 9] = [
    ("=1+1", "'=1+1"),
    ("+1", "'+1"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
    ("a;=1", "a;'=1"),
    ("＝1", "'＝1"),
    ("a,\"b\"", "a,\"\"b\"\""),
    ("чай", "чай"),
];

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[db_test]
async fn a_list_is_a_file_of_each_kind(db: TestDb) {
    let net = Network::start(db).await;
    for (text, _) in CORPUS {
        net.make(&net.webmaster, "area", &format!("kind=9&name={}", encoded(text))).await;
    }
    net.make(&net.other, "area", "kind=9&name=foreign").await;
    let csv = net.file(&net.webmaster, "resource=area&format=1").await;
    let csv = String::from_utf8(csv).expect("text");
    assert!(!csv.contains("foreign"), "{csv}");
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert!(lines[0].starts_with("\"id\","), "{csv}");
    assert_eq!(lines.len(), CORPUS.len() + 2, "a head, the rows, and the last line's end: {csv}");
    for (_, safe) in CORPUS {
        assert!(csv.contains(&format!(",\"{safe}\",")), "{safe}: {csv}");
    }
    let lines = net.file(&net.webmaster, "resource=area&format=3&fields=name,id").await;
    let lines = String::from_utf8(lines).expect("text");
    let names: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["name"].clone())
        .collect();
    let sent: Vec<Value> = CORPUS.iter().rev().map(|(text, _)| json!(text)).collect();
    assert_eq!(names, sent, "as they are, the newest first");
    assert!(lines.starts_with("{\"name\":"), "in the order of the fields: {lines}");
    let book = net.file(&net.webmaster, "resource=area&format=2").await;
    let sheet = unpacked(&book, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>"), "no cell is a formula: {sheet}");
    assert!(sheet.contains("<t>=1+1</t>") && sheet.contains("<t>чай</t>"), "{sheet}");
    let whole = net.file(&net.webmaster, "resource=area&format=3").await;
    let first = String::from_utf8(whole).expect("text");
    let list = net.send(&net.webmaster, "GET", "/api/area/?sort=-id", "").await.json();
    let first: Value = serde_json::from_str(first.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first, list["objects"][0], "the same object as in the list");
}

#[db_test]
async fn numbers_stay_numbers(db: TestDb) {
    let net = Network::start(db).await;
    let csv = net.file(&net.operator, "resource=currency&format=1&fields=id,code,digits,is_active").await;
    let csv = String::from_utf8(csv).expect("text");
    assert!(csv.contains("\r\n840,\"USD\",2,\"true\"\r\n"), "{csv}");
    let form = "base_id=840&currency_id=978&value=0.9";
    net.make(&net.operator, "rate", form).await;
    let csv = net.file(&net.operator, "resource=rate&format=1&query=currency_id%3D978").await;
    assert!(String::from_utf8(csv).expect("text").contains(",0.9"), "a decimal without quotes");
    let book = net.file(&net.operator, "resource=currency&format=2&fields=id,code").await;
    let sheet = unpacked(&book, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("<v>840</v>") && sheet.contains("<t>USD</t>"), "{sheet}");
}

#[db_test]
async fn statistics_have_a_column_for_each_dimension(db: TestDb) {
    let net = Network::start(db).await;
    let csv = net.file(&net.operator, "resource=stat&format=1&query=group%3Dday%26from%3D2024-04-20").await;
    let csv = String::from_utf8(csv).expect("text");
    assert!(csv.contains("\"clicks\"") && !csv.contains("before"), "{csv}");
    let bad =
        net.send(&net.operator, "POST", "/api/export/", "resource=stat&format=1&query=group%3Dnothing").await;
    assert_eq!(bad.status.as_u16(), 400, "{bad}");
    assert!(
        bad.json()["error"]["query"][0].as_str().is_some_and(|text| text.starts_with("group: ")),
        "{bad}"
    );
}

#[db_test]
async fn what_the_list_refuses_is_refused_at_once(db: TestDb) {
    let net = Network::start(db).await;
    for (form, error) in [
        ("resource=area&format=1&query=statuss%3D1", json!({"query": ["statuss: Unknown parameter"]})),
        (
            "resource=lead&format=1&query=status%3D9",
            json!({"query": ["status: Must be one of 0, 1, 2, 3, 4"]}),
        ),
        ("resource=lead&format=1&query=page%3D2", json!({"query": ["page: An export does not take this"]})),
        (
            "resource=lead&format=1&query=phone%3D123",
            json!({"query": ["phone: An export does not take this"]}),
        ),
        (
            "resource=lead&format=1&query=phon%2565%3D123",
            json!({"query": ["phon%65: An export does not take this"]}),
        ),
        ("resource=area&format=1&fields=id,nam", json!({"fields": ["The list has no nam"]})),
        ("resource=audit&format=1", json!({"resource": ["You may not read this list"]})),
        ("resource=area&format=9", json!({"format": ["Must be one of 1, 2, 3"]})),
    ] {
        let answer = net.send(&net.webmaster, "POST", "/api/export/", form).await;
        assert_eq!(answer.json(), json!({ "error": error }), "{form}: {answer}");
    }
    let answer = net.send(&net.webmaster, "POST", "/api/export/", "resource=key&format=1").await;
    let words = answer.json()["error"]["resource"][0].to_string();
    assert!(words.contains("lead") && !words.contains("profile") && !words.contains("postback"), "{words}");
}

#[db_test]
async fn a_file_is_its_owners(db: TestDb) {
    let net = Network::start(db).await;
    let id = net.make(&net.webmaster, "export", "resource=area&format=1&name=mine").await;
    let path = format!("/api/export/{id}/file");
    let early = net.send(&net.webmaster, "GET", &path, "").await;
    assert_eq!(early.status.as_u16(), 409, "{early}");
    net.run().await;
    for (key, status) in [(&net.webmaster, 200), (&net.other, 404), (&net.operator, 404)] {
        let answer = net.send(key, "GET", &path, "").await;
        assert_eq!(answer.status.as_u16(), status, "{answer}");
    }
    assert_eq!(net.app.get(&path).await.status.as_u16(), 401);
    assert_eq!(net.send(&net.webmaster, "POST", &path, "").await.status.as_u16(), 405);
    assert_eq!(net.send(&net.webmaster, "GET", "/api/export/01/file", "").await.status.as_u16(), 404);
    for verb in ["GET", "DELETE"] {
        let answer = net.send(&net.other, verb, &format!("/api/export/{id}"), "").await;
        assert_eq!(answer.to_string(), "404 {\"error\":\"Object not found\"}");
    }
    let list = net.send(&net.other, "GET", "/api/export/", "").await.json();
    assert_eq!(list["total_count"], 0, "{list}");
    let seen = net.view(&net.operator, id).await;
    assert_eq!((&seen["name"], &seen["url"]), (&json!("mine"), &json!("")), "{seen}");
    net.app.clock.advance(8 * 86_400);
    assert_eq!(net.send(&net.webmaster, "GET", &path, "").await.status.as_u16(), 409, "its time is over");
    net.app.state.engine.export_forget().await.expect("old files are removed");
    assert_eq!(net.view(&net.webmaster, id).await["status"], 4);
}
