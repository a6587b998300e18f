//! Collects the open files of a process, in the same way on every platform.

use std::collections::BTreeSet;
use std::path::PathBuf;

use agtop_model::{OpenFiles, Sockets};

/// How a file was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// For reading only.
    Read,
    /// For writing, and perhaps for reading too.
    Write,
}

/// The open files of one process that were found so far.
#[derive(Debug, Default)]
pub(crate) struct OpenFilesBuilder {
    writing: BTreeSet<PathBuf>,
    reading: BTreeSet<PathBuf>,
    left_out: usize,
}

impl OpenFilesBuilder {
    /// For a process whose `descriptors` are not examined.
    pub(crate) fn without(descriptors: usize) -> Self {
        Self { left_out: descriptors, ..Self::default() }
    }

    /// Adds the file of a descriptor.
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

    /// Counts a descriptor that could not be examined.
    #[cfg(windows)]
    pub(crate) fn leave_out(&mut self) {
        self.left_out += 1;
    }

    /// The lists, in the order of paths. A file that is open for reading and for writing is in the list for writing only.
    pub(crate) fn finish(mut self) -> OpenFiles {
        self.reading.retain(|path| !self.writing.contains(path));
        OpenFiles {
            writing: self.writing.into_iter().collect(),
            reading: self.reading.into_iter().collect(),
            left_out: u32::try_from(self.left_out).unwrap_or(u32::MAX),
        }
    }
}

/// Sorts the listening ports and removes duplicates.
pub(crate) fn sort_ports(sockets: &mut Sockets) {
    sockets.listening.sort_unstable();
    sockets.listening.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_listed_once_and_as_written_if_it_is_open_both_ways() {
        let mut files = OpenFilesBuilder::default();
        for (path, access) in [("/b", Access::Read), ("/a", Access::Read), ("/a", Access::Write), ("/b", Access::Read)]
        {
            files.add(path.into(), access);
        }
        let expected = OpenFiles { writing: vec!["/a".into()], reading: vec!["/b".into()], left_out: 0 };
        assert_eq!(files.finish(), expected);
    }

    #[test]
    fn each_list_is_limited_and_the_rest_is_counted() {
        let mut files = OpenFilesBuilder::without(5);
        for number in 0..OpenFiles::MAX_FILES_PER_LIST + 2 {
            files.add(format!("/r/{number}").into(), Access::Read);
        }
        files.add("/r/0".into(), Access::Read);
        files.add("/w".into(), Access::Write);
        let files = files.finish();
        assert_eq!((files.reading.len(), files.writing.len(), files.left_out), (OpenFiles::MAX_FILES_PER_LIST, 1, 7));
    }
}
