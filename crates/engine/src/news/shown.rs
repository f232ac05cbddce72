//! How a piece of news is shown to a reader.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::news::{NewsStatus, NewsType};
use whocpa_domain::view::{Field, FieldKind, FieldType};
use whocpa_domain::{Result, Scope, Time, view};
use whocpa_store::news::{self, News};
use whocpa_store::{Db, Rows, offer, stock};

use super::html;
use crate::Caller;

/// `{"<id>": "<name>"}`: what a piece of news is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct NamesById(
    /// Names by id.
    pub BTreeMap<i64, String>,
);

impl FieldType for NamesById {
    const KIND: FieldKind = FieldKind::Object(|| {
        &[Field { name: "<id>", kind: FieldKind::Text, doc: "Its name; the key is its id.", is_flat: false }]
    });
}

view! {
    /// A piece of news.
    pub struct NewsView {
        /// News id.
        id: i64,
        /// Headline.
        header: String,
        /// HTML with nothing in it but headings, paragraphs, lists, tables, quotes, emphasis and links.
        body: String,
        /// The beginning of the text, without markup.
        excerpt: String,
        /// 4 when it is about an offer that you work with (a webmaster is connected, an advertiser owns it), else 2
        /// when it is about an offer, else 1.
        r#type: NewsType,
        /// When it was written.
        date_created: Time,
        /// Picture address, empty for none.
        img: String,
        /// Whether it must be read.
        is_important: bool,
        /// Published from here.
        date_start: Time,
        /// Relevant until here, `null` for without end.
        date_end: Option<Time>,
        /// Whether it is published and relevant now.
        is_active: bool,
        /// The same with the reason: not published yet, or no longer relevant (others than operators see active ones).
        status: NewsStatus,
        /// Whether you have read it; `false` for guests.
        read: bool,
        /// The same as `read`, under the name that update takes.
        is_read: bool,
        /// The offer that it is about, `null` for none.
        offer_id: Option<i64>,
        /// Id and name of that offer; absent for none.
        #[serde(skip_serializing_if = "Option::is_none")]
        offer: Option<NamesById>,
        /// The stock (promotion) that it is about, `null` for none.
        stock_id: Option<i64>,
        /// Id and name of the stock that it is about; absent for none.
        #[serde(skip_serializing_if = "Option::is_none")]
        stock: Option<NamesById>,
    }
}

/// One page of news, and how many the caller has still to read.
#[derive(Debug, Clone)]
pub struct NewsPage {
    /// The page.
    pub rows: Rows<NewsView>,
    /// Active news, whatever the filter says, that the caller has not read; 0 for guests.
    pub unread_count: i64,
}

/// What a page of news needs besides its rows, read once for all of them.
pub(super) struct Around {
    now: Time,
    base_url: String,
    read: BTreeSet<i64>,
    own: BTreeSet<i64>,
    names: BTreeMap<i64, String>,
    stocks: BTreeMap<i64, String>,
}

impl Around {
    pub async fn load(
        db: &Db,
        caller: Caller,
        scope: Scope,
        (now, base_url): (Time, &str),
        rows: &[News],
    ) -> Result<Self> {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let offer_ids: Vec<i64> = rows.iter().filter_map(|row| row.offer_id).collect();
        let stock_ids: Vec<i64> = rows.iter().filter_map(|row| row.stock_id).collect();
        let own = match scope {
            Scope::Webmaster(id) => offer::connected(db, id, &offer_ids).await?,
            Scope::Advertiser(_) | Scope::Manager(_) => {
                offer::known(db, scope, &offer_ids).await?.into_iter().collect()
            }
            Scope::Public | Scope::All => BTreeSet::new(),
        };
        Ok(Self {
            now,
            base_url: base_url.to_owned(),
            read: news::read_by(db, caller.user_id, &ids).await?,
            own,
            names: offer::names(db, &offer_ids).await?,
            stocks: stock::names(db, scope, &stock_ids).await?,
        })
    }

    pub fn view(&self, row: News) -> NewsView {
        let is_own = row.offer_id.is_some_and(|id| self.own.contains(&id));
        let is_read = self.read.contains(&row.id);
        let named = |id: i64| self.names.get(&id).map(|name| BTreeMap::from([(id, name.clone())]));
        let promoted = |id: i64| self.stocks.get(&id).map(|name| BTreeMap::from([(id, name.clone())]));
        let status = NewsStatus::at(self.now, Time(row.date_start), row.date_end.map(Time));
        NewsView {
            id: row.id,
            r#type: match row.offer_id {
                Some(_) if is_own => NewsType::MyOffers,
                Some(_) => NewsType::Offer,
                None => NewsType::System,
            },
            date_created: Time(row.date_created),
            is_important: row.is_important,
            is_active: status == NewsStatus::Active,
            status,
            date_start: Time(row.date_start),
            date_end: row.date_end.map(Time),
            read: is_read,
            is_read,
            offer_id: row.offer_id,
            offer: row.offer_id.and_then(named).map(NamesById),
            stock: row.stock_id.and_then(promoted).map(NamesById),
            stock_id: row.stock_id.filter(|id| self.stocks.contains_key(id)),
            header: row.header,
            body: html::clean(&row.body, &self.base_url),
            excerpt: html::excerpt(&row.plain),
            img: row.img,
        }
    }
}
