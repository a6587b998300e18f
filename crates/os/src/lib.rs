//! What agtop asks of the operating system: the process table, the machine, files, sockets and signals.
//!
//! Only this crate depends on the platform, and only this crate contains unsafe code. Each platform has a file of its own
//! behind one trait, [`Os`]. A platform without one gets [`UnknownOs`], which reports that nothing is supported. [`FakeOs`]
//! is an implementation for the tests of other crates.
//!
//! The crate returns raw values. Others derive rates from two readings. What the system does not report is a
//! [`Gap`](agtop_model::Gap), never a zero.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{HostMetrics, OpenFiles, ProcId, Process, Reading, Sockets};
use thiserror::Error;

mod ancestry;
mod caps;
mod child_group;
mod fake;
mod files;
#[cfg(target_os = "freebsd")]
mod freebsd;
// On Linux for its tests only: parsing bytes needs no other platform.
#[cfg(any(windows, all(test, target_os = "linux")))]
mod handle_table;
#[cfg(any(target_os = "freebsd", all(test, target_os = "linux")))]
mod kinfo;
#[cfg(target_os = "linux")]
mod linux;
pub mod local_socket;
#[cfg(target_os = "macos")]
mod macos;
mod memory;
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows))]
mod open_files;
// On Linux for its tests only.
#[cfg(any(target_os = "macos", target_os = "freebsd", windows, all(test, target_os = "linux")))]
mod portable;
mod self_stats;
mod shell;
mod signal;
mod termination;
#[cfg(feature = "testing")]
mod testing;
mod trusted_dir;
mod unknown;
#[cfg(unix)]
mod user;
#[cfg(any(target_os = "macos", all(test, target_os = "linux")))]
mod vnode;
#[cfg(any(windows, all(test, target_os = "linux")))]
mod wide;
#[cfg(windows)]
mod windows;

pub use ancestry::{ancestors, ancestors_of};
pub use caps::{Caps, Support};
pub use child_group::{kill_group, start_in_own_group};
pub use fake::{FakeOs, FakeProcess};
pub use files::{
    FileIdentity, FileKind, Walk, WalkEntry, append_to_private, append_to_user_file, copy_permissions,
    create_private_dir, create_private_dir_all, create_private_file, identity, is_file_at, open_private, open_regular,
    open_user_file, path_from_bytes, path_to_bytes, read_user_file, read_user_text, remove_foreign_entries,
    replace_user_file, restrict_dir_to_owner, restrict_file_to_owner, sync_dir,
};
#[cfg(target_os = "freebsd")]
pub use freebsd::FreeBsdOs;
#[cfg(target_os = "linux")]
pub use linux::LinuxOs;
#[cfg(target_os = "macos")]
pub use macos::MacOs;
pub use memory::release_freed_memory;
pub use self_stats::{self_cpu_time, self_resident_bytes};
pub use shell::shell_command;
pub use signal::Signal;
pub use termination::{CaughtSignal, SignalSet, caught_signals, stop_self, wait_for_closed_stdout};
#[cfg(feature = "testing")]
pub use testing::{PROCESS_ROOT_VAR, is_alive};
pub use trusted_dir::{DirFault, DirStatus, UnsafeDir, check_dir_path, check_private_dir};
pub use unknown::UnknownOs;
#[cfg(unix)]
pub use user::effective_uid;
#[cfg(windows)]
pub use windows::WindowsOs;

/// What agtop asks of an operating system.
pub trait Os: Send {
    /// What this platform supports, and for whose processes.
    fn caps(&self) -> Caps;

    /// The smallest step by which the processor time of a process increases.
    fn cpu_step(&self) -> Duration {
        Duration::from_nanos(1)
    }

    /// One pass over the process table: every process that is visible to this user, in the order of their ids.
    ///
    /// Repeated calls are cheap: a process that did not change is the same [`Arc`] as before. A process that ends during the
    /// pass is left out.
    ///
    /// # Errors
    /// If there is no table at all. A single process that cannot be read is left out.
    fn processes(&mut self) -> Result<Vec<Arc<Process>>, OsError>;

    /// Sets the processes that matter: agents, their ancestors and their descendants. Every later pass reads these. The
    /// values of others may be some passes old where reading all would cost too much. Processes that start or end show in
    /// the next pass in any case. Until this is called, all processes matter.
    fn watch(&mut self, _ids: &[ProcId]) {}

    /// The regular files that a process holds open. It costs some system calls per descriptor: call it for agents only.
    ///
    /// # Errors
    /// [`Gap::Denied`](agtop_model::Gap::Denied) if the process is another user's or refuses to be inspected, and
    /// [`Gap::NotReported`](agtop_model::Gap::NotReported) if it has ended.
    fn open_files(&mut self, id: ProcId) -> Reading<OpenFiles>;

    /// The TCP connections of these processes, in the order of `ids`, each with its own gap.
    ///
    /// The tables of connections belong to the machine (on Linux, to a network namespace). A call reads them once for all
    /// processes, which may take milliseconds even if there are few connections: call it seldom, and for all at once.
    fn sockets(&mut self, ids: &[ProcId]) -> Vec<Reading<Sockets>>;

    /// Sends a signal to this process, never to another that has reused its pid.
    ///
    /// # Errors
    /// If it has ended, if this user may not signal it, or if the platform has no such signal.
    fn signal(&mut self, id: ProcId, signal: Signal) -> Result<(), OsError>;

    /// The machine as a whole. Processor use is measured since the previous call.
    fn system(&mut self) -> HostMetrics;
}

/// Why the operating system did not do what was asked.
#[derive(Debug, Error)]
pub enum OsError {
    /// agtop cannot read processes on this platform.
    #[error("processes cannot be read on this platform")]
    Unsupported,
    /// The table exists and cannot be read.
    #[error("cannot read the process table in {}", path.display())]
    Table {
        /// Where the table is.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The process has ended, even if another has its pid now.
    #[error("the process has ended")]
    Ended,
    /// This user may not signal the process.
    #[error("no permission to {0} the process")]
    Denied(Signal),
    /// This platform has no such signal.
    #[error("this platform has no way to {0} a process")]
    NoSuchSignal(Signal),
    /// A signal could not be sent.
    #[error("cannot {signal} the process")]
    Signal {
        /// The signal.
        signal: Signal,
        /// The system's error.
        source: io::Error,
    },
}

/// The platform agtop runs on.
#[cfg(not(feature = "testing"))]
pub fn native() -> Box<dyn Os> {
    this_machine()
}

/// The platform agtop runs on, or the part of it that a test has set up.
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

/// The number of processors that this process may use, at least 1. The standard library has no closer count.
fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}
