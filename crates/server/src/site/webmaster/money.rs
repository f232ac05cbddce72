//! Balances, what moved them, wallets, and the form that asks for a payout.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::money::Amount;
use whocpa_domain::wallet::{WalletKind, WalletStatus};
use whocpa_engine::balance::BalanceView;
use whocpa_engine::transfer::TransferView;
use whocpa_engine::wallet::{WalletCreate, WalletRow};

use crate::i18n::Value;
use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of, with};
use crate::site::names::{Choice, Names, codes, number};
use crate::site::reader::Webmaster;
use crate::site::webmaster::payouts::Payouts;

/// The last rows of the statement, and the last payouts.
const LAST: &str = "10";
/// Wallets on a page.
const PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "site/webmaster/money.html")]
pub(super) struct MoneyPage {
    f: Frame,
    n: Names,
    form: Form,
    wallet_form: Form,
    balances: Vec<BalanceView>,
    transfers: Vec<TransferView>,
    wallets: Vec<WalletRow>,
    pages: Pages,
    payouts: Payouts,
    kinds: Vec<Choice>,
    /// Wallets that can be paid to.
    choices: Vec<Choice>,
    sources: Vec<Choice>,
}

impl MoneyPage {
    #[expect(clippy::unused_self, reason = "templates call it")]
    fn is_usable(&self, wallet: &WalletRow) -> bool {
        wallet.status == WalletStatus::Approved
    }
}

/// Wallets that can be paid to now, the usual one first; each with what it takes and costs.
async fn usable(reader: &Webmaster, n: &Names) -> Result<Vec<Choice>> {
    let asked = with([("status", WalletStatus::Approved.code().to_string()), ("per_page", "100".to_owned())]);
    let mut wallets = reader.engine().wallet_list(reader.caller(), asked.read()?).await?.rows;
    let now = reader.engine().now();
    wallets.retain(|wallet| wallet.date_usable <= now);
    wallets.sort_by_key(|wallet| !wallet.is_default);
    let written = |amount: &Amount| number(reader.lang, &amount.to_string());
    let choice = |wallet: WalletRow| {
        let terms = reader.lang.with_all(
            "payout-terms",
            [
                ("min", Value::Text(written(&wallet.amount_min))),
                ("fee", Value::Text(written(&wallet.fee))),
                ("percent", Value::Text(written(&wallet.fee_percent))),
            ],
        );
        let kind = reader.lang.say(wallet.kind.word());
        let currency = n.currency(&wallet.currency_id);
        (wallet.id.to_string(), format!("{kind} {} {currency} · {terms}", wallet.account))
    };
    Ok(wallets.into_iter().map(choice).collect())
}

/// The page, with what is wrong in one of its forms.
pub(super) async fn money_page(reader: &Webmaster, form: Form, wallet_form: Form) -> Result<MoneyPage> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let moved = engine.transfer_list(caller, with([("per_page", LAST.to_owned())]).read()?).await?;
    let n = Names::load(reader).await?;
    let wallets = engine.wallet_list(caller, params_of(reader, PER_PAGE).read()?).await?;
    let balances = engine.balance_list(caller).await?;
    let source = |balance: &BalanceView| {
        let available =
            balance.available.map_or_else(String::new, |amount| n.money(&amount, &balance.currency_id));
        (balance.currency_id.to_string(), available)
    };
    Ok(MoneyPage {
        f: Frame::own(reader, reader.lang.t("cash-title")),
        form,
        wallet_form,
        transfers: moved.rows,
        payouts: Payouts::load(reader, with([("per_page", LAST.to_owned())])).await?,
        kinds: codes(reader.lang, WalletKind::CODES).into_iter().skip(1).collect(),
        choices: usable(reader, &n).await?,
        sources: balances.iter().map(source).collect(),
        pages: Pages::new(reader, wallets.total_count, wallets.paging),
        wallets: wallets.rows,
        balances,
        n,
    })
}

pub(super) fn blank(reader: &Webmaster) -> Form {
    Form::new(reader.lang, [])
}

pub(super) async fn show(reader: Webmaster) -> Shown {
    page(&money_page(&reader, blank(&reader), blank(&reader)).await?)
}

pub(super) async fn wallet_create(reader: Webmaster, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: WalletCreate = sent.given().0.read()?;
        reader.engine().wallet_create(reader.caller(), input).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, "/pub/money", "wallet-made")),
        Err(error) => {
            let shown = money_page(&reader, blank(&reader), form.refused(error)?).await?;
            wrong(StatusCode::BAD_REQUEST, &shown)
        }
    }
}

pub(super) async fn wallet_delete(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    reader.engine().wallet_delete(reader.caller(), id).await?;
    Ok(done(&reader, "/pub/money", "wallet-gone"))
}
