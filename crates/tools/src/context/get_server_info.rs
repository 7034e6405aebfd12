use std::sync::LazyLock;

use aegis_gate::{Instance, Output, ReadPermit, ReadTool, ToolError, ToolSpec, Toolset};
use aegis_gitea::{endpoints, flavor};
use futures_util::join;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Scope;
use crate::catalog;
use crate::extras::Extras;

/// What instance this is.
pub(crate) struct GetServerInfo;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {}

/// The instance and this gateway.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Gitea or Forgejo.
    flavor: &'static str,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<Limits>,
    gateway_version: &'static str,
    /// Largest file shown whole, in bytes.
    max_file_bytes: u64,
    /// Longest answer, in bytes; longer ones are cut and say how to go on.
    max_answer_bytes: usize,
    /// Calls a minute for one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_per_minute: Option<u32>,
    /// Groups of the tools you may use.
    toolsets: Vec<&'static str>,
    /// Tools you may use.
    tools: Vec<&'static str>,
    /// Tools that are not offered, and why.
    missing: Vec<Missing>,
    /// Fields that are missing because of a fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<Vec<&'static str>>,
}

#[derive(Serialize, JsonSchema)]
struct Limits {
    /// Most rows of a list's page.
    page_rows: u32,
    /// Most entries of a tree's page.
    tree_entries: u32,
    /// Largest file the instance gives in one piece.
    file_bytes: u64,
}

#[derive(Serialize, JsonSchema)]
struct Missing {
    tool: &'static str,
    reason: String,
}

impl Output for Answer {
    const UNTRUSTED: bool = false;
}

impl ReadTool for GetServerInfo {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_server_info",
        title: "Server",
        description: "To learn what is on offer: flavour, version, limits, your tools and those that are missing.",
        toolset: Toolset::Context,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::VERSION, &endpoints::API_SETTINGS],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Answer;
    type Target = Instance;

    fn target(_: &Arguments) -> Result<Instance, ToolError> {
        Ok(Instance)
    }

    async fn run(permit: &ReadPermit<Instance>, _: &Arguments) -> Result<Answer, ToolError> {
        let (instance, limits) = join!(permit.reader().instance(), permit.reader().limits());
        let instance = instance?;
        let mut extras = Extras::default();
        let house = permit.house();
        let is_offered = |spec: &ToolSpec| permit.may_use(spec);
        let offered = || SPECS.iter().filter(|spec| is_offered(spec));
        let mut toolsets: Vec<&str> = offered().map(|spec| spec.toolset.name()).collect();
        toolsets.dedup();
        Ok(Answer {
            flavor: instance.flavor.name(),
            version: instance.version.to_string(),
            limits: extras.take("limits", limits).map(|limits| Limits {
                page_rows: limits.max_response_items,
                tree_entries: limits.default_git_trees_per_page,
                file_bytes: limits.default_max_blob_size,
            }),
            gateway_version: house.version,
            max_file_bytes: house.max_file_bytes,
            max_answer_bytes: house.max_answer_bytes,
            calls_per_minute: house.calls_per_minute,
            toolsets,
            tools: offered().map(|spec| spec.name).collect(),
            missing: SPECS.iter().filter_map(|spec| missing(spec, is_offered(spec), &instance)).collect(),
            incomplete: extras.incomplete(),
        })
    }
}

/// The data of every tool, in order. Schemas are costly; here nobody needs them.
static SPECS: LazyLock<Vec<ToolSpec>> =
    LazyLock::new(|| catalog().entries().iter().map(|entry| *entry.spec()).collect());

/// Why a tool is missing. Whether the operator or the policy took it away is not told: it reads as not there.
fn missing(spec: &ToolSpec, is_offered: bool, instance: &flavor::Instance) -> Option<Missing> {
    let newer = spec.endpoints.iter().find(|endpoint| !endpoint.served_by(instance));
    let reason = match newer {
        Some(endpoint) => format!("{} serves it", endpoint.served_since()),
        None if !is_offered => "not offered to you by this gateway".to_owned(),
        None => return None,
    };
    Some(Missing { tool: spec.name, reason })
}
