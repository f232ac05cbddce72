//! Payouts: a webmaster's money on its way out.

mod due;
mod exchange;
mod step;

use std::collections::BTreeMap;

use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::input::{Decimal, Until};
use whocpa_domain::ledger::{Account, AccountKind, CauseKind};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::money::Amount;
use whocpa_domain::payout::{Arrives, Payee, PayoutStatus, PayoutTerms, minor_unit, payout_postings};
use whocpa_domain::postback::PostbackEvent;
use whocpa_domain::rate::show_rate;
use whocpa_domain::sort::{AmountSort, Sort};
use whocpa_domain::wallet::{WalletKind, WalletStatus};
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::payout::{self, Payout, PayoutFilter};
use whocpa_store::transfer::{self, Cause};
use whocpa_store::wallet::{self, Wallet};
use whocpa_store::{Db, account, advance, balance, person};

use crate::audit::Changes;
use crate::delivery::{Own, Readers, tell_own};
use crate::mail::Draft;
use crate::{Caller, Engine, Paging, Rows, check, currency};

/// Id of a payment in the system that made it.
const REFERENCE: Limits = Limits::Line(0, 255);

params! {
    /// Which payouts are wanted.
    pub struct PayoutList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only in these states.
        status: Option<Vec<PayoutStatus>>,
        /// Only to these wallets.
        wallet_id: Option<Vec<i64>>,
        /// Only by these ways of payment.
        wallet_kind: Option<Vec<WalletKind>>,
        /// Only of these webmasters; for operators.
        webmaster_id: Option<Vec<i64>>,
        /// Only out of balances in these currencies.
        currency_id: Option<Vec<i64>>,
        /// Asked for from here on.
        d_created_from: Option<Time>,
        /// Asked for until here, inclusive: a date takes its whole day in.
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
    /// A wish to be paid. It needs an `Idempotency-Key`.
    pub struct PayoutCreate {
        /// Where the money goes; an approved wallet of yours. The default one unless told.
        wallet_id: Option<i64>,
        /// The balance that it is taken from. A wallet of another currency is paid in its own, by the rate of this moment.
        currency_id: i64,
        /// How much; everything that is available unless told.
        amount: Option<Decimal>,
        /// The least that must arrive, in the wallet's currency: when the rate of this moment gives less, nothing is asked for.
        amount_paid_min: Option<Decimal>,
        /// What the operator should know.
        comment: Option<String> where limits::TEXT,
    }
}

params! {
    /// An operator's step with a payout. It needs an `Idempotency-Key`.
    pub struct PayoutUpdate {
        /// The next state. Above the network's limit another operator must approve it too; so must he a payout in another
        /// currency than its balance's, where there is one: nobody pays by a rate that he alone has stated.
        status: Option<PayoutStatus>,
        /// Why it is rejected; required with a rejection.
        reason: Option<String> where limits::TEXT,
        /// Id of the payment in the system that made it; required when it is paid.
        reference: Option<String> where REFERENCE,
    }
}

view! {
    /// A payout.
    pub struct PayoutView {
        /// Payout id.
        id: i64,
        /// Who is paid; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// Where the money goes.
        wallet_id: i64,
        /// By which way.
        wallet_kind: WalletKind,
        /// What leaves the balance.
        amount: Amount,
        /// Currency of the balance, of `amount` and of `fee`.
        currency_id: i64,
        /// What the way of payment keeps.
        fee: Amount,
        /// What arrives, in `currency_paid_id`.
        amount_paid: Amount,
        /// Currency of `amount_paid`: the one that the wallet takes.
        currency_paid_id: i64,
        /// Units of `currency_paid_id` for one of `currency_id`, recorded when it was asked for; `null` for the same currency.
        rate: Option<String>,
        /// Who stated that rate, and when, in words; empty for the same currency.
        rate_source: String,
        /// How far it is.
        status: PayoutStatus,
        /// Why it was rejected, empty otherwise.
        reason: String,
        /// The owner's words to the operator.
        comment: String,
        /// Id of the payment in the system that made it.
        reference: String,
        /// When it was asked for.
        date_created: Time,
        /// When it was approved or rejected.
        date_decided: Option<Time>,
        /// When it was paid.
        date_paid: Option<Time>,
        /// The batch that it is sent with; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        batch_id: Option<i64>,
        /// Who approved it; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        approved_by: Option<Vec<i64>>,
    }
}

/// Somebody's wish to be paid.
struct Wish<'a> {
    webmaster_id: i64,
    /// Which wallets are his.
    scope: Scope,
    input: &'a PayoutCreate,
}

