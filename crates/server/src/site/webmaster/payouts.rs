//! Payouts: what was asked for, and how one is asked for: the form, what it would give, and only then the payout.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::input::RawParams;
use whocpa_domain::payout::PayoutStatus;
use whocpa_engine::Paging;
use whocpa_engine::payout::{PayoutCreate, PayoutView};

use super::money::{blank, money_page};
use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params, params_of, with};
use crate::site::names::{Choice, Names, codes};
use crate::site::once;
use crate::site::reader::Webmaster;

/// Rows on a page.
const PER_PAGE: i64 = 50;

/// Some payouts, with the accounts of their wallets.
pub(super) struct Payouts {
    pub rows: Vec<PayoutView>,
    pub total: i64,
    pub paging: Paging,
    accounts: BTreeMap<i64, String>,
}

impl Payouts {
    pub async fn load(reader: &Webmaster, asked: RawParams) -> Result<Self> {
        let (engine, caller) = (reader.engine(), reader.caller());
        let found = engine.payout_list(caller, asked.read()?).await?;
        let mut ids: Vec<String> = found.rows.iter().map(|payout| payout.wallet_id.to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut accounts = BTreeMap::new();
        if !ids.is_empty() {
            let asked = with([("id", ids.join(",")), ("per_page", "100".to_owned())]);
            let wallets = engine.wallet_list(caller, asked.read()?).await?.rows;
            accounts.extend(wallets.into_iter().map(|wallet| (wallet.id, wallet.account)));
        }
        Ok(Self { rows: found.rows, total: found.total_count, paging: found.paging, accounts })
    }

    /// The account that is paid to; nothing of a wallet that was removed.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    pub fn account(&self, id: &i64) -> &str {
        self.accounts.get(id).map_or("", String::as_str)
    }

    #[expect(clippy::unused_self, reason = "templates call it")]
    pub fn is_open(&self, payout: &PayoutView) -> bool {
        payout.status == PayoutStatus::Requested
    }
}

#[derive(Template)]
#[template(path = "site/webmaster/payouts.html")]
struct PayoutsPage {
    f: Frame,
    n: Names,
    form: Form,
    payouts: Payouts,
    pages: Pages,
    statuses: Vec<Choice>,
}

pub(super) async fn list(reader: Webmaster) -> Shown {
    let form = Form::sent(reader.lang, &params(&reader));
    let (status, form, payouts) = match Payouts::load(&reader, params_of(&reader, PER_PAGE)).await {
        Ok(payouts) => (StatusCode::OK, form, payouts),
        Err(error) => {
            let paging = Paging::first(PER_PAGE);
            let none = Payouts { rows: Vec::new(), total: 0, paging, accounts: BTreeMap::new() };
            (StatusCode::BAD_REQUEST, form.refused(error)?, none)
        }
    };
    let shown = PayoutsPage {
        f: Frame::own(&reader, reader.lang.t("payouts-head")),
        n: Names::load(&reader).await?,
        form,
        pages: Pages::new(&reader, payouts.total, payouts.paging),
        payouts,
        statuses: codes(reader.lang, PayoutStatus::CODES),
    };
    wrong(status, &shown)
}

#[derive(Template)]
#[template(path = "site/webmaster/payout_new.html")]
struct ConfirmPage {
    f: Frame,
    n: Names,
    /// What it would be.
    payout: PayoutView,
    account: String,
    /// A mark of this form: sent twice, it asks for one payout.
    mark: String,
}

/// What was asked for cannot be had: the form again.
async fn refused(reader: &Webmaster, form: Form, error: whocpa_domain::Error) -> Shown {
    let shown = money_page(reader, form.refused(error)?, blank(reader)).await?;
    wrong(StatusCode::BAD_REQUEST, &shown)
}

/// Says what a payout would give before it is asked for: what leaves the balance, the fee, what arrives.
pub(super) async fn new(reader: Webmaster, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let tried = async {
        let input: PayoutCreate = sent.amounts(reader.lang, &["amount"]).given().0.read()?;
        reader.engine().payout_try(reader.caller(), input).await
    };
    let payout = match tried.await {
        Ok(payout) => payout,
        Err(error) => return refused(&reader, form, error).await,
    };
    let wallet = reader.engine().wallet_view(reader.caller(), payout.wallet_id).await?;
    page(&ConfirmPage {
        f: Frame::own(&reader, reader.lang.t("payout-ask")),
        n: Names::load(&reader).await?,
        account: wallet.row.account,
        payout,
        mark: once::mark(&reader),
    })
}

/// Asks for a payout; the form's mark keeps a second click from asking twice.
pub(super) async fn create(reader: Webmaster, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let made = async {
        let input: PayoutCreate = sent.amounts(reader.lang, &["amount"]).given().0.read()?;
        let asked = format!("{input:?}");
        let engine = reader.engine();
        once::run(&reader, ("form payout", &mark, &asked), |caller| engine.payout_create(caller, input)).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, "/pub/money", "payout-asked")),
        Err(error) => refused(&reader, form, error).await,
    }
}

pub(super) async fn delete(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    reader.engine().payout_delete(reader.caller(), id).await?;
    Ok(done(&reader, "/pub/money", "payout-cancelled"))
}
