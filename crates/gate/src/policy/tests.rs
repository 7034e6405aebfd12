//! The policy, each permission beside its refusal.

use aegis_gitea::RepoPath;

use super::*;

const TOOLS: &[&str] = &["get_file_contents", "list_commits"];

const FILE: &str = r#"
    [[rule]]
    id = "acme-read"
    effect = "allow"
    who = ["Alice", "key:k_1"]
    repositories = ["acme/*", "alice/notes"]
    paths = ["**"]
    tools = ["*"]

    [[rule]]
    id = "no-secrets"
    effect = "deny"
    who = ["*"]
    repositories = ["*"]
    paths = ["secrets/**", "**/.env"]
    tools = ["*"]

    [[rule]]
    id = "bob-docs"
    effect = "allow"
    who = ["bob"]
    repositories = ["acme/site"]
    paths = ["docs/public/**"]
    tools = ["toolset:files"]

    [[rule]]
    id = "hide-vault"
    effect = "deny"
    who = ["*"]
    repositories = ["acme/vault"]
    paths = ["**"]
    tools = ["*"]
"#;

const READ: Act = Act { tool: "get_file_contents", toolset: Toolset::Files };
const COMMITS: Act = Act { tool: "list_commits", toolset: Toolset::Commits };

fn policy() -> Policy {
    Policy::parse(FILE, TOOLS).unwrap()
}

fn person(login: &str) -> Subject<'_> {
    Subject { account_id: 7, login, login_of_key: None, key_id: None }
}

/// A policy that allows all, and one rule more with these fields.
fn all_and(effect: &str, who: &str, repositories: &str, paths: &str) -> Policy {
    let rule = |id: &str, effect: &str, who: &str, repositories: &str, paths: &str| {
        format!(
            "[[rule]]\nid = {id:?}\neffect = {effect:?}\nwho = [{who:?}]\nrepositories = [{repositories:?}]\n\
             paths = [{paths:?}]\ntools = [\"*\"]\n"
        )
    };
    let all = rule("all", "allow", "*", "*", "**");
    Policy::parse(&format!("{}{}", all, rule("more", effect, who, repositories, paths)), TOOLS).unwrap()
}

fn repository(name: &str) -> RepositoryId {
    RepositoryId::parse(name).unwrap()
}

fn at(login: &str, name: &str, path: &str) -> Decision {
    let place = Place::Path(RepoPath::parse_directory(path).unwrap());
    policy().view(person(login), READ).decide_place(&repository(name), &place)
}

fn listing(policy: &Policy, login: &str, name: &str, path: &str) -> Decision {
    let place = Place::Directory(RepoPath::parse_directory(path).unwrap());
    policy.view(person(login), READ).decide_place(&repository(name), &place)
}

fn allowed(rule: &str) -> Decision {
    Decision::Allowed { rule: Some(rule.to_owned()) }
}

fn denied(rule: &str) -> Decision {
    Decision::Denied { rule: rule.to_owned() }
}

#[test]
fn without_a_file_people_have_their_own_rights() {
    let policy = Policy::own_rights();
    let all = policy.view(person("mallory"), READ).decide_repository(&repository("any/thing"));
    assert_eq!(all, Decision::Allowed { rule: None });
}

#[test]
fn d04_an_empty_file_allows_nothing_and_no_list_may_be_left_out() {
    let empty = Policy::parse("", TOOLS).unwrap();
    assert_eq!(empty.view(person("alice"), READ).decide_repository(&repository("acme/site")), denied(NO_RULE));
    assert!(!empty.may_ever(person("alice"), READ));
    for field in ["who", "repositories", "paths", "tools"] {
        let full = r#"id = "x"
effect = "allow"
who = ["*"]
repositories = ["*"]
paths = ["**"]
tools = ["*"]"#;
        let without: String = full.lines().filter(|line| !line.starts_with(field)).collect::<Vec<_>>().join("\n");
        let error = Policy::parse(&format!("[[rule]]\n{without}"), TOOLS).unwrap_err().to_string();
        assert!(error.contains(field), "{field}: {error}");
        let emptied: String = full
            .lines()
            .map(|line| if line.starts_with(field) { format!("{field} = []\n") } else { format!("{line}\n") })
            .collect();
        let error = Policy::parse(&format!("[[rule]]\n{emptied}"), TOOLS).unwrap_err().to_string();
        assert!(error.contains("is empty"), "{field}: {error}");
        assert!(Policy::parse(&format!("[[rule]]\n{full}"), TOOLS).is_ok());
    }
}

