//! Advances: money that the network gives a webmaster before his leads earn it. `docs/money.md` has the rule by which it is
//! repaid.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::advance::{self as rules, AdvanceStatus};
use whocpa_domain::input::Decimal;
use whocpa_domain::input::Until;
use whocpa_domain::input::limits;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::money::{self, Amount};
use whocpa_domain::payout::{Payee, minor_unit};
use whocpa_domain::postback::PostbackEvent;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::advance::{self, Advance, AdvanceFilter};
use whocpa_store::transfer::{self, Cause};
use whocpa_store::{Db, account, balance, person};

use crate::audit::Changes;
use crate::delivery::{Own, Readers, tell_own};
use crate::mail::Draft;
use crate::referral::{PERCENT, percent};
use crate::{Caller, Engine, Paging, Rows, check, currency};

params! {
    /// Which advances are wanted.
    pub struct AdvanceList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these webmasters; for operators.
        webmaster_id: Option<Vec<i64>>,
        /// Only those that are being repaid, or only the others.
        status: Option<AdvanceStatus>,
        /// Given from here on.
        d_created_from: Option<Time>,
        /// Given until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new advance. It needs an `Idempotency-Key`.
    pub struct AdvanceCreate {
        /// To whom.
        webmaster_id: i64,
        /// Currency of the balance that it goes to.
        currency_id: i64,
        /// How much.
        amount: Decimal,
        /// Share of what his leads earn from now on that repays it, in percent; all of it unless told.
        repay_percent: Option<String> where PERCENT,
        /// Words for the webmaster.
        comment: Option<String> where limits::TEXT,
    }
}

view! {
    /// An advance.
    pub struct AdvanceView {
        /// Advance id.
        id: i64,
        /// Who has it; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// Currency of the amounts.
        currency_id: i64,
        /// How much it was.
        amount: Amount,
        /// What is repaid of it.
        repaid: Amount,
        /// What is still owed.
        owed: Amount,
        /// Share of what closed leads earn that repays it, in percent.
        repay_percent: Amount,
        /// How far it is.
        status: AdvanceStatus,
        /// Words of the operator.
        comment: String,
        /// When it was given.
        date_created: Time,
        /// When nothing was owed any more.
        date_repaid: Option<Time>,
    }
}

impl Engine {
    /// One page of advances, newest first.
    pub async fn advance_list(&self, caller: Caller, input: AdvanceList) -> Result<Rows<AdvanceView>> {
        let scope = caller.may(Resource::Advance, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("webmaster_id", input.webmaster_id.is_some())]);
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let is_open = input.status.map(|status| status == AdvanceStatus::Open);
        let filter = AdvanceFilter { ids: input.id, webmaster_ids: input.webmaster_id, created, is_open };
        let db = self.store().read();
        let rows = advance::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let digits = currency::digits(&db).await?;
        Ok(rows.map(|row| shown(row, caller, &digits)))
    }

    /// One advance.
    pub async fn advance_view(&self, caller: Caller, id: i64) -> Result<AdvanceView> {
        let scope = caller.may(Resource::Advance, Method::View)?;
        let db = self.store().read();
        let row = advance::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        Ok(shown(row, caller, &currency::digits(&db).await?))
    }

    /// Gives an advance: it is available at once. Gives its id.
    pub async fn advance_create(&self, caller: Caller, input: AdvanceCreate) -> Result<i64> {
        let scope = caller.may(Resource::Advance, Method::Create)?;
        let (input, now) = (&input, self.now());
        self.store()
            .write(move |db| async move {
                let ppm = check(&db, scope, input).await?;
                let account_id = account::lock(&db, available(input.webmaster_id, input.currency_id)).await?;
                // One after the other: the same earnings repay one advance.
                let earned = advance::earned(&db, account_id).await?;
                let before = advance::open_of(&db, input.webmaster_id, input.currency_id).await?;
                let ends = before.iter().map(|row| rules::repaid_at(row.base, row.amount, row.ppm));
                let row = Advance {
                    id: 0,
                    webmaster_id: input.webmaster_id,
                    currency_id: input.currency_id,
                    amount: input.amount.0,
                    repaid: 0,
                    ppm,
                    base: ends.fold(earned, i64::max),
                    step: 1,
                    comment: input.comment.clone().unwrap_or_default(),
                    operator_id: caller.user_id,
                    date_created: now.0,
                    date_repaid: None,
                };
                let id = advance::create(&db, row.clone()).await?;
                let row = Advance { id, ..row };
                post(&db, &row, rules::given(payee(&row), row.amount), now).await?;
                let reader = Caller::new(Level::Webmaster, row.webmaster_id);
                let view = shown(row.clone(), reader, &currency::digits(&db).await?);
                let own = Own::new(PostbackEvent::Balance, "balance.advanced", &view)?;
                tell_own(&db, Readers::webmaster(row.webmaster_id), &own, now).await?;
                let code = currency::code(&db, row.currency_id).await?;
                let draft =
                    Draft::new(LetterKind::Balance).with("amount", view.amount).with("currency", code);
                self.letter_tell(&db, row.webmaster_id, &draft).await?;
                self.note(&db, caller, Resource::Advance, id, Changes::created(&row)).await?;
                Ok(id)
            })
            .await
    }

    /// Repays advances from what leads have earned since; gives how many moved. A job.
    pub async fn advance_repay(&self) -> Result<usize> {
        let mut moved = 0;
        let pairs: BTreeSet<(i64, i64)> = advance::open(&self.store().read())
            .await?
            .iter()
            .map(|row| (row.webmaster_id, row.currency_id))
            .collect();
        for (webmaster_id, currency_id) in pairs {
            let now = self.now();
            let repaid = self
                .store()
                .write(move |db| async move {
                    // The account first, as whoever asks for a payout does.
                    let account_id = account::lock(&db, available(webmaster_id, currency_id)).await?;
                    repay(&db, (webmaster_id, currency_id), account_id, now).await
                })
                .await;
            match repaid {
                Ok(count) => moved += count,
                // One that fails keeps no other from being repaid.
                Err(error) => {
                    tracing::error!(webmaster.id = webmaster_id, ?error, "an advance is not repaid");
                }
            }
        }
        Ok(moved)
    }
}

