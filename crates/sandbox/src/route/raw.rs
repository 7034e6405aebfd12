//! Files as they are, with `ETag`, conditional requests and single ranges.

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RANGE,
};
use http::{HeaderName, StatusCode};
use jiff::Timestamp;

use super::content::{at, clean};
use crate::answer::content::lfs_pointer;
use crate::answer::{Answer, Outcome, PLAIN, UNCACHED};
use crate::ask::{Ask, Here};
use crate::git::{Mode, ObjectId, find, is_binary, last_change};

/// `STATIC_CACHE_TIME`, six hours.
const CACHED: &str = "private, max-age=21600, no-transform";
/// `media` looks into smaller files for an LFS pointer, and then sends them without any of the headers below.
const POINTER_BYTES: usize = 1024;
const OBJECT_TYPE: HeaderName = HeaderName::from_static("x-gitea-object-type");

struct File {
    id: ObjectId,
    content: Bytes,
    name: String,
    modified: String,
}

fn file(ask: &Ask<'_>, here: &Here<'_>, path: &str) -> Result<File, Answer> {
    let git = &here.repository.git;
    // A ref it does not know is taken for the default branch.
    let at = at(ask, here).ok().or_else(|| here.resolve("HEAD")).ok_or_else(|| ask.not_found())?;
    let path = clean(path);
    let found = git.tree_of(at.commit).and_then(|tree| find(git, tree, &path));
    let found =
        found.filter(|found| !matches!(found.mode, Mode::Tree | Mode::Submodule)).ok_or_else(|| ask.not_found())?;
    let content = git.blob(found.id).ok_or_else(|| ask.not_found())?.clone();
    let changed = last_change(git, at.commit, &path).and_then(|last| git.commit(last));
    let seconds = changed.map_or(0, |commit| commit.committer.unix_seconds);
    let modified =
        Timestamp::from_second(seconds).unwrap_or_default().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Ok(File { id: found.id, content, name: path.rsplit('/').next().unwrap_or_default().to_owned(), modified })
}

pub(super) fn raw(ask: &Ask<'_>, here: &Here<'_>, path: &str) -> Outcome {
    Ok(serve(ask, &file(ask, here, path)?))
}

/// Like `raw`; a pointer whose object the server does not hold is sent itself.
pub(super) fn media(ask: &Ask<'_>, here: &Here<'_>, path: &str) -> Outcome {
    let file = file(ask, here, path)?;
    if file.content.len() <= POINTER_BYTES && lfs_pointer(&file.content).is_none() {
        let answer = Answer { status: StatusCode::OK, headers: Vec::new(), body: file.content.clone() };
        return Ok(answer
            .with(CACHE_CONTROL, UNCACHED)
            .with(OBJECT_TYPE, "file")
            .with(CONTENT_TYPE, content_type(&file.content)));
    }
    Ok(serve(ask, &file))
}

fn serve(ask: &Ask<'_>, file: &File) -> Answer {
    let etag = format!("\"{}\"", file.id);
    let validators =
        |answer: Answer| answer.with(ETAG, &etag).with(LAST_MODIFIED, &file.modified).with(OBJECT_TYPE, "file");
    let header = |name: HeaderName| ask.headers.get(name).and_then(|value| value.to_str().ok());
    let unchanged = match header(IF_NONE_MATCH) {
        Some(known) => known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag),
        None => header(IF_MODIFIED_SINCE).is_some_and(|since| since == file.modified),
    };
    if unchanged {
        return validators(Answer::empty(StatusCode::NOT_MODIFIED));
    }
    let length = file.content.len();
    let (status, body, range) = match header(RANGE).map(|text| range(text, length)) {
        None | Some(Asked::Whole) => (StatusCode::OK, file.content.clone(), None),
        Some(Asked::Part(start, end)) => {
            let part = file.content.slice(start..end);
            (StatusCode::PARTIAL_CONTENT, part, Some(format!("bytes {start}-{}/{length}", end - 1)))
        }
        Some(Asked::Impossible) => {
            let message = Bytes::from_static(b"invalid range: failed to overlap\n");
            (StatusCode::RANGE_NOT_SATISFIABLE, message, Some(format!("bytes */{length}")))
        }
    };
    let answer = validators(Answer { status, headers: Vec::new(), body })
        .with(ACCESS_CONTROL_EXPOSE_HEADERS, "Content-Disposition")
        .with(CACHE_CONTROL, CACHED)
        .with(CONTENT_DISPOSITION, disposition(&file.name))
        .with(ACCEPT_RANGES, "bytes")
        .with(CONTENT_TYPE, content_type(&file.content));
    match range {
        Some(range) => answer.with(CONTENT_RANGE, range),
        None => answer,
    }
}

enum Asked {
    Whole,
    /// From, and to but not including.
    Part(usize, usize),
    Impossible,
}

/// One `bytes=` range (RFC 9110, 14.1.2); anything else gets the whole file.
fn range(text: &str, length: usize) -> Asked {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|text| text.split_once('-')) else {
        return Asked::Whole;
    };
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), _) if first >= length => Asked::Impossible,
        (Ok(first), Ok(last)) if last >= first => Asked::Part(first, (last + 1).min(length)),
        (Ok(first), Err(_)) if last.is_empty() => Asked::Part(first, length),
        (Err(_), Ok(tail)) if first.is_empty() && tail > 0 => Asked::Part(length.saturating_sub(tail), length),
        _ => Asked::Whole,
    }
}

/// Sniffed, never taken from the name: text is always `text/plain`.
fn content_type(content: &[u8]) -> &'static str {
    const IMAGES: [(&[u8], &str); 3] =
        [(b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif")];
    let image = IMAGES.iter().find(|(start, _)| content.starts_with(start));
    let control = |byte: &u8| matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31);
    match image {
        Some((_, kind)) => kind,
        None if is_binary(content) || content.iter().take(1024).any(control) => "application/octet-stream",
        None if std::str::from_utf8(content).is_ok() => PLAIN,
        None => "text/plain; charset=iso-8859-1",
    }
}

/// A token as it is, other ASCII quoted (RFC 6266), the rest by RFC 8187.
fn disposition(name: &str) -> String {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte);
    if name.bytes().all(token) {
        return format!("inline; filename={name}");
    }
    if name.is_ascii() {
        return format!("inline; filename=\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let escape = |byte: u8| if token(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    format!("inline; filename*=utf-8''{}", name.bytes().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file_and_odd_ones_ignored() {
        assert!(matches!(range("bytes=0-9", 12), Asked::Part(0, 10)));
        assert!(matches!(range("bytes=10-99", 12), Asked::Part(10, 12)));
        assert!(matches!(range("bytes=-5", 12), Asked::Part(7, 12)));
        assert!(matches!(range("bytes=4-", 12), Asked::Part(4, 12)));
        assert!(matches!(range("bytes=12-", 12), Asked::Impossible));
        assert!(matches!(range("lines=1-2", 12), Asked::Whole));
    }

    #[test]
    fn types_are_sniffed_and_names_kept_harmless() {
        assert_eq!(content_type(b"<script>alert(1)</script>"), PLAIN);
        assert_eq!(content_type(b"\x89PNG\r\n\x1a\n..."), "image/png");
        assert_eq!(content_type(b"Gr\xf6\xdfe"), "text/plain; charset=iso-8859-1");
        assert_eq!(content_type(&[1, 2, 3]), "application/octet-stream");
        assert_eq!(disposition("a \"b\".md"), "inline; filename=\"a \\\"b\\\".md\"");
    }
}
