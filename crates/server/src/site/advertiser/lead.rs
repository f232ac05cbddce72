//! One lead: its buyer, its story, and the decision about it.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::lead::{Closing, LeadStatus};
use whocpa_engine::lead::{LeadUpdate, LeadView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::names::{Choice, Names};
use crate::site::reader::Advertiser;
use crate::site::work::Offers;

use super::leads::reasons;

#[derive(Template)]
#[template(path = "site/advertiser/lead.html")]
struct LeadPage {
    f: Frame,
    n: Names,
    form: Form,
    offers: Offers,
    lead: LeadView,
    reasons: Vec<Choice>,
}

impl LeadPage {
    /// Whether its advertiser may still decide about it.
    fn may_decide(&self) -> bool {
        self.lead.row.is_closed == Closing::Hold && self.lead.row.status != LeadStatus::Double
    }
}

async fn lead_page(reader: &Advertiser, id: i64, form: Form) -> Result<LeadPage> {
    let lead = reader.engine().lead_view(reader.caller(), id).await?;
    let offers = Offers::load(reader, [lead.row.offer_id]).await?;
    Ok(LeadPage {
        f: Frame::own(reader, reader.lang.with("lead-title", "id", id.to_string())),
        n: Names::load(reader).await?,
        form,
        offers,
        lead,
        reasons: reasons(reader),
    })
}

pub(super) async fn view(reader: Advertiser, Path(id): Path<i64>) -> Shown {
    page(&lead_page(&reader, id, Form::new(reader.lang, [])).await?)
}

pub(super) async fn update(reader: Advertiser, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let changed = async {
        let input: LeadUpdate = sent.given().0.read()?;
        reader.engine().lead_update(reader.caller(), id, input).await
    };
    match changed.await {
        Ok(()) => Ok(done(&reader, &format!("/adv/leads/{id}"), "decided")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &lead_page(&reader, id, form.refused(error)?).await?),
    }
}
