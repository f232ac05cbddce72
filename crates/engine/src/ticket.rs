//! Tickets: what people ask the network, and what it answers. Everything in them is plain text.

mod shown;

use serde_json::json;
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::input::{Patch, Until};
use whocpa_domain::lead::Contest;
use whocpa_domain::letter::LetterKind;
use whocpa_domain::sort::{Sort, TicketSort};
use whocpa_domain::ticket::{TicketCategory, TicketPriority, TicketSide, TicketStatus};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params,
};
use whocpa_store::person::User;
use whocpa_store::ticket::{self, Ticket, TicketFilter, TicketMessage};
use whocpa_store::{Db, lead, offer, person};

use crate::audit::Changes;
use crate::mail::Draft;
use crate::{Caller, Engine, Paging, Rows, check};
use shown::Around;
pub use shown::{MessageView, TicketRow, TicketView};

/// A message.
const MESSAGE: Limits = Limits::Plain(1, 10_000);
/// Messages in one ticket: `view` shows all of them.
const MESSAGES_LIMIT: i64 = 500;

params! {
    /// Which tickets are wanted.
    pub struct TicketList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only in these states.
        status: Option<Vec<TicketStatus>>,
        /// Only about these things.
        category: Option<Vec<TicketCategory>>,
        /// Only of these priorities; for operators.
        priority: Option<Vec<TicketPriority>>,
        /// Only of these people; for operators.
        user_id: Option<Vec<i64>>,
        /// Only those that these operators answer, 0 for nobody yet; for operators.
        operator_id: Option<Vec<i64>>,
        /// Only about these offers.
        offer_id: Option<Vec<i64>>,
        /// Only about these leads.
        lead_id: Option<Vec<i64>>,
        /// Only those that contest the refusal of a lead (1), or only others (0).
        is_contest: Option<bool>,
        /// Only with messages that your side has not read, or only without.
        is_unread: Option<bool>,
        /// Only with this in the subject or a message, in any case of letters.
        search: Option<String> where limits::LINE,
        /// Only begun at this time or later.
        d_created_from: Option<Time>,
        /// Only begun until this time; a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Only in which something was said or done from here on, for the last time.
        d_updated_from: Option<Time>,
        /// Only in which nothing was said or done after this; a date takes its whole day in.
        d_updated_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `-date_updated` unless told.
        sort: Option<Sort<TicketSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new question to the network.
    pub struct TicketCreate {
        /// What it is about, in a line.
        subject: String where limits::NAME,
        /// The question, as plain text, up to 10000 characters.
        message: String where MESSAGE,
        /// What kind of question it is; a general one unless told.
        category: Option<TicketCategory>,
        /// The offer that it is about.
        offer_id: Option<i64>,
        /// The lead that it is about; one of your own.
        lead_id: Option<i64>,
        /// 1 contests the refusal of this lead: the network looks at its whole story, which the ticket shows, and decides. The
        /// advertiser sees that it is contested. Once for each refusal; for webmasters.
        is_contest: Option<bool>,
    }
}

params! {
    /// What is said or done in a ticket. A message of the person opens it again, one of an operator answers it.
    pub struct TicketUpdate {
        /// A further message, as plain text, up to 10000 characters.
        message: Option<String> where MESSAGE,
        /// Makes the message a note that only operators see; for operators.
        is_internal: Option<bool>,
        /// Closes the ticket or opens it again; it wins over what a message would do. Only operators set "answered".
        status: Option<TicketStatus>,
        /// Ends the protest against the refusal of a lead: 2 approves the lead, and reopens it when it was closed; 3 lets the
        /// refusal stand; both are for operators who may decide about leads, with a message. 4 withdraws it; for the webmaster.
        contest: Option<Contest>,
        /// `1` marks the other side's messages as read.
        is_read: Option<bool>,
        /// What kind of question it is; for operators.
        category: Option<TicketCategory>,
        /// How soon it is to be answered; for operators.
        priority: Option<TicketPriority>,
        /// The operator who answers it, empty for nobody; for operators.
        operator_id: Patch<i64>,
    }
}

impl Engine {
    /// One page of tickets, those in which something was said or done last first.
    pub async fn ticket_list(&self, caller: Caller, input: TicketList) -> Result<Rows<TicketRow>> {
        let scope = caller.may(Resource::Ticket, Method::List)?;
        let mut errors = FieldErrors::default();
        let for_operators = [
            ("priority", input.priority.is_some()),
            ("user_id", input.user_id.is_some()),
            ("operator_id", input.operator_id.is_some()),
        ];
        check::for_operators(&mut errors, caller, &for_operators);
        if input.sort.is_some_and(|sort| sort.key == TicketSort::Priority) && caller.level != Level::Operator
        {
            errors.add("sort", "Only operators see priorities");
        }
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        let updated = check::period(&mut errors, "updated", (input.d_updated_from, input.d_updated_to));
        errors.finish()?;
        let filter = TicketFilter {
            ids: input.id,
            status: input.status,
            category: input.category,
            priority: input.priority,
            user_ids: input.user_id,
            operator_ids: input.operator_id,
            offer_ids: input.offer_id,
            lead_ids: input.lead_id,
            is_contest: input.is_contest,
            is_unread: input.is_unread,
            search: input.search,
            created,
            updated,
            sort: input.sort,
        };
        let db = self.store().read();
        let rows = ticket::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let around = Around::load(&db, caller, rows.rows.iter().map(|row| row.user_id)).await?;
        Ok(rows.map(|row| around.row(row)))
    }

