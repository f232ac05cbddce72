//! Leads, and the story of each.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::lead::{Contest, LeadStatus};
use whocpa_engine::lead::{LeadRow, LeadView};
use whocpa_engine::ticket::TicketCreate;

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Listed, Pages, listed, with};
use crate::site::names::{Choice, Names, codes};
use crate::site::reader::Webmaster;
use crate::site::work::Offers;

/// Rows on a page.
const PER_PAGE: i64 = 50;
/// Filters that stand apart until they are needed.
const MORE: [&str; 6] = ["area_id", "link_id", "currency_id", "tid", "sale_id", "keyword"];

#[derive(Template)]
#[template(path = "site/webmaster/leads.html")]
struct LeadsPage {
    f: Frame,
    n: Names,
    form: Form,
    leads: Vec<LeadRow>,
    offers: Offers,
    pages: Pages,
    statuses: Vec<Choice>,
    closings: Vec<Choice>,
}

impl LeadsPage {
    /// Whether one of the further filters is in use.
    fn is_narrowed(&self) -> bool {
        MORE.iter().any(|name| !self.form.value(name).is_empty()) || self.form.is_refused()
    }
}

pub(super) async fn list(reader: Webmaster) -> Shown {
    let list = |input| reader.engine().lead_list(reader.caller(), input);
    let Listed { status, form, rows, pages } = listed(&reader, PER_PAGE, list).await?;
    let f = Frame::own(&reader, reader.lang.t("leads-title"));
    let closings = [("", "any"), ("0", "leads-on-hold"), ("1", "leads-closed")];
    let shown = LeadsPage {
        n: Names::load(&reader).await?,
        form,
        pages,
        offers: Offers::load(&reader, rows.iter().map(|lead| lead.offer_id)).await?,
        leads: rows,
        statuses: codes(reader.lang, LeadStatus::CODES),
        closings: closings.map(|(code, key)| (code.to_owned(), f.t(key))).to_vec(),
        f,
    };
    wrong(status, &shown)
}

#[derive(Template)]
#[template(path = "site/webmaster/lead.html")]
struct LeadPage {
    f: Frame,
    n: Names,
    form: Form,
    offers: Offers,
    lead: LeadView,
    /// The lead that it repeats, where that is his own too.
    first: Option<i64>,
    /// The link that it came by, where there is one to look at.
    link: Option<i64>,
}

impl LeadPage {
    /// Whether its owner may ask an operator to look at the refusal.
    fn may_contest(&self) -> bool {
        matches!(self.lead.row.status, LeadStatus::Rejected | LeadStatus::Spam)
            && self.lead.row.contest == Contest::None
    }
}

async fn lead_page(reader: &Webmaster, id: i64, form: Form) -> whocpa_domain::Result<LeadPage> {
    let lead = reader.engine().lead_view(reader.caller(), id).await?;
    let offers = Offers::load(reader, [lead.row.offer_id]).await?;
    let title = reader.lang.with("lead-title", "id", id.to_string());
    let (engine, caller) = (reader.engine(), reader.caller());
    let mut first = lead.first_lead_id;
    if let Some(id) = first
        && engine.lead_view(caller, id).await.is_err()
    {
        first = None;
    }
    let link_id = lead.click.link_id;
    let link = engine.link_view(caller, link_id).await.is_ok().then_some(link_id);
    Ok(LeadPage {
        f: Frame::own(reader, title),
        n: Names::load(reader).await?,
        form,
        offers,
        lead,
        first,
        link,
    })
}

pub(super) async fn view(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    page(&lead_page(&reader, id, Form::new(reader.lang, [])).await?)
}

/// Contests a refusal: an operator looks at it.
pub(super) async fn contest(reader: Webmaster, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let mut asked = sent.given().0;
        let subject = reader.lang.with("contest-subject", "id", id.to_string());
        asked.append(with([
            ("subject", subject),
            ("lead_id", id.to_string()),
            ("is_contest", "1".to_owned()),
        ]));
        let input: TicketCreate = asked.read()?;
        reader.engine().ticket_create(reader.caller(), input).await
    };
    match made.await {
        Ok(ticket) => Ok(done(&reader, &format!("/pub/tickets/{ticket}"), "contested")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &lead_page(&reader, id, form.refused(error)?).await?),
    }
}
