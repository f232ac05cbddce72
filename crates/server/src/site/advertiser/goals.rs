//! Goals of an offer: what is paid for, and how much.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::goal::{GoalCategory, MoneyType};
use whocpa_engine::goal::{GoalCreate, GoalUpdate, GoalView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Choice, Names, codes};
use crate::site::reader::Advertiser;

/// Fields that a browser sends only when they are ticked.
const FLAGS: [&str; 3] = ["is_active", "is_auto_approve", "is_otol"];

#[derive(Template)]
#[template(path = "site/advertiser/goal.html")]
struct GoalPage {
    f: Frame,
    n: Names,
    form: Form,
    offer_id: i64,
    offer: String,
    /// Nothing for a new one.
    goal: Option<GoalView>,
    money_types: Vec<Choice>,
    categories: Vec<Choice>,
}

impl GoalPage {
    fn line_count(&self, goal: &GoalView) -> String {
        self.f.count("goal-lines", &goal.lines.len())
    }
}

async fn goal_page(
    reader: &Advertiser,
    offer_id: i64,
    goal: Option<GoalView>,
    form: Form,
) -> Result<GoalPage> {
    let offer = reader.engine().offer_view(reader.caller(), offer_id).await?;
    let title =
        goal.as_ref().map_or_else(|| reader.lang.t("goal-new-title"), |goal| goal.description.clone());
    Ok(GoalPage {
        f: Frame::own(reader, title),
        n: Names::load(reader).await?,
        form,
        offer_id,
        offer: offer.name,
        goal,
        money_types: codes(reader.lang, MoneyType::CODES).into_iter().skip(1).collect(),
        categories: codes(reader.lang, GoalCategory::CODES).into_iter().skip(1).collect(),
    })
}

pub(super) async fn new(reader: Advertiser, Path(offer_id): Path<i64>) -> Shown {
    let usual = [("is_active", "1"), ("is_otol", "1"), ("hold_period", "14"), ("money_type", "1")];
    let form = Form::new(reader.lang, usual.map(|(name, value)| (name, value.to_owned())));
    page(&goal_page(&reader, offer_id, None, form).await?)
}

pub(super) async fn create(reader: Advertiser, Path(offer_id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let mut asked = sent.ticked(&FLAGS, &[]).given().0;
        asked.append(crate::site::list::with([("offer_id", offer_id.to_string())]));
        let input: GoalCreate = asked.read()?;
        reader.engine().goal_create(reader.caller(), input).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, &format!("/adv/offers/{offer_id}"), "goal-made")),
        Err(error) => {
            let shown = goal_page(&reader, offer_id, None, form.refused(error)?).await?;
            wrong(StatusCode::BAD_REQUEST, &shown)
        }
    }
}

fn filled(reader: &Advertiser, goal: &GoalView) -> Form {
    let flag = |is_on: bool| i64::from(is_on).to_string();
    let values = [
        ("description", goal.description.clone()),
        ("category", goal.category.code().to_string()),
        ("money_type", goal.money_type.code().to_string()),
        ("charge", goal.charge.clone().unwrap_or_default()),
        ("hold_period", goal.hold_period.to_string()),
        ("alias", goal.alias.clone().unwrap_or_default()),
        ("is_active", flag(goal.is_active)),
        ("is_auto_approve", flag(goal.is_auto_approve)),
        ("is_otol", flag(goal.is_otol)),
    ];
    Form::new(reader.lang, values)
}

pub(super) async fn view(reader: Advertiser, Path(id): Path<i64>) -> Shown {
    let goal = reader.engine().goal_view(reader.caller(), id).await?;
    let form = filled(&reader, &goal);
    page(&goal_page(&reader, goal.offer_id, Some(goal), form).await?)
}

/// New terms count for actions from now on.
pub(super) async fn update(reader: Advertiser, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let (engine, caller) = (reader.engine(), reader.caller());
    let changed = async {
        let input: GoalUpdate = sent.ticked(&FLAGS, &[]).0.read()?;
        engine.goal_update(caller, id, input).await
    };
    match changed.await {
        Ok(()) => Ok(done(&reader, &format!("/adv/goals/{id}"), "saved")),
        Err(error) => {
            let form = form.refused(error)?;
            let goal = engine.goal_view(caller, id).await?;
            wrong(StatusCode::BAD_REQUEST, &goal_page(&reader, goal.offer_id, Some(goal), form).await?)
        }
    }
}
