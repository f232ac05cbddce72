//! News of the network and of offers.

mod html;
mod notice;
mod shown;

use serde::Serialize;
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::input::{Patch, Until};
use whocpa_domain::news::{NewsStatus, NewsType};
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params,
};
use whocpa_store::news::{self, News, NewsFilter};
use whocpa_store::{Db, Paging, offer, stock};

use crate::audit::Changes;
use crate::{Caller, Engine, check};

pub use notice::Notice;
pub(crate) use notice::readers_of;
use shown::Around;
pub use shown::{NamesById, NewsPage, NewsView};

/// Bit masks of the three types of news.
const KINDS: Limits = Limits::Range(1, 7);
/// HTML as it is sent.
const BODY: Limits = Limits::Plain(1, 20_000);

params! {
    /// Which news are wanted.
    pub struct NewsList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Published at this moment or later.
        from: Option<Time>,
        /// Published at this moment or earlier; a date takes its whole day in.
        to: Option<Until>,
        /// 1 system news, 2 news of all offers, 4 news of the offers you work with; sums mean several: 5 is 1 and 4.
        r#type: Option<i64> where KINDS,
        /// Only about these offers.
        offer_id: Option<Vec<i64>>,
        /// Only those that you have read (1) or have not (0); for accounts.
        is_read: Option<bool>,
        /// Only those that must be read (1) or need not be (0).
        is_important: Option<bool>,
        /// Only those with this in the headline or the text, in any case of letters.
        search: Option<String> where limits::LINE,
        /// Only those not published yet, active, or no longer relevant; for operators.
        status: Option<Vec<NewsStatus>>,
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
        header: String where limits::NAME,
        /// HTML: headings (h3, h4), paragraphs, lists, tables, quotes, code, emphasis and links stay, anything else is
        /// taken out. A text without markup keeps its line breaks.
        body: String where BODY,
        /// 1 system, 2 offer; unless told, 2 where `offer_id` is given.
        r#type: Option<NewsType>,
        /// The offer that it is about; with `stock_id`, that stock's offer unless told.
        offer_id: Option<i64>,
        /// The stock (promotion) that it is about; it must have been published.
        stock_id: Option<i64>,
        /// Picture address.
        img: Option<String> where check::URL,
        /// Whether it must be read; no unless told.
        is_important: Option<bool>,
        /// Published from here; now unless told.
        date_start: Option<Time>,
        /// Relevant until here; without end unless told.
        date_end: Option<Time>,
    }
}

params! {
    /// Changes of news. Webmasters and advertisers may send `is_read` and `with_older` only.
    pub struct NewsUpdate {
        /// Whether you have read it.
        is_read: Option<bool>,
        /// With `is_read=1`: also all news that were published before it. Sent for the newest one, this marks all as
        /// read, and none that you were not shown.
        with_older: Option<bool>,
        /// Headline.
        header: Option<String> where limits::NAME,
        /// HTML, sanitised as in `create`.
        body: Option<String> where BODY,
        /// 1 system, 2 offer.
        r#type: Option<NewsType>,
        /// The offer that it is about; empty for none.
        offer_id: Patch<i64>,
        /// The stock (promotion) that it is about; empty for none.
        stock_id: Patch<i64>,
        /// Picture address; empty for none.
        img: Option<String> where check::URL,
        /// Whether it must be read.
        is_important: Option<bool>,
        /// Published from here.
        date_start: Option<Time>,
        /// Relevant until here; empty for without end.
        date_end: Patch<Time>,
    }
}

