//! Keys, roles, profiles and postback tokens: who may open what, for how long, and from where.

use std::collections::BTreeSet;

use crate::people_world::{NOW, Network, fields, network, read, refused, try_read};
use whocpa_db_test::db_test;
use whocpa_domain::role::{Right, Rights, Role};
use whocpa_domain::user::{AffId, UserLevel, UserStatus};
use whocpa_domain::{Error, Method, Resource, Scope, Time};
use whocpa_engine::key::KeyCreated;
use whocpa_engine::user::{UserCreate, UserUpdate};
use whocpa_engine::{Caller, Rng, password_hash};
use whocpa_store::api_key;
use whocpa_store::person::{self, User};
use whocpa_store::testing::TestDb;

impl Network {
    async fn key(&self, caller: Caller, pairs: &[(&str, &str)]) -> Result<KeyCreated, Error> {
        let named = [&[("name", "tracker")], pairs].concat();
        self.engine.key_create(caller, read(&named)).await
    }

    async fn opened(&self, key: &str, ip: &str) -> Result<Caller, Error> {
        self.engine.authenticate(key, ip.parse().ok()).await
    }

    /// An operator with this role.
    async fn operator(&self, login: &str, role: Role) -> Caller {
        let hash = password_hash("correct horse".to_owned()).await.expect("a hash");
        let input = UserCreate { role: Some(role), ..UserCreate::new(UserLevel::Operator, login, login, "") };
        let id = self.engine.user_import(Caller::SYSTEM, input, hash).await.expect("an operator");
        Caller { role, ..Caller::new(UserLevel::Operator.level(), id) }
    }
}

#[db_test]
async fn a_key_is_what_its_rights_say(db: TestDb) {
    let net = network(db).await;
    let made = net.key(net.webmaster, &[]).await.expect("a key");
    let caller = net.opened(&made.key, "").await.expect("it opens");
    assert_eq!((caller.origin.key_id, caller.origin.rights), (made.id, Rights::of(&[Right::Read])));
    assert!(caller.may(Resource::Lead, Method::List).is_ok());
    assert!(matches!(caller.may(Resource::Area, Method::Create), Err(Error::Forbidden)));
    assert!(matches!(net.key(caller, &[]).await, Err(Error::Forbidden)), "reading makes no keys");

    let made = net.key(net.webmaster, &[("rights", "write,read")]).await.expect("a key");
    let caller = net.opened(&made.key, "").await.expect("it opens");
    assert!(caller.may(Resource::Area, Method::Create).is_ok());
    assert!(matches!(caller.may(Resource::Payout, Method::Create), Err(Error::Forbidden)));
    assert_eq!(fields(net.key(caller, &[("rights", "read,money")]).await), ["rights"]);
    let me = caller.user_id;
    for pairs in [
        [("password", "another one"), ("current_password", "correct horse")],
        [("email", "new@example.com"), ("current_password", "correct horse")],
    ] {
        let refusal = refused(net.engine.profile_update(caller, me, read(&pairs)).await);
        assert_eq!(refusal[pairs[0].0], ["Needs a key with all rights: read, write and money"]);
    }
    net.engine.profile_update(caller, me, read(&[("telegram", "@wendy")])).await.expect("a contact");
    // It cannot shut the keys out that it cannot replace.
    let profile = net.engine.key_list(caller).await.expect("keys")[0].id;
    assert!(matches!(net.engine.key_delete(caller, profile).await, Err(Error::Forbidden)));
    net.engine.key_delete(caller, made.id).await.expect("itself it may");
    assert_eq!(fields(net.key(net.webmaster, &[("rights", "")]).await), ["rights"]);
}

