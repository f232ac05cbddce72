//! Money comes in and goes out, told as examples.

use whocpa_domain::Level::{Advertiser, Operator, Webmaster};
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::wallet::FREEZE_HOURS;
use whocpa_domain::{Resource as R, Time};
use whocpa_store::transfer::{self, Cause};

use crate::story::Story;

/// Better terms for a webmaster.
async fn conditions(story: &mut Story, webmaster: i64) {
    let offer = story.list(Advertiser, R::Offer, &[]).await;
    let offer = offer.as_array().expect("offers").iter().find(|row| row["name"] == "Winter boots");
    let offer = offer.expect("the offer")["id"].to_string();
    let goal = story.list(Operator, R::Goal, &[("offer_id", &offer)]).await[0]["id"].to_string();
    let webmaster = webmaster.to_string();
    let form = [
        ("webmaster_id", webmaster.as_str()),
        ("goal_id", &goal),
        ("payment", "11.50"),
        ("hold_period", "5"),
        ("description", "For fifty sales a month"),
    ];
    let id = story.create(Operator, R::Condition, &form).await;
    story.update(Operator, R::Condition, &id, &[("payment", "11.75")]).await;
    for level in [Webmaster, Operator] {
        story.list(level, R::Condition, &[("is_active", "1")]).await;
        story.view(level, R::Condition, &id).await;
    }
    story.delete(Operator, R::Condition, &id).await;
    rerating(story, &goal).await;
}

/// New terms of a goal for leads that are there already.
async fn rerating(story: &mut Story, goal: &str) {
    let form = [
        ("goal_id", goal),
        ("d_created_from", "2024-01-01"),
        ("reason", "The rate was agreed on before they came"),
    ];
    let id = story.create(Operator, R::Rerating, &form).await;
    story.list(Operator, R::Rerating, &[("goal_id", goal)]).await;
    story.view(Operator, R::Rerating, &id).await;
    story.update(Operator, R::Rerating, &id, &[("is_applied", "1")]).await;
}

/// What a dollar is in roubles.
async fn rates(story: &mut Story) {
    let form = [
        ("base_id", "840"),
        ("currency_id", "643"),
        ("value", "92.4567"),
        ("comment", "Central bank's rate of the day, plus 1 %"),
    ];
    let id = story.create(Operator, R::Rate, &form).await;
    for level in [Webmaster, Advertiser, Operator] {
        story.list(level, R::Rate, &[("base_id", "840"), ("per_page", "10")]).await;
        story.view(level, R::Rate, &id).await;
    }
}

/// Somebody whom the webmaster brought.
async fn referrals(story: &mut Story, webmaster: i64) {
    let webmaster = webmaster.to_string();
    let form = [
        ("level", "1"),
        ("login", "team@city-guide.example"),
        ("name", "City guide"),
        ("password", "correct horse battery"),
        ("referrer_id", &webmaster),
        ("referral_percent", "7.5"),
    ];
    let id = story.create(Operator, R::User, &form).await;
    for level in [Webmaster, Operator] {
        story.list(level, R::Referral, &[]).await;
        story.view(level, R::Referral, &id).await;
    }
}

/// A payout that is sent with others, and money before it is earned.
async fn batches(story: &mut Story, webmaster: i64) {
    let payout = story.create(Webmaster, R::Payout, &[("currency_id", "840"), ("amount", "40")]).await;
    story.update(Operator, R::Payout, &payout, &[("status", "1")]).await;
    let batch = story.create(Operator, R::Batch, &[("wallet_kind", "1"), ("currency_id", "840")]).await;
    let answer = format!("payout_id,reference\n{payout},9b1d22f0");
    story.update(Operator, R::Batch, &batch, &[("references", &answer)]).await;
    story.list(Operator, R::Batch, &[]).await;
    story.view(Operator, R::Batch, &batch).await;
    let owner = webmaster.to_string();
    let form = [
        ("webmaster_id", owner.as_str()),
        ("currency_id", "840"),
        ("amount", "200"),
        ("repay_percent", "50"),
        ("comment", "For the autumn campaign"),
    ];
    let advance = story.create(Operator, R::Advance, &form).await;
    for level in [Webmaster, Operator] {
        story.list(level, R::Advance, &[]).await;
        story.view(level, R::Advance, &advance).await;
    }
}

