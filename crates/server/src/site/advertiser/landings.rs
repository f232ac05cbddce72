//! Landing pages of an offer.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::landing::LandingKind;
use whocpa_engine::landing::{LandingCreate, LandingUpdate, LandingView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::with;
use crate::site::names::{Choice, codes};
use crate::site::reader::Advertiser;
use crate::site::work::steps::{self, Step};

/// Fields that a browser sends only when they are ticked.
const FLAGS: [&str; 3] = ["is_private", "is_desktop_optimised", "is_mobile_optimised"];

#[derive(Template)]
#[template(path = "site/advertiser/landing.html")]
struct LandingPage {
    f: Frame,
    form: Form,
    offer_id: i64,
    offer: String,
    /// Nothing for a new one.
    landing: Option<LandingView>,
    kinds: Vec<Choice>,
    goals: Vec<Choice>,
    steps: Vec<Step>,
}

async fn landing_page(
    reader: &Advertiser,
    offer_id: i64,
    landing: Option<LandingView>,
    form: Form,
) -> Result<LandingPage> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let offer = engine.offer_view(caller, offer_id).await?;
    let asked = with([("offer_id", offer_id.to_string()), ("per_page", "100".to_owned())]);
    let goals = engine.goal_list(caller, asked.read()?).await?.rows;
    let goals = goals.into_iter().map(|goal| (goal.id.to_string(), goal.description));
    let title =
        landing.as_ref().map_or_else(|| reader.lang.t("landing-new-title"), |landing| landing.name.clone());
    Ok(LandingPage {
        f: Frame::own(reader, title),
        form,
        offer_id,
        offer: offer.name,
        steps: steps::of(reader.lang, landing.as_ref().and_then(|landing| landing.status)),
        landing,
        kinds: codes(reader.lang, LandingKind::CODES).into_iter().skip(1).collect(),
        goals: std::iter::once((String::new(), reader.lang.t("landing-any-goal"))).chain(goals).collect(),
    })
}

pub(super) async fn new(reader: Advertiser, Path(offer_id): Path<i64>) -> Shown {
    let usual = [("is_desktop_optimised", "1"), ("kind", "1"), ("weight", "100")];
    let form = Form::new(reader.lang, usual.map(|(name, value)| (name, value.to_owned())));
    page(&landing_page(&reader, offer_id, None, form).await?)
}

pub(super) async fn create(reader: Advertiser, Path(offer_id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let mut asked = sent.ticked(&FLAGS, &[]).given().0;
        asked.append(with([("offer_id", offer_id.to_string())]));
        let input: LandingCreate = asked.read()?;
        reader.engine().landing_create(reader.caller(), input).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, &format!("/adv/offers/{offer_id}"), "landing-made")),
        Err(error) => {
            let shown = landing_page(&reader, offer_id, None, form.refused(error)?).await?;
            wrong(StatusCode::BAD_REQUEST, &shown)
        }
    }
}

fn filled(reader: &Advertiser, landing: &LandingView) -> Form {
    let flag = |is_on: bool| i64::from(is_on).to_string();
    let values = [
        ("name", landing.name.clone()),
        ("kind", landing.kind.code().to_string()),
        ("goal_id", landing.goal_id.map_or_else(String::new, |id| id.to_string())),
        ("language", landing.language.clone()),
        ("url", landing.url.clone()),
        ("weight", landing.weight.to_string()),
        ("is_private", flag(landing.is_private)),
        ("is_desktop_optimised", flag(landing.is_desktop_optimised)),
        ("is_mobile_optimised", flag(landing.is_mobile_optimised)),
    ];
    Form::new(reader.lang, values)
}

pub(super) async fn view(reader: Advertiser, Path(id): Path<i64>) -> Shown {
    let landing = reader.engine().landing_view(reader.caller(), id).await?;
    let form = filled(&reader, &landing);
    page(&landing_page(&reader, landing.offer_id, Some(landing), form).await?)
}

/// Another address puts an approved one on review again.
pub(super) async fn update(reader: Advertiser, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let (engine, caller) = (reader.engine(), reader.caller());
    let changed = async {
        let input: LandingUpdate = sent.ticked(&FLAGS, &[]).0.read()?;
        engine.landing_update(caller, id, input).await
    };
    match changed.await {
        Ok(()) => Ok(done(&reader, &format!("/adv/landings/{id}"), "saved")),
        Err(error) => {
            let form = form.refused(error)?;
            let landing = engine.landing_view(caller, id).await?;
            let shown = landing_page(&reader, landing.offer_id, Some(landing), form).await?;
            wrong(StatusCode::BAD_REQUEST, &shown)
        }
    }
}

/// A step from state to state.
pub(super) async fn turn(reader: Advertiser, Path(id): Path<i64>, mut sent: Sent) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let turned = async {
        let input: LandingUpdate = with([("status", sent.take("status"))]).read()?;
        engine.landing_update(caller, id, input).await
    };
    match turned.await {
        Ok(()) => Ok(done(&reader, &format!("/adv/landings/{id}"), "saved")),
        Err(error) => {
            let landing = engine.landing_view(caller, id).await?;
            let form = filled(&reader, &landing).refused(error)?.gathered("status");
            let shown = landing_page(&reader, landing.offer_id, Some(landing), form).await?;
            wrong(StatusCode::BAD_REQUEST, &shown)
        }
    }
}
