//! The signing key, its public part, and the key for hashes of what is not written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aegis_ambient::Ambient;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::error::AuditError;
use super::hash::{Hash, hex};

/// DER before the 32 bytes of a private key (RFC 8410 §7) and of a public one (§4).
const PRIVATE_DER: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
const PUBLIC_DER: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
const SIGNED: &[u8] = b"aegis-mcp audit checkpoint v1\n";
/// A key file is 120 bytes; a file of public keys holds as many as were ever in use.
const KEY_FILE_CAP_BYTES: u64 = 64 * 1024;

/// Signs checkpoints.
pub(super) struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
    digest: DigestKey,
}

impl SigningKey {
    /// Reads the key file, or makes one.
    pub(super) fn open(path: &Path, ambient: &Ambient) -> Result<Self, AuditError> {
        let unusable = |source| AuditError::KeyFile { path: path.to_owned(), source };
        match File::open(path) {
            Ok(file) => Self::read(file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(path, ambient).map_err(unusable)?;
                Self::read(File::open(path).map_err(unusable)?, path)
            }
            Err(error) => Err(unusable(error)),
        }
    }

    /// Checks the permissions of the very file that is read, not of whatever the name points to a moment later.
    fn read(file: File, path: &Path) -> Result<Self, AuditError> {
        let unusable = |source| AuditError::KeyFile { path: path.to_owned(), source };
        let invalid = || AuditError::KeyInvalid { path: path.to_owned() };
        let mode = file.metadata().map_err(unusable)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(AuditError::KeyLoose { path: path.to_owned(), mode });
        }
        let mut pem = Zeroizing::new(String::new());
        file.take(KEY_FILE_CAP_BYTES).read_to_string(&mut pem).map_err(unusable)?;
        let der = blocks(&pem, "PRIVATE KEY").into_iter().next().ok_or_else(invalid)?;
        let seed = der.strip_prefix(PRIVATE_DER).ok_or_else(invalid)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| invalid())?;
        let public = PublicKey::of_raw(pair.public_key().as_ref()).ok_or_else(invalid)?;
        Ok(Self { pair, public, digest: DigestKey::of_seed(seed) })
    }

    /// Base64 of the signature over `bytes`.
    pub(super) fn sign(&self, bytes: &[u8]) -> String {
        STANDARD.encode(self.pair.sign(&[SIGNED, bytes].concat()))
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn digest_key(&self) -> &DigestKey {
        &self.digest
    }
}

/// Makes a key file and its public part. Of several processes that start at once, one wins and the others read its key:
/// a link to an existing name fails.
fn make(path: &Path, ambient: &Ambient) -> io::Result<()> {
    let seed = Zeroizing::new(ambient.random::<32>().map_err(io::Error::other)?);
    let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).map_err(io::Error::other)?;
    let scratch = beside(path, &hex(&ambient.random::<8>().map_err(io::Error::other)?));
    write_new(&scratch, 0o600, &pem("PRIVATE KEY", PRIVATE_DER, seed.as_ref()))?;
    let linked = fs::hard_link(&scratch, path);
    fs::remove_file(&scratch)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => write_new(&beside(path, "pub"), 0o644, &pem("PUBLIC KEY", PUBLIC_DER, pair.public_key().as_ref())),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

fn write_new(path: &Path, mode: u32, content: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()
}

fn pem(label: &str, der: &[u8], raw: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(Zeroizing::new([der, raw].concat()).as_slice()));
    Zeroizing::new(format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", *body))
}

/// The DER of every block of that label (RFC 7468).
fn blocks(pem: &str, label: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    pem.split(&begin)
        .skip(1)
        .filter_map(|rest| rest.split_once(&end))
        .map(|(body, _)| Zeroizing::new(body.split_ascii_whitespace().collect::<String>()))
        .filter_map(|body| STANDARD.decode(body.as_bytes()).ok().map(Zeroizing::new))
        .collect()
}

/// The part that readers need.
#[derive(Debug, Clone)]
pub struct PublicKey {
    parsed: ParsedPublicKey,
    id: String,
}

impl PublicKey {
    /// Every public key in a PEM file: one, or after a change of keys as many as the record was signed with.
    ///
    /// # Errors
    /// [`AuditError::KeyFile`] when it cannot be read, [`AuditError::KeyInvalid`] when it holds no such key.
    pub fn read_all(path: &Path) -> Result<Vec<Self>, AuditError> {
        let unusable = |source| AuditError::KeyFile { path: path.to_owned(), source };
        let mut pem = String::new();
        File::open(path).map_err(unusable)?.take(KEY_FILE_CAP_BYTES).read_to_string(&mut pem).map_err(unusable)?;
        let keys: Vec<Self> =
            blocks(&pem, "PUBLIC KEY").iter().filter_map(|der| Self::of_raw(der.strip_prefix(PUBLIC_DER)?)).collect();
        if keys.is_empty() { Err(AuditError::KeyInvalid { path: path.to_owned() }) } else { Ok(keys) }
    }

    fn of_raw(raw: &[u8]) -> Option<Self> {
        let parsed = ParsedPublicKey::new(&ED25519, raw).ok()?;
        Some(Self { parsed, id: Hash::of_key(raw).to_string().chars().take(16).collect() })
    }

    /// As it stands in a signed line's `key`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether `signature`, in base64, is this key's over `bytes`.
    pub(super) fn signed(&self, bytes: &[u8], signature: &str) -> bool {
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| self.parsed.verify_sig(&[SIGNED, bytes].concat(), &signature).is_ok())
    }
}

/// For keyed hashes of what is not written. Derived from the signing key, so there is one secret to keep.
#[derive(Clone)]
pub struct DigestKey {
    key: hmac::Key,
}

impl DigestKey {
    pub(super) fn of_seed(seed: &[u8]) -> Self {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, seed), b"aegis-mcp audit digest key v1");
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()) }
    }

    /// A keyed hash over bytes that come in parts; `what` keeps hashes of different things apart.
    pub(super) fn digester(&self, what: &'static str) -> Digester {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(what.as_bytes());
        context.update(b"\n");
        Digester { context }
    }

    /// A keyed hash in hex.
    pub(super) fn digest(&self, what: &'static str, bytes: &[u8]) -> String {
        let mut digester = self.digester(what);
        digester.update(bytes);
        digester.finish()
    }
}

/// See [`DigestKey::digester`].
pub(super) struct Digester {
    context: hmac::Context,
}

impl Digester {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    pub(super) fn finish(self) -> String {
        hex(self.context.sign().as_ref())
    }
}
