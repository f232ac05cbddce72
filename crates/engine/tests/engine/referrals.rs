//! Referrals: who brought a webmaster earns a share out of the network's part, for as long as was agreed.

use std::net::IpAddr;

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::ledger::AccountKind;
use whocpa_domain::time::DAY;
use whocpa_engine::Caller;
use whocpa_engine::click::Visit;
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{person, read, refusal, try_read};

/// A referrer, and the webmaster of the network brought by him.
async fn brought(run: &Running, more: &[(&str, &str)]) -> (Caller, Caller) {
    let world = &run.world;
    let referrer = person(&world.test, whocpa_domain::user::UserLevel::Webmaster, "referrer").await;
    let id = referrer.user_id.to_string();
    let mut form = vec![
        ("level", "1"),
        ("login", "brought"),
        ("name", "Brought Media"),
        ("password", "correct horse"),
        ("referrer_id", &id),
    ];
    form.extend_from_slice(more);
    let id = world.engine.user_create(Caller::SYSTEM, read(&form)).await.expect("an account");
    (referrer, Caller::new(whocpa_domain::Level::Webmaster, id))
}

/// One lead of this webmaster, pending.
async fn lead_of(run: &Running, webmaster: Caller, sale_id: &str) -> i64 {
    let (engine, offer) = (&run.world.engine, run.offer_id.to_string());
    let whose = webmaster.user_id.to_string();
    let asked = [("offer_id", offer.as_str()), ("webmaster_id", &whose)];
    // He may be connected already.
    let _ = engine.connection_create(run.world.operator, read(&asked)).await;
    let link = engine.link_create(webmaster, read(&[("offer_id", &offer)])).await.expect("a link");
    let code = engine.link_view(webmaster, link).await.expect("the link").code;
    let visit = Visit { ip: IpAddr::from([8, 8, 8, 8]), ua: "Mozilla/5.0", ..Visit::to(&code) };
    let tid = engine.click_track(visit).await.tid;
    run.accepted(&tid, sale_id).await
}

async fn balance(run: &Running, of: Caller) -> (String, String) {
    let all = run.world.engine.balance_list(of).await.expect("balances");
    let text =
        |amount: Option<whocpa_domain::money::Amount>| amount.map_or("0.00".to_owned(), |a| a.to_string());
    all.into_iter()
        .next()
        .map_or_else(|| ("0.00".to_owned(), "0.00".to_owned()), |row| (text(row.hold), text(row.available)))
}

fn pair(hold: &str, available: &str) -> (String, String) {
    (hold.to_owned(), available.to_owned())
}

