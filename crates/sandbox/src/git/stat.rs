//! Counting changed lines, and the `--stat` block of a patch.

use std::fmt::Write as _;

use super::change::{Change, Side};
use super::diff::is_binary;
use super::script::Script;
use super::store::Git;

/// The width `git format-patch` gives its diffstat.
const WIDTH_COLUMNS: usize = 72;

/// Lines added and removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lines {
    pub(crate) added: usize,
    pub(crate) removed: usize,
}

/// Counts for one file; none for binary content.
pub(crate) fn lines_changed(git: &Git, change: &Change) -> Lines {
    let (old, new) = change.contents(git);
    if is_binary(&old) || is_binary(&new) {
        return Lines::default();
    }
    let edits = Script::new(&old, &new).edits();
    Lines {
        added: edits.iter().map(|edit| edit.new.1 - edit.new.0).sum(),
        removed: edits.iter().map(|edit| edit.old.1 - edit.old.0).sum(),
    }
}

struct Row {
    name: String,
    lines: Lines,
    /// Sizes before and after, for binary files.
    binary: Option<(usize, usize)>,
}

/// ` path | 3 ++-` lines, the sum, and the lines about created, deleted and renamed files.
pub(crate) fn block(git: &Git, changes: &[Change]) -> String {
    let rows = rows(git, changes);
    let largest = rows.iter().map(|row| row.lines.added + row.lines.removed).max().unwrap_or(0);
    let bin_width =
        rows.iter().filter_map(|row| row.binary).map(|(old, new)| format!("{old} -> {new} bytes").len()).max();
    let number_width = largest.to_string().len().max(if bin_width.is_some() { 3 } else { 0 });
    let longest = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    let (name_width, graph_width) = widths(longest, largest, number_width, bin_width.unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let name = shortened(&row.name, name_width);
        let _ = write!(text, " {name:<name_width$} | ");
        if let Some((old, new)) = row.binary {
            let _ = writeln!(text, "{:>number_width$} {old} -> {new} bytes", "Bin");
        } else {
            let total = row.lines.added + row.lines.removed;
            let (plus, minus) = graph(row.lines, largest, graph_width);
            let space = if total == 0 { "" } else { " " };
            let _ = writeln!(text, "{total:>number_width$}{space}{}{}", "+".repeat(plus), "-".repeat(minus));
        }
    }
    summary(&rows, &mut text);
    for (place, change) in changes.iter().enumerate() {
        match (other_half(changes, place), &change.old) {
            (Some(new), Some(old)) => {
                let (from, to) = (old.mode.octal(), new.mode.octal());
                let _ = writeln!(text, " mode change {from} => {to} {}", new.path);
            }
            _ if place > 0 && other_half(changes, place - 1).is_some() => {}
            _ => text.push_str(&extended(change)),
        }
    }
    text
}

/// A file that became something else is a deletion and a creation in the diff, and one line here: the second half.
fn other_half(changes: &[Change], place: usize) -> Option<&Side> {
    let (deletion, creation) = (changes.get(place)?, changes.get(place + 1)?);
    let gone = deletion.old.as_ref().filter(|_| deletion.new.is_none())?;
    creation.new.as_ref().filter(|made| creation.old.is_none() && made.path == gone.path)
}

fn rows(git: &Git, changes: &[Change]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (place, change) in changes.iter().enumerate() {
        let next = row(git, change);
        let second_half = place > 0 && other_half(changes, place - 1).is_some();
        match rows.last_mut().filter(|_| second_half) {
            Some(first) => first.lines.added += next.lines.added,
            None => rows.push(next),
        }
    }
    rows
}

fn row(git: &Git, change: &Change) -> Row {
    let (old, new) = change.contents(git);
    let binary = (is_binary(&old) || is_binary(&new)).then_some((old.len(), new.len()));
    let name = match (&change.old, &change.new) {
        (Some(old), Some(new)) if old.path != new.path => renamed(&old.path, &new.path),
        _ => change.path().to_owned(),
    };
    Row { name, lines: lines_changed(git, change), binary }
}

