//! Feeds: where an offer's goods come from, how the last run went, and what was wrong in its rows.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::feed::{FeedFormat, FeedStatus};
use whocpa_domain::sort::{FeedSort, Sort};
use whocpa_domain::{Result, Scope, Time};

use crate::bulk;
use crate::db::{self, Db, Paging, Rows};
use crate::{listing, material};

/// One feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "feed")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Of which offer.
    pub offer_id: i64,
    /// What its owner calls it.
    pub name: String,
    /// Where it is fetched; empty for an uploaded one.
    pub url: String,
    /// The parts of an uploaded one that waits for its run.
    pub upload_id: Option<i64>,
    /// `FeedFormat` as a number.
    pub format: i64,
    /// Currency of goods that name none.
    pub currency_id: Option<i64>,
    /// Whether goods that are missing in it cannot be bought.
    pub is_full: bool,
    /// Hours until the next run, 0 for none.
    pub refresh_hours: i64,
    /// [`FeedStatus`] as a number.
    pub status: i64,
    /// Why it failed or stopped, in words for its owner.
    pub message: String,
    /// Number of the run; the products that it saw carry it.
    pub run: i64,
    /// Grows whenever another worker takes the run over.
    pub fence: i64,
    /// Until when the worker must have shown itself, seconds.
    pub date_until: i64,
    /// Hash of the content, hexadecimal: a run goes on where it was only in the same content.
    pub content_hash: String,
    /// Rows whose outcome is stored: the cursor.
    pub rows_read: i64,
    /// New products.
    pub rows_created: i64,
    /// Changed products.
    pub rows_updated: i64,
    /// Products that are as they were.
    pub rows_unchanged: i64,
    /// Rows that were refused.
    pub rows_failed: i64,
    /// Products that are not in it any more.
    pub rows_missing: i64,
    /// Seconds.
    pub date_created: i64,
    /// When the run began, seconds.
    pub date_started: Option<i64>,
    /// When the run ended, seconds.
    pub date_finished: Option<i64>,
    /// When the next run is due, seconds.
    pub date_next: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One feed.
pub type Feed = Model;

/// What was wrong in rows.
pub mod fault {
    use sea_orm::entity::prelude::*;

    /// What was wrong in one row.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "feed_error")]
    pub struct Model {
        /// Of which feed.
        #[sea_orm(primary_key, auto_increment = false)]
        pub feed_id: i64,
        /// From 1, in the order of the lines.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// Line of the file, from 1.
        pub line: i64,
        /// The product's id, as far as it could be read.
        pub external_id: String,
        /// Which field.
        pub field: String,
        /// What is wrong, in words.
        pub message: String,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was wrong in one row.
pub type FeedFault = fault::Model;

/// An uploaded file in parts.
pub mod part {
    use sea_orm::entity::prelude::*;

