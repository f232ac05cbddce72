//! People, keys, areas, connections, links and balances, through the operations that every door uses.

use std::sync::Arc;

use crate::people_world::{NOW, fields, network, read, refused, try_read};
use whocpa_db_test::db_test;
use whocpa_domain::area::{AreaKind, AreaStatus};
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::user::{KeyKind, UserStatus};
use whocpa_domain::{Error, Level, ManualClock};
use whocpa_engine::user::UserCreate;
use whocpa_engine::{Caller, Engine, EngineConfig, Rng};
use whocpa_store::testing::TestDb;
use whocpa_store::transfer::{self, Cause};

#[db_test]
async fn an_account_signs_in_until_it_is_blocked(db: TestDb) {
    let net = network(db).await;
    let input = read::<UserCreate>(&[
        ("login", "  New.Person@Example.com "),
        ("name", "New"),
        ("level", "2"),
        ("password", "pass word"),
    ]);
    let id = net.engine.user_create(net.operator, input.clone()).await.expect("create");
    let view = net.engine.user_view(net.operator, id).await.expect("view");
    assert_eq!(view.login, "new.person@example.com");
    assert_eq!(view.postback_token.map(|token| token.len()), Some(32));
    assert_eq!(fields(net.engine.user_create(net.operator, input).await), ["login"]);

    let caller = net.engine.sign_in("New.Person@example.com", "pass word").await;
    let caller = caller.expect("sign in");
    assert_eq!((caller.level, caller.user_id), (Level::Advertiser, id));
    let key = net.engine.profile_key(id).await.expect("profile key");
    assert_eq!(net.bearer(&key).await.expect("key"), caller);

    let new_password = read(&[("password", "another one")]);
    net.engine.user_update(net.operator, id, new_password).await.expect("password");
    let old = net.engine.sign_in("new.person@example.com", "pass word").await;
    assert!(matches!(old, Err(Error::Unauthorized)));

    net.engine.user_delete(net.operator, id).await.expect("block");
    let view = net.engine.user_view(net.operator, id).await.expect("view");
    assert_eq!(view.status, UserStatus::Blocked);
    let blocked = net.engine.sign_in("new.person@example.com", "another one").await;
    assert!(matches!(blocked, Err(Error::Unauthorized)));
    assert!(matches!(net.bearer(&key).await, Err(Error::Unauthorized)));
}

#[db_test]
async fn only_operators_manage_people_and_none_blocks_himself(db: TestDb) {
    let net = network(db).await;
    for caller in [net.webmaster, net.advertiser] {
        let list = net.engine.user_list(caller, read(&[])).await;
        assert!(matches!(list, Err(Error::Forbidden)));
    }
    let found = net.engine.user_list(net.operator, read(&[("level", "1,2"), ("search", "WA")]));
    let found = found.await.expect("list");
    let logins: Vec<&str> = found.rows.iter().map(|row| row.login.as_str()).collect();
    assert_eq!((logins, found.total_count), (vec!["walter"], 1));

    let me = net.operator.user_id;
    let blocked = net.engine.user_update(net.operator, me, read(&[("status", "2")])).await;
    assert!(matches!(blocked, Err(Error::Conflict(_))));
    let deleted = net.engine.user_delete(net.operator, me).await;
    assert!(matches!(deleted, Err(Error::Conflict(_))));

    for login in ["ab", "with space", "line\nbreak"] {
        let bad = [("login", login), ("name", "x"), ("level", "1"), ("password", "long enough")];
        assert_eq!(fields(try_read::<UserCreate>(&bad)), ["login"], "{login}");
    }
    let short = [("login", "short"), ("name", "x"), ("level", "1"), ("password", "1234567")];
    assert_eq!(fields(try_read::<UserCreate>(&short)), ["password"]);
}

#[db_test]
async fn the_first_operator_is_made_once(db: TestDb) {
    let config = EngineConfig {
        database_url: db.config.database_url.clone(),
        log_segment_bytes: 1 << 20,
        ..EngineConfig::new(&db.config.data_dir)
    };
    let engine = Engine::open(config, Arc::new(ManualClock::new(NOW)), Rng::seeded(1));
    let engine = engine.await.expect("open the engine");
    assert_eq!(engine.operator_count().await.expect("count"), 0);
    let make = |login: &str| {
        engine.operator_create_first(login.to_owned(), "long enough".to_owned(), "Olga".to_owned())
    };
    let (one, two) = tokio::join!(make("olga"), make("oleg"));
    let made = [&one, &two].into_iter().filter(|result| result.is_ok()).count();
    assert_eq!(made, 1, "{one:?} {two:?}");
    assert!(matches!(make("third").await, Err(Error::Conflict(_))));
    assert_eq!(engine.operator_count().await.expect("count"), 1);
}

