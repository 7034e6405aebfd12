//! What must survive a restart: the operator's keys, the Gitea credentials behind them, and lock-outs.
//!
//! Three promises. Nobody who reads the file learns a key, a credential or the pepper: keys are kept as keyed digests,
//! the rest is [`sealed`]. What was answered is on disk: every commit is synced before its caller hears of it. And a
//! store that cannot be trusted (damaged, locked, newer, sealed by another key, written by a clock ahead of ours) is
//! refused with words on how to mend it, and is left as it was found; it is never silently made anew.

mod error;
mod key;
mod lockout;
mod pepper;
mod publish;
mod scope;
pub mod sealed;
mod sqlite;
mod store;
mod url;

pub use error::StoreError;
pub use key::{AccountId, KeyId, KeySummary, NewKey, StoredKey};
pub use lockout::LockoutRow;
pub use pepper::{KeyDigest, Pepper};
pub use scope::Scope;
pub use sealed::{SealingKey, SealingKeyId};
pub use store::{Settings, Store, StoreFuture, open};
pub use url::StoreUrl;
