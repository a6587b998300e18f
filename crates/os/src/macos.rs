//! macOS: processes from `sysinfo`, and what they hold open from `libproc`.
//!
//! The layouts and numbers come from `<sys/proc_info.h>` and `<sys/fcntl.h>` of Apple's xnu sources.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;
use std::path::PathBuf;
use std::sync::Arc;

use agtop_model::{Gap, HostMetrics, OpenFiles, ProcId, Process, Reading, Sockets};

use crate::open_files::{Access, OpenFilesBuilder, sort_ports};
use crate::portable::{ProcessTable, load};
use crate::{Caps, Os, OsError, Signal, Support, vnode};

/// How many descriptors of one process are examined.
const MAX_DESCRIPTORS: usize = 4096;

/// Flavours of `proc_pidfdinfo`.
const PROC_PIDFDVNODEPATHINFO: c_int = 2;
const PROC_PIDFDSOCKETINFO: c_int = 3;

/// `soi_kind` of TCP sockets.
const SOCKINFO_TCP: c_int = 2;
/// Values of `tcpsi_state`.
const TSI_S_LISTEN: c_int = 1;
const TSI_S_ESTABLISHED: c_int = 4;

/// `struct proc_fileinfo`.
#[repr(C)]
#[derive(Clone, Copy)]
struct FileInfo {
    flags: u32,
    _status: u32,
    _offset: i64,
    _type: i32,
    _guard_flags: u32,
}

/// `struct vnode_fdinfowithpath`.
#[repr(C)]
#[derive(Clone, Copy)]
struct VnodeInfo {
    file: FileInfo,
    vnode: libc::vnode_info_path,
}

/// `struct socket_fdinfo`. agtop uses three of its numbers.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct SocketInfo {
    _before: [u8; 256],
    /// `psi.soi_kind`.
    kind: c_int,
    _reserved: u32,
    /// `psi.soi_proto.pri_tcp.tcpsi_ini.insi_fport`.
    _remote_port: c_int,
    /// `psi.soi_proto.pri_tcp.tcpsi_ini.insi_lport`: a port in network byte order.
    local_port: c_int,
    _addresses: [u8; 72],
    /// `psi.soi_proto.pri_tcp.tcpsi_state`.
    state: c_int,
    _after: [u8; 444],
}

// The kernel fills these only if they have exactly the size of its own.
const _: () = assert!(size_of::<FileInfo>() == 24);
const _: () = assert!(size_of::<VnodeInfo>() == 1200);
const _: () = assert!(size_of::<SocketInfo>() == 792);
const _: () = assert!(std::mem::offset_of!(SocketInfo, local_port) == 268);
const _: () = assert!(std::mem::offset_of!(SocketInfo, state) == 344);

/// A structure that `proc_pidfdinfo` fills.
///
/// # Safety
/// It has the layout of the flavour, and every bit pattern is a valid value.
unsafe trait FdDescription: Copy {
    const FLAVOUR: c_int;
}

// SAFETY: the layout of `vnode_fdinfowithpath`, made of integers only.
unsafe impl FdDescription for VnodeInfo {
    const FLAVOUR: c_int = PROC_PIDFDVNODEPATHINFO;
}

// SAFETY: the layout of `socket_fdinfo`, made of integers only.
unsafe impl FdDescription for SocketInfo {
    const FLAVOUR: c_int = PROC_PIDFDSOCKETINFO;
}

/// macOS.
#[derive(Debug, Default)]
pub struct MacOs {
    table: ProcessTable,
}

impl MacOs {
    /// The machine agtop runs on.
    pub fn new() -> Self {
        Self::default()
    }

    fn sockets_of(&mut self, id: ProcId) -> Reading<Sockets> {
        let pid = self.table.running_pid(id)?;
        let mut sockets = Sockets::default();
        for fd in descriptors(pid)?.of_type(libc::PROX_FDTYPE_SOCKET) {
            let Some(socket) = describe::<SocketInfo>(pid, fd) else { continue };
            match (socket.kind, socket.state) {
                (SOCKINFO_TCP, TSI_S_ESTABLISHED) => sockets.established = sockets.established.saturating_add(1),
                (SOCKINFO_TCP, TSI_S_LISTEN) => sockets.listening.push(port(socket.local_port)),
                _ => {}
            }
        }
        sort_ports(&mut sockets);
        Ok(sockets)
    }
}

impl Os for MacOs {
    fn caps(&self) -> Caps {
        let private = if rustix::process::geteuid().is_root() { Support::Full } else { Support::Own };
        Caps { processes: Support::Full, system: Support::Full, load: Support::Full, ..Caps::all(private) }
    }

    /// The resolution of the readings.
    fn cpu_step(&self) -> std::time::Duration {
        std::time::Duration::from_millis(1)
    }

    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError> {
        self.table.processes()
    }

    fn open_files(&mut self, id: ProcId) -> Reading<OpenFiles> {
        let pid = self.table.running_pid(id)?;
        let descriptors = descriptors(pid)?;
        let mut files = OpenFilesBuilder::without(descriptors.left_out);
        for fd in descriptors.of_type(libc::PROX_FDTYPE_VNODE) {
            if let Some((path, access)) = describe::<VnodeInfo>(pid, fd).and_then(|vnode| file(&vnode)) {
                files.add(path, access);
            }
        }
        Ok(files.finish())
    }

    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>> {
        ids.iter().map(|&id| self.sockets_of(id)).collect()
    }

