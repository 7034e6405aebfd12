//! Scopes: which token opens which group of routes, and what the refusal says.

use aegis_sandbox::{DataSet, Sandbox};
use serde_json::json;

use super::client::{Client, Reply, start, start_with};

/// Path, and the scopes it needs, all of them.
const NEEDS: [(&str, &[&str]); 16] = [
    ("/version", &[]),
    ("/settings/api", &[]),
    ("/user", &["user"]),
    ("/users/bob", &["user"]),
    ("/user/repos", &["user", "repository"]),
    ("/users/bob/repos", &["user", "repository"]),
    ("/user/orgs", &["user", "organization"]),
    ("/orgs/acme", &["organization"]),
    ("/orgs/acme/repos", &["organization"]),
    ("/repos/search", &["repository"]),
    ("/repos/acme/widget", &["repository"]),
    ("/repos/acme/widget/pulls/5", &["repository"]),
    ("/repos/acme/widget/contents/README.md", &["repository"]),
    ("/repos/acme/widget/issues/1", &["issue"]),
    ("/repos/acme/widget/labels", &["issue"]),
    ("/repos/issues/search", &["issue"]),
];

async fn with(sandbox: &Sandbox, client: &Client, (login, name): (&str, &str), path: &str) -> Reply {
    let authorization = format!("token {}", sandbox.token_named(login, name));
    client.get_with(&[("authorization", &authorization)], path).await
}

#[tokio::test]
async fn a_token_opens_the_routes_of_its_scopes_and_no_others() {
    let (sandbox, client) = start(DataSet::Demo).await;
    for (path, needs) in NEEDS {
        for held in ["repository", "issue", "user", "organization"] {
            let reply = with(&sandbox, &client, ("alice", held), path).await;
            let allowed = needs.iter().all(|need| *need == held);
            assert_eq!(reply.status, if allowed { 200 } else { 403 }, "{held} on {path}");
            if !allowed {
                let message = reply.json()["message"].as_str().unwrap().to_owned();
                assert!(message.starts_with("token does not have at least one of required scope(s), required=["));
                assert!(message.ends_with(&format!("], token scope=read:{held}")), "{message}");
            }
        }
        for all in ["reads", "all", "writes"] {
            assert_eq!(with(&sandbox, &client, ("alice", all), path).await.status, 200, "{all} on {path}");
        }
    }
}

#[tokio::test]
async fn refusals_read_as_gitea_writes_them() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let refused = async |name, path| with(&sandbox, &client, ("alice", name), path).await.json()["message"].clone();
    let start = "token does not have at least one of required scope(s), required=";
    assert_eq!(refused("repository", "/user").await, format!("{start}[read:user], token scope=read:repository"));
    assert_eq!(refused("user", "/user/repos").await, format!("{start}[read:repository], token scope=read:user"));
    let both = format!("{start}[read:user read:organization], token scope=read:organization");
    // The group's own check of read:user comes first.
    assert_ne!(refused("organization", "/user/orgs").await, both);
    assert_eq!(
        refused("user", "/user/orgs").await,
        format!("{start}[read:user read:organization], token scope=read:user")
    );
}

#[tokio::test]
async fn the_scope_is_checked_before_the_repository_is_looked_up() {
    let (sandbox, client) = start(DataSet::Demo).await;
    for path in ["/repos/acme/widget", "/repos/acme/absent", "/repos/nobody/absent"] {
        let reply = with(&sandbox, &client, ("alice", "user"), path).await;
        assert_eq!(reply.status, 403, "{path}");
    }
}

#[tokio::test]
async fn administration_needs_the_scope_and_the_person() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let answer = async |who, path| {
        let reply = with(&sandbox, &client, who, path).await;
        (reply.status, reply.json()["message"].clone())
    };
    let page = sandbox.url().to_owned() + "/api/swagger";
    assert_eq!(answer(("carol", "admin"), "/admin/users").await.0, 200);
    assert_eq!(answer(("bob", "all"), "/admin/users").await, (403, json!("user should be the site admin")));
    let scoped = answer(("bob", "repository"), "/admin/users").await.1;
    assert!(scoped.as_str().unwrap().contains("required=[read:admin]"));
    let stranger = client.get(None, "/admin/users").await;
    assert_eq!((stranger.status, stranger.json()), (401, json!({ "message": "token is required", "url": page })));
}

#[tokio::test]
async fn public_only_tokens_see_nothing_private() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let answer = async |path| {
        let reply = with(&sandbox, &client, ("alice", "public"), path).await;
        (reply.status, reply.json()["message"].clone())
    };
    assert_eq!(answer("/repos/acme/widget").await.0, 200);
    assert_eq!(answer("/repos/acme/site").await, (403, json!("token scope is limited to public repos")));
    assert_eq!(answer("/repos/acme/site/issues").await, (403, json!("token scope is limited to public issues")));
    assert_eq!(answer("/repos/acme/handbook").await, (404, json!("not found")));
    for path in ["/user/repos", "/orgs/acme/repos", "/repos/search"] {
        let reply = with(&sandbox, &client, ("alice", "public"), path).await;
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.text().contains("acme/widget"), "{path}");
        assert!(!reply.text().contains("acme/site"), "{path}");
    }
}

#[tokio::test]
async fn older_servers_do_not_tell_the_tokens_scope() {
    let mut options = aegis_sandbox::Options::new(aegis_ambient::Ambient::real());
    options.version = Some("10.0.0+gitea-1.22.0".to_owned());
    let (sandbox, client) = start_with(DataSet::Demo, options).await;
    let reply = with(&sandbox, &client, ("alice", "user"), "/repos/acme/widget").await;
    let message = "token does not have at least one of required scope(s): [read:repository]";
    assert_eq!(reply.json()["message"], message);
}
