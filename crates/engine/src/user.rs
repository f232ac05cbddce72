//! People of the network: what operators do with accounts.
//!
//! An owner does everything. A manager sees and changes the webmasters and advertisers assigned to him, and those whom
//! he adds are his. Only an owner makes operators, changes them, and assigns managers.

mod card;
mod input;
mod shown;

use serde_json::json;
use unicode_normalization::is_nfkc;
use whocpa_domain::access::Scope;
use whocpa_domain::input::Patch;
use whocpa_domain::input::limits::{Form, Limits};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::role::Role;
use whocpa_domain::user::{UserLevel, UserStatus};
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::person::{self, User, UserFilter};
use whocpa_store::{Db, api_key, session};

use crate::audit::Changes;
use crate::auth::{KeySpec, login_plain};
use crate::mail::Draft;
use crate::password::{LIKE_LOGIN, is_hash, is_login, password_check, password_hash};
use crate::referral::check_referred;
use crate::{Caller, Engine, Paging, Rows, check};
pub(crate) use card::{Card, EMAIL, PHONE, TELEGRAM};
pub use input::{UserCreate, UserList, UserUpdate};
pub use shown::UserView;
pub(crate) use shown::traffic_kinds;

/// What a person signs in with.
pub(crate) const LOGIN: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^[^\s\u0000-\u002a\u002c\u002f\u003a-\u003f\u005b-\u005e\u0060\u007b-\u009f]{3,100}$",
    longest: 100,
    wrong: |login| {
        let login = login.trim();
        if login.chars().count() < 3 {
            Some("Must be at least 3 characters".to_owned())
        } else if login.chars().any(char::is_whitespace) {
            Some("Must not contain spaces".to_owned())
        } else if !login.chars().all(is_login_char) || !is_nfkc(login) {
            Some("Must be letters, digits and @ . _ + - only".to_owned())
        } else {
            None
        }
    },
});

/// No two logins may look alike by characters that nobody sees: marks of writing direction, joiners, and these letters,
/// which are empty.
fn is_login_char(c: char) -> bool {
    let is_empty = matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}');
    (c.is_alphanumeric() && !is_empty) || "@._+-".contains(c)
}

impl Engine {
    /// One page of people.
    pub async fn user_list(&self, caller: Caller, input: UserList) -> Result<Rows<UserView>> {
        let scope = caller.may(Resource::User, Method::List)?;
        let paging = Paging::new(input.page, input.per_page);
        let mut errors = FieldErrors::default();
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = UserFilter {
            ids: input.id,
            level: input.level,
            status: input.status,
            role: input.role,
            manager_ids: input.manager_id,
            trust: input.trust,
            category_ids: input.categories,
            traffic_kinds: input.traffic_kinds,
            search: input.search,
            created,
            sort: input.sort,
        };
        let db = self.store().read();
        let rows = person::list(&db, scope, &filter, paging).await?;
        let ids: Vec<i64> = rows.rows.iter().map(|row| row.id).collect();
        let categories = person::categories(&db, &ids).await?;
        Ok(rows.map(|row| UserView::row(row, &categories)))
    }

    /// One person, with what money he has where the caller may see money.
    pub async fn user_view(&self, caller: Caller, id: i64) -> Result<UserView> {
        let scope = caller.may(Resource::User, Method::View)?;
        let db = self.store().read();
        let row = person::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let key = api_key::profile(&db, id).await?;
        // The token reports leads in the advertiser's name: it is for those who may act for him.
        let is_trusted = caller.may(Resource::User, Method::Update).is_ok();
        let postback_token = if is_trusted { self.token_text(&row)? } else { None };
        let sees_money = caller.may(Resource::Balance, Method::List).is_ok();
        let balances = match row.level() {
            UserLevel::Webmaster if sees_money => Some(self.balances(Scope::Webmaster(id)).await?),
            UserLevel::Advertiser if sees_money => Some(self.balances(Scope::Advertiser(id)).await?),
            _ => None,
        };
        let categories = person::categories(&db, &[id]).await?;
        let key_prefix = key.map(|key| key.prefix);
        Ok(UserView { key_prefix, postback_token, balances, ..UserView::row(row, &categories) })
    }

