use std::path::{Path, PathBuf};
use std::sync::Arc;

use agtop_model::{ClientId, FileId};

/// Every file that was ever read, by number: events carry the number, people see the path.
#[derive(Debug, Default)]
pub struct Files {
    entries: Vec<Entry>,
}

/// A file's directory is shared with its neighbours': there may be millions.
#[derive(Debug)]
struct Entry {
    client: ClientId,
    directory: Arc<Path>,
    name: Box<Path>,
}

impl Files {
    /// Numbers a file.
    pub(crate) fn add(&mut self, client: ClientId, path: &Path) -> FileId {
        let parent = path.parent().unwrap_or(Path::new(""));
        let directory = match self.entries.last() {
            Some(last) if last.directory.as_os_str() == parent.as_os_str() => Arc::clone(&last.directory),
            _ => Arc::from(parent),
        };
        let name = path.file_name().map_or(path, Path::new).into();
        let id = FileId(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.entries.push(Entry { client, directory, name });
        id
    }

    /// Where the file lies.
    pub fn path(&self, file: FileId) -> PathBuf {
        self.entries.get(file.0 as usize).map(|entry| entry.directory.join(&entry.name)).unwrap_or_default()
    }

    /// Whose file it is.
    pub fn client(&self, file: FileId) -> Option<ClientId> {
        self.entries.get(file.0 as usize).map(|entry| entry.client)
    }
}
