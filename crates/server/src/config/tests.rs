//! The rules as an operator meets them: sources in, configuration or complaints out.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::*;

const KEY: &str = "9f2c1be07a44d3568e1b0cf7729a63d5";
const OTHER_KEY: &str = "c0ffee1234a9b8d7e6f5041322bd97ca";
const TOKEN: &str = "ee11aa22bb33cc44dd55ee66ff7788990011aabb";
const BASE: [(&str, &str); 2] = [("HOME", "/home/alice"), ("GITEA_URL", "https://git.acme.test")];

fn environment(settings: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

/// `BASE` and more.
fn load_with(settings: &[(&str, &str)]) -> Loaded {
    let all = environment(&[&BASE, settings].concat());
    load(Sources { environment: all, ..Sources::default() }, Purpose::Gateway)
}

fn codes(loaded: &Loaded) -> Vec<(&str, &'static str)> {
    loaded.problems.iter().map(|problem| (problem.setting.as_str(), problem.fault.code())).collect()
}

fn told(settings: &[(&str, &str)]) -> Vec<(String, &'static str)> {
    let loaded = load_with(settings);
    let has_error = loaded.problems.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(loaded.configuration.is_none(), has_error, "an error and a configuration exclude each other");
    codes(&loaded).into_iter().map(|(setting, code)| (setting.to_owned(), code)).collect()
}

fn fine(settings: &[(&str, &str)]) -> Configuration {
    let loaded = load_with(settings);
    assert_eq!(loaded.problems, []);
    loaded.configuration.unwrap()
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn only(setting: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(setting.to_owned(), code)]
}

#[test]
fn d04_the_defaults_allow_nobody_anything() {
    let configuration = fine(&[]);
    assert!(
        configuration.auth.enabled && configuration.auth.api_keys.is_empty() && configuration.auth.service.is_none()
    );
    assert_eq!(configuration.auth.gitea_tokens, GiteaTokens::Off);
    assert!(configuration.server.is_loopback());
    assert!(configuration.server.trusted_proxies.is_empty() && configuration.server.allowed_origins.is_empty());
    assert_eq!((configuration.auth.max_failures, configuration.auth.failure_window.as_secs()), (5, 300));
    assert_eq!(configuration.limits.requests_per_minute.map(u32::from), Some(60));
    assert_eq!(configuration.limits.max_file_size_bytes, 1_048_576);
    assert_eq!(
        (configuration.server.port, configuration.server.metrics_address),
        (8080, "127.0.0.1:9090".parse().ok())
    );
    assert_eq!(configuration.store.state_directory, Path::new("/home/alice/.local/state/aegis-mcp"));
    assert_eq!(configuration.audit.directory, Path::new("/home/alice/.local/state/aegis-mcp/audit"));
    assert_eq!(configuration.redaction.default, FindingAction::Mask);
}

#[test]
fn every_row_is_read_and_none_may_be_empty() {
    for variable in variables() {
        let empties: Vec<_> = BASE.into_iter().filter(|(name, _)| *name != variable.name).collect();
        let settings = environment(&[&empties[..], &[(variable.name, "")]].concat());
        let loaded = load(Sources { environment: settings, ..Sources::default() }, Purpose::Gateway);
        assert!(codes(&loaded).contains(&(variable.name, "empty")), "{}: {:?}", variable.name, loaded.problems);
        assert!(loaded.configuration.is_none());
    }
}

#[test]
fn every_row_refuses_what_it_does_not_take() {
    for variable in variables() {
        let nonsense = match variable.kind {
            Kind::Path | Kind::Anything | Kind::AnySecret => continue,
            _ => "\u{1}\"nonsense",
        };
        let settings: Vec<_> = BASE.into_iter().filter(|(name, _)| *name != variable.name).collect();
        let environment = environment(&[&settings[..], &[(variable.name, nonsense)]].concat());
        let loaded = load(Sources { environment, ..Sources::default() }, Purpose::Gateway);
        assert_eq!(loaded.problems.first().map(|problem| problem.setting.as_str()), Some(variable.name));
        assert!(loaded.configuration.is_none(), "{}", variable.name);
    }
}

#[test]
fn every_default_and_bound_is_taken() {
    for variable in variables() {
        let (min, max) = variable.bounds();
        let numbers = [min.to_string(), max.to_string()];
        let values: Vec<&str> = match (variable.kind, variable.unset) {
            (Kind::Count { .. }, _) => numbers.iter().map(String::as_str).collect(),
            (_, Unset::Value(default)) => vec![default],
            (_, Unset::Nothing(_) | Unset::Required | Unset::Later(_)) => continue,
        };
        for value in values {
            assert_eq!(told(&[(variable.name, value)]), [], "{}={value}", variable.name);
        }
        if let Kind::Count { .. } = variable.kind {
            assert_eq!(told(&[(variable.name, &(max + 1).to_string())]), only(variable.name, "wrong_value"));
        }
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let loaded = load_with(&[
        ("MCP_PORT", "eighty"),
        ("AUTH_ENABLED", "perhaps"),
        ("MCP_API_KEYS", "changeme"),
        ("GITEA_CA_FILE", "/nowhere"),
    ]);
    let settings: BTreeSet<_> = loaded.problems.iter().map(|problem| problem.setting.as_str()).collect();
    assert_eq!(settings, BTreeSet::from(["AUTH_ENABLED", "GITEA_CA_FILE", "MCP_API_KEYS", "MCP_PORT"]));
    assert!(loaded.configuration.is_none());
}

#[test]
fn gitea_url_is_required_where_gitea_is_reached() {
    let home = || Sources { environment: environment(&[("HOME", "/home/alice")]), ..Sources::default() };
    assert_eq!(codes(&load(home(), Purpose::Gateway)), [("GITEA_URL", "missing")]);
    assert!(load(home(), Purpose::Records).configuration.is_some());
}

#[test]
fn without_a_home_the_state_folder_must_be_named() {
    let sources = |state: &str| Sources {
        environment: environment(&[("HOME", "relative"), ("XDG_STATE_HOME", state)]),
        ..Sources::default()
    };
    assert_eq!(codes(&load(sources("state"), Purpose::Records)), [("STATE_DIR", "missing")]);
    let configuration = load(sources("/state"), Purpose::Records).configuration.unwrap();
    assert_eq!(configuration.store.state_directory, Path::new("/state/aegis-mcp"));
}

#[test]
fn the_stronger_source_wins() {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join(".env"), "MCP_PORT=3\nMAX_AUTH_FAILURES=3\nAUTH_FAILURE_WINDOW=3\n");
    write(
        &directory.path().join("aegis-mcp.toml"),
        "[server]\nport = 4\n[auth]\nmax_failures = 4\nfailure_window = 4\n[limits]\nrequests_per_minute = 4\n",
    );
    let sources = |flags| Sources {
        flags,
        environment: environment(&[&BASE[..], &[("MCP_PORT", "2"), ("MAX_AUTH_FAILURES", "2")]].concat()),
        directory: Some(directory.path().to_owned()),
        config: None,
    };
    let loaded = load(sources(vec![("MCP_PORT", "1".to_owned())]), Purpose::Gateway);
    assert_eq!(loaded.files.len(), 2);
    let configuration = loaded.configuration.unwrap();
    let rate = configuration.limits.requests_per_minute.map(u32::from);
    assert_eq!((configuration.server.port, configuration.auth.max_failures), (1, 2));
    assert_eq!((configuration.auth.failure_window.as_secs(), rate), (3, Some(4)));
    assert_eq!(load(sources(vec![]), Purpose::Gateway).configuration.unwrap().server.port, 2);
}

#[test]
fn toml_is_found_in_the_state_folder_and_must_exist_when_named() {
    let state = tempfile::tempdir().unwrap();
    let path = state.path().join("aegis-mcp.toml");
    write(&path, "[server]\nport = 99\n");
    let state_directory = state.path().to_str().unwrap();
    assert_eq!(fine(&[("STATE_DIR", state_directory)]).server.port, 99);
    let named = |path: PathBuf| Sources { environment: environment(&BASE), config: Some(path), ..Sources::default() };
    assert_eq!(load(named(path), Purpose::Gateway).configuration.unwrap().server.port, 99);
    assert_eq!(codes(&load(named("/nowhere.toml".into()), Purpose::Gateway)), [("/nowhere.toml", "file_absent")]);
}

#[test]
fn a_misspelt_name_is_warned_about_in_the_environment_and_refused_in_toml() {
    let near = [("MCP_PROT", "1"), ("GITEA_TOKEN_FIEL", "x"), ("CI", "true"), ("PWD", "/"), ("GITEA_WORK_DIR", "/")];
    let loaded = load_with(&near);
    assert_eq!(codes(&loaded), [("MCP_PROT", "near_miss"), ("GITEA_TOKEN_FIEL", "near_miss")]);
    assert!(loaded.configuration.is_some());
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join(".env"), "GITEA_URLS=x\nnonsense\n");
    write(&directory.path().join("aegis-mcp.toml"), "[server]\nprot = 1\n");
    let sources =
        Sources { environment: environment(&BASE), directory: Some(directory.path().to_owned()), ..Sources::default() };
    let loaded = load(sources, Purpose::Gateway);
    assert_eq!(codes(&loaded), [("the line", "syntax"), ("server.prot", "unknown_key"), ("GITEA_URLS", "near_miss")]);
}

