//! What an answer holds: each object is declared once, with the words that document its fields.
//!
//! `view!` makes a struct that serialises as the protocol wants it (money as decimal strings, RFC 3339 dates) and
//! lists its fields for the reference pages and OpenAPI.

use serde::Serialize;

use crate::Time;
use crate::money::Amount;

/// A documented field of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The exact name in JSON.
    pub name: &'static str,
    /// Its shape.
    pub kind: FieldKind,
    /// What it means.
    pub doc: &'static str,
    /// The fields of this object stand in the outer one.
    pub is_flat: bool,
}

/// The fields of an answer as they stand in JSON: those of flat objects in place of the object.
pub fn flat_fields(fields: &'static [Field]) -> Vec<Field> {
    let mut flat = Vec::new();
    for field in fields {
        match field.kind {
            FieldKind::Object(inner) if field.is_flat => flat.extend(flat_fields(inner())),
            _ => flat.push(*field),
        }
    }
    flat
}

/// Whether a `#[serde(…)]` says `flatten`.
pub const fn is_flatten(attribute: &str) -> bool {
    let (wanted, given) = (b"flatten", attribute.as_bytes());
    let mut at = 0;
    while at < wanted.len() && at < given.len() && wanted[at] == given[at] {
        at += 1;
    }
    at == wanted.len() && at == given.len()
}

