//! Transfers: every movement of money, never changed and never deleted.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::input::Until;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, TransferKind};
use whocpa_domain::money::Amount;
use whocpa_domain::rate::show_rate;
use whocpa_domain::{Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::transfer::{self, Transfer, TransferFilter};
use whocpa_store::{Db, Scope, account, payout};

use crate::{Caller, Engine, Paging, Rows, check, currency};

params! {
    /// Which transfers are wanted.
    pub struct TransferList {
        /// Only these transfers.
        id: Option<Vec<i64>>,
        /// Only of these kinds.
        kind: Option<Vec<TransferKind>>,
        /// Only from or to accounts of these kinds; of your own accounts.
        account: Option<Vec<AccountKind>>,
        /// Only in this currency.
        currency_id: Option<i64>,
        /// Only those of these leads.
        lead_id: Option<Vec<i64>>,
        /// Only those of this payout.
        payout_id: Option<i64>,
        /// Only those of this deposit.
        deposit_id: Option<i64>,
        /// Only from or to accounts of this person, 0 for the network itself; for operators.
        owner_id: Option<i64>,
        /// Made from here on.
        d_created_from: Option<Time>,
        /// Made until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

view! {
    /// A movement of money: out of one account, into another one.
    pub struct TransferView {
        /// Transfer id.
        id: i64,
        /// Why it was made.
        kind: TransferKind,
        /// Kind of the account that it was taken from; `null` when that one is not yours.
        debit_account: Option<AccountKind>,
        /// Owner of that account, 0 for the network itself; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        debit_owner_id: Option<i64>,
        /// Kind of the account that it was put into; `null` when that one is not yours.
        credit_account: Option<AccountKind>,
        /// Owner of that account, 0 for the network itself; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        credit_owner_id: Option<i64>,
        /// How much, always above zero.
        amount: Amount,
        /// Currency of `amount`.
        currency_id: i64,
        /// What caused it.
        cause_kind: CauseKind,
        /// Id of its cause.
        cause_id: i64,
        /// Which step of its cause: of a lead, the number of the event in its history.
        cause_number: i64,
        /// The lead that it belongs to.
        lead_id: Option<i64>,
        /// The payout that it belongs to.
        payout_id: Option<i64>,
        /// The deposit that it belongs to.
        deposit_id: Option<i64>,
        /// For the transfers of an exchange: units of the payout's currency for one of the balance's; `null` for all others.
        rate: Option<String>,
        /// Who stated that rate, and when, in words; `null` for all others.
        rate_source: Option<String>,
        /// When it was made.
        date_created: Time,
    }
}

impl Engine {
    /// One page of transfers, newest first.
    pub async fn transfer_list(&self, caller: Caller, input: TransferList) -> Result<Rows<TransferView>> {
        let scope = caller.may(Resource::Transfer, Method::List)?;
        let paging = Paging::new(input.page, input.per_page);
        let filter = filter(caller, input)?;
        let db = self.store().read();
        let rows = transfer::list(&db, scope, &filter, paging).await?;
        let known = Known::read(&db, scope, &rows.rows).await?;
        let is_operator = caller.level == Level::Operator;
        Ok(rows.map(|row| known.shown(&row, is_operator)))
    }

    /// One transfer from or to one of your accounts.
    pub async fn transfer_view(&self, caller: Caller, id: i64) -> Result<TransferView> {
        let scope = caller.may(Resource::Transfer, Method::View)?;
        let db = self.store().read();
        let row = transfer::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let known = Known::read(&db, scope, std::slice::from_ref(&row)).await?;
        Ok(known.shown(&row, caller.level == Level::Operator))
    }
}

fn filter(caller: Caller, input: TransferList) -> Result<TransferFilter> {
    let mut errors = FieldErrors::default();
    check::for_operators(&mut errors, caller, &[("owner_id", input.owner_id.is_some())]);
    let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
    errors.finish()?;
    let causes = [
        (CauseKind::Lead, input.lead_id),
        (CauseKind::Payout, input.payout_id.map(|id| vec![id])),
        (CauseKind::Deposit, input.deposit_id.map(|id| vec![id])),
    ];
    Ok(TransferFilter {
        ids: input.id,
        kinds: input.kind,
        accounts: input.account,
        owner_id: input.owner_id,
        currency_id: input.currency_id,
        causes: causes.into_iter().filter_map(|(kind, ids)| Some((kind, ids?))).collect(),
        from: created.0,
        until: created.1,
    })
}

/// What the rows of an answer refer to.
struct Known {
    /// Accounts that the caller may see.
    accounts: BTreeMap<i64, Account>,
    /// By currency.
    digits: BTreeMap<i64, u8>,
    /// Rates of exchanges and who stated them, by payout.
    rates: BTreeMap<i64, (String, String)>,
}

impl Known {
    async fn read(db: &Db, scope: Scope, rows: &[Transfer]) -> Result<Self> {
        let ids: BTreeSet<i64> = rows.iter().flat_map(|row| [row.debit_id, row.credit_id]).collect();
        let accounts = account::by_ids(db, scope, &ids).await?;
        let is_exchange = |row: &&Transfer| row.kind == TransferKind::PayoutExchange.code();
        let payouts: BTreeSet<i64> = rows.iter().filter(is_exchange).map(|row| row.cause_id).collect();
        let mut rates = BTreeMap::new();
        if !payouts.is_empty() {
            let ids: Vec<i64> = payouts.into_iter().collect();
            for row in payout::of_ids(db, scope, &ids).await? {
                rates.extend(row.rate.map(|rate| (row.id, (show_rate(rate), row.rate_source))));
            }
        }
        Ok(Self { accounts, digits: currency::digits(db).await?, rates })
    }

    fn shown(&self, row: &Transfer, is_operator: bool) -> TransferView {
        let (debit, credit) = (self.accounts.get(&row.debit_id), self.accounts.get(&row.credit_id));
        let owner = |account: Option<&Account>| account.filter(|_| is_operator).map(|known| known.owner_id);
        let cause = CauseKind::from_code(row.cause).unwrap_or(CauseKind::Manual);
        let of = |kind: CauseKind| (cause == kind).then_some(row.cause_id);
        let is_exchange = row.kind == TransferKind::PayoutExchange.code();
        let rate = self.rates.get(&row.cause_id).filter(|_| is_exchange);
        TransferView {
            id: row.id,
            kind: TransferKind::from_code(row.kind).unwrap_or(TransferKind::LeadReserve),
            debit_account: debit.map(|account| account.kind),
            debit_owner_id: owner(debit),
            credit_account: credit.map(|account| account.kind),
            credit_owner_id: owner(credit),
            amount: Amount {
                micros: row.amount,
                digits: self.digits.get(&row.currency_id).copied().unwrap_or(0),
            },
            currency_id: row.currency_id,
            cause_kind: cause,
            cause_id: row.cause_id,
            cause_number: row.cause_number,
            lead_id: of(CauseKind::Lead),
            payout_id: of(CauseKind::Payout),
            deposit_id: of(CauseKind::Deposit),
            rate: rate.map(|(rate, _)| rate.clone()),
            rate_source: rate.map(|(_, source)| source.clone()),
            date_created: Time(row.date_created),
        }
    }
}
