//! Seals what a client carries for us from one round to the next. It comes back from whoever likes to send it, so it is
//! bound to whoever it was made for, the call and its arguments (2026-07-28 basic/patterns/mrtr, Request State). It is no secret: it
//! holds what its client said itself. The key comes from the store, so every replica opens what another sealed.

use aegis_store::Pepper;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Longest sealed state, in bytes.
pub(crate) const MAX_STATE_BYTES: usize = 64 * 1024;

/// The key.
pub(crate) struct Seal(hmac::Key);

impl Seal {
    pub(crate) fn new(pepper: &Pepper) -> Self {
        Self(pepper.derive("request state"))
    }

    /// A state and its seal.
    pub(crate) fn close(&self, binding: &[u8], state: &[u8]) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(state), URL_SAFE_NO_PAD.encode(self.tag(binding, state)))
    }

    /// The state, if the seal is ours and for this binding.
    pub(crate) fn open(&self, binding: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let (state, tag) = Some(sealed).filter(|sealed| sealed.len() <= MAX_STATE_BYTES)?.split_once('.')?;
        let (state, tag) = (URL_SAFE_NO_PAD.decode(state).ok()?, URL_SAFE_NO_PAD.decode(tag).ok()?);
        aws_lc_rs::constant_time::verify_slices_are_equal(self.tag(binding, &state).as_ref(), &tag).ok()?;
        Some(state)
    }

    fn tag(&self, binding: &[u8], state: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        // The length keeps one from running into the other.
        context.update(&u64::try_from(binding.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(binding);
        context.update(state);
        context.sign()
    }
}
