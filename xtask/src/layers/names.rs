//! Names that only some files may speak.
//!
//! A manifest says which crate a room may use; this says where inside the room. The sharpest of them is
//! `aegis_gitea::connect`, the makers of `Client` and `Credential`: who cannot name it cannot reach Gitea without a
//! permit.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::report::Finding;
use crate::source::RustFile;
use crate::tokens::{self, is_punct, is_word};

/// A name that only files below these places may speak.
struct Guarded {
    name: &'static str,
    places: &'static [&'static str],
    why: &'static str,
}

const GUARDED: [Guarded; 4] = [
    Guarded {
        name: "rmcp",
        places: &["crates/server/src/mcp.rs", "crates/server/src/mcp/", "crates/server/tests/", "benches/"],
        why: "only the server's mcp module touches rmcp",
    },
    Guarded { name: "sqlx", places: &["crates/store/"], why: "only the store speaks SQL" },
    Guarded {
        name: "reqwest",
        places: &[
            "crates/oauth/src/fetch.rs",
            "crates/oauth/src/fetch/",
            "crates/server/",
            "crates/testkit/",
            "crates/sandbox/",
            "benches/",
        ],
        why: "only who asks others than the forge, and tests, use reqwest",
    },
    Guarded {
        name: "hyper_rustls",
        places: &["crates/gitea/src/exchange/pool.rs"],
        why: "every request to Gitea leaves through one pool",
    },
];

/// hyper's client: the forge is asked from these files and from nowhere else.
const CLIENT: [&str; 2] = ["hyper_util", "client"];
const MAY_ASK_THE_FORGE: [&str; 1] = ["crates/gitea/src/exchange/"];

/// Tools see no tokens, no HTTP and no audit.
const TOOLS: &str = "crates/tools/src/";
const WITHHELD_FROM_TOOLS: [&str; 3] = ["audit", "Credential", "Client"];

const GITEA: &str = "aegis_gitea";
const MAKERS: &str = "connect";
/// Rooms that may name the makers of `Client` and `Credential`.
const MAY_CONNECT: [&str; 5] = ["gitea", "gate", "oauth", "server", "testkit"];
/// The makers' own files may pass on what they make.
const MAKERS_OWN_FILES: [&str; 2] = ["crates/gitea/src/connect.rs", "crates/gitea/src/connect/"];

/// Checks one file.
pub(super) fn check(file: &RustFile) -> anyhow::Result<Vec<Finding>> {
    let stream = tokens::tokens(file)?;
    let mut findings = Vec::new();
    for name in tokens::names(&stream) {
        let guarded = GUARDED.iter().find(|guarded| guarded.name == name.text);
        if let Some(Guarded { why, .. }) = guarded.filter(|guarded| !lies_in(file, guarded.places)) {
            findings.push(Finding::new(&file.path, name.line, format!("`{}` is named here: {why}", name.text)));
        }
        if file.path.starts_with(TOOLS) && WITHHELD_FROM_TOOLS.contains(&name.text.as_str()) {
            let sentence = format!("`{}` is named here: tools see no tokens, no HTTP and no audit", name.text);
            findings.push(Finding::new(&file.path, name.line, sentence));
        }
    }
    let mut paths = Vec::new();
    collect_paths(&stream, &mut paths);
    let connects = paths.iter().filter_map(|path| Some(Finding::new(&file.path, path.line, connects(file, path)?)));
    findings.extend(connects);
    let asks = paths.iter().filter(|path| path.parts.starts_with(&CLIENT.map(str::to_owned)));
    findings.extend(asks.filter(|_| !lies_in(file, &MAY_ASK_THE_FORGE)).map(|path| {
        Finding::new(
            &file.path,
            path.line,
            "`hyper_util::client` is named here: the forge is asked by its one pool alone",
        )
    }));
    Ok(findings)
}

fn lies_in(file: &RustFile, places: &[&str]) -> bool {
    places.iter().any(|place| file.path.starts_with(place))
}

