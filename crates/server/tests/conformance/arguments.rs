//! `cargo test` hands the same arguments to every test, harness or not.

use std::ffi::OsString;

/// Options of the harness whose value is an argument of its own.
const WITH_VALUE: [&str; 7] = ["--test-threads", "--skip", "--format", "--color", "--logfile", "--shuffle-seed", "-Z"];

/// Whether these arguments ask to run the test of this name: not where they only list, ask for ignored tests alone, or
/// name others.
pub(crate) fn want(name: &str, arguments: &[OsString]) -> bool {
    let mut filters = Vec::new();
    let mut arguments = arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
    while let Some(argument) = arguments.next() {
        match argument.as_ref() {
            "--list" => {
                println!("{name}: test");
                return false;
            }
            "--ignored" => return false,
            option if WITH_VALUE.contains(&option) => drop(arguments.next()),
            option if option.starts_with('-') => (),
            filter => filters.push(filter.to_owned()),
        }
    }
    filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
}
