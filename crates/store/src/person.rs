//! People: webmasters, advertisers, operators. (`user` is a reserved word of SQL, hence the table's name.)

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ExprTrait, Func, SelectStatement};
use sea_orm::{Condition, QueryOrder, QuerySelect, QueryTrait, Set};
use serde::Serialize;
use whocpa_domain::access::Caller;
use whocpa_domain::offer::TrafficKind;
use whocpa_domain::role::Role;
use whocpa_domain::sort::{Sort, UserSort};
use whocpa_domain::user::{AffId, Language, Notify, Trust, UserLevel, UserStatus, codes_text};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Backend, Db, Paging, Rows};
use crate::listing;

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
    /// An advertiser's token for `/pb`, encrypted; empty for others.
    #[serde(skip)]
    pub postback_token: String,
    /// Seconds.
    pub date_created: i64,
    /// Where letters reach him, empty for nowhere; so are the others.
    pub email: String,
    /// Name in Telegram, without the `@`.
    pub telegram: String,
    /// Telephone.
    pub phone: String,
    /// His own site.
    pub site: String,
    /// `Language` by its code.
    pub language: String,
    /// Name of an IANA time zone.
    pub time_zone: String,
    /// Bits of `Notify`.
    pub notify: i64,
    /// His level in the network's own programme.
    pub rank: i64,
    /// `Trust` as a number.
    pub trust: i64,
    /// `TrafficKind` codes that he works with, `,1,3,`.
    pub traffic_kinds: String,
    /// Hash of the token for `/pb`, empty without one.
    #[serde(skip)]
    pub postback_hash: String,
    /// Hash of the token before it, empty without one.
    #[serde(skip)]
    pub postback_hash_old: String,
    /// Until when that one works, seconds.
    pub date_postback_old: Option<i64>,
    /// Secret by which an advertiser signs his postbacks, encrypted; empty without one.
    #[serde(skip)]
    pub postback_secret: String,
    /// Whether unsigned postbacks are refused.
    pub is_postback_signed: bool,
    /// Networks from which his postbacks may come, `203.0.113.0/24,…`; empty for everywhere.
    pub postback_networks: String,
    /// Where visitors of a webmaster's links go who cannot go to an offer.
    pub url_traffback: String,
    /// Whether the address is known to be his: letters that are not about the account's safety wait for it.
    pub is_email_confirmed: bool,
    /// Bits of `Notify`: what he is written of in Telegram, while a chat is connected.
    pub notify_telegram: i64,
}

/// Categories that people work with.
mod category_pair {
    use sea_orm::entity::prelude::*;

    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person_category")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub category_id: i64,
    }
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row that the rest of the product calls a user.
pub type User = Model;

