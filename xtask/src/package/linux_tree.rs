//! The files of agtop as Linux systems lay them out, for packages that are unpacked into the root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::packager::Packager;
use crate::process::succeed;

/// Where distributions differ.
pub(super) struct Layout {
    /// The folder of zsh's completions.
    pub(super) zsh: &'static str,
    /// The folder of licences and other documents.
    pub(super) documents: &'static str,
}

/// Puts program, manual pages and completions below a folder that stands for the root.
pub(super) fn lay_out(packager: &Packager, root: &Path, layout: &Layout) -> Result<()> {
    install(packager.program()?, &root.join("usr/bin/agtop"), FileMode::Program)?;
    for page in packager.files_in("packaging/man")? {
        let name = page.file_name().context("a page has a name")?;
        let path = root.join("usr/share/man/man1").join(name);
        install(&page, &path, FileMode::Document)?;
        compress(&path)?;
    }
    let completions = packager.root.join("packaging/completions");
    for (script, path) in [
        ("agtop.bash", "usr/share/bash-completion/completions/agtop".to_owned()),
        ("_agtop", format!("{}/_agtop", layout.zsh)),
        ("agtop.fish", "usr/share/fish/vendor_completions.d/agtop.fish".to_owned()),
    ] {
        install(&completions.join(script), &root.join(path), FileMode::Document)?;
    }
    Ok(())
}

/// Who may run a file in a package.
#[derive(Clone, Copy)]
pub(super) enum FileMode {
    /// Everyone.
    Program,
    /// Nobody.
    Document,
}

/// Copies a file, and creates the folders above it.
pub(super) fn install(from: &Path, to: &Path, mode: FileMode) -> Result<()> {
    fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
    fs::copy(from, to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    set_mode(to, mode)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: FileMode) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let bits = match mode {
        FileMode::Program => 0o755,
        FileMode::Document => 0o644,
    };
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(bits))?)
}

/// Windows runs a file by its name.
#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: FileMode) -> Result<()> {
    Ok(())
}

/// Compresses a file without a time in it, so that it is the same every time.
pub(super) fn compress(path: &Path) -> Result<()> {
    succeed(Command::new("gzip").args(["-9", "-n", "-f"]).arg(path))
}

/// All files below a folder, as paths from there, in order.
pub(super) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner)? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_at_every_depth_and_in_order() -> Result<()> {
        let folder = tempfile::tempdir()?;
        for path in ["b/c/d", "a", "b/a"] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().context("inner")?)?;
            fs::write(path, "")?;
        }
        assert_eq!(files_below(folder.path())?, ["a", "b/a", "b/c/d"].map(PathBuf::from));
        Ok(())
    }
}