impl Engine {
    /// One page of payouts, newest first.
    pub async fn payout_list(&self, caller: Caller, input: PayoutList) -> Result<Rows<PayoutView>> {
        let scope = caller.may(Resource::Payout, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("webmaster_id", input.webmaster_id.is_some())]);
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        let is_by_amount = input.sort.is_some_and(|sort| sort.key == AmountSort::Amount);
        check::one_currency(&mut errors, is_by_amount, input.currency_id.as_deref());
        errors.finish()?;
        let filter = PayoutFilter {
            ids: input.id,
            webmaster_ids: input.webmaster_id,
            wallet_ids: input.wallet_id,
            currency_ids: input.currency_id,
            sort: input.sort,
            wallet_kinds: input.wallet_kind,
            status: input.status,
            from: created.0,
            until: created.1,
        };
        let db = self.store().read();
        let rows = payout::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let digits = currency::digits(&db).await?;
        Ok(rows.map(|row| shown(row, caller, &digits)))
    }

    /// One payout.
    pub async fn payout_view(&self, caller: Caller, id: i64) -> Result<PayoutView> {
        let scope = caller.may(Resource::Payout, Method::View)?;
        let db = self.store().read();
        let row = payout::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        Ok(shown(row, caller, &currency::digits(&db).await?))
    }

    /// An operator's step with a payout.
    ///
    /// # Errors
    /// [`Error::Conflict`] for a step that its state does not allow, and for a second approval by the same operator.
    pub async fn payout_update(&self, caller: Caller, id: i64, input: PayoutUpdate) -> Result<()> {
        let scope = caller.may(Resource::Payout, Method::Update)?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let before = payout::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let paid_in = whocpa_store::currency::view(&db, Scope::All, before.currency_id).await?;
                let limit = self.payout_rules().second_of(&paid_in.map(|row| row.code).unwrap_or_default());
                // The other operators are asked for only where their number matters.
                let is_own = before.amount <= limit && is_by_himself(&db, caller, &before).await?;
                let is_watched = is_own && has_others(&db, caller.user_id).await?;
                let limit = if is_watched { 0 } else { limit };
                let row = step::taken(caller, before.clone(), input, limit, self.now())?;
                if step::sends(&before, &row) {
                    check_wallet(&db, row.wallet_id).await?;
                }
                self.payout_moved(&db, caller, &before, row).await
            })
            .await
    }

    /// Asks for a payout: the amount is reserved at once. Gives its id.
    pub async fn payout_create(&self, caller: Caller, input: PayoutCreate) -> Result<i64> {
        let scope = caller.may(Resource::Payout, Method::Create)?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let wish = Wish { webmaster_id: caller.user_id, scope, input };
                self.payout_ask(&db, caller, wish).await
            })
            .await
    }

    /// What a payout would be, without asking for it: its amount, its fee, and what arrives by the rate of this moment. Its id
    /// is 0.
    pub async fn payout_try(&self, caller: Caller, input: PayoutCreate) -> Result<PayoutView> {
        let scope = caller.may(Resource::Payout, Method::Create)?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let wish = Wish { webmaster_id: caller.user_id, scope, input };
                let row = self.payout_weigh(&db, &wish).await?;
                Ok(shown(row, caller, &currency::digits(&db).await?))
            })
            .await
    }

    /// Asks for a payout in the caller's transaction.
    async fn payout_ask(&self, db: &Db, caller: Caller, wish: Wish<'_>) -> Result<i64> {
        let row = self.payout_weigh(db, &wish).await?;
        let now = Time(row.date_created);
        let id = payout::create(db, row.clone()).await?;
        let row = Payout { id, ..row };
        post(db, &row, PayoutStatus::Requested, now).await?;
        self.payout_told(db, &row).await?;
        self.note(db, caller, Resource::Payout, id, Changes::created(&row)).await?;
        Ok(id)
    }

    /// The payout that a wish would make.
    ///
    /// The account is held until the transaction ends, so that no two payouts see the same money.
    async fn payout_weigh(&self, db: &Db, wish: &Wish<'_>) -> Result<Payout> {
        let (input, now) = (wish.input, self.now());
        let wallet = wallet_of(db, wish, now).await?;
        let kind = WalletKind::from_code(wallet.kind).unwrap_or(WalletKind::Bank);
        let terms = self.payout_rules().of(kind);
        let from = Account {
            kind: AccountKind::WebmasterAvailable,
            owner_id: wish.webmaster_id,
            currency_id: input.currency_id,
        };
        let account_id = account::lock(db, from).await?;
        // What is owed goes first, however quickly it is asked for.
        crate::advance::repay(db, (wish.webmaster_id, input.currency_id), account_id, now).await?;
        let available = balance::of_account(db, account_id).await?;
        let digits = currency::digits(db).await?;
        let places = |id: i64| digits.get(&id).copied().unwrap_or(0);
        let (amount, fee) = asked(input.amount, available, terms, places(input.currency_id))?;
        let row = Payout { amount, fee, ..new_row(&wallet, input, now) };
        let row = exchange::converted(db, row, wallet.currency_id, places(wallet.currency_id)).await?;
        let arrives = row.amount_paid.unwrap_or(row.amount - row.fee);
        if input.amount_paid_min.is_some_and(|least| arrives < least.0) {
            let arrives = Amount { micros: arrives, digits: places(wallet.currency_id) };
            return Err(Error::Conflict(format!("amount_paid_min: only {arrives} would arrive now")));
        }
        Ok(row)
    }

    /// Cancels a payout that nobody has approved yet.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody has.
    pub async fn payout_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Payout, Method::Delete)?;
        self.store()
            .write(move |db| async move {
                let before = payout::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let row = step::cancelled(before.clone(), self.now())?;
                self.payout_moved_as(&db, caller, (&before, row), Changes::archived).await
            })
            .await
    }

    async fn payout_moved(&self, db: &Db, caller: Caller, before: &Payout, row: Payout) -> Result<()> {
        self.payout_moved_as(db, caller, (before, row), Changes::updated).await
    }

    /// Writes a payout's step, its transfers and the audit.
    async fn payout_moved_as(
        &self,
        db: &Db,
        caller: Caller,
        (before, row): (&Payout, Payout),
        changes: impl FnOnce(&Payout, &Payout) -> Changes,
    ) -> Result<()> {
        if row.status != before.status {
            let status = PayoutStatus::from_code(row.status).unwrap_or(PayoutStatus::Requested);
            post(db, &row, status, self.now()).await?;
        }
        let (id, changes) = (row.id, changes(before, &row));
        if row.status != before.status {
            self.payout_told(db, &row).await?;
        }
        payout::update(db, row).await?;
        self.note(db, caller, Resource::Payout, id, changes).await
    }
}

