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
    },
    ReleaseTarget {
        triple: "aarch64-unknown-linux-musl",
        linux: Some(LinuxNames { deb: "arm64", rpm: "aarch64" }),
        npm: Some(("linux", "arm64")),
    },
    ReleaseTarget { triple: "x86_64-apple-darwin", linux: None, npm: Some(("darwin", "x64")) },
    ReleaseTarget { triple: "aarch64-apple-darwin", linux: None, npm: Some(("darwin", "arm64")) },
    ReleaseTarget { triple: "x86_64-pc-windows-msvc", linux: None, npm: Some(("win32", "x64")) },
    ReleaseTarget { triple: "x86_64-unknown-freebsd", linux: None, npm: None },
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
