//! Takes up secrets whose files change while we run, and keeps the last good ones when a new one is bad.
//!
//! Every file is read at each turn: modification times lie (two writes within one tick, restored archives), and these
//! files are small. What is read must be the same in two turns before it is judged, so a file caught half-written or
//! in the middle of a rename is never taken. A changed secret passes through all the rules of the start.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::MissedTickBehavior;

use crate::config::auth::{GITEA_MCP_DEFAULT_TOKEN, GITEA_MCP_STATIC_TOKEN, MCP_API_KEYS};
use crate::config::collect::{Collected, Raw, secret_file};
use crate::config::file::FileFault;
use crate::config::gitea::GITEA_TOKEN;
use crate::config::problem::Severity;
use crate::config::{Configuration, Fault, Origin, Problem, Purpose, Variable};

/// Time between two turns. A change is taken up within two of them, well inside the promised 5 s.
pub(crate) const TURN: Duration = Duration::from_millis(1500);

/// Secrets that may change while we run. The store's key is not among them: what is sealed under it stays so.
const WATCHED: [&Variable; 4] = [&GITEA_TOKEN, &MCP_API_KEYS, &GITEA_MCP_STATIC_TOKEN, &GITEA_MCP_DEFAULT_TOKEN];

/// What a turn found.
#[derive(Debug)]
pub enum SecretEvent {
    /// A secret changed. Nothing else in this configuration differs from the one before.
    Taken {
        /// Its setting.
        setting: &'static str,
        /// The configuration from now on.
        configuration: Box<Configuration>,
    },
    /// A secret's file is bad; the last good value stays. Told once for each state of the file.
    Refused {
        /// Its setting.
        setting: &'static str,
        /// What is wrong.
        problems: Vec<Problem>,
    },
}

/// Watches the secret files of a configuration.
pub struct SecretWatch {
    collected: Collected,
    purpose: Purpose,
    files: Vec<Watched>,
}

struct Watched {
    variable: &'static Variable,
    path: PathBuf,
    seen: Observation,
    /// Whether the operator has been told about what was seen.
    is_told: bool,
}

enum Observation {
    Text(SecretString),
    Fault(FileFault),
}

impl Observation {
    fn of(path: &std::path::Path) -> Self {
        match secret_file(path) {
            Ok((text, _)) => Self::Text(text),
            Err(fault) => Self::Fault(fault),
        }
    }

    fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one.expose_secret() == other.expose_secret(),
            (Self::Fault(one), Self::Fault(other)) => one == other,
            (Self::Text(_), Self::Fault(_)) | (Self::Fault(_), Self::Text(_)) => false,
        }
    }
}

impl SecretWatch {
    /// `None` if no secret came from a file.
    pub(crate) fn new(collected: Collected, purpose: Purpose) -> Option<Self> {
        let watched = |variable: &'static Variable| {
            let raw = collected.values.get(variable.name)?;
            let Origin::SecretFile(path) = &raw.origin else { return None };
            Some(Watched { variable, path: path.clone(), seen: Observation::Text(raw.text.clone()), is_told: false })
        };
        let files: Vec<_> = WATCHED.into_iter().filter_map(watched).collect();
        if files.is_empty() { None } else { Some(Self { collected, purpose, files }) }
    }

    /// Takes turns until the runtime ends or the future is dropped. That it returned means nobody watches any more.
    pub async fn run(mut self, mut on_event: impl FnMut(SecretEvent) + Send) {
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            let turn = tokio::task::spawn_blocking(move || {
                let events = self.turn();
                (self, events)
            });
            let Ok((watch, events)) = turn.await else { return };
            self = watch;
            events.into_iter().for_each(&mut on_event);
        }
    }

    /// Reads every file once. A bad file holds back nothing but itself.
    pub fn turn(&mut self) -> Vec<SecretEvent> {
        let Self { collected, purpose, files } = self;
        files.iter_mut().filter_map(|file| file.turn(collected, *purpose)).collect()
    }
}

