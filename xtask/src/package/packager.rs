//! What all packages are made of: the version, the program, the made files, and where packages go.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::MetadataCommand;

use super::targets::{RELEASE_TARGETS, ReleaseTarget};
use crate::process::{has_program, output_of, succeed};

/// The profile of programs that are shipped.
const PROFILE: &str = "dist";

pub(super) struct Packager {
    /// The workspace.
    pub(super) root: PathBuf,
    /// The version of agtop.
    pub(super) version: String,
    pub(super) target: &'static ReleaseTarget,
    /// Where packages are written.
    pub(super) out: PathBuf,
    given_program: Option<PathBuf>,
    program: OnceCell<PathBuf>,
}

impl Packager {
    pub(super) fn new(triple: &str, program: Option<&Path>, out: &Path) -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
        let Some(target) = RELEASE_TARGETS.iter().find(|target| target.triple == triple) else {
            let known: Vec<&str> = RELEASE_TARGETS.iter().map(|target| target.triple).collect();
            bail!("{triple} is no target of releases: {}", known.join(", "));
        };
        let out = root.join(out);
        fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
        let given_program = program.map(Path::canonicalize).transpose().context("--program")?;
        Ok(Self { version: version(&root)?, root, target, out, given_program, program: OnceCell::new() })
    }

    /// The program: the given one, or one that cargo builds once.
    pub(super) fn program(&self) -> Result<&Path> {
        if let Some(program) = self.program.get() {
            return Ok(program);
        }
        let program = match &self.given_program {
            Some(program) => program.clone(),
            None => self.build()?,
        };
        if self.target.runs_here() {
            let said = output_of(Command::new(&program).arg("--version"))?;
            ensure!(said == format!("agtop {}", self.version), "{} says it is {said:?}", program.display());
        }
        Ok(self.program.get_or_init(|| program))
    }

    fn build(&self) -> Result<PathBuf> {
        let triple = self.target.triple;
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.root);
        cargo.args(["build", "--locked", "--profile", PROFILE, "--package", "agtop", "--target", triple]);
        if triple.ends_with("-linux-musl") && self.target.runs_here() {
            ensure!(has_program("musl-gcc"), "SQLite is C: musl-gcc, of Debian's musl-tools, is missing");
            cargo.env(format!("CC_{}", triple.replace('-', "_")), "musl-gcc");
        }
        succeed(&mut cargo).with_context(|| format!("is there a standard library? rustup target add {triple}"))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from);
        Ok(target.join(triple).join(PROFILE).join(self.target.program_name()))
    }

    /// The files of a folder of the repository, in the order of their names.
    pub(super) fn files_in(&self, folder: &str) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(self.root.join(folder)).with_context(|| format!("there is no {folder}"))?;
        let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.sort();
        Ok(files)
    }

    /// An empty folder for one kind of package, in which it is put together.
    pub(super) fn work_folder(&self, kind: &str) -> Result<PathBuf> {
        let folder = self.out.join("work").join(kind);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Seconds since 1970 that files in packages have, so that the same commit makes the same package: the commit's.
    pub(super) fn epoch(&self) -> Result<String> {
        output_of(Command::new("git").current_dir(&self.root).args(["log", "-1", "--format=%ct"]))
    }
}

/// The version of the package `agtop`.
fn version(root: &Path) -> Result<String> {
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let agtop = metadata.packages.iter().find(|package| package.name.as_str() == "agtop");
    Ok(agtop.context("there is no package agtop")?.version.to_string())
}
