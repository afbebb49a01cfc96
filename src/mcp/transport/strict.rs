//! JSON in which each key of an object is there once. What is odd is noted, and the rest is read on: an answer needs the message's `id`.

use crate::domain::visible::escaped;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Of a key that is quoted; it is the client's own.
const QUOTED: usize = 60;
/// How serde_json's own types write what they keep as text. In a message such a key would be read as something else than it says.
const PRIVATE: &str = "$serde_json::private::";

/// What was odd.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// The first, in words.
    pub(super) first: Option<String>,
    /// The message has more than one `id`.
    pub(super) id_twice: bool,
}

/// Reads a text, and notes what is odd in it.
pub(super) fn read(text: &str) -> Result<(Value, Faults), serde_json::Error> {
    let mut faults = Faults::default();
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Strict { faults: &mut faults, outermost: true }.deserialize(&mut json)?;
    json.end()?;
    Ok((value, faults))
}

struct Strict<'a> {
    faults: &'a mut Faults,
    outermost: bool,
}

impl Strict<'_> {
    fn within(&mut self) -> Strict<'_> {
        Strict { faults: self.faults, outermost: false }
    }

    fn note(&mut self, key: &str, what: &str) {
        let quoted = || escaped(&key.chars().take(QUOTED).collect::<String>());
        self.faults.first.get_or_insert_with(|| format!("the key `{}` {what}", quoted()));
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.within())? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if key.starts_with(PRIVATE) {
                self.note(&key, "means nothing here");
            }
            if object.contains_key(&key) {
                self.note(&key, "is there twice");
                self.faults.id_twice |= self.outermost && key == "id";
            }
            let value = entries.next_value_seed(self.within())?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
