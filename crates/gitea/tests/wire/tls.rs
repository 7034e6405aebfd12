//! Certificates: only what a known authority vouches for, for the host that was asked for.

use std::sync::Arc;

use aegis_gitea::connect::Settings;
use aegis_gitea::{Fault, GiteaError};
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::server::{client, close, credential, head, settings};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn params(host: &str) -> CertificateParams {
    CertificateParams::new(vec![host.to_owned()]).unwrap()
}

/// TLS with a certificate by `authority`, or by itself, that speaks what `protocols` names.
fn acceptor(params: &CertificateParams, authority: Option<&Authority>, protocols: &[&str]) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = match authority {
        Some(authority) => params.signed_by(&key, authority).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

/// A server of HTTP/1.1 over TLS; its port.
async fn serve(params: CertificateParams, authority: Option<&Authority>) -> u16 {
    let acceptor = acceptor(&params, authority, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                head(&mut stream).await;
                let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 24\r\n\
                              Connection: close\r\n\r\n{\"id\":1,\"login\":\"alice\"}";
                let _ = stream.write_all(answer.as_bytes()).await;
                close(&mut stream).await;
            }
        }
    });
    port
}

async fn ask(port: u16, host: &str, trusted: Option<&Authority>) -> Result<String, GiteaError> {
    let settings = Settings {
        ca_file_pem: trusted.map(|authority| authority.pem().into_bytes()),
        ..settings(&format!("https://{host}:{port}"))
    };
    client(settings).account(&credential(), "call-1").user().await.map(|user| user.login)
}

const REFUSED: Result<String, GiteaError> = Err(GiteaError::Unreachable { fault: Fault::Tls });

#[tokio::test]
async fn u07_a_custom_authority_is_accepted_for_its_host_only() {
    let (ours, other) = (authority(), authority());
    let port = serve(params("127.0.0.1"), Some(&ours)).await;
    assert_eq!(ask(port, "127.0.0.1", Some(&ours)).await, Ok("alice".to_owned()));
    assert_eq!(ask(port, "localhost", Some(&ours)).await, REFUSED, "wrong host");
    assert_eq!(ask(port, "127.0.0.1", Some(&other)).await, REFUSED, "an authority that was replaced");
    assert_eq!(ask(port, "127.0.0.1", None).await, REFUSED, "an authority nobody named");
}

#[tokio::test]
async fn a_server_is_asked_in_the_newest_http_that_it_speaks() {
    let ours = authority();
    for (protocols, spoken) in [(["h2", "http/1.1"].as_slice(), "HTTP/2.0"), (&["http/1.1"], "HTTP/1.1")] {
        let acceptor = acceptor(&params("127.0.0.1"), Some(&ours), protocols);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            let version = service_fn(async |request: Request<Incoming>| {
                let user = format!(r#"{{"id":1,"login":"{:?}"}}"#, request.version());
                Response::builder().header(CONTENT_TYPE, "application/json").body(user)
            });
            let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), version).await;
        });
        assert_eq!(ask(port, "127.0.0.1", Some(&ours)).await, Ok(spoken.to_owned()));
    }
}

#[tokio::test]
async fn u07_self_signed_and_expired_certificates_are_refused() {
    let ours = authority();
    let port = serve(params("127.0.0.1"), None).await;
    assert_eq!(ask(port, "127.0.0.1", Some(&ours)).await, REFUSED);
    let mut expired = params("127.0.0.1");
    expired.not_after = date_time_ymd(2020, 1, 1);
    let port = serve(expired, Some(&ours)).await;
    assert_eq!(ask(port, "127.0.0.1", Some(&ours)).await, REFUSED);
}

#[tokio::test]
async fn u07_a_server_without_modern_tls_is_refused() {
    let ours = authority();
    // rustls speaks TLS 1.2 and 1.3 and has no code for anything older, so an old server can only end the handshake: a
    // fatal alert "protocol_version" of TLS 1.0. And plain HTTP where TLS was asked for.
    for answer in [b"\x15\x03\x01\x00\x02\x02\x46".as_slice(), b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(answer).await;
                close(&mut stream).await;
            }
        });
        assert_eq!(ask(port, "127.0.0.1", Some(&ours)).await, REFUSED);
    }
}
