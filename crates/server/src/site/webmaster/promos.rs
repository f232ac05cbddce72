//! Promo materials of offers: the list, and one with its text and where it is taken.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::promo::PromoKind;
use whocpa_engine::Paging;
use whocpa_engine::promo::{PromoRow, PromoView};

use crate::site::answer::{Shown, page, wrong};
use crate::site::form::Form;
use crate::site::frame::Frame;
use crate::site::list::{Pages, params, params_of};
use crate::site::names::{Choice, codes};
use crate::site::reader::Webmaster;
use crate::site::work::Offers;

/// Promos on a page.
const PER_PAGE: i64 = 24;
/// What the form filters by.
const FILTERS: [&str; 4] = ["offer_id", "kind", "language", "search"];

#[derive(Template)]
#[template(path = "site/webmaster/promos.html")]
struct PromosPage {
    f: Frame,
    form: Form,
    promos: Vec<PromoRow>,
    offers: Offers,
    pages: Pages,
    kinds: Vec<Choice>,
}

pub(super) async fn list(reader: Webmaster) -> Shown {
    let form = Form::sent(reader.lang, &params(&reader));
    let asked = params_of(&reader, PER_PAGE);
    let listed = async { reader.engine().promo_list(reader.caller(), asked.read()?).await };
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
    let shown = PromosPage {
        f: Frame::own(&reader, reader.lang.t("promos-title")),
        form,
        offers: Offers::load(&reader, rows.iter().map(|promo| promo.offer_id)).await?,
        promos: rows,
        pages,
        kinds: codes(reader.lang, PromoKind::CODES),
    };
    wrong(status, &shown)
}

#[derive(Template)]
#[template(path = "site/webmaster/promo.html")]
struct PromoPage {
    f: Frame,
    promo: PromoView,
    offer: String,
}

pub(super) async fn view(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    let promo = reader.engine().promo_view(reader.caller(), id).await?;
    let offers = Offers::load(&reader, [promo.offer_id]).await?;
    let f = Frame::own(&reader, promo.name.clone());
    page(&PromoPage { f, offer: offers.name(&promo.offer_id), promo })
}
