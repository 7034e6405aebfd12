//! A small client that keeps whole answers and never follows redirects.

use std::collections::BTreeMap;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Options, Sandbox};
use serde_json::Value;

pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    tokens: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn headers_but_date(&self) -> Vec<(String, String)> {
        self.headers.iter().filter(|(name, _)| name != "date").cloned().collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| Value::String(self.text()))
    }
}

/// A sandbox with the usual options, and a client that knows its people.
pub(crate) async fn start(set: DataSet) -> (Sandbox, Client) {
    start_with(set, Options::new(Ambient::real())).await
}

pub(crate) async fn start_with(set: DataSet, options: Options) -> (Sandbox, Client) {
    let sandbox = Sandbox::start(set, options).await.unwrap();
    let tokens = sandbox.users().iter().map(|login| (login.clone(), sandbox.token(login).to_owned())).collect();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_gzip().build().unwrap();
    let url = sandbox.url().to_owned();
    (sandbox, Client { http, url, tokens })
}

impl Client {
    /// As a person with their usual token, or as a stranger.
    pub(crate) async fn get(&self, person: Option<&str>, path: &str) -> Reply {
        let authorization = person.map(|login| format!("Bearer {}", self.tokens[login]));
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        self.get_with(&headers, path).await
    }

    pub(crate) async fn json(&self, person: Option<&str>, path: &str) -> Value {
        let reply = self.get(person, path).await;
        assert_eq!(reply.status, 200, "{person:?} {path}: {}", reply.text());
        reply.json()
    }

    pub(crate) async fn get_with(&self, headers: &[(&str, &str)], path: &str) -> Reply {
        self.try_get(headers, path).await.unwrap()
    }

    /// An error when the answer could not be read to its end.
    pub(crate) async fn try_get(&self, headers: &[(&str, &str)], path: &str) -> Result<Reply, reqwest::Error> {
        let mut request = self.http.get(format!("{}/api/v1{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Ok(Reply { status, headers, body: answer.bytes().await?.to_vec() })
    }
}
