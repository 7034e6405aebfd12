//! What a token may touch: Gitea's scopes and their check, which comes before any repository is looked up.

use crate::SandboxError;

/// Gitea's scope categories, in the order of its own table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    ActivityPub,
    Admin,
    Misc,
    Notification,
    Organization,
    Package,
    Issue,
    Repository,
    User,
}

impl Category {
    const ALL: [Self; 9] = [
        Self::ActivityPub,
        Self::Admin,
        Self::Misc,
        Self::Notification,
        Self::Organization,
        Self::Package,
        Self::Issue,
        Self::Repository,
        Self::User,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ActivityPub => "activitypub",
            Self::Admin => "admin",
            Self::Misc => "misc",
            Self::Notification => "notification",
            Self::Organization => "organization",
            Self::Package => "package",
            Self::Issue => "issue",
            Self::Repository => "repository",
            Self::User => "user",
        }
    }
}

/// The scopes of one token.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// Readable categories, writable ones among them: writing implies reading.
    readable: Vec<Category>,
    /// Only public things may be touched.
    pub(crate) public_only: bool,
    /// As stored, for the refusal's message.
    pub(crate) text: String,
}

impl Scope {
    /// Reads a comma-separated list.
    pub(crate) fn parse(text: &str) -> Result<Self, SandboxError> {
        let mut scope = Self { readable: Vec::new(), public_only: false, text: text.to_owned() };
        for word in text.split(',') {
            match word {
                "all" => scope.readable.extend(Category::ALL),
                "public-only" => scope.public_only = true,
                _ => {
                    let category = word.strip_prefix("read:").or_else(|| word.strip_prefix("write:"));
                    let known = Category::ALL.into_iter().find(|known| Some(known.word()) == category);
                    scope.readable.push(known.ok_or_else(|| SandboxError::malformed("a scope", word))?);
                }
            }
        }
        Ok(scope)
    }

    /// Whether all these categories may be read.
    pub(crate) fn reads(&self, wanted: &[Category]) -> bool {
        wanted.iter().all(|category| self.readable.contains(category))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_reads_everything_and_write_implies_read() {
        assert!(Scope::parse("all").unwrap().reads(&Category::ALL));
        assert!(Scope::parse("write:issue").unwrap().reads(&[Category::Issue]));
        assert!(!Scope::parse("write:issue").unwrap().reads(&[Category::Issue, Category::Repository]));
        assert!(!Scope::parse("public-only").unwrap().reads(&[Category::User]));
    }

    #[test]
    fn a_scope_gitea_does_not_know_is_refused() {
        for bad in ["repository", "read:everything", "offline_access", ""] {
            assert_eq!(Scope::parse(bad).unwrap_err().code(), "data_set_malformed", "{bad}");
        }
    }
}
