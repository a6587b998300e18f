//! Files that tasks make: all are written, or compared with what would be written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The content of each file, by its path below a root.
pub(crate) type MadeFiles = BTreeMap<String, Vec<u8>>;

/// Writes the files, and the directories that they are in.
pub(crate) fn write(root: &Path, made: &MadeFiles) -> Result<()> {
    for (path, content) in made {
        let path = root.join(path);
        fs::create_dir_all(path.parent().context("a file is in a directory")?)?;
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The paths of the files that are not what would be written.
pub(crate) fn outdated(root: &Path, made: &MadeFiles) -> Vec<String> {
    let differs = |(path, content): &(&String, &Vec<u8>)| fs::read(root.join(path)).ok().as_ref() != Some(*content);
    made.iter().filter(differs).map(|(path, _)| path.clone()).collect()
}