#[db_test]
async fn a_key_gives_on_no_more_than_it_has(db: TestDb) {
    let net = network(db).await;
    let end = Time(NOW.0 + 3600);
    let narrow = [("rights", "read,write"), ("networks", "10.0.0.0/8"), ("date_expires", &*end.to_string())];
    let outer = net.key(net.webmaster, &narrow).await.expect("a key");
    let caller = net.opened(&outer.key, "10.1.1.1").await.expect("it opens");
    let wider = [("rights", "read,money"), ("networks", "10.0.0.0/8,11.0.0.1")];
    let wider = net.key(caller, &wider).await;
    assert_eq!(fields(wider), ["date_expires", "networks", "rights"]);
    let later = Time(end.0 + 1).to_string();
    let later = [("networks", "10.1.0.0/16"), ("date_expires", &*later)];
    assert_eq!(fields(net.key(caller, &later).await), ["date_expires"]);
    let inner = [("networks", "10.1.0.0/16"), ("date_expires", &*end.to_string())];
    let inner = net.key(caller, &inner).await.expect("a key");
    assert_eq!(net.engine.key_view(net.webmaster, inner.id).await.expect("view").parent_id, Some(outer.id));

    // Whatever was made with a key goes with it.
    net.engine.key_delete(net.webmaster, outer.id).await.expect("revoke");
    for key in [&outer.key, &inner.key] {
        assert!(matches!(net.opened(key, "10.1.1.1").await, Err(Error::Unauthorized)));
    }
    let late = net.key(caller, &[("networks", "10.1.0.0/16"), ("date_expires", &*end.to_string())]).await;
    assert!(matches!(late, Err(Error::Unauthorized)), "{late:?}");
    // The profile key makes keys that outlive it: it is replaced, not taken away.
    let profile = net.engine.profile_key(net.webmaster.user_id).await.expect("profile key");
    let caller = net.opened(&profile, "").await.expect("it opens");
    let made = net.key(caller, &[("rights", "read,write,money")]).await.expect("a key");
    net.engine.key_delete(net.webmaster, caller.origin.key_id).await.expect("revoke");
    net.opened(&made.key, "").await.expect("it still opens");
}

#[db_test]
async fn a_key_ends_and_stays_at_home(db: TestDb) {
    let net = network(db).await;
    let end = Time(NOW.0 + 60);
    let bound = [("networks", "203.0.113.7,2001:db8::/48"), ("date_expires", &*end.to_string())];
    let made = net.key(net.webmaster, &bound).await.expect("a key");
    for ip in ["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::17"] {
        net.opened(&made.key, ip).await.expect(ip);
    }
    for ip in ["203.0.113.8", "2001:db9::1", "nobody knows"] {
        assert!(matches!(net.opened(&made.key, ip).await, Err(Error::Unauthorized)), "{ip}");
    }
    net.engine.key_uses_store().await.expect("write the uses down");
    let view = net.engine.key_view(net.webmaster, made.id).await.expect("view");
    assert_eq!((view.date_used, view.ip_used.as_str()), (Some(NOW), "2001:db8::17"));
    net.clock.advance(59);
    net.opened(&made.key, "203.0.113.7").await.expect("still");
    net.engine.key_uses_store().await.expect("write the uses down");
    let view = net.engine.key_view(net.webmaster, made.id).await.expect("view");
    assert_eq!(view.date_used, Some(NOW), "once a minute");
    net.clock.advance(1);
    assert!(matches!(net.opened(&made.key, "203.0.113.7").await, Err(Error::Unauthorized)));

    let past = net.key(net.webmaster, &[("date_expires", &*NOW.to_string())]).await;
    assert_eq!(fields(past), ["date_expires"]);
}

