//! The whole catalogue before other forges than the recorded one: each tool answers, is refused and hides there too.

use aegis_testkit::{Setup, all_but, canary};
use aegis_tools::catalog;
use serde_json::{Value, json};

use crate::answers::{object, texts};
use crate::refused::{about, refusal};
use crate::samples::samples;
use crate::schema::misfit;

#[tokio::test]
async fn u09_the_whole_catalogue_before_gitea_1_22() {
    works_before("1.22.0").await;
}

#[tokio::test]
async fn u09_the_whole_catalogue_before_gitea_1_27() {
    works_before("1.27.0").await;
}

#[tokio::test]
async fn u09_the_whole_catalogue_before_forgejo_10() {
    works_before("10.0.0+gitea-1.22.0").await;
}

#[tokio::test]
#[ignore = "make test-long: the catalogue before every forge version the sandbox plays, 3 here"]
async fn the_whole_catalogue_before_every_forge() {
    for version in aegis_sandbox::VERSIONS {
        works_before(version).await;
    }
}

async fn works_before(version: &str) {
    answers(version).await;
    refuses(version).await;
    hides(version).await;
}

/// Every sample of every tool is answered in the form its schema says, without a planted secret.
async fn answers(version: &str) {
    let test = Setup::new(catalog()).version(version).start().await.unwrap();
    let catalog = catalog();
    for (tool, arguments) in samples() {
        let answer = test.call("alice", tool, arguments.clone()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{version}: {tool} {arguments}: {error}"));
        let schema = Value::Object(catalog.find(tool).unwrap().output_schema().as_ref().clone());
        assert_eq!(misfit(tool, &schema, &Value::Object(answer.structured)), None, "{version}: {arguments}");
        assert_eq!(canary::find(&answer.text), None, "{version}: {tool} {arguments}");
    }
    let server = object(&test, "alice", "get_server_info", json!({})).await;
    let (own, flavor) = version.split_once("+gitea-").map_or((version, "Gitea"), |(own, _)| (own, "Forgejo"));
    assert_eq!((&server["flavor"], &server["version"]), (&json!(flavor), &json!(own)));
}

/// What is another's and what is not there read the same; dates that would be ignored are refused.
async fn refuses(version: &str) {
    let test = Setup::new(catalog()).version(version).start().await.unwrap();
    for ((tool, hidden), (_, absent)) in about("alice/notes").into_iter().zip(about("alice/novel")) {
        let hidden = refusal(&test, "bob", tool, hidden).await;
        let absent = refusal(&test, "bob", tool, absent).await;
        assert_eq!(hidden.code(), "not_found", "{version}: {tool}: {hidden}");
        let (hidden, absent) = (hidden.to_string(), absent.to_string());
        assert_eq!(hidden.replace("alice/notes", "N"), absent.replace("alice/novel", "N"), "{version}: {tool}");
    }
    let dated = json!({"repo": "acme/widget", "since": "2100-01-01T00:00:00Z"});
    let said = test.call("alice", "list_commits", dated).await;
    let said = said.map_or_else(|error| json!(error.code()), |answer| answer.structured["items"].clone());
    let knows_dates = ["1.25.4", "1.26.3", "1.27.0"].contains(&version);
    assert_eq!(said, if knows_dates { json!([]) } else { json!("not_served") }, "{version}");
}

/// What the policy takes away is named in no answer.
async fn hides(version: &str) {
    for (repositories, paths, name) in [("acme/tools", "**", "acme/tools"), ("acme/widget", "src/shape.rs", "shape.rs")]
    {
        let policy = all_but("hidden", repositories, paths);
        let test = Setup::new(catalog()).policy(&policy).version(version).start().await.unwrap();
        for (tool, arguments) in samples() {
            let shown = match test.call("alice", tool, arguments.clone()).await {
                Ok(answer) => format!("{} {}", Value::Object(answer.structured), answer.text),
                Err(error) => format!("{error} {:?}", error.hint()),
            };
            assert!(!shown.contains(name), "{version}: {tool} {arguments}: {shown}");
        }
        let listed = object(&test, "alice", "list_repositories", json!({})).await;
        assert_eq!(texts(&listed["items"], "full_name").contains(&"acme/tools".to_owned()), name != "acme/tools");
    }
}
