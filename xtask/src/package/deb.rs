//! The package for Debian and its like.
//!
//! `dpkg-deb` packs it, without cargo-deb: what cargo-deb would add is the search for needed libraries, of which a static
//! program has none, and it takes minutes to compile.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::linux_tree::{FileMode, Layout, compress, files_below, install, lay_out};
use super::made::Made;
use super::notices::{NOTICES_FILE, notices};
use super::packager::Packager;
use super::template;
use crate::process::{output_of, succeed};

const LAYOUT: Layout = Layout { zsh: "usr/share/zsh/vendor-completions", documents: "usr/share/doc/agtop" };

/// The revision of the package of one version.
const REVISION: &str = "1";

pub(super) fn make(packager: &Packager) -> Result<Made> {
    let names = packager.target.linux.as_ref().context("Debian's packages are for Linux")?;
    let work = packager.work_folder("deb")?;
    let tree = work.join("tree");
    lay_out(packager, &tree, &LAYOUT)?;
    add_documents(packager, &tree)?;
    let version = format!("{}-{REVISION}", packager.version);
    let control = template::fill(
        &fs::read_to_string(packager.root.join("packaging/deb/control.in"))?,
        &[("VERSION", &version), ("ARCHITECTURE", names.deb), ("INSTALLED_KB", &installed_kb(&tree)?.to_string())],
    )?;
    let md5sums = md5sums(&tree)?;
    fs::create_dir_all(tree.join("DEBIAN"))?;
    fs::write(tree.join("DEBIAN/control"), control)?;
    fs::write(tree.join("DEBIAN/md5sums"), md5sums)?;
    succeed(Command::new("chmod").arg("-R").arg("u=rwX,go=rX").arg(&tree))?;
    let package = packager.out.join(format!("agtop_{version}_{}.deb", names.deb));
    let mut pack = Command::new("dpkg-deb");
    pack.env("SOURCE_DATE_EPOCH", packager.epoch()?).args(["--root-owner-group", "--build"]);
    output_of(pack.arg(&tree).arg(&package))?;
    let mut made = Made { files: vec![package.clone()], ..Made::default() };
    try_out(packager, &package, &mut made)?;
    Ok(made)
}

fn add_documents(packager: &Packager, tree: &Path) -> Result<()> {
    let documents = tree.join(LAYOUT.documents);
    install(&packager.root.join("packaging/deb/copyright"), &documents.join("copyright"), FileMode::Document)?;
    install(&packager.root.join("CHANGELOG.md"), &documents.join("changelog"), FileMode::Document)?;
    fs::write(documents.join(NOTICES_FILE), notices(packager)?)?;
    let date = output_of(Command::new("date").args(["-u", "-R", "-d", &format!("@{}", packager.epoch()?)]))?;
    let entry = template::fill(
        &fs::read_to_string(packager.root.join("packaging/deb/changelog.in"))?,
        &[("VERSION", &packager.version), ("REVISION", REVISION), ("DATE", &date)],
    )?;
    fs::write(documents.join("changelog.Debian"), entry)?;
    for name in ["changelog", "changelog.Debian", NOTICES_FILE] {
        compress(&documents.join(name))?;
    }
    install(
        &packager.root.join("packaging/deb/lintian-overrides"),
        &tree.join("usr/share/lintian/overrides/agtop"),
        FileMode::Document,
    )
}

fn installed_kb(tree: &Path) -> Result<u64> {
    let sizes = files_below(tree)?.into_iter().map(|file| Ok(fs::metadata(tree.join(file))?.len().div_ceil(1024)));
    sizes.sum()
}

fn md5sums(tree: &Path) -> Result<String> {
    let mut sums = String::new();
    for file in files_below(tree)? {
        let line = output_of(Command::new("md5sum").current_dir(tree).arg(&file))?;
        writeln!(sums, "{line}")?;
    }
    Ok(sums)
}

/// Has lintian read the package, installs it into a root of its own, runs it there, and removes it.
fn try_out(packager: &Packager, package: &Path, made: &mut Made) -> Result<()> {
    output_of(Command::new("lintian").args(["--fail-on", "error,warning", "--allow-root"]).arg(package))?;
    made.checks.push("lintian: no error, no warning".to_owned());
    if !packager.target.runs_here() {
        made.untried.push(format!("installed and run: this machine is no {}", packager.target.triple));
        return Ok(());
    }
    let root = tempfile::tempdir()?;
    let database = root.path().join("var/lib/dpkg");
    fs::create_dir_all(database.join("info"))?;
    fs::create_dir_all(database.join("updates"))?;
    fs::write(database.join("status"), "")?;
    let dpkg = |what: &str| {
        let mut dpkg = Command::new("dpkg");
        dpkg.arg(format!("--root={}", root.path().display())).arg("--force-not-root").arg(what);
        dpkg
    };
    output_of(dpkg("--install").arg(package))?;
    for file in ["usr/share/man/man1/agtop.1.gz", "usr/share/bash-completion/completions/agtop"] {
        ensure!(root.path().join(file).is_file(), "the installed package lacks {file}");
    }
    let page =
        output_of(Command::new("man").arg("-M").arg(root.path().join("usr/share/man")).args(["-P", "cat", "agtop"]))?;
    ensure!(page.contains("agtop [OPTIONS]"), "man agtop shows something else");
    let said = output_of(Command::new(root.path().join("usr/bin/agtop")).arg("--version"))?;
    ensure!(said == format!("agtop {}", packager.version), "the installed program says it is {said:?}");
    made.checks.push(format!("installed by dpkg into a root; man agtop; agtop --version says {said}"));
    made.checks.push(try_completion(root.path())?);
    output_of(dpkg("--purge").arg("agtop"))?;
    let left: Vec<PathBuf> = files_below(root.path())?.into_iter().filter(|file| !file.starts_with("var")).collect();
    ensure!(left.is_empty(), "purged, but these are left: {left:?}");
    made.checks.push("removed, nothing is left".to_owned());
    Ok(())
}

/// Has bash complete a theme with the installed script.
fn try_completion(root: &Path) -> Result<String> {
    let script = "source usr/share/bash-completion/completions/agtop
        COMP_WORDS=(agtop --theme nor) COMP_CWORD=2
        _clap_complete_agtop agtop nor --theme
        printf '%s' \"${COMPREPLY[*]}\"";
    let mut bash = Command::new("bash");
    bash.current_dir(root).env("PATH", format!("{}:/usr/bin:/bin", root.join("usr/bin").display()));
    let said = output_of(bash.env("HOME", root).args(["--norc", "-c", script]))?;
    ensure!(said == "nord", "bash completes --theme nor with {said:?}");
    Ok("bash completes --theme nor".to_owned())
}
