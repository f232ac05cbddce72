//! The ledger beside what it is about: sums of transfers, leads, payouts and deposits, all of one moment.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, QueryResult};
use whocpa_domain::advance;
use whocpa_domain::deposit::{DepositStatus, deposit_postings};
use whocpa_domain::lead::{Closing, LeadMoney, LeadState, LeadStatus};
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Parties, Posting, lead_postings};
use whocpa_domain::money::MICRO;
use whocpa_domain::payout::{Arrives, Payee, PayoutStatus, payout_postings};
use whocpa_domain::{Error, Result};

use crate::db::{self, Db};
use crate::migrate::statement;

/// What the transfers of one cause put into accounts, and what the rows that caused them say that it should be.
#[derive(Debug, Clone, Default)]
pub struct Sides {
    /// Micro-units by cause and account, from transfers.
    pub found: BTreeMap<(i64, Account), i128>,
    /// The same, from leads, payouts and deposits. Causes that have no rows of their own are not in it.
    pub expected: BTreeMap<(i64, Account), i128>,
    /// How many transfers there are.
    pub transfers: i64,
    /// How many leads, payouts and deposits there are.
    pub rows: i64,
}

/// Everything in one statement, so that all of it is of one moment: the network goes on meanwhile. Each row begins with
/// what it is of; its sums are of whole units and of what is below one, which cannot overflow.
const QUESTION: &str = "\
SELECT CAST(1 AS BIGINT) AS side, t.cause AS a, c.kind AS b, c.owner_id AS c, c.currency_id AS d, 0 AS e, 0 AS f, \
 CAST(SUM(t.sign * (t.amount / 1000000)) AS BIGINT) AS g, CAST(SUM(t.sign * (t.amount % 1000000)) AS BIGINT) AS h, \
 0 AS i, 0 AS j, 0 AS k, 0 AS l, CAST(SUM(CASE WHEN t.sign = 1 THEN 1 ELSE 0 END) AS BIGINT) AS n \
 FROM (SELECT cause, credit_id AS account_id, amount, 1 AS sign FROM transfer \
  UNION ALL SELECT cause, debit_id, amount, -1 FROM transfer) t JOIN account c ON c.id = t.account_id \
 GROUP BY t.cause, c.kind, c.owner_id, c.currency_id \
UNION ALL SELECT 2, webmaster_id, advertiser_id, currency_id, status, is_closed, COALESCE(referrer_id, 0), \
 CAST(SUM(charge / 1000000) AS BIGINT), CAST(SUM(charge % 1000000) AS BIGINT), \
 CAST(SUM(payout / 1000000) AS BIGINT), CAST(SUM(payout % 1000000) AS BIGINT), \
 CAST(SUM(referral / 1000000) AS BIGINT), CAST(SUM(referral % 1000000) AS BIGINT), COUNT(*) \
 FROM lead GROUP BY webmaster_id, advertiser_id, currency_id, status, is_closed, COALESCE(referrer_id, 0) \
UNION ALL SELECT 3, webmaster_id, currency_id, status, COALESCE(currency_paid_id, 0), 0, 0, \
 CAST(SUM(amount / 1000000) AS BIGINT), CAST(SUM(amount % 1000000) AS BIGINT), \
 CAST(SUM(fee / 1000000) AS BIGINT), CAST(SUM(fee % 1000000) AS BIGINT), \
 CAST(SUM(COALESCE(amount_paid, 0) / 1000000) AS BIGINT), CAST(SUM(COALESCE(amount_paid, 0) % 1000000) AS BIGINT), COUNT(*) \
 FROM payout GROUP BY webmaster_id, currency_id, status, COALESCE(currency_paid_id, 0) \
UNION ALL SELECT 4, advertiser_id, currency_id, status, 0, 0, 0, \
 CAST(SUM(amount / 1000000) AS BIGINT), CAST(SUM(amount % 1000000) AS BIGINT), 0, 0, 0, 0, COUNT(*) \
 FROM deposit WHERE status = 1 GROUP BY advertiser_id, currency_id, status \
UNION ALL SELECT 5, webmaster_id, currency_id, 0, 0, 0, 0, \
 CAST(SUM(amount / 1000000) AS BIGINT), CAST(SUM(amount % 1000000) AS BIGINT), \
 CAST(SUM(repaid / 1000000) AS BIGINT), CAST(SUM(repaid % 1000000) AS BIGINT), 0, 0, COUNT(*) \
 FROM advance GROUP BY webmaster_id, currency_id";

