//! `aegis-mcp key`: hand out keys, look after them, take them back.

mod shown;
mod wish;

use std::path::PathBuf;

use aegis_gate::Source;
use aegis_gate::audit::{Audit, Event, EventName, Outcome, Transport};
use aegis_gitea::connect::Credential;
use aegis_store::{KeyId, KeySummary, Store, StoredKey};
use clap::{Args, Subcommand};
use serde_json::json;

use super::end::{End, Exit, tell};
use super::{Context, setup};
use crate::config::{Configuration, Purpose};
use crate::front::correlation_id;
use crate::keys::{self, KeyError, Wish};
use crate::terminal::{self, Style};
use shown::{ageing, as_json, day, show_new, words};
use wish::{expiry, scopes, token};

/// Makes, lists, checks and revokes keys; unlocks addresses.
#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a key for one person, bound to that person's Gitea token.
    Generate(Generate),
    /// Make a new key in place of one: same person, same token. The old one works until it is revoked.
    Rotate {
        /// The key's id, as `key list` shows it.
        id: String,
        /// Revoke the old key at once.
        #[arg(long)]
        revoke: bool,
        /// When the new key ends: 90d, 12w, 1y, a date, or never.
        #[arg(long, default_value = "90d", value_name = "WHEN")]
        expires: String,
    },
    /// Look for keys that are old, ending, ended or bound to a token Gitea no longer takes; exit 1 if there are any.
    Check,
    /// Every key, without its secret.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a key back, at once and for good.
    Revoke {
        /// The key's id, as `key list` shows it.
        id: String,
    },
    /// Let a locked-out address try again.
    Unlock {
        /// The address, or an IPv6 /64.
        address: String,
    },
}

#[derive(Debug, Args)]
struct Generate {
    /// The Gitea login that owns the token; any other login is refused.
    #[arg(long)]
    owner: String,
    /// What the key may do.
    #[arg(long, default_value = "read:repository", value_name = "SCOPES", value_delimiter = ',')]
    scopes: Vec<String>,
    /// When the key ends: 90d, 12w, 1y, a date, or never.
    #[arg(long, default_value = "90d", value_name = "WHEN")]
    expires: String,
    /// Read the Gitea token from this file instead of asking for it or reading standard input.
    #[arg(long, value_name = "FILE")]
    credential_file: Option<PathBuf>,
    /// A note for lists.
    #[arg(long)]
    label: Option<String>,
}

/// What every key command works on.
struct Desk {
    configuration: Configuration,
    store: std::sync::Arc<dyn Store>,
    context: Context,
}

pub(crate) async fn run(key: Key, context: Context) -> Result<Exit, End> {
    let needs_gitea = matches!(key.command, Command::Generate(_) | Command::Check);
    let purpose = if needs_gitea { Purpose::Gateway } else { Purpose::Records };
    let (configuration, _) = setup::configuration(&context, purpose)?;
    let store = setup::store(&configuration, &context.ambient).await?;
    let desk = Desk { configuration, store, context };
    let end = match key.command {
        Command::Generate(wish) => desk.generate(wish).await,
        Command::Rotate { id, revoke, expires } => desk.rotate(&id, revoke, &expires).await,
        Command::Check => desk.check().await,
        Command::List { json } => desk.list(json).await,
        Command::Revoke { id } => desk.revoke(&id).await,
        Command::Unlock { address } => desk.unlock(&address).await,
    };
    desk.store.close().await?;
    end
}

impl Desk {
    async fn generate(&self, wish: Generate) -> Result<Exit, End> {
        let ambient = &self.context.ambient;
        let made = Wish {
            owner: wish.owner,
            scopes: scopes(&wish.scopes)?,
            expires_at: expiry(&wish.expires, ambient.now())?,
            label: wish.label,
        };
        let token = token(wish.credential_file)?;
        let client = setup::client(&self.configuration, ambient)?;
        let made = keys::generate(self.store.as_ref(), &client, ambient, made, token).await.map_err(key_end)?;
        self.record(EventName::KeyGenerated, &made.summary).await?;
        for warning in &made.warnings {
            tell(Style::Warn, "warning", warning, None, None);
        }
        show_new(&made);
        Ok(Exit::Fine)
    }

    async fn rotate(&self, id: &str, revoke: bool, expires: &str) -> Result<Exit, End> {
        let ambient = &self.context.ambient;
        let old = self.find(id).await?;
        if old.revoked_at.is_some() {
            return Err(End::new(Exit::Refused, format!("{} was revoked; its Gitea token is erased", old.id))
                .with_hint("make a new one with key generate"));
        }
        let wish = Wish {
            owner: old.owner_login.clone(),
            scopes: old.scopes.clone(),
            expires_at: expiry(expires, ambient.now())?,
            label: old.label.clone(),
        };
        let made = keys::keep(self.store.as_ref(), ambient, wish, old.account_id, old.credential).await;
        let made = made.map_err(key_end)?;
        self.record(EventName::KeyRotated, &made.summary).await?;
        show_new(&made);
        if revoke {
            return self.revoke(id).await;
        }
        terminal::note(&format!("the old key still works; end it with: aegis-mcp key revoke {id}"));
        Ok(Exit::Fine)
    }

