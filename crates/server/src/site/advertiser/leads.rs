//! The lead desk: leads by what is asked, and one decision about many of them.

use askama::Template;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::lead::{Contest, Decider, LeadReason, LeadStatus};
use whocpa_engine::Paging;
use whocpa_engine::decision::DecisionCreate;
use whocpa_engine::lead::LeadRow;

use crate::site::answer::{Shown, done, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params, params_of};
use crate::site::names::{Choice, Names, codes};
use crate::site::reader::Advertiser;
use crate::site::work::Offers;

/// Rows on a page.
const PER_PAGE: i64 = 50;
/// What the form filters by.
const FILTERS: [&str; 12] = [
    "status",
    "closed",
    "offer_id",
    "phone",
    "sale_id",
    "d_created_from",
    "d_created_to",
    "country",
    "webmaster_id",
    "tid",
    "currency_id",
    "id",
];
/// Those that stand apart until they are needed.
const MORE: [&str; 5] = ["country", "webmaster_id", "tid", "currency_id", "id"];

#[derive(Template)]
#[template(path = "site/advertiser/leads.html")]
struct LeadsPage {
    f: Frame,
    n: Names,
    form: Form,
    /// What is decided about the chosen ones.
    decision: Form,
    leads: Vec<LeadRow>,
    offers: Offers,
    pages: Pages,
    statuses: Vec<Choice>,
    closings: Vec<Choice>,
    reasons: Vec<Choice>,
}

impl LeadsPage {
    /// Whether one of the further filters is in use.
    fn is_narrowed(&self) -> bool {
        MORE.iter().any(|name| !self.form.value(name).is_empty()) || self.form.is_refused()
    }

    fn currencies(&self) -> Vec<Choice> {
        let mut all = self.n.currency_choices();
        all[0].1 = self.f.t("any");
        all
    }

    /// Whether it was chosen in the form that was refused.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    fn is_chosen(&self, id: &i64) -> bool {
        self.decision.has("lead_id", &id.to_string())
    }

    #[expect(clippy::unused_self, reason = "templates call it")]
    fn is_contested(&self, lead: &LeadRow) -> bool {
        lead.contest == Contest::Open
    }
}

/// Reasons that an advertiser may tell: those of refusals, then those of approvals.
pub(super) fn reasons(reader: &Advertiser) -> Vec<Choice> {
    let mut all: Vec<LeadReason> = Vec::new();
    for status in [LeadStatus::Rejected, LeadStatus::Spam, LeadStatus::Approved] {
        for reason in LeadReason::of(status, Decider::Party) {
            if !all.contains(&reason) {
                all.push(reason);
            }
        }
    }
    let words =
        all.iter().map(|reason| (reason.code().to_string(), reader.lang.say(reason.word()).to_owned()));
    std::iter::once((String::new(), reader.lang.t("decision-no-reason"))).chain(words).collect()
}

async fn desk(reader: &Advertiser, decision: Form) -> Result<(StatusCode, LeadsPage)> {
    let form = Form::sent(reader.lang, &params(reader));
    let asked = params_of(reader, PER_PAGE);
    let listed = async { reader.engine().lead_list(reader.caller(), asked.read()?).await };
    let (status, form, rows, pages) = match listed.await {
        Ok(found) => {
            let pages = Pages::new(reader, found.total_count, found.paging);
            (StatusCode::OK, form, found.rows, pages)
        }
        Err(error) => {
            let pages = Pages::new(reader, 0, Paging::first(PER_PAGE));
            (StatusCode::BAD_REQUEST, form.refused_in(error, &FILTERS)?, Vec::new(), pages)
        }
    };
    let f = Frame::own(reader, reader.lang.t("leads-title"));
    let closings = [("", "any"), ("0", "leads-on-hold"), ("1", "leads-closed")];
    let shown = LeadsPage {
        n: Names::load(reader).await?,
        form,
        decision,
        offers: Offers::load(reader, rows.iter().map(|lead| lead.offer_id)).await?,
        leads: rows,
        pages,
        statuses: codes(reader.lang, LeadStatus::CODES),
        closings: closings.map(|(code, key)| (code.to_owned(), f.t(key))).to_vec(),
        reasons: reasons(reader),
        f,
    };
    Ok((status, shown))
}

pub(super) async fn list(reader: Advertiser) -> Shown {
    let (status, shown) = desk(&reader, Form::new(reader.lang, [])).await?;
    wrong(status, &shown)
}

/// One decision about the chosen leads; its page tells what became of each.
pub(super) async fn decide(reader: Advertiser, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: DecisionCreate = sent.given().0.read()?;
        reader.engine().decision_create(reader.caller(), input).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/adv/decisions/{id}"), "decided")),
        Err(error) => {
            let (_, shown) = desk(&reader, form.refused(error)?).await?;
            wrong(StatusCode::BAD_REQUEST, &shown)
        }
    }
}
