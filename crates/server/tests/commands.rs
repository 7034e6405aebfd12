//! The command line as an operator meets it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aegis_ambient::{Ambient, Timestamp};
use aegis_sandbox::{DataSet, Options, Sandbox};
use aegis_server::config::variables;
use aegis_testkit::{Finished, Gateway, Rule, run};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");
const KEY: &str = "shared-key-of-the-command-tests-7Gq2Zx9";
/// A serving gateway reads a key of the store once a second.
const KEYS_STAND_FOR: Duration = Duration::from_secs(1);

fn alone(settings: &[(&str, &str)], arguments: &[&str]) -> Finished {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state").display().to_string();
    let mut all = vec![("STATE_DIR".to_owned(), state)];
    all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    run(Path::new(BINARY), &all, directory.path(), arguments, "").unwrap()
}

async fn forge() -> Sandbox {
    Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap()
}

#[test]
fn tools_are_listed_without_any_configuration() {
    let listed = alone(&[], &["tools", "--json"]);
    assert_eq!(listed.status, Some(0), "{listed:?}");
    let tools: Value = serde_json::from_str(&listed.stdout).unwrap();
    let names: Vec<&str> =
        tools["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!((names.len(), names[0], names[19]), (20, "get_me", "get_pull_request_diff"));
    let narrowed = alone(&[], &["tools", "--toolsets", "files", "--exclude-tools", "find_files"]);
    assert!(narrowed.stdout.contains("get_file_tree") && !narrowed.stdout.contains("find_files"), "{narrowed:?}");
    assert!(!narrowed.stdout.contains("list_issues"));
    let misspelt = alone(&[], &["tools", "--toolsets", "file"]);
    assert_eq!(misspelt.status, Some(64));
    assert!(misspelt.stderr.contains("there is no toolset file"), "{misspelt:?}");
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_no_secret_with_it() {
    let wrong = [
        ("GITEA_URL", "ftp://git.test"),
        ("MCP_API_KEYS", "changeme"),
        ("GITEA_TOKEN", "<your token>"),
        ("MCP_PORT", "eighty"),
        ("RATE_LIMIT_PER_MINUT", "5"),
    ];
    for command in [vec!["config", "check"], vec!["serve"]] {
        let checked = alone(&wrong, &command);
        assert_eq!(checked.status, Some(64), "{checked:?}");
        for name in ["GITEA_URL", "MCP_API_KEYS", "GITEA_TOKEN", "MCP_PORT", "RATE_LIMIT_PER_MINUT"] {
            assert!(checked.stderr.contains(name), "{name} is not named:\n{}", checked.stderr);
        }
        assert!(checked.stderr.contains("docs/configuration.md#"), "{}", checked.stderr);
    }
    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(policy.path(), "nonsense").unwrap();
    let names = [
        ("GITEA_URL", "https://git.test"),
        ("TOOLSETS", "nope"),
        ("POLICY_PATH", policy.path().to_str().unwrap()),
        ("REDACTION_RULES", "no-such-rule=mask"),
    ];
    let checked = alone(&names, &["config", "check"]);
    assert_eq!(checked.status, Some(64), "{checked:?}");
    for word in ["nope", "POLICY_PATH", "no-such-rule"] {
        assert!(checked.stderr.contains(word), "{word} is not named:\n{}", checked.stderr);
    }
    let right = alone(&[("GITEA_URL", "https://git.test")], &["config", "check"]);
    assert_eq!(right.status, Some(0), "{right:?}");
}

#[test]
fn config_check_says_the_same_to_programs() {
    let check = |settings: &[(&str, &str)]| {
        let ended = alone(settings, &["config", "check", "--json"]);
        assert_eq!(ended.stderr, "", "two places to read from");
        (ended.status, serde_json::from_str::<Value>(&ended.stdout).unwrap())
    };
    let (status, right) = check(&[("GITEA_URL", "https://git.test")]);
    assert_eq!((status, &right["right"], &right["problems"]), (Some(0), &json!(true), &json!([])));
    let (status, wrong) = check(&[("GITEA_URL", "ftp://git.test"), ("MCP_API_KEYS", "changeme")]);
    assert_eq!((status, &wrong["right"]), (Some(64), &json!(false)));
    let codes: Vec<_> = wrong["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str()).collect();
    assert!(codes.contains(&Some("wrong_value")) && codes.contains(&Some("placeholder")), "{wrong}");
    let (status, used) = check(&[("GITEA_URL", "https://git.test"), ("TOOLSETS", "nope")]);
    assert_eq!((status, used["problems"].as_array().unwrap().len()), (Some(64), 1));
    assert!(used["problems"][0]["message"].as_str().unwrap().contains("nope"), "{used}");
}

#[test]
fn a_command_offers_the_settings_it_reads_and_no_others() {
    let commands: [(&[&str], &[&str]); 10] = [
        (
            &["serve"],
            &["--config", "--gitea-url", "--toolsets", "--tools", "--exclude-tools", "--read-only", "--host", "--port"],
        ),
        (
            &["config", "check"],
            &["--config", "--gitea-url", "--toolsets", "--tools", "--exclude-tools", "--read-only", "--host", "--port"],
        ),
        (&["stdio"], &["--config", "--gitea-url", "--toolsets", "--tools", "--exclude-tools", "--read-only"]),
        (&["call"], &["--config", "--gitea-url", "--toolsets", "--tools", "--exclude-tools", "--read-only"]),
        (&["key", "generate"], &["--config", "--gitea-url"]),
        (&["key", "check"], &["--config", "--gitea-url"]),
        (&["key", "list"], &["--config"]),
        (&["audit", "verify"], &["--config"]),
        (&["config", "reference"], &[]),
        (&["demo"], &[]),
    ];
    let flags =
        ["--config", "--gitea-url", "--toolsets", "--tools", "--exclude-tools", "--read-only", "--host", "--port"];
    for (command, offered) in commands {
        let help = alone(&[], &[command, &["--help"]].concat()).stdout;
        for flag in flags.iter().filter(|flag| (command, **flag) != (&["demo"], "--port")) {
            let shown = help.lines().any(|line| line.split_whitespace().next() == Some(*flag));
            assert_eq!(shown, offered.contains(flag), "{command:?} {flag}:\n{help}");
        }
    }
    assert_eq!(alone(&[], &["key", "list", "--toolsets", "files"]).status, Some(2));
}

#[test]
fn d03_open_doors_and_plain_http_stop_the_start() {
    let token = ("GITEA_TOKEN", "3f9a1c5e7b2d4f6081a3c5e7092b4d6f8a1c3e57");
    let refused = |settings: &[(&str, &str)], name: &str| {
        let ended = alone(settings, &["serve"]);
        assert_eq!(ended.status, Some(64), "{settings:?}: {ended:?}");
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
    };
    let forge = ("GITEA_URL", "https://git.test");
    refused(&[forge, token, ("AUTH_ENABLED", "false"), ("MCP_HOST", "0.0.0.0")], "AUTH_ENABLED");
    refused(&[("GITEA_URL", "http://git.acme.test")], "GITEA_URL");
    refused(&[forge, ("MCP_API_KEYS", KEY)], "GITEA_TOKEN");
    refused(&[forge, ("PUBLIC_URL", "http://mcp.acme.test")], "PUBLIC_URL");
    refused(&[], "GITEA_URL");
}

#[test]
fn d05_a_secret_that_everybody_can_read_stops_the_start() {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("token");
    std::fs::write(&path, "3f9a1c5e7b2d4f6081a3c5e7092b4d6f8a1c3e57\n").unwrap();
    let settings = [("GITEA_URL", "https://git.test"), ("GITEA_TOKEN_FILE", path.to_str().unwrap())];
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = alone(&settings, &["config", "check"]);
    assert_eq!(open.status, Some(64), "{open:?}");
    assert!(
        open.stderr.contains("GITEA_TOKEN") && open.stderr.contains("every user of this machine"),
        "{}",
        open.stderr
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(alone(&settings, &["config", "check"]).status, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keys_life_from_making_to_its_end() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let alice = forge.token("alice");
    let not_hers = gateway.command(&["key", "generate", "--owner", "bob"], alice).unwrap();
    assert_eq!(not_hers.status, Some(77), "{not_hers:?}");
    assert!(not_hers.stderr.contains("the token belongs to alice, not to bob"));
    assert!(not_hers.stdout.is_empty());
    let no_token = gateway.command(&["key", "generate", "--owner", "alice"], "").unwrap();
    assert_eq!(no_token.status, Some(77), "{no_token:?}");

    let key = gateway.key("alice", alice).unwrap();
    let works = async |key: &str| gateway.call(key, "get_me", json!({})).await.unwrap().status.as_u16();
    assert_eq!(works(&key).await, 200);
    let id = listed(&gateway)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed(&gateway)[0]["owner"], "alice");

    let rotated = gateway.command(&["key", "rotate", &id], "").unwrap();
    let new = rotated.stdout.trim();
    assert_eq!((works(&key).await, works(new).await), (200, 200), "both work until the old one is revoked");
    assert_eq!(gateway.command(&["key", "revoke", &id], "").unwrap().status, Some(0));
    tokio::time::sleep(KEYS_STAND_FOR).await;
    assert_eq!((works(&key).await, works(new).await), (401, 200), "a revoked key is refused within a second");
    assert_eq!(gateway.command(&["key", "rotate", &id], "").unwrap().status, Some(77));
    assert_eq!(gateway.command(&["key", "check"], "").unwrap().status, Some(0));

    assert!(forge.revoke(alice));
    let checked = gateway.command(&["key", "check"], "").unwrap();
    assert_eq!(checked.status, Some(1), "{checked:?}");
    let call = gateway.call(new, "list_repositories", json!({})).await.unwrap();
    assert_eq!(call.json()["error"]["code"], "credential_rejected");
    assert_eq!(gateway.command(&["key", "revoke", "k_0000000000"], "").unwrap().status, Some(77));
    for event in ["key_generated", "key_rotated", "key_revoked"] {
        let shown = gateway.command(&["audit", "show", "--event", event], "").unwrap();
        assert!(shown.stdout.contains(event) && shown.stdout.contains("alice"), "{shown:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s01_a_key_whose_making_cannot_be_announced_is_not_made() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    let id = listed(&gateway)[0]["id"].as_str().unwrap().to_owned();
    let commands =
        [vec!["key", "generate", "--owner", "alice"], vec!["key", "rotate", &id], vec!["key", "revoke", &id]];
    for command in commands {
        let full = [command, vec!["--config", "no-record.toml"]].concat();
        std::fs::write(gateway.state().join("a-file"), "").unwrap();
        let blocked = gateway.state().join("a-file/record").display().to_string();
        std::fs::write(gateway.state().join("no-record.toml"), format!("[audit]\npath = {blocked:?}\n")).unwrap();
        let refused = gateway.command(&full, forge.token("alice")).unwrap();
        assert_ne!(refused.status, Some(0), "{refused:?}");
        assert!(refused.stdout.is_empty(), "{refused:?}");
    }
    let keys = listed(&gateway);
    assert_eq!((keys.len(), &keys[0]["revoked_at"]), (1, &Value::Null), "something changed without a record");
    assert_eq!(gateway.call(&key, "get_me", json!({})).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_keys_is_announced_before_it_is_made() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    gateway.key("alice", forge.token("alice")).unwrap();
    let id = listed(&gateway)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(gateway.command(&["key", "revoke", &id], "").unwrap().status, Some(0));
    let again = gateway.command(&["key", "revoke", &id], "").unwrap();
    assert!(again.stderr.contains("was revoked before"), "{again:?}");
    let events = |name: &str| -> Vec<Value> {
        let shown = gateway.command(&["audit", "show", "--json", "--oldest", "--event", name], "").unwrap().stdout;
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let announced = events("write_announced");
    assert_eq!(announced.len(), 2, "{announced:?}");
    for (announced, (name, command)) in
        announced.iter().zip([("key_generated", "key generate"), ("key_revoked", "key revoke")])
    {
        let ended = events(name);
        assert_eq!(ended.len(), 1, "{ended:?}");
        for field in ["correlation_id", "login", "account_id", "tool"] {
            assert_eq!(announced[field], ended[0][field], "{field} of {name}");
        }
        assert_eq!((&announced["tool"], &ended[0]["key_id"]), (&json!(command), &json!(id)));
        assert!(announced["time"].as_str() < ended[0]["time"].as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn key_check_says_the_same_to_programs() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    gateway.key("alice", forge.token("alice")).unwrap();
    let check = || {
        let ended = gateway.command(&["key", "check", "--json"], "").unwrap();
        (ended.status, serde_json::from_str::<Value>(&ended.stdout).unwrap()["checked"][0].clone())
    };
    let (status, fine) = check();
    assert_eq!((status, &fine["key"]["owner"], &fine["findings"]), (Some(0), &json!("alice"), &json!([])));
    assert!(forge.revoke(forge.token("alice")));
    let (status, found) = check();
    assert_eq!(status, Some(1));
    assert!(found["findings"][0].as_str().unwrap().contains("Gitea"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_when_it_was_told_to_and_a_wrong_end_makes_none() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let generate = |end: &str| {
        gateway.command(&["key", "generate", "--owner", "alice", "--expires", end], forge.token("alice")).unwrap()
    };
    for (end, days) in [("1w", Some(7)), ("90d", Some(90)), ("never", None)] {
        assert_eq!(generate(end).status, Some(0), "{end}");
        let keys = listed(&gateway);
        let newest = keys.iter().max_by_key(|key| key["created_at"].as_str().unwrap()).unwrap();
        let time = |field: &str| newest[field].as_str().map(|time| time.parse::<Timestamp>().unwrap());
        let span = time("expires_at").map(|end| end.duration_since(time("created_at").unwrap()).as_secs());
        let wanted = days.map(|days| days * 24 * 3_600);
        // The end is reckoned before Gitea is asked whose token it is.
        assert!(
            span == wanted || span.zip(wanted).is_some_and(|(span, wanted)| (wanted - 60..=wanted).contains(&span))
        );
    }
    for end in ["2020-01-01", "fortnight", "0d"] {
        let refused = generate(end);
        assert_eq!((refused.status, refused.stdout.as_str()), (Some(64), ""), "{end}");
        assert!(refused.stderr.contains("hint: write 90d"), "{}", refused.stderr);
    }
    assert_eq!(listed(&gateway).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn d05_a_keys_token_is_taken_from_a_file_only_its_owner_can_read() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let path = gateway.state().join("token");
    let generate = || {
        let file = path.to_str().unwrap();
        gateway.command(&["key", "generate", "--owner", "alice", "--credential-file", file], "").unwrap()
    };
    let missing = generate();
    assert_eq!((missing.status, missing.stdout.as_str()), (Some(64), ""), "{missing:?}");
    assert!(missing.stderr.contains("--credential-file"), "{}", missing.stderr);
    std::fs::write(&path, format!("{}\n", forge.token("alice"))).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = generate();
    assert_eq!((open.status, open.stdout.as_str()), (Some(64), ""), "{open:?}");
    assert!(open.stderr.contains("every user of this machine") && open.stderr.contains("hint:"), "{}", open.stderr);
    assert!(listed(&gateway).is_empty());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let made = generate();
    assert_eq!(made.status, Some(0), "{made:?}");
    assert_eq!(gateway.call(made.stdout.trim(), "get_me", json!({})).await.unwrap().status, 200);
}

/// At a terminal the token is asked for, and what is typed is not shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_keys_token_is_asked_for_at_a_terminal_and_not_shown() {
    const SCRIPT: &str = "/usr/bin/script";
    if !Path::new(SCRIPT).exists() {
        println!("not shown here: {SCRIPT}, which makes the terminal, is missing");
        return;
    }
    let forge = forge().await;
    let state = tempfile::tempdir().unwrap();
    let command = format!("{BINARY} key generate --owner alice");
    let mut child = Command::new(SCRIPT)
        .args(["-qec", &command, "/dev/null"])
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("GITEA_URL", forge.url()), ("STATE_DIR", state.path().to_str().unwrap())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut shown = Vec::new();
    let mut byte = [0];
    while !shown.ends_with(b"(not shown): ") {
        assert_eq!(screen.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.extend(byte);
    }
    // The prompt is printed a moment before the terminal's echo goes off.
    std::thread::sleep(Duration::from_millis(500));
    let token = forge.token("alice");
    let mut keyboard = child.stdin.take().unwrap();
    keyboard.write_all(format!("{token}\n").as_bytes()).unwrap();
    screen.read_to_end(&mut shown).unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{shown}");
    assert!(shown.contains("aegis_ak_") && !shown.contains(token), "{shown}");
}

/// A file where the store should be, one of a later version, one sealed with another key: said, and left as it is.
#[test]
fn s04_a_store_that_cannot_be_used_stops_the_start_and_stays_as_it_is() {
    const STORE_KEY: &str = "HtCPO7CaOglfk9NcY+f2qB3OyFpTpVggMEAzVHIm2tI=";
    const OTHER_STORE_KEY: &str = "pT3l0aYc8vQ1sJ6mWb9Xe2Rk5Nf7Dh4Gu0Zo3Ci1Ly8=";
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("aegis-mcp.db");
    let with_key = |key: &str, command: &[&str]| {
        let settings = [
            ("GITEA_URL", "https://git.test"),
            ("STATE_DIR", home.path().to_str().unwrap()),
            ("STORE_KEY", key),
            ("MCP_PORT", "0"),
            ("METRICS_ADDRESS", "off"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        run(Path::new(BINARY), &settings, home.path(), command, "").unwrap()
    };
    assert_eq!(with_key(STORE_KEY, &["key", "list"]).status, Some(0));
    let whole = std::fs::read(&path).unwrap();
    // SQLite keeps the schema's number there, big-endian (fileformat2.html, section 1.3).
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&9_999_u32.to_be_bytes());
    for (content, key, code) in [
        (b"no database, and longer than the header of one".to_vec(), STORE_KEY, "store_not_a_database"),
        (newer, STORE_KEY, "store_newer"),
        (whole.clone(), OTHER_STORE_KEY, "store_sealed_by_another_key"),
    ] {
        std::fs::write(&path, &content).unwrap();
        for command in [["key", "list"].as_slice(), &["serve"]] {
            let refused = with_key(key, command);
            assert_eq!(refused.status, Some(64), "{code} {command:?}: {refused:?}");
            assert!(refused.stderr.contains(&format!("({code})")), "{command:?}: {}", refused.stderr);
            assert!(refused.stderr.contains("hint: "), "{command:?}: {}", refused.stderr);
            assert!(refused.stdout.is_empty() && std::fs::read(&path).unwrap() == content, "{code} {command:?}");
        }
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(with_key(STORE_KEY, &["key", "list"]).status, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_the_forge_does_not_know_has_words_of_its_own_wherever_it_is_used() {
    let forge = forge().await;
    let unknown = "0f".repeat(20);
    let call = alone(&[("GITEA_URL", forge.url()), ("GITEA_TOKEN", &unknown)], &["call", "get_me"]);
    assert_eq!(call.status, Some(77), "{call:?}");
    assert!(call.stderr.contains("GITEA_TOKEN: Gitea no longer accepts") && call.stderr.contains("hint: "), "{call:?}");

    let settings = [("MCP_API_KEYS", KEY), ("GITEA_TOKEN", unknown.as_str())];
    let mut gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
    let warning = gateway.wait_for_log("gitea_token_refused").unwrap();
    assert_eq!((&warning["setting"], &warning["code"]), (&json!("GITEA_TOKEN"), &json!("account_refused")));
    assert!(warning["hint"].is_string() && !gateway.log().contains(&unknown), "{warning}");
    let key = gateway.command(&["key", "generate", "--owner", "alice"], &unknown).unwrap();
    assert_eq!((key.status, key.stdout.as_str()), (Some(77), ""), "{key:?}");
    assert!(key.stderr.contains("Gitea does not accept the token") && key.stderr.contains("hint: "), "{}", key.stderr);

    let alice = forge.token("alice").to_owned();
    let service = ("GITEA_MCP_STATIC_TOKEN", "service-token-of-the-command-tests-8Wn");
    let settings = [settings[0], ("GITEA_TOKEN", &alice), service, ("GITEA_MCP_DEFAULT_TOKEN", &unknown)];
    let mut gateway = Gateway::start(BINARY, forge.url(), &settings).unwrap();
    assert_eq!(gateway.wait_for_log("gitea_token_refused").unwrap()["setting"], "GITEA_MCP_DEFAULT_TOKEN");
    assert_eq!(gateway.log().matches("gitea_token_refused").count(), 1, "{}", gateway.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_lists_what_the_policy_leaves_the_account() {
    let forge = forge().await;
    let policy = tempfile::NamedTempFile::new().unwrap();
    let two = Rule { tools: &["get_me", "list_repositories"], ..Rule::ALLOW_ALL };
    std::fs::write(policy.path(), two.to_string()).unwrap();
    let settings = [("GITEA_URL", forge.url()), ("POLICY_PATH", policy.path().to_str().unwrap())];
    let names = |settings: &[(&str, &str)]| -> Vec<String> {
        let listed = alone(settings, &["tools", "--json"]);
        assert_eq!(listed.status, Some(0), "{listed:?}");
        let tools: Value = serde_json::from_str(&listed.stdout).unwrap();
        tools["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    let alice = ("GITEA_TOKEN", forge.token("alice"));
    assert_eq!(names(&[settings[0], settings[1], alice]), ["get_me", "list_repositories"]);
    assert_eq!(names(&[settings[0], alice]).len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_is_exported_line_by_line_and_as_a_table() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let none = alone(&[], &["audit", "export"]);
    assert!(none.status == Some(1) && none.stderr.contains("there is no record yet"), "{none:?}");
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    assert_eq!(gateway.call(&key, "get_repository", json!({"repo": "acme/tools"})).await.unwrap().status, 200);
    assert_eq!(gateway.call(&key, "get_me", json!({})).await.unwrap().status, 200);
    let export = |more: &[&str]| {
        let ended = gateway.command(&[&["audit", "export", "--tool", "get_repository"], more].concat(), "").unwrap();
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        ended.stdout
    };
    for _ in 0..100 {
        // Records reach the disk a moment after the answer.
        if !export(&[]).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let record: Value = serde_json::from_str(export(&[]).trim()).unwrap();
    assert_eq!((&record["event"], &record["login"]), (&json!("tool_call"), &json!("alice")));
    assert_eq!((&record["target"], &record["outcome"]), (&json!("acme/tools"), &json!("allowed")));
    let table = export(&["--format", "csv"]);
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 2, "{table}");
    for column in ["time", "event", "outcome", "correlation_id", "login", "tool", "target"] {
        assert!(rows[0].split(',').any(|name| name == column), "{column} is missing: {}", rows[0]);
    }
    assert!(rows[1].contains("tool_call") && rows[1].contains("acme/tools"), "{}", rows[1]);
}

#[test]
fn the_reference_names_every_setting() {
    let reference = alone(&[], &["config", "reference"]);
    assert_eq!((reference.status, reference.stderr.as_str()), (Some(0), ""), "{reference:?}");
    for variable in variables() {
        assert!(reference.stdout.contains(&format!("  {} ", variable.name)), "{} is missing", variable.name);
    }
}

fn listed(gateway: &Gateway) -> Vec<Value> {
    let list = gateway.command(&["key", "list", "--json"], "").unwrap();
    serde_json::from_str::<Value>(&list.stdout).unwrap()["keys"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a01_a02_the_record_is_intact_until_somebody_touches_it() {
    let forge = forge().await;
    let gateway = Gateway::start(BINARY, forge.url(), &[]).unwrap();
    let key = gateway.key("alice", forge.token("alice")).unwrap();
    for _ in 0..3 {
        gateway.call(&key, "get_repository", json!({"repo": "acme/tools"})).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let verify = || gateway.command(&["audit", "verify"], "").unwrap();
    assert_eq!(verify().status, Some(0), "{:?}", verify());
    let file = std::fs::read_dir(gateway.state().join("audit")).unwrap().map(|entry| entry.unwrap().path());
    let touched = file.filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"));
    let touched = touched.max_by_key(|path| std::fs::metadata(path).unwrap().len()).unwrap();
    let whole = std::fs::read_to_string(&touched).unwrap();
    std::fs::write(&touched, whole.replacen("\"alice\"", "\"mallo\"", 1)).unwrap();
    let edited = verify();
    assert_eq!(edited.status, Some(1), "{edited:?}");
    assert!(edited.stdout.contains(touched.file_name().unwrap().to_str().unwrap()), "{}", edited.stdout);
    let mut lines: Vec<&str> = whole.lines().collect();
    lines.remove(lines.len() / 2);
    std::fs::write(&touched, lines.join("\n") + "\n").unwrap();
    assert_eq!(verify().status, Some(1), "{:?}", verify());
    std::fs::write(&touched, whole).unwrap();
    assert_eq!(verify().status, Some(0), "put back as it was: {:?}", verify());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_from_the_shell_acts_as_the_tokens_owner() {
    let forge = forge().await;
    let (alice, carol) = (forge.token("alice").to_owned(), forge.token("carol").to_owned());
    let with =
        |token: &str, arguments: &[&str]| alone(&[("GITEA_URL", forge.url()), ("GITEA_TOKEN", token)], arguments);
    let me = with(&alice, &["call", "get_me", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&me.stdout).unwrap()["login"], "alice", "{me:?}");
    let file = with(&alice, &["call", "get_file_contents", "repo=acme/tools", "path=README.md"]);
    assert!(file.stdout.contains("# tools"), "{file:?}");
    let absent = with(&alice, &["call", "get_repository", "repo=acme/tols"]);
    assert_eq!(absent.status, Some(77));
    assert!(absent.stderr.contains("acme/tools"), "{}", absent.stderr);
    assert_eq!(with(&carol, &["call", "get_me"]).status, Some(77), "a site administrator's token is no shared account");
    let files = with(&alice, &["call", "get_files", "repo=acme/tools", "paths=README.md,src/main.py", "--json"]);
    let files: Value = serde_json::from_str(&files.stdout).unwrap();
    assert_eq!(files["files"].as_array().unwrap().len(), 2, "{files}");
    assert_eq!(with(&alice, &["call", "list_issues", "repo=acme/widget", "state=opne"]).status, Some(2));
    let nobody = alone(&[("GITEA_URL", forge.url())], &["call", "get_me"]);
    assert!(nobody.status == Some(64) && nobody.stderr.contains("GITEA_TOKEN"), "{nobody:?}");
    let down = alone(&[("GITEA_URL", "http://127.0.0.1:1"), ("GITEA_TOKEN", &alice)], &["call", "get_me"]);
    assert!(down.status == Some(69) && down.stderr.contains("Gitea does not answer"), "{down:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_without_its_forge_and_is_ready_when_the_forge_is() {
    let gateway = Gateway::start(BINARY, "http://127.0.0.1:1", &[]).unwrap();
    let health = gateway.get("/health", None).await.unwrap();
    assert_eq!((health.status.as_u16(), &health.json()["reasons"]), (503, &json!(["gitea_unavailable"])));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(gateway.log().matches("gitea_silent").count(), 1, "a silence is logged once: {}", gateway.log());
    assert_eq!(gateway.get("/health/live", None).await.unwrap().status, 200);
    let busy = gateway.url().rsplit(':').next().unwrap().to_owned();
    let second = alone(&[("GITEA_URL", "https://git.test"), ("METRICS_ADDRESS", "off")], &["serve", "--port", &busy]);
    assert_eq!(second.status, Some(69), "{second:?}");
    assert!(second.stderr.contains("in use") && second.stderr.contains("MCP_PORT"), "{}", second.stderr);
}

#[test]
fn the_demo_shows_the_main_job_and_ends() {
    let shown = alone(&[], &["demo", "--once", "--port", "0"]);
    assert_eq!(shown.status, Some(0), "{shown:?}");
    for words in [
        "nothing leaves this machine",
        "alice/notes",
        "there is no repository alice/notes that you may see",
        "TODO",
        "4 tries left from this address",
        "chain intact",
    ] {
        assert!(shown.stdout.contains(words), "{words:?} is missing:\n{}", shown.stdout);
    }
    assert!(!shown.stdout.contains('\u{1b}'), "colour in a pipe");
}

/// A process that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_demo_stays_up_for_clients_until_it_is_told_to_end() {
    let home = tempfile::tempdir().unwrap();
    let mut demo = Command::new(BINARY);
    demo.args(["demo", "--port", "0"]).env_clear().env("PATH", "/usr/bin:/bin").env("TMPDIR", home.path());
    let mut demo = Running(demo.stdout(Stdio::piped()).spawn().unwrap());
    let screen = BufReader::new(demo.0.stdout.take().unwrap());
    let mut shown = Vec::new();
    for line in screen.lines().map(Result::unwrap) {
        let is_last = line.contains("The demo stays up");
        shown.push(line);
        if is_last {
            break;
        }
    }
    let line_for = |client: &str| {
        let found = shown.iter().find_map(|line| line.trim_start().strip_prefix(client));
        found.unwrap_or_else(|| panic!("no line for {client}: {shown:#?}")).trim()
    };
    for client in ["Claude Code", "VS Code", "Cursor", "Gemini CLI", "curl"] {
        assert!(line_for(client).contains("Bearer aegis_ak_"), "{client}: {}", line_for(client));
    }
    let asked = Command::new("sh").args(["-c", line_for("curl")]).output().unwrap();
    // The shell's own status where there is no curl.
    if asked.status.code() != Some(127) {
        let answer: Value = serde_json::from_slice(&asked.stdout).unwrap();
        assert_eq!(answer["success"], true, "{answer}");
    }
    assert!(std::fs::read_dir(home.path()).unwrap().count() > 0);
    let told = Command::new("sh").args(["-c", &format!("kill -INT {}", demo.0.id())]).status().unwrap();
    assert!(told.success());
    assert_eq!(demo.0.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "the demo forgot to forget");
}

#[test]
fn every_code_is_explained_on_the_troubleshooting_page() {
    let page = include_str!("../../../docs/troubleshooting.md");
    let sources = [
        include_str!("../../gate/src/error.rs"),
        include_str!("../../gate/src/authn.rs"),
        include_str!("../src/http/code.rs"),
    ];
    let mut codes = 0;
    for source in sources {
        let tables = source.split("fn code(").skip(1).map(|rest| rest.split_once("\n    }\n").unwrap().0);
        let found = tables.flat_map(|table| table.split("=> \"").skip(1)).filter_map(|rest| rest.split('"').next());
        for code in found {
            assert!(page.contains(&format!("`{code}`")), "{code} is not on the page");
            codes += 1;
        }
    }
    assert!(codes > 50, "only {codes} codes were found");
}
