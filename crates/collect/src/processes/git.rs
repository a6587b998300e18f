use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agtop_model::{Gap, Git, Reading, Untrusted};
use filetime::FileTime;
use gix_hash::Kind;
use gix_index::entry::{Flags, Mode, Stage, Stat};
use gix_index::{Entry, State};

/// The git status of work trees, read at a long interval.
#[derive(Default)]
pub(crate) struct WorkTrees {
    known: HashMap<PathBuf, KnownStatus>,
    /// The root of each directory, if it has one, and when it was looked for.
    roots: HashMap<PathBuf, (Option<PathBuf>, Instant)>,
}

/// The last status of a work tree.
struct KnownStatus {
    git: Reading<Git>,
    read_at: Instant,
    took: Duration,
}

/// The status of a work tree is read no more often than this,
const STATUS_INTERVAL: Duration = Duration::from_secs(10);
/// and no more often than at this multiple of the time that it takes.
const STATUS_COST_FACTOR: u32 = 1000;
/// A larger index is not read.
const MAX_INDEX_BYTES: u64 = 64 * 1024 * 1024;
/// If the index has more files than this, they are not compared.
const MAX_INDEX_FILES: usize = 20_000;
/// A file with other times is compared by content up to this size; a larger one counts as modified.
const MAX_BLOB_BYTES: u64 = 4 * 1024 * 1024;
/// `HEAD` and `.git` files hold no more than this.
const MAX_TEXT_BYTES: u64 = 4096;
/// Directories between a directory and the root of its work tree, at most.
const MAX_ROOT_DISTANCE: usize = 40;

impl WorkTrees {
    /// The root of the work tree that holds a directory.
    pub(crate) fn root(&mut self, directory: &Path, now: Instant) -> Option<PathBuf> {
        if let Some((root, _)) = self.roots.get(directory) {
            return root.clone();
        }
        let is_root = |ancestor: &&Path| ancestor.join(".git").symlink_metadata().is_ok();
        let root = directory.ancestors().take(MAX_ROOT_DISTANCE).find(is_root).map(Path::to_owned);
        self.roots.insert(directory.to_owned(), (root.clone(), now));
        root
    }

    /// The state of the work tree that holds a directory.
    pub(crate) fn git(&mut self, directory: &Path, now: Instant) -> Reading<Git> {
        let root = self.root(directory, now).ok_or(Gap::NotReported)?;
        if let Some(known) = self.known.get(&root)
            && now.saturating_duration_since(known.read_at)
                < STATUS_INTERVAL.max(known.took.saturating_mul(STATUS_COST_FACTOR))
        {
            return known.git.clone();
        }
        let started = Instant::now();
        let git = read_status(&root);
        let known = KnownStatus { git: git.clone(), read_at: now, took: started.elapsed() };
        self.known.insert(root, known);
        git
    }

    /// Forgets work trees that nobody asks for any more. A directory without a root is forgotten after an interval, since
    /// it may become a repository.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.known.retain(|_, known| {
            now.saturating_duration_since(known.read_at) < STATUS_INTERVAL.max(known.took * STATUS_COST_FACTOR) * 2
        });
        self.roots.retain(|_, (root, read_at)| match root {
            Some(root) => self.known.contains_key(root),
            None => now.saturating_duration_since(*read_at) < STATUS_INTERVAL,
        });
    }
}

fn read_status(root: &Path) -> Reading<Git> {
    let directory = git_directory(root).ok_or(Gap::Failed)?;
    let head = read_text(&directory.join("HEAD")).ok_or(Gap::Failed)?;
    Ok(Git { branch: branch(&head), modified: modified(root, &directory) })
}

/// The git directory: `.git`, or in a linked work tree the directory that the file `.git` names.
fn git_directory(root: &Path) -> Option<PathBuf> {
    let path = root.join(".git");
    if path.symlink_metadata().ok()?.is_dir() {
        return Some(path);
    }
    let named = read_text(&path)?;
    Some(root.join(named.strip_prefix("gitdir:")?.trim()))
}

