//! Replays the recorded reads of Gitea 1.26.3 and holds the sandbox to each answer.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::panic, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Options, Sandbox};
use serde_json::Value;

const RECORDS: &str = include_str!("../../testkit/recorded/gitea-1.26.3.jsonl");
const INITIAL: &str = include_str!("../../testkit/recorded/initial-data.json");
const RECORDED_HOST: &str = "http://127.0.0.1:3004";
/// As many records were comparable when this was written; it may only grow.
const LEAST_COMPARED: usize = 100;

/// Routes outside the sandbox's read set.
const NOT_SERVED: &[&str] = &[
    "settings_ui",
    "settings_attachment",
    "gitignore_list",
    "gitignore_get",
    "licenses",
    "license_get",
    "label_templates",
    "user_starred",
    "user_subs",
    "user_keys",
    "user_emails",
    "user_followers",
    "user_heatmap",
    "user_feeds",
    "user_stopwatches",
    "user_times",
    "user_apps",
    "user_settings",
    "org_labels",
    "org_hooks",
    "repo_assignees",
    "repo_reviewers",
    "repo_forks",
    "repo_stargazers",
    "repo_hooks",
    "repo_keys",
    "repo_pm",
    "repo_bp",
    "repo_tp",
    "repo_activities",
    "repo_refs",
    "repo_licenses",
    "repo_issue_templates",
    "repo_issue_config",
    "repo_notes_missing",
    "repo_commit_pr",
    "repo_archive",
    "issue_timeline",
    "issue_subs",
    "issue_deps",
    "issue_blocks",
    "issue_react",
    "issue_times",
    "issue_assets",
    "team_members",
    "team_get",
    "team_repos",
    "team_search",
    "org_member_check",
    "tp_list",
    "asset_list",
    "asset_get",
    "attach_list",
    "attach_get",
    "bob_notifications",
    "bob_notification",
    "wiki_pages",
    "wiki_page",
    "wiki_revs",
    "hooks",
    "push_mirrors",
    "act_runs",
    "act_tasks",
    "act_workflows",
    "act_jobs",
    "act_artifacts",
    "act_secrets",
    "act_vars",
    "act_runners",
    "packages",
    "notifications",
    "notif_new",
    "notif_repo",
    "act_runs2",
    "act_run1",
    "act_run_jobs",
    "act_job_log_missing",
    "act_workflow",
    "var_get",
    "secrets_list",
    "admin_cron",
    "review_comments",
];

/// Answers about things that only earlier writes of the recording made.
const MADE_BY_WRITES: &[&str] = &[
    "release_get",
    "releases",
    "release_tag",
    "review_get",
    "pull_merged_yes",
    "pull_after",
    "readme_on_clash",
    "pull_clash_after",
    "rel_list2",
    "collab_check",
    "transferred",
    "repo_renamed_redirect",
    "act_dispatch",
];

/// Served, but earlier writes changed values in the answer: status, keys and types are compared.
const SHAPE_ONLY: &[&str] = &[
    "pulls",
    "pull",
    "pull_by_branch",
    "bad_page",
    "huge_limit",
    "anon_public",
    "bob_sees",
    "bob_search",
    "tree_page2",
    "case_insensitive",
    "repo_commit_statuses",
];

/// Never compared by value: facts that no other server shares, and moments the recorder did not fix.
const FREE: &[&str] = &["size", "avatar_url", "ssh_url", "updated_at", "units"];

#[tokio::test]
async fn recorded_answers_are_given_again() {
    let sandbox = Sandbox::start(DataSet::Recorded, Options::new(Ambient::real())).await.unwrap();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let (mut compared, mut skipped, mut mismatches) = (0, 0, Vec::new());
    for line in RECORDS.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let name = record["name"].as_str().unwrap();
        let set_aside = NOT_SERVED.contains(&name) || MADE_BY_WRITES.contains(&name);
        if record["method"] != "GET" || set_aside || record["compare"] == "skip" {
            skipped += 1;
            continue;
        }
        compared += 1;
        let before = mismatches.len();
        compare(&sandbox, &client, &record, &mut mismatches).await;
        for mismatch in &mut mismatches[before..] {
            *mismatch = format!("{name}: {mismatch}");
        }
    }
    println!("{compared} recorded answers compared, {skipped} records set aside");
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
    assert!(compared >= LEAST_COMPARED, "only {compared} compared");
}

