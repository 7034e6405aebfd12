//! Who sees what: every person of the demo on every repository by every kind of route, and lists that agree with it.

use aegis_sandbox::{DataSet, Sandbox};
use serde_json::Value;

use super::client::{Client, start};

const PEOPLE: [Option<&str>; 4] = [Some("alice"), Some("bob"), Some("carol"), None];

/// Repository, and who may see it (`alice`, `bob`, `carol`, a stranger).
const VISIBLE: [(&str, [bool; 4]); 6] = [
    ("alice/notes", [true, false, true, false]),
    ("acme/site", [true, false, true, false]),
    ("acme/tools", [true, true, true, true]),
    ("acme/widget", [true, true, true, true]),
    ("acme/handbook", [false, true, true, false]),
    ("bob/dotfiles", [true, true, true, true]),
];

/// One of each kind; `{tip}` and `{blob}` are ids that exist in the repository.
const ROUTES: [&str; 34] = [
    "",
    "/languages",
    "/topics",
    "/branches",
    "/branches/main",
    "/tags",
    "/commits",
    "/commits/{tip}/status",
    "/commits/{tip}/statuses",
    "/git/commits/{tip}",
    "/git/commits/{tip}.diff",
    "/git/commits/{tip}.patch",
    "/git/trees/main?recursive=true",
    "/git/blobs/{blob}",
    "/contents",
    "/contents/README.md",
    "/contents-ext/README.md?includes=file_content",
    "/file-contents?body=%7B%22files%22%3A%5B%22README.md%22%5D%7D",
    "/raw/README.md",
    "/media/README.md",
    "/compare/main...main",
    "/issues",
    "/issues/1",
    "/issues/1/comments",
    "/issues/1/labels",
    "/issues/comments",
    "/labels",
    "/milestones",
    "/pulls",
    "/pulls/5",
    "/pulls/5.diff",
    "/pulls/5/files",
    "/releases",
    "/releases/latest",
];

