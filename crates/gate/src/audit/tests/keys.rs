//! The key file, the directory, and who may read what.

use std::os::unix::fs::PermissionsExt as _;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::hash::hex;
use super::*;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn refused(settings: &Settings) -> AuditError {
    match Audit::open(settings.clone(), Ambient::real()) {
        Err(error) => error,
        Ok(_) => panic!("it was opened"),
    }
}

#[tokio::test]
async fn a08_files_are_private_and_the_public_part_is_enough_to_verify() {
    let house = House::new();
    let audit = house.open();
    audit.announce(call("r")).await.unwrap();
    audit.close().await;
    assert_eq!(mode(&house.settings.directory), 0o700);
    assert_eq!(mode(&house.settings.key_file), 0o600);
    assert_eq!(mode(&house.root.path().join("audit.key.pub")), 0o644);
    assert_eq!(mode(&house.root.path().join("second-place")), 0o600);
    assert!(house.files().keys().all(|file| mode(&house.path(file)) == 0o600));
    fs::remove_file(&house.settings.key_file).unwrap();
    assert!(house.verify().intact());
    assert_eq!(house.keys()[0].id(), audit.public_key().id());
}

/// Written from the module's documentation alone, without the code that writes or reads lines.
#[tokio::test]
async fn a08_the_documented_format_can_be_checked_by_anybody() {
    let house = House::new();
    let audit = house.open();
    audit.announce(call("r")).await.unwrap();
    audit.close().await;
    let pem = fs::read_to_string(house.root.path().join("audit.key.pub")).unwrap();
    let key = &STANDARD.decode(pem.lines().nth(1).unwrap()).unwrap()[12..];
    let sha256 = |domain: &str, text: &str| -> String {
        hex(digest::digest(&digest::SHA256, format!("{domain}{text}").as_bytes()).as_ref())
    };
    let (file, content) = house.files().pop_first().unwrap();
    let mut prev = sha256("aegis-mcp audit chain v1\n", file.strip_suffix("-0001.jsonl").unwrap());
    let mut signatures = 0;
    for (at, line) in lines(&content).iter().enumerate() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let (body, _) = line.rsplit_once(",\"hash\":").unwrap();
        assert_eq!(record["seq"], at + 1);
        assert_eq!(record["prev"], *prev);
        assert_eq!(record["hash"], *sha256("aegis-mcp audit record v1\n", body));
        record["hash"].as_str().unwrap().clone_into(&mut prev);
        if let Some((signed, _)) = line.rsplit_once(",\"signature\":") {
            let signature = STANDARD.decode(record["signature"].as_str().unwrap()).unwrap();
            let message = format!("aegis-mcp audit checkpoint v1\n{signed}");
            UnparsedPublicKey::new(&ED25519, key).verify(message.as_bytes(), &signature).unwrap();
            assert_eq!(record["key"], *audit.public_key().id());
            signatures += 1;
        }
    }
    assert_eq!((signatures, lines(&content).len()), (3, 7));
}

#[tokio::test]
async fn one_key_serves_every_start() {
    let house = House::new();
    let first = house.open();
    let second = house.open();
    assert_eq!(first.public_key().id(), second.public_key().id());
    first.close().await;
    second.close().await;
    let report = house.verify();
    assert!(report.intact() && report.chains.len() == 2, "{report}");
}

#[test]
fn a_loose_key_file_is_refused_by_name() {
    let house = House::new();
    drop(house.open());
    for loose in [0o640, 0o604, 0o660, 0o601] {
        fs::set_permissions(&house.settings.key_file, fs::Permissions::from_mode(loose)).unwrap();
        let error = refused(&house.settings);
        assert_eq!(error.code(), "audit_key_loose");
        assert!(error.to_string().contains("audit.key"), "{error}");
    }
    fs::set_permissions(&house.settings.key_file, fs::Permissions::from_mode(0o400)).unwrap();
    drop(house.open());
}

#[test]
fn a_key_file_that_holds_no_key_is_refused_and_not_overwritten() {
    for content in ["", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        let house = House::new();
        fs::write(&house.settings.key_file, content).unwrap();
        fs::set_permissions(&house.settings.key_file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(refused(&house.settings).code(), "audit_key_invalid");
        assert_eq!(fs::read_to_string(&house.settings.key_file).unwrap(), content);
    }
}

#[test]
fn a_directory_or_second_place_that_cannot_be_written_is_refused_by_name() {
    let house = House::new();
    let file = house.root.path().join("a-file");
    fs::write(&file, "").unwrap();
    let directory = Settings { directory: file.join("audit"), ..house.settings.clone() };
    let error = refused(&directory);
    assert_eq!(error.code(), "audit_directory_unwritable");
    assert!(error.to_string().contains("a-file"), "{error}");
    let second = Settings { checkpoint_path: Some(file.join("second")), ..house.settings.clone() };
    let error = refused(&second);
    assert_eq!(error.code(), "audit_checkpoint_unwritable");
    assert!(error.to_string().contains("second"), "{error}");
    let prefix = Settings { prefix: "../x".to_owned(), ..house.settings.clone() };
    assert_eq!(refused(&prefix).code(), "audit_prefix_invalid");
}

#[test]
fn a_key_made_by_openssl_is_taken() {
    // RFC 8410 §10.3, with the public key of §10.1.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let house = House::new();
    fs::write(&house.settings.key_file, PRIVATE).unwrap();
    fs::set_permissions(&house.settings.key_file, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(house.root.path().join("audit.key.pub"), PUBLIC).unwrap();
    assert_eq!(house.open().public_key().id(), house.keys()[0].id());
}
