//! What a key may do, in Gitea's own words.

/// A scope, named as Gitea names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// `read:repository`
    ReadRepository,
    /// `write:repository`
    WriteRepository,
}

impl Scope {
    /// Every scope, weakest first.
    pub const ALL: [Self; 2] = [Self::ReadRepository, Self::WriteRepository];

    /// The word stored, shown and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadRepository => "read:repository",
            Self::WriteRepository => "write:repository",
        }
    }

    /// The scope of this exact word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether holding `self` is enough where `wanted` is asked for: writing includes reading, as in Gitea.
    #[must_use]
    pub const fn implies(self, wanted: Self) -> bool {
        match self {
            Self::ReadRepository => matches!(wanted, Self::ReadRepository),
            Self::WriteRepository => true,
        }
    }

    /// Scopes as OAuth writes a list of them (RFC 6749 §3.3): sorted here, each once, one space between.
    pub(crate) fn join(scopes: &[Self]) -> String {
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        scopes.into_iter().map(Self::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The reverse of [`Scope::join`]; an unknown word makes the whole list unreadable rather than smaller.
    pub(crate) fn split(joined: &str) -> Option<Vec<Self>> {
        joined.split(' ').map(Self::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_implies_reading_and_reading_does_not_imply_writing() {
        assert!(Scope::WriteRepository.implies(Scope::ReadRepository));
        assert!(Scope::WriteRepository.implies(Scope::WriteRepository));
        assert!(Scope::ReadRepository.implies(Scope::ReadRepository));
        assert!(!Scope::ReadRepository.implies(Scope::WriteRepository));
    }

    #[test]
    fn words_round_trip_and_strangers_are_refused() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        for stranger in ["", "all", "sudo", "READ:repository", "read:repository ", "write:admin"] {
            assert_eq!(Scope::parse(stranger), None, "{stranger:?}");
        }
        let joined = Scope::join(&[Scope::WriteRepository, Scope::ReadRepository, Scope::WriteRepository]);
        assert_eq!(joined, "read:repository write:repository");
        assert_eq!(Scope::split(&joined), Some(Scope::ALL.to_vec()));
        assert_eq!(Scope::split("read:repository sudo"), None);
        assert_eq!(Scope::split(""), None);
    }
}
