//! Runs that end in another way than they began.

use std::time::Duration;

use whocpa_db_test::db_test;
use whocpa_domain::export::{EXPORTS_OPEN, ExportStatus};
use whocpa_domain::{Scope, Time};
use whocpa_store::export::{self, Export, Piece};
use whocpa_store::testing::TestDb;

use crate::network::Network;

async fn row(net: &Network, id: i64) -> Export {
    let found = export::view(&net.app.db.store.read(), Scope::All, id).await.expect("read");
    found.expect("an export")
}

#[db_test]
async fn rights_that_are_gone_end_it(db: TestDb) {
    let net = Network::start(db).await;
    let key = net.send(&net.webmaster, "POST", "/api/key/", "name=robot&rights=read,write").await.json();
    let (key_id, robot) = (&key["created"], key["key"].as_str().expect("a key").to_owned());
    let by_key = net.make(&robot, "export", "resource=area&format=1").await;
    let own = net.make(&net.webmaster, "export", "resource=area&format=1").await;
    let revoked = net.send(&net.webmaster, "DELETE", &format!("/api/key/{key_id}"), "").await;
    assert_eq!(revoked.status.as_u16(), 200, "{revoked}");
    net.run().await;
    let ended = net.view(&net.webmaster, by_key).await;
    assert_eq!(
        (&ended["status"], &ended["reason"]),
        (&3.into(), &"Its owner may not read this list any more".into())
    );
    assert_eq!(net.view(&net.webmaster, own).await["status"], 2);
    let other = net.make(&net.other, "export", "resource=area&format=1").await;
    let user = row(&net, other).await.user_id;
    let blocked = net.send(&net.operator, "POST", &format!("/api/user/{user}"), "status=2").await;
    assert_eq!(blocked.status.as_u16(), 200, "{blocked}");
    net.run().await;
    assert_eq!(net.view(&net.operator, other).await["status"], 3);
}

#[db_test]
async fn what_is_put_away_is_not_written(db: TestDb) {
    let net = Network::start(db).await;
    let waiting = net.make(&net.webmaster, "export", "resource=area&format=1").await;
    let gone = net.make(&net.webmaster, "export", "resource=area&format=1").await;
    let deleted = net.send(&net.webmaster, "DELETE", &format!("/api/export/{gone}"), "").await;
    assert_eq!(deleted.to_string(), format!("200 {{\"deleted\":{gone}}}"));
    assert_eq!(net.app.state.engine.export_run_due().await.expect("a run"), 1);
    assert_eq!(net.view(&net.webmaster, waiting).await["status"], 2);
    let deleted = net.send(&net.webmaster, "DELETE", &format!("/api/export/{waiting}"), "").await;
    assert_eq!(deleted.status.as_u16(), 200, "{deleted}");
    let path = format!("/api/export/{waiting}/file");
    assert_eq!(net.send(&net.webmaster, "GET", &path, "").await.status.as_u16(), 404);
    net.app.state.engine.export_forget().await.expect("pieces are removed");
    let left = export::piece(&net.app.db.store.read(), (waiting, 1), 1).await.expect("read");
    assert!(left.is_none(), "its pieces are gone");
}

/// A worker that died left pieces and a lease: another one begins anew when the lease is over.
#[db_test]
async fn a_run_that_broke_off_begins_anew(db: TestDb) {
    let net = Network::start(db).await;
    net.make(&net.webmaster, "area", "kind=9&name=blog").await;
    let id = net.make(&net.webmaster, "export", "resource=area&format=1").await;
    let now = net.app.state.engine.now();
    let before = &row(&net, id).await;
    let died = net.app.db.store.write(move |db| async move {
        let status = ExportStatus::Running.code();
        let until = now.plus(30).0;
        export::update(&db, Export { status, fence: 1, date_until: until, ..before.clone() }).await?;
        let content = b"half".to_vec();
        export::create_piece(&db, Piece { export_id: id, fence: 1, number: 1, content }).await
    });
    died.await.expect("as a worker leaves it");
    assert_eq!(net.app.state.engine.export_run_due().await.expect("a run"), 0, "its worker may live");
    net.app.clock.advance(31);
    assert_eq!(net.app.state.engine.export_run_due().await.expect("a run"), 1);
    let view = net.view(&net.webmaster, id).await;
    assert_eq!((&view["status"], &view["row_count"]), (&2.into(), &1.into()), "{view}");
    net.app.state.engine.export_forget().await.expect("old pieces are removed");
    let read = net.app.db.store.read();
    assert!(export::piece(&read, (id, 1), 1).await.expect("read").is_none());
    let file = String::from_utf8(net.fetch(&net.webmaster, id).await).expect("text");
    assert!(file.contains("blog"), "{file}");
    // One that breaks off each time is given up.
    let id = net.make(&net.webmaster, "export", "resource=area&format=1").await;
    let before = &row(&net, id).await;
    let tried = net.app.db.store.write(move |db| async move {
        let status = ExportStatus::Running.code();
        export::update(&db, Export { status, fence: 5, date_until: Time(0).0, ..before.clone() }).await
    });
    tried.await.expect("five runs");
    assert_eq!(net.app.state.engine.export_run_due().await.expect("a run"), 0);
    assert_eq!(net.view(&net.webmaster, id).await["reason"], "It broke off 5 times");
}

/// Each export is written by one worker, however many there are; a run that is broken off anywhere harms nothing.
#[db_test]
async fn workers_share_the_work(db: TestDb) {
    let net = Network::start(db).await;
    net.make(&net.webmaster, "area", "kind=9&name=blog").await;
    let mut ids = Vec::new();
    for _ in 0..6 {
        ids.push(net.make(&net.webmaster, "export", "resource=area&format=2").await);
    }
    let engine = &net.app.state.engine;
    let (one, two, three) =
        tokio::join!(engine.export_run_due(), engine.export_run_due(), engine.export_run_due());
    assert_eq!(one.expect("a run") + two.expect("a run") + three.expect("a run"), 6);
    for id in ids {
        let row = row(&net, id).await;
        assert_eq!((row.status, row.fence), (ExportStatus::Ready.code(), 1), "written once");
    }
    for millis in 0..8 {
        let id = net.make(&net.webmaster, "export", "resource=area&format=1").await;
        let _ = tokio::time::timeout(Duration::from_millis(millis * 3), engine.export_run_due()).await;
        net.app.clock.advance(61);
        net.run().await;
        assert_eq!(net.view(&net.webmaster, id).await["row_count"], 1, "after {millis}");
    }
}

#[db_test]
async fn nobody_has_more_than_his_share(db: TestDb) {
    let net = Network::start(db).await;
    for _ in 0..EXPORTS_OPEN {
        net.make(&net.webmaster, "export", "resource=area&format=1").await;
    }
    let form = "resource=area&format=1";
    let one_more = net.send(&net.webmaster, "POST", "/api/export/", form).await;
    assert_eq!(one_more.status.as_u16(), 409, "{one_more}");
    assert_eq!(net.send(&net.other, "POST", "/api/export/", form).await.status.as_u16(), 201);
}
