//! The wheel for PyPI: the program as a script, and no Python code.
//!
//! PyPI's `wheel` packs it. maturin would compile the program once more, and names only glibc as the platform of a
//! program that needs none.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::linux_tree::{FileMode, install};
use super::made::Made;
use super::notices::{NOTICES_FILE, notices};
use super::packager::Packager;
use super::template;
use crate::process::{output_of, succeed};

/// The packer of wheels, in a version that was seen to work.
const WHEEL_PACKER: &str = "wheel==0.45.1";

pub(super) fn make(packager: &Packager) -> Result<Made> {
    ensure!(!packager.target.wheel.is_empty(), "PyPI takes no programs for {}", packager.target.triple);
    let work = packager.work_folder("wheel")?;
    let tree = work.join(format!("agtop-{}", packager.version));
    let scripts = tree.join(format!("agtop-{}.data/scripts", packager.version));
    install(packager.program()?, &scripts.join(packager.target.program_name()), FileMode::Program)?;
    write_description(packager, &tree.join(format!("agtop-{}.dist-info", packager.version)))?;
    let mut pack = Command::new(python_with_packer(packager)?);
    pack.env("SOURCE_DATE_EPOCH", packager.epoch()?).args(["-m", "wheel", "pack"]);
    output_of(pack.arg(&tree).arg("--dest-dir").arg(&packager.out))?;
    // The packer sorts them in the name.
    let mut platforms = packager.target.wheel.to_vec();
    platforms.sort_unstable();
    let platforms = platforms.join(".");
    let wheel = packager.out.join(format!("agtop-{}-py3-none-{platforms}.whl", packager.version));
    let mut made = Made { files: vec![wheel.clone()], ..Made::default() };
    if packager.target.runs_here() {
        made.checks.push(try_out(packager, &work, &wheel)?);
    } else {
        made.untried.push(format!("installed and run: this machine is no {}", packager.target.triple));
    }
    made.untried.push("that the name agtop is ours on PyPI".to_owned());
    Ok(made)
}

/// Writes what the wheel says of itself; the packer adds the list of files.
fn write_description(packager: &Packager, folder: &Path) -> Result<()> {
    let read = |name: &str| {
        let path = packager.root.join("packaging/pypi").join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let licenses = folder.join("licenses");
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        install(&packager.root.join(license), &licenses.join(license), FileMode::Document)?;
    }
    fs::write(licenses.join(NOTICES_FILE), notices(packager)?)?;
    let metadata = template::fill(&read("METADATA.in")?, &[("VERSION", &packager.version)])?;
    fs::write(folder.join("METADATA"), metadata + &read("README.md")?)?;
    let mut tags = read("WHEEL.in")?;
    packager.target.wheel.iter().try_for_each(|platform| writeln!(tags, "Tag: py3-none-{platform}"))?;
    fs::write(folder.join("WHEEL"), tags)?;
    Ok(())
}

/// A Python with the packer, in a folder of its own.
fn python_with_packer(packager: &Packager) -> Result<PathBuf> {
    let folder = packager.out.join("work/wheel-packer");
    let python = folder.join("bin/python3");
    if !folder.join("bin/wheel").exists() {
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        succeed(Command::new(&python).args(["-m", "pip", "install", "--quiet", WHEEL_PACKER]))?;
    }
    Ok(python)
}

/// Installs the wheel without an index, and runs the script.
fn try_out(packager: &Packager, work: &Path, wheel: &Path) -> Result<String> {
    let user = work.join("user");
    output_of(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&user))?;
    output_of(Command::new(user.join("bin/pip")).args(["install", "--quiet", "--no-index"]).arg(wheel))?;
    let said = output_of(Command::new(user.join("bin/agtop")).arg("--version"))?;
    ensure!(said == format!("agtop {}", packager.version), "the installed program says it is {said:?}");
    output_of(Command::new(user.join("bin/pip")).args(["uninstall", "--quiet", "--yes", "agtop"]))?;
    ensure!(!user.join("bin/agtop").exists(), "pip uninstalled agtop, but the program is left");
    Ok(format!("pip install --no-index; agtop --version says {said}"))
}
