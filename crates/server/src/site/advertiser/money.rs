//! Balances, deposits, and the last of what moved.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::deposit::{DepositMethod, DepositStatus};
use whocpa_engine::balance::BalanceView;
use whocpa_engine::deposit::{DepositCreate, DepositView};
use whocpa_engine::transfer::TransferView;

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of, with};
use crate::site::names::{Choice, Names, codes};
use crate::site::once;
use crate::site::reader::Advertiser;

/// Deposits on a page.
const PER_PAGE: i64 = 20;
/// The last rows of the statement.
const LAST: &str = "10";

#[derive(Template)]
#[template(path = "site/advertiser/money.html")]
struct MoneyPage {
    f: Frame,
    n: Names,
    form: Form,
    balances: Vec<BalanceView>,
    deposits: Vec<DepositView>,
    pages: Pages,
    transfers: Vec<TransferView>,
    methods: Vec<Choice>,
    /// A mark of this form: sent twice, it makes one deposit.
    mark: String,
}

impl MoneyPage {
    #[expect(clippy::unused_self, reason = "templates call it")]
    fn tone(&self, deposit: &DepositView) -> &'static str {
        tone(deposit.status)
    }
}

fn tone(status: DepositStatus) -> &'static str {
    match status {
        DepositStatus::Paid => "good",
        DepositStatus::Waiting => "warn",
        DepositStatus::Cancelled => "bad",
    }
}

async fn money_page(reader: &Advertiser, form: Form) -> Result<MoneyPage> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let found = engine.deposit_list(caller, params_of(reader, PER_PAGE).read()?).await?;
    let moved = engine.transfer_list(caller, with([("per_page", LAST.to_owned())]).read()?).await?;
    let methods = codes(reader.lang, DepositMethod::CODES).into_iter().skip(1);
    Ok(MoneyPage {
        f: Frame::own(reader, reader.lang.t("cash-title")),
        n: Names::load(reader).await?,
        form,
        balances: engine.balance_list(caller).await?,
        pages: Pages::new(reader, found.total_count, found.paging),
        deposits: found.rows,
        transfers: moved.rows,
        methods: methods.filter(|(code, _)| *code != DepositMethod::Manual.code().to_string()).collect(),
        mark: reader.state.next_request_id(),
    })
}

pub(super) async fn show(reader: Advertiser) -> Shown {
    page(&money_page(&reader, Form::new(reader.lang, [])).await?)
}

/// Makes a deposit to be paid; the form's mark keeps a second click from making two.
pub(super) async fn deposit_create(reader: Advertiser, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let made = async {
        let input: DepositCreate = sent.given().0.read()?;
        let asked = format!("{input:?}");
        let engine = reader.engine();
        let make = |caller| async move { engine.deposit_create(caller, input).await };
        once::run(&reader, ("form deposit", &mark, &asked), make).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/adv/deposits/{id}"), "deposit-made")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &money_page(&reader, form.refused(error)?).await?),
    }
}

#[derive(Template)]
#[template(path = "site/advertiser/deposit.html")]
struct DepositPage {
    f: Frame,
    n: Names,
    deposit: DepositView,
}

impl DepositPage {
    fn tone(&self) -> &'static str {
        tone(self.deposit.status)
    }

    fn is_waiting(&self) -> bool {
        self.deposit.status == DepositStatus::Waiting
    }
}

/// How to pay it, and what became of it.
pub(super) async fn deposit(reader: Advertiser, Path(id): Path<i64>) -> Shown {
    let deposit = reader.engine().deposit_view(reader.caller(), id).await?;
    let f = Frame::own(&reader, reader.lang.with("deposit-title", "number", deposit.number.clone()));
    page(&DepositPage { f, n: Names::load(&reader).await?, deposit })
}
