//! The lists of open files while they grow, alike on every platform.

use std::collections::BTreeSet;
use std::path::PathBuf;

use agtop_model::OpenFiles;

/// How a file was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// For reading alone.
    Read,
    /// For writing, whether or not for reading too.
    Write,
}

/// The files of one process so far.
#[derive(Debug, Default)]
pub(crate) struct Files {
    writing: BTreeSet<PathBuf>,
    reading: BTreeSet<PathBuf>,
    left_out: usize,
}

impl Files {
    /// A process of whose descriptors so many are not looked at.
    pub(crate) fn without(descriptors: usize) -> Self {
        Self { left_out: descriptors, ..Self::default() }
    }

    /// Takes in one more descriptor of a file.
    pub(crate) fn add(&mut self, path: PathBuf, access: Access) {
        let list = match access {
            Access::Read => &mut self.reading,
            Access::Write => &mut self.writing,
        };
        if list.len() < OpenFiles::MAX_FILES_PER_LIST || list.contains(&path) {
            list.insert(path);
        } else {
            self.left_out += 1;
        }
    }

    /// Notes a descriptor that could not be looked at.
    #[cfg(windows)]
    pub(crate) fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// The lists, in the order of paths. A file that is open both ways is one that is written to.
    pub(crate) fn finish(mut self) -> OpenFiles {
        self.reading.retain(|path| !self.writing.contains(path));
        OpenFiles {
            writing: self.writing.into_iter().collect(),
            reading: self.reading.into_iter().collect(),
            left_out: u32::try_from(self.left_out).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_once_and_among_the_written_if_it_is_open_both_ways() {
        let mut files = Files::default();
        for (path, access) in [("/b", Access::Read), ("/a", Access::Read), ("/a", Access::Write), ("/b", Access::Read)]
        {
            files.add(path.into(), access);
        }
        let expected = OpenFiles { writing: vec!["/a".into()], reading: vec!["/b".into()], left_out: 0 };
        assert_eq!(files.finish(), expected);
    }

    #[test]
    fn each_list_is_cut_and_what_is_missing_is_counted() {
        let mut files = Files::without(5);
        for number in 0..OpenFiles::MAX_FILES_PER_LIST + 2 {
            files.add(format!("/r/{number}").into(), Access::Read);
        }
        files.add("/r/0".into(), Access::Read);
        files.add("/w".into(), Access::Write);
        let files = files.finish();
        assert_eq!((files.reading.len(), files.writing.len(), files.left_out), (OpenFiles::MAX_FILES_PER_LIST, 1, 7));
    }
}
