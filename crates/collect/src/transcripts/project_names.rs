//! Directories by the names that clients make of them.

use agtop_clients::{CLIENTS, Env};
use agtop_model::{Event, EventKind, FileId, Provenance, SessionKey, SourcePosition, Timestamp};

use crate::state::World;

/// Tells the World what clients call the directories that people work in: a hash in a path names its directory to
/// nobody, but the hash of a directory that is known can be computed.
#[derive(Debug, Default)]
pub(crate) struct ProjectNames {
    /// How many of the directories were told.
    told: usize,
}

/// Nothing was read: these names come from no file.
const NO_SOURCE: Provenance = Provenance { file: FileId(u32::MAX), place: SourcePosition::Entry(0) };

impl ProjectNames {
    /// Tells what is new.
    pub(crate) fn tell(&mut self, env: &Env, world: &mut World, now: Timestamp) {
        for directory in env.work_dirs.iter().skip(self.told) {
            for client in CLIENTS {
                let Some(project) = client.project_name(directory) else { continue };
                let session = SessionKey::new(client.info().id, "");
                let kind = EventKind::ProjectRoot { project, root: directory.clone() };
                world.apply(Event { at: None, session, source: NO_SOURCE, kind }, now);
            }
        }
        self.told = env.work_dirs.len();
    }
}
