//! The targets that a release has programs for, and what package formats call them.

/// A target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReleaseTarget {
    /// The name that Rust has for it.
    pub(crate) triple: &'static str,
    /// Debian's and RPM's names of the architecture; `None` if it is no Linux.
    pub(super) linux: Option<LinuxNames>,
    /// npm's `os` and `cpu`; `None` if npm has no package of it.
    pub(super) npm: Option<(&'static str, &'static str)>,
    /// The platforms of the wheel; empty if PyPI takes none for it.
    pub(super) wheel: &'static [&'static str],
}

/// The names of an architecture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LinuxNames {
    pub(super) deb: &'static str,
    pub(super) rpm: &'static str,
}

/// Programs for Linux are static, so that one is right for every distribution.
pub(crate) const RELEASE_TARGETS: &[ReleaseTarget] = &[
    ReleaseTarget {
        triple: "x86_64-unknown-linux-musl",
        linux: Some(LinuxNames { deb: "amd64", rpm: "x86_64" }),
        npm: Some(("linux", "x64")),
        wheel: &["manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"],
    },
    ReleaseTarget {
        triple: "aarch64-unknown-linux-musl",
        linux: Some(LinuxNames { deb: "arm64", rpm: "aarch64" }),
        npm: Some(("linux", "arm64")),
        wheel: &["manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"],
    },
    ReleaseTarget {
        triple: "x86_64-apple-darwin",
        linux: None,
        npm: Some(("darwin", "x64")),
        wheel: &["macosx_10_12_x86_64"],
    },
    ReleaseTarget {
        triple: "aarch64-apple-darwin",
        linux: None,
        npm: Some(("darwin", "arm64")),
        wheel: &["macosx_11_0_arm64"],
    },
    ReleaseTarget { triple: "x86_64-pc-windows-msvc", linux: None, npm: Some(("win32", "x64")), wheel: &["win_amd64"] },
    ReleaseTarget { triple: "x86_64-unknown-freebsd", linux: None, npm: None, wheel: &[] },
];

impl ReleaseTarget {
    /// Whether programs end in `.exe` and archives are zip files.
    pub(super) fn is_windows(&self) -> bool {
        self.triple.contains("windows")
    }

    /// The name of the program.
    pub(super) fn program_name(&self) -> &'static str {
        if self.is_windows() { "agtop.exe" } else { "agtop" }
    }

    /// The name of the archive of a version.
    pub(crate) fn archive_name(&self, version: &str) -> String {
        let end = if self.is_windows() { "zip" } else { "tar.gz" };
        format!("agtop-{version}-{}.{end}", self.triple)
    }

    /// Whether a program for it runs on this machine.
    pub(super) fn runs_here(&self) -> bool {
        let here = std::env::consts::ARCH;
        let system = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
        self.triple.starts_with(here) && self.triple.contains(system)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target that the workflow does not build would be missing in every manifest.
    #[test]
    fn the_release_workflow_builds_every_target() {
        let workflow = include_str!("../../../.github/workflows/release.yml");
        for target in RELEASE_TARGETS {
            assert!(workflow.contains(target.triple), "{}", target.triple);
        }
    }

    #[test]
    fn an_archive_for_windows_is_a_zip_file() {
        let names: Vec<String> = RELEASE_TARGETS.iter().map(|target| target.archive_name("3.0.0")).collect();
        assert!(names.contains(&"agtop-3.0.0-x86_64-pc-windows-msvc.zip".to_owned()), "{names:?}");
        assert!(names.contains(&"agtop-3.0.0-aarch64-apple-darwin.tar.gz".to_owned()), "{names:?}");
    }
}
