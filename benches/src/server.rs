//! The servers this program is in its other roles: the forge, and the anchors the gateway is held against.

mod bare;
mod echo;
mod hop;

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::Failure;

/// What they are called on the command line.
pub(crate) const ROLES: [&str; 4] = ["forge", "hop", "echo", "stdio-echo"];

/// Runs a role until it is killed.
///
/// # Errors
/// There is no such role, or it could not start.
pub(crate) fn run(role: &str, arguments: &[String]) -> Result<(), Failure> {
    let argument = || arguments.first().cloned().ok_or("an argument is missing");
    match role {
        "forge" => tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(bare::serve()),
        "hop" => tokio::runtime::Runtime::new()?.block_on(hop::serve(argument()?)),
        "echo" => tokio::runtime::Runtime::new()?.block_on(echo::serve(&argument()?)),
        "stdio-echo" => tokio::runtime::Runtime::new()?.block_on(echo::serve_stdio(&argument()?)),
        _ => Err(format!("there is no role {role}").into()),
    }
}

/// A free port, which the first line of standard output names.
async fn listen() -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("{}", listener.local_addr()?);
    Ok(listener)
}
