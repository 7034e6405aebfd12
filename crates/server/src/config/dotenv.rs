//! Reads `.env`: one `NAME=value` a line. Nothing is expanded and nothing continues on the next line, so what stands
//! there is what is taken.

/// What a `.env` holds.
pub(crate) struct DotEnv {
    pub(crate) entries: Vec<Entry>,
    /// Lines that are no entry, and why.
    pub(crate) faults: Vec<(usize, &'static str)>,
}

/// One `NAME=value`.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) value: String,
    /// From 1.
    pub(crate) line: usize,
}

pub(crate) fn parse(text: &str) -> DotEnv {
    let mut parsed = DotEnv { entries: Vec::new(), faults: Vec::new() };
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        match entry(content) {
            Ok((name, value)) => parsed.entries.push(Entry { name: name.to_owned(), value, line }),
            Err(fault) => parsed.faults.push((line, fault)),
        }
    }
    parsed
}

fn entry(content: &str) -> Result<(&str, String), &'static str> {
    let content = content.strip_prefix("export ").unwrap_or(content);
    let (name, value) = content.split_once('=').ok_or("is not NAME=value")?;
    let name = name.trim();
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return Err("does not begin with the name of a variable");
    }
    Ok((name, unquoted(value.trim())?))
}

/// `'…'` is literal, `"…"` knows `\"`, `\\` and `\n`, anything else ends at a ` #`.
fn unquoted(raw_value: &str) -> Result<String, &'static str> {
    let (value, rest) = if let Some(quoted) = raw_value.strip_prefix('\'') {
        let (value, rest) = quoted.split_once('\'').ok_or("opens a quote and does not close it")?;
        (value.to_owned(), rest)
    } else if let Some(quoted) = raw_value.strip_prefix('"') {
        double_quoted(quoted)?
    } else {
        let value = if raw_value.starts_with('#') { "" } else { raw_value };
        return Ok(value.split_once(" #").map_or(value, |(value, _)| value).trim_end().to_owned());
    };
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') { Ok(value) } else { Err("goes on after the closing quote") }
}

fn double_quoted(quoted: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut rest = quoted.chars();
    while let Some(character) = rest.next() {
        match character {
            '"' => return Ok((value, rest.as_str())),
            '\\' => value.push(match rest.next() {
                Some('n') => '\n',
                Some(escaped @ ('"' | '\\')) => escaped,
                _ => return Err("has an escape other than \\\", \\\\ and \\n"),
            }),
            _ => value.push(character),
        }
    }
    Err("opens a quote and does not close it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> Result<String, &'static str> {
        entry(line).map(|(_, value)| value)
    }

    #[test]
    fn values_are_taken_as_they_stand() {
        for (line, expected) in [
            ("A=plain", "plain"),
            ("export A = spaced out ", "spaced out"),
            ("A=with#hash # and a comment", "with#hash"),
            ("A=", ""),
            ("A= # only a comment", ""),
            ("A='single # \"literal\" \\n'", "single # \"literal\" \\n"),
            ("A=\"double \\\"quoted\\\" \\\\ \\n\" # comment", "double \"quoted\" \\ \n"),
            ("A=${HOME}/$x", "${HOME}/$x"),
            ("A=b=c", "b=c"),
        ] {
            assert_eq!(value(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_entry_is_refused_with_its_line() {
        let parsed = parse("# fine\n\nA=1\nnonsense\nB-C=2\n=3\nD='open\nE=\"x\" y\nF=\"\\q\"\n\u{feff}G=1\nH=2\r\n");
        let lines: Vec<_> = parsed.faults.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [4, 5, 6, 7, 8, 9, 10]);
        let entries: Vec<_> =
            parsed.entries.iter().map(|entry| (entry.name.as_str(), entry.value.as_str(), entry.line)).collect();
        assert_eq!(entries, [("A", "1", 3), ("H", "2", 11)]);
    }
}