/// Special conditions, referrals, wallets, payouts and deposits.
pub async fn tell(story: &mut Story) {
    let webmaster = story.list(Operator, R::User, &[("level", "1")]).await[0]["id"].as_i64().expect("an id");
    conditions(story, webmaster).await;
    rates(story).await;
    referrals(story, webmaster).await;
    earn(story, webmaster).await;
    let form = [("kind", "1"), ("account", "U0123456"), ("currency_id", "840"), ("name", "Savings")];
    let wallet = story.create(Webmaster, R::Wallet, &form).await;
    story.update(Webmaster, R::Wallet, &wallet, &[("name", "Main wallet")]).await;
    story.update(Operator, R::Wallet, &wallet, &[("status", "1")]).await;
    let form = [
        ("kind", "3"),
        ("network", "TRC20"),
        ("account", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
        ("currency_id", "10001"),
        ("name", "Old account"),
    ];
    let spare = story.create(Webmaster, R::Wallet, &form).await;
    story.delete(Webmaster, R::Wallet, &spare).await;
    for level in [Webmaster, Operator] {
        story.list(level, R::Wallet, &[]).await;
        story.view(level, R::Wallet, &wallet).await;
    }
    story.app.clock.advance(FREEZE_HOURS * 3600);
    let form = [("currency_id", "840"), ("wallet_id", &wallet), ("amount", "150"), ("comment", "For April")];
    let payout = story.create(Webmaster, R::Payout, &form).await;
    let spare = story.create(Webmaster, R::Payout, &[("currency_id", "840"), ("amount", "30")]).await;
    story.delete(Webmaster, R::Payout, &spare).await;
    story.update(Operator, R::Payout, &payout, &[("status", "1")]).await;
    story.update(Operator, R::Payout, &payout, &[("status", "3"), ("reference", "7f3a91c2")]).await;
    for level in [Webmaster, Operator] {
        story.list(level, R::Payout, &[("per_page", "10")]).await;
        story.view(level, R::Payout, &payout).await;
    }
    batches(story, webmaster).await;
    let form = [("amount", "1000"), ("currency_id", "840"), ("method", "1"), ("comment", "For May")];
    let deposit = story.create(Advertiser, R::Deposit, &form).await;
    let paid = [("status", "1"), ("reference", "Bank statement 117, line 4")];
    story.update(Operator, R::Deposit, &deposit, &paid).await;
    let advertiser = story.list(Operator, R::User, &[("level", "2")]).await[0]["id"].to_string();
    story.app.state.engine.cover_count().await.expect("covers are counted");
    let form = [("advertiser_id", advertiser.as_str()), ("currency_id", "978"), ("credit_limit", "500")];
    story.create(Operator, R::Cover, &form).await;
    let cover = story.list(Advertiser, R::Cover, &[("currency_id", "840")]).await[0]["id"].to_string();
    story.update(Operator, R::Cover, &cover, &[("credit_limit", "2000")]).await;
    story.update(Advertiser, R::Cover, &cover, &[("warn_below", "300"), ("is_traffback", "1")]).await;
    for level in [Advertiser, Operator] {
        story.list(level, R::Cover, &[]).await;
        story.view(level, R::Cover, &cover).await;
    }
    let form =
        [("amount", "20"), ("currency_id", "840"), ("method", "5"), ("advertiser_id", advertiser.as_str())];
    story.create(Operator, R::Deposit, &form).await;
    story.list(Advertiser, R::Document, &[("deposit_id", &deposit)]).await;
    story.list(Webmaster, R::Document, &[("currency_id", "840")]).await;
    story.list(Operator, R::Document, &[("payout_id", &payout)]).await;
    for level in [Advertiser, Operator] {
        story.list(level, R::Deposit, &[("per_page", "10")]).await;
        story.view(level, R::Deposit, &deposit).await;
    }
}

/// The webmaster's earlier leads.
async fn earn(story: &Story, webmaster_id: i64) {
    let account = |kind, owner_id| Account { kind, owner_id, currency_id: 840 };
    let debit = account(AccountKind::External, 0);
    let credit = account(AccountKind::WebmasterAvailable, webmaster_id);
    let legs = vec![Posting { debit, credit, amount: 400_000_000, kind: TransferKind::LeadClose }];
    let groups = &[(Cause { kind: CauseKind::Manual, id: 1, number: 1 }, legs)];
    let store = &story.app.db.store;
    let earned = store.write(move |db| async move { transfer::create(&db, groups, Time(0)).await });
    earned.await.expect("transfers");
}
