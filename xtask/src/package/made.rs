//! What a kind of package comes to.

use std::path::{Path, PathBuf};

/// What was made, and how it was tried.
#[derive(Default)]
pub(super) struct Made {
    pub(super) files: Vec<PathBuf>,
    /// What held.
    pub(super) checks: Vec<String>,
    /// What could not be tried here, and why.
    pub(super) untried: Vec<String>,
}

/// The name of a file, for people.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