#[test]
fn nothing_is_set_twice_in_one_place_and_no_flag_goes_unknown() {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join(".env"), "OURS=1\nOURS=2\nMCP_PORT=1\nMCP_PORT=2\n");
    let sources = Sources {
        flags: vec![("READ_ONYL", "true".to_owned())],
        environment: environment(&BASE),
        directory: Some(directory.path().to_owned()),
        config: None,
    };
    assert_eq!(codes(&load(sources, Purpose::Gateway)), [("READ_ONYL", "unknown_key"), ("MCP_PORT", "set_twice")]);
}

#[test]
fn text_that_is_no_text_is_refused() {
    let mut all = environment(&BASE);
    all.push(("MCP_PORT".into(), OsString::from_vec(vec![0xff])));
    let loaded = load(Sources { environment: all, ..Sources::default() }, Purpose::Gateway);
    assert_eq!(codes(&loaded), [("MCP_PORT", "not_text")]);
}

#[test]
fn k02_k03_each_key_is_judged_by_itself() {
    let keys = format!("{KEY}, {OTHER_KEY}");
    let configuration = fine(&[("MCP_API_KEYS", &keys), ("GITEA_TOKEN", TOKEN)]);
    let values: Vec<_> = configuration.auth.api_keys.iter().map(|key| key.value.expose_secret()).collect();
    assert_eq!(values, [KEY, OTHER_KEY]);
    for (keys, entry, code) in [
        (format!("{KEY},{KEY}"), Some(2), "repeated"),
        (format!("{KEY},short"), Some(2), "too_short"),
        (format!("{KEY},"), Some(2), "empty"),
        (format!("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,{KEY}"), Some(1), "guessable"),
        (format!("<key>,{KEY}"), Some(1), "placeholder"),
        (format!("{KEY}\n"), None, "line_end"),
        (format!(" {KEY}"), None, "not_header_text"),
        (vec!["x"; 257].join(","), None, "too_many_entries"),
    ] {
        let loaded = load_with(&[("MCP_API_KEYS", &keys), ("GITEA_TOKEN", TOKEN)]);
        let told: Vec<_> = loaded.problems.iter().map(|problem| (problem.entry, problem.fault.code())).collect();
        assert_eq!(told, [(entry, code)]);
    }
}

