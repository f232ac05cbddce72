//! Postbacks and their deliveries, told as examples.

use whocpa_domain::Level::{Advertiser, Operator, Webmaster};
use whocpa_domain::postback::DeliveryStatus;
use whocpa_domain::{Resource as R, Scope};
use whocpa_store::delivery::{self, Attempt, Delivery, DeliveryFilter};

use crate::story::Story;

/// Addresses that are told what follows.
pub async fn begin(story: &mut Story, offer: &str) {
    let tracker = [
        ("kind", "1"),
        ("template", "1"),
        ("tracker_domain", "tracker.travel-blog.example"),
        ("tracker_key", "fd12a9"),
        ("name", "Keitaro"),
    ];
    let tracker = story.create(Webmaster, R::Postback, &tracker).await;
    let body = r#"{"order":"{lead_id}","name":"{name}","phone":"{phone}"}"#;
    let system = [
        ("kind", "3"),
        ("url", "https://crm.boots.example/orders"),
        ("format", "1"),
        ("body", body),
        ("headers", "Authorization: Bearer 5f1c"),
        ("events", "1"),
        ("offer_id", offer),
        ("answer_id", "order.id"),
        ("answer_status", "order.status"),
        ("answer_words", "approved=paid;rejected=cancel"),
        ("poll_url", "https://crm.boots.example/orders/{crm_id}"),
        ("poll_minutes", "30"),
    ];
    let system = story.create(Advertiser, R::Postback, &system).await;
    story.update(Webmaster, R::Postback, &tracker, &[("is_zero_sent", "1")]).await;
    story.update(Advertiser, R::Postback, &system, &[("name", "Orders")]).await;
    for level in [Webmaster, Advertiser] {
        let spare = [("kind", "2"), ("url", "https://old.example/hook")];
        let spare = story.create(level, R::Postback, &spare).await;
        story.delete(level, R::Postback, &spare).await;
    }
    for (level, id) in [(Webmaster, &tracker), (Advertiser, &system), (Operator, &tracker)] {
        story.list(level, R::Postback, &[]).await;
        story.view(level, R::Postback, id).await;
    }
}

/// What was sent to them.
pub async fn tell(story: &mut Story) {
    send(story).await;
    for level in [Webmaster, Advertiser] {
        story.list(level, R::Event, &[("after", "0"), ("limit", "2")]).await;
        let found = story.list(level, R::Delivery, &[("status", "1")]).await;
        let id = found[0]["id"].to_string();
        story.view(level, R::Delivery, &id).await;
        if level == Webmaster {
            story.view(Operator, R::Delivery, &id).await;
        }
        let postback = found[0]["postback_id"].to_string();
        let trial = [("postback_id", postback.as_str()), ("is_test", "1"), ("is_dry_run", "1")];
        story.create(level, R::Delivery, &trial).await;
        story.update(level, R::Delivery, &id, &[("replay", "1")]).await;
    }
    story.list(Operator, R::Delivery, &[("status", "0")]).await;
}

/// Receivers of examples are nowhere: what the worker would have written down.
async fn send(story: &Story) {
    let now = story.app.state.engine.now();
    let done = story.app.db.store.write(move |db| async move {
        let all = delivery::found(&db, Scope::All, &DeliveryFilter::default(), 0, 1000).await?;
        for row in all {
            let attempt = Attempt {
                delivery_id: row.id,
                number: 1,
                url: "https://tracker.travel-blog.example/***/postback?subid=review&status=pending"
                    .to_owned(),
                http_status: Some(200),
                duration_ms: 48,
                error: String::new(),
                answer: "Success".to_owned(),
                date_created: now.0,
            };
            delivery::create_attempts(&db, &[attempt]).await?;
            let taken = Delivery {
                status: DeliveryStatus::Delivered.code(),
                attempt_count: 1,
                try_count: 1,
                http_status: Some(200),
                date_delivered: Some(now.0),
                ..row
            };
            delivery::update(&db, taken).await?;
        }
        Ok(())
    });
    done.await.expect("deliveries");
}
