//! Rotation and retention, and several processes in one directory.

use std::fs::File;
use std::time::SystemTime;

use super::super::name::SegmentName;
use super::*;

/// Makes a file look untouched for so many days.
fn age(house: &House, file: &str, days: u64) {
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(now_secs() - days * 86_400);
    File::options().append(true).open(house.path(file)).unwrap().set_modified(old).unwrap();
}

fn now_secs() -> u64 {
    u64::try_from(Ambient::real().now().as_second()).unwrap()
}

async fn many(audit: &Audit, count: usize) {
    for at in 0..count {
        audit.announce(call(&format!("r{at}"))).await.unwrap();
    }
}

#[tokio::test]
async fn a05_segments_link_and_one_missing_is_named() {
    let mut house = House::new();
    house.settings.rotate_bytes = 4096;
    let audit = house.open();
    many(&audit, 20).await;
    audit.close().await;
    let names: Vec<String> = house.files().into_keys().collect();
    assert!(names.len() >= 4, "{names:?}");
    let report = house.verify();
    assert!(report.intact() && report.notes.is_empty() && report.chains.len() == 1, "{report}");
    for (at, name) in names.iter().enumerate() {
        let content = fs::read(house.path(name)).unwrap();
        fs::remove_file(house.path(name)).unwrap();
        let report = house.verify();
        assert!(report.findings.contains(&verify::Finding::MissingSegment { file: name.clone() }), "{report}");
        assert_eq!(report.findings.len(), if at + 1 == names.len() { 2 } else { 1 }, "{report}");
        fs::write(house.path(name), content).unwrap();
    }
    fs::rename(house.path(&names[1]), house.path("x")).unwrap();
    fs::rename(house.path(&names[2]), house.path(&names[1])).unwrap();
    fs::rename(house.path("x"), house.path(&names[2])).unwrap();
    let report = house.verify();
    for (file, written) in [(&names[1], &names[2]), (&names[2], &names[1])] {
        let renamed = verify::Finding::Renamed { file: file.clone(), written: written.clone() };
        assert!(report.findings.contains(&renamed), "{report}");
    }
}

#[tokio::test]
async fn a05_two_processes_write_two_chains_and_verify_takes_the_directory() {
    let house = House::new();
    let (one, two) = (house.open(), house.open());
    tokio::join!(many(&one, 5), many(&two, 5));
    let report = house.verify();
    assert!(report.intact() && report.chains.iter().all(|chain| chain.live && !chain.stopped), "{report}");
    one.close().await;
    two.close().await;
    let report = house.verify();
    assert!(report.chains.iter().all(|chain| !chain.live && chain.stopped) && report.chains.len() == 2, "{report}");
    assert!(report.intact() && house.count("tool_call") == 10, "{report}");
}

#[tokio::test]
async fn a05_a_backup_put_back_is_seen() {
    let house = House::new();
    let audit = house.open();
    many(&audit, 2).await;
    let backup = house.files();
    many(&audit, 2).await;
    audit.close().await;
    for (file, content) in backup {
        fs::write(house.path(&file), content).unwrap();
    }
    let report = house.verify();
    assert!(matches!(report.findings[..], [verify::Finding::Truncated { .. }]), "{report}");
}

#[tokio::test]
async fn s02_a_file_made_and_not_begun_is_no_fault() {
    let mut house = House::new();
    house.settings.rotate_bytes = 4096;
    let audit = house.open();
    many(&audit, 20).await;
    audit.close().await;
    house.settings.checkpoint_path = None;
    let (last, _) = house.files().pop_last().unwrap();
    let next = |name: &str| SegmentName::parse("audit", name).unwrap().next().file();
    fs::write(house.path(&next(&last)), "").unwrap();
    assert!(house.verify().intact(), "killed before the old file names the new: {}", house.verify());
    fs::remove_file(house.path(&next(&last))).unwrap();
    fs::write(house.path(&last), "").unwrap();
    assert!(house.verify().intact(), "killed before the new file begins: {}", house.verify());
    fs::remove_file(house.path(&last)).unwrap();
    assert_eq!(house.verify().findings, [verify::Finding::MissingSegment { file: last }]);
}

#[tokio::test]
async fn old_files_go_only_after_the_record_says_so() {
    let mut house = House::new();
    house.settings.rotate_bytes = 4096;
    let audit = house.open();
    many(&audit, 20).await;
    audit.close().await;
    let names: Vec<String> = house.files().into_keys().collect();
    for name in names.iter().take(2) {
        age(&house, name, 40);
    }
    house.settings.keep_days = Some(30);
    let audit = house.open();
    until(|| !house.path(&names[1]).exists()).await;
    assert!(!house.path(&names[0]).exists() && house.path(&names[2]).exists());
    audit.close().await;
    assert_eq!(house.count("retired"), 2);
    let report = house.verify();
    assert!(report.intact(), "{report}");
    // What was not retired is still missed.
    fs::remove_file(house.path(&names[2])).unwrap();
    let report = house.verify();
    assert_eq!(report.findings, [verify::Finding::MissingSegment { file: names[2].clone() }], "{report}");
}

#[tokio::test]
async fn a_chain_retired_whole_is_known_from_the_second_place_even_when_its_retirement_is_retired() {
    let mut house = House::new();
    house.settings.keep_days = Some(30);
    for _ in 0..3 {
        let audit = house.open();
        many(&audit, 2).await;
        let gone: Vec<String> = house.files().into_keys().collect();
        until(|| house.file_count() == 1).await;
        audit.close().await;
        for name in house.files().into_keys() {
            age(&house, &name, 40);
        }
        assert!(!gone.is_empty());
    }
    let report = house.verify();
    assert!(report.intact() && report.chains.len() == 1, "{report}");
    let name = house.files().into_keys().next().unwrap();
    fs::remove_file(house.path(&name)).unwrap();
    let report = house.verify();
    assert!(matches!(report.findings[..], [verify::Finding::MissingChain { .. }]), "{report}");
}

#[tokio::test]
async fn surplus_files_go_and_a_living_process_keeps_its_own() {
    let mut house = House::new();
    let living = house.open();
    many(&living, 1).await;
    let (kept, _) = house.files().pop_first().unwrap();
    for _ in 0..3 {
        house.open().close().await;
    }
    for name in house.files().into_keys() {
        age(&house, &name, 1);
    }
    house.settings.keep_files = Some(1);
    let audit = house.open();
    until(|| house.file_count() == 2).await;
    assert!(house.path(&kept).exists());
    many(&living, 1).await;
    living.close().await;
    audit.close().await;
    assert!(house.verify().intact(), "{}", house.verify());
}
