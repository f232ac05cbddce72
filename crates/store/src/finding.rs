//! What rules about the quality of traffic found, and what sources of traffic brought.

mod source;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::quality::{FindingState, RuleAction, RuleKind, RuleSource};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::lead::Lead;
use crate::{listing, offer, person};
pub use source::{Source, clicks, sources};

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "finding")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// By which rule.
    pub rule_id: i64,
    /// On which offer.
    pub offer_id: i64,
    /// Whose source it is.
    pub webmaster_id: i64,
    /// [`RuleSource`] as a number.
    pub source: i64,
    /// The area, 0 for clicks without one and for labels.
    pub area_id: i64,
    /// The label, empty for areas.
    pub subid1: String,
    /// `RuleKind` as a number.
    pub kind: i64,
    /// [`RuleAction`] as a number.
    pub action: i64,
    /// How many.
    pub part: i64,
    /// Of how many.
    pub whole: i64,
    /// The rule's limit, percent in micro-units.
    pub limit_percent: i64,
    /// The rule's seconds.
    pub seconds: i64,
    /// [`FindingState`] as a number.
    pub state: i64,
    /// Words of who ended it.
    pub comment: String,
    /// The ticket that told the webmaster.
    pub ticket_id: Option<i64>,
    /// From here on it was counted, seconds.
    pub date_from: i64,
    /// When it was found first, seconds.
    pub date_created: i64,
    /// When it was found last, seconds.
    pub date_seen: i64,
    /// When it ended, seconds.
    pub date_ended: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One finding.
pub type Finding = Model;

impl Finding {
    /// Which source of the webmaster it is about.
    pub fn source(&self) -> Source {
        match RuleSource::from_code(self.source) {
            Some(RuleSource::Subid) => Source::Subid(self.subid1.clone()),
            Some(RuleSource::Webmaster) => Source::Webmaster,
            Some(RuleSource::Area) | None => Source::Area(self.area_id),
        }
    }
}

/// Which findings are wanted.
#[derive(Debug, Clone, Default)]
pub struct FindingFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these rules.
    pub rule_ids: Option<Vec<i64>>,
    /// Only on these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only from these areas.
    pub area_ids: Option<Vec<i64>>,
    /// Only with one of these first labels.
    pub subid1: Option<Vec<String>>,
    /// Found first from here, and before this.
    pub found: (Option<Time>, Option<Time>),
    /// Only in one of these states.
    pub states: Option<Vec<FindingState>>,
    /// Only with one of these actions.
    pub actions: Option<Vec<RuleAction>>,
}

fn of_offers(scope: Scope) -> Condition {
    let offers = offer::visible(scope).select_only().column(offer::Column::Id);
    Condition::any().add(Column::OfferId.in_subquery(offers.into_query()))
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        // Where webmasters are paid is between them and the network.
        Scope::Advertiser(_) => {
            Entity::find().filter(of_offers(scope)).filter(Column::Kind.ne(RuleKind::SharedWallet.code()))
        }
        Scope::Manager(id) => {
            let own = Column::WebmasterId.in_subquery(person::managed(id));
            Entity::find().filter(of_offers(scope).add(own))
        }
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of findings, the newest first.
pub async fn list(db: &Db, scope: Scope, filter: &FindingFilter, paging: Paging) -> Result<Rows<Finding>> {
    let codes = |list: Option<Vec<i64>>| list;
    let states = filter.states.as_ref().map(|list| list.iter().map(|state| state.code()).collect());
    let actions = filter.actions.as_ref().map(|list| list.iter().map(|action| action.code()).collect());
    let mut select = visible(scope).order_by_desc(Column::Id);
    for (column, wanted) in [
        (Column::Id, filter.ids.clone()),
        (Column::RuleId, filter.rule_ids.clone()),
        (Column::OfferId, filter.offer_ids.clone()),
        (Column::WebmasterId, filter.webmaster_ids.clone()),
        (Column::AreaId, filter.area_ids.clone()),
        (Column::State, codes(states)),
        (Column::Action, codes(actions)),
    ] {
        if let Some(wanted) = wanted {
            select = select.filter(column.is_in(wanted));
        }
    }
    if let Some(labels) = &filter.subid1 {
        select = select.filter(Column::Subid1.is_in(labels.iter().map(String::as_str)));
    }
    select = listing::within(select, Column::DateCreated, filter.found);
    db::page(db, select, paging).await
}

/// One finding.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Finding>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One finding that the caller may end, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Finding>> {
    let own = match scope {
        Scope::All => visible(scope),
        // A manager ends what the offers of his people found, not what others found at his webmasters.
        _ => visible(scope).filter(of_offers(scope)),
    };
    own.filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// What a rule finds now, kept from changing until the transaction ends.
pub async fn open_of_rule(db: &Db, rule_id: i64) -> Result<Vec<Finding>> {
    let select = Entity::find()
        .filter(Column::RuleId.eq(rule_id))
        .filter(Column::State.eq(FindingState::Open.code()))
        .order_by_asc(Column::Id);
    select.lock_exclusive().all(&db.conn()).await.map_err(db::error)
}

/// What people ended of a rule's findings since this moment: it looks at these sources again when its window has passed.
pub async fn ended_of_rule(db: &Db, rule_id: i64, since: Time) -> Result<Vec<Finding>> {
    let select = Entity::find()
        .filter(Column::RuleId.eq(rule_id))
        .filter(Column::State.eq(FindingState::Ended.code()))
        .filter(Column::DateEnded.gt(since.0));
    select.all(&db.conn()).await.map_err(db::error)
}

/// The sources whose visitors are not sent to these offers; of all offers without a list.
pub async fn paused(db: &Db, offer_ids: Option<&[i64]>) -> Result<Vec<Finding>> {
    let mut select = Entity::find()
        .filter(Column::State.eq(FindingState::Open.code()))
        .filter(Column::Action.eq(RuleAction::Pause.code()));
    if let Some(ids) = offer_ids {
        select = select.filter(Column::OfferId.is_in(ids.iter().copied()));
    }
    select.order_by_asc(Column::Id).all(&db.conn()).await.map_err(db::error)
}

/// The findings about the source of a lead, of the time in which it came; of a lead that the caller may see.
pub async fn of_lead(db: &Db, scope: Scope, lead: &Lead) -> Result<Vec<Finding>> {
    let by_area = Condition::all()
        .add(Column::Source.eq(RuleSource::Area.code()))
        .add(Column::AreaId.eq(lead.area_id.unwrap_or(0)));
    let by_subid = Condition::all()
        .add(Column::Source.eq(RuleSource::Subid.code()))
        .add(Column::Subid1.eq(lead.subid1.as_str()));
    let of_webmaster = Condition::all().add(Column::Source.eq(RuleSource::Webmaster.code()));
    let select = visible(scope)
        .filter(Column::WebmasterId.eq(lead.webmaster_id))
        .filter(Column::OfferId.eq(lead.offer_id))
        .filter(Column::DateFrom.lte(lead.date_created))
        .filter(Column::DateSeen.gte(lead.date_created))
        .filter(Condition::any().add(by_area).add(by_subid).add(of_webmaster))
        .order_by_asc(Column::Id);
    select.all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored finding.
pub async fn update(db: &Db, row: Finding) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new finding; gives its id.
pub async fn create(db: &Db, row: Finding) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
