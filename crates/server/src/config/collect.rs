//! Brings flags, environment, `.env`, TOML and secret files together: for each setting one text and the place it came
//! from. What the texts mean is not known here.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::file::{self, FileFault};
use crate::config::{Fault, Origin, Problem, Sources, Variable, dotenv, toml_file, variables};

const DOT_ENV: &str = ".env";
const TOML: &str = "aegis-mcp.toml";

/// A setting's text as it was found. It may be a secret whatever its name, so it is kept like one.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) text: SecretString,
    pub(crate) origin: Origin,
}

/// All settings that were found.
#[derive(Clone)]
pub(crate) struct Collected {
    pub(crate) values: BTreeMap<&'static str, Raw>,
    /// Set, but in a form that could not be taken; each has its problem on record.
    pub(crate) spoilt: Vec<&'static str>,
    /// Where state lives if `STATE_DIR` does not say.
    pub(crate) default_state_directory: Option<PathBuf>,
    /// Configuration files that were read.
    pub(crate) files: Vec<PathBuf>,
}

/// Looks everywhere, strongest source first.
pub(crate) fn collect(sources: Sources) -> (Collected, Vec<Problem>) {
    let Sources { flags, environment, config, directory } = sources;
    let default_state_directory = default_state_directory(&environment);
    let mut search = Search::default();
    search.flags(flags);
    search.environment(environment);
    if let Some(directory) = &directory {
        search.dot_env(&directory.join(DOT_ENV));
    }
    let named_or_found = config.or_else(|| {
        let state = search.text("STATE_DIR").map(PathBuf::from).or_else(|| default_state_directory.clone());
        let mut places = directory.into_iter().chain(state).map(|directory| directory.join(TOML));
        // What cannot be looked at counts as found, so that reading it says why.
        places.find(|path| !matches!(path.try_exists(), Ok(false)))
    });
    if let Some(path) = named_or_found {
        search.toml(&path);
    }
    search.finish(default_state_directory)
}

/// Reads a secret's file and takes exactly one line end off, the one that editors and `echo` put there. The second
/// value says that its group can read it.
pub(crate) fn secret_file(path: &Path) -> Result<(SecretString, bool), FileFault> {
    let contents = file::read_secret(path)?;
    let is_shared = match contents.access.fault(true) {
        None => false,
        Some(FileFault::GroupReadable) => true,
        Some(fault) => return Err(fault),
    };
    let text = contents.text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text));
    Ok((text.unwrap_or(&contents.text).into(), is_shared))
}

/// Reads a file of certificates: anybody may read it, and nobody else change it.
pub(crate) fn certificate_file(path: &Path) -> Result<String, FileFault> {
    let contents = file::read_configuration(path)?;
    contents.access.fault(false).map_or(Ok(contents.text), Err)
}

/// By the XDG base directory specification, which says to ignore relative paths.
fn default_state_directory(environment: &[(OsString, OsString)]) -> Option<PathBuf> {
    let directory = |name: &str| {
        let found = environment.iter().find(|(candidate, _)| candidate == name)?;
        Some(PathBuf::from(&found.1)).filter(|path| path.is_absolute())
    };
    let state = directory("XDG_STATE_HOME").or_else(|| Some(directory("HOME")?.join(".local/state")));
    state.map(|state| state.join("aegis-mcp"))
}

#[derive(Default)]
struct Search {
    /// By `NAME` or `NAME_FILE`; the first to come is the strongest.
    found: BTreeMap<String, Raw>,
    spoilt: Vec<&'static str>,
    files: Vec<PathBuf>,
    problems: Vec<Problem>,
}

impl Search {
    fn take(&mut self, name: String, text: String, origin: Origin) {
        self.found.entry(name).or_insert_with(|| Raw { text: text.into(), origin });
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.found.get(name).map(|raw| raw.text.expose_secret())
    }

