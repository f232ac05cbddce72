//! Promo materials of offers: the list, and one with its text and where it is taken.

use askama::Template;
use axum::extract::Path;
use whocpa_domain::promo::PromoKind;
use whocpa_engine::promo::{PromoRow, PromoView};

use crate::site::answer::{Shown, page, wrong};
use crate::site::form::Form;
use crate::site::frame::Frame;
use crate::site::list::{Listed, Pages, listed};
use crate::site::names::{Choice, codes};
use crate::site::reader::Webmaster;
use crate::site::work::Offers;

/// Promos on a page.
const PER_PAGE: i64 = 24;

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
    let list = |input| reader.engine().promo_list(reader.caller(), input);
    let Listed { status, form, rows, pages } = listed(&reader, PER_PAGE, list).await?;
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
