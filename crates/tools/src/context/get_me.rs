use aegis_gate::{Account, Output, ReadPermit, ReadTool, ToolError, ToolSpec, Toolset};
use aegis_gitea::endpoints;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Scope;

/// Who the calls run as.
pub(crate) struct GetMe;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {}

/// The caller.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    login: String,
    id: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    full_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    html_url: String,
    /// How you signed in.
    signed_in_with: String,
    /// The public id of your key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    /// Scopes of your sign-in at this gateway.
    scopes: Vec<&'static str>,
    /// Whether several people act as this account.
    shared_account: bool,
    /// Whether tools that change something are offered.
    write_mode: bool,
    policy: String,
}

impl Output for Answer {}

impl ReadTool for GetMe {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_me",
        title: "Me",
        description: "To learn who the calls run as: login, way of sign-in, scopes, write mode, policy.",
        toolset: Toolset::Context,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::USER],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Answer;
    type Target = Account;

    fn target(_: &Arguments) -> Result<Account, ToolError> {
        Ok(Account)
    }

    async fn run(permit: &ReadPermit<Account>, _: &Arguments) -> Result<Answer, ToolError> {
        let user = permit.reader().user().await?;
        let (principal, house) = (permit.principal(), permit.house());
        Ok(Answer {
            login: user.login,
            id: user.id,
            full_name: user.full_name,
            html_url: user.html_url,
            signed_in_with: principal.method().as_str().to_owned(),
            key_id: principal.key_id().map(|id| id.as_str().to_owned()),
            scopes: principal.scopes().iter().map(|scope| scope.as_str()).collect(),
            shared_account: principal.is_shared(),
            write_mode: house.write_mode,
            policy: permit.policy_sentence(),
        })
    }
}
