//! The documented requests of the original API and the documented shape of their answers, field by field
//! (`reference` facts of whocpa.md §1 and §2; design §3).

#[cfg(test)]
#[path = "access_matrix/deliveries.rs"]
mod deliveries;
#[cfg(test)]
#[path = "access_matrix/fixtures.rs"]
#[expect(dead_code, reason = "shared with the access matrix, which uses all of it")]
mod fixtures;
#[cfg(test)]
#[path = "access_matrix/money.rs"]
mod money;
#[cfg(test)]
#[path = "access_matrix/network.rs"]
#[expect(dead_code, reason = "shared with the access matrix, which uses all of it")]
mod network;
#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;
#[cfg(test)]
#[path = "access_matrix/visitor.rs"]
mod visitor;

use network::Actor::{AdvertiserA, Guest, Operator, WebmasterA};
use network::{Actor, Network};
use serde_json::Value;
use support::shows;
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

/// What a documented field looks like.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Int,
    Text,
    Bool,
    Date,
    /// A decimal string with the currency's digits.
    Money,
    /// A number from 1 to 10.
    Rating,
    /// One of these numbers.
    Code(&'static [i64]),
    /// An object with these texts.
    Texts(&'static [&'static str]),
    /// `{size, img}` in three sizes, or nothing.
    Images,
    /// The shape, or `null`.
    Maybe(&'static Shape),
}

use Shape::{Bool, Code, Date, Images, Int, Maybe, Money, Rating, Text, Texts};

const OFFER: &[(&str, Shape)] = &[
    ("id", Int),
    ("is_approved", Bool),
    ("is_stopped", Bool),
    ("name", Text),
    ("description", Text),
    ("description_short", Text),
    ("rules", Texts(&["short", "full"])),
    ("is_deeplink", Bool),
    ("is_new", Bool),
    ("is_new_promo", Bool),
    ("is_new_stock", Bool),
    ("is_exclusive", Bool),
    ("is_phone_tracking", Bool),
    ("rating", Rating),
    ("url_homepage", Text),
    ("url_redirect", Text),
    ("url_name", Text),
    ("images", Images),
    ("cookie_ttl_days", Int),
    ("date_created", Date),
    ("is_mobile", Bool),
    ("is_mobile_optimised", Bool),
    ("is_recommended", Bool),
];

const GOAL: &[(&str, Shape)] = &[
    ("id", Int),
    ("offer_id", Int),
    ("description", Text),
    ("is_active", Bool),
    ("is_auto_approve", Bool),
    ("category", Code(&[0, 34, 38])),
    ("currency_id", Int),
    ("date_created", Date),
    ("is_otol", Bool),
    ("hold_period", Int),
    ("money_type", Code(&[1, 2, 3])),
    ("payment", Text),
];

const LEAD: &[(&str, Shape)] = &[
    ("id", Int),
    ("tid", Text),
    ("sale_id", Text),
    ("type", Code(&[0, 1])),
    ("is_closed", Code(&[0, 1])),
    ("status", Code(&[0, 1, 2, 3, 4])),
    ("substatus", Text),
    ("offer_id", Int),
    ("goal_id", Int),
    ("hold_period", Int),
    ("currency_id", Int),
    ("date_closed", Maybe(&Date)),
    ("date_approved", Maybe(&Date)),
    ("date_created", Date),
    ("date_redirect", Date),
    ("promo_id", Maybe(&Int)),
    ("product_id", Maybe(&Int)),
    ("stock_id", Maybe(&Int)),
    ("area_id", Maybe(&Int)),
    ("deeplink_id", Maybe(&Int)),
    ("landing_id", Maybe(&Int)),
    ("subid1", Text),
    ("subid2", Text),
    ("subid3", Text),
    ("subid4", Text),
    ("subid5", Text),
    ("keyword", Text),
    ("ip", Text),
    ("ua", Text),
    ("url_from", Text),
    ("cookie_ttl_days", Int),
    ("language", Text),
    ("money", Money),
];

const NEWS: &[(&str, Shape)] = &[
    ("id", Int),
    ("header", Text),
    ("body", Text),
    ("type", Code(&[1, 2, 4])),
    ("date_created", Date),
    ("img", Text),
    ("is_important", Bool),
    ("date_start", Date),
    ("date_end", Maybe(&Date)),
    ("is_active", Bool),
];

fn is_date(text: &str) -> bool {
    let pattern = b"0000-00-00T00:00:00Z";
    text.len() == pattern.len()
        && text.bytes().zip(pattern).all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            other => byte == *other,
        })
}

fn fits(shape: Shape, value: &Value) -> bool {
    let text = value.as_str();
    match shape {
        Int => value.is_i64(),
        Text => text.is_some(),
        Bool => value.is_boolean(),
        Date => text.is_some_and(is_date),
        Money => text.is_some_and(|text| {
            let digits =
                text.trim_start_matches('-').split_once('.').map(|(whole, part)| (whole.len(), part.len()));
            digits.is_some_and(|(whole, part)| whole > 0 && part == 2)
        }),
        Rating => value.as_i64().is_some_and(|number| (1..=10).contains(&number)),
        Code(codes) => value.as_i64().is_some_and(|code| codes.contains(&code)),
        Texts(names) => names.iter().all(|name| value[name].is_string()),
        Images => value.as_array().is_some_and(|images| {
            images.iter().all(|image| {
                ["small", "middle", "big"].contains(&image["size"].as_str().unwrap_or_default())
                    && image["img"].as_str().is_some_and(|img| img.starts_with("http"))
            })
        }),
        Maybe(inner) => value.is_null() || fits(*inner, value),
    }
}

