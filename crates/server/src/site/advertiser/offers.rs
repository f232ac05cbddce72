//! Offers: the list with their state, the editor, and steps from state to state.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::goal::GoalCategory;
use whocpa_domain::offer::{OfferStatus, TrafficKind};
use whocpa_domain::terms::LateRule;
use whocpa_engine::goal::GoalView;
use whocpa_engine::landing::LandingView;
use whocpa_engine::offer::{OfferCreate, OfferRow, OfferUpdate, OfferView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params, params_of, with};
use crate::site::names::{Choice, Names, codes};
use crate::site::reader::Advertiser;
use crate::site::work::steps::{self, Step};

/// Offers on a page.
const PER_PAGE: i64 = 50;
/// Fields that a browser sends only when they are ticked.
const FLAGS: [&str; 8] = [
    "is_private",
    "is_auto_connect",
    "is_deeplink",
    "is_mobile_optimised",
    "is_phone_tracking",
    "is_pixel",
    "is_form",
    "is_silence_approval",
];
/// Fields of which several may be ticked.
const LISTS: [&str; 4] = ["categories", "geo", "traffic_allowed", "traffic_forbidden"];

#[derive(Template)]
#[template(path = "site/advertiser/offers.html")]
struct OffersPage {
    f: Frame,
    n: Names,
    form: Form,
    offers: Vec<OfferRow>,
    pages: Pages,
    statuses: Vec<Choice>,
}

pub(super) async fn list(reader: Advertiser) -> Shown {
    let form = Form::sent(reader.lang, &params(&reader));
    let mut asked = params_of(&reader, PER_PAGE);
    asked.append(with([("show_stopped", "1".to_owned())]));
    let found = reader.engine().offer_list(reader.caller(), asked.read()?).await?;
    page(&OffersPage {
        f: Frame::own(&reader, reader.lang.t("adv-offers-title")),
        n: Names::load(&reader).await?,
        form,
        pages: Pages::new(&reader, found.total_count, found.paging),
        offers: found.rows,
        statuses: codes(reader.lang, OfferStatus::CODES),
    })
}

#[derive(Template)]
#[template(path = "site/advertiser/offer.html")]
struct OfferPage {
    f: Frame,
    n: Names,
    form: Form,
    /// Nothing for a new one.
    offer: Option<OfferView>,
    goals: Vec<GoalView>,
    landings: Vec<LandingView>,
    steps: Vec<Step>,
    categories: Vec<Choice>,
    geos: Vec<Choice>,
    traffic: Vec<Choice>,
    late_rules: Vec<Choice>,
}

impl OfferPage {
    #[expect(clippy::unused_self, reason = "templates call it")]
    fn category(&self, goal: &GoalView) -> &'static str {
        if goal.category == GoalCategory::None { "" } else { goal.category.word() }
    }
}

async fn offer_page(reader: &Advertiser, offer: Option<OfferView>, form: Form) -> Result<OfferPage> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let n = Names::load(reader).await?;
    let (mut goals, mut landings) = (Vec::new(), Vec::new());
    if let Some(offer) = &offer {
        let of_offer = || with([("offer_id", offer.id.to_string()), ("per_page", "100".to_owned())]);
        goals = engine.goal_list(caller, of_offer().read()?).await?.rows;
        landings = engine.landing_list(caller, of_offer().read()?).await?.rows;
    }
    let title = offer.as_ref().map_or_else(|| reader.lang.t("offer-new-title"), |offer| offer.name.clone());
    Ok(OfferPage {
        f: Frame::own(reader, title),
        form,
        goals,
        landings,
        steps: steps::of(reader.lang, offer.as_ref().and_then(|offer| offer.status)),
        categories: n.category_choices().into_iter().skip(1).collect(),
        geos: n.geo_choices().into_iter().skip(1).collect(),
        traffic: codes(reader.lang, TrafficKind::CODES).into_iter().skip(1).collect(),
        late_rules: codes(reader.lang, LateRule::CODES).into_iter().skip(1).collect(),
        offer,
        n,
    })
}

