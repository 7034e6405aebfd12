//! The list of tools as JSON that lies ready. It is the longest answer of most clients and the first thing each asks
//! for; what differs between callers is only which tools are in it.

use std::collections::HashMap;
use std::sync::Arc;

use rmcp::model::{ClientRequest, GetExtensions, JsonRpcRequest};

use super::handler::authenticated;
use super::wire;
use crate::front::Front;

/// Every tool there is, each as `tools/list` shows it.
pub(super) struct Listing {
    front: Arc<Front>,
    tools: HashMap<&'static str, String>,
}

impl Listing {
    pub(super) fn new(front: Arc<Front>) -> Self {
        let tools = front.gate().catalog().entries().iter().filter_map(|entry| {
            // Ours: it serialises.
            Some((entry.spec().name, serde_json::to_string(&wire::listed_tool(entry)).ok()?))
        });
        Self { tools: tools.collect(), front }
    }

    /// Whether it is the list that is asked for, and no other page than the one there is.
    pub(super) fn is_asked(request: &ClientRequest) -> bool {
        matches!(request, ClientRequest::ListToolsRequest(asked)
            if asked.params.as_ref().is_none_or(|params| params.cursor.is_none()))
    }

    /// The answer of a revision before 2026-07-28 to who asks for it, as JSON. None to a request nobody authenticated:
    /// the handler has the words for that.
    pub(super) fn answer(&self, request: &JsonRpcRequest<ClientRequest>) -> Option<String> {
        let (principal, _) = authenticated(request.request.extensions())?;
        let id = serde_json::to_string(&request.id).ok()?;
        let mut answer = String::with_capacity(self.tools.values().map(String::len).sum::<usize>().saturating_add(64));
        answer.extend([r#"{"jsonrpc":"2.0","id":"#, &id, r#","result":{"tools":["#]);
        for (position, entry) in self.front.list(principal).enumerate() {
            answer.extend([if position > 0 { "," } else { "" }, self.tools.get(entry.spec().name)?]);
        }
        answer.push_str("]}}");
        Some(answer)
    }
}
