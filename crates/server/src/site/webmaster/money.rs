//! Balances, what moved them, wallets and payouts.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::payout::PayoutStatus;
use whocpa_domain::wallet::WalletKind;
use whocpa_engine::balance::BalanceView;
use whocpa_engine::payout::{PayoutCreate, PayoutView};
use whocpa_engine::transfer::TransferView;
use whocpa_engine::wallet::{WalletCreate, WalletRow};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::with;
use crate::site::names::{Choice, Names, codes};
use crate::site::reader::Webmaster;

/// The last rows of the statement.
const LAST: &str = "10";

#[derive(Template)]
#[template(path = "site/webmaster/money.html")]
struct MoneyPage {
    f: Frame,
    n: Names,
    form: Form,
    wallet_form: Form,
    balances: Vec<BalanceView>,
    transfers: Vec<TransferView>,
    wallets: Vec<WalletRow>,
    payouts: Vec<PayoutView>,
    kinds: Vec<Choice>,
    choices: Vec<Choice>,
    sources: Vec<Choice>,
    /// A mark of this form: sent twice, it asks for one payout.
    mark: String,
}

impl MoneyPage {
    #[expect(clippy::unused_self, reason = "templates call it")]
    fn is_open(&self, payout: &PayoutView) -> bool {
        payout.status == PayoutStatus::Requested
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    fn wallet(&self, id: &i64) -> String {
        self.choices
            .iter()
            .find(|(known, _)| *known == id.to_string())
            .map_or_else(String::new, |(_, name)| name.clone())
    }
}

async fn money_page(reader: &Webmaster, form: Form, wallet_form: Form) -> Result<MoneyPage> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let most = || with([("per_page", "100".to_owned())]);
    let moved = engine.transfer_list(caller, with([("per_page", LAST.to_owned())]).read()?).await?;
    let n = Names::load(reader).await?;
    let wallets = engine.wallet_list(caller, most().read()?).await?.rows;
    let balances = engine.balance_list(caller).await?;
    let source = |balance: &BalanceView| {
        let available =
            balance.available.map_or_else(String::new, |amount| n.money(&amount, &balance.currency_id));
        (balance.currency_id.to_string(), available)
    };
    let name = |wallet: &WalletRow| {
        let kind = reader.lang.say(wallet.kind.word());
        (wallet.id.to_string(), format!("{kind} {} {}", wallet.account, n.currency(&wallet.currency_id)))
    };
    Ok(MoneyPage {
        f: Frame::own(reader, reader.lang.t("cash-title")),
        form,
        wallet_form,
        transfers: moved.rows,
        payouts: engine.payout_list(caller, most().read()?).await?.rows,
        kinds: codes(reader.lang, WalletKind::CODES).into_iter().skip(1).collect(),
        choices: wallets.iter().map(name).collect(),
        sources: balances.iter().map(source).collect(),
        mark: reader.state.next_request_id(),
        wallets,
        balances,
        n,
    })
}

fn blank(reader: &Webmaster) -> Form {
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

/// Asks for a payout; the form's mark keeps a second click from asking twice.
pub(super) async fn payout_create(reader: Webmaster, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let made = async {
        let input: PayoutCreate = sent.given().0.read()?;
        crate::site::once::payout(&reader, &mark, input).await
    };
    match made.await {
        Ok(()) => Ok(done(&reader, "/pub/money", "payout-asked")),
        Err(error) => {
            let shown = money_page(&reader, form.refused(error)?, blank(&reader)).await?;
            wrong(StatusCode::BAD_REQUEST, &shown)
        }
    }
}

pub(super) async fn payout_delete(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    reader.engine().payout_delete(reader.caller(), id).await?;
    Ok(done(&reader, "/pub/money", "payout-cancelled"))
}