#[test]
fn k03_one_line_end_is_taken_off_a_file_and_none_off_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    for (text, code) in [
        (TOKEN.to_owned(), None),
        (format!("{TOKEN}\n"), None),
        (format!("{TOKEN}\r\n"), None),
        (format!("{TOKEN}\n\n"), Some("line_end")),
        (format!("\u{feff}{TOKEN}\n"), Some("byte_order_mark")),
        (format!("{TOKEN} \n"), Some("not_header_text")),
        (format!("\"{TOKEN}\"\n"), Some("quoted")),
        ("\n".to_owned(), Some("empty")),
        ("---\n".to_owned(), Some("placeholder")),
    ] {
        write(&path, &text);
        let told = told(&[("GITEA_TOKEN_FILE", path.to_str().unwrap())]);
        assert_eq!(told, code.map_or(vec![], |code| only("GITEA_TOKEN", code)), "{text:?}");
    }
    assert_eq!(told(&[("GITEA_TOKEN", &format!("{TOKEN}\n"))]), only("GITEA_TOKEN", "line_end"));
    assert_eq!(told(&[("GITEA_TOKEN_FILE", "/nowhere")]), only("GITEA_TOKEN", "file_absent"));
    assert_eq!(told(&[("GITEA_TOKEN_FILE", "")]), only("GITEA_TOKEN", "file_absent"));
}

