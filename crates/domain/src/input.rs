//! What a request may carry: parameters are declared once and read strictly (design §3).
//!
//! `params!` makes a typed struct and the list of its parameters, with the words that document them. Reading
//! collects a message for **every** bad parameter, names unknown ones, and never guesses.

mod json;
pub mod limits;
mod page;
#[cfg(test)]
mod tests;
mod upload;

use std::collections::BTreeSet;

use crate::time::Moment;
use crate::view::FieldKind;
use crate::{Error, FieldErrors, Result, Time, money};

pub use json::{Json, read_json};
pub use limits::Limits;
pub use page::{Page, PerPage, Walk, WalkPlace};
pub use upload::{FileBytes, Upload, upload_bytes};

/// A documented parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// The exact name.
    pub name: &'static str,
    /// Its shape.
    pub kind: ParamKind,
    /// Whether the request is refused without it.
    pub required: bool,
    /// Whether it may have several values: `a=1,2`, `a[]=1&a[]=2`, `a=1&a=2`.
    pub many: bool,
    /// Whether an empty value or `null` takes the present one away.
    pub is_clearable: bool,
    /// What each value must be like beyond its shape.
    pub limits: Limits,
    /// What it means.
    pub doc: &'static str,
}

/// Shape of a parameter's value.
#[derive(Debug, Clone, Copy)]
pub enum ParamKind {
    /// Whole number below 2^53.
    Int,
    /// Any text.
    Text,
    /// `1`, `0`, `true`, `false`.
    Bool,
    /// `2023-04-27` or `2024-04-25T14:15:16`, UTC unless a zone is given.
    Date,
    /// Plain decimal, at most six places and at most a thousand million.
    Money,
    /// One of the numbers of a code table.
    Code(&'static [(i64, &'static str)]),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A file in `multipart/form-data`, of at most so many bytes.
    File(usize),
    /// An object or a list of objects of this shape: JSON as a text in forms, the thing itself in JSON bodies.
    Json(&'static FieldKind),
}

/// One value as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawValue {
    /// A form or query value, or a JSON string or number.
    Text(String),
    /// An element of an explicit list (`a[]=…`, a JSON array): commas in it separate nothing.
    Element(String),
    /// JSON `true` or `false`.
    Flag(bool),
    /// JSON `null`: the same as an empty value.
    Null,
    /// A JSON object, or a list that has objects or lists in it, as its text.
    Json(String),
    /// A file of `multipart/form-data`.
    File(FileBytes),
    /// From within: a piece of a [`Walk`], or else the page with this number.
    Walk(i64, Walk),
}

impl RawValue {
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) | Self::Element(text) => text.is_empty(),
            Self::Null => true,
            Self::Flag(_) | Self::Json(_) | Self::File(_) | Self::Walk(..) => false,
        }
    }
}

/// The parameters of one request, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct RawParams(Vec<(String, RawValue)>);

impl RawParams {
    /// Adds one value; `a[]` and `a` are the same parameter.
    pub fn push(&mut self, name: &str, value: RawValue) {
        match (name.strip_suffix("[]"), value) {
            (Some(plain), RawValue::Text(text)) => self.0.push((plain.to_owned(), RawValue::Element(text))),
            (plain, value) => self.0.push((plain.unwrap_or(name).to_owned(), value)),
        }
    }

    /// Takes all values of one parameter out.
    pub fn take(&mut self, name: &str) -> Vec<RawValue> {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|(known, _)| known == name);
        self.0 = left;
        let taken: Vec<(String, RawValue)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// Takes one parameter's first value as text, for parameters of the protocol itself.
    pub fn take_text(&mut self, name: &str) -> Option<String> {
        self.take(name).into_iter().find_map(|value| match value {
            RawValue::Text(text) | RawValue::Element(text) => Some(text),
            _ => None,
        })
    }

