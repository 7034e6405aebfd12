//! Configuration: raw text from the command line, the environment, `.env`, TOML and secret files in, typed settings
//! out. Nothing past this room sees the raw text.
//!
//! A setting is a row of the table in [`variables()`]; the row's section reads it, and the reference documents are made
//! from it. Everything that is wrong is told at once, and one error is enough for there to be no configuration.

mod address;
mod audit;
mod auth;
mod collect;
mod connections;
pub(crate) mod dotenv;
mod fault;
mod file;
mod gitea;
mod later;
mod limits;
mod origin;
mod problem;
mod reach;
mod reader;
mod redaction;
pub mod reference;
mod rules;
mod secret;
mod server;
mod store;
#[cfg(test)]
mod tests;
pub(crate) mod toml_file;
mod tools;
mod variables;
mod watch;
mod writes;

use std::ffi::OsString;
use std::path::PathBuf;

pub use address::AllowedHost;
pub use audit::AuditSection;
pub use auth::{AuthSection, GiteaTokens, ServiceAccount};
pub use connections::{ConnectionsSection, TlsPaths};
pub use fault::Fault;
pub use file::FileFault;
pub use gitea::GiteaSection;
pub use limits::LimitsSection;
pub use origin::Origin;
pub use problem::{Problem, Severity};
pub use redaction::{FindingAction, RedactionSection};
pub use secret::Secret;
pub use server::{ForwardedHeader, LogLevel, ServerSection};
pub use store::{StorePlace, StoreSection};
pub use tools::ToolsSection;
pub use variables::{Kind, SECTIONS, Section, Unset, Variable, variables};
pub(crate) use watch::TURN;
pub use watch::{SecretEvent, SecretWatch};

use collect::Collected;
pub(crate) use collect::{certificate_file, secret_file};
use reader::Reader;
use secrecy::ExposeSecret as _;

/// Where settings come from, strongest first: flag, environment, `.env`, TOML, default.
#[derive(Default)]
pub struct Sources {
    /// Settings given as flags, by the name of their variable. A secret among them is refused.
    pub flags: Vec<(&'static str, String)>,
    /// The environment of the process, as it is.
    pub environment: Vec<(OsString, OsString)>,
    /// `--config`: the TOML file, which must be there.
    pub config: Option<PathBuf>,
    /// Where `.env` and `aegis-mcp.toml` are looked for: the working directory. Leave it out for `stdio`, which a
    /// client may start inside a checkout of somebody else's repository: a `.env` there must not redirect our token.
    pub directory: Option<PathBuf>,
}

/// What the configuration is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To reach Gitea: `GITEA_URL` is required.
    Gateway,
    /// To work on what lies on this machine (keys, store, audit record).
    Records,
}

/// All settings, typed and checked.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each section says what it is")]
pub struct Configuration {
    pub gitea: GiteaSection,
    pub auth: AuthSection,
    pub server: ServerSection,
    pub connections: ConnectionsSection,
    pub tools: ToolsSection,
    pub limits: LimitsSection,
    pub redaction: RedactionSection,
    pub audit: AuditSection,
    pub store: StoreSection,
}

/// What came of looking.
pub struct Loaded {
    /// The settings; none if a problem is an error.
    pub configuration: Option<Configuration>,
    /// All that is wrong, errors first.
    pub problems: Vec<Problem>,
    /// Watches the files that secrets came from, if any did and there is a configuration.
    pub secret_watch: Option<SecretWatch>,
    /// The TOML file and `.env`, if they were read.
    pub files: Vec<PathBuf>,
    collected: Collected,
}

impl Loaded {
    /// Names of the settings whose text is not what it was.
    #[must_use]
    pub fn differs_from(&self, earlier: &Self) -> Vec<&'static str> {
        let text = |loaded: &Self, name: &str| {
            loaded.collected.values.get(name).map(|raw| raw.text.expose_secret().to_owned())
        };
        let names = variables().map(|variable| variable.name);
        names.filter(|name| text(self, name) != text(earlier, name)).collect()
    }
}

/// Reads and checks all settings.
#[must_use]
pub fn load(sources: Sources, purpose: Purpose) -> Loaded {
    let (collected, mut problems) = collect::collect(sources);
    let (configuration, found) = Configuration::read(&collected, purpose);
    problems.extend(found);
    problems.sort_by_key(|problem| problem.severity == Severity::Warning);
    let files = collected.files.clone();
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Loaded { configuration: None, problems, secret_watch: None, files, collected };
    }
    let secret_watch = SecretWatch::new(collected.clone(), purpose);
    Loaded { configuration: Some(configuration), problems, secret_watch, files, collected }
}

impl Configuration {
    /// The settings and what is wrong with them; with an error among that, they are not to be used.
    fn read(collected: &Collected, purpose: Purpose) -> (Self, Vec<Problem>) {
        let mut reader = Reader::new(collected);
        let store = StoreSection::read(&mut reader);
        let configuration = Self {
            gitea: GiteaSection::read(&mut reader, purpose),
            auth: AuthSection::read(&mut reader),
            server: ServerSection::read(&mut reader),
            connections: ConnectionsSection::read(&mut reader),
            tools: ToolsSection::read(&mut reader),
            limits: LimitsSection::read(&mut reader),
            redaction: RedactionSection::read(&mut reader),
            audit: AuditSection::read(&mut reader, &store.state_directory),
            store,
        };
        writes::check(&mut reader);
        later::check(&mut reader);
        rules::check(&mut reader, &configuration);
        (configuration, reader.problems)
    }
}