    /// Changes an account; absent fields keep their value.
    ///
    /// # Errors
    /// [`Error::Conflict`] when an operator blocks himself, or when no owner would be left.
    pub async fn user_update(&self, caller: Caller, id: i64, input: UserUpdate) -> Result<()> {
        let scope = caller.may(Resource::User, Method::Update)?;
        let mut errors = FieldErrors::default();
        if let Some(password) = &input.password {
            password_check(&mut errors, input.login.as_deref().unwrap_or_default(), password);
        }
        if input.status == Some(UserStatus::Waiting) {
            errors.add("status", "Must be active or blocked");
        }
        let secured = [
            ("password", input.password.is_some()),
            ("login", input.login.is_some()),
            ("email", input.email.is_some()),
            ("role", input.role.is_some()),
            ("referral_percent", input.referral_percent.is_some()),
            ("referral_date_end", input.referral_date_end != Patch::Keep),
        ];
        check_secured(&mut errors, caller, &secured);
        check_share(&mut errors, caller, &secured[4..]);
        if input.manager_id != Patch::Keep && caller.role != Role::Owner {
            errors.add("manager_id", "Only an owner may change this");
        }
        errors.finish()?;
        // Hashing takes long, so it is done before the transaction.
        let hash = match input.password.clone() {
            Some(password) => Some(password_hash(password).await?),
            None => None,
        };
        let (input, hash) = (&input, &hash);
        self.change(move |db| async move {
            let owners =
                if input.could_unseat() { person::owners_for_update(&db).await? } else { Vec::new() };
            let found = person::view_for_update(&db, scope, id).await?;
            let before = found.ok_or(Error::NotFound)?;
            let mut errors = FieldErrors::default();
            let mut row = input.card().apply(before.clone(), &mut errors);
            row.login = input.login.as_deref().map_or(row.login, login_plain);
            row.password_hash = hash.clone().unwrap_or(row.password_hash);
            row.status = input.status.map_or(row.status, UserStatus::code);
            row.role = input.role.map_or(row.role, Role::code);
            row.manager_id = input.manager_id.or(row.manager_id);
            if row.login != before.login {
                LOGIN.check(&mut errors, "login", &row.login);
            }
            if input.password.as_ref().is_some_and(|password| is_login(&row.login, password)) {
                errors.add("password", LIKE_LOGIN);
            }
            check_role(&mut errors, row.level(), input.role);
            errors.finish()?;
            if row.manager_id != before.manager_id {
                check_manager(&db, &row).await?;
            }
            check_unseated(caller, &owners, &before, &row)?;
            let changes = if hash.is_some() {
                Changes::updated(&before, &row).also("password", json!("changed"))
            } else {
                Changes::updated(&before, &row)
            };
            let changes = self.categories_save(&db, id, input.categories.as_deref(), changes).await?;
            let changes = self.referral_change(&db, id, input, changes).await?;
            if hash.is_some() || row.status != before.status {
                session::revoke_others(&db, id, 0, self.now()).await?;
            }
            let changes = self.user_save(&db, &before, row, changes).await?;
            self.note(&db, caller, Resource::User, id, changes).await
        })
        .await
    }

    /// Adds an account with its profile key, and a postback token for an advertiser; gives its id.
    pub async fn user_create(&self, caller: Caller, input: UserCreate) -> Result<i64> {
        caller.may(Resource::User, Method::Create)?;
        let mut errors = FieldErrors::default();
        password_check(&mut errors, &input.login, &input.password);
        let row = self.user_row(caller, &input, errors)?;
        let password_hash = password_hash(input.password.clone()).await?;
        self.user_insert(caller, &User { password_hash, ..row }, &input).await
    }

    /// As [`Engine::user_create`], with a password that is hashed already ([`crate::password_hash`]); the one in
    /// `input` is not used. For the demo, which gives many people one password; not part of the API.
    pub async fn user_import(&self, caller: Caller, input: UserCreate, password_hash: String) -> Result<i64> {
        caller.may(Resource::User, Method::Create)?;
        if !is_hash(&password_hash) {
            return Err(Error::field("password", "Must be an Argon2id hash"));
        }
        let row = self.user_row(caller, &input, FieldErrors::default())?;
        self.user_insert(caller, &User { password_hash, ..row }, &input).await
    }

