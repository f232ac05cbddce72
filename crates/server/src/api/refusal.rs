//! Which refusals a method may answer with: for OpenAPI and the reference pages.

use whocpa_domain::Method;

/// A status with `error` in its body.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// The status.
    pub code: &'static str,
    /// What it means, in English.
    pub words: &'static str,
    when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// Of methods that change something.
    Writes,
    /// Of methods that are announced and not there yet.
    Soon,
}

const fn refusal(code: &'static str, when: When, words: &'static str) -> Refusal {
    Refusal { code, words, when }
}

const ALL: &[Refusal] = &[
    refusal("400", When::Always, "A parameter is wrong, missing or unknown"),
    refusal("401", When::Always, "No key where one is needed, or a wrong one"),
    refusal("403", When::Always, "The key's level may not use this method"),
    refusal("404", When::Always, "No such object, or not yours"),
    refusal("408", When::Writes, "The body did not arrive in time"),
    refusal("409", When::Writes, "The request contradicts the present state, or its twin is still running"),
    refusal("413", When::Writes, "The body is too long"),
    refusal("414", When::Always, "The address is too long"),
    refusal("415", When::Writes, "The body's content type is not read"),
    refusal("422", When::Writes, "The Idempotency-Key was used with another request"),
    refusal("429", When::Always, "Too many requests; repeat after the seconds in Retry-After"),
    refusal("431", When::Always, "The headers are too many or too long"),
    refusal("500", When::Always, "Our fault"),
    refusal("501", When::Soon, "Announced and not there yet"),
    refusal("503", When::Always, "Not ready; repeat after the seconds in Retry-After"),
];

impl Refusal {
    /// Every one of them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        ALL.iter()
    }

    /// Those of a method.
    pub fn of(method: Method, is_soon: bool) -> impl Iterator<Item = &'static Self> {
        let writes = !matches!(method, Method::List | Method::View);
        ALL.iter().filter(move |refusal| match refusal.when {
            When::Always => true,
            When::Writes => writes,
            When::Soon => is_soon,
        })
    }

    /// Name of its words in the texts of the pages.
    pub fn key(&self) -> String {
        format!("refusal-{}", self.code)
    }
}