impl Engine {
    /// News, newest first. Operators also see what is not published yet or no longer relevant.
    pub async fn news_list(&self, caller: Caller, input: NewsList) -> Result<NewsPage> {
        let scope = caller.may(Resource::News, Method::List)?;
        check_list(caller, &input)?;
        let filter = NewsFilter {
            ids: input.id,
            from: input.from,
            until: input.to.map(|until| until.0),
            kinds: input.r#type,
            offer_ids: input.offer_id,
            read: input.is_read.map(|is_read| (caller.user_id, is_read)),
            is_important: input.is_important,
            status: input.status,
            search: input.search.filter(|words| !words.is_empty()),
        };
        let (db, now) = (self.store().read(), self.now());
        let paging = Paging::new(input.page, input.per_page);
        let rows = news::list(&db, scope, &filter, now, paging).await?;
        let around = Around::load(&db, caller, scope, (now, self.base_url()), &rows.rows).await?;
        let unread_count = match caller.user_id {
            0 => 0,
            user_id => news::count_unread(&db, scope, user_id, now).await?,
        };
        Ok(NewsPage { rows: rows.map(|row| around.view(row)), unread_count })
    }

    /// One piece of news.
    pub async fn news_view(&self, caller: Caller, id: i64) -> Result<NewsView> {
        let scope = caller.may(Resource::News, Method::View)?;
        let (db, now) = (self.store().read(), self.now());
        let row = news::view(&db, scope, now, id).await?.ok_or(Error::NotFound)?;
        let around =
            Around::load(&db, caller, scope, (now, self.base_url()), std::slice::from_ref(&row)).await?;
        Ok(around.view(row))
    }

    /// Marks news as read or not read; an operator also changes them. Absent fields keep their value.
    pub async fn news_update(&self, caller: Caller, id: i64, input: NewsUpdate) -> Result<()> {
        let scope = caller.may(Resource::News, Method::Update)?;
        check_update(caller, &input)?;
        let now = self.now();
        let input = &input;
        self.store()
            .write(move |db| async move {
                let row = news::view(&db, scope, now, id).await?.ok_or(Error::NotFound)?;
                let was_read = news::read_by(&db, caller.user_id, &[id]).await?.contains(&id);
                let is_read = input.is_read.unwrap_or(was_read);
                if input.with_older == Some(true) {
                    news::set_read_with_older(&db, scope, caller.user_id, &row, now).await?;
                } else if is_read != was_read {
                    news::set_read(&db, caller.user_id, id, is_read, now).await?;
                }
                let mut after = row.clone();
                if caller.level == Level::Operator {
                    after = checked(&db, scope, self.changed(after, input), input.r#type).await?;
                    news::update(&db, after.clone()).await?;
                }
                let (before, after) =
                    (Noted { row: &row, is_read: was_read }, Noted { row: &after, is_read });
                self.note(&db, caller, Resource::News, id, Changes::updated(&before, &after)).await
            })
            .await
    }

    /// Adds news; gives their id.
    pub async fn news_create(&self, caller: Caller, input: NewsCreate) -> Result<i64> {
        let scope = caller.may(Resource::News, Method::Create)?;
        check_body(&input.body)?;
        let now = self.now();
        let mut row = News {
            id: 0,
            r#type: NewsType::System.code(),
            offer_id: input.offer_id,
            stock_id: input.stock_id,
            header: input.header,
            body: html::from_input(&input.body, self.base_url()),
            plain: String::new(),
            img: input.img.unwrap_or_default(),
            is_important: input.is_important.unwrap_or(false),
            date_created: now.0,
            date_start: input.date_start.unwrap_or(now).0,
            date_end: input.date_end.map(|end| end.0),
        };
        row.plain = html::plain(&row.body);
        let (row, told) = (&row, input.r#type);
        self.store()
            .write(move |db| async move {
                let row = checked(&db, scope, row.clone(), told).await?;
                let id = news::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::News, id, Changes::created(&row)).await?;
                Ok(id)
            })
            .await
    }

    /// Removes news.
    pub async fn news_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::News, Method::Delete)?;
        let now = self.now();
        self.store()
            .write(move |db| async move {
                let row = news::view(&db, scope, now, id).await?.ok_or(Error::NotFound)?;
                news::delete(&db, id).await?;
                self.note(&db, caller, Resource::News, id, Changes::deleted(&row)).await
            })
            .await
    }

    fn changed(&self, row: News, input: &NewsUpdate) -> News {
        let body = input.body.as_deref().map_or(row.body, |body| html::from_input(body, self.base_url()));
        News {
            offer_id: input.offer_id.or(row.offer_id),
            stock_id: input.stock_id.or(row.stock_id),
            header: input.header.clone().unwrap_or(row.header),
            plain: html::plain(&body),
            body,
            img: input.img.clone().unwrap_or(row.img),
            is_important: input.is_important.unwrap_or(row.is_important),
            date_start: input.date_start.map_or(row.date_start, |at| at.0),
            date_end: input.date_end.or(row.date_end.map(Time)).map(|at| at.0),
            ..row
        }
    }
}

