use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agtop_model::{Gap, Git, Reading, Untrusted};
use filetime::FileTime;
use gix_hash::Kind;
use gix_index::entry::{Flags, Mode, Stage, Stat};
use gix_index::{Entry, State};

/// What is known of work trees, looked at on a slow beat.
#[derive(Default)]
pub(crate) struct WorkTrees {
    known: HashMap<PathBuf, Known>,
    /// The roots of directories, and when each was looked for.
    roots: HashMap<PathBuf, (Option<PathBuf>, Instant)>,
}

struct Known {
    git: Reading<Git>,
    looked_at: Instant,
    took: Duration,
}

/// A work tree is looked at no more often than this.
const BEAT: Duration = Duration::from_secs(10);
/// Looking may take this share of the time at most: a large work tree is looked at less often.
const SHARE: u32 = 1000;
/// Larger indices are not read.
const LARGEST_INDEX: u64 = 64 * 1024 * 1024;
/// In work trees with more files than this, files are not compared.
const MOST_FILES: usize = 20_000;
/// Files whose times differ are compared by content up to this size; larger ones count as modified.
const LARGEST_BLOB: u64 = 4 * 1024 * 1024;
/// Small files of git hold no more than this.
const LARGEST_NOTE: u64 = 4096;
/// Directories are not nested deeper than this on the way to a repository's root.
const DEEPEST: usize = 40;

impl WorkTrees {
    /// The root of the work tree that holds a directory.
    pub(crate) fn root(&mut self, directory: &Path, now: Instant) -> Option<PathBuf> {
        if let Some((root, _)) = self.roots.get(directory) {
            return root.clone();
        }
        let is_root = |ancestor: &&Path| ancestor.join(".git").symlink_metadata().is_ok();
        let root = directory.ancestors().take(DEEPEST).find(is_root).map(Path::to_owned);
        self.roots.insert(directory.to_owned(), (root.clone(), now));
        root
    }

    /// The state of the work tree that holds a directory.
    pub(crate) fn git(&mut self, directory: &Path, now: Instant) -> Reading<Git> {
        let root = self.root(directory, now).ok_or(Gap::NotReported)?;
        if let Some(known) = self.known.get(&root)
            && now.saturating_duration_since(known.looked_at) < BEAT.max(known.took.saturating_mul(SHARE))
        {
            return known.git.clone();
        }
        let started = Instant::now();
        let git = look(&root);
        let known = Known { git: git.clone(), looked_at: now, took: started.elapsed() };
        self.known.insert(root, known);
        git
    }

    /// Forgets where nobody works any more, and by and by where there was no root: a directory may become a repository.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.known.retain(|_, known| now.saturating_duration_since(known.looked_at) < BEAT.max(known.took * SHARE) * 2);
        self.roots.retain(|_, (root, looked_at)| match root {
            Some(root) => self.known.contains_key(root),
            None => now.saturating_duration_since(*looked_at) < BEAT,
        });
    }
}

fn look(root: &Path) -> Reading<Git> {
    let directory = git_directory(root).ok_or(Gap::Failed)?;
    let head = note(&directory.join("HEAD")).ok_or(Gap::Failed)?;
    Ok(Git { branch: branch(&head), modified: modified(root, &directory) })
}

/// `.git` is a directory, or in work trees beside the first one a file that names it.
fn git_directory(root: &Path) -> Option<PathBuf> {
    let path = root.join(".git");
    if path.symlink_metadata().ok()?.is_dir() {
        return Some(path);
    }
    let named = note(&path)?;
    Some(root.join(named.strip_prefix("gitdir:")?.trim()))
}

/// The branch, or the first digits of the commit where none is checked out.
fn branch(head: &str) -> Untrusted {
    let head = head.trim();
    match head.strip_prefix("ref: refs/heads/") {
        Some(name) => name.into(),
        None => head.chars().take(8).collect::<String>().into(),
    }
}

