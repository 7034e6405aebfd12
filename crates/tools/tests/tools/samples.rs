//! Calls of every tool, by alice, who sees all that the demo holds but carol's and bob's own.

use serde_json::{Value, json};

/// At least one call of each tool that answers.
pub(crate) fn samples() -> Vec<(&'static str, Value)> {
    vec![
        ("get_me", json!({})),
        ("get_server_info", json!({})),
        ("list_repositories", json!({})),
        ("list_repositories", json!({"owner": "acme", "visibility": "private", "archived": false, "sort": "updated"})),
        ("search_repositories", json!({"query": "widget"})),
        ("get_repository", json!({"owner": "acme", "repo": "widget"})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "src/lib.rs"})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "src/lib.rs", "start_line": 3, "end_line": 5})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "docs/logo.png"})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "docs/logo.png", "encoding": "base64"})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "HINWEISE.txt"})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "LATEST"})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "vendor/bolts"})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "models/widget.stl"})),
        ("get_file_contents", json!({"repo": "acme/widget", "path": "docs"})),
        ("get_file_contents", json!({"repo": "alice/notes", "path": "backup.md"})),
        ("get_files", json!({"repo": "acme/widget", "paths": ["README.md", "docs/logo.png", "absent", "../x"]})),
        ("get_files", json!({"repo": "alice/notes", "paths": ["backup.md", "README.md"]})),
        ("list_directory", json!({"repo": "acme/widget"})),
        ("list_directory", json!({"repo": "acme/widget", "path": "docs", "ref": "feature/round", "limit": 1})),
        ("get_file_tree", json!({"repo": "acme/widget"})),
        ("get_file_tree", json!({"repo": "acme/tools", "path": "src", "depth": 1, "pattern": "*.py"})),
        ("find_files", json!({"repo": "acme/tools", "pattern": "**/*.py"})),
        ("find_files", json!({"repo": "acme/widget", "pattern": "shp", "limit": 2})),
        ("list_commits", json!({"repo": "acme/widget", "limit": 3})),
        ("list_commits", json!({"repo": "acme/widget", "author": "bob", "path": "docs"})),
        ("get_commit", json!({"repo": "acme/widget", "sha": "main"})),
        ("get_commit_diff", json!({"repo": "acme/widget", "sha": "main"})),
        ("get_commit_diff", json!({"repo": "alice/notes", "sha": "main"})),
        ("list_branches", json!({"repo": "acme/widget"})),
        ("list_issues", json!({"repo": "acme/widget", "state": "all", "labels": ["bug"], "query": "crash"})),
        ("list_issues", json!({"repo": "acme/widget"})),
        ("get_issue", json!({"repo": "acme/widget", "index": 1, "comments": true})),
        ("list_issue_comments", json!({"repo": "acme/widget", "index": 4})),
        ("list_pull_requests", json!({"repo": "acme/widget", "state": "all"})),
        ("get_pull_request", json!({"repo": "acme/widget", "index": 5})),
        ("get_pull_request", json!({"repo": "acme/widget", "index": 2})),
        ("get_pull_request_diff", json!({"repo": "acme/widget", "index": 5})),
        ("get_pull_request_diff", json!({"repo": "acme/widget", "index": 5, "path": "docs/shapes.md"})),
    ]
}
