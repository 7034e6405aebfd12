//! Looking at keys without changing any: the list, and what is the matter with them.

use aegis_gitea::connect::{Client, Credential};
use aegis_store::{KeySummary, StoredKey};
use serde_json::json;

use super::Desk;
use super::shown::{ageing, as_json, day, words};
use crate::cli::end::{End, Exit};
use crate::cli::setup;
use crate::terminal::{self, Style};

impl Desk {
    pub(super) async fn check(&self, json: bool) -> Result<Exit, End> {
        let now = self.context.ambient.now();
        let client = setup::client(&self.configuration, &self.context.ambient)?;
        let mut checked = Vec::new();
        for key in self.store.keys().await?.into_iter().filter(|key| key.revoked_at.is_none()) {
            let mut findings = ageing(&key, now);
            if let Some(stored) = self.store.key(&key.id).await? {
                findings.extend(token_finding(&client, stored).await?);
            }
            checked.push((key, findings));
        }
        if json {
            show_json(&checked);
        } else {
            show(&checked);
        }
        let fine = checked.iter().all(|(_, findings)| findings.is_empty());
        Ok(if fine { Exit::Fine } else { Exit::Found })
    }

    pub(super) async fn list(&self, json: bool) -> Result<Exit, End> {
        let keys = self.store.keys().await?;
        if json {
            let listed: Vec<_> = keys.iter().map(as_json).collect();
            terminal::line(&json!({"keys": listed}).to_string());
            return Ok(Exit::Fine);
        }
        if keys.is_empty() {
            terminal::line("there are no keys; make one with: aegis-mcp key generate --owner LOGIN");
        }
        let now = self.context.ambient.now();
        for key in &keys {
            let state = match (key.revoked_at, key.expires_at) {
                (Some(at), _) => format!("revoked {}", day(at)),
                (None, Some(at)) if at <= now => format!("ended {}", day(at)),
                (None, Some(at)) => format!("ends {}", day(at)),
                (None, None) => "never ends".to_owned(),
            };
            let used = key.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {}", day(at)));
            let label = terminal::plain(key.label.as_deref().unwrap_or_default());
            let owner = terminal::plain(&key.owner_login);
            terminal::line(&format!(
                "{}  {owner:<16} {:<20} {state:<20} {used:<18} {label}",
                key.id,
                words(&key.scopes)
            ));
        }
        Ok(Exit::Fine)
    }
}

/// What is the matter with the Gitea token behind a key, if anything is.
async fn token_finding(client: &Client, key: StoredKey) -> Result<Option<String>, End> {
    let credential = Credential::new(key.credential).map_err(|error| End::fault(error.to_string()))?;
    Ok(match client.account(&credential, "key-check").user().await {
        Ok(user) if user.id == key.account_id.value() => None,
        Ok(user) => Some(format!("its Gitea token now belongs to {}", terminal::plain(&user.login))),
        Err(error) => Some(format!("its Gitea token: {error}")),
    })
}

fn show_json(checked: &[(KeySummary, Vec<String>)]) {
    let keys: Vec<_> =
        checked.iter().map(|(key, findings)| json!({"key": as_json(key), "findings": findings})).collect();
    terminal::line(&json!({"checked": keys}).to_string());
}

fn show(checked: &[(KeySummary, Vec<String>)]) {
    for (key, findings) in checked {
        let (style, symbol) = if findings.is_empty() { (Style::Good, "✓") } else { (Style::Warn, "!") };
        let words = if findings.is_empty() { "fine".to_owned() } else { findings.join("; ") };
        let owner = terminal::plain(&key.owner_login);
        terminal::line(&format!("{} {}  {owner:<16} {words}", terminal::styled(style, symbol), key.id));
    }
    if checked.iter().all(|(_, findings)| findings.is_empty()) {
        terminal::line("nothing found");
    }
}
