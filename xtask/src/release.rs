//! A release, as far as it needs no network: whether it may be made, and what would be published where.
//!
//! `.github/workflows/release.yml` publishes, on a tag. It calls this first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::MetadataCommand;

use crate::package::{self, RELEASE_TARGETS, SUMS_FILE, sum_of};
use crate::process::output_of;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Publish nothing; this is the only way here, the release workflow publishes
    #[arg(long)]
    dry_run: bool,
    /// Take the packages in this directory instead of making those of this machine
    #[arg(long, value_name = "DIRECTORY")]
    packages: Option<PathBuf>,
}

/// Where a kind of file is published, by the end of its name.
const REGISTRIES: [(&str, &str); 6] = [
    (".tgz", "npm, and the release on GitHub"),
    (".whl", "PyPI, and the release on GitHub"),
    (".deb", "the release on GitHub"),
    (".rpm", "the release on GitHub"),
    (".tar.gz", "the release on GitHub"),
    (".zip", "the release on GitHub"),
];

/// The folders of manifests, each with the repository that gets them.
const MANIFEST_FOLDERS: [(&str, &str); 6] = [
    ("aur", "the user repository of Arch"),
    ("homebrew", "Formula/ of the tap"),
    ("scoop", "bucket/ of the bucket"),
    ("winget", "a pull request to winget-pkgs"),
    ("snap", "snapcraft upload"),
    ("freebsd", "a change to FreeBSD's ports"),
];

#[expect(clippy::print_stdout, reason = "what would be published is the output of this task")]
pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(args.dry_run, "the release workflow publishes, on a tag; here there is only --dry-run");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let release = Release::read(&root)?;
    let packages = match &args.packages {
        Some(folder) => folder.canonicalize().with_context(|| format!("there is no {}", folder.display()))?,
        None => package::make_all()?,
    };
    println!("agtop {}, tag v{}", release.version, release.version);
    print_files(&packages, &release.version)?;
    let faults = release.faults(&root)?;
    if faults.is_empty() {
        println!("\nnothing is in the way of this release");
        return Ok(());
    }
    bail!("before this is released:\n  {}", faults.join("\n  "))
}

#[expect(clippy::print_stdout, reason = "what would be published is the output of this task")]
fn print_files(packages: &Path, version: &str) -> Result<()> {
    let mut files: Vec<PathBuf> = fs::read_dir(packages)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    println!("\nfiles that would be published from here:");
    for file in files.iter().filter(|file| file.is_file()) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let registry = REGISTRIES.iter().find(|(end, _)| name.ends_with(end)).map(|(_, registry)| *registry);
        let registry = registry.or((name == SUMS_FILE).then_some("the release on GitHub"));
        let registry = registry.unwrap_or("nowhere: no registry takes such files");
        println!("  {name}\n      {} bytes, sha256 {}\n      to {registry}", fs::metadata(file)?.len(), sum_of(file)?);
    }
    println!("\nmanifests:");
    for (folder, destination) in MANIFEST_FOLDERS {
        let state = if packages.join(folder).is_dir() { "made" } else { "not made here" };
        println!("  {folder}: {state}, to {destination}");
    }
    let archives = RELEASE_TARGETS.iter().map(|target| target.archive_name(version));
    let missing: Vec<String> = archives.filter(|archive| !packages.join(archive).exists()).collect();
    println!("\nmade by the workflow on other machines:\n  {}", missing.join("\n  "));
    println!("\ncrates.io: nothing, every package has publish = false");
    Ok(())
}

/// What the repository says of the release.
struct Release {
    version: String,
    /// The day in the heading of the version in CHANGELOG.md; `None` if there is no such heading.
    day: Option<String>,
    /// The manual page of agtop.
    page: String,
    /// The names of tags of this version, and the commit of each.
    tag: Option<String>,
    head: String,
    changed: String,
}

impl Release {
    fn read(root: &Path) -> Result<Self> {
        let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
        let agtop = metadata.packages.iter().find(|package| package.name.as_str() == "agtop");
        let version = agtop.context("there is no package agtop")?.version.to_string();
        let git = |arguments: &[&str]| output_of(Command::new("git").current_dir(root).args(arguments));
        Ok(Self {
            day: day_of(&fs::read_to_string(root.join("CHANGELOG.md"))?, &version),
            page: fs::read_to_string(root.join("packaging/man/agtop.1"))?,
            tag: git(&["rev-parse", "--verify", "--quiet", &format!("v{version}^{{commit}}")]).ok(),
            head: git(&["rev-parse", "HEAD"])?,
            changed: git(&["status", "--porcelain"])?,
            version,
        })
    }

    /// What must be mended before the release.
    fn faults(&self, root: &Path) -> Result<Vec<String>> {
        let mut faults = self.faults_of_documents();
        if self.tag.as_ref().is_some_and(|tag| *tag != self.head) {
            faults.push(format!("the tag v{} is on another commit", self.version));
        }
        if !self.changed.is_empty() {
            faults.push("there are changes that are not committed".to_owned());
        }
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(root).args(["metadata", "--locked", "--offline", "--format-version=1"]);
        if cargo.output()?.status.success() {
            return Ok(faults);
        }
        faults.push("Cargo.lock is out of date".to_owned());
        Ok(faults)
    }

    fn faults_of_documents(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.page.contains(&format!("\"agtop {}\"", self.version)) {
            faults.push("the manual pages are of another version: run cargo xtask docs".to_owned());
        }
        match &self.day {
            None => faults.push(format!("CHANGELOG.md has no section '## [{}] - DAY'", self.version)),
            Some(day) if !self.page.contains(day.as_str()) => {
                faults
                    .push(format!("RELEASE_DATE in crates/cli/src/reference/man.rs is not {day}, as in CHANGELOG.md"));
            }
            Some(_) => {}
        }
        faults
    }
}

/// The day in the heading of a version.
fn day_of(changelog: &str, version: &str) -> Option<String> {
    let start = format!("## [{version}] - ");
    changelog.lines().find_map(|line| line.strip_prefix(&start)).map(|day| day.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(day: Option<&str>, page: &str) -> Release {
        Release {
            version: "3.0.0".to_owned(),
            day: day.map(str::to_owned),
            page: page.to_owned(),
            tag: None,
            head: String::new(),
            changed: String::new(),
        }
    }

    #[test]
    fn a_release_needs_a_day_in_the_changelog_and_manual_pages_of_that_day() {
        let page = ".TH AGTOP 1 2026-12-01 \"agtop 3.0.0\" \"User Commands\"";
        assert_eq!(release(Some("2026-12-01"), page).faults_of_documents(), Vec::<String>::new());
        let faults = |release: Release| release.faults_of_documents().join("; ");
        assert_eq!(faults(release(None, page)), "CHANGELOG.md has no section '## [3.0.0] - DAY'");
        assert!(faults(release(Some("2026-12-02"), page)).starts_with("RELEASE_DATE in"));
        assert!(faults(release(Some("2026-12-01"), &page.replace("3.0.0", "2.3.0"))).starts_with("the manual pages"));
    }

    #[test]
    fn the_day_of_a_version_is_in_its_heading() {
        let changelog = "## [Unreleased]\n\n## [3.0.0] - 2026-12-01\n## [2.0.0] - 2025-01-01\n";
        assert_eq!(day_of(changelog, "3.0.0").as_deref(), Some("2026-12-01"));
        assert_eq!(day_of(changelog, "3.0.1"), None);
    }
}
