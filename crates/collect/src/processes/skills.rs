//! Skills that an agent can use: directories with a `SKILL.md`, in the project and in the home of the user.

use std::collections::BTreeSet;
use std::fs::DirEntry;
use std::path::Path;

use agtop_model::{ClientId, Untrusted};

/// Entries of a directory that are checked, at most; no user has so many skills.
const MAX_ENTRIES: usize = 500;

/// Whether agents of this client find skills in directories.
pub(crate) fn has_any(client: ClientId) -> bool {
    client.as_str() == "claude"
}

/// The names of the skills in a directory and in the home of the user. Links are not followed, since they may lead to
/// another user's files.
pub(crate) fn of(directory: &Path, home: &Path) -> Vec<Untrusted> {
    let roots = [directory.join(".claude/skills"), home.join(".claude/skills")];
    let names: BTreeSet<Untrusted> = roots.iter().flat_map(|root| in_directory(root)).collect();
    names.into_iter().collect()
}

fn in_directory(root: &Path) -> Vec<Untrusted> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    let is_skill = |entry: &DirEntry| {
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        is_directory && entry.path().join("SKILL.md").symlink_metadata().is_ok_and(|file| file.is_file())
    };
    let skills = entries.take(MAX_ENTRIES).filter_map(Result::ok).filter(is_skill);
    skills.map(|entry| entry.file_name().to_string_lossy().as_ref().into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_is_a_directory_with_a_description_and_not_a_link() {
        let root = tempfile::tempdir().unwrap();
        for name in ["plain", "empty"] {
            std::fs::create_dir(root.path().join(name)).unwrap();
        }
        std::fs::write(root.path().join("plain/SKILL.md"), "x").unwrap();
        std::fs::write(root.path().join("file"), "x").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(root.path().join("plain"), root.path().join("link")).unwrap();
        let names = in_directory(root.path());
        assert_eq!(names.iter().map(Untrusted::raw).collect::<Vec<_>>(), ["plain"]);
    }
}
