//! From a checked configuration to the rooms' own settings.

use std::path::PathBuf;
use std::sync::Arc;

use aegis_ambient::Ambient;
use aegis_gate::audit::{self, Audit, Transport};
use aegis_gate::redact::{self, Action, Redactor};
use aegis_gate::{
    AuthnError, AuthnSettings, Catalog, House, LimitSettings, LockoutSettings, Origin, Parts, Policy, Principal,
    RawCredential, Selection, Toolset, nearest,
};
use aegis_gitea::connect::{Client, Credential};
use aegis_store::{SealingKey, Store, StoreUrl};

use super::Context;
use super::end::{End, Exit, tell};
use crate::app;
use crate::config::{
    self, Configuration, FindingAction, GiteaTokens, Loaded, Purpose, Secret, Severity, StorePlace, load,
};
use crate::front::Front;
use crate::listener::{self, Tls};
use crate::telemetry;
use crate::terminal::Style;

/// Longest policy file, in bytes; the policy itself refuses longer ones too.
const MAX_POLICY_BYTES: u64 = 1_048_576;

/// Reads the configuration, tells every problem, and goes on only without errors.
pub(crate) fn configuration(context: &Context, purpose: Purpose) -> Result<(Configuration, Loaded), End> {
    let mut loaded = load(context.sources(), purpose);
    for problem in &loaded.problems {
        let (style, word) = match problem.severity {
            Severity::Error => (Style::Bad, "error"),
            Severity::Warning => (Style::Warn, "warning"),
        };
        tell(style, word, &problem.what(), problem.hint().as_deref(), Some(&problem.docs()));
    }
    match loaded.configuration.take() {
        Some(configuration) => Ok((configuration, loaded)),
        None => Err(End::new(Exit::Configuration, "the configuration is wrong; nothing was started")
            .with_hint("aegis-mcp config check reads it again; aegis-mcp config reference lists every setting")),
    }
}

/// Everything a gate is made of. `local` lets the process's own user in.
pub(crate) async fn parts(configuration: &Configuration, local: bool, ambient: &Ambient) -> Result<Parts, End> {
    let catalog = catalog(configuration)?;
    let house = House {
        max_file_bytes: configuration.limits.max_file_size_bytes,
        calls_per_minute: configuration.limits.requests_per_minute.map(std::num::NonZeroU32::get),
        ..app::house()
    };
    Ok(Parts {
        client: client(configuration, ambient)?,
        policy: policy(configuration, &aegis_tools::catalog().ruled_names())?,
        redactor: redactor(configuration)?,
        store: store(configuration, ambient).await?,
        audit: Audit::open(audit(configuration), ambient.clone()).map_err(audit_end)?,
        authn: ways_in(configuration, local)?,
        lockout: LockoutSettings {
            max_failures: configuration.auth.max_failures,
            window: configuration.auth.failure_window,
        },
        limits: LimitSettings {
            per_principal_per_minute: configuration.limits.requests_per_minute,
            per_tool_per_minute: configuration.limits.tool_requests_per_minute.clone().into_iter().collect(),
        },
        house,
        catalog,
        ambient: ambient.clone(),
    })
}

/// The connection to Gitea. Does not connect yet.
pub(crate) fn client(configuration: &Configuration, ambient: &Ambient) -> Result<Client, End> {
    let url = configuration.gitea.url.as_ref().map(url::Url::as_str).unwrap_or_default();
    let ca_file = configuration.gitea.ca_file.as_ref().map(std::fs::read).transpose()?;
    Ok(app::client(url, ca_file, ambient)?)
}

/// The store, opened and checked.
pub(crate) async fn store(configuration: &Configuration, ambient: &Ambient) -> Result<Arc<dyn Store>, End> {
    let state = &configuration.store.state_directory;
    private_directory(state)?;
    let sealing_key = match &configuration.store.key {
        Some(key) => SealingKey::from_text(&key.value)?,
        None => SealingKey::from_file(&state.join("store.key"), ambient)?,
    };
    let url = match &configuration.store.place {
        StorePlace::Memory => StoreUrl::memory(),
        StorePlace::File(path) => StoreUrl::file(path),
    };
    Ok(aegis_store::open(aegis_store::Settings { url, sealing_key }, ambient.clone()).await?)
}

/// Where the record goes.
pub(crate) fn audit(configuration: &Configuration) -> audit::Settings {
    let section = &configuration.audit;
    let settings = audit::Settings::new(section.directory.clone(), section.key_file.clone());
    audit::Settings {
        prefix: section.prefix.clone().unwrap_or(settings.prefix),
        checkpoint_path: section.checkpoint_path.clone(),
        rotate_bytes: section.rotate_bytes,
        keep_days: section.keep_days,
        keep_files: section.keep_files,
        ..settings
    }
}

