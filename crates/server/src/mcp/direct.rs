//! Requests whose client is told nothing but the answer: it wants no progress and cannot be asked. They go to the handler
//! as they are; a service of the protocol crate for each would be four tasks and as many queues.

use std::convert::Infallible;
use std::future::{pending, ready};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, GetExtensions, GetMeta, JsonRpcRequest, ServerJsonRpcMessage};
use rmcp::service::{RequestContext, serve_directly};
use rmcp::transport::Transport;
use rmcp::{ErrorData, RoleServer, ServerHandler, Service};
use tokio_util::sync::CancellationToken;

use super::handler::guarded;
use super::listing::Listing;
use crate::front::Front;

/// Answers one request with JSON. Dropping the future gives it up, and so does the token.
pub(crate) type Direct =
    Arc<dyn Fn(JsonRpcRequest<ClientRequest>, CancellationToken) -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// A handler has a way back to its client with each request. Here nobody is there: what is told is dropped.
struct Nobody;

impl Transport<RoleServer> for Nobody {
    type Error = Infallible;

    fn send(&mut self, _: ServerJsonRpcMessage) -> impl Future<Output = Result<(), Infallible>> + Send + 'static {
        ready(Ok(()))
    }

    fn receive(&mut self) -> impl Future<Output = Option<ClientJsonRpcMessage>> + Send {
        pending()
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Infallible>> + Send {
        ready(Ok(()))
    }
}

/// Of the handlers that `make` makes, for all requests but handshakes. The list of tools lies ready.
pub(crate) fn direct<H: ServerHandler>(front: Arc<Front>, make: impl Fn() -> H + Send + Sync + 'static) -> Direct {
    let (listing, answers) = (Arc::new(Listing::new(front)), answering(make, |request| !is_handshake(request)));
    Arc::new(move |request, ct| {
        if !Listing::is_asked(&request.request) {
            return answers(request, ct);
        }
        let (listing, answers) = (Arc::clone(&listing), Arc::clone(&answers));
        Box::pin(async move {
            match guarded(async { Ok(listing.answer(&request)) }).await {
                Ok(Some(listed)) => Some(listed),
                Ok(None) => answers(request, ct).await,
                Err(fault) => written(&ServerJsonRpcMessage::error(fault, Some(request.id))),
            }
        })
    })
}

/// The same for handshakes alone. A handler may leave word of one with the way back, which is everybody's here: theirs is
/// not the one that calls find.
pub(crate) fn handshakes<H: ServerHandler>(make: impl Fn() -> H + Send + Sync + 'static) -> Direct {
    answering(make, is_handshake)
}

fn is_handshake(request: &ClientRequest) -> bool {
    matches!(request, ClientRequest::InitializeRequest(_))
}

fn answering<H: ServerHandler>(
    make: impl Fn() -> H + Send + Sync + 'static,
    is_ours: fn(&ClientRequest) -> bool,
) -> Direct {
    let nobody = Arc::new(serve_directly(make(), Nobody, None));
    Arc::new(move |request, ct| {
        let (handler, nobody) = (make(), Arc::clone(&nobody));
        Box::pin(async move {
            let JsonRpcRequest { id, mut request, .. } = request;
            let mut context = RequestContext::new(id.clone(), nobody.peer().clone());
            context.ct = ct;
            std::mem::swap(&mut context.meta, request.get_meta_mut());
            std::mem::swap(&mut context.extensions, request.extensions_mut());
            let answer = if is_ours(&request) {
                handler.handle_request(request, context).await
            } else {
                Err(ErrorData::invalid_request("a handshake comes alone", None))
            };
            written(&match answer {
                Ok(result) => ServerJsonRpcMessage::response(result, id),
                Err(error) => ServerJsonRpcMessage::error(error, Some(id)),
            })
        })
    })
}

/// Our own message: it serialises.
fn written(message: &ServerJsonRpcMessage) -> Option<String> {
    serde_json::to_string(message).ok()
}
