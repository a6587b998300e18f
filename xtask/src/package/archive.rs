//! The archive of a target: the program with its manual pages, completions and licences.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail, ensure};

use super::linux_tree::{FileMode, files_below, install};
use super::made::{Made, name};
use super::notices::{NOTICES_FILE, notices};
use super::packager::Packager;
use crate::process::{output_of, succeed};

/// Files of the repository that go along.
const DOCUMENTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

pub(super) fn make(packager: &Packager) -> Result<Made> {
    let work = packager.work_folder("archive")?;
    let top = format!("agtop-{}-{}", packager.version, packager.target.triple);
    let tree = work.join(&top);
    install(packager.program()?, &tree.join(packager.target.program_name()), FileMode::Program)?;
    for document in DOCUMENTS {
        install(&packager.root.join(document), &tree.join(document), FileMode::Document)?;
    }
    for folder in ["man", "completions"] {
        for file in packager.files_in(&format!("packaging/{folder}"))? {
            install(&file, &tree.join(folder).join(name(&file)), FileMode::Document)?;
        }
    }
    fs::write(tree.join(NOTICES_FILE), notices(packager)?)?;
    let archive = packager.out.join(packager.target.archive_name(&packager.version));
    if packager.target.is_windows() {
        zip(&work, &archive)?;
    } else {
        tar(packager, &work, &top, &archive)?;
    }
    let mut made = Made { files: vec![archive.clone()], ..Made::default() };
    if packager.target.is_windows() || !packager.target.runs_here() {
        made.untried.push(format!("unpacked and run: this machine is no {}", packager.target.triple));
        return Ok(made);
    }
    made.checks.push(try_out(packager, &archive, &top)?);
    tar(packager, &work, &top, &work.join("again.tar.gz"))?;
    ensure!(fs::read(&archive)? == fs::read(work.join("again.tar.gz"))?, "the archive differs when it is made again");
    made.checks.push("the same bytes when it is made again".to_owned());
    if packager.target.triple.ends_with("-musl") {
        made.checks.push(check_is_static(packager.program()?)?);
    }
    Ok(made)
}

fn tar(packager: &Packager, work: &Path, top: &str, archive: &Path) -> Result<()> {
    let tar = work.join("archive.tar");
    // What depends on who packs and when is left out.
    let time = format!("--mtime=@{}", packager.epoch()?);
    let same = ["--sort=name", &time, "--owner=0", "--group=0", "--numeric-owner", "--format=ustar"];
    // Apple's and FreeBSD's tar do not have these options.
    let same = if cfg!(target_os = "linux") { &same[..] } else { &[] };
    succeed(Command::new("tar").args(same).arg("-cf").arg(&tar).arg("-C").arg(work).arg(top))?;
    succeed(Command::new("gzip").args(["-9", "-n", "-f"]).arg(&tar))?;
    fs::rename(work.join("archive.tar.gz"), archive)?;
    Ok(())
}

fn zip(work: &Path, archive: &Path) -> Result<()> {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(fs::File::create(archive)?);
    for file in files_below(work)? {
        zip.start_file_from_path(&file, zip::write::SimpleFileOptions::default())?;
        zip.write_all(&fs::read(work.join(&file))?)?;
    }
    zip.finish()?;
    Ok(())
}

/// Unpacks the archive elsewhere, and runs the program.
fn try_out(packager: &Packager, archive: &Path, top: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    succeed(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(folder.path()))?;
    let said = output_of(Command::new(folder.path().join(top).join("agtop")).arg("--version"))?;
    ensure!(said == format!("agtop {}", packager.version), "the unpacked program says it is {said:?}");
    Ok(format!("unpacked; agtop --version says {said}"))
}

/// A static program asks for no interpreter and no library.
fn check_is_static(program: &Path) -> Result<String> {
    let said = output_of(Command::new("readelf").args(["--program-headers", "--dynamic"]).arg(program))?;
    if said.contains("INTERP") || said.contains("(NEEDED)") {
        bail!("{} needs libraries", program.display());
    }
    Ok("static: no interpreter, no library needed".to_owned())
}
