//! Settings that do not go together. Each rule asks whether a setting was set at all, so that one mistake is not told
//! twice.

use crate::config::auth::{AUTH_ENABLED, GITEA_MCP_DEFAULT_TOKEN, GITEA_MCP_STATIC_TOKEN, MCP_API_KEYS};
use crate::config::gitea::GITEA_TOKEN;
use crate::config::reach::{self, Reach};
use crate::config::reader::Reader;
use crate::config::server::{FORWARDED_HEADER, MCP_HOST, TRUSTED_PROXIES};
use crate::config::{Configuration, Fault, ForwardedHeader, GiteaTokens, Secret, Variable};

pub(crate) fn check(reader: &mut Reader<'_>, configuration: &Configuration) {
    companions(reader);
    different_secrets(reader, configuration);
    open_door(reader, configuration);
    ways_in(reader, configuration);
    proxy(reader, configuration);
}

fn companions(reader: &mut Reader<'_>) {
    let mut needs = |variable: &'static Variable, other: &Variable, fault: Fault| {
        if reader.is_set(variable) && !reader.is_set(other) {
            reader.report(variable, fault);
        }
    };
    needs(&MCP_API_KEYS, &GITEA_TOKEN, Fault::Needs(GITEA_TOKEN.name));
    needs(&GITEA_MCP_STATIC_TOKEN, &GITEA_MCP_DEFAULT_TOKEN, Fault::Needs(GITEA_MCP_DEFAULT_TOKEN.name));
    needs(&GITEA_MCP_DEFAULT_TOKEN, &GITEA_MCP_STATIC_TOKEN, Fault::Unused(GITEA_MCP_STATIC_TOKEN.name));
}

/// What lets a client in must never be what goes to Gitea, and each thing that lets in must say who came.
fn different_secrets(reader: &mut Reader<'_>, configuration: &Configuration) {
    let service = configuration.auth.service.as_ref();
    let service_token = service.map(|service| (&service.service_token, &GITEA_MCP_STATIC_TOKEN));
    let credentials = [
        configuration.gitea.token.as_ref().map(|token| (token, &GITEA_TOKEN)),
        service.map(|service| (&service.credential, &GITEA_MCP_DEFAULT_TOKEN)),
    ];
    let mut report_same = |secret: &Secret, variable: &'static Variable, others: &[(&Secret, &'static Variable)]| {
        for (_, other) in others.iter().filter(|(other, _)| secret.is_same_as(other)) {
            reader.report(variable, Fault::SameSecret(other.name));
        }
    };
    let others: Vec<_> = credentials.into_iter().flatten().collect();
    if let Some((secret, variable)) = service_token {
        report_same(secret, variable, &others);
    }
    let others: Vec<_> = others.into_iter().chain(service_token).collect();
    for key in &configuration.auth.api_keys {
        report_same(key, &MCP_API_KEYS, &others);
    }
}

/// Without sign-in only this machine may reach the gateway, also not through a proxy that runs on it.
fn open_door(reader: &mut Reader<'_>, configuration: &Configuration) {
    if configuration.auth.enabled {
        return;
    }
    let server = &configuration.server;
    let is_public = server.public_url.as_ref().is_some_and(|url| reach::of_url(url) != Reach::Loopback);
    let doors = [
        (!server.is_loopback(), "MCP_HOST is not this machine alone"),
        (is_public, "PUBLIC_URL is not this machine"),
        (!server.trusted_proxies.is_empty(), "TRUSTED_PROXIES says that a proxy stands in front"),
    ];
    for (_, door) in doors.into_iter().filter(|(is_open, _)| *is_open) {
        reader.report(&AUTH_ENABLED, Fault::OpenDoor(door));
    }
    if reader.is_set(&GITEA_TOKEN) {
        reader.report(&AUTH_ENABLED, Fault::NoSignIn);
    } else {
        reader.report(&AUTH_ENABLED, Fault::NobodyToBe);
    }
}

fn ways_in(reader: &mut Reader<'_>, configuration: &Configuration) {
    let has_secret = [&MCP_API_KEYS, &GITEA_MCP_STATIC_TOKEN].iter().any(|variable| reader.is_set(variable));
    let has_way_in = match configuration.auth.gitea_tokens {
        GiteaTokens::Any => true,
        GiteaTokens::Off => has_secret || !configuration.auth.enabled,
    };
    if !has_way_in && !configuration.server.is_loopback() {
        reader.report(&MCP_HOST, Fault::NoWayIn);
    }
}

/// Without TLS of our own an https address means a proxy.
fn proxy(reader: &mut Reader<'_>, configuration: &Configuration) {
    let is_https = configuration.server.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
    if is_https && configuration.connections.tls.is_none() && !reader.is_set(&TRUSTED_PROXIES) {
        reader.report(&TRUSTED_PROXIES, Fault::UnknownProxy);
    }
    let names_header = configuration.server.forwarded_header != ForwardedHeader::default();
    if names_header && !reader.is_set(&TRUSTED_PROXIES) {
        reader.report(&FORWARDED_HEADER, Fault::Unused(TRUSTED_PROXIES.name));
    }
}
