//! Every way to present a token, wrong ones, and servers of other versions and manners.

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Options};
use serde_json::json;

use super::client::{start, start_with};

#[tokio::test]
async fn all_forms_of_a_token_are_accepted() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let token = sandbox.token("bob");
    // b0b…01 as user, as user with x-oauth-basic, and as password.
    let basic = [
        "Basic YjBiMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTo=",
        "Basic YjBiMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTp4LW9hdXRoLWJhc2lj",
        "basic Ym9iOmIwYjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDE=",
    ];
    let schemes = [format!("token {token}"), format!("Bearer {token}"), format!("BEARER {token}")];
    for authorization in schemes.iter().map(String::as_str).chain(basic) {
        let reply = client.get_with(&[("authorization", authorization)], "/user").await;
        assert_eq!(reply.json()["login"], "bob", "{authorization}");
    }
    for key in ["token", "access_token"] {
        let reply = client.get(Some("alice"), &format!("/user?{key}={token}")).await;
        assert_eq!(reply.json()["login"], "bob", "{key} in the query wins over the header");
    }
}

#[tokio::test]
async fn a_wrong_token_is_refused_even_where_none_is_needed() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let page = format!("{}/api/swagger", sandbox.url());
    let refused = json!({ "message": "invalid username, password or token", "url": page });
    for authorization in ["token 0000", "Bearer 0000000000000000000000000000000000000000", "Basic eDp5"] {
        for path in ["/version", "/repos/acme/widget", "/nonsense"] {
            let reply = client.get_with(&[("authorization", authorization)], path).await;
            assert_eq!((reply.status, reply.json()), (401, refused.clone()), "{authorization} on {path}");
            assert_eq!(reply.header("www-authenticate"), None);
        }
    }
    let wins = client.get(Some("alice"), "/user?token=wrong").await;
    assert_eq!(wins.status, 401);
    // Another scheme is not a credential at all.
    assert_eq!(client.get_with(&[("authorization", "Digest x")], "/version").await.status, 200);
}

#[tokio::test]
async fn strangers_read_what_is_public_unless_signing_in_is_required() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    assert_eq!(client.get(None, "/repos/acme/widget").await.status, 200);
    assert_eq!(client.json(None, "/users/alice").await["email"], "1+alice@noreply.localhost");
    let mut options = Options::new(Ambient::real());
    options.require_signin = true;
    let (_sandbox, client) = start_with(DataSet::Demo, options).await;
    let refused = client.get(None, "/repos/acme/widget").await;
    let body = json!({ "message": "Only signed in user is allowed to call APIs." });
    assert_eq!((refused.status, refused.json()), (403, body));
    assert_eq!(client.get(Some("bob"), "/repos/acme/widget").await.status, 200);
}

#[tokio::test]
async fn routes_exist_from_their_release_on() {
    let routes =
        ["/repos/acme/widget/contents-ext/src", "/repos/acme/widget/file-contents?body=%7B%22files%22%3A%5B%5D%7D"];
    for (version, statuses) in [("1.26.3", [200, 200]), ("1.24.7", [404, 200]), ("10.0.0+gitea-1.22.0", [404, 404])] {
        let mut options = Options::new(Ambient::real());
        options.version = Some(version.to_owned());
        let (_sandbox, client) = start_with(DataSet::Demo, options).await;
        assert_eq!(client.json(None, "/version").await["version"], version);
        for (route, status) in routes.iter().zip(statuses) {
            assert_eq!(client.get(Some("alice"), route).await.status, status, "{route} on {version}");
        }
        let missing = client.get(Some("alice"), "/repos/acme/absent").await.json()["message"].clone();
        let forgejo = version.contains("+gitea");
        assert_eq!(missing, if forgejo { "The target couldn't be found." } else { "not found" });
    }
}

#[tokio::test]
async fn each_version_sends_its_own_fields_and_knows_its_own_parameters() {
    for version in aegis_sandbox::VERSIONS {
        let mut options = Options::new(Ambient::real());
        options.version = Some(version.to_owned());
        let (sandbox, client) = start_with(DataSet::Demo, options).await;
        let forgejo = version.contains("+gitea");
        let minor: u32 = if forgejo { 22 } else { version.split('.').nth(1).unwrap().parse().unwrap() };
        let widget = client.json(Some("alice"), "/repos/acme/widget").await;
        assert_eq!((widget.get("licenses").is_some(), widget.get("has_code").is_some()), (minor >= 23, minor >= 26));
        let settings = client.json(None, "/settings/api").await;
        assert_eq!(settings.get("default_max_response_size").is_some(), minor >= 24, "{version}");
        let never = client.json(Some("alice"), "/repos/acme/widget/commits?since=2100-01-01T00:00:00Z").await;
        assert_eq!(never.as_array().unwrap().is_empty(), minor >= 25, "{version}");
        let capital = format!("Token {}", sandbox.token("alice"));
        let known = client.get_with(&[("authorization", &capital)], "/user").await.status;
        assert_eq!(known, if forgejo { 401 } else { 200 }, "{version}");
    }
}

#[tokio::test]
async fn requests_are_kept_with_what_was_sent() {
    let (sandbox, client) = start(DataSet::Demo).await;
    client.get_with(&[("authorization", "Bearer x"), ("x-probe", "1")], "/user?limit=1").await;
    let seen = sandbox.requests();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("GET", "/api/v1/user?limit=1"));
    assert_eq!(seen[0].authorization_scheme(), Some("Bearer"));
    assert_eq!(seen[0].header("X-Probe"), Some("1"));
    let mut options = Options::new(Ambient::real());
    options.record_requests = false;
    let (sandbox, client) = start_with(DataSet::Demo, options).await;
    client.get(None, "/version").await;
    assert_eq!(sandbox.requests(), []);
}
