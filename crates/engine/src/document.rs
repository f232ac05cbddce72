//! Documents as PDF: the invoice of a deposit, the remittance of a payout, and a statement of what moved in a period.

mod pdf;
mod words;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use whocpa_domain::input::Until;
use whocpa_domain::ledger::{Account, AccountKind, TransferKind};
use whocpa_domain::money::Amount;
use whocpa_domain::payout::PayoutStatus;
use whocpa_domain::time::DAY;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Level, Method, Resource, Result, Scope, Time, params, view};
use whocpa_store::currency::{self, Currency};
use whocpa_store::journal::{self, JournalFilter};
use whocpa_store::person::{self, User};
use whocpa_store::statement;
use whocpa_store::{Db, deposit, payout, wallet};

use crate::{Caller, Engine};
use pdf::Line;
use words::Words;

/// Days of the longest statement.
const STATEMENT_DAYS: i64 = 366;

params! {
    /// Which document is wanted: that of a deposit, that of a payout, or a statement.
    pub struct DocumentList {
        /// The invoice of this deposit.
        deposit_id: Option<i64>,
        /// The remittance of this payout.
        payout_id: Option<i64>,
        /// A statement of the balance in this currency.
        currency_id: Option<i64>,
        /// Whose statement; for operators, and required from them.
        owner_id: Option<i64>,
        /// The statement begins here; 30 days before its end unless told.
        d_from: Option<Time>,
        /// The statement ends here, inclusive: a date takes its whole day in; now unless told. At most 366 days.
        d_to: Option<Until>,
    }
}

view! {
    /// A document.
    pub struct DocumentView {
        /// Name of the file.
        id: String,
        /// What it is, `application/pdf`.
        media_type: String,
        /// How many bytes it has.
        size: i64,
        /// The bytes, in base64.
        content: String,
    }
}

impl Engine {
    /// The wanted document, as a list of one; nothing when none is named.
    pub async fn document_list(&self, caller: Caller, input: DocumentList) -> Result<Vec<DocumentView>> {
        caller.may(Resource::Document, Method::List)?;
        let named = [input.deposit_id.is_some(), input.payout_id.is_some(), input.currency_id.is_some()];
        if named.iter().filter(|is| **is).count() > 1 {
            let message = "Only one of deposit_id, payout_id and currency_id";
            return Err(Error::field(if named[0] { "deposit_id" } else { "payout_id" }, message));
        }
        let made = match (input.deposit_id, input.payout_id, input.currency_id) {
            (Some(id), ..) => self.invoice(caller, id).await?,
            (_, Some(id), _) => self.remittance(caller, id).await?,
            (.., Some(id)) => self.statement(caller, id, &input).await?,
            _ => return Ok(Vec::new()),
        };
        let (name, lines) = made;
        let bytes = pdf::written(&name, &lines)?;
        Ok(vec![DocumentView {
            id: format!("{name}.pdf"),
            media_type: "application/pdf".to_owned(),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            content: STANDARD.encode(bytes),
        }])
    }

    async fn invoice(&self, caller: Caller, id: i64) -> Result<(String, Vec<Line>)> {
        let scope = caller.may(Resource::Deposit, Method::View)?;
        let missing = || Error::field("deposit_id", "Deposits not found");
        let row = deposit::view(&self.store().read(), scope, id).await?.ok_or_else(missing)?;
        let view = self.deposit_view(caller, id).await?;
        let around = self.around(row.advertiser_id, row.currency_id).await?;
        let words = around.words;
        let mut lines = vec![
            Line::Title(format!("{} {}", words.invoice(), view.number)),
            Line::Pair(words.from().to_owned(), self.base_url().to_owned()),
            Line::Pair(words.to().to_owned(), around.name()),
            Line::Pair(words.date().to_owned(), day(row.date_created)),
            Line::Pair(words.due().to_owned(), day(row.date_due)),
            Line::Pair(words.amount().to_owned(), around.amount(i128::from(row.amount))),
        ];
        if let Some(paid) = row.date_paid {
            lines.push(Line::Pair(words.paid().to_owned(), format!("{} {}", day(paid), row.reference)));
        } else if !view.instructions.is_empty() {
            lines.extend([Line::Gap, Line::Words(view.instructions)]);
        }
        Ok((format!("invoice-{}", view.number), lines))
    }

    async fn remittance(&self, caller: Caller, id: i64) -> Result<(String, Vec<Line>)> {
        let scope = caller.may(Resource::Payout, Method::View)?;
        let db = self.store().read();
        let missing = || Error::field("payout_id", "Payouts not found");
        let row = payout::view(&db, scope, id).await?.ok_or_else(missing)?;
        if row.status != PayoutStatus::Paid.code() {
            return Err(Error::field("payout_id", "Only a payout that is paid has a remittance"));
        }
        let account = wallet::view_kept(&db, row.wallet_id).await?.map(|wallet| wallet.account_masked);
        let around = self.around(row.webmaster_id, row.currency_id).await?;
        let (words, number) = (around.words, format!("P-{:06}", row.id));
        let amount = |micros: i64| around.amount(i128::from(micros));
        let arrives = match row.arrives() {
            Some(arrives) => {
                let other = currency(&db, arrives.currency_id).await?;
                Around { currency: other, person: around.person.clone(), words }
                    .amount(i128::from(arrives.amount))
            }
            None => amount(row.amount - row.fee),
        };
        let mut lines = vec![
            Line::Title(format!("{} {number}", words.remittance())),
            Line::Pair(words.from().to_owned(), self.base_url().to_owned()),
            Line::Pair(words.to().to_owned(), around.name()),
            Line::Pair(words.account().to_owned(), account.unwrap_or_default()),
            Line::Pair(words.date().to_owned(), day(row.date_created)),
            Line::Pair(words.amount().to_owned(), amount(row.amount)),
            Line::Pair(words.fee().to_owned(), amount(row.fee)),
            Line::Pair(words.arrives().to_owned(), arrives),
        ];
        if let Some(paid) = row.date_paid {
            lines.push(Line::Pair(words.paid().to_owned(), format!("{} {}", day(paid), row.reference)));
        }
        Ok((format!("payout-{number}"), lines))
    }

