//! Who gets in.

use std::time::Duration;

use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};
use crate::config::{Fault, Secret};

section! {
    "Who gets in", "Ways to sign in. Keys made with `aegis-mcp key generate` always work and need no setting.";

    AUTH_ENABLED = Variable::new(
        Kind::Bool,
        "auth.enabled",
        "Whether callers must show who they are. `false` is taken only while the gateway listens on this machine \
         alone; every caller is then the owner of `GITEA_TOKEN`.",
    )
        .default("true")
        .example("true");
    MCP_API_KEYS = Variable::new(
        Kind::ChosenSecrets,
        "auth.api_keys",
        "Keys that let clients in as the owner of `GITEA_TOKEN`. Several may be valid at once, so that one can \
         replace another.",
    )
        .optional("no shared keys")
        .example("<key>")
        .remedy("`openssl rand -hex 32` makes a good one");
    GITEA_MCP_STATIC_TOKEN = Variable::new(
        Kind::ChosenSecret,
        "auth.static_token",
        "The service token: lets a client in and never goes to Gitea. Needs `GITEA_MCP_DEFAULT_TOKEN`.",
    )
        .optional("no service token")
        .example("<service token>")
        .remedy("`openssl rand -hex 32` makes a good one");
    GITEA_MCP_DEFAULT_TOKEN = Variable::new(
        Kind::IssuedSecret,
        "auth.default_token",
        "The credential: goes to Gitea for callers with the service token and never lets anyone in.",
    )
        .optional("no service token")
        .example("<token>")
        .remedy("make a token in Gitea under Settings › Applications");
    GITEA_TOKENS = Variable::new(
        Kind::Choice(&["off", "app", "any"]),
        "auth.gitea_tokens",
        "Whether callers may show a token of Gitea's own: `any` takes personal access tokens, `off` none. `app` \
         comes with sign-in through Gitea.",
    )
        .default("off")
        .example("off");
    MAX_AUTH_FAILURES = Variable::new(
        Kind::Count { min: 1, max: 1000, unit: "failures" },
        "auth.max_failures",
        "Wrong keys from one address before it is locked out. An address that used a right key within a day has \
         four times as many.",
    )
        .default("5")
        .example("5");
    AUTH_FAILURE_WINDOW = Variable::new(
        Kind::Count { min: 1, max: 86_400, unit: "seconds" },
        "auth.failure_window",
        "How long failures count after the last of them, and how long a lock lasts.",
    )
        .default("300")
        .example("300");
}

/// Who gets in.
#[derive(Debug, Clone)]
pub struct AuthSection {
    /// `AUTH_ENABLED`.
    pub enabled: bool,
    /// `MCP_API_KEYS`, each once.
    pub api_keys: Vec<Secret>,
    /// `GITEA_MCP_STATIC_TOKEN` with `GITEA_MCP_DEFAULT_TOKEN`.
    pub service: Option<ServiceAccount>,
    /// `GITEA_TOKENS`.
    pub gitea_tokens: GiteaTokens,
    /// `MAX_AUTH_FAILURES`.
    pub max_failures: u32,
    /// `AUTH_FAILURE_WINDOW`.
    pub failure_window: Duration,
}

/// Two secrets that are never confused.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    /// Lets a client in.
    pub service_token: Secret,
    /// Goes to Gitea.
    pub credential: Secret,
}

/// Whether callers may show a token of Gitea's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiteaTokens {
    /// No.
    Off,
    /// Any that Gitea takes, personal access tokens included.
    Any,
}

impl AuthSection {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let service_token = reader.secret(&GITEA_MCP_STATIC_TOKEN);
        let credential = reader.secret(&GITEA_MCP_DEFAULT_TOKEN);
        Self {
            enabled: reader.boolean(&AUTH_ENABLED),
            api_keys: reader.secrets(&MCP_API_KEYS),
            service: service_token
                .zip(credential)
                .map(|(service_token, credential)| ServiceAccount { service_token, credential }),
            gitea_tokens: gitea_tokens(reader),
            max_failures: reader.count(&MAX_AUTH_FAILURES),
            failure_window: Duration::from_secs(reader.count(&AUTH_FAILURE_WINDOW)),
        }
    }
}

fn gitea_tokens(reader: &mut Reader<'_>) -> GiteaTokens {
    match reader.choice(&GITEA_TOKENS) {
        Some("any") => GiteaTokens::Any,
        Some("app") => {
            reader.report(&GITEA_TOKENS, Fault::NotYet("sign-in through Gitea"));
            GiteaTokens::Off
        }
        Some(_) | None => GiteaTokens::Off,
    }
}
