//! A program of somebody else's, run to its end within a limit.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Longest run of one client.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is to be run.
pub(crate) struct Program(Command);

/// What it wrote.
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// In `directory`, with `home` as the home of its person and nothing else of our surroundings.
    pub(crate) fn new(program: &Path, directory: &Path, home: &Path) -> Self {
        let mut command = Command::new(program);
        command.current_dir(directory).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", home);
        Self(command)
    }

    pub(crate) fn arg(self, argument: &str) -> Self {
        self.args(&[argument])
    }

    pub(crate) fn args(mut self, arguments: &[&str]) -> Self {
        self.0.args(arguments);
        self
    }

    /// Runs it with this on its standard input.
    ///
    /// # Errors
    /// It could not be run, or did not end.
    pub(crate) async fn run(mut self, input: &'static str) -> Result<Ended, String> {
        let command = self.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut stdin = child.stdin.take().ok_or("no standard input")?;
        // A program that does not read its input closes it; that is no failure.
        tokio::spawn(async move { drop(stdin.write_all(input.as_bytes()).await) });
        let ended = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
        let output =
            ended.map_err(|_| format!("it did not end in {PATIENCE:?}"))?.map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Ended { stdout: text(&output.stdout), stderr: text(&output.stderr) })
    }
}
