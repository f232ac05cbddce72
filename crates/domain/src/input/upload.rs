//! Files among the parameters: they come in `multipart/form-data` only, and each kind has its own limit.
//!
//! The name and the type that a sender gives to a file are not kept: nothing may trust them.

use std::fmt;
use std::sync::Arc;

use super::{Param, ParamKind, ParamType, Patch, RawValue, one};

/// What a text in the place of a file is told.
const NOT_A_TEXT: &str = "Must be a file, sent as multipart/form-data";

/// The content of a file. Cheap to clone; never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct FileBytes(Arc<[u8]>);

impl FileBytes {
    /// Takes the content over.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The content.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a file of {} bytes", self.0.len())
    }
}

/// A file of at most `LIMIT` bytes, not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload<const LIMIT: usize>(FileBytes);

impl<const LIMIT: usize> Upload<LIMIT> {
    /// A file that does not come from a request.
    ///
    /// # Errors
    /// In words, when it is empty or larger than the limit.
    pub fn new(file: FileBytes) -> Result<Self, String> {
        match file.bytes().len() {
            0 => Err("The file is empty".to_owned()),
            length if length > LIMIT => Err(format!("The file must be at most {LIMIT} bytes")),
            _ => Ok(Self(file)),
        }
    }

    /// The content.
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// The content as it can be shared with another thread.
    pub fn shared(&self) -> FileBytes {
        self.0.clone()
    }
}

impl<const LIMIT: usize> ParamType for Upload<LIMIT> {
    const KIND: ParamKind = ParamKind::File(LIMIT);
    const REQUIRED: bool = true;
    const MANY: bool = false;
    fn from_values(values: Vec<RawValue>) -> Result<Self, String> {
        match Patch::<Self>::from_values(values)? {
            Patch::Set(file) => Ok(file),
            Patch::Keep | Patch::Clear => Err("This parameter is required".to_owned()),
        }
    }
}

impl<const LIMIT: usize> ParamType for Option<Upload<LIMIT>> {
    const KIND: ParamKind = ParamKind::File(LIMIT);
    const REQUIRED: bool = false;
    const MANY: bool = false;
    fn from_values(values: Vec<RawValue>) -> Result<Self, String> {
        match Patch::<Upload<LIMIT>>::from_values(values)? {
            Patch::Set(file) => Ok(Some(file)),
            Patch::Keep => Ok(None),
            Patch::Clear => Err(NOT_A_TEXT.to_owned()),
        }
    }
}

/// Sent as an empty text or `null`, the present file goes.
impl<const LIMIT: usize> ParamType for Patch<Upload<LIMIT>> {
    const KIND: ParamKind = ParamKind::File(LIMIT);
    const REQUIRED: bool = false;
    const MANY: bool = false;
    const CLEARABLE: bool = true;
    fn from_values(values: Vec<RawValue>) -> Result<Self, String> {
        match one(values)? {
            None => Ok(Self::Keep),
            Some(RawValue::Null) => Ok(Self::Clear),
            Some(RawValue::Text(text) | RawValue::Element(text)) if text.is_empty() => Ok(Self::Clear),
            Some(
                RawValue::Text(_)
                | RawValue::Element(_)
                | RawValue::Flag(_)
                | RawValue::Json(_)
                | RawValue::Walk(..),
            ) => Err(NOT_A_TEXT.to_owned()),
            Some(RawValue::File(file)) => Upload::new(file).map(Self::Set),
        }
    }
}

/// How many bytes of files a request with these parameters may carry.
pub fn upload_bytes(params: &[Param]) -> usize {
    let limits = params.iter().map(|param| match param.kind {
        ParamKind::File(limit) => limit,
        _ => 0,
    });
    limits.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::RawParams;
    use crate::{Error, Result, params};

    params! {
        /// For the tests below.
        pub struct Sample {
            /// A file.
            image: Patch<Upload<4>>,
            /// A text.
            name: Option<String>,
        }
    }

    fn read(name: &str, value: RawValue) -> Result<Sample> {
        let mut raw = RawParams::default();
        raw.push(name, value);
        raw.read()
    }

    fn message(result: Result<Sample>) -> String {
        match result {
            Err(Error::Invalid(errors)) => format!("{:?}", errors.messages()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_file_is_not_a_text_and_a_text_is_not_a_file() {
        let file = |bytes: &[u8]| RawValue::File(FileBytes::new(bytes));
        let text = |text: &str| RawValue::Text(text.to_owned());
        assert!(matches!(read("image", file(b"1234")), Ok(Sample { image: Patch::Set(_), name: None })));
        assert!(matches!(read("image", text("")), Ok(Sample { image: Patch::Clear, .. })));
        assert!(matches!(read("image", RawValue::Null), Ok(Sample { image: Patch::Clear, .. })));
        for (name, value, told) in [
            ("image", text("1234"), "Must be a file"),
            ("image", file(b""), "The file is empty"),
            ("image", file(b"12345"), "at most 4 bytes"),
            ("name", file(b"1234"), "Must be text, not a file"),
        ] {
            assert!(message(read(name, value)).contains(told), "{told}");
        }
        assert_eq!(upload_bytes(<Sample as crate::input::Input>::PARAMS), 4);
    }
}
