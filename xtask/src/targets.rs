//! Whether agtop compiles for every platform that it supports, with Debian's packages and PyPI alone.
//!
//! Debian's `rustc-web` brings the source of the standard library, so that Cargo can build that for any target. Its
//! toolchain, Cargo's home and the build live apart from the caller's, below `target/targets`. What C code there is
//! (SQLite, ring) is compiled by Zig, which has the headers of all these systems, and for Windows by mingw, which
//! links the program, too; wine runs it.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use self::tools::Tools;
use crate::process::succeed;

mod tools;
mod wine;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Install what is missing, as root: Debian's packages, and a compiler for C from PyPI below target/targets
    #[arg(long)]
    install: bool,
    /// Leave out this machine's own target, which clippy and the tests compile
    #[arg(long)]
    others: bool,
    /// Check these targets only
    #[arg(value_name = "TARGET")]
    only: Vec<String>,
}

/// A platform, and how it is tried.
struct Target {
    name: &'static str,
    how: How,
}

/// How far a target can be tried here.
#[derive(Clone, Copy)]
enum How {
    /// With the caller's toolchain.
    Native,
    /// With Debian's, and C code by Zig for the target it calls so.
    Check { zig: &'static str },
    /// Linked as well, and run by wine.
    Link,
}

const TARGETS: [Target; 6] = [
    Target { name: "x86_64-unknown-linux-gnu", how: How::Native },
    Target { name: "aarch64-unknown-linux-gnu", how: How::Check { zig: "aarch64-linux-gnu" } },
    Target { name: "x86_64-apple-darwin", how: How::Check { zig: "x86_64-macos" } },
    Target { name: "aarch64-apple-darwin", how: How::Check { zig: "aarch64-macos" } },
    Target { name: "x86_64-unknown-freebsd", how: How::Check { zig: "x86_64-freebsd" } },
    Target { name: "x86_64-pc-windows-gnu", how: How::Link },
];

/// A line of the table at the end.
struct Outcome {
    target: &'static str,
    /// What was done, or what failed.
    report: String,
    is_good: bool,
    time: Duration,
}

#[expect(clippy::print_stdout, reason = "the table is the output of this task")]
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(unknown) = args.only.iter().find(|name| TARGETS.iter().all(|target| target.name != **name)) {
        bail!("{unknown} is none of the targets: {}", TARGETS.map(|target| target.name).join(", "));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?;
    let tools = Tools::find(root, args.install)?;
    let wanted = |target: &&Target| match target.how {
        How::Native if args.others => false,
        _ => args.only.is_empty() || args.only.iter().any(|name| name == target.name),
    };
    let outcomes: Vec<Outcome> = TARGETS.iter().filter(wanted).map(|target| target.attempt(&tools)).collect();
    println!("{}", Table(&outcomes));
    let failed: Vec<&str> = outcomes.iter().filter(|outcome| !outcome.is_good).map(|outcome| outcome.target).collect();
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

impl Target {
    #[expect(clippy::print_stdout, reason = "says what is going on: a target takes minutes")]
    fn attempt(&self, tools: &Tools) -> Outcome {
        println!("-- {}", self.name);
        let start = Instant::now();
        let report = self.check(tools);
        // Each build takes a gigabyte, and shares nothing with the next one.
        let _ = std::fs::remove_dir_all(tools.builds().join(self.name));
        Outcome {
            target: self.name,
            is_good: report.is_ok(),
            report: report.unwrap_or_else(|error| format!("FAILED: {error:#}")),
            time: start.elapsed(),
        }
    }

    /// Returns what was done.
    fn check(&self, tools: &Tools) -> Result<String> {
        match self.how {
            How::Native => {
                let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
                let mut cargo = Command::new(cargo);
                succeed(cargo.current_dir(&tools.root).args(["check", "--quiet", "--locked", "--package", "agtop"]))?;
                Ok("agtop checked".to_owned())
            }
            How::Check { zig } => {
                let compiler = tools.compiler(zig)?;
                let with = [(self.variable("CC"), compiler.into()), (self.variable("AR"), tools.archiver()?.into())];
                self.cargo(tools, "check", &["agtop"], &with)?;
                self.cargo(tools, "check", &["agtop-os", "--tests"], &with)?;
                Ok("agtop and the tests of agtop-os checked".to_owned())
            }
            How::Link => {
                self.cargo(tools, "build", &["agtop"], &[])?;
                self.cargo(tools, "check", &["agtop-os", "--package", "agtop-hooks", "--tests"], &[])?;
                let program = tools.builds().join(self.name).join("debug/agtop.exe");
                let ran = wine::run(tools, &program)?;
                Ok(format!("agtop linked, the tests of agtop-os and agtop-hooks checked; {ran}"))
            }
        }
    }

    /// Runs Debian's Cargo for a package, with the source of the standard library.
    fn cargo(&self, tools: &Tools, what: &str, package: &[&str], with: &[(String, OsString)]) -> Result<()> {
        let mut cargo = Command::new("/usr/bin/cargo");
        // What the caller's Cargo has set is not for this one; a proxy is.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_cargo(name)) {
            cargo.env_remove(name);
        }
        cargo.current_dir(&tools.root).env("PATH", "/usr/bin:/bin").envs(with.iter().cloned());
        cargo.env("HOME", tools.folder()).env("CARGO_HOME", tools.folder().join("cargo"));
        cargo.env("CARGO_TARGET_DIR", tools.builds()).env("CARGO_INCREMENTAL", "0");
        // Lets a released compiler take the option that builds the standard library.
        cargo.env("RUSTC_BOOTSTRAP", "1").args([what, "--quiet", "--locked", "-Zbuild-std=std,panic_abort,test"]);
        // Nothing here runs for long or is debugged.
        cargo.args(["--config", "profile.dev.package.'*'.opt-level=0", "--config", "profile.dev.debug=0"]);
        succeed(cargo.args(["--target", self.name, "--package"]).args(package))
    }

    /// The name under which C build scripts look for a tool for this target.
    fn variable(&self, tool: &str) -> String {
        format!("{tool}_{}", self.name.replace('-', "_"))
    }
}

/// Whether a variable is one of Cargo, of the compiler, or of the linker.
fn is_of_cargo(name: &OsStr) -> bool {
    ["CARGO", "RUST", "LD_LIBRARY_PATH"].iter().any(|start| name.as_encoded_bytes().starts_with(start.as_bytes()))
}

/// What became of each target, in columns.
struct Table<'a>(&'a [Outcome]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Outcome { target, report, time, .. } in self.0 {
            f.write_char('\n')?;
            write!(f, "{target:<26} {:>4} s  {report}", time.as_secs())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_target_with_its_time_and_what_was_done() {
        let outcome = |target, report: &str, secs| Outcome {
            target,
            report: report.to_owned(),
            is_good: true,
            time: Duration::from_secs(secs),
        };
        let outcomes = [outcome("x86_64-apple-darwin", "checked", 7), outcome("x86_64-pc-windows-gnu", "linked", 123)];
        let expected = "\nx86_64-apple-darwin           7 s  checked\nx86_64-pc-windows-gnu       123 s  linked";
        assert_eq!(Table(&outcomes).to_string(), expected);
    }

    #[test]
    fn build_scripts_find_their_tools_by_the_name_of_the_target() {
        assert_eq!(TARGETS[1].variable("CC"), "CC_aarch64_unknown_linux_gnu");
    }

    #[test]
    fn an_unknown_target_is_refused_by_name() {
        let args = Args { install: false, others: false, only: vec!["sparc64-unknown-netbsd".to_owned()] };
        assert!(
            run(&args).unwrap_err().to_string().starts_with("sparc64-unknown-netbsd is none of the targets: x86_64-")
        );
    }
}
