//! The statement: everything that moved the reader's money, and why.

use askama::Template;
use whocpa_domain::ledger::TransferKind;
use whocpa_engine::transfer::TransferView;

use crate::site::answer::{Shown, wrong};
use crate::site::form::Form;
use crate::site::frame::Frame;
use crate::site::list::{Listed, Pages, listed};
use crate::site::names::{Choice, Names, codes};
use crate::site::reader::Of;

/// Rows on a page.
const PER_PAGE: i64 = 50;

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
    let list = |input| reader.engine().transfer_list(reader.caller(), input);
    let Listed { status, form, rows, pages } = listed(&reader, PER_PAGE, list).await?;
    let n = Names::load(&reader).await?;
    let shown = StatementPage {
        f: Frame::own(&reader, reader.lang.t("money-statement")),
        currencies: n.currency_filter(),
        n,
        form,
        transfers: rows,
        pages,
        kinds: codes(reader.lang, TransferKind::CODES),
    };
    wrong(status, &shown)
}
