//! The table of all handles of a Windows system, parsed from the words that the system returns.

use crate::open_files::Access;

/// The rights of a handle to the data of a file: `FILE_READ_DATA`, and `FILE_WRITE_DATA` or `FILE_APPEND_DATA`. The other
/// bits do not distinguish them: every reader has some bits of `GENERIC_WRITE`.
const READ_DATA: u32 = 0x1;
const WRITE_DATA: u32 = 0x2 | 0x4;

/// The length in words of an entry, `SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX`: one each for object, pid and handle, and 16 bytes.
const ENTRY_WORDS: usize = 3 + 16 / size_of::<usize>();

/// The table: `SYSTEM_HANDLE_INFORMATION_EX`, which is the number of entries, a reserved word, and the entries.
pub(crate) struct HandleTable(pub(crate) Vec<usize>);

/// A handle of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandleEntry {
    pub(crate) object: usize,
    pid: usize,
    pub(crate) handle: usize,
    access: u32,
    /// The number of the object's type, which differs between versions of Windows.
    kind: u16,
}

impl HandleTable {
    /// The number of the type of a process's handle.
    pub(crate) fn kind_of(&self, pid: u32, handle: usize) -> Option<u16> {
        self.entries().find(|entry| entry.pid == pid as usize && entry.handle == handle).map(|entry| entry.kind)
    }

    /// The handles of this process that have this type and may access the data of their object.
    pub(crate) fn held(&self, pid: u32, kind: u16) -> Vec<(HandleEntry, Access)> {
        let of_process = self.entries().filter(|entry| entry.pid == pid as usize && entry.kind == kind);
        of_process.filter_map(|entry| Some((entry, access(entry.access)?))).collect()
    }

    fn entries(&self) -> impl Iterator<Item = HandleEntry> + '_ {
        let count = self.0.first().copied().unwrap_or(0);
        let words = self.0.get(2..).unwrap_or_default();
        words.chunks_exact(ENTRY_WORDS).take(count).filter_map(entry)
    }
}

fn entry(words: &[usize]) -> Option<HandleEntry> {
    let (&[object, pid, handle], rest) = words.split_first_chunk()?;
    let rest: Vec<u8> = rest.iter().flat_map(|word| word.to_le_bytes()).collect();
    let (access, rest) = rest.split_first_chunk()?;
    // The index of a trace comes first.
    let kind = rest.get(2..)?.first_chunk()?;
    Some(HandleEntry { object, pid, handle, access: u32::from_le_bytes(*access), kind: u16::from_le_bytes(*kind) })
}

fn access(rights: u32) -> Option<Access> {
    match rights {
        rights if rights & WRITE_DATA != 0 => Some(Access::Write),
        rights if rights & READ_DATA != 0 => Some(Access::Read),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `GENERIC_READ` and `GENERIC_WRITE` of a file, as the table has them.
    const GENERIC_READ: u32 = 0x0012_0089;
    const GENERIC_WRITE: u32 = 0x0012_0116;

    fn words(pid: usize, handle: usize, rights: u32, kind: u16) -> Vec<usize> {
        let mut rest = rights.to_le_bytes().to_vec();
        rest.extend([[9, 9], kind.to_le_bytes(), [0; 2], [0; 2], [0; 2], [0; 2]].concat());
        let rest = rest.chunks_exact(size_of::<usize>()).map(|word| usize::from_le_bytes(word.try_into().unwrap()));
        [0xdead, pid, handle].into_iter().chain(rest).collect()
    }

    fn table(count: usize, entries: &[Vec<usize>]) -> HandleTable {
        HandleTable([vec![count, 0], entries.concat()].concat())
    }

    fn held(table: &HandleTable) -> Vec<(usize, Access)> {
        table.held(7, 37).into_iter().map(|(entry, access)| (entry.handle, access)).collect()
    }

    #[test]
    fn a_reader_is_not_mistaken_for_a_writer() {
        let synchronize = 0x0012_0080;
        let rights = [GENERIC_READ, GENERIC_WRITE, GENERIC_READ | GENERIC_WRITE, 0x4, synchronize];
        let entries: Vec<_> = rights.iter().zip(1..).map(|(&rights, handle)| words(7, handle, rights, 37)).collect();
        let expected = [(1, Access::Read), (2, Access::Write), (3, Access::Write), (4, Access::Write)];
        assert_eq!(held(&table(5, &entries)), expected);
    }

    #[test]
    fn handles_of_other_processes_and_types_are_left_out() {
        let entries = [words(8, 4, GENERIC_READ, 37), words(7, 4, GENERIC_READ, 38), words(7, 8, GENERIC_READ, 37)];
        let table = table(3, &entries);
        assert_eq!(held(&table), [(8, Access::Read)]);
        assert_eq!((table.kind_of(7, 4), table.kind_of(8, 4), table.kind_of(9, 4)), (Some(38), Some(37), None));
    }

    #[test]
    fn a_wrong_count_never_reads_beyond_the_table() {
        let entries = [words(7, 1, GENERIC_READ, 37), words(7, 2, GENERIC_READ, 37)];
        for (claimed, found) in [(0, 0), (1, 1), (2, 2), (3, 2), (usize::MAX, 2)] {
            assert_eq!(held(&table(claimed, &entries)).len(), found);
        }
        let whole = table(2, &entries).0;
        for end in 0..whole.len() {
            let expected = end.saturating_sub(2) / ENTRY_WORDS;
            assert_eq!(held(&HandleTable(whole[..end].to_vec())).len(), expected, "cut at {end}");
        }
    }
}