#[db_test]
async fn the_last_owner_stays(db: TestDb) {
    let net = network(db).await;
    let second = net.operator("oleg", Role::Owner).await;
    let first = net.operator;
    let (a, b) = tokio::join!(
        net.engine.user_update(first, second.user_id, read(&[("role", "4")])),
        net.engine.user_update(second, first.user_id, read(&[("status", "2")])),
    );
    assert_ne!(a.is_ok(), b.is_ok(), "{a:?} {b:?}");
    let owners = net.engine.user_list(Caller::SYSTEM, read(&[("role", "1"), ("status", "1")])).await;
    assert_eq!(owners.expect("list").total_count, 1);
    let last = if a.is_ok() { first } else { second };
    for refused in [
        net.engine.user_update(last, last.user_id, read(&[("role", "2")])).await,
        net.engine.user_update(Caller::SYSTEM, last.user_id, read(&[("status", "2")])).await,
        net.engine.user_delete(Caller::SYSTEM, last.user_id).await,
    ] {
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
}

#[db_test]
async fn a_manager_works_with_his_people_only(db: TestDb) {
    let net = network(db).await;
    let manager = net.operator("mark", Role::Manager).await;
    let finance = net.operator("fiona", Role::Finance).await;
    let assign = |user: Caller, to: &str| {
        let input = read(&[("manager_id", to)]);
        net.engine.user_update(net.operator, user.user_id, input)
    };
    assign(net.webmaster, &manager.user_id.to_string()).await.expect("assign");
    for wrong in [finance.user_id.to_string(), net.advertiser.user_id.to_string(), "999".to_owned()] {
        assert_eq!(fields(assign(net.webmaster, &wrong).await), ["manager_id"], "{wrong}");
    }
    assert_eq!(fields(assign(finance, &manager.user_id.to_string()).await), ["manager_id"]);

    let friend = net.other_webmaster.user_id.to_string();
    let brought = [
        ("level", "1"),
        ("login", "brought"),
        ("name", "New"),
        ("password", "long enough"),
        ("referrer_id", &friend),
        ("referral_percent", "100"),
    ];
    assert_eq!(fields(net.engine.user_create(manager, read(&brought)).await), ["referral_percent"]);
    let new = [("level", "1"), ("login", "newcomer"), ("name", "New"), ("password", "long enough")];
    let id = net.engine.user_create(manager, read(&new)).await.expect("add");
    let mine = net.engine.user_list(manager, read(&[])).await.expect("list");
    let mine: BTreeSet<i64> = mine.rows.iter().map(|row| row.id).collect();
    assert_eq!(mine, BTreeSet::from([net.webmaster.user_id, id]));
    let foreign = net.engine.user_update(manager, net.other_webmaster.user_id, read(&[("rank", "1")])).await;
    assert!(matches!(foreign, Err(Error::NotFound)));
    assert_eq!(
        fields(net.engine.user_update(manager, id, read(&[("manager_id", "")])).await),
        ["manager_id"]
    );
    let operator =
        [("level", "3"), ("role", "1"), ("login", "me-too"), ("name", "x"), ("password", "long enough")];
    assert_eq!(fields(net.engine.user_create(manager, read(&operator)).await), ["level"]);
    let role = net.engine.user_update(net.operator, id, read(&[("role", "1")])).await;
    assert_eq!(fields(role), ["role"], "a webmaster has no role");
    let without = [("level", "3"), ("login", "no-role"), ("name", "x"), ("password", "long enough")];
    assert_eq!(fields(net.engine.user_create(net.operator, read(&without)).await), ["role"]);

    // The webmaster knows whom to ask.
    let view = net.engine.profile_view(net.webmaster, net.webmaster.user_id).await.expect("profile");
    assert_eq!(view.manager.map(|manager| manager.name).as_deref(), Some("mark"));
    let view = net.engine.user_view(manager, id).await.expect("view");
    assert!(view.balances.is_some() && view.aff_id.is_some());
    let support = net.operator("sue", Role::Support).await;
    let advertiser = net.engine.user_view(support, net.advertiser.user_id).await.expect("view");
    assert!(advertiser.balances.is_none() && advertiser.postback_token.is_none());
    // A key without all rights makes no operators and opens nobody's account.
    let made = net.key(net.operator, &[("rights", "read,write")]).await.expect("a key");
    let weak = net.opened(&made.key, "").await.expect("it opens");
    let operator =
        [("level", "3"), ("role", "1"), ("login", "own-er"), ("name", "x"), ("password", "long enough")];
    assert_eq!(fields(net.engine.user_create(weak, read(&operator)).await), ["level"]);
    let taken = net.engine.user_update(weak, id, read(&[("password", "my own one")])).await;
    assert_eq!(fields(taken), ["password"]);
}

#[db_test]
async fn people_are_found_by_what_stands_on_their_card(db: TestDb) {
    let net = network(db).await;
    let category = net.engine.category_create(net.operator, read(&[("name_en", "Tea"), ("name_ru", "Чай")]));
    let category = category.await.expect("a category").to_string();
    let card = [
        ("email", "wendy@example.com"),
        ("telegram", "@wendy_w"),
        ("phone", "+380 44 123 45 67"),
        ("trust", "4"),
        ("rank", "7"),
        ("traffic_kinds", "9,1"),
        ("categories", category.as_str()),
        ("time_zone", "europe/kyiv"),
        ("language", "uk"),
    ];
    let id = net.webmaster.user_id;
    net.engine.user_update(net.operator, id, read(&card)).await.expect("a card");
    let aff_id = AffId::of(id).expect("an id").number().to_string();
    let id_text = id.to_string();
    for filter in [
        ("search", "WENDY@"),
        ("search", "@Wendy_W"),
        ("search", "44 123"),
        ("search", aff_id.as_str()),
        ("search", id_text.as_str()),
        ("trust", "3,4"),
        ("categories", category.as_str()),
        ("traffic_kinds", "9"),
    ] {
        let found = net.engine.user_list(net.operator, read(&[filter])).await.expect("list");
        let found: Vec<i64> = found.rows.iter().map(|row| row.id).collect();
        assert_eq!(found, [id], "{filter:?}");
    }
    let none = net.engine.user_list(net.operator, read(&[("traffic_kinds", "99")])).await.expect("list");
    assert_eq!(none.total_count, 0, "9 is not 99");
    let view = net.engine.user_view(net.operator, id).await.expect("view");
    assert_eq!((view.time_zone.as_str(), view.telegram.as_str()), ("Europe/Kyiv", "wendy_w"));
    assert_eq!(view.categories.len(), 1);
    let bad =
        [("email", "nobody"), ("phone", "call me"), ("site", "ftp:x"), ("rank", "-1"), ("telegram", "w w")];
    assert_eq!(fields(try_read::<UserUpdate>(&bad)), ["email", "phone", "rank", "site", "telegram"]);
    let unknown = net.engine.user_update(net.operator, id, read(&[("categories", "12345")])).await;
    assert_eq!(fields(unknown), ["categories"]);
    // A category that goes leaves the cards.
    net.engine.category_delete(net.operator, category.parse().expect("a number")).await.expect("delete");
    assert!(net.engine.user_view(net.operator, id).await.expect("view").categories.is_empty());
}

#[db_test]
async fn a_password_is_changed_by_who_knows_it(db: TestDb) {
    let net = network(db).await;
    let (caller, me) = (net.webmaster, net.webmaster.user_id);
    let change = async |pairs: &[(&str, &str)]| net.engine.profile_update(caller, me, try_read(pairs)?).await;
    assert_eq!(fields(change(&[("password", "another one")]).await), ["current_password"]);
    let wrong = change(&[("password", "another one"), ("current_password", "guess")]).await;
    assert_eq!(refused(wrong)["current_password"], ["Wrong password"]);
    let short = change(&[("password", "short"), ("current_password", "correct horse")]).await;
    assert_eq!(fields(short), ["password"]);
    assert_eq!(fields(change(&[("email", "w@example.com")]).await), ["current_password"]);
    change(&[("password", "another one"), ("current_password", "correct horse")]).await.expect("changed");
    assert!(net.engine.sign_in("wendy", "correct horse").await.is_err());
    assert_eq!(net.engine.sign_in("wendy", "another one").await.expect("signs in"), caller);
    change(&[("email", "w@example.com"), ("current_password", "another one")]).await.expect("changed");
    let list = net.engine.profile_list(caller).await.expect("list");
    assert_eq!((list.len(), list[0].id, list[0].email.as_str()), (1, me, "w@example.com"));
    for other in [net.other_webmaster.user_id, 0, -1] {
        assert!(matches!(net.engine.profile_view(caller, other).await, Err(Error::NotFound)));
        let update = net.engine.profile_update(caller, other, read(&[("name", "x")])).await;
        assert!(matches!(update, Err(Error::NotFound)));
    }
    let blocked = net.engine.user_view(net.operator, me).await.expect("view").status;
    assert_eq!(blocked, UserStatus::Active);
}

#[db_test]
async fn a_postback_token_is_replaced_with_an_overlap(db: TestDb) {
    let net = network(db).await;
    let (caller, me) = (net.advertiser, net.advertiser.user_id);
    let token = async || {
        let view = net.engine.profile_view(caller, me).await.expect("profile");
        view.postback_token.expect("a token")
    };
    let rotate = async |pairs: &[(&str, &str)]| {
        let pairs = [&[("rotate_postback_token", "1")], pairs].concat();
        net.engine.profile_update(caller, me, try_read(&pairs)?).await
    };
    let first = token().await;
    rotate(&[]).await.expect("rotate");
    let second = token().await;
    assert_ne!(first, second);
    for known in [&first, &second] {
        assert_eq!(net.engine.postback_owner(known).expect("it works"), me);
    }
    net.clock.advance(72 * 3600);
    assert!(matches!(net.engine.postback_owner(&first), Err(Error::Unauthorized)));
    // A leaked one ends at once.
    rotate(&[("postback_overlap_hours", "0")]).await.expect("rotate");
    assert!(matches!(net.engine.postback_owner(&second), Err(Error::Unauthorized)));
    assert_eq!(net.engine.postback_owner(&token().await).expect("it works"), me);

    assert_eq!(fields(rotate(&[("postback_overlap_hours", "721")]).await), ["postback_overlap_hours"]);
    let alone = net.engine.profile_update(caller, me, read(&[("postback_overlap_hours", "1")])).await;
    assert_eq!(fields(alone), ["postback_overlap_hours"]);
    let webmaster = net.engine.profile_update(
        net.webmaster,
        net.webmaster.user_id,
        read(&[("rotate_postback_token", "1")]),
    );
    assert_eq!(fields(webmaster.await), ["rotate_postback_token"]);
    let made = net.key(caller, &[]).await.expect("a key");
    let reader = net.opened(&made.key, "").await.expect("it opens");
    assert!(net.engine.profile_view(reader, me).await.expect("profile").postback_token.is_none());
}

/// A token that an earlier version stored as it was is encrypted at the next start, and works on.
#[db_test]
async fn a_plain_token_is_encrypted_at_the_start(db: TestDb) {
    const TOKEN: &str = "abcdefghabcdefghabcdefghabcdefgh";
    let Network { db, clock, engine, advertiser, .. } = network(db).await;
    let me = advertiser.user_id;
    let stored = db.store.write(move |db| async move {
        let row = person::view(&db, Scope::All, me).await?.ok_or(Error::NotFound)?;
        person::update(&db, User { postback_token: TOKEN.to_owned(), postback_hash: String::new(), ..row })
            .await
    });
    stored.await.expect("store a plain token");
    engine.close().await.expect("close");
    drop(engine);
    let engine = crate::people_world::open(&db, &clock, Rng::seeded(2)).await;
    assert_eq!(engine.postback_owner(TOKEN).expect("it works"), me);
    let row = person::view(&db.store.read(), Scope::All, me).await.expect("read").expect("a row");
    assert!(!row.postback_token.contains("abcdefgh") && !row.postback_hash.contains("abcdefgh"));
    let view = engine.profile_view(advertiser, me).await.expect("profile");
    assert_eq!(view.postback_token.as_deref(), Some(TOKEN));
}

/// Whoever steals the database finds no way in (trust T6).
#[db_test]
async fn the_database_holds_no_usable_secret(db: TestDb) {
    let net = network(db).await;
    let made = net.key(net.advertiser, &[("rights", "read,write,money")]).await.expect("a key");
    let me = net.advertiser.user_id;
    let changed = [("password", "canary words"), ("current_password", "correct horse")];
    net.engine.profile_update(net.advertiser, me, read(&changed)).await.expect("change");
    let view = net.engine.profile_view(net.advertiser, me).await.expect("profile");
    let secrets = [
        made.key,
        net.engine.profile_key(me).await.expect("profile key"),
        view.postback_token.expect("a token"),
        "canary words".to_owned(),
    ];
    let reader = net.db.store.read();
    let keys = api_key::list(&reader, me).await.expect("keys");
    let person = person::view(&reader, Scope::All, me).await.expect("a person");
    let mut found = format!("{keys:?} {person:?}");
    // On SQLite, everything that lies on the disk beside the vault's key.
    for file in std::fs::read_dir(net.db.dir.path()).expect("a folder") {
        let path = file.expect("a file").path();
        if path.is_file() && !path.ends_with("secret.key") {
            found += &String::from_utf8_lossy(&std::fs::read(&path).expect("read a file"));
        }
    }
    assert!(found.contains("wcp_"), "prefixes are there");
    for secret in secrets {
        assert!(!found.contains(&secret), "{secret} stands in the database");
    }
}