    fn flags(&mut self, flags: Vec<(&'static str, String)>) {
        for (name, text) in flags {
            match known(name) {
                Some(variable) if variable.is_secret() && variable.name == name => {
                    self.problems.push(Problem::of(variable, Origin::Flag, Fault::OnCommandLine));
                }
                Some(_) => self.take(name.to_owned(), text, Origin::Flag),
                None => self.problems.push(Problem::elsewhere(name, Origin::Flag, Fault::UnknownKey(None))),
            }
        }
    }

    fn environment(&mut self, environment: Vec<(OsString, OsString)>) {
        for (name, value) in environment {
            let Some(name) = name.to_str() else { continue };
            let Some(variable) = known(name) else {
                self.warn_if_near(name, Origin::Environment);
                continue;
            };
            match value.into_string() {
                Ok(text) => self.take(name.to_owned(), text, Origin::Environment),
                Err(_) => self.problems.push(Problem::of(variable, Origin::Environment, Fault::NotText)),
            }
        }
    }

    fn dot_env(&mut self, path: &Path) {
        let Some(contents) = self.read(path, false) else { return };
        let parsed = dotenv::parse(&contents.text);
        for (line, fault) in parsed.faults {
            self.problems.push(Problem::elsewhere(
                "the line",
                Origin::DotEnv { line },
                Fault::Syntax(fault.to_owned()),
            ));
        }
        let mut holds_secret = false;
        let mut names = BTreeSet::new();
        for dotenv::Entry { name, value, line } in parsed.entries {
            match known(&name) {
                Some(variable) if !names.insert(name.clone()) => {
                    self.problems.push(Problem::of(variable, Origin::DotEnv { line }, Fault::SetTwice));
                }
                Some(variable) => {
                    holds_secret |= variable.is_secret() && variable.name == name;
                    self.take(name, value, Origin::DotEnv { line });
                }
                None => self.warn_if_near(&name, Origin::DotEnv { line }),
            }
        }
        self.judge(path, &contents, holds_secret);
    }

    fn toml(&mut self, path: &Path) {
        let Some(contents) = self.read(path, true) else { return };
        let (entries, problems) = toml_file::parse(&contents.text);
        self.problems.extend(problems);
        let mut holds_secret = false;
        for toml_file::Entry { name, value, line, is_secret } in entries {
            holds_secret |= is_secret;
            self.take(name, value, Origin::Toml { line });
        }
        self.judge(path, &contents, holds_secret);
    }

    fn read(&mut self, path: &Path, is_required: bool) -> Option<file::Contents> {
        match file::read_configuration(path) {
            Ok(contents) => {
                self.files.push(path.to_owned());
                Some(contents)
            }
            Err(FileFault::Absent) if !is_required => None,
            Err(fault) => {
                self.about_file(path, fault);
                None
            }
        }
    }

    fn judge(&mut self, path: &Path, contents: &file::Contents, holds_secret: bool) {
        if let Some(fault) = contents.access.fault(holds_secret) {
            self.about_file(path, fault);
        }
    }

    fn about_file(&mut self, path: &Path, fault: FileFault) {
        self.problems.push(Problem::elsewhere(&path.to_string_lossy(), Origin::Unset, Fault::File(fault)));
    }

    fn warn_if_near(&mut self, name: &str, origin: Origin) {
        if let Some(nearest) = nearest(name) {
            self.problems.push(Problem::elsewhere(name, origin, Fault::NearMiss(nearest)));
        }
    }

    fn finish(mut self, default_state_directory: Option<PathBuf>) -> (Collected, Vec<Problem>) {
        let mut values = BTreeMap::new();
        for variable in variables() {
            let by_file = variable.file_name().and_then(|name| Some((self.found.remove(&name)?, name)));
            match (self.found.remove(variable.name), by_file) {
                (None, None) => {}
                (Some(raw), None) => drop(values.insert(variable.name, raw)),
                (None, Some((named, _))) => {
                    if let Some(raw) = self.through_file(variable, named.text.expose_secret()) {
                        values.insert(variable.name, raw);
                    }
                }
                (Some(raw), Some((_, name))) => {
                    self.spoilt.push(variable.name);
                    self.problems.push(Problem::of(variable, raw.origin, Fault::Both(name)));
                }
            }
        }
        (Collected { values, spoilt: self.spoilt, default_state_directory, files: self.files }, self.problems)
    }

    fn through_file(&mut self, variable: &'static Variable, raw_path: &str) -> Option<Raw> {
        let path = PathBuf::from(raw_path.trim());
        let origin = Origin::SecretFile(path.clone());
        match secret_file(&path) {
            Ok((text, is_shared)) => {
                if is_shared {
                    let fault = Fault::File(FileFault::GroupReadable);
                    self.problems.push(Problem::of(variable, origin.clone(), fault));
                }
                Some(Raw { text, origin })
            }
            Err(fault) => {
                self.spoilt.push(variable.name);
                self.problems.push(Problem::of(variable, origin, Fault::File(fault)));
                None
            }
        }
    }
}

/// The row that a name of the environment belongs to, as `NAME` or `NAME_FILE`.
fn known(name: &str) -> Option<&'static Variable> {
    variables().find(|variable| variable.name == name || variable.file_name().as_deref() == Some(name))
}

/// The setting somebody may have meant: within two letters, one for short names, so that `CI` is not taken for `DCR`.
fn nearest(name: &str) -> Option<&'static str> {
    const SHORT_NAME: usize = 8;
    let near = if name.len() < SHORT_NAME { 1 } else { 2 };
    variables().find_map(|variable| {
        let forms = [Some(variable.name.to_owned()), variable.file_name()];
        let is_near = forms.into_iter().flatten().any(|known| strsim::damerau_levenshtein(&known, name) <= near);
        is_near.then_some(variable.name)
    })
}
