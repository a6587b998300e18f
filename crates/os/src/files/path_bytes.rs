//! Paths as bytes, for files that keep them: a name need not be valid Unicode.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// A path as bytes, for [`path_from_bytes`]. On Unix nothing is lost. Elsewhere a name that is not valid Unicode comes back
/// with replacement characters.
pub fn path_to_bytes(path: &Path) -> Cow<'_, [u8]> {
    platform::to_bytes(path)
}

/// The path that [`path_to_bytes`] encoded.
pub fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    platform::from_bytes(bytes)
}

#[cfg(unix)]
mod platform {
    use std::borrow::Cow;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::{Path, PathBuf};

    pub(super) fn to_bytes(path: &Path) -> Cow<'_, [u8]> {
        path.as_os_str().as_bytes().into()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> PathBuf {
        OsStr::from_bytes(bytes).into()
    }
}

#[cfg(not(unix))]
mod platform {
    use std::borrow::Cow;
    use std::path::{Path, PathBuf};

    pub(super) fn to_bytes(path: &Path) -> Cow<'_, [u8]> {
        path.to_string_lossy().into_owned().into_bytes().into()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> PathBuf {
        String::from_utf8_lossy(bytes).into_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_its_bytes() {
        let path = Path::new("/home/ä/b c.jsonl");
        assert_eq!(path_from_bytes(&path_to_bytes(path)), path);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_unicode_keeps_its_bytes() {
        assert_eq!(&*path_to_bytes(&path_from_bytes(b"/caf\xe9")), b"/caf\xe9");
    }
}