#[test]
fn a_secret_and_its_file_together_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    write(&path, TOKEN);
    let both = [("GITEA_TOKEN", TOKEN), ("GITEA_TOKEN_FILE", path.to_str().unwrap())];
    assert_eq!(told(&both), only("GITEA_TOKEN", "both_set"));
    let secret = fine(&both[1..]).gitea.token.unwrap();
    assert_eq!((secret.value.expose_secret(), secret.origin), (TOKEN, Origin::SecretFile(path)));
}

#[test]
fn d05_secrets_are_refused_on_the_command_line_and_in_files_for_all() {
    let flag = |name, value: &str| Sources {
        flags: vec![(name, value.to_owned())],
        environment: environment(&BASE),
        ..Sources::default()
    };
    assert_eq!(codes(&load(flag("GITEA_TOKEN", TOKEN), Purpose::Gateway)), [("GITEA_TOKEN", "on_command_line")]);
    assert!(load(flag("READ_ONLY", "true"), Purpose::Gateway).configuration.unwrap().tools.read_only);

    let directory = tempfile::tempdir().unwrap();
    let mode =
        |name: &str, mode| fs::set_permissions(directory.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    let found = || {
        let sources = Sources {
            environment: environment(&BASE),
            directory: Some(directory.path().to_owned()),
            ..Sources::default()
        };
        load(sources, Purpose::Gateway).problems.iter().map(|problem| problem.fault.code()).collect::<Vec<_>>()
    };
    write(&directory.path().join(".env"), &format!("GITEA_TOKEN={TOKEN}\n"));
    write(&directory.path().join("aegis-mcp.toml"), "[server]\nport = 1\n");
    mode("aegis-mcp.toml", 0o644);
    assert_eq!(found(), Vec::<&str>::new(), "no secret in the one that all can read");
    mode("aegis-mcp.toml", 0o646);
    assert_eq!(found(), ["file_world_writable"]);
    mode("aegis-mcp.toml", 0o600);
    mode(".env", 0o644);
    assert_eq!(found(), ["file_world_readable"]);
    write(&directory.path().join(".env"), "");
    write(&directory.path().join("aegis-mcp.toml"), &format!("[gitea]\ntoken = \"{TOKEN}\"\n"));
    assert_eq!(found(), Vec::<&str>::new());
    mode("aegis-mcp.toml", 0o644);
    assert_eq!(found(), ["file_world_readable"]);

    let path = directory.path().join("token");
    fs::write(&path, TOKEN).unwrap();
    mode("token", 0o644);
    assert_eq!(told(&[("GITEA_TOKEN_FILE", path.to_str().unwrap())]), only("GITEA_TOKEN", "file_world_readable"));
}

#[test]
fn d03_without_sign_in_only_this_machine_may_connect() {
    let closed = [("AUTH_ENABLED", "false"), ("GITEA_TOKEN", TOKEN)];
    let with = |settings: &[(&str, &str)]| told(&[&closed[..], settings].concat());
    assert_eq!(with(&[]), only("AUTH_ENABLED", "no_sign_in"), "a warning");
    assert_eq!(
        with(&[("MCP_HOST", "::1"), ("PUBLIC_URL", "http://localhost:8080")]),
        only("AUTH_ENABLED", "no_sign_in")
    );
    let refused = vec![("AUTH_ENABLED".to_owned(), "open_door"), ("AUTH_ENABLED".to_owned(), "no_sign_in")];
    for door in
        [("MCP_HOST", "0.0.0.0"), ("MCP_HOST", "::"), ("MCP_HOST", "10.0.0.1"), ("TRUSTED_PROXIES", "127.0.0.1")]
    {
        assert_eq!(with(&[door]), refused, "{door:?}");
    }
    assert_eq!(with(&[("PUBLIC_URL", "https://mcp.acme.test")])[0], refused[0]);
    assert_eq!(told(&closed[..1]), only("AUTH_ENABLED", "nobody_to_be"));
}

#[test]
fn d03_beyond_this_machine_https_and_a_way_in_are_asked_for() {
    let keys = [("MCP_API_KEYS", KEY), ("GITEA_TOKEN", TOKEN), ("MCP_HOST", "0.0.0.0")];
    assert_eq!(told(&keys), []);
    assert_eq!(told(&keys[2..]), only("MCP_HOST", "no_way_in"));
    assert_eq!(told(&[("MCP_HOST", "0.0.0.0"), ("GITEA_TOKENS", "any")]), []);
    assert_eq!(told(&[("PUBLIC_URL", "http://127.0.0.1:8080")]), []);
    for url in ["http://mcp.acme.test", "http://10.0.0.5:8080", "http://mcp:8080"] {
        assert_eq!(told(&[("PUBLIC_URL", url)]), only("PUBLIC_URL", "plain_http_public_url"), "{url}");
    }
    assert_eq!(told(&[("METRICS_ADDRESS", "0.0.0.0:9090")]), only("METRICS_ADDRESS", "open_metrics"));
    assert_eq!(fine(&[("METRICS_ADDRESS", "off")]).server.metrics_address, None);
}

#[test]
fn d04_a_list_never_means_everybody() {
    for proxies in ["0.0.0.0/0", "::/0", "10.0.0.1, 0.0.0.0/0", "1.2.3.4/0"] {
        assert_eq!(told(&[("TRUSTED_PROXIES", proxies)]), only("TRUSTED_PROXIES", "allows_all"), "{proxies}");
    }
    let proxies = fine(&[("TRUSTED_PROXIES", "10.0.0.7/8, ::1")]).server.trusted_proxies;
    assert_eq!(proxies, ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
    let header = ("FORWARDED_HEADER", "forwarded");
    assert_eq!(told(&[header]), only("FORWARDED_HEADER", "unused"));
    let forwarded = fine(&[("TRUSTED_PROXIES", "::1"), header]).server.forwarded_header;
    assert_eq!(forwarded, ForwardedHeader::Forwarded);
    let both = ("FORWARDED_HEADER", "forwarded,x-forwarded-for");
    assert_eq!(told(&[("TRUSTED_PROXIES", "::1"), both]), only("FORWARDED_HEADER", "wrong_value"));
    assert_eq!(told(&[("ALLOWED_HOSTS", "*")]), only("ALLOWED_HOSTS", "allows_all"));
    assert_eq!(told(&[("ALLOWED_ORIGINS", "*")]), only("ALLOWED_ORIGINS", "allows_all"));
    assert_eq!(told(&[("POLICY_PATH", "/nowhere")]), only("POLICY_PATH", "file_absent"), "never as if it were not set");
}

#[test]
fn an_https_address_means_a_proxy_that_must_be_known() {
    let url = ("PUBLIC_URL", "https://mcp.acme.test");
    assert_eq!(told(&[url]), only("TRUSTED_PROXIES", "unknown_proxy"));
    assert_eq!(told(&[url, ("TRUSTED_PROXIES", "127.0.0.1")]), []);
}

#[test]
fn tls_of_our_own_takes_two_files_and_the_place_of_a_proxy() {
    let directory = tempfile::tempdir().unwrap();
    let (chain, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
    write(&chain, "");
    write(&key, "");
    let both = [("TLS_CERTIFICATE_FILE", chain.to_str().unwrap()), ("TLS_KEY_FILE", key.to_str().unwrap())];
    let url = ("PUBLIC_URL", "https://mcp.acme.test");
    let tls = fine(&[both[0], both[1], url]).connections.tls.unwrap();
    assert_eq!((tls.certificate, tls.key), (chain.clone(), key.clone()));
    for (name, path) in both {
        assert_eq!(told(&[(name, path)]), only(name, "needs_another"));
        assert_eq!(told(&[(name, "/nowhere")])[0], (name.to_owned(), "file_absent"));
    }
}

#[test]
fn g11_plain_http_to_gitea_only_when_it_is_near() {
    let with = |url: &str| {
        let all = environment(&[("HOME", "/home/alice"), ("GITEA_URL", url)]);
        codes(&load(Sources { environment: all, ..Sources::default() }, Purpose::Gateway)).first().map(|told| told.1)
    };
    assert_eq!(with("http://localhost:3000"), None);
    assert_eq!(with("http://gitea:3000/forge"), Some("plain_http_private"));
    assert_eq!(with("http://git.acme.test"), Some("plain_http"));
    assert_eq!(with("https://git.acme.test/forge"), None);
    assert_eq!(with("https://user:canary@git.acme.test"), Some("user_info"));
    assert_eq!(told(&[("GITEA_PUBLIC_URL", "http://git.acme.test")]), only("GITEA_PUBLIC_URL", "plain_http"));
}

#[test]
fn u07_no_setting_switches_the_check_of_certificates_off() {
    for variable in variables() {
        let said = format!("{} {} {}", variable.name, variable.toml, variable.about).to_lowercase();
        assert!(!["verify", "insecure", "skip"].iter().any(|word| said.contains(word)), "{said}");
    }
}

#[test]
fn keys_need_an_account_and_the_two_tokens_need_each_other() {
    assert_eq!(told(&[("MCP_API_KEYS", KEY)]), only("MCP_API_KEYS", "needs_another"));
    assert_eq!(told(&[("GITEA_MCP_STATIC_TOKEN", KEY)]), only("GITEA_MCP_STATIC_TOKEN", "needs_another"));
    assert_eq!(told(&[("GITEA_MCP_DEFAULT_TOKEN", TOKEN)]), only("GITEA_MCP_DEFAULT_TOKEN", "unused"));
    let service = fine(&[("GITEA_MCP_STATIC_TOKEN", KEY), ("GITEA_MCP_DEFAULT_TOKEN", TOKEN)]).auth.service.unwrap();
    assert_eq!(service.service_token.value.expose_secret(), KEY);
    assert_eq!(service.credential.value.expose_secret(), TOKEN);
    assert_eq!(told(&[("MCP_API_KEYS", KEY), ("GITEA_TOKEN", "---")]), only("GITEA_TOKEN", "placeholder"), "told once");
}

#[test]
fn what_lets_in_never_goes_to_gitea() {
    let service = |token, credential| [("GITEA_MCP_STATIC_TOKEN", token), ("GITEA_MCP_DEFAULT_TOKEN", credential)];
    let keys = |key, token| [("MCP_API_KEYS", key), ("GITEA_TOKEN", token)];
    assert_eq!(told(&service(TOKEN, TOKEN)), only("GITEA_MCP_STATIC_TOKEN", "same_secret"));
    assert_eq!(told(&keys(TOKEN, TOKEN)), only("MCP_API_KEYS", "same_secret"));
    assert_eq!(
        told(&[service(OTHER_KEY, TOKEN), keys(OTHER_KEY, TOKEN)].concat()),
        only("MCP_API_KEYS", "same_secret")
    );
    assert_eq!(told(&[service(OTHER_KEY, TOKEN), keys(TOKEN, KEY)].concat()), only("MCP_API_KEYS", "same_secret"));
    assert_eq!(told(&[service(OTHER_KEY, TOKEN), keys(KEY, TOKEN)].concat()), [], "one account may serve both");
}

#[test]
fn what_this_version_lacks_is_never_ignored() {
    for variable in variables().filter(|variable| matches!(variable.unset, Unset::Later(_))) {
        assert_eq!(told(&[(variable.name, "true")]), only(variable.name, "not_yet"));
        assert_eq!(told(&[(variable.name, "off")]), []);
    }
    assert_eq!(told(&[("OAUTH_MODE", "false")]), []);
    assert_eq!(told(&[("GITEA_TOKENS", "app")]), only("GITEA_TOKENS", "not_yet"));
    assert_eq!(told(&[("STORE_URL", "postgres://db/aegis")]), only("STORE_URL", "not_yet"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("aegis-mcp.toml");
    write(&path, "[[jwt.issuer]]\nurl = \"https://dex.acme.test\"\n");
    let sources = Sources { environment: environment(&BASE), config: Some(path), ..Sources::default() };
    assert_eq!(codes(&load(sources, Purpose::Gateway)), [("JWT_ISSUER", "not_yet")]);
}

#[test]
fn write_mode_warns_that_nothing_is_written() {
    let loaded =
        load_with(&[("WRITE_MODE", "true"), ("WRITE_REPOSITORY_WHITELIST", "acme/*"), ("SHARED_TOKEN_WRITES", "true")]);
    assert_eq!(loaded.problems.len(), 3);
    assert!(loaded.problems.iter().all(|problem| problem.fault == Fault::NoWriteTools));
    assert!(loaded.configuration.is_some());
    fine(&[("WRITE_MODE", "false")]);
}

#[test]
fn words_and_lists_become_types() {
    let configuration = fine(&[
        ("RATE_LIMIT_PER_MINUTE", "0"),
        ("RATE_LIMIT_PER_TOOL", "search_code=10, get_me=20"),
        ("TOOLSETS", "files, issues"),
        ("LOG_LEVEL", "WARNING"),
        ("REDACTION_RULES", "jwt=off"),
        ("AUDIT_LOG_PATH", "/var/log/aegis/audit.log"),
    ]);
    assert_eq!(configuration.limits.requests_per_minute, None);
    assert_eq!(configuration.limits.tool_requests_per_minute.len(), 2);
    assert_eq!(configuration.tools.toolsets, ["files", "issues"]);
    assert_eq!(configuration.server.log_level, LogLevel::Warn);
    assert_eq!(configuration.redaction.rules.get("jwt"), Some(&FindingAction::Off));
    assert_eq!(
        (configuration.audit.directory.to_str(), configuration.audit.prefix.as_deref()),
        (Some("/var/log/aegis"), Some("audit"))
    );
    assert_eq!(told(&[("RATE_LIMIT_PER_TOOL", "get_me=1,get_me=2")]), only("RATE_LIMIT_PER_TOOL", "repeated_name"));
    for (name, value) in [
        ("RATE_LIMIT_PER_TOOL", "get_me=0"),
        ("REDACTION_RULES", "jwt=hide"),
        ("REDACTION", "off"),
        ("TOOLS", "Get Me"),
    ] {
        assert_eq!(told(&[(name, value)]), only(name, "wrong_value"), "{name}");
    }
}

/// Whatever setting a secret was put into by mistake, no complaint repeats it.
#[test]
fn k03_no_value_is_ever_shown() {
    const CANARY: &str = "canary-7f3a";
    for variable in variables() {
        for value in
            [CANARY.to_owned(), format!("<{CANARY}>"), format!("http://{CANARY}@x"), format!("{CANARY}=1,{CANARY}=1")]
        {
            let loaded = load_with(&[(variable.name, &value)]);
            let shown: Vec<_> = loaded.problems.iter().map(|problem| format!("{problem}{problem:?}")).collect();
            let shown = shown.join("\n");
            let is_path = variable.kind == Kind::Path;
            assert!(is_path || !shown.contains(CANARY), "{}: {shown}", variable.name);
        }
    }
    let secret = format!("{CANARY}-{KEY}");
    let configuration = fine(&[("MCP_API_KEYS", &secret), ("GITEA_TOKEN", TOKEN), ("STORE_KEY", OTHER_KEY)]);
    let shown = format!("{configuration:?}");
    assert!(![CANARY, TOKEN, OTHER_KEY].iter().any(|secret| shown.contains(secret)), "{shown}");
}
