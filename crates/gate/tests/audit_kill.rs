//! kill -9 while the audit record is written, again and again: what was acknowledged is there, and nothing looks altered.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::audit::verify::{Finding, verify};
use aegis_gate::audit::{Audit, Event, EventName, Outcome, PublicKey, Settings};

const CHILD: &str = "the_process_that_is_killed";

fn settings(root: &Path) -> Settings {
    Settings {
        checkpoint_path: Some(root.join("second-place")),
        rotate_bytes: 4096,
        flush_ms: 1,
        ..Settings::new(root.join("audit"), root.join("audit.key"))
    }
}

/// Not a test: the other process. Started by the tests below, which name the directory on its standard input.
#[test]
#[ignore = "started by s02_what_was_acknowledged_survives_50_kills"]
fn the_process_that_is_killed() {
    let mut root = String::new();
    std::io::stdin().read_line(&mut root).unwrap();
    if root.is_empty() {
        return;
    }
    let audit = Audit::open(settings(Path::new(root.trim_end())), Ambient::real()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let process = std::process::id();
    for number in 0_u64.. {
        let event = |kind| Event::new(EventName::ToolCall, Outcome::Allowed, format!("{kind}-{process}-{number}-"));
        audit.note(event("noted"));
        runtime.block_on(audit.announce(event("announced"))).unwrap();
        println!("acknowledged announced-{process}-{number}-");
    }
}

/// Starts the other process and kills it after so many acknowledgements and so long a wait. Gives all that it acknowledged.
fn kill_one(root: &Path, acknowledgements: usize, wait: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", CHILD, "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{}", root.display()).unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut acknowledged = Vec::new();
    while acknowledged.len() < acknowledgements {
        assert!(read_line(&mut output, &mut acknowledged));
    }
    std::thread::sleep(wait);
    child.kill().unwrap();
    while read_line(&mut output, &mut acknowledged) {}
    assert!(!child.wait().unwrap().success());
    acknowledged
}

/// Takes the id from the next line, if it has one. `false` after the last whole line.
fn read_line(output: &mut impl BufRead, acknowledged: &mut Vec<String>) -> bool {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let whole = line.strip_suffix('\n');
    acknowledged.extend(whole.and_then(|line| line.split_once("acknowledged ")).map(|(_, id)| id.to_owned()));
    whole.is_some()
}

/// Enough to hit writes, syncs and rotations at many points and still be quick.
#[test]
fn s02_what_was_acknowledged_survives_50_kills() {
    println!("{}", killed(50));
}

#[test]
#[ignore = "make test-long: 1,000 kills of the audit writer, 50 here"]
fn s02_what_was_acknowledged_survives_1000_kills() {
    println!("{}", killed(1_000));
}

/// Kills the writer so often, looks for all it acknowledged and verifies what it left. Says what was seen.
fn killed(times: u64) -> String {
    let root = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for turn in 0..times {
        let count = usize::try_from(turn * 7 % 23 + 1).unwrap();
        acknowledged.extend(kill_one(root.path(), count, Duration::from_micros(turn * 137 % 1500)));
    }
    assert!(acknowledged.len() as u64 > times);
    let files: Vec<_> = fs::read_dir(root.path().join("audit")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let text: String =
        files.iter().map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect();
    let mut recorded: HashMap<&str, u32> = HashMap::new();
    for id in text.split('"').filter(|word| word.starts_with("announced-")) {
        *recorded.entry(id).or_default() += 1;
    }
    for id in &acknowledged {
        assert_eq!(recorded.get(id.as_str()), Some(&1), "{id} was acknowledged and is not there once");
    }
    let keys = PublicKey::read_all(&root.path().join("audit.key.pub")).unwrap();
    let report = verify(&root.path().join("audit"), "audit", &keys, Some(&root.path().join("second-place"))).unwrap();
    assert_eq!(report.chains.len() as u64, times);
    // A write cut in two by the kill may leave whole lines before the torn one, which then nobody has signed.
    let torn = |chain: &str| {
        report.notes.iter().any(|note| matches!(note, Finding::TornTail { place } if place.file.starts_with(chain)))
    };
    let explained = |finding: &Finding| matches!(finding, Finding::Unsigned { chain, .. } if torn(chain));
    assert!(report.findings.iter().all(explained), "{report}");
    assert!(report.chains.iter().all(|chain| !chain.live && !chain.stopped));
    let torn = report.notes.iter().filter(|note| matches!(note, Finding::TornTail { .. })).count();
    format!(
        "{times} kills: {} acknowledged, all {} files verified, {torn} torn ends noted, {} of them after unsigned lines",
        acknowledged.len(),
        files.len(),
        report.findings.len()
    )
}
