//! Looking through a directory and those below it.

use std::io;
use std::path::Path;

use super::{FileKind, platform};

/// A search of a directory and of those below it. No link is followed, except where the root itself is one.
#[derive(Clone, Copy)]
pub struct Walk<'a> {
    /// Where to begin.
    pub root: &'a Path,
    /// How many levels below the root are looked at: 1 is what lies in the root itself.
    pub depth: usize,
    /// Whether something is looked for, judged by its path from the root on. Nobody else is looked at.
    pub accepts: &'a dyn Fn(&Path) -> bool,
}

/// Something that was looked for, or a directory that could not be looked into.
#[derive(Debug)]
pub struct Sight<'a> {
    /// Where, from the root on; empty for the root.
    pub relative: &'a Path,
    /// What it is, or why that cannot be told.
    pub kind: io::Result<FileKind>,
}

impl Walk<'_> {
    /// Shows everything that is looked for to `see`, in no particular order.
    pub fn run(&self, see: &mut dyn FnMut(Sight<'_>)) {
        platform::walk(self, see);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;
    use crate::files::identity;

    fn seen(root: &Path, depth: usize, extension: &str) -> BTreeMap<String, io::Result<FileKind>> {
        let accepts = |path: &Path| path.extension().is_some_and(|found| found == extension);
        let mut all = BTreeMap::new();
        Walk { root, depth, accepts: &accepts }.run(&mut |sight| {
            all.insert(sight.relative.to_string_lossy().replace('\\', "/"), sight.kind);
        });
        all
    }

    #[test]
    fn what_is_looked_for_is_seen_as_a_look_at_its_path_sees_it() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b.log")).unwrap();
        for name in ["one.log", "other.txt", "a/two.log", "a/b.log/three.log"] {
            fs::write(root.path().join(name), name).unwrap();
        }
        let all = seen(root.path(), 3, "log");
        assert_eq!(all.keys().collect::<Vec<_>>(), ["a/b.log", "a/b.log/three.log", "a/two.log", "one.log"]);
        for (name, kind) in &all {
            assert_eq!(*kind.as_ref().unwrap(), identity(&root.path().join(name)).unwrap(), "{name}");
        }
    }

    #[test]
    fn nothing_is_seen_below_the_depth() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        for name in ["1.log", "a/2.log", "a/b/3.log"] {
            fs::write(root.path().join(name), name).unwrap();
        }
        assert_eq!(seen(root.path(), 0, "log").len(), 0);
        assert_eq!(seen(root.path(), 1, "log").len(), 1);
        assert_eq!(seen(root.path(), 2, "log").len(), 2);
    }

    #[test]
    fn a_root_that_is_not_there_is_said_to_be_missing() {
        let root = tempfile::tempdir().unwrap();
        let all = seen(&root.path().join("gone"), 3, "log");
        assert_eq!(all[""].as_ref().unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_seen_and_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join("secret.log"), "x").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("directory")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path().join("secret.log"), root.path().join("file.log")).unwrap();
        std::os::unix::fs::symlink(root.path(), root.path().join("round.log")).unwrap();
        let all = seen(root.path(), 9, "log");
        assert_eq!(all.keys().collect::<Vec<_>>(), ["file.log", "round.log"]);
        assert!(all.values().all(|kind| *kind.as_ref().unwrap() == FileKind::Symlink));
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_are_names() {
        use std::os::unix::ffi::OsStrExt as _;
        let root = tempfile::tempdir().unwrap();
        let name = std::ffi::OsStr::from_bytes(b"odd\xff.log");
        if fs::write(root.path().join(name), "x").is_err() {
            return; // Some file systems take text alone.
        }
        let mut found = Vec::new();
        Walk { root: root.path(), depth: 1, accepts: &|_| true }
            .run(&mut |sight| found.push(sight.relative.as_os_str().to_owned()));
        assert_eq!(found, [name]);
    }
}