#[db_test]
async fn a_revoked_key_opens_nothing(db: TestDb) {
    let net = network(db).await;
    let made = net.engine.key_create(net.webmaster, read(&[("name", "tracker")])).await;
    let made = made.expect("create a key");
    assert_eq!(net.bearer(&made.key).await.expect("key"), net.webmaster);
    let view = net.engine.key_view(net.webmaster, made.id).await.expect("view");
    assert!(made.key.starts_with(&view.prefix));

    for result in [
        net.engine.key_delete(net.other_webmaster, made.id).await,
        net.engine.key_view(net.operator, made.id).await.map(drop),
    ] {
        assert!(matches!(result, Err(Error::NotFound)));
    }
    net.engine.key_delete(net.webmaster, made.id).await.expect("revoke");
    assert!(matches!(net.bearer(&made.key).await, Err(Error::Unauthorized)));
    let view = net.engine.key_view(net.webmaster, made.id).await.expect("view");
    assert_eq!(view.date_revoked, Some(NOW));
}

#[db_test]
async fn a_revoked_profile_key_is_replaced(db: TestDb) {
    let net = network(db).await;
    let old = net.engine.profile_key(net.webmaster.user_id).await.expect("profile key");
    let keys = net.engine.key_list(net.webmaster).await.expect("list");
    assert_eq!((keys.len(), keys[0].kind), (1, KeyKind::Profile));
    let view = net.engine.key_view(net.webmaster, keys[0].id).await.expect("view");
    assert!(old.starts_with(&view.prefix));

    // The second time nothing happens: there is one new key, not two.
    for _ in 0..2 {
        net.engine.key_delete(net.webmaster, keys[0].id).await.expect("revoke");
    }
    assert_eq!(net.engine.key_list(net.webmaster).await.expect("list").len(), 2);
    let new = net.engine.profile_key(net.webmaster.user_id).await.expect("profile key");
    assert_ne!(old, new);
    assert!(matches!(net.bearer(&old).await, Err(Error::Unauthorized)));
    assert_eq!(net.bearer(&new).await.expect("key"), net.webmaster);
}

#[db_test]
async fn an_area_is_moderated_again_when_its_address_changes(db: TestDb) {
    let net = network(db).await;
    assert_eq!(fields(net.area(&[("kind", "1"), ("name", "Blog")]).await), ["url"]);
    let area = [("kind", "1"), ("name", "Blog"), ("url", "https://blog.example/")];
    let id = net.area(&area).await.expect("create");
    let update = |caller, pairs: &[(&str, &str)]| net.engine.area_update(caller, id, read(pairs));
    let status = async || net.engine.area_view(net.webmaster, id).await.expect("view").status;

    assert_eq!(fields(update(net.webmaster, &[("status", "1")]).await), ["status"]);
    assert_eq!(fields(update(net.operator, &[("name", "x")]).await), ["name"]);
    assert_eq!(fields(update(net.operator, &[("status", "2")]).await), ["reason"]);
    update(net.operator, &[("status", "1")]).await.expect("approve");
    update(net.webmaster, &[("name", "My blog")]).await.expect("rename");
    assert_eq!(status().await, AreaStatus::Approved);
    update(net.webmaster, &[("url", "https://other.example/")]).await.expect("move");
    assert_eq!(status().await, AreaStatus::Review);

    let foreign = update(net.other_webmaster, &[("name", "x")]).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    let foreign = net.engine.area_view(net.other_webmaster, id).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    assert!(matches!(net.engine.area_view(net.advertiser, id).await, Err(Error::Forbidden)));
    let filter = [("webmaster_id", "1")];
    let filtered = net.engine.area_list(net.webmaster, read(&filter)).await;
    assert_eq!(fields(filtered.map(drop)), ["webmaster_id"]);

    net.engine.area_delete(net.webmaster, id).await.expect("archive");
    assert_eq!(status().await, AreaStatus::Archived);
    let late = update(net.webmaster, &[("name", "x")]).await;
    assert!(matches!(late, Err(Error::Conflict(_))));
    let view = net.engine.area_view(net.operator, id).await.expect("view");
    assert_eq!(view.kind, AreaKind::Site);
}