/// Reads both sides.
pub async fn sides(db: &Db) -> Result<Sides> {
    let rows = db.conn().query_all_raw(statement(db, QUESTION, [])).await.map_err(db::error)?;
    let mut sides = Sides::default();
    for row in &rows {
        take(&mut sides, numbers(row)?)?;
    }
    sides.found.retain(|_, micros| *micros != 0);
    sides.expected.retain(|_, micros| *micros != 0);
    Ok(sides)
}

fn numbers(row: &QueryResult) -> Result<[i64; 14]> {
    let mut numbers = [0i64; 14];
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = row.try_get_by(at).map_err(db::error)?;
    }
    Ok(numbers)
}

fn take(sides: &mut Sides, numbers: [i64; 14]) -> Result<()> {
    let [side, one, two, three, four, five, six, sums @ .., count] = numbers;
    let [first, first_below, second, second_below, third, third_below]: [i64; 6] = sums;
    let (first, second) = (whole(first, first_below), whole(second, second_below));
    let third = whole(third, third_below);
    let unknown = || Error::Internal(format!("the ledger knows nothing of {numbers:?}"));
    if side == 1 {
        let kind = AccountKind::from_code(two).ok_or_else(unknown)?;
        let account = Account { kind, owner_id: three, currency_id: four };
        *sides.found.entry((one, account)).or_default() += first;
        sides.transfers += count;
        return Ok(());
    }
    // The rules are about one lead or payout; they are linear, so that they hold for sums of them too.
    let small = |micros: i128| i64::try_from(micros).map_err(|_| unknown());
    let (first, second, third) = (small(first)?, small(second)?, small(third)?);
    let (cause, postings) = match side {
        2 => {
            let referrer_id = Some(six).filter(|id| *id != 0);
            let parties = Parties { webmaster_id: one, advertiser_id: two, referrer_id, currency_id: three };
            let state = LeadState {
                status: LeadStatus::from_code(four).ok_or_else(unknown)?,
                closing: Closing::from_code(five).ok_or_else(unknown)?,
            };
            let money = LeadMoney { charge: first, payout: second, referral: third };
            (CauseKind::Lead, lead_postings(parties, money, None, state))
        }
        3 => {
            let payee = Payee { webmaster_id: one, currency_id: two };
            let status = PayoutStatus::from_code(three).ok_or_else(unknown)?;
            let arrives = (four != 0).then_some(Arrives { currency_id: four, amount: third });
            let mut all = payout_postings(payee, (first, second), arrives, PayoutStatus::Requested);
            if status != PayoutStatus::Requested {
                all.extend(payout_postings(payee, (first, second), arrives, status));
            }
            (CauseKind::Payout, all)
        }
        5 => {
            let payee = Payee { webmaster_id: one, currency_id: two };
            (CauseKind::Advance, [advance::given(payee, first), advance::repaid(payee, second)].concat())
        }
        _ => {
            let is_paid = DepositStatus::from_code(three).ok_or_else(unknown)? == DepositStatus::Paid;
            (CauseKind::Deposit, if is_paid { deposit_postings(one, two, first) } else { Vec::new() })
        }
    };
    sides.rows += count;
    for Posting { debit, credit, amount, .. } in postings {
        *sides.expected.entry((cause.code(), debit)).or_default() -= i128::from(amount);
        *sides.expected.entry((cause.code(), credit)).or_default() += i128::from(amount);
    }
    Ok(())
}

fn whole(units: i64, micros: i64) -> i128 {
    i128::from(units) * i128::from(MICRO) + i128::from(micros)
}
