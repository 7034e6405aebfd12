//! Questions in rounds (2026-07-28 basic/patterns/mrtr): the call that asks ends, and the call that brings the answer
//! runs the tool anew with every answer so far. What was answered travels with the client, sealed.
//!
//! With a state, an answer counts for the very question that was asked: if the tool would ask something else by now, it
//! asks again. An answer that comes without a state counts by its key, as the protocol has it; the client speaks for the
//! person either way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use aegis_ambient::Timestamp;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ask::{ASK_FOR, Question, Reply};
use crate::audit::canonical;
use crate::error::{CallError, Required};
use crate::principal::Principal;
use crate::seal::{MAX_STATE_BYTES, Seal};

/// The answers of one call's rounds so far.
pub(crate) struct Rounds {
    seal: Arc<Seal>,
    binding: Vec<u8>,
    /// What the state says was asked; none without a state.
    asked: Option<BTreeMap<String, String>>,
    replies: Map<String, Value>,
    /// What this run has used of them.
    used: Mutex<Used>,
}

#[derive(Default, Clone, Serialize, Deserialize)]
struct Used {
    /// Digests of questions, by their keys.
    asked: BTreeMap<String, String>,
    replies: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct State {
    /// Until when it is good, in seconds since 1970.
    until: i64,
    #[serde(flatten)]
    used: Used,
}

impl Rounds {
    /// Opens what the client carried. `binding` says for whom and for which call it must have been sealed.
    ///
    /// # Errors
    /// [`CallError::StateRefused`].
    pub(crate) fn open(
        seal: Arc<Seal>,
        binding: Vec<u8>,
        state: Option<&str>,
        mut replies: Map<String, Value>,
        now: Timestamp,
    ) -> Result<Self, CallError> {
        let mut asked = None;
        if let Some(sealed) = state {
            let state = seal.open(&binding, sealed).and_then(|state| serde_json::from_slice::<State>(&state).ok());
            let state = state.filter(|state| state.until > now.as_second()).ok_or(CallError::StateRefused)?;
            asked = Some(state.used.asked);
            replies.extend(state.used.replies);
        }
        Ok(Self { seal, binding, asked, replies, used: Mutex::default() })
    }

    /// The answer, if it came.
    ///
    /// # Errors
    /// [`CallError::InputRequired`] where it did not, or does not fit.
    pub(crate) fn ask(&self, question: &Question, now: Timestamp) -> Result<Reply, CallError> {
        let digest = digest_of(question);
        let was_asked = self.asked.as_ref().is_none_or(|asked| asked.get(question.key) == Some(&digest));
        let raw = self.replies.get(question.key).filter(|_| was_asked);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.asked.insert(question.key.to_owned(), digest);
        if let Some((raw, reply)) = raw.and_then(|raw| Some((raw, question.read(raw)?))) {
            used.replies.insert(question.key.to_owned(), raw.clone());
            return Ok(reply);
        }
        let lasts = i64::try_from(ASK_FOR.as_secs()).unwrap_or(i64::MAX);
        let state = State { until: now.as_second().saturating_add(lasts), used: used.clone() };
        let state = serde_json::to_vec(&state).map_err(|_| CallError::Internal)?;
        let state = self.seal.close(&self.binding, &state);
        if state.len() > MAX_STATE_BYTES {
            let (limit_bytes, hint) = (u64::try_from(MAX_STATE_BYTES).unwrap_or(u64::MAX), "answer with less");
            return Err(CallError::TooLarge { what: "what was answered".to_owned(), limit_bytes, hint });
        }
        Err(CallError::InputRequired(Box::new(Required { question: question.clone(), state })))
    }
}

/// For whom and for which call a state is sealed. No part before the arguments can hold a line end.
pub(crate) fn binding(
    principal: &Principal,
    door: Option<crate::audit::Door>,
    tool: &str,
    arguments: &Map<String, Value>,
) -> Vec<u8> {
    let door = door.map(crate::audit::Door::as_str).unwrap_or_default();
    let mut binding = format!("{}\n{door}\n{tool}\n", principal.owner().line()).into_bytes();
    canonical(arguments, &mut |bytes| binding.extend(bytes));
    binding
}

fn digest_of(question: &Question) -> String {
    let mut bytes = question.message.clone().into_bytes();
    bytes.push(0);
    canonical(&question.schema(), &mut |part| bytes.extend(part));
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &bytes))
}
