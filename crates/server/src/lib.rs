//! The gateway as a program: command line, configuration, listener, transports, pages. The binary is `aegis-mcp`.

pub mod app;
pub mod cli;
pub mod config;
pub mod front;
pub mod health;
pub mod http;
pub mod keys;
pub mod listener;
pub mod mcp;
pub mod pages;
pub mod respond;
pub mod shutdown;
pub mod telemetry;
pub mod terminal;
mod transport;
