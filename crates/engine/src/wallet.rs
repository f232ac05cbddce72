//! Wallets: where a webmaster's money goes out. A new one waits for an operator's approval and, in any case, two days.

use std::collections::BTreeMap;

use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::money::{Amount, PPM_PER_PERCENT};
use whocpa_domain::payday::PayoutSchedule;
use whocpa_domain::payout::PayoutRules;
use whocpa_domain::wallet::{self as rules, Chain, FREEZE_HOURS, WalletKind, WalletStatus};
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::wallet::{self, Wallet, WalletFilter};
use whocpa_store::{Db, currency, person};

use crate::audit::Changes;
use crate::mail::Draft;
use crate::{Caller, Engine, Paging, Rows, check};

/// An account with a way of payment; each has its own form, which `wallet::account` knows.
const ACCOUNT: Limits = Limits::Line(1, 100);
/// The network of an USDT wallet.
const CHAIN: Limits = Limits::Form(&Form {
    format: "",
    pattern: "^(TRC20|ERC20)$",
    longest: 5,
    wrong: |name| Chain::by_name(name).is_none().then(|| "Must be TRC20 or ERC20".to_owned()),
});

/// Number of the currency USDT.
const USDT: i64 = 10001;

params! {
    /// Which wallets are wanted.
    pub struct WalletList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these kinds.
        kind: Option<Vec<WalletKind>>,
        /// Only in these states.
        status: Option<Vec<WalletStatus>>,
        /// Only of these webmasters; for operators.
        webmaster_id: Option<Vec<i64>>,
        /// Only to whose account other webmasters are paid too (1), or only the others (0); for operators who pay.
        is_shared: Option<bool>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new wallet.
    pub struct WalletCreate {
        /// Way of being paid.
        kind: WalletKind,
        /// Number, address or e-mail of the account, as that way of payment writes it; checked by its rules.
        account: String where ACCOUNT,
        /// Currency in which it takes money.
        currency_id: i64,
        /// Name of the account's owner; required for cards and bank accounts.
        holder: Option<String> where limits::LINE,
        /// USDT: the network, `TRC20` or `ERC20`.
        network: Option<String> where CHAIN,
        /// What you call it.
        name: Option<String> where limits::LINE,
        /// Whether payouts that name no wallet go here; the first wallet does.
        is_default: Option<bool>,
        /// When everything available in its currency is asked for by itself; only when you ask unless told.
        schedule: Option<PayoutSchedule>,
    }
}

params! {
    /// Changes of a wallet. Its account stays: another account is another wallet.
    pub struct WalletUpdate {
        /// What you call it; for the owner.
        name: Option<String> where limits::LINE,
        /// Whether payouts that name no wallet go here; for the owner.
        is_default: Option<bool>,
        /// When everything available in its currency is asked for by itself, from the next due day on; for the owner.
        schedule: Option<PayoutSchedule>,
        /// The decision; for operators.
        status: Option<WalletStatus>,
        /// Why it was rejected; for operators, required with a rejection.
        reason: Option<String> where limits::TEXT,
    }
}

view! {
    /// A wallet.
    pub struct WalletRow {
        /// Wallet id.
        id: i64,
        /// Whose it is; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// Way of being paid.
        kind: WalletKind,
        /// The account, with its middle part masked.
        account: String,
        /// Name of the account's owner.
        holder: String,
        /// USDT: the network; else empty.
        network: String,
        /// Currency in which it takes money.
        currency_id: i64,
        /// What its owner calls it.
        name: String,
        /// Whether payouts that name no wallet go here.
        is_default: bool,
        /// When everything available in its currency is asked for by itself; what is below the minimum waits for the next due
        /// day.
        schedule: PayoutSchedule,
        /// Whether it may be used.
        status: WalletStatus,
        /// Why it was rejected, empty otherwise.
        reason: String,
        /// Least amount of a payout to it, in units of the balance that is paid out.
        amount_min: Amount,
        /// Fixed part of the fee of a payout, in units of the balance that is paid out.
        fee: Amount,
        /// Share of a payout that is its fee, in percent.
        fee_percent: Amount,
        /// When it was added.
        date_created: Time,
        /// From when on it can be paid to: 48 hours after it was added, so that its owner notices if it was not he.
        date_usable: Time,
        /// Other webmasters who are paid to the same account; for operators who pay.
        #[serde(skip_serializing_if = "Option::is_none")]
        shared_with: Option<Vec<i64>>,
    }
}

