//! The set-up guide's questions before a forge of anybody's, as two of its people (`make real`): prints what each was
//! answered, and fails if one was refused that should not be, or answered that should not be. It only reads.

#![expect(clippy::print_stdout, reason = "it prints what it was answered")]
#![expect(clippy::indexing_slicing, reason = "JSON is read by names; an absent one is null")]

use std::error::Error;

use aegis_testkit::Gateway;
use serde_json::{Map, Value, json};

type Failure = Box<dyn Error + Send + Sync>;

const USAGE: &str = "GITEA_URL=… ALICE=<her token> BOB=<his token> real BINARY";
/// A key that is nobody's.
const WRONG_KEY: &str = "a-key-that-was-never-handed-out-by-anyone";
const INDENT: &str = "\n           ";
/// Most lines or rows printed of one answer.
const SHOWN: usize = 6;
/// Most files read for TODO comments: what `get_files` takes.
const MOST_FILES: usize = 30;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    #[expect(clippy::disallowed_methods, reason = "the arguments of this program, read once")]
    let binary = std::env::args().nth(1).ok_or(USAGE)?;
    #[expect(clippy::disallowed_methods, reason = "tokens come by the environment: arguments are seen by everybody")]
    let [forge, alice, bob] = ["GITEA_URL", "ALICE", "BOB"].map(std::env::var);
    let settings = [("GITEA_TOKENS", "any"), ("RATE_LIMIT_PER_MINUTE", "0")];
    let gateway = Gateway::start(&binary, &forge.map_err(|_| USAGE)?, &settings)?;
    let alice = Person::of(&gateway, alice.map_err(|_| USAGE)?).await?;
    let bob = Person::of(&gateway, bob.map_err(|_| USAGE)?).await?;
    guide(&alice).await?;
    hidden(&alice, &bob).await?;
    let stranger = gateway.call(WRONG_KEY, "get_me", json!({})).await?;
    show("—", "a wrong key", &format!("refused: {} {}", stranger.status.as_u16(), stranger.json()["error"]["code"]));
    ensure(stranger.status == 401, "a wrong key got in")?;
    let verified = gateway.command(&["audit", "verify"], "")?;
    show("audit", "is the record of this whole?", verified.stdout.lines().next().unwrap_or_default());
    ensure(verified.status == Some(0), "the record is not intact")
}

/// The questions of the set-up guide, about the repositories this person has.
async fn guide(person: &Person<'_>) -> Result<(), Failure> {
    let all = person.ask("Which repositories do I have?", "list_repositories", json!({})).await?;
    let private = json!({"visibility": "private"});
    person.ask("Which of them are private?", "list_repositories", private).await?;
    let repository = person.one_with_files(&all).await?;
    let about = |more: Value| {
        let mut arguments = Map::from_iter([("repo".to_owned(), json!(repository))]);
        arguments.extend(more.as_object().cloned().unwrap_or_default());
        Value::Object(arguments)
    };
    let whole = format!("Default branch of {repository}, and when last updated?");
    let facts = person.call("get_repository", about(json!({}))).await?;
    show(&person.login, &whole, &format!("{}, {}", facts["default_branch"], facts["updated_at"]));
    let tree = person.ask("Show me its file tree", "get_file_tree", about(json!({}))).await?;
    let files = paths(&tree);
    let directory = files.iter().find(|path| path.starts_with("src/")).map_or("", |_| "src");
    let question =
        if directory.is_empty() { "Which files are at its root? (it has no src/)" } else { "Which are in src/?" };
    person.ask(question, "list_directory", about(json!({"path": directory}))).await?;
    let named = |wanted: &dyn Fn(&str) -> bool| files.iter().find(|path| wanted(path));
    let read_me = named(&|path| path.to_lowercase().starts_with("readme"));
    let main = named(&|path| path == "src/main.py").or_else(|| named(&|path| path.contains('.')));
    for (question, path) in [("What does the README say?", read_me), ("Explain src/main.py, or what it has", main)] {
        match path {
            Some(path) => drop(person.ask(question, "get_file_contents", about(json!({"path": path}))).await?),
            None => show(&person.login, question, "it has none"),
        }
    }
    person.ask("Find all Python files in src/", "find_files", about(json!({"pattern": "src/**/*.py"}))).await?;
    // Code first: what lies elsewhere is often larger and tells less.
    let (code, others): (Vec<_>, Vec<_>) = files.iter().partition(|path| path.starts_with("src/"));
    let first: Vec<_> = code.into_iter().chain(others).take(MOST_FILES).collect();
    let texts = person.call("get_files", about(json!({"paths": first}))).await?;
    let texts = texts["files"].as_array().into_iter().flatten().filter_map(|file| file["content"].as_str());
    let todos = texts.flat_map(str::lines).filter(|line| line.contains("TODO")).count();
    show(&person.login, "Find all TODO comments", &format!("{todos} in {} files", first.len()));
    Ok(())
}

