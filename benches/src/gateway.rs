//! The gateway as it is handed out, with everything on: stored keys, a policy, the limit, the record.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use tempfile::TempDir;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::Failure;
use crate::process::{Core, Process, copy_directory};

/// People with a key, each of whom has a share of their own of places, sessions and calls. A crowd of 5,000 whose every
/// request is to find a place, 64 a person, needs 79 of them beside the others.
pub(crate) const PEOPLE: usize = 96;
/// Where there is one, files that are no part of what is measured: they are in memory.
const MEMORY: &str = "/dev/shm";
const LOG: &str = "log";
const LOOK_EVERY: Duration = Duration::from_millis(1);
const LOOKS: u32 = 10_000;
/// The most the limit can be told. People share the load so that none comes near it.
const CALLS_PER_MINUTE: &str = "1000000";
/// More connections than any load has.
const MANY: u32 = 16_384;
const POLICY: &str = include_str!("policy.toml");
/// What its certificate is for.
pub(crate) const HOST: &str = "localhost";
/// Files of a state directory.
const POLICY_FILE: &str = "policy.toml";
const CERTIFICATE: &str = "certificate.pem";
const PRIVATE_KEY: &str = "key.pem";

/// Person `number`'s token at the forge.
pub(crate) fn token(number: usize) -> String {
    format!("5f2c9d81e7b64a30c1d8{number:020x}")
}

/// Person `number`'s name at the forge.
pub(crate) fn login(number: usize) -> String {
    format!("person-{number}")
}

/// A state directory with everybody's key in it, from which gateways start.
pub(crate) struct House {
    binary: PathBuf,
    forge: String,
    state: TempDir,
    /// What gateways have in memory, each in a directory of its own.
    memory: TempDir,
    pinning: bool,
    ambient: Ambient,
    /// Everybody's key, in the order of their numbers.
    pub(crate) keys: Vec<String>,
    /// How to speak TLS with a gateway that does.
    client: Arc<ClientConfig>,
}

/// What one gateway has of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) core: Core,
    /// The record in memory instead of on disk.
    pub(crate) audit_in_memory: bool,
    /// Over TLS of its own.
    pub(crate) tls: bool,
    /// Most connections from one address. The load comes from one.
    pub(crate) of_one_address: u32,
}

impl Wish {
    /// On the server's core, the record on disk.
    pub(crate) const PLAIN: Self =
        Self { core: Core::Server, audit_in_memory: false, tls: false, of_one_address: MANY };
}

impl House {
    /// Makes the keys as an operator does.
    ///
    /// # Errors
    /// A key was refused; why is in the error.
    pub(crate) fn new(binary: &Path, forge: String, pinning: bool, ambient: Ambient) -> Result<Self, Failure> {
        let (certificate, private_key, client) = issued()?;
        let mut house = Self {
            binary: binary.to_owned(),
            forge,
            state: TempDir::new_in(crate::directory()?)?,
            memory: if Path::new(MEMORY).is_dir() { TempDir::new_in(MEMORY)? } else { TempDir::new()? },
            pinning,
            ambient,
            keys: Vec::new(),
            client,
        };
        for (name, text) in [(POLICY_FILE, POLICY), (CERTIFICATE, &certificate), (PRIVATE_KEY, &private_key)] {
            let private =
                OpenOptions::new().create_new(true).write(true).mode(0o600).open(house.state.path().join(name));
            private?.write_all(text.as_bytes())?;
        }
        house.keys = (0..PEOPLE).map(|person| house.key(person)).collect::<Result<_, _>>()?;
        Ok(house)
    }

    fn key(&self, person: usize) -> Result<String, Failure> {
        let mut command = self.command(Core::Any, self.state.path(), &self.forge);
        command.args(["key", "generate", "--owner", &login(person)]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        child.stdin.take().ok_or("no standard input")?.write_all(token(person).as_bytes())?;
        let made = child.wait_with_output()?;
        if made.status.success() {
            Ok(String::from_utf8(made.stdout)?.trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&made.stderr).into_owned().into())
        }
    }

