//! Every way in which a setting can be wrong.

use crate::config::Variable;
use crate::config::file::FileFault;
use crate::config::problem::Severity;

/// What is wrong with a setting. Reads after the setting's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each sentence says what its variant is")]
pub enum Fault {
    // Any value.
    #[error("is empty")]
    Empty,
    #[error("is not UTF-8 text")]
    NotText,
    #[error("takes {0}")]
    Takes(String),
    #[error("has more than {0} entries")]
    TooManyEntries(usize),
    #[error("names one thing twice")]
    RepeatedName,
    #[error("is set a second time")]
    SetTwice,
    #[error("is not set")]
    Missing,

    // URLs, hosts, networks.
    #[error("carries a user name or password")]
    UserInfo,
    #[error("is plain http to a public host")]
    PlainHttp,
    #[error("is plain http to another machine")]
    PlainHttpPublic,
    #[error("is plain http: tokens cross the private network unencrypted")]
    PlainHttpPrivate,
    #[error("allows everybody")]
    AllowsAll,

    // Secrets.
    #[error("holds a placeholder (\"{0}\")")]
    Placeholder(&'static str),
    #[error("has quotes round it")]
    Quoted,
    #[error("ends with a line end")]
    LineEnd,
    #[error("begins with a byte order mark")]
    ByteOrderMark,
    #[error("holds a blank, a line end or a character that no HTTP header can carry")]
    NotHeaderText,
    #[error("is shorter than {0} characters")]
    TooShort(usize),
    #[error("is longer than {0} characters")]
    TooLong(usize),
    #[error("is too easy to guess")]
    Guessable,
    #[error("is the same as entry {0}")]
    Repeated(usize),
    #[error("is the same secret as {0}")]
    SameSecret(&'static str),
    #[error("is set, and so is {0}")]
    Both(String),
    #[error("is a secret, and a command line is seen by every user of the machine")]
    OnCommandLine,

    // Names.
    #[error("is no setting of ours")]
    NearMiss(&'static str),
    #[error("is no setting of ours")]
    UnknownKey(Option<String>),

    // Files.
    #[error("{0}")]
    File(FileFault),
    #[error("{0}")]
    Syntax(String),

    // What this version does not have.
    #[error("asks for {0}, which this version does not have yet")]
    NotYet(&'static str),
    #[error("asks for writes, and this version has no write tools: nothing will be written")]
    NoWriteTools,

    // Settings that do not go together.
    #[error("is set without {0}")]
    Needs(&'static str),
    #[error("is set without {0}, so nothing uses it")]
    Unused(&'static str),
    #[error("is `false` while {0}: whoever reaches the gateway would act as the owner of GITEA_TOKEN")]
    OpenDoor(&'static str),
    #[error("is `false`: every local program acts as the owner of GITEA_TOKEN")]
    NoSignIn,
    #[error("is `false` without GITEA_TOKEN, so there is nobody to act as")]
    NobodyToBe,
    #[error(
        "listens beyond this machine, and no way to sign in is configured: only keys made by `aegis-mcp key` get in"
    )]
    NoWayIn,
    #[error("shows figures beyond this machine to whoever asks")]
    OpenMetrics,
    #[error("is not set although PUBLIC_URL points to a proxy: all callers share one address in limits and lock-outs")]
    UnknownProxy,
}

impl Fault {
    /// Whether it stops the start.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::PlainHttpPrivate
            | Self::NearMiss(_)
            | Self::File(FileFault::GroupReadable)
            | Self::NoWriteTools
            | Self::Unused(_)
            | Self::NoSignIn
            | Self::NoWayIn
            | Self::OpenMetrics
            | Self::UnknownProxy => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotText => "not_text",
            Self::Takes(_) => "wrong_value",
            Self::TooManyEntries(_) => "too_many_entries",
            Self::RepeatedName => "repeated_name",
            Self::SetTwice => "set_twice",
            Self::Missing => "missing",
            Self::UserInfo => "user_info",
            Self::PlainHttp => "plain_http",
            Self::PlainHttpPublic => "plain_http_public_url",
            Self::PlainHttpPrivate => "plain_http_private",
            Self::AllowsAll => "allows_all",
            Self::Placeholder(_) => "placeholder",
            Self::Quoted => "quoted",
            Self::LineEnd => "line_end",
            Self::ByteOrderMark => "byte_order_mark",
            Self::NotHeaderText => "not_header_text",
            Self::TooShort(_) => "too_short",
            Self::TooLong(_) => "too_long",
            Self::Guessable => "guessable",
            Self::Repeated(_) => "repeated",
            Self::SameSecret(_) => "same_secret",
            Self::Both(_) => "both_set",
            Self::OnCommandLine => "on_command_line",
            Self::NearMiss(_) => "near_miss",
            Self::UnknownKey(_) => "unknown_key",
            Self::File(fault) => fault.code(),
            Self::Syntax(_) => "syntax",
            Self::NotYet(_) => "not_yet",
            Self::NoWriteTools => "no_write_tools",
            Self::Needs(_) => "needs_another",
            Self::Unused(_) => "unused",
            Self::OpenDoor(_) => "open_door",
            Self::NoSignIn => "no_sign_in",
            Self::NobodyToBe => "nobody_to_be",
            Self::NoWayIn => "no_way_in",
            Self::OpenMetrics => "open_metrics",
            Self::UnknownProxy => "unknown_proxy",
        }
    }

    /// What to do. `variable` is the row the fault was found in, if it was one.
    pub(crate) fn hint(&self, variable: Option<&Variable>) -> Option<String> {
        match self {
            Self::Empty => Some(format!("{}; to leave it at its default, remove the line", source(variable)?)),
            Self::Missing | Self::Placeholder(_) | Self::TooShort(_) | Self::Guessable => source(variable),
            Self::Takes(_) => variable.map(|variable| format!("for example `{}`", variable.example)),
            Self::UserInfo => Some("take them out; tokens have settings of their own".to_owned()),
            Self::PlainHttp => {
                Some("use https; plain http is taken only for this machine and private networks".to_owned())
            }
            Self::PlainHttpPublic => {
                Some("set TLS_CERTIFICATE_FILE or put a proxy with TLS in front, and name the https address".to_owned())
            }
            Self::PlainHttpPrivate => Some("use https, with GITEA_CA_FILE for a certificate of your own".to_owned()),
            Self::AllowsAll => Some("name the addresses, hosts or origins that you mean".to_owned()),
            Self::Quoted => Some("take the quotes away: here they are part of the value".to_owned()),
            Self::LineEnd => Some("one line end is taken off a file, none off the environment".to_owned()),
            Self::ByteOrderMark => Some("save the file as UTF-8 without a byte order mark".to_owned()),
            Self::Both(name) => Some(format!("keep one of the two; {name} is the safer place")),
            Self::OnCommandLine => variable.and_then(Variable::file_name).map(|name| format!("name a file in {name}")),
            Self::NearMiss(nearest) => Some(format!("did you mean {nearest}?")),
            Self::UnknownKey(nearest) => nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?")),
            Self::File(fault) => fault.hint().map(str::to_owned),
            Self::NotYet(_) => Some("remove it, or stay with what you have until a version that has it".to_owned()),
            Self::Needs(other) => Some(format!("set {other} too")),
            Self::OpenDoor(_) => Some("leave AUTH_ENABLED at `true` and set MCP_API_KEYS".to_owned()),
            Self::NobodyToBe => Some("set GITEA_TOKEN too, or leave AUTH_ENABLED at `true`".to_owned()),
            Self::OpenMetrics => Some("listen on 127.0.0.1, or let only your monitoring reach it".to_owned()),
            Self::UnknownProxy => Some("set TRUSTED_PROXIES to the address your proxy connects from".to_owned()),
            Self::Repeated(_) | Self::SameSecret(_) => Some("use a secret of its own for each".to_owned()),
            Self::NotText
            | Self::NotHeaderText
            | Self::TooLong(_)
            | Self::TooManyEntries(_)
            | Self::RepeatedName
            | Self::SetTwice
            | Self::Syntax(_)
            | Self::NoWriteTools
            | Self::Unused(_)
            | Self::NoSignIn
            | Self::NoWayIn => None,
        }
    }
}

/// Where a right value comes from.
fn source(variable: Option<&Variable>) -> Option<String> {
    let variable = variable?;
    let start = variable.remedy.map_or_else(|| format!("for example `{}`", variable.example), str::to_owned);
    Some(match variable.file_name() {
        Some(file) => format!("{start}; or name a file in {file}"),
        None => start,
    })
}
