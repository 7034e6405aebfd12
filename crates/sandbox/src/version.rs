//! Which server the sandbox plays: its version decides which routes and fields exist and how refusals read.

use serde_json::Value;

/// The version of the recorded Gitea.
const RECORDED: &str = "1.26.3";

/// The servers worth playing: one of each Gitea whose interface differs from the one before, and of Forgejo. The oldest
/// of either is the first.
pub const VERSIONS: [&str; 8] =
    ["1.22.0", "1.23.8", "1.24.7", "1.25.4", RECORDED, "1.27.0", "10.0.0+gitea-1.22.0", "16.0.0+gitea-1.22.0"];

/// Fields by the minor release of Gitea 1 that brought them; Forgejo 10 describes none of them. Where the release is
/// not known it is the recorded one: the poorer answer is the harder one to live with.
const FIELDS: [(&str, u32); 15] = [
    ("licenses", 23),
    ("default_max_response_size", 24),
    ("last_commit_message", 25),
    ("lfs_oid", 25),
    ("lfs_size", 25),
    ("allow_manual_merge", 26),
    ("autodetect_manual_merge", 26),
    ("branch_count", 26),
    ("content_version", 26),
    ("default_target_branch", 26),
    ("has_code", 26),
    ("last_author_date", 26),
    ("last_committer_date", 26),
    ("projects_mode", 26),
    ("time_estimate", 26),
];

/// A version as `/version` reports it, understood.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) text: String,
    pub(crate) forgejo: bool,
    /// The Gitea release whose interface this is: major and minor.
    gitea: (u32, u32),
}

impl Version {
    /// `1.26.3`, or Forgejo's `10.0.0+gitea-1.22.0`.
    pub(crate) fn new(text: Option<String>) -> Self {
        let text = text.unwrap_or_else(|| RECORDED.to_owned());
        let (forgejo, gitea) = match text.split_once("+gitea-") {
            Some((_, gitea)) => (true, gitea),
            None => (false, text.as_str()),
        };
        let mut numbers = gitea.split('.').map(|number| number.parse().unwrap_or(0));
        let gitea = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Self { text, forgejo, gitea }
    }

    /// Whether the interface is that of this Gitea release or later.
    pub(crate) fn at_least(&self, minor: u32) -> bool {
        self.gitea >= (1, minor)
    }

    /// The fields of the newest interface that this one lacks.
    fn lacking(&self) -> impl Iterator<Item = &'static str> {
        FIELDS.into_iter().filter(|(_, since)| !self.at_least(*since)).map(|(field, _)| field)
    }

    /// A body as this version would send it. JSON only; the recorded version and later ones send it as it is.
    pub(crate) fn without_newer_fields(&self, body: &[u8]) -> Option<Vec<u8>> {
        let lacking: Vec<&str> = self.lacking().collect();
        if lacking.is_empty() {
            return None;
        }
        let mut value = serde_json::from_slice(body).ok()?;
        strip(&mut value, &lacking);
        serde_json::to_vec(&value).ok()
    }
}

fn strip(value: &mut Value, lacking: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !lacking.contains(&name.as_str()));
            fields.values_mut().for_each(|value| strip(value, lacking));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| strip(value, lacking)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_fields_are_left_out_at_any_depth() {
        let body = br#"[{"repo":{"name":"a","licenses":[],"has_code":true}}]"#;
        let sent = |version: &str| Version::new(Some(version.to_owned())).without_newer_fields(body);
        assert_eq!(sent("10.0.0+gitea-1.22.0").unwrap(), br#"[{"repo":{"name":"a"}}]"#);
        assert_eq!(sent("1.25.4").unwrap(), br#"[{"repo":{"name":"a","licenses":[]}}]"#);
        assert_eq!((sent("1.26.3"), sent("1.27.0")), (None, None));
    }

    #[test]
    fn forgejo_names_the_gitea_it_speaks() {
        let version = Version::new(Some("10.0.0+gitea-1.22.0".to_owned()));
        assert!(version.forgejo && version.at_least(22) && !version.at_least(23));
        let recorded = Version::new(None);
        assert!(!recorded.forgejo && recorded.at_least(26) && !recorded.at_least(27));
    }
}
