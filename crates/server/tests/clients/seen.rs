//! What a client had in its hands at the end, and what it should have been.

use serde_json::{Value, json};

/// How many tools the demo's people have, and the file that every client reads.
const TOOLS: usize = 20;
const REPOSITORY: &str = "acme/tools";
const FILE: &str = "README.md";
const WORDS_OF_THE_FILE: &str = "# tools";

/// The tools' number, and the answers of `get_me` and `get_file_contents`.
pub(crate) struct Seen {
    pub(crate) tools: usize,
    pub(crate) login: String,
    text: String,
}

/// The arguments of the call that reads the file.
pub(crate) fn file() -> Value {
    json!({"repo": REPOSITORY, "path": FILE})
}

impl Seen {
    /// Of the structured content of the two calls.
    pub(crate) fn of(tools: usize, me: &Value, file: &Value) -> Self {
        let text = |object: &Value, name| object.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { tools, login: text(me, "login"), text: text(file, "content") }
    }

    /// Whether it is what this person has.
    ///
    /// # Errors
    /// What it is instead.
    pub(crate) fn expect(self, person: &str) -> Result<Self, String> {
        let read = self.text.contains(WORDS_OF_THE_FILE);
        if self.tools == TOOLS && self.login == person && read {
            return Ok(self);
        }
        Err(format!("{} tools, get_me `{}`, the file `{}`", self.tools, self.login, self.text))
    }
}
