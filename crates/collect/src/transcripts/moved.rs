//! Detects files that were moved.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::Path;

use agtop_model::{ClientId, SessionKey};
use foldhash::fast::RandomState;

use super::stores::FoundFile;

/// The names of all files that were found. They are collected on first use: a home may have millions of files, and a
/// file is rarely missing.
pub(crate) struct FoundNames<'a> {
    found: &'a [FoundFile],
    names: OnceCell<HashSet<(ClientId, &'a OsStr), RandomState>>,
}

impl<'a> FoundNames<'a> {
    pub(crate) fn of(found: &'a [FoundFile]) -> Self {
        Self { found, names: OnceCell::new() }
    }

    /// Whether the file at a path that no longer exists, which reported these sessions, is now elsewhere: a file of
    /// the client has the same name, and the name contains the id of one of the sessions. Other names say nothing,
    /// since many files of a client may share one.
    pub(crate) fn is_moved<'s>(
        &self,
        (client, missing): (ClientId, &Path),
        sessions: impl IntoIterator<Item = &'s SessionKey>,
    ) -> bool {
        let name = stem(missing).to_string_lossy();
        let is_named_for = |session: &SessionKey| {
            let own = session.id.rsplit('/').next().unwrap_or_default();
            own.len() >= MIN_ID_CHARS && name.contains(own)
        };
        sessions.into_iter().any(is_named_for) && self.has(client, missing)
    }

    fn has(&self, client: ClientId, missing: &Path) -> bool {
        let names = self.names.get_or_init(|| {
            let name = |file: &'a FoundFile| (file.store.client.info().id, stem(&file.path));
            self.found.iter().map(name).collect()
        });
        names.contains(&(client, stem(missing)))
    }
}

/// A shorter id may be part of a name by chance.
const MIN_ID_CHARS: usize = 4;

/// A file's name, without the extension of a compressed file.
fn stem(path: &Path) -> &OsStr {
    let name = path.file_name().unwrap_or(path.as_os_str());
    if path.extension().is_some_and(|extension| extension == "zst") { path.file_stem().unwrap_or(name) } else { name }
}
