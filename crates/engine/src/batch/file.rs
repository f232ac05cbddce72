//! The files of a batch: what is sent to the way of payment, and what it answers.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, Writer};
use whocpa_domain::money::Amount;
use whocpa_domain::payout::PayoutStatus;
use whocpa_domain::wallet::{WalletKind, WalletStatus};
use whocpa_domain::{Error, FieldErrors, Result};
use whocpa_store::payout::Payout;
use whocpa_store::payout_batch::PayoutBatch;
use whocpa_store::{Db, Scope, currency, wallet};

use crate::Engine;

/// Messages about lines of a file; of more the first ones are told.
const LINES_TOLD: usize = 20;

impl Engine {
    /// The file for the way of payment: what of the batch is still to be sent.
    pub(super) async fn batch_file(
        &self,
        db: &Db,
        batch: &PayoutBatch,
        payouts: &[Payout],
    ) -> Result<String> {
        let kind = WalletKind::from_code(batch.wallet_kind).unwrap_or(WalletKind::Bank);
        let currency = currency::view(db, Scope::All, batch.currency_id).await?;
        let currency = currency.ok_or_else(|| Error::Internal("a batch without a currency".to_owned()))?;
        let digits = u8::try_from(currency.digits).unwrap_or(0);
        let mut out = Writer::from_writer(Vec::new());
        let failed = |error: &dyn std::fmt::Display| Error::Internal(format!("a batch's file: {error}"));
        out.write_record(columns(kind)).map_err(|error| failed(&error))?;
        // What was paid, came back, or goes to a wallet that was rejected meanwhile must not be sent by a file read again.
        for row in payouts.iter().filter(|row| row.status == PayoutStatus::Sending.code()) {
            let wallet = wallet::view_kept(db, row.wallet_id).await?;
            let wallet = wallet.ok_or_else(|| Error::Internal("a payout without a wallet".to_owned()))?;
            if wallet.status != WalletStatus::Approved.code() {
                continue;
            }
            let account = self.account_of(&wallet)?;
            let amount =
                Amount { micros: row.amount_paid.unwrap_or(row.amount - row.fee), digits }.to_string();
            let (number, purpose) = (row.id.to_string(), format!("Payout {} of batch {}", row.id, batch.id));
            let (holder, chain, code) = (&wallet.holder, &wallet.chain, &currency.code);
            let cells: Vec<&str> = match kind {
                WalletKind::Usdt => vec![&number, &account, chain, &amount, code, &purpose],
                WalletKind::Card | WalletKind::Bank => {
                    vec![&number, &account, holder, &amount, code, &purpose]
                }
                WalletKind::Capitalist | WalletKind::Payoneer => {
                    vec![&number, &account, &amount, code, &purpose]
                }
            };
            out.write_record(cells.into_iter().map(safe)).map_err(|error| failed(&error))?;
        }
        let bytes = out.into_inner().map_err(|error| failed(&error))?;
        String::from_utf8(bytes).map_err(|error| failed(&error))
    }
}

fn columns(kind: WalletKind) -> &'static [&'static str] {
    match kind {
        WalletKind::Capitalist => &["payout_id", "account", "amount", "currency", "purpose"],
        WalletKind::Payoneer => &["payout_id", "email", "amount", "currency", "purpose"],
        WalletKind::Usdt => &["payout_id", "address", "network", "amount", "currency", "purpose"],
        WalletKind::Card => &["payout_id", "card", "holder", "amount", "currency", "purpose"],
        WalletKind::Bank => &["payout_id", "iban", "holder", "amount", "currency", "purpose"],
    }
}

/// A cell that no table program takes for a formula.
fn safe(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if is_formula { format!("'{cell}") } else { cell.to_owned() }
}

/// The lines of an answer: their number in the file, the payout, the id of its payment.
pub(super) fn references(text: &str) -> Result<Vec<(usize, i64, String)>> {
    let mut reader = ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let head = reader.headers().map_err(|error| Error::field("references", error.to_string()))?.clone();
    let place = |name: &str| head.iter().position(|column| column == name);
    let (Some(number), Some(reference)) = (place("payout_id"), place("reference")) else {
        return Err(Error::field("references", "Must be CSV with the columns payout_id and reference"));
    };
    let (mut lines, mut errors) = (Vec::new(), FieldErrors::default());
    for (at, record) in (2..).zip(reader.records()) {
        let cell =
            |place: usize| record.as_ref().ok().and_then(|record| record.get(place)).unwrap_or_default();
        let (id, reference) = (cell(number).parse::<i64>().ok(), cell(reference));
        match id {
            Some(id) if !reference.is_empty() && reference.chars().count() <= 255 => {
                lines.push((at, id, reference.to_owned()));
            }
            _ => errors
                .add("references", format!("Line {at}: a payout_id and a reference of up to 255 characters")),
        }
        if errors.messages().get("references").is_some_and(|told| told.len() >= LINES_TOLD) {
            break;
        }
    }
    errors.finish()?;
    Ok(lines)
}

/// What an answer pays of those that are being sent.
pub(super) fn paid(
    lines: &[(usize, i64, String)],
    sending: &mut BTreeMap<i64, Payout>,
) -> Result<Vec<(Payout, String)>> {
    let (mut paid, mut errors) = (Vec::with_capacity(lines.len()), FieldErrors::default());
    for (at, id, reference) in lines {
        match sending.remove(id) {
            Some(row) => paid.push((row, reference.clone())),
            None => {
                errors.add(
                    "references",
                    format!("Line {at}: payout {id} is not being sent in this batch, or comes twice"),
                );
            }
        }
    }
    errors.finish()?;
    Ok(paid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+7", "-1", "@x", "\tx"] {
            assert_eq!(safe(cell), format!("'{cell}"));
        }
        assert_eq!(safe("U0123456"), "U0123456");
    }

    #[test]
    fn an_answer_is_read_by_its_head() {
        let read = references("reference,payout_id,more\nbank 1, 7 ,x\n\"a, b\",8,\n").expect("lines");
        assert_eq!(read, [(2, 7, "bank 1".to_owned()), (3, 8, "a, b".to_owned())]);
        for wrong in [
            "",
            "payout_id\n1",
            "payout_id,reference\nx,y",
            "payout_id,reference\n1,",
            "payout_id,reference\n1",
        ] {
            assert!(references(wrong).is_err(), "{wrong:?}");
        }
    }
}
