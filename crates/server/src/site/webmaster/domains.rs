//! Parked domains: addresses of the webmaster's own for his links.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::parked::DomainStatus;
use whocpa_engine::domain::{DomainCreate, DomainView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of};
use crate::site::reader::Webmaster;

/// Rows on a page.
const PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "site/webmaster/domains.html")]
struct DomainsPage {
    f: Frame,
    form: Form,
    domains: Vec<DomainView>,
    pages: Pages,
}

impl DomainsPage {
    #[expect(clippy::unused_self, reason = "templates call it")]
    fn tone(&self, domain: &DomainView) -> &'static str {
        match domain.status {
            DomainStatus::Active => "good",
            DomainStatus::Waiting => "warn",
            DomainStatus::Failed | DomainStatus::Blocked => "bad",
        }
    }

    #[expect(clippy::unused_self, reason = "templates call it")]
    fn is_waiting(&self, domain: &DomainView) -> bool {
        domain.status != DomainStatus::Active
    }
}

async fn domains_page(reader: &Webmaster, form: Form) -> Result<DomainsPage> {
    let found = reader.engine().domain_list(reader.caller(), params_of(reader, PER_PAGE).read()?).await?;
    Ok(DomainsPage {
        f: Frame::own(reader, reader.lang.t("domains-title")),
        form,
        pages: Pages::new(reader, found.total_count, found.paging),
        domains: found.rows,
    })
}

pub(super) async fn list(reader: Webmaster) -> Shown {
    page(&domains_page(&reader, Form::new(reader.lang, [])).await?)
}

pub(super) async fn create(reader: Webmaster, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let made = async {
        let input: DomainCreate = sent.given().0.read()?;
        reader.engine().domain_create(reader.caller(), input).await
    };
    match made.await {
        Ok(_) => Ok(done(&reader, "/pub/domains", "domain-made")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &domains_page(&reader, form.refused(error)?).await?),
    }
}

pub(super) async fn delete(reader: Webmaster, Path(id): Path<i64>) -> Shown {
    reader.engine().domain_delete(reader.caller(), id).await?;
    Ok(done(&reader, "/pub/domains", "domain-gone"))
}