impl Watched {
    fn turn(&mut self, collected: &mut Collected, purpose: Purpose) -> Option<SecretEvent> {
        let now = Observation::of(&self.path);
        if !now.is_same_as(&self.seen) {
            self.seen = now;
            self.is_told = false;
            return None;
        }
        let setting = self.variable.name;
        let text = match now {
            Observation::Fault(fault) => return self.refuse(vec![self.problem(Fault::File(fault))]),
            Observation::Text(text) => text,
        };
        let last_good = collected.values.get(setting)?;
        if last_good.text.expose_secret() == text.expose_secret() {
            return None;
        }
        // A refused text is judged again at each turn: two files may be right only together.
        let mut candidate = collected.clone();
        candidate.values.insert(setting, Raw { text, origin: last_good.origin.clone() });
        let (_, old_problems) = Configuration::read(collected, purpose);
        let (configuration, mut problems) = Configuration::read(&candidate, purpose);
        problems.retain(|problem| problem.severity == Severity::Error && !old_problems.contains(problem));
        if !problems.is_empty() {
            return self.refuse(problems);
        }
        *collected = candidate;
        Some(SecretEvent::Taken { setting, configuration: Box::new(configuration) })
    }

    fn refuse(&mut self, problems: Vec<Problem>) -> Option<SecretEvent> {
        let is_news = !std::mem::replace(&mut self.is_told, true);
        is_news.then_some(SecretEvent::Refused { setting: self.variable.name, problems })
    }

