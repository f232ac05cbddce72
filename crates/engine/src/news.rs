//! News of the network and of offers.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::input::{Patch, Until};
use whocpa_domain::news::NewsType;
use whocpa_domain::view::{Field, FieldKind, FieldType};
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::news::{self, News, NewsFilter};
use whocpa_store::{Db, Paging, Rows, offer};

use crate::{Caller, Engine, check};

params! {
    /// Which news are wanted.
    pub struct NewsList {
        /// Published at this moment or later.
        from: Option<Time>,
        /// Published at this moment or earlier; a date takes its whole day in.
        to: Option<Until>,
        /// 1 system news, 2 news of all offers, 4 news of the offers you work with; sums mean several: 5 is 1 and 4.
        r#type: Option<i64>,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// New news.
    pub struct NewsCreate {
        /// Headline.
        header: String,
        /// Plain text; lines end with a newline.
        body: String,
        /// 1 system, 2 offer; unless told, 2 where `offer_id` is given.
        r#type: Option<NewsType>,
        /// The offer that it is about.
        offer_id: Option<i64>,
        /// Picture address.
        img: Option<String>,
        /// Whether it must be read; no unless told.
        is_important: Option<bool>,
        /// Published from here; now unless told.
        date_start: Option<Time>,
        /// Relevant until here; without end unless told.
        date_end: Option<Time>,
    }
}

params! {
    /// Changes of news. Webmasters and advertisers may send `is_read` only.
    pub struct NewsUpdate {
        /// Whether you have read it.
        is_read: Option<bool>,
        /// Headline.
        header: Option<String>,
        /// Plain text; lines end with a newline.
        body: Option<String>,
        /// 1 system, 2 offer.
        r#type: Option<NewsType>,
        /// The offer that it is about; empty for none.
        offer_id: Patch<i64>,
        /// Picture address; empty for none.
        img: Option<String>,
        /// Whether it must be read.
        is_important: Option<bool>,
        /// Published from here.
        date_start: Option<Time>,
        /// Relevant until here; empty for without end.
        date_end: Patch<Time>,
    }
}

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
        /// Plain text; lines end with a newline.
        body: String,
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
        /// Whether you have read it; `false` for guests.
        read: bool,
        /// The same as `read`, under the name that update takes.
        is_read: bool,
        /// The offer that it is about, `null` for none.
        offer_id: Option<i64>,
        /// Id and name of that offer; absent for none.
        #[serde(skip_serializing_if = "Option::is_none")]
        offer: Option<NamesById>,
        /// Id and name of the stock that it is about; absent for none.
        #[serde(skip_serializing_if = "Option::is_none")]
        stock: Option<NamesById>,
    }
}

/// What a page of news needs besides its rows, read once for all of them.
struct Around {
    now: Time,
    read: BTreeSet<i64>,
    own: BTreeSet<i64>,
    names: BTreeMap<i64, String>,
}

impl Around {
    async fn load(db: &Db, caller: Caller, scope: Scope, now: Time, rows: &[News]) -> Result<Self> {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let offer_ids: Vec<i64> = rows.iter().filter_map(|row| row.offer_id).collect();
        let own = match scope {
            Scope::Webmaster(id) => offer::connected(db, id, &offer_ids).await?,
            Scope::Advertiser(_) | Scope::Manager(_) => {
                offer::known(db, scope, &offer_ids).await?.into_iter().collect()
            }
            Scope::Public | Scope::All => BTreeSet::new(),
        };
        Ok(Self {
            now,
            read: news::read_by(db, caller.user_id, &ids).await?,
            own,
            names: offer::names(db, &offer_ids).await?,
        })
    }

    fn view(&self, row: News) -> NewsView {
        let is_own = row.offer_id.is_some_and(|id| self.own.contains(&id));
        let is_read = self.read.contains(&row.id);
        let named = |id: i64| self.names.get(&id).map(|name| BTreeMap::from([(id, name.clone())]));
        NewsView {
            id: row.id,
            r#type: match row.offer_id {
                Some(_) if is_own => NewsType::MyOffers,
                Some(_) => NewsType::Offer,
                None => NewsType::System,
            },
            date_created: Time(row.date_created),
            is_important: row.is_important,
            is_active: row.date_start <= self.now.0 && row.date_end.is_none_or(|end| end > self.now.0),
            date_start: Time(row.date_start),
            date_end: row.date_end.map(Time),
            read: is_read,
            is_read,
            offer_id: row.offer_id,
            offer: row.offer_id.and_then(named).map(NamesById),
            stock: None,
            header: row.header,
            body: row.body,
            img: row.img,
        }
    }
}

impl Engine {
    /// News, newest first. Operators also see what is not published yet or no longer relevant.
    pub async fn news_list(&self, caller: Caller, input: NewsList) -> Result<Rows<NewsView>> {
        let scope = caller.may(Resource::News, Method::List)?;
        if let Some(kinds) = input.r#type {
            let mut errors = FieldErrors::default();
            check::range(&mut errors, "type", kinds, 1, 7);
            errors.finish()?;
        }
        let filter =
            NewsFilter { from: input.from, until: input.to.map(|until| until.0), kinds: input.r#type };
        let (db, now) = (self.store().read(), self.now());
        let paging = Paging::new(input.page, input.per_page);
        let rows = news::list(&db, scope, &filter, now, paging).await?;
        let around = Around::load(&db, caller, scope, now, &rows.rows).await?;
        Ok(rows.map(|row| around.view(row)))
    }

