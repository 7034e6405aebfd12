//! The gateway as a program: command line, configuration, listener, transports, pages. The binary is `aegis-mcp`.

mod app;
pub mod cli;
pub mod config;
mod front;
#[cfg(fuzzing)]
pub mod fuzzing;
#[cfg(all(test, not(fuzzing)))]
#[expect(
    unreachable_pub,
    clippy::expect_used,
    reason = "public to the fuzzer alone, and it says what broke by panicking"
)]
mod fuzzing;
mod health;
mod http;
mod keys;
mod listener;
pub mod mcp;
mod pages;
mod respond;
mod shutdown;
mod supervisor;
pub mod telemetry;
mod terminal;
mod transport;
