//! The demo's network before its first click: accounts, categories, offers, news. Made by the engine's operations,
//! each as the person who would do it.

use whocpa_domain::goal::MoneyType;
use whocpa_domain::input::{Input, RawParams, RawValue};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Level, ManualClock, Result, Time};
use whocpa_engine::category::CategoryCreate;
use whocpa_engine::user::UserCreate;
use whocpa_engine::{Caller, Engine};

use super::offers::{CATEGORIES, COMPANIES, Plan};
use super::people::DemoLink;

/// A person of the demo with what opens doors to him.
#[derive(Debug, Clone)]
pub struct Account {
    /// User id.
    pub id: i64,
    /// What he signs in with.
    pub login: String,
    /// What others call him.
    pub name: String,
    /// His profile key.
    pub api_key: String,
    /// An advertiser's token for postbacks, empty for others.
    pub postback_token: String,
}

/// A goal of the demo.
#[derive(Debug, Clone)]
pub struct DemoGoal {
    /// Goal id.
    pub id: i64,
    /// What the visitor must do.
    pub description: &'static str,
    /// How it is paid.
    pub money_type: MoneyType,
    /// Currency code.
    pub currency: String,
    /// What the advertiser pays, as a request states it.
    pub charge: String,
    /// Days of hold.
    pub hold_period: i64,
}

/// An offer of the demo and how its visitors behave.
#[derive(Debug)]
pub struct DemoOffer {
    /// Offer id.
    pub id: i64,
    /// What was planned.
    pub plan: Plan,
    /// Its goals.
    pub goals: Vec<DemoGoal>,
    /// Its countries as indexes in `COUNTRIES`.
    pub countries: Vec<usize>,
    /// When visitors begin to come.
    pub start_ms: i64,
    /// When its advertiser stops it.
    pub stop_ms: Option<i64>,
    /// Whether it passed moderation.
    pub is_live: bool,
}

/// The network.
#[derive(Debug)]
pub struct World {
    /// Who runs it.
    pub operator: Account,
    /// Who helps him: managers, finance, support.
    pub staff: Vec<Account>,
    /// The password of everybody.
    pub password: String,
    /// In the order of `COMPANIES`.
    pub advertisers: Vec<Account>,
    /// In the order of their size.
    pub webmasters: Vec<Account>,
    /// In the order of `plans`.
    pub offers: Vec<DemoOffer>,
    /// All links.
    pub links: Vec<DemoLink>,
}

/// What making the network needs.
pub struct Builder<'a> {
    /// The engine, on `clock`.
    pub engine: &'a Engine,
    /// Moved to when things happen.
    pub clock: &'a ManualClock,
    /// When visitors begin to come.
    pub start: Time,
    /// When the history ends.
    pub end: Time,
    /// Of everybody's password.
    pub password_hash: &'a str,
}

/// Parameters of an operation, read as a request's are.
pub fn sent<T: Input>(pairs: &[(&str, String)]) -> Result<T> {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text(value.clone()));
    }
    raw.read()
}

/// The demo lacks something that it needs.
pub fn missing(what: &str) -> Error {
    Error::Internal(format!("the demo misses {what}"))
}

/// The caller behind an account.
pub fn caller(level: Level, account: &Account) -> Caller {
    Caller::new(level, account.id)
}

impl Builder<'_> {
    /// Adds an account.
    pub async fn account(&self, level: UserLevel, login: &str, name: &str) -> Result<Account> {
        self.account_of(UserCreate::new(level, login, name, "")).await
    }

    /// Adds an account with what is known of it.
    pub async fn account_of(&self, input: UserCreate) -> Result<Account> {
        let (login, name) = (input.login.clone(), input.name.clone());
        let id = self.engine.user_import(Caller::SYSTEM, input, self.password_hash.to_owned()).await?;
        let shown = self.engine.user_view(Caller::SYSTEM, id).await?;
        Ok(Account {
            id,
            login,
            name,
            api_key: self.engine.profile_key(id).await?,
            postback_token: shown.postback_token.unwrap_or_default(),
        })
    }

    /// Who runs the network.
    pub async fn operator(&self) -> Result<Account> {
        self.clock.set(self.start.plus_days(-80));
        self.account(UserLevel::Operator, "operator", "Network operator").await
    }

    /// The advertisers, a day after each other.
    pub async fn advertisers(&self) -> Result<Vec<Account>> {
        let mut made = Vec::new();
        for (day, (login, name, _)) in (0..).zip(COMPANIES) {
            self.clock.set(self.start.plus_days(day - 79));
            made.push(self.account(UserLevel::Advertiser, login, name).await?);
        }
        Ok(made)
    }

    /// The categories' ids, in the order of `CATEGORIES`.
    pub async fn categories(&self, operator: Caller) -> Result<Vec<i64>> {
        let mut ids = Vec::new();
        for (name_en, name_ru) in CATEGORIES {
            let (name_en, name_ru) = (name_en.to_owned(), name_ru.to_owned());
            let input = CategoryCreate { name_en, name_ru, is_active: None };
            ids.push(self.engine.category_create(operator, input).await?);
        }
        Ok(ids)
    }
}