    /// Adds all of another set's values.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Leaves out empty values and those whose name is not wanted; gives the unwanted names.
    pub fn retain(&mut self, is_wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let mut unwanted = BTreeSet::new();
        self.0.retain(|(name, value)| {
            if !is_wanted(name) {
                unwanted.insert(name.clone());
                return false;
            }
            !value.is_empty()
        });
        unwanted
    }

    /// All values with the names of their parameters, in the order in which they came.
    pub fn values(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Names that nobody took.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Reads a declared set of parameters.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a message for every bad, missing, repeated or unknown parameter.
    pub fn read<T: Input>(self) -> Result<T> {
        let mut reader = Reader { raw: self, errors: FieldErrors::default() };
        let value = T::take_from(&mut reader);
        for name in reader.raw.names() {
            reader.errors.add(name, "Unknown parameter");
        }
        reader.errors.finish()?;
        value.ok_or_else(|| Error::Internal("a parameter was refused without a message".to_owned()))
    }
}

/// Takes typed values out of [`RawParams`] and keeps the messages of those that cannot be read.
pub struct Reader {
    raw: RawParams,
    errors: FieldErrors,
}

impl Reader {
    /// Takes one parameter; `None` when it was refused (the messages are kept).
    pub fn take<T: ParamType>(&mut self, param: &Param) -> Option<T> {
        let name = param.name;
        let mut values = self.raw.take(name);
        if T::CLEARABLE {
            // What clears is no value.
            values.iter_mut().filter(|value| value.is_empty()).for_each(|value| *value = RawValue::Null);
        }
        let wrong = param.limits.wrong(&values, T::MANY);
        match T::from_values(values) {
            Ok(value) if wrong.is_empty() => Some(value),
            Ok(_) => {
                for message in wrong {
                    self.errors.add(name, message);
                }
                None
            }
            Err(message) => {
                self.errors.add(name, message);
                None
            }
        }
    }
}

/// A declared set of parameters.
pub trait Input: Sized + Send {
    /// The parameters in order.
    const PARAMS: &'static [Param];
    /// Takes all of them.
    fn take_from(reader: &mut Reader) -> Option<Self>;
}

/// A method without parameters.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Input for Nothing {
    const PARAMS: &'static [Param] = &[];
    fn take_from(_: &mut Reader) -> Option<Self> {
        Some(Self)
    }
}

/// A type of one value.
pub trait Single: Sized + PartialEq {
    /// Its shape, for documentation.
    const KIND: ParamKind;
    /// What it must be like beyond that, for documentation; [`Self::parse`] refuses the rest.
    const LIMITS: Limits = Limits::None;
    /// Reads it, or says in words what is wrong.
    fn parse(text: &str) -> std::result::Result<Self, String>;
    /// Reads it from a JSON object or a list of them, where it is one.
    fn parse_json(_: &str) -> std::result::Result<Self, String> {
        Err(NOT_AN_OBJECT.to_owned())
    }
}

/// A type of a parameter: one value, an optional one, or a list.
pub trait ParamType: Sized {
    /// Shape of one value.
    const KIND: ParamKind;
    /// Whether the parameter must be there.
    const REQUIRED: bool;
    /// Whether it may have several values.
    const MANY: bool;
    /// Whether an empty value or `null` takes the present one away.
    const CLEARABLE: bool = false;
    /// What each value must be like beyond its shape, unless the declaration says more.
    const LIMITS: Limits = Limits::None;
    /// Reads the values as they came; an empty list means that the parameter is absent.
    fn from_values(values: Vec<RawValue>) -> std::result::Result<Self, String>;
}

/// What a parameter that must be there is told.
const REQUIRED: &str = "This parameter is required";
/// What an object in the place of a plain value is told.
const NOT_AN_OBJECT: &str = "Must be a string, a number, true, false or a list of them";

/// The one value, if there is any: a list has several, even when it holds one.
fn one(mut values: Vec<RawValue>) -> std::result::Result<Option<RawValue>, String> {
    match (values.pop(), values.is_empty()) {
        (Some(RawValue::Element(_)), true) => Err("Must be one value, not a list".to_owned()),
        (value, true) => Ok(value),
        (_, false) => Err("Must be given once".to_owned()),
    }
}

