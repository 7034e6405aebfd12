//! Every way to alter a record that was written, and what it is called.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::super::hash::Hash;
use super::super::line::Frame;
use super::super::verify::{Finding, Place};
use super::*;

/// A record in several files, made once: names, contents, second place, public key.
struct Original {
    files: Vec<(String, Vec<String>)>,
    witness: Vec<u8>,
    keys: Vec<PublicKey>,
}

fn original() -> &'static Original {
    static ORIGINAL: OnceLock<Original> = OnceLock::new();
    ORIGINAL.get_or_init(|| {
        let mut house = House::new();
        (house.settings.rotate_bytes, house.settings.flush_ms) = (6000, 200);
        let work = async {
            let audit = house.open();
            for round in 0..9 {
                for at in 0..5 {
                    audit.note(refusal(&format!("n{round}-{at}")));
                }
                audit.announce(call(&format!("r{round}"))).await.unwrap();
            }
            audit.close().await;
        };
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work);
        assert!(house.verify().intact() && house.verify().notes.is_empty(), "{}", house.verify());
        let files: Vec<_> = house.files().into_iter().map(|(name, content)| (name, lines(&content))).collect();
        assert!(files.len() >= 3);
        Original { files, witness: fs::read(house.root.path().join("second-place")).unwrap(), keys: house.keys() }
    })
}

type Files = Vec<(String, Vec<u8>)>;

/// The verdict on these files, with or without the second place.
fn verdict_on(files: &Files, witness: Option<&[u8]>) -> Report {
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("audit");
    fs::create_dir(&directory).unwrap();
    for (name, content) in files {
        fs::write(directory.join(name), content).unwrap();
    }
    let second = root.path().join("second-place");
    fs::write(&second, witness.unwrap_or_default()).unwrap();
    verify(&directory, "audit", &original().keys, witness.map(|_| second.as_path())).unwrap()
}

fn files() -> Files {
    let join = |lines: &Vec<String>| lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
    original().files.iter().map(|(name, lines)| (name.clone(), join(lines))).collect()
}

/// The verdict after `change` was done to the lines of file `at`, without the second place.
fn after(at: usize, change: impl FnOnce(&mut Vec<String>)) -> Vec<Finding> {
    let mut changed = original().files[at].1.clone();
    change(&mut changed);
    let mut files = files();
    files[at].1 = changed.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
    let report = verdict_on(&files, None);
    assert_eq!(report.notes, [Finding::NoWitness], "{report}");
    report.findings
}

fn place(at: usize, line: usize) -> Place {
    Place { file: original().files[at].0.clone(), line: line as u64 + 1 }
}

fn seq(at: usize, line: usize) -> u64 {
    Frame::parse(original().files[at].1[line].as_bytes()).unwrap().seq
}

/// The line with its hash made to fit.
fn rehashed(line: &str) -> String {
    let (body, _) = line.rsplit_once(",\"hash\":\"").unwrap();
    format!("{body},\"hash\":\"{}\"}}", Hash::of_record(body.as_bytes()))
}

/// The line, made to build on `prev`.
fn built_on(line: &str, prev: &str) -> String {
    let frame = Frame::parse(line.as_bytes()).unwrap();
    rehashed(&line.replace(&frame.prev.to_string(), prev))
}

fn hash(line: &str) -> String {
    Frame::parse(line.as_bytes()).unwrap().hash.to_string()
}

fn edited(line: &str) -> String {
    let edited = line.replace("invalid_api_key", "tool_call").replace("\"denied\"", "\"allowed\"");
    assert_ne!(edited, line);
    edited
}

/// A line of the second file that is neither first, last nor signed, with its two neighbours like it.
fn middle() -> usize {
    let lines = &original().files[1].1;
    (2..lines.len()).find(|at| lines[at - 1..=at + 1].iter().all(|line| line.contains("invalid_api_key"))).unwrap()
}

#[test]
fn a01_an_edited_record_is_named() {
    let at = middle();
    let found = after(1, |lines| lines[at] = edited(&lines[at]));
    assert_eq!(found, [Finding::Edited { place: place(1, at), seq: seq(1, at) }]);
}

#[test]
fn a01_an_edited_record_with_a_fitting_hash_is_named() {
    let at = middle();
    let found = after(1, |lines| lines[at] = rehashed(&edited(&lines[at])));
    assert_eq!(found, [Finding::Edited { place: place(1, at), seq: seq(1, at) }]);
}

#[test]
fn a04_a_chain_recomputed_without_the_key_fails_at_the_next_signature() {
    let at = middle();
    let found = after(1, |lines| {
        lines[at] = rehashed(&edited(&lines[at]));
        for next in at + 1..lines.len() {
            lines[next] = built_on(&lines[next], &hash(&lines[next - 1]));
        }
    });
    let signed = at + original().files[1].1[at..].iter().position(|line| line.contains("\"signature\"")).unwrap();
    let Some(Finding::BadSignature { place: first, since, .. }) = found.first() else { panic!("{found:?}") };
    assert_eq!(*first, place(1, signed));
    assert!((seq(1, 0)..=seq(1, at)).contains(since));
}

