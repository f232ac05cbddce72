//! The demo's offers: written by their advertisers, moderated by the operator.

use std::collections::BTreeMap;

use whocpa_domain::goal::MoneyType;
use whocpa_domain::time::DAY;
use whocpa_domain::{Level, Result, Time};
use whocpa_engine::Caller;
use whocpa_engine::geo::GeoView;
use whocpa_engine::goal::GoalCreate;
use whocpa_engine::offer::{OfferCreate, OfferUpdate};

use super::offers::{COMPANIES, Plan, plans, special};
use super::pictures::picture;
use super::visitors::COUNTRIES;
use super::world::{Account, Builder, DemoGoal, DemoOffer, caller, missing, sent};

/// Numbers as a parameter of several values.
fn list(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

impl Builder<'_> {
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
            let described = described(&plan, index, category, &geo)?;
            let described = OfferCreate { image: picture(index)?, ..described };
            let id = self.engine.offer_create(advertiser, described).await?;
            let mut goals =
                vec![self.goal((advertiser, id), &plan, (plan.action().0, plan.pay), &currencies).await?];
            if let Some(second) = plan.second_goal() {
                goals.push(self.goal((advertiser, id), &plan, second, &currencies).await?);
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
            let span = self.end.0 - self.start.0;
            return Time(self.end.0 - span / 3).plus(days % 4 * span / 20);
        }
        self.start.plus_days(-60).plus(days * 13 * 3600)
    }

    async fn moderate(&self, operator: Caller, id: i64, index: usize) -> Result<()> {
        let mut pairs = vec![("status", "2".to_owned())];
        if special::EXCLUSIVE.contains(&index) {
            pairs.push(("is_exclusive", "1".to_owned()));
        }
        self.engine.offer_update(operator, id, sent::<OfferUpdate>(&pairs)?).await
    }

    async fn goal(
        &self,
        (advertiser, offer_id): (Caller, i64),
        plan: &Plan,
        (description, pay): (&'static str, &str),
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
        ("traffic_allowed", plan.traffic().0.to_owned()),
        ("traffic_forbidden", plan.traffic().1.to_owned()),
        ("languages", plan.languages()),
        ("call_hours", plan.call_hours().to_owned()),
        ("utm_mask", "utm_source=whocpa&utm_medium=cpa&utm_content={webmaster_id}".to_owned()),
        ("cookie_ttl_days", if plan.category == 7 { "45" } else { "30" }.to_owned()),
        // One advertiser agrees on nothing; two pay for what they forget to decide.
        ("decision_days", if plan.company == 4 { 0 } else { 7 }.to_string()),
        ("is_silence_approval", flag(matches!(plan.company, 0 | 6))),
    ])
}
