use std::path::{Path, PathBuf};

use agtop_model::{ClientId, FileId};
use agtop_os::{path_from_bytes, path_to_bytes};

/// Every file that was read, by number. Events carry the number; users see the path.
#[derive(Debug, Default)]
pub struct FileTable {
    rows: Vec<FileRow>,
    /// Neighbouring files share their directory.
    directories: Vec<Box<Path>>,
    /// The names of all files, one after another: there may be millions.
    names: Vec<u8>,
}

#[derive(Debug)]
struct FileRow {
    client: ClientId,
    /// Its place in [`FileTable::directories`].
    directory: u32,
    /// Where its name ends in [`FileTable::names`]; it begins where the one before ends.
    name_end: u64,
}

/// A path as the table divides it.
#[derive(Clone, Copy)]
struct DividedPath<'a> {
    directory: &'a Path,
    name: &'a Path,
}

impl<'a> DividedPath<'a> {
    fn of(path: &'a Path) -> Self {
        let name = path.file_name().map_or(path, Path::new);
        Self { directory: path.parent().unwrap_or(Path::new("")), name }
    }
}

impl FileTable {
    /// Adds a file, and returns its number.
    pub(crate) fn add(&mut self, client: ClientId, path: &Path) -> FileId {
        let DividedPath { directory, name } = DividedPath::of(path);
        if self.directories.last().is_none_or(|last| last.as_os_str() != directory.as_os_str()) {
            self.directories.push(directory.into());
        }
        self.names.extend_from_slice(&path_to_bytes(name));
        let id = FileId(number(self.rows.len()));
        let directory = number(self.directories.len().saturating_sub(1));
        self.rows.push(FileRow { client, directory, name_end: self.names.len() as u64 });
        id
    }

    /// The path of a file; empty if there is no such number.
    pub fn path(&self, file: FileId) -> PathBuf {
        let of_row = |row: &FileRow| Some(self.directory(row)?.join(path_from_bytes(self.name(file)?)));
        self.rows.get(file.0 as usize).and_then(of_row).unwrap_or_default()
    }

    /// The client whose file it is.
    pub fn client(&self, file: FileId) -> Option<ClientId> {
        self.rows.get(file.0 as usize).map(|row| row.client)
    }

    /// Whether this is the path of the file. It builds no path.
    pub(crate) fn is_at(&self, file: FileId, path: &Path) -> bool {
        let DividedPath { directory, name } = DividedPath::of(path);
        let row = self.rows.get(file.0 as usize);
        self.name(file) == Some(&path_to_bytes(name))
            && row.and_then(|row| self.directory(row)).is_some_and(|known| known.as_os_str() == directory.as_os_str())
    }

    /// Gives back the memory that its lists have in reserve.
    pub(crate) fn shrink(&mut self) {
        self.rows.shrink_to_fit();
        self.directories.shrink_to_fit();
        self.names.shrink_to_fit();
    }

    fn directory(&self, row: &FileRow) -> Option<&Path> {
        self.directories.get(row.directory as usize).map(|directory| &**directory)
    }

    fn name(&self, file: FileId) -> Option<&[u8]> {
        let at = file.0 as usize;
        let start = at.checked_sub(1).and_then(|before| self.rows.get(before)).map_or(0, |before| before.name_end);
        let range = usize::try_from(start).ok()?..usize::try_from(self.rows.get(at)?.name_end).ok()?;
        self.names.get(range)
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_path_that_it_was_added_with() {
        let client = ClientId::new("claude");
        let mut files = FileTable::default();
        let paths = ["/a/b/1.jsonl", "/a/b/2.jsonl", "/a/c/1.jsonl", "/a/b/3.jsonl", "/", "x"];
        let ids = paths.map(|path| files.add(client, Path::new(path)));
        files.shrink();
        for (id, path) in ids.into_iter().zip(paths) {
            assert_eq!(files.path(id), Path::new(path));
            assert!(paths.iter().all(|other| files.is_at(id, Path::new(other)) == (path == *other)), "{path}");
        }
        assert_eq!(files.path(FileId(99)), PathBuf::new());
        assert_eq!((files.client(ids[2]), files.client(FileId(99))), (Some(client), None));
    }
}
