//! The formats of secrets, one row each, from what each issuer publishes about its own. A row is data; `scan` runs it.
//!
//! The example keys of vendors' documentation (`…EXAMPLE`) are masked like real ones: a reader loses nothing, and an
//! exception is a hole. A row that may be off by one character errs towards masking.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::check;

/// The most a compiled pattern may occupy.
const PATTERN_LIMIT_BYTES: usize = 1 << 20;
/// How far past a keyword a token is looked for; longer ones are followed by [`Extent::Token`].
const REACH_BYTES: usize = 320;
/// A signed web token with many claims, up to the point where it is followed as one run.
const REACH_JWT_BYTES: usize = 16 * 1024;

/// One format of secret.
pub(super) struct Rule {
    /// Named in settings, masks and audit. Frozen.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// Words of which at least one stands in or before every secret of this format.
    pub keywords: &'static [&'static str],
    /// Whether the keyword must be written exactly so.
    pub exact: bool,
    /// Bytes before a keyword in which a match may start.
    pub before: usize,
    /// Bytes after a keyword in which a match must end.
    pub after: usize,
    /// A last look at the match.
    pub check: fn(&[u8]) -> bool,
    /// How far the secret goes beyond the match.
    pub extent: Extent,
    /// Where a token may begin.
    start: Start,
    /// Over ASCII bytes. Its first group is the secret, or the whole match is.
    pattern: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

/// How far a secret goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// As far as the match, and along the run of token characters where the match ends only because its window does.
    Token,
    /// From an armour line to its counterpart, over line ends.
    Armour,
}

/// Where the match of a pattern may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Anywhere: the prefix alone is telling.
    Anywhere,
    /// At a word's start, also after an escape as `\n` or `%3D` that glues a letter to it.
    Word,
}

impl Rule {
    /// The compiled pattern, made at first use and outside any lock: two threads may both compile, one result stays.
    /// `None` if the pattern cannot be compiled, which a test rules out; the caller then masks all it would have read.
    pub(super) fn regex(&self) -> Option<&Regex> {
        if self.compiled.get().is_none() {
            // Err only means that another thread was first with the same result.
            let _lost_race = self.compiled.set(self.compile());
        }
        self.compiled.get().and_then(Option::as_ref)
    }

    fn compile(&self) -> Option<Regex> {
        let pattern = match self.start {
            Start::Anywhere => format!("(?-u){}", self.pattern),
            Start::Word => format!(r"(?-u)(?:\b|\\[nrt]|%[0-9A-Fa-f]{{2}})(?:{})", self.pattern),
        };
        RegexBuilder::new(&pattern).size_limit(PATTERN_LIMIT_BYTES).build().ok()
    }

    const fn new(
        id: &'static str,
        name: &'static str,
        keywords: &'static [&'static str],
        pattern: &'static str,
    ) -> Self {
        Self {
            id,
            name,
            keywords,
            exact: true,
            before: 4,
            after: REACH_BYTES,
            check: check::any,
            extent: Extent::Token,
            start: Start::Word,
            pattern,
            compiled: OnceLock::new(),
        }
    }

    const fn anywhere(mut self) -> Self {
        self.start = Start::Anywhere;
        self
    }

    const fn any_case(mut self) -> Self {
        self.exact = false;
        self
    }

    const fn window(mut self, before: usize, after: usize) -> Self {
        (self.before, self.after) = (before, after);
        self
    }

    const fn checked(mut self, check: fn(&[u8]) -> bool) -> Self {
        self.check = check;
        self
    }

    const fn armoured(mut self) -> Self {
        self.extent = Extent::Armour;
        self
    }
}

