//! `whocpa openapi`: prints the OpenAPI document.

use clap::Args;

use super::say;
use crate::api::{self, REGISTRY};

/// How it is printed.
#[derive(Debug, Args)]
pub struct OpenApi {
    /// Address of the network in the document, for example https://cpa.example
    #[arg(long, value_name = "URL", default_value = "/")]
    base_url: String,
}

impl OpenApi {
    /// Prints it.
    pub fn run(&self) {
        say(api::openapi_text(&REGISTRY, &self.base_url).trim_end());
    }
}