/// What is wrong with this path as a way to the makers.
fn connects(file: &RustFile, path: &UsedPath) -> Option<String> {
    let room = file.path.strip_prefix("crates/").unwrap_or(&file.path).split('/').next().unwrap_or_default();
    let parts: Vec<_> = path.parts.iter().map(String::as_str).collect();
    if !MAY_CONNECT.contains(&room) {
        return match parts.as_slice() {
            [GITEA, MAKERS, ..] => Some(format!("`{room}` may not name `aegis_gitea::connect`")),
            [GITEA, "*" | "self", ..] => Some(format!("`{room}` must name what it uses of `aegis_gitea` one by one")),
            [GITEA] if path.renamed => Some(format!("`{room}` must not rename `aegis_gitea`")),
            _ => None,
        };
    }
    if path.renamed && parts.starts_with(&[GITEA, MAKERS]) && parts.len() == 2 {
        return Some("`aegis_gitea::connect` keeps its name, so that this check can follow it".to_owned());
    }
    let whole = matches!(parts.as_slice(), [GITEA] | [GITEA, "*" | "self"]);
    let passes_on = path.exported && (whole || parts.contains(&MAKERS)) && !lies_in(file, &MAKERS_OWN_FILES);
    passes_on.then(|| format!("`{room}` passes on `connect` to rooms that may not name it"))
}

/// A path as written: `a::b`, or one leaf of a `use` tree with its stem.
#[derive(Debug)]
struct UsedPath {
    parts: Vec<String>,
    line: usize,
    /// Stands in a `pub use`.
    exported: bool,
    /// Followed by `as`.
    renamed: bool,
}

fn collect_paths(stream: &TokenStream, found: &mut Vec<UsedPath>) {
    let all: Vec<TokenTree> = stream.clone().into_iter().collect();
    let mut rest = all.as_slice();
    let mut exported = false;
    let mut before: Option<&TokenTree> = None;
    while let [first, tail @ ..] = rest {
        let follows_pub = is_word(before, "pub");
        before = Some(first);
        match first {
            TokenTree::Ident(ident) if ident == "use" => {
                exported = follows_pub;
                rest = tail;
            }
            TokenTree::Ident(_) => {
                rest = path_from(rest, &[], exported, found);
            }
            TokenTree::Group(group) => {
                // `pub use {a::b, c}`: a tree without a stem.
                let stemless = exported && group.delimiter() == Delimiter::Brace;
                if stemless {
                    leaves(group.stream(), &[], exported, found);
                } else {
                    collect_paths(&group.stream(), found);
                }
                rest = tail;
            }
            TokenTree::Punct(punct) => {
                exported = exported && punct.as_char() != ';';
                rest = tail;
            }
            TokenTree::Literal(_) => rest = tail,
        }
    }
}

/// Reads one path that begins at the head of `rest`; gives what follows it.
fn path_from<'t>(
    mut rest: &'t [TokenTree],
    stem: &[String],
    exported: bool,
    found: &mut Vec<UsedPath>,
) -> &'t [TokenTree] {
    let mut parts = stem.to_vec();
    let line = rest.first().map_or(1, |token| token.span().start().line);
    while let [TokenTree::Ident(ident), tail @ ..] = rest {
        parts.push(ident.to_string());
        rest = tail;
        let Some(after) = after_colons(tail) else { break };
        match after {
            [TokenTree::Ident(_), ..] => rest = after,
            [TokenTree::Group(group), tail @ ..] if group.delimiter() == Delimiter::Brace => {
                leaves(group.stream(), &parts, exported, found);
                return tail;
            }
            [TokenTree::Punct(star), tail @ ..] if star.as_char() == '*' => {
                parts.push("*".to_owned());
                rest = tail;
                break;
            }
            _ => break,
        }
    }
    found.push(UsedPath { parts, line, exported, renamed: is_word(rest.first(), "as") });
    rest
}

/// Reads the leaves of a `use` tree's braces.
fn leaves(stream: TokenStream, stem: &[String], exported: bool, found: &mut Vec<UsedPath>) {
    let all: Vec<TokenTree> = stream.into_iter().collect();
    let mut rest = all.as_slice();
    while let [first, tail @ ..] = rest {
        rest = match first {
            TokenTree::Ident(_) => {
                let after = path_from(rest, stem, exported, found);
                let skip = if is_word(after.first(), "as") { 2 } else { 0 };
                after.get(skip..).unwrap_or_default()
            }
            TokenTree::Punct(star) if star.as_char() == '*' => {
                let parts = [stem, &["*".to_owned()]].concat();
                found.push(UsedPath { parts, line: star.span().start().line, exported, renamed: false });
                tail
            }
            TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => tail,
        };
    }
}

