//! The list of what a FreeBSD process holds open: records of `struct kinfo_file`, each with its own length. See `sys/user.h`
//! of FreeBSD 12 and later.
//!
//! This module only parses bytes, so its tests run on other platforms too.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use agtop_model::{OpenFiles, Sockets};

use crate::open_files::{Access, OpenFilesBuilder, sort_ports};

/// How many descriptors of one process are examined.
const MAX_DESCRIPTORS: usize = 4096;

/// The offsets of the fields of a record. Files and sockets share the bytes from 32 to 336.
pub(crate) mod at {
    pub(crate) const SIZE: usize = 0;
    pub(crate) const TYPE: usize = 4;
    pub(crate) const FD: usize = 8;
    pub(crate) const FLAGS: usize = 16;
    /// `kf_un.kf_file.kf_file_type`
    pub(crate) const FILE_TYPE: usize = 32;
    /// `kf_un.kf_sock.kf_sock_protocol0`
    pub(crate) const PROTOCOL: usize = 44;
    /// `kf_un.kf_sock.kf_sa_local`
    pub(crate) const LOCAL: usize = 48;
    /// `kf_un.kf_sock.kf_sa_peer`
    pub(crate) const PEER: usize = 176;
    /// `kf_un.kf_sock.kf_sock_snd_sb_state`, before the same of receiving.
    pub(crate) const BUFFERS: usize = 328;
    /// The path, which ends with a NUL or with the record.
    pub(crate) const PATH: usize = 368;
}

/// Types of descriptors.
const KF_TYPE_VNODE: i32 = 1;
const KF_TYPE_SOCKET: i32 = 2;
/// The type of a regular file.
const KF_VTYPE_VREG: i32 = 1;
/// How a descriptor was opened.
const KF_FLAG_READ: i32 = 1;
const KF_FLAG_WRITE: i32 = 2;
const IPPROTO_TCP: i32 = 6;
/// `AF_INET` and `AF_INET6`.
const IP_FAMILIES: [u8; 2] = [2, 28];
/// `SBS_CANTSENDMORE` and `SBS_CANTRCVMORE`: one end of the connection has been closed.
const CLOSED_END_BITS: u16 = 0x10 | 0x20;

/// The regular files among the records that still have a name.
pub(crate) fn open_files(bytes: &[u8]) -> OpenFiles {
    let held = Records(bytes).filter(|record| record.number(at::FD) >= 0);
    let mut files = OpenFilesBuilder::without(held.clone().count().saturating_sub(MAX_DESCRIPTORS));
    for (path, access) in held.take(MAX_DESCRIPTORS).filter_map(Record::file) {
        files.add(path, access);
    }
    files.finish()
}

/// The TCP connections among the records. The records do not have their state: a connection with a peer and two open ends
/// counts as established, one without a peer as listening.
pub(crate) fn sockets(bytes: &[u8]) -> Sockets {
    let mut sockets = Sockets::default();
    for record in Records(bytes).take(MAX_DESCRIPTORS) {
        match record.connection() {
            Some(TcpConnection::Established) => sockets.established = sockets.established.saturating_add(1),
            Some(TcpConnection::Listening(port)) => sockets.listening.push(port),
            None => {}
        }
    }
    sort_ports(&mut sockets);
    sockets
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TcpConnection {
    Established,
    Listening(u16),
}

/// The records, up to the end or to a record with an impossible size.
#[derive(Clone)]
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let size = usize::try_from(Record(self.0).number(at::SIZE)).ok().filter(|&size| size > at::PATH)?;
        let (record, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(Record(record))
    }
}