#[test]
fn what_no_rule_allows_is_denied_and_names_fold() {
    let policy = policy();
    assert_eq!(policy.view(person("ALICE"), READ).decide_repository(&repository("ACME/Site")), allowed("acme-read"));
    assert_eq!(policy.view(person("alice"), READ).decide_repository(&repository("bob/dotfiles")), denied(NO_RULE));
    assert_eq!(policy.view(person("mallory"), READ).decide_repository(&repository("acme/site")), denied(NO_RULE));
    let key = Subject { key_id: Some("k_1"), ..person("robot") };
    assert_eq!(policy.view(key, READ).decide_repository(&repository("acme/site")), allowed("acme-read"));
    let other = Subject { key_id: Some("k_2"), ..person("robot") };
    assert_eq!(policy.view(other, READ).decide_repository(&repository("acme/site")), denied(NO_RULE));
}

#[test]
fn deny_wins_over_allow() {
    assert_eq!(at("alice", "acme/site", "src/main.rs"), allowed("acme-read"));
    assert_eq!(at("alice", "acme/site", "secrets/key.pem"), denied("no-secrets"));
    assert_eq!(at("alice", "acme/site", "secrets"), denied("no-secrets"));
    assert_eq!(at("alice", "acme/site", "deploy/.env"), denied("no-secrets"));
    assert_eq!(at("alice", "acme/site", ".env"), denied("no-secrets"));
    assert_eq!(at("alice", "acme/site", "secretsauce.md"), allowed("acme-read"));
    assert_eq!(policy().view(person("alice"), READ).decide_repository(&repository("acme/vault")), denied("hide-vault"));
}

#[test]
fn a_narrow_allow_opens_its_paths_and_the_way_to_them() {
    assert_eq!(at("bob", "acme/site", "docs/public/a.md"), allowed("bob-docs"));
    for directory in ["", "docs", "docs/public", "docs/public/deep"] {
        assert_eq!(listing(&policy(), "bob", "acme/site", directory), allowed("bob-docs"), "{directory}");
    }
    assert_eq!(listing(&policy(), "bob", "acme/site", "docs/private"), denied(NO_RULE));
    assert_eq!(listing(&policy(), "bob", "acme/site", "src"), denied(NO_RULE));
    assert_eq!(at("bob", "acme/site", "docs"), denied(NO_RULE), "the way there may be listed, not read");
    assert_eq!(at("bob", "acme/site", "docs/private.md"), denied(NO_RULE));
    assert_eq!(at("bob", "acme/site", "doc"), denied(NO_RULE));
    assert_eq!(at("bob", "acme/site", "README.md"), denied(NO_RULE));
    assert!(policy().may_ever(person("bob"), READ));
    assert!(!policy().may_ever(person("bob"), COMMITS));
}

