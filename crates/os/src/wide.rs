//! Paths of Windows, which consist of 16-bit units.

/// A path without the prefix of a verbatim path: `C:\…` for `\\?\C:\…`, and `\\server\share\…` for
/// `\\?\UNC\server\share\…`. `None` for a path without a drive or server, and for an empty one.
pub(crate) fn without_verbatim_prefix(path: &[u16]) -> Option<Vec<u16>> {
    let text = |text: &str| text.encode_utf16().collect::<Vec<_>>();
    let path = path.strip_prefix(&*text(r"\\?\"))?;
    if let Some(path) = path.strip_prefix(&*text(r"UNC\")) {
        return Some([&*text(r"\\"), path].concat());
    }
    (path.get(1..3)? == text(r":\")).then(|| path.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain_text(path: &str) -> Option<String> {
        without_verbatim_prefix(&path.encode_utf16().collect::<Vec<_>>()).map(|path| String::from_utf16(&path).unwrap())
    }

    #[test]
    fn the_verbatim_prefix_is_removed() {
        assert_eq!(plain_text(r"\\?\C:\Users\ä.txt").as_deref(), Some(r"C:\Users\ä.txt"));
        assert_eq!(plain_text(r"\\?\UNC\server\share\a").as_deref(), Some(r"\\server\share\a"));
        for path in ["", r"\Device\HarddiskVolume1\a", r"\\?\Volume{1}\a", r"\\?\", r"\\?\C"] {
            assert_eq!(plain_text(path), None, "{path}");
        }
    }
}
