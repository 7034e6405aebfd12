//! The named data sets. All people, repositories and words of a sandbox come from these files, none from code.

mod moment;
pub(crate) mod schema;

pub(crate) use moment::Moment;

use crate::SandboxError;

/// What a sandbox holds when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataSet {
    /// A small company with people, teams, history and awkward files; its times are relative to the start.
    Demo,
    /// What the recorded Gitea 1.26.3 held before its first answer; its times are fixed.
    Recorded,
    /// Many repositories, a large tree, large files and many issues, for measuring.
    Bench,
}

impl DataSet {
    /// The set of this name: `demo`, `recorded` or `bench`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "demo" => Some(Self::Demo),
            "recorded" => Some(Self::Recorded),
            "bench" => Some(Self::Bench),
            _ => None,
        }
    }

    pub(crate) fn read(self) -> Result<schema::Data, SandboxError> {
        let text = match self {
            Self::Demo => include_str!("../data/demo.toml"),
            Self::Recorded => include_str!("../data/recorded.toml"),
            Self::Bench => include_str!("../data/bench.toml"),
        };
        Ok(toml::from_str(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_can_be_read_and_no_other_name_is_known() {
        for name in ["demo", "recorded", "bench"] {
            let data = DataSet::named(name).unwrap().read().unwrap();
            assert!(!data.users.is_empty(), "{name}");
        }
        assert_eq!(DataSet::named("production"), None);
    }
}
