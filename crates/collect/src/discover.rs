use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::{Client, Env, Format, Store};
use agtop_model::{Issue, IssueKind};
use agtop_os::FileIdentity;
use walkdir::{DirEntry, WalkDir};

use crate::health::{Found, HealthBook};
use crate::sqlite::log_of;

/// A client's store, with its real root.
pub(crate) struct Place {
    pub(crate) client: &'static dyn Client,
    pub(crate) store: Store,
    pub(crate) root: PathBuf,
}

impl Candidate {
    /// What tells whether the file has changed.
    pub(crate) fn state(&self) -> FileState {
        (self.identity, log_identity(&self.path, self.place.store.format))
    }
}

/// What tells whether a file has changed: its own identity, and its write-ahead log's if it is a database.
pub(crate) type FileState = (FileIdentity, Option<FileIdentity>);

fn log_identity(path: &Path, format: Format) -> Option<FileIdentity> {
    if !matches!(format, Format::Sqlite(_)) {
        return None;
    }
    match agtop_os::identity(&log_of(path)) {
        Ok(agtop_os::FileKind::Regular(identity)) => Some(identity),
        _ => None,
    }
}

impl Place {
    /// Whether a file there would be found.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix(&self.root) else { return false };
        relative.components().count() <= self.store.depth
            && (self.store.accepts)(relative)
            && !is_superseded(path, self.store.format)
    }
}

/// A file worth reading.
pub(crate) struct Candidate {
    pub(crate) place: Arc<Place>,
    pub(crate) path: PathBuf,
    pub(crate) identity: FileIdentity,
}

/// Finds every file of these clients. Each file is found once, even if roots are links to each other or lie within
/// each other; no link below a root is followed; what is not a regular file is noted and left alone.
pub(crate) fn discover(
    clients: &[&'static dyn Client],
    env: &Env,
    health: &mut HealthBook,
) -> (Vec<Arc<Place>>, Vec<Candidate>) {
    let (mut places, mut candidates) = (Vec::new(), Vec::new());
    for &client in clients {
        let mut seen = HashSet::new();
        for store in client.stores(env) {
            let root = real_root(&store);
            let place = Arc::new(Place { client, root: root.unwrap_or_else(|| store.root.clone()), store });
            let mut search = Search { place: &place, health, seen: &mut seen, found: Found::default() };
            search.run(&mut candidates);
            let found = search.found;
            health.note_store(client.info().id, &place.store, found);
            places.push(place);
        }
    }
    (places, candidates)
}

/// The root itself may be a link; walking from its target keeps paths below it free of links.
fn real_root(store: &Store) -> Option<PathBuf> {
    store.root.canonicalize().ok()
}

/// The search of one store.
struct Search<'a> {
    place: &'a Arc<Place>,
    health: &'a mut HealthBook,
    /// Files found in earlier stores of the same client, by device and inode.
    seen: &'a mut HashSet<(u64, u64)>,
    found: Found,
}

impl Search<'_> {
    fn run(&mut self, candidates: &mut Vec<Candidate>) {
        let Place { store, root, .. } = &**self.place;
        self.found.exists = root.is_dir();
        if !self.found.exists {
            return;
        }
        let walk = WalkDir::new(root).max_depth(store.depth).follow_links(false);
        for entry in walk {
            match entry {
                Ok(entry) => {
                    if let Some(identity) = self.admit(&entry) {
                        let place = Arc::clone(self.place);
                        candidates.push(Candidate { place, path: entry.into_path(), identity });
                    }
                }
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    let reason = error.io_error().map_or_else(|| "cannot be entered".to_owned(), ToString::to_string);
                    self.note(&path, IssueKind::Unreadable, &reason);
                }
            }
        }
    }

    fn admit(&mut self, entry: &DirEntry) -> Option<FileIdentity> {
        let Place { store, root, .. } = &**self.place;
        let relative = entry.path().strip_prefix(root).ok()?;
        if !(store.accepts)(relative) || is_superseded(entry.path(), store.format) {
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
                self.seen.insert((identity.device, identity.inode)).then_some(identity)
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
        self.health.note_issue(self.place.client.info().id, issue);
    }
}

/// A compressed file whose plain original is still there.
fn is_superseded(path: &Path, format: Format) -> bool {
    matches!(format, Format::Lines)
        && path.extension().is_some_and(|extension| extension == "zst")
        && path.with_extension("").is_file()
}