/// Shape of a field.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// JSON number without a fraction.
    Int,
    /// JSON string.
    Text,
    /// `true` or `false`.
    Bool,
    /// RFC 3339 UTC string.
    Date,
    /// Decimal string in a currency.
    Money,
    /// A number with a fixed meaning: `(code, meaning)`.
    Code(&'static [(i64, &'static str)]),
    /// A nested object.
    Object(fn() -> &'static [Field]),
    /// A list of such values.
    List(&'static FieldKind),
    /// Such a value or `null`.
    Nullable(&'static FieldKind),
    /// An object whose fields are named by what it tells about; the words of the field say how.
    Map,
}

/// A type that may stand in an answer.
pub trait FieldType: Serialize {
    /// Its shape, for documentation.
    const KIND: FieldKind;
}

/// An object of an answer.
pub trait View: Serialize {
    /// Its fields in order.
    fn fields() -> &'static [Field];
}

macro_rules! plain {
    ($($ty:ty => $kind:ident),*) => { $(impl FieldType for $ty { const KIND: FieldKind = FieldKind::$kind; })* };
}
plain!(i64 => Int, String => Text, bool => Bool, Time => Date, Amount => Money);

impl<T: FieldType> FieldType for Option<T> {
    /// `Option<Option<T>>` is a value that may be absent, or `null`.
    const KIND: FieldKind = match T::KIND {
        FieldKind::Nullable(kind) => FieldKind::Nullable(kind),
        _ => FieldKind::Nullable(&T::KIND),
    };
}

impl<T: FieldType> FieldType for Vec<T> {
    const KIND: FieldKind = FieldKind::List(&T::KIND);
}

/// Declares an object of an answer: `view! { /// what it is \n pub struct OfferRow { /// meaning \n id: i64, … } }`.
///
/// A field may carry one `#[serde(…)]` after its documentation, for example to be absent when empty.
#[macro_export]
macro_rules! view {
    ($(#[doc = $about:literal])* pub struct $name:ident {
        $( $(#[doc = $doc:literal])* $(#[serde($($serde:tt)*)])? $field:ident : $ty:ty ),* $(,)?
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, serde::Serialize)]
        pub struct $name { $( $(#[doc = $doc])* $(#[serde($($serde)*)])? pub $field: $ty ),* }

        impl $crate::view::View for $name {
            fn fields() -> &'static [$crate::view::Field] {
                const FIELDS: &[$crate::view::Field] = &[$( $crate::view::Field {
                    name: $crate::input::plain_name(stringify!($field)),
                    kind: <$ty as $crate::view::FieldType>::KIND,
                    doc: concat!($($doc),*).trim_ascii(),
                    is_flat: $crate::view::is_flatten(concat!($(stringify!($($serde)*))?)),
                } ),*];
                FIELDS
            }
        }

        impl $crate::view::FieldType for $name {
            const KIND: $crate::view::FieldKind =
                $crate::view::FieldKind::Object(<$name as $crate::view::View>::fields);
        }
    };
}

/// Whether a member of a [`document!`](crate::document) says nothing.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Declares an object that comes in and goes out in the same form, as JSON: `document! { /// what it is \n pub struct
/// Schedule { /// meaning \n zone: String, … } }`. An absent member is empty, an empty one is left out, and one that is
/// not known is refused.
#[macro_export]
macro_rules! document {
    ($(#[doc = $about:literal])* pub struct $name:ident {
        $( $(#[doc = $doc:literal])* $field:ident : $ty:ty ),* $(,)?
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields, remote = "Self")]
        pub struct $name {
            $( $(#[doc = $doc])* #[serde(skip_serializing_if = "crate::view::is_default")] pub $field: $ty ),*
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                /// Left to itself, serde would take a list of the members' values as well.
                struct Members;
                impl<'de> serde::de::Visitor<'de> for Members {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        $name::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    }
                }
                deserializer.deserialize_map(Members)
            }
        }

        impl $crate::view::View for $name {
            fn fields() -> &'static [$crate::view::Field] {
                const FIELDS: &[$crate::view::Field] = &[$( $crate::view::Field {
                    name: $crate::input::plain_name(stringify!($field)),
                    kind: <$ty as $crate::view::FieldType>::KIND,
                    doc: concat!($($doc),*).trim_ascii(),
                    is_flat: false,
                } ),*];
                FIELDS
            }
        }

        impl $crate::view::FieldType for $name {
            const KIND: $crate::view::FieldKind =
                $crate::view::FieldKind::Object(<$name as $crate::view::View>::fields);
        }
    };
}

/// Declares an enum whose values are numbers with a fixed meaning in the protocol, usable as a parameter and as a
/// field: `codes! { /// what it is \n pub enum Status { Pending = 0 "waits for a decision", … } }`.
#[macro_export]
macro_rules! codes {
    ($(#[doc = $about:literal])* pub enum $name:ident { $( $variant:ident = $code:literal $word:literal ),* $(,)? }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( #[doc = $word] $variant = $code ),* }

        impl $name {
            /// Every value, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// `(code, meaning)` of every value.
            pub const CODES: &'static [(i64, &'static str)] = &[$(($code, $word)),*];

            /// The number in the protocol and in the store.
            pub fn code(self) -> i64 { self as i64 }

            /// The value with this number.
            pub fn from_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// Its meaning in words.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl $crate::serde::Serialize for $name {
            fn serialize<S: $crate::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.code())
            }
        }

        impl<'de> $crate::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <i64 as $crate::serde::Deserialize>::deserialize(deserializer)?;
                <Self as $crate::input::Single>::parse(&code.to_string())
                    .map_err(<D::Error as $crate::serde::de::Error>::custom)
            }
        }

        impl $crate::view::FieldType for $name {
            const KIND: $crate::view::FieldKind = $crate::view::FieldKind::Code(Self::CODES);
        }

        impl $crate::input::Single for $name {
            const KIND: $crate::input::ParamKind = $crate::input::ParamKind::Code(Self::CODES);
            fn parse(text: &str) -> std::result::Result<Self, String> {
                text.parse::<i64>().ok().and_then(Self::from_code).ok_or_else(|| {
                    let known: Vec<String> = Self::CODES.iter().map(|(code, _)| code.to_string()).collect();
                    format!("Must be one of {}", known.join(", "))
                })
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    view! {
        /// A thing.
        pub struct Thing {
            /// First.
            id: i64,
            /// Second.
            r#type: Option<String>,
        }
    }

    #[test]
    fn fields_carry_their_names_and_words() {
        let fields = Thing::fields();
        assert_eq!(fields[0].doc, "First.");
        assert_eq!(fields[1].name, "type");
        assert!(matches!(fields[1].kind, FieldKind::Nullable(FieldKind::Text)));
    }
}
