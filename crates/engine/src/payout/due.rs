//! Payouts by schedule: on due days everything that is available is asked for, without anybody's doing.

use whocpa_domain::payday::PayoutSchedule;
use whocpa_domain::{Error, Result, Scope, Time};
use whocpa_store::wallet::{self, Wallet};

use super::{PayoutCreate, Wish};
use crate::{Caller, Engine};

/// Wallets that one round looks at.
const ROUND: u64 = 500;

impl Engine {
    /// Asks for the payouts of wallets whose due day has come; gives how many were asked for. What is below the minimum,
    /// or cannot be paid to this wallet now, waits for the next due day. A job.
    pub async fn payout_ask_due(&self) -> Result<usize> {
        let (now, mut asked) = (self.now(), 0);
        for schedule in [PayoutSchedule::Weekly, PayoutSchedule::Monthly] {
            let Some(due) = schedule.due_since(&self.payout_rules().time_zone, now) else { continue };
            loop {
                let wallets = wallet::scheduled(&self.store().read(), schedule, due, ROUND).await?;
                let is_last = wallets.len() < usize::try_from(ROUND).unwrap_or(usize::MAX);
                for row in wallets {
                    asked += usize::from(self.payout_ask_one(row, (schedule, due)).await?);
                }
                if is_last {
                    break;
                }
            }
        }
        Ok(asked)
    }

    async fn payout_ask_one(&self, found: Wallet, (schedule, due): (PayoutSchedule, Time)) -> Result<bool> {
        let (owner, now) = (Scope::Webmaster(found.webmaster_id), self.now());
        let (wish, id) = (&input(&found), found.id);
        let done = self
            .store()
            .write(move |db| async move {
                // Another node may have been here, or its owner.
                let row = wallet::view_for_update(&db, owner, id).await?;
                let is_due = |row: &Wallet| row.schedule == schedule.code() && row.date_asked < due.0;
                let Some(row) = row.filter(is_due) else { return Ok(false) };
                wallet::update(&db, Wallet { date_asked: now.0, ..row.clone() }).await?;
                let wish = Wish { webmaster_id: row.webmaster_id, scope: owner, input: wish };
                self.payout_ask(&db, Caller::SYSTEM, wish).await.map(|_| true)
            })
            .await;
        match done {
            // Below the minimum, or the wallet cannot be used: nothing was written, so that is noted by itself.
            Err(Error::Invalid(_)) => self.payout_carry_over(owner, id, now).await.map(|()| false),
            other => other,
        }
    }

    async fn payout_carry_over(&self, owner: Scope, id: i64, now: Time) -> Result<()> {
        self.store()
            .write(move |db| async move {
                match wallet::view_for_update(&db, owner, id).await? {
                    Some(row) => wallet::update(&db, Wallet { date_asked: now.0, ..row }).await,
                    None => Ok(()),
                }
            })
            .await
    }
}

/// Everything, in the wallet's currency.
fn input(row: &Wallet) -> PayoutCreate {
    let comment = Some("By schedule".to_owned());
    let currency_id = row.currency_id;
    PayoutCreate { wallet_id: Some(row.id), currency_id, amount: None, amount_paid_min: None, comment }
}
