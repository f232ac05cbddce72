//! What can go wrong, in the words of the product; the HTTP status is chosen at the edge.

use std::collections::BTreeMap;

/// Result of every rule and operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Messages by parameter name, in the order of the names: the body of a 400 (design §3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// Adds one message for the parameter `name`.
    pub fn add(&mut self, name: impl Into<String>, message: impl Into<String>) {
        self.0.entry(name.into()).or_default().push(message.into());
    }

    /// `Ok` when nothing was added, so that a check can end with `errors.finish()?`.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }

    /// True when no parameter has a message.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The messages by parameter name.
    pub fn messages(&self) -> &BTreeMap<String, Vec<String>> {
        &self.0
    }
}

/// An operation's refusal. Texts are for the caller, except in [`Error::Internal`].
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No key where one is needed, or a key that is wrong, revoked or expired.
    #[error("Unauthorized")]
    Unauthorized,
    /// A right key whose level may not use this method.
    #[error("You do not have permission to use this method of this resource")]
    Forbidden,
    /// No such object; another party's object answers the same (design §2).
    #[error("Object not found")]
    NotFound,
    /// Bad parameters, by name.
    #[error("bad parameters: {0:?}")]
    Invalid(FieldErrors),
    /// The request contradicts the present state, for example an illegal transition.
    #[error("{0}")]
    Conflict(String),
    /// A part of the system is away; the same request may succeed later.
    #[error("Not ready, try again later")]
    Unavailable(String),
    /// Our fault. The text is for the log only and never leaves the server.
    #[error("Internal server error")]
    Internal(String),
}

impl Error {
    /// A bad parameter with one message.
    pub fn field(name: impl Into<String>, message: impl Into<String>) -> Self {
        let mut errors = FieldErrors::default();
        errors.add(name, message);
        Self::Invalid(errors)
    }
}
