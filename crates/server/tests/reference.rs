//! The reference pages in every language.

#[cfg(test)]
#[path = "reference/pages.rs"]
mod pages;
#[cfg(test)]
#[expect(dead_code, reason = "shared with tests that use all of it")]
mod support;