    /// The system has no handles of processes: another process could reuse the pid between the check and the signal, but
    /// macOS uses all other pids first.
    fn signal(&mut self, id: ProcId, signal: Signal) -> Result<(), OsError> {
        self.table.signal(id, signal)
    }

    fn system(&mut self) -> HostMetrics {
        self.table.machine(load())
    }
}

/// The descriptors of a process.
struct Descriptors {
    list: Vec<libc::proc_fdinfo>,
    left_out: usize,
}

impl Descriptors {
    fn of_type(&self, kind: c_int) -> impl Iterator<Item = c_int> + '_ {
        let kind = u32::try_from(kind);
        self.list.iter().filter(move |found| Ok(found.proc_fdtype) == kind).map(|found| found.proc_fd)
    }
}

/// Lists the descriptors of a process.
fn descriptors(pid: c_int) -> Reading<Descriptors> {
    const SIZE: usize = size_of::<libc::proc_fdinfo>();
    // SAFETY: without a buffer the call writes nothing and returns how many bytes it would take.
    let needed = unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDLISTFDS, 0, std::ptr::null_mut(), 0) };
    // More may be opened before the second call.
    let expected = length(needed)? / SIZE;
    let mut list: Vec<libc::proc_fdinfo> = Vec::with_capacity((expected + 16).min(MAX_DESCRIPTORS));
    let room = c_int::try_from(list.capacity() * SIZE).map_err(|_| Gap::Failed)?;
    // SAFETY: the buffer has `room` bytes and lives until the call returns.
    let written =
        unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDLISTFDS, 0, list.as_mut_ptr().cast::<c_void>(), room) };
    let found = (length(written)? / SIZE).min(list.capacity());
    // SAFETY: the call has written that many entries completely, and any bits are a valid entry.
    unsafe { list.set_len(found) };
    Ok(Descriptors { left_out: expected.saturating_sub(MAX_DESCRIPTORS.max(found)), list })
}

/// How many bytes a call of `libproc` has returned; 0 or less means that it failed.
fn length(answer: c_int) -> Reading<usize> {
    match usize::try_from(answer) {
        Ok(length) if length > 0 => Ok(length),
        _ => Err(match std::io::Error::last_os_error().raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Gap::Denied,
            Some(libc::ESRCH) => Gap::NotReported,
            _ => Gap::Failed,
        }),
    }
}

/// Reads the description of a descriptor; `None` if it was closed meanwhile.
fn describe<T: FdDescription>(pid: c_int, fd: c_int) -> Option<T> {
    let mut description = MaybeUninit::<T>::uninit();
    let size = c_int::try_from(size_of::<T>()).ok()?;
    // SAFETY: the buffer has `size` bytes and lives until the call returns.
    let written = unsafe { libc::proc_pidfdinfo(pid, fd, T::FLAVOUR, description.as_mut_ptr().cast::<c_void>(), size) };
    // SAFETY: every byte was written, and any bits are a valid `FdDescription`.
    (written == size).then(|| unsafe { description.assume_init() })
}

/// A regular file that still has a name.
fn file(found: &VnodeInfo) -> Option<(PathBuf, Access)> {
    let stat = &found.vnode.vip_vi.vi_stat;
    let is_named_file = stat.vst_mode & libc::S_IFMT == libc::S_IFREG && stat.vst_nlink > 0;
    let path = found.vnode.vip_path.as_flattened();
    is_named_file.then(|| vnode::file(found.file.flags, path)).flatten()
}

/// The port in an `int` that has it in network byte order.
fn port(local_port: c_int) -> u16 {
    let [first, second, ..] = local_port.to_ne_bytes();
    u16::from_be_bytes([first, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vnode(flags: u32, mode: u16, links: u16, path: &[u8]) -> VnodeInfo {
        // SAFETY: made of integers only.
        let mut info: VnodeInfo = unsafe { std::mem::zeroed() };
        info.file.flags = flags;
        info.vnode.vip_vi.vi_stat.vst_mode = mode;
        info.vnode.vip_vi.vi_stat.vst_nlink = links;
        for (to, from) in info.vnode.vip_path.as_flattened_mut().iter_mut().zip(path) {
            *to = from.cast_signed();
        }
        info
    }

    #[test]
    fn directories_devices_and_deleted_files_are_left_out() {
        for (mode, links) in [(libc::S_IFDIR, 2), (libc::S_IFCHR, 1), (libc::S_IFIFO, 1), (libc::S_IFREG, 0)] {
            assert!(file(&vnode(2, mode, links, b"/a")).is_none());
        }
        assert!(file(&vnode(2, libc::S_IFREG, 1, b"")).is_none());
        let long = file(&vnode(2, libc::S_IFREG, 1, &[b'/'; 1024])).unwrap();
        assert_eq!(long.0.as_os_str().len(), 1024);
    }

    #[test]
    fn ports_are_in_network_byte_order() {
        assert_eq!(port(c_int::from(8080_u16.to_be())), 8080);
    }
}
