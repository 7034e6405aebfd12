//! Hands each section its values: parsed, within bounds, and with everything that is wrong noted down. A value that
//! is wrong reads like one that is absent; the note makes sure that nobody ever runs with it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::config::collect::{Collected, Raw};
use crate::config::variables::Unset;
use crate::config::{
    AllowedHost, Fault, FindingAction, Kind, Origin, Problem, Secret, StorePlace, Variable, address, file, secret,
};

/// Most values in one list.
const LIST_MAX_ENTRIES: usize = 256;

/// Reads settings and remembers what was wrong.
pub(crate) struct Reader<'a> {
    collected: &'a Collected,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(collected: &'a Collected) -> Self {
        Self { collected, problems: Vec::new() }
    }

    /// Whether it was set at all, rightly or wrongly.
    pub(crate) fn is_set(&self, variable: &Variable) -> bool {
        self.raw(variable).is_some() || self.collected.spoilt.contains(&variable.name)
    }

    /// Notes a fault of a setting, at the place where it was set.
    pub(crate) fn report(&mut self, variable: &'static Variable, fault: Fault) {
        let origin = self.raw(variable).map_or(Origin::Unset, |raw| raw.origin.clone());
        self.problems.push(Problem::of(variable, origin, fault));
    }

    /// Where state lives if nothing was set.
    pub(crate) fn default_state_directory(&self) -> Option<&'a Path> {
        self.collected.default_state_directory.as_deref()
    }

    fn raw(&self, variable: &Variable) -> Option<&'a Raw> {
        self.collected.values.get(variable.name)
    }

    /// The text that was set, for settings of which only that matters.
    pub(crate) fn text(&mut self, variable: &'static Variable) -> Option<String> {
        self.parsed(variable, |text| Ok(text.to_owned()))
    }

    pub(crate) fn boolean(&mut self, variable: &'static Variable) -> bool {
        let parse = |text: &str| match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(wrong(variable)),
        };
        self.parsed(variable, parse).unwrap_or_default()
    }

    pub(crate) fn count<Number: TryFrom<u64> + Default>(&mut self, variable: &'static Variable) -> Number {
        let (min, max) = variable.bounds();
        self.parsed(variable, |text| number(text, min, max).ok_or_else(|| wrong(variable))).unwrap_or_default()
    }

    /// One of the words of the row, in any case.
    pub(crate) fn choice(&mut self, variable: &'static Variable) -> Option<&'static str> {
        let find = |text: &str| variable.choices().iter().find(|choice| choice.eq_ignore_ascii_case(text)).copied();
        self.parsed(variable, |text| find(text).ok_or_else(|| wrong(variable)))
    }

    pub(crate) fn url(&mut self, variable: &'static Variable) -> Option<Url> {
        self.parsed(variable, |text| address::url(text, variable))
    }

    pub(crate) fn path(&mut self, variable: &'static Variable) -> Option<PathBuf> {
        self.parsed(variable, |text| Ok(PathBuf::from(text)))
    }

    /// A path that must lead to a file already.
    pub(crate) fn file(&mut self, variable: &'static Variable) -> Option<PathBuf> {
        self.parsed(variable, |text| file::probe(Path::new(text)).map(|()| PathBuf::from(text)).map_err(Fault::File))
    }

    pub(crate) fn address(&mut self, variable: &'static Variable) -> IpAddr {
        const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let parse = |text: &str| match text {
            "localhost" => Ok(LOOPBACK),
            _ => text.parse().map_err(|_| wrong(variable)),
        };
        self.parsed(variable, parse).unwrap_or(LOOPBACK)
    }

    /// `None` is `off`.
    pub(crate) fn listener(&mut self, variable: &'static Variable) -> Option<SocketAddr> {
        let parse = |text: &str| match text {
            "off" => Ok(None),
            _ => text.parse().map(Some).map_err(|_| wrong(variable)),
        };
        self.parsed(variable, parse).flatten()
    }

    pub(crate) fn store(&mut self, variable: &'static Variable) -> Option<StorePlace> {
        self.parsed(variable, |text| StorePlace::parse(text, variable))
    }

    pub(crate) fn networks(&mut self, variable: &'static Variable) -> Vec<IpNet> {
        self.list(variable, |text| {
            let network = IpNet::from_str(text).or_else(|_| text.parse().map(|address: IpAddr| IpNet::from(address)));
            let network = network.map_err(|_| wrong(variable))?.trunc();
            if network.prefix_len() == 0 { Err(Fault::AllowsAll) } else { Ok(network) }
        })
    }

    pub(crate) fn hosts(&mut self, variable: &'static Variable) -> Vec<AllowedHost> {
        self.list(variable, |text| address::host(text, variable))
    }

    pub(crate) fn origins(&mut self, variable: &'static Variable) -> Vec<url::Origin> {
        self.list(variable, |text| address::origin(text, variable))
    }

    pub(crate) fn names(&mut self, variable: &'static Variable) -> Vec<String> {
        self.list(variable, |text| if is_name(text) { Ok(text.to_owned()) } else { Err(wrong(variable)) })
    }

    /// Numbers by tool.
    pub(crate) fn by_tool(&mut self, variable: &'static Variable) -> BTreeMap<String, NonZeroU32> {
        let (min, max) = variable.bounds();
        self.map(variable, |text| number(text, min, max).and_then(NonZeroU32::new))
    }

    /// Actions by rule of redaction.
    pub(crate) fn by_rule(&mut self, variable: &'static Variable) -> BTreeMap<String, FindingAction> {
        self.map(variable, FindingAction::parse)
    }

    fn map<Value>(
        &mut self,
        variable: &'static Variable,
        parse: impl Fn(&str) -> Option<Value>,
    ) -> BTreeMap<String, Value> {
        let pair = |text: &str| {
            let (name, value) = text.split_once('=')?;
            Some((Some(name.trim()).filter(|name| is_name(name))?.to_owned(), parse(value.trim())?))
        };
        let pairs = self.list(variable, |text| pair(text).ok_or_else(|| wrong(variable)));
        let count = pairs.len();
        let map: BTreeMap<_, _> = pairs.into_iter().collect();
        if map.len() < count {
            self.report(variable, Fault::RepeatedName);
        }
        map
    }

    pub(crate) fn secret(&mut self, variable: &'static Variable) -> Option<Secret> {
        let raw = self.raw(variable)?;
        match checked(variable.kind, raw.text.expose_secret()) {
            Ok(value) => Some(Secret { value, origin: raw.origin.clone() }),
            Err(fault) => {
                self.report(variable, fault);
                None
            }
        }
    }

    /// Secrets separated by commas. Blanks round a comma are no part of a secret; blanks at the ends are refused like
    /// anywhere else.
    pub(crate) fn secrets(&mut self, variable: &'static Variable) -> Vec<Secret> {
        let Some(raw) = self.raw(variable) else { return Vec::new() };
        let entries: Vec<&str> = raw.text.expose_secret().split(',').collect();
        let mut secrets: Vec<Secret> = Vec::new();
        if entries.len() > LIST_MAX_ENTRIES {
            self.report(variable, Fault::TooManyEntries(LIST_MAX_ENTRIES));
            return secrets;
        }
        for (entry, text) in (1_usize..).zip(&entries) {
            let text = if entry > 1 { text.trim_start_matches(' ') } else { text };
            let text = if entry < entries.len() { text.trim_end_matches(' ') } else { text };
            let first = entries.iter().take(entry.saturating_sub(1)).position(|earlier| earlier.trim() == text.trim());
            let fault = match (checked(variable.kind, text), first) {
                (Err(fault), _) => fault,
                (Ok(_), Some(first)) => Fault::Repeated(first.saturating_add(1)),
                (Ok(value), None) => {
                    secrets.push(Secret { value, origin: raw.origin.clone() });
                    continue;
                }
            };
            let problem = Problem::of(variable, raw.origin.clone(), fault);
            self.problems.push(if entries.len() > 1 { problem.at_entry(entry) } else { problem });
        }
        secrets
    }

    fn list<Value>(&mut self, variable: &'static Variable, parse: impl Fn(&str) -> Result<Value, Fault>) -> Vec<Value> {
        let parse_all = |text: &str| -> Result<Vec<Value>, Fault> {
            if text.split(',').count() > LIST_MAX_ENTRIES {
                return Err(Fault::TooManyEntries(LIST_MAX_ENTRIES));
            }
            text.split(',').map(|entry| parse(entry.trim())).collect()
        };
        self.parsed(variable, parse_all).unwrap_or_default()
    }

    /// What was set, else the default of the row, by the same parser.
    fn parsed<Value>(
        &mut self,
        variable: &'static Variable,
        parse: impl Fn(&str) -> Result<Value, Fault>,
    ) -> Option<Value> {
        if let Some(raw) = self.raw(variable) {
            let text = raw.text.expose_secret().trim();
            let parsed = if text.is_empty() { Err(Fault::Empty) } else { parse(text) };
            match parsed {
                Ok(value) => return Some(value),
                Err(fault) => self.report(variable, fault),
            }
        }
        match variable.unset {
            Unset::Value(default) => parse(default).ok(),
            Unset::Nothing(_) | Unset::Required | Unset::Later(_) => None,
        }
    }
}

fn checked(kind: Kind, text: &str) -> Result<SecretString, Fault> {
    match kind {
        Kind::IssuedSecret => secret::issued(text),
        _ => secret::chosen(text),
    }
}

fn number<Number: TryFrom<u64>>(text: &str, min: u64, max: u64) -> Option<Number> {
    let number = text.parse().ok().filter(|number| (min..=max).contains(number))?;
    Number::try_from(number).ok()
}

/// Names of tools, toolsets and rules: at most 40 of `[a-z0-9_-]`. Whether there is one of that name, its room knows.
fn is_name(text: &str) -> bool {
    const NAME_MAX_CHARACTERS: usize = 40;
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    (1..=NAME_MAX_CHARACTERS).contains(&text.len()) && text.bytes().all(is_letter)
}

fn wrong(variable: &Variable) -> Fault {
    Fault::Takes(variable.kind.takes().into_owned())
}
