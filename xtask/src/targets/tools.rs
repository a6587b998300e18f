//! The compilers that are needed, found or installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process::succeed;

/// A Rust with the source of its standard library, a compiler for Windows, and what Zig is installed with.
const PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "gcc-mingw-w64-x86-64", "python3-venv"];
/// What runs programs for Windows: a machine without does everything else.
const WINE: &str = "wine64";
/// The compiler for C, as PyPI calls it, in a version seen to work.
const ZIG: &str = "ziglang==0.17.1";

/// Where tools lie.
pub(super) struct Tools {
    /// The workspace.
    pub(super) root: PathBuf,
}

impl Tools {
    /// Looks for everything that is needed.
    ///
    /// # Errors
    /// If something is missing, and was not or could not be installed.
    pub(super) fn find(root: &Path, installs: bool) -> Result<Self> {
        let tools = Self { root: root.to_owned() };
        let missing: Vec<&str> = PACKAGES.into_iter().filter(|package| !is_installed(package)).collect();
        let lacks_zig = !tools.has_zig();
        if installs {
            tools.install(&missing, lacks_zig)?;
        } else if !missing.is_empty() || lacks_zig {
            let zig = lacks_zig.then_some("ziglang of PyPI");
            let all: Vec<&str> = missing.into_iter().chain(zig).collect();
            bail!("missing: {}; `cargo xtask targets --install`, as root on Debian, installs them", all.join(", "));
        }
        Ok(tools)
    }

    fn install(&self, missing: &[&str], lacks_zig: bool) -> Result<()> {
        let has_apt = Path::new("/usr/bin/apt-get").exists();
        if !missing.is_empty() {
            if !has_apt {
                bail!("missing: {}; there is no apt-get here to install them with", missing.join(", "));
            }
            apt_get(missing)?;
        }
        if has_apt && !is_installed(WINE) {
            // If there is none to be had, the Windows program is not run, and the table says so.
            let _ = apt_get(&[WINE]);
        }
        if lacks_zig {
            let folder = self.folder().join("zig");
            succeed(Command::new("/usr/bin/python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
            succeed(Command::new(folder.join("bin/pip")).args(["install", "--quiet", ZIG]))?;
        }
        Ok(())
    }

    /// The folder of everything that this task keeps.
    pub(super) fn folder(&self) -> PathBuf {
        self.root.join("target/targets")
    }

    /// Where Debian's Cargo builds.
    pub(super) fn builds(&self) -> PathBuf {
        self.folder().join("build")
    }

    /// A compiler of C for a target, by the name Zig has for it.
    ///
    /// Build scripts name the target in their own way, which Zig refuses, so a script takes that out.
    pub(super) fn compiler(&self, zig: &str) -> Result<PathBuf> {
        let rest = r#"for arg; do shift; case "$arg" in --target=*) ;; *) set -- "$@" "$arg" ;; esac; done"#;
        self.script(&format!("cc-{zig}"), &format!("{rest}\nexec '{}' -m ziglang cc -target {zig} \"$@\"", self.zig()))
    }

    /// An archiver for any target.
    pub(super) fn archiver(&self) -> Result<PathBuf> {
        self.script("ar", &format!("exec '{}' -m ziglang ar \"$@\"", self.zig()))
    }

    fn has_zig(&self) -> bool {
        let mut zig = Command::new(self.python());
        let status = zig.args(["-m", "ziglang", "version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    fn zig(&self) -> String {
        self.python().display().to_string()
    }

    /// The Python that has Zig.
    fn python(&self) -> PathBuf {
        self.folder().join("zig/bin/python3")
    }

    fn script(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).with_context(|| format!("cannot write {}", path.display()))?;
        succeed(Command::new("chmod").arg("755").arg(&path))?;
        Ok(path)
    }
}

/// Installs packages.
fn apt_get(packages: &[&str]) -> Result<()> {
    let command = || {
        let mut command = Command::new("/usr/bin/apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-q");
        command
    };
    succeed(command().arg("update"))?;
    succeed(command().args(["-y", "install", "--no-install-recommends"]).args(packages))
}

fn is_installed(package: &str) -> bool {
    let mut command = Command::new("dpkg-query");
    let answer = command.args(["--show", "--showformat=${db:Status-Status}", package]).stderr(Stdio::null()).output();
    answer.is_ok_and(|answer| answer.stdout == b"installed")
}
