//! Whether the name of an executable, a script or `argv[0]` is an agent's name, either exactly or as packagers,
//! releases and users change it.

/// Suffixes that Nix and Guix add to a program behind a wrapper, together with a leading dot.
const WRAPPER_SUFFIXES: &[&str] = &["-wrapped", "-real"];

/// Words that may follow a name without changing the program: the platform it was built for, and its release.
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

/// Minimum number of letters of a commit hash after a version.
const MIN_COMMIT_LETTERS: usize = 7;

/// Whether `written` names the program `name`: `codex`, `codex-x86_64-unknown-linux-musl`, `codex-linux-x64`,
/// `codex-0.60.1`, and Nix's `.codex-wrapped`.
pub(crate) fn is_program_name(written: &str, name: &str) -> bool {
    !name.is_empty() && unwrapped(written).strip_prefix(name).is_some_and(is_platform_or_release)
}

/// The name without a package manager's wrappers, which may be nested.
fn unwrapped(written: &str) -> &str {
    let mut name = written;
    while let Some(hidden) = name.strip_prefix('.') {
        let hidden = hidden.trim_end_matches('_');
        let Some(inner) = WRAPPER_SUFFIXES.iter().find_map(|ending| hidden.strip_suffix(ending)) else { return name };
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
    use super::is_program_name;

    #[test]
    fn a_platform_a_version_or_a_wrapper_does_not_change_the_program() {
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
            assert!(is_program_name(written, "codex"), "{written}");
        }
    }

    #[test]
    fn another_word_means_another_program() {
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
            assert!(!is_program_name(written, "codex"), "{written}");
        }
        assert!(!is_program_name("codex", ""));
    }
}
