//! What the writer does with the disk: every step either happens whole or is tried again from where it stood.

use std::io;

use super::{Failing, Fault, Waiting, Writer};
use crate::audit::error::AuditError;
use crate::audit::line::Draft;
use crate::audit::own::{Recovered, Started, Stopped, Suppressed};
use crate::audit::retention;

/// A commit this large is cut in two, so that a full queue does not become one huge write.
const COMMIT_CAP_BYTES: usize = 1024 * 1024;
/// How often files grown old are looked for, besides at the start and at each rotation.
const RETIRE_EVERY: std::time::Duration = std::time::Duration::from_hours(1);

impl Writer {
    /// The chain's first lines.
    pub(super) fn start(&mut self) -> Result<(), AuditError> {
        let now = self.ambient.now();
        let path = self.settings.directory.clone();
        let begun = self.chain.draft(now).and_then(|mut draft| {
            draft.push_own(now, &Started {})?;
            self.put(draft)
        });
        begun.map_err(|source| AuditError::Directory { path, source })?;
        self.pay().map_err(|fault| AuditError::Checkpoint {
            path: self.settings.checkpoint_path.clone().unwrap_or_default(),
            source: fault.source,
        })
    }

    /// The chain's last lines.
    pub(super) fn stop(&mut self) -> Result<(), Fault> {
        let now = self.ambient.now();
        let mut draft = self.chain.draft(now).map_err(fault)?;
        draft.push_own(now, &Stopped {}).map_err(fault)?;
        self.put(draft).map_err(fault)?;
        self.pay()
    }

    /// Puts all that waits on disk. Refusals counted from here on wait for the next time: a flood of them, which costs
    /// its sender nothing, must not keep this one from ending (attack A06).
    pub(super) fn write_pending(&mut self) -> Result<(), Fault> {
        self.pay()?;
        let mut suppressed = self.queue.suppressed();
        while !self.pending.is_empty() || self.failing.is_some() || suppressed > 0 {
            self.rotate_when_full()?;
            self.commit(suppressed).map_err(fault)?;
            suppressed = 0;
            self.pay()?;
        }
        Ok(())
    }

    /// One write, one sync, one signature. Only then are places freed and waiters told.
    fn commit(&mut self, suppressed: u64) -> io::Result<()> {
        let now = self.ambient.now();
        let mut draft = self.chain.draft(now)?;
        if let Some(Failing { since, code, .. }) = &self.failing {
            draft.push_own(now, &Recovered { failing_since: format!("{since:.6}"), code })?;
        }
        if suppressed > 0 {
            draft.push_own(now, &Suppressed { count: suppressed })?;
        }
        let mut numbers = Vec::with_capacity(self.pending.len());
        for Waiting { time, event, .. } in &self.pending {
            if draft.bytes.len() >= COMMIT_CAP_BYTES {
                break;
            }
            draft.push(*time, event.name.as_str(), &event.fields())?;
            numbers.push(draft.seq);
        }
        self.put(draft)?;
        if self.failing.take().is_some() {
            tracing::info!("the audit record is written again");
        }
        self.queue.told(suppressed);
        for (waiting, seq) in self.pending.drain(..numbers.len()).zip(numbers) {
            let Waiting { place, told, .. } = waiting;
            drop(place);
            let _cancelled = told.map(|told| told.send(Ok(seq)));
        }
        Ok(())
    }

    /// Signs a draft and commits it.
    fn put(&mut self, mut draft: Draft) -> io::Result<()> {
        draft.push_checkpoint(self.ambient.now(), &self.chain.name().chain, &self.key)?;
        self.chain.commit(&draft)?;
        self.owe(&draft.signed);
        Ok(())
    }

    fn rotate_when_full(&mut self) -> Result<(), Fault> {
        if self.chain.length() >= self.settings.rotate_bytes {
            let signed = self.chain.rotate(self.ambient.now(), &self.key, self.disk.as_mut()).map_err(fault)?;
            self.owe(&signed);
            self.retire_at = self.ambient.elapsed();
        }
        Ok(())
    }

    fn owe(&mut self, signed: &[u8]) {
        if self.settings.checkpoint_path.is_some() {
            self.owed.extend_from_slice(signed);
        }
    }

    /// Hands signed lines to the second place. Others append there too, so a failed end cannot be cut off; the next try
    /// begins on a line of its own.
    fn pay(&mut self) -> Result<(), Fault> {
        let Some(path) = self.settings.checkpoint_path.as_deref().filter(|_| !self.owed.is_empty()) else {
            return Ok(());
        };
        if let Err(source) = self.disk.append(path, &self.owed) {
            if self.owed.first() != Some(&b'\n') {
                self.owed.insert(0, b'\n');
            }
            return Err(Fault { code: "audit_checkpoint_unwritable", source });
        }
        self.owed.clear();
        Ok(())
    }

    /// Deletes files grown old, each after its `retired` is on disk.
    pub(super) fn retire_when_due(&mut self) {
        if self.failing.is_some() || self.ambient.elapsed() < self.retire_at {
            return;
        }
        self.retire_at = self.ambient.elapsed().saturating_add(RETIRE_EVERY);
        if let Err(fault) = self.retire() {
            self.fail(&fault);
        }
    }

    fn retire(&mut self) -> Result<(), Fault> {
        let now = self.ambient.now();
        let old = match retention::expired(&self.settings, self.chain.name(), now) {
            Ok(old) => old,
            Err(error) => {
                tracing::warn!(%error, "old audit files cannot be looked for");
                return Ok(());
            }
        };
        if old.is_empty() {
            return Ok(());
        }
        let mut draft = self.chain.draft(now).map_err(fault)?;
        for file in &old {
            let retired = file.retired(&self.chain.name().chain, self.key.public().id());
            draft.push_signed(now, &retired, &self.key).map_err(fault)?;
        }
        self.put(draft).map_err(fault)?;
        self.pay()?;
        for file in old {
            if let Err(error) = self.disk.remove(&file.path) {
                tracing::warn!(%error, path = %file.path.display(), "an old audit file cannot be deleted");
            }
        }
        Ok(())
    }
}

fn fault(source: io::Error) -> Fault {
    let code = match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "audit_disk_full",
        io::ErrorKind::ReadOnlyFilesystem => "audit_read_only",
        io::ErrorKind::PermissionDenied => "audit_forbidden",
        _ => "audit_io_error",
    };
    Fault { code, source }
}
