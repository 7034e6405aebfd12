//! What the suite wants a server to have. Most of it are entries of the gateway's own catalogue (`offers`, `questions`)
//! and go its whole way. What a gateway has no notion of stands around its handler: sounds, log messages, questions to a
//! model, tasks. It asks the handler who calls before it answers; what is no such fixture goes to it.

#![expect(deprecated, reason = "what earlier revisions have and 2026-07-28 ends is still asked for by the suite")]

mod asks;
mod caller;
mod changes;
mod content;
mod offers;
mod questions;
mod requests;
mod rounds;
mod seal;
mod streams;
mod tasks;

use std::borrow::Cow;
use std::sync::Arc;

use aegis_ambient::{Ambient, NoRandomness};
use aegis_gate::Catalog;
use aegis_server::mcp::{Handler, Wrap};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult, ErrorData,
    GetPromptRequestParams, GetPromptResponse, GetTaskParams, GetTaskResult, JsonObject, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig, SetLevelRequestParams,
    SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{RoleServer, ServerHandler};
use serde_json::Value;

use caller::Caller;
use seal::Seal;
use tasks::Tasks;

type Context = RequestContext<RoleServer>;

/// The fixtures of one process.
#[derive(Clone)]
pub(crate) struct Fixtures(Arc<Shared>);

struct Shared {
    seal: Seal,
    tasks: Tasks,
}

impl Fixtures {
    /// With a seal of their own.
    ///
    /// # Errors
    /// There is no randomness.
    pub(crate) fn new(ambient: &Ambient) -> Result<Self, NoRandomness> {
        let seal = Seal::new(ambient)?;
        Ok(Self(Arc::new(Shared { seal, tasks: Tasks::default() })))
    }
}

impl Wrap for Fixtures {
    type Handler = Fixture;
    const DEVIATES: bool = true;

    fn offer(&self, catalog: Catalog) -> Catalog {
        offers::offer(catalog)
    }

    fn wrap(&self, gateway: Handler) -> Fixture {
        Fixture { gateway, shared: Arc::clone(&self.0) }
    }
}

/// One connection's handler: the fixtures before the gateway's.
pub(crate) struct Fixture {
    gateway: Handler,
    shared: Arc<Shared>,
}

impl Fixture {
    async fn enter(&self, context: Context) -> Result<Caller, ErrorData> {
        Caller::enter(&self.gateway, context).await
    }

    /// The answer of a fixture, if the tool is one.
    async fn answer(
        &self,
        request: &CallToolRequestParams,
        caller: &Caller,
    ) -> Option<Result<CallToolResponse, ErrorData>> {
        let name = request.name.as_ref();
        let none = JsonObject::new();
        let arguments = request.arguments.as_ref().unwrap_or(&none);
        let complete = |result: rmcp::model::CallToolResult| Ok(result.into());
        if let Some(result) = content::call(name, arguments) {
            return Some(complete(result));
        }
        if let Some(result) = changes::call(name, &self.gateway) {
            return Some(complete(result));
        }
        if let Some(result) = streams::call(name, caller).await {
            return Some(complete(result));
        }
        if let Some(result) = requests::call(name, arguments, caller).await {
            return Some(result.map(Into::into));
        }
        if let Some(response) = rounds::call(request, caller, &self.shared.seal) {
            return Some(response);
        }
        self.shared.tasks.call(request, caller).await
    }
}

impl ServerHandler for Fixture {
    fn get_info(&self) -> ServerConfig {
        let mut server = self.gateway.get_info();
        let beside = ServerCapabilities::builder().enable_logging().enable_tasks().build();
        (server.capabilities.logging, server.capabilities.extensions) = (beside.logging, beside.extensions);
        server
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.gateway.supported_protocol_versions()
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        if name == "test_custom_header" { Some(content::custom_header()) } else { self.gateway.get_tool(name) }
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = self.enter(context).await?;
        let mut listed = self.gateway.list_tools(request, caller.into_context()).await?;
        let areas = [content::tools, streams::tools, requests::tools, rounds::tools, changes::tools, tasks::tools];
        listed.tools.extend(areas.into_iter().flat_map(|tools| tools()));
        Ok(listed)
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: Context) -> Result<CallToolResponse, ErrorData> {
        let caller = self.enter(context).await?;
        match self.answer(&request, &caller).await {
            Some(answer) => answer,
            None => self.gateway.call_tool(request, caller.into_context()).await,
        }
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        self.gateway.list_resources(request, context).await
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        self.gateway.list_resource_templates(request, context).await
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.gateway.read_resource(request, context).await
    }

    async fn subscribe(&self, request: SubscribeRequestParams, context: Context) -> Result<(), ErrorData> {
        self.gateway.read_resource(ReadResourceRequestParams::new(request.uri), context).await.map(drop)
    }

    async fn unsubscribe(&self, request: UnsubscribeRequestParams, context: Context) -> Result<(), ErrorData> {
        self.gateway.read_resource(ReadResourceRequestParams::new(request.uri), context).await.map(drop)
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.gateway.accepted_subscription_filter(requested)
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.gateway.listen(context).await
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        self.gateway.list_prompts(request, context).await
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.gateway.get_prompt(request, context).await
    }

    async fn complete(&self, request: CompleteRequestParams, context: Context) -> Result<CompleteResult, ErrorData> {
        self.gateway.complete(request, context).await
    }

    async fn set_level(&self, _request: SetLevelRequestParams, context: Context) -> Result<(), ErrorData> {
        self.enter(context).await.map(drop)
    }

    async fn get_task(&self, request: GetTaskParams, context: Context) -> Result<GetTaskResult, ErrorData> {
        let caller = self.enter(context).await?;
        Ok(GetTaskResult::new(self.shared.tasks.of(&caller).get_task(&request.task_id)?))
    }

    async fn update_task(&self, request: UpdateTaskParams, context: Context) -> Result<(), ErrorData> {
        let caller = self.enter(context).await?;
        self.shared.tasks.of(&caller).update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(&self, request: CancelTaskParams, context: Context) -> Result<(), ErrorData> {
        let caller = self.enter(context).await?;
        self.shared.tasks.of(&caller).cancel_task(&request.task_id)
    }
}

/// A tool with these parameters.
fn described(name: impl Into<Cow<'static, str>>, description: &'static str, parameters: Value) -> Tool {
    let schema = [("type".to_owned(), "object".into()), ("properties".to_owned(), parameters)];
    Tool::new(name, description, JsonObject::from_iter(schema))
}
