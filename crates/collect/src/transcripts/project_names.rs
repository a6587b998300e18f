//! The names that clients give to directories.

use agtop_clients::{CLIENTS, Env};
use agtop_model::{Event, EventKind, FileId, Provenance, SessionKey, SourcePosition};

/// Reports what clients call the directories in which agents work. A client may store the hash of a directory, from
/// which the directory cannot be recovered; but the hash of a known directory can be computed and compared.
#[derive(Debug, Default)]
pub(crate) struct ProjectNames {
    /// How many of the directories were reported.
    reported: usize,
}

/// The source of these names, which come from no file.
const NO_SOURCE: Provenance = Provenance { file: FileId(u32::MAX), place: SourcePosition::Entry(0) };

impl ProjectNames {
    /// The names of the directories that are new since the last call.
    pub(crate) fn take_new(&mut self, env: &Env) -> Vec<Event> {
        let mut events = Vec::new();
        for directory in env.work_dirs.iter().skip(self.reported) {
            for client in CLIENTS {
                let Some(project) = client.project_name(directory) else { continue };
                let session = SessionKey::new(client.info().id, "");
                let kind = EventKind::ProjectRoot { project, root: directory.clone() };
                events.push(Event { at: None, session, source: NO_SOURCE, kind });
            }
        }
        self.reported = env.work_dirs.len();
        events
    }
}
