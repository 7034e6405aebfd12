//! One line: how it is written, and how its frame is read without trusting what it says.

use std::io;

use aegis_ambient::Timestamp;
use serde::Serialize;

use super::hash::Hash;
use super::key::SigningKey;
use super::own::{Checkpoint, Own};
use super::text;

/// No line is longer, its end included. Texts and arguments are cut so that none can be; readers skip what is.
pub const LINE_CAP_BYTES: usize = 64 * 1024;

/// Lines that will go to disk together, and where the chain stands after them.
pub(super) struct Draft {
    pub(super) bytes: Vec<u8>,
    /// The signed ones among them, for the second place.
    pub(super) signed: Vec<u8>,
    pub(super) seq: u64,
    pub(super) head: Hash,
}

#[derive(Serialize)]
struct Body<'a, Fields> {
    seq: u64,
    time: String,
    event: &'a str,
    #[serde(flatten)]
    fields: &'a Fields,
    prev: Hash,
}

impl Draft {
    /// Continues after line `seq`, whose hash is `head`.
    pub(super) fn after(seq: u64, head: Hash) -> Self {
        Self { bytes: Vec::new(), signed: Vec::new(), seq, head }
    }

    /// Adds a line.
    pub(super) fn push(&mut self, time: Timestamp, event: &str, fields: &impl Serialize) -> io::Result<()> {
        let body = self.body(time, event, fields)?;
        self.close(body);
        Ok(())
    }

    /// Adds a line of the record's own.
    pub(super) fn push_own<T: Own>(&mut self, time: Timestamp, own: &T) -> io::Result<()> {
        self.push(time, T::EVENT, own)
    }

    /// Adds a line that vouches for all before it.
    pub(super) fn push_signed<T: Own>(&mut self, time: Timestamp, own: &T, key: &SigningKey) -> io::Result<()> {
        let mut body = self.body(time, T::EVENT, own)?;
        let signature = key.sign(&body);
        body.extend_from_slice(format!(",\"signature\":\"{signature}\"").as_bytes());
        let from = self.bytes.len();
        self.close(body);
        self.signed.extend_from_slice(self.bytes.get(from..).unwrap_or_default());
        Ok(())
    }

    /// Adds the checkpoint that ends a commit.
    pub(super) fn push_checkpoint(&mut self, time: Timestamp, chain: &str, key: &SigningKey) -> io::Result<()> {
        let checkpoint = Checkpoint { chain: chain.to_owned(), key: key.public().id().to_owned() };
        self.push_signed(time, &checkpoint, key)
    }

    /// The line without signature, hash and closing brace.
    fn body(&self, time: Timestamp, event: &str, fields: &impl Serialize) -> io::Result<Vec<u8>> {
        let seq = self.seq.saturating_add(1);
        let mut body = text::json(&Body { seq, time: format!("{time:.6}"), event, fields, prev: self.head })?;
        body.pop();
        Ok(body)
    }

    fn close(&mut self, body: Vec<u8>) {
        self.head = Hash::of_record(&body);
        self.seq = self.seq.saturating_add(1);
        self.bytes.extend(body);
        self.bytes.extend_from_slice(format!(",\"hash\":\"{}\"}}\n", self.head).as_bytes());
    }
}

/// What a line claims. Only `computed` is known; whether the claims fit together is for the reader to say.
pub(super) struct Frame<'a> {
    pub(super) seq: u64,
    pub(super) time: Timestamp,
    pub(super) event: &'a str,
    pub(super) prev: Hash,
    pub(super) hash: Hash,
    pub(super) computed: Hash,
    pub(super) signature: Option<Signature<'a>>,
    pub(super) text: &'a str,
}

/// A signature and what it is over.
pub(super) struct Signature<'a> {
    pub(super) over: &'a [u8],
    pub(super) base64: &'a str,
}

impl<'a> Frame<'a> {
    /// Reads the frame of a line without its line end; `None` if it is none.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?;
        let (body, hash) = split_last(text.strip_suffix("\"}")?, ",\"hash\":\"")?;
        let (signed, signature) = match split_last(body.strip_suffix('"')?, ",\"signature\":\"") {
            Some((over, base64)) => (over, Some(Signature { over: over.as_bytes(), base64 })),
            None => (body, None),
        };
        let (_, prev) = split_last(signed.strip_suffix('"')?, ",\"prev\":\"")?;
        let (seq, rest) = body.strip_prefix("{\"seq\":")?.split_once(",\"time\":\"")?;
        let (time, rest) = rest.split_once("\",\"event\":\"")?;
        let (event, _) = rest.split_once('"')?;
        Some(Self {
            seq: seq.parse().ok()?,
            time: time.parse().ok()?,
            event,
            prev: Hash::parse(prev)?,
            hash: Hash::parse(hash)?,
            computed: Hash::of_record(body.as_bytes()),
            signature,
            text,
        })
    }

    /// The hash it states is the hash it has.
    pub(super) fn whole(&self) -> bool {
        self.hash == self.computed
    }
}

