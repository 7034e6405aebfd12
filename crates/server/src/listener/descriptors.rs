//! Every connection costs a file descriptor, and so does what serves it: the store, the record, the way to Gitea.
//! A crowd at the door must not take the last one (attack S07).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept for everything that is no connection of a client: a quarter of what there is, within these bounds.
const MIN_KEPT: u64 = 32;
const MAX_KEPT: u64 = 256;

/// Raises this process's limit of open files as far as it may, and says how many of the wanted connections there is
/// room for.
pub(crate) fn room_for(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Lowered soft limits protect programs that use select(2), which we do not.
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let current = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    current.map_or(wanted, |descriptors| room(descriptors, wanted))
}

fn room(descriptors: u64, wanted: usize) -> usize {
    let kept = descriptors.div_euclid(4).clamp(MIN_KEPT, MAX_KEPT);
    let room = usize::try_from(descriptors.saturating_sub(kept)).unwrap_or(usize::MAX);
    wanted.min(room.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s07_connections_never_take_the_last_descriptor() {
        assert_eq!(room(1_048_576, 4_096), 4_096);
        assert_eq!(room(1_024, 4_096), 768);
        assert_eq!(room(64, 4_096), 32);
        assert_eq!(room(64, 16), 16);
        assert_eq!(room(8, 4_096), 1, "what little there is serves one after the other");
    }
}
