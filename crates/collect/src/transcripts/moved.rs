//! Files that lie elsewhere now.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use agtop_model::{ClientId, SessionKey};
use foldhash::fast::RandomState;

use crate::transcripts::discover::Candidate;

/// The names of all files that were found. Homes have millions, and seldom is one gone: they are collected only when that
/// is asked.
pub(crate) struct FoundNames<'a> {
    candidates: &'a [Candidate],
    names: OnceCell<HashSet<(ClientId, &'a OsStr), RandomState>>,
}

impl<'a> FoundNames<'a> {
    pub(crate) fn of(candidates: &'a [Candidate]) -> Self {
        Self { candidates, names: OnceCell::new() }
    }

    /// Whether a file of the client is found under the name of this one, which is not there any more and told these
    /// sessions. If the name holds the id of one of them it is the same file, and tells what this one told. Many files of
    /// one client may have another name in common.
    pub(crate) fn holds<'s>(
        &self,
        (client, gone): (ClientId, &Path),
        sessions: impl IntoIterator<Item = &'s SessionKey>,
    ) -> bool {
        let name = stem(gone).to_string_lossy();
        let is_named_for = |session: &SessionKey| {
            let own = session.id.rsplit('/').next().unwrap_or_default();
            own.len() >= SHORTEST_ID && name.contains(own)
        };
        sessions.into_iter().any(is_named_for) && self.has(client, gone)
    }

    fn has(&self, client: ClientId, gone: &Path) -> bool {
        let names = self.names.get_or_init(|| {
            let name = |found: &'a Candidate| (found.place.client.info().id, stem(&found.path));
            self.candidates.iter().map(name).collect()
        });
        names.contains(&(client, stem(gone)))
    }
}

/// Shorter ids may be in a name by chance.
const SHORTEST_ID: usize = 4;

/// A file's name, whether it is compressed or not.
fn stem(path: &Path) -> &OsStr {
    let name = path.file_name().unwrap_or(path.as_os_str());
    if path.extension().is_some_and(|extension| extension == "zst") { path.file_stem().unwrap_or(name) } else { name }
}
