//! The anchor A2: one hop through axum and reqwest, with nothing decided on the way.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::listen;
use crate::Failure;
use crate::gateway::token;

#[derive(Clone)]
struct Hop {
    client: reqwest::Client,
    url: String,
    credential: String,
}

pub(super) async fn serve(forge: String) -> Result<(), Failure> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let hop = Hop { client, url: format!("{forge}/api/v1/user"), credential: format!("token {}", token(0)) };
    let router = Router::new().route("/mcp", post(pass_on)).with_state(hop);
    let listener = axum::serve::ListenerExt::tap_io(listen().await?, |stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await?;
    Ok(())
}

/// Reads a body as large as a call, and answers what the forge says.
async fn pass_on(State(hop): State<Hop>, _call: Bytes) -> Response {
    match ask(&hop).await {
        Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

async fn ask(hop: &Hop) -> reqwest::Result<Bytes> {
    let request = hop.client.get(&hop.url).header(http::header::AUTHORIZATION, &hop.credential);
    request.send().await?.error_for_status()?.bytes().await
}
