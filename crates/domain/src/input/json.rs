//! Parameters that are objects: JSON as a text in forms, the thing itself in JSON bodies.

use serde::de::DeserializeOwned;

use super::{ParamKind, Single};
use crate::view::FieldType;

/// Longest text of one such parameter, in bytes.
const TEXT_LIMIT: usize = 64 << 10;

/// A value that is written as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json<T>(
    /// What was written.
    pub T,
);

impl<T: DeserializeOwned + FieldType + PartialEq> Single for Json<T> {
    const KIND: ParamKind = ParamKind::Json(&T::KIND);

    fn parse(text: &str) -> Result<Self, String> {
        read_json(text).map(Self)
    }

    fn parse_json(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

/// Reads a value from its JSON text.
///
/// # Errors
/// Says what is wrong, and where: `os[0].min: Must be …`.
pub fn read_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    if text.len() > TEXT_LIMIT {
        return Err(format!("Must be at most {TEXT_LIMIT} bytes of JSON"));
    }
    if text.contains('\0') || text.contains("\\u0000") {
        return Err("Must not contain a NUL character".to_owned());
    }
    let reader = &mut serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut *reader).map_err(|wrong| {
        let place = wrong.path().to_string();
        let said = wrong.inner().to_string();
        // Lines and columns are those of a text that nobody wrote by hand.
        let said = said.split(" at line ").next().unwrap_or(&said);
        if place == "." { said.to_owned() } else { format!("{place}: {said}") }
    })?;
    reader.end().map_err(|_| "Must be one JSON value".to_owned())?;
    Ok(value)
}
