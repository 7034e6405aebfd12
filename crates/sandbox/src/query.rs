//! Percent-decoding of paths and queries, and the encoding Gitea's paging links use.

use std::fmt::Write as _;

/// Decodes one path segment; `None` when it is not UTF-8 or an escape is broken.
pub(crate) fn decode(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { hex(rest.next()?)? * 16 + hex(rest.next()?)? } else { byte });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// As Go's `url.QueryEscape`.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => into.push(char::from(byte)),
            b' ' => into.push('+'),
            _ => {
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}

/// A decoded query; of a repeated key the first value counts.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(raw: &str) -> Self {
        let pair = |part: &str| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            Some((decode(&key.replace('+', " "))?, decode(&value.replace('+', " "))?))
        };
        Self { pairs: raw.split('&').filter(|part| !part.is_empty()).filter_map(pair).collect() }
    }

    /// The value, or the empty text when the key is absent: Gitea does not tell the two apart.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The value when it is there and not empty.
    pub(crate) fn given(&self, key: &str) -> Option<&str> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    /// Gitea's idea of true.
    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.given(key).map(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "on" | "t"))
    }

    /// Zero when absent or no number.
    pub(crate) fn number(&self, key: &str) -> i64 {
        self.text(key).parse().unwrap_or(0)
    }

    /// Words between commas.
    pub(crate) fn list(&self, key: &str) -> impl Iterator<Item = &str> {
        self.text(key).split(',').map(str::trim).filter(|word| !word.is_empty())
    }

    /// The query with another page, keys in alphabetical order.
    pub(crate) fn with_page(&self, page: usize) -> String {
        let page = page.to_string();
        let mut pairs: Vec<(&str, &str)> = self
            .pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .filter(|(key, _)| *key != "page")
            .collect();
        pairs.push(("page", &page));
        pairs.sort_by_key(|(key, _)| *key);
        let mut text = String::new();
        for (key, value) in pairs {
            if !text.is_empty() {
                text.push('&');
            }
            encode(key, &mut text);
            text.push('=');
            encode(value, &mut text);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_once_and_broken_ones_refused() {
        assert_eq!(decode("feature%2Fround").as_deref(), Some("feature/round"));
        assert_eq!(decode("%252F").as_deref(), Some("%2F"));
        assert_eq!(decode("%2"), None);
        assert_eq!(decode("%zz"), None);
        assert_eq!(decode("%ff"), None);
    }

    #[test]
    fn page_links_keep_the_query_in_order() {
        let query = Query::parse("q=a+b%2Fc&limit=2&page=7");
        assert_eq!(query.with_page(3), "limit=2&page=3&q=a+b%2Fc");
        assert_eq!(query.text("q"), "a b/c");
    }
}
