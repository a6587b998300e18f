//! The wheel for PyPI, made by maturin: the program as a script, and no Python code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::linux_tree::install;
use super::packager::Packager;
use super::{Made, name, template};
use crate::process::{has_program, output_of, succeed};

/// A maturin that was seen to work.
const MATURIN: &str = "maturin==1.16.0";

pub(super) fn make(packager: &Packager) -> Result<Made> {
    let work = packager.work_folder("wheel")?;
    let maturin = maturin(packager)?;
    // maturin runs cargo, which finds what was built for the other packages and builds nothing again.
    packager.program()?;
    let manifest = packager.root.join("crates/cli/Cargo.toml");
    let project = template::fill(
        &fs::read_to_string(packager.root.join("packaging/pypi/pyproject.toml.in"))?,
        &[("VERSION", &packager.version), ("MANIFEST", &manifest.display().to_string())],
    )?;
    fs::write(work.join("pyproject.toml"), project)?;
    install(&packager.root.join("packaging/pypi/README.md"), &work.join("README.md"), "644")?;
    let mut build = Command::new(maturin);
    build.current_dir(&work).args(["build", "--quiet", "--target", packager.target.triple, "--out"]);
    build.arg(work.join("dist")).env("SOURCE_DATE_EPOCH", packager.epoch()?);
    if has_program("musl-gcc") {
        build.env(format!("CC_{}", packager.target.triple.replace('-', "_")), "musl-gcc");
    }
    output_of(&mut build)?;
    let wheels: Vec<PathBuf> = fs::read_dir(work.join("dist"))?.map(|e| Ok(e?.path())).collect::<Result<_>>()?;
    let wheel = wheels.first().context("maturin made no wheel")?;
    let kept = packager.out.join(name(wheel));
    fs::copy(wheel, &kept)?;
    let mut made = Made { files: vec![kept.clone()], ..Made::default() };
    if packager.target.runs_here() {
        made.checks.push(try_out(packager, &work, &kept)?);
    } else {
        made.untried.push(format!("installed and run: this machine is no {}", packager.target.triple));
    }
    made.untried.push("that the name agtop is ours on PyPI".to_owned());
    Ok(made)
}

/// The maturin on the path, or one from PyPI in a folder of its own.
fn maturin(packager: &Packager) -> Result<PathBuf> {
    if has_program("maturin") {
        return Ok("maturin".into());
    }
    let folder = packager.out.join("work/maturin");
    let maturin = folder.join("bin/maturin");
    if !maturin.exists() {
        succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        succeed(Command::new(folder.join("bin/pip")).args(["install", "--quiet", MATURIN]))?;
    }
    Ok(maturin)
}

/// Installs the wheel without an index, and runs the script.
fn try_out(packager: &Packager, work: &Path, wheel: &Path) -> Result<String> {
    let user = work.join("user");
    output_of(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&user))?;
    output_of(Command::new(user.join("bin/pip")).args(["install", "--quiet", "--no-index"]).arg(wheel))?;
    let said = output_of(Command::new(user.join("bin/agtop")).arg("--version"))?;
    ensure!(said == format!("agtop {}", packager.version), "the installed program says it is {said:?}");
    Ok(format!("pip install --no-index; agtop --version says {said}"))
}
