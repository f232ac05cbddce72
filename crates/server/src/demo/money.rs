//! What the demo's advertisers pay from: some are prepaid, some are trusted, one pays afterwards.

use whocpa_domain::{Level, Result};
use whocpa_engine::Caller;
use whocpa_engine::cover::{CoverList, CoverUpdate};
use whocpa_engine::deposit::{DepositCreate, DepositUpdate};

use super::world::{Account, Builder, caller, sent};

impl Builder<'_> {
    /// Money on the balances of advertisers, and credit.
    pub async fn covers(&self, operator: Caller, advertisers: &[Account]) -> Result<()> {
        self.engine.cover_count().await?;
        for (number, account) in advertisers.iter().enumerate() {
            let advertiser = caller(Level::Advertiser, account);
            let covers = self.engine.cover_list(advertiser, sent::<CoverList>(&[])?).await?;
            for cover in covers.rows {
                let change = match number % 4 {
                    0 => ("is_postpaid", "1"),
                    1 => ("credit_limit", "50000"),
                    2 => ("credit_limit", "0"),
                    _ => ("credit_limit", "1000000"),
                };
                let update = sent::<CoverUpdate>(&[(change.0, change.1.to_owned())])?;
                self.engine.cover_update(operator, cover.id, update).await?;
                if number % 4 != 0 {
                    self.deposit(operator, advertiser, cover.currency_id).await?;
                }
            }
        }
        Ok(())
    }

    async fn deposit(&self, operator: Caller, advertiser: Caller, currency_id: i64) -> Result<()> {
        let form = [
            ("amount", "250000".to_owned()),
            ("currency_id", currency_id.to_string()),
            ("method", "1".to_owned()),
        ];
        let id = self.engine.deposit_create(advertiser, sent::<DepositCreate>(&form)?).await?;
        let paid = [("status", "1".to_owned()), ("reference", format!("Statement {id}"))];
        self.engine.deposit_update(operator, id, sent::<DepositUpdate>(&paid)?).await
    }
}
