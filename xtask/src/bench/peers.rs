//! The programs that agtop is compared with, where they are installed.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Programs that were found, and a line for each that was not.
#[derive(Debug, Default)]
pub(super) struct Peers {
    pub(super) ccusage: Option<PathBuf>,
    pub(super) abtop: Option<PathBuf>,
    pub(super) top: Option<PathBuf>,
    pub(super) missing: Vec<String>,
}

/// Where peers are, if the user says so.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct PeerArgs {
    /// Compare with ccusage and abtop, too: those on the PATH, or a ccusage that npm has below this directory or fetches
    #[arg(long)]
    peers: bool,
    /// The ccusage to compare with
    #[arg(long, value_name = "PATH")]
    ccusage: Option<PathBuf>,
    /// The abtop to compare with
    #[arg(long, value_name = "PATH")]
    abtop: Option<PathBuf>,
}

impl PeerArgs {
    const fn wants_ccusage(&self) -> bool {
        self.peers || self.ccusage.is_some()
    }

    const fn wants_abtop(&self) -> bool {
        self.peers || self.abtop.is_some()
    }
}

impl Peers {
    /// Looks for what the user asked for, and for top in any case.
    pub(super) fn find(args: &PeerArgs) -> Self {
        let mut peers = Self { ccusage: args.ccusage.clone(), abtop: args.abtop.clone(), ..Self::default() };
        peers.top = on_path("top");
        if args.peers {
            peers.ccusage = peers.ccusage.or_else(|| on_path("ccusage")).or_else(of_npm);
            peers.abtop = peers.abtop.or_else(|| on_path("abtop"));
        }
        // They run in another directory.
        for found in [&mut peers.ccusage, &mut peers.abtop] {
            *found = found.take().and_then(|path| path.canonicalize().ok());
        }
        peers.ccusage = peers.ccusage.map(|path| without_launcher(&path).unwrap_or(path)).filter(|path| runs(path));
        let is_found = [
            ("top", peers.top.is_some(), "procps"),
            ("ccusage", peers.ccusage.is_some() || !args.wants_ccusage(), "npm install ccusage, or --ccusage PATH"),
            ("abtop", peers.abtop.is_some() || !args.wants_abtop(), "cargo install abtop, or --abtop PATH"),
        ];
        let missing = is_found.iter().filter(|(_, is_found, _)| !is_found);
        peers.missing =
            missing.map(|(name, _, advice)| format!("{name} is not installed, or does not run: {advice}")).collect();
        peers
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|program| is_program(program))
}

/// Whether a program is more than a launcher of something that is not installed.
fn runs(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The PATH without directories that hold an agent: abtop asks `claude` for titles, which costs money.
pub(super) fn path_without_agents() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has_no_agent = |directory: &PathBuf| !["claude", "codex"].iter().any(|name| directory.join(name).exists());
    std::env::join_paths(std::env::split_paths(&path).filter(has_no_agent)).unwrap_or_default()
}

fn of_npm() -> Option<PathBuf> {
    let local = PathBuf::from("node_modules/.bin/ccusage");
    if local.exists() {
        return Some(local);
    }
    let mut npx = Command::new(on_path("npx")?);
    npx.args(["--yes", "--package", "ccusage", "--call", "command -v ccusage"]);
    let output = npx.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_absolute().then_some(path)
}

/// The program that the launcher of npm's package starts: node itself takes some 30 ms. The launcher is
/// `node_modules/ccusage/src/cli.js`, the program lies in a package for the platform.
fn without_launcher(launcher: &Path) -> Option<PathBuf> {
    let modules = launcher.ancestors().find(|directory| directory.ends_with("node_modules"))?;
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let program = modules.join(format!("@ccusage/ccusage-linux-{architecture}/bin/ccusage"));
    is_program(&program).then_some(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_program_behind_npms_launcher_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let modules = dir.path().join("node_modules");
        let launcher = modules.join("ccusage/src/cli.js");
        assert_eq!(without_launcher(&launcher), None);
        for arch in ["x64", "arm64"] {
            let program = modules.join(format!("@ccusage/ccusage-linux-{arch}/bin/ccusage"));
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            fs::write(&program, "").unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        assert!(without_launcher(&launcher).is_some());
    }

    #[test]
    fn peers_that_nobody_asked_for_are_not_missing() {
        let peers = Peers::find(&PeerArgs::default());
        assert!(peers.ccusage.is_none() && peers.abtop.is_none());
        assert!(peers.missing.iter().all(|line| line.starts_with("top ")), "{:?}", peers.missing);
    }
}
