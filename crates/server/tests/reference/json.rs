//! JSON whose objects keep the order of their fields, with long lists cut.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// A value of JSON.
pub enum Ordered {
    Object(Vec<(String, Ordered)>),
    List(Vec<Ordered>),
    Plain(Value),
}

/// Indented, with lists of objects cut to their first two; says whether something was cut.
pub fn example(text: &str) -> (String, bool) {
    let mut value: Ordered = serde_json::from_str(text).expect("JSON");
    let is_cut = value.cut(2);
    (serde_json::to_string_pretty(&value).expect("JSON again"), is_cut)
}

impl Ordered {
    fn cut(&mut self, limit: usize) -> bool {
        match self {
            // A file in base64.
            Self::Plain(Value::String(text)) if text.len() > 2_000 => {
                text.truncate(text.char_indices().nth(60).map_or(0, |(at, _)| at));
                text.push('…');
                true
            }
            Self::Plain(_) => false,
            Self::Object(fields) => {
                fields.iter_mut().fold(false, |is_cut, (_, value)| value.cut(limit) || is_cut)
            }
            Self::List(values) => {
                let is_long =
                    values.len() > limit && matches!(values[0], Self::Object(_)) || values.len() > 12;
                if is_long {
                    values.truncate(limit);
                }
                // A list in a list shows one: two levels tell the shape.
                values.iter_mut().fold(is_long, |is_cut, value| value.cut(1) || is_cut)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Ordered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
        let mut fields = Vec::new();
        while let Some(pair) = map.next_entry()? {
            fields.push(pair);
        }
        Ok(Ordered::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Ordered, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Ordered::List(values))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Plain(Value::Null))
    }
}

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(value) => value.serialize(serializer),
            Self::List(values) => serializer.collect_seq(values),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}
