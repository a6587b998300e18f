//! Whether an executable, a script or the first word of a command line has an agent's name: as it is, or as packagers,
//! releases and users change it.

/// Endings that Nix and Guix give what they hide behind a wrapper, with a dot in front of the name.
const WRAPPED: &[&str] = &["-wrapped", "-real"];

/// Words that follow a name without making it another: the platform it was built for, and its release.
const PLATFORMS_AND_RELEASES: &[&str] = &[
    "linux",
    "darwin",
    "macos",
    "osx",
    "apple",
    "windows",
    "win",
    "win32",
    "win64",
    "freebsd",
    "android",
    "unknown",
    "pc",
    "gnu",
    "musl",
    "msvc",
    "gnueabihf",
    "musleabihf",
    "x64",
    "x86",
    "i686",
    "ia32",
    "amd64",
    "arm64",
    "aarch64",
    "armv7",
    "armv7l",
    "universal",
    "universal2",
    "baseline",
    "modern",
    "static",
    "latest",
    "stable",
    "nightly",
    "canary",
    "preview",
    "insiders",
    "alpha",
    "beta",
    "rc",
    "dev",
];

/// Letters of a commit that follow a version, at least.
const MIN_COMMIT_LETTERS: usize = 7;

/// Whether something that is called `written` is the program of that name: `codex`, `codex-x86_64-unknown-linux-musl`,
/// `codex-linux-x64`, `codex-0.60.1`, and `.codex-wrapped` of Nix.
pub(crate) fn is_called(written: &str, name: &str) -> bool {
    !name.is_empty() && unwrapped(written).strip_prefix(name).is_some_and(is_platform_or_release)
}

/// The name below a package manager's wrappers; one may lie around the other.
fn unwrapped(written: &str) -> &str {
    let mut name = written;
    while let Some(hidden) = name.strip_prefix('.') {
        let hidden = hidden.trim_end_matches('_');
        let Some(inner) = WRAPPED.iter().find_map(|ending| hidden.strip_suffix(ending)) else { return name };
        name = inner;
    }
    name
}

fn is_platform_or_release(rest: &str) -> bool {
    if rest.is_empty() {
        return true;
    }
    let Some(words) = rest.strip_prefix(['-', '_', '@']) else { return false };
    words.split(['-', '_', '.', '@', '+']).all(|word| {
        PLATFORMS_AND_RELEASES.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit()))
            || PLATFORMS_AND_RELEASES.contains(&word)
            || is_number(word)
            || is_commit(word)
    })
}

/// A part of a version: `0`, `60`, `v1`.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_commit(word: &str) -> bool {
    word.len() >= MIN_COMMIT_LETTERS && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::is_called;

    #[test]
    fn a_platform_a_version_and_a_wrapper_leave_a_program_what_it_is() {
        for written in [
            "codex",
            "codex-x86_64-unknown-linux-musl",
            "codex-aarch64-apple-darwin",
            "codex-linux-x64",
            "codex-darwin-arm64-baseline",
            "codex-0.60.1",
            "codex-v0.60.1",
            "codex_0.60.1",
            "codex@0.60.1",
            "codex-0.60.1-alpha.3",
            "codex-0.60.1-rc1",
            "codex-0.60.1+a1b2c3d",
            "codex-nightly",
            ".codex-wrapped",
            ".codex-wrapped_",
            "..codex-wrapped-wrapped",
            ".codex-real",
        ] {
            assert!(is_called(written, "codex"), "{written}");
        }
    }

    #[test]
    fn another_word_makes_another_program() {
        for written in [
            "",
            ".",
            "code",
            "codexbar",
            "codex-",
            "codex.js",
            "codex.1",
            "codex-squad",
            "codex-linux-sandbox",
            "codex-exec-server",
            "my-codex",
            ".codex",
            "codex-wrapped-up",
            "codex-dead",
        ] {
            assert!(!is_called(written, "codex"), "{written}");
        }
        assert!(!is_called("codex", ""));
    }
}
