//! The TCP connections of the machine and their processes, from `GetExtendedTcpTable`.

use std::ffi::c_void;

use agtop_model::{Gap, Reading, Sockets};
use windows_sys::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, NO_ERROR};
use windows_sys::Win32::NetworkManagement::IpHelper::{
    GetExtendedTcpTable, MIB_TCP_STATE_ESTAB, MIB_TCP_STATE_LISTEN, MIB_TCP6ROW_OWNER_PID, MIB_TCPROW_OWNER_PID,
    TCP_TABLE_OWNER_PID_ALL,
};
use windows_sys::Win32::Networking::WinSock::{AF_INET, AF_INET6};

use crate::open_files::sort_ports;

/// How often a table is read: it may have grown after its size was read.
const MAX_READ_ATTEMPTS: usize = 8;
/// A longer table is not valid: a machine has 64 Ki ports.
const MAX_TABLE_BYTES: u32 = 64 * 1024 * 1024;

/// One connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct TcpConnection {
    pid: u32,
    state: i32,
    /// The local port.
    port: u16,
}

/// A row of a table: a structure of 32-bit numbers and bytes.
///
/// # Safety
/// Any bit pattern is a valid row, and its alignment is not stricter than that of a `u32`.
unsafe trait TableRow: Copy {
    const FAMILY: u16;
    fn connection(&self) -> TcpConnection;
}

// SAFETY: made of `u32` only.
unsafe impl TableRow for MIB_TCPROW_OWNER_PID {
    const FAMILY: u16 = AF_INET;

    fn connection(&self) -> TcpConnection {
        TcpConnection { pid: self.dwOwningPid, state: self.dwState.cast_signed(), port: port(self.dwLocalPort) }
    }
}

// SAFETY: made of `u32` and `u8` only.
unsafe impl TableRow for MIB_TCP6ROW_OWNER_PID {
    const FAMILY: u16 = AF_INET6;

    fn connection(&self) -> TcpConnection {
        TcpConnection { pid: self.dwOwningPid, state: self.dwState.cast_signed(), port: port(self.dwLocalPort) }
    }
}

/// All connections of the machine over both versions of IP.
pub(super) fn connections() -> Reading<Vec<TcpConnection>> {
    let mut all = table::<MIB_TCPROW_OWNER_PID>()?;
    // Without IPv6 there may be no second table.
    all.extend(table::<MIB_TCP6ROW_OWNER_PID>().unwrap_or_default());
    Ok(all)
}

/// Those of one process.
pub(super) fn of(connections: &[TcpConnection], pid: u32) -> Sockets {
    let mut sockets = Sockets::default();
    for connection in connections.iter().filter(|connection| connection.pid == pid) {
        match connection.state {
            MIB_TCP_STATE_ESTAB => sockets.established = sockets.established.saturating_add(1),
            MIB_TCP_STATE_LISTEN => sockets.listening.push(connection.port),
            _ => {}
        }
    }
    sort_ports(&mut sockets);
    sockets
}

/// The table of one version of IP: the number of its rows, and the rows.
fn table<R: TableRow>() -> Reading<Vec<TcpConnection>> {
    let mut words: Vec<u32> = Vec::new();
    let mut size = 0;
    for _ in 0..MAX_READ_ATTEMPTS {
        // SAFETY: the buffer has `size` bytes, and both live until the call returns.
        let answer = unsafe {
            let buffer = words.as_mut_ptr().cast::<c_void>();
            GetExtendedTcpTable(buffer, &raw mut size, 0, R::FAMILY.into(), TCP_TABLE_OWNER_PID_ALL, 0)
        };
        match answer {
            NO_ERROR => return Ok(rows::<R>(&words).iter().map(R::connection).collect()),
            ERROR_INSUFFICIENT_BUFFER if size <= MAX_TABLE_BYTES => words = vec![0; size.div_ceil(4) as usize],
            _ => return Err(Gap::Failed),
        }
    }
    Err(Gap::Failed)
}

fn rows<R: TableRow>(words: &[u32]) -> &[R] {
    let Some((&count, rest)) = words.split_first() else { return &[] };
    let fits = size_of_val(rest) / size_of::<R>();
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(fits);
    // SAFETY: the words are initialised, any words are valid rows, and that many rows fit.
    unsafe { std::slice::from_raw_parts(rest.as_ptr().cast::<R>(), count) }
}

/// The port in the low half of a number, in network byte order.
fn port(number: u32) -> u16 {
    let [first, second, ..] = number.to_le_bytes();
    u16::from_be_bytes([first, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_count_for_the_process_that_owns_them() {
        let one = |pid, state, port| TcpConnection { pid, state, port };
        let all = [
            one(7, MIB_TCP_STATE_LISTEN, 8080),
            one(7, MIB_TCP_STATE_LISTEN, 8080),
            one(7, MIB_TCP_STATE_ESTAB, 9),
            one(7, 11, 9),
            one(8, MIB_TCP_STATE_ESTAB, 9),
        ];
        assert_eq!(of(&all, 7), Sockets { established: 1, listening: vec![8080] });
    }

    #[test]
    fn ports_are_in_network_byte_order() {
        assert_eq!(port(u32::from_le_bytes([0x1f, 0x90, 0, 0])), 8080);
    }

    #[test]
    fn a_wrong_count_never_reads_beyond_the_table() {
        assert_eq!(rows::<MIB_TCPROW_OWNER_PID>(&[u32::MAX, 0, 0, 0, 0, 0, 0, 0]).len(), 1);
        assert!(rows::<MIB_TCPROW_OWNER_PID>(&[]).is_empty());
    }
}
