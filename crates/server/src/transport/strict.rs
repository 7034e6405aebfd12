//! JSON as strictly as a gateway needs it: no key twice, no more depth or values than a message can have. Two parsers
//! that read a body differently are how a check is passed with one meaning and a call made with another (attacks H11,
//! H12); what could be read two ways is refused here.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// Deepest nesting of a body. The deepest arguments of a tool have four.
const MAX_DEPTH: usize = 64;
/// Most values in a body, keys not counted. File contents are one value, however long.
const MAX_VALUES: usize = 20_000;
/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    /// No JSON (RFC 8259), or none a Unicode string can hold.
    #[error("the body is not JSON")]
    Syntax,
    /// A key stands twice in one object.
    #[error("an object of the body has the same key twice")]
    DuplicateKey,
    /// Deeper than [`MAX_DEPTH`].
    #[error("the body is nested deeper than 64 levels")]
    Depth,
    /// More than [`MAX_VALUES`].
    #[error("the body holds more than 20000 values")]
    Values,
}

/// Reads a whole body.
///
/// # Errors
/// [`Unfit`].
pub(crate) fn parse(body: &[u8]) -> Result<Value, Unfit> {
    let state = State { values: Cell::new(0), fault: Cell::new(None) };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Strict { state: &state, depth: 0 }.deserialize(&mut reader);
    let whole = value.and_then(|value| reader.end().map(|()| value));
    whole.map_err(|_| state.fault.get().unwrap_or(Unfit::Syntax))
}

struct State {
    values: Cell<usize>,
    fault: Cell<Option<Unfit>>,
}

impl State {
    fn refuse<E: Error>(&self, fault: Unfit) -> E {
        self.fault.set(Some(fault));
        E::custom(fault)
    }
}

/// One value at some depth.
#[derive(Clone, Copy)]
struct Strict<'a> {
    state: &'a State,
    depth: usize,
}

impl Strict<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH { Err(self.state.refuse(Unfit::Depth)) } else { Ok(Self { depth, ..self }) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let seen = self.state.values.get().saturating_add(1);
        self.state.values.set(seen);
        if seen > MAX_VALUES {
            return Err(self.state.refuse(Unfit::Values));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| self.state.refuse(Unfit::Syntax))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let item = self.deeper()?;
        let mut all = Vec::new();
        while let Some(value) = items.next_element_seed(item)? {
            all.push(value);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let field = self.deeper()?;
        let mut all = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let Entry::Vacant(place) = all.entry(key) else { return Err(self.state.refuse(Unfit::DuplicateKey)) };
            place.insert(fields.next_value_seed(field)?);
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_reads_is_read_the_same() {
        for text in [r#"{"jsonrpc":"2.0","id":-1,"params":{"a":[1,2.5,true,null,"ä\u00e9"]}}"#, "7", "[]", " {} \n"] {
            assert_eq!(parse(text.as_bytes()), Ok(serde_json::from_str(text).unwrap()), "{text}");
        }
    }

    #[test]
    fn h12_a_key_that_stands_twice_is_refused() {
        assert_eq!(parse(br#"{"a":1,"a":1}"#), Err(Unfit::DuplicateKey));
        assert_eq!(parse(br#"{"a":{"b":1,"\u0062":2}}"#), Err(Unfit::DuplicateKey));
        assert_eq!(parse(br#"[{"a":1},{"a":1}]"#).map(|_| ()), Ok(()));
    }

    #[test]
    fn h11_depth_and_count_end_somewhere() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(parse(nested(MAX_DEPTH + 1).as_bytes()), Err(Unfit::Depth));
        assert_eq!(parse("[".repeat(100_000).as_bytes()), Err(Unfit::Depth));
        let many = |count: usize| format!("[{}]", vec!["1"; count].join(","));
        assert!(parse(many(MAX_VALUES - 1).as_bytes()).is_ok());
        assert_eq!(parse(many(MAX_VALUES).as_bytes()), Err(Unfit::Values));
    }

    #[test]
    fn h11_what_no_string_and_no_number_can_be_is_no_json() {
        let bad: [&[u8]; 10] =
            [b"", b"{", b"{]", b"NaN", b"Infinity", br#""\ud800""#, b"\"\xff\"", b"\xef\xbb\xbf{}", b"{} {}", b"1e999"];
        for body in bad {
            assert_eq!(parse(body), Err(Unfit::Syntax), "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(parse("9".repeat(1_000_000).as_bytes()), Err(Unfit::Syntax));
    }
}
