//! `proof`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::proof::{ProofList, ProofRow, ProofView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Proof, "Sealed blocks of the chain in which every event of a lead and every transfer stands. With them anyone can check that nothing was changed or left out.")
    .soon::<ProofList, ProofRow>(Method::List, "Blocks that hold entries of yours, page by page.")
    .soon::<Nothing, ProofView>(Method::View, "One block with your entries and the way of each to the block's root.")
}