/// Reads one value that is there.
fn single<T: Single>(value: RawValue) -> std::result::Result<T, String> {
    match (value, T::KIND) {
        (RawValue::Text(text) | RawValue::Element(text), _) => T::parse(&text),
        (RawValue::Flag(flag), ParamKind::Bool) => T::parse(if flag { "true" } else { "false" }),
        (RawValue::Json(text), _) => T::parse_json(&text),
        (RawValue::Flag(_), _) => Err("Must not be true or false".to_owned()),
        (RawValue::File(_) | RawValue::Walk(..), _) => Err("Must be text, not a file".to_owned()),
        (RawValue::Null, _) => Err("Must not be null".to_owned()),
    }
}

impl<T: Single> ParamType for T {
    const KIND: ParamKind = T::KIND;
    const LIMITS: Limits = T::LIMITS;
    const REQUIRED: bool = true;
    const MANY: bool = false;
    fn from_values(values: Vec<RawValue>) -> std::result::Result<Self, String> {
        match one(values)? {
            Some(RawValue::Null) | None => Err(REQUIRED.to_owned()),
            Some(value) => single(value),
        }
    }
}

impl<T: Single> ParamType for Option<T> {
    const KIND: ParamKind = T::KIND;
    const LIMITS: Limits = T::LIMITS;
    const REQUIRED: bool = false;
    const MANY: bool = false;
    fn from_values(values: Vec<RawValue>) -> std::result::Result<Self, String> {
        one(values)?.map(single).transpose()
    }
}

impl<T: Single> ParamType for Option<Vec<T>> {
    const KIND: ParamKind = T::KIND;
    const LIMITS: Limits = T::LIMITS;
    const REQUIRED: bool = false;
    const MANY: bool = true;
    fn from_values(values: Vec<RawValue>) -> std::result::Result<Self, String> {
        if values.is_empty() {
            return Ok(None);
        }
        let mut list = Vec::new();
        for value in values {
            match value {
                RawValue::Text(text) if text.is_empty() => {}
                RawValue::Text(text) => {
                    for part in text.split(',') {
                        list.push(T::parse(part.trim())?);
                    }
                }
                value => list.push(single(value)?),
            }
        }
        if list.len() > MANY_LIMIT {
            return Err(format!("At most {MANY_LIMIT} values"));
        }
        Ok(Some(if matches!(T::KIND, ParamKind::Code(_) | ParamKind::Word(_)) { unique(list) } else { list }))
    }
}

/// Each value once, at its first place: a choice of codes is a set, and a question to the database should not grow with
/// what is only said again.
fn unique<T: PartialEq>(list: Vec<T>) -> Vec<T> {
    let mut values = Vec::new();
    for value in list {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// Values that one list parameter may have.
pub const MANY_LIMIT: usize = 1000;

/// A change of a value that may also be absent: not sent, sent empty (or `null`), or sent with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not sent: the value stays.
    Keep,
    /// Sent empty: the value goes.
    Clear,
    /// The new value.
    Set(T),
}

impl<T> Patch<T> {
    /// The same change of something made from the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(change(value)),
        }
    }

    /// The value after the change.
    pub fn or(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Keep => present,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<T: Single> ParamType for Patch<T> {
    const KIND: ParamKind = T::KIND;
    const LIMITS: Limits = T::LIMITS;
    const REQUIRED: bool = false;
    const MANY: bool = false;
    const CLEARABLE: bool = true;
    fn from_values(values: Vec<RawValue>) -> std::result::Result<Self, String> {
        match one(values)? {
            None => Ok(Self::Keep),
            Some(value) if value.is_empty() => Ok(Self::Clear),
            Some(value) => single(value).map(Self::Set),
        }
    }
}

impl Single for i64 {
    const KIND: ParamKind = ParamKind::Int;
    fn parse(text: &str) -> std::result::Result<Self, String> {
        // `i64::from_str` takes a leading plus, which no client of the protocol writes.
        let number = if text.starts_with('+') { None } else { text.parse::<i64>().ok() };
        number.filter(|n| n.unsigned_abs() < 1 << 53).ok_or_else(|| "Must be a whole number".to_owned())
    }
}

impl Single for String {
    const KIND: ParamKind = ParamKind::Text;
    fn parse(text: &str) -> std::result::Result<Self, String> {
        if text.contains('\0') {
            return Err("Must not contain a NUL character".to_owned());
        }
        Ok(text.to_owned())
    }
}

impl Single for bool {
    const KIND: ParamKind = ParamKind::Bool;
    fn parse(text: &str) -> std::result::Result<Self, String> {
        match text {
            "1" | "true" => Ok(true),
            "0" | "false" => Ok(false),
            _ => Err("Must be 1, 0, true or false".to_owned()),
        }
    }
}

/// Says what a date must look like.
const DATE_FORM: &str = "Must be a date such as 2023-04-27 or 2024-04-25T14:15:16";

impl Single for Time {
    const KIND: ParamKind = ParamKind::Date;
    fn parse(text: &str) -> std::result::Result<Self, String> {
        Time::parse(text).ok_or_else(|| DATE_FORM.to_owned())
    }
}

/// The end of a window, inclusive as it was written: a date takes its whole day in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until(
    /// The first second outside the window.
    pub Time,
);

