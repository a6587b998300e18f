//! Directories as agents write them: paths, URIs, and names derived from them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use md5::Md5;
use sha2::{Digest, Sha256};

/// Maximum length of a path on any platform, in bytes (Linux allows 4,096 bytes, Windows 32,767 characters).
pub(crate) const MAX_PATH_BYTES: usize = 32_767;

/// Decodes percent-encoding (RFC 3986); invalid escapes are kept. `None` if the result is not UTF-8 or has control
/// characters, which no work directory has.
pub(crate) fn percent_decoded(encoded: &str) -> Option<String> {
    let mut text = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = (byte == b'%').then(|| after.split_at_checked(2)).flatten();
        let decoded = escape.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = decoded.unwrap_or((byte, after));
        text.push(byte);
        rest = after;
    }
    String::from_utf8(text).ok().filter(|text| !text.contains(char::is_control))
}

/// The path of a `file:` URI on this machine (RFC 8089).
pub(crate) fn local_path(uri: &str) -> Option<PathBuf> {
    let encoded = uri.strip_prefix("file://").filter(|path| path.starts_with('/'))?;
    let path = percent_decoded(encoded)?;
    // `/c:/work` is `c:/work` on Windows.
    let is_drive = path.as_bytes().get(2) == Some(&b':');
    Some(PathBuf::from(if is_drive { path.trim_start_matches('/').to_owned() } else { path }))
}

/// A directory written as a path or as a `file:` URI; `None` for other machines.
pub(crate) fn directory(written: &str) -> Option<PathBuf> {
    if written.starts_with("file:") {
        return local_path(written);
    }
    let is_elsewhere = written.contains("://") || written.contains(char::is_control);
    (!written.is_empty() && !is_elsewhere).then(|| PathBuf::from(written))
}

/// The MD5 of a directory's path in hexadecimal. `None` if the path is not Unicode: clients hash strings of JavaScript
/// or Python.
pub(crate) fn md5_of(directory: &Path) -> Option<Arc<str>> {
    Some(format!("{:x}", Md5::digest(directory.to_str()?)).into())
}

/// Like [`md5_of`], as SHA-256.
pub(crate) fn sha256_of(directory: &Path) -> Option<Arc<str>> {
    Some(format!("{:x}", Sha256::digest(directory.to_str()?)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_a_path_or_a_uri_of_this_machine() {
        assert_eq!(directory("/work/a%20b"), Some("/work/a%20b".into()));
        assert_eq!(directory("file:///work/a%20b"), Some("/work/a b".into()));
        assert_eq!(directory("vscode-remote://wsl/work"), None);
        assert_eq!(directory("file://server/work"), None);
        assert_eq!(directory(""), None);
    }

    #[test]
    fn a_directory_is_hashed_as_its_path() {
        // echo -n /home/u/shop | md5sum, and sha256sum
        let shop = Path::new("/home/u/shop");
        assert_eq!(md5_of(shop).as_deref(), Some("5827bd1b3f7dfa2ca189030668f6042c"));
        assert_eq!(
            sha256_of(shop).as_deref(),
            Some("3060a1e0cd7a1afb7865c124f06c8257caf984f473e6cfb0935cda71b14fccd3")
        );
    }

    #[test]
    fn invalid_escapes_are_kept() {
        assert_eq!(percent_decoded("%2Fwork%2F100%").as_deref(), Some("/work/100%"));
        assert_eq!(percent_decoded("%ff"), None);
        assert_eq!(percent_decoded("%00"), None);
    }
}
