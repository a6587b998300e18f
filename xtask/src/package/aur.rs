//! The two packages for Arch's user repository: built from source, and of the release's program.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::made::{Made, name};
use super::manifests::fill;
use super::packager::Packager;
use crate::process::{has_program, output_of};

/// What makepkg needs; Debian has them as makepkg, pacman-package-manager, libarchive-tools and fakeroot.
const MAKEPKG_PROGRAMS: [&str; 4] = ["makepkg", "pacman", "bsdtar", "fakeroot"];

pub(super) fn make(packager: &Packager) -> Result<Made> {
    let mut made = Made::default();
    let source = fill(packager, "aur/PKGBUILD.in", &mut made)?;
    let program = fill(packager, "aur/PKGBUILD-bin.in", &mut made)?;
    for script in [&source, &program] {
        output_of(Command::new("bash").arg("-n").arg(script))?;
    }
    made.checks.push("bash -n".to_owned());
    let missing: Vec<&str> = MAKEPKG_PROGRAMS.into_iter().filter(|program| !has_program(program)).collect();
    if !missing.is_empty() {
        made.untried.push(format!("makepkg: {} are not here", missing.join(", ")));
        return Ok(made);
    }
    for (script, list) in [(&source, "SRCINFO"), (&program, "SRCINFO-bin")] {
        let folder = tempfile::tempdir()?;
        fs::copy(script, folder.path().join("PKGBUILD"))?;
        let path = packager.out.join("aur").join(list);
        fs::write(&path, output_of(&mut makepkg(folder.path(), &["--printsrcinfo"])?)? + "\n")?;
        made.files.push(path);
    }
    made.checks.push("makepkg --printsrcinfo".to_owned());
    let archive = packager.out.join(packager.target.archive_name(&packager.version));
    if archive.exists() && packager.target.runs_here() {
        made.checks.push(try_out(packager, &program, &archive)?);
    } else {
        made.untried.push("agtop-bin by makepkg: the archive of this machine is not here".to_owned());
    }
    made.untried.push("agtop from source by makepkg: it fetches the release and all crates".to_owned());
    Ok(made)
}

/// makepkg, in a folder that it may write. It refuses to be root, and is then run as the user `nobody`.
fn makepkg(folder: &Path, arguments: &[&str]) -> Result<Command> {
    output_of(Command::new("chmod").args(["-R", "a+rwX"]).arg(folder))?;
    let is_root = output_of(Command::new("id").arg("-u"))? == "0";
    let mut makepkg = Command::new(if is_root { "setpriv" } else { "makepkg" });
    if is_root {
        makepkg.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "makepkg"]);
    }
    makepkg.current_dir(folder).env("HOME", folder).env("PKGEXT", ".pkg.tar.gz").args(arguments);
    Ok(makepkg)
}

/// Packs the release's program, and runs what is in the package.
fn try_out(packager: &Packager, script: &Path, archive: &Path) -> Result<String> {
    let folder = tempfile::tempdir()?;
    fs::copy(script, folder.path().join("PKGBUILD"))?;
    // makepkg takes a source that is there instead of fetching it.
    fs::copy(archive, folder.path().join(name(archive)))?;
    output_of(&mut makepkg(folder.path(), &["--nodeps", "--force"])?)?;
    let mut made = fs::read_dir(folder.path())?.filter_map(|entry| Some(entry.ok()?.path()));
    let package = made.find(|path| name(path).ends_with(".pkg.tar.gz")).context("makepkg made no package")?;
    let root = folder.path().join("root");
    fs::create_dir(&root)?;
    output_of(Command::new("tar").arg("-xzf").arg(&package).arg("-C").arg(&root))?;
    let said = output_of(Command::new(root.join("usr/bin/agtop")).arg("--version"))?;
    ensure!(said == format!("agtop {}", packager.version), "the packed program says it is {said:?}");
    ensure!(root.join("usr/share/man/man1").is_dir(), "the package lacks manual pages");
    Ok(format!("agtop-bin by makepkg; the program in it says {said}"))
}
