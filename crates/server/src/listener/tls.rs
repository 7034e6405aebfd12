//! TLS of our own: one certificate chain and its key from PEM files, replaced without a restart.
//!
//! As with secret files, both are read at each turn, must look the same twice before they are judged (they are two, and
//! one is always written first), and a bad pair keeps the good one.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::config::{FileFault, TURN, TlsPaths, certificate_file, secret_file};

/// What clients may speak after the handshake (RFC 7301).
pub(super) const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Why a pair of files is not taken. Nothing of a key is ever in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file that is not to be read.
    #[error("{setting} {fault}")]
    File {
        /// The setting that names it.
        setting: &'static str,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// No PEM block of a certificate.
    #[error("TLS_CERTIFICATE_FILE holds no certificate in PEM")]
    NoCertificate,
    /// No PEM block of a private key.
    #[error("TLS_KEY_FILE holds no private key in PEM")]
    NoKey,
    /// The two do not belong together.
    #[error("the key in TLS_KEY_FILE does not belong to the certificate in TLS_CERTIFICATE_FILE")]
    Mismatch,
    /// A PEM block that holds no certificate, or a key of a kind that nobody can sign with.
    #[error("TLS_CERTIFICATE_FILE and TLS_KEY_FILE hold what is no certificate and key: {0}")]
    Unusable(String),
}

/// A certificate in use, and where its next one will come from.
pub(crate) struct Tls {
    config: ArcSwap<ServerConfig>,
    watched: Mutex<Watched>,
}

struct Watched {
    files: TlsPaths,
    seen: Result<Pair, TlsError>,
    /// Whether what was seen has been taken or refused.
    is_judged: bool,
}

#[derive(Clone)]
struct Pair {
    certificate: String,
    key: SecretString,
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.certificate == other.certificate && self.key.expose_secret() == other.key.expose_secret()
    }
}

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`] naming the setting.
    pub(crate) fn load(files: TlsPaths) -> Result<Self, TlsError> {
        let pair = Pair::read(&files)?;
        let config = ArcSwap::from_pointee(pair.config()?);
        Ok(Self { config, watched: Mutex::new(Watched { files, seen: Ok(pair), is_judged: true }) })
    }

    /// For the next handshake.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }

    /// Takes the place of another pair, of other files perhaps. Connections that stand keep what they began with.
    pub(crate) fn replace(&self, new: Self) {
        self.config.store(new.config.into_inner());
        let new = new.watched.into_inner().unwrap_or_else(PoisonError::into_inner);
        *self.watched.lock().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// Takes turns until the runtime ends or the future is dropped.
    pub(crate) async fn watch(self: Arc<Self>, mut on_change: impl FnMut(Result<(), TlsError>) + Send) {
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            let tls = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || tls.turn()).await {
                Ok(None) => (),
                Ok(Some(taken)) => on_change(taken),
                Err(_) => return,
            }
        }
    }

    /// Looks at the files once. Says what became of a change, once for each state of the files.
    pub(super) fn turn(&self) -> Option<Result<(), TlsError>> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Pair::read(&watched.files);
        if now != watched.seen {
            watched.seen = now;
            watched.is_judged = false;
            return None;
        }
        if std::mem::replace(&mut watched.is_judged, true) {
            return None;
        }
        Some(now.and_then(|pair| pair.config()).map(|config| self.config.store(Arc::new(config))))
    }
}

impl Pair {
    fn read(files: &TlsPaths) -> Result<Self, TlsError> {
        let certificate = read("TLS_CERTIFICATE_FILE", &files.certificate, certificate_file)?;
        let (key, _) = read("TLS_KEY_FILE", &files.key, secret_file)?;
        Ok(Self { certificate, key })
    }

    fn config(&self) -> Result<ServerConfig, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(self.certificate.as_bytes()).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(self.key.expose_secret().as_bytes()).map_err(|_| TlsError::NoKey)?;
        let unusable = |error: rustls::Error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch,
            other => TlsError::Unusable(other.to_string()),
        };
        // TLS 1.2 and 1.3: rustls has nothing older.
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(unusable)?;
        let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(unusable)?;
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        Ok(config)
    }
}

fn read<Contents>(
    setting: &'static str,
    path: &Path,
    reader: impl Fn(&Path) -> Result<Contents, FileFault>,
) -> Result<Contents, TlsError> {
    reader(path).map_err(|fault| TlsError::File { setting, fault })
}
