//! The archive of the source at the commit, for packages that are built by distributions.

use std::process::Command;

use anyhow::{Result, ensure};

use super::made::Made;
use super::packager::Packager;
use crate::process::{output_of, succeed};

/// The name of the archive of a version.
pub(super) fn archive_name(version: &str) -> String {
    format!("agtop-{version}-source.tar.gz")
}

pub(super) fn make(packager: &Packager) -> Result<Made> {
    let path = packager.out.join(archive_name(&packager.version));
    let prefix = format!("--prefix=agtop-{}/", packager.version);
    let git = || {
        let mut git = Command::new("git");
        git.current_dir(&packager.root);
        git
    };
    succeed(git().args(["archive", "--format=tar.gz", &prefix, "-o"]).arg(&path).arg("HEAD"))?;
    let listed = output_of(Command::new("tar").arg("-tzf").arg(&path))?;
    let lock = format!("agtop-{}/Cargo.lock", packager.version);
    ensure!(listed.lines().any(|line| line == lock), "the archive has no Cargo.lock");
    let mut made = Made { files: vec![path], ..Made::default() };
    made.checks.push(format!("{} entries, Cargo.lock among them", listed.lines().count()));
    let changed = output_of(git().args(["status", "--porcelain"]))?;
    if !changed.is_empty() {
        made.untried.push("what is not committed is not in it".to_owned());
    }
    Ok(made)
}
