//! The statement: everything that moved the reader's money, and why.

use askama::Template;
use axum::http::StatusCode;
use whocpa_domain::ledger::TransferKind;
use whocpa_engine::Paging;
use whocpa_engine::transfer::TransferView;

use crate::site::answer::{Shown, wrong};
use crate::site::form::Form;
use crate::site::frame::Frame;
use crate::site::list::{Pages, params, params_of};
use crate::site::names::{Choice, Names, codes};
use crate::site::reader::Of;

/// Rows on a page.
const PER_PAGE: i64 = 50;
/// What the form filters by.
const FILTERS: [&str; 5] = ["kind", "currency_id", "lead_id", "d_created_from", "d_created_to"];

#[derive(Template)]
#[template(path = "site/work/statement.html")]
struct StatementPage {
    f: Frame,
    n: Names,
    form: Form,
    transfers: Vec<TransferView>,
    pages: Pages,
    kinds: Vec<Choice>,
    currencies: Vec<Choice>,
}

pub(in crate::site) async fn list<const L: u8>(reader: Of<L>) -> Shown {
    let form = Form::sent(reader.lang, &params(&reader));
    let asked = params_of(&reader, PER_PAGE);
    let listed = async { reader.engine().transfer_list(reader.caller(), asked.read()?).await };
    let (status, form, rows, pages) = match listed.await {
        Ok(found) => {
            let pages = Pages::new(&reader, found.total_count, found.paging);
            (StatusCode::OK, form, found.rows, pages)
        }
        Err(error) => {
            let pages = Pages::new(&reader, 0, Paging { page: 1, per_page: PER_PAGE });
            (StatusCode::BAD_REQUEST, form.refused_in(error, &FILTERS)?, Vec::new(), pages)
        }
    };
    let n = Names::load(&reader).await?;
    let mut currencies = n.currency_choices();
    currencies[0].1 = reader.lang.t("any");
    let shown = StatementPage {
        f: Frame::own(&reader, reader.lang.t("money-statement")),
        n,
        form,
        transfers: rows,
        pages,
        kinds: codes(reader.lang, TransferKind::CODES),
        currencies,
    };
    wrong(status, &shown)
}