/// What the editor shows of an offer.
fn filled(reader: &Advertiser, offer: &OfferView) -> Form {
    let joined = |ids: &[i64]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let kinds = |kinds: &[TrafficKind]| joined(&kinds.iter().map(|kind| kind.code()).collect::<Vec<_>>());
    let flag = |is_on: bool| i64::from(is_on).to_string();
    let values = [
        ("name", offer.name.clone()),
        ("description_short", offer.description_short.clone()),
        ("description", offer.description.clone()),
        ("rules_short", offer.rules.short.clone()),
        ("rules_full", offer.rules.full.clone()),
        ("url_redirect", offer.url_redirect.clone()),
        ("url_homepage", offer.url_homepage.clone()),
        ("url_traffback", offer.url_traffback.clone().unwrap_or_default()),
        ("utm_mask", offer.utm_mask.clone().unwrap_or_default()),
        ("call_hours", offer.call_hours.clone()),
        ("cookie_ttl_days", offer.cookie_ttl_days.to_string()),
        ("decision_days", offer.decision_days.to_string()),
        ("phone_double_days", offer.phone_double_days.to_string()),
        ("late_rule", offer.late_rule.code().to_string()),
        ("late_days", if offer.late_days > 0 { offer.late_days.to_string() } else { String::new() }),
        ("categories", joined(&offer.categories)),
        ("geo", joined(&offer.geo)),
        ("traffic_allowed", kinds(&offer.traffic_allowed)),
        ("traffic_forbidden", kinds(&offer.traffic_forbidden)),
        ("languages", offer.languages.join(", ")),
        ("is_private", flag(offer.is_private == Some(true))),
        ("is_auto_connect", flag(offer.is_auto_connect == Some(true))),
        ("is_deeplink", flag(offer.is_deeplink)),
        ("is_mobile_optimised", flag(offer.is_mobile_optimised)),
        ("is_phone_tracking", flag(offer.is_phone_tracking)),
        ("is_pixel", flag(offer.is_pixel)),
        ("is_form", flag(offer.is_form)),
        ("is_silence_approval", flag(offer.is_silence_approval)),
    ];
    Form::new(reader.lang, values)
}

/// The editor of a new one.
pub(super) async fn new(reader: Advertiser) -> Shown {
    let usual = [("cookie_ttl_days", "30"), ("is_auto_connect", "0"), ("late_rule", "0")];
    let form = Form::new(reader.lang, usual.map(|(name, value)| (name, value.to_owned())));
    page(&offer_page(&reader, None, form).await?)
}

/// A draft; its advertiser sends it on review when it is whole.
pub(super) async fn create(reader: Advertiser, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let mut asked = sent.without_empty_file("image").given().0;
        asked.append(with([("is_draft", "1".to_owned())]));
        let input: OfferCreate = asked.read()?;
        reader.engine().offer_create(reader.caller(), input).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/adv/offers/{id}"), "offer-made")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &offer_page(&reader, None, form.refused(error)?).await?),
    }
}

pub(super) async fn view(reader: Advertiser, Path(id): Path<i64>) -> Shown {
    let offer = reader.engine().offer_view(reader.caller(), id).await?;
    let form = filled(&reader, &offer);
    page(&offer_page(&reader, Some(offer), form).await?)
}

pub(super) async fn update(reader: Advertiser, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let (engine, caller) = (reader.engine(), reader.caller());
    let changed = async {
        let sent = sent.without_empty_file("image").without_empty("late_days");
        let input: OfferUpdate = sent.ticked(&FLAGS, &LISTS).0.read()?;
        engine.offer_update(caller, id, input).await
    };
    match changed.await {
        Ok(()) => Ok(done(&reader, &format!("/adv/offers/{id}"), "saved")),
        Err(error) => {
            let form = form.refused(error)?;
            let offer = engine.offer_view(caller, id).await?;
            wrong(StatusCode::BAD_REQUEST, &offer_page(&reader, Some(offer), form).await?)
        }
    }
}

/// A step: on review, stopped, live again, archived.
pub(super) async fn turn(reader: Advertiser, Path(id): Path<i64>, mut sent: Sent) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let turned = async {
        let input: OfferUpdate = with([("status", sent.take("status"))]).read()?;
        engine.offer_update(caller, id, input).await
    };
    match turned.await {
        Ok(()) => Ok(done(&reader, &format!("/adv/offers/{id}"), "saved")),
        Err(error) => {
            let offer = engine.offer_view(caller, id).await?;
            let form = filled(&reader, &offer).refused(error)?.gathered("status");
            wrong(StatusCode::BAD_REQUEST, &offer_page(&reader, Some(offer), form).await?)
        }
    }
}
