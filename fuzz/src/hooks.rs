//! Hook payloads: whatever a process of the user's pushes, and says that an agent has said it.

use agtop_clients::{CLIENTS, Stamp};
use agtop_model::{EventKind, FileId, SourcePosition, Provenance, Timestamp};

/// Has every client's dialect decode the input.
///
/// # Panics
///
/// When a dialect tells two things of one payload, or tells of usage, which comes from transcripts, once.
pub fn hooks(input: &[u8]) {
    let source = Provenance { file: FileId(0), place: SourcePosition::Entry(0) };
    let stamp = Stamp { at: Timestamp::from_millis(1_795_264_200_000), source };
    for dialect in CLIENTS.iter().filter_map(|client| client.hooks()) {
        let Ok(told) = dialect.decode(input, stamp) else { continue };
        let again = dialect.decode(input, stamp).ok().map(|again| (again.session, again.hook, again.events.len()));
        assert_eq!(again, Some((told.session, told.hook, told.events.len())));
        assert!(!told.events.iter().any(|event| matches!(event.kind, EventKind::Turn(_))), "a hook bills nothing");
    }
}
