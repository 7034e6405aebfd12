//! What the record says about a sign-in and about a call.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::answer::Answer;
use crate::audit::{ArgumentsShape, Door, Event, EventName, Outcome};
use crate::authn::{AuthnError, Origin, RawCredential};
use crate::error::CallError;
use crate::gate::Trace;
use crate::principal::Principal;

/// One attempt to get in.
pub(crate) fn authentication(verdict: &Result<Principal, AuthnError>, raw: &RawCredential, origin: &Origin) -> Event {
    let mut event = from(origin, EventName::ApiAuthentication);
    match verdict {
        Ok(principal) => by(&mut event, principal),
        Err(error) => {
            event.name = error.event(raw);
            event.outcome = match error {
                AuthnError::Unavailable => Outcome::Failed,
                AuthnError::Missing
                | AuthnError::InvalidFormat { .. }
                | AuthnError::InvalidKey { .. }
                | AuthnError::InvalidToken
                | AuthnError::LockedOut { .. }
                | AuthnError::RateLimited { .. }
                | AuthnError::Suspended
                | AuthnError::AccountRefused(_) => Outcome::Denied,
            };
            event.code = Some(error.code());
        }
    }
    event
}

/// One call, before its outcome is known.
pub(crate) fn call(
    principal: &Principal,
    origin: &Origin,
    (door, tool): (Option<Door>, &str),
    arguments: ArgumentsShape,
) -> Event {
    let mut event = from(origin, EventName::ToolCall);
    by(&mut event, principal);
    event.tool = Some(tool.to_owned());
    event.door = door;
    event.arguments = Some(arguments);
    event
}

/// Its outcome.
pub(crate) fn outcome(event: &mut Event, verdict: &Result<Answer, CallError>, trace: &Mutex<Trace>, took: Duration) {
    let trace = trace.lock().unwrap_or_else(PoisonError::into_inner).clone();
    event.target = trace.target;
    event.rule = trace.rule;
    event.asked = trace.asked;
    event.withheld = Some(trace.withheld).filter(|count| *count > 0);
    event.masked = Some(trace.masked).filter(|count| *count > 0);
    event.answer_bytes = Some(trace.answer_bytes).filter(|count| *count > 0);
    event.duration_us = Some(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    match verdict {
        // Somebody was asked, which is what was to happen next.
        Ok(_) | Err(CallError::InputRequired(_)) => event.outcome = Outcome::Allowed,
        Err(error) => {
            event.outcome = if error.is_refusal() { Outcome::Denied } else { Outcome::Failed };
            event.code = Some(error.code());
        }
    }
}

fn from(origin: &Origin, name: EventName) -> Event {
    let mut event = Event::new(name, Outcome::Allowed, origin.correlation_id.clone());
    event.transport = Some(origin.transport);
    event.address = origin.address;
    event.client.clone_from(&origin.client);
    event
}

fn by(event: &mut Event, principal: &Principal) {
    event.method = Some(principal.method());
    event.login = Some(principal.login().to_owned());
    event.account_id = Some(principal.account_id().value());
    event.key_id = principal.key_id().map(ToString::to_string);
    event.shared = principal.is_shared();
}