view! {
    /// A wallet in full.
    pub struct WalletView {
        /// All fields of the list.
        #[serde(flatten)]
        row: WalletRow,
        /// The whole account; for operators who pay.
        #[serde(skip_serializing_if = "Option::is_none")]
        account_full: Option<String>,
    }
}

impl Engine {
    /// One page of wallets.
    pub async fn wallet_list(&self, caller: Caller, input: WalletList) -> Result<Rows<WalletRow>> {
        let scope = caller.may(Resource::Wallet, Method::List)?;
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("webmaster_id", input.webmaster_id.is_some())]);
        // It tells of webmasters whom others look after.
        if input.is_shared.is_some() && scope != Scope::All {
            errors.add("is_shared", "Only operators may use this");
        }
        errors.finish()?;
        let filter = WalletFilter {
            ids: input.id,
            webmaster_ids: input.webmaster_id,
            kinds: input.kind,
            status: input.status,
            is_shared: input.is_shared,
        };
        let db = self.store().read();
        let rows = wallet::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let mut others = shared_with(&db, scope, &rows.rows).await?;
        let digits = crate::currency::digits(&db).await?;
        Ok(rows.map(|row| {
            let shared_with = others.remove(&row.id);
            WalletRow { shared_with, ..shown(row, caller, self.payout_rules(), &digits) }
        }))
    }

    /// One wallet; the operators who pay see the whole account.
    pub async fn wallet_view(&self, caller: Caller, id: i64) -> Result<WalletView> {
        let scope = caller.may(Resource::Wallet, Method::View)?;
        let db = self.store().read();
        // Who pays needs the account also after its owner removed the wallet.
        let row = match wallet::view(&db, scope, id).await? {
            None if scope == Scope::All => wallet::view_kept(&db, id).await?,
            found => found,
        };
        let row = row.ok_or(Error::NotFound)?;
        let account_full = if scope == Scope::All { Some(self.account_of(&row)?) } else { None };
        let shared_with = shared_with(&db, scope, std::slice::from_ref(&row)).await?.remove(&row.id);
        let digits = crate::currency::digits(&db).await?;
        let row = WalletRow { shared_with, ..shown(row, caller, self.payout_rules(), &digits) };
        Ok(WalletView { row, account_full })
    }

    /// The whole account of a wallet.
    pub(crate) fn account_of(&self, row: &Wallet) -> Result<String> {
        let lost =
            || Error::Internal(format!("the account of wallet {} cannot be read: another key?", row.id));
        self.vault().open_text(&row.account_sealed).ok_or_else(lost)
    }

    /// Changes a wallet, or decides about it; absent fields keep their value.
    pub async fn wallet_update(&self, caller: Caller, id: i64, input: WalletUpdate) -> Result<()> {
        let scope = caller.may(Resource::Wallet, Method::Update)?;
        check_rights(caller, &input)?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                if input.is_default == Some(true) {
                    // One wallet of an owner after the other, as in a creation: only one is the default.
                    person::view_for_update(&db, Scope::All, caller.user_id).await?;
                }
                let before = wallet::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let changed = decided(before.clone(), input, self.now())?;
                if changed.is_default && !before.is_default {
                    wallet::clear_default(&db, before.webmaster_id).await?;
                }
                let changes = Changes::updated(&before, &changed);
                if changed != before {
                    let step = step(&before, &changed);
                    self.wallet_told(&db, &changed, step).await?;
                }
                wallet::update(&db, changed).await?;
                self.note(&db, caller, Resource::Wallet, id, changes).await
            })
            .await
    }

    /// Adds a wallet, which goes on review; gives its id.
    pub async fn wallet_create(&self, caller: Caller, input: WalletCreate) -> Result<i64> {
        caller.may(Resource::Wallet, Method::Create)?;
        let row = &self.wallet_new(caller.user_id, input)?;
        self.store()
            .write(move |db| async move {
                // One wallet of an owner after the other: which one is the first?
                let owner = Scope::All;
                person::view_for_update(&db, owner, row.webmaster_id).await?.ok_or(Error::NotFound)?;
                if currency::view(&db, Scope::Public, row.currency_id).await?.is_none() {
                    return Err(Error::field("currency_id", "Currencies not found"));
                }
                let present = wallet::view_default(&db, row.webmaster_id).await?;
                if row.is_default && present.is_some() {
                    wallet::clear_default(&db, row.webmaster_id).await?;
                }
                let row = Wallet { is_default: row.is_default || present.is_none(), ..row.clone() };
                let id = wallet::create(&db, row.clone()).await?;
                let draft = Draft::new(LetterKind::WalletAdded).with("wallet", &row.account_masked);
                let draft = draft.with("date", self.now()).with("usable", Time(row.date_usable));
                self.letter_tell(&db, row.webmaster_id, &draft).await?;
                self.letter_queue(&db, Resource::Wallet, row.webmaster_id, ("wallet", id)).await?;
                let changes = Changes::created(&Wallet { id, ..row });
                self.note(&db, caller, Resource::Wallet, id, changes).await?;
                Ok(id)
            })
            .await
    }

    /// A wallet as it was sent.
    fn wallet_new(&self, webmaster_id: i64, input: WalletCreate) -> Result<Wallet> {
        let mut errors = FieldErrors::default();
        let chain = input.network.as_deref().and_then(Chain::by_name);
        if input.kind == WalletKind::Usdt && chain.is_none() {
            errors.add("network", "Must be TRC20 or ERC20 for USDT");
        }
        if input.kind == WalletKind::Usdt && input.currency_id != USDT {
            errors.add("currency_id", format!("Must be {USDT}: a USDT wallet takes USDT"));
        }
        if input.kind != WalletKind::Usdt && input.network.is_some() {
            errors.add("network", "Only USDT has a network");
        }
        let holder = input.holder.unwrap_or_default();
        if matches!(input.kind, WalletKind::Card | WalletKind::Bank) && holder.trim().is_empty() {
            errors.add("holder", "Must be given for cards and bank accounts");
        }
        let account = rules::account(input.kind, chain, &input.account);
        if let Err(message) = account {
            errors.add("account", message);
        }
        check::line(&mut errors, "holder", &holder);
        errors.finish()?;
        let account = account.unwrap_or_default();
        let now = self.now();
        let named = format!("wallet\0{}\0{account}", input.kind.code());
        Ok(Wallet {
            id: 0,
            webmaster_id,
            kind: input.kind.code(),
            chain: input.network.unwrap_or_default(),
            account_sealed: self.vault().seal(self.rng(), &account)?,
            account_masked: rules::masked(input.kind, &account),
            account_hash: self.vault().mac(named.as_bytes()),
            holder,
            currency_id: input.currency_id,
            name: input.name.unwrap_or_default(),
            is_default: input.is_default.unwrap_or(false),
            is_active: true,
            status: WalletStatus::Review.code(),
            reason: String::new(),
            date_created: now.0,
            date_usable: now.plus(FREEZE_HOURS * 3600).0,
            schedule: input.schedule.unwrap_or(PayoutSchedule::Request).code(),
            date_asked: now.0,
        })
    }

    /// Writes to its owner that a wallet was changed, whoever did it: he learns of it if it was not he.
    async fn wallet_told(&self, db: &Db, row: &Wallet, step: &str) -> Result<()> {
        let draft =
            Draft::new(LetterKind::Wallet).with("wallet", &row.account_masked).with("date", self.now());
        let draft = draft.word("step", "wallet", step).with("reason", &row.reason);
        self.letter_tell(db, row.webmaster_id, &draft).await
    }

    /// Removes a wallet; payouts that are under way to it go on.
    pub async fn wallet_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Wallet, Method::Delete)?;
        self.store()
            .write(move |db| async move {
                let row = wallet::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let gone = Wallet { is_active: false, is_default: false, ..row.clone() };
                let changes = Changes::archived(&row, &gone);
                self.wallet_told(&db, &row, "removed").await?;
                wallet::update(&db, gone).await?;
                self.note(&db, caller, Resource::Wallet, id, changes).await
            })
            .await
    }
}

