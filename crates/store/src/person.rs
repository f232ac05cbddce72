//! People: webmasters, advertisers, operators. (`user` is a reserved word of SQL, hence the table's name.)

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, SelectStatement};
use sea_orm::{QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::access::Caller;
use whocpa_domain::role::Role;
use whocpa_domain::user::{UserLevel, UserStatus};
use whocpa_domain::{Result, Scope};

use crate::db::{self, Backend, Db, Paging, Rows};

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// [`UserLevel`] as a number.
    pub level: i64,
    /// What he signs in with, lower case, unique.
    pub login: String,
    /// What others call him.
    pub name: String,
    /// Argon2id, PHC string.
    #[serde(skip)]
    pub password_hash: String,
    /// [`UserStatus`] as a number.
    pub status: i64,
    /// [`Role`] of an operator as a number; means nothing for others.
    pub role: i64,
    /// The operator who looks after this person.
    pub manager_id: Option<i64>,
    /// Operators' note.
    pub comment: String,
    /// An advertiser's token for `/pb`, empty for others.
    #[serde(skip)]
    pub postback_token: String,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row that the rest of the product calls a user.
pub type User = Model;

impl User {
    /// The kind of account.
    pub fn level(&self) -> UserLevel {
        UserLevel::from_code(self.level).unwrap_or(UserLevel::Webmaster)
    }

    /// The person as a caller; a role that this version does not know is the weakest one.
    pub fn caller(&self) -> Caller {
        let caller = Caller::new(self.level().level(), self.id);
        match self.level() {
            UserLevel::Operator => {
                Caller { role: Role::from_code(self.role).unwrap_or(Role::Support), ..caller }
            }
            UserLevel::Webmaster | UserLevel::Advertiser => caller,
        }
    }

    /// Whether the account works.
    pub fn is_active(&self) -> bool {
        self.status == UserStatus::Active.code()
    }
}

/// Which people are wanted.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Only of these kinds.
    pub level: Option<Vec<UserLevel>>,
    /// Only in one of these states.
    pub status: Option<Vec<UserStatus>>,
    /// Only whose login or name contains this, in any case of letters.
    pub search: Option<String>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) | Scope::Advertiser(id) => Entity::find().filter(Column::Id.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::ManagerId.eq(id)),
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// The ids of the people whom an operator looks after.
pub(crate) fn managed(manager_id: i64) -> SelectStatement {
    Entity::find().select_only().column(Column::Id).filter(Column::ManagerId.eq(manager_id)).into_query()
}

/// One page of people, in the order of their ids.
pub async fn list(db: &Db, scope: Scope, filter: &UserFilter, paging: Paging) -> Result<Rows<User>> {
    let mut select = visible(scope).order_by_asc(Column::Id);
    if let Some(levels) = &filter.level {
        select = select.filter(Column::Level.is_in(levels.iter().map(|level| level.code())));
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(search) = &filter.search {
        select = select.filter(db::contains(Column::Login, search).or(db::contains(Column::Name, search)));
    }
    db::page(db, select, paging).await
}

/// One person.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<User>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One person, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<User>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The person who signs in with this login (lower case).
pub async fn by_login(db: &Db, login: &str) -> Result<Option<User>> {
    Entity::find().filter(Column::Login.eq(login)).one(&db.conn()).await.map_err(db::error)
}

/// Everybody, for the catalogue of clicks.
pub async fn all(db: &Db) -> Result<Vec<User>> {
    Entity::find().all(&db.conn()).await.map_err(db::error)
}

/// Lets no other transaction add people until this one ends, for what must be true of all of them.
pub async fn lock_table(db: &Db) -> Result<()> {
    // A writing transaction on SQLite is the only one anyway.
    if db.backend() == Backend::Postgres {
        let sql = "LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE";
        db.conn().execute_unprepared(sql).await.map_err(db::error)?;
    }
    Ok(())
}

/// How many people of a kind there are.
pub async fn count(db: &Db, level: UserLevel) -> Result<i64> {
    let count =
        Entity::find().filter(Column::Level.eq(level.code())).count(&db.conn()).await.map_err(db::error)?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Writes all columns of a stored person.
pub async fn update(db: &Db, row: User) -> Result<()> {
    db::save(db, row).await.map_err(|e| db::unique(e, "login", "Already taken"))
}

/// Stores a new person; gives the id.
pub async fn create(db: &Db, row: User) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(|e| db::unique(e, "login", "Already taken"))
}