/// The rows of a list, each with every documented field in its documented shape.
async fn documented(network: &Network, actor: Actor, path: &str, fields: &[(&str, Shape)]) -> Vec<Value> {
    let answer = network.send(actor, "GET", path, "").await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {answer}");
    let Value::Array(rows) = answer.json()["objects"].take() else {
        panic!("{path}: no objects in {answer}")
    };
    for row in &rows {
        for (name, shape) in fields {
            let value = row.get(name).unwrap_or_else(|| panic!("{path}: {name} is missing in {row}"));
            assert!(fits(*shape, value), "{path}: {name} is {value}, wanted {shape:?}");
        }
    }
    rows
}

#[db_test]
async fn documented_requests_get_documented_answers(db: TestDb) {
    let network = Network::new(db).await;
    shows(&network.app.get("/api/geo?api_key=wrongkey").await, r#"401 {"error":"Unauthorized"}"#);
    shows(
        &network.app.get("/api/goal/?offer_id=-123").await,
        r#"400 {"error":{"offer_id":["Offers not found"]}}"#,
    );
    for actor in [Guest, WebmasterA, AdvertiserA, Operator] {
        let offers = documented(&network, actor, "/api/offer/?per_page=10", OFFER).await;
        assert!(!offers.is_empty(), "{actor:?}");
        let offer = &offers[0]["id"];
        let path = format!("/api/goal/?offer_id={offer}&is_active=1&page=1&per_page=10");
        assert!(!documented(&network, actor, &path, GOAL).await.is_empty(), "{actor:?}");
        for query in ["", "?type=1", "?type=7", "?from=2023-04-27&to=2030-04-25T14:15:16"] {
            documented(&network, actor, &format!("/api/news{query}"), NEWS).await;
        }
    }
    // The sample request of the offers' page, with categories and a region of this network.
    let (category, geo) = (network.category, network.geo);
    let sample = format!(
        "/api/offer?show_stopped=1&is_mobile_optimised=0&categories={category}&geo={geo}&per_page=10"
    );
    assert!(!documented(&network, Guest, &sample, OFFER).await.is_empty());
    let many = format!("/api/offer?categories={category},{category}&geo[]={geo}");
    assert!(!documented(&network, Guest, &many, OFFER).await.is_empty());
    for flag in [
        "is_exclusive",
        "is_mobile",
        "is_mobile_optimised",
        "is_new_promo",
        "is_new_stock",
        "is_active_stock",
    ] {
        documented(&network, Guest, &format!("/api/offer/?{flag}=1"), OFFER).await;
    }
}

#[db_test]
async fn documented_leads(db: TestDb) {
    let network = Network::new(db).await;
    for actor in [WebmasterA, AdvertiserA, Operator] {
        let leads = documented(&network, actor, "/api/lead/", LEAD).await;
        assert!(!leads.is_empty(), "{actor:?}");
        let lead = &leads[0];
        let (id, offer, sale) = (&lead["id"], &lead["offer_id"], lead["sale_id"].as_str().expect("text"));
        let subid = lead["subid1"].as_str().expect("text");
        for name in ["promo", "landing", "stock", "product"] {
            let found =
                network.send(actor, "GET", &format!("/api/{name}/?offer_id={offer}"), "").await.json();
            let is_there = |row: &Value| row["id"] == lead[format!("{name}_id")];
            let objects = found["objects"].as_array().expect("objects");
            assert!(objects.iter().any(is_there), "{actor:?}: {name} of {lead}");
        }
        for query in [
            format!("id={id}"),
            format!("id={id},{id}"),
            format!("sale_id={sale}"),
            format!("sale_id[]={sale}&sale_id[]=other"),
            format!("offer_id={offer}"),
            "d_created_from=2023-04-27&d_created_to=2030-04-25T14:15:16".to_owned(),
            "closed=0".to_owned(),
            format!("subid1={subid}"),
            "page=1&per_page=10".to_owned(),
        ] {
            let found = documented(&network, actor, &format!("/api/lead/?{query}"), LEAD).await;
            assert!(found.iter().any(|row| &row["id"] == id), "{actor:?}: {query}");
        }
        let none = documented(&network, actor, "/api/lead/?d_created_to=2001-01-01", LEAD).await;
        assert!(none.is_empty(), "{actor:?}");
        let closed = documented(&network, actor, "/api/lead/?closed=1", LEAD).await;
        assert!(closed.iter().all(|row| row["is_closed"] == 1), "{actor:?}");
    }
}

/// Regions are nested; one without visible parts has no `descendants` at all.
#[db_test]
async fn documented_regions(db: TestDb) {
    fn walk(region: &Value, seen: &mut usize) {
        *seen += 1;
        for (name, shape) in [("id", Int), ("type", Code(&[25, 30, 35, 40, 50])), ("name_en", Text)] {
            assert!(fits(shape, &region[name]), "{name} of {}", region["id"]);
        }
        match region.get("descendants") {
            None => {}
            Some(Value::Array(parts)) if !parts.is_empty() => parts.iter().for_each(|part| walk(part, seen)),
            Some(other) => panic!("descendants of {}: {other}", region["id"]),
        }
    }
    let network = Network::new(db).await;
    let answer = network.app.get("/api/geo").await.json();
    let names: Vec<&String> = answer.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["objects"], "not paginated");
    let mut seen = 0;
    answer["objects"].as_array().expect("regions").iter().for_each(|region| walk(region, &mut seen));
    assert!(seen > 1000, "{seen} regions");
}