#[test]
fn a02_a_removed_record_is_named() {
    let at = middle();
    let removed = |first, last| Finding::Removed { place: place(1, at), first, last };
    let found = after(1, |lines| drop(lines.remove(at)));
    assert_eq!(found, [removed(seq(1, at), seq(1, at))]);
    let found = after(1, |lines| drop(lines.drain(at..at + 2)));
    assert_eq!(found, [removed(seq(1, at), seq(1, at + 1))]);
}

#[test]
fn a02_the_last_record_of_a_full_file_is_missed() {
    let last = original().files[0].1.len() - 1;
    let found = after(0, |lines| drop(lines.pop()));
    assert_eq!(found, [Finding::Removed { place: place(1, 0), first: seq(0, last), last: seq(0, last) }]);
}

#[test]
fn a02_a_duplicated_record_is_named() {
    let at = middle();
    let duplicated = |line| Finding::Duplicated { place: place(1, line), seq: seq(1, at) };
    let found = after(1, |lines| lines.insert(at + 1, lines[at].clone()));
    assert_eq!(found, [duplicated(at + 1)]);
    let found = after(1, |lines| lines.push(lines[at].clone()));
    assert_eq!(found, [duplicated(original().files[1].1.len())]);
}

#[test]
fn a02_a_swapped_or_moved_record_is_named() {
    let at = middle();
    let found = after(1, |lines| lines.swap(at, at + 1));
    assert_eq!(found, [Finding::Reordered { place: place(1, at), seq: seq(1, at + 1) }]);
    let found = after(1, |lines| {
        let line = lines.remove(at);
        lines.insert(at + 5, line);
    });
    assert_eq!(found, [Finding::Reordered { place: place(1, at + 5), seq: seq(1, at) }]);
    let found = after(1, |lines| {
        let line = lines.remove(at + 5);
        lines.insert(at, line);
    });
    assert_eq!(found, [Finding::Reordered { place: place(1, at), seq: seq(1, at + 5) }]);
}

#[test]
fn a02_an_inserted_record_is_named_whatever_number_it_claims() {
    let at = middle();
    let number = seq(1, at);
    for claimed in [1, number - 1, number, number + 1, number + 7, number + 1_000_000, u64::MAX] {
        let found = after(1, |lines| {
            let forged = built_on(&edited(&lines[at]), &hash(&lines[at - 1]));
            let forged = rehashed(&forged.replace(&format!("{{\"seq\":{number},"), &format!("{{\"seq\":{claimed},")));
            lines.insert(at, forged);
        });
        assert_eq!(found, [Finding::Inserted { place: place(1, at), seq: claimed }], "{claimed}");
    }
    let found = after(1, |lines| lines.insert(at, "{\"event\":\"tool_call\"}".to_owned()));
    assert_eq!(found, [Finding::Inserted { place: place(1, at), seq: number }]);
}

#[test]
fn a02_a_record_appended_without_the_key_is_not_vouched_for() {
    let last = original().files.len() - 1;
    let lines = &original().files[last].1;
    let next = seq(last, lines.len() - 1) + 1;
    let found = after(last, |lines| {
        let end = lines[lines.len() - 1].clone();
        let event = original().files[1].1[middle()].clone();
        let (_, rest) = event.split_once(',').unwrap();
        lines.push(built_on(&format!("{{\"seq\":{next},{rest}"), &hash(&end)));
    });
    let chain = original().files[0].0.strip_suffix("-0001.jsonl").unwrap().to_owned();
    assert_eq!(found, [Finding::Unsigned { chain, first: next, last: next, live: false }]);
}

#[test]
fn a03_a_cut_tail_is_seen_with_the_second_place_and_only_then() {
    let mut files = files();
    let (_, content) = files.last_mut().unwrap();
    let whole = lines(content);
    let called = whole.iter().rposition(|line| line.contains("\"event\":\"tool_call\"")).unwrap();
    *content = whole[..=called + 1].iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
    let report = verdict_on(&files, Some(&original().witness));
    assert!(matches!(report.findings[..], [Finding::Truncated { .. }]), "{report}");
    let report = verdict_on(&files, None);
    assert!(report.intact() && report.notes == [Finding::NoWitness], "{report}");
    assert!(report.to_string().contains("no checkpoint file was given: a tail cut off"), "{report}");
}

#[test]
fn a03_a_chain_removed_whole_is_seen_with_the_second_place() {
    let report = verdict_on(&Vec::new(), Some(&original().witness));
    assert!(matches!(report.findings[..], [Finding::MissingChain { .. }]), "{report}");
}