/// The wallet that a payout goes to: the one that is named, or the default one. It must be approved, and old enough.
pub(crate) async fn usable(
    db: &Db,
    scope: Scope,
    named: Option<i64>,
    owner: i64,
    now: Time,
) -> Result<Wallet> {
    let found = match named {
        Some(id) => wallet::view_for_update(db, scope, id).await?,
        None => wallet::view_default(db, owner).await?,
    };
    let wrong = |message: String| Err(Error::field("wallet_id", message));
    let Some(row) = found else {
        return wrong(if named.is_some() { "Wallets not found" } else { "Add a wallet first" }.to_owned());
    };
    if row.status != WalletStatus::Approved.code() {
        return wrong("An operator has not approved this wallet".to_owned());
    }
    if now.0 < row.date_usable {
        return wrong(format!(
            "Can be paid to from {}: new wallets wait {FREEZE_HOURS} hours",
            Time(row.date_usable)
        ));
    }
    Ok(row)
}

/// Each side may send its own parameters only.
fn check_rights(caller: Caller, input: &WalletUpdate) -> Result<()> {
    let is_operator = caller.level == Level::Operator;
    let mut errors = FieldErrors::default();
    for (field, is_sent, is_allowed) in [
        ("name", input.name.is_some(), !is_operator),
        ("is_default", input.is_default.is_some(), !is_operator),
        ("schedule", input.schedule.is_some(), !is_operator),
        ("status", input.status.is_some(), is_operator),
        ("reason", input.reason.is_some(), is_operator),
    ] {
        if is_sent && !is_allowed {
            let who = if is_operator { "its owner" } else { "an operator" };
            errors.add(field, format!("Only {who} may change this"));
        }
    }
    errors.finish()
}

