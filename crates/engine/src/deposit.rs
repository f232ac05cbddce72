//! Deposits: an advertiser's money on its way in. An operator confirms it by hand when it is there.

use std::collections::BTreeMap;

use whocpa_domain::deposit::{DUE_DAYS, DepositMethod, DepositStatus, deposit_postings};
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::input::{Decimal, Until};
use whocpa_domain::ledger::CauseKind;
use whocpa_domain::letter::LetterKind;
use whocpa_domain::money::Amount;
use whocpa_domain::payout::minor_unit;
use whocpa_domain::postback::PostbackEvent;
use whocpa_domain::sort::{AmountSort, Sort};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::deposit::{self, Deposit, DepositFilter};
use whocpa_store::transfer::{self, Cause};
use whocpa_store::{Db, person};

use crate::audit::Changes;
use crate::delivery::{Own, Readers, tell_own};
use crate::mail::Draft;
use crate::{Caller, Engine, Paging, Rows, check, currency};

/// Id of a payment in the system that made it.
const REFERENCE: Limits = Limits::Line(0, 255);

params! {
    /// Which deposits are wanted.
    pub struct DepositList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only in these states.
        status: Option<Vec<DepositStatus>>,
        /// Only by these ways.
        method: Option<Vec<DepositMethod>>,
        /// Only of these advertisers; for operators.
        advertiser_id: Option<Vec<i64>>,
        /// Only in these currencies.
        currency_id: Option<Vec<i64>>,
        /// Made from here on.
        d_created_from: Option<Time>,
        /// Made until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `-date_created` unless told. `amount` needs one
        /// `currency_id`.
        sort: Option<Sort<AmountSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new deposit. It needs an `Idempotency-Key`.
    pub struct DepositCreate {
        /// How much.
        amount: Decimal,
        /// Currency of the balance that it goes to.
        currency_id: i64,
        /// Way of paying in.
        method: DepositMethod,
        /// What the operator should know.
        comment: Option<String> where limits::TEXT,
        /// Who pays in; for operators, and required from them.
        advertiser_id: Option<i64>,
    }
}

params! {
    /// An operator's step with a deposit. It needs an `Idempotency-Key`.
    pub struct DepositUpdate {
        /// Paid puts the money on the balance; it cannot be taken back but by another transfer.
        status: Option<DepositStatus>,
        /// Id of the payment in the system that made it; required when it is paid.
        reference: Option<String> where REFERENCE,
        /// Words of the operator.
        reason: Option<String> where limits::TEXT,
    }
}

view! {
    /// A deposit.
    pub struct DepositView {
        /// Deposit id.
        id: i64,
        /// Who pays in.
        advertiser_id: i64,
        /// Its number, to be written on the payment.
        number: String,
        /// How much.
        amount: Amount,
        /// Currency of `amount`.
        currency_id: i64,
        /// Way of paying in.
        method: DepositMethod,
        /// How far it is.
        status: DepositStatus,
        /// Where to pay to, as the network says; write the number on the payment.
        instructions: String,
        /// The advertiser's words to the operator.
        comment: String,
        /// Words of the operator.
        reason: String,
        /// Id of the payment in the system that made it.
        reference: String,
        /// When it was made.
        date_created: Time,
        /// Until when the money should come; later money is confirmed all the same.
        date_due: Time,
        /// When the money was on the balance.
        date_paid: Option<Time>,
    }
}

