//! What the instance is: Gitea or Forgejo, and which release.

use std::cmp::Ordering;
use std::fmt;

/// The two projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavor {
    /// Gitea.
    Gitea,
    /// Forgejo.
    Forgejo,
}

impl Flavor {
    /// The name as the project writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gitea => "Gitea",
            Self::Forgejo => "Forgejo",
        }
    }
}

/// A release: major and minor number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// From when on a flavour serves something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Since {
    /// Already in the oldest releases read (Gitea 1.22, Forgejo 10): not checked.
    Oldest,
    /// From this release on.
    Release(Release),
    /// In no release we know.
    Never,
}

/// Shorthand for the tables.
pub(crate) const fn since(major: u32, minor: u32) -> Since {
    Since::Release(Release { major, minor })
}

/// A version as the instance reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    release: Option<Release>,
    is_prerelease: bool,
}

/// Longer version texts are cut.
const VERSION_CHARACTERS: usize = 60;

impl Version {
    /// The text, cut to 60 characters of printable ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The release, where the text begins with two numbers.
    #[must_use]
    pub fn release(&self) -> Option<Release> {
        self.release
    }

    /// Whether the release is at least `wanted`. A pre-release of `wanted` is not: it may have been cut before the
    /// thing came; an unreadable version is not either.
    fn has(&self, wanted: Release) -> bool {
        self.release.is_some_and(|release| match release.cmp(&wanted) {
            Ordering::Less => false,
            Ordering::Equal => !self.is_prerelease,
            Ordering::Greater => true,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// One instance's flavour and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Gitea or Forgejo.
    pub flavor: Flavor,
    /// Its own version, without Forgejo's note of the Gitea it is compatible with.
    pub version: Version,
}

impl Instance {
    /// From the text of `/version`. Forgejo writes `16.0.5+gitea-1.22.0`; Gitea `1.26.3` or `1.27.0+dev-12-gabc`.
    pub(crate) fn from_version(text: &str) -> Self {
        let (own, flavor) = match text.split_once("+gitea-") {
            Some((own, _)) => (own, Flavor::Forgejo),
            None => (text, Flavor::Gitea),
        };
        let mut numbers = own.split(['.', '-', '+']).map_while(|part| part.parse::<u32>().ok());
        let release = numbers.next().zip(numbers.next()).map(|(major, minor)| Release { major, minor });
        let printable = own.chars().filter(char::is_ascii_graphic).take(VERSION_CHARACTERS).collect();
        let version = Version { text: printable, release, is_prerelease: own.contains(['-', '+']) };
        Self { flavor, version }
    }

    /// Whether this instance is known to serve something that came with these releases.
    #[must_use]
    pub fn serves(&self, gitea: Since, forgejo: Since) -> bool {
        let since = match self.flavor {
            Flavor::Gitea => gitea,
            Flavor::Forgejo => forgejo,
        };
        match since {
            Since::Oldest => true,
            Since::Release(release) => self.version.has(release),
            Since::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u09_versions_of_both_projects_are_read() {
        for (text, flavor, own, release) in [
            ("1.26.3", Flavor::Gitea, "1.26.3", Some((1, 26))),
            ("1.27.0+dev-12-gabc", Flavor::Gitea, "1.27.0+dev-12-gabc", Some((1, 27))),
            ("16.0.5+gitea-1.22.0", Flavor::Forgejo, "16.0.5", Some((16, 0))),
            ("11.0.0-dev-9-ge+gitea-1.22.0", Flavor::Forgejo, "11.0.0-dev-9-ge", Some((11, 0))),
            ("main", Flavor::Gitea, "main", None),
            ("", Flavor::Gitea, "", None),
            ("1", Flavor::Gitea, "1", None),
            ("99999999999.1", Flavor::Gitea, "99999999999.1", None),
        ] {
            let instance = Instance::from_version(text);
            let read = instance.version.release().map(|release| (release.major, release.minor));
            assert_eq!((instance.flavor, instance.version.as_str(), read), (flavor, own, release), "{text}");
        }
        assert_eq!(Instance::from_version(&"\u{202e}9\n".repeat(999)).version.as_str().len(), VERSION_CHARACTERS);
    }

    #[test]
    fn u09_a_newer_endpoint_is_served_only_by_a_release_known_to_have_it() {
        let serves = |text| Instance::from_version(text).serves(since(1, 25), Since::Never);
        assert!(serves("1.25.0") && serves("1.26.3") && serves("2.0.0") && serves("1.26.0-rc1"));
        assert!(!serves("1.24.9") && !serves("1.25.0-rc0") && !serves("1.25.0+dev-1-g1") && !serves("main"));
        assert!(!serves("16.0.5+gitea-1.22.0"), "Forgejo's numbers are not Gitea's");
        assert!(Instance::from_version("main").serves(Since::Oldest, Since::Never));
    }
}