    /// One piece of news.
    pub async fn news_view(&self, caller: Caller, id: i64) -> Result<NewsView> {
        let scope = caller.may(Resource::News, Method::View)?;
        let (db, now) = (self.store().read(), self.now());
        let row = news::view(&db, scope, now, id).await?.ok_or(Error::NotFound)?;
        let around = Around::load(&db, caller, scope, now, std::slice::from_ref(&row)).await?;
        Ok(around.view(row))
    }

    /// Marks news as read or not read; an operator also changes them. Absent fields keep their value.
    pub async fn news_update(&self, caller: Caller, id: i64, input: NewsUpdate) -> Result<()> {
        let scope = caller.may(Resource::News, Method::Update)?;
        if caller.level != Level::Operator {
            only_reading(&input)?;
        }
        if input.is_read.is_some() && caller.user_id == 0 {
            return Err(Error::field("is_read", "Only a person can read news"));
        }
        let now = self.now();
        let input = &input;
        self.store()
            .write(move |db| async move {
                let row = news::view(&db, scope, now, id).await?.ok_or(Error::NotFound)?;
                if let Some(is_read) = input.is_read {
                    news::set_read(&db, caller.user_id, id, is_read, now).await?;
                }
                if scope != Scope::All {
                    return Ok(());
                }
                let row = changed(row, input);
                check(&db, &row, input.r#type).await?;
                news::update(&db, row).await
            })
            .await
    }

    /// Adds news; gives their id.
    pub async fn news_create(&self, caller: Caller, input: NewsCreate) -> Result<i64> {
        caller.may(Resource::News, Method::Create)?;
        let now = self.now();
        let row = News {
            id: 0,
            r#type: kind(input.offer_id).code(),
            offer_id: input.offer_id,
            header: input.header,
            body: lines(&input.body),
            img: input.img.unwrap_or_default(),
            is_important: input.is_important.unwrap_or(false),
            date_created: now.0,
            date_start: input.date_start.unwrap_or(now).0,
            date_end: input.date_end.map(|end| end.0),
        };
        let (row, told) = (&row, input.r#type);
        self.store()
            .write(move |db| async move {
                check(&db, row, told).await?;
                news::create(&db, row.clone()).await
            })
            .await
    }

    /// Removes news.
    pub async fn news_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::News, Method::Delete)?;
        let now = self.now();
        self.store()
            .write(move |db| async move {
                news::view(&db, scope, now, id).await?.ok_or(Error::NotFound)?;
                news::delete(&db, id).await
            })
            .await
    }
}

/// Refuses every field that only an operator may set.
fn only_reading(input: &NewsUpdate) -> Result<()> {
    let mut errors = FieldErrors::default();
    for (field, is_sent) in [
        ("header", input.header.is_some()),
        ("body", input.body.is_some()),
        ("type", input.r#type.is_some()),
        ("offer_id", input.offer_id != Patch::Keep),
        ("img", input.img.is_some()),
        ("is_important", input.is_important.is_some()),
        ("date_start", input.date_start.is_some()),
        ("date_end", input.date_end != Patch::Keep),
    ] {
        if is_sent {
            errors.add(field, "Only an operator may set this");
        }
    }
    errors.finish()
}

fn changed(row: News, input: &NewsUpdate) -> News {
    let offer_id = input.offer_id.or(row.offer_id);
    News {
        r#type: kind(offer_id).code(),
        offer_id,
        header: input.header.clone().unwrap_or(row.header),
        body: input.body.as_deref().map_or(row.body, lines),
        img: input.img.clone().unwrap_or(row.img),
        is_important: input.is_important.unwrap_or(row.is_important),
        date_start: input.date_start.map_or(row.date_start, |at| at.0),
        date_end: input.date_end.or(row.date_end.map(Time)).map(|at| at.0),
        ..row
    }
}

fn kind(offer_id: Option<i64>) -> NewsType {
    if offer_id.is_some() { NewsType::Offer } else { NewsType::System }
}

/// Browsers end lines of a form with two characters.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// `told` is the type that the request named: it must say the same as `offer_id`.
async fn check(db: &Db, row: &News, told: Option<NewsType>) -> Result<()> {
    let mut errors = FieldErrors::default();
    check::name(&mut errors, "header", &row.header);
    check::text(&mut errors, "body", &row.body);
    if row.body.chars().any(|c| c.is_control() && c != '\n') {
        errors.add("body", "Must not contain control characters other than newlines");
    }
    if row.body.contains('<') {
        errors.add("body", "Must be plain text: the character < is not accepted");
    }
    check::url(&mut errors, "img", &row.img);
    if row.date_end.is_some_and(|end| end <= row.date_start) {
        errors.add("date_end", "Must be later than date_start");
    }
    match (told, row.offer_id) {
        (Some(NewsType::MyOffers), _) => {
            errors.add("type", "Must be 1 or 2: 4 is how readers see their offers' news");
        }
        (Some(NewsType::System), Some(_)) => errors.add("type", "System news have no offer_id"),
        (Some(NewsType::Offer), None) => errors.add("offer_id", "Offer news need an offer"),
        _ => {}
    }
    if let Some(id) = row.offer_id
        && offer::known(db, Scope::All, &[id]).await?.is_empty()
    {
        errors.add("offer_id", "Offers not found");
    }
    errors.finish()
}
