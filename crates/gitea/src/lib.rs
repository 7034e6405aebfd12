//! One Gitea or Forgejo over HTTP.
//!
//! The room knows nothing of MCP, policy, sessions or storage. It turns names into URLs that cannot leave the
//! configured base, sends a person's own credential with every request, and turns answers into small structs or one
//! of the errors of [`GiteaError`]. What Gitea says in its own words never becomes an error text.

pub mod connect;
pub mod endpoints;
pub mod error;
mod exchange;
pub mod flavor;
mod fresh;
#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(all(test, not(fuzzing)))]
#[expect(unreachable_pub, clippy::panic, reason = "public to the fuzzer alone, and it says what broke by panicking")]
mod fuzzing;
pub mod name;
pub mod read;
mod route;

pub use error::{Fault, GiteaError};
pub use fresh::Fresh;
pub use name::{GitRef, Index, NameError, Owner, RepoPath, RepositoryId, RepositoryName, Sha};
