//! All that touches rmcp. Outside this module tree the protocol crate is not known: the edge hands in a request that
//! has passed authentication, and gets an HTTP answer back.

mod client;
mod direct;
mod exchange;
mod handler;
mod listen;
mod listing;
mod outbox;
mod pipe;
mod protocol;
mod sessions;
mod table;
mod wire;

use std::sync::Arc;

use aegis_gate::Catalog;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::{ServerHandler, ServiceExt};
use tokio_util::sync::CancellationToken;

pub(crate) use client::Unnamed;
pub use handler::Handler;
pub(crate) use pipe::PipeFault;
pub(crate) use protocol::{Answer, Protocol, SESSION};
pub(crate) use sessions::{Accepted, STANDING, Session, SessionFault, Told};
pub(crate) use table::{Entered, Full};
pub(crate) use wire::listed_tool;

use crate::front::Front;
use handler::Caller;

/// Longest message on standard input, in bytes: as much as an HTTP body.
const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// What of the older revisions is offered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offered {
    /// `MCP_SESSIONS`: sessions of 2025-03-26 to 2025-11-25.
    pub(crate) sessions: bool,
    /// `LEGACY_SSE`: the transport of 2024-11-05.
    pub(crate) legacy_sse: bool,
}

/// What stands between a connection and the gateway's own handler: nothing in the gateway, the fixtures of the
/// conformance suite in its test. Whatever it is, a request reaches it authenticated.
pub trait Wrap: Clone + Send + Sync + 'static {
    /// What answers.
    type Handler: ServerHandler;

    /// Whether it answers otherwise than the gateway's handler: tells clients more than they asked for, or lists other
    /// tools than the catalogue has.
    const DEVIATES: bool = false;

    /// Adds to what is offered. It runs as everything offered does: authenticated, admitted, on record.
    fn offer(&self, catalog: Catalog) -> Catalog {
        catalog
    }

    /// Wraps the handler of one connection.
    fn wrap(&self, handler: Handler) -> Self::Handler;
}

/// No wrapping.
#[derive(Debug, Clone, Copy)]
pub struct Plain;

impl Wrap for Plain {
    type Handler = Handler;

    fn wrap(&self, handler: Handler) -> Handler {
        handler
    }
}

/// The handler of connections whose requests bring their authenticated caller.
fn maker<W: Wrap>(front: Arc<Front>, wrap: W) -> impl Fn() -> W::Handler + Clone + Send + Sync + 'static {
    move || wrap.wrap(Handler::new(Arc::clone(&front), Caller::Request))
}

/// Serves the process's own user over standard input and output until the other side closes it.
///
/// # Errors
/// The pipe broke before the handshake was done, or the service ended in a panic.
pub(crate) async fn serve_stdio(front: Arc<Front>, stop: CancellationToken) -> anyhow::Result<()> {
    let handler = Handler::new(front, Caller::Process);
    let (input, output) = rmcp::transport::stdio_pipes();
    let transport = AsyncRwTransport::new_server(input, output).with_max_line_length(MAX_LINE_BYTES);
    let running = Box::pin(handler.serve_with_ct(transport, stop)).await?;
    running.waiting().await?;
    Ok(())
}
