//! Manifests by which package managers find the archives of a release: templates with the version and sums filled in.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use super::made::{Made, name};
use super::packager::Packager;
use super::sums::sum_of;
use super::targets::RELEASE_TARGETS;
use super::{source, template};
use crate::process::{has_program, output_of};

/// Fills a template in. A sum of an archive that is not in the folder of packages is zero, and said to be missing.
pub(super) fn fill(packager: &Packager, template: &str, made: &mut Made) -> Result<PathBuf> {
    let text = fs::read_to_string(packager.root.join("packaging").join(template))?;
    let archives = RELEASE_TARGETS
        .iter()
        .map(|target| (mark(target.triple), target.archive_name(&packager.version)))
        .chain([(mark("source"), source::archive_name(&packager.version))]);
    let mut values = vec![("VERSION".to_owned(), packager.version.clone())];
    for (mark, archive) in archives {
        let path = packager.out.join(&archive);
        if path.exists() {
            values.push((mark, sum_of(&path)?));
        } else {
            if template::marks(&text).contains(&&*mark) {
                made.untried.push(format!("a draft: the sum of {archive}, which is not here, is zero"));
            }
            values.push((mark, "0".repeat(64)));
        }
    }
    let wanted = template::marks(&text);
    let values: Vec<(&str, &str)> = values
        .iter()
        .filter(|(mark, _)| wanted.contains(&mark.as_str()))
        .map(|(mark, value)| (mark.as_str(), value.as_str()))
        .collect();
    let path = packager.out.join(template.trim_end_matches(".in"));
    fs::create_dir_all(path.parent().unwrap_or(&packager.out))?;
    fs::write(&path, template::fill(&text, &values)?)?;
    made.files.push(path.clone());
    Ok(path)
}

/// The mark of an archive's sum: `SUM_X86_64_APPLE_DARWIN`.
fn mark(archive: &str) -> String {
    format!("SUM_{}", archive.replace('-', "_").to_uppercase())
}

/// Runs a checker that may be missing.
fn check(made: &mut Made, program: &str, arguments: &[&str], file: &Path) -> Result<()> {
    let what = [&[program], arguments].concat().join(" ");
    if has_program(program) {
        output_of(Command::new(program).args(arguments).arg(file))?;
        made.checks.push(what);
    } else {
        made.untried.push(format!("{what}: {program} is not here"));
    }
    Ok(())
}

pub(super) fn homebrew(packager: &Packager) -> Result<Made> {
    let mut made = Made::default();
    let formula = fill(packager, "homebrew/agtop.rb.in", &mut made)?;
    check(&mut made, "ruby", &["-wc"], &formula)?;
    made.untried.push("brew audit, brew install: there is no Homebrew here".to_owned());
    Ok(made)
}

pub(super) fn scoop(packager: &Packager) -> Result<Made> {
    let mut made = Made::default();
    let manifest = fill(packager, "scoop/agtop.json.in", &mut made)?;
    let parsed: serde_json::Value = serde_json::from_str(&fs::read_to_string(manifest)?)?;
    ensure!(parsed["version"] == packager.version.as_str() && parsed["bin"] == "agtop.exe", "the manifest is wrong");
    made.checks.push("is JSON, with the version and the program".to_owned());
    made.untried.push("scoop install: Windows only".to_owned());
    Ok(made)
}

/// The three files of a manifest.
const WINGET_FILES: [&str; 3] = ["agtop.agtop.yaml", "agtop.agtop.installer.yaml", "agtop.agtop.locale.en-US.yaml"];

pub(super) fn winget(packager: &Packager) -> Result<Made> {
    let mut made = Made::default();
    for file in WINGET_FILES {
        let manifest = fill(packager, &format!("winget/{file}.in"), &mut made)?;
        check_yaml(&mut made, &manifest, &["PackageIdentifier", "PackageVersion", "ManifestType", "ManifestVersion"])?;
    }
    made.untried.push("winget validate, winget install: Windows only".to_owned());
    Ok(made)
}

