//! The table of endpoints held against Gitea's and Forgejo's own API descriptions.
//!
//! `operations.tsv` has one line for each operation: its method and path, the first release of Gitea among those read
//! (1.22.0, 1.24.0, 1.25.4, 1.26.3) whose description has it, whether Forgejo 10's has it, and the categories of scopes
//! it demands, all of them (Gitea `routers/api/v1/api.go`; descriptions do not say).
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::collections::HashSet;

use aegis_gitea::endpoints::{ALL, Endpoint};
use aegis_gitea::flavor::{Release, Since};

const OPERATIONS: &str = include_str!("operations.tsv");

fn operation(endpoint: &Endpoint) -> Vec<&'static str> {
    let wanted = (endpoint.method.as_str(), format!("/{}", endpoint.path));
    let mut operations = OPERATIONS.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let operation = operations.find(|columns| (columns[0], columns[1]) == (wanted.0, wanted.1.as_str()));
    operation.unwrap_or_else(|| panic!("{wanted:?} is in no API description"))
}

fn described(endpoint: &Endpoint) -> (Since, Since) {
    let columns = operation(endpoint);
    let numbers: Vec<u32> = columns[2].split('.').map(|number| number.parse().unwrap()).collect();
    let gitea = match (numbers[0], numbers[1]) {
        (1, 22) => Since::Oldest,
        (major, minor) => Since::Release(Release { major, minor }),
    };
    (gitea, if columns[3] == "yes" { Since::Oldest } else { Since::Never })
}

#[test]
fn u09_every_endpoint_is_described_by_gitea_with_the_same_method_path_and_release() {
    for endpoint in ALL {
        assert_eq!((endpoint.gitea, endpoint.forgejo), described(endpoint), "{}", endpoint.name);
    }
}

#[test]
fn every_endpoint_names_the_scopes_that_gitea_demands() {
    for endpoint in ALL {
        let demanded = match operation(endpoint)[4] {
            "-" => Vec::new(),
            categories => categories.split(',').map(|category| format!("read:{category}")).collect(),
        };
        assert_eq!(endpoint.required_scopes(), demanded, "{}", endpoint.name);
    }
}

#[test]
fn every_endpoint_is_in_the_table_once_and_only_reads() {
    let names: HashSet<_> = ALL.iter().map(|endpoint| endpoint.name).collect();
    let paths: HashSet<_> = ALL.iter().map(|endpoint| endpoint.path).collect();
    assert_eq!((names.len(), paths.len()), (ALL.len(), ALL.len()));
    assert_eq!(OPERATIONS.lines().count(), ALL.len() + 1, "a line for each and none left over");
    for scope in ALL.iter().flat_map(|endpoint| endpoint.required_scopes()) {
        assert!(scope.starts_with("read:"), "{scope}");
    }
}
