//! nginx and Caddy as an operator starts them, with the files of `deploy/proxy/`: what is changed are addresses, what is
//! added is where a program that is no service keeps its files.

use std::fmt::{self, Display, Formatter};
use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::{Failure, PUBLIC_NAME, installed};

const NGINX: &str = include_str!("../../../../deploy/proxy/nginx.conf");
const CADDY: &str = include_str!("../../../../deploy/proxy/Caddyfile");
/// What stands there for the gateway, and for nginx itself.
const GATEWAY: &str = "127.0.0.1:8080";
const LISTEN: &str = "127.0.0.1:8443";
/// How often it is tried whether a proxy listens, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: u32 = 500;

/// Which proxy.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
}

/// One that runs. Dropping it ends it.
pub(crate) struct Proxy {
    kind: Kind,
    url: String,
    child: Child,
    #[expect(dead_code, reason = "its files are in use")]
    directory: TempDir,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Nginx, Self::Caddy];

    /// Where its Debian package has it, below the root.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Nginx => "usr/sbin/nginx",
            Self::Caddy => "usr/bin/caddy",
        }
    }

    /// Writes what it reads, and says how it is started with that.
    fn prepare(self, directory: &Path, gateway: &str, port: u16) -> Result<Vec<String>, Failure> {
        let place = directory.display().to_string();
        let own = format!("127.0.0.1:{port}");
        match self {
            Self::Nginx => {
                fs::write(directory.join("site.conf"), changed(NGINX, &[(GATEWAY, gateway), (LISTEN, &own)])?)?;
                let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
                let temporary = temporary.map(|name| format!("{name}_temp_path {place}/{name};\n")).concat();
                // One process, so that ending it ends all of it.
                let main = format!(
                    "daemon off;\nmaster_process off;\npid {place}/pid;\nerror_log stderr;\nevents {{}}\n\
                     http {{\naccess_log off;\n{temporary}include {place}/site.conf;\n}}\n"
                );
                fs::write(directory.join("nginx.conf"), main)?;
                Ok(["-p", &place, "-e", "stderr", "-c", &format!("{place}/nginx.conf")].map(str::to_owned).into())
            }
            Self::Caddy => {
                // Any name at this port, without a certificate.
                let site = (format!("{PUBLIC_NAME} {{"), format!("http://:{port} {{\n\tbind 127.0.0.1"));
                let file = changed(CADDY, &[(&format!(" {GATEWAY} "), &format!(" {gateway} ")), (&site.0, &site.1)])?;
                fs::write(directory.join("Caddyfile"), format!("{{\n\tadmin off\n}}\n{file}"))?;
                let options = ["--config", &format!("{place}/Caddyfile"), "--adapter", "caddyfile"];
                Ok(["run"].into_iter().chain(options).map(str::to_owned).collect())
            }
        }
    }
}

impl Proxy {
    /// Before the gateway at this URL, on a free port of this machine.
    ///
    /// # Errors
    /// It did not start; what it said is in the error.
    pub(crate) fn start(kind: Kind, gateway: &str) -> Result<Self, Failure> {
        let program = installed::program(kind).ok_or("it is not on this machine")?;
        let directory = TempDir::new()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let gateway = gateway.trim_start_matches("http://");
        let arguments = kind.prepare(directory.path(), gateway, port)?;
        let log = directory.path().join("log");
        let said = File::create(&log)?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("HOME", directory.path()).stdin(Stdio::null());
        let child = command.stdout(said.try_clone()?).stderr(said).spawn()?;
        let mut proxy = Self { kind, url: format!("http://127.0.0.1:{port}"), child, directory };
        for _ in 0..LOOKS {
            if proxy.child.try_wait()?.is_some() {
                break;
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(proxy);
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Err(format!("{kind} does not start:\n{}", fs::read_to_string(log)?).into())
    }

    /// The same before something else than the gateway.
    ///
    /// # Errors
    /// It did not start.
    pub(crate) fn before(&self, url: &str) -> Result<Self, Failure> {
        Self::start(self.kind, url)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// The text with each of these replaced: what is not there is a mistake, in the file or here.
fn changed(text: &str, replaced: &[(&str, &str)]) -> Result<String, Failure> {
    replaced.iter().try_fold(text.to_owned(), |text, (old, new)| {
        if text.contains(old) { Ok(text.replace(old, new)) } else { Err(format!("no `{old}` in it").into()) }
    })
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Display for Proxy {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.kind.fmt(out)
    }
}

impl Display for Kind {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
        })
    }
}
