use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_clients::{Client, Env, Presence, Store};
use agtop_model::{Issue, IssueKind};
use agtop_os::{DirectoryStamp, FileIdentity, FileKind, Walk, WalkEntry, WalkVisitor};
use foldhash::fast::RandomState;

use super::health::HealthBook;
use super::idle_directories::{self, IdleDirectoryUse, SearchedDirectory};
use super::stores::{FoundFile, StoreContents, StoreRoot};

/// Finds every file of these clients. A file is found once, even if roots link to each other or contain each other.
/// Links below a root are not followed. What is no regular file is reported as an issue. `idle` says what is done about
/// idle directories.
pub(crate) fn discover(
    clients: &[&'static dyn Client],
    env: &Env,
    (health, idle): (&mut HealthBook, &mut IdleDirectoryUse),
) -> (Vec<Arc<StoreRoot>>, Vec<FoundFile>) {
    let (mut stores, mut files) = (Vec::new(), Vec::new());
    for &client in clients {
        let mut seen = HashSet::default();
        for store in client_stores(client, env, health) {
            let (root, error) = match real_root(&store) {
                Ok(root) => (root, None),
                Err(error) => (None, Some(error)),
            };
            let store = Arc::new(StoreRoot { client, root: root.unwrap_or_else(|| store.root.clone()), store });
            let contents = StoreContents::default();
            idle.begin_store(&store);
            let mut search = StoreSearch { store: &store, health, seen: &mut seen, contents, has_issue: false, idle };
            if let Some(error) = error {
                search.note(&store.root, IssueKind::Unreadable, &error.to_string());
            }
            search.run(&mut files);
            search.check_listed();
            let contents = search.contents;
            health.note_store(client.info().id, &store.store, contents);
            stores.push(store);
        }
    }
    (stores, files)
}

/// The client's stores, with those that its own index lists. Each root occurs once.
fn client_stores(client: &'static dyn Client, env: &Env, health: &mut HealthBook) -> Vec<Store> {
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

/// The stores that an index lists; none if the index does not exist.
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

/// How much of an index is read: a list of thousands of projects is no longer.
const MAX_INDEX_BYTES: u64 = 4 * 1024 * 1024;

/// The directory that a root names, with links resolved: then no path below it contains a link. `None` if there is no
/// such directory. It fails where that cannot be found out, for example because the path is too long or leads through a
/// directory without search permission.
fn real_root(store: &Store) -> io::Result<Option<PathBuf>> {
    // Most stores do not exist, and `canonicalize` takes as long to find that out as a search of a small store.
    match store.root.metadata() {
        Ok(metadata) if metadata.is_dir() => store.root.canonicalize().map(Some),
        Ok(_) => Ok(None),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The path of what a walk found below a root.
fn below(root: &Path, relative: &Path) -> PathBuf {
    if relative.as_os_str().is_empty() {
        return root.to_owned();
    }
    let mut path = PathBuf::with_capacity(root.as_os_str().len() + 1 + relative.as_os_str().len());
    path.push(root);
    path.push(relative);
    path
}

/// The search of one store.
struct StoreSearch<'a> {
    store: &'a Arc<StoreRoot>,
    health: &'a mut HealthBook,
    /// Files found in earlier stores of the same client, by device and inode.
    seen: &'a mut HashSet<(u64, u64), RandomState>,
    contents: StoreContents,
    /// Whether an issue was reported.
    has_issue: bool,
    idle: &'a mut IdleDirectoryUse,
}

impl StoreSearch<'_> {
    fn run(&mut self, files: &mut Vec<FoundFile>) {
        let StoreRoot { store, root, .. } = &**self.store;
        self.contents.exists = root.is_dir();
        if !self.contents.exists {
            return;
        }
        let skipped = Cell::new(0);
        let accepts = |relative: &Path| {
            let is_accepted = (store.accepts)(relative) && !self.store.is_superseded(relative);
            if !is_accepted {
                skipped.set(skipped.get() + 1);
                tracing::trace!(?root, ?relative, "file: skipped, its name is no transcript's or it is superseded");
            }
            is_accepted
        };
        let walk = Walk { root, depth: store.depth, accepts: &accepts };
        walk.run(&mut StoreVisitor { search: self, files, skipped: &skipped, searched: None });
        self.contents.skipped += skipped.get();
    }

    /// Reports a store that the client itself lists and that is empty, unless another issue already says why.
    fn check_listed(&mut self) {
        let StoreRoot { store, .. } = &**self.store;
        if store.presence == Presence::Listed && self.contents.files == 0 && !self.has_issue {
            self.note(&store.root.clone(), IssueKind::Missing, "listed by the client itself, and nothing is there");
        }
    }

    fn note(&mut self, path: &Path, kind: IssueKind, detail: &str) {
        self.has_issue = true;
        let issue = Issue { path: path.to_owned(), place: None, kind, detail: detail.to_owned() };
        self.health.note_issue(self.store.client.info().id, issue);
    }
}

/// Takes what the walk of a store finds.
struct StoreVisitor<'s, 'a> {
    search: &'s mut StoreSearch<'a>,
    files: &'s mut Vec<FoundFile>,
    skipped: &'s Cell<u64>,
    /// The directory that is being searched, if it may be idle, and how many names were skipped before it.
    searched: Option<(SearchedDirectory, u64)>,
}

impl StoreVisitor<'_, '_> {
    fn add_file(&mut self, relative: &Path, identity: FileIdentity) {
        let StoreSearch { store, seen, contents, .. } = &mut *self.search;
        contents.files += 1;
        contents.bytes += identity.size;
        let is_new = seen.insert((identity.device, identity.inode));
        let path = below(&store.root, relative);
        if let Some((searched, _)) = &mut self.searched {
            if is_new && relative.parent() == Some(searched.path()) {
                searched.add(&path, identity);
            } else {
                searched.spoil();
            }
        }
        if is_new {
            self.files.push(FoundFile { store: Arc::clone(store), path, identity });
        }
    }
}

impl WalkVisitor for StoreVisitor<'_, '_> {
    fn visit(&mut self, WalkEntry { relative, kind }: WalkEntry<'_>) {
        let (kind, what) = match kind {
            Ok(FileKind::Regular(identity)) => return self.add_file(relative, identity),
            Ok(FileKind::Directory) => (IssueKind::NotAFile, "a directory".to_owned()),
            Ok(FileKind::Symlink) => (IssueKind::NotAFile, "a symbolic link, which is not followed".to_owned()),
            Ok(FileKind::Other) => (IssueKind::NotAFile, "a pipe, socket or device".to_owned()),
            Err(error) => (IssueKind::Unreadable, error.to_string()),
        };
        if let Some((searched, _)) = &mut self.searched {
            searched.spoil();
        }
        self.search.note(&below(&self.search.store.root, relative), kind, &what);
    }

    fn examines(&mut self, directory: &Path) -> bool {
        self.search.idle.concerns(self.search.store, directory)
    }

    fn enter(&mut self, directory: &Path, stamp: DirectoryStamp) -> bool {
        let StoreSearch { store, contents, idle, .. } = &mut *self.search;
        if let Some(known) = idle.try_leave_out(store, (directory, stamp)) {
            idle_directories::count(contents, known);
            return false;
        }
        self.searched = Some((SearchedDirectory::new(directory, stamp), self.skipped.get()));
        true
    }

    fn leave(&mut self, directory: &Path) {
        if let Some((mut searched, skipped_before)) = self.searched.take()
            && searched.path() == directory
        {
            searched.end(self.skipped.get() - skipped_before);
            self.search.idle.note(searched);
        }
    }
}

/// The files directly in a directory of a store, which an earlier search has left out.
pub(crate) fn files_in(store: &Arc<StoreRoot>, directory: &Path) -> Vec<FoundFile> {
    let accepts = |name: &Path| (store.store.accepts)(&directory.join(name));
    let root = store.root.join(directory);
    let mut files = Vec::new();
    Walk { root: &root, depth: 1, accepts: &accepts }.run(&mut |WalkEntry { relative, kind }: WalkEntry<'_>| {
        if let Ok(FileKind::Regular(identity)) = kind {
            files.push(FoundFile { store: Arc::clone(store), path: below(&root, relative), identity });
        }
    });
    files
}
