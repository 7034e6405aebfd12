//! Who are you, may you, how often, write it down, what may leave.
//!
//! The only maker of a [`Principal`] and of permits. A transport signs in by [`Gate::authenticate`], shows
//! [`Gate::list`], pays for what is no call by [`Gate::browse`], and calls by [`Gate::admit`] and [`Gate::call`]; a tool
//! knows its [`ReadPermit`].

mod answer;
mod arguments;
mod ask;
pub mod audit;
mod authn;
mod call;
mod catalog;
mod change;
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
mod messages;
mod nearest;
mod permit;
mod policy;
mod principal;
pub mod redact;
mod schema;
mod seal;
mod target;
mod template;
mod tool;

pub use aegis_store::Scope;
pub use answer::{Answer, UNTRUSTED_NOTICE};
pub use ask::{ASK_FOR, Ask, Asking, Back, Field, FieldKind, Progress, Question, Reply};
pub use authn::{AccountFault, AuthnError, Origin, RawCredential, Settings as AuthnSettings};
pub use call::Call;
pub use catalog::{Catalog, Entry, Resource, ResourceSpec, Selection};
pub use change::Change;
pub use error::{CallError, RefusedReason, Required};
pub use gate::{Gate, GateError, House, Parts};
pub use limit::Settings as LimitSettings;
pub use lockout::{Settings as LockoutSettings, Source};
pub use messages::{Messages, Values};
pub use nearest::nearest;
pub use permit::{ReadPermit, Visible};
pub use policy::{Policy, PolicyError};
pub use principal::{Owner, Principal};
pub use target::{Account, Instance, Place, Repository, Target};
pub use tool::{Annotations, Image, OrMissing, Output, ReadTool, ToolError, ToolSpec, Toolset};
