//! The package for Fedora, openSUSE and their like, packed by Debian's `rpmbuild`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::linux_tree::{FileMode, Layout, files_below, install, lay_out};
use super::made::Made;
use super::notices::{NOTICES_FILE, notices};
use super::packager::Packager;
use super::template;
use crate::process::{has_program, output_of, succeed};

const LAYOUT: Layout = Layout { zsh: "usr/share/zsh/site-functions", documents: "usr/share/doc/agtop" };
const LICENSES: &str = "usr/share/licenses/agtop";

pub(super) fn make(packager: &Packager) -> Result<Made> {
    let names = packager.target.linux.as_ref().context("RPM's packages are for Linux")?;
    let work = packager.work_folder("rpm")?;
    let tree = work.join("tree");
    lay_out(packager, &tree, &LAYOUT)?;
    for document in ["README.md", "CHANGELOG.md"] {
        install(&packager.root.join(document), &tree.join(LAYOUT.documents).join(document), FileMode::Document)?;
    }
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        install(&packager.root.join(license), &tree.join(LICENSES).join(license), FileMode::Document)?;
    }
    fs::write(tree.join(LICENSES).join(NOTICES_FILE), notices(packager)?)?;
    succeed(Command::new("chmod").arg("-R").arg("u=rwX,go=rX").arg(&tree))?;
    let epoch = packager.epoch()?;
    let mut date = Command::new("date");
    date.env("LC_ALL", "C").args(["-u", "+%a %b %d %Y", "-d", &format!("@{epoch}")]);
    let spec = template::fill(
        &fs::read_to_string(packager.root.join("packaging/rpm/agtop.spec.in"))?,
        &[("VERSION", &packager.version), ("TREE", &tree.display().to_string()), ("DATE", &output_of(&mut date)?)],
    )?;
    let spec_file = work.join("agtop.spec");
    fs::write(&spec_file, spec)?;
    let mut build = Command::new("rpmbuild");
    build.env("SOURCE_DATE_EPOCH", &epoch).args(["-bb", "--quiet", "--target", names.rpm]);
    for define in [
        format!("_topdir {}", work.display()),
        format!("_rpmdir {}", packager.out.display()),
        "_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm".to_owned(),
        "_buildhost agtop".to_owned(),
        "use_source_date_epoch_as_buildtime 1".to_owned(),
        "clamp_mtime_to_source_date_epoch 1".to_owned(),
    ] {
        build.args(["--define", &define]);
    }
    output_of(build.arg(&spec_file))?;
    let package = packager.out.join(format!("agtop-{}-1.{}.rpm", packager.version, names.rpm));
    let mut made = Made { files: vec![package.clone()], ..Made::default() };
    try_out(packager, &package, &mut made)?;
    Ok(made)
}

fn try_out(packager: &Packager, package: &Path, made: &mut Made) -> Result<()> {
    let said = output_of(Command::new("rpm").args(["-qip", "--nosignature"]).arg(package))?;
    ensure!(said.lines().any(|line| line.starts_with("Version") && line.ends_with(&packager.version)), "{said}");
    let requires = output_of(Command::new("rpm").args(["-qRp", "--nosignature"]).arg(package))?;
    let foreign: Vec<&str> = requires.lines().filter(|line| !line.starts_with("rpmlib(")).collect();
    ensure!(foreign.is_empty(), "the package requires {foreign:?}");
    made.checks.push("rpm -qip; requires no other package".to_owned());
    if has_program("rpmlint") {
        let rules = packager.root.join("packaging/rpm/rpmlint.toml");
        output_of(Command::new("rpmlint").arg("--strict").arg("--config").arg(rules).arg(package))?;
        made.checks.push("rpmlint --strict".to_owned());
    } else {
        made.untried.push("rpmlint: it is not here".to_owned());
    }
    if !packager.target.runs_here() {
        made.untried.push(format!("installed and run: this machine is no {}", packager.target.triple));
        return Ok(());
    }
    let root = tempfile::tempdir()?;
    let rpm = |what: &[&str]| {
        let mut rpm = Command::new("rpm");
        rpm.arg("--root").arg(root.path()).args(what);
        rpm
    };
    output_of(rpm(&["--install", "--nosignature"]).arg(package))?;
    let said = output_of(Command::new(root.path().join("usr/bin/agtop")).arg("--version"))?;
    ensure!(said == format!("agtop {}", packager.version), "the installed program says it is {said:?}");
    ensure!(root.path().join("usr/share/man/man1/agtop.1.gz").is_file(), "the installed package lacks its page");
    output_of(rpm(&["--erase", "agtop"]).arg("--nosignature"))?;
    let left: Vec<PathBuf> = files_below(root.path())?;
    let left: Vec<&PathBuf> = left.iter().filter(|file| file.to_string_lossy().contains("agtop")).collect();
    ensure!(left.is_empty(), "erased, but these are left: {left:?}");
    made.checks.push(format!("installed by rpm into a root, agtop --version says {said}; erased, nothing is left"));
    Ok(())
}
