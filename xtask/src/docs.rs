//! Files that are made from the definition of the command line and of the configuration: manual pages, completion
//! scripts, the reference in Markdown, and the configuration's schema. The program prints them all.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

mod syntax;

use self::syntax::MAN_FOLDER;
use crate::generated::{self, MadeFiles};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if a file is not what would be written, or if a checker of manual pages or shells objects
    #[arg(long)]
    check: bool,
    /// The agtop that prints the files [default: cargo builds it]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// A made file, and the words that have agtop print it.
struct MadeFile {
    path: &'static str,
    words: &'static [&'static str],
}

const MADE_FILES: &[MadeFile] = &[
    MadeFile { path: "docs/cli.md", words: &["man", "--markdown"] },
    MadeFile { path: "schema/config.schema.json", words: &["config", "schema"] },
    MadeFile { path: "packaging/completions/agtop.bash", words: &["completions", "bash"] },
    MadeFile { path: "packaging/completions/_agtop", words: &["completions", "zsh"] },
    MadeFile { path: "packaging/completions/agtop.fish", words: &["completions", "fish"] },
    MadeFile { path: "packaging/completions/agtop.ps1", words: &["completions", "powershell"] },
    MadeFile { path: "packaging/completions/agtop.elv", words: &["completions", "elvish"] },
    MadeFile { path: "packaging/completions/agtop.nu", words: &["completions", "nushell"] },
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let program = match &args.program {
        Some(program) => program.canonicalize().with_context(|| format!("there is no {}", program.display()))?,
        None => build(&root)?,
    };
    let made = make(&program)?;
    if !args.check {
        return write(&root, &made);
    }
    let faults = faults(&root, &made)?;
    ensure!(faults.is_empty(), "run cargo xtask docs, these are out of date: {}", faults.join(", "));
    syntax::check(&root)
}

fn build(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).current_dir(root).args(["build", "--quiet", "--package", "agtop"]).status()?;
    ensure!(status.success(), "agtop cannot be built: {status}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("debug").join(format!("agtop{}", std::env::consts::EXE_SUFFIX)))
}

/// The text of every made file, by its path in the repository.
fn make(program: &Path) -> Result<MadeFiles> {
    let home = tempfile::tempdir()?;
    let print = |words: &[&OsStr]| -> Result<Vec<u8>> {
        // The files must not depend on who makes them.
        let mut command = Command::new(program);
        let output = command.args(words).env_clear().env("HOME", home.path()).current_dir(home.path()).output()?;
        if !output.status.success() {
            bail!("agtop {words:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(output.stdout)
    };
    let mut made = MadeFiles::new();
    for file in MADE_FILES {
        let words: Vec<&OsStr> = file.words.iter().map(OsStr::new).collect();
        made.insert(file.path.to_owned(), print(&words)?);
    }
    let pages = home.path().join("man");
    print(&[OsStr::new("man"), pages.as_os_str()])?;
    for entry in fs::read_dir(&pages)? {
        let entry = entry?;
        made.insert(format!("{MAN_FOLDER}/{}", entry.file_name().to_string_lossy()), fs::read(entry.path())?);
    }
    Ok(made)
}

fn write(root: &Path, made: &MadeFiles) -> Result<()> {
    for page in left_over(root, made)? {
        fs::remove_file(root.join(page))?;
    }
    generated::write(root, made)
}

/// The files that are not what would be written.
fn faults(root: &Path, made: &MadeFiles) -> Result<Vec<String>> {
    let mut faults = generated::outdated(root, made);
    faults.extend(left_over(root, made)?);
    Ok(faults)
}

/// The manual pages of commands that there are no longer.
fn left_over(root: &Path, made: &MadeFiles) -> Result<Vec<String>> {
    let folder = root.join(MAN_FOLDER);
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let paths = fs::read_dir(folder)?.map(|entry| {
        let name = entry?.file_name();
        Ok(format!("{MAN_FOLDER}/{}", name.to_string_lossy()))
    });
    let paths: Vec<String> = paths.collect::<Result<_>>()?;
    Ok(paths.into_iter().filter(|path| !made.contains_key(path)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_a_missing_one_and_a_page_without_a_command_are_faults() -> Result<()> {
        let root = tempfile::tempdir()?;
        let made: MadeFiles =
            ["docs/cli.md", "packaging/man/agtop.1"].map(|path| (path.to_owned(), path.into())).into();
        write(root.path(), &made)?;
        assert_eq!(faults(root.path(), &made)?, Vec::<String>::new());
        fs::write(root.path().join("docs/cli.md"), "changed")?;
        fs::remove_file(root.path().join("packaging/man/agtop.1"))?;
        fs::write(root.path().join("packaging/man/agtop-gone.1"), "")?;
        let expected = ["docs/cli.md", "packaging/man/agtop.1", "packaging/man/agtop-gone.1"];
        assert_eq!(faults(root.path(), &made)?, expected);
        write(root.path(), &made)?;
        assert_eq!(faults(root.path(), &made)?, Vec::<String>::new());
        Ok(())
    }
}