/// Git's own split of the columns between name and graph (diff.c, `show_stats`).
fn widths(longest: usize, largest: usize, number_width: usize, bin_width: usize) -> (usize, usize) {
    let beside_graph = if bin_width == 0 { 0 } else { (bin_width + 4).saturating_sub(number_width) };
    let (mut name, mut graph) = (longest, largest.max(beside_graph));
    if name + number_width + 6 + graph > WIDTH_COLUMNS {
        let most = (WIDTH_COLUMNS * 3 / 8).saturating_sub(number_width + 6).max(6);
        if graph > most {
            graph = most;
        }
        let room = WIDTH_COLUMNS.saturating_sub(number_width + 6 + graph);
        if name > room {
            name = room;
        } else {
            graph = WIDTH_COLUMNS.saturating_sub(number_width + 6 + name);
        }
    }
    (name, graph)
}

fn graph(lines: Lines, largest: usize, width: usize) -> (usize, usize) {
    if largest <= width {
        return (lines.added, lines.removed);
    }
    let scaled = |count: usize| if count == 0 { 0 } else { 1 + count * (width - 1) / largest };
    let mut total = scaled(lines.added + lines.removed);
    if total < 2 && lines.added > 0 && lines.removed > 0 {
        total = 2;
    }
    if lines.added < lines.removed {
        let plus = scaled(lines.added);
        (plus, total - plus)
    } else {
        let minus = scaled(lines.removed);
        (total - minus, minus)
    }
}

/// Long names lose their beginning, up to a slash if there is one.
fn shortened(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width {
        return name.to_owned();
    }
    let tail: String = name.chars().skip(length + 3 - width).collect();
    match tail.find('/') {
        Some(slash) => format!("...{}", tail.get(slash..).unwrap_or_default()),
        None => format!("...{tail}"),
    }
}

/// `dir/{old => new}/name` (diff.c, `pprint_rename`).
fn renamed(old: &str, new: &str) -> String {
    let shared = old.bytes().zip(new.bytes()).take_while(|(one, other)| one == other).count();
    let front = old.get(..shared).and_then(|text| text.rfind('/')).map_or(0, |slash| slash + 1);
    let same = old.bytes().rev().zip(new.bytes().rev()).take_while(|(one, other)| one == other).count();
    // The common tail may overlap the front's slash but nothing else of the front.
    let most = (old.len().min(new.len()) + usize::from(front > 0)).saturating_sub(front);
    let tail = old.get(old.len() - same.min(most)..).unwrap_or_default();
    let back = tail.find('/').map_or("", |slash| tail.get(slash..).unwrap_or_default());
    let middle = |path: &str| path.get(front..(path.len() - back.len()).max(front)).unwrap_or_default().to_owned();
    if front == 0 && back.is_empty() {
        return format!("{old} => {new}");
    }
    format!("{}{{{} => {}}}{back}", old.get(..front).unwrap_or_default(), middle(old), middle(new))
}

fn summary(rows: &[Row], text: &mut String) {
    let (added, removed) =
        rows.iter().fold((0, 0), |(added, removed), row| (added + row.lines.added, removed + row.lines.removed));
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let _ = write!(text, " {} file{} changed", rows.len(), plural(rows.len()));
    if added > 0 || removed == 0 {
        let _ = write!(text, ", {added} insertion{}(+)", plural(added));
    }
    if removed > 0 || added == 0 {
        let _ = write!(text, ", {removed} deletion{}(-)", plural(removed));
    }
    text.push('\n');
}

fn extended(change: &Change) -> String {
    match (&change.old, &change.new) {
        (None, Some(new)) => format!(" create mode {} {}\n", new.mode.octal(), new.path),
        (Some(old), None) => format!(" delete mode {} {}\n", old.mode.octal(), old.path),
        (Some(old), Some(new)) => {
            let modes = (old.mode != new.mode).then(|| format!("{} => {}", old.mode.octal(), new.mode.octal()));
            match (change.similarity, modes) {
                (Some(alike), modes) => {
                    let mode_line = modes.map(|modes| format!(" mode change {modes}\n")).unwrap_or_default();
                    format!(" rename {} ({alike}%)\n{mode_line}", renamed(&old.path, &new.path))
                }
                (None, Some(modes)) => format!(" mode change {modes} {}\n", new.path),
                (None, None) => String::new(),
            }
        }
        (None, None) => String::new(),
    }
}