    async fn statement(
        &self,
        caller: Caller,
        currency_id: i64,
        input: &DocumentList,
    ) -> Result<(String, Vec<Line>)> {
        let owner = self.owner(caller, input.owner_id).await?;
        let until = input.d_to.map_or(self.now(), |until| until.0);
        let from = input.d_from.unwrap_or(until.plus_days(-30));
        if from >= until || until.0 - from.0 > STATEMENT_DAYS * DAY {
            return Err(Error::field("d_from", "Must be before d_to, and at most 366 days"));
        }
        let kind = match owner.level() {
            UserLevel::Advertiser => AccountKind::AdvertiserAvailable,
            UserLevel::Webmaster | UserLevel::Operator => AccountKind::WebmasterAvailable,
        };
        let account = Account { kind, owner_id: owner.id, currency_id };
        let around = self.around(owner.id, currency_id).await?;
        let (db, words) = (self.store().read(), around.words);
        let filter = JournalFilter {
            from: Some(from),
            until: None,
            currency_id: Some(currency_id),
            owner_id: Some(owner.id),
            account: Some(kind),
        };
        let opening = journal::opening(&db, &filter).await?;
        let moved = statement::moved(&db, account, from, until).await?;
        let closing = moved.iter().fold(opening, |sum, row| sum + row.credit - row.debit);
        let row = |cells: [String; 4]| Line::Row(cells.to_vec());
        let head = [words.kind(), words.count(), words.credit(), words.debit()].map(str::to_owned);
        let mut lines = vec![
            Line::Title(words.statement().to_owned()),
            Line::Pair(words.from().to_owned(), self.base_url().to_owned()),
            Line::Pair(words.to().to_owned(), around.name()),
            Line::Pair(words.period().to_owned(), format!("{} .. {} UTC", from, Time(until.0 - 1))),
            Line::Pair(words.opening().to_owned(), around.amount(opening)),
            Line::Pair(words.closing().to_owned(), around.amount(closing)),
            Line::Gap,
            row(head),
            Line::Rule,
        ];
        for found in moved {
            let kind = TransferKind::from_code(found.kind).map_or("", TransferKind::word);
            let kind: String = kind.chars().take(46).collect();
            let amounts = [found.credit, found.debit].map(|micros| around.amount(micros));
            let [credit, debit] = amounts;
            lines.push(row([kind, found.count.to_string(), credit, debit]));
        }
        Ok((format!("statement-{}-{}-{}", owner.id, around.currency.code, day(until.0 - 1)), lines))
    }

    /// Whose statement it is.
    async fn owner(&self, caller: Caller, named: Option<i64>) -> Result<User> {
        let scope = caller.may(Resource::Transfer, Method::List)?;
        let id = match (caller.level == Level::Operator, named) {
            (true, Some(id)) => id,
            (true, None) => return Err(Error::field("owner_id", "This parameter is required")),
            (false, None) => caller.user_id,
            (false, Some(_)) => return Err(Error::field("owner_id", "Only operators may use this")),
        };
        let found = person::view(&self.store().read(), scope, id).await?;
        let found = found.filter(|person| person.level() != UserLevel::Operator);
        found.ok_or_else(|| Error::field("owner_id", "People not found"))
    }

    async fn around(&self, person_id: i64, currency_id: i64) -> Result<Around> {
        let db = self.store().read();
        let person = person::view(&db, Scope::All, person_id).await?.ok_or(Error::NotFound)?;
        let currency = currency(&db, currency_id).await?;
        Ok(Around { words: Words::of(&person.language), person, currency })
    }
}

async fn currency(db: &Db, id: i64) -> Result<Currency> {
    let row = currency::view(db, Scope::All, id).await?;
    row.ok_or_else(|| Error::field("currency_id", "Currencies not found"))
}

/// Whose document it is, in what currency and language.
struct Around {
    person: User,
    currency: Currency,
    words: Words,
}

impl Around {
    fn name(&self) -> String {
        format!("{} ({})", self.person.name, self.person.id)
    }

    fn amount(&self, micros: i128) -> String {
        let digits = u8::try_from(self.currency.digits).unwrap_or(0);
        let shown = i64::try_from(micros).map(|micros| Amount { micros, digits }.to_string());
        format!("{} {}", shown.unwrap_or_else(|_| micros.to_string()), self.currency.code)
    }
}

/// The day of a moment, UTC.
fn day(seconds: i64) -> String {
    Time(seconds).to_string().chars().take(10).collect()
}
