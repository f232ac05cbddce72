//! Areas: where the webmaster's visitors come from, as the network's people have looked at them.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::area::{AreaKind, AreaStatus};
use whocpa_engine::area::{AreaCreate, AreaUpdate, AreaView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of, with};
use crate::site::names::{Choice, codes};
use crate::site::reader::Webmaster;

/// Rows on a page.
const PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "site/webmaster/areas.html")]
struct AreasPage {
    f: Frame,
    form: Form,
    areas: Vec<AreaView>,
    /// Whether the removed ones are shown.
    is_archive: bool,
    pages: Pages,
    kinds: Vec<Choice>,
}

impl AreasPage {
    #[expect(clippy::unused_self, reason = "templates call it")]
    fn tone(&self, area: &AreaView) -> &'static str {
        tone(area.status)
    }
}

/// How a state of moderation is coloured.
fn tone(status: AreaStatus) -> &'static str {
    match status {
        AreaStatus::Approved => "good",
        AreaStatus::Review => "warn",
        AreaStatus::Rejected => "bad",
        AreaStatus::Archived => "",
    }
}

fn kinds(reader: &Webmaster) -> Vec<Choice> {
    codes(reader.lang, AreaKind::CODES).into_iter().skip(1).collect()
}

async fn areas_page(reader: &Webmaster, form: Form) -> Result<AreasPage> {
    let mut asked = params_of(reader, PER_PAGE);
    let is_archive =
        reader.asked("status").is_some_and(|status| status == AreaStatus::Archived.code().to_string());
    if !asked.names().any(|name| name == "status") {
        let all = AreaStatus::ALL.iter().filter(|status| **status != AreaStatus::Archived);
        let codes = all.map(|status| status.code().to_string()).collect::<Vec<_>>().join(",");
        asked.append(with([("status", codes)]));
    }
    let found = reader.engine().area_list(reader.caller(), asked.read()?).await?;
    Ok(AreasPage {
        f: Frame::own(reader, reader.lang.t("areas-title")),
        form,
        pages: Pages::new(reader, found.total_count, found.paging),
        areas: found.rows,
        is_archive,
        kinds: kinds(reader),
    })
}

pub(super) async fn list(reader: Webmaster) -> Shown {
    page(&areas_page(&reader, Form::new(reader.lang, [])).await?)
}

pub(super) async fn create(reader: Webmaster, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: AreaCreate = sent.given().0.read()?;
        reader.engine().area_create(reader.caller(), input).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, "/pub/areas", "area-made")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &areas_page(&reader, form.refused(error)?).await?),
    }
}

#[derive(Template)]
#[template(path = "site/webmaster/area.html")]
struct AreaPage {
    f: Frame,
    form: Form,
    area: AreaView,
    kinds: Vec<Choice>,
}

impl AreaPage {
    fn tone(&self) -> &'static str {
        tone(self.area.status)
    }

    fn is_archived(&self) -> bool {
        self.area.status == AreaStatus::Archived
    }

    /// Whether a link may name it.
    fn is_usable(&self) -> bool {
        matches!(self.area.status, AreaStatus::Approved | AreaStatus::Review)
    }
}

pub(super) async fn view(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    let area = reader.engine().area_view(reader.caller(), id).await?;
    let values = [
        ("kind", area.kind.code().to_string()),
        ("name", area.name.clone()),
        ("url", area.url.clone()),
        ("comment", area.comment.clone()),
    ];
    let f = Frame::own(&reader, area.name.clone());
    page(&AreaPage { f, form: Form::new(reader.lang, values), area, kinds: kinds(&reader) })
}

/// Another kind or address puts it back on review.
pub(super) async fn update(reader: Webmaster, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let changed = async {
        let input: AreaUpdate = sent.0.read()?;
        reader.engine().area_update(reader.caller(), id, input).await
    };
    match changed.await {
        Ok(()) => Ok(done(&reader, &format!("/pub/areas/{id}"), "saved")),
        Err(error) => {
            let form = form.refused(error)?;
            let area = reader.engine().area_view(reader.caller(), id).await?;
            let f = Frame::own(&reader, area.name.clone());
            wrong(StatusCode::BAD_REQUEST, &AreaPage { f, form, area, kinds: kinds(&reader) })
        }
    }
}

pub(super) async fn delete(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    reader.engine().area_delete(reader.caller(), id).await?;
    Ok(done(&reader, "/pub/areas", "area-gone"))
}
