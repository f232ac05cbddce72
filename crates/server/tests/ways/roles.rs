//! What operators of other roles than the owner's see of leads and do with them; and what a report may not have.

use whocpa_db_test::db_test;
use whocpa_domain::role::Role;
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_engine::user::UserCreate;
use whocpa_store::testing::TestDb;

use crate::network::Network;

impl Network {
    async fn colleague(&self, role: Role) -> (i64, String) {
        let login = format!("colleague-{}@cpa.test", role.code());
        let input = UserCreate {
            role: Some(role),
            ..UserCreate::new(UserLevel::Operator, &login, "x", "correct horse")
        };
        let engine = &self.app.state.engine;
        let id = engine.user_create(Caller::SYSTEM, input).await.expect("an operator");
        (id, engine.profile_key(id).await.expect("his key"))
    }
}

#[db_test]
async fn support_sees_leads_without_earnings(db: TestDb) {
    let net = Network::start(db).await;
    let tid = net.visit("").await;
    net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=S1")).await;
    let (_, support) = net.colleague(Role::Support).await;
    let row = net.object(&support, "lead").await;
    let lead = net.view(&support, &format!("lead/{}", row["id"])).await;
    for seen in [&row, &lead] {
        assert!(seen.get("money").is_none() && seen.get("payout").is_none(), "{seen}");
    }
    assert!(lead["terms"].get("charge").is_none() && lead["terms"].get("payment").is_none(), "{lead}");
    assert!(lead["transfers"].is_null(), "{lead}");
    let lead = net.view(&net.operator, &format!("lead/{}", row["id"])).await;
    assert_eq!((&lead["money"], &lead["payout"]), (&"10.00".into(), &"8.00".into()), "the owner sees both");
}

#[db_test]
async fn the_manager_of_him_who_pays_decides(db: TestDb) {
    let net = Network::start(db).await;
    let tid = net.visit("").await;
    net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=S1")).await;
    let (id, manager) = net.colleague(Role::Manager).await;
    let path = format!("/api/lead/{}", net.leads().await[0]["id"]);
    let decide = async |status| {
        let answer = net.send(&manager, "POST", &path, "status=1&reason=40").await;
        assert_eq!(answer.status.as_u16(), status, "{answer}");
    };
    decide(404).await;
    net.change(&net.operator, &format!("user/{}", net.webmaster_id), &format!("manager_id={id}")).await;
    assert_eq!(net.send(&manager, "GET", &path, "").await.status.as_u16(), 200);
    decide(403).await;
    net.change(&net.operator, &format!("user/{}", net.advertiser_id), &format!("manager_id={id}")).await;
    decide(200).await;
}

#[db_test]
async fn a_report_with_what_it_cannot_use_is_refused(db: TestDb) {
    let net = Network::start(db).await;
    let tid = net.visit("").await;
    let form = format!("tid={tid}&ip=8.8.8.8&subid1=x&area_id=1");
    let answer = net.send(&net.advertiser, "POST", "/api/lead/", &form).await;
    assert_eq!(answer.status.as_u16(), 400, "{answer}");
    for name in ["ip", "subid1", "area_id"] {
        assert_eq!(answer.json()["error"][name][0], "Only a webmaster's order may have this", "{answer}");
    }
    let foreign = format!("tid={tid}&offer_id={}", net.offer + 1);
    let answer = net.send(&net.advertiser, "POST", "/api/lead/", &foreign).await;
    assert_eq!(answer.json()["error"]["offer_id"][0], "The visit was to another offer", "{answer}");
    assert!(net.leads().await.is_empty());
}