/// The branch; or the first digits of the commit, if no branch is checked out.
fn branch(head: &str) -> Untrusted {
    let head = head.trim();
    match head.strip_prefix("ref: refs/heads/") {
        Some(name) => name.into(),
        None => head.chars().take(8).collect::<String>().into(),
    }
}

/// The text of a small file.
fn read_text(path: &Path) -> Option<String> {
    let (file, _) = agtop_os::open_regular(path).ok()?;
    let mut text = String::new();
    file.take(MAX_TEXT_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

/// How many tracked files differ from the index.
fn modified(root: &Path, directory: &Path) -> Reading<u32> {
    let path = directory.join("index");
    let (file, identity) = match agtop_os::open_regular(&path) {
        Ok(opened) => opened,
        // No file was ever added.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(_) => return Err(Gap::Denied),
    };
    if identity.size > MAX_INDEX_BYTES {
        return Err(Gap::NotReported);
    }
    let mut bytes = Vec::new();
    file.take(MAX_INDEX_BYTES).read_to_end(&mut bytes).map_err(|_| Gap::Failed)?;
    let millis = identity.modified.as_millis();
    let nanoseconds = u32::try_from(millis.rem_euclid(1000) * 1_000_000).unwrap_or(0);
    let written = FileTime::from_unix_time(millis.div_euclid(1000), nanoseconds);
    let options = gix_index::decode::Options { thread_limit: Some(1), ..gix_index::decode::Options::default() };
    let (index, _) = State::from_bytes(&bytes, written, Kind::Sha1, options).map_err(|_| Gap::Failed)?;
    if index.entries().len() > MAX_INDEX_FILES {
        return Err(Gap::NotReported);
    }
    let differing = index.entries().iter().filter(|entry| differs(root, &index, entry));
    Ok(u32::try_from(differing.count()).unwrap_or(u32::MAX))
}

/// Whether a file differs from the index, by git's own rule: by times and size, and by content if the times differ.
/// Files that are not checked out and submodules are not compared.
fn differs(root: &Path, index: &State, entry: &Entry) -> bool {
    let is_compared = entry.mode.intersects(Mode::FILE | Mode::FILE_EXECUTABLE)
        && entry.stage() == Stage::Unconflicted
        && !entry.flags.intersects(Flags::SKIP_WORKTREE | Flags::ASSUME_VALID);
    if entry.stage() != Stage::Unconflicted {
        return true;
    }
    let Some(path) = is_compared.then(|| std::str::from_utf8(entry.path(index)).ok()).flatten() else { return false };
    let path = root.join(path);
    let Ok(metadata) = gix_index::fs::Metadata::from_path_no_follow(&path) else { return true };
    let Ok(stat) = Stat::from_fs(&metadata) else { return true };
    if !metadata.is_file() {
        return true;
    }
    let options = gix_index::entry::stat::Options::default();
    if entry.stat.matches(&stat, options) && !entry.stat.is_racy(index.timestamp(), options) {
        return false;
    }
    metadata.len() != u64::from(entry.stat.size) || !has_content(&path, &entry.id)
}

fn has_content(path: &Path, id: &gix_hash::ObjectId) -> bool {
    let Ok((file, identity)) = agtop_os::open_regular(path) else { return false };
    let mut content = Vec::new();
    if identity.size > MAX_BLOB_BYTES || file.take(MAX_BLOB_BYTES).read_to_end(&mut content).is_err() {
        return false;
    }
    let mut hasher = gix_hash::hasher(Kind::Sha1);
    hasher.update(format!("blob {}\0", content.len()).as_bytes());
    hasher.update(&content);
    hasher.try_finalize().is_ok_and(|found| found == *id)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A work tree with two files, made by git; `None` if git is not installed.
    fn work_tree() -> Option<tempfile::TempDir> {
        let tree = tempfile::tempdir().unwrap();
        std::fs::write(tree.path().join("kept"), "one").unwrap();
        std::fs::write(tree.path().join("edited"), "two").unwrap();
        for args in [&["init", "-q", "-b", "trunk"][..], &["add", "."]] {
            let mut git = Command::new("git");
            git.args(args).current_dir(tree.path()).env("HOME", tree.path()).env("GIT_CONFIG_NOSYSTEM", "1");
            match git.status() {
                Ok(status) => assert!(status.success()),
                Err(_) => return None,
            }
        }
        Some(tree)
    }

    fn modified(tree: &Path) -> Reading<u32> {
        read_status(tree).unwrap().modified
    }

    #[test]
    fn a_tracked_file_counts_as_modified_when_its_content_differs() {
        let Some(tree) = work_tree() else { return };
        assert_eq!(read_status(tree.path()).unwrap().branch.raw(), "trunk");
        assert_eq!(modified(tree.path()), Ok(0));
        std::fs::write(tree.path().join("kept"), "one").unwrap();
        std::fs::write(tree.path().join("new"), "not known to git").unwrap();
        assert_eq!(modified(tree.path()), Ok(0), "written again, with the same content");
        std::fs::write(tree.path().join("edited"), "owt").unwrap();
        assert_eq!(modified(tree.path()), Ok(1));
        std::fs::remove_file(tree.path().join("kept")).unwrap();
        assert_eq!(modified(tree.path()), Ok(2));
    }

    #[test]
    fn a_corrupt_index_is_a_failed_reading() {
        let Some(tree) = work_tree() else { return };
        std::fs::write(tree.path().join(".git/index"), b"DIRC\0\0\0\x02\xff\xff\xff\xff garbage").unwrap();
        assert_eq!(modified(tree.path()), Err(Gap::Failed));
    }

    #[test]
    fn a_linked_work_tree_is_read_through_the_file_that_names_its_directory() {
        let (tree, real) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(tree.path().join(".git"), format!("gitdir: {}\n", real.path().display())).unwrap();
        std::fs::write(real.path().join("HEAD"), "0123456789abcdef0123456789abcdef01234567\n").unwrap();
        let git = read_status(tree.path()).unwrap();
        assert_eq!((git.branch.raw(), git.modified), ("01234567", Ok(0)));
    }

    #[test]
    fn a_work_tree_is_read_once_per_interval() {
        let Some(tree) = work_tree() else { return };
        let (mut trees, now) = (WorkTrees::default(), Instant::now());
        let inside = tree.path().join("deep/down");
        assert_eq!(trees.git(&inside, now).unwrap().modified, Ok(0));
        std::fs::write(tree.path().join("edited"), "owt").unwrap();
        assert_eq!(trees.git(&inside, now + STATUS_INTERVAL / 2).unwrap().modified, Ok(0));
        assert_eq!(trees.git(&inside, now + STATUS_INTERVAL * 100).unwrap().modified, Ok(1));
        assert_eq!(trees.git(Path::new("/"), now), Err(Gap::NotReported));
    }

    #[test]
    fn a_directory_that_becomes_a_repository_is_found_after_an_interval() {
        let tree = tempfile::tempdir().unwrap();
        let (mut trees, now) = (WorkTrees::default(), Instant::now());
        assert_eq!(trees.root(tree.path(), now), None);
        std::fs::create_dir(tree.path().join(".git")).unwrap();
        trees.forget(now + STATUS_INTERVAL / 2);
        assert_eq!(trees.root(tree.path(), now + STATUS_INTERVAL / 2), None, "it is not looked for each time");
        trees.forget(now + STATUS_INTERVAL);
        assert_eq!(trees.root(tree.path(), now + STATUS_INTERVAL).as_deref(), Some(tree.path()));
    }
}