async fn compare(sandbox: &Sandbox, client: &reqwest::Client, record: &Value, mismatches: &mut Vec<String>) {
    let url = format!("{}/api/v1{}", sandbox.url(), record["path"].as_str().unwrap());
    let mut request = client.get(url);
    let login = match record["as"].as_str().unwrap() {
        "anonymous" => None,
        "root" => Some("root-u"),
        "alice" => Some("alice-u"),
        "bob" => Some("bob-u"),
        other => panic!("who is {other}?"),
    };
    if let Some(login) = login {
        request = request.header("Authorization", format!("token {}", sandbox.token(login)));
    }
    for (name, value) in record["request_headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    let answer = request.send().await.unwrap();
    let status = u64::from(answer.status().as_u16());
    if status != record["status"] {
        mismatches.push(format!("status {status}, recorded {}", record["status"]));
        return;
    }
    let shape = record["compare"] == "shape" || SHAPE_ONLY.contains(&record["name"].as_str().unwrap());
    for (name, recorded) in record["headers"].as_object().unwrap() {
        let recorded = recorded.as_str().unwrap().replace(RECORDED_HOST, sandbox.url());
        let here = answer.headers().get(name).map(|value| value.to_str().unwrap());
        let same = if shape { here.is_some() || name == "link" } else { here == Some(recorded.as_str()) };
        if !same {
            mismatches.push(format!("header {name} {here:?}, recorded {recorded:?}"));
        }
    }
    let body = answer.bytes().await.unwrap();
    let cut = &record["cut"];
    match serde_json::from_slice::<Value>(&body) {
        Ok(here) => {
            let text = record["body"].to_string().replace(RECORDED_HOST, sandbox.url());
            Comparison { cut, shape, mismatches }.values(&here, &serde_json::from_str(&text).unwrap(), "");
        }
        Err(_) if cut[""].is_number() => {
            if cut[""] != body.len() {
                mismatches.push(format!("{} bytes, recorded {}", body.len(), cut[""]));
            }
        }
        Err(_) => {
            let (here, recorded) = (String::from_utf8_lossy(&body), record["body"].as_str().unwrap_or_default());
            if here != recorded {
                mismatches.push(format!("body {here:?}, recorded {recorded:?}"));
            }
        }
    }
}

struct Comparison<'a> {
    /// Pointer → true length of arrays and texts that the recorder cut.
    cut: &'a Value,
    shape: bool,
    mismatches: &'a mut Vec<String>,
}

impl Comparison<'_> {
    fn values(&mut self, here: &Value, recorded: &Value, pointer: &str) {
        match (here, recorded) {
            (Value::Object(here), Value::Object(recorded)) => {
                let keys = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<BTreeSet<_>>();
                if keys(here) != keys(recorded) {
                    let (here, recorded) = (keys(here), keys(recorded));
                    let differing = here.symmetric_difference(&recorded).collect::<Vec<_>>();
                    self.mismatches.push(format!("{pointer}: keys differ: {differing:?}"));
                    return;
                }
                for (key, value) in recorded {
                    if !FREE.contains(&key.as_str()) {
                        self.values(&here[key], value, &format!("{pointer}/{key}"));
                    }
                }
            }
            (Value::Array(here), Value::Array(recorded)) => {
                let length = self.cut[pointer].as_u64().unwrap_or(recorded.len() as u64);
                if !self.shape && here.len() as u64 != length {
                    self.mismatches.push(format!("{pointer}: {} entries, recorded {length}", here.len()));
                }
                for (place, (here, recorded)) in here.iter().zip(recorded).enumerate() {
                    self.values(here, recorded, &format!("{pointer}/{place}"));
                }
            }
            _ if self.shape => {
                let kind = |value: &Value| match value {
                    Value::Null => "nothing",
                    Value::Bool(_) => "truth",
                    Value::Number(_) => "number",
                    Value::String(_) => "text",
                    Value::Array(_) | Value::Object(_) => "structure",
                };
                let either_null = here.is_null() || recorded.is_null();
                if kind(here) != kind(recorded) && !either_null {
                    self.mismatches.push(format!("{pointer}: {here}, recorded {recorded}"));
                }
            }
            _ if here != recorded => self.mismatches.push(format!("{pointer}: {here}, recorded {recorded}")),
            _ => {}
        }
    }
}

#[tokio::test]
async fn object_ids_are_those_git_computed() {
    let sandbox = Sandbox::start(DataSet::Recorded, Options::new(Ambient::real())).await.unwrap();
    let initial: Value = serde_json::from_str(INITIAL).unwrap();
    let client = reqwest::Client::new();
    let widget = &initial["repositories"][0];
    let get = async |path: String| {
        let url = format!("{}/api/v1/repos/acme/widget{path}", sandbox.url());
        let request = client.get(url).header("Authorization", format!("token {}", sandbox.token("alice-u")));
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let mut ids = 0;
    for commit in widget["commits"].as_array().unwrap() {
        let sha = commit["sha"].as_str().unwrap();
        assert_eq!(get(format!("/git/commits/{sha}")).await["sha"], sha);
        let tree = get(format!("/git/trees/{}?recursive=true", commit["tree"].as_str().unwrap())).await;
        for (path, file) in commit["files"].as_object().unwrap() {
            let found = tree["tree"].as_array().unwrap().iter().find(|entry| entry["path"] == *path).unwrap();
            assert_eq!(found["sha"], file["blob"], "{path}");
            assert_eq!(found["mode"], file["mode"], "{path}");
            ids += 1;
        }
    }
    assert_eq!(ids, 16);
    assert_eq!(get("/branches/feat".to_owned()).await["commit"]["id"], widget["feat_commit"]["sha"]);
}
