//! Listening to changes (2026-07-28 basic/patterns/subscriptions). Only that revision's clients can: for the older ones
//! each idle session would have to keep a task, or a place in a table of peers, for a notice that comes when an operator
//! reloads a policy.

use std::time::Duration;

use aegis_gate::{Ask, Call, Change};
use rmcp::model::{ErrorData, SubscriptionFilter};
use rmcp::service::{SubscriptionContext, SubscriptionSendError};
use tokio::sync::broadcast::error::RecvError;

use super::handler::Handler;
use super::wire;

/// Longest a listener is listened to. Then it asks again, and is looked at again.
const LISTEN_FOR: Duration = Duration::from_mins(15);
/// How often it is looked whether the listener's key still stands. With the time until a changed file of keys is taken up
/// it stays below the five seconds of attack K04.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Most resources of one listener: each is read once.
const MAX_WATCHED: usize = 16;

/// What can be listened to of what is wanted.
pub(super) fn accepted(wanted: &SubscriptionFilter) -> SubscriptionFilter {
    let mut accepted = wanted.clone();
    if let Some(uris) = &mut accepted.resource_subscriptions {
        uris.truncate(MAX_WATCHED);
    }
    accepted
}

impl Handler {
    /// Passes changes on until the client hangs up, its key ends, the process is asked to end or the time is over. Whoever
    /// would watch a resource must be able to read it, and does so once: a change of what is hidden is hidden too.
    pub(super) async fn pass_on(&self, context: &SubscriptionContext) -> Result<(), ErrorData> {
        let (principal, origin) = self.enter(context.request_context()).await?;
        // From before the reads, so that nothing between is missed.
        let mut changes = self.front.gate().changes();
        let watched = context.accepted().resource_subscriptions.as_deref().unwrap_or_default();
        for uri in watched {
            let read = Call::Resource { uri: uri.clone() };
            let verdict = self.front.call(&principal, read, Ask::alone(&origin)).await;
            verdict.map_err(|error| wire::fault(&error, &origin.correlation_id, Some(uri)))?;
        }
        let mut over = std::pin::pin!(tokio::time::sleep(LISTEN_FOR));
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            let change = tokio::select! {
                () = context.cancelled() => return Ok(()),
                () = &mut over => return Ok(()),
                () = self.front.stopped() => return Ok(()),
                _ = look.tick() => None,
                change = changes.recv() => Some(change),
            };
            if !self.front.gate().stands(principal.owner()).await {
                return Ok(());
            }
            let Some(change) = change else { continue };
            let heard = match change {
                Ok(change) => tell(context, change).await,
                // Too far behind to know what changed: everything may have.
                Err(RecvError::Lagged(_)) => tell_all(context, watched).await,
                Err(RecvError::Closed) => return Ok(()),
            };
            let policy_changed = matches!(heard, Ok(Told::LastList)) && !watched.is_empty();
            if heard.is_err() || policy_changed {
                // Who may read what is decided anew, by whoever listens again.
                return Ok(());
            }
        }
    }
}

enum Told {
    One,
    /// The last list of those that change with a policy.
    LastList,
}

/// What was not asked for is not told.
async fn tell(context: &SubscriptionContext, change: Change) -> Result<Told, ()> {
    let (sink, mut told) = (context.sink(), Told::One);
    let sent = match change {
        Change::Tools => sink.notify_tool_list_changed().await,
        Change::Prompts => sink.notify_prompt_list_changed().await,
        Change::Resources => {
            told = Told::LastList;
            sink.notify_resource_list_changed().await
        }
        Change::Resource(uri) => sink.notify_resource_updated(uri).await,
    };
    match sent {
        Ok(()) | Err(SubscriptionSendError::NotificationNotAccepted(_)) => Ok(told),
        Err(_) => Err(()),
    }
}

async fn tell_all(context: &SubscriptionContext, watched: &[String]) -> Result<Told, ()> {
    for change in watched.iter().cloned().map(Change::Resource).chain(Change::LISTS) {
        tell(context, change).await?;
    }
    Ok(Told::LastList)
}