impl Engine {
    /// Tells its webmaster of a payout's step.
    pub(crate) async fn payout_told(&self, db: &Db, row: &Payout) -> Result<()> {
        let status = PayoutStatus::from_code(row.status).unwrap_or(PayoutStatus::Requested);
        let reader = Caller::new(Level::Webmaster, row.webmaster_id);
        let view = shown(row.clone(), reader, &currency::digits(db).await?);
        let own = Own::new(PostbackEvent::Payout, &format!("payout.{}", status.name()), &view)?;
        tell_own(db, Readers::webmaster(row.webmaster_id), &own, self.now()).await?;
        let draft = Draft::new(LetterKind::Payout).with("payout_id", row.id).with("amount", view.amount);
        let draft = draft.with("currency", currency::code(db, row.currency_id).await?);
        let draft = draft.word("status", "payout", status.name()).with("reason", &row.reason);
        self.letter_tell(db, row.webmaster_id, &draft).await?;
        if status == PayoutStatus::Requested {
            self.letter_queue(db, Resource::Payout, row.webmaster_id, ("payout", row.id)).await?;
        }
        Ok(())
    }
}

/// Money goes to no wallet that was rejected after the wish. One that its owner removed is as good as before.
async fn check_wallet(db: &Db, id: i64) -> Result<()> {
    let row = wallet::view_kept_for_update(db, id).await?;
    if row.is_some_and(|row| row.status == WalletStatus::Approved.code()) {
        return Ok(());
    }
    Err(Error::Conflict("Its wallet is not approved any more: reject the payout".to_owned()))
}

/// The wallet of a wish, which must take the currency of the balance.
async fn wallet_of(db: &Db, wish: &Wish<'_>, now: Time) -> Result<Wallet> {
    crate::wallet::usable(db, wish.scope, wish.input.wallet_id, wish.webmaster_id, now).await
}

/// Whether what an operator alone has stated is in a payout: a rate, or an advance to this webmaster.
async fn is_by_himself(db: &Db, caller: Caller, row: &Payout) -> Result<bool> {
    let advances = advance::open_of(db, row.webmaster_id, row.currency_id).await?;
    let is_his = advances.iter().any(|advance| advance.operator_id == caller.user_id);
    Ok(row.currency_paid_id.is_some() || is_his)
}

