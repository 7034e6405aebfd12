//! What a prompt and a completion answer with, in the shape MCP gives them (2025-11-25 server/prompts,
//! server/utilities/completion).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Serialize;

use crate::tool::Output;

/// What a prompt puts before a model, in order.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Messages {
    messages: Vec<Message>,
    /// Bytes of images, to be scanned for secrets.
    #[serde(skip)]
    scanned: Vec<u8>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Message {
    role: &'static str,
    content: Content,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Content {
    Text {
        text: String,
    },
    Image {
        data: String,
        #[serde(rename = "mimeType")]
        mime_type: &'static str,
    },
    Resource {
        resource: Embedded,
    },
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Embedded {
    uri: String,
    mime_type: &'static str,
    text: String,
}

impl Messages {
    /// The person says this.
    #[must_use]
    pub fn says(self, text: impl Into<String>) -> Self {
        self.with(Content::Text { text: text.into() })
    }

    /// The person shows this picture.
    #[must_use]
    pub fn shows(mut self, bytes: &[u8], mime_type: &'static str) -> Self {
        self.scanned.extend(bytes);
        self.with(Content::Image { data: STANDARD.encode(bytes), mime_type })
    }

    /// The person puts this text with it, under the URI it can be read at.
    #[must_use]
    pub fn attaches(self, uri: impl Into<String>, mime_type: &'static str, text: impl Into<String>) -> Self {
        self.with(Content::Resource { resource: Embedded { uri: uri.into(), mime_type, text: text.into() } })
    }

    fn with(mut self, content: Content) -> Self {
        self.messages.push(Message { role: "user", content });
        self
    }
}

impl Output for Messages {
    fn exact_bytes(&self) -> Option<&[u8]> {
        (!self.scanned.is_empty()).then_some(&self.scanned)
    }
}

/// What a value may be completed to, the likeliest first.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Values {
    values: Vec<String>,
    #[serde(rename = "hasMore")]
    has_more: bool,
}

impl Values {
    /// Most values of one answer (2025-11-25 server/utilities/completion).
    const MOST: usize = 100;

    /// These, as far as an answer holds them.
    #[must_use]
    pub fn new(mut values: Vec<String>) -> Self {
        let has_more = values.len() > Self::MOST;
        values.truncate(Self::MOST);
        Self { values, has_more }
    }
}

impl Output for Values {
    // A list of names for a person to choose from: clients have no place for a label beside it.
    const UNTRUSTED: bool = false;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_and_values_have_the_shape_of_the_protocol() {
        let messages = Messages::default().says("a").shows(b"x", "image/png").attaches("t://a", "text/plain", "b");
        let wanted = json!({"messages": [
            {"role": "user", "content": {"type": "text", "text": "a"}},
            {"role": "user", "content": {"type": "image", "data": "eA==", "mimeType": "image/png"}},
            {"role": "user", "content": {"type": "resource",
                "resource": {"uri": "t://a", "mimeType": "text/plain", "text": "b"}}},
        ]});
        assert_eq!(serde_json::to_value(&messages).unwrap(), wanted);
        assert_eq!(messages.exact_bytes(), Some(b"x".as_slice()));
        assert_eq!(Messages::default().says("a").exact_bytes(), None);
        let values = serde_json::to_value(Values::new(vec![String::new(); 101])).unwrap();
        assert_eq!((values["values"].as_array().unwrap().len(), &values["hasMore"]), (100, &json!(true)));
    }
}
