//! Parameters in bodies, and bodies that cannot be read.

use whocpa::api::BODY_LIMIT;
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_store::testing::TestDb;

use crate::JSON;
use crate::support::{TestApp, shows};

#[db_test]
async fn parameters_of_a_body_stand_in_the_body(db: TestDb) {
    let app = TestApp::start(db).await;
    let key = app.key(UserLevel::Operator).await;
    let answer = app.call("POST", &format!("/api/category/?api_key={key}&name_en=A"), &[], "name_ru=B").await;
    shows(&answer, r#"400 {"error":{"name_en":["Must be in the body of the request"]}}"#);
    let answer = app.call("DELETE", &format!("/api/category/1?api_key={key}"), &[], "why=x").await;
    shows(&answer, r#"400 {"error":{"why":["Unknown parameter"]}}"#);
    let answer =
        app.call("POST", &format!("/api/category/?api_key={key}"), &[], "is_active=maybe&name_en=A").await;
    shows(
        &answer,
        r#"400 {"error":{"is_active":["Must be 1, 0, true or false"],"name_ru":["This parameter is required"]}}"#,
    );
}

#[db_test]
async fn three_kinds_of_body_are_read(db: TestDb) {
    let app = TestApp::start(db).await;
    let key = app.key(UserLevel::Operator).await;
    let path = "/api/category/";
    let parts = format!(
        "--x\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\n{key}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"name_en\"\r\n\r\nParts\r\n\
         --x\r\nContent-Disposition: form-data; name=\"name_ru\"\r\n\r\nЧасти\r\n--x--\r\n"
    );
    let json = format!(r#"{{"api_key":"{key}","name_en":"Json","name_ru":"Да","is_active":false}}"#);
    let form = format!("api_key={key}&name_en=Form&name_ru=x&is_active=0");
    for (kind, body) in [
        ("multipart/form-data; boundary=x", parts.as_str()),
        ("application/json; charset=UTF-8", json.as_str()),
        ("Application/X-WWW-Form-Urlencoded", form.as_str()),
    ] {
        let answer = app.call("POST", path, &[("content-type", kind)], body).await;
        assert_eq!(answer.status, 201, "{kind}: {answer}");
    }
    let names: Vec<String> = app.get(&format!("{path}?api_key={key}")).await.json()["objects"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| format!("{} {}", row["name_en"], row["is_active"]))
        .collect();
    for expected in ["\"Form\" false", "\"Json\" false", "\"Parts\" true"] {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
}

#[db_test]
async fn bodies_that_cannot_be_read(db: TestDb) {
    let app = TestApp::start(db).await;
    let key = app.key(UserLevel::Operator).await;
    let post = async |kind: &str, body: &str| {
        app.call("POST", "/api/category/", &[("x-api-key", &key), ("content-type", kind)], body).await
    };
    shows(
        &post("application/json", "{\"a\":").await,
        r#"400 {"error":"The body is not valid JSON: EOF while parsing a value at line 1 column 5"}"#,
    );
    shows(
        &post("application/json", "[1]").await,
        r#"400 {"error":"The body is not valid JSON: invalid type: sequence, expected an object of parameters at line 1 column 0"}"#,
    );
    shows(
        &post("application/json", r#"{"name_en":{"x":1}}"#).await,
        r#"400 {"error":{"name_en":["Must be a string, a number, true, false or a list of them"],"name_ru":["This parameter is required"]}}"#,
    );
    shows(
        &post("application/json", r#"{"name_en":"a","name_en":"b","name_ru":null}"#).await,
        r#"400 {"error":{"name_en":["Must be given once"],"name_ru":["This parameter is required"]}}"#,
    );
    shows(
        &post("multipart/form-data", "--x").await,
        r#"400 {"error":"The boundary of multipart/form-data is missing"}"#,
    );
    let file =
        "--x\r\nContent-Disposition: form-data; name=\"name_en\"; filename=\"a.txt\"\r\n\r\nA\r\n--x--\r\n";
    shows(
        &post("multipart/form-data; boundary=x", file).await,
        r#"400 {"error":{"name_en":["Must be text, not a file"],"name_ru":["This parameter is required"]}}"#,
    );
    shows(
        &post("application/x-www-form-urlencoded", "name_en=%FF").await,
        r#"400 {"error":"The body is not valid UTF-8"}"#,
    );
    shows(&app.get("/api/category?x=%FF").await, r#"400 {"error":"The query is not valid UTF-8"}"#);
    for kind in ["text/plain", "application/xml", "application/json; charset=windows-1251", ""] {
        let answer = post(kind, "name_en=A").await;
        assert_eq!(answer.status, 415, "{kind}: {answer}");
    }
    assert_eq!(post("application/x-www-form-urlencoded", &"a".repeat(BODY_LIMIT + 1)).await.status, 413);
    assert_eq!(post("application/x-www-form-urlencoded", &"a&".repeat(10_001)).await.status, 400);
    // Without a key elsewhere, the body's own fault is told, not "Unauthorized".
    let answer = app.call("POST", "/api/category/", &[JSON], "{").await;
    assert_eq!(answer.status, 400, "{answer}");
    let answer = app.call("POST", "/api/category/", &[("x-api-key", "wrong"), JSON], "{").await;
    assert_eq!(answer.status, 401, "{answer}");
}
