//! Which server the sandbox plays: its version decides which routes exist and how refusals read.

/// The version of the recorded Gitea.
const RECORDED: &str = "1.26.3";

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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgejo_names_the_gitea_it_speaks() {
        let version = Version::new(Some("10.0.0+gitea-1.22.0".to_owned()));
        assert!(version.forgejo && version.at_least(22) && !version.at_least(23));
        let recorded = Version::new(None);
        assert!(!recorded.forgejo && recorded.at_least(26) && !recorded.at_least(27));
    }
}
