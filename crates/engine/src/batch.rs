//! Batches: approved payouts of one way of payment, sent together by a file and confirmed by another.

mod file;

use std::collections::BTreeMap;

use serde_json::json;
use whocpa_domain::input::Until;
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::money::Amount;
use whocpa_domain::payout::PayoutStatus;
use whocpa_domain::wallet::{WalletKind, WalletStatus};
use whocpa_domain::{Error, FieldErrors, Method, Page, PerPage, Resource, Result, Scope, Time, params, view};
use whocpa_store::Db;
use whocpa_store::payout::{self, Payout};
use whocpa_store::payout_batch::{self, BatchFilter, PayoutBatch};
use whocpa_store::wallet;

use crate::audit::Changes;
use crate::{Caller, Engine, Paging, Rows, check, currency};

/// Payouts of one batch: as many as one short transaction takes.
const BATCH_LIMIT: u64 = 200;
/// Id of a payment in the system that made it.
const REFERENCE: Limits = Limits::Line(1, 255);

params! {
    /// Which batches are wanted.
    pub struct BatchList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only by these ways of payment.
        wallet_kind: Option<Vec<WalletKind>>,
        /// Only in these currencies.
        currency_id: Option<Vec<i64>>,
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

params! {
    /// A new batch of the oldest approved payouts, up to 200, that are in none yet: they are being sent from now on. It needs
    /// an `Idempotency-Key`.
    pub struct BatchCreate {
        /// Way of payment.
        wallet_kind: WalletKind,
        /// Currency in which they arrive.
        currency_id: i64,
    }
}

params! {
    /// What was paid of a batch. It needs an `Idempotency-Key`.
    pub struct BatchUpdate {
        /// Id of the payment that made all of it: everything that is still being sent is paid.
        reference: Option<String> where REFERENCE,
        /// Or payments one by one, as CSV with the columns `payout_id` and `reference`: those are paid.
        references: Option<String> where limits::TEXT_GIVEN,
    }
}

view! {
    /// A batch.
    pub struct BatchRow {
        /// Batch id.
        id: i64,
        /// Way of payment.
        wallet_kind: WalletKind,
        /// Currency of the amounts.
        currency_id: i64,
        /// How many payouts it has.
        payout_count: i64,
        /// What arrives of all of them.
        amount: Amount,
        /// Who made it.
        operator_id: i64,
        /// When it was made.
        date_created: Time,
    }
}

view! {
    /// A batch with its file.
    pub struct BatchView {
        /// All fields of the list.
        #[serde(flatten)]
        row: BatchRow,
        /// How many of its payouts are still being sent.
        sending_count: i64,
        /// How many are paid; the rest came back.
        paid_count: i64,
        /// The file for the way of payment, CSV with a head: number of the payout, account, amount, and what that way asks for.
        /// A cell that a table program would take for a formula begins with an apostrophe.
        csv: String,
    }
}

impl Engine {
    /// One page of batches, newest first.
    pub async fn batch_list(&self, caller: Caller, input: BatchList) -> Result<Rows<BatchRow>> {
        let scope = caller.may(Resource::Batch, Method::List)?;
        let mut errors = FieldErrors::default();
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = BatchFilter {
            ids: input.id,
            wallet_kinds: input.wallet_kind,
            currency_ids: input.currency_id,
            from: created.0,
            until: created.1,
        };
        let db = self.store().read();
        let rows = payout_batch::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let digits = currency::digits(&db).await?;
        Ok(rows.map(|row| shown(&row, &digits)))
    }

    /// One batch with its file.
    pub async fn batch_view(&self, caller: Caller, id: i64) -> Result<BatchView> {
        let scope = caller.may(Resource::Batch, Method::View)?;
        let db = self.store().read();
        let row = payout_batch::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let payouts = payout_batch::payouts(&db, id).await?;
        let count = |wanted: PayoutStatus| {
            i64::try_from(payouts.iter().filter(|row| row.status == wanted.code()).count()).unwrap_or(0)
        };
        let csv = self.batch_file(&db, &row, &payouts).await?;
        Ok(BatchView {
            row: shown(&row, &currency::digits(&db).await?),
            sending_count: count(PayoutStatus::Sending),
            paid_count: count(PayoutStatus::Paid),
            csv,
        })
    }

    /// Makes a batch of what is approved; gives its id.
    pub async fn batch_create(&self, caller: Caller, input: BatchCreate) -> Result<i64> {
        let scope = caller.may(Resource::Batch, Method::Create)?;
        let (kind, currency_id, now) = (input.wallet_kind, input.currency_id, self.now());
        self.store()
            .write(move |db| async move {
                let queued = payout_batch::queued(&db, kind, currency_id, BATCH_LIMIT).await?;
                let queued = payable(&db, scope, queued).await?;
                if queued.is_empty() {
                    return Err(Error::field(
                        "wallet_kind",
                        "No approved payouts wait for this way in this currency",
                    ));
                }
                let amount = queued.iter().try_fold(0i64, |sum, row| {
                    sum.checked_add(row.amount_paid.unwrap_or(row.amount - row.fee))
                });
                let row = PayoutBatch {
                    id: 0,
                    wallet_kind: kind.code(),
                    currency_id,
                    payout_count: i64::try_from(queued.len()).unwrap_or(i64::MAX),
                    amount: amount.ok_or_else(|| Error::field("currency_id", "The sum is too large"))?,
                    operator_id: caller.user_id,
                    date_created: now.0,
                };
                let id = payout_batch::create(&db, row.clone()).await?;
                let ids: Vec<i64> = queued.iter().map(|row| row.id).collect();
                for row in queued {
                    let (status, step) = (PayoutStatus::Sending.code(), row.step + 1);
                    let row = Payout { status, step, batch_id: Some(id), ..row };
                    self.payout_told(&db, &row).await?;
                    payout::update(&db, row).await?;
                }
                let changes = Changes::created(&PayoutBatch { id, ..row }).also("payouts", json!(ids));
                self.note(&db, caller, Resource::Batch, id, changes).await?;
                Ok(id)
            })
            .await
    }

    /// Notes what was paid of a batch: all of it, or nothing.
    ///
    /// # Errors
    /// By line, when the file names what is not in the batch or is not being sent.
    pub async fn batch_update(&self, caller: Caller, id: i64, input: BatchUpdate) -> Result<()> {
        let scope = caller.may(Resource::Batch, Method::Update)?;
        let told = match (&input.reference, &input.references) {
            (Some(_), Some(_)) => return Err(Error::field("references", "Not together with reference")),
            (None, None) => {
                return Err(Error::field("reference", "This parameter is required, or references"));
            }
            (None, Some(text)) => Some(file::references(text)?),
            (Some(_), None) => None,
        };
        let (told, reference, now) = (&told, &input.reference.unwrap_or_default(), self.now());
        self.store()
            .write(move |db| async move {
                let batch = payout_batch::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let sending = payout_batch::payouts_for_update(&db, id).await?;
                let sending = sending.into_iter().filter(|row| row.status == PayoutStatus::Sending.code());
                let mut sending: BTreeMap<i64, Payout> = sending.map(|row| (row.id, row)).collect();
                let paid: Vec<(Payout, String)> = match told {
                    None => sending.into_values().map(|row| (row, reference.clone())).collect(),
                    Some(lines) => file::paid(lines, &mut sending)?,
                };
                let ids: Vec<i64> = paid.iter().map(|(row, _)| row.id).collect();
                for (row, reference) in paid {
                    let (status, step) = (PayoutStatus::Paid.code(), row.step + 1);
                    let row = Payout { status, step, reference, date_paid: Some(now.0), ..row };
                    crate::payout::post(&db, &row, PayoutStatus::Paid, now).await?;
                    self.payout_told(&db, &row).await?;
                    payout::update(&db, row).await?;
                }
                let changes = Changes::updated(&batch, &batch).also("paid", json!(ids));
                self.note(&db, caller, Resource::Batch, id, changes).await
            })
            .await
    }
}

/// Those whose wallets are still approved: the others stay in the queue until an operator rejects them.
async fn payable(db: &Db, scope: Scope, queued: Vec<Payout>) -> Result<Vec<Payout>> {
    if scope != Scope::All {
        return Ok(Vec::new());
    }
    let mut kept = Vec::with_capacity(queued.len());
    for row in queued {
        let wallet = wallet::view_kept_for_update(db, row.wallet_id).await?;
        if wallet.is_some_and(|wallet| wallet.status == WalletStatus::Approved.code()) {
            kept.push(row);
        }
    }
    Ok(kept)
}

fn shown(row: &PayoutBatch, digits: &BTreeMap<i64, u8>) -> BatchRow {
    let digits = digits.get(&row.currency_id).copied().unwrap_or(0);
    BatchRow {
        id: row.id,
        wallet_kind: WalletKind::from_code(row.wallet_kind).unwrap_or(WalletKind::Bank),
        currency_id: row.currency_id,
        payout_count: row.payout_count,
        amount: Amount { micros: row.amount, digits },
        operator_id: row.operator_id,
        date_created: Time(row.date_created),
    }
}
