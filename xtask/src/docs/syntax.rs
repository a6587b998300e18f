//! What checkers of manual pages and shells say about the made files.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The folder of manual pages: every page in it is made.
pub(super) const MAN_FOLDER: &str = "packaging/man";

/// A shell that reads a script without running it.
struct ShellCheck {
    shell: &'static str,
    flag: &'static str,
    script: &'static str,
}

/// Elvish, PowerShell and nushell check a script only where they can run it.
const SHELL_CHECKS: &[ShellCheck] = &[
    ShellCheck { shell: "bash", flag: "-n", script: "packaging/completions/agtop.bash" },
    ShellCheck { shell: "zsh", flag: "-n", script: "packaging/completions/_agtop" },
    ShellCheck { shell: "fish", flag: "--no-execute", script: "packaging/completions/agtop.fish" },
];

/// Checks the pages with mandoc, which must be there, and scripts with the shells that are there.
///
/// # Errors
/// If a checker objects. Its output goes to the caller's.
pub(super) fn check(root: &Path) -> Result<()> {
    lint(&pages(root)?)?;
    for check in SHELL_CHECKS {
        let status = match Command::new(check.shell).arg(check.flag).arg(root.join(check.script)).status() {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            status => status?,
        };
        if !status.success() {
            bail!("{} does not read {}", check.shell, check.script);
        }
    }
    Ok(())
}

fn pages(root: &Path) -> Result<Vec<PathBuf>> {
    let mut pages: Vec<PathBuf> =
        fs::read_dir(root.join(MAN_FOLDER))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    pages.sort();
    Ok(pages)
}

/// Fails if mandoc says anything about a page.
fn lint(pages: &[PathBuf]) -> Result<()> {
    let output = Command::new("mandoc").arg("-Tlint").args(pages).output();
    let output = output.context("mandoc, which checks manual pages, cannot be run")?;
    let said = [output.stdout, output.stderr].concat();
    if !output.status.success() || !said.is_empty() {
        bail!("mandoc objects:\n{}", String::from_utf8_lossy(&said));
    }
    Ok(())
}
