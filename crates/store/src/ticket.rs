//! Tickets: what people ask the network, with the messages of both sides.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::SelectStatement;
use sea_orm::{Condition, QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::sort::{Sort, TicketSort};
use whocpa_domain::ticket::{TicketCategory, TicketPriority, TicketStatus};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{listing, person};

/// One ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "ticket")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who asks.
    pub user_id: i64,
    /// What it is about, in a line. People write of buyers in it, so it stands in no audit.
    #[serde(skip)]
    pub subject: String,
    /// [`TicketCategory`] as a number.
    pub category: i64,
    /// [`TicketPriority`] as a number.
    pub priority: i64,
    /// [`TicketStatus`] as a number.
    pub status: i64,
    /// The offer that it is about.
    pub offer_id: Option<i64>,
    /// The lead that it is about.
    pub lead_id: Option<i64>,
    /// Whether it contests the refusal of that lead.
    pub is_contest: bool,
    /// The operator who answers it.
    pub operator_id: Option<i64>,
    /// Messages that the person who asks has not read.
    pub unread_user: i64,
    /// Messages that the network has not read.
    pub unread_operator: i64,
    /// Messages, internal notes too.
    pub message_count: i64,
    /// Seconds.
    pub date_created: i64,
    /// Of the last message or change, seconds.
    pub date_updated: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One ticket.
pub type Ticket = Model;

/// The messages of tickets.
pub mod message {
    use sea_orm::entity::prelude::*;

    /// One message.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket_message")]
    pub struct Model {
        /// Number; 0 for a row that is not stored yet.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// In which ticket.
        pub ticket_id: i64,
        /// Who wrote it.
        pub user_id: i64,
        /// `TicketSide` as a number.
        pub side: i64,
        /// For operators' eyes only.
        pub is_internal: bool,
        /// Plain text.
        pub body: String,
        /// Seconds.
        pub date_created: i64,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One message.
pub type TicketMessage = message::Model;

/// Which tickets are wanted.
#[derive(Debug, Clone, Default)]
pub struct TicketFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub status: Option<Vec<TicketStatus>>,
    /// Only about one of these things.
    pub category: Option<Vec<TicketCategory>>,
    /// Only of one of these priorities.
    pub priority: Option<Vec<TicketPriority>>,
    /// Only of these people.
    pub user_ids: Option<Vec<i64>>,
    /// Only assigned to one of these operators; 0 for nobody.
    pub operator_ids: Option<Vec<i64>>,
    /// Only about these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only about these leads.
    pub lead_ids: Option<Vec<i64>>,
    /// Only protests against refusals, or only others.
    pub is_contest: Option<bool>,
    /// Only with messages that the caller's side has not read, or only without.
    pub is_unread: Option<bool>,
    /// Only with this in the subject or in a message that the caller may see.
    pub search: Option<String>,
    /// Begun from here, and before this.
    pub created: (Option<Time>, Option<Time>),
    /// Last said or done something in from here, and before this.
    pub updated: (Option<Time>, Option<Time>),
    /// In which order; those with the newest message first unless told.
    pub sort: Option<Sort<TicketSort>>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) | Scope::Advertiser(id) => Entity::find().filter(Column::UserId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::UserId.in_subquery(person::managed(id))),
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

fn is_network(scope: Scope) -> bool {
    matches!(scope, Scope::All | Scope::Manager(_))
}

/// One page of tickets.
pub async fn list(db: &Db, scope: Scope, filter: &TicketFilter, paging: Paging) -> Result<Rows<Ticket>> {
    let select = listing::among(visible(scope), Column::Id, filter.ids.as_deref());
    let select = listing::within(select, Column::DateCreated, filter.created);
    let select = listing::within(select, Column::DateUpdated, filter.updated).filter(matching(scope, filter));
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(TicketSort::Updated) => Column::DateUpdated,
        Some(TicketSort::Created) => Column::Id,
        Some(TicketSort::Priority) => Column::Priority,
    };
    let is_descending = filter.sort.is_none_or(|sort| sort.is_descending);
    db::page(db, listing::sorted(select, (column, Column::Id), is_descending), paging).await
}

fn matching(scope: Scope, filter: &TicketFilter) -> Condition {
    fn codes<T>(all: Option<&Vec<T>>, code: impl Fn(&T) -> i64) -> Option<Vec<i64>> {
        all.map(|all| all.iter().map(code).collect())
    }
    let mut all = Condition::all();
    for (column, wanted) in [
        (Column::Status, codes(filter.status.as_ref(), |status| status.code())),
        (Column::Category, codes(filter.category.as_ref(), |category| category.code())),
        (Column::Priority, codes(filter.priority.as_ref(), |priority| priority.code())),
        (Column::UserId, filter.user_ids.clone()),
        (Column::OfferId, filter.offer_ids.clone()),
        (Column::LeadId, filter.lead_ids.clone()),
    ] {
        if let Some(wanted) = wanted {
            all = all.add(column.is_in(wanted));
        }
    }
    if let Some(ids) = &filter.operator_ids {
        let mut any = Condition::any().add(Column::OperatorId.is_in(ids.iter().copied()));
        if ids.contains(&0) {
            any = any.add(Column::OperatorId.is_null());
        }
        all = all.add(any);
    }
    if let Some(is_contest) = filter.is_contest {
        all = all.add(Column::IsContest.eq(is_contest));
    }
    if let Some(is_unread) = filter.is_unread {
        let unread = if is_network(scope) { Column::UnreadOperator } else { Column::UnreadUser };
        all = all.add(if is_unread { unread.gt(0) } else { unread.eq(0) });
    }
    if let Some(search) = &filter.search {
        let said = Column::Id.in_subquery(saying(scope, search));
        all = all.add(Condition::any().add(db::contains(Column::Subject, search)).add(said));
    }
    all
}

/// The messages that the caller's side may see.
fn readable(scope: Scope) -> Select<message::Entity> {
    let all = message::Entity::find();
    if is_network(scope) { all } else { all.filter(message::Column::IsInternal.eq(false)) }
}

fn saying(scope: Scope, search: &str) -> SelectStatement {
    let found = readable(scope).select_only().column(message::Column::TicketId);
    found.filter(db::contains(message::Column::Body, search)).into_query()
}

/// One ticket.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Ticket>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// The caller's newest protest against the refusal of this lead.
pub async fn contest_of(db: &Db, scope: Scope, lead_id: i64) -> Result<Option<Ticket>> {
    let select = visible(scope).filter(Column::LeadId.eq(lead_id)).filter(Column::IsContest.eq(true));
    select.order_by_desc(Column::Id).one(&db.conn()).await.map_err(db::error)
}

/// One ticket, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Ticket>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The messages of a ticket that the caller's side may see, oldest first. Whether he may see the ticket is asked before.
pub async fn messages(db: &Db, scope: Scope, ticket_id: i64) -> Result<Vec<TicketMessage>> {
    let select = readable(scope).filter(message::Column::TicketId.eq(ticket_id));
    select.order_by_asc(message::Column::Id).all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored ticket.
pub async fn update(db: &Db, row: Ticket) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new ticket; gives its id.
pub async fn create(db: &Db, row: Ticket) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Stores a new message; gives its id.
pub async fn message_create(db: &Db, row: TicketMessage) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
