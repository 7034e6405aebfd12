//! What is not opened. Every case: its own code, a hint, and not a byte changed.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use aegis_ambient::Ambient;
use sqlx::Connection;

use super::{Home, OTHER_SEALING_KEY, new_key, open_at, raw, start};

#[tokio::test]
async fn s04_a_damaged_header_or_no_database_at_all_is_refused() {
    for content in [
        b"".as_slice(),
        b"SQLite",
        b"SQLite format 3\0\x10",
        b"not a database, and longer than a header is",
        &[0; 8192],
    ] {
        let home = Home::new();
        std::fs::write(home.path(), content).unwrap();
        home.refuses("store_not_a_database").await;
    }
    let home = Home::with_a_key().await;
    overwrite(&home, 3, b"X");
    home.refuses("store_not_a_database").await;
}

#[tokio::test]
async fn s04_a_damaged_page_is_refused() {
    let home = Home::with_a_key().await;
    let pages = std::fs::metadata(home.path()).unwrap().len() / 4096;
    assert!(pages > 3);
    for page in 1..pages {
        let home = Home::with_a_key().await;
        overwrite(&home, page * 4096, &[0xa5; 64]);
        home.refuses("store_corrupt").await;
    }
    overwrite(&home, 16, &[0x77, 0x77]); // the page size
    home.refuses("store_corrupt").await;
}

#[tokio::test]
async fn s04_a_truncated_file_is_refused() {
    let whole = Home::with_a_key().await;
    let bytes = std::fs::read(whole.path()).unwrap();
    for kept in [18, 99, 100, 4095, 4096, bytes.len() / 2, bytes.len() - 4096, bytes.len() - 1] {
        let home = Home::new();
        std::fs::write(home.path(), bytes.iter().copied().take(kept).collect::<Vec<_>>()).unwrap();
        home.refuses("store_corrupt").await;
    }
}

#[tokio::test]
async fn s04_a_log_that_was_taken_away_is_refused() {
    let home = Home::with_a_key().await;
    std::fs::write(home.beside("-shm"), vec![0; 32768]).unwrap();
    home.refuses("store_log_missing").await;
    std::fs::remove_file(home.beside("-shm")).unwrap();
    home.open().await.unwrap();
}

#[tokio::test]
async fn s04_a_log_without_its_database_is_refused() {
    let home = Home::new();
    std::fs::write(home.beside("-wal"), [1; 100]).unwrap();
    home.refuses("store_corrupt").await;
    assert!(!home.path().exists(), "a new store was made");
}

#[tokio::test]
async fn s04_the_journal_of_another_program_is_refused() {
    let home = Home::with_a_key().await;
    std::fs::write(home.beside("-journal"), [1; 100]).unwrap();
    home.refuses("store_journal_left").await;
}

#[tokio::test]
async fn s04_a_store_held_by_another_process_is_refused_after_a_bounded_wait() {
    for hold in
        ["PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE keys SET label = label; COMMIT", "BEGIN IMMEDIATE"]
    {
        let home = Home::with_a_key().await;
        let mut holder = raw(&home.path()).await;
        sqlx::raw_sql(hold).execute(&mut holder).await.unwrap();
        tokio::time::timeout(Duration::from_secs(9), home.refuses("store_locked")).await.unwrap();
        holder.close().await.unwrap();
        home.open().await.unwrap();
    }
}

#[tokio::test]
async fn s04_a_newer_schema_is_refused() {
    let home = Home::with_a_key().await;
    home.alter("PRAGMA user_version = 2").await;
    home.refuses("store_newer").await;
}

#[tokio::test]
async fn s04_the_database_of_another_program_is_refused() {
    let home = Home::new();
    std::fs::write(home.path(), "").unwrap();
    home.alter("CREATE TABLE theirs (one INTEGER); PRAGMA user_version = 1").await;
    home.refuses("store_not_ours").await;
    let home = Home::with_a_key().await;
    home.alter("PRAGMA user_version = 0").await;
    home.refuses("store_not_ours").await;
}

