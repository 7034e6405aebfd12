//! Who are you, may you, how often, write it down, what may leave.
//!
//! The only maker of a [`Principal`] and of permits. A transport signs in by [`Gate::authenticate`], shows
//! [`Gate::list`], pays for what is no call by [`Gate::browse`], and calls by [`Gate::admit`] and [`Gate::call`]; a tool
//! knows its [`ReadPermit`].

mod answer;
mod arguments;
pub mod audit;
mod authn;
mod catalog;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(all(test, not(fuzzing)))]
#[expect(
    unreachable_pub,
    clippy::expect_used,
    reason = "public to the fuzzer alone, and it says what broke by panicking"
)]
mod fuzzing;
mod gate;
mod limit;
mod lockout;
mod nearest;
mod permit;
mod policy;
mod principal;
pub mod redact;
mod schema;
mod target;
mod tool;

pub use aegis_store::Scope;
pub use answer::{Answer, UNTRUSTED_NOTICE};
pub use authn::{AccountFault, AuthnError, Origin, RawCredential, Settings as AuthnSettings};
pub use catalog::{Catalog, Entry, Selection};
pub use error::{CallError, RefusedReason};
pub use gate::{Call, Gate, GateError, House, Parts};
pub use limit::Settings as LimitSettings;
pub use lockout::{Settings as LockoutSettings, Source};
pub use nearest::nearest;
pub use permit::{ReadPermit, Visible};
pub use policy::{Policy, PolicyError};
pub use principal::{Owner, Principal};
pub use target::{Account, Instance, Place, Repository, Target};
pub use tool::{Annotations, Image, OrMissing, Output, ReadTool, ToolError, ToolSpec, Toolset};
