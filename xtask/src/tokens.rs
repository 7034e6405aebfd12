//! Rust files as tokens: comments and strings fall away, brackets are matched, every token knows its line.
//!
//! A text search would take a name in a comment for its use. Tokens also look inside macros such as `proptest!`, where
//! a syntax tree stops.

use std::collections::BTreeSet;

use anyhow::anyhow;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::source::RustFile;

/// Splits a file into tokens.
///
/// # Errors
/// When it is not Rust; such a file cannot be checked.
pub(crate) fn tokens(file: &RustFile) -> anyhow::Result<TokenStream> {
    file.text.parse().map_err(|error: proc_macro2::LexError| {
        anyhow!("{}:{}: this is not Rust: {error}", file.path, error.span().start().line)
    })
}

/// A name and the line it stands on, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Every identifier, at any depth, in order.
pub(crate) fn names(stream: &TokenStream) -> Vec<Name> {
    let mut found = Vec::new();
    for token in stream.clone() {
        match token {
            TokenTree::Ident(ident) => {
                found.push(Name { text: ident.to_string(), line: ident.span().start().line });
            }
            TokenTree::Group(group) => found.extend(names(&group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    found
}

/// A function with its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// The line of `fn`, from 1.
    pub(crate) line: usize,
    /// From `fn` to the closing brace.
    pub(crate) lines: usize,
    /// The last word of each attribute's path: `test` for `#[tokio::test(start_paused = true)]`.
    attributes: BTreeSet<String>,
}

impl Function {
    /// Does `cargo test` run it? An ignored test proves nothing on most days.
    pub(crate) fn is_test(&self) -> bool {
        self.attributes.contains("test") && !self.attributes.contains("ignore")
    }
}

/// Every function with a body, at any depth: in modules, `impl` blocks and macros such as `proptest!` too.
pub(crate) fn functions(stream: &TokenStream) -> Vec<Function> {
    let mut found = Vec::new();
    let mut attributes = BTreeSet::new();
    let mut open: Option<Function> = None;
    let mut before: Option<TokenTree> = None;
    for token in stream.clone() {
        match &token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket && is_punct(before.as_ref(), '#') => {
                attributes.extend(attribute(group));
            }
            TokenTree::Group(group) => {
                if group.delimiter() == Delimiter::Brace {
                    let end = group.span_close().end().line;
                    found.extend(open.take().map(|head| Function { lines: end.saturating_sub(head.line) + 1, ..head }));
                    attributes.clear();
                }
                found.extend(functions(&group.stream()));
            }
            TokenTree::Ident(ident) if is_word(before.as_ref(), "fn") => {
                let line = ident.span().start().line;
                let attributes = std::mem::take(&mut attributes);
                open = Some(Function { name: ident.to_string(), line, lines: 1, attributes });
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                open = None;
                attributes.clear();
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        before = Some(token);
    }
    found
}

/// The line of the `#[cfg(test)]` that stands on a module outside any bracket, from 1.
///
/// On a single function or `use` it does not count: the product goes on below.
pub(crate) fn test_module_line(stream: &TokenStream) -> Option<usize> {
    let mut line = None;
    let mut before: Option<TokenTree> = None;
    for token in stream.clone() {
        match &token {
            TokenTree::Group(group) if is_punct(before.as_ref(), '#') => {
                let words: Vec<_> = names(&group.stream()).into_iter().map(|name| name.text).collect();
                if words == ["cfg", "test"] {
                    line = Some(group.span_open().start().line);
                }
            }
            TokenTree::Ident(ident) if ident == "mod" && line.is_some() => return line,
            TokenTree::Ident(ident) if ident != "pub" => line = None,
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_) => {}
        }
        before = Some(token);
    }
    None
}

/// The last word of an attribute's path.
fn attribute(group: &Group) -> Option<String> {
    let path = group.stream().into_iter().take_while(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    });
    path.filter(|token| matches!(token, TokenTree::Ident(_))).last().map(|word| word.to_string())
}

pub(crate) fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == word)
}

pub(crate) fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> TokenStream {
        text.parse().unwrap()
    }

    #[test]
    fn names_in_comments_and_strings_do_not_count() {
        let stream = parsed("// rmcp\n/* rmcp */\n/// rmcp\nfn a() { b(\"rmcp\", r#\"rmcp\"#); }\n");
        assert!(names(&stream).iter().all(|name| name.text != "rmcp"));
        let line = names(&stream).into_iter().find(|name| name.text == "b").unwrap().line;
        assert_eq!(line, 4);
    }

    #[test]
    fn functions_are_found_in_modules_traits_and_macros() {
        let stream = parsed(
            "trait T { fn without_body(); }\nmod m {\n  impl X { fn inner(&self) -> [u8; 3] {\n [0; 3]\n } }\n}\n\
             proptest! {\n #[test]\n fn g01_any(x in 0..3) { work(x); }\n}",
        );
        let found: Vec<_> = functions(&stream).into_iter().map(|f| (f.name.clone(), f.line, f.lines)).collect();
        assert_eq!(found, [("inner".to_owned(), 3, 3), ("g01_any".to_owned(), 9, 1)]);
    }

    #[test]
    fn only_what_cargo_test_runs_is_a_test() {
        let tests = |text: &str| {
            let functions = functions(&parsed(text));
            functions.into_iter().filter(Function::is_test).map(|f| f.name).collect::<Vec<_>>()
        };
        assert_eq!(tests("#[test] fn a() {}"), ["a"]);
        assert_eq!(tests("#[tokio::test(start_paused = true)]\n#[should_panic]\nasync fn b() {}"), ["b"]);
        assert!(tests("fn c() {}").is_empty());
        assert!(tests("#[test] #[ignore = \"long\"] fn d() {}").is_empty());
        assert!(tests("#[cfg(test)] mod m { fn e() {} }").is_empty());
        assert!(tests("#[test] fn f() {} fn g01_helper() {}").iter().all(|name| name == "f"));
        assert!(tests("// #[test]\nfn h() {}").is_empty());
        assert_eq!(tests("proptest! { #[test] fn i(x in 0..3) {} fn j(x in 0..3) {} }"), ["i"]);
    }

    #[test]
    fn the_tests_begin_at_their_module() {
        assert_eq!(test_module_line(&parsed("fn a() {}\n\n#[cfg(test)]\nmod tests {}")), Some(3));
        assert_eq!(test_module_line(&parsed("#[cfg(test)]\n#[path = \"x.rs\"]\npub(crate) mod tests {}")), Some(1));
        assert_eq!(test_module_line(&parsed("#[cfg(test)]\nfn a() {}\nmod b {}")), None);
        assert_eq!(test_module_line(&parsed("#[cfg(unix)]\nmod a {}")), None);
        assert_eq!(test_module_line(&parsed("mod a {\n#[cfg(test)]\nmod tests {}\n}")), None);
    }
}
