//! Files in requests, and pictures on their way to those who look at them (trust I8).

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use tower::ServiceExt as _;
use whocpa::api::BODY_LIMIT;
use whocpa::app;
use whocpa_db_test::db_test;
use whocpa_domain::image::IMAGE_BYTES;
use whocpa_domain::user::UserLevel;
use whocpa_store::testing::TestDb;

use crate::JSON;
use crate::support::{Answer, TestApp, shows};

/// A part of a form: name, file name, content.
type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map_or_else(String::new, |file| {
            // A sender's word about the type means nothing.
            format!("; filename=\"{file}\"\r\nContent-Type: image/svg+xml")
        });
        body.extend_from_slice(
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    body
}

fn picture(color: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = DynamicImage::from(RgbImage::from_pixel(600, 300, Rgb([color, 90, 30])));
    picture.write_to(&mut bytes, ImageFormat::Png).expect("encode");
    bytes.into_inner()
}

async fn post(app: &TestApp, path: &str, key: &str, body: Vec<u8>) -> Answer {
    let request = Request::post(path).header("x-api-key", key);
    let request = request.header("content-type", "multipart/form-data; boundary=x");
    app.send(request.body(Body::from(body)).expect("a right request")).await
}

async fn category(app: &TestApp) -> String {
    let operator = app.key(UserLevel::Operator).await;
    let made = app.call("POST", "/api/category/", &[("x-api-key", &operator)], "name_en=A&name_ru=A").await;
    made.json()["created"].to_string()
}

#[db_test]
async fn a_picture_comes_with_a_form_and_is_served_for_ever(db: TestDb) {
    let app = TestApp::start(db).await;
    let key = app.key(UserLevel::Advertiser).await;
    let category = category(&app).await;
    let file = picture(200);
    let body = form(&[
        ("name", None, "Tea".as_bytes()),
        ("url_redirect", None, b"https://shop.example/"),
        ("categories", None, category.as_bytes()),
        ("geo", None, b"1"),
        ("image", Some("../../evil.svg;.php"), &file),
    ]);
    let created = post(&app, "/api/offer/", &key, body).await;
    let id = created.json()["created"].as_i64().unwrap_or_else(|| panic!("{created}"));
    let path = format!("/api/offer/{id}");
    let images =
        async || app.call("GET", &path, &[("x-api-key", &key)], "").await.json()["object"]["images"].clone();
    let first = images().await;
    let sizes: Vec<&str> =
        first.as_array().expect("a list").iter().filter_map(|image| image["size"].as_str()).collect();
    assert_eq!(sizes, ["small", "middle", "big"]);
    let router = app::router(&app.state);
    let mut shown = Vec::new();
    for image in first.as_array().expect("a list") {
        let address = image["img"]
            .as_str()
            .and_then(|img| img.strip_prefix("http://127.0.0.1:8080"))
            .expect("an address");
        let request = Request::get(address).body(Body::empty()).expect("a right request");
        let response = router.clone().oneshot(request).await.expect("a router never fails");
        let header = |name: &str| response.headers()[name].to_str().expect("plain").to_owned();
        assert_eq!(response.status(), 200, "{address}");
        assert_eq!(header("content-type"), "image/jpeg");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header("content-disposition"), "attachment");
        assert!(header("content-security-policy").contains("default-src 'none'"));
        let tag = header("etag");
        let bytes = response.into_body().collect().await.expect("a whole answer").to_bytes();
        let picture = image::load_from_memory(&bytes).expect("a picture");
        shown.push((picture.width(), picture.height()));
        let again =
            Request::get(address).header("if-none-match", tag).body(Body::empty()).expect("a right request");
        assert_eq!(router.clone().oneshot(again).await.expect("a router never fails").status(), 304);
        for other in [
            address.replace("jpg", "png"),
            address.replace("-s", "-x"),
            format!("{address}.svg"),
            format!("{address}%00"),
        ] {
            let request = Request::get(&other).body(Body::empty()).expect("a right request");
            let status = router.clone().oneshot(request).await.expect("a router never fails").status();
            assert!(other == address || status == 404, "{other}: {status}");
        }
    }
    assert_eq!(shown, [(120, 60), (360, 180), (600, 300)]);

    // The same picture again is the same address; another one is another; sent empty it goes.
    post(&app, &path, &key, form(&[("image", Some("a.png"), &file)])).await;
    assert_eq!(images().await, first);
    post(&app, &path, &key, form(&[("name", None, b"Mate")])).await;
    assert_eq!(images().await, first, "what is not sent stays");
    post(&app, &path, &key, form(&[("image", Some(""), b"")])).await;
    assert_eq!(images().await, first, "a form in which no file was chosen");
    post(&app, &path, &key, form(&[("image", Some("b"), &picture(20))])).await;
    assert_ne!(images().await, first);
    let gone = app.call("POST", &path, &[("x-api-key", &key)], "image=").await;
    shows(&gone, &format!("200 {{\"updated\":{id}}}"));
    assert_eq!(images().await, serde_json::json!([]));
}