/// Repays a webmaster's advances in a currency from what leads have earned since, in the caller's transaction, which holds the
/// account; gives how many moved.
pub(crate) async fn repay(
    db: &Db,
    (webmaster_id, currency_id): (i64, i64),
    account_id: i64,
    now: Time,
) -> Result<usize> {
    let open = advance::open_of(db, webmaster_id, currency_id).await?;
    if open.is_empty() {
        return Ok(0);
    }
    let all = advance::earned(db, account_id).await?;
    let mut moved = 0;
    for row in open {
        let left = balance::of_account(db, account_id).await?;
        let due = rules::due(row.amount, row.repaid, row.ppm, all.saturating_sub(row.base), left);
        if due == 0 {
            continue;
        }
        let repaid = row.repaid + due;
        let date_repaid = (repaid == row.amount).then_some(now.0);
        let row = Advance { repaid, step: row.step + 1, date_repaid, ..row };
        post(db, &row, rules::repaid(payee(&row), due), now).await?;
        advance::update(db, row).await?;
        moved += 1;
    }
    Ok(moved)
}

/// A webmaster, an amount that the currency can pay, and a share; gives that in parts per million.
async fn check(db: &Db, scope: Scope, input: &AdvanceCreate) -> Result<i64> {
    match person::view(db, scope, input.webmaster_id).await? {
        Some(person) if person.level() == UserLevel::Webmaster && person.is_active() => {}
        _ => return Err(Error::field("webmaster_id", "Webmasters not found")),
    }
    let row = whocpa_store::currency::view(db, Scope::Public, input.currency_id).await?;
    let row = row.ok_or_else(|| Error::field("currency_id", "Currencies not found"))?;
    let mut errors = FieldErrors::default();
    if input.amount.0 <= 0 {
        errors.add("amount", "Must be above zero");
    }
    if input.amount.0 % minor_unit(currency::minor_digits(&row)) != 0 {
        errors.add("amount", format!("Must have at most {} decimal places", row.digits));
    }
    let ppm = input.repay_percent.as_deref().map_or(Some(money::MICRO), money::parse_percent);
    let ppm = ppm.filter(|ppm| *ppm > 0);
    if ppm.is_none() {
        errors.add("repay_percent", "Must be above zero");
    }
    errors.finish()?;
    Ok(ppm.unwrap_or(money::MICRO))
}

fn available(owner_id: i64, currency_id: i64) -> Account {
    Account { kind: AccountKind::WebmasterAvailable, owner_id, currency_id }
}

fn payee(row: &Advance) -> Payee {
    Payee { webmaster_id: row.webmaster_id, currency_id: row.currency_id }
}

async fn post(db: &Db, row: &Advance, postings: Vec<Posting>, now: Time) -> Result<()> {
    let cause = Cause { kind: CauseKind::Advance, id: row.id, number: row.step };
    transfer::create(db, &[(cause, postings)], now).await
}

fn shown(row: Advance, caller: Caller, digits: &BTreeMap<i64, u8>) -> AdvanceView {
    let digits = digits.get(&row.currency_id).copied().unwrap_or(0);
    let amount = |micros: i64| Amount { micros, digits };
    AdvanceView {
        id: row.id,
        webmaster_id: (caller.level == Level::Operator).then_some(row.webmaster_id),
        currency_id: row.currency_id,
        amount: amount(row.amount),
        repaid: amount(row.repaid),
        owed: amount(row.amount - row.repaid),
        repay_percent: percent(row.ppm),
        status: if row.date_repaid.is_some() { AdvanceStatus::Repaid } else { AdvanceStatus::Open },
        comment: row.comment,
        date_created: Time(row.date_created),
        date_repaid: row.date_repaid.map(Time),
    }
}
