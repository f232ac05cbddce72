//! Money of a party: a wallet, a payout that was asked for, a deposit that waits.

use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::wallet::FREEZE_HOURS;
use whocpa_domain::{Resource, Time};
use whocpa_store::transfer::{self, Cause};

use crate::network::Actor::{self, Operator};
use crate::network::Network;

impl Network {
    /// Gives the webmaster money and a wallet that can be used, and asks for some of it; gives the wallet.
    pub async fn money(&mut self, webmaster: Actor, advertiser: Actor, currency_id: i64) -> i64 {
        let own = [webmaster, Operator];
        let word = self.word();
        let referrer = self.users[&webmaster];
        let form = format!("level=1&login={word}&name={word}&password=correct+horse&referrer_id={referrer}");
        let brought = self.make(Operator, Resource::User, &form).await;
        self.add(Resource::Referral, brought, &own, "");
        let word = self.word();
        let form = Self::wallet_form(currency_id, &word);
        let wallet = self.make(webmaster, Resource::Wallet, &form).await;
        self.add(Resource::Wallet, wallet, &own, &word);
        let path = format!("/api/wallet/{wallet}");
        let approved = self.send(Operator, "POST", &path, "status=1").await;
        assert_eq!(approved.status.as_u16(), 200, "{approved}");
        self.app.clock.advance(FREEZE_HOURS * 3600);
        self.earn(self.users[&webmaster], currency_id).await;
        let word = self.word();
        let form = format!("currency_id={currency_id}&wallet_id={wallet}&amount=100&comment={word}");
        let payout = self.make(webmaster, Resource::Payout, &form).await;
        self.add(Resource::Payout, payout, &own, &word);
        let form = self.batch_form(webmaster, (wallet, currency_id)).await;
        let batch = self.make(Operator, Resource::Batch, &form).await;
        self.add(Resource::Batch, batch, &[Operator], "");
        let (word, webmaster_id) = (self.word(), self.users[&webmaster]);
        let form = format!("webmaster_id={webmaster_id}&currency_id={currency_id}&amount=10&comment={word}");
        let advance = self.make(Operator, Resource::Advance, &form).await;
        self.add(Resource::Advance, advance, &own, &word);
        let form = format!("advertiser_id={}&currency_id={currency_id}", self.users[&advertiser]);
        let cover = self.make(Operator, Resource::Cover, &form).await;
        self.add(Resource::Cover, cover, &[advertiser, Operator], "");
        let word = self.word();
        let form = format!("amount=500&currency_id={currency_id}&method=1&comment={word}");
        let deposit = self.make(advertiser, Resource::Deposit, &form).await;
        self.add(Resource::Deposit, deposit, &[advertiser, Operator], &word);
        wallet
    }

    /// More than all of the tests take out.
    async fn earn(&self, webmaster_id: i64, currency_id: i64) {
        let debit = Account { kind: AccountKind::External, owner_id: 0, currency_id };
        let credit = Account { kind: AccountKind::WebmasterAvailable, owner_id: webmaster_id, currency_id };
        let amount = 1_000_000_000_000;
        let legs = vec![Posting { debit, credit, amount, kind: TransferKind::LeadClose }];
        let cause = Cause { kind: CauseKind::Manual, id: webmaster_id, number: 1 };
        let groups = &[(cause, legs)];
        let store = &self.app.db.store;
        let earned = store.write(move |db| async move { transfer::create(&db, groups, Time(0)).await });
        earned.await.expect("transfers");
    }
}