#[test]
fn a_wildcard_at_the_front_or_in_the_middle_opens_no_more_than_it_says() {
    let with = |paths: &str| {
        let rule = "[[rule]]\nid = \"r\"\neffect = \"allow\"\nwho = [\"*\"]\nrepositories = [\"*\"]\ntools = [\"*\"]";
        Policy::parse(&format!("{rule}\npaths = {paths}"), TOOLS).unwrap()
    };
    let read = |policy: &Policy, path: &str| {
        let place = Place::Path(RepoPath::parse(path).unwrap());
        policy.view(person("bob"), READ).decide_place(&repository("acme/site"), &place).is_allowed()
    };
    let list = |policy: &Policy, path: &str| listing(policy, "bob", "acme/site", path).is_allowed();
    let top = with(r#"["*.md"]"#);
    assert!(read(&top, "README.md") && list(&top, ""));
    assert!(!read(&top, "secrets/key.pem") && !read(&top, "docs/a.md") && !read(&top, "key.pem"));
    assert!(!list(&top, "secrets"));
    let deep = with(r#"["**/*.md"]"#);
    assert!(read(&deep, "README.md") && read(&deep, "docs/deep/a.md") && list(&deep, "docs/deep"));
    assert!(!read(&deep, "secrets/key.pem") && !read(&deep, "docs"));
    let middle = with(r#"["src/*/mod.rs"]"#);
    assert!(read(&middle, "src/a/mod.rs") && list(&middle, "src/a") && list(&middle, "src"));
    assert!(!read(&middle, "src/a/key.rs") && !list(&middle, "src/a/b") && !list(&middle, "lib"));
}

#[test]
fn who_denies_a_directory_denies_what_is_in_it() {
    let text = FILE.replacen(r#"paths = ["secrets/**", "**/.env"]"#, r#"paths = ["secrets", "vault/*"]"#, 1);
    let policy = Policy::parse(&text, TOOLS).unwrap();
    for path in ["secrets", "secrets/key.pem", "secrets/deep/key.pem", "vault/a", "vault/a/b"] {
        let place = Place::Path(RepoPath::parse(path).unwrap());
        assert_eq!(
            policy.view(person("alice"), READ).decide_place(&repository("acme/site"), &place),
            denied("no-secrets"),
            "{path}"
        );
        assert_eq!(listing(&policy, "alice", "acme/site", path), denied("no-secrets"), "{path}");
    }
    let beside = Place::Path(RepoPath::parse("secretsauce/a.md").unwrap());
    assert!(policy.view(person("alice"), READ).decide_place(&repository("acme/site"), &beside).is_allowed());
}

#[test]
fn r11_whoever_denies_every_path_denies_the_repository_however_it_is_written() {
    let vault = repository("acme/vault");
    for paths in ["**", "*", "**/*", "*/**", "**/**", "?*", "{*,x}"] {
        let policy = all_and("deny", "*", "acme/vault", paths);
        assert_eq!(policy.view(person("alice"), READ).decide_repository(&vault), denied("more"), "{paths}");
        assert_eq!(listing(&policy, "alice", "acme/vault", ""), denied("more"), "{paths}");
        assert!(policy.view(person("alice"), READ).decide_repository(&repository("acme/site")).is_allowed());
        assert!(policy.may_ever(person("alice"), READ), "{paths}");
        assert!(!all_and("deny", "*", "*", paths).may_ever(person("alice"), READ), "{paths}");
        assert!(!all_and("deny", "*", "**/*", paths).may_ever(person("alice"), READ), "{paths}");
    }
    for paths in ["*/*", "**/*/*", "*.md", ".*", "[a-z]*", "??*", "secrets/**"] {
        let policy = all_and("deny", "*", "acme/vault", paths);
        assert!(policy.view(person("alice"), READ).decide_repository(&vault).is_allowed(), "{paths}");
        assert!(all_and("deny", "*", "*", paths).may_ever(person("alice"), READ), "{paths}");
    }
}

#[test]
fn what_allows_every_path_of_the_root_allows_no_more_than_that() {
    let reads = |paths: &str, path: &str| {
        let text = format!(
            "[[rule]]\nid = \"r\"\neffect = \"allow\"\nwho = [\"*\"]\nrepositories = [\"*\"]\ntools = [\"*\"]\n\
             paths = [{paths:?}]"
        );
        let place = Place::Path(RepoPath::parse_directory(path).unwrap());
        let policy = Policy::parse(&text, TOOLS).unwrap();
        policy.view(person("bob"), READ).decide_place(&repository("acme/site"), &place).is_allowed()
    };
    assert!(reads("**", "") && reads("**", "a") && reads("**", "a/b/c"));
    assert!(reads("*", "a") && !reads("*", "a/b"));
    assert!(reads("**/*", "a") && reads("**/*", "a/b/c"));
    assert!(reads("*/**", "a") && reads("*/**", "a/b/c"));
}

#[test]
fn a_new_login_passes_round_no_denial_and_takes_over_no_permission() {
    let renamed = Subject { login_of_key: Some("Bob"), ..person("robert") };
    let decide = |policy: &Policy, subject| policy.view(subject, READ).decide_repository(&repository("acme/vault"));
    let by_login = all_and("deny", "bob", "acme/vault", "**");
    assert_eq!(decide(&by_login, renamed), denied("more"));
    assert_eq!(decide(&by_login, person("bob")), denied("more"));
    assert!(decide(&by_login, person("robert")).is_allowed(), "a Gitea token does not say who it was");
    let by_number = all_and("deny", "id:7", "acme/vault", "**");
    assert_eq!(decide(&by_number, person("robert")), denied("more"));
    assert!(decide(&by_number, Subject { account_id: 8, ..person("bob") }).is_allowed());
    let heir = Subject { login_of_key: Some("alice"), ..person("eve") };
    assert_eq!(policy().view(heir, READ).decide_repository(&repository("acme/site")), denied(NO_RULE));
}

#[test]
fn mistakes_in_the_file_name_rule_and_field() {
    let rule = |line: &str, instead: &str| {
        let text = FILE.replacen(line, instead, 1);
        assert_ne!(text, FILE);
        Policy::parse(&text, TOOLS).unwrap_err().to_string()
    };
    assert!(rule("tools = [\"*\"]", "tools = [\"get_file\"]").contains("did you mean \"get_file_contents\""));
    let stranger = rule("tools = [\"*\"]", "tools = [\"xyzzy\"]");
    assert!(stranger.contains("no tool \"xyzzy\"; write a tool's name, toolset:NAME or *"), "{stranger}");
    assert!(rule("\"acme/*\"", "\"acme\"").contains("is no repository"));
    for nobody in ["id:0", "id:-7", "id:alice", "id:", "group:staff", "alice:"] {
        let error = rule("\"Alice\"", &format!("{nobody:?}"));
        assert!(error.contains(&format!("{nobody:?} is nobody; write a login, id:NUMBER")), "{error}");
    }
    assert!(rule("\"secrets/**\"", "\"/secrets/**\"").contains("can never match"));
    assert!(rule("id = \"no-secrets\"", "id = \"acme-read\"").contains("stands twice"));
    assert!(rule("\"acme/*\"", "\"acme/[\"").contains("repositories"));
    assert!(rule("effect = \"deny\"", "effect = \"maybe\"").contains("maybe"));
    assert!(rule("who = [\"*\"]", "whom = [\"*\"]").contains("whom"));
}