/// What one person has for herself reads to the other as if it did not exist.
async fn hidden(owner: &Person<'_>, other: &Person<'_>) -> Result<(), Failure> {
    let private = json!({"visibility": "private", "limit": 50});
    let (hers, his) = (
        names(&owner.call("list_repositories", private.clone()).await?),
        names(&other.call("list_repositories", private).await?),
    );
    let Some(repository) = hers.iter().find(|name| !his.contains(name)) else {
        show(&other.login, "Show me what is not mine", "not shown: there is no private repository he may not see");
        return Ok(());
    };
    let question = format!("Show me {repository}");
    let words = async |name: &str| {
        let reply = other.gateway.call(&other.key, "get_repository", json!({"repo": name})).await?;
        let error = &reply.json()["error"];
        Ok::<_, Failure>(
            format!("{} {}: {}", reply.status.as_u16(), error["code"], error["message"]).replace(name, "…"),
        )
    };
    let refused = words(repository).await?;
    show(&other.login, &question, &format!("refused: {refused}"));
    let owned_by = repository.split('/').next().unwrap_or_default();
    let absent = words(&format!("{owned_by}/no-such-repository-here")).await?;
    ensure(refused.starts_with("404 "), "somebody else's private repository was shown")?;
    ensure(refused == absent, &format!("hidden and absent read differently: {refused} / {absent}"))
}

/// Somebody with a key made for the token, as an operator makes it.
struct Person<'a> {
    gateway: &'a Gateway,
    login: String,
    key: String,
}

impl<'a> Person<'a> {
    async fn of(gateway: &'a Gateway, token: String) -> Result<Self, Failure> {
        let token = token.trim();
        let by_token = Self { gateway, login: "—".to_owned(), key: token.to_owned() };
        let login = by_token.call("get_me", json!({})).await?["login"].as_str().unwrap_or_default().to_owned();
        let key = gateway.key(&login, token)?;
        Ok(Self { gateway, login, key })
    }

    async fn call(&self, tool: &str, arguments: Value) -> Result<Value, Failure> {
        let reply = self.gateway.call(&self.key, tool, arguments.clone()).await?;
        match reply.json() {
            Value::Object(mut body) if reply.status == 200 => Ok(body.remove("result").unwrap_or_default()),
            body => Err(format!("{} was refused {tool} {arguments}: {body}", self.login).into()),
        }
    }

    async fn ask(&self, question: &str, tool: &str, arguments: Value) -> Result<Value, Failure> {
        let answer = self.call(tool, arguments).await?;
        show(&self.login, question, &in_short(&answer));
        Ok(answer)
    }

    /// The first repository that holds more than one file.
    async fn one_with_files(&self, listed: &Value) -> Result<String, Failure> {
        for name in names(listed) {
            let repository = self.call("get_repository", json!({"repo": name})).await?;
            if repository["empty"] == false {
                let tree = self.call("get_file_tree", json!({"repo": name})).await?;
                if paths(&tree).len() > 1 {
                    return Ok(name);
                }
            }
        }
        Err(format!("{} has no repository with files to ask about", self.login).into())
    }
}

/// Paths of the files in a tree.
fn paths(tree: &Value) -> Vec<String> {
    let entries = tree["entries"].as_array().into_iter().flatten().filter(|entry| entry["kind"] == "file");
    entries.filter_map(|entry| entry["path"].as_str()).map(str::to_owned).collect()
}

/// Full names of the repositories in a list.
fn names(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().into_iter().flatten();
    items.filter_map(|item| item["full_name"].as_str()).map(str::to_owned).collect()
}

/// A few names of what came, or the first lines of a text.
fn in_short(answer: &Value) -> String {
    if let Some(text) = answer["content"].as_str() {
        return text.lines().take(SHOWN).map(plain).collect::<Vec<_>>().join(INDENT);
    }
    let rows = answer["items"].as_array().or(answer["entries"].as_array()).map(Vec::as_slice).unwrap_or_default();
    let name =
        |row: &Value| ["full_name", "path", "name"].iter().find_map(|field| row[field].as_str().map(str::to_owned));
    let first: Vec<String> = rows.iter().filter_map(name).take(SHOWN).collect();
    format!("{}: {}", rows.len(), first.join(", "))
}

/// A line that a terminal shows and does not obey.
fn plain(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn show(who: &str, question: &str, answer: &str) {
    println!("{who:<10} {question}{INDENT}{answer}");
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
