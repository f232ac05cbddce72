//! How a ticket is shown to each side.

use std::collections::BTreeMap;

use whocpa_domain::ticket::{TicketCategory, TicketPriority, TicketSide, TicketStatus};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Level, Result, Scope, Time, view};
use whocpa_store::Db;
use whocpa_store::person::{self, User};
use whocpa_store::ticket::{self, Ticket, TicketMessage};

use crate::Caller;
use crate::lead::LeadView;

view! {
    /// A question to the network.
    pub struct TicketRow {
        /// Ticket id.
        id: i64,
        /// Who asks; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<i64>,
        /// His login; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        login: Option<String>,
        /// What it is about, in a line.
        subject: String,
        /// What kind of question it is.
        category: TicketCategory,
        /// Whose turn it is.
        status: TicketStatus,
        /// How soon it is to be answered; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        priority: Option<TicketPriority>,
        /// The offer that it is about, `null` for none.
        offer_id: Option<i64>,
        /// The lead that it is about, `null` for none.
        lead_id: Option<i64>,
        /// Whether it contests the refusal of that lead.
        is_contest: bool,
        /// The operator who answers it, `null` for nobody yet; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        operator_id: Option<Option<i64>>,
        /// Messages of the other side that you have not read; for operators, that the network has not.
        unread_count: i64,
        /// For operators: messages of the network that the person has not read.
        #[serde(skip_serializing_if = "Option::is_none")]
        unread_user_count: Option<i64>,
        /// When it was begun.
        date_created: Time,
        /// When something was last said or done.
        date_updated: Time,
    }
}

view! {
    /// A message in a ticket. Plain text.
    pub struct MessageView {
        /// Message id.
        id: i64,
        /// Which side wrote it.
        side: TicketSide,
        /// What the writer is called.
        author: String,
        /// A note among operators, which the person never sees; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        is_internal: Option<bool>,
        /// The words, as plain text.
        message: String,
        /// When.
        date_created: Time,
    }
}

view! {
    /// A question to the network with all that was said.
    pub struct TicketView {
        /// What a list shows of it.
        #[serde(flatten)]
        ticket: TicketRow,
        /// The messages, oldest first.
        messages: Vec<MessageView>,
        /// The story of the lead whose refusal is contested; absent elsewhere.
        #[serde(skip_serializing_if = "Option::is_none")]
        lead: Option<LeadView>,
    }
}

/// The people behind tickets and messages, read once for all of them.
pub(super) struct Around {
    is_operator: bool,
    people: BTreeMap<i64, User>,
}

impl Around {
    pub async fn load(db: &Db, caller: Caller, ids: impl IntoIterator<Item = i64>) -> Result<Self> {
        let mut ids: Vec<i64> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(Self { is_operator: caller.level == Level::Operator, people: person::by_ids(db, &ids).await? })
    }

    pub fn row(&self, row: Ticket) -> TicketRow {
        let is_operator = self.is_operator;
        let login = self.people.get(&row.user_id).map(|person| person.login.clone());
        let (unread, other) = if is_operator {
            (row.unread_operator, row.unread_user)
        } else {
            (row.unread_user, row.unread_operator)
        };
        TicketRow {
            id: row.id,
            user_id: is_operator.then_some(row.user_id),
            login: login.filter(|_| is_operator),
            subject: row.subject,
            category: TicketCategory::from_code(row.category).unwrap_or(TicketCategory::General),
            status: TicketStatus::from_code(row.status).unwrap_or(TicketStatus::Open),
            priority: TicketPriority::from_code(row.priority).filter(|_| is_operator),
            offer_id: row.offer_id,
            lead_id: row.lead_id,
            is_contest: row.is_contest,
            operator_id: is_operator.then_some(row.operator_id),
            unread_count: unread,
            unread_user_count: is_operator.then_some(other),
            date_created: Time(row.date_created),
            date_updated: Time(row.date_updated),
        }
    }

    fn message(&self, row: TicketMessage) -> MessageView {
        let writer = self.people.get(&row.user_id).filter(|person| {
            // A rule of an advertiser speaks for the network, not in his name.
            row.side != TicketSide::Network.code() || person.level() == UserLevel::Operator
        });
        MessageView {
            id: row.id,
            side: TicketSide::from_code(row.side).unwrap_or(TicketSide::Network),
            author: writer.map(|person| person.name.clone()).unwrap_or_default(),
            is_internal: self.is_operator.then_some(row.is_internal),
            message: row.body,
            date_created: Time(row.date_created),
        }
    }
}

/// A ticket with its messages.
pub(super) async fn view(db: &Db, caller: Caller, scope: Scope, row: Ticket) -> Result<TicketView> {
    let messages = ticket::messages(db, scope, row.id).await?;
    let writers = messages.iter().map(|message| message.user_id);
    let around = Around::load(db, caller, writers.chain([row.user_id])).await?;
    let messages = messages.into_iter().map(|message| around.message(message)).collect();
    Ok(TicketView { ticket: around.row(row), messages, lead: None })
}
