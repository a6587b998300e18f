//! `/proc/PID/net/tcp` and `tcp6`: the connections of a network namespace, line by line. See `proc_pid_net(5)`.
//!
//! The tables tell of every process in the namespace. Which line is whose follows from the inode of the socket.

use std::os::fd::OwnedFd;

use agtop_model::Sockets;
use rustix::io::{Errno, Result, read, retry_on_intr};

use super::procfs::open_file;

/// The table is fetched this many bytes at a time.
const PIECE: usize = 32 * 1024;
/// No line is as long as this; what is longer is none of the kernel's.
const LONGEST_LINE: usize = 1024;

/// Who holds which socket: inodes in rising order, each with the place of a process. A socket that was handed on to a
/// child is held by both.
#[derive(Debug)]
pub(super) struct Holders(Vec<(u64, usize)>);

impl Holders {
    /// Any pairs of an inode and the place of a process that holds it.
    pub(super) fn new(mut pairs: Vec<(u64, usize)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        Self(pairs)
    }

    fn of(&self, inode: u64) -> impl Iterator<Item = usize> + '_ {
        let start = self.0.partition_point(|pair| pair.0 < inode);
        self.0.iter().skip(start).take_while(move |pair| pair.0 == inode).map(|pair| pair.1)
    }

    /// Adds what a table says to the sockets of those who hold them. Ports are left in any order, and more than once.
    fn count(&self, table: &[u8], sockets: &mut [Sockets]) {
        for line in table.split(|&byte| byte == b'\n') {
            let Some(connection) = Connection::parse(line) else { continue };
            for place in self.of(connection.inode) {
                let Some(sockets) = sockets.get_mut(place) else { continue };
                match connection.state {
                    State::Established => sockets.established = sockets.established.saturating_add(1),
                    State::Listening => sockets.listening.push(connection.port),
                }
            }
        }
    }

    /// Reads both tables of the namespace that a process is in. A kernel without IPv6 has one of them.
    pub(super) fn count_in(&self, process: &OwnedFd, sockets: &mut [Sockets]) -> Result<()> {
        self.stream(process, "net/tcp", sockets)?;
        match self.stream(process, "net/tcp6", sockets) {
            Err(Errno::NOENT) => Ok(()),
            result => result,
        }
    }

    /// Reads a table in pieces: that of a busy server is megabytes long.
    fn stream(&self, process: &OwnedFd, name: &str, sockets: &mut [Sockets]) -> Result<()> {
        let file = open_file(process, name)?;
        let mut piece = vec![0; PIECE + LONGEST_LINE];
        let mut kept = 0;
        loop {
            let length = retry_on_intr(|| read(&file, piece.get_mut(kept..).unwrap_or_default()))?;
            if length == 0 {
                return Ok(());
            }
            let filled = piece.get(..kept + length).unwrap_or_default();
            let end = filled.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            self.count(filled.get(..end).unwrap_or_default(), sockets);
            let rest = end..kept + length;
            kept = if rest.len() > LONGEST_LINE { 0 } else { rest.len() };
            piece.copy_within(rest.start..rest.start + kept, 0);
        }
    }
}

/// The states agtop counts, as numbered in the kernel's `include/net/tcp_states.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Established,
    Listening,
}

/// One line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Connection {
    /// The local port.
    port: u16,
    state: State,
    inode: u64,
}

impl Connection {
    /// Reads a line; `None` for the heading, for other states and for sockets that nobody holds any more, whose inode
    /// is 0. The fields are: number, local address, remote address, state, queues, timer, retransmits, user, timeout,
    /// inode, and more.
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
        let (_, port) = fields.nth(1)?.rsplit_once(':')?;
        let state = match fields.nth(1)? {
            "01" => State::Established,
            "0A" => State::Listening,
            _ => return None,
        };
        let inode = fields.nth(5)?.parse().ok().filter(|&inode| inode > 0)?;
        Some(Self { port: u16::from_str_radix(port, 16).ok()?, state, inode })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustix::fs::{CWD, OFlags};

    use super::super::procfs::open_directory;
    use super::*;

    const HEADING: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    fn line(port: u16, state: &str, inode: u64) -> String {
        format!(
            "   0: 0100007F:{port:04X} 0100007F:D431 {state} 00000000:00000000 00:00000000 00000000  1000        0 \
             {inode} 1 0000000000000000 100 0 0 10 0\n"
        )
    }

    fn counted(table: &str, pairs: &[(u64, usize)], processes: usize) -> Vec<Sockets> {
        let mut sockets = vec![Sockets::default(); processes];
        Holders::new(pairs.to_vec()).count(table.as_bytes(), &mut sockets);
        sockets
    }

    #[test]
    fn a_line_goes_to_those_who_hold_its_socket() {
        let table = [HEADING, &line(8080, "0A", 5), &line(8080, "01", 6), &line(9, "01", 7)].concat();
        let counts = counted(&table, &[(5, 0), (5, 1), (6, 1), (6, 1), (99, 0)], 2);
        assert_eq!(counts[0], Sockets { established: 0, listening: vec![8080] });
        assert_eq!(counts[1], Sockets { established: 1, listening: vec![8080] });
    }

    #[test]
    fn a_connection_that_is_coming_or_going_is_not_counted() {
        let table: String = (2..10).map(|state| line(1, &format!("{state:02X}"), 5)).collect();
        assert_eq!(counted(&table, &[(5, 0)], 1), [Sockets::default()]);
    }

    #[test]
    fn a_socket_that_nobody_holds_is_nobodys() {
        assert_eq!(counted(&line(1, "01", 0), &[(0, 0)], 1), [Sockets::default()]);
    }

    #[test]
    fn addresses_of_both_versions_end_in_their_port() {
        let six =
            "0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 77 1";
        let expected = Connection { port: 8080, state: State::Listening, inode: 77 };
        assert_eq!(Connection::parse(six.as_bytes()), Some(expected));
    }

    #[test]
    fn a_line_that_is_cut_off_or_no_line_is_skipped() {
        let whole = line(8080, "0A", 5);
        let needed = whole.find(" 5 1").unwrap() + 2;
        for end in 0..needed {
            assert_eq!(Connection::parse(&whole.as_bytes()[..end]).map(|found| found.inode), None, "cut at {end}");
        }
        assert_eq!(Connection::parse(line(1, "01", 5).replace(":0001", ":10001").as_bytes()), None);
        assert_eq!(Connection::parse(b"\xff"), None);
    }

    #[test]
    fn a_table_of_many_pieces_is_read_whole_and_its_nonsense_skipped() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("net")).unwrap();
        let mut table = HEADING.to_owned();
        for inode in 1..=2000 {
            table.push_str(&line(7, "01", inode));
            if inode == 1000 {
                table.push_str(&"x".repeat(3 * PIECE));
                table.push('\n');
            }
        }
        std::fs::write(directory.path().join("net/tcp"), table).unwrap();
        let process = open_directory(CWD, directory.path(), OFlags::PATH).unwrap();
        let mut sockets = vec![Sockets::default()];
        let holders = Holders::new((1..=2000).map(|inode| (inode, 0)).collect());
        holders.count_in(&process, &mut sockets).unwrap();
        assert_eq!(sockets[0].established, 2000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_borne(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Connection::parse(&bytes);
        }
    }
}
