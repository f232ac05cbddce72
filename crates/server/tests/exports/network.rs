//! A network with somebody who exports.

use std::io::Read as _;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use flate2::read::DeflateDecoder;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use whocpa_domain::Time;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::user::UserLevel;
use whocpa_store::Store;
use whocpa_store::testing::TestDb;
use whocpa_store::transfer::{self, Cause};

use crate::support::{Answer, CLIENT, TestApp};

pub struct Network {
    pub app: TestApp,
    pub operator: String,
    pub webmaster: String,
    pub other: String,
}

impl Network {
    pub async fn start(db: TestDb) -> Self {
        let app = TestApp::start(db).await;
        let operator = app.key(UserLevel::Operator).await;
        let webmaster = app.key_of(UserLevel::Webmaster, "first").await;
        let other = app.key_of(UserLevel::Webmaster, "second").await;
        Self { app, operator, webmaster, other }
    }

    pub async fn send(&self, key: &str, method: &str, path: &str, form: &str) -> Answer {
        self.app.call(method, path, &[("x-api-key", key)], form).await
    }

    pub async fn make(&self, key: &str, resource: &str, form: &str) -> i64 {
        let answer = self.send(key, "POST", &format!("/api/{resource}/"), form).await;
        assert_eq!(answer.status.as_u16(), 201, "{resource} {form}: {answer}");
        answer.json()["created"].as_i64().expect("an id")
    }

    /// Writes all files that are asked for.
    pub async fn run(&self) {
        self.app.state.engine.export_run_due().await.expect("files are written");
    }

    pub async fn view(&self, key: &str, id: i64) -> Value {
        let answer = self.send(key, "GET", &format!("/api/export/{id}"), "").await;
        assert_eq!(answer.status.as_u16(), 200, "{answer}");
        answer.json()["object"].clone()
    }

    /// Asks for an export and fetches its file.
    pub async fn file(&self, key: &str, form: &str) -> Vec<u8> {
        let id = self.make(key, "export", form).await;
        self.run().await;
        let view = self.view(key, id).await;
        assert_eq!(view["status"], 2, "{form}: {view}");
        let bytes = self.fetch(key, id).await;
        assert_eq!(view["size"], bytes.len(), "{view}");
        bytes
    }

    pub async fn fetch(&self, key: &str, id: i64) -> Vec<u8> {
        let request = Request::builder().uri(format!("/api/export/{id}/file")).header("x-api-key", key);
        let mut request = request.body(Body::empty()).expect("a request");
        request.extensions_mut().insert(ConnectInfo(CLIENT));
        let response = self.app.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["cache-control"], "no-store");
        response.into_body().collect().await.expect("a whole file").to_bytes().to_vec()
    }
}

/// Gives a webmaster so many transfers.
pub async fn earn(store: &Store, webmaster_id: i64, from: i64, rows: i64) {
    let account = |kind, owner_id| Account { kind, owner_id, currency_id: 840 };
    let debit = account(AccountKind::External, 0);
    let credit = account(AccountKind::WebmasterAvailable, webmaster_id);
    for start in (from..from + rows).step_by(1000) {
        let legs = (0..rows.min(1000)).map(|_| Posting {
            debit,
            credit,
            amount: 10_000,
            kind: TransferKind::LeadClose,
        });
        let groups = &[(Cause { kind: CauseKind::Manual, id: start + 1, number: 1 }, legs.collect())];
        let made = store.write(move |db| async move { transfer::create(&db, groups, Time(0)).await });
        made.await.expect("transfers");
    }
}

/// The content of one file in a ZIP archive.
pub fn unpacked(archive: &[u8], name: &str) -> String {
    let head = b"PK\x03\x04";
    let mut at = 0;
    while let Some(found) = archive[at..].windows(4).position(|bytes| bytes == head) {
        let start = at + found;
        let length =
            |from: usize| usize::from(u16::from_le_bytes([archive[start + from], archive[start + from + 1]]));
        let (name_length, extra) = (length(26), length(28));
        let content = start + 30 + name_length + extra;
        if &archive[start + 30..start + 30 + name_length] == name.as_bytes() {
            let mut text = String::new();
            DeflateDecoder::new(&archive[content..]).read_to_string(&mut text).expect("deflated text");
            return text;
        }
        at = start + 4;
    }
    panic!("no {name} in the archive");
}
