//! New leads go to an advertiser's own system: its answers are read, it is asked for what it does not tell, and what is stuck
//! is found.

use whocpa_db_test::db_test;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::time::DAY;
use whocpa_engine::delivery::LeadDelivery;
use whocpa_store::testing::TestDb;

use crate::deliveries::Told;
use crate::receiver::{FINE, Mode};
use crate::world::{read, refusal};

const ACCEPTED: Mode = Mode::Says(r#"{"order":{"id":"CR-17","state":"new"}}"#);

/// An advertiser's system that is told new leads and asked for them every ten minutes.
async fn system(told: &Told) {
    let (url, poll) = (told.receiver.url("orders"), told.receiver.url("orders/{crm_id}?lead={lead_id}"));
    let pairs = [
        ("kind", "3"),
        ("url", url.as_str()),
        ("events", "1"),
        ("body", r#"{"lead":"{lead_id}"}"#),
        ("headers", "Authorization: Bearer abc"),
        ("answer_id", "order.id"),
        ("answer_status", "order.state"),
        ("answer_words", "approved=paid,ok;rejected=cancel;pending=new"),
        ("poll_url", poll.as_str()),
        ("poll_minutes", "10"),
    ];
    told.postback(told.run.world.advertiser, &pairs).await;
}

impl Told {
    async fn story(&self, id: i64) -> (LeadStatus, LeadDelivery) {
        let lead = self.run.world.engine.lead_view(self.run.world.advertiser, id).await.expect("the lead");
        (lead.row.status, lead.deliveries[0].clone())
    }

    async fn work(&self) -> i64 {
        self.run.world.engine.forward_poll().await.expect("ask");
        self.run.world.engine.forward_work().await.expect("work")
    }

    async fn stuck(&self) -> usize {
        let found =
            self.run.world.engine.delivery_list(self.run.world.advertiser, read(&[("is_stuck", "1")]));
        found.await.expect("deliveries").rows.len()
    }
}

#[db_test]
async fn a_system_answers_with_its_id_and_decides_by_its_words(test: TestDb) {
    let told = Told::new(test).await;
    let clock = &told.run.world.clock;
    system(&told).await;
    told.receiver.set(ACCEPTED);
    let id = told.lead("", "").await;
    told.send().await;
    assert_eq!(told.work().await, 0, "its word for pending decides nothing");
    let (status, delivery) = told.story(id).await;
    assert_eq!(status, LeadStatus::Pending);
    assert_eq!((delivery.crm_id.as_deref(), delivery.crm_status.as_deref()), (Some("CR-17"), Some("new")));
    clock.advance(601);
    told.receiver.clear();
    told.receiver.set(Mode::Says(r#"{"order":{"id":"CR-17","state":"PAID"}}"#));
    assert_eq!(told.work().await, 1);
    let seen = told.receiver.seen();
    assert_eq!(told.receiver.targets(), [format!("/orders/CR-17?lead={id}")]);
    assert_eq!((seen[0].method.as_str(), seen[0].header("authorization")), ("GET", "Bearer abc"));
    assert_eq!(told.story(id).await.0, LeadStatus::Approved);
    assert_eq!(told.work().await, 0, "once");
    clock.advance(601);
    told.receiver.set(Mode::Says(r#"{"order":{"state":"cancel"}}"#));
    assert_eq!(told.work().await, 1, "it may think again until the lead is closed");
    let lead = told.run.world.engine.lead_view(told.run.world.webmaster, id).await.expect("the lead");
    assert_eq!(lead.row.status, LeadStatus::Rejected);
    assert!(lead.events.last().expect("an event").comment.contains("system answers: cancel"));
    assert!(lead.deliveries.is_empty(), "the webmaster sees nothing of that system");
    clock.advance(11 * DAY);
    told.run.world.engine.lead_close_due().await.expect("close");
    told.receiver.clear();
    told.work().await;
    clock.advance(601);
    told.work().await;
    assert_eq!(told.receiver.seen().len(), 0, "a closed lead is not asked for");
}

#[db_test]
async fn what_is_stuck_is_found(test: TestDb) {
    let told = Told::new(test).await;
    let clock = &told.run.world.clock;
    system(&told).await;
    told.receiver.set(Mode::Close);
    told.lead("", "").await;
    told.send().await;
    assert_eq!(told.stuck().await, 0);
    clock.advance(3601);
    assert_eq!(told.stuck().await, 1, "not taken for an hour");
    told.receiver.set(ACCEPTED);
    told.send().await;
    assert_eq!(told.stuck().await, 0);
    clock.advance(DAY + 1);
    assert_eq!(told.stuck().await, 1, "taken, and nothing said for a day");
    told.receiver.set(Mode::Says(r#"{"order":{"id":"CR-17","state":"ok"}}"#));
    assert_eq!(told.work().await, 1);
    assert_eq!(told.stuck().await, 0);

    let (url, webmaster) = (told.receiver.url("x"), told.run.world.webmaster);
    let pairs = [("kind", "3"), ("url", url.as_str()), ("body", "{}"), ("answer_id", "id")];
    let refused = told.run.world.engine.postback_create(webmaster, read(&pairs)).await;
    assert_eq!(refusal(refused), ["answer_id: Answers are read of kind 3 of advertisers only"]);
    let pairs = [&pairs[..3], &[("answer_words", "approved"), ("poll_minutes", "5")]].concat();
    let refused = told.run.world.engine.postback_create(told.run.world.advertiser, read(&pairs)).await;
    assert_eq!(
        refusal(refused),
        [
            "answer_words: approved: words are written as approved=paid,ok;rejected=cancel",
            "poll_minutes: poll_url and poll_minutes belong together",
        ]
    );
    told.receiver.set(FINE);
}