#[tokio::test]
async fn a04_a_record_rewritten_with_the_stolen_key_differs_from_the_second_place() {
    let mut house = House::new();
    house.open().close().await;
    let forget = |house: &House| {
        for file in house.files().into_keys() {
            fs::remove_file(house.path(&file)).unwrap();
        }
    };
    // The same time and randomness: two histories of one chain, both well signed. The second place sees only the first.
    let second_place = house.settings.checkpoint_path.clone();
    for (id, witness) in [("true", second_place.clone()), ("false", None)] {
        forget(&house);
        house.settings.checkpoint_path = witness;
        let (ambient, _) = Ambient::frozen("2026-01-02T03:04:05Z".parse().unwrap());
        let audit = house.open_at(ambient);
        audit.announce(call(id)).await.unwrap();
        audit.close().await;
    }
    assert!(house.verify().intact());
    house.settings.checkpoint_path = second_place;
    let report = house.verify();
    assert!(report.findings.iter().any(|found| matches!(found, Finding::Replaced { .. })), "{report}");
}

#[test]
fn a04_a_record_signed_by_another_key_is_foreign() {
    let report = {
        let root = tempfile::tempdir().unwrap();
        for (name, content) in files() {
            fs::write(root.path().join(name), content).unwrap();
        }
        let other = House::new();
        drop(other.open());
        verify(root.path(), "audit", &other.keys(), None).unwrap()
    };
    assert!(matches!(report.findings[0], Finding::ForeignKey { .. }), "{report}");
    assert!(matches!(report.findings.last(), Some(Finding::Unsigned { first: 1, .. })), "{report}");
}

#[test]
fn s02_a_torn_tail_is_noted_and_no_tampering() {
    let line = original().files[0].1[1].clone();
    for length in [1, 10, line.len() / 2, line.len() - 1] {
        let mut files = files();
        files.last_mut().unwrap().1.extend(&line.as_bytes()[..length]);
        let report = verdict_on(&files, Some(&original().witness));
        assert!(report.intact() && matches!(report.notes[..], [Finding::TornTail { .. }]), "{length}: {report}");
    }
}

#[test]
fn a07_a_torn_line_in_the_middle_of_a_chain_is_no_torn_tail() {
    let mut files = files();
    let content = &mut files[0].1;
    content.pop();
    assert!(!verdict_on(&files, None).intact());
}

#[test]
fn findings_are_one_sentence_without_control_characters() {
    let at = middle();
    let mut files = files();
    files.push(("audit-2\u{1b}[31m".to_owned(), Vec::new()));
    let text = verdict_on(&files, None).to_string();
    assert!(text.contains("audit-2\\u{1b}[31m is not named as a file of the record"), "{text}");
    let found = after(1, |lines| lines[at] = edited(&lines[at]));
    let Place { file, line } = place(1, at);
    assert_eq!(found[0].to_string(), format!("{file} line {line}: record {} was edited", seq(1, at)));
}

/// All lines with the file they stand in.
fn every_line() -> Vec<(usize, usize)> {
    let files = original().files.iter().enumerate();
    files.flat_map(|(at, (_, lines))| (0..lines.len()).map(move |line| (at, line))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a01_any_flipped_bit_in_any_file_is_found(file in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut files = files();
        let at = file.index(files.len());
        let content = &mut files[at].1;
        let byte = byte.index(content.len());
        content[byte] ^= 1_u8 << bit;
        let report = verdict_on(&files, None);
        prop_assert!(!report.intact(), "byte {byte} of file {at}: {report}");
    }

    #[test]
    fn a02_any_line_removed_doubled_or_swapped_is_found(
        one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), act in 0..3
    ) {
        let mut lines: Vec<Vec<String>> = original().files.iter().map(|(_, lines)| lines.clone()).collect();
        let every = every_line();
        let (one, other) = (every[one.index(every.len())], every[other.index(every.len())]);
        prop_assume!(act != 2 || one != other);
        let line = lines[one.0][one.1].clone();
        match act {
            0 => drop(lines[one.0].remove(one.1)),
            1 => lines[other.0].insert(other.1, line),
            _ => {
                lines[one.0][one.1] = std::mem::replace(&mut lines[other.0][other.1], line);
            }
        }
        let mut files = files();
        for (file, lines) in files.iter_mut().zip(&lines) {
            file.1 = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
        }
        let report = verdict_on(&files, Some(&original().witness));
        prop_assert!(!report.intact(), "act {act} on {one:?}, {other:?}: {report}");
        prop_assert!(report.findings.len() <= 6, "{report}");
    }

    #[test]
    fn any_bytes_at_all_are_read_without_a_panic(content in prop::collection::vec(any::<u8>(), 0..2000), at in 0..3_usize) {
        let mut files = files();
        let (_, file) = &mut files[at];
        file.extend(content);
        verdict_on(&files, Some(b"{\"seq\":1}\n\xff\n"));
    }
}
