//! The anchors A3 and A5: the protocol crate alone, with as many tools of the same size as the gateway has, which answer
//! from memory. A3 is over HTTP, with and without sessions; A5 over standard input and output.

use std::sync::Arc;

use axum::Router;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};

use super::listen;
use crate::Failure;

#[derive(Clone)]
struct Echo {
    tools: Arc<Vec<Tool>>,
}

impl Echo {
    /// `tools` is a file with the gateway's list.
    fn read(tools: &str) -> Result<Self, Failure> {
        Ok(Self { tools: Arc::new(serde_json::from_slice(&std::fs::read(tools)?)?) })
    }
}

impl ServerHandler for Echo {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.to_vec()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let text = serde_json::Value::Object(request.arguments.unwrap_or_default()).to_string();
        Ok(CallToolResponse::Complete(CallToolResult::success(vec![ContentBlock::text(text)])))
    }
}

/// `/mcp` stands alone, `/session/mcp` has sessions.
pub(super) async fn serve(tools: &str) -> Result<(), Failure> {
    let echo = Echo::read(tools)?;
    let config = |sessions: bool| {
        let mut config = StreamableHttpServerConfig::default();
        config.legacy_session_mode = sessions;
        config.json_response = !sessions;
        config
    };
    let make = move || Ok(echo.clone());
    let alone = StreamableHttpService::new(make.clone(), Arc::new(NeverSessionManager::default()), config(false));
    let sessions = StreamableHttpService::new(make, Arc::new(LocalSessionManager::default()), config(true));
    let router = Router::new().route_service("/mcp", alone).route_service("/session/mcp", sessions);
    let listener = axum::serve::ListenerExt::tap_io(listen().await?, |stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await?;
    Ok(())
}

pub(super) async fn serve_stdio(tools: &str) -> Result<(), Failure> {
    let running = Box::pin(Echo::read(tools)?.serve(rmcp::transport::stdio())).await?;
    running.waiting().await?;
    Ok(())
}
