//! The doors beside tools: a resource, a prompt, a completion. Each runs like the tool it stands for, and none gets what
//! the tool is refused.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use aegis_gate::{
    Account, Answer, Ask, Call, CallError, Catalog, Messages, OrMissing, Output, ReadPermit, ReadTool, Repository,
    ResourceSpec, Scope, Selection, ToolError, ToolSpec, Toolset, Values,
};
use aegis_gitea::read::PageRequest;
use aegis_gitea::{RepoPath, RepositoryId};
use aegis_testkit::{Setup, TestGate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

const fn spec(name: &'static str, toolset: Toolset) -> ToolSpec {
    ToolSpec {
        name,
        title: "Test",
        description: "Test.",
        toolset,
        scope: Scope::ReadRepository,
        endpoints: &[],
        aliases: &[],
    }
}

#[derive(Deserialize, JsonSchema)]
struct Place {
    owner: String,
    repo: String,
    path: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Shown {
    name: String,
    content: String,
}

impl Output for Shown {
    const FILE_TEXT: &'static [&'static str] = &["content"];
    const BARE_TEXT: Option<&'static str> = Some("content");
}

/// What the template stands for.
struct Look;

impl ReadTool for Look {
    const SPEC: ToolSpec = spec("look", Toolset::Files);
    type Arguments = Place;
    type Output = Shown;
    type Target = Repository;

    fn target(arguments: &Place) -> Result<Repository, ToolError> {
        let id = RepositoryId::parse(&format!("{}/{}", arguments.owner, arguments.repo))?;
        let target = Repository::new(id);
        Ok(match &arguments.path {
            Some(path) => target.at(RepoPath::parse(path)?),
            None => target,
        })
    }

    async fn run(permit: &ReadPermit<Repository>, _: &Place) -> Result<Shown, ToolError> {
        let name = permit.reader().repository().await.or_missing("repository", "")?.full_name.to_string();
        Ok(Shown { name, content: format!("a line\nand a token ghp_{}", "a1B2c3D4e5F6".repeat(3)) })
    }
}

/// A prompt with a name and rules of its own.
struct Summarise;

impl ReadTool for Summarise {
    const SPEC: ToolSpec = spec("summarise", Toolset::Repositories);
    type Arguments = Place;
    type Output = Messages;
    type Target = Repository;

    fn target(arguments: &Place) -> Result<Repository, ToolError> {
        Look::target(arguments)
    }

    async fn run(permit: &ReadPermit<Repository>, _: &Place) -> Result<Messages, ToolError> {
        let repository = permit.reader().repository().await?;
        Ok(Messages::default().says(format!("Summarise {}.", repository.full_name)))
    }
}

#[derive(Deserialize, JsonSchema)]
struct Begun {
    value: String,
    owner: Option<String>,
}

/// Completes a repository's name under the rules of the tool that lists them.
struct RepositoryNames;

impl ReadTool for RepositoryNames {
    const SPEC: ToolSpec = spec("enumerate", Toolset::Repositories);
    type Arguments = Begun;
    type Output = Values;
    type Target = Account;

    fn target(_: &Begun) -> Result<Account, ToolError> {
        Ok(Account)
    }

    async fn run(permit: &ReadPermit<Account>, begun: &Begun) -> Result<Values, ToolError> {
        let page = permit.reader().repositories(PageRequest::new(1, 50)).await?;
        let seen = permit.visible(page.items, |row| Some(row.full_name.clone())).rows;
        let owner = begun.owner.as_deref();
        let names = seen.iter().filter(|row| owner.is_none_or(|owner| row.full_name.owner().as_str() == owner));
        let names = names.map(|row| row.full_name.name().as_str().to_owned());
        Ok(Values::new(names.filter(|name| name.starts_with(&begun.value)).collect()))
    }
}

const REPOSITORY: &str = "gitea://{owner}/{repo}";
const BLOB: &str = "gitea://{owner}/{repo}/blob/{+path}";

fn catalog() -> Catalog {
    let named = |template| ResourceSpec { template, name: "r", title: "R", description: "R.", mime_type: None };
    Catalog::default()
        .read::<Look>()
        .resource::<Look>(named(REPOSITORY))
        .resource::<Look>(named(BLOB))
        .prompt::<Summarise>()
        .completion::<RepositoryNames>("repo")
}

async fn gate(policy: &str) -> TestGate {
    Setup::new(catalog()).policy(policy).start().await.unwrap()
}

async fn open() -> TestGate {
    TestGate::start(catalog()).await.unwrap()
}

async fn call(test: &TestGate, person: &str, call: Call) -> Result<Answer, CallError> {
    let principal = test.principal(person).await.unwrap();
    let admitted = test.gate.admit(&principal, &call);
    let answer = test.gate.call(&principal, call, Ask::alone(&test.origin())).await;
    assert!(admitted.is_ok() || admitted.err() == answer.as_ref().err().cloned(), "admission and call disagree");
    answer
}

fn read(uri: &str) -> Call {
    Call::Resource { uri: uri.to_owned() }
}

fn prompt(name: &str, owner: &str, repo: &str) -> Call {
    let arguments = json!({"owner": owner, "repo": repo}).as_object().cloned().unwrap();
    Call::Prompt { name: name.to_owned(), arguments }
}

fn complete(of: &str, argument: &str, value: &str, known: &Value) -> Call {
    let known = known.as_object().cloned().unwrap();
    Call::Completion { of: of.to_owned(), argument: argument.to_owned(), value: value.to_owned(), known }
}

async fn values(test: &TestGate, person: &str, wanted: Call) -> Result<Value, CallError> {
    Ok(call(test, person, wanted).await?.structured["values"].clone())
}

/// A policy of one rule.
fn rule(effect: &str, repositories: &str, paths: &str, tools: &str) -> String {
    format!(
        "[[rule]]\nid = \"{effect}-rule\"\neffect = \"{effect}\"\nwho = [\"*\"]\nrepositories = [\"{repositories}\"]\n\
         paths = [\"{paths}\"]\ntools = [\"{tools}\"]\n"
    )
}

#[tokio::test]
async fn a_resource_is_its_tool_with_the_variables_of_its_uri() {
    let test = open().await;
    let through_door = call(&test, "alice", read("gitea://acme/tools/blob/src/a%20b.rs")).await.unwrap();
    let arguments = json!({"owner": "acme", "repo": "tools", "path": "src/a b.rs"});
    let direct = test.call("alice", "look", arguments).await.unwrap();
    assert_eq!(through_door.structured, direct.structured);
    assert_eq!(through_door.bare, Some("content"));
    let content = through_door.structured["content"].as_str().unwrap();
    assert!(!content.contains("a1B2c3D4e5F6"), "a secret left through a resource: {content}");
    let records = test.records().await.unwrap();
    let calls: Vec<_> = records.iter().filter(|record| record.text("tool") == Some("look")).collect();
    let same = |name: &str| assert_eq!(calls[0].field(name), calls[1].field(name), "{name}");
    ["event", "outcome", "target", "arguments", "masked", "login"].into_iter().for_each(same);
    assert_eq!((calls[0].text("door"), calls[1].text("door")), (Some("resource"), None));
}

#[tokio::test]
async fn r05_a_rule_that_forbids_the_tool_forbids_its_resource_prompt_and_completion() {
    let all = rule("allow", "*", "**", "*");
    let test = gate(&format!("{all}{}", rule("deny", "*", "**", "look"))).await;
    let refused = call(&test, "alice", read("gitea://acme/tools")).await;
    assert!(matches!(refused, Err(CallError::NotFound { what: "resource", .. })), "{refused:?}");
    assert!(call(&test, "alice", prompt("summarise", "acme", "tools")).await.is_ok());
    let principal = test.principal("alice").await.unwrap();
    assert_eq!(test.gate.resources(&principal).count(), 0);
    assert_eq!(test.gate.prompts(&principal).count(), 1);

    let test = gate(&format!("{all}{}", rule("deny", "*", "**", "summarise"))).await;
    let refused = call(&test, "alice", prompt("summarise", "acme", "tools")).await;
    assert!(matches!(refused, Err(CallError::NotFound { what: "prompt", .. })), "{refused:?}");
    assert_eq!(test.gate.prompts(&test.principal("alice").await.unwrap()).count(), 0);
    assert!(call(&test, "alice", read("gitea://acme/tools")).await.is_ok());
}

#[tokio::test]
async fn r05_a_path_or_repository_the_policy_denies_is_denied_through_a_resource_too() {
    let test = gate(&rule("allow", "acme/tools", "src/**", "*")).await;
    assert!(call(&test, "alice", read("gitea://acme/tools/blob/src/lib.rs")).await.is_ok());
    let before = test.sandbox.requests().len();
    for uri in ["gitea://acme/tools/blob/secret.txt", "gitea://alice/notes", "gitea://alice/notes/blob/src/a"] {
        let refused = call(&test, "alice", read(uri)).await;
        assert!(matches!(refused, Err(CallError::PolicyDenied { .. })), "{uri}: {refused:?}");
    }
    let refused = call(&test, "alice", prompt("summarise", "alice", "notes")).await;
    assert!(matches!(refused, Err(CallError::PolicyDenied { .. })), "{refused:?}");
    let asked = test.sandbox.requests()[before..].iter().filter(|request| request.path.contains("/repos/")).count();
    assert_eq!(asked, 0, "a denied target reached the forge");
}

#[tokio::test]
async fn what_is_hidden_in_gitea_reads_like_what_is_not_there() {
    let test = open().await;
    assert!(call(&test, "alice", read("gitea://alice/notes")).await.is_ok());
    let words = |uri: &'static str| {
        let test = &test;
        async move { call(test, "bob", read(uri)).await.unwrap_err().to_string() }
    };
    assert_eq!(words("gitea://alice/notes").await, "there is no repository alice/notes that you may see");
    assert_eq!(words("gitea://alice/nutes").await, "there is no repository alice/nutes that you may see");
}

