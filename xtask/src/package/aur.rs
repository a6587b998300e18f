//! The two packages for Arch's user repository: built from source, and of the release's program.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::manifests::fill;
use super::packager::Packager;
use super::{Made, name};
use crate::process::{has_program, output_of};

pub(super) fn make(packager: &Packager) -> Result<Made> {
    let mut made = Made::default();
    let source = fill(packager, "aur/PKGBUILD.in", &mut made)?;
    let program = fill(packager, "aur/PKGBUILD-bin.in", &mut made)?;
    for script in [&source, &program] {
        output_of(Command::new("bash").arg("-n").arg(script))?;
    }
    made.checks.push("bash -n".to_owned());
    let archive = packager.out.join(packager.target.archive_name(&packager.version));
    if !has_program("makepkg") || !archive.exists() || !packager.target.runs_here() {
        made.untried.push("makepkg: it or the archive of this machine is not here".to_owned());
        return Ok(made);
    }
    made.checks.push(try_out(packager, &program, &archive)?);
    made.untried.push("agtop from source by makepkg: it fetches the release and all crates".to_owned());
    Ok(made)
}

/// Packs the release's program as the user `nobody`, since makepkg refuses root, and runs what is in the package.
fn try_out(packager: &Packager, script: &Path, archive: &Path) -> Result<String> {
    let folder = tempfile::tempdir()?;
    fs::copy(script, folder.path().join("PKGBUILD"))?;
    // makepkg takes a source that is there instead of fetching it.
    fs::copy(archive, folder.path().join(name(archive)))?;
    output_of(Command::new("chmod").args(["-R", "a+rwX"]).arg(folder.path()))?;
    let is_root = output_of(Command::new("id").arg("-u"))? == "0";
    let command = "makepkg --nodeps --force && makepkg --printsrcinfo > .SRCINFO";
    let mut makepkg = if is_root { Command::new("setpriv") } else { Command::new("bash") };
    if is_root {
        makepkg.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "bash"]);
    }
    makepkg.current_dir(folder.path()).env("HOME", folder.path()).env("PKGEXT", ".pkg.tar.gz");
    output_of(makepkg.args(["-c", command]))?;
    fs::copy(folder.path().join(".SRCINFO"), packager.out.join("aur/SRCINFO-bin"))?;
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
