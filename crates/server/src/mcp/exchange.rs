//! One request of a session, as the protocol crate meets it: a transport that brings the request, then what the client
//! replies to questions about it, and ends with the answer. What it tells goes to the request's outbox.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Weak};

use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, GetMeta, InitializeRequestParams, JsonRpcRequest, RequestId,
    ServerJsonRpcMessage, ServerNotification,
};
use rmcp::transport::Transport;
use tokio::sync::mpsc;

use super::outbox::Outbox;
use super::sessions::{Record, Session};
use super::table::InUse;

/// Replies that wait to be read; a request asks one question at a time.
pub(crate) const REPLIES: usize = 4;

/// A request on its way.
pub(crate) struct Exchange {
    pub(crate) number: u64,
    pub(crate) message: Option<ClientJsonRpcMessage>,
    pub(crate) replies: mpsc::Receiver<Box<ClientJsonRpcMessage>>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) session: Weak<Record>,
    #[expect(dead_code, reason = "a session in which something runs is in use")]
    pub(crate) in_use: Arc<InUse<Session>>,
}

impl Exchange {
    /// Tells the answer.
    pub(crate) fn answer(&self, json: &str) {
        self.outbox.tell(Some(json), true);
        self.over();
    }

    fn over(&self) {
        self.outbox.end();
        if let Some(session) = self.session.upgrade() {
            session.answered(self.number);
        }
    }

    /// The request, if nothing but its answer is to be told: its client wants no progress and cannot be asked.
    pub(crate) fn plain(&mut self, client: &InitializeRequestParams) -> Option<JsonRpcRequest<ClientRequest>> {
        let asked = client.capabilities.elicitation.is_some();
        let plain = |message: &mut ClientJsonRpcMessage| match message {
            ClientJsonRpcMessage::Request(request) => {
                !asked && request.request.get_meta().get_progress_token().is_none()
            }
            _ => false,
        };
        match self.message.take_if(plain)? {
            ClientJsonRpcMessage::Request(request) => Some(request),
            _ => None,
        }
    }
}

/// However it ends: nobody waits for an answer that cannot come any more.
impl Drop for Exchange {
    fn drop(&mut self) {
        self.over();
    }
}

/// The name of a question. The crate counts them within a request; in a session there are several requests.
fn named(number: u64, id: &RequestId) -> RequestId {
    RequestId::String(format!("{number}.{id}").into())
}

/// Whose question a reply answers, and the crate's own id of it. None if it was never asked.
pub(crate) fn asked(id: &RequestId) -> Option<(u64, RequestId)> {
    let RequestId::String(text) = id else { return None };
    let (number, id) = text.split_once('.')?;
    Some((number.parse().ok()?, RequestId::Number(id.parse().ok()?)))
}

impl Transport<RoleServer> for Exchange {
    type Error = Infallible;

    fn send(
        &mut self,
        mut told: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        let (mut kept, mut answers) = (true, false);
        match &mut told {
            ServerJsonRpcMessage::Response(_) | ServerJsonRpcMessage::Error(_) => answers = true,
            ServerJsonRpcMessage::Request(question) => question.id = named(self.number, &question.id),
            ServerJsonRpcMessage::Notification(notice) => {
                kept = false;
                if let ServerNotification::CancelledNotification(cancelled) = &mut notice.notification {
                    let id = &mut cancelled.params.request_id;
                    *id = id.take().map(|id| named(self.number, &id));
                }
            }
        }
        // Our own message: it serialises.
        if let Ok(json) = serde_json::to_string(&told) {
            self.outbox.tell(Some(&json), kept);
        }
        if answers {
            self.over();
        }
        ready(Ok(()))
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        match self.message.take() {
            Some(message) => Some(message),
            None => self.replies.recv().await.map(|reply| *reply),
        }
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Infallible>> + Send {
        ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_finds_the_request_that_asked() {
        let name = named(7, &RequestId::Number(0));
        assert_eq!(name, RequestId::String("7.0".into()));
        assert_eq!(asked(&name), Some((7, RequestId::Number(0))));
        for never in ["7", "7.x", ".0", "x.0", ""] {
            assert_eq!(asked(&RequestId::String(never.into())), None, "{never}");
        }
        assert_eq!(asked(&RequestId::Number(0)), None);
    }
}
