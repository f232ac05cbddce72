//! What is announced and not there yet: parameters and fields of methods that answer 501.
//!
//! They are a promise: names and meanings stand in the reference and in OpenAPI, so that programs can be written for
//! them. Whoever builds a resource moves its file to its place in the engine and adds the operations.

pub mod proof;

use whocpa_domain::view;

view! {
    /// Nothing besides the id in the envelope.
    pub struct IdOnly {}
}
