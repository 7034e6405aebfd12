//! Sessions of the revisions that have them (2025-03-26 to 2025-11-25), as the protocol crate wants them managed. What
//! it is handed is the one session that a request named and its caller owns, or the place for one to be opened: nobody
//! else's can be reached through it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage, ServerResult};
use rmcp::transport::WorkerTransport;
use rmcp::transport::streamable_http_server::session::ServerSseMessage;
use rmcp::transport::streamable_http_server::session::local::{
    EventIdParseError, LocalSessionHandle, LocalSessionWorker, SessionConfig, SessionError,
    StreamableHttpMessageReceiver, create_local_session,
};
use rmcp::transport::streamable_http_server::{SessionId, SessionManager};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::table::{Bounds, Entered, InUse, Place, Table};

/// Sessions of one owner, in all, and how long one may lie unused. A client that opens one for every call turns
/// its oldest out and never notices.
pub(crate) const BOUNDS: Bounds = Bounds { per_owner: 64, in_all: 2_048, idle: Duration::from_mins(5) };
/// Messages a session's streams hold for a reader that is slow; then the session waits for it, and for it alone.
const QUEUED_MESSAGES: usize = 8;

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

/// What one request may do.
pub(crate) struct Own {
    sessions: Arc<Sessions>,
    way: Mutex<Option<Way>>,
    stop: CancellationToken,
}

/// Into a session.
pub(crate) enum Way {
    /// A new one is to be opened.
    Opens(Place<Session>),
    /// It was opened, and its handshake is to come.
    Opened(Session, InUse<Session>),
    /// The one that the request names.
    Within(Entered<Session>),
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
    /// `stop` ends the streams that no request waits for.
    pub(crate) fn new(sessions: Arc<Sessions>, way: Way, stop: CancellationToken) -> Self {
        Self { sessions, way: Mutex::new(Some(way)), stop }
    }

    fn take(&self) -> Option<Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The session the request names; it is in use since the edge found it.
    fn entered(&self) -> Result<Entered<Session>, SessionFault> {
        match &*self.way.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Way::Within(entered)) => Ok(entered.clone()),
            Some(Way::Opens(_) | Way::Opened(..)) | None => Err(SessionFault::Unknown),
        }
    }

    /// A stream that keeps its session in use. One that no request waits for ends when the process is asked to.
    fn stream(
        &self,
        in_use: Arc<InUse<Session>>,
        receiver: StreamableHttpMessageReceiver,
    ) -> impl Stream<Item = ServerSseMessage> + Send + Sync + 'static {
        let waited_for = receiver.http_request_id.is_some();
        let stop = self.stop.clone();
        let end = async move { if waited_for { std::future::pending().await } else { stop.cancelled_owned().await } };
        let messages = ReceiverStream::new(receiver.inner).map(move |message| {
            let _ = &in_use;
            message
        });
        messages.take_until(end)
    }
}

impl SessionManager for Own {
    type Error = SessionFault;
    type Transport = WorkerTransport<LocalSessionWorker>;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionFault> {
        let Some(Way::Opens(place)) = self.take() else { return Err(SessionFault::Unknown) };
        let mut config = SessionConfig::default();
        config.channel_capacity = QUEUED_MESSAGES;
        // What was cancelled has no answer to come back for.
        config.completed_cache_ttl = Duration::ZERO;
        // Our own table ends what lies unused; the crate's clock does not see an open stream as use.
        config.keep_alive = None;
        let id = Arc::clone(place.id());
        let (handle, worker) = create_local_session(Arc::clone(&id), config);
        let session = Session(Arc::new(Ending(handle)));
        let in_use = place.fill(session.clone());
        *self.way.lock().unwrap_or_else(PoisonError::into_inner) = Some(Way::Opened(session, in_use));
        Ok((id, WorkerTransport::spawn(worker)))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, SessionFault> {
        let Some(Way::Opened(session, _in_use)) = self.take() else { return Err(SessionFault::Unknown) };
        let answer = session.0.0.initialize(message).await?;
        if let ServerJsonRpcMessage::Response(response) = &answer
            && let ServerResult::InitializeResult(result) = &response.result
        {
            self.sessions.settle(id, result.protocol_version.as_str());
        } else {
            self.sessions.remove(id);
        }
        Ok(answer)
    }

    async fn has_session(&self, _id: &SessionId) -> Result<bool, SessionFault> {
        Ok(self.entered().is_ok())
    }

    /// The crate closes a session when it ended, too. That it is gone already is no fault.
    async fn close_session(&self, id: &SessionId) -> Result<(), SessionFault> {
        drop(self.sessions.remove(id));
        Ok(())
    }

    async fn create_stream(
        &self,
        _id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionFault> {
        let Entered { session, in_use, .. } = self.entered()?;
        let session = &session.0.0;
        let receiver = session.establish_request_wise_channel().await?;
        session.push_message(message, receiver.http_request_id).await?;
        Ok(self.stream(in_use, receiver))
    }

    async fn accept_message(&self, _id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), SessionFault> {
        Ok(self.entered()?.session.0.0.push_message(message, None).await?)
    }

    async fn create_standalone_stream(
        &self,
        _id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionFault> {
        let Entered { session, in_use, .. } = self.entered()?;
        Ok(self.stream(in_use, session.0.0.establish_common_channel().await?))
    }

    async fn resume(
        &self,
        _id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionFault> {
        let Entered { session, in_use, .. } = self.entered()?;
        Ok(self.stream(in_use, session.0.0.resume(last_event_id.parse()?).await?))
    }
}