/// A small text file.
fn note(path: &Path) -> Option<String> {
    let (file, _) = agtop_os::open_regular(path).ok()?;
    let mut text = String::new();
    file.take(LARGEST_NOTE).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Tracked files that are no longer as the index has them.
fn modified(root: &Path, directory: &Path) -> Reading<u32> {
    let path = directory.join("index");
    let (file, identity) = match agtop_os::open_regular(&path) {
        Ok(opened) => opened,
        // Nothing was ever added.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(_) => return Err(Gap::Denied),
    };
    if identity.size > LARGEST_INDEX {
        return Err(Gap::NotReported);
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_INDEX).read_to_end(&mut bytes).map_err(|_| Gap::Failed)?;
    let millis = identity.modified.as_millis();
    let nanoseconds = u32::try_from(millis.rem_euclid(1000) * 1_000_000).unwrap_or(0);
    let written = FileTime::from_unix_time(millis.div_euclid(1000), nanoseconds);
    let options = gix_index::decode::Options { thread_limit: Some(1), ..gix_index::decode::Options::default() };
    let (index, _) = State::from_bytes(&bytes, written, Kind::Sha1, options).map_err(|_| Gap::Failed)?;
    if index.entries().len() > MOST_FILES {
        return Err(Gap::NotReported);
    }
    let differing = index.entries().iter().filter(|entry| differs(root, &index, entry));
    Ok(u32::try_from(differing.count()).unwrap_or(u32::MAX))
}

/// Whether the file is not as the index has it, as git itself judges: by times and size, and where times differ by
/// content. What is not checked out, and the contents of submodules, are not compared.
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
    if identity.size > LARGEST_BLOB || file.take(LARGEST_BLOB).read_to_end(&mut content).is_err() {
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

    /// A work tree with two files, made by git itself; `None` where there is no git.
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
        look(tree).unwrap().modified
    }

    #[test]
    fn a_tracked_file_is_modified_when_its_content_is() {
        let Some(tree) = work_tree() else { return };
        assert_eq!(look(tree.path()).unwrap().branch.raw(), "trunk");
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
    fn a_broken_index_is_a_gap() {
        let Some(tree) = work_tree() else { return };
        std::fs::write(tree.path().join(".git/index"), b"DIRC\0\0\0\x02\xff\xff\xff\xff garbage").unwrap();
        assert_eq!(modified(tree.path()), Err(Gap::Failed));
    }

    #[test]
    fn a_work_tree_beside_the_first_one_names_its_directory() {
        let (tree, real) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(tree.path().join(".git"), format!("gitdir: {}\n", real.path().display())).unwrap();
        std::fs::write(real.path().join("HEAD"), "0123456789abcdef0123456789abcdef01234567\n").unwrap();
        let git = look(tree.path()).unwrap();
        assert_eq!((git.branch.raw(), git.modified), ("01234567", Ok(0)));
    }

    #[test]
    fn a_work_tree_is_looked_at_once_a_beat() {
        let Some(tree) = work_tree() else { return };
        let (mut trees, now) = (WorkTrees::default(), Instant::now());
        let inside = tree.path().join("deep/down");
        assert_eq!(trees.git(&inside, now).unwrap().modified, Ok(0));
        std::fs::write(tree.path().join("edited"), "owt").unwrap();
        assert_eq!(trees.git(&inside, now + BEAT / 2).unwrap().modified, Ok(0));
        assert_eq!(trees.git(&inside, now + BEAT * 100).unwrap().modified, Ok(1));
        assert_eq!(trees.git(Path::new("/"), now), Err(Gap::NotReported));
    }

    #[test]
    fn a_directory_that_becomes_a_repository_is_seen_after_a_beat() {
        let tree = tempfile::tempdir().unwrap();
        let (mut trees, now) = (WorkTrees::default(), Instant::now());
        assert_eq!(trees.root(tree.path(), now), None);
        std::fs::create_dir(tree.path().join(".git")).unwrap();
        trees.forget(now + BEAT / 2);
        assert_eq!(trees.root(tree.path(), now + BEAT / 2), None, "it is not looked for each time");
        trees.forget(now + BEAT);
        assert_eq!(trees.root(tree.path(), now + BEAT).as_deref(), Some(tree.path()));
    }
}
