//! The catalogue of offers and the page of one: as guests see it, and as a webmaster sees it who is signed in.

use askama::Template;
use axum::extract::Path;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::cover::CoverState;
use whocpa_domain::offer::TrafficKind;
use whocpa_domain::{Level, Result};
use whocpa_engine::Caller;
use whocpa_engine::connection::ConnectionCreate;
use whocpa_engine::offer::{OfferList, OfferRow, OfferView};

use super::answer::{Shown, done, page};
use super::form::{Form, Sent};
use super::frame::Frame;
use super::list::{Pages, params_of};
use super::names::{Choice, Names, codes};
use super::reader::{Reader, Webmaster};

/// Offers on a page.
const PER_PAGE: i64 = 24;
/// What the list may be sorted by.
const SORTS: [&str; 4] = ["-rating", "-date", "name", "-approve_rate"];

/// As offers are shown to this reader: a webmaster sees private ones of his own, and whether he is connected.
fn viewer(reader: &Reader) -> Caller {
    let caller = reader.caller();
    if caller.level == Level::Webmaster { caller } else { Caller::GUEST }
}

#[derive(Template)]
#[template(path = "site/offers.html")]
struct OffersPage {
    f: Frame,
    n: Names,
    form: Form,
    offers: Vec<OfferRow>,
    pages: Pages,
    traffic: Vec<Choice>,
    sorts: Vec<Choice>,
}

/// The list.
pub(super) async fn list(reader: Reader) -> Shown {
    let mut params = params_of(&reader, PER_PAGE);
    let mut form = Form::sent(reader.lang, &params);
    if form.value("sort").is_empty() {
        params.push("sort", whocpa_domain::input::RawValue::Text(SORTS[0].to_owned()));
        form = Form::sent(reader.lang, &params);
    }
    let found = reader.engine().offer_list(viewer(&reader), params.read::<OfferList>()?).await?;
    let f = Frame::new(&reader, reader.lang.t("offers-title"));
    let sorts = SORTS.map(|sort| (sort.to_owned(), f.t(&format!("sort-{}", sort.trim_start_matches('-')))));
    let pages = Pages::new(&reader, found.total_count, found.paging);
    let traffic = codes(reader.lang, TrafficKind::CODES);
    let n = Names::load(&reader).await?;
    page(&OffersPage { f, n, form, offers: found.rows, pages, traffic, sorts: sorts.to_vec() })
}

#[derive(Template)]
#[template(path = "site/offer.html")]
struct OfferPage {
    f: Frame,
    n: Names,
    offer: OfferView,
    is_webmaster: bool,
}

impl OfferPage {
    /// Whether a webmaster may ask to be connected.
    fn may_connect(&self) -> bool {
        self.is_webmaster && self.offer.connection_status.is_none()
    }

    fn is_connected(&self) -> bool {
        self.offer.connection_status == Some(ConnectionStatus::Approved)
    }

    fn cover(&self) -> &'static str {
        match self.offer.cover {
            CoverState::Covered => "good",
            CoverState::Partly => "warn",
            CoverState::Uncovered => "bad",
        }
    }

    fn kinds(&self, kinds: &[TrafficKind]) -> String {
        let words = kinds.iter().map(|kind| self.f.lang.say(kind.word()));
        words.collect::<Vec<_>>().join(", ")
    }
}

/// One offer.
pub(super) async fn view(reader: Reader, Path(id): Path<i64>) -> Shown {
    let offer = reader.engine().offer_view(viewer(&reader), id).await?;
    let f = Frame::new(&reader, offer.name.clone());
    let is_webmaster = reader.caller().level == Level::Webmaster;
    page(&OfferPage { f, n: Names::load(&reader).await?, offer, is_webmaster })
}

/// A webmaster asks to work with an offer.
pub(super) async fn connect(reader: Webmaster, Path(id): Path<i64>, mut sent: Sent) -> Shown {
    let comment = sent.take("comment");
    create(&reader, id, comment).await?;
    Ok(done(&reader, &format!("/offers/{id}"), "connected"))
}

async fn create(reader: &Reader, offer_id: i64, comment: String) -> Result<i64> {
    let mut params = super::list::with([("offer_id", offer_id.to_string()), ("comment", comment)]);
    params.retain(|_| true);
    reader.engine().connection_create(reader.caller(), params.read::<ConnectionCreate>()?).await
}
