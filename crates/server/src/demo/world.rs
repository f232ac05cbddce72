//! The demo's network before its first click: accounts, categories, offers, news. Made by the engine's operations,
//! each as the person who would do it.

use std::collections::BTreeMap;

use whocpa_domain::goal::MoneyType;
use whocpa_domain::input::{Input, RawParams, RawValue};
use whocpa_domain::time::DAY;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Level, ManualClock, Result, Time};
use whocpa_engine::category::CategoryCreate;
use whocpa_engine::geo::GeoView;
use whocpa_engine::goal::GoalCreate;
use whocpa_engine::offer::{OfferCreate, OfferUpdate};
use whocpa_engine::user::UserCreate;
use whocpa_engine::{Caller, Engine};

use super::offers::{CATEGORIES, COMPANIES, Plan, plans, special};
use super::people::DemoLink;
use super::visitors::COUNTRIES;

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

/// Numbers as a parameter of several values.
fn list(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

fn missing(what: &str) -> Error {
    Error::Internal(format!("the demo misses {what}"))
}

/// The caller behind an account.
pub fn caller(level: Level, account: &Account) -> Caller {
    Caller { level, user_id: account.id }
}

impl Builder<'_> {
    /// Adds an account.
    pub async fn account(&self, level: UserLevel, login: &str, name: &str) -> Result<Account> {
        let input = UserCreate {
            level,
            login: login.to_owned(),
            name: name.to_owned(),
            password: String::new(),
            comment: None,
        };
        let id = self.engine.user_import(Caller::SYSTEM, input, self.password_hash.to_owned()).await?;
        let shown = self.engine.user_view(Caller::SYSTEM, id).await?;
        Ok(Account {
            id,
            login: login.to_owned(),
            name: name.to_owned(),
            api_key: self.engine.profile_key(id).await?,
            postback_token: shown.postback_token.unwrap_or_default(),
        })
    }

    /// Who runs the network.
    pub async fn operator(&self) -> Result<Account> {
        self.clock.set(self.start.plus_days(-60));
        self.account(UserLevel::Operator, "operator", "Network operator").await
    }

    /// The advertisers, a day after each other.
    pub async fn advertisers(&self) -> Result<Vec<Account>> {
        let mut made = Vec::new();
        for (day, (login, name, _)) in (0..).zip(COMPANIES) {
            self.clock.set(self.start.plus_days(day - 55));
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

    /// The offers: each is made by its advertiser and moderated by the operator.
    pub async fn offers(&self, operator: Caller, advertisers: &[Account]) -> Result<Vec<DemoOffer>> {
        let categories = self.categories(operator).await?;
        let regions = self.regions().await?;
        let currencies = self.engine.currency_list(operator).await?;
        let currencies: BTreeMap<String, i64> =
            currencies.into_iter().map(|row| (row.code, row.id)).collect();
        let mut made = Vec::new();
        for (index, plan) in plans().into_iter().enumerate() {
            let account = advertisers.get(plan.company).ok_or_else(|| missing("an advertiser"))?;
            let advertiser = caller(Level::Advertiser, account);
            let start = self.offer_start(index);
            self.clock.set(start.plus(-2 * DAY));
            let countries = plan.country_indexes();
            let geo =
                countries.iter().filter_map(|country| regions.get(country).copied()).collect::<Vec<_>>();
            let category = categories.get(plan.category).copied().unwrap_or_default();
            let id = self.engine.offer_create(advertiser, described(&plan, index, category, &geo)?).await?;
            let mut goals =
                vec![self.goal(advertiser, id, &plan, plan.action().0, plan.pay, &currencies).await?];
            if let Some((action, pay)) = plan.second_goal() {
                goals.push(self.goal(advertiser, id, &plan, action, pay, &currencies).await?);
            }
            let is_live = !special::ON_REVIEW.contains(&index);
            if is_live {
                self.clock.advance(DAY);
                self.moderate(operator, id, index).await?;
            }
            made.push(DemoOffer {
                id,
                goals,
                countries,
                start_ms: start.0 * 1000,
                stop_ms: special::STOPPED
                    .contains(&index)
                    .then_some((self.end.0 - (self.end.0 - self.start.0) / 5) * 1000),
                is_live,
                plan,
            });
        }
        self.engine.catalogue_refresh().await?;
        Ok(made)
    }

    /// Most offers were there before the history; new ones begin in its last third.
    fn offer_start(&self, index: usize) -> Time {
        let days = i64::try_from(index).unwrap_or_default();
        if special::NEW.contains(&index) {
            return Time(self.end.0 - (self.end.0 - self.start.0) / 3).plus(days * 3600);
        }
        self.start.plus_days(-40).plus(days * 13 * 3600)
    }

    async fn moderate(&self, operator: Caller, id: i64, index: usize) -> Result<()> {
        let mut pairs = vec![
            ("status", "2".to_owned()),
            ("rating", (4 + (index * 5) % 7).to_string()),
            ("is_recommended", u8::from(index.is_multiple_of(9)).to_string()),
        ];
        if special::EXCLUSIVE.contains(&index) {
            pairs.push(("is_exclusive", "1".to_owned()));
        }
        self.engine.offer_update(operator, id, sent::<OfferUpdate>(&pairs)?).await
    }

    async fn goal(
        &self,
        advertiser: Caller,
        offer_id: i64,
        plan: &Plan,
        description: &'static str,
        pay: &str,
        currencies: &BTreeMap<String, i64>,
    ) -> Result<DemoGoal> {
        let (currency, rate) = pay.split_once(' ').ok_or_else(|| missing("a currency"))?;
        let currency_id = currencies.get(currency).ok_or_else(|| missing(currency))?;
        let (money_type, charge) = match rate.strip_suffix('%') {
            Some(percent) => (MoneyType::Percent, percent),
            None => (MoneyType::Fixed, rate),
        };
        let is_shop = plan.category == 7;
        let pairs = [
            ("offer_id", offer_id.to_string()),
            ("description", description.to_owned()),
            ("is_auto_approve", u8::from(plan.category == 8).to_string()),
            // A visitor of a shop may buy again.
            ("is_otol", u8::from(!is_shop).to_string()),
            ("category", if plan.action().1 { "34" } else { "38" }.to_owned()),
            ("currency_id", currency_id.to_string()),
            ("hold_period", plan.hold.to_string()),
            ("money_type", money_type.code().to_string()),
            ("charge", charge.to_owned()),
        ];
        let id = self.engine.goal_create(advertiser, sent::<GoalCreate>(&pairs)?).await?;
        let (currency, charge) = (currency.to_owned(), charge.to_owned());
        Ok(DemoGoal { id, description, money_type, currency, charge, hold_period: plan.hold })
    }

    /// Region ids by index in `COUNTRIES`.
    async fn regions(&self) -> Result<BTreeMap<usize, i64>> {
        fn walk(views: &[GeoView], found: &mut BTreeMap<usize, i64>) {
            for view in views {
                if let Some(index) = COUNTRIES.iter().position(|country| country.name == view.name_en) {
                    // The first of a name is the country; a city may be called the same.
                    found.entry(index).or_insert(view.id);
                }
                walk(&view.descendants, found);
            }
        }
        let mut found = BTreeMap::new();
        walk(&self.engine.geo_list(Caller::SYSTEM).await?, &mut found);
        match COUNTRIES.iter().enumerate().find(|(index, _)| !found.contains_key(index)) {
            Some((_, country)) => Err(missing(country.name)),
            None => Ok(found),
        }
    }
}

/// The offer as its advertiser describes it.
fn described(plan: &Plan, index: usize, category: i64, geo: &[i64]) -> Result<OfferCreate> {
    let (slug, host) = (plan.slug(), COMPANIES[plan.company].2);
    let flag = |is_set: bool| u8::from(is_set).to_string();
    sent(&[
        ("name", plan.name.to_owned()),
        (
            "url_redirect",
            format!(
                "https://go.{host}/{slug}/?click={{tid}}&geo={{country}}&src={{webmaster_id}}&sub={{subid1}}"
            ),
        ),
        ("url_homepage", format!("https://{host}/{slug}")),
        ("url_name", format!("{}: order page", plan.name)),
        ("description", plan.long()),
        ("description_short", plan.short()),
        (
            "rules_full",
            format!(
                "{} Breaches end the connection; leads already made are judged as all others.",
                plan.rules()
            ),
        ),
        ("rules_short", plan.rules().to_owned()),
        ("categories", category.to_string()),
        ("geo", list(geo)),
        ("is_private", flag(index == special::PRIVATE)),
        ("is_auto_connect", flag(special::OPEN_TO_ALL.contains(&index))),
        ("is_deeplink", flag(plan.category == 7)),
        ("is_mobile", flag(matches!(plan.category, 8 | 9))),
        ("is_mobile_optimised", flag(true)),
        ("cookie_ttl_days", if plan.category == 7 { "45" } else { "30" }.to_owned()),
    ])
}
