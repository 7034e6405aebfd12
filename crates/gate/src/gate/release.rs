//! What may leave: serialised once, redacted, measured, shown as text.

use serde_json::{Map, Value};

use crate::answer::{Answer, UNTRUSTED_NOTICE, as_text};
use crate::error::CallError;
use crate::gate::{Gate, Passage};
use crate::tool::Output;

/// Escapes of invisible characters and the JSON around a file may lengthen it; beyond this it does not leave.
const LARGEST_ANSWER_FACTOR: u64 = 3;

impl Gate {
    /// Redacts an output and makes the answer of it.
    pub(crate) fn release<O: Output>(&self, passage: &Passage<'_>, output: &O) -> Result<Answer, CallError> {
        if let Some(finding) = output.exact_bytes().and_then(|bytes| passage.sight.redactor.scan_bytes(bytes)) {
            return Err(CallError::SecretMasked { rule: finding.rule, line: finding.line });
        }
        let mut value = serde_json::to_value(output).map_err(|_| {
            tracing::error!(passage.correlation_id, "an answer could not be serialised");
            CallError::Internal
        })?;
        let counts = passage.sight.redactor.value(&mut value, O::FILE_TEXT);
        if let Some(block) = counts.first_block {
            return Err(CallError::SecretMasked { rule: block.rule, line: block.line });
        }
        let Value::Object(mut structured) = value else { return Err(CallError::Internal) };
        for (name, count) in [("sanitised", counts.sanitised), ("masked", counts.masked)] {
            if count > 0 && O::BARE_TEXT.is_some() {
                structured.insert(name.to_owned(), count.into());
            }
        }
        if O::UNTRUSTED {
            structured.insert("untrusted".to_owned(), UNTRUSTED_NOTICE.into());
        }
        let answer = self.shown::<O>(structured, output)?;
        let bytes = u64::try_from(answer.text.len()).unwrap_or(u64::MAX);
        passage.note(|trace| {
            trace.masked = counts.masked.into();
            trace.answer_bytes = bytes;
        });
        let limit_bytes = self.house.max_file_bytes.saturating_mul(LARGEST_ANSWER_FACTOR);
        if bytes > limit_bytes {
            let hint = "ask for a smaller part: a range, a page, fewer paths";
            return Err(CallError::TooLarge { what: "the answer".to_owned(), limit_bytes, hint });
        }
        Ok(answer)
    }

    fn shown<O: Output>(&self, structured: Map<String, Value>, output: &O) -> Result<Answer, CallError> {
        let nonce = O::BARE_TEXT.map(|_| self.ambient.random().map(u64::from_be_bytes)).transpose();
        let nonce = nonce.map_err(|_| CallError::Internal)?.map(|nonce| format!("{nonce:016x}"));
        let text = as_text(&structured, O::BARE_TEXT.zip(nonce.as_deref()));
        Ok(Answer { structured, text, image: output.image(), bare: O::BARE_TEXT })
    }
}