/// The wallet after its owner's changes or an operator's decision.
/// What became of a wallet, as a word of letters.
fn step(before: &Wallet, after: &Wallet) -> &'static str {
    match WalletStatus::from_code(after.status).filter(|_| after.status != before.status) {
        Some(WalletStatus::Approved) => "approved",
        Some(WalletStatus::Rejected) => "rejected",
        Some(WalletStatus::Review) | None => "changed",
    }
}

fn decided(row: Wallet, input: &WalletUpdate, now: Time) -> Result<Wallet> {
    let status = input.status.map_or(row.status, WalletStatus::code);
    let is_rejected = status == WalletStatus::Rejected.code();
    // An old reason does not explain a new refusal.
    let present = if status == row.status { row.reason.clone() } else { String::new() };
    let reason = input.reason.clone().unwrap_or(present);
    let mut errors = FieldErrors::default();
    if is_rejected && reason.trim().is_empty() {
        errors.add("reason", "Must be given with a rejection");
    }
    if !is_rejected && input.reason.as_deref().is_some_and(|reason| !reason.is_empty()) {
        errors.add("reason", "Only a rejection has a reason");
    }
    if row.is_default && input.is_default == Some(false) {
        errors.add("is_default", "Make another wallet the default one instead");
    }
    errors.finish()?;
    Ok(Wallet {
        name: input.name.clone().unwrap_or_else(|| row.name.clone()),
        is_default: input.is_default.unwrap_or(row.is_default),
        status,
        reason,
        schedule: input.schedule.map_or(row.schedule, PayoutSchedule::code),
        // A new schedule begins with its next due day.
        date_asked: if input.schedule.is_some() { now.0 } else { row.date_asked },
        ..row
    })
}

fn shown(row: Wallet, caller: Caller, rules: &PayoutRules, digits: &BTreeMap<i64, u8>) -> WalletRow {
    let kind = WalletKind::from_code(row.kind).unwrap_or(WalletKind::Bank);
    let terms = rules.of(kind);
    let digits = digits.get(&row.currency_id).copied().unwrap_or(0);
    let amount = |micros: i64| Amount { micros, digits };
    // A share is shown as a number of percent, with as many places as it needs.
    let percent = terms.fee_ppm.saturating_mul(1_000_000 / PPM_PER_PERCENT);
    WalletRow {
        id: row.id,
        webmaster_id: (caller.level == Level::Operator).then_some(row.webmaster_id),
        kind,
        account: row.account_masked,
        holder: row.holder,
        network: row.chain,
        currency_id: row.currency_id,
        name: row.name,
        is_default: row.is_default,
        schedule: PayoutSchedule::from_code(row.schedule).unwrap_or(PayoutSchedule::Request),
        status: WalletStatus::from_code(row.status).unwrap_or(WalletStatus::Review),
        reason: row.reason,
        amount_min: amount(terms.amount_min),
        fee: amount(terms.fee),
        fee_percent: Amount { micros: percent, digits: 0 },
        date_created: Time(row.date_created),
        date_usable: Time(row.date_usable),
        shared_with: None,
    }
}

/// The other webmasters who are paid to the accounts of these wallets; for operators who see everybody.
async fn shared_with(db: &Db, scope: Scope, rows: &[Wallet]) -> Result<BTreeMap<i64, Vec<i64>>> {
    if scope == Scope::All { wallet::shared_with(db, rows).await } else { Ok(BTreeMap::new()) }
}
