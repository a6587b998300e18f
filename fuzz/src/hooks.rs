//! Hook payloads: any process of the user can push one and claim that an agent sent it.

use agtop_clients::{CLIENTS, PayloadOrigin};
use agtop_model::{EventKind, FileId, Provenance, SourcePosition, Timestamp};

/// Has the dialect of every client decode the input.
///
/// # Panics
///
/// If a dialect decodes the same payload in two ways, or returns usage: usage is counted from transcripts.
pub(crate) fn run(input: &[u8]) {
    let source = Provenance { file: FileId(0), place: SourcePosition::Entry(0) };
    let stamp = PayloadOrigin { at: Timestamp::from_millis(1_795_264_200_000), source };
    for dialect in CLIENTS.iter().filter_map(|client| client.hooks()) {
        let Ok(event) = dialect.decode(input, stamp) else { continue };
        let again = dialect.decode(input, stamp).ok().map(|again| (again.session, again.hook, again.events.len()));
        assert_eq!(again, Some((event.session, event.hook, event.events.len())));
        assert!(
            !event.events.iter().any(|event| matches!(event.kind, EventKind::Response(_))),
            "a hook counts no usage"
        );
    }
}