#[db_test]
async fn files_that_are_no_pictures_are_refused_by_name(db: TestDb) {
    let app = TestApp::start(db).await;
    let key = app.key(UserLevel::Advertiser).await;
    let send = async |content: &[u8]| {
        let answer = post(&app, "/api/offer/", &key, form(&[("image", Some("a.png"), content)])).await;
        (answer.status.as_u16(), answer.json()["error"]["image"][0].as_str().unwrap_or_default().to_owned())
    };
    // What can be read tells of the parameters first; the picture is looked at when they are right.
    assert_eq!(send(b"").await, (400, "The file is empty".to_owned()));
    assert_eq!(
        send(&vec![0; IMAGE_BYTES + 1]).await,
        (400, format!("The file must be at most {IMAGE_BYTES} bytes"))
    );
    assert_eq!(send(&vec![0; IMAGE_BYTES + BODY_LIMIT]).await.0, 413);
    let category = category(&app).await;
    let whole = |content: &[u8]| {
        form(&[
            ("name", None, "Tea".as_bytes()),
            ("url_redirect", None, b"https://shop.example/"),
            ("categories", None, category.as_bytes()),
            ("geo", None, b"1"),
            ("image", Some("a.png"), content),
        ])
    };
    for (content, told) in [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice(), "Must be a picture in PNG, JPEG or WebP"),
        (b"GIF89a", "Must be a picture in PNG, JPEG or WebP"),
        (b"\x89PNG\r\n\x1a\nnothing", "The picture is damaged and cannot be read"),
    ] {
        let answer = post(&app, "/api/offer/", &key, whole(content)).await;
        shows(&answer, &format!(r#"400 {{"error":{{"image":["{told}"]}}}}"#));
    }
    let auth = ("x-api-key", key.as_str());
    let told = r#"400 {"error":{"image":["Must be a file, sent as multipart/form-data"]}}"#;
    let form_body =
        format!("name=Tea&url_redirect=https://shop.example/&categories={category}&geo=1&image=x");
    shows(&app.call("POST", "/api/offer/", &[auth], &form_body).await, told);
    let json = format!(
        r#"{{"name":"Tea","url_redirect":"https://shop.example/","categories":{category},"geo":1,"image":"eA=="}}"#
    );
    shows(&app.call("POST", "/api/offer/", &[auth, JSON], &json).await, told);
    // Where no file is taken, a longer body is not either.
    let long = form(&[("comment", Some("a"), &vec![0; BODY_LIMIT])]);
    assert_eq!(post(&app, "/api/goal/", &key, long).await.status, 413);
    let long = form(&[("name", None, &vec![b'a'; BODY_LIMIT + 1])]);
    assert_eq!(
        post(&app, "/api/offer/", &key, long).await.status,
        413,
        "files have room of their own, texts do not"
    );
}
