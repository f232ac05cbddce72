//! Decisions about many leads: the list, a CSV file, and what became of each row.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::decision::{DecisionStatus, DecisionVerdict};
use whocpa_engine::Paging;
use whocpa_engine::decision::{DecisionCreate, DecisionRow, DecisionRowView, DecisionUpdate, DecisionView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of};
use crate::site::reader::Advertiser;

/// Decisions on a page.
const PER_PAGE: i64 = 25;
/// Rows of one decision on a page.
const ROWS: i64 = 100;

#[derive(Template)]
#[template(path = "site/advertiser/decisions.html")]
struct DecisionsPage {
    f: Frame,
    form: Form,
    decisions: Vec<DecisionRow>,
    pages: Pages,
}

impl DecisionsPage {
    fn refused(&self, decision: &DecisionRow) -> String {
        self.f.number(&(decision.rows_rejected + decision.rows_spam))
    }
}

async fn decisions_page(reader: &Advertiser, form: Form) -> Result<DecisionsPage> {
    let found = reader.engine().decision_list(reader.caller(), params_of(reader, PER_PAGE).read()?).await?;
    Ok(DecisionsPage {
        f: Frame::own(reader, reader.lang.t("decisions-title")),
        form,
        pages: Pages::new(reader, found.total_count, found.paging),
        decisions: found.rows,
    })
}

pub(super) async fn list(reader: Advertiser) -> Shown {
    page(&decisions_page(&reader, Form::new(reader.lang, [])).await?)
}

/// Takes a file; nothing is decided before it is applied.
pub(super) async fn create(reader: Advertiser, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: DecisionCreate = sent.given().0.read()?;
        reader.engine().decision_create(reader.caller(), input).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("/adv/decisions/{id}"), "checked")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &decisions_page(&reader, form.refused(error)?).await?),
    }
}

#[derive(Template)]
#[template(path = "site/advertiser/decision.html")]
struct DecisionPage {
    f: Frame,
    decision: DecisionView,
    pages: Pages,
}

impl DecisionPage {
    fn refused(&self) -> String {
        self.f.number(&(self.decision.row.rows_rejected + self.decision.row.rows_spam))
    }

    fn may_apply(&self) -> bool {
        self.decision.row.status == DecisionStatus::Checked
    }

    fn may_stop(&self) -> bool {
        use DecisionStatus::{Applying, Checked, Checking, Loading};
        [Loading, Checking, Checked, Applying].contains(&self.decision.row.status)
    }

    #[expect(clippy::unused_self, reason = "templates call it")]
    fn tone(&self, row: &DecisionRowView) -> &'static str {
        match row.verdict {
            DecisionVerdict::Decided => "good",
            DecisionVerdict::Unchanged => "",
            DecisionVerdict::Refused => "bad",
        }
    }
}

pub(super) async fn view(reader: Advertiser, Path(id): Path<i64>) -> Shown {
    let asked = params_of(&reader, ROWS);
    let decision = reader.engine().decision_view(reader.caller(), id, asked.read()?).await?;
    let number = reader.asked("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    page(&DecisionPage {
        f: Frame::own(&reader, reader.lang.with("decision-title", "id", id.to_string())),
        pages: Pages::new(&reader, decision.rows_found, Paging { page: number, ..Paging::first(ROWS) }),
        decision,
    })
}

/// Applies what was checked, or stops it.
pub(super) async fn update(reader: Advertiser, Path(id): Path<i64>, sent: Sent) -> Shown {
    let input: DecisionUpdate = sent.given().0.read()?;
    reader.engine().decision_update(reader.caller(), id, input).await?;
    Ok(done(&reader, &format!("/adv/decisions/{id}"), "saved"))
}
