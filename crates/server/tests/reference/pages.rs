//! Every page of every level in every language.

use std::collections::BTreeSet;

use whocpa::api::REGISTRY;
use whocpa::apidocs::changes;
use whocpa::i18n::{Lang, MISSING};
use whocpa_db_test::db_test;
use whocpa_domain::{Access, Level, Method, Resource, Time};
use whocpa_store::testing::TestDb;

use crate::support::TestApp;

/// Addresses in the pages, without those of other sites and of the same page.
fn links(page: &str) -> BTreeSet<&str> {
    let values = ["href=\"", "src=\""].into_iter().flat_map(|start| page.split(start).skip(1));
    let values = values.map(|rest| rest.split('"').next().unwrap_or_default());
    values.filter(|link| link.starts_with('/')).collect()
}

#[db_test]
async fn every_page_is_there_in_every_language(db: TestDb) {
    let app = TestApp::start(db).await;
    let mut waiting: Vec<String> = Lang::ALL.map(|lang| format!("{}/apidocs/", lang.prefix())).into();
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    while let Some(path) = waiting.pop() {
        let page = app.get(&path).await;
        if page.status.is_redirection() {
            waiting.push(page.header("location").to_owned());
            seen.insert(page.header("location").to_owned());
            continue;
        }
        assert_eq!(page.status, 200, "{path}");
        if page.header("content-type") != "text/html; charset=utf-8" {
            continue;
        }
        assert!(!page.text.contains(MISSING), "{path}: a text is missing");
        for link in links(&page.text) {
            let path = link.split('?').next().unwrap_or_default();
            let is_ours = path.contains("/apidocs") || path.starts_with("/api/");
            if is_ours && seen.insert(link.to_owned()) {
                waiting.push(link.to_owned());
            }
        }
    }
    // Nothing that a level has is left out of its menu.
    for level in Level::ALL {
        for resource in Resource::ALL {
            for method in
                Method::ALL.into_iter().filter(|method| resource.access(*method, level) != Access::None)
            {
                for lang in Lang::ALL {
                    let (name, method) = (resource.name(), method.name());
                    let path =
                        format!("{}/apidocs/{}/reference/{name}/{method}", lang.prefix(), level.segment());
                    assert!(seen.contains(&path), "{path} stands in no menu");
                }
            }
        }
    }
    println!("reference: {} pages read", seen.len());
}

#[db_test]
async fn pages_that_are_not_there(db: TestDb) {
    let app = TestApp::start(db).await;
    assert_eq!(app.get("/apidocs").await.header("location"), "/apidocs/guest/overview/about");
    assert_eq!(app.get("/ua/apidocs/pub").await.header("location"), "/ua/apidocs/pub/overview/about");
    for (path, words) in [
        ("/apidocs/guest/reference/category/create", "There is no such page"),
        ("/apidocs/nobody/overview/about", "There is no such page"),
        ("/apidocs/guest/x", "There is no such page"),
        ("/apidocs/guest/reference/%3Cscript%3E/list", "There is no such page"),
        ("/ru/apidocs/guest/x", "Такой страницы нет"),
        ("/ua/apidocs/guest/x", "Такої сторінки немає"),
    ] {
        let page = app.get(path).await;
        assert_eq!(page.status.as_u16(), 404, "{path}");
        assert!(page.text.contains(words) && !page.text.contains("<script>"), "{path}");
    }
}

