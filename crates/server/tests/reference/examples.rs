//! The examples of the pages are what the program answers today.

use std::net::IpAddr;
use std::path::PathBuf;

use whocpa::api::REGISTRY;
use whocpa_db_test::db_test;
use whocpa_domain::Level::{Advertiser, Guest, Operator, Webmaster};
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::{Access, Level, Resource as R};
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_store::testing::TestDb;

use crate::story::Story;
use crate::support::TestApp;
use crate::{links, materials, money, postbacks};

/// `EXAMPLES_UPDATE=1 cargo test -p whocpa --test reference examples` writes them anew.
#[db_test]
async fn the_examples_are_fresh_and_whole(db: TestDb) {
    // Both databases answer the same; one of them writes it down.
    let is_update = std::env::var_os("EXAMPLES_UPDATE").is_some_and(|value| value == "1");
    let writes = is_update && db.config.database_url.is_none();
    let mut story = Story::begin(TestApp::start(db).await).await;
    tell(&mut story).await;
    let mut wrong = Vec::new();
    for level in Level::ALL {
        let path = format!("{}/examples-data/{}.http", env!("CARGO_MANIFEST_DIR"), level.segment());
        let file = story.file(level);
        if writes {
            std::fs::write(PathBuf::from(&path), &file).expect("the examples are writable");
        }
        if !is_update && std::fs::read_to_string(&path).unwrap_or_default() != file {
            wrong.push(format!("{path} is not what the program answers; write it with EXAMPLES_UPDATE=1"));
        }
        for declaration in REGISTRY.declarations() {
            for (method, declared) in declaration.methods() {
                let name = format!("{}/{}", declaration.resource.name(), method.name());
                let may = declaration.resource.access(method, level) != Access::None;
                if may && !declared.is_soon() && !story.has(level, &name) {
                    wrong.push(format!("{level:?} {name}: tell an example in tests/reference/examples.rs"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

async fn tell(story: &mut Story) {
    let category = catalogue(story).await;
    let (offer, goal) = offer(story, &category).await;
    materials::tell(story, &offer).await;
    let link = traffic(story, &offer).await;
    trials(story).await;
    links::tell(story, &offer).await;
    postbacks::begin(story, &offer).await;
    leads(story, &offer, &goal, &link).await;
    postbacks::tell(story).await;
    account(story).await;
    money::tell(story).await;
    statistics(story).await;
    exports(story).await;
    everybody_reads(story).await;
}

/// What belongs to nobody.
async fn catalogue(story: &mut Story) -> String {
    let category =
        story.create(Operator, R::Category, &[("name_en", "Footwear"), ("name_ru", "Обувь")]).await;
    story.update(Operator, R::Category, &category, &[("name_en", "Shoes and boots")]).await;
    let spare = story.create(Operator, R::Category, &[("name_en", "Spare"), ("name_ru", "Лишняя")]).await;
    story.delete(Operator, R::Category, &spare).await;
    let points =
        [("id", "90001"), ("code", "PTS"), ("digits", "2"), ("name_en", "Points"), ("name_ru", "Баллы")];
    let points = story.create(Operator, R::Currency, &points).await;
    story.update(Operator, R::Currency, &points, &[("name_en", "Bonus points")]).await;
    story.delete(Operator, R::Currency, &points).await;
    let geo = story.list(Operator, R::Geo, &[]).await[0]["id"].to_string();
    story.update(Operator, R::Geo, &geo, &[("is_displayed", "1")]).await;
    category
}

/// An advertiser's offer goes live.
async fn offer(story: &mut Story, category: &str) -> (String, String) {
    let geo = story.list(Guest, R::Geo, &[]).await[0]["id"].to_string();
    let offer = story
        .create(
            Advertiser,
            R::Offer,
            &[
                ("name", "Winter boots"),
                ("url_redirect", "https://boots.example/winter?click={tid}"),
                ("url_homepage", "https://boots.example/"),
                ("description_short", "Warm boots for the whole family"),
                ("description", "Warm boots with free delivery. Orders are confirmed by phone within a day."),
                ("rules_short", "No brand bidding"),
                ("categories", category),
                ("geo", &geo),
                ("cookie_ttl_days", "30"),
                ("decision_days", "7"),
                ("is_silence_approval", "1"),
            ],
        )
        .await;
    let goal = story
        .create(
            Advertiser,
            R::Goal,
            &[
                ("offer_id", &offer),
                ("description", "Paid order"),
                ("category", "34"),
                ("currency_id", "840"),
                ("hold_period", "14"),
                ("money_type", "1"),
                ("charge", "12.50"),
            ],
        )
        .await;
    story.update(Advertiser, R::Offer, &offer, &[("description_short", "Warm boots, delivered free")]).await;
    story.update(Operator, R::Offer, &offer, &[("status", "2")]).await;
    story.update(Advertiser, R::Goal, &goal, &[("hold_period", "10")]).await;
    story.update(Operator, R::Goal, &goal, &[("payment", "10.50")]).await;
    for level in [Advertiser, Operator] {
        let mut form = vec![
            ("name", "Summer sandals"),
            ("url_redirect", "https://boots.example/summer?click={tid}"),
            ("categories", category),
            ("geo", &geo),
            ("is_draft", "1"),
        ];
        let advertiser = story.list(Operator, R::User, &[("level", "2")]).await[0]["id"].to_string();
        if level == Operator {
            form.push(("advertiser_id", &advertiser));
        }
        // Without goals or anything else that refers to it.
        let spare = story.create(level, R::Offer, &form).await;
        story.delete(level, R::Offer, &spare).await;
        form[0].1 = "Spring shoes";
        let draft = story.create(level, R::Offer, &form).await;
        let form = [
            ("offer_id", draft.as_str()),
            ("description", "Sale"),
            ("currency_id", "840"),
            ("hold_period", "30"),
            ("money_type", "2"),
            ("charge", "8"),
        ];
        let sale = story.create(level, R::Goal, &form).await;
        story.delete(level, R::Goal, &sale).await;
    }
    news(story, &offer).await;
    (offer, goal)
}

async fn news(story: &mut Story, offer: &str) {
    let form = [
        ("header", "Higher rates for winter boots"),
        ("body", "Until the end of the month every paid order brings more."),
        ("offer_id", offer),
    ];
    let news = story.create(Operator, R::News, &form).await;
    story.update(Operator, R::News, &news, &[("is_important", "1")]).await;
    let old = story.create(Operator, R::News, &[("header", "Old news"), ("body", "Long ago.")]).await;
    for level in [Webmaster, Advertiser] {
        story.update(level, R::News, &news, &[("is_read", "1")]).await;
    }
    story.delete(Operator, R::News, &old).await;
}

/// A webmaster's way to the offer; gives the code of his link.
async fn traffic(story: &mut Story, offer: &str) -> String {
    let form = [("kind", "1"), ("name", "Travel blog"), ("url", "https://travel-blog.example/")];
    let area = story.create(Webmaster, R::Area, &form).await;
    story.update(Webmaster, R::Area, &area, &[("comment", "40 000 readers a month")]).await;
    story.update(Operator, R::Area, &area, &[("status", "1")]).await;
    let form = [("offer_id", offer), ("comment", "Reviews of winter gear")];
    let connection = story.create(Webmaster, R::Connection, &form).await;
    story.update(Advertiser, R::Connection, &connection, &[("status", "1")]).await;
    story.update(Operator, R::Connection, &connection, &[("status", "1")]).await;
    let form = [("offer_id", offer), ("area_id", &area), ("name", "Review of boots"), ("subid1", "review")];
    let link = story.create(Webmaster, R::Link, &form).await;
    let targeting = r#"{"languages":["en","uk"]}"#;
    story.update(Webmaster, R::Link, &link, &[("subid2", "sidebar"), ("targeting", targeting)]).await;
    for level in [Webmaster, Operator] {
        for (resource, id) in [(R::Area, &area), (R::Connection, &connection), (R::Link, &link)] {
            story.list(level, resource, &[]).await;
            story.view(level, resource, id).await;
        }
    }
    story.list(Advertiser, R::Connection, &[("offer_id", offer)]).await;
    story.view(Advertiser, R::Connection, &connection).await;
    let spare = story.create(
        Webmaster,
        R::Area,
        &[("kind", "4"), ("name", "Channel"), ("url", "https://t.example/c")],
    );
    let spare = spare.await;
    story.delete(Webmaster, R::Area, &spare).await;
    let spare = story.create(Webmaster, R::Link, &[("offer_id", offer), ("name", "Old")]).await;
    story.delete(Webmaster, R::Link, &spare).await;
    let other = story.list(Advertiser, R::Offer, &[]).await;
    let other = other.as_array().expect("offers").iter().find(|row| row["name"] == "Spring shoes");
    let other = other.expect("another offer")["id"].to_string();
    story.update(Operator, R::Offer, &other, &[("status", "2")]).await;
    let spare = story.create(Webmaster, R::Connection, &[("offer_id", &other)]).await;
    story.delete(Webmaster, R::Connection, &spare).await;
    let webmaster = story.list(Operator, R::User, &[("level", "1")]).await[0]["id"].to_string();
    let form = [("offer_id", other.as_str()), ("webmaster_id", &webmaster)];
    let spare = story.create(Operator, R::Connection, &form).await;
    story.delete(Operator, R::Connection, &spare).await;
    story.view(Webmaster, R::Link, &link).await["code"].as_str().expect("a code").to_owned()
}

/// What would happen.
async fn trials(story: &mut Story) {
    let link = story.list(Operator, R::Link, &[]).await[0]["id"].to_string();
    for level in [Webmaster, Advertiser, Operator] {
        let visit = [
            ("kind", "1"),
            ("link_id", link.as_str()),
            ("country", "US"),
            ("language", "en"),
            ("query", "subid1=review"),
        ];
        story.create(level, R::Simulate, &visit).await;
    }
}

/// Visitors buy, the advertiser decides.
async fn leads(story: &mut Story, offer: &str, goal: &str, link: &str) {
    let advertiser_id =
        story.list(Operator, R::User, &[("level", "2")]).await[0]["id"].as_i64().expect("an id");
    let mut ids = Vec::new();
    for (number, sale) in (1..).zip(["A-1001", "A-1002", "A-1003"]) {
        let visit = Visit {
            query: "subid1=review&keyword=warm+boots",
            ip: IpAddr::from([8, 8, 8, number]),
            ua: "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
            referer: "https://travel-blog.example/boots",
            languages: "en-US,en;q=0.9",
            ..Visit::to(link)
        };
        let engine = story.app.state.engine.clone();
        let conversion = Conversion {
            advertiser_id,
            tid: engine.click_track(visit).await.tid,
            goal_id: Some(goal.parse().expect("an id")),
            sale_id: sale.to_owned(),
            amount: None,
            status: LeadStatus::Pending,
            reason: LeadReason::Untold,
            comment: String::new(),
            ..Conversion::default()
        };
        match engine.lead_receive(conversion).await.expect("a verdict") {
            Verdict::Accepted { lead_id, .. } => ids.push(lead_id.to_string()),
            other => panic!("not accepted: {other:?}"),
        }
    }
    let [first, second, _] = ids.as_slice() else { panic!("three leads") };
    story.update(Advertiser, R::Lead, first, &[("status", "1")]).await;
    let refusal = [("status", "2"), ("reason", "16"), ("comment", "The buyer did not take the parcel")];
    story.update(Operator, R::Lead, second, &refusal).await;
    for level in [Webmaster, Advertiser, Operator] {
        story
            .list(
                level,
                R::Lead,
                &[("offer_id", offer), ("d_created_from", "2024-04-25"), ("per_page", "10")],
            )
            .await;
        story.view(level, R::Lead, first).await;
        story.list(level, R::Balance, &[]).await;
        story.view(level, R::Balance, "840").await;
        let params = [("lead_id", first.as_str()), ("per_page", "10")];
        let transfer = story.list(level, R::Transfer, &params).await[0]["id"].to_string();
        story.view(level, R::Transfer, &transfer).await;
    }
    sent(story, offer, goal, link).await;
    orphans(story, offer, advertiser_id, link).await;
    decisions(story, &ids).await;
    quality(story, offer).await;
    clicks(story, first).await;
}

/// Leads that are decided together.
async fn decisions(story: &mut Story, ids: &[String]) {
    let all = ids.join(",");
    for level in [Advertiser, Operator] {
        let sent: &[(&str, &str)] = &[("lead_id", &all), ("status", "1"), ("is_preview", "1")];
        let id = story.create(level, R::Decision, sent).await;
        story.list(level, R::Decision, &[("status", "2")]).await;
        story.view(level, R::Decision, &id).await;
        story.delete(level, R::Decision, &id).await;
        let id = story.create(level, R::Decision, sent).await;
        story.update(level, R::Decision, &id, &[("is_applied", "1")]).await;
    }
}

/// A rule about the quality of traffic, and what it finds.
async fn quality(story: &mut Story, offer: &str) {
    let mut found = Vec::new();
    for (level, name) in [(Advertiser, "Leads within ten seconds"), (Operator, "Fast leads")] {
        let sent: &[(&str, &str)] = &[
            ("offer_id", offer),
            ("name", name),
            ("kind", "1"),
            ("source", "2"),
            ("action", "1"),
            ("limit_percent", "50"),
            ("min_leads", "3"),
        ];
        let id = story.create(level, R::Rule, sent).await;
        story.update(level, R::Rule, &id, &[("seconds", "5")]).await;
        story.app.state.engine.quality_check().await.expect("look");
        let listed = story.list(level, R::Finding, &[("rule_id", &id)]).await;
        found.push((id, listed[0]["id"].to_string()));
    }
    for level in [Webmaster, Advertiser, Operator] {
        story.list(level, R::Rule, &[("offer_id", offer)]).await;
        story.view(level, R::Rule, &found[0].0).await;
        story.list(level, R::Finding, &[("state", "0")]).await;
        story.view(level, R::Finding, &found[0].1).await;
    }
    for (level, (rule, finding)) in [Advertiser, Operator].into_iter().zip(&found) {
        let end = [("state", "2"), ("comment", "A promotion brought them")];
        story.update(level, R::Finding, finding, &end).await;
        story.delete(level, R::Rule, rule).await;
    }
}

/// A report that names no visit, and its visit.
async fn orphans(story: &mut Story, offer: &str, advertiser_id: i64, link: &str) {
    let engine = story.app.state.engine.clone();
    let tid = engine.click_track(Visit::to(link)).await.tid;
    let offer_id = offer.parse().expect("an id");
    let mut ids = Vec::new();
    for tid in ["{tid}", "undefined"] {
        let sent = Conversion { advertiser_id, offer_id, tid: tid.to_owned(), ..Conversion::default() };
        match engine.lead_receive(sent).await.expect("a verdict") {
            Verdict::Parked { id, .. } => ids.push(id.to_string()),
            other => panic!("not parked: {other:?}"),
        }
    }
    for level in [Webmaster, Advertiser, Operator] {
        story.list(level, R::Orphan, &[("offer_id", offer), ("state", "0")]).await;
        story.view(level, R::Orphan, &ids[0]).await;
    }
    story.update(Advertiser, R::Orphan, &ids[0], &[("tid", &tid)]).await;
    story.update(Operator, R::Orphan, &ids[1], &[("is_open", "0")]).await;
}

/// Leads that programs send: a webmaster's order, and reports of a click.
async fn sent(story: &mut Story, offer: &str, goal: &str, link: &str) {
    let order = [
        ("offer_id", offer),
        ("goal_id", goal),
        ("sale_id", "order-17"),
        ("name", "Amina Wanjiru"),
        ("phone", "+254 712 123456"),
        ("ip", "203.0.113.7"),
        ("comment", "Call after six"),
    ];
    story.create(Webmaster, R::Lead, &order).await;
    for (level, sale) in [(Advertiser, "A-1004"), (Operator, "A-1005")] {
        let visit = Visit { languages: "en", ..Visit::to(link) };
        let tid = story.app.state.engine.clone().click_track(visit).await.tid;
        story.create(level, R::Lead, &[("tid", &tid), ("goal_id", goal), ("sale_id", sale)]).await;
    }
}

/// The clicks behind the leads, once they are in the store.
async fn clicks(story: &mut Story, lead: &str) {
    let tid = story.view(Operator, R::Lead, lead).await["tid"].as_str().expect("a tid").to_owned();
    for _ in 0..500 {
        let stored =
            whocpa_store::click::count(&story.app.db.store.clicks(), whocpa_domain::Scope::All).await;
        if stored.expect("a count") >= 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for level in [Webmaster, Operator] {
        story.list(level, R::Click, &[("has_lead", "1"), ("country", "US"), ("per_page", "10")]).await;
        story.view(level, R::Click, &tid).await;
    }
}

async fn account(story: &mut Story) {
    support(story).await;
    for level in [Webmaster, Advertiser, Operator] {
        let form = [("name", "Tracker"), ("rights", "read,write"), ("networks", "203.0.113.7")];
        let key = story.create(level, R::Key, &form).await;
        story.list(level, R::Key, &[]).await;
        story.view(level, R::Key, &key).await;
        story.delete(level, R::Key, &key).await;
    }
    let form = [
        ("level", "1"),
        ("login", "news@forum.example"),
        ("name", "Forum"),
        ("password", "correct horse battery"),
    ];
    let user = story.create(Operator, R::User, &form).await;
    story.update(Operator, R::User, &user, &[("comment", "Asked for higher rates")]).await;
    story.list(Operator, R::User, &[("per_page", "10")]).await;
    story.view(Operator, R::User, &user).await;
    story.delete(Operator, R::User, &user).await;
}

async fn support(story: &mut Story) {
    for level in [Webmaster, Advertiser, Operator] {
        let profile = story.list(level, R::Profile, &[]).await[0]["id"].to_string();
        story.view(level, R::Profile, &profile).await;
        story
            .update(level, R::Profile, &profile, &[("telegram", "cpa_example"), ("time_zone", "Europe/Kyiv")])
            .await;
    }
    let question = [
        ("subject", "Lead A-1002 was refused"),
        ("message", "The buyer says that he did take the parcel. Could you look again?"),
    ];
    let ticket = story.create(Webmaster, R::Ticket, &question).await;
    let answer = [("message", "We asked the advertiser and will tell you tomorrow.")];
    story.update(Operator, R::Ticket, &ticket, &answer).await;
    story.update(Webmaster, R::Ticket, &ticket, &[("is_read", "1")]).await;
    let question = [("subject", "Invoice for April"), ("message", "Where do I find it?")];
    let other = story.create(Advertiser, R::Ticket, &question).await;
    story
        .update(Advertiser, R::Ticket, &other, &[("message", "Found it, thank you."), ("status", "3")])
        .await;
    for (level, ticket) in [(Webmaster, &ticket), (Advertiser, &other), (Operator, &ticket)] {
        story.list(level, R::Ticket, &[]).await;
        story.view(level, R::Ticket, ticket).await;
    }
    let entry = story.list(Operator, R::Audit, &[("per_page", "10")]).await[0]["id"].to_string();
    story.view(Operator, R::Audit, &entry).await;
}

/// How much of everything there is.
async fn statistics(story: &mut Story) {
    for level in [Webmaster, Advertiser, Operator] {
        let question =
            [("group", "offer,country"), ("tz", "Europe/Kyiv"), ("sort", "-leads"), ("per_page", "10")];
        story.list(level, R::Stat, &question).await;
    }
}

/// Lists as files.
async fn exports(story: &mut Story) {
    for (level, resource, query) in [
        (Webmaster, "lead", "d_created_from=2024-04-01&status=1"),
        (Advertiser, "stat", "group=day,offer&from=2024-04-01&tz=Europe/Kyiv"),
        (Operator, "transfer", "currency_id=840"),
    ] {
        let form = [("resource", resource), ("format", "1"), ("query", query), ("name", "April")];
        let export = story.create(level, R::Export, &form).await;
        let form = [
            ("resource", resource),
            ("format", "2"),
            ("query", query),
            ("fields", "id"),
            ("name", "Numbers"),
        ];
        let form = if resource == "stat" { &form[..3] } else { &form[..] };
        let spare = story.create(level, R::Export, form).await;
        story.delete(level, R::Export, &spare).await;
        story.app.state.engine.export_run_due().await.expect("files are written");
        story.list(level, R::Export, &[("per_page", "10")]).await;
        story.view(level, R::Export, &export).await;
    }
}

/// What every level reads alike.
async fn everybody_reads(story: &mut Story) {
    let offer = story.list(Guest, R::Offer, &[("per_page", "10")]).await[0]["id"].to_string();
    for level in Level::ALL {
        story.list(level, R::Offer, &[("per_page", "10")]).await;
        story.view(level, R::Offer, &offer).await;
        let goal = story.list(level, R::Goal, &[("offer_id", &offer)]).await[0]["id"].to_string();
        story.view(level, R::Goal, &goal).await;
        for resource in [R::Category, R::Currency, R::News] {
            let id = story.list(level, resource, &[]).await[0]["id"].to_string();
            story.view(level, resource, &id).await;
        }
        story.list(level, R::Geo, &[]).await;
    }
}
