//! `ticket`: support.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Ticket,
        "Questions to the network and its answers. Everything in them is plain text.",
    )
    .list("Tickets that fit the filters, page by page; the ones in which something happened last come first.", op!(ticket_list(input)))
    .view("One ticket with its messages.", op!(ticket_view(id)))
    .update("Adds a message, closes a ticket or opens it again, marks messages as read; operators also assign it.", op!(ticket_update(id, input)))
    .create("Asks the network.", op!(ticket_create(input)))
}