/// Every format, the more telling first: where two match the same bytes, the earlier row gives its name.
pub(super) static RULES: [Rule; 33] = [
    // This gateway's own tokens and keys.
    Rule::new(
        "aegis-token",
        "AegisGitea-MCP token or key",
        &["aegis_at_", "aegis_rt_", "aegis_ak_"],
        r"(aegis_(?:at|rt|ak)_[A-Za-z0-9_-]{16,})",
    )
    .anywhere(),
    // docs.github.com: "GitHub's token formats". Installation tokens may carry a signed part, hence dots.
    Rule::new(
        "github-token",
        "GitHub token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
        r"(gh[pousr]_[A-Za-z0-9][A-Za-z0-9_.-]{34,}[A-Za-z0-9_-])",
    )
    .anywhere(),
    Rule::new(
        "github-fine-grained-token",
        "GitHub fine-grained personal access token",
        &["github_pat_"],
        r"(github_pat_[A-Za-z0-9_]{22,})",
    )
    .anywhere(),
    // docs.gitlab.com: "Token overview", prefixes; routable tokens contain dots.
    Rule::new(
        "gitlab-token",
        "GitLab token",
        &["glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "gloas-", "glsoat-"],
        r"(gl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_.-]{19,}[A-Za-z0-9_-])",
    ),
    // Gitea models/auth/oauth2.go: "gto_" and the base32 of 32 bytes; "gta_" in the same style.
    Rule::new("gitea-secret", "Gitea OAuth secret", &["gto_", "gta_"], r"(gt[oa]_[A-Za-z0-9]{32,})"),
    // Gitea models/auth/access_token.go: the hex of 20 bytes, without a prefix; so only where a word names it.
    Rule::new(
        "gitea-token",
        "Gitea or Forgejo access token",
        &["token", "authorization"],
        r#"(?i:token|authorization)\\?["']?[ \t]*(?:=>|:=|=|:|%3D|[ \t])[ \t]*\\?["']?(?i:(?:token|bearer)[ \t]+)?\\?["']?([0-9a-f]{40})(?:[^0-9A-Za-z]|$)"#,
    )
    .any_case()
    .anywhere()
    .window(1, 128),
    // AWS IAM user guide: "Understanding unique ID prefixes"; 16 base32 characters follow.
    Rule::new(
        "aws-access-key-id",
        "AWS access key id",
        &["AKIA", "ASIA", "ABIA", "ACCA"],
        r"((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})(?:[^A-Za-z0-9]|$)",
    ),
    // AWS: 40 characters of base64 without a prefix; so only where a word names it.
    Rule::new(
        "aws-secret-access-key",
        "AWS secret access key",
        &["secret_access_key", "secretaccesskey", "secret-access-key", "aws_secret", "aws-secret"],
        r#"(?i:secret[_-]?access[_-]?key|aws[_-]secret(?:[_-]key)?)\\?["']?[ \t]*(?:=>|:=|=|:)[ \t]*\\?["']?([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)"#,
    )
    .any_case()
    .anywhere()
    .window(1, 128)
    .checked(check::mixed),
    // api.slack.com: "Token types"; app-level tokens start with xapp-.
    Rule::new(
        "slack-token",
        "Slack token",
        &["xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"],
        r"(xox[abeoprs][.-][A-Za-z0-9.-]{9,}[A-Za-z0-9]|xapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-f0-9]{32,})",
    ),
    Rule::new(
        "slack-webhook",
        "Slack webhook address",
        &["hooks.slack.com/"],
        r"(hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/-]{20,})",
    )
    .anywhere(),
    // docs.stripe.com: "API keys".
    Rule::new(
        "stripe-key",
        "Stripe live key",
        &["sk_live_", "rk_live_"],
        r"([sr]k_live_[A-Za-z0-9]{16,})",
    ),
    // cloud.google.com: "API keys"; 39 characters in all.
    Rule::new("google-api-key", "Google API key", &["AIza"], r"(AIza[0-9A-Za-z_-]{35})(?:[^0-9A-Za-z_-]|$)"),
    Rule::new(
        "google-oauth-secret",
        "Google OAuth client secret",
        &["GOCSPX-"],
        r"(GOCSPX-[A-Za-z0-9_-]{28,})",
    )
    .anywhere(),
    // docs.anthropic.com; before OpenAI, whose prefix it shares.
    Rule::new("anthropic-key", "Anthropic API key", &["sk-ant-"], r"(sk-ant-[A-Za-z0-9_-]{32,})"),
    // platform.openai.com: project, service and admin keys; earlier ones are 48 letters and digits.
    Rule::new(
        "openai-key",
        "OpenAI API key",
        &["sk-"],
        r"(sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{32,}|[A-Za-z0-9]{48,}))",
    ),
    // github.blog, "New npm tokens": npm_, 30 characters, 6 of checksum.
    Rule::new("npm-token", "npm access token", &["npm_"], r"(npm_[A-Za-z0-9]{36})(?:[^A-Za-z0-9]|$)"),
    // PyPI's help: a macaroon that begins with its version and location.
    Rule::new("pypi-token", "PyPI API token", &["pypi-AgE"], r"(pypi-AgE[A-Za-z0-9_-]{50,})").anywhere(),
    // docs.docker.com: personal and organization access tokens.
    Rule::new(
        "docker-token",
        "Docker access token",
        &["dckr_pat_", "dckr_oat_"],
        r"(dckr_[po]at_[A-Za-z0-9_-]{27,})",
    )
    .anywhere(),
    // docs.digitalocean.com: personal, OAuth and refresh tokens.
    Rule::new(
        "digitalocean-token",
        "DigitalOcean token",
        &["dop_v1_", "doo_v1_", "dor_v1_"],
        r"(do[opr]_v1_[a-f0-9]{64})",
    )
    .anywhere(),
    // docs.sendgrid.com: 69 characters in three parts.
    Rule::new(
        "sendgrid-key",
        "SendGrid API key",
        &["SG."],
        r"(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})(?:[^A-Za-z0-9_-]|$)",
    ),
    // twilio.com/docs: "API keys", SID.
    Rule::new("twilio-key", "Twilio API key", &["SK"], r"(SK[0-9a-f]{32})(?:[^0-9A-Za-z]|$)"),
    // core.telegram.org/bots: number, colon, 35 characters that begin with AA.
    Rule::new(
        "telegram-token",
        "Telegram bot token",
        &[":AA"],
        r"([0-9]{8,10}:AA[A-Za-z0-9_-]{33})(?:[^A-Za-z0-9_-]|$)",
    )
    .window(14, 40),
    // RFC 7519: header, claims, signature; the header is JSON with `alg`.
    Rule::new(
        "jwt",
        "JSON Web Token",
        &["eyJ"],
        r"(eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,})",
    )
    .window(4, REACH_JWT_BYTES)
    .checked(check::jwt_header),
    // RFC 7468 and RFC 4880; either end alone is enough, as where a file is read in ranges.
    Rule::new(
        "private-key",
        "private key",
        &["PRIVATE KEY"],
        r"-----(?:BEGIN|END) (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----",
    )
    .anywhere()
    .window(64, 32)
    .armoured()
    .checked(check::armoured_body),
    // age-encryption.org/v1: Bech32 of the scalar.
    Rule::new(
        "age-key",
        "age secret key",
        &["AGE-SECRET-KEY-1"],
        r"(AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58})",
    )
    .anywhere(),
    // learn.microsoft.com: storage account connection strings; the base64 of 64 bytes.
    Rule::new("azure-storage-key", "Azure storage key", &["AccountKey="], r"AccountKey=([A-Za-z0-9+/]{86}==)").anywhere(),
    // developer.hashicorp.com/vault: service, batch and recovery tokens since 1.10.
    Rule::new("vault-token", "HashiCorp Vault token", &["hvs.", "hvb.", "hvr."], r"(hv[sbr]\.[A-Za-z0-9_-]{24,})"),
    // discord.com/developers: "Webhook resource".
    Rule::new(
        "discord-webhook",
        "Discord webhook address",
        &["/webhooks/"],
        r"(discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,})",
    )
    .anywhere()
    .window(40, 128),
    // huggingface.co/docs: "User access tokens".
    Rule::new(
        "huggingface-token",
        "Hugging Face token",
        &["hf_"],
        r"(hf_[A-Za-z0-9]{34})(?:[^A-Za-z0-9]|$)",
    ),
    // grafana.com/docs: service account tokens, with a checksum.
    Rule::new("grafana-token", "Grafana token", &["glsa_"], r"(glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8})"),
    // id.atlassian.com: API tokens since 2022.
    Rule::new("atlassian-token", "Atlassian API token", &["ATATT3"], r"(ATATT3[A-Za-z0-9_=-]{100,})"),
    // linear.app/developers.
    Rule::new("linear-key", "Linear API key", &["lin_api_"], r"(lin_api_[A-Za-z0-9]{40})"),
    // RFC 3986 §3.2.1: the password in a URL's user information.
    Rule::new(
        "url-password",
        "password in a URL",
        &["://"],
        r#"[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/:@?#"'<>\\\x80-\xff]{0,128}:([^\s/@?#"'<>\\\x80-\xff]{1,256})@[A-Za-z0-9\[_-]"#,
    )
    .anywhere()
    .window(24, 448)
    .checked(check::literal_password),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_every_id_is_unique() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
        for rule in &RULES {
            assert!(rule.regex().is_some(), "{}", rule.id);
            assert!(rule.regex().unwrap().captures_len() <= 2, "{}", rule.id);
            assert!(!rule.keywords.is_empty() && !rule.name.is_empty(), "{}", rule.id);
        }
    }
}
