//! Keeps a core busy with nothing, at the priority of what is idle. A core of a virtual machine that sleeps is given to
//! others, and comes back when the host finds time: that would be in every wait, and the more a server rests the longer.

use std::io::{self, BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use aegis_ambient::Ambient;

use crate::Failure;
use crate::process::{Core, Process};

/// What [`keep`] is called on the command line, and what it says when it is there.
pub(crate) const ROLE: &str = "vigil";

/// How long it lasts before it naps.
const AWAKE: Duration = Duration::from_millis(20);
/// How long a nap is at least: far less of the time than a p99 looks at. Without naps the system did not get to what it does
/// when a core is idle: seen were seconds in which nothing written reached the disk, and the gateway refused what it could
/// not record.
const NAP: Duration = Duration::from_micros(50);

/// Starts one on a core. None if this machine has no `chrt` or does not let it.
pub(crate) fn start(core: Core) -> Result<Option<Process>, Failure> {
    let mut command = core.command("chrt", true);
    command.args(["--idle", "0"]).arg(std::env::current_exe()?).arg(ROLE);
    let mut process = Process::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()))?;
    let mut said = String::new();
    if let Some(output) = process.child().stdout.take() {
        BufReader::new(output).read_line(&mut said)?;
    }
    Ok((said.trim() == ROLE).then_some(process))
}

/// What its process does, until whoever started it is gone.
pub(crate) fn keep(ambient: Ambient) -> Result<(), Failure> {
    println!("{ROLE}");
    std::thread::spawn(move || {
        loop {
            let since = ambient.elapsed();
            while ambient.elapsed().saturating_sub(since) < AWAKE {
                std::hint::spin_loop();
            }
            std::thread::sleep(NAP);
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
