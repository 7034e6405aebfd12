//! The two names of a file in a diff.
//!
//! git writes a name that holds a quote, a backslash, a control character or (by default) a byte beyond ASCII in
//! quotes, with C's escapes. Where several lines give a name they must agree.

/// Old and new name, where they are certain. `header` is what stands behind `diff --git `.
pub(super) fn read(header: &str, extended: &[&str]) -> Option<(String, String)> {
    let is_moved = |line: &&str| line.starts_with("rename ") || line.starts_with("copy ");
    let named = if extended.iter().any(is_moved) {
        let (from, to) = moved(extended, "rename ").or_else(|| moved(extended, "copy "))?;
        (plain(from)?, plain(to)?)
    } else {
        same_twice(header)?
    };
    (agrees(extended, "--- ", "a/", &named.0) && agrees(extended, "+++ ", "b/", &named.1)).then_some(named)
}

/// `rename from x` and `rename to y`; one without the other is none.
fn moved<'a>(extended: &[&'a str], word: &str) -> Option<(&'a str, &'a str)> {
    let value = |end: &str| extended.iter().find_map(|line| line.strip_prefix(word)?.strip_prefix(end));
    value("from ").zip(value("to "))
}

/// `a/x b/x`: only equal names can be told apart without quotes.
fn same_twice(header: &str) -> Option<(String, String)> {
    if header.starts_with('"') {
        let (old, rest) = quoted(header)?;
        let (new, rest) = quoted(rest.strip_prefix(' ')?)?;
        let (old, new) = (old.strip_prefix("a/")?.to_owned(), new.strip_prefix("b/")?.to_owned());
        return (rest.is_empty() && old == new).then_some((old, new));
    }
    // "a/" and "b/" are as long as each other, so the space is in the middle.
    let middle = header.len() / 2;
    let (old, new) = (header.get(..middle)?, header.get(middle..)?.strip_prefix(' ')?);
    let (old, new) = (old.strip_prefix("a/")?, new.strip_prefix("b/")?);
    (old == new).then(|| (old.to_owned(), new.to_owned()))
}

/// Whether `--- a/x` or `+++ b/x`, if it is there, says the same. A tab ends a name with spaces.
fn agrees(extended: &[&str], word: &str, side: &str, name: &str) -> bool {
    extended.iter().filter_map(|line| line.strip_prefix(word)).all(|value| {
        let value = value.strip_suffix('\t').unwrap_or(value);
        value == "/dev/null" || plain(value).is_some_and(|value| value.strip_prefix(side) == Some(name))
    })
}

/// A name with or without quotes.
fn plain(value: &str) -> Option<String> {
    if !value.starts_with('"') {
        return Some(value.to_owned());
    }
    quoted(value).filter(|(_, rest)| rest.is_empty()).map(|(name, _)| name)
}

/// The name in quotes at the start, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    let mut rest = text.strip_prefix('"')?.bytes().enumerate();
    while let Some((place, byte)) = rest.next() {
        match byte {
            b'"' => return Some((String::from_utf8(bytes).ok()?, text.get(place.checked_add(2)?..)?)),
            b'\\' => bytes.push(escaped(&mut rest)?),
            other => bytes.push(other),
        }
    }
    None
}

fn escaped(rest: &mut impl Iterator<Item = (usize, u8)>) -> Option<u8> {
    let (_, first) = rest.next()?;
    Some(match first {
        b'"' | b'\\' => first,
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        b'0'..=b'3' => {
            let mut octal = u32::from(first - b'0');
            for _ in 0..2 {
                let (_, digit) = rest.next().filter(|(_, digit)| (b'0'..=b'7').contains(digit))?;
                octal = octal * 8 + u32::from(digit - b'0');
            }
            u8::try_from(octal).ok()?
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &str, extended: &[&str]) -> Option<(String, String)> {
        read(header, extended)
    }

    #[test]
    fn quoted_names_are_read_as_git_writes_them() {
        let both = |name: &str| Some((name.to_owned(), name.to_owned()));
        assert_eq!(names(r#""a/\303\274.txt" "b/\303\274.txt""#, &[]), both("ü.txt"));
        assert_eq!(names(r#""a/x\"y\\z" "b/x\"y\\z""#, &[r#"--- "a/x\"y\\z""#]), both("x\"y\\z"));
        assert_eq!(names("a/x b/x b/x b/x", &[]), both("x b/x"));
        assert_eq!(names("whatever", &["rename from x", r#"rename to "\303\274""#]), Some(("x".into(), "ü".into())));
    }

    #[test]
    fn what_is_not_certain_is_none() {
        for header in
            [r#""a/\3" "b/\3""#, r#""a/x" "b/y""#, r#""a/x" b/x"#, r#""a/x"#, "a/x", "a/ü b/u", r#""a/\377" "b/\377""#]
        {
            assert_eq!(names(header, &[]), None, "{header}");
        }
        assert_eq!(names("a/x b/x", &["+++ b/secret"]), None);
        assert_eq!(names("a/x b/x", &[r#"--- "a/x"tail"#]), None);
    }
}
