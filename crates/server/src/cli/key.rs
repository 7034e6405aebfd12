//! `aegis-mcp key`: hand out keys, look after them, take them back.

mod change;
mod look;
mod shown;
mod wish;

use std::path::PathBuf;

use aegis_gate::Source;
use aegis_gate::audit::{Event, EventName};
use aegis_store::{AccountId, KeyId, Store, StoredKey};
use clap::{Args, Subcommand};

use super::end::{End, Exit, tell};
use super::{Context, flags, setup};
use crate::config::{Configuration, Purpose};
use crate::keys::{self, Checked, KeyError, NewlyMade, Wish};
use crate::terminal::{self, Style};
use shown::show_new;
use wish::{expiry, scopes, token};

/// Makes, lists, checks and revokes keys; unlocks addresses.
#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(flatten)]
    file: flags::File,
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
        /// Revoke the old key at once; a serving gateway refuses it within a second.
        #[arg(long)]
        revoke: bool,
        /// When the new key ends: 90d, 12w, 1y, a date, or never.
        #[arg(long, default_value = "90d", value_name = "WHEN")]
        expires: String,
    },
    /// Look for keys that are old, ending, ended or bound to a token Gitea no longer takes; exit 1 if there are any.
    Check {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        forge: flags::Forge,
    },
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
    #[command(flatten)]
    forge: flags::Forge,
}

/// What every key command works on.
struct Desk {
    configuration: Configuration,
    store: std::sync::Arc<dyn Store>,
    context: Context,
}

pub(crate) async fn run(key: Key, mut context: Context) -> Result<Exit, End> {
    let Key { file, command } = key;
    file.apply(&mut context);
    let purpose = match &command {
        Command::Generate(Generate { forge, .. }) | Command::Check { forge, .. } => {
            forge.apply(&mut context);
            Purpose::Gateway
        }
        Command::Rotate { .. } | Command::List { .. } | Command::Revoke { .. } | Command::Unlock { .. } => {
            Purpose::Records
        }
    };
    let (configuration, _) = setup::configuration(&context, purpose)?;
    let store = setup::store(&configuration, &context.ambient).await?;
    let desk = Desk { configuration, store, context };
    let end = match command {
        Command::Generate(wish) => desk.generate(wish).await,
        Command::Rotate { id, revoke, expires } => desk.rotate(&id, revoke, &expires).await,
        Command::Check { json, .. } => desk.check(json).await,
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
        let wanted = Wish {
            owner: wish.owner,
            scopes: scopes(&wish.scopes)?,
            expires_at: expiry(&wish.expires, ambient.now())?,
            label: wish.label,
        };
        let token = token(wish.credential_file)?;
        let client = setup::client(&self.configuration, ambient)?;
        let checked = keys::check(&client, wanted, token).await.map_err(key_end)?;
        let warnings = checked.warnings.clone();
        let made = self.keep(self.event(EventName::KeyGenerated, "key generate"), checked).await?;
        for warning in &warnings {
            tell(Style::Warn, "warning", warning, None, None);
        }
        show_new(&made);
        Ok(Exit::Fine)
    }

    async fn rotate(&self, id: &str, revoke: bool, expires: &str) -> Result<Exit, End> {
        let old = self.find(id).await?;
        if old.revoked_at.is_some() {
            return Err(End::new(Exit::Refused, format!("{} was revoked; its Gitea token is erased", old.id))
                .with_hint("make a new one with key generate"));
        }
        let wish = Wish {
            owner: old.owner_login,
            scopes: old.scopes,
            expires_at: expiry(expires, self.context.ambient.now())?,
            label: old.label,
        };
        let checked = Checked { wish, account_id: old.account_id, credential: old.credential, warnings: Vec::new() };
        show_new(&self.keep(self.event(EventName::KeyRotated, "key rotate"), checked).await?);
        if revoke {
            return self.revoke(id).await;
        }
        terminal::note(&format!("the old key still works; end it with: aegis-mcp key revoke {id}"));
        Ok(Exit::Fine)
    }

    async fn keep(&self, event: Event, checked: Checked) -> Result<NewlyMade, End> {
        let change = self.announce(about(event, &checked.wish.owner, checked.account_id)).await?;
        let made = keys::keep(self.store.as_ref(), &self.context.ambient, checked).await;
        change.ended(&made, |made| Some(made.summary.id.to_string())).await;
        Ok(made?)
    }

    async fn revoke(&self, id: &str) -> Result<Exit, End> {
        let key = self.find(id).await?;
        if key.revoked_at.is_some() {
            terminal::note(&format!("{id} was revoked before"));
            return Ok(Exit::Fine);
        }
        let event = Event { key_id: Some(key.id.to_string()), ..self.event(EventName::KeyRevoked, "key revoke") };
        let change = self.announce(about(event, &key.owner_login, key.account_id)).await?;
        let done = self.store.revoke_key(&key.id).await;
        change.ended(&done, |_| None).await;
        done?;
        let owner = terminal::plain(&key.owner_login);
        terminal::line(&format!("{} {id} of {owner} is revoked", terminal::styled(Style::Good, "✓")));
        Ok(Exit::Fine)
    }

    async fn unlock(&self, address: &str) -> Result<Exit, End> {
        let source = Source::parse(address)
            .ok_or_else(|| End::new(Exit::Configuration, format!("{} is no address", terminal::plain(address))))?;
        let stored = source.to_string();
        if self.store.lockout(&stored).await?.is_none() {
            terminal::note(&format!("{source} is not locked"));
            return Ok(Exit::Fine);
        }
        let event = Event { target: Some(stored.clone()), ..self.event(EventName::KeyUnlocked, "key unlock") };
        let change = self.announce(event).await?;
        let done = self.store.delete_lockout(&stored).await;
        change.ended(&done, |_| None).await;
        done?;
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
}

/// Whose key it is about.
fn about(event: Event, login: &str, account_id: AccountId) -> Event {
    Event { login: Some(login.to_owned()), account_id: Some(account_id.value()), ..event }
}

fn key_end(error: KeyError) -> End {
    match error {
        KeyError::Gitea(error) => error.into(),
        KeyError::AnotherLogin { .. } => {
            End::new(Exit::Refused, error.to_string()).with_hint("use a token that this person made in Gitea")
        }
        KeyError::Token(_) | KeyError::NoAccount => End::new(Exit::Refused, error.to_string()),
    }
}
