//! The SHA-256 sums of all files of a release.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::made::{Made, name};
use super::packager::Packager;
use crate::process::output_of;

/// The file of sums.
pub(crate) const SUMS_FILE: &str = "SHA256SUMS";

/// What is published as a file: not the folders of manifests.
const PUBLISHED_ENDS: [&str; 6] = [".tar.gz", ".zip", ".deb", ".rpm", ".tgz", ".whl"];

pub(super) fn make(packager: &Packager) -> Result<Made> {
    let mut sums = String::new();
    for path in packager.files_in(&packager.out.to_string_lossy())? {
        if path.is_file() && PUBLISHED_ENDS.iter().any(|end| name(&path).ends_with(end)) {
            writeln!(sums, "{}  {}", sum_of(&path)?, name(&path))?;
        }
    }
    let path = packager.out.join(SUMS_FILE);
    fs::write(&path, &sums)?;
    let check = "checked by sha256sum --check --strict".to_owned();
    output_of(Command::new("sha256sum").current_dir(&packager.out).args(["--check", "--strict", SUMS_FILE]))?;
    let counted = format!("{} files", sums.lines().count());
    Ok(Made { files: vec![path], checks: vec![counted, check], untried: Vec::new() })
}

/// The SHA-256 of a file, in hexadecimal digits.
pub(crate) fn sum_of(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_a_file_is_that_of_sha256sum() -> Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        fs::write(file.path(), "abc")?;
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sum_of(file.path())?, sum);
        Ok(())
    }
}