    /// One ticket with its messages.
    pub async fn ticket_view(&self, caller: Caller, id: i64) -> Result<TicketView> {
        let scope = caller.may(Resource::Ticket, Method::View)?;
        let db = self.store().read();
        let row = ticket::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let contested = row.lead_id.filter(|_| row.is_contest);
        let view = shown::view(&db, caller, scope, row).await?;
        let lead = match contested {
            Some(lead_id) => Some(self.lead_view(caller, lead_id).await?),
            None => None,
        };
        Ok(TicketView { lead, ..view })
    }

    /// Says or does something in a ticket.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the ticket is full.
    pub async fn ticket_update(&self, caller: Caller, id: i64, input: TicketUpdate) -> Result<()> {
        let scope = caller.may(Resource::Ticket, Method::Update)?;
        check_sent(caller, &input)?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let found = ticket::view_for_update(&db, scope, id).await?;
                let before = found.ok_or(Error::NotFound)?;
                if let Patch::Set(operator_id) = input.operator_id {
                    check_assignee(&db, operator_id, id).await?;
                }
                if let Some(end) = input.contest {
                    let lead_id = before.lead_id.filter(|_| before.is_contest);
                    let lead_id =
                        lead_id.ok_or_else(|| Error::field("contest", "Nothing is contested here"))?;
                    self.lead_settle(&db, caller, scope, lead_id, end).await?;
                }
                let now = self.now();
                let row = done(&before, caller, input, now)?;
                let mut changes = Changes::updated(&before, &row);
                if let Some(end) = input.contest {
                    changes = changes.with("contest", json!(Contest::Open.code()), json!(end.code()));
                }
                if let Some(body) = &input.message {
                    let is_internal = input.is_internal == Some(true);
                    let message = message_row(caller, id, body, is_internal, now);
                    // Its words may be about buyers, so the audit knows it by its number only.
                    changes = changes.also("message_id", json!(ticket::message_create(&db, message).await?));
                }
                let is_answer = input.message.is_some() && input.is_internal != Some(true);
                if is_answer && caller.level == Level::Operator {
                    let draft = Draft::new(LetterKind::Ticket).with("ticket_id", id);
                    self.letter_tell(&db, row.user_id, &draft.with("subject", &row.subject)).await?;
                }
                ticket::update(&db, row).await?;
                self.note(&db, caller, Resource::Ticket, id, changes).await
            })
            .await?;
        // A lead that is approved after all counts in the caps again.
        if input.contest == Some(Contest::Upheld) {
            self.catalogue_follow().await;
        }
        Ok(())
    }

    /// Asks the network; gives the ticket's id.
    pub async fn ticket_create(&self, caller: Caller, input: TicketCreate) -> Result<i64> {
        let scope = caller.may(Resource::Ticket, Method::Create)?;
        let mut errors = FieldErrors::default();
        check::name(&mut errors, "subject", &input.subject);
        MESSAGE.check(&mut errors, "message", &input.message);
        let is_contest = input.is_contest == Some(true);
        if is_contest && caller.level != Level::Webmaster {
            errors.add("is_contest", "Only webmasters may use this");
        } else if is_contest && input.lead_id.is_none() {
            errors.add("lead_id", "This parameter is required to contest a refusal");
        }
        errors.finish()?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let contested = input.lead_id.filter(|_| is_contest);
                if let Some(lead_id) = contested {
                    self.lead_contest_begin(&db, scope, lead_id).await?;
                }
                check_about(&db, scope, input).await?;
                let now = self.now();
                let row = Ticket {
                    id: 0,
                    user_id: caller.user_id,
                    subject: input.subject.trim().to_owned(),
                    category: input.category.unwrap_or(usual_category(is_contest)).code(),
                    priority: TicketPriority::Normal.code(),
                    status: TicketStatus::Open.code(),
                    offer_id: input.offer_id,
                    lead_id: input.lead_id,
                    is_contest,
                    operator_id: None,
                    unread_user: 0,
                    unread_operator: 1,
                    message_count: 1,
                    date_created: now.0,
                    date_updated: now.0,
                };
                let changes = Changes::created(&row);
                let id = ticket::create(&db, row).await?;
                ticket::message_create(&db, message_row(caller, id, &input.message, false, now)).await?;
                if let Some(lead_id) = contested {
                    self.lead_contest(&db, caller, scope, lead_id, id).await?;
                }
                self.letter_queue(&db, Resource::Ticket, caller.user_id, ("ticket", id)).await?;
                self.note(&db, caller, Resource::Ticket, id, changes).await?;
                Ok(id)
            })
            .await
    }
}

