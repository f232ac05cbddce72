//! Decisions about many leads at once: their rows, how far they have come, and what became of each row.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{ExprTrait, QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::decision::{DecisionStatus, DecisionVerdict};
use whocpa_domain::time::DAY;
use whocpa_domain::{Result, Scope, Time};

use crate::bulk;
use crate::db::{self, Db, Paging, Rows};
use crate::{listing, person};

/// One decision about many leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "decision")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who decides.
    pub user_id: i64,
    /// By a file, not by a list of leads.
    pub is_file: bool,
    /// [`DecisionStatus`] as a number.
    pub status: i64,
    /// What its owner should know.
    pub message: String,
    /// Its rows.
    pub row_count: i64,
    /// Rows whose outcome is counted: the cursor.
    pub rows_done: i64,
    /// Rows that approve a lead.
    pub rows_approved: i64,
    /// Rows that reject a lead.
    pub rows_rejected: i64,
    /// Rows that make a lead spam.
    pub rows_spam: i64,
    /// Rows that change nothing.
    pub rows_unchanged: i64,
    /// Rows that are refused.
    pub rows_failed: i64,
    /// Grows whenever another worker takes it.
    pub fence: i64,
    /// Until when the worker must have shown itself, seconds.
    pub date_until: i64,
    /// Seconds.
    pub date_created: i64,
    /// When somebody told to apply it, seconds.
    pub date_applied: Option<i64>,
    /// When its last row was done, seconds.
    pub date_finished: Option<i64>,
    /// When its owner put it away, seconds.
    pub date_deleted: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One decision about many leads.
pub type Decision = Model;

