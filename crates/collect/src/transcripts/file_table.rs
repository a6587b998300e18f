use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_model::{ClientId, FileId};

/// Every file that was read, by number. Events carry the number; users see the path.
#[derive(Debug, Default)]
pub struct FileTable {
    rows: Vec<FileRow>,
}

/// There may be millions of rows: neighbouring files share their directory.
#[derive(Debug)]
struct FileRow {
    client: ClientId,
    directory: Arc<Path>,
    name: Box<Path>,
}

impl FileTable {
    /// Adds a file, and returns its number.
    pub(crate) fn add(&mut self, client: ClientId, path: &Path) -> FileId {
        let parent = path.parent().unwrap_or(Path::new(""));
        let directory = match self.rows.last() {
            Some(last) if last.directory.as_os_str() == parent.as_os_str() => Arc::clone(&last.directory),
            _ => Arc::from(parent),
        };
        let name = path.file_name().map_or(path, Path::new).into();
        let id = FileId(u32::try_from(self.rows.len()).unwrap_or(u32::MAX));
        self.rows.push(FileRow { client, directory, name });
        id
    }

    /// The path of a file; empty if there is no such number.
    pub fn path(&self, file: FileId) -> PathBuf {
        self.rows.get(file.0 as usize).map(|row| row.directory.join(&row.name)).unwrap_or_default()
    }

    /// The client whose file it is.
    pub fn client(&self, file: FileId) -> Option<ClientId> {
        self.rows.get(file.0 as usize).map(|row| row.client)
    }
}