/// Whether another operator may approve payouts.
async fn has_others(db: &Db, user_id: i64) -> Result<bool> {
    let may = |user: &person::User| user.caller().may(Resource::Payout, Method::Update).is_ok();
    Ok(person::operators(db).await?.iter().any(|user| user.id != user_id && may(user)))
}

/// The amount of a wish and its fee: what the currency can pay, no less than the way of payment takes, and no more
/// than there is.
fn asked(wanted: Option<Decimal>, available: i64, terms: PayoutTerms, digits: u8) -> Result<(i64, i64)> {
    let mut errors = FieldErrors::default();
    let unit = minor_unit(digits);
    let shown = |micros: i64| Amount { micros, digits };
    // Everything, rounded down to what can be paid.
    let all = available.max(0) - available.max(0) % unit;
    let amount = wanted.map_or(all, |wanted| wanted.0);
    if amount % unit != 0 {
        errors.add("amount", format!("Must have at most {digits} decimal places"));
    }
    if amount > available {
        errors.add("amount", format!("Only {} is available", shown(available.max(0))));
    } else if amount < terms.amount_min.max(unit) {
        errors.add("amount", format!("Must be at least {}", shown(terms.amount_min.max(unit))));
    }
    let fee = terms.fee_of(amount, digits).filter(|fee| *fee < amount);
    if fee.is_none() && errors.messages().is_empty() {
        errors.add("amount", "Must be more than the fee");
    }
    errors.finish()?;
    Ok((amount, fee.unwrap_or(0)))
}

fn new_row(wallet: &Wallet, input: &PayoutCreate, now: Time) -> Payout {
    Payout {
        id: 0,
        webmaster_id: wallet.webmaster_id,
        wallet_id: wallet.id,
        wallet_kind: wallet.kind,
        currency_id: input.currency_id,
        amount: 0,
        fee: 0,
        status: PayoutStatus::Requested.code(),
        step: 1,
        reason: String::new(),
        comment: input.comment.clone().unwrap_or_default(),
        reference: String::new(),
        approver_id: None,
        second_approver_id: None,
        date_created: now.0,
        date_decided: None,
        date_paid: None,
        currency_paid_id: None,
        amount_paid: None,
        rate: None,
        rate_source: String::new(),
        batch_id: None,
    }
}

/// Writes the transfers of a payout's step.
pub(crate) async fn post(db: &Db, row: &Payout, to: PayoutStatus, now: Time) -> Result<()> {
    let payee = Payee { webmaster_id: row.webmaster_id, currency_id: row.currency_id };
    let postings = payout_postings(payee, (row.amount, row.fee), row.arrives(), to);
    let cause = Cause { kind: CauseKind::Payout, id: row.id, number: row.step };
    transfer::create(db, &[(cause, postings)], now).await
}

fn shown(row: Payout, caller: Caller, digits: &BTreeMap<i64, u8>) -> PayoutView {
    let is_operator = caller.level == Level::Operator;
    let places = |id: i64| digits.get(&id).copied().unwrap_or(0);
    let amount = |micros: i64| Amount { micros, digits: places(row.currency_id) };
    let arrives = row.arrives();
    let paid = |arrives: Arrives| Amount { micros: arrives.amount, digits: places(arrives.currency_id) };
    let approved_by = [row.approver_id, row.second_approver_id].into_iter().flatten().collect();
    PayoutView {
        id: row.id,
        webmaster_id: is_operator.then_some(row.webmaster_id),
        wallet_id: row.wallet_id,
        wallet_kind: WalletKind::from_code(row.wallet_kind).unwrap_or(WalletKind::Bank),
        amount: amount(row.amount),
        currency_id: row.currency_id,
        fee: amount(row.fee),
        amount_paid: arrives.map_or_else(|| amount(row.amount - row.fee), paid),
        currency_paid_id: arrives.map_or(row.currency_id, |arrives| arrives.currency_id),
        rate: row.rate.map(show_rate),
        rate_source: row.rate_source,
        status: PayoutStatus::from_code(row.status).unwrap_or(PayoutStatus::Requested),
        reason: row.reason,
        comment: row.comment,
        reference: row.reference,
        date_created: Time(row.date_created),
        date_decided: row.date_decided.map(Time),
        date_paid: row.date_paid.map(Time),
        batch_id: row.batch_id.filter(|_| is_operator),
        approved_by: is_operator.then_some(approved_by),
    }
}