/// What is decided, row by row.
pub mod row {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "decision_row")]
    pub struct Model {
        /// Of which decision.
        #[sea_orm(primary_key, auto_increment = false)]
        pub decision_id: i64,
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// Line of the file, from 1; the number in a list.
        pub line: i64,
        /// The lead, 0 for none named.
        pub lead_id: i64,
        /// The click, empty for none named.
        pub tid: String,
        /// The advertiser's id of the action, empty for none named.
        pub sale_id: String,
        /// `LeadStatus` as a number.
        pub status: i64,
        /// `LeadReason` as a number.
        pub reason_code: i64,
        /// Words to the status.
        pub comment: String,
        /// The sale as the file states it, micro-units.
        pub amount: Option<i64>,
        /// Why the row cannot be used, empty for a good one.
        pub error: String,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One row of a decision.
pub type DecisionRow = row::Model;

/// What became of rows.
pub mod verdict {
    use sea_orm::entity::prelude::*;

    /// What became of one row in one phase.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "decision_verdict")]
    pub struct Model {
        /// Of which decision.
        #[sea_orm(primary_key, auto_increment = false)]
        pub decision_id: i64,
        /// `DecisionStatus` in which it was found: checking or applying.
        #[sea_orm(primary_key, auto_increment = false)]
        pub phase: i64,
        /// The row's number.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// Line of the file, from 1.
        pub line: i64,
        /// The lead, where it is known.
        pub lead_id: Option<i64>,
        /// `LeadStatus` that the row asks for, where it can be read.
        pub status: Option<i64>,
        /// `DecisionVerdict` as a number.
        pub verdict: i64,
        /// Why it is refused, in words.
        pub message: String,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What became of one row.
pub type RowVerdict = verdict::Model;

/// Which decisions are wanted.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub status: Option<Vec<DecisionStatus>>,
    /// Only of these people.
    pub user_ids: Option<Vec<i64>>,
    /// Begun from here, and before this.
    pub created: (Option<Time>, Option<Time>),
}

fn visible(scope: Scope) -> Select<Entity> {
    // One whose rows never came together was never answered for.
    let kept = Entity::find()
        .filter(Column::DateDeleted.is_null())
        .filter(Column::Status.ne(DecisionStatus::Loading.code()));
    match scope {
        Scope::All => kept,
        Scope::Advertiser(id) => kept.filter(Column::UserId.eq(id)),
        Scope::Manager(id) => {
            let own = Condition::any().add(Column::UserId.eq(id));
            kept.filter(own.add(Column::UserId.in_subquery(person::managed(id))))
        }
        // Decisions are between the advertiser and the network.
        Scope::Public | Scope::Webmaster(_) => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of decisions, the newest first.
pub async fn list(db: &Db, scope: Scope, filter: &DecisionFilter, paging: Paging) -> Result<Rows<Decision>> {
    let mut select = visible(scope).order_by_desc(Column::Id);
    for (column, wanted) in [(Column::Id, &filter.ids), (Column::UserId, &filter.user_ids)] {
        if let Some(wanted) = wanted {
            select = select.filter(column.is_in(wanted.iter().copied()));
        }
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    select = listing::within(select, Column::DateCreated, filter.created);
    db::page(db, select, paging).await
}

/// One decision.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Decision>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One decision, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Decision>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The decision that waits longest for a worker.
pub async fn due(db: &Db, now: Time) -> Result<Option<i64>> {
    let runs = [DecisionStatus::Checking.code(), DecisionStatus::Applying.code()];
    let select = visible(Scope::All)
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.is_in(runs))
        .filter(Column::DateUntil.lte(now.0))
        .order_by_asc(Column::DateUntil)
        .order_by_asc(Column::Id);
    select.into_tuple().one(&db.conn()).await.map_err(db::error)
}

/// How many decisions of a person are not at their end. One that was never told to be there counts too, until it is old.
pub async fn open(db: &Db, user_id: i64, now: Time) -> Result<u64> {
    let is_loading = Column::Status.eq(DecisionStatus::Loading.code());
    let waits = [DecisionStatus::Checking, DecisionStatus::Checked, DecisionStatus::Applying];
    let is_open = Condition::any()
        .add(Column::Status.is_in(waits.map(DecisionStatus::code)))
        .add(is_loading.and(Column::DateCreated.gt(now.plus(-DAY).0)));
    let select = Entity::find().filter(Column::UserId.eq(user_id)).filter(Column::DateDeleted.is_null());
    select.filter(is_open).count(&db.conn()).await.map_err(db::error)
}

/// Rows of a decision after this number, in order.
pub async fn rows(db: &Db, decision_id: i64, after: i64, limit: u64) -> Result<Vec<DecisionRow>> {
    let select = row::Entity::find()
        .filter(row::Column::DecisionId.eq(decision_id))
        .filter(row::Column::Number.gt(after))
        .order_by_asc(row::Column::Number)
        .limit(limit);
    select.all(&db.conn()).await.map_err(db::error)
}

/// What became of its rows in one phase, in order; only with one of these verdicts.
pub async fn verdicts(
    db: &Db,
    (decision_id, phase): (i64, i64),
    wanted: Option<&[DecisionVerdict]>,
    paging: Paging,
) -> Result<Rows<RowVerdict>> {
    let mut select = verdict::Entity::find()
        .filter(verdict::Column::DecisionId.eq(decision_id))
        .filter(verdict::Column::Phase.eq(phase))
        .order_by_asc(verdict::Column::Number);
    if let Some(wanted) = wanted {
        select = select.filter(verdict::Column::Verdict.is_in(wanted.iter().map(|verdict| verdict.code())));
    }
    db::page(db, select, paging).await
}

/// Decisions that ended, were put away or never came together before `before`, and still have rows: at most ten.
pub async fn forgotten(db: &Db, before: Time) -> Result<Vec<i64>> {
    let with_rows = row::Entity::find().select_only().column(row::Column::DecisionId).into_query();
    let ended =
        Condition::any().add(Column::DateFinished.lt(before.0)).add(Column::DateDeleted.lt(before.0)).add(
            Condition::all()
                .add(Column::Status.is_in([DecisionStatus::Loading.code(), DecisionStatus::Checked.code()]))
                .add(Column::DateCreated.lt(before.0)),
        );
    let select = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(ended)
        .filter(Column::Id.in_subquery(with_rows))
        .order_by_asc(Column::Id)
        .limit(10);
    select.into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored decision.
pub async fn update(db: &Db, row: Decision) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new decision; gives its id.
pub async fn create(db: &Db, row: Decision) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Stores rows of a decision.
pub async fn create_rows(db: &Db, rows: &[DecisionRow]) -> Result<()> {
    bulk::insert::<row::Entity>(db, rows, None).await.map_err(db::error)
}

/// Stores what became of rows.
pub async fn create_verdicts(db: &Db, rows: &[RowVerdict]) -> Result<()> {
    bulk::insert::<verdict::Entity>(db, rows, None).await.map_err(db::error)
}

/// Removes rows of a decision up to this number, and what became of them.
pub async fn delete_rows(db: &Db, decision_id: i64, up_to: i64) -> Result<()> {
    let told = verdict::Entity::delete_many()
        .filter(verdict::Column::DecisionId.eq(decision_id))
        .filter(verdict::Column::Number.lte(up_to));
    told.exec(&db.conn()).await.map_err(db::error)?;
    let some = row::Entity::delete_many()
        .filter(row::Column::DecisionId.eq(decision_id))
        .filter(row::Column::Number.lte(up_to));
    some.exec(&db.conn()).await.map(drop).map_err(db::error)
}
