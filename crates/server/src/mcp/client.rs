//! The way back to the client while its request runs: progress on that request's own stream, and questions in the way
//! of its revision. Up to 2025-11-25 a question is a request of ours on the stream of the open one (SEP-2260); since
//! 2026-07-28 it is the answer, and the client calls again (SEP-2322).

use std::sync::Arc;

use aegis_gate::{ASK_FOR, Ask, Asking, Back, CallError, Origin, Progress, Question};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::request::Parts;
use rmcp::model::{
    ClientCapabilities, ClientResult, ElicitRequest, ElicitRequestParams, InputRequest, InputRequiredResult,
    InputResponses, ProgressNotificationParam, ProgressToken, ProtocolVersion, ServerRequest,
};
use rmcp::service::{PeerRequestOptions, RequestContext};
use rmcp::{ErrorData, Peer, RoleServer};
use serde_json::Value;

/// What a request of 2026-07-28 brings of earlier rounds.
#[derive(Default)]
pub(super) struct Carried {
    pub(super) state: Option<String>,
    pub(super) replies: Option<InputResponses>,
}

/// What a request's context lets a call do beside answering.
pub(super) fn ask<'a>(origin: &'a Origin, context: &RequestContext<RoleServer>, carried: Carried) -> Ask<'a> {
    let asking = if is_stateless(context) {
        let replies = carried.replies.unwrap_or_default().into_iter().collect();
        let in_rounds = || Asking::InRounds { state: carried.state, replies };
        context.client_capabilities().filter(has_forms).map_or(Asking::Never, |_| in_rounds())
    } else {
        // Only who shook hands can be asked: a request that stands alone has no way to bring an answer.
        let told = context.peer.peer_info().map(|info| info.capabilities.clone());
        told.filter(has_forms).map_or(Asking::Never, |_| Asking::Now)
    };
    let client = Client { peer: context.peer.clone(), token: context.meta.get_progress_token() };
    Ask { origin, back: Some(Arc::new(client)), asking }
}

/// Marks a request of no session: what the protocol crate takes for its client's name, where `_meta` gives none, is the
/// crate's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unnamed;

/// What the client calls itself, if it said so.
pub(super) fn name(context: &RequestContext<RoleServer>) -> Option<String> {
    let parts = context.extensions.get::<Parts>();
    let unnamed = parts.is_some_and(|parts| parts.extensions.get::<Unnamed>().is_some());
    let client = if unnamed { context.meta.client_info() } else { context.client_info() };
    client.map(|client| format!("{}/{}", client.name, client.version))
}

/// Whether the request stands alone, as all do since 2026-07-28.
pub(super) fn is_stateless(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

/// An empty capability is that of forms, as it was before there were others (2025-11-25 client/elicitation).
fn has_forms(can: &ClientCapabilities) -> bool {
    can.elicitation.as_ref().is_some_and(|elicitation| elicitation.form.is_some() || elicitation.url.is_none())
}

/// What a call comes to that needs the person first: a round, where the client can take part in one.
///
/// # Errors
/// It cannot, and its revision has a code for that.
pub(super) fn round(
    error: &CallError,
    context: &RequestContext<RoleServer>,
) -> Result<Option<InputRequiredResult>, ErrorData> {
    match error {
        CallError::InputRequired(required) => {
            let form = InputRequest::Elicitation(form(&required.question)?);
            let asked = [(required.question.key.to_owned(), form)].into();
            Ok(Some(InputRequiredResult::new(Some(asked), Some(required.state.clone()))))
        }
        CallError::CannotAsk if is_stateless(context) => {
            let missing = ClientCapabilities::builder().enable_elicitation().build();
            Err(ErrorData::missing_required_client_capability(missing))
        }
        _ => Ok(None),
    }
}

fn form(question: &Question) -> Result<ElicitRequest, ErrorData> {
    let fault = |_| ErrorData::internal_error("a fault of ours", None);
    let requested_schema = serde_json::from_value(Value::Object(question.schema())).map_err(fault)?;
    let message = question.message.clone();
    Ok(ElicitRequest::new(ElicitRequestParams::FormElicitationParams { meta: None, message, requested_schema }))
}

/// The client of one request.
struct Client {
    peer: Peer<RoleServer>,
    /// What it wants progress to be called, if it wants any.
    token: Option<ProgressToken>,
}

impl Back for Client {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, ()> {
        async move {
            let Some(token) = self.token.clone() else { return };
            #[expect(clippy::cast_precision_loss, reason = "the protocol has floating-point numbers here")]
            let mut told = ProgressNotificationParam::new(token, progress.done as f64);
            #[expect(clippy::cast_precision_loss, reason = "the protocol has floating-point numbers here")]
            let total = progress.total.map(|total| total as f64);
            told.total = total;
            told.message = Some(progress.message).filter(|message| !message.is_empty());
            // Nobody may be listening any more; the call goes on.
            let _ = self.peer.notify_progress(told).await;
        }
        .boxed()
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Option<Value>> {
        async move {
            let request = ServerRequest::ElicitRequest(form(question).ok()?);
            let options = PeerRequestOptions::with_timeout(ASK_FOR);
            let handle = self.peer.send_request_with_option(request, options).await.ok()?;
            match handle.await_response().await {
                Ok(ClientResult::ElicitResult(answer)) => serde_json::to_value(answer).ok(),
                // Something else was answered, which is no answer to this.
                Ok(_) => Some(Value::Null),
                Err(_) => None,
            }
        }
        .boxed()
    }
}
