//! Who is asking: every way Gitea accepts a token, in its order.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};

use crate::forge::{Account, Forge};
use crate::query::Query;
use crate::scope::Scope;

/// The person behind a request and what their token allows; both absent for an anonymous one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Caller<'a> {
    pub(crate) person: Option<&'a Account>,
    pub(crate) scope: Option<&'a Scope>,
}

/// The token presented is not one of this forge; even public routes are refused then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadToken;

impl BadToken {
    pub(crate) const STATUS: StatusCode = StatusCode::UNAUTHORIZED;

    /// 1.26 changed the words.
    pub(crate) fn message(recent: bool) -> &'static str {
        if recent { "invalid username, password or token" } else { "user does not exist [uid: 0, name: ]" }
    }
}

/// Finds the caller. Query tokens win over the header.
pub(crate) fn caller<'a>(
    forge: &'a Forge,
    headers: &HeaderMap,
    query: &Query,
    forgejo: bool,
) -> Result<Caller<'a>, BadToken> {
    let in_query = query.given("token").or_else(|| query.given("access_token")).map(ToOwned::to_owned);
    let Some(presented) = in_query.or_else(|| in_header(headers, forgejo)) else { return Ok(Caller::default()) };
    let token = forge.tokens.get(&presented).ok_or(BadToken)?;
    let person = forge.account_by_id(token.owner).ok_or(BadToken)?;
    Ok(Caller { person: Some(person), scope: Some(&token.scope) })
}

fn in_header(headers: &HeaderMap, forgejo: bool) -> Option<String> {
    let (scheme, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        // Forgejo compares this one word as it is written.
        "token" if forgejo && scheme != "token" => None,
        "token" | "bearer" => Some(value.trim().to_owned()),
        "basic" => {
            let decoded = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
            let (user, password) = decoded.split_once(':')?;
            let token = if password.is_empty() || password == "x-oauth-basic" { user } else { password };
            Some(token.to_owned())
        }
        _ => None,
    }
}