#[tokio::test]
async fn what_no_template_fits_and_no_prompt_is_called_is_not_found_and_on_record() {
    let test = open().await;
    for uri in ["gitea://acme", "other://acme/tools", "gitea://acme/tools/blob/", "", "gitea://acme/tools?x=1"] {
        let refused = call(&test, "alice", read(uri)).await;
        assert!(matches!(refused, Err(CallError::NotFound { what: "resource", .. })), "{uri}: {refused:?}");
    }
    let refused = call(&test, "alice", prompt("sumarise", "acme", "tools")).await.unwrap_err();
    assert_eq!(refused.hint().as_deref(), Some("did you mean summarise?"));
    let lacking = Call::Prompt { name: "summarise".to_owned(), arguments: Map::new() };
    assert!(matches!(call(&test, "alice", lacking).await, Err(CallError::InvalidArgument { .. })));
    // A tool is no prompt, a prompt no tool.
    assert!(call(&test, "alice", prompt("look", "acme", "tools")).await.is_err());
    assert!(matches!(test.call("alice", "summarise", json!({})).await, Err(CallError::UnknownTool { .. })));
    let records = test.records().await.unwrap();
    let count = |door: &str, tool: &str| {
        let fits =
            records.iter().filter(|record| record.text("door") == Some(door) && record.text("tool") == Some(tool));
        fits.filter(|record| record.text("outcome") != Some("allowed")).count()
    };
    assert_eq!((count("resource", "unknown"), count("prompt", "unknown"), count("prompt", "summarise")), (5, 2, 1));
}