#[tokio::test]
async fn s04_a_store_sealed_by_another_key_is_refused_also_in_the_middle_of_work() {
    let home = Home::with_a_key().await;
    home.refuses_with(OTHER_SEALING_KEY, "store_sealed_by_another_key").await;
    let working = home.open().await.unwrap();
    working.insert_key(new_key(&*working, "another")).await.unwrap();
    assert!(std::fs::metadata(home.beside("-wal")).unwrap().len() > 0);
    home.refuses_with(OTHER_SEALING_KEY, "store_sealed_by_another_key").await;
    working.close().await.unwrap();
}

#[tokio::test]
async fn s04_after_a_crash_a_refusal_leaves_the_log_as_it_was() {
    let home = Home::with_a_key().await;
    let working = home.open().await.unwrap();
    working.insert_key(new_key(&*working, "another")).await.unwrap();
    let crashed = Home::new();
    for suffix in ["", "-wal"] {
        std::fs::copy(home.beside(suffix), crashed.beside(suffix)).unwrap();
    }
    working.close().await.unwrap();
    crashed.refuses_with(OTHER_SEALING_KEY, "store_sealed_by_another_key").await;
    assert_eq!(crashed.open().await.unwrap().keys().await.unwrap().len(), 2);
}

#[tokio::test]
async fn s04_a_store_without_its_own_row_is_refused() {
    let home = Home::with_a_key().await;
    home.alter("DELETE FROM store").await;
    home.refuses("store_corrupt").await;
}

#[tokio::test]
async fn s04_an_altered_pepper_is_refused() {
    let home = Home::with_a_key().await;
    home.alter("UPDATE store SET sealed_pepper = zeroblob(61)").await;
    home.refuses("store_seal_broken").await;
}

#[tokio::test]
async fn a_file_others_can_change_is_refused_and_one_they_can_read_is_not() {
    let home = Home::with_a_key().await;
    for mode in [0o620, 0o602, 0o666] {
        std::fs::set_permissions(home.path(), PermissionsExt::from_mode(mode)).unwrap();
        home.refuses("store_file_exposed").await;
    }
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o644)).unwrap();
    home.open().await.unwrap();
}

#[tokio::test]
async fn what_is_no_file_and_what_lies_nowhere_is_refused() {
    let home = Home::new();
    std::fs::create_dir(home.path()).unwrap();
    home.refuses("store_not_a_file").await;
    let home = Home::new();
    std::os::unix::fs::symlink("nowhere", home.path()).unwrap();
    home.refuses("store_directory_missing").await;
    let missing = home.directory.path().join("missing/aegis.db");
    let error = open_at(&missing, super::SEALING_KEY, &home.ambient).await.err().unwrap();
    assert_eq!(error.code(), "store_directory_missing");
}

#[tokio::test]
async fn s06_a_clock_a_minute_behind_is_allowed_and_more_is_refused() {
    let home = Home::with_a_key().await;
    home.clock.set_wall(start() - Duration::from_millis(60_001));
    home.refuses("store_clock_behind").await;
    home.clock.set_wall(start() - Duration::from_mins(1));
    home.open().await.unwrap().close().await.unwrap();
    home.clock.set_wall(start() + Duration::from_hours(1));
    home.open().await.unwrap().close().await.unwrap();
    // Opening is witnessed itself, and an opening with a slightly late clock does not take that back.
    home.clock.set_wall(start());
    home.refuses("store_clock_behind").await;
}

#[tokio::test]
async fn a_name_that_looks_like_an_address_is_a_name() {
    let home = Home::new();
    let odd = home.directory.path().join("file:aegis.db?mode=memory");
    let ambient = Ambient::real();
    open_at(&odd, super::SEALING_KEY, &ambient).await.unwrap().close().await.unwrap();
    assert!(odd.exists());
}

fn overwrite(home: &Home, offset: u64, bytes: &[u8]) {
    use std::io::{Seek, SeekFrom, Write};
    let mut file = std::fs::OpenOptions::new().write(true).open(home.path()).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}