/// The newest commit of a repository, and one of its blobs.
async fn ids(client: &Client, repository: &str) -> (String, String) {
    let branch = client.json(Some("carol"), &format!("/repos/{repository}/branches/main")).await;
    let tree = client.json(Some("carol"), &format!("/repos/{repository}/git/trees/main")).await;
    let blob = tree["tree"].as_array().unwrap().iter().find(|entry| entry["type"] == "blob").unwrap();
    (branch["commit"]["id"].as_str().unwrap().to_owned(), blob["sha"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_is_hidden_answers_as_if_it_were_absent() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    for (repository, visible) in VISIBLE {
        let owner = repository.split('/').next().unwrap();
        let (tip, blob) = ids(&client, repository).await;
        for route in ROUTES {
            let route = route.replace("{tip}", &tip).replace("{blob}", &blob);
            for (person, visible) in PEOPLE.into_iter().zip(visible) {
                let what = format!("{person:?} on {repository}{route}");
                let answer = client.get(person, &format!("/repos/{repository}{route}")).await;
                let absent = client.get(person, &format!("/repos/{owner}/absent{route}")).await;
                assert_eq!(absent.status, 404, "{what}");
                if visible {
                    // Of comments of an issue that is not there Gitea says 500.
                    let is_absence = matches!((answer.status, route.as_str()), (404, _) | (500, "/issues/1/comments"));
                    let found = answer.status == 200 || (is_absence && may_be_missing(&route));
                    assert!(found, "{what}: {}", answer.status);
                } else {
                    assert_eq!((answer.status, &answer.body), (absent.status, &absent.body), "{what}");
                    assert_eq!(answer.headers_but_date(), absent.headers_but_date(), "{what}");
                }
            }
        }
    }
}

/// Routes whose subject not every repository has.
fn may_be_missing(route: &str) -> bool {
    ["/issues/1", "/pulls/5", "/releases/latest", "/README.md"].iter().any(|part| route.contains(part))
}

fn names(list: &Value) -> Vec<String> {
    let mut names: Vec<String> =
        list.as_array().unwrap().iter().map(|one| one["full_name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn visible_to(place: usize) -> Vec<String> {
    let mut names: Vec<String> =
        VISIBLE.iter().filter(|(_, visible)| visible[place]).map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn search_lists_exactly_what_can_be_opened() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    for (place, person) in PEOPLE.into_iter().enumerate() {
        let found = client.json(person, "/repos/search").await;
        assert_eq!(names(&found["data"]), visible_to(place), "{person:?}");
        let issues = client.json(person, "/repos/issues/search?state=all&limit=100").await;
        for issue in issues.as_array().unwrap() {
            let name = issue["repository"]["full_name"].as_str().unwrap().to_owned();
            assert!(visible_to(place).contains(&name), "{person:?} found an issue of {name}");
        }
    }
}

#[tokio::test]
async fn lists_of_an_owner_leave_out_what_is_hidden() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let acme = async |person| names(&client.json(person, "/orgs/acme/repos").await);
    assert_eq!(acme(Some("alice")).await, ["acme/site", "acme/tools", "acme/widget"]);
    assert_eq!(acme(Some("bob")).await, ["acme/handbook", "acme/tools", "acme/widget"]);
    assert_eq!(acme(None).await, ["acme/tools", "acme/widget"]);
    assert_eq!(names(&client.json(Some("bob"), "/users/alice/repos").await), Vec::<String>::new());
    assert_eq!(names(&client.json(Some("alice"), "/users/alice/repos").await), ["alice/notes"]);
    let mine = async |person| names(&client.json(Some(person), "/user/repos").await);
    assert_eq!(mine("bob").await, ["acme/handbook", "acme/tools", "acme/widget", "bob/dotfiles"]);
    // A site administrator's own list is not the whole instance.
    assert_eq!(mine("carol").await, ["acme/handbook", "acme/site", "acme/tools", "acme/widget"]);
}

#[tokio::test]
async fn permissions_tell_reading_from_writing() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let push =
        async |person, name: &str| client.json(person, &format!("/repos/{name}")).await["permissions"]["push"].clone();
    assert_eq!(push(Some("alice"), "acme/site").await, true);
    assert_eq!(push(Some("bob"), "acme/handbook").await, false);
    assert_eq!(push(Some("carol"), "alice/notes").await, true);
    assert_eq!(push(None, "acme/widget").await, false);
    let other = client.get(Some("bob"), "/repos/acme/handbook/collaborators/carol/permission").await;
    assert_eq!(other.status, 403);
    let own = client.json(Some("bob"), "/repos/acme/handbook/collaborators/bob/permission").await;
    assert_eq!(own["permission"], "read");
}

#[tokio::test]
async fn changes_of_state_take_effect_at_once() {
    let (sandbox, client): (Sandbox, Client) = start(DataSet::Demo).await;
    let bob = async |path: &str| client.get(Some("bob"), path).await.status;
    assert_eq!(bob("/repos/acme/tools").await, 200);
    assert_eq!(bob("/repos/acme/site").await, 404);
    sandbox.set_private("ACME", "Site", false).unwrap();
    assert_eq!(bob("/repos/acme/site").await, 200);
    sandbox.set_private("acme", "site", true).unwrap();
    assert_eq!(bob("/repos/acme/site").await, 404);
    assert_eq!(sandbox.set_private("acme", "absent", true).unwrap_err().code(), "no_such_repository");
    assert!(sandbox.revoke(sandbox.token("bob")));
    assert_eq!(bob("/repos/acme/tools").await, 401);
    assert!(!sandbox.revoke(sandbox.token("bob")));
}

#[tokio::test]
async fn renamed_repositories_lead_to_their_new_name() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let moved = client.get(Some("bob"), "/repos/Acme/Gadget/contents/src?ref=main").await;
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), Some("/api/v1/repos/acme/widget/contents/src?ref=main"));
    assert_eq!(moved.text(), "<a href=\"/api/v1/repos/acme/widget/contents/src?ref=main\">Moved Permanently</a>.\n\n");
    sandbox.rename("acme", "widget", "engine").unwrap();
    for former in ["widget", "gadget"] {
        let moved = client.get(None, &format!("/repos/acme/{former}")).await;
        assert_eq!((moved.status, moved.header("location")), (301, Some("/api/v1/repos/acme/engine")));
    }
    assert_eq!(client.json(None, "/repos/acme/ENGINE").await["full_name"], "acme/engine");
}