impl Engine {
    /// One page of deposits, newest first.
    pub async fn deposit_list(&self, caller: Caller, input: DepositList) -> Result<Rows<DepositView>> {
        let scope = caller.may(Resource::Deposit, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("advertiser_id", input.advertiser_id.is_some())]);
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        let is_by_amount = input.sort.is_some_and(|sort| sort.key == AmountSort::Amount);
        check::one_currency(&mut errors, is_by_amount, input.currency_id.as_deref());
        errors.finish()?;
        let filter = DepositFilter {
            ids: input.id,
            advertiser_ids: input.advertiser_id,
            currency_ids: input.currency_id,
            sort: input.sort,
            methods: input.method,
            status: input.status,
            from: created.0,
            until: created.1,
        };
        let db = self.store().read();
        let rows = deposit::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let digits = currency::digits(&db).await?;
        Ok(rows.map(|row| self.deposit_shown(row, &digits)))
    }

    /// One deposit, with how to pay it.
    pub async fn deposit_view(&self, caller: Caller, id: i64) -> Result<DepositView> {
        let scope = caller.may(Resource::Deposit, Method::View)?;
        let db = self.store().read();
        let row = deposit::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        Ok(self.deposit_shown(row, &currency::digits(&db).await?))
    }

    /// Confirms a deposit, which puts the money on the balance, or cancels it.
    ///
    /// # Errors
    /// [`Error::Conflict`] for one that was confirmed or cancelled.
    pub async fn deposit_update(&self, caller: Caller, id: i64, input: DepositUpdate) -> Result<()> {
        let scope = caller.may(Resource::Deposit, Method::Update)?;
        let (input, now) = (&input, self.now());
        self.store()
            .write(move |db| async move {
                let before = deposit::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let row = stepped(before.clone(), input, now)?;
                if row.date_paid != before.date_paid {
                    let postings = deposit_postings(row.advertiser_id, row.currency_id, row.amount);
                    let cause = Cause { kind: CauseKind::Deposit, id, number: 1 };
                    transfer::create(&db, &[(cause, postings)], now).await?;
                }
                if row.status != before.status {
                    self.deposit_told(&db, &row).await?;
                }
                let changes = Changes::updated(&before, &row);
                deposit::update(&db, row).await?;
                self.note(&db, caller, Resource::Deposit, id, changes).await
            })
            .await
    }

    /// Makes a deposit that waits for its money; gives its id.
    pub async fn deposit_create(&self, caller: Caller, input: DepositCreate) -> Result<i64> {
        let scope = caller.may(Resource::Deposit, Method::Create)?;
        let is_operator = caller.level == Level::Operator;
        let advertiser_id = match (is_operator, input.advertiser_id) {
            (true, Some(id)) => id,
            (true, None) => return Err(Error::field("advertiser_id", "This parameter is required")),
            (false, None) => caller.user_id,
            (false, Some(_)) => return Err(Error::field("advertiser_id", "Only operators may use this")),
        };
        if input.method == DepositMethod::Manual && !is_operator {
            return Err(Error::field("method", "Only an operator may set this"));
        }
        let (input, now) = (&input, self.now());
        self.store()
            .write(move |db| async move {
                check_advertiser(&db, scope, advertiser_id).await?;
                check_amount(&db, input).await?;
                let row = Deposit {
                    id: 0,
                    advertiser_id,
                    currency_id: input.currency_id,
                    amount: input.amount.0,
                    method: input.method.code(),
                    status: DepositStatus::Waiting.code(),
                    comment: input.comment.clone().unwrap_or_default(),
                    reason: String::new(),
                    reference: String::new(),
                    date_created: now.0,
                    date_due: now.plus_days(DUE_DAYS).0,
                    date_paid: None,
                };
                let id = deposit::create(&db, row.clone()).await?;
                let changes = Changes::created(&Deposit { id, ..row });
                self.note(&db, caller, Resource::Deposit, id, changes).await?;
                Ok(id)
            })
            .await
    }

    /// Tells the advertiser what became of a deposit.
    async fn deposit_told(&self, db: &Db, row: &Deposit) -> Result<()> {
        let is_paid = row.status == DepositStatus::Paid.code();
        let kind = if is_paid { "balance.deposited" } else { "balance.deposit_cancelled" };
        let own = Own::new(
            PostbackEvent::Balance,
            kind,
            &self.deposit_shown(row.clone(), &currency::digits(db).await?),
        )?;
        tell_own(db, Readers::advertiser(row.advertiser_id), &own, self.now()).await?;
        if !is_paid {
            return Ok(());
        }
        let digits = currency::digits(db).await?.get(&row.currency_id).copied().unwrap_or(0);
        let (amount, code) =
            (Amount { micros: row.amount, digits }, currency::code(db, row.currency_id).await?);
        let draft = Draft::new(LetterKind::Balance).with("amount", amount).with("currency", code);
        self.letter_tell(db, row.advertiser_id, &draft).await
    }

    fn deposit_shown(&self, row: Deposit, digits: &BTreeMap<i64, u8>) -> DepositView {
        let method = DepositMethod::from_code(row.method).unwrap_or(DepositMethod::Manual);
        DepositView {
            id: row.id,
            advertiser_id: row.advertiser_id,
            number: format!("D-{:06}", row.id),
            amount: Amount { micros: row.amount, digits: digits.get(&row.currency_id).copied().unwrap_or(0) },
            currency_id: row.currency_id,
            method,
            status: DepositStatus::from_code(row.status).unwrap_or(DepositStatus::Waiting),
            instructions: self.deposit_instructions(method).to_owned(),
            comment: row.comment,
            reason: row.reason,
            reference: row.reference,
            date_created: Time(row.date_created),
            date_due: Time(row.date_due),
            date_paid: row.date_paid.map(Time),
        }
    }
}

async fn check_advertiser(db: &Db, scope: Scope, id: i64) -> Result<()> {
    let readable = if matches!(scope, Scope::Advertiser(_)) { Scope::All } else { scope };
    match person::view(db, readable, id).await? {
        Some(person) if person.level() == UserLevel::Advertiser && person.is_active() => Ok(()),
        _ => Err(Error::field("advertiser_id", "Advertisers not found")),
    }
}

/// An amount above zero that the currency can pay.
async fn check_amount(db: &Db, input: &DepositCreate) -> Result<()> {
    let row = whocpa_store::currency::view(db, Scope::Public, input.currency_id).await?;
    let row = row.ok_or_else(|| Error::field("currency_id", "Currencies not found"))?;
    let mut errors = FieldErrors::default();
    if input.amount.0 <= 0 {
        errors.add("amount", "Must be above zero");
    }
    if input.amount.0 % minor_unit(currency::minor_digits(&row)) != 0 {
        errors.add("amount", format!("Must have at most {} decimal places", row.digits));
    }
    errors.finish()
}

/// The deposit after an operator's step.
fn stepped(row: Deposit, input: &DepositUpdate, now: Time) -> Result<Deposit> {
    let from = DepositStatus::from_code(row.status).unwrap_or(DepositStatus::Waiting);
    let to = input.status.unwrap_or(from);
    let reference = input.reference.clone().unwrap_or_else(|| row.reference.clone());
    if to == DepositStatus::Paid && reference.trim().is_empty() {
        return Err(Error::field("reference", "Must be given when it is paid"));
    }
    if to != from && from != DepositStatus::Waiting {
        let word = if from == DepositStatus::Paid { "confirmed" } else { "cancelled" };
        return Err(Error::Conflict(format!("The deposit was {word} already")));
    }
    let is_paid_now = to == DepositStatus::Paid && from != to;
    Ok(Deposit {
        status: to.code(),
        reference,
        reason: input.reason.clone().unwrap_or_else(|| row.reason.clone()),
        date_paid: if is_paid_now { Some(now.0) } else { row.date_paid },
        ..row
    })
}
