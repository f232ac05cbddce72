//! Webmasters of offers: who asks to work with one, and who works.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_engine::Paging;
use whocpa_engine::connection::{ConnectionUpdate, ConnectionView};

use crate::site::answer::{Shown, done, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params, params_of, with};
use crate::site::names::{Choice, codes};
use crate::site::reader::Advertiser;
use crate::site::work::Offers;

/// Rows on a page.
const PER_PAGE: i64 = 50;
/// What the form filters by.
const FILTERS: [&str; 3] = ["status", "offer_id", "webmaster_id"];

#[derive(Template)]
#[template(path = "site/advertiser/connections.html")]
struct ConnectionsPage {
    f: Frame,
    form: Form,
    /// The decision that was refused, and about whom.
    decision: Form,
    decided: i64,
    connections: Vec<ConnectionView>,
    offers: Offers,
    pages: Pages,
    statuses: Vec<Choice>,
}

impl ConnectionsPage {
    #[expect(clippy::unused_self, reason = "templates call it")]
    fn tone(&self, row: &ConnectionView) -> &'static str {
        match row.status {
            ConnectionStatus::Approved => "good",
            ConnectionStatus::Requested => "warn",
            ConnectionStatus::Refused => "bad",
        }
    }

    #[expect(clippy::unused_self, reason = "templates call it")]
    fn is_open(&self, row: &ConnectionView) -> bool {
        row.status != ConnectionStatus::Approved
    }

    #[expect(clippy::unused_self, reason = "templates call it")]
    fn is_in(&self, row: &ConnectionView) -> bool {
        row.status != ConnectionStatus::Refused
    }
}

async fn connections_page(
    reader: &Advertiser,
    decision: Form,
    decided: i64,
) -> Result<(StatusCode, ConnectionsPage)> {
    let form = Form::sent(reader.lang, &params(reader));
    let mut asked = params_of(reader, PER_PAGE);
    // The newest first: they wait.
    asked.append(with([("sort", "-date_created".to_owned())]));
    let listed = async { reader.engine().connection_list(reader.caller(), asked.read()?).await };
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
    let shown = ConnectionsPage {
        f: Frame::own(reader, reader.lang.t("connections-title")),
        form,
        decision,
        decided,
        offers: Offers::load(reader, rows.iter().map(|row| row.offer_id)).await?,
        connections: rows,
        pages,
        statuses: codes(reader.lang, ConnectionStatus::CODES),
    };
    Ok((status, shown))
}

pub(super) async fn list(reader: Advertiser) -> Shown {
    let (status, shown) = connections_page(&reader, Form::new(reader.lang, []), 0).await?;
    wrong(status, &shown)
}

pub(super) async fn update(reader: Advertiser, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let changed = async {
        let input: ConnectionUpdate = sent.given().0.read()?;
        reader.engine().connection_update(reader.caller(), id, input).await
    };
    match changed.await {
        Ok(()) => Ok(done(&reader, "/adv/connections", "decided")),
        Err(error) => {
            let (_, shown) = connections_page(&reader, form.refused(error)?, id).await?;
            wrong(StatusCode::BAD_REQUEST, &shown)
        }
    }
}
