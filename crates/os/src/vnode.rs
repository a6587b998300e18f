//! An open file, as the kernel of macOS reports it.

use std::ffi::{OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::open_files::Access;

/// The bits of `fi_openflags`, which are the kernel's own. Those of `open` (`O_WRONLY | O_RDWR`) would match readers too.
const FREAD: u32 = 1;
const FWRITE: u32 = 2;

/// A file from its flags and its path, which ends with a NUL or with the buffer.
pub(crate) fn file(flags: u32, path: &[c_char]) -> Option<(PathBuf, Access)> {
    let access = match flags {
        flags if flags & FWRITE != 0 => Access::Write,
        flags if flags & FREAD != 0 => Access::Read,
        _ => return None,
    };
    let path: Vec<u8> = path.iter().map(|unit| unit.to_ne_bytes()[0]).take_while(|&byte| byte != 0).collect();
    path.starts_with(b"/").then(|| (PathBuf::from(OsStr::from_bytes(&path)), access))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(flags: u32, path: &[u8]) -> Option<(PathBuf, Access)> {
        let path: Vec<c_char> = path.iter().map(|&byte| c_char::from_ne_bytes([byte])).collect();
        file(flags, &path)
    }

    #[test]
    fn a_reader_is_not_mistaken_for_a_writer() {
        let access = |flags| of(flags, b"/a\0").map(|(_, access)| access);
        assert_eq!(access(FREAD), Some(Access::Read));
        assert_eq!(access(FWRITE), Some(Access::Write));
        assert_eq!(access(FREAD | FWRITE), Some(Access::Write));
        assert_eq!(access(0), None);
    }

    #[test]
    fn a_path_keeps_its_bytes_and_ends_with_a_nul_or_with_the_buffer() {
        let path = |bytes: &[u8]| of(FREAD, bytes).map(|(path, _)| path.into_os_string().into_encoded_bytes());
        assert_eq!(path(b"/caf\xe9\0/more"), Some(b"/caf\xe9".to_vec()));
        assert_eq!(path(&[b'/'; 1024]), Some(vec![b'/'; 1024]));
        assert_eq!((path(b""), path(b"\0/a"), path(b"a")), (None, None, None));
    }
}