#[tokio::test]
async fn a_prompt_puts_messages_and_labels_them() {
    let test = open().await;
    let answer = call(&test, "alice", prompt("summarise", "acme", "tools")).await.unwrap();
    let says = &answer.structured["messages"][0];
    assert_eq!(says, &json!({"role": "user", "content": {"type": "text", "text": "Summarise acme/tools."}}));
    assert!(answer.structured.contains_key("untrusted"));
    assert!(call(&test, "bob", prompt("summarise", "alice", "notes")).await.is_err());
}

#[tokio::test]
async fn r11_a_completion_names_only_what_the_caller_may_see() {
    let test = open().await;
    let alice = values(&test, "alice", complete(REPOSITORY, "repo", "", &json!({}))).await.unwrap();
    assert!(alice.as_array().unwrap().contains(&json!("notes")), "{alice}");
    let bob = values(&test, "bob", complete(REPOSITORY, "repo", "", &json!({}))).await.unwrap();
    assert!(!bob.as_array().unwrap().contains(&json!("notes")), "{bob}");
    let begun = complete("summarise", "repo", "to", &json!({"owner": "acme", "strange": "x"}));
    assert_eq!(values(&test, "alice", begun).await, Ok(json!(["tools"])));

    let narrow = gate(&rule("allow", "acme/tools", "**", "*")).await;
    assert_eq!(values(&narrow, "alice", complete(REPOSITORY, "repo", "", &json!({}))).await, Ok(json!(["tools"])));
}

