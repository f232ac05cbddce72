//! Several nodes on one PostgreSQL: the same action by different ways in, at different nodes, at one moment.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use whocpa_db_test::db_test;
use whocpa_domain::Scope;
use whocpa_domain::way::LeadWay;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_engine::{Engine, EngineConfig, Rng};
use whocpa_store::click;
use whocpa_store::testing::TestDb;

use crate::leads::running_with;
use crate::world::read;

const CLICKS: i64 = 24;

#[db_test]
async fn two_nodes_pay_an_action_once(test: TestDb) {
    // An SQLite file belongs to one process.
    let Some(url) = test.config.database_url.clone() else { return };
    let second = test.dir.path().join("second");
    let run = running_with(test, &[("is_pixel", "1")]).await;
    std::fs::create_dir_all(&second).expect("a folder");
    let secret = run.world.test.config.data_dir.join("secret.key");
    std::fs::copy(secret, second.join("secret.key")).expect("every node has the same key");
    let config = EngineConfig { database_url: Some(url), connections: 4, ..EngineConfig::new(second) };
    let clock = Arc::new(run.world.clock.clone());
    let other = Engine::open(config, clock, Rng::seeded(2)).await.expect("a second node");
    let mut tids = Vec::new();
    for _ in 0..CLICKS {
        tids.push(run.click("").await.tid);
    }
    let clicks = run.world.test.store.clicks();
    while click::count(&clicks, Scope::All).await.expect("count") < CLICKS {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut sent = JoinSet::new();
    for tid in tids {
        let conversion = Conversion {
            advertiser_id: run.world.advertiser.user_id,
            goal_id: Some(run.goal_id),
            tid: tid.clone(),
            sale_id: tid,
            ..Conversion::default()
        };
        for (engine, way) in [(&run.world.engine, LeadWay::Pixel), (&other, LeadWay::Postback)] {
            let (engine, conversion) = (engine.clone(), Conversion { way, ..conversion.clone() });
            sent.spawn(async move { engine.lead_receive(conversion).await.expect("a verdict") });
        }
    }
    let verdicts = sent.join_all().await;
    let made = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Accepted { .. })).count();
    let leads = run.world.engine.lead_list(run.world.operator, read(&[])).await.expect("leads");
    assert_eq!((made, leads.total_count), (24, CLICKS), "{verdicts:?}");
    other.close().await.expect("close the second node");
}
