//! People of the network: what operators do with accounts.

use argon2::password_hash::phc::PasswordHash;
use whocpa_domain::role::Role;
use whocpa_domain::user::{KeyKind, UserLevel, UserStatus};
use whocpa_domain::{Error, FieldErrors, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::person::{self, User, UserFilter};
use whocpa_store::{Db, api_key};

use crate::auth::{login_plain, password_check, password_hash};
use crate::{Caller, Engine, Paging, Rows, check};

/// Shortest accepted login, in characters.
const LOGIN_MIN: usize = 3;
/// Longest accepted login, in characters.
const LOGIN_MAX: usize = 100;
/// Letters of an advertiser's postback token: 32 of 5 bits are 160 random bits.
const TOKEN_LETTERS: usize = 32;

params! {
    /// Which people are wanted.
    pub struct UserList {
        /// Only these kinds of account.
        level: Option<Vec<UserLevel>>,
        /// Only accounts in these states.
        status: Option<Vec<UserStatus>>,
        /// Only people whose login or name contains this, in any case of letters.
        search: Option<String>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new account.
    pub struct UserCreate {
        /// Kind of account; it cannot be changed later.
        level: UserLevel,
        /// What the person signs in with: 3 to 100 characters without spaces, kept in lower case, unique.
        login: String,
        /// What others call him.
        name: String,
        /// Password, at least 8 characters.
        password: String,
        /// Note that only operators see.
        comment: Option<String>,
    }
}

params! {
    /// Changes of an account.
    pub struct UserUpdate {
        /// What the person signs in with: 3 to 100 characters without spaces, kept in lower case, unique.
        login: Option<String>,
        /// What others call him.
        name: Option<String>,
        /// Whether the account works. A blocked one cannot sign in, its keys open nothing and its links lead nowhere.
        status: Option<UserStatus>,
        /// Note that only operators see.
        comment: Option<String>,
        /// New password, at least 8 characters.
        password: Option<String>,
    }
}

view! {
    /// A person.
    pub struct UserView {
        /// User id.
        id: i64,
        /// Kind of account.
        level: UserLevel,
        /// What the person signs in with.
        login: String,
        /// What others call him.
        name: String,
        /// Whether the account works.
        status: UserStatus,
        /// Note that only operators see.
        comment: String,
        /// When the account was made.
        date_created: Time,
        /// Token of an advertiser's postbacks to the network; in `view` only, absent for other levels.
        #[serde(skip_serializing_if = "Option::is_none")]
        postback_token: Option<String>,
    }
}

impl From<User> for UserView {
    fn from(row: User) -> Self {
        Self {
            id: row.id,
            level: row.level(),
            // A state that this version does not know gives no access, so it is shown as blocked.
            status: UserStatus::from_code(row.status).unwrap_or(UserStatus::Blocked),
            login: row.login,
            name: row.name,
            comment: row.comment,
            date_created: Time(row.date_created),
            postback_token: Some(row.postback_token).filter(|token| !token.is_empty()),
        }
    }
}

impl Engine {
    /// One page of people.
    pub async fn user_list(&self, caller: Caller, input: UserList) -> Result<Rows<UserView>> {
        let scope = caller.may(Resource::User, Method::List)?;
        let filter = UserFilter { level: input.level, status: input.status, search: input.search };
        let paging = Paging::new(input.page, input.per_page);
        let rows = person::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(|row| UserView { postback_token: None, ..UserView::from(row) }))
    }

    /// One person.
    pub async fn user_view(&self, caller: Caller, id: i64) -> Result<UserView> {
        let scope = caller.may(Resource::User, Method::View)?;
        let row = person::view(&self.store().read(), scope, id).await?;
        row.map(UserView::from).ok_or(Error::NotFound)
    }

    /// Changes an account; absent fields keep their value.
    ///
    /// # Errors
    /// [`Error::Conflict`] when an operator blocks himself.
    pub async fn user_update(&self, caller: Caller, id: i64, input: UserUpdate) -> Result<()> {
        let scope = caller.may(Resource::User, Method::Update)?;
        let mut errors = FieldErrors::default();
        if let Some(password) = &input.password {
            password_check(&mut errors, password);
        }
        errors.finish()?;
        // Hashing takes long, so it is done before the transaction.
        let hash = match input.password.clone() {
            Some(password) => Some(password_hash(password).await?),
            None => None,
        };
        let (input, hash) = (&input, &hash);
        self.change(move |db| async move {
            let found = person::view_for_update(&db, scope, id).await?;
            let mut row = found.ok_or(Error::NotFound)?;
            row.login = input.login.as_deref().map_or(row.login, login_plain);
            row.name = input.name.clone().unwrap_or(row.name);
            row.comment = input.comment.clone().unwrap_or(row.comment);
            row.password_hash = hash.clone().unwrap_or(row.password_hash);
            check(&row)?;
            self.user_save(&db, caller, row, input.status).await
        })
        .await
    }

    /// Adds an account with its profile key, and a postback token for an advertiser; gives its id.
    pub async fn user_create(&self, caller: Caller, input: UserCreate) -> Result<i64> {
        caller.may(Resource::User, Method::Create)?;
        let mut errors = FieldErrors::default();
        password_check(&mut errors, &input.password);
        errors.finish()?;
        let row = self.user_row(&input)?;
        let password_hash = password_hash(input.password).await?;
        let row = &User { password_hash, ..row };
        self.change(move |db| async move { self.user_insert(&db, row.clone()).await }).await
    }

    /// As [`Engine::user_create`], with a password that is hashed already ([`crate::password_hash`]); the one in
    /// `input` is not used. For the demo, which gives many people one password; not part of the API.
    pub async fn user_import(&self, caller: Caller, input: UserCreate, password_hash: String) -> Result<i64> {
        caller.may(Resource::User, Method::Create)?;
        if PasswordHash::new(&password_hash).is_err() {
            return Err(Error::field("password", "Must be an Argon2id hash"));
        }
        let row = &User { password_hash, ..self.user_row(&input)? };
        self.change(move |db| async move { self.user_insert(&db, row.clone()).await }).await
    }

    /// Blocks an account. The account itself stays, because the history of its money must.
    ///
    /// # Errors
    /// [`Error::Conflict`] when an operator blocks himself.
    pub async fn user_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::User, Method::Delete)?;
        self.change(move |db| async move {
            let found = person::view_for_update(&db, scope, id).await?;
            let row = found.ok_or(Error::NotFound)?;
            self.user_save(&db, caller, row, Some(UserStatus::Blocked)).await
        })
        .await
    }

    /// The readable profile key of an account: for its signed-in owner, the demo and tests; not part of the API.
    pub async fn profile_key(&self, user_id: i64) -> Result<String> {
        let row = api_key::profile(&self.store().read(), user_id).await?;
        self.key_text(&row.ok_or(Error::NotFound)?)
    }

    /// How many operators there are.
    pub async fn operator_count(&self) -> Result<i64> {
        person::count(&self.store().read(), UserLevel::Operator).await
    }

    /// Adds the first operator, who makes all other accounts; gives his id.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is an operator already.
    pub async fn operator_create_first(&self, login: String, password: String, name: String) -> Result<i64> {
        let taken = || Error::Conflict("There is an operator already".to_owned());
        // Asked twice: here so that a refusal costs no hash, below because only a transaction can decide.
        if self.operator_count().await? > 0 {
            return Err(taken());
        }
        let mut errors = FieldErrors::default();
        password_check(&mut errors, &password);
        errors.finish()?;
        let row = self.user_row(&UserCreate {
            level: UserLevel::Operator,
            login,
            name,
            password: String::new(),
            comment: None,
        })?;
        let password_hash = password_hash(password).await?;
        let row = &User { password_hash, ..row };
        self.change(move |db| async move {
            person::lock_table(&db).await?;
            match person::count(&db, UserLevel::Operator).await? {
                0 => self.user_insert(&db, row.clone()).await,
                _ => Err(taken()),
            }
        })
        .await
    }

    /// A checked row without a password.
    fn user_row(&self, input: &UserCreate) -> Result<User> {
        let row = User {
            id: 0,
            level: input.level.code(),
            login: login_plain(&input.login),
            name: input.name.clone(),
            password_hash: String::new(),
            role: Role::Owner.code(),
            manager_id: None,
            status: UserStatus::Active.code(),
            comment: input.comment.clone().unwrap_or_default(),
            postback_token: match input.level {
                UserLevel::Advertiser => self.rng().letters(TOKEN_LETTERS),
                UserLevel::Webmaster | UserLevel::Operator => String::new(),
            },
            date_created: self.now().0,
        };
        check(&row).map(|()| row)
    }

    async fn user_insert(&self, db: &Db, row: User) -> Result<i64> {
        let id = person::create(db, row).await?;
        self.key_add(db, id, KeyKind::Profile, "Profile").await?;
        change::create(db, ChangeKind::User, id, self.now()).await?;
        Ok(id)
    }

    async fn user_save(&self, db: &Db, caller: Caller, row: User, status: Option<UserStatus>) -> Result<()> {
        let status = status.map_or(row.status, UserStatus::code);
        let is_changed = status != row.status;
        if is_changed && row.id == caller.user_id && status == UserStatus::Blocked.code() {
            return Err(Error::Conflict("You cannot block yourself".to_owned()));
        }
        let id = row.id;
        person::update(db, User { status, ..row }).await?;
        if is_changed {
            change::create(db, ChangeKind::User, id, self.now()).await?;
        }
        Ok(())
    }
}

fn check(row: &User) -> Result<()> {
    let mut errors = FieldErrors::default();
    if !(LOGIN_MIN..=LOGIN_MAX).contains(&row.login.chars().count()) {
        errors.add("login", format!("Must be from {LOGIN_MIN} to {LOGIN_MAX} characters"));
    }
    if row.login.chars().any(|c| c.is_whitespace() || c.is_control()) {
        errors.add("login", "Must not contain spaces");
    }
    check::name(&mut errors, "name", &row.name);
    check::text(&mut errors, "comment", &row.comment);
    errors.finish()
}
