//! What happened, as the caller of the record tells it. Names and words are fixed: dashboards and greps depend on them.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::arguments::ArgumentsShape;
use super::key::DigestKey;
use super::text;

/// A closed set of words: an enum, its spelling, and nothing else.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every one, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in records, logs and metric labels.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// What was decided or done. What the record writes about itself (`segment`, `checkpoint`, …) is not among these.
    EventName {
        /// A sign-in was checked.
        ApiAuthentication = "api_authentication",
        /// A key was needed and none came.
        MissingApiKey = "missing_api_key",
        /// A key came that is nobody's.
        InvalidApiKey = "invalid_api_key",
        /// Something came that cannot be a key.
        InvalidKeyFormat = "invalid_key_format",
        /// An address is locked out.
        AuthRateLimit = "auth_rate_limit",
        /// The Gitea account behind a sign-in may not be used.
        AccessDenied = "access_denied",
        /// A call ended.
        ToolCall = "tool_call",
        /// A write is about to leave, or a key about to change.
        WriteAnnounced = "write_announced",
        /// A key was made.
        KeyGenerated = "key_generated",
        /// A key took another's place.
        KeyRotated = "key_rotated",
        /// A key was ended.
        KeyRevoked = "key_revoked",
        /// A lock-out was lifted.
        KeyUnlocked = "key_unlocked",
        /// A secret file's new content is in use.
        SecretFileChanged = "secret_file_changed",
        /// A secret file's new content was not taken.
        SecretFileRefused = "secret_file_refused",
        /// A changed policy is in use.
        PolicyReloaded = "policy_reloaded",
        /// A changed policy was not taken.
        PolicyRefused = "policy_refused",
    }
}

words! {
    /// How it ended.
    Outcome {
        /// It ran, or may run.
        Allowed = "allowed",
        /// Somebody or some rule said no.
        Denied = "denied",
        /// It was let through and did not succeed.
        Failed = "failed",
    }
}

words! {
    /// The door it came through.
    Transport {
        /// MCP over streamable HTTP.
        Streamable = "streamable",
        /// MCP over HTTP with SSE, the transport of 2024-11-05.
        Sse = "sse",
        /// JSON-RPC over plain POST.
        Messages = "messages",
        /// Tools as plain HTTP.
        Rest = "rest",
        /// MCP over standard input and output.
        Stdio = "stdio",
        /// The command line.
        Cli = "cli",
    }
}

words! {
    /// What was called, where it is no tool by its name.
    Door {
        /// A resource was read.
        Resource = "resource",
        /// A prompt was got.
        Prompt = "prompt",
        /// A value was completed.
        Completion = "completion",
    }
}

words! {
    /// What came of the last question to the person.
    Asked {
        /// They filled it in.
        Accepted = "accepted",
        /// They said no.
        Declined = "declined",
        /// They did not choose, or not in time.
        Dismissed = "dismissed",
        /// The call ended with the question; its answer comes with the next.
        Pending = "pending",
    }
}

words! {
    /// How the caller signed in.
    Method {
        /// A key of one person.
        ApiKey = "api_key",
        /// A key whose calls run as a shared account.
        SharedKey = "shared_key",
        /// The static token that lets a client in.
        ServiceToken = "service_token",
        /// A token of Gitea's own.
        GiteaToken = "gitea_token",
        /// Whoever runs the process.
        Local = "local",
    }
}

/// One decision. Every text longer than 512 bytes is cut and ends in a keyed hash of what was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// What it was.
    #[serde(skip)]
    pub name: EventName,
    /// How it ended.
    pub outcome: Outcome,
    /// The id the caller was given.
    pub correlation_id: String,
    /// The door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// The peer's address, after trusted proxies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// The client's own name for itself. Unproven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// How the caller signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    /// The Gitea login the call ran as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Gitea's number for that account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<i64>,
    /// The key's non-secret id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The upstream token is one that several people share.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// The tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// What was called, where it is no tool by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door: Option<Door>,
    /// That a person was asked, and what they chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// What it was about: `owner/repository`, an account, a file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Names, types and lengths of the arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<ArgumentsShape>,
    /// The error's frozen code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The policy rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// How long it took, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<u64>,
    /// How many bytes were answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_bytes: Option<u64>,
    /// How many rows the policy kept back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<u64>,
    /// How many secrets were masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<u64>,
}

impl Event {
    /// An event with nothing else known; fill the rest in by `Event { tool, ..Event::new(…) }`.
    #[must_use]
    pub fn new(name: EventName, outcome: Outcome, correlation_id: impl Into<String>) -> Self {
        Self {
            name,
            outcome,
            correlation_id: correlation_id.into(),
            transport: None,
            address: None,
            client: None,
            method: None,
            login: None,
            account_id: None,
            key_id: None,
            shared: false,
            tool: None,
            door: None,
            asked: None,
            target: None,
            arguments: None,
            code: None,
            rule: None,
            duration_us: None,
            answer_bytes: None,
            withheld: None,
            masked: None,
        }
    }

    /// The same event made to fail: the call it stands for did not come to its own end.
    pub(super) fn failed(self, code: &'static str) -> Self {
        Self { outcome: Outcome::Failed, code: Some(code), ..self }
    }

    /// The same event with every text cut to size, so that what waits in the queue is bounded too.
    pub(super) fn capped(mut self, key: &DigestKey) -> Self {
        text::cap(&mut self.correlation_id, key);
        let texts =
            [&mut self.client, &mut self.login, &mut self.key_id, &mut self.tool, &mut self.target, &mut self.rule];
        texts.into_iter().flatten().for_each(|text| text::cap(text, key));
        self
    }

    /// The event as it stands in a line: a sign-in has a `status` besides, as it had in the first design.
    pub(super) fn fields(&self) -> impl Serialize {
        let status = (self.name == EventName::ApiAuthentication).then_some(match self.outcome {
            Outcome::Allowed => "success",
            Outcome::Denied | Outcome::Failed => "failure",
        });
        Fields { status, event: self }
    }
}

#[derive(Serialize)]
struct Fields<'a> {
    #[serde(flatten)]
    event: &'a Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}
