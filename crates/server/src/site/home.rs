//! The front page: what this network is, what it offers, where to go on.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, FromRequestParts as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use whocpa_domain::input::RawParams;
use whocpa_engine::Caller;
use whocpa_engine::news::NewsView;
use whocpa_engine::offer::OfferRow;

use super::answer::{Shown, page as shown};
use super::frame::Frame;
use super::list::with;
use super::names::Names;
use super::reader::Reader;
use crate::state::AppState;
use crate::track;

/// Pieces of news on the front page.
const NEWS: usize = 3;
/// Offers on the front page.
const OFFERS: usize = 6;

#[derive(Template)]
#[template(path = "site/home.html")]
struct Home {
    f: Frame,
    n: Names,
    offers: Vec<OfferRow>,
    offer_count: i64,
    news: Vec<NewsView>,
}

/// The front page; a platform's postback whose address has no path is received instead.
pub(super) async fn page(
    State(state): State<AppState>,
    connection: ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    if request.uri().query().is_some_and(track::is_bare) {
        return track::postback_receive(State(state), connection, request).await;
    }
    let (mut parts, _) = request.into_parts();
    match Reader::from_request_parts(&mut parts, &state).await {
        Ok(reader) => show(reader).await.into_response(),
        Err(failed) => failed.into_response(),
    }
}

/// Shows it with what a guest sees who asks for nothing in particular.
pub(super) async fn show(reader: Reader) -> Shown {
    let best = with([("sort", "-rating".to_owned())]).read()?;
    let found = reader.engine().offer_list(Caller::GUEST, best).await?;
    let news = reader.engine().news_list(Caller::GUEST, RawParams::default().read()?).await?;
    let news = news.rows.rows.into_iter().take(NEWS).collect();
    let offers = found.rows.into_iter().take(OFFERS).collect();
    let f = Frame::new(&reader, reader.lang.t("home-title"));
    let n = Names::load(&reader).await?;
    shown(&Home { f, n, offers, offer_count: found.total_count, news })
}
