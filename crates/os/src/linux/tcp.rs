//! `/proc/PID/net/tcp` and `tcp6`: the connections of a network namespace, line by line. See `proc_pid_net(5)`.
//!
//! The tables list the sockets of every process in the namespace. The inode of a socket says which process holds it.

use std::os::fd::OwnedFd;

use agtop_model::Sockets;
use rustix::io::{Errno, Result, read, retry_on_intr};

use super::procfs::open_file;

/// How many bytes of a table are read at a time.
const CHUNK_BYTES: usize = 32 * 1024;
/// The kernel writes no longer line. A longer one is skipped.
const MAX_LINE_BYTES: usize = 1024;

/// Which process holds which socket: inodes in ascending order, each with the position of a process. A child that
/// inherits a socket holds it too.
#[derive(Debug)]
pub(super) struct SocketHolders(Vec<(u64, usize)>);

impl SocketHolders {
    /// From pairs, in any order, of an inode and the position of a process that holds it.
    pub(super) fn new(mut pairs: Vec<(u64, usize)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        Self(pairs)
    }

    fn of(&self, inode: u64) -> impl Iterator<Item = usize> + '_ {
        let start = self.0.partition_point(|pair| pair.0 < inode);
        self.0.iter().skip(start).take_while(move |pair| pair.0 == inode).map(|pair| pair.1)
    }

    /// Adds the connections of a table to the processes that hold them. It leaves ports in any order, and duplicates.
    fn count(&self, table: &[u8], sockets: &mut [Sockets]) {
        for line in table.split(|&byte| byte == b'\n') {
            let Some(connection) = TcpConnection::parse(line) else { continue };
            for position in self.of(connection.inode) {
                let Some(sockets) = sockets.get_mut(position) else { continue };
                match connection.state {
                    TcpState::Established => sockets.established = sockets.established.saturating_add(1),
                    TcpState::Listening => sockets.listening.push(connection.port),
                }
            }
        }
    }

    /// Reads both tables of a process's namespace. A kernel without IPv6 has only one.
    pub(super) fn count_in(&self, process: &OwnedFd, sockets: &mut [Sockets]) -> Result<()> {
        self.stream(process, "net/tcp", sockets)?;
        match self.stream(process, "net/tcp6", sockets) {
            Err(Errno::NOENT) => Ok(()),
            result => result,
        }
    }

    /// Reads a table in chunks: on a busy server it has megabytes.
    fn stream(&self, process: &OwnedFd, name: &str, sockets: &mut [Sockets]) -> Result<()> {
        let file = open_file(process, name)?;
        let mut chunk = vec![0; CHUNK_BYTES + MAX_LINE_BYTES];
        let mut kept = 0;
        loop {
            let length = retry_on_intr(|| read(&file, chunk.get_mut(kept..).unwrap_or_default()))?;
            if length == 0 {
                return Ok(());
            }
            let filled = chunk.get(..kept + length).unwrap_or_default();
            let end = filled.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
            self.count(filled.get(..end).unwrap_or_default(), sockets);
            let rest = end..kept + length;
            kept = if rest.len() > MAX_LINE_BYTES { 0 } else { rest.len() };
            chunk.copy_within(rest.start..rest.start + kept, 0);
        }
    }
}

/// The states that agtop counts. Their numbers are in the kernel's `include/net/tcp_states.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TcpState {
    Established,
    Listening,
}

/// One line of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TcpConnection {
    /// The local port.
    port: u16,
    state: TcpState,
    inode: u64,
}

impl TcpConnection {
    /// Parses a line; `None` for the heading, for other states and for sockets that no process holds any more, whose inode
    /// is 0. The fields are: number, local address, remote address, state, queues, timer, retransmits, user, timeout,
    /// inode, and more.
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
        let (_, port) = fields.nth(1)?.rsplit_once(':')?;
        let state = match fields.nth(1)? {
            "01" => TcpState::Established,
            "0A" => TcpState::Listening,
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
        SocketHolders::new(pairs.to_vec()).count(table.as_bytes(), &mut sockets);
        sockets
    }

    #[test]
    fn a_connection_counts_for_every_process_that_holds_its_socket() {
        let table = [HEADING, &line(8080, "0A", 5), &line(8080, "01", 6), &line(9, "01", 7)].concat();
        let counts = counted(&table, &[(5, 0), (5, 1), (6, 1), (6, 1), (99, 0)], 2);
        assert_eq!(counts[0], Sockets { established: 0, listening: vec![8080] });
        assert_eq!(counts[1], Sockets { established: 1, listening: vec![8080] });
    }

    #[test]
    fn a_connection_that_is_opening_or_closing_is_not_counted() {
        let table: String = (2..10).map(|state| line(1, &format!("{state:02X}"), 5)).collect();
        assert_eq!(counted(&table, &[(5, 0)], 1), [Sockets::default()]);
    }

    #[test]
    fn a_socket_that_no_process_holds_is_not_counted() {
        assert_eq!(counted(&line(1, "01", 0), &[(0, 0)], 1), [Sockets::default()]);
    }

    #[test]
    fn addresses_of_both_ip_versions_end_in_their_port() {
        let six =
            "0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 77 1";
        let expected = TcpConnection { port: 8080, state: TcpState::Listening, inode: 77 };
        assert_eq!(TcpConnection::parse(six.as_bytes()), Some(expected));
    }

    #[test]
    fn an_invalid_line_is_skipped() {
        let whole = line(8080, "0A", 5);
        let needed = whole.find(" 5 1").unwrap() + 2;
        for end in 0..needed {
            assert_eq!(TcpConnection::parse(&whole.as_bytes()[..end]).map(|found| found.inode), None, "cut at {end}");
        }
        assert_eq!(TcpConnection::parse(line(1, "01", 5).replace(":0001", ":10001").as_bytes()), None);
        assert_eq!(TcpConnection::parse(b"\xff"), None);
    }

    #[test]
    fn a_table_of_many_chunks_is_read_whole_and_an_overlong_line_skipped() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("net")).unwrap();
        let mut table = HEADING.to_owned();
        for inode in 1..=2000 {
            table.push_str(&line(7, "01", inode));
            if inode == 1000 {
                table.push_str(&"x".repeat(3 * CHUNK_BYTES));
                table.push('\n');
            }
        }
        std::fs::write(directory.path().join("net/tcp"), table).unwrap();
        let process = open_directory(CWD, directory.path(), OFlags::PATH).unwrap();
        let mut sockets = vec![Sockets::default()];
        let holders = SocketHolders::new((1..=2000).map(|inode| (inode, 0)).collect());
        holders.count_in(&process, &mut sockets).unwrap();
        assert_eq!(sockets[0].established, 2000);
    }

    proptest! {
        #[test]
        fn any_bytes_are_accepted(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = TcpConnection::parse(&bytes);
        }
    }
}