/// Has Python's parser read a file, which must have these keys.
fn check_yaml(made: &mut Made, file: &Path, keys: &[&str]) -> Result<()> {
    let script = "import sys, yaml
manifest = yaml.safe_load(open(sys.argv[-1]))
missing = [key for key in sys.argv[1:-1] if key not in manifest]
sys.exit(f'{missing} are missing' if missing else 0)";
    // A Python of the user may lack the module of Debian's python3-yaml.
    let python = ["/usr/bin/python3", "python3"].into_iter().find(|python| {
        Command::new(python).args(["-c", "import yaml"]).output().is_ok_and(|output| output.status.success())
    });
    let Some(python) = python else {
        made.untried.push("parsed: there is no Python with yaml here".to_owned());
        return Ok(());
    };
    output_of(Command::new(python).args(["-c", script]).args(keys).arg(file))?;
    made.checks.push(format!("{} is YAML and has {}", name(file), keys.join(", ")));
    Ok(())
}

pub(super) fn snap(packager: &Packager) -> Result<Made> {
    let mut made = Made::default();
    let manifest = fill(packager, "snap/snapcraft.yaml.in", &mut made)?;
    check_yaml(&mut made, &manifest, &["name", "version", "base", "summary", "description", "apps", "parts"])?;
    made.untried.push("snapcraft pack, snap install --classic: there is no snapd here".to_owned());
    Ok(made)
}

pub(super) fn nix(packager: &Packager) -> Result<Made> {
    let flake = packager.root.join("packaging/nix/flake.nix");
    let mut made = Made { files: vec![flake.clone()], ..Made::default() };
    check(&mut made, "nix-instantiate", &["--parse"], &flake)?;
    made.untried.push("nix build: it fetches nixpkgs".to_owned());
    Ok(made)
}

pub(super) fn freebsd(packager: &Packager) -> Result<Made> {
    let mut made = Made::default();
    fill(packager, "freebsd/Makefile.in", &mut made)?;
    let archive = source::archive_name(&packager.version);
    let path = packager.out.join(&archive);
    let folder = packager.out.join("freebsd");
    fs::copy(packager.root.join("packaging/freebsd/pkg-descr"), folder.join("pkg-descr"))?;
    if path.exists() {
        let sum = sum_of(&path)?;
        let size = fs::metadata(&path)?.len();
        let distinfo = format!("SHA256 ({archive}) = {sum}\nSIZE ({archive}) = {size}\n");
        fs::write(folder.join("distinfo"), distinfo)?;
        made.files.push(folder.join("distinfo"));
    } else {
        made.untried.push(format!("distinfo: {archive} is not here"));
    }
    made.untried.push("make cargo-crates, portlint, poudriere: FreeBSD only".to_owned());
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mark that no archive has would be left in the manifest.
    #[test]
    fn every_mark_of_the_templates_is_the_version_or_the_sum_of_an_archive() -> Result<()> {
        let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging");
        let known: Vec<String> = RELEASE_TARGETS.iter().map(|target| mark(target.triple)).collect();
        let winget = WINGET_FILES.map(|file| format!("winget/{file}.in"));
        let others = ["aur/PKGBUILD.in", "aur/PKGBUILD-bin.in", "homebrew/agtop.rb.in", "scoop/agtop.json.in"];
        let others = others.into_iter().chain(["snap/snapcraft.yaml.in", "freebsd/Makefile.in"]);
        for template in winget.iter().map(String::as_str).chain(others) {
            let text = fs::read_to_string(packaging.join(template))?;
            let marks = template::marks(&text);
            assert!(marks.contains(&"VERSION"), "{template}");
            for mark in marks {
                let is_known = mark == "VERSION" || mark == "SUM_SOURCE" || known.iter().any(|known| known == mark);
                assert!(is_known, "{template}: {mark}");
            }
        }
        Ok(())
    }
}