    fn problem(&self, fault: Fault) -> Problem {
        Problem::of(self.variable, Origin::SecretFile(self.path.clone()), fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    const OLD: &str = "9f2c1be07a44d3568e1b0cf7729a63d5";
    const NEW: &str = "c0ffee1234a9b8d7e6f5041322bd97ca";
    const TOKEN: &str = "ee11aa22bb33cc44dd55ee66ff7788990011aabb";

    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn watch(directory: &Path) -> (SecretWatch, PathBuf, PathBuf) {
        let (keys, token) = (directory.join("keys"), directory.join("token"));
        write(&keys, OLD);
        write(&token, TOKEN);
        write(&directory.join("ca.pem"), "");
        let mut environment =
            vec![("HOME".into(), "/home/alice".into()), ("GITEA_URL".into(), "https://git.acme.test".into())];
        environment.push(("GITEA_CA_FILE".into(), directory.join("ca.pem").into()));
        environment.push(("MCP_API_KEYS_FILE".into(), keys.clone().into()));
        environment.push(("GITEA_TOKEN_FILE".into(), token.clone().into()));
        let loaded = load(Sources { environment, ..Sources::default() }, Purpose::Gateway);
        assert_eq!(loaded.problems, []);
        (loaded.secret_watch.unwrap(), keys, token)
    }

    fn keys_of(event: &SecretEvent) -> Vec<String> {
        match event {
            SecretEvent::Taken { configuration, .. } => {
                configuration.auth.api_keys.iter().map(|key| key.value.expose_secret().to_owned()).collect()
            }
            SecretEvent::Refused { problems, .. } => panic!("{problems:?}"),
        }
    }

    fn code(event: &SecretEvent) -> (&'static str, &'static str) {
        match event {
            SecretEvent::Taken { setting, .. } => (setting, "taken"),
            SecretEvent::Refused { setting, problems } => (setting, problems[0].fault.code()),
        }
    }

    #[test]
    fn k04_keys_come_and_go_at_the_second_turn_that_sees_them() {
        let directory = tempfile::tempdir().unwrap();
        let (mut watch, keys, _) = watch(directory.path());
        assert!(watch.turn().is_empty());
        for (text, expected) in [(format!("{OLD},{NEW}\n"), vec![OLD, NEW]), (NEW.to_owned(), vec![NEW])] {
            write(&keys, &text);
            assert!(watch.turn().is_empty(), "it may be half-written");
            let events = watch.turn();
            assert_eq!(events.len(), 1);
            assert_eq!(keys_of(&events[0]), expected);
            assert!(watch.turn().is_empty() && watch.turn().is_empty(), "taken once");
        }
    }

    #[test]
    fn k04_a_half_written_file_is_never_taken() {
        let directory = tempfile::tempdir().unwrap();
        let (mut watch, keys, _) = watch(directory.path());
        let whole = format!("{NEW}{OLD}");
        for length in [33, 40, 50] {
            write(&keys, &whole[..length]);
            assert!(watch.turn().is_empty(), "long enough to be a key, and still growing");
        }
        fs::remove_file(&keys).unwrap();
        assert!(watch.turn().is_empty(), "on its way to a rename");
        write(&keys, &whole);
        assert!(watch.turn().is_empty());
        assert_eq!(keys_of(&watch.turn()[0]), [whole]);
    }

    #[test]
    fn k04_a_bad_file_keeps_the_last_good_and_is_told_once() {
        let directory = tempfile::tempdir().unwrap();
        let (mut watch, keys, token) = watch(directory.path());
        for (text, fault) in
            [("changeme", "placeholder"), ("", "empty"), (&format!("{NEW},{NEW}"), "repeated"), (TOKEN, "same_secret")]
        {
            write(&keys, text);
            assert!(watch.turn().is_empty());
            assert_eq!(watch.turn().iter().map(code).collect::<Vec<_>>(), [("MCP_API_KEYS", fault)]);
            assert!(watch.turn().is_empty() && watch.turn().is_empty(), "told once");
        }
        fs::remove_file(&keys).unwrap();
        let events = [watch.turn(), watch.turn(), watch.turn()].concat_events();
        assert_eq!(events, [("MCP_API_KEYS", "file_absent")]);

        let other_token = TOKEN.replace("ee", "dd");
        write(&token, &other_token);
        watch.turn();
        let events = watch.turn();
        assert_eq!(keys_of(&events[0]), [OLD], "another file's change is taken, with the last good keys");

        write(&keys, NEW);
        watch.turn();
        assert_eq!(keys_of(&watch.turn()[0]), [NEW], "a good file ends it");
    }

    #[test]
    fn k04_two_files_that_are_right_only_together_are_taken() {
        let directory = tempfile::tempdir().unwrap();
        let (mut watch, keys, token) = watch(directory.path());
        write(&token, OLD);
        write(&keys, NEW);
        let events = [watch.turn(), watch.turn(), watch.turn()].concat_events();
        assert_eq!(events, [("GITEA_TOKEN", "same_secret"), ("MCP_API_KEYS", "taken"), ("GITEA_TOKEN", "taken")]);
    }

    #[test]
    fn k04_what_went_wrong_elsewhere_keeps_no_removed_key_alive() {
        let directory = tempfile::tempdir().unwrap();
        let (mut watch, keys, _) = watch(directory.path());
        fs::remove_file(directory.path().join("ca.pem")).unwrap();
        write(&keys, NEW);
        watch.turn();
        assert_eq!(keys_of(&watch.turn()[0]), [NEW]);
    }

    #[test]
    fn d05_a_file_opened_to_all_while_we_run_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let (mut watch, keys, _) = watch(directory.path());
        fs::set_permissions(&keys, fs::Permissions::from_mode(0o644)).unwrap();
        let events = [watch.turn(), watch.turn(), watch.turn()].concat_events();
        assert_eq!(events, [("MCP_API_KEYS", "file_world_readable")]);
    }

    #[tokio::test]
    async fn k04_a_change_is_taken_up_within_five_seconds() {
        let directory = tempfile::tempdir().unwrap();
        let (watch, keys, _) = watch(directory.path());
        let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
        let watching = tokio::spawn(watch.run(move |event| sender.send(event).unwrap()));
        write(&keys, NEW);
        let event = tokio::time::timeout(Duration::from_secs(5), events.recv()).await.unwrap().unwrap();
        assert_eq!(keys_of(&event), [NEW]);
        watching.abort();
    }

    #[test]
    fn without_secret_files_there_is_nothing_to_watch() {
        let environment = vec![("HOME".into(), "/home/alice".into()), ("GITEA_TOKEN".into(), TOKEN.into())];
        let loaded = load(Sources { environment, ..Sources::default() }, Purpose::Records);
        assert!(loaded.configuration.is_some() && loaded.secret_watch.is_none());
    }

    trait ConcatEvents {
        fn concat_events(self) -> Vec<(&'static str, &'static str)>;
    }

    impl<const TURNS: usize> ConcatEvents for [Vec<SecretEvent>; TURNS] {
        fn concat_events(self) -> Vec<(&'static str, &'static str)> {
            self.iter().flatten().map(code).collect()
        }
    }
}