#[tokio::test]
async fn r05_a_completion_stands_under_the_rule_of_its_tool_and_of_what_it_completes() {
    let all = rule("allow", "*", "**", "*");
    // No rule names it: the completer's spec is that of a tool, here of one that is not offered by itself.
    let test = Setup::new(catalog().read::<Enumerate>());
    let test = test.policy(&format!("{all}{}", rule("deny", "*", "**", "enumerate"))).start().await.unwrap();
    assert_eq!(values(&test, "alice", complete(REPOSITORY, "repo", "", &json!({}))).await, Ok(json!([])));
    let test = gate(&format!("{all}{}", rule("deny", "*", "**", "look"))).await;
    for of in [REPOSITORY, "gitea://{strange}", "nothing", "look"] {
        assert!(values(&test, "alice", complete(of, "repo", "", &json!({}))).await.is_err(), "{of}");
    }
    assert!(values(&test, "alice", complete("summarise", "strange", "", &json!({}))).await.is_err());
    assert_eq!(values(&test, "alice", complete("summarise", "owner", "", &json!({}))).await, Ok(json!([])));
}

/// The tool of the name that the completer stands under.
struct Enumerate;

impl ReadTool for Enumerate {
    const SPEC: ToolSpec = RepositoryNames::SPEC;
    type Arguments = Place;
    type Output = Shown;
    type Target = Repository;

    fn target(arguments: &Place) -> Result<Repository, ToolError> {
        Look::target(arguments)
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Place) -> Result<Shown, ToolError> {
        Look::run(permit, arguments).await
    }
}

/// The same behind a wider scope.
macro_rules! guarded {
    ($name:ident = $tool:ident) => {
        struct $name;

        impl ReadTool for $name {
            const SPEC: ToolSpec = ToolSpec { scope: Scope::WriteRepository, ..$tool::SPEC };
            type Arguments = <$tool as ReadTool>::Arguments;
            type Output = <$tool as ReadTool>::Output;
            type Target = <$tool as ReadTool>::Target;

            fn target(arguments: &Self::Arguments) -> Result<Self::Target, ToolError> {
                $tool::target(arguments)
            }

            async fn run(
                permit: &ReadPermit<Self::Target>,
                arguments: &Self::Arguments,
            ) -> Result<Self::Output, ToolError> {
                $tool::run(permit, arguments).await
            }
        }
    };
}

guarded!(GuardedLook = Look);
guarded!(GuardedSummarise = Summarise);
guarded!(GuardedNames = RepositoryNames);

#[tokio::test]
async fn a_key_without_the_scope_opens_no_door() {
    let named = ResourceSpec { template: BLOB, name: "r", title: "R", description: "R.", mime_type: None };
    let open = ResourceSpec { template: REPOSITORY, ..named };
    let guarded = Catalog::default().resource::<GuardedLook>(named).resource::<Look>(open);
    let guarded = guarded.prompt::<GuardedSummarise>().completion::<GuardedNames>("repo");
    let test = TestGate::start(guarded).await.unwrap();
    let key = "aegis_ak_a-key-of-the-tests-of-offers-7Hq2Zt9";
    test.store_key("alice", key).await.unwrap();
    let narrow = test.holder(key).await.unwrap();
    for door in [
        read("gitea://acme/tools/blob/a"),
        prompt("summarise", "acme", "tools"),
        complete(REPOSITORY, "repo", "", &json!({})),
    ] {
        let refused = Err(CallError::InsufficientScope { required: Scope::WriteRepository });
        assert_eq!(test.gate.admit(&narrow, &door), refused);
        assert_eq!(test.gate.call(&narrow, door, Ask::alone(&test.origin())).await.map(drop), refused);
    }
    assert_eq!(test.gate.admit(&narrow, &read("gitea://acme/tools")), Ok(()));
}

#[test]
fn a_selection_narrows_every_door() {
    let selection = |toolsets: &[Toolset], exclude: &[&str]| Selection {
        toolsets: toolsets.to_vec(),
        tools: Vec::new(),
        exclude: exclude.iter().map(|name| (*name).to_owned()).collect(),
    };
    let counted = |selection: &Selection| {
        let left = catalog().narrowed(selection);
        (left.entries().len(), left.resources().len(), left.prompts().len(), left.completes())
    };
    assert_eq!(counted(&selection(&[Toolset::Files, Toolset::Repositories], &[])), (1, 2, 1, true));
    assert_eq!(counted(&selection(&[Toolset::Files], &[])), (1, 2, 0, false));
    assert_eq!(counted(&selection(&[Toolset::Repositories], &["summarise"])), (0, 0, 0, true));
    assert_eq!(catalog().ruled_names(), ["look", "summarise"]);
}
