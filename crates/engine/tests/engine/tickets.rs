//! Tickets and the audit: what each side sees, and what is written down.

use crate::people_world::{Network, fields, network, read, try_read};
use whocpa_db_test::db_test;
use whocpa_domain::role::Role;
use whocpa_domain::ticket::{TicketSide, TicketStatus};
use whocpa_domain::{Error, Level};
use whocpa_engine::Caller;
use whocpa_engine::audit::{AuditList, AuditView};
use whocpa_store::testing::TestDb;

impl Network {
    async fn ask(&self, caller: Caller, pairs: &[(&str, &str)]) -> Result<i64, Error> {
        let pairs = [&[("subject", "Payout"), ("message", "When?")], pairs].concat();
        self.engine.ticket_create(caller, read(&pairs)).await
    }

    async fn say(&self, caller: Caller, id: i64, pairs: &[(&str, &str)]) -> Result<(), Error> {
        self.engine.ticket_update(caller, id, try_read(pairs)?).await
    }

    async fn told(&self, pairs: &[(&str, &str)]) -> Vec<AuditView> {
        self.engine.audit_list(self.operator, read(pairs)).await.expect("the audit").rows
    }
}

#[db_test]
async fn a_ticket_goes_to_and_fro(db: TestDb) {
    let net = network(db).await;
    let (asker, helper) = (net.webmaster, net.operator);
    let id = net.ask(asker, &[("category", "5")]).await.expect("ask");
    let state = async |caller: Caller| {
        let view = net.engine.ticket_view(caller, id).await.expect("view");
        (view.ticket.status, view.ticket.unread_count, view.messages.len())
    };
    assert_eq!(state(helper).await, (TicketStatus::Open, 1, 1));
    net.say(helper, id, &[("message", "a secret note"), ("is_internal", "1")]).await.expect("note");
    assert_eq!(state(helper).await, (TicketStatus::Open, 1, 2), "a note answers nothing");
    assert_eq!(state(asker).await, (TicketStatus::Open, 0, 1), "and is not seen");
    net.say(helper, id, &[("message", "On <b>Friday</b>"), ("priority", "3")]).await.expect("answer");
    assert_eq!(state(asker).await, (TicketStatus::Answered, 1, 2));
    let view = net.engine.ticket_view(asker, id).await.expect("view");
    let answer = view.messages.last().expect("an answer");
    assert_eq!(
        (answer.side, answer.author.as_str(), answer.is_internal),
        (TicketSide::Network, "olga", None)
    );
    assert_eq!(answer.message, "On <b>Friday</b>", "plain text stays what it is");
    assert!(view.ticket.priority.is_none() && view.ticket.user_id.is_none());

    let by_priority = |caller: Caller| net.engine.ticket_list(caller, read(&[("sort", "-priority")]));
    assert_eq!(fields(by_priority(asker).await), ["sort"], "an order would tell them");
    assert_eq!(by_priority(helper).await.expect("tickets").rows.len(), 1);

    let before = view.ticket.date_updated;
    net.clock.advance(10);
    net.say(asker, id, &[("is_read", "1")]).await.expect("read");
    let view = net.engine.ticket_view(asker, id).await.expect("view");
    assert_eq!((view.ticket.unread_count, view.ticket.date_updated), (0, before));
    net.say(asker, id, &[("status", "3")]).await.expect("close");
    net.say(asker, id, &[("message", "One more thing")]).await.expect("it opens again");
    assert_eq!(state(helper).await, (TicketStatus::Open, 1, 4));
    for (name, value) in [("priority", "1"), ("operator_id", "1"), ("category", "1"), ("status", "2")] {
        assert_eq!(fields(net.say(asker, id, &[(name, value)]).await), [name]);
    }
    let note = net.say(asker, id, &[("message", "x"), ("is_internal", "1")]).await;
    assert_eq!(fields(note), ["is_internal"]);
    assert_eq!(fields(net.say(asker, id, &[("message", " \n")]).await), ["message"]);
    assert_eq!(fields(net.say(asker, id, &[("message", "a\u{7}b")]).await), ["message"]);
}