#[db_test]
async fn a_connection_is_asked_for_once_and_decided_by_the_offers_owner(db: TestDb) {
    let net = network(db).await;
    let offer_id = net.offer(|offer| offer.status = OfferStatus::Stopped.code()).await;
    let id = net.connect(net.webmaster, offer_id).await.expect("ask");
    assert_eq!(fields(net.connect(net.webmaster, offer_id).await), ["offer_id"]);

    let status = async || {
        let view = net.engine.connection_view(net.webmaster, id).await;
        view.expect("view").status
    };
    assert_eq!(status().await, ConnectionStatus::Requested);
    let foreign = net.decide(net.other_advertiser, id, &[("status", "1")]).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    let own = net.decide(net.webmaster, id, &[("status", "1")]).await;
    assert!(matches!(own, Err(Error::Forbidden)));
    let foreign = net.engine.connection_view(net.other_webmaster, id).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    assert_eq!(fields(net.decide(net.advertiser, id, &[("status", "0")]).await), ["status"]);
    assert_eq!(fields(net.decide(net.advertiser, id, &[("status", "2")]).await), ["reason"]);
    let refusal = [("status", "2"), ("reason", "no mail please")];
    net.decide(net.advertiser, id, &refusal).await.expect("refuse");

    let again = refused(net.connect(net.webmaster, offer_id).await);
    assert!(again["offer_id"][0].contains("no mail please"), "{again:?}");
    let removed = net.engine.connection_delete(net.webmaster, id).await;
    assert!(matches!(removed, Err(Error::Conflict(_))));
    net.decide(net.operator, id, &[("status", "1")]).await.expect("approve");
    let view = net.engine.connection_view(net.webmaster, id).await.expect("view");
    assert_eq!((view.status, view.reason.as_str()), (ConnectionStatus::Approved, ""));
    net.engine.connection_delete(net.webmaster, id).await.expect("leave");
    net.connect(net.webmaster, offer_id).await.expect("come back");
}

#[db_test]
async fn private_offers_are_entered_through_an_operator(db: TestDb) {
    let net = network(db).await;
    let hidden = net.offer(|offer| offer.is_private = true).await;
    let open = net.offer(|offer| offer.is_auto_connect = true).await;
    let messages = refused(net.connect(net.webmaster, hidden).await);
    assert_eq!(messages["offer_id"], ["Offers not found"]);
    assert_eq!(refused(net.connect(net.webmaster, -1).await), messages);

    let id = net.connect(net.webmaster, open).await.expect("ask");
    let view = net.engine.connection_view(net.webmaster, id).await.expect("view");
    assert_eq!((view.status, view.date_decided), (ConnectionStatus::Approved, Some(NOW)));

    let pair = |webmaster: Caller| {
        read(&[("offer_id", &hidden.to_string()), ("webmaster_id", &webmaster.user_id.to_string())])
    };
    let own = net.engine.connection_create(net.webmaster, pair(net.webmaster)).await;
    assert_eq!(fields(own), ["webmaster_id"]);
    let wrong = net.engine.connection_create(net.operator, pair(net.advertiser)).await;
    assert_eq!(fields(wrong), ["webmaster_id"]);
    let made = net.engine.connection_create(net.operator, pair(net.webmaster)).await;
    made.expect("connect");
    net.link(&[("offer_id", &hidden.to_string())]).await.expect("link");

    let seen = net.engine.connection_list(net.advertiser, read(&[])).await.expect("list");
    assert_eq!(seen.total_count, 2);
    let seen = net.engine.connection_list(net.other_advertiser, read(&[])).await;
    assert_eq!(seen.expect("list").total_count, 0);
}

#[db_test]
async fn a_link_needs_a_connection_and_an_own_area(db: TestDb) {
    let net = network(db).await;
    let offer_id = net.offer(|_| ()).await.to_string();
    let refusal = refused(net.link(&[("offer_id", &offer_id)]).await);
    assert_eq!(refusal["offer_id"], ["You are not connected to this offer"]);
    let refusal = refused(net.link(&[("offer_id", "-5")]).await);
    assert_eq!(refusal["offer_id"], ["Offers not found"]);
    let number = offer_id.parse().expect("a number");
    let connection_id = net.connect_approved(number).await;

    let foreign = net.engine.area_create(net.other_webmaster, read(&[("kind", "99"), ("name", "x")]));
    let foreign = foreign.await.expect("area").to_string();
    let with_area = [("offer_id", offer_id.as_str()), ("area_id", &foreign)];
    assert_eq!(refused(net.link(&with_area).await)["area_id"], ["Areas not found"]);
    for (name, value) in [
        ("subid3", "x".repeat(601)),
        ("url_traffback", "https://WHO.example./go/x".to_owned()),
        ("url_traffback", "https://a.example/{subid1}".to_owned()),
    ] {
        let bad = net.link(&[("offer_id", &offer_id), (name, &value)]).await;
        assert_eq!(fields(bad), [name]);
    }
    net.link(&[("offer_id", &offer_id)]).await.expect("create");
    let refusal = [("status", "2"), ("reason", "enough")];
    net.decide(net.advertiser, connection_id, &refusal).await.expect("refuse");
    assert_eq!(fields(net.link(&[("offer_id", &offer_id)]).await), ["offer_id"]);
}

