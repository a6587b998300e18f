use std::collections::HashSet;
use std::path::{Path, PathBuf};

use agtop_clients::{Client, Env, Format, Store};
use agtop_model::{Issue, IssueKind};
use agtop_os::FileIdentity;
use walkdir::{DirEntry, WalkDir};

use crate::health::{Found, HealthBook};

/// A file worth reading.
pub(crate) struct Candidate {
    pub(crate) client: &'static dyn Client,
    /// Which of the round's stores it belongs to.
    pub(crate) store: usize,
    pub(crate) path: PathBuf,
    pub(crate) identity: FileIdentity,
}

/// What a search found: stores with their real roots, and the files in them.
#[derive(Default)]
pub(crate) struct Discovery {
    pub(crate) stores: Vec<(Store, PathBuf)>,
    pub(crate) candidates: Vec<Candidate>,
}

/// Finds every file of these clients. Each file is found once, even if roots are links to each other or lie within
/// each other; no link below a root is followed; what is not a regular file is noted and left alone.
pub(crate) fn discover(clients: &[&'static dyn Client], env: &Env, health: &mut HealthBook) -> Discovery {
    let mut discovery = Discovery::default();
    for &client in clients {
        let mut seen = HashSet::new();
        for store in client.stores(env) {
            let at = discovery.stores.len();
            let mut search = Search { client, store: &store, health, seen: &mut seen, found: Found::default() };
            let root = search.run(at, &mut discovery.candidates);
            let found = search.found;
            health.note_store(client.info().id, &store, found);
            discovery.stores.push((store, root));
        }
    }
    discovery
}

/// The search of one store.
struct Search<'a> {
    client: &'static dyn Client,
    store: &'a Store,
    health: &'a mut HealthBook,
    /// Files found in earlier stores of the same client, by device and inode.
    seen: &'a mut HashSet<(u64, u64)>,
    found: Found,
}

impl Search<'_> {
    /// Adds the store's files, and returns its real root: the root itself may be a link, and walking from its target
    /// keeps paths below it free of links.
    fn run(&mut self, store: usize, candidates: &mut Vec<Candidate>) -> PathBuf {
        self.found.exists = self.store.root.is_dir();
        if !self.found.exists {
            return self.store.root.clone();
        }
        let Ok(root) = self.store.root.canonicalize() else {
            self.note(&self.store.root, IssueKind::Unreadable, "cannot be entered");
            return self.store.root.clone();
        };
        let walk = WalkDir::new(&root).max_depth(self.store.depth).follow_links(false);
        for entry in walk {
            match entry {
                Ok(entry) => {
                    if let Some((path, identity)) = self.admit(&root, &entry) {
                        candidates.push(Candidate { client: self.client, store, path, identity });
                    }
                }
                Err(error) => {
                    let path = error.path().unwrap_or(&root).to_owned();
                    let reason = error.io_error().map_or_else(|| "cannot be entered".to_owned(), ToString::to_string);
                    self.note(&path, IssueKind::Unreadable, &reason);
                }
            }
        }
        root
    }

    fn admit(&mut self, root: &Path, entry: &DirEntry) -> Option<(PathBuf, FileIdentity)> {
        let relative = entry.path().strip_prefix(root).ok()?;
        if !(self.store.accepts)(relative) || is_superseded(entry.path(), self.store.format) {
            return None;
        }
        let kind = entry.file_type();
        if !kind.is_file() {
            let what = if kind.is_dir() {
                "a directory"
            } else if kind.is_symlink() {
                "a symbolic link, which is not followed"
            } else {
                "a pipe, socket or device"
            };
            self.note(entry.path(), IssueKind::NotAFile, what);
            return None;
        }
        match agtop_os::identity(entry.path()) {
            Ok(agtop_os::FileKind::Regular(identity)) => {
                self.found.files += 1;
                self.found.bytes += identity.size;
                self.seen.insert((identity.device, identity.inode)).then(|| (entry.path().to_owned(), identity))
            }
            Ok(_) => None,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                self.note(entry.path(), IssueKind::Unreadable, &error.to_string());
                None
            }
        }
    }

    fn note(&mut self, path: &Path, kind: IssueKind, detail: &str) {
        let issue = Issue { path: path.to_owned(), place: None, kind, detail: detail.to_owned() };
        self.health.note_issue(self.client.info().id, issue);
    }
}

/// A compressed file whose plain original is still there.
fn is_superseded(path: &Path, format: Format) -> bool {
    matches!(format, Format::Lines)
        && path.extension().is_some_and(|extension| extension == "zst")
        && path.with_extension("").is_file()
}