#[db_test]
async fn a_ticket_is_seen_by_its_asker_and_the_network(db: TestDb) {
    let net = network(db).await;
    let offer = net.offer(|offer| offer.is_private = true).await.to_string();
    for (name, foreign) in [("offer_id", offer.as_str()), ("lead_id", "1")] {
        assert_eq!(fields(net.ask(net.webmaster, &[(name, foreign)]).await), [name]);
    }
    let id = net.ask(net.advertiser, &[("offer_id", &offer)]).await.expect("ask");
    net.say(net.operator, id, &[("message", "hushed"), ("is_internal", "1")]).await.expect("note");
    for foreign in [net.webmaster, net.other_advertiser] {
        assert!(matches!(net.engine.ticket_view(foreign, id).await, Err(Error::NotFound)));
        assert!(matches!(net.say(foreign, id, &[("message", "x")]).await, Err(Error::NotFound)));
    }
    let count = async |caller: Caller, pairs: &[(&str, &str)]| {
        net.engine.ticket_list(caller, read(pairs)).await.expect("list").total_count
    };
    assert_eq!(count(net.advertiser, &[("search", "HUSHED")]).await, 0, "a note is not found either");
    assert_eq!(count(net.operator, &[("search", "hushed")]).await, 1);
    assert_eq!(count(net.advertiser, &[("search", "when?"), ("offer_id", &offer), ("status", "1")]).await, 1);
    assert_eq!(count(net.operator, &[("is_unread", "1"), ("operator_id", "0"), ("category", "1")]).await, 1);
    assert_eq!(count(net.operator, &[("user_id", "1")]).await, i64::from(net.advertiser.user_id == 1));
    let mine = net.engine.ticket_list(net.advertiser, read(&[("user_id", "1")])).await;
    assert_eq!(fields(mine.map(drop)), ["user_id"]);

    // A manager answers his people, and gets no other's ticket.
    let manager = net.engine.user_create(
        net.operator,
        read(&[
            ("level", "3"),
            ("role", "2"),
            ("login", "mark"),
            ("name", "Mark"),
            ("password", "long enough"),
        ]),
    );
    let manager = manager.await.expect("a manager");
    let mark = Caller { role: Role::Manager, ..Caller::new(Level::Operator, manager) };
    let to_mark = [("operator_id", &*manager.to_string())];
    assert_eq!(fields(net.say(net.operator, id, &to_mark).await), ["operator_id"]);
    assert!(matches!(net.engine.ticket_view(mark, id).await, Err(Error::NotFound)));
    let assigned = read(&[("manager_id", &*manager.to_string())]);
    net.engine.user_update(net.operator, net.advertiser.user_id, assigned).await.expect("assign");
    net.say(net.operator, id, &to_mark).await.expect("assign the ticket");
    net.say(mark, id, &[("message", "Hello")]).await.expect("answer");
    assert!(matches!(net.ask(mark, &[]).await, Err(Error::Forbidden)));
}

#[db_test]
async fn the_audit_tells_who_changed_what(db: TestDb) {
    let net = network(db).await;
    let made = net.engine.key_create(net.operator, read(&[("name", "x"), ("rights", "read,write,money")]));
    let made = made.await.expect("a key");
    let ip = "2001:db8::1".parse().ok();
    let caller = net.engine.authenticate(&made.key, ip).await.expect("it opens");
    net.clock.advance(100);
    let id = net.webmaster.user_id;
    let new = [("name", "Wendy W"), ("password", "canary password"), ("comment", "words")];
    net.engine.user_update(caller, id, read(&new)).await.expect("update");
    let about = [("resource", "user"), ("object_id", &*id.to_string()), ("method", "update")];
    let [entry] = &net.told(&about).await[..] else { panic!("one entry is expected") };
    assert_eq!((entry.user_id, entry.key_id, entry.ip.as_str()), (caller.user_id, made.id, "2001:db8::1"));
    assert_eq!((entry.login.as_str(), entry.level.code()), ("olga", 3));
    let changes = serde_json::to_value(&entry.changes).expect("JSON");
    let expected = r#"{"comment":["","words"],"name":["wendy","Wendy W"],"password":[null,"changed"]}"#;
    assert_eq!(changes.to_string(), expected);

    for filter in [
        ("ip", "2001:DB8:0::1"),
        ("key_id", &*made.id.to_string()),
        ("d_created_from", &*net.engine.now().to_string()),
    ] {
        let found = net.told(&[filter]).await;
        assert_eq!(found.iter().map(|entry| entry.id).collect::<Vec<_>>(), [entry.id], "{filter:?}");
    }
    assert!(net.told(&[("level", "0"), ("user_id", "0")]).await.len() >= 5, "people were made by a command");
    let wrong = try_read::<AuditList>(&[("ip", "here")]);
    assert_eq!(fields(wrong), ["ip"]);
    let support = Caller { role: Role::Support, ..net.operator };
    for narrow in [support, Caller { role: Role::Manager, ..net.operator }, net.webmaster] {
        assert!(matches!(net.engine.audit_list(narrow, read(&[])).await, Err(Error::Forbidden)));
    }
    let finance = Caller { role: Role::Finance, ..net.operator };
    net.engine.audit_view(finance, entry.id).await.expect("finance reads it");
}
