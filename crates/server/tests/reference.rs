//! The reference: its pages in every language, the translations of what the declarations say, the examples that it
//! shows, and the OpenAPI document. What is derived and committed is fresh, or a test says how to make it so.

#[cfg(test)]
#[path = "reference/catalogue.rs"]
mod catalogue;
#[cfg(test)]
#[path = "reference/examples.rs"]
mod examples;
#[cfg(test)]
#[path = "reference/json.rs"]
mod json;
#[cfg(test)]
#[path = "reference/links.rs"]
mod links;
#[cfg(test)]
#[path = "reference/materials.rs"]
mod materials;
#[cfg(test)]
#[path = "reference/money.rs"]
mod money;
#[cfg(test)]
#[path = "reference/openapi.rs"]
mod openapi;
#[cfg(test)]
#[path = "reference/pages.rs"]
mod pages;
#[cfg(test)]
#[path = "reference/postbacks.rs"]
mod postbacks;
#[cfg(test)]
#[path = "reference/story.rs"]
mod story;
#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;
