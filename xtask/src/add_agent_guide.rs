//! Whether CONTRIBUTING.md is right about adding an agent: its patch is applied to a copy of the repository, and the tests
//! of the agent and those over all agents are run there.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

mod seed;

/// What is not copied.
const NOT_COPIED: &[&str] = &["target", ".git"];

/// The agent that the patch adds.
const EXAMPLE_AGENT: &str = "quux";

pub(crate) fn run() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let copy = tempfile::tempdir()?;
    copy_tree(&root, copy.path())?;
    let patch = copy.path().join("agent.patch");
    fs::write(&patch, patch_in(&fs::read_to_string(root.join("CONTRIBUTING.md"))?)?)?;
    run_to_success(Command::new("git").current_dir(copy.path()).args(["apply", "agent.patch"]))?;
    // The copy has a build folder of its own: in a common one, cargo would take the copy's crates for the original's.
    let built = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let target = built.join("add-agent-guide");
    seed::link_dependencies(&built.join("debug"), &target.join("debug"))?;
    let test = |args: &[&str]| {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(copy.path()).env("CARGO_TARGET_DIR", &target).args(["test", "--locked"]);
        run_to_success(cargo.args(args))
    };
    test(&["--package", "agtop-clients", "--lib", EXAMPLE_AGENT])?;
    // Only two packages have tests of these names. For the whole workspace cargo chooses the features of dependencies as
    // it did for the original, so that those are not built again.
    test(&["--workspace", "--test", "recognition", "--test", "registry", "--test", "all_clients"])
}

/// The one patch in a text of Markdown.
fn patch_in(text: &str) -> Result<&str> {
    let (_, rest) = text.split_once("```diff\n").context("CONTRIBUTING.md has no patch")?;
    let (patch, _) = rest.split_once("```\n").context("the patch in CONTRIBUTING.md has no end")?;
    Ok(patch)
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if NOT_COPIED.iter().any(|left| name == OsStr::new(left)) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&entry.path(), &to.join(&name))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

fn run_to_success(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} cannot be run"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patch_adds_one_file_fixtures_and_two_lines() -> Result<()> {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../CONTRIBUTING.md"))?;
        let patch = patch_in(&text)?;
        let mut registered = 0;
        for change in patch.split("diff --git ").skip(1) {
            let touched = change.split_whitespace().next().unwrap_or_default();
            let added = change.lines().filter(|line| line.starts_with('+') && !line.starts_with("+++")).count();
            match touched {
                "a/crates/clients/src/lib.rs" => registered = added,
                "a/crates/clients/src/quux.rs" | "a/crates/clients/tests/recognition.tsv" => {}
                _ if touched.starts_with("a/fixtures/quux/") => {}
                _ => anyhow::bail!("the patch touches {touched}"),
            }
        }
        ensure!(registered == 2, "{registered} lines in lib.rs");
        Ok(())
    }
}