fn usual_category(is_contest: bool) -> TicketCategory {
    if is_contest { TicketCategory::Lead } else { TicketCategory::General }
}

fn check_sent(caller: Caller, input: &TicketUpdate) -> Result<()> {
    let mut errors = FieldErrors::default();
    if let Some(message) = &input.message {
        MESSAGE.check(&mut errors, "message", message);
    } else if input.is_internal.is_some() {
        errors.add("is_internal", "Only with a message");
    }
    let for_operators = [
        ("is_internal", input.is_internal.is_some()),
        ("category", input.category.is_some()),
        ("priority", input.priority.is_some()),
        ("operator_id", input.operator_id != Patch::Keep),
        ("status", input.status == Some(TicketStatus::Answered)),
    ];
    check::for_operators(&mut errors, caller, &for_operators);
    let is_operator = caller.level == Level::Operator;
    match input.contest {
        Some(Contest::None | Contest::Open) => errors.add("contest", "Must be one of 2, 3, 4"),
        Some(Contest::Withdrawn) if is_operator => errors.add("contest", "Only the webmaster may withdraw"),
        Some(Contest::Upheld | Contest::Dismissed) if !is_operator => {
            errors.add("contest", "Only operators may use this");
        }
        Some(Contest::Upheld | Contest::Dismissed)
            if input.message.is_none() || input.is_internal == Some(true) =>
        {
            errors.add("message", "This parameter is required: the webmaster is told why");
        }
        Some(_) | None => {}
    }
    errors.finish()
}

/// What the ticket is about must be something that its writer sees.
async fn check_about(db: &Db, scope: Scope, input: &TicketCreate) -> Result<()> {
    let mut errors = FieldErrors::default();
    if let Some(id) = input.offer_id
        && offer::view(db, scope, id).await?.is_none()
    {
        errors.add("offer_id", "Offers not found");
    }
    if let Some(id) = input.lead_id
        && lead::view(db, scope, id).await?.is_none()
    {
        errors.add("lead_id", "Leads not found");
    }
    errors.finish()
}

/// A ticket goes to an operator who works and could answer it.
async fn check_assignee(db: &Db, operator_id: i64, ticket_id: i64) -> Result<()> {
    let found = person::view(db, Scope::All, operator_id).await?;
    let found = found.filter(|person| person.level() == UserLevel::Operator).filter(User::is_active);
    if let Some(person) = found
        && let Ok(scope) = person.caller().may(Resource::Ticket, Method::Update)
        && ticket::view(db, scope, ticket_id).await?.is_some()
    {
        return Ok(());
    }
    Err(Error::field("operator_id", "Operators not found"))
}

fn message_row(caller: Caller, ticket_id: i64, body: &str, is_internal: bool, now: Time) -> TicketMessage {
    let is_operator = caller.level == Level::Operator;
    let side = if is_operator { TicketSide::Network } else { TicketSide::User };
    TicketMessage {
        id: 0,
        ticket_id,
        user_id: caller.user_id,
        side: side.code(),
        is_internal,
        body: body.trim().to_owned(),
        date_created: now.0,
    }
}

/// The ticket after what was sent.
fn done(before: &Ticket, caller: Caller, input: &TicketUpdate, now: Time) -> Result<Ticket> {
    let mut row = before.clone();
    let is_operator = caller.level == Level::Operator;
    if input.is_read == Some(true) {
        *unread(&mut row, is_operator) = 0;
    }
    if input.message.is_some() {
        if row.message_count >= MESSAGES_LIMIT {
            let message = format!("A ticket has at most {MESSAGES_LIMIT} messages: begin another one");
            return Err(Error::Conflict(message));
        }
        row.message_count += 1;
        if input.is_internal != Some(true) {
            // Whoever answers has read.
            *unread(&mut row, is_operator) = 0;
            *unread(&mut row, !is_operator) += 1;
            let next = if is_operator { TicketStatus::Answered } else { TicketStatus::Open };
            row.status = next.code();
        }
    }
    if input.contest == Some(Contest::Withdrawn) {
        row.status = TicketStatus::Closed.code();
    }
    row.status = input.status.map_or(row.status, TicketStatus::code);
    row.category = input.category.map_or(row.category, TicketCategory::code);
    row.priority = input.priority.map_or(row.priority, TicketPriority::code);
    row.operator_id = input.operator_id.or(row.operator_id);
    // Reading is not doing: it does not bring a ticket to the top.
    let read =
        Ticket { unread_user: row.unread_user, unread_operator: row.unread_operator, ..before.clone() };
    if row != read {
        row.date_updated = now.0;
    }
    Ok(row)
}

/// What one side has not read.
fn unread(row: &mut Ticket, is_operator: bool) -> &mut i64 {
    if is_operator { &mut row.unread_operator } else { &mut row.unread_user }
}
