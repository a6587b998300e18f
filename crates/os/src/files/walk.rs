//! Searching a directory and those below it.

use std::io;
use std::path::Path;

use agtop_model::Timestamp;

use super::kinds::FileKind;

/// A search of a directory and those below it. It follows no link, except if the root itself is one.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    /// Where to begin.
    pub root: &'a Path,
    /// How many levels are searched: 1 is the root itself.
    pub depth: usize,
    /// Whether a path, relative to the root, is wanted. Other files are not examined.
    pub accepts: &'a dyn Fn(&Path) -> bool,
}

/// A wanted file, or a directory that could not be searched.
#[derive(Debug)]
pub struct WalkEntry<'a> {
    /// The path relative to the root; empty for the root.
    pub relative: &'a Path,
    /// What it is, or why that is unknown.
    pub kind: io::Result<FileKind>,
}

/// The identity of a directory, and when it was last changed: creating, renaming or deleting a file in it changes it,
/// rewriting one in place does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DirectoryStamp {
    /// The file system.
    pub device: u64,
    /// The directory in it.
    pub inode: u64,
    /// When an entry was last added or removed. A program can set this time back.
    pub modified: Timestamp,
    /// When that or anything else of the directory last changed. No program can set this time.
    pub changed: Timestamp,
}

/// What is done with what a walk finds.
pub trait WalkVisitor {
    /// Takes a wanted file, or a directory that could not be searched.
    fn visit(&mut self, entry: WalkEntry<'_>);

    /// Whether [`Self::enter`] decides on this directory, which is relative to the root. Always asked before it. Never
    /// asked on systems where a directory has no [`DirectoryStamp`].
    fn examines(&mut self, _directory: &Path) -> bool {
        false
    }

    /// Whether this directory is searched. It had this stamp before.
    fn enter(&mut self, _directory: &Path, _stamp: DirectoryStamp) -> bool {
        true
    }

    /// Called after a directory that was entered was searched.
    fn leave(&mut self, _directory: &Path) {}
}

impl<F: FnMut(WalkEntry<'_>)> WalkVisitor for F {
    fn visit(&mut self, entry: WalkEntry<'_>) {
        self(entry);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;
    use crate::files::identity;

    fn search(root: &Path, depth: usize, extension: &str) -> BTreeMap<String, io::Result<FileKind>> {
        let accepts = |path: &Path| path.extension().is_some_and(|found| found == extension);
        let mut all = BTreeMap::new();
        Walk { root, depth, accepts: &accepts }.run(&mut |entry: WalkEntry<'_>| {
            all.insert(entry.relative.to_string_lossy().replace('\\', "/"), entry.kind);
        });
        all
    }

    #[test]
    fn a_wanted_file_has_the_identity_of_its_path() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b.log")).unwrap();
        for name in ["one.log", "other.txt", "a/two.log", "a/b.log/three.log"] {
            fs::write(root.path().join(name), name).unwrap();
        }
        let all = search(root.path(), 3, "log");
        assert_eq!(all.keys().collect::<Vec<_>>(), ["a/b.log", "a/b.log/three.log", "a/two.log", "one.log"]);
        for (name, kind) in &all {
            assert_eq!(*kind.as_ref().unwrap(), identity(&root.path().join(name)).unwrap(), "{name}");
        }
    }

    #[test]
    fn nothing_below_the_depth_is_reported() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        for name in ["1.log", "a/2.log", "a/b/3.log"] {
            fs::write(root.path().join(name), name).unwrap();
        }
        assert_eq!(search(root.path(), 0, "log").len(), 0);
        assert_eq!(search(root.path(), 1, "log").len(), 1);
        assert_eq!(search(root.path(), 2, "log").len(), 2);
    }

    #[test]
    fn a_missing_root_is_reported() {
        let root = tempfile::tempdir().unwrap();
        let all = search(&root.path().join("gone"), 3, "log");
        assert_eq!(all[""].as_ref().unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn an_examined_directory_is_searched_only_if_the_visitor_enters_it() {
        struct Visitor(Vec<String>);
        impl WalkVisitor for Visitor {
            fn visit(&mut self, entry: WalkEntry<'_>) {
                self.0.push(entry.relative.to_string_lossy().into_owned());
            }
            fn examines(&mut self, directory: &Path) -> bool {
                directory != Path::new("plain")
            }
            fn enter(&mut self, directory: &Path, stamp: DirectoryStamp) -> bool {
                assert!(stamp.inode > 0 && stamp.modified <= stamp.changed);
                self.0.push(format!("enter {}", directory.display()));
                directory != Path::new("left-out")
            }
            fn leave(&mut self, directory: &Path) {
                self.0.push(format!("leave {}", directory.display()));
            }
        }
        let root = tempfile::tempdir().unwrap();
        for directory in ["plain", "left-out", "entered"] {
            fs::create_dir(root.path().join(directory)).unwrap();
            fs::write(root.path().join(directory).join("1.log"), "x").unwrap();
        }
        let mut visitor = Visitor(Vec::new());
        Walk { root: root.path(), depth: 2, accepts: &|path| path.extension().is_some() }.run(&mut visitor);
        let in_order = ["enter entered", "entered/1.log", "leave entered"];
        let at = visitor.0.iter().position(|line| line == in_order[0]).unwrap();
        assert_eq!(visitor.0[at..at + 3], in_order);
        visitor.0.sort();
        assert_eq!(visitor.0, ["enter entered", "enter left-out", "entered/1.log", "leave entered", "plain/1.log"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_reported_and_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("secret.log"), "x").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("directory")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("secret.log"), root.path().join("file.log")).unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("round.log")).unwrap();
        let all = search(root.path(), 9, "log");
        assert_eq!(all.keys().collect::<Vec<_>>(), ["file.log", "round.log"]);
        assert!(all.values().all(|kind| *kind.as_ref().unwrap() == FileKind::Symlink));
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_unicode_are_reported() {
        use std::os::unix::ffi::OsStrExt as _;
        let root = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"odd\xff.log");
        if fs::write(root.path().join(name), "x").is_err() {
            return; // Some file systems refuse such names.
        }
        let mut found = Vec::new();
        Walk { root: root.path(), depth: 1, accepts: &|_| true }
            .run(&mut |entry: WalkEntry<'_>| found.push(entry.relative.as_os_str().to_owned()));
        assert_eq!(found, [name]);
    }
}
