//! Questions to the network's people.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use whocpa_domain::Result;
use whocpa_domain::ticket::{TicketCategory, TicketSide, TicketStatus};
use whocpa_engine::ticket::{MessageView, TicketCreate, TicketRow, TicketUpdate, TicketView};

use crate::site::answer::{Shown, done, page, wrong};
use crate::site::form::{Form, Sent};
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of, with};
use crate::site::names::{Choice, codes};
use crate::site::once;
use crate::site::reader::{Of, Reader};

/// Rows on a page.
const PER_PAGE: i64 = 30;

#[derive(Template)]
#[template(path = "site/work/tickets.html")]
struct TicketsPage {
    f: Frame,
    form: Form,
    tickets: Vec<TicketRow>,
    pages: Pages,
    categories: Vec<Choice>,
    /// A mark of this form: sent twice, it asks once.
    mark: String,
}

async fn tickets_page(reader: &Reader, form: Form) -> Result<TicketsPage> {
    let found = reader.engine().ticket_list(reader.caller(), params_of(reader, PER_PAGE).read()?).await?;
    Ok(TicketsPage {
        f: Frame::own(reader, reader.lang.t("tickets-title")),
        form,
        pages: Pages::new(reader, found.total_count, found.paging),
        tickets: found.rows,
        categories: codes(reader.lang, TicketCategory::CODES).into_iter().skip(1).collect(),
        mark: once::mark(reader),
    })
}

pub(in crate::site) async fn list<const L: u8>(reader: Of<L>) -> Shown {
    page(&tickets_page(&reader, Form::new(reader.lang, [])).await?)
}

pub(in crate::site) async fn create<const L: u8>(reader: Of<L>, mut sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let mark = sent.take("mark");
    let made = async {
        let input: TicketCreate = sent.given().0.read()?;
        let asked = format!("{input:?}");
        let engine = reader.engine();
        once::run(&reader, ("form ticket", &mark, &asked), |caller| engine.ticket_create(caller, input)).await
    };
    match made.await {
        Ok(id) => Ok(done(&reader, &format!("{}/tickets/{id}", reader.cabinet()), "saved")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &tickets_page(&reader, form.refused(error)?).await?),
    }
}

#[derive(Template)]
#[template(path = "site/work/ticket.html")]
struct TicketPage {
    f: Frame,
    form: Form,
    ticket: TicketView,
}

impl TicketPage {
    #[expect(clippy::unused_self, reason = "templates call it")]
    fn is_own(&self, message: &MessageView) -> bool {
        message.side == TicketSide::User
    }

    fn is_closed(&self) -> bool {
        self.ticket.ticket.status == TicketStatus::Closed
    }
}

async fn ticket_page(reader: &Reader, id: i64, form: Form) -> Result<TicketPage> {
    let ticket = reader.engine().ticket_view(reader.caller(), id).await?;
    Ok(TicketPage { f: Frame::own(reader, ticket.ticket.subject.clone()), form, ticket })
}

/// Shows it; whoever opens it has read it.
pub(in crate::site) async fn view<const L: u8>(reader: Of<L>, Path(id): Path<i64>) -> Shown {
    let shown = ticket_page(&reader, id, Form::new(reader.lang, [])).await?;
    if shown.ticket.ticket.unread_count > 0 {
        let input: TicketUpdate = with([("is_read", "1".to_owned())]).read()?;
        reader.engine().ticket_update(reader.caller(), id, input).await?;
    }
    page(&shown)
}

pub(in crate::site) async fn update<const L: u8>(reader: Of<L>, Path(id): Path<i64>, sent: Sent) -> Shown {
    let form = Form::sent(reader.lang, &sent.0);
    let changed = async {
        let input: TicketUpdate = sent.given().0.read()?;
        reader.engine().ticket_update(reader.caller(), id, input).await
    };
    match changed.await {
        Ok(()) => Ok(done(&reader, &format!("{}/tickets/{id}", reader.cabinet()), "saved")),
        Err(error) => wrong(StatusCode::BAD_REQUEST, &ticket_page(&reader, id, form.refused(error)?).await?),
    }
}
