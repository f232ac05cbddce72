//! How actions are reported: addresses with the token, snippets for pages, and a try that stores nothing.

use askama::Template;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::lead::LeadStatus;
use whocpa_engine::goal::GoalView;
use whocpa_engine::profile::{ProfileUpdate, ProfileView};
use whocpa_engine::simulate::{SimulateCreate, SimulateView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of, with};
use crate::site::names::{Choice, Names, codes};
use crate::site::reader::Advertiser;
use crate::site::work::Offers;

/// Goals on a page.
const PER_PAGE: i64 = 25;

#[derive(Template)]
#[template(path = "site/advertiser/integration.html")]
struct IntegrationPage {
    f: Frame,
    n: Names,
    form: Form,
    profile: ProfileView,
    goals: Vec<GoalView>,
    offers: Offers,
    pages: Pages,
    statuses: Vec<Choice>,
    tried: Option<SimulateView>,
}

impl IntegrationPage {
    /// The address of a postback about an action of this goal, with macros of the advertiser's own system in capitals.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    fn postback(&self, goal_id: &i64) -> String {
        let token = self.profile.postback_token.as_deref().unwrap_or_default();
        format!("{}/pb?token={token}&tid=TID&goal_id={goal_id}&sale_id=ORDER&status=1", self.f.base_url)
    }

    /// Parameters of a report, and the texts that explain them.
    #[expect(clippy::unused_self, reason = "templates call it")]
    fn words(&self) -> [(&'static str, &'static str); 4] {
        [
            ("tid", "integration-tid"),
            ("sale_id", "integration-sale"),
            ("status", "integration-status"),
            ("amount", "integration-amount"),
        ]
    }

    /// A picture for the page after an order.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    fn pixel(&self, goal_id: &i64) -> String {
        let base = &self.f.base_url;
        format!("<img src=\"{base}/px/{goal_id}.gif?sale_id=ORDER\" width=\"1\" height=\"1\" alt=\"\">")
    }

    /// The script for every page.
    fn script(&self) -> String {
        format!("<script src=\"{}/t.js\"></script>", self.f.base_url)
    }

    /// What the page after an order says to the script.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    fn call(&self, goal_id: &i64) -> String {
        format!("{}\n<script>whocpa('lead', {{goal: {goal_id}, sale_id: 'ORDER'}})</script>", self.script())
    }
}

async fn integration_page(reader: &Advertiser, form: Form) -> Result<IntegrationPage> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let mut asked = params_of(reader, PER_PAGE);
    asked.append(with([("is_active", "1".to_owned())]));
    let found = engine.goal_list(caller, asked.read()?).await?;
    Ok(IntegrationPage {
        f: Frame::own(reader, reader.lang.t("integration-title")),
        n: Names::load(reader).await?,
        form,
        profile: engine.profile_view(caller, caller.user_id).await?,
        offers: Offers::load(reader, found.rows.iter().map(|goal| goal.offer_id)).await?,
        pages: Pages::new(reader, found.total_count, found.paging),
        goals: found.rows,
        statuses: codes(reader.lang, LeadStatus::CODES).into_iter().skip(1).take(4).collect(),
        tried: None,
    })
}

pub(super) async fn show(reader: Advertiser) -> Shown {
    page(&integration_page(&reader, Form::new(reader.lang, [])).await?)
}

/// What would become of a report; nothing is stored.
pub(super) async fn check(reader: Advertiser, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let mut asked = sent.given().0;
        asked.append(with([("kind", "2".to_owned())]));
        let input: SimulateCreate = asked.read()?;
        reader.engine().simulate_create(reader.caller(), input).await
    };
    match made.await {
        Ok(tried) => page(&IntegrationPage { tried: Some(tried), ..integration_page(&reader, form).await? }),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &integration_page(&reader, form.refused(error)?).await?),
    }
}

/// A new token; the present one works beside it for three days.
pub(super) async fn renew(reader: Advertiser) -> Shown {
    let input: ProfileUpdate = with([("rotate_postback_token", "1".to_owned())]).read()?;
    reader.engine().profile_update(reader.caller(), reader.caller().user_id, input).await?;
    Ok(done(&reader, "/adv/integration", "token-made"))
}
