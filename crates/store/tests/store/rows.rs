//! Rows to test with: a small network, made through the store's own functions.

use std::collections::BTreeSet;

use whocpa_domain::Time;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::user::UserLevel;
use whocpa_store::goal::{self, Goal, GoalVersion};
use whocpa_store::lead::{self, Lead, Record};
use whocpa_store::lead_event::LeadEvent;
use whocpa_store::offer::{self, Offer};
use whocpa_store::person::{self, User};
use whocpa_store::transfer::Cause;
use whocpa_store::{Store, account};

pub const NOW: Time = Time(1_700_000_000);
/// US dollar.
pub const USD: i64 = 840;

/// What one approved lead leaves behind.
pub struct Ids {
    pub lead: i64,
    pub goal: i64,
    /// An account without transfers.
    pub unused_account: i64,
}

pub async fn person(store: &Store, level: UserLevel, login: &str) -> i64 {
    let row = &User { comment: "0".to_owned(), ..User::new(level, login, login, NOW) };
    store.write(move |db| async move { person::create(&db, row.clone()).await }).await.expect("a person")
}

/// A lead with one event and two transfers.
pub async fn network(store: &Store) -> Ids {
    let advertiser_id = person(store, UserLevel::Advertiser, "ada").await;
    let webmaster_id = person(store, UserLevel::Webmaster, "wendy").await;
    let (offer, goal) = (&offer_row(advertiser_id), &goal_row());
    let made = store.write(move |db| async move {
        let offer_id = offer::create(&db, offer.clone()).await?;
        let goal_id = goal::create(&db, Goal { offer_id, ..goal.clone() }).await?;
        let version = goal::version_create(&db, version_row(goal_id)).await?;
        let parties = (advertiser_id, webmaster_id);
        let account = |kind, owner_id| Account { kind, owner_id, currency_id: USD };
        let from = account(AccountKind::AdvertiserAvailable, advertiser_id);
        let seat = account(AccountKind::AdvertiserCommitted, advertiser_id);
        let hold = account(AccountKind::WebmasterHold, webmaster_id);
        let leg = |debit, credit, kind| Posting { debit, credit, amount: 10_000_000, kind };
        let legs =
            vec![leg(from, seat, TransferKind::LeadReserve), leg(seat, hold, TransferKind::LeadApprove)];
        let cause = Cause { kind: CauseKind::Lead, id: 1, number: 1 };
        let record = Record {
            buyers: &[],
            new: &[lead_row(1, parties, (offer_id, goal_id, version))],
            events: &[event_row(1)],
            told: &[],
            postings: &[(cause, legs)],
        };
        lead::create(&db, record, NOW).await?;
        let unused = account(AccountKind::WebmasterAdvance, webmaster_id);
        let made = account::ensure(&db, &BTreeSet::from([unused])).await?;
        Ok(Ids { lead: 1, goal: goal_id, unused_account: made[&unused] })
    });
    made.await.expect("a small network")
}

pub fn offer_row(advertiser_id: i64) -> Offer {
    Offer {
        advertiser_id,
        status: 2,
        name: "Tea".to_owned(),
        name_folded: "tea".to_owned(),
        url_redirect: "https://shop.example/".to_owned(),
        cookie_ttl_days: 30,
        date_created: NOW.0,
        date_live: Some(NOW.0),
        ..Offer::default()
    }
}

pub fn goal_row() -> Goal {
    Goal {
        id: 0,
        offer_id: 0,
        description: "Paid order".to_owned(),
        description_folded: "paid order".to_owned(),
        is_active: true,
        is_auto_approve: false,
        is_otol: true,
        category: 0,
        currency_id: USD,
        date_created: NOW.0,
        alias: String::new(),
    }
}

pub fn version_row(goal_id: i64) -> GoalVersion {
    GoalVersion {
        id: 0,
        goal_id,
        date_from: NOW.0,
        date_recorded: NOW.0,
        money_type: 1,
        payment: 8_000_000,
        charge: 10_000_000,
        hold_period: 10,
        payment_more: 0,
        charge_more: 0,
        lines: String::new(),
    }
}

fn event_row(lead_id: i64) -> LeadEvent {
    LeadEvent {
        lead_id,
        number: 1,
        kind: 1,
        status: 0,
        is_closed: 0,
        level: 0,
        user_id: 0,
        reason_code: 0,
        reason: String::new(),
        date_created: NOW.0,
        amount: None,
        charge: None,
        payout: None,
    }
}

pub fn lead_row(id: i64, (advertiser_id, webmaster_id): (i64, i64), of: (i64, i64, i64)) -> Lead {
    Lead {
        id,
        advertiser_id,
        webmaster_id,
        offer_id: of.0,
        goal_id: of.1,
        goal_version_id: of.2,
        condition_version_id: None,
        click_id: 7,
        otol_click_id: Some(7),
        natural_key: "c7".to_owned(),
        sale_id: String::new(),
        r#type: 1,
        status: 0,
        is_closed: 0,
        reason_code: 0,
        substatus: String::new(),
        contest: 0,
        first_lead_id: None,
        event_count: 1,
        hold_period: 10,
        currency_id: USD,
        amount: None,
        charge: 10_000_000,
        payout: 8_000_000,
        date_created: NOW.0,
        date_redirect: NOW.0,
        date_approved: None,
        date_hold_end: NOW.plus_days(10).0,
        date_decide_until: None,
        date_auto_approve: None,
        date_decided: None,
        referrer_id: None,
        referral_ppm: 0,
        referral: 0,
        terms_version: 0,
        date_closed: None,
        link_id: 1,
        area_id: None,
        promo_id: None,
        product_id: None,
        stock_id: None,
        landing_id: None,
        deeplink_id: None,
        subid1: String::new(),
        subid2: String::new(),
        subid3: String::new(),
        subid4: String::new(),
        subid5: String::new(),
        keyword: String::new(),
        ip: String::new(),
        bot_mark: 0,
        country: String::new(),
        ua: String::new(),
        url_from: String::new(),
        language: String::new(),
        cookie_ttl_days: 30,
        way: 0,
        attribution: 0,
        is_signed: false,
        device: 0,
        os: String::new(),
        browser: String::new(),
        date_recorded: NOW.0,
        goal_line: 0,
        month_leads: None,
    }
}