/// News and the reader's mark, as the audit tells them.
#[derive(Serialize)]
struct Noted<'a> {
    #[serde(flatten)]
    row: &'a News,
    is_read: bool,
}

fn check_list(caller: Caller, input: &NewsList) -> Result<()> {
    let mut errors = FieldErrors::default();
    if let Some(kinds) = input.r#type {
        KINDS.check_number(&mut errors, "type", kinds);
    }
    if input.from.zip(input.to).is_some_and(|(from, until)| until.0 <= from) {
        errors.add("to", "Must not be before from");
    }
    if input.is_read.is_some() && caller.user_id == 0 {
        errors.add("is_read", "Only for accounts: send your key");
    }
    if input.status.is_some() && caller.level != Level::Operator {
        errors.add("status", "Only operators may use this");
    }
    check::line(&mut errors, "search", input.search.as_deref().unwrap_or_default());
    errors.finish()
}

fn check_update(caller: Caller, input: &NewsUpdate) -> Result<()> {
    if caller.level != Level::Operator {
        only_reading(input)?;
    }
    let mut errors = FieldErrors::default();
    if input.is_read.is_some() && caller.user_id == 0 {
        errors.add("is_read", "Only a person can read news");
    }
    if input.with_older == Some(true) && input.is_read != Some(true) {
        errors.add("with_older", "Must be sent with is_read=1");
    }
    errors.finish()?;
    input.body.as_deref().map_or(Ok(()), check_body)
}

/// What can be said of a body before it is read as HTML.
fn check_body(body: &str) -> Result<()> {
    let mut errors = FieldErrors::default();
    BODY.check(&mut errors, "body", body);
    errors.finish()
}

/// Refuses every field that only an operator may set.
fn only_reading(input: &NewsUpdate) -> Result<()> {
    let mut errors = FieldErrors::default();
    for (field, is_sent) in [
        ("header", input.header.is_some()),
        ("body", input.body.is_some()),
        ("type", input.r#type.is_some()),
        ("offer_id", input.offer_id != Patch::Keep),
        ("stock_id", input.stock_id != Patch::Keep),
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

/// The news as they may be stored. `told` is the type that the request named: it must say the same as `offer_id`.
async fn checked(db: &Db, scope: Scope, mut row: News, told: Option<NewsType>) -> Result<News> {
    let mut errors = FieldErrors::default();
    if let Some(id) = row.stock_id {
        // One that was never published may be removed without a trace.
        match stock::view(db, scope, id).await?.filter(|stock| stock.date_published.is_some()) {
            Some(stock) if row.offer_id.is_none_or(|id| id == stock.offer_id) => {
                row.offer_id = Some(stock.offer_id);
            }
            Some(_) => errors.add("stock_id", "Belongs to another offer"),
            None => errors.add("stock_id", "Stocks not found"),
        }
    }
    let kind = if row.offer_id.is_some() { NewsType::Offer } else { NewsType::System };
    row.r#type = kind.code();
    check::name(&mut errors, "header", &row.header);
    if row.plain.is_empty() {
        errors.add("body", "Must have a text in it");
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
        && offer::known(db, scope, &[id]).await?.is_empty()
    {
        errors.add("offer_id", "Offers not found");
    }
    if row.offer_id.is_none() && matches!(scope, Scope::Manager(_)) {
        errors.add("offer_id", "A manager writes about the offers of his people only");
    }
    errors.finish().map(|()| row)
}
