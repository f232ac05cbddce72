//! Rules about the quality of traffic.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::quality::{RuleAction, RuleKind};
use whocpa_domain::{Result, Scope};

use crate::db::{self, Db, Paging, Rows};
use crate::offer;

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "rule")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who made it.
    pub user_id: i64,
    /// Of which offer; none for every offer.
    pub offer_id: Option<i64>,
    /// What it is called.
    pub name: String,
    /// [`RuleKind`] as a number.
    pub kind: i64,
    /// `RuleSource` as a number.
    pub source: i64,
    /// [`RuleAction`] as a number.
    pub action: i64,
    /// From this share on it finds something: percent in micro-units.
    pub limit_percent: i64,
    /// A lead within so many seconds of its click is fast.
    pub seconds: i64,
    /// Below so many leads it finds nothing.
    pub min_leads: i64,
    /// It looks back so far.
    pub window_hours: i64,
    /// It is looked at.
    pub is_active: bool,
    /// Seconds.
    pub date_created: i64,
    /// When it was removed, seconds; its findings stay.
    pub date_deleted: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One rule.
pub type Rule = Model;

/// Which rules are wanted.
#[derive(Debug, Clone, Default)]
pub struct RuleFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these offers, and those of every offer.
    pub offer_ids: Option<Vec<i64>>,
    /// Only of these kinds.
    pub kinds: Option<Vec<RuleKind>>,
    /// Only with one of these actions.
    pub actions: Option<Vec<RuleAction>>,
    /// Only active ones, or only others.
    pub is_active: Option<bool>,
}

fn of_offers(scope: Scope) -> Condition {
    let offers = offer::visible(scope).select_only().column(offer::Column::Id);
    Condition::any().add(Column::OfferId.in_subquery(offers.into_query()))
}

/// Rules of the offers that a caller sees, and those of every offer. Webmasters see the ones that are at work.
fn visible(scope: Scope) -> Select<Entity> {
    let kept = Entity::find().filter(Column::DateDeleted.is_null());
    match scope {
        Scope::All => kept,
        Scope::Public => kept.filter(Column::Id.eq(-1)),
        Scope::Webmaster(_) => {
            kept.filter(Column::IsActive.eq(true)).filter(of_offers(scope).add(Column::OfferId.is_null()))
        }
        Scope::Advertiser(_) | Scope::Manager(_) => {
            kept.filter(of_offers(scope).add(Column::OfferId.is_null()))
        }
    }
}

/// One page of rules, the newest first.
pub async fn list(db: &Db, scope: Scope, filter: &RuleFilter, paging: Paging) -> Result<Rows<Rule>> {
    let mut select = visible(scope).order_by_desc(Column::Id);
    if let Some(ids) = &filter.ids {
        select = select.filter(Column::Id.is_in(ids.iter().copied()));
    }
    if let Some(ids) = &filter.offer_ids {
        let any =
            Condition::any().add(Column::OfferId.is_in(ids.iter().copied())).add(Column::OfferId.is_null());
        select = select.filter(any);
    }
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| kind.code())));
    }
    if let Some(actions) = &filter.actions {
        select = select.filter(Column::Action.is_in(actions.iter().map(|action| action.code())));
    }
    if let Some(is_active) = filter.is_active {
        select = select.filter(Column::IsActive.eq(is_active));
    }
    db::page(db, select, paging).await
}

/// One rule.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Rule>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One rule that the caller may change, kept from changing until the transaction ends: those of every offer belong to
/// the network.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Rule>> {
    let own = match scope {
        Scope::All => visible(scope),
        _ => visible(scope).filter(of_offers(scope)),
    };
    own.filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The rules that are at work, in order.
pub async fn active(db: &Db) -> Result<Vec<Rule>> {
    let select = visible(Scope::All).filter(Column::IsActive.eq(true)).order_by_asc(Column::Id);
    select.all(&db.conn()).await.map_err(db::error)
}

/// How many rules of an offer there are, or of every offer.
pub async fn count(db: &Db, offer_id: Option<i64>) -> Result<u64> {
    let all = visible(Scope::All);
    let select = match offer_id {
        Some(id) => all.filter(Column::OfferId.eq(id)),
        None => all.filter(Column::OfferId.is_null()),
    };
    select.count(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored rule.
pub async fn update(db: &Db, row: Rule) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new rule; gives its id.
pub async fn create(db: &Db, row: Rule) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
