//! Unified diffs as `git diff` prints them.

use super::binary;
use super::change::{Change, Side};
use super::object::{Mode, ObjectId};
use super::script::{Edit, Script};
use super::store::Git;

const CONTEXT_LINES: usize = 3;
/// Git looks for a NUL this far to call a file binary.
const SNIFFED_BYTES: usize = 8000;
/// The function line behind `@@` is cut here.
const FUNCTION_BYTES: usize = 80;

/// Whether Git would refuse to show this as text.
pub(crate) fn is_binary(content: &[u8]) -> bool {
    content.iter().take(SNIFFED_BYTES).any(|byte| *byte == 0)
}

/// The whole diff, one section a file. Of binary files it says only that they differ.
pub(crate) fn unified(git: &Git, changes: &[Change]) -> Vec<u8> {
    sections(git, changes, false)
}

/// The same with binary content, as patches have it.
pub(super) fn with_binaries(git: &Git, changes: &[Change]) -> Vec<u8> {
    sections(git, changes, true)
}

fn sections(git: &Git, changes: &[Change], binaries: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for change in changes {
        let (old, new) = change.contents(git);
        let as_binary = old != new && (is_binary(&old) || is_binary(&new));
        header(change, as_binary && binaries, &mut text);
        if as_binary && binaries {
            binary::patch(&old, &new, &mut text);
        } else if old != new {
            body(change, (&old, &new), as_binary, &mut text);
        }
    }
    text
}

fn line(text: &mut Vec<u8>, line: &str) {
    text.extend_from_slice(line.as_bytes());
    text.push(b'\n');
}

fn header(change: &Change, whole_ids: bool, text: &mut Vec<u8>) {
    let (Some(before), Some(after)) =
        (change.old.as_ref().or(change.new.as_ref()), change.new.as_ref().or(change.old.as_ref()))
    else {
        return;
    };
    line(text, &format!("diff --git a/{} b/{}", before.path, after.path));
    match (&change.old, &change.new) {
        (None, Some(new)) => line(text, &format!("new file mode {}", new.mode.octal())),
        (Some(old), None) => line(text, &format!("deleted file mode {}", old.mode.octal())),
        (Some(old), Some(new)) if old.mode != new.mode => {
            line(text, &format!("old mode {}\nnew mode {}", old.mode.octal(), new.mode.octal()));
        }
        _ => {}
    }
    if let Some(similarity) = change.similarity {
        let (from, to) = (&before.path, &after.path);
        line(text, &format!("similarity index {similarity}%\nrename from {from}\nrename to {to}"));
    }
    let id = |side: &Option<Side>| side.as_ref().map_or(ObjectId::NONE, |side| side.id);
    let (old, new) = (id(&change.old), id(&change.new));
    if old != new {
        let mode = if before.mode == after.mode && change.old.is_some() && change.new.is_some() {
            format!(" {}", after.mode.octal())
        } else {
            String::new()
        };
        let shown = |id: ObjectId| if whole_ids { id.to_string() } else { id.abbreviated() };
        line(text, &format!("index {}..{}{mode}", shown(old), shown(new)));
    }
}

/// `a/path`, or `/dev/null`; a tab after names with a space tells where the name ends.
fn label(prefix: &str, side: Option<&Side>) -> String {
    match side {
        None => "/dev/null".to_owned(),
        Some(side) if side.path.contains(' ') => format!("{prefix}/{}\t", side.path),
        Some(side) => format!("{prefix}/{}", side.path),
    }
}

fn body(change: &Change, (old, new): (&[u8], &[u8]), as_binary: bool, text: &mut Vec<u8>) {
    let (from, to) = (label("a", change.old.as_ref()), label("b", change.new.as_ref()));
    if as_binary {
        line(text, &format!("Binary files {} and {} differ", from.trim_end(), to.trim_end()));
        return;
    }
    line(text, &format!("--- {from}\n+++ {to}"));
    let script = Script::new(old, new);
    let names_functions =
        [&change.old, &change.new].iter().all(|side| side.as_ref().is_none_or(|side| side.mode != Mode::Submodule));
    for hunk in hunks(&script.edits(), script.old.len(), script.new.len()) {
        hunk.print(&script, names_functions, text);
    }
}

/// Edits close enough to share their context, with the lines they span.
struct Hunk {
    edits: Vec<Edit>,
    old: (usize, usize),
    new: (usize, usize),
}

fn hunks(edits: &[Edit], old_length: usize, new_length: usize) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for edit in edits {
        let before = CONTEXT_LINES.min(edit.old.0);
        let ends = ((edit.old.1 + CONTEXT_LINES).min(old_length), (edit.new.1 + CONTEXT_LINES).min(new_length));
        match hunks.last_mut() {
            Some(last) if last.edits.last().is_some_and(|near| edit.old.0 - near.old.1 <= 2 * CONTEXT_LINES) => {
                last.edits.push(*edit);
                (last.old.1, last.new.1) = ends;
            }
            _ => hunks.push(Hunk {
                edits: vec![*edit],
                old: (edit.old.0 - before, ends.0),
                new: (edit.new.0 - before.min(edit.new.0), ends.1),
            }),
        }
    }
    hunks
}

impl Hunk {
    fn print(&self, script: &Script<'_>, names_functions: bool, text: &mut Vec<u8>) {
        let function = names_functions.then(|| function_above(&script.old, self.old.0)).flatten();
        text.extend_from_slice(format!("@@ -{} +{} @@", range(self.old), range(self.new)).as_bytes());
        if let Some(function) = function {
            text.push(b' ');
            text.extend_from_slice(function);
        }
        text.push(b'\n');
        let mut at = self.old.0;
        for edit in &self.edits {
            print_lines(b' ', script.old.get(at..edit.old.0), text);
            print_lines(b'-', script.old.get(edit.old.0..edit.old.1), text);
            print_lines(b'+', script.new.get(edit.new.0..edit.new.1), text);
            at = edit.old.1;
        }
        print_lines(b' ', script.old.get(at..self.old.1), text);
    }
}

/// `start,length` from one; the length is left out when it is one, and an empty range names the line before it.
fn range((start, end): (usize, usize)) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

fn print_lines(sign: u8, lines: Option<&[&[u8]]>, text: &mut Vec<u8>) {
    for content in lines.unwrap_or_default() {
        text.push(sign);
        text.extend_from_slice(content);
        if !content.ends_with(b"\n") {
            text.extend_from_slice(b"\n\\ No newline at end of file\n");
        }
    }
}

/// The nearest line above that starts like a definition: a letter, `_` or `$` (xdiff's default).
fn function_above<'a>(lines: &[&'a [u8]], start: usize) -> Option<&'a [u8]> {
    let mut above = lines.iter().take(start).rev();
    let starts =
        |line: &&&[u8]| line.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$'));
    let found: &[u8] = above.find(starts)?;
    Some(found.get(..found.len().min(FUNCTION_BYTES)).unwrap_or(found).trim_ascii_end())
}
