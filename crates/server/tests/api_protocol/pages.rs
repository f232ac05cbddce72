//! The pages of the reference.

use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::support::TestApp;

#[db_test]
async fn every_page_of_the_reference_is_there(db: TestDb) {
    let app = TestApp::start(db).await;
    assert_eq!(app.get("/apidocs").await.header("location"), "/apidocs/guest/overview/about");
    let mut seen = 0;
    for level in ["guest", "pub", "adv", "operator"] {
        let overview = app.get(&format!("/apidocs/{level}/overview/about/")).await;
        assert_eq!(overview.header("content-type"), "text/html; charset=utf-8");
        for link in overview.text.split("href=\"").skip(1) {
            let path = link.split('"').next().unwrap_or_default();
            if path.starts_with("/apidocs/") || path.starts_with("/assets/") {
                assert_eq!(app.get(path).await.status, 200, "{path}");
                seen += 1;
            }
        }
    }
    assert!(seen > 200, "{seen}");
    for path in
        ["/apidocs/guest/reference/category/create", "/apidocs/nobody/overview/about", "/apidocs/guest/x"]
    {
        let page = app.get(path).await;
        assert_eq!(
            (page.status.as_u16(), page.text.contains("There is no such page")),
            (404, true),
            "{path}"
        );
    }
    let page = app.get("/apidocs/operator/reference/category/create").await;
    for part in
        ["name_en", "required", "curl -X POST &#39;https://cpa.test/api/category/&#39;", "<code>415</code>"]
    {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
}
