//! TLS of our own.

use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;
use crate::config::{FileFault, TlsPaths};
use crate::listener::tls::TlsError;

/// A certificate for `localhost` and its key.
struct Issued {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key_pem: String,
}

fn issued() -> Issued {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    Issued { certificate: certificate.der().clone(), certificate_pem: certificate.pem(), key_pem: key.serialize_pem() }
}

fn write(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn files(directory: &Path, issued: &Issued) -> TlsPaths {
    let paths = TlsPaths { certificate: directory.join("chain.pem"), key: directory.join("key.pem") };
    write(&paths.certificate, &issued.certificate_pem);
    write(&paths.key, &issued.key_pem);
    paths
}

fn refusal(paths: &TlsPaths) -> TlsError {
    Tls::load(paths.clone()).map(drop).unwrap_err()
}

async fn connect(server: &Server, trusted: &Issued, protocol: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.certificate.clone()).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = server.connect().await;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await
}

#[test]
fn a_pair_that_cannot_be_served_names_its_setting() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (issued(), issued());
    let paths = files(directory.path(), &one);
    assert!(Tls::load(paths.clone()).is_ok());
    write(&paths.key, &other.key_pem);
    assert_eq!(refusal(&paths), TlsError::Mismatch);
    write(&paths.key, "nonsense");
    assert_eq!(refusal(&paths), TlsError::NoKey);
    write(&paths.key, &one.key_pem);
    write(&paths.certificate, &one.key_pem);
    assert_eq!(refusal(&paths), TlsError::NoCertificate);
    write(&paths.certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(matches!(refusal(&paths), TlsError::Unusable(_)));
    std::fs::remove_file(&paths.certificate).unwrap();
    let gone = TlsError::File { setting: "TLS_CERTIFICATE_FILE", fault: FileFault::Absent };
    assert_eq!(refusal(&paths), gone);
}

#[test]
fn d05_a_key_that_everybody_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let paths = files(directory.path(), &issued());
    std::fs::set_permissions(&paths.certificate, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Tls::load(paths.clone()).is_ok(), "a certificate is public");
    std::fs::set_permissions(&paths.key, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(refusal(&paths), TlsError::File { setting: "TLS_KEY_FILE", fault: FileFault::WorldReadable });
}

#[test]
fn s08_a_changed_pair_is_taken_when_it_is_whole_and_a_bad_one_keeps_the_good() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (issued(), issued());
    let paths = files(directory.path(), &one);
    let tls = Tls::load(paths.clone()).unwrap();
    assert_eq!(tls.turn(), None);
    let before = Arc::clone(tls.acceptor().config());
    write(&paths.certificate, &other.certificate_pem);
    assert_eq!(tls.turn(), None, "the key may be on its way");
    assert_eq!(tls.turn(), Some(Err(TlsError::Mismatch)));
    assert_eq!(tls.turn(), None, "told once");
    assert!(Arc::ptr_eq(&before, tls.acceptor().config()), "the good one stays");
    write(&paths.key, &other.key_pem);
    assert_eq!(tls.turn(), None);
    assert_eq!(tls.turn(), Some(Ok(())));
    assert!(!Arc::ptr_eq(&before, tls.acceptor().config()));
}

#[tokio::test]
async fn both_protocols_are_spoken_over_tls_and_neither_without() {
    let directory = tempfile::tempdir().unwrap();
    let issued = issued();
    let tls = Arc::new(Tls::load(files(directory.path(), &issued)).unwrap());
    let server = Server::with_tls(Settings::default(), Some(tls)).await;
    let mut stream = connect(&server, &issued, b"http/1.1").await.unwrap();
    assert!(answer(&mut stream, GET).await.ends_with("ours"));

    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(issued.certificate_pem.as_bytes()).unwrap()])
        .build()
        .unwrap();
    let url = format!("https://localhost:{}/", server.address.port());
    let reply = client.get(&url).send().await.unwrap();
    assert_eq!((reply.version(), reply.text().await.unwrap().as_str()), (::http::Version::HTTP_2, "ours"));

    assert!(!server.exchange(GET).await.contains("ours"), "plain text gets no answer");
    assert_eq!(server.counts.ended_so(Ended::Handshake), 1);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h09_an_idle_handshake_ends() {
    let directory = tempfile::tempdir().unwrap();
    let issued = issued();
    let tls = Arc::new(Tls::load(files(directory.path(), &issued)).unwrap());
    let server = Server::with_tls(Settings::default(), Some(tls)).await;
    let (text, passed) = timed(async { rest(&mut server.connect().await).await }).await;
    assert!(text.is_empty() && passed >= seconds(10) && passed < seconds(11), "{passed:?}");
    assert_eq!(server.counts.ended_so(Ended::SlowHandshake), 1);
    let mut stream = connect(&server, &issued, b"http/1.1").await.unwrap();
    let (_, passed) = timed(rest(&mut stream)).await;
    assert!(passed >= seconds(10) && passed < seconds(11), "after the handshake a header has its own time: {passed:?}");
    server.stop().await;
}
