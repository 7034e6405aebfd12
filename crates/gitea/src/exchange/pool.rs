//! The connections to the instance: kept open by hyper's client, over TLS where the base says so, with gzip undone.
//! Redirects are not followed and no proxy is asked.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls_platform_verifier::Verifier;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tower::util::MapErr;
use tower::{Service, ServiceExt};
use tower_http::decompression::{Decompression, DecompressionBody};

use super::fault;
use crate::connect::Settings;
use crate::error::GiteaError;

const IDLE_CONNECTIONS: usize = 64;
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// A peer that is gone without a word is noticed by this many probes of an idle connection, one in so long.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const KEEP_ALIVE_PROBES: u32 = 3;
/// Or by bytes that nobody acknowledged for so long.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// A body of the instance's, without its gzip. In a box, since the room for undoing gzip is in it either way.
pub(super) type Body = Pin<Box<DecompressionBody<Incoming>>>;

/// Open connections, at most [`IDLE_CONNECTIONS`] of them idle.
pub(super) struct Pool {
    client: Client<Connector, Empty<Bytes>>,
    user_agent: HeaderValue,
}

impl Pool {
    /// Prepares the pool; nothing is sent yet.
    pub(super) fn new(settings: &Settings) -> Result<Self, GiteaError> {
        let user_agent = HeaderValue::from_str(&settings.user_agent)
            .map_err(|_| GiteaError::Setting("the user agent holds characters no header may hold"))?;
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(Connector::new(settings)?);
        Ok(Self { client, user_agent })
    }

    /// Sends one `GET` and reads the head of its answer.
    pub(super) async fn get(&self, target: Uri, mut headers: HeaderMap) -> Result<Response<Body>, GiteaError> {
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers.insert(USER_AGENT, self.user_agent.clone());
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = target;
        *request.headers_mut() = headers;
        let response = Decompression::new(&self.client).no_deflate().no_br().no_zstd().call(request).await;
        response.map(|response| response.map(Box::pin)).map_err(|error| fault::of_request(&error))
    }
}

/// A name that leads to no address.
#[derive(Debug, Error)]
#[error("the name was not resolved")]
pub(super) struct Unresolved(#[source] io::Error);

type Resolver = MapErr<GaiResolver, fn(io::Error) -> Unresolved>;

/// Opens connections: name, TCP and TLS in one deadline.
#[derive(Clone)]
struct Connector(Arc<Way>);

struct Way {
    https: HttpsConnector<HttpConnector<Resolver>>,
    timeout: Duration,
}

impl Connector {
    fn new(settings: &Settings) -> Result<Self, GiteaError> {
        let authorities = settings.ca_file_pem.as_deref().map(authorities).transpose()?.unwrap_or_default();
        let resolver: Resolver = GaiResolver::new().map_err(Unresolved);
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        // Shared out among the addresses of a name, so that one which is dead leaves time for the next.
        tcp.set_connect_timeout(Some(settings.connect_timeout));
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEP_ALIVE));
        tcp.set_keepalive_interval(Some(KEEP_ALIVE));
        tcp.set_keepalive_retries(Some(KEEP_ALIVE_PROBES));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls(settings, authorities)?);
        let builder = if settings.base_url.is_encrypted() { builder.https_only() } else { builder.https_or_http() };
        let https = builder.enable_all_versions().wrap_connector(tcp);
        Ok(Self(Arc::new(Way { https, timeout: settings.connect_timeout })))
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let way = Arc::clone(&self.0);
        Box::pin(async move { tokio::time::timeout(way.timeout, way.https.clone().oneshot(to)).await? })
    }
}

fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, GiteaError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().unwrap_or_default();
    if found.is_empty() {
        return Err(GiteaError::Setting("the CA file holds no PEM certificate"));
    }
    let mut readable = RootCertStore::empty();
    if found.iter().any(|one| readable.add(one.clone()).is_err()) {
        return Err(GiteaError::Setting("the CA file holds a certificate that cannot be read"));
    }
    Ok(found)
}

/// TLS that trusts the machine's authorities and these.
fn tls(settings: &Settings, authorities: Vec<CertificateDer<'static>>) -> Result<ClientConfig, GiteaError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|_| GiteaError::Setting("no TLS version that the cryptography built in knows"))?;
    if !settings.base_url.is_encrypted() {
        // Nothing will be trusted by it, and a machine that has no certificate authorities at all must do, too.
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let trusted = Verifier::new_with_extra_roots(authorities, provider)
        .map_err(|_| GiteaError::Setting("no certificate authorities: install the system's, or name a CA file"))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(trusted)).with_no_client_auth())
}
