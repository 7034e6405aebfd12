//! The real binary in a process of its own, met through its real socket: what black-box tests stand on.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

type Failure = Box<dyn Error + Send + Sync>;

/// Longest wait for one answer of the gateway.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the log is looked at while the gateway starts, and for how long in all.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: u32 = 1_500;

/// A running `aegis-mcp serve` with a state directory of its own. Dropping it kills it.
pub struct Gateway {
    binary: PathBuf,
    settings: Vec<(String, String)>,
    state: Arc<TempDir>,
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    url: String,
    metrics_url: String,
}

/// An HTTP answer, read whole.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
}

impl Reply {
    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A header as text; empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A command that ended.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its exit status; none if a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Gateway {
    /// Starts the binary before a forge. `settings` are environment variables besides `GITEA_URL` and `STATE_DIR`.
    ///
    /// # Errors
    /// It did not start; the log is in the error.
    pub fn start(binary: &str, forge: &str, settings: &[(&str, &str)]) -> Result<Self, Failure> {
        // It runs in a directory of its own, where a relative path would be another.
        let binary = std::fs::canonicalize(binary)?;
        Self::start_in(&binary, forge, settings, Arc::new(TempDir::new()?))
    }

    fn start_in(binary: &Path, forge: &str, settings: &[(&str, &str)], state: Arc<TempDir>) -> Result<Self, Failure> {
        let mut all = vec![
            ("GITEA_URL".to_owned(), forge.to_owned()),
            ("STATE_DIR".to_owned(), state.path().display().to_string()),
            ("MCP_PORT".to_owned(), "0".to_owned()),
            ("METRICS_ADDRESS".to_owned(), "127.0.0.1:0".to_owned()),
        ];
        all.retain(|(name, _)| settings.iter().all(|(given, _)| given != name));
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut child = command(binary, &all, state.path())
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().ok_or("no standard error")?;
        let reader = std::thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        let mut gateway = Self {
            binary: binary.into(),
            settings: all,
            state,
            child,
            log,
            reader: Some(reader),
            url: String::new(),
            metrics_url: String::new(),
        };
        let started = gateway.wait_for_log("started")?;
        let address = |name: &str| started.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        gateway.url = format!("http://{}", address("address"));
        gateway.metrics_url = format!("http://{}/metrics", address("metrics"));
        Ok(gateway)
    }

    /// Sends a signal by its name without `SIG`.
    ///
    /// # Errors
    /// It could not be sent.
    pub fn signal(&self, name: &str) -> Result<(), Failure> {
        let kill = format!("kill -{name} {}", self.process_id());
        let sent = Command::new("sh").args(["-c", &kill]).status()?;
        if sent.success() { Ok(()) } else { Err(format!("`{kill}` ended with {sent}").into()) }
    }

    /// The number of its process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself, and returns its exit status; none if a signal ended it.
    ///
    /// # Errors
    /// It did not end; the log is in the error.
    pub fn wait_for_end(&mut self) -> Result<Option<i32>, Failure> {
        for _ in 0..LOOKS {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Err(format!("the gateway does not end:\n{}", self.log()).into())
    }

    /// Waits for a log line of this event and returns it.
    ///
    /// # Errors
    /// It did not come; the log is in the error.
    pub fn wait_for_log(&mut self, event: &str) -> Result<Value, Failure> {
        for _ in 0..LOOKS {
            let found = self
                .log()
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .find(|line| line.get("event").and_then(Value::as_str) == Some(event));
            if let Some(found) = found {
                return Ok(found);
            }
            if let Some(status) = self.child.try_wait()? {
                std::thread::sleep(LOOK_EVERY);
                return Err(format!("the gateway ended with {status}:\n{}", self.log()).into());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Err(format!("no `{event}` in the log:\n{}", self.log()).into())
    }

    /// Stops it with a signal it cannot hear and starts it again on the same state.
    ///
    /// # Errors
    /// It did not start.
    pub fn restart(mut self) -> Result<Self, Failure> {
        self.child.kill()?;
        self.child.wait()?;
        let settings: Vec<(&str, &str)> =
            self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let forge = self.setting("GITEA_URL");
        Self::start_in(&self.binary, &forge, &settings, Arc::clone(&self.state))
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its state directory.
    #[must_use]
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// The Prometheus text.
    ///
    /// # Errors
    /// It could not be fetched.
    pub async fn metrics(&self) -> Result<String, Failure> {
        Ok(reqwest::get(&self.metrics_url).await?.text().await?)
    }

    /// Runs another command of the binary with the same settings, `input` on its standard input.
    ///
    /// # Errors
    /// It could not be run.
    pub fn command(&self, arguments: &[&str], input: &str) -> Result<Finished, Failure> {
        run(&self.binary, &self.settings, self.state.path(), arguments, input)
    }

    /// Makes a key the way an operator does: `key generate`, the Gitea token on standard input.
    ///
    /// # Errors
    /// No key was made; what was printed is in the error.
    pub fn key(&self, owner: &str, token: &str) -> Result<String, Failure> {
        let made = self.command(&["key", "generate", "--owner", owner], token)?;
        match made.status {
            Some(0) => Ok(made.stdout.trim().to_owned()),
            _ => Err(made.stderr.into()),
        }
    }

    /// A GET with a bearer credential, if one is given.
    ///
    /// # Errors
    /// No HTTP answer came.
    pub async fn get(&self, path: &str, key: Option<&str>) -> Result<Reply, Failure> {
        let request = client(None)?.get(format!("{}{path}", self.url));
        send(bearer(request, key)).await
    }

    /// A JSON POST with a bearer credential, if one is given.
    ///
    /// # Errors
    /// No HTTP answer came.
    pub async fn post(&self, path: &str, key: Option<&str>, body: &Value) -> Result<Reply, Failure> {
        self.post_from(None, path, key, body).await
    }

    /// The same from another loopback address.
    ///
    /// # Errors
    /// No HTTP answer came.
    pub async fn post_from(
        &self,
        address: Option<[u8; 4]>,
        path: &str,
        key: Option<&str>,
        body: &Value,
    ) -> Result<Reply, Failure> {
        let request = client(address)?.post(format!("{}{path}", self.url)).json(body);
        send(bearer(request, key)).await
    }

    /// A call through the REST façade.
    ///
    /// # Errors
    /// No HTTP answer came.
    pub async fn call(&self, key: &str, tool: &str, arguments: Value) -> Result<Reply, Failure> {
        self.post("/mcp/tool/call", Some(key), &json!({"tool": tool, "arguments": arguments})).await
    }

    fn setting(&self, name: &str) -> String {
        self.settings.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// Runs a command of the binary in `directory` with exactly these variables.
///
/// # Errors
/// It could not be run.
pub fn run(
    binary: &Path,
    settings: &[(String, String)],
    directory: &Path,
    arguments: &[&str],
    input: &str,
) -> Result<Finished, Failure> {
    let mut child = command(binary, settings, directory)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    let input = input.to_owned();
    // A command that does not read its input closes it; that is no failure of the test.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let mut stderr = child.stderr.take().ok_or("no standard error")?;
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        text
    });
    let mut stdout = String::new();
    child.stdout.take().ok_or("no standard output")?.read_to_string(&mut stdout)?;
    let status = child.wait()?.code();
    let _ = writer.join();
    Ok(Finished { status, stdout, stderr: errors.join().unwrap_or_default() })
}

/// The binary with nothing of the test's own environment but where to find programs.
fn command(binary: &Path, settings: &[(String, String)], directory: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().env("PATH", "/usr/bin:/bin").envs(settings.iter().cloned()).current_dir(directory);
    command
}

fn client(address: Option<[u8; 4]>) -> Result<reqwest::Client, Failure> {
    let builder = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
    Ok(builder.local_address(address.map(std::net::IpAddr::from)).build()?)
}

fn bearer(request: reqwest::RequestBuilder, key: Option<&str>) -> reqwest::RequestBuilder {
    match key {
        Some(key) => request.bearer_auth(key),
        None => request,
    }
}

async fn send(request: reqwest::RequestBuilder) -> Result<Reply, Failure> {
    let answer = request.send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    Ok(Reply { status, headers, text: answer.text().await? })
}