/// The ways in that are configured.
pub(crate) fn ways_in(configuration: &Configuration, local: bool) -> Result<AuthnSettings, End> {
    let credential = |secret: &Secret| {
        Credential::new(secret.value.clone()).map_err(|error| End::new(Exit::Configuration, error.to_string()))
    };
    let auth = &configuration.auth;
    Ok(AuthnSettings {
        api_keys: auth.api_keys.iter().map(|key| key.value.clone()).collect(),
        api_account: configuration.gitea.token.as_ref().map(credential).transpose()?,
        service_token: auth.service.as_ref().map(|service| service.service_token.value.clone()),
        service_account: auth.service.as_ref().map(|service| credential(&service.credential)).transpose()?,
        gitea_tokens: match auth.gitea_tokens {
            GiteaTokens::Off => false,
            GiteaTokens::Any => true,
        },
        local,
    })
}

/// The catalogue in force.
pub(crate) fn catalog(configuration: &Configuration) -> Result<Catalog, End> {
    let whole = aegis_tools::catalog();
    let section = &configuration.tools;
    let known = whole.ruled_names();
    for name in section.tools.iter().chain(&section.exclude) {
        if !known.contains(&name.as_str()) {
            let near = nearest(name, known.iter().copied());
            let near = near.first().map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(End::new(Exit::Configuration, format!("there is no tool {name}{near}")));
        }
    }
    let toolset = |name: &String| {
        let names = || Toolset::ALL.map(Toolset::name).join(", ");
        Toolset::parse(name).ok_or_else(|| {
            End::new(Exit::Configuration, format!("there is no toolset {name}"))
                .with_hint(format!("there are {}", names()))
        })
    };
    let toolsets = section.toolsets.iter().map(toolset).collect::<Result<Vec<_>, _>>()?;
    let toolsets = if toolsets.is_empty() { Toolset::ALL.to_vec() } else { toolsets };
    Ok(whole.narrowed(&Selection { toolsets, tools: section.tools.clone(), exclude: section.exclude.clone() }))
}

/// One process's own session: what `tools` and `call` run on.
pub(crate) struct Session {
    pub(crate) front: Front,
    pub(crate) principal: Principal,
    pub(crate) origin: Origin,
}

/// Signs the process's own user in, as the owner of `GITEA_TOKEN`.
pub(crate) async fn local(context: &Context) -> Result<Session, End> {
    let context = &context.away_from_here();
    let (configuration, _) = configuration(context, Purpose::Gateway)?;
    telemetry::start_logging("error");
    require_local_account(&configuration)?;
    let front = app::front(parts(&configuration, true, &context.ambient).await?).await?;
    let origin = front.local_origin(Transport::Cli);
    match front.authenticate(&RawCredential::Local, &origin).await {
        Ok(principal) => Ok(Session { front, principal, origin }),
        Err(error) => {
            front.gate().audit().close().await;
            Err(signed_out(&error))
        }
    }
}

/// Without a token of its own the process acts as nobody.
pub(crate) fn require_local_account(configuration: &Configuration) -> Result<(), End> {
    if configuration.gitea.token.is_some() {
        return Ok(());
    }
    let what = "this acts as the owner of GITEA_TOKEN, and GITEA_TOKEN is not set";
    Err(End::new(Exit::Configuration, what).with_hint(
        "make a token in Gitea under Settings › Applications and put it into GITEA_TOKEN or GITEA_TOKEN_FILE",
    ))
}

/// Why the process's own user did not get in.
pub(crate) fn signed_out(error: &AuthnError) -> End {
    let what = |exit| End::new(exit, format!("GITEA_TOKEN: {error} ({})", error.code()));
    match error {
        AuthnError::Unavailable => End::new(Exit::Unavailable, "Gitea does not answer")
            .with_hint("check GITEA_URL, and that this machine reaches it"),
        AuthnError::AccountRefused(_) => what(Exit::Refused).with_hint(error.hint().unwrap_or_default()),
        AuthnError::Missing
        | AuthnError::InvalidFormat { .. }
        | AuthnError::InvalidKey { .. }
        | AuthnError::InvalidToken
        | AuthnError::LockedOut { .. }
        | AuthnError::RateLimited { .. }
        | AuthnError::Suspended => what(Exit::Refused),
    }
}

/// All that can be seen to be wrong without starting anything: names of tools, the policy, the rules of redaction, the
/// certificate.
pub(crate) fn check(configuration: &Configuration) -> Vec<End> {
    let checks = [
        catalog(configuration).err(),
        policy(configuration, &aegis_tools::catalog().ruled_names()).err(),
        redactor(configuration).err(),
        ways_in(configuration, false).err(),
        tls(configuration).err(),
    ];
    checks.into_iter().flatten().collect()
}

