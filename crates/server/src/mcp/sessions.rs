//! Sessions of the revisions that have them (2025-03-26 to 2025-11-25), as the protocol crate wants them managed. What
//! it is handed is one caller's view of the table: somebody else's session is not in it, so every door of the crate
//! answers 404 for one, as for one that never was.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aegis_gate::Owner;
use futures_util::{Stream, StreamExt};
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage, ServerResult};
use rmcp::transport::WorkerTransport;
use rmcp::transport::streamable_http_server::session::ServerSseMessage;
use rmcp::transport::streamable_http_server::session::local::{
    EventIdParseError, LocalSessionHandle, LocalSessionWorker, SessionConfig, SessionError, create_local_session,
};
use rmcp::transport::streamable_http_server::{SessionId, SessionManager};
use tokio_stream::wrappers::ReceiverStream;

use super::table::{Bounds, Place, Table};

/// Sessions of one owner, in all, and how long one may lie unused. A client that opens one for every call turns
/// its oldest out and never notices.
pub(crate) const BOUNDS: Bounds = Bounds { per_owner: 64, in_all: 2_048, idle: Duration::from_mins(5) };
/// Messages a session's streams hold for a reader that is slow; then the session waits for it, and for it alone.
const QUEUED_MESSAGES: usize = 8;
/// How long a finished answer can still be fetched by a client whose connection broke.
const RESUME: Duration = Duration::from_secs(30);

/// The sessions there are.
pub(crate) type Sessions = Table<Session>;

/// One session. It ends when nobody holds it any more, the table included.
#[derive(Clone)]
pub(crate) struct Session(Arc<Ending>);

struct Ending(LocalSessionHandle);

impl Drop for Ending {
    fn drop(&mut self) {
        let handle = self.0.clone();
        tokio::spawn(async move {
            // It may have ended by itself; then there is nothing left to end.
            let _ = handle.close().await;
        });
    }
}

/// One caller's view of them, with a place for a session that is about to be opened.
pub(crate) struct Own {
    sessions: Arc<Sessions>,
    owner: Owner,
    place: Mutex<Option<Place<Session>>>,
}

/// Why a session did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionFault {
    /// There is none of that name for this caller, or no place was taken for a new one.
    #[error("no such session")]
    Unknown,
    /// It ended meanwhile.
    #[error(transparent)]
    Ended(#[from] SessionError),
    /// A Last-Event-ID that is none of ours.
    #[error(transparent)]
    EventId(#[from] EventIdParseError),
}

impl Own {
    /// A view; `place` where a session is about to be opened.
    pub(crate) fn new(sessions: Arc<Sessions>, owner: Owner, place: Option<Place<Session>>) -> Self {
        Self { sessions, owner, place: Mutex::new(place) }
    }

    fn session(&self, id: &SessionId) -> Result<Session, SessionFault> {
        self.sessions.find(&self.owner, id).ok_or(SessionFault::Unknown)
    }

    /// A stream that keeps its session in use.
    fn stream(
        &self,
        id: &SessionId,
        messages: tokio::sync::mpsc::Receiver<ServerSseMessage>,
    ) -> impl Stream<Item = ServerSseMessage> + Send + Sync + 'static {
        let in_use = self.sessions.begin(id);
        ReceiverStream::new(messages).map(move |message| {
            let _ = &in_use;
            message
        })
    }
}

impl SessionManager for Own {
    type Error = SessionFault;
    type Transport = WorkerTransport<LocalSessionWorker>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionFault> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or(SessionFault::Unknown)?;
        let mut config = SessionConfig::default();
        config.channel_capacity = QUEUED_MESSAGES;
        config.completed_cache_ttl = RESUME;
        // Our own table ends what lies unused; the crate's clock does not see an open stream as use.
        config.keep_alive = None;
        let id = Arc::clone(place.id());
        let (handle, worker) = create_local_session(Arc::clone(&id), config);
        place.fill(Session(Arc::new(Ending(handle))));
        Ok((id, WorkerTransport::spawn(worker)))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, SessionFault> {
        let in_use = self.sessions.begin(id);
        let answer = self.session(id)?.0.0.initialize(message).await?;
        drop(in_use);
        if let ServerJsonRpcMessage::Response(response) = &answer
            && let ServerResult::InitializeResult(result) = &response.result
        {
            self.sessions.settle(id, result.protocol_version.as_str());
        } else {
            self.sessions.remove(id);
        }
        Ok(answer)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, SessionFault> {
        Ok(self.sessions.find(&self.owner, id).is_some())
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), SessionFault> {
        self.session(id)?;
        drop(self.sessions.remove(id));
        Ok(())
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionFault> {
        let session = self.session(id)?;
        let session = &session.0.0;
        let receiver = session.establish_request_wise_channel().await?;
        session.push_message(message, receiver.http_request_id).await?;
        Ok(self.stream(id, receiver.inner))
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), SessionFault> {
        Ok(self.session(id)?.0.0.push_message(message, None).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionFault> {
        let receiver = self.session(id)?.0.0.establish_common_channel().await?;
        Ok(self.stream(id, receiver.inner))
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionFault> {
        let receiver = self.session(id)?.0.0.resume(last_event_id.parse()?).await?;
        Ok(self.stream(id, receiver.inner))
    }
}
