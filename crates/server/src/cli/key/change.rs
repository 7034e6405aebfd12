//! A change of keys on record: announced before it is made, and how it ended after it. What cannot be announced is not
//! done.

use aegis_gate::audit::{Audit, Event, EventName, Outcome, Transport};
use aegis_store::StoreError;

use super::Desk;
use crate::cli::end::{End, tell};
use crate::cli::setup;
use crate::front::correlation_id;
use crate::terminal::Style;

/// A change whose announcement is on disk.
pub(super) struct Change {
    audit: Audit,
    event: Event,
}

impl Desk {
    /// An event of this command; what it is about, the caller fills in.
    pub(super) fn event(&self, name: EventName, command: &str) -> Event {
        let id = correlation_id(&self.context.ambient);
        let tool = Some(command.to_owned());
        Event { transport: Some(Transport::Cli), tool, ..Event::new(name, Outcome::Allowed, id) }
    }

    /// Puts on record that the change of this event is about to be made.
    pub(super) async fn announce(&self, event: Event) -> Result<Change, End> {
        let audit = Audit::open(setup::audit(&self.configuration), self.context.ambient.clone());
        let audit = audit.map_err(setup::audit_end)?;
        match audit.announce(Event { name: EventName::WriteAnnounced, ..event.clone() }).await {
            Ok(_) => Ok(Change { audit, event }),
            Err(error) => {
                audit.close().await;
                Err(setup::audit_end(error))
            }
        }
    }
}

impl Change {
    /// Records how it ended, and under which key id. The announcement stands whatever happens here, so that a record
    /// that fails only now is told and stops nothing.
    pub(super) async fn ended<T>(self, done: &Result<T, StoreError>, key_id: impl FnOnce(&T) -> Option<String>) {
        let event = match done {
            Ok(done) => Event { key_id: key_id(done).or(self.event.key_id.clone()), ..self.event },
            Err(error) => Event { outcome: Outcome::Failed, code: Some(error.code()), ..self.event },
        };
        if let Err(error) = self.audit.announce(event).await {
            let what = format!("announced on record, but not how it ended: {error}");
            tell(Style::Warn, "warning", &what, None, None);
        }
        self.audit.close().await;
    }
}