impl Single for Until {
    const KIND: ParamKind = ParamKind::Date;
    fn parse(text: &str) -> std::result::Result<Self, String> {
        Moment::parse(text).map(|moment| Self(moment.end)).ok_or_else(|| DATE_FORM.to_owned())
    }
}

/// Money or a rate as a plain decimal: micro-units of whatever currency the object has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(
    /// Micro-units.
    pub i64,
);

impl Single for Decimal {
    const KIND: ParamKind = ParamKind::Money;
    fn parse(text: &str) -> std::result::Result<Self, String> {
        match money::parse_micros(text) {
            Some(micros) if micros > money::AMOUNT_LIMIT => Err("Must be at most 1000000000".to_owned()),
            Some(micros) => Ok(Self(micros)),
            None => Err("Must be a plain decimal such as 12.50".to_owned()),
        }
    }
}

/// A field's name without the `r#` of a Rust keyword.
pub const fn plain_name(name: &'static str) -> &'static str {
    let bytes = name.as_bytes();
    if bytes.len() > 2 && bytes[0] == b'r' && bytes[1] == b'#' { name.split_at(2).1 } else { name }
}

/// Declares a set of parameters: `params! { /// what for \n pub struct OfferList { /// meaning \n geo: Option<Vec<i64>>, … } }`.
///
/// What a value must be like beyond its type follows it: `name: String where limits::NAME`.
#[macro_export]
macro_rules! params {
    ($(#[doc = $about:literal])* pub struct $name:ident {
        $( $(#[doc = $doc:literal])* $field:ident : $ty:ty $(where $limits:expr)? ),* $(,)?
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        pub struct $name { $( $(#[doc = $doc])* pub $field: $ty ),* }

        impl $crate::input::Input for $name {
            const PARAMS: &'static [$crate::input::Param] = &[$( $crate::input::Param {
                name: $crate::input::plain_name(stringify!($field)),
                kind: <$ty as $crate::input::ParamType>::KIND,
                required: <$ty as $crate::input::ParamType>::REQUIRED,
                many: <$ty as $crate::input::ParamType>::MANY,
                is_clearable: <$ty as $crate::input::ParamType>::CLEARABLE,
                // The declared ones, or else those of the type.
                limits: [$($limits,)? <$ty as $crate::input::ParamType>::LIMITS][0],
                doc: concat!($($doc),*).trim_ascii(),
            } ),*];

            fn take_from(reader: &mut $crate::input::Reader) -> Option<Self> {
                let mut params = <Self as $crate::input::Input>::PARAMS.iter();
                $( let $field = params.next().and_then(|param| reader.take::<$ty>(param)); )*
                Some(Self { $( $field: $field? ),* })
            }
        }
    };
}