    async fn check(&self) -> Result<Exit, End> {
        let now = self.context.ambient.now();
        let client = setup::client(&self.configuration, &self.context.ambient)?;
        let mut found = 0_usize;
        for key in self.store.keys().await?.into_iter().filter(|key| key.revoked_at.is_none()) {
            let mut words: Vec<String> = ageing(&key, now);
            if let Some(stored) = self.store.key(&key.id).await? {
                let credential = Credential::new(stored.credential).map_err(|error| End::fault(error.to_string()))?;
                match client.account(&credential, "key-check").user().await {
                    Ok(user) if user.id == key.account_id.value() => (),
                    Ok(user) => words.push(format!("its Gitea token now belongs to {}", terminal::plain(&user.login))),
                    Err(error) => words.push(format!("its Gitea token: {error}")),
                }
            }
            found = found.saturating_add(words.len());
            let symbol = if words.is_empty() {
                terminal::styled(Style::Good, "✓")
            } else {
                terminal::styled(Style::Warn, "!")
            };
            let words = if words.is_empty() { "fine".to_owned() } else { words.join("; ") };
            terminal::line(&format!("{symbol} {}  {:<16} {words}", key.id, terminal::plain(&key.owner_login)));
        }
        if found == 0 {
            terminal::line("nothing found");
        }
        Ok(if found == 0 { Exit::Fine } else { Exit::Found })
    }

    async fn list(&self, json: bool) -> Result<Exit, End> {
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

    async fn revoke(&self, id: &str) -> Result<Exit, End> {
        let key = self.find(id).await?;
        if !self.store.revoke_key(&key.id).await? {
            terminal::note(&format!("{id} was revoked before"));
            return Ok(Exit::Fine);
        }
        self.record(EventName::KeyRevoked, &key.summary()).await?;
        terminal::line(&format!("{} {id} of {} is revoked", terminal::styled(Style::Good, "✓"), key.owner_login));
        Ok(Exit::Fine)
    }

    async fn unlock(&self, address: &str) -> Result<Exit, End> {
        let source = Source::parse(address)
            .ok_or_else(|| End::new(Exit::Configuration, format!("{} is no address", terminal::plain(address))))?;
        if !self.store.delete_lockout(&source.to_string()).await? {
            terminal::note(&format!("{source} is not locked"));
            return Ok(Exit::Fine);
        }
        let event = Event { target: Some(source.to_string()), ..self.event(EventName::KeyUnlocked) };
        self.announce(event).await?;
        terminal::line(&format!("{} {source} may try again", terminal::styled(Style::Good, "✓")));
        Ok(Exit::Fine)
    }

    async fn find(&self, id: &str) -> Result<StoredKey, End> {
        let found = match KeyId::parse(id) {
            Some(id) => self.store.key(&id).await?,
            None => None,
        };
        found.ok_or_else(|| {
            End::new(Exit::Refused, format!("there is no key {}", terminal::plain(id)))
                .with_hint("aegis-mcp key list shows them")
        })
    }

    async fn record(&self, name: EventName, key: &KeySummary) -> Result<(), End> {
        let login = Some(key.owner_login.clone());
        let key_id = Some(key.id.to_string());
        self.announce(Event { login, key_id, account_id: Some(key.account_id.value()), ..self.event(name) }).await
    }

    async fn announce(&self, event: Event) -> Result<(), End> {
        let audit = Audit::open(setup::audit(&self.configuration), self.context.ambient.clone());
        let audit = audit.map_err(setup::audit_end)?;
        let announced = audit.announce(event).await.map_err(setup::audit_end);
        audit.close().await;
        announced.map(drop)
    }
}

impl Desk {
    fn event(&self, name: EventName) -> Event {
        let id = correlation_id(&self.context.ambient);
        Event { transport: Some(Transport::Cli), ..Event::new(name, Outcome::Allowed, id) }
    }
}

fn key_end(error: KeyError) -> End {
    match error {
        KeyError::Gitea(error) => error.into(),
        KeyError::Store(error) => error.into(),
        KeyError::AnotherLogin { .. } => {
            End::new(Exit::Refused, error.to_string()).with_hint("use a token that this person made in Gitea")
        }
        KeyError::Token(_) | KeyError::NoAccount => End::new(Exit::Refused, error.to_string()),
        KeyError::Randomness(_) => End::fault(error.to_string()),
    }
}