    /// The binary with nothing but its settings in the environment.
    fn command(&self, core: Core, state: &Path, forge: &str) -> Command {
        let mut command = core.command(&self.binary, self.pinning);
        let path = |name: &str| state.join(name).display().to_string();
        command.env_clear().current_dir(state).envs([
            ("PATH", "/usr/bin:/bin"),
            ("GITEA_URL", forge),
            ("STATE_DIR", &state.display().to_string()),
            ("POLICY_PATH", &path(POLICY_FILE)),
            ("MCP_PORT", "0"),
            ("METRICS_ADDRESS", "off"),
            ("RATE_LIMIT_PER_MINUTE", CALLS_PER_MINUTE),
            ("MAX_CONNECTIONS", &MANY.to_string()),
        ]);
        command
    }

    /// A gateway on a copy of the state, once it listens.
    ///
    /// # Errors
    /// It did not start; its log is in the error.
    pub(crate) fn start(&self, wish: Wish) -> Result<Gateway, Failure> {
        self.start_before(&self.forge, wish)
    }

    /// The same before another forge of ours.
    ///
    /// # Errors
    /// It did not start; its log is in the error.
    pub(crate) fn start_before(&self, forge: &str, wish: Wish) -> Result<Gateway, Failure> {
        let state = self.copy()?;
        let memory = TempDir::new_in(self.memory.path())?;
        let mut command = self.command(wish.core, state.path(), forge);
        command.env("MAX_CONNECTIONS_PER_ADDRESS", wish.of_one_address.to_string());
        if wish.audit_in_memory {
            command.env("AUDIT_LOG_PATH", memory.path().join("audit"));
        }
        let tls = wish.tls.then(|| Arc::clone(&self.client));
        if wish.tls {
            let file = |name: &str| state.path().join(name);
            command.env("TLS_CERTIFICATE_FILE", file(CERTIFICATE)).env("TLS_KEY_FILE", file(PRIVATE_KEY));
        }
        let log_path = memory.path().join(LOG);
        let log = OpenOptions::new().create(true).append(true).open(&log_path)?;
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let spawned = self.ambient.elapsed();
        let mut process = Process::spawn(&mut command)?;
        for _ in 0..LOOKS {
            let text = fs::read_to_string(&log_path)?;
            if let Some(address) = text.lines().find_map(listening) {
                let started_in = self.ambient.elapsed().saturating_sub(spawned);
                return Ok(Gateway { process, address, started_in, tls, _state: state, _memory: memory });
            }
            if let Some(status) = process.child().try_wait()? {
                return Err(format!("the gateway ended with {status}:\n{text}").into());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Err("the gateway does not start".into())
    }

    /// The gateway over standard input and output, as the first person.
    pub(crate) fn stdio(&self) -> Result<(Command, TempDir), Failure> {
        let state = self.copy()?;
        let mut command = self.command(Core::Server, state.path(), &self.forge);
        command.arg("stdio").env("GITEA_TOKEN", token(0)).stderr(Stdio::null());
        Ok((command, state))
    }

    /// Lets go of what all gateways logged so far: at thousands of calls a second it would fill the memory it lies in.
    pub(crate) fn forget_logs(&self) -> Result<(), Failure> {
        for gateway in fs::read_dir(self.memory.path())? {
            OpenOptions::new().write(true).truncate(true).open(gateway?.path().join(LOG))?;
        }
        Ok(())
    }

    /// Bytes of the binary.
    pub(crate) fn binary_bytes(&self) -> Result<u64, Failure> {
        Ok(fs::metadata(&self.binary)?.len())
    }

    fn copy(&self) -> Result<TempDir, Failure> {
        let state = TempDir::new_in(crate::directory()?)?;
        copy_directory(self.state.path(), state.path())?;
        Ok(state)
    }
}

/// A certificate and its key, both in PEM, and how a client that trusts it speaks TLS.
fn issued() -> Result<(String, String, Arc<ClientConfig>), Failure> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![HOST.to_owned()])?.self_signed(&key)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone())?;
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok((certificate.pem(), key.serialize_pem(), Arc::new(client)))
}

/// Where a line of the log says the gateway listens, if this is that line.
fn listening(line: &str) -> Option<SocketAddr> {
    let line: Value = serde_json::from_str(line).ok()?;
    let started = line.get("event")? == "started";
    line.get("address").filter(|_| started)?.as_str()?.parse().ok()
}

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    /// From its start until it was ready.
    pub(crate) started_in: Duration,
    /// How to speak TLS with it, if it does.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    _state: TempDir,
    _memory: TempDir,
}