impl User {
    /// A new account that works, with nothing on its card and without a password.
    pub fn new(level: UserLevel, login: &str, name: &str, now: Time) -> Self {
        Self {
            id: 0,
            level: level.code(),
            login: login.to_owned(),
            name: name.to_owned(),
            password_hash: String::new(),
            status: UserStatus::Active.code(),
            role: Role::Owner.code(),
            manager_id: None,
            comment: String::new(),
            postback_token: String::new(),
            date_created: now.0,
            email: String::new(),
            telegram: String::new(),
            phone: String::new(),
            site: String::new(),
            language: Language::English.code().to_owned(),
            time_zone: "UTC".to_owned(),
            notify: Notify::bits(Notify::USUAL),
            rank: 0,
            trust: Trust::New.code(),
            traffic_kinds: String::new(),
            postback_hash: String::new(),
            postback_hash_old: String::new(),
            date_postback_old: None,
            postback_secret: String::new(),
            is_postback_signed: false,
            postback_networks: String::new(),
            url_traffback: String::new(),
            is_email_confirmed: true,
            notify_telegram: Notify::bits(Notify::USUAL),
        }
    }

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
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these kinds.
    pub level: Option<Vec<UserLevel>>,
    /// Only in one of these states.
    pub status: Option<Vec<UserStatus>>,
    /// Only operators with one of these roles.
    pub role: Option<Vec<Role>>,
    /// Only people whom one of these operators looks after; 0 for nobody.
    pub manager_ids: Option<Vec<i64>>,
    /// Only trusted so far.
    pub trust: Option<Vec<Trust>>,
    /// Only people who work with one of these categories.
    pub category_ids: Option<Vec<i64>>,
    /// Only people who work with one of these kinds of traffic.
    pub traffic_kinds: Option<Vec<TrafficKind>>,
    /// Only whose login, name or contacts contain this, in any case of letters, or whose number it is.
    pub search: Option<String>,
    /// Only accounts made from here, and before this.
    pub created: (Option<Time>, Option<Time>),
    /// In which order; by their numbers unless told.
    pub sort: Option<Sort<UserSort>>,
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

/// As [`managed`], read: for questions to another file.
pub(crate) async fn managed_ids(db: &Db, manager_id: i64) -> Result<Vec<i64>> {
    let ids = Entity::find().select_only().column(Column::Id).filter(Column::ManagerId.eq(manager_id));
    ids.into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// One page of people.
pub async fn list(db: &Db, scope: Scope, filter: &UserFilter, paging: Paging) -> Result<Rows<User>> {
    let select = listing::among(visible(scope), Column::Id, filter.ids.as_deref());
    let select = listing::within(select, Column::DateCreated, filter.created).filter(matching(filter));
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(UserSort::Id | UserSort::Name) => Column::Id,
        Some(UserSort::Login) => Column::Login,
        Some(UserSort::Created) => Column::DateCreated,
    };
    let is_descending = filter.sort.is_some_and(|sort| sort.is_descending);
    let select = match filter.sort {
        Some(sort) if sort.key == UserSort::Name => listing::by_name(select, Column::Name, is_descending),
        _ => select,
    };
    db::page(db, listing::sorted(select, (column, Column::Id), is_descending), paging).await
}

fn matching(filter: &UserFilter) -> Condition {
    fn codes<T>(all: Option<&Vec<T>>, code: impl Fn(&T) -> i64) -> Option<Vec<i64>> {
        all.map(|all| all.iter().map(code).collect())
    }
    let mut all = Condition::all();
    for (column, wanted) in [
        (Column::Level, codes(filter.level.as_ref(), |level| level.code())),
        (Column::Status, codes(filter.status.as_ref(), |status| status.code())),
        (Column::Trust, codes(filter.trust.as_ref(), |trust| trust.code())),
    ] {
        if let Some(wanted) = wanted {
            all = all.add(column.is_in(wanted));
        }
    }
    if let Some(roles) = &filter.role {
        all = all.add(Column::Level.eq(UserLevel::Operator.code()));
        all = all.add(Column::Role.is_in(roles.iter().map(|role| role.code())));
    }
    if let Some(ids) = &filter.manager_ids {
        let mut any = Condition::any().add(Column::ManagerId.is_in(ids.iter().copied()));
        if ids.contains(&0) {
            any = any.add(Column::ManagerId.is_null());
        }
        all = all.add(any);
    }
    if let Some(ids) = &filter.category_ids {
        let pairs = category_pair::Entity::find().select_only().column(category_pair::Column::PersonId);
        let pairs = pairs.filter(category_pair::Column::CategoryId.is_in(ids.iter().copied()));
        all = all.add(Column::Id.in_subquery(pairs.into_query()));
    }
    if let Some(kinds) = &filter.traffic_kinds {
        let mut any = Condition::any();
        for kind in kinds {
            any = any.add(db::contains(Column::TrafficKinds, &codes_text([kind.code()])));
        }
        all = all.add(any);
    }
    if let Some(search) = &filter.search {
        all = all.add(found_by(search));
    }
    all
}

fn found_by(search: &str) -> Condition {
    // An at sign in front of a Telegram name is no part of it.
    let name = search.strip_prefix('@').unwrap_or(search);
    let mut any = Condition::any().add(db::contains(Column::Telegram, name));
    for column in [Column::Login, Column::Name, Column::Email, Column::Phone, Column::Site] {
        any = any.add(db::contains(column, search));
    }
    if let Ok(number) = search.trim().parse::<i64>() {
        any = any.add(Column::Id.eq(number)).add(Column::Id.eq(AffId::user_id(number)));
    }
    any
}

/// One person.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<User>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One person, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<User>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// People who work and want one of these (bits of `Notify`) as letters or in Telegram, behind this number, in order.
pub async fn wanting(db: &Db, choices: i64, after: i64, limit: u64) -> Result<Vec<User>> {
    Entity::find()
        .filter(Column::Id.gt(after))
        .filter(Column::Status.eq(UserStatus::Active.code()))
        .filter(Expr::cust(format!("((notify | notify_telegram) & {choices}) <> 0")))
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// The person who signs in with this login (lower case).
pub async fn by_login(db: &Db, login: &str) -> Result<Option<User>> {
    Entity::find().filter(Column::Login.eq(login)).one(&db.conn()).await.map_err(db::error)
}

/// People who work and have this e-mail address, in any case of letters: several accounts may have one. Those who confirmed it come
/// first: others may have entered somebody else's.
pub async fn by_email(db: &Db, email: &str, limit: u64) -> Result<Vec<User>> {
    let select = Entity::find()
        .filter(Column::Status.eq(UserStatus::Active.code()))
        .filter(Column::Email.ne(""))
        .filter(ExprTrait::eq(Expr::expr(Func::lower(Expr::col(Column::Email))), email.to_lowercase()));
    let select = select.order_by_desc(Column::IsEmailConfirmed).order_by_asc(Column::Id);
    select.limit(limit).all(&db.conn()).await.map_err(db::error)
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

/// How many accounts wait for an operator.
pub async fn count_waiting(db: &Db) -> Result<i64> {
    let waiting = Entity::find().filter(Column::Status.eq(UserStatus::Waiting.code()));
    let count = waiting.count(&db.conn()).await.map_err(db::error)?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The operators who work and may do everything, kept from changing until the transaction ends. Always locked in the
/// same order: two who block each other wait, and the second one sees what the first did.
pub async fn owners_for_update(db: &Db) -> Result<Vec<User>> {
    Entity::find()
        .filter(Column::Level.eq(UserLevel::Operator.code()))
        .filter(Column::Role.eq(Role::Owner.code()))
        .filter(Column::Status.eq(UserStatus::Active.code()))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// The numbers of accounts that work, for a condition.
pub(crate) fn active_ids() -> SelectStatement {
    let active = Entity::find().select_only().column(Column::Id);
    active.filter(Column::Status.eq(UserStatus::Active.code())).into_query()
}

/// Operators whose accounts work.
pub async fn operators(db: &Db) -> Result<Vec<User>> {
    let rows = Entity::find().filter(Column::Level.eq(UserLevel::Operator.code()));
    let rows = rows.filter(Column::Status.eq(UserStatus::Active.code())).order_by_asc(Column::Id);
    rows.all(&db.conn()).await.map_err(db::error)
}

/// The operator in whose name the network writes by itself: the first one that works.
pub async fn first_operator(db: &Db) -> Result<Option<i64>> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Level.eq(UserLevel::Operator.code()))
        .filter(Column::Status.eq(UserStatus::Active.code()))
        .order_by_asc(Column::Id)
        .limit(1)
        .into_tuple()
        .one(&db.conn())
        .await
        .map_err(db::error)
}

/// The people with these ids, by id.
pub async fn by_ids(db: &Db, ids: &[i64]) -> Result<BTreeMap<i64, User>> {
    let rows = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(&db.conn()).await;
    Ok(rows.map_err(db::error)?.into_iter().map(|row| (row.id, row)).collect())
}

/// Advertisers whose token stands there as it was before tokens were encrypted, kept from changing.
pub async fn with_plain_token(db: &Db) -> Result<Vec<User>> {
    let plain = Entity::find().filter(Column::PostbackToken.ne("")).filter(Column::PostbackHash.eq(""));
    plain.order_by_asc(Column::Id).lock_exclusive().all(&db.conn()).await.map_err(db::error)
}

/// The categories that each of these people works with.
pub async fn categories(db: &Db, ids: &[i64]) -> Result<BTreeMap<i64, Vec<i64>>> {
    use category_pair::{Column, Entity};
    let select = Entity::find().filter(Column::PersonId.is_in(ids.iter().copied()));
    let pairs = select.order_by_asc(Column::CategoryId).all(&db.conn()).await.map_err(db::error)?;
    let mut by_person: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for pair in pairs {
        by_person.entry(pair.person_id).or_default().push(pair.category_id);
    }
    Ok(by_person)
}

/// Replaces the categories that a person works with.
pub async fn set_categories(db: &Db, id: i64, category_ids: &[i64]) -> Result<()> {
    use category_pair::{ActiveModel, Column, Entity};
    Entity::delete_many().filter(Column::PersonId.eq(id)).exec(&db.conn()).await.map_err(db::error)?;
    if category_ids.is_empty() {
        return Ok(());
    }
    let row = |category_id: &i64| ActiveModel { person_id: Set(id), category_id: Set(*category_id) };
    let rows = Entity::insert_many(category_ids.iter().map(row));
    rows.exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// Writes all columns of a stored person.
pub async fn update(db: &Db, row: User) -> Result<()> {
    db::save(db, row).await.map_err(|e| db::unique(e, "login", "Already taken"))
}

/// Stores a new person; gives the id.
pub async fn create(db: &Db, row: User) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(|e| db::unique(e, "login", "Already taken"))
}
