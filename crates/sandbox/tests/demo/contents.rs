//! Files of every kind, by every route.

use aegis_sandbox::DataSet;

use super::client::start;

#[tokio::test]
async fn awkward_entries_are_told_apart() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let entry = async |path: &str| client.json(None, &format!("/repos/acme/widget/contents/{path}")).await;
    let link = entry("LATEST").await;
    assert_eq!((link["type"].as_str(), link["target"].as_str()), (Some("symlink"), Some("docs/format.md")));
    let submodule = entry("vendor/bolts").await;
    assert_eq!(submodule["type"], "submodule");
    assert_eq!(submodule["submodule_git_url"], "../tools.git");
    assert!(submodule["html_url"].is_null() && submodule["content"].is_null());
    let pointer = client.json(None, "/repos/acme/widget/contents-ext/models/widget.stl?includes=lfs_metadata").await;
    assert_eq!(pointer["file_contents"]["lfs_size"], 1_048_576);
    assert!(pointer["file_contents"]["content"].is_null());
    let tree = client.json(None, "/repos/acme/widget/git/trees/main?recursive=1").await;
    let found = tree["tree"].as_array().unwrap().iter().find(|entry| entry["path"] == "vendor/bolts").unwrap().clone();
    assert_eq!(
        (found["type"].as_str(), found["mode"].as_str(), found["url"].as_str()),
        (Some("commit"), Some("160000"), Some(""))
    );
}

#[tokio::test]
async fn includes_bring_what_they_name() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let file = async |includes: &str| {
        let path = format!("/repos/acme/widget/contents-ext/README.md?includes={includes}");
        client.json(None, &path).await["file_contents"].clone()
    };
    assert!(file("").await["content"].is_null() && file("").await["last_commit_sha"].is_null());
    assert!(file("file_content").await["content"].is_string());
    let both = file("commit_metadata,commit_message").await;
    assert!(both["last_commit_sha"].is_string() && both["content"].is_null());
    assert_eq!(both["last_commit_message"], "The engine turns\n");
    let several =
        "/repos/acme/widget/file-contents?body=%7B%22files%22%3A%5B%22README.md%22%2C%22src%22%2C%22nope%22%5D%7D";
    let several = client.json(None, several).await;
    assert_eq!(several[0]["name"], "README.md");
    assert!(several[1].is_null() && several[2].is_null());
}

#[tokio::test]
async fn raw_files_have_types_validators_and_ranges() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let raw = async |headers: &[(&str, &str)], path: &str| {
        client.get_with(headers, &format!("/repos/acme/widget/raw/{path}")).await
    };
    let picture = raw(&[], "docs/logo.png").await;
    assert!(picture.body.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(picture.header("content-type"), Some("image/png"));
    let latin = raw(&[], "HINWEISE.txt").await;
    assert!(std::str::from_utf8(&latin.body).is_err());
    assert_eq!(latin.header("content-type"), Some("text/plain; charset=iso-8859-1"));
    let (etag, modified) = (picture.header("etag").unwrap(), picture.header("last-modified").unwrap());
    for validator in [("if-none-match", etag), ("if-modified-since", modified)] {
        let unchanged = raw(&[validator], "docs/logo.png").await;
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0), "{validator:?}");
    }
    assert_eq!(raw(&[("if-none-match", "\"other\"")], "docs/logo.png").await.status, 200);
    let part = raw(&[("range", "bytes=1-3")], "docs/logo.png").await;
    assert_eq!((part.status, part.body.as_slice()), (206, &b"PNG"[..]));
    assert_eq!(part.header("content-range"), Some(format!("bytes 1-3/{}", picture.body.len()).as_str()));
    assert_eq!(raw(&[("range", "bytes=99999-")], "docs/logo.png").await.status, 416);
    assert_eq!(client.get(None, "/repos/acme/widget/media/docs/logo.png").await.body, picture.body);
}

#[tokio::test]
async fn branches_with_slashes_are_found_in_paths_and_queries() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    for path in ["branches/feature%2Fround", "branches/feature/round"] {
        let branch = client.json(None, &format!("/repos/acme/widget/{path}")).await;
        assert_eq!(branch["name"], "feature/round", "{path}");
    }
    let on_branch = client.json(None, "/repos/acme/widget/contents/docs/shapes.md?ref=feature%2Fround").await;
    let on_main = client.json(None, "/repos/acme/widget/contents/docs/shapes.md").await;
    assert_ne!(on_branch["sha"], on_main["sha"]);
    assert_eq!(client.get(None, "/repos/acme/widget/branches/feature").await.status, 404);
    for range in ["main...feature%2Fround", "main...feature/round"] {
        let compared = client.json(None, &format!("/repos/acme/widget/compare/{range}")).await;
        assert_eq!(compared["total_commits"], 2, "{range}");
    }
    let tag = client.json(None, "/repos/acme/widget/tags/v0.2.0").await;
    assert_eq!(tag["message"], "Widget 0.2.0\n\nShapes have names now.");
    assert_ne!(tag["id"], tag["commit"]["sha"]);
}

#[tokio::test]
async fn the_demo_has_what_its_readers_are_told() {
    let (_sandbox, client) = start(DataSet::Demo).await;
    let secret = client.get(Some("alice"), "/repos/alice/notes/raw/backup.md").await.text();
    // not a secret: the example of AWS's own documentation
    assert!(secret.contains("AKIAIOSFODNN7EXAMPLE"));
    let injection = client.json(None, "/repos/acme/widget/issues/4").await;
    assert!(injection["body"].as_str().unwrap().contains("Ignore previous instructions"));
    let merged = client.json(None, "/repos/acme/widget/pulls/2").await;
    assert_eq!((merged["merged"].as_bool(), merged["merged_by"]["login"].as_str()), (Some(true), Some("carol")));
    let status = client.json(None, "/repos/acme/widget/commits/main/status").await;
    assert_eq!(status["state"], "success");
    let pull = client.json(None, "/repos/acme/widget/pulls/5").await;
    assert_eq!((pull["additions"].as_u64(), pull["changed_files"].as_u64()), (Some(4), Some(2)));
    let by_branch = client.json(None, "/repos/acme/widget/pulls/main/feature%2Fround").await;
    assert_eq!(by_branch["number"], 5);
    let patch = client.get(None, "/repos/acme/widget/pulls/5.patch").await.text();
    assert!(patch.contains("Subject: [PATCH 1/2] Round widgets") && patch.contains("[PATCH 2/2]"));
}

#[tokio::test]
async fn other_methods_and_other_paths_find_nothing() {
    let (sandbox, client) = start(DataSet::Demo).await;
    for path in ["/nonsense", "/repos//widget", "/repos/acme/widget/nonsense", "/user/", "/repos/acme/widget/raw/%ff"] {
        let reply = client.get(Some("alice"), path).await;
        assert_eq!((reply.status, reply.text().as_str()), (404, "404 page not found\n"), "{path}");
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    let http = reqwest::Client::new();
    let url = format!("{}/api/v1/version", sandbox.url());
    assert_eq!(http.post(&url).send().await.unwrap().status(), 404);
    let head = http.head(&url).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()), (200, "20"));
    assert_eq!(head.bytes().await.unwrap().len(), 0);
}