/// One descriptor. Bytes beyond its end read as 0.
#[derive(Clone, Copy)]
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn bytes<const N: usize>(self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
    }

    fn number(self, at: usize) -> i32 {
        i32::from_ne_bytes(self.bytes(at))
    }

    fn file(self) -> Option<(PathBuf, Access)> {
        if (self.number(at::TYPE), self.number(at::FILE_TYPE)) != (KF_TYPE_VNODE, KF_VTYPE_VREG) {
            return None;
        }
        let access = match self.number(at::FLAGS) {
            flags if flags & KF_FLAG_WRITE != 0 => Access::Write,
            flags if flags & KF_FLAG_READ != 0 => Access::Read,
            _ => return None,
        };
        let path = self.0.get(at::PATH..)?.split(|&byte| byte == 0).next()?;
        // A deleted file has no path, one outside the jail has `-`.
        path.starts_with(b"/").then(|| (PathBuf::from(OsStr::from_bytes(path)), access))
    }

    fn connection(self) -> Option<TcpConnection> {
        if (self.number(at::TYPE), self.number(at::PROTOCOL)) != (KF_TYPE_SOCKET, IPPROTO_TCP) {
            return None;
        }
        let local = self.port(at::LOCAL)?;
        let [sending, receiving] = [0, 2].map(|next| u16::from_ne_bytes(self.bytes(at::BUFFERS + next)));
        match self.port(at::PEER) {
            Some(_) if (sending | receiving) & CLOSED_END_BITS == 0 => Some(TcpConnection::Established),
            Some(_) => None,
            None => Some(TcpConnection::Listening(local)),
        }
    }

    /// The port of an IP address: it follows the length and the family, in network byte order.
    fn port(self, address: usize) -> Option<u16> {
        let [_, family, high, low] = self.bytes(address);
        let port = u16::from_be_bytes([high, low]);
        (IP_FAMILIES.contains(&family) && port > 0).then_some(port)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A record with these numbers at these offsets, and a path.
    fn record(fields: &[(usize, i32)], path: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; (at::PATH + path.len() + 1).next_multiple_of(8)];
        let size = i32::try_from(bytes.len()).unwrap();
        for &(at, number) in [(at::SIZE, size)].iter().chain(fields) {
            bytes[at..at + 4].copy_from_slice(&number.to_ne_bytes());
        }
        bytes[at::PATH..at::PATH + path.len()].copy_from_slice(path);
        bytes
    }

    fn file(flags: i32, path: &[u8]) -> Vec<u8> {
        record(&[(at::TYPE, KF_TYPE_VNODE), (at::FILE_TYPE, KF_VTYPE_VREG), (at::FLAGS, flags)], path)
    }

    fn socket(local: [u8; 4], peer: [u8; 4], buffers: i32) -> Vec<u8> {
        let [local, peer] = [local, peer].map(i32::from_ne_bytes);
        let addresses = [(at::LOCAL, local), (at::PEER, peer), (at::BUFFERS, buffers)];
        record(&[&[(at::TYPE, KF_TYPE_SOCKET), (at::PROTOCOL, IPPROTO_TCP)][..], &addresses].concat(), b"")
    }

    fn read(path: &str) -> OpenFiles {
        OpenFiles { reading: vec![path.into()], ..OpenFiles::default() }
    }

    #[test]
    fn files_are_listed_by_what_they_were_opened_for() {
        let bytes = [
            file(KF_FLAG_READ, b"/r"),
            file(KF_FLAG_WRITE, b"/w"),
            file(KF_FLAG_READ | KF_FLAG_WRITE, b"/rw"),
            file(0, b"/none"),
        ]
        .concat();
        let expected = OpenFiles { writing: vec!["/rw".into(), "/w".into()], ..read("/r") };
        assert_eq!(open_files(&bytes), expected);
    }

    #[test]
    fn only_regular_files_with_a_name_are_listed() {
        let held = |kind, file_type| [(at::TYPE, kind), (at::FILE_TYPE, file_type), (at::FLAGS, KF_FLAG_WRITE)];
        let bytes = [
            record(&held(KF_TYPE_VNODE, 2), b"/directory"),
            record(&held(KF_TYPE_VNODE, 4), b"/dev/null"),
            record(&held(3, KF_VTYPE_VREG), b"/pipe"),
            file(KF_FLAG_WRITE, b""),
            file(KF_FLAG_WRITE, b"-"),
            record(&[&held(KF_TYPE_VNODE, KF_VTYPE_VREG)[..], &[(at::FD, -5)]].concat(), b"/bin/program"),
            file(KF_FLAG_READ, b"/r"),
        ];
        assert_eq!(open_files(&bytes.concat()), read("/r"));
    }

    #[test]
    fn a_path_ends_with_its_record_if_no_nul_ends_it() {
        let mut bytes = file(KF_FLAG_READ, b"/1234567");
        let size = i32::try_from(at::PATH + 8).unwrap();
        bytes[..4].copy_from_slice(&size.to_ne_bytes());
        bytes.truncate(at::PATH + 8);
        bytes.extend(file(KF_FLAG_READ, b"/a"));
        assert_eq!(open_files(&bytes).reading, [PathBuf::from("/1234567"), "/a".into()]);
    }

    #[test]
    fn a_record_with_an_impossible_size_ends_the_list() {
        for size in [0, -1, 1, 367, 368, i32::MAX, i32::MIN] {
            let broken = record(&[(at::SIZE, size), (at::TYPE, KF_TYPE_VNODE)], b"/b");
            let bytes = [file(KF_FLAG_READ, b"/a"), broken, file(KF_FLAG_READ, b"/c")].concat();
            assert_eq!(open_files(&bytes), read("/a"), "{size}");
        }
    }

    #[test]
    fn a_list_that_is_cut_off_loses_its_last_record_only() {
        let first = file(KF_FLAG_READ, b"/a");
        let bytes = [first.clone(), file(KF_FLAG_READ, b"/b")].concat();
        for end in 0..bytes.len() {
            let expected = if end < first.len() { OpenFiles::default() } else { read("/a") };
            assert_eq!(open_files(&bytes[..end]), expected, "cut at {end}");
        }
    }

    #[test]
    fn descriptors_beyond_the_limit_are_counted() {
        let bytes = file(KF_FLAG_READ, b"/a").repeat(MAX_DESCRIPTORS + 3);
        assert_eq!(open_files(&bytes), OpenFiles { left_out: 3, ..read("/a") });
    }

    #[test]
    fn a_connection_has_a_peer_and_a_listener_has_none() {
        let (four, six) = ([16, 2, 0x1f, 0x90], [28, 28, 0, 80]);
        let bytes = [
            socket(four, [0; 4], 0),
            socket(six, [28, 28, 0, 0], 0),
            socket(four, four, 0),
            socket(six, six, 0),
            socket(four, four, 0x10),
            socket(four, four, 0x20 << 16),
            socket([16, 1, 0x1f, 0x91], [0; 4], 0),
            socket([0; 4], [0; 4], 0),
            record(&[(at::TYPE, KF_TYPE_SOCKET), (at::PROTOCOL, 17), (at::LOCAL, i32::from_ne_bytes(four))], b""),
        ];
        assert_eq!(sockets(&bytes.concat()), Sockets { established: 2, listening: vec![80, 8080] });
    }

    proptest! {
        #[test]
        fn any_bytes_are_accepted(bytes in proptest::collection::vec(any::<u8>(), 0..1500), size in 0_u16..1500) {
            let mut bytes = bytes;
            bytes.splice(..bytes.len().min(4), i32::from(size).to_ne_bytes());
            let _ = (open_files(&bytes), sockets(&bytes));
        }
    }
}