pub(crate) fn policy(configuration: &Configuration, tools: &[&str]) -> Result<Policy, End> {
    let Some(path) = &configuration.tools.policy_path else { return Ok(Policy::own_rights()) };
    let wrong = |what: String| End::new(Exit::Configuration, format!("POLICY_PATH ({}): {what}", path.display()));
    if std::fs::metadata(path)?.len() > MAX_POLICY_BYTES {
        return Err(wrong(format!("the file is larger than {MAX_POLICY_BYTES} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Policy::parse(&text, tools).map_err(|error| wrong(error.to_string()))
}

/// The certificate and its key, if the gateway has TLS of its own.
pub(crate) fn tls(configuration: &Configuration) -> Result<Option<Tls>, End> {
    let Some(paths) = &configuration.connections.tls else { return Ok(None) };
    Tls::load(paths.clone()).map(Some).map_err(|error| {
        End::new(Exit::Configuration, error.to_string())
            .with_hint("both are PEM files: the chain with the server's certificate first, and the key it was made for")
    })
}

/// How connections are treated.
pub(crate) fn listening(configuration: &Configuration) -> listener::Settings {
    let section = &configuration.connections;
    let max_connections = listener::room_for(section.max);
    if max_connections < section.max {
        tracing::warn!(
            event = "connections_limited",
            max_connections,
            wanted = section.max,
            "the limit of open files (ulimit -n, LimitNOFILE) leaves room for fewer connections than MAX_CONNECTIONS"
        );
    }
    listener::Settings {
        max_connections,
        max_connections_per_address: section.max_per_address,
        exempt: configuration.server.trusted_proxies.clone(),
        clear_http2: section.clear_http2,
        drain: section.drain,
        ..listener::Settings::default()
    }
}

fn redactor(configuration: &Configuration) -> Result<Redactor, End> {
    let action = |action: FindingAction| match action {
        FindingAction::Mask => Action::Mask,
        FindingAction::Block => Action::Block,
        FindingAction::Off => Action::Off,
    };
    let auth = &configuration.auth;
    let service = auth.service.iter().flat_map(|service| [&service.service_token, &service.credential]);
    let own = auth.api_keys.iter().chain(&configuration.gitea.token).chain(service).chain(&configuration.store.key);
    let settings = redact::Settings {
        default: action(configuration.redaction.default),
        rules: configuration.redaction.rules.iter().map(|(id, wish)| (id.clone(), action(*wish))).collect(),
        literals: own.map(|secret| secret.value.clone()).collect(),
    };
    Redactor::new(settings).map_err(|error| End::new(Exit::Configuration, error.to_string()))
}

/// Makes the state directory, for its owner alone.
fn private_directory(path: &PathBuf) -> Result<(), End> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        End::new(Exit::Configuration, format!("STATE_DIR ({}) cannot be made: {error}", path.display()))
            .with_hint("set STATE_DIR to a folder this user may write")
    })?;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(End::new(Exit::Configuration, format!("STATE_DIR ({}) can be changed by other users", path.display()))
        .with_hint("chmod 700 it"))
}

#[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over by value")]
pub(crate) fn audit_end(error: audit::AuditError) -> End {
    End::new(Exit::Configuration, error.to_string())
}

pub(crate) fn secrets(configuration: &Configuration, local: bool) -> Result<(AuthnSettings, Redactor), End> {
    Ok((ways_in(configuration, local)?, redactor(configuration)?))
}

/// Lets a change of secret files take effect while serving, and puts it on record.
pub(crate) fn secret_changed(event: config::SecretEvent, front: &Front, local: bool) {
    use aegis_gate::audit::{Event, EventName, Outcome};
    let (name, outcome, setting) = match event {
        config::SecretEvent::Taken { setting, configuration } => match secrets(&configuration, local) {
            Ok((ways, redactor)) => {
                front.replace_secrets(&ways, redactor);
                tracing::info!(event = "secret_file_changed", setting, "a secret file's new content is in use");
                (EventName::SecretFileChanged, Outcome::Allowed, setting)
            }
            Err(end) => {
                tracing::error!(event = "secret_file_refused", setting, reason = %end, "the last good value stays");
                (EventName::SecretFileRefused, Outcome::Denied, setting)
            }
        },
        config::SecretEvent::Refused { setting, problems } => {
            for problem in problems {
                let reason = problem.what();
                tracing::error!(event = "secret_file_refused", setting, reason, "the last good value stays");
            }
            (EventName::SecretFileRefused, Outcome::Denied, setting)
        }
    };
    front.metrics().reloaded("secret", outcome == Outcome::Allowed);
    let target = Some(setting.to_owned());
    front.gate().audit().note(Event { target, ..Event::new(name, outcome, front.correlation_id()) });
}
