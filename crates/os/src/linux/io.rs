//! `/proc/PID/io`: the bytes a process has moved.

use agtop_model::DiskIo;

use super::procfs::value_of;

/// More than the seven lines of that file take.
pub(super) const MAX_IO_BYTES: usize = 512;

/// The bytes that were read from and written to storage, without those of caches, pipes and terminals.
pub(super) fn parse(text: &[u8]) -> Option<DiskIo> {
    let bytes = |name| value_of(text, name)?.parse().ok();
    Some(DiskIo { read: bytes("read_bytes")?, written: bytes("write_bytes")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"rchar: 323934931\nwchar: 323929600\nsyscr: 632687\nsyscw: 632675\nread_bytes: 4096\n\
                          write_bytes: 323932160\ncancelled_write_bytes: 7\n";

    #[test]
    fn bytes_of_storage_count_and_not_those_of_system_calls() {
        assert_eq!(parse(TEXT), Some(DiskIo { read: 4096, written: 323_932_160 }));
    }

    #[test]
    fn a_text_that_is_cut_off_or_has_no_numbers_is_refused() {
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"read_bytes: 1\n"), None);
        assert_eq!(parse(b"read_bytes: -1\nwrite_bytes: 2\n"), None);
        assert_eq!(parse(b"read_bytes: \xff\nwrite_bytes: 2\n"), None);
    }
}
