//! Servers in processes of their own, each on its core.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use aegis_ambient::Ambient;

use crate::Failure;

/// Ticks of processor time a second, as Linux counts them for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// Where a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Core {
    /// What is measured, and the forge behind it.
    Server,
    /// The load.
    Client,
    /// Wherever there is room.
    Any,
}

impl Core {
    fn list(self) -> &'static str {
        match self {
            Self::Server => "0",
            Self::Client => "1",
            Self::Any => "0,1",
        }
    }

    /// A command that runs there, or anywhere if this machine cannot be told.
    pub(crate) fn command(self, program: impl AsRef<OsStr>, pinning: bool) -> Command {
        if !pinning {
            return Command::new(program);
        }
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", self.list()]).arg(program);
        command
    }
}

/// Puts this process on the client's core. False if this machine has no second one, or no `taskset`.
pub(crate) fn pin_client() -> bool {
    let arguments = ["--cpu-list", "--pid", Core::Client.list(), &std::process::id().to_string()];
    Command::new("taskset")
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// A running process; dropping it ends it.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn spawn(command: &mut Command) -> Result<Self, Failure> {
        Ok(Self(command.spawn()?))
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Asks it to end, as an operator does, and waits until it has: what it writes at its end is written.
    ///
    /// # Errors
    /// It did not end well.
    pub(crate) fn end(&mut self) -> Result<(), Failure> {
        Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status()?;
        let status = self.0.wait()?;
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}").into()) }
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|ended| ended.is_none())
    }

    /// Files and sockets it has open.
    pub(crate) fn open_files(&self) -> Result<usize, Failure> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.0.id()))?.count())
    }

    /// Memory in RAM, in kB.
    pub(crate) fn resident_kb(&self) -> Result<f64, Failure> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no resident size")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// Processor time used so far, in seconds.
    pub(crate) fn processor_seconds(&self) -> Result<f64, Failure> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // The name, in brackets, may hold anything; user and system time are the 12th and 13th field after it.
        let (_, fields) = text.rsplit_once(')').ok_or("no processor times")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>).sum::<Result<f64, _>>()?;
        Ok(ticks / TICKS_PER_SECOND)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One of our own servers.
pub(crate) struct Served {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    /// From its start until it listened.
    pub(crate) started_in: Duration,
    /// Kept open, so that the server never writes into a closed pipe.
    _said: BufReader<ChildStdout>,
}

impl Served {
    /// This program again, in another role. Its first line says where it listens.
    pub(crate) fn start(role: &[&str], core: Core, pinning: bool, ambient: &Ambient) -> Result<Self, Failure> {
        let this = std::env::current_exe()?;
        let mut command = core.command(this, pinning);
        let spawned = ambient.elapsed();
        let mut process = Process::spawn(command.args(role).stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let mut said = BufReader::new(process.child().stdout.take().ok_or("no standard output")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let address = line.trim().parse().map_err(|_| format!("the server {role:?} did not start"))?;
        Ok(Self { process, address, started_in: ambient.elapsed().saturating_sub(spawned), _said: said })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// A directory with all that is in it, for one process more to work on.
pub(crate) fn copy_directory(from: &Path, to: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir_all(&target)?;
            fs::set_permissions(&target, entry.metadata()?.permissions())?;
            copy_directory(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