    /// One part.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "feed_part")]
    pub struct Model {
        /// Of which upload.
        #[sea_orm(primary_key, auto_increment = false)]
        pub upload_id: i64,
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// Compressed content.
        pub body: Vec<u8>,
        /// Seconds.
        pub date_created: i64,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One part of an uploaded file.
pub type FeedPart = part::Model;

/// Which feeds are wanted.
#[derive(Debug, Clone, Default)]
pub struct FeedFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub status: Option<Vec<FeedStatus>>,
    /// Only in one of these formats.
    pub formats: Option<Vec<FeedFormat>>,
    /// Only with this in the name or the address.
    pub search: Option<String>,
    /// Added from here, and before this.
    pub created: (Option<Time>, Option<Time>),
    /// In which order; the newest first unless told.
    pub sort: Option<Sort<FeedSort>>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        // Feeds are between the advertiser and the network.
        Scope::Public | Scope::Webmaster(_) => Entity::find().filter(Column::Id.eq(-1)),
        Scope::All | Scope::Advertiser(_) | Scope::Manager(_) => {
            material::of_visible_offers(scope, Column::OfferId)
        }
    }
}

/// One page of feeds.
pub async fn list(db: &Db, scope: Scope, filter: &FeedFilter, paging: Paging) -> Result<Rows<Feed>> {
    let mut select = listing::among(visible(scope), Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::OfferId, filter.offer_ids.as_deref());
    select = listing::within(select, Column::DateCreated, filter.created);
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(formats) = &filter.formats {
        select = select.filter(Column::Format.is_in(formats.iter().map(|format| format.code())));
    }
    if let Some(words) = &filter.search {
        let found = Condition::any().add(db::contains(Column::Name, words));
        select = select.filter(found.add(db::contains(Column::Url, words)));
    }
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(FeedSort::Id | FeedSort::Name) => Column::Id,
        Some(FeedSort::Created) => Column::DateCreated,
        Some(FeedSort::Finished) => Column::DateFinished,
    };
    let is_descending = filter.sort.is_none_or(|sort| sort.is_descending);
    if filter.sort.is_some_and(|sort| sort.key == FeedSort::Name) {
        select = listing::by_name(select, Column::Name, is_descending);
    }
    select = listing::sorted(select, (column, Column::Id), is_descending);
    db::page(db, select, paging).await
}

/// One feed.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Feed>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One feed, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Feed>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// What was wrong in the rows of a feed's last run.
pub async fn faults(db: &Db, feed_id: i64) -> Result<Vec<FeedFault>> {
    let select = fault::Entity::find().filter(fault::Column::FeedId.eq(feed_id));
    select.order_by_asc(fault::Column::Number).all(&db.conn()).await.map_err(db::error)
}

/// How many feeds an advertiser has.
pub async fn count(db: &Db, advertiser_id: i64) -> Result<u64> {
    visible(Scope::Advertiser(advertiser_id)).count(&db.conn()).await.map_err(db::error)
}

/// The feed whose run is due longest: it waits, its time has come, or its worker has not shown itself. Of one advertiser
/// one runs at a time.
pub async fn due(db: &Db, now: Time) -> Result<Option<i64>> {
    let waits = [FeedStatus::Waiting.code(), FeedStatus::Running.code()];
    let running = FeedStatus::Running.code();
    let busy = format!(
        "SELECT other.id FROM feed run JOIN offer ON offer.id = run.offer_id \
         JOIN offer other ON other.advertiser_id = offer.advertiser_id \
         WHERE run.status = {running} AND run.date_until > {}",
        now.0
    );
    let select = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(
            Condition::any()
                .add(Column::Status.is_in(waits))
                .add(Condition::all().add(Column::DateNext.is_not_null()).add(Column::DateNext.lte(now.0))),
        )
        .filter(Column::DateUntil.lte(now.0))
        .filter(Expr::cust(format!("offer_id NOT IN ({busy})")))
        .order_by_asc(Column::DateUntil)
        .order_by_asc(Column::Id);
    select.into_tuple().one(&db.conn()).await.map_err(db::error)
}

/// Part `number` of an uploaded file.
pub async fn part(db: &Db, upload_id: i64, number: i64) -> Result<Option<Vec<u8>>> {
    let part = part::Entity::find_by_id((upload_id, number)).one(&db.conn()).await.map_err(db::error)?;
    Ok(part.map(|part| part.body))
}

/// Writes all columns of a stored feed.
pub async fn update(db: &Db, row: Feed) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new feed; gives its id.
pub async fn create(db: &Db, row: Feed) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Stores what was wrong in rows.
pub async fn create_faults(db: &Db, rows: &[FeedFault]) -> Result<()> {
    bulk::insert::<fault::Entity>(db, rows, None).await.map_err(db::error)
}

/// Stores a part of an uploaded file.
pub async fn create_part(db: &Db, row: FeedPart) -> Result<()> {
    let row = row.into_active_model().reset_all();
    part::Entity::insert(row).exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// Removes a feed and what was wrong in its rows; its products stay.
pub async fn delete(db: &Db, id: i64) -> Result<()> {
    delete_faults(db, id).await?;
    Entity::delete_by_id(id).exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Forgets what was wrong in a feed's rows.
pub async fn delete_faults(db: &Db, feed_id: i64) -> Result<()> {
    let all = fault::Entity::delete_many().filter(fault::Column::FeedId.eq(feed_id));
    all.exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Removes an uploaded file.
pub async fn delete_parts(db: &Db, upload_id: i64) -> Result<()> {
    let all = part::Entity::delete_many().filter(part::Column::UploadId.eq(upload_id));
    all.exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Uploaded files from before `before` that no feed waits for: their request was broken off. At most ten.
pub async fn forgotten(db: &Db, before: Time) -> Result<Vec<i64>> {
    let wanted = Entity::find().select_only().column(Column::UploadId).filter(Column::UploadId.is_not_null());
    let select = part::Entity::find()
        .select_only()
        .column(part::Column::UploadId)
        .distinct()
        .filter(part::Column::DateCreated.lt(before.0))
        .filter(part::Column::UploadId.not_in_subquery(wanted.into_query()))
        .limit(10);
    select.into_tuple().all(&db.conn()).await.map_err(db::error)
}
