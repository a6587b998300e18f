//! Searching a directory and those below it.

use std::io;
use std::path::Path;

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;
    use crate::files::identity;

    fn search(root: &Path, depth: usize, extension: &str) -> BTreeMap<String, io::Result<FileKind>> {
        let accepts = |path: &Path| path.extension().is_some_and(|found| found == extension);
        let mut all = BTreeMap::new();
        Walk { root, depth, accepts: &accepts }.run(&mut |entry| {
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
            .run(&mut |entry| found.push(entry.relative.as_os_str().to_owned()));
        assert_eq!(found, [name]);
    }
}