#[db_test]
async fn a_page_tells_its_method(db: TestDb) {
    let app = TestApp::start(db).await;
    let page = app.get("/apidocs/operator/reference/category/create").await;
    for part in [
        "name_en",
        "required",
        "curl -X POST",
        "https://cpa.test/api/category/",
        "urllib.request",
        "curl_init",
        "await fetch",
        "<code>415</code>",
        "hreflang=\"uk\" href=\"https://cpa.test/ua/apidocs/operator/reference/category/create\"",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let payout = app.get("/apidocs/pub/reference/payout/create").await.text;
    assert_eq!(
        payout.matches("Idempotency-Key").count(),
        4 + payout.matches("<code>Idempotency-Key").count()
    );
    let guest = app.get("/apidocs/guest/reference/geo/list").await.text;
    assert!(!guest.contains("YOUR_KEY"), "guests need no key");
    // Ids of the example network are nobody's: a mark, and what tells one, but not for what would be changed.
    let view = app.get("/apidocs/pub/reference/area/view").await.text;
    assert!(view.contains("<span data-id=\"/api/area/?per_page=10\">YOUR_AREA_ID</span>"), "{view}");
    let update = app.get("/ru/apidocs/pub/reference/area/update").await.text;
    assert!(update.contains("<span data-id=\"\">YOUR_AREA_ID</span>"), "{update}");
    assert!(update.contains("<a href=\"/ru/apidocs/pub/reference/area/list\">area / list</a>"), "{update}");
    let link = app.get("/apidocs/pub/reference/link/create").await.text;
    assert!(link.contains("/api/offer/?is_approved=1&amp;per_page=10\">YOUR_OFFER_ID</span>"), "{link}");
    let soon = app.get("/ru/apidocs/pub/reference/proof/list").await.text;
    assert!(soon.contains("501") && soon.contains("скоро") && soon.contains("entry_count"), "{soon}");
    let ukrainian = app.get("/ua/apidocs/pub/reference/lead/list").await;
    assert_eq!(ukrainian.header("content-language"), "uk");
    assert!(ukrainian.text.contains("<html lang=\"uk\">"));
}

/// Scripts and styles of the page itself only: a text that slips through as HTML could do nothing.
#[db_test]
async fn pages_load_from_this_server_only(db: TestDb) {
    let app = TestApp::start(db).await;
    for path in [
        "/apidocs/pub/overview/about",
        "/apidocs/pub/reference/lead/list",
        "/apidocs/changes",
        "/apidocs/explore",
    ] {
        let page = app.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        for banned in ["<style", " style=\"", " onclick=", "javascript:", "src=\"http", "@import"] {
            assert!(!page.text.contains(banned), "{path}: {banned}");
        }
        assert_eq!(
            page.text.matches("<script").count(),
            page.text.matches("<script src=\"/assets/").count(),
            "{path}"
        );
        for link in links(&page.text).into_iter().filter(|link| link.starts_with("/assets/")) {
            let file = app.get(link).await;
            assert_eq!(
                (file.status.as_u16(), file.header("x-content-type-options")),
                (200, "nosniff"),
                "{link}"
            );
        }
    }
}

/// Each change is told once, however often the program starts.
#[db_test]
async fn changes_are_told_once(db: TestDb) {
    let app = TestApp::start(db).await;
    // Changes are published on their day.
    app.clock.set(Time::parse("2099-01-01").expect("a date"));
    for _ in 0..2 {
        changes::publish(&app.state.engine).await.expect("published");
    }
    let news = app.get("/api/news/").await.json();
    let rows = news["objects"].as_array().expect("news");
    assert_eq!(rows.len(), changes::CHANGES.len(), "{news}");
    assert_eq!(rows[0]["header"], changes::CHANGES[0].words(Lang::En).title.as_str());
    assert_eq!(rows[0]["type"], 1);
}

#[test]
fn every_method_of_the_access_table_is_declared() {
    let mut missing = Vec::new();
    for resource in Resource::ALL {
        for method in Method::ALL.into_iter().filter(|method| resource.has(*method)) {
            let declared = REGISTRY.declaration(*resource).and_then(|declaration| declaration.method(method));
            if declared.is_none() {
                missing.push(format!("{} / {}", resource.name(), method.name()));
            }
        }
    }
    assert!(missing.is_empty(), "announce them with `soon`: {}", missing.join(", "));
}
