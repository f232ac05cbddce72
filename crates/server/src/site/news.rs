//! News of the network and of offers: public ones for everybody, and a mark of what was read for who is signed in.

use askama::Template;
use axum::extract::Path;
use whocpa_domain::Level;
use whocpa_engine::news::{NewsList, NewsUpdate, NewsView};

use super::answer::{Shown, page};
use super::frame::Frame;
use super::list::{Pages, params_of, with};
use super::reader::Reader;

/// Pieces on a page.
const PER_PAGE: i64 = 20;

#[derive(Template)]
#[template(path = "site/news.html")]
struct NewsPage {
    f: Frame,
    news: Vec<NewsView>,
    pages: Pages,
    is_signed: bool,
}

/// The newest first.
pub(super) async fn list(reader: Reader) -> Shown {
    let input: NewsList = params_of(&reader, PER_PAGE).read()?;
    let found = reader.engine().news_list(reader.caller(), input).await?;
    let f = Frame::new(&reader, reader.lang.t("news-title"));
    let pages = Pages::new(&reader, found.rows.total_count, found.rows.paging);
    page(&NewsPage { f, news: found.rows.rows, pages, is_signed: reader.visitor.is_some() })
}

#[derive(Template)]
#[template(path = "site/news_item.html")]
struct NewsItemPage {
    f: Frame,
    item: NewsView,
    offer: Option<(i64, String)>,
}

/// One piece; whoever opens it has read it.
pub(super) async fn view(reader: Reader, Path(id): Path<i64>) -> Shown {
    let caller = reader.caller();
    let item = reader.engine().news_view(caller, id).await?;
    if matches!(caller.level, Level::Webmaster | Level::Advertiser) && !item.is_read {
        let input: NewsUpdate = with([("is_read", "1".to_owned())]).read()?;
        reader.engine().news_update(caller, id, input).await?;
    }
    let offer =
        item.offer.as_ref().and_then(|names| names.0.iter().next().map(|(id, name)| (*id, name.clone())));
    page(&NewsItemPage { f: Frame::new(&reader, item.header.clone()), item, offer })
}