/// A goal of 10.00, of which the webmaster has 8.00 and the referrer 5 percent of that.
#[db_test]
async fn the_share_goes_the_way_of_the_payout(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (referrer, webmaster) = brought(&run, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let lead = lead_of(&run, webmaster, "one").await;
    assert_eq!(balance(&run, referrer).await, pair("0.00", "0.00"), "nothing is earned yet");
    engine.lead_update(world.advertiser, lead, read(&[("status", "1")])).await.expect("approve");
    assert_eq!(balance(&run, referrer).await, pair("0.40", "0.00"));
    assert_eq!(balance(&run, webmaster).await, pair("8.00", "0.00"), "nothing is taken from him");
    let refused = read(&[("status", "2"), ("reason", "16")]);
    engine.lead_update(world.advertiser, lead, refused).await.expect("refuse");
    assert_eq!(balance(&run, referrer).await, pair("0.00", "0.00"));
    engine.lead_update(world.advertiser, lead, read(&[("status", "1")])).await.expect("approve again");
    world.clock.advance(10 * DAY);
    engine.lead_close_due().await.expect("close");
    assert_eq!(balance(&run, referrer).await, pair("0.00", "0.40"));
    assert_eq!(engine.ledger_verify().await.expect("books").differences, []);

    let view = engine.referral_view(referrer, webmaster.user_id).await.expect("the referral");
    assert_eq!((view.row.lead_count, view.row.name.as_str()), (1, "B***"));
    assert_eq!(view.row.percent.to_string(), "5");
    assert_eq!(view.earned[0].amount.to_string(), "0.40");
    assert_eq!(view.earned[0].amount_hold.to_string(), "0.00");
    let profile = engine.profile_view(webmaster, webmaster.user_id).await.expect("profile");
    let told = profile.referrer.expect("he sees that somebody earns by him");
    assert_eq!((told.name.as_str(), told.percent.to_string().as_str()), ("r***", "5"));

    let back = [("is_closed", "0"), ("status", "2"), ("reason", "16"), ("comment", "charged back")];
    engine.lead_update(world.operator, lead, read(&back)).await.expect("charge back");
    assert_eq!(balance(&run, referrer).await, pair("0.00", "0.00"));
    let view = engine.referral_view(referrer, webmaster.user_id).await.expect("the referral");
    assert_eq!((view.row.lead_count, view.earned.len()), (0, 0));
    assert_eq!(engine.ledger_verify().await.expect("books").differences, []);
    let fields = engine.lead_view(world.operator, lead).await.expect("the lead");
    let fields = serde_json::to_value(fields).expect("json");
    assert_eq!(fields["referrer_id"], referrer.user_id);
    for other in [webmaster, world.advertiser] {
        let fields = engine.lead_view(other, lead).await.expect("the lead");
        let fields = serde_json::to_value(fields).expect("json");
        assert!(fields.get("referral").is_none() && fields.get("referrer_id").is_none());
    }
}

#[db_test]
async fn the_term_ends_and_a_blocked_referrer_earns_nothing(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (referrer, webmaster) =
        brought(&run, &[("referral_percent", "50"), ("referral_date_end", "2023-11-18")]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let earns = async |sale_id: &str| {
        let lead = lead_of(&run, webmaster, sale_id).await;
        engine.lead_update(world.advertiser, lead, read(&[("status", "1")])).await.expect("approve");
        balance(&run, referrer).await.0
    };
    // Half of 8.00 is more than the network's 2.00.
    assert_eq!(earns("one").await, "2.00");
    let block = engine.user_update(Caller::SYSTEM, referrer.user_id, read(&[("status", "2")])).await;
    block.expect("block");
    assert_eq!(earns("two").await, "2.00");
    let back = engine.user_update(Caller::SYSTEM, referrer.user_id, read(&[("status", "1")])).await;
    back.expect("back");
    let less = read(&[("referral_percent", "10")]);
    engine.user_update(Caller::SYSTEM, webmaster.user_id, less).await.expect("other terms");
    assert_eq!(earns("three").await, "2.80");
    world.clock.advance(5 * DAY);
    assert_eq!(earns("four").await, "2.80");
    let longer = read(&[("referral_date_end", "")]);
    engine.user_update(Caller::SYSTEM, webmaster.user_id, longer).await.expect("without end");
    assert_eq!(earns("five").await, "3.60");
    assert_eq!(engine.ledger_verify().await.expect("books").differences, []);
    // Without the index on who brought him the books would not know: a lead changed by hand is found out.
    let held: Vec<_> = engine
        .transfer_list(referrer, read(&[("kind", "8")]))
        .await
        .expect("transfers")
        .rows
        .into_iter()
        .map(|row| (row.credit_account, row.debit_account))
        .collect();
    assert_eq!(held, vec![(Some(AccountKind::WebmasterHold), None); 3]);
}

#[db_test]
async fn what_cannot_be_is_refused(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let base = [("login", "x-person"), ("name", "X"), ("password", "correct horse")];
    let advertiser = world.advertiser.user_id.to_string();
    let webmaster = world.webmaster.user_id.to_string();
    for (more, expected) in [
        (vec![("level", "1"), ("referrer_id", advertiser.as_str())], "referrer_id: Webmasters not found"),
        (vec![("level", "1"), ("referrer_id", "999999")], "referrer_id: Webmasters not found"),
        (vec![("level", "2"), ("referrer_id", &webmaster)], "referrer_id: Only webmasters have a referrer"),
        (vec![("level", "1"), ("referral_percent", "5")], "referral_percent: Only with referrer_id"),
    ] {
        let form = [base.to_vec(), more].concat();
        let refused = engine.user_create(Caller::SYSTEM, read(&form)).await;
        assert_eq!(refusal(refused), [expected]);
    }
    for wrong in ["101", "-1", "1e1", "0.00001", "5%", ""] {
        let form = [("referral_percent", wrong)];
        let read = try_read::<whocpa_engine::user::UserUpdate>(&form);
        assert!(read.is_err(), "{wrong}");
    }
    let nobody =
        engine.user_update(Caller::SYSTEM, world.webmaster.user_id, read(&[("referral_percent", "5")]));
    assert_eq!(refusal(nobody.await), ["referral_percent: Nobody brought this person"]);
    let (referrer, brought) = brought(&run, &[]).await;
    assert_eq!(engine.referral_list(referrer, read(&[])).await.expect("list").total_count, 1);
    for stranger in [world.webmaster, brought] {
        assert_eq!(engine.referral_list(stranger, read(&[])).await.expect("list").total_count, 0);
        let view = engine.referral_view(stranger, brought.user_id).await;
        assert!(matches!(view, Err(Error::NotFound)), "{view:?}");
    }
}