#[db_test]
async fn a_link_is_its_webmasters_own(db: TestDb) {
    let net = network(db).await;
    let offer_id = net.offer(|_| ()).await;
    net.connect_approved(offer_id).await;
    let area_id = net.area(&[("kind", "99"), ("name", "Mine")]).await.expect("area");
    let (offer_id, area) = (offer_id.to_string(), area_id.to_string());
    let link = [
        ("offer_id", offer_id.as_str()),
        ("area_id", &area),
        ("subid1", "spring"),
        ("url_traffback", "https://back.example/"),
    ];
    let id = net.link(&link).await.expect("create");
    let view = net.engine.link_view(net.webmaster, id).await.expect("view");
    assert_eq!(view.url, format!("https://who.example/go/{}", view.code));
    assert_eq!((view.code.len(), view.area_id, view.webmaster_id), (10, Some(area_id), None));
    let seen = net.engine.link_view(net.operator, id).await.expect("view");
    assert_eq!(seen.webmaster_id, Some(net.webmaster.user_id));

    // An archived area stays where it is, and can be taken off.
    net.engine.area_delete(net.webmaster, area_id).await.expect("archive");
    let update = |caller, pairs: &[(&str, &str)]| net.engine.link_update(caller, id, read(pairs));
    update(net.webmaster, &[("name", "Banner")]).await.expect("rename");
    let again = update(net.webmaster, &[("area_id", &area_id.to_string())]).await;
    assert_eq!(fields(again), ["area_id"]);
    update(net.webmaster, &[("area_id", ""), ("subid1", "")]).await.expect("clear");
    let view = net.engine.link_view(net.webmaster, id).await.expect("view");
    assert_eq!((view.area_id, view.subid1.as_str(), view.name.as_str()), (None, "", "Banner"));

    let foreign = net.other_webmaster;
    for result in [
        update(foreign, &[("name", "x")]).await,
        net.engine.link_view(foreign, id).await.map(drop),
        net.engine.link_delete(foreign, id).await,
    ] {
        assert!(matches!(result, Err(Error::NotFound)));
    }
    assert_eq!(net.engine.link_list(foreign, read(&[])).await.expect("list").total_count, 0);
    net.engine.link_delete(net.webmaster, id).await.expect("delete");
    let gone = net.engine.link_view(net.webmaster, id).await;
    assert!(matches!(gone, Err(Error::NotFound)));
}

#[db_test]
async fn balances_are_shown_to_their_owner_and_sum_to_zero(db: TestDb) {
    let net = network(db).await;
    let account = |kind, owner_id| Account { kind, owner_id, currency_id: 840 };
    let outside = account(AccountKind::External, 0);
    let prepaid = account(AccountKind::AdvertiserAvailable, net.advertiser.user_id);
    let hold = account(AccountKind::WebmasterHold, net.webmaster.user_id);
    let posting = |debit, credit, amount, kind| Posting { debit, credit, amount, kind };
    let cause = Cause { kind: CauseKind::Manual, id: 1, number: 1 };
    let legs = vec![
        posting(outside, prepaid, 100_000_000, TransferKind::Deposit),
        posting(prepaid, hold, 12_500_000, TransferKind::LeadApprove),
    ];
    let groups = &[(cause, legs)];
    let stored = net.db.store;
    let stored = stored.write(move |db| async move { transfer::create(&db, groups, NOW).await });
    stored.await.expect("write transfers");

    let own = net.engine.balance_view(net.webmaster, 840).await.expect("view");
    assert_eq!(own.hold.map(|amount| amount.to_string()).as_deref(), Some("12.50"));
    assert_eq!(own.available.map(|amount| amount.micros), Some(0));
    assert!(own.committed.is_none() && own.margin.is_none() && own.owner_id.is_none());
    let own = net.engine.balance_list(net.advertiser).await.expect("list");
    assert_eq!(own[0].available.map(|amount| amount.to_string()).as_deref(), Some("87.50"));
    assert_eq!((own.len(), own[0].currency.as_str(), own[0].hold.is_none()), (1, "USD", true));
    let none = net.engine.balance_list(net.other_webmaster).await.expect("list");
    assert!(none.is_empty());

    let all = net.engine.balance_list(net.operator).await.expect("list");
    let owners: Vec<Option<i64>> = all.iter().map(|row| row.owner_id).collect();
    let (webmaster, advertiser) = (net.webmaster.user_id, net.advertiser.user_id);
    assert_eq!(owners, [Some(0), Some(webmaster), Some(advertiser)]);
    let house = net.engine.balance_view(net.operator, 840).await.expect("view");
    assert_eq!(house.external.map(|amount| amount.to_string()).as_deref(), Some("-100.00"));
    assert_eq!(net.engine.ledger_sum().await.expect("sum"), [(840, 0)]);
}
