//! `batch`: payouts that are sent together.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Batch,
        "Approved payouts of one way of payment and currency that are sent together: a file for that way, and its answer.",
    )
    .list("Batches that fit the filters, page by page, newest first.", op!(batch_list(input)))
    .view("One batch with its file.", op!(batch_view(id)))
    .update("Notes what was paid, all at once or line by line.", op!(batch_update(id, input)))
    .create("Makes a batch of the oldest approved payouts; they are being sent from now on.", op!(batch_create(input)))
}
