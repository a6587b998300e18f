//! What was built of other people's crates, for a second build folder.

use std::fs;
use std::io;
use std::path::Path;

/// Gives a build folder what another one holds of crates outside this workspace. Cargo finds them fresh if it would build
/// them in the same way, and builds them otherwise. A folder that does not exist yet has nothing to give.
pub(super) fn link_dependencies(from: &Path, to: &Path) -> io::Result<()> {
    if !from.join(".fingerprint").is_dir() {
        return Ok(());
    }
    for unit in units_outside(&from.join(".fingerprint"))? {
        copy_new(&from.join(".fingerprint").join(&unit), &to.join(".fingerprint").join(&unit))?;
        let built = from.join("build").join(&unit);
        if built.is_dir() {
            copy_new(&built, &to.join("build").join(&unit))?;
        }
    }
    link_libraries(&from.join("deps"), &to.join("deps"))
}

/// The folders in a folder whose names (package and hash) are not those of a package of this workspace.
fn units_outside(fingerprints: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(fingerprints)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names: Vec<String> = names.collect::<io::Result<_>>()?;
    Ok(names.into_iter().filter(|name| !is_of_workspace(name)).collect())
}

fn is_of_workspace(name: &str) -> bool {
    name.starts_with("agtop") || name.starts_with("xtask")
}

/// Compilers replace a library by a new file, so that a link to it is as good as a copy.
fn link_libraries(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let name = entry?.file_name();
        let is_library = name.to_string_lossy().strip_prefix("lib").is_some_and(|name| !is_of_workspace(name));
        let (source, target) = (from.join(&name), to.join(&name));
        if is_library && !target.exists() {
            fs::hard_link(&source, &target).or_else(|_| copy_file(&source, &target))?;
        }
    }
    Ok(())
}

/// Copies a folder unless it is there.
fn copy_new(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_new(&entry.path(), &target)?;
        } else {
            copy_file(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Copies a file with its time, by which cargo knows what is fresh.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    fs::File::options().write(true).open(to)?.set_modified(from.metadata()?.modified()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_of_others_are_linked_and_those_of_the_workspace_are_not() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let (from, to) = (directory.path().join("debug"), directory.path().join("guide/debug"));
        let files = [
            (".fingerprint/serde-1/lib-serde", true),
            (".fingerprint/agtop-os-1/lib-agtop_os", false),
            ("build/serde-1/out/private.rs", true),
            ("deps/libserde-1.rlib", true),
            ("deps/libagtop_os-1.rlib", false),
            ("deps/registry-1", false),
        ];
        for (name, _) in files {
            let path = from.join(name);
            fs::create_dir_all(path.parent().unwrap_or(&from))?;
            fs::write(path, name)?;
        }
        for _ in 0..2 {
            link_dependencies(&from, &to)?;
        }
        for (name, is_given) in files {
            assert_eq!(to.join(name).exists(), is_given, "{name}");
        }
        let time = |folder: &Path| folder.join(".fingerprint/serde-1/lib-serde").metadata()?.modified();
        assert_eq!(time(&from)?, time(&to)?);
        Ok(())
    }

    #[test]
    fn a_folder_that_is_not_there_gives_nothing() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        link_dependencies(&directory.path().join("debug"), &directory.path().join("guide"))?;
        assert!(!directory.path().join("guide").exists());
        Ok(())
    }
}
