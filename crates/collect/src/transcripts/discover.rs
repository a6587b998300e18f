use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::{Client, Env, Format, Presence, Store};
use agtop_model::{Issue, IssueKind};
use agtop_os::{FileIdentity, FileKind, Walk};

use crate::transcripts::health::{Found, HealthBook};
use crate::transcripts::sqlite::log_of;

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
        Ok(FileKind::Regular(identity)) => Some(identity),
        _ => None,
    }
}

impl Place {
    /// Whether a file there would be found.
    pub(crate) fn holds(&self, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix(&self.root) else { return false };
        relative.components().count() <= self.store.depth
            && (self.store.accepts)(relative)
            && !is_superseded(&self.root, relative, self.store.format)
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
        for store in stores(client, env, health) {
            let (root, trouble) = match real_root(&store) {
                Ok(root) => (root, None),
                Err(error) => (None, Some(error)),
            };
            let place = Arc::new(Place { client, root: root.unwrap_or_else(|| store.root.clone()), store });
            let mut search =
                Search { place: &place, health, seen: &mut seen, found: Found::default(), has_noted: false };
            if let Some(error) = trouble {
                search.note(&place.root, IssueKind::Unreadable, &error.to_string());
            }
            search.run(&mut candidates);
            search.check_listed();
            let found = search.found;
            health.note_store(client.info().id, &place.store, found);
            places.push(place);
        }
    }
    (places, candidates)
}

/// The places where the client's files may lie, those that it lists itself among them. Each root is one place.
fn stores(client: &'static dyn Client, env: &Env, health: &mut HealthBook) -> Vec<Store> {
    let mut listed = Vec::new();
    for index in client.indexes(env) {
        match listed_stores(client, &index) {
            Ok(found) => listed.extend(found),
            Err(issue) => health.note_issue(client.info().id, issue),
        }
    }
    let mut stores = client.stores(env);
    let roots: HashSet<&Path> = listed.iter().map(|store| &*store.root).collect();
    stores.retain(|store| store.presence != Presence::Usual || !roots.contains(&*store.root));
    let mut known: HashSet<PathBuf> = stores.iter().map(|store| store.root.clone()).collect();
    stores.extend(listed.into_iter().filter(|store| known.insert(store.root.clone())));
    stores
}

/// The places that an index lists; none if it is not there.
fn listed_stores(client: &'static dyn Client, index: &Path) -> Result<Vec<Store>, Issue> {
    let issue = |kind, detail| Issue { path: index.to_owned(), place: None, kind, detail };
    let read = || -> io::Result<Vec<u8>> {
        let (file, _) = agtop_os::open_regular(index)?;
        let mut text = Vec::new();
        file.take(MAX_INDEX_BYTES).read_to_end(&mut text)?;
        Ok(text)
    };
    match read() {
        Ok(text) => client.listed_stores(&text).map_err(|error| issue(error.kind, error.detail)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(issue(IssueKind::Unreadable, error.to_string())),
    }
}

/// What is read of an index: a list of thousands of projects takes no more.
const MAX_INDEX_BYTES: u64 = 4 * 1024 * 1024;

/// The root itself may be a link; walking from its target keeps paths below it free of links.
/// None: there is no such directory. An error: nobody knows, since the path is too long, say, or leads through what may
/// not be looked into.
fn real_root(store: &Store) -> io::Result<Option<PathBuf>> {
    // Most stores are not there, and finding out step by step takes as long as going through a small one.
    match store.root.metadata() {
        Ok(metadata) if metadata.is_dir() => store.root.canonicalize().map(Some),
        Ok(_) => Ok(None),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The search of one store.
struct Search<'a> {
    place: &'a Arc<Place>,
    health: &'a mut HealthBook,
    /// Files found in earlier stores of the same client, by device and inode.
    seen: &'a mut HashSet<(u64, u64)>,
    found: Found,
    /// Whether there was trouble.
    has_noted: bool,
}

impl Search<'_> {
    fn run(&mut self, candidates: &mut Vec<Candidate>) {
        let Place { store, root, .. } = &**self.place;
        self.found.exists = root.is_dir();
        if !self.found.exists {
            return;
        }
        let passed_over = Cell::new(0);
        let accepts = |relative: &Path| {
            let is_accepted = (store.accepts)(relative) && !is_superseded(root, relative, store.format);
            if !is_accepted {
                passed_over.set(passed_over.get() + 1);
                tracing::trace!(?root, ?relative, "file: passed over, it has no transcript's name or is superseded");
            }
            is_accepted
        };
        Walk { root, depth: store.depth, accepts: &accepts }.run(&mut |sight| {
            let path = || if sight.relative.as_os_str().is_empty() { root.clone() } else { root.join(sight.relative) };
            let (kind, what) = match sight.kind {
                Ok(FileKind::Regular(identity)) => {
                    self.found.files += 1;
                    self.found.bytes += identity.size;
                    if self.seen.insert((identity.device, identity.inode)) {
                        candidates.push(Candidate { place: Arc::clone(self.place), path: path(), identity });
                    }
                    return;
                }
                Ok(FileKind::Directory) => (IssueKind::NotAFile, "a directory".to_owned()),
                Ok(FileKind::Symlink) => (IssueKind::NotAFile, "a symbolic link, which is not followed".to_owned()),
                Ok(FileKind::Other) => (IssueKind::NotAFile, "a pipe, socket or device".to_owned()),
                Err(error) => (IssueKind::Unreadable, error.to_string()),
            };
            self.note(&path(), kind, &what);
        });
        self.found.passed_over = passed_over.get();
    }

    /// Says so if there is nothing in a place that the client itself lists. Where something there cannot be looked at,
    /// that was said.
    fn check_listed(&mut self) {
        let Place { store, .. } = &**self.place;
        if store.presence == Presence::Listed && self.found.files == 0 && !self.has_noted {
            self.note(&store.root.clone(), IssueKind::Missing, "listed by the client itself, and nothing is there");
        }
    }

    fn note(&mut self, path: &Path, kind: IssueKind, detail: &str) {
        self.has_noted = true;
        let issue = Issue { path: path.to_owned(), place: None, kind, detail: detail.to_owned() };
        self.health.note_issue(self.place.client.info().id, issue);
    }
}

/// A compressed file whose plain original is still there.
fn is_superseded(root: &Path, relative: &Path, format: Format) -> bool {
    matches!(format, Format::Lines)
        && relative.extension().is_some_and(|extension| extension == "zst")
        && root.join(relative).with_extension("").is_file()
}