    /// Blocks an account. The account itself stays, because the history of its money must.
    ///
    /// # Errors
    /// [`Error::Conflict`] when an operator blocks himself, or the last owner.
    pub async fn user_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::User, Method::Delete)?;
        self.change(move |db| async move {
            let owners = person::owners_for_update(&db).await?;
            let found = person::view_for_update(&db, scope, id).await?;
            let before = found.ok_or(Error::NotFound)?;
            let row = User { status: UserStatus::Blocked.code(), ..before.clone() };
            check_unseated(caller, &owners, &before, &row)?;
            let changes = Changes::archived(&before, &row);
            session::revoke_others(&db, id, 0, self.now()).await?;
            let changes = self.user_save(&db, &before, row, changes).await?;
            self.note(&db, caller, Resource::User, id, changes).await
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

    /// Adds the first operator, an owner, who makes all other accounts; gives his id.
    ///
    /// # Errors
    /// [`Error::Conflict`] when there is an operator already.
    pub async fn operator_create_first(&self, login: String, password: String, name: String) -> Result<i64> {
        let taken = || Error::Conflict("There is an operator already".to_owned());
        // Asked twice: here so that a refusal costs no hash, below because only a transaction can decide.
        if self.operator_count().await? > 0 {
            return Err(taken());
        }
        let input = UserCreate::new(UserLevel::Operator, &login, &name, "");
        let mut errors = FieldErrors::default();
        password_check(&mut errors, &login, &password);
        let row = self.user_row(Caller::SYSTEM, &input, errors)?;
        let row = &User { password_hash: password_hash(password).await?, ..row };
        let input = &input;
        self.change(move |db| async move {
            person::lock_table(&db).await?;
            match person::count(&db, UserLevel::Operator).await? {
                0 => self.user_store(&db, Caller::SYSTEM, row, input).await,
                _ => Err(taken()),
            }
        })
        .await
    }

    /// A checked row without a password.
    pub(crate) fn user_row(
        &self,
        caller: Caller,
        input: &UserCreate,
        mut errors: FieldErrors,
    ) -> Result<User> {
        let row = User::new(input.level, &login_plain(&input.login), &input.name, self.now());
        let mut row = input.card().apply(row, &mut errors);
        LOGIN.check(&mut errors, "login", &row.login);
        check_role(&mut errors, input.level, input.role);
        let is_operator = input.level == UserLevel::Operator;
        if is_operator && input.role.is_none() {
            errors.add("role", "This parameter is required for an operator");
        }
        if is_operator && caller.role != Role::Owner {
            errors.add("level", "Only an owner may add operators");
        }
        let secured = [
            ("level", is_operator),
            ("referral_percent", input.referral_percent.is_some()),
            ("referral_date_end", input.referral_date_end.is_some()),
        ];
        check_secured(&mut errors, caller, &secured);
        check_referred(&mut errors, input);
        check_share(&mut errors, caller, &secured[1..]);
        if input.manager_id.is_some() && caller.role != Role::Owner {
            errors.add("manager_id", "Only an owner may choose this: the people whom you add are yours");
        }
        errors.finish()?;
        row.role = input.role.unwrap_or(Role::Owner).code();
        row.manager_id = if caller.role == Role::Manager { Some(caller.user_id) } else { input.manager_id };
        if input.level == UserLevel::Advertiser {
            self.token_set(&mut row)?;
        }
        Ok(row)
    }

    async fn user_insert(&self, caller: Caller, row: &User, input: &UserCreate) -> Result<i64> {
        self.change(move |db| async move {
            if row.manager_id.is_some() {
                check_manager(&db, row).await?;
            }
            self.user_store(&db, caller, row, input).await
        })
        .await
    }

    pub(crate) async fn user_store(
        &self,
        db: &Db,
        caller: Caller,
        row: &User,
        input: &UserCreate,
    ) -> Result<i64> {
        let id = person::create(db, row.clone()).await?;
        let categories = input.categories.as_deref().unwrap_or_default();
        let changes = self.categories_save(db, id, Some(categories), Changes::created(row)).await?;
        let changes = self.referral_start(db, id, input, changes).await?;
        self.key_add(db, id, KeySpec::profile()).await?;
        change::create(db, ChangeKind::User, id, self.now()).await?;
        self.note(db, caller, Resource::User, id, changes).await?;
        Ok(id)
    }

    async fn categories_save(
        &self,
        db: &Db,
        id: i64,
        wanted: Option<&[i64]>,
        changes: Changes,
    ) -> Result<Changes> {
        let Some(wanted) = wanted else { return Ok(changes) };
        let wanted = card::known_categories(db, Scope::All, wanted).await?;
        let before = person::categories(db, &[id]).await?.remove(&id).unwrap_or_default();
        if before == wanted {
            return Ok(changes);
        }
        person::set_categories(db, id, &wanted).await?;
        Ok(changes.with("categories", json!(before), json!(wanted)))
    }

    /// Tells the owner what an operator changed that opens the account, or whether he is let in.
    async fn user_told(&self, db: &Db, before: &User, row: &User, mut changes: Changes) -> Result<Changes> {
        if row.email != before.email {
            self.email_told(db, before, row).await?;
        }
        if row.password_hash != before.password_hash {
            changes = self.password_told(db, before, "operator", changes).await?;
        }
        if before.status == UserStatus::Waiting.code() && row.status != before.status {
            let word = if row.is_active() { "approved" } else { "refused" };
            let draft = Draft::new(LetterKind::Registration).word("status", "registration", word);
            self.letter_tell(db, row.id, &draft).await?;
        }
        Ok(changes)
    }

    async fn user_save(&self, db: &Db, before: &User, row: User, changes: Changes) -> Result<Changes> {
        let (id, is_changed) = (row.id, row.status != before.status);
        let changes = self.user_told(db, before, &row, changes).await?;
        person::update(db, row).await?;
        if is_changed {
            change::create(db, ChangeKind::User, id, self.now()).await?;
        }
        Ok(changes)
    }
}

/// What opens or keeps shut the way into an account needs a key with all rights.
pub(crate) fn check_secured(errors: &mut FieldErrors, caller: Caller, sent: &[(&str, bool)]) {
    for (field, _) in sent.iter().filter(|(_, is_sent)| *is_sent && !caller.may_secure()) {
        errors.add(*field, "Needs a key with all rights: read, write and money");
    }
}

/// What a referrer gets comes out of the network's part: that is not a manager's to give.
fn check_share(errors: &mut FieldErrors, caller: Caller, sent: &[(&str, bool)]) {
    let may = matches!(caller.role, Role::Owner | Role::Finance);
    for (field, _) in sent.iter().filter(|(_, is_sent)| *is_sent && !may) {
        errors.add(*field, "Only an owner or finance may set this");
    }
}

fn check_role(errors: &mut FieldErrors, level: UserLevel, role: Option<Role>) {
    if role.is_some() && level != UserLevel::Operator {
        errors.add("role", "Only operators have a role");
    }
}

/// Webmasters and advertisers are looked after, by an owner or a manager that works.
async fn check_manager(db: &Db, row: &User) -> Result<()> {
    let Some(manager_id) = row.manager_id else { return Ok(()) };
    if row.level() == UserLevel::Operator {
        return Err(Error::field("manager_id", "Nobody looks after an operator"));
    }
    let found = person::view(db, Scope::All, manager_id).await?;
    let may = |person: &User| {
        let role = person.caller().role;
        person.level() == UserLevel::Operator
            && person.is_active()
            && matches!(role, Role::Owner | Role::Manager)
    };
    if found.as_ref().is_some_and(may) {
        Ok(())
    } else {
        Err(Error::field("manager_id", "Managers not found"))
    }
}

/// Nobody blocks himself, and an owner that works stays, whoever goes at the same time.
fn check_unseated(caller: Caller, owners: &[User], before: &User, row: &User) -> Result<()> {
    let is_blocked = row.status != before.status && row.status == UserStatus::Blocked.code();
    if is_blocked && row.id == caller.user_id {
        return Err(Error::Conflict("You cannot block yourself".to_owned()));
    }
    let is_owner = |row: &User| {
        row.level() == UserLevel::Operator && row.is_active() && row.caller().role == Role::Owner
    };
    if is_owner(before) && !is_owner(row) && owners.iter().all(|owner| owner.id == row.id) {
        return Err(Error::Conflict("The last owner that works must stay an owner".to_owned()));
    }
    Ok(())
}
