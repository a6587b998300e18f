//! The operating system: the process table, the machine, and files opened with care.
//!
//! The only crate that asks which platform it is on. Each platform has a file of its own behind one trait, [`Os`], and
//! every platform without one has a twin that knows nothing, so that the rest of agtop never asks. [`FakeOs`] is one
//! more implementation, for the tests of other crates.
//!
//! Facts are handed out raw and with their gaps: rates are derived from two readings elsewhere, and what the system
//! keeps from us is a [`Gap`](agtop_model::Gap), never a zero.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{HostMetrics, OpenFiles, ProcId, Process, Reading, Sockets};
use thiserror::Error;

mod ancestry;
#[cfg(windows)]
mod call_off;
mod caps;
mod fake;
mod files;
#[cfg(target_os = "freebsd")]
mod freebsd;
// On Linux for its tests alone, as others below: bytes are bytes everywhere.
#[cfg(any(windows, all(test, target_os = "linux")))]
mod handle_table;
#[cfg(any(target_os = "freebsd", all(test, target_os = "linux")))]
mod kinfo;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
mod memory;
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows))]
mod open;
// On Linux for its tests alone: what it makes of `sysinfo` can be tried there, too.
#[cfg(unix)]
mod peer;
#[cfg(any(target_os = "macos", target_os = "freebsd", windows, all(test, target_os = "linux")))]
mod portable;
mod shell;
mod shelter;
mod signal;
#[cfg(feature = "testing")]
mod testing;
mod unknown;
#[cfg(any(target_os = "macos", all(test, target_os = "linux")))]
mod vnode;
#[cfg(any(windows, all(test, target_os = "linux")))]
mod wide;
#[cfg(windows)]
mod windows;

pub use ancestry::{ancestors, ancestors_of};
#[cfg(windows)]
pub use call_off::call_off;
pub use caps::{Caps, Support};
pub use fake::{FakeOs, FakeProcess};
pub use files::{
    FileIdentity, FileKind, Sight, Walk, append_to_own, identity, open_own, open_regular, read_own, read_own_text,
    replace_own,
};
#[cfg(target_os = "freebsd")]
pub use freebsd::FreeBsdOs;
#[cfg(target_os = "linux")]
pub use linux::LinuxOs;
#[cfg(target_os = "macos")]
pub use macos::MacOs;
pub use memory::give_back_memory;
#[cfg(unix)]
pub use peer::{Peer, own_uid, peer};
pub use shell::shell;
pub use shelter::{Exposed, Fault, Presence, own_directory, shelter};
pub use signal::Signal;
#[cfg(feature = "testing")]
pub use testing::{WITHIN, is_alive};
pub use unknown::UnknownOs;
#[cfg(windows)]
pub use windows::WindowsOs;

/// What agtop asks of an operating system.
pub trait Os: Send {
    /// What this platform gives, and of whose processes.
    fn caps(&self) -> Caps;

    /// The smallest step in which the processor time of processes rises.
    fn cpu_step(&self) -> Duration {
        Duration::from_nanos(1)
    }

    /// One pass over the process table: every process that can be seen, in the order of their ids.
    ///
    /// Calling it at a steady beat is cheap: a process that did not change is the same [`Arc`] as before. A process
    /// that ends during the pass is left out.
    ///
    /// # Errors
    /// Only if there is no table to be had at all; a single process that cannot be read is left out.
    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError>;

    /// Says which processes matter: agents, their ancestors and their descendants. In every pass to come these are read
    /// as they are; how others fare may be as old as some passes, where reading all would cost too much. Who comes and
    /// goes is told at once in any case. As long as nothing was said, all matter.
    fn watch(&mut self, _ids: &[ProcId]) {}

    /// The regular files a process holds open. It costs some system calls per descriptor: ask for agents only.
    ///
    /// # Errors
    /// [`Gap::Denied`](agtop_model::Gap::Denied) if the process is another user's or has shut itself off, and
    /// [`Gap::NotReported`](agtop_model::Gap::NotReported) if it has ended.
    fn open_files(&mut self, id: ProcId) -> Reading<OpenFiles>;

    /// The TCP connections of these processes, in the order of `ids`, each with its own gap.
    ///
    /// The tables of connections belong to the machine (on Linux, to a network namespace) and are read once for all.
    /// That alone may take milliseconds, however few connections there are: ask on a slow beat, and for all at once.
    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>>;

    /// Sends a signal to this very process: never to another that got its pid.
    ///
    /// # Errors
    /// If it has ended, if it is not ours to signal, or if the platform has no such signal.
    fn signal(&mut self, id: ProcId, signal: Signal) -> Result<(), OsError>;

    /// The machine as a whole. Processor use is that since the previous call.
    fn system(&mut self) -> HostMetrics;
}

/// What the operating system did not do.
#[derive(Debug, Error)]
pub enum OsError {
    /// agtop cannot read processes on this platform.
    #[error("processes cannot be read on this platform")]
    Unsupported,
    /// The table is there and cannot be read.
    #[error("cannot read the process table in {}", path.display())]
    Table {
        /// Where the table was looked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The process has ended, whoever has its pid now.
    #[error("the process has ended")]
    Ended,
    /// The process is not ours to signal.
    #[error("no permission to {0} the process")]
    Denied(Signal),
    /// There is no such signal on this platform.
    #[error("this platform has no way to {0} a process")]
    NoSuchSignal(Signal),
    /// A signal could not be sent.
    #[error("cannot {signal} the process")]
    Signal {
        /// What was to be sent.
        signal: Signal,
        /// What the system said.
        source: io::Error,
    },
}

/// The platform agtop runs on.
#[cfg(not(feature = "testing"))]
pub fn native() -> Box<dyn Os> {
    this_machine()
}

/// The platform agtop runs on, or the part of it that a test made.
#[cfg(feature = "testing")]
pub fn native() -> Box<dyn Os> {
    testing::restricted(this_machine())
}

fn this_machine() -> Box<dyn Os> {
    #[cfg(target_os = "linux")]
    return Box::new(LinuxOs::new());
    #[cfg(target_os = "macos")]
    return Box::new(MacOs::new());
    #[cfg(target_os = "freebsd")]
    return Box::new(FreeBsdOs::new());
    #[cfg(windows)]
    return Box::new(WindowsOs::new());
    #[cfg(not(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows)))]
    return Box::new(UnknownOs);
}

/// Processors that this process may use: the nearest the standard library has to a count of them. At least 1.
fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}