fn after_colons(rest: &[TokenTree]) -> Option<&[TokenTree]> {
    match rest {
        [first, second, tail @ ..] if is_punct(Some(first), ':') && is_punct(Some(second), ':') => Some(tail),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let file = RustFile { path: path.to_owned(), text: text.to_owned() };
        check(&file).unwrap().iter().map(Finding::to_string).collect()
    }

    #[test]
    fn every_way_of_naming_the_makers_is_found_where_they_are_withheld() {
        for text in [
            "use aegis_gitea::connect;",
            "use aegis_gitea::connect::Client as C;",
            "use aegis_gitea::{name::Owner, connect::{Maker}};",
            "use {aegis_gitea::{connect}};",
            "fn a() { let c = ::aegis_gitea::connect::client(); }",
            "fn a(c: &aegis_gitea :: connect :: Client) {}",
            "use aegis_gitea::*;",
            "use aegis_gitea::{self};",
            "use aegis_gitea as forge;",
            "extern crate aegis_gitea as forge;",
            "mod a { proptest! { fn b() { aegis_gitea::connect::client(); } } }",
        ] {
            assert_eq!(found("crates/search/src/a.rs", text).len(), 1, "{text}");
            assert!(found("crates/gate/src/a.rs", text).is_empty(), "{text}");
        }
        let line = found("crates/tools/tests/a.rs", "\n\nuse aegis_gitea::connect;");
        assert_eq!(line, ["crates/tools/tests/a.rs:3: `tools` may not name `aegis_gitea::connect`"]);
    }

    #[test]
    fn other_names_of_gitea_are_free() {
        for text in [
            "use aegis_gitea::{name::Owner, read::Repository};",
            "// use aegis_gitea::connect;\nconst A: &str = \"aegis_gitea::connect\";",
            "fn connect() {} fn b() { self::connect(); net::connect(); }",
            "use aegis_gitea;",
        ] {
            assert!(found("crates/search/src/a.rs", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn nobody_passes_the_makers_on() {
        for text in [
            "pub use aegis_gitea::connect::Client;",
            "pub use aegis_gitea::{name::Owner, connect};",
            "pub use {aegis_gitea::connect};",
            "pub use aegis_gitea;",
            "pub use aegis_gitea::*;",
            "use aegis_gitea::connect;\npub use connect::Client;",
            "use aegis_gitea::connect as c;",
        ] {
            assert_eq!(found("crates/gate/src/lib.rs", text).len(), 1, "{text}");
        }
        assert_eq!(found("crates/gitea/src/lib.rs", "pub use crate::connect::Client;").len(), 1);
        for text in ["pub(crate) use aegis_gitea::connect::Client;", "pub use aegis_gitea::name::Owner;"] {
            assert!(found("crates/gate/src/lib.rs", text).is_empty(), "{text}");
        }
        assert!(found("crates/gitea/src/connect.rs", "pub use crate::connect::client::Client;").is_empty());
        assert!(found("crates/gitea/src/lib.rs", "pub mod connect; pub use name::Owner;").is_empty());
    }

    #[test]
    fn guarded_crates_stay_in_their_places() {
        let imports = "use rmcp::model::Tool;";
        for path in ["crates/server/src/mcp.rs", "crates/server/src/mcp/handler.rs", "crates/server/tests/wire.rs"] {
            assert!(found(path, imports).is_empty(), "{path}");
        }
        for path in ["crates/server/src/main.rs", "crates/server/src/mcp_other.rs", "crates/testkit/src/lib.rs"] {
            assert_eq!(found(path, imports).len(), 1, "{path}");
        }
        assert_eq!(found("crates/server/src/doctor.rs", "fn a() { sqlx::query(); }").len(), 1);
        assert!(found("crates/store/src/sqlite.rs", "fn a() { sqlx::query(); }").is_empty());
        assert_eq!(found("crates/oauth/src/token.rs", "use reqwest::Client;").len(), 1);
        assert!(found("crates/oauth/src/fetch.rs", "use reqwest::Client;").is_empty());
        assert_eq!(found("crates/gitea/src/exchange.rs", "use reqwest::Client;").len(), 1);
    }

    #[test]
    fn the_forge_is_asked_by_one_pool() {
        let pool = "use hyper_rustls::HttpsConnector;\nuse hyper_util::client::legacy::{Client, Error};";
        assert!(found("crates/gitea/src/exchange/pool.rs", pool).is_empty());
        assert_eq!(found("crates/gitea/src/connect.rs", pool).len(), 3);
        assert_eq!(found("crates/server/src/front.rs", "use hyper_util::{client::legacy::Client, rt};").len(), 1);
        assert!(found("crates/server/src/listener.rs", "use hyper_util::rt::TokioIo;").is_empty());
    }

    #[test]
    fn tools_see_no_tokens_and_no_audit() {
        let text = "use aegis_gate::audit::Event;\nfn a(c: Credential, d: ClientInfo) {}";
        assert_eq!(found("crates/tools/src/files/get.rs", text).len(), 2);
        assert!(found("crates/gate/src/gate.rs", text).is_empty());
    }
}