/// Text before and after the last `mark`, which must not be inside a value: values hold no bare quote.
fn split_last<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let (before, after) = text.rsplit_once(mark)?;
    (!after.contains('"')).then_some((before, after))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;
    use crate::audit::arguments::ArgumentsShape;
    use crate::audit::event::{Asked, Door, Event, EventName, Method, Outcome, Transport};
    use crate::audit::key::DigestKey;

    fn written(event: &Event) -> Vec<u8> {
        let mut draft = Draft::after(u64::MAX - 1, Hash::of_chain("c"));
        draft.push("2026-01-02T03:04:05.678901234Z".parse().unwrap(), event.name.as_str(), &event.fields()).unwrap();
        draft.bytes
    }

    /// An event in which every field is set and every text is `text`.
    fn full(text: &str, key: &DigestKey) -> Event {
        let arguments: Map<String, Value> = (0..100).map(|at| (format!("{at}{text}"), json!([text]))).collect();
        Event {
            transport: Some(Transport::Streamable),
            address: Some(Ipv6Addr::LOCALHOST.into()),
            client: Some(text.to_owned()),
            method: Some(Method::ServiceToken),
            login: Some(text.to_owned()),
            account_id: Some(i64::MIN),
            key_id: Some(text.to_owned()),
            shared: true,
            tool: Some(text.to_owned()),
            door: Some(Door::Completion),
            asked: Some(Asked::Dismissed),
            target: Some(text.to_owned()),
            arguments: Some(ArgumentsShape::of(&arguments, key)),
            code: Some("policy_denied"),
            rule: Some(text.to_owned()),
            duration_us: Some(u64::MAX),
            answer_bytes: Some(u64::MAX),
            withheld: Some(u64::MAX),
            masked: Some(u64::MAX),
            ..Event::new(EventName::ApiAuthentication, Outcome::Denied, text)
        }
    }

    #[test]
    fn a06_the_largest_event_fits_a_line_and_says_what_was_cut() {
        let key = DigestKey::of_seed(&[7; 32]);
        // Every letter becomes six, and of what is beyond a cap only the count is longer in a longer text.
        let line = written(&full(&"\u{1b}".repeat(1024), &key).capped(&key));
        let counts = String::from_utf8_lossy(&line).matches(" bytes more, hmac-sha256 ").count();
        let longest = line.len() + counts * (u64::MAX.to_string().len() - "512".len());
        assert!(longest <= LINE_CAP_BYTES, "{longest}");
        let record: Value = serde_json::from_slice(&line).unwrap();
        let texts: Vec<&str> = record.as_object().unwrap().values().filter_map(Value::as_str).collect();
        assert_eq!(texts.iter().filter(|text| text.contains("…[512 bytes more, hmac-sha256 ")).count(), 7);
        assert_eq!(counts, 7 + record["arguments"]["shape"].as_object().unwrap().len());
        assert!(texts.iter().all(|text| text.len() < 700), "a text escaped the cap");
    }

    #[test]
    fn fixed_names_and_status_are_written_as_compatibility_has_them() {
        let line = |event: &Event| String::from_utf8(written(event)).unwrap();
        let sign_in = |outcome| line(&Event::new(EventName::ApiAuthentication, outcome, "r1"));
        assert!(sign_in(Outcome::Allowed).contains(r#""event":"api_authentication","outcome":"allowed","#));
        assert!(sign_in(Outcome::Allowed).contains(r#""status":"success""#));
        assert!(sign_in(Outcome::Denied).contains(r#""status":"failure""#));
        assert!(sign_in(Outcome::Failed).contains(r#""status":"failure""#));
        assert!(!line(&Event::new(EventName::ToolCall, Outcome::Denied, "r1")).contains("status"));
        assert!(sign_in(Outcome::Allowed).contains(r#""time":"2026-01-02T03:04:05.678901Z","#));
    }

    proptest! {
        #[test]
        fn a07_any_text_keeps_one_record_one_line_and_reads_back(text in any::<String>()) {
            let key = DigestKey::of_seed(&[7; 32]);
            let event = full(&text, &key).capped(&key);
            let line = written(&event);
            let (end, body) = line.split_last().unwrap();
            prop_assert_eq!(*end, b'\n');
            prop_assert!(body.iter().all(|byte| (b' '..=b'~').contains(byte)));
            let frame = Frame::parse(body).unwrap();
            prop_assert!(frame.whole() && frame.signature.is_none());
            prop_assert_eq!((frame.seq, frame.event), (u64::MAX, "api_authentication"));
            let record: Value = serde_json::from_slice(body).unwrap();
            prop_assert_eq!(record["login"].as_str(), event.login.as_deref());
            let told = serde_json::to_value(event.fields()).unwrap();
            for (name, value) in told.as_object().unwrap() {
                prop_assert_eq!(record.get(name), Some(value));
            }
            prop_assert_eq!(record.as_object().unwrap().len(), told.as_object().unwrap().len() + 5);
        }

        #[test]
        fn a07_a_text_that_looks_like_the_end_of_a_line_is_only_text(inner in "[a-z\"\\\\{},:]{0,40}") {
            let key = DigestKey::of_seed(&[7; 32]);
            let forged = format!("{inner}\",\"prev\":\"{0}\",\"signature\":\"AA==\",\"hash\":\"{0}\"}}\n{{\"seq\":1", "0".repeat(64));
            let line = written(&full(&forged, &key).capped(&key));
            prop_assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
            let frame = Frame::parse(line.strip_suffix(b"\n").unwrap()).unwrap();
            prop_assert!(frame.whole() && frame.signature.is_none() && frame.prev == Hash::of_chain("c"));
        }
    }
}
