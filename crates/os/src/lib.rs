//! What agtop asks of the operating system: the process table, the machine, files, sockets and signals.
//!
//! Only this crate depends on the platform, and only this crate contains unsafe code. Each platform has a file of its own
//! behind one trait, [`Os`]. A platform without one gets [`UnknownOs`], which reports that nothing is supported. [`FakeOs`]
//! is an implementation for the tests of other crates.
//!
//! The crate returns raw values. Others derive rates from two readings. What the system does not report is a
//! [`Gap`](agtop_model::Gap), never a zero.

mod ancestry;
mod caps;
mod child_group;
mod error;
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
mod native;
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows))]
mod open_files;
// On Linux for its tests only.
#[cfg(any(target_os = "macos", target_os = "freebsd", windows, all(test, target_os = "linux")))]
mod portable;
mod processors;
mod self_stats;
mod shell;
mod signal;
mod system;
mod termination;
#[cfg(feature = "testing")]
mod testing;
mod this_machine;
mod trusted_dir;
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd"))]
mod unix_signal;
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
pub use error::OsError;
pub use fake::{FakeOs, FakeProcess};
pub use files::{
    DirectoryStamp, FileIdentity, FileKind, Walk, WalkEntry, WalkVisitor, append_to_private, append_to_user_file,
    copy_permissions, create_private_dir, create_private_dir_all, create_private_file, identity, is_file_at,
    open_private, open_regular, open_user_file, path_from_bytes, path_to_bytes, read_user_file, read_user_text,
    remove_foreign_entries, replace_user_file, restrict_dir_to_owner, restrict_file_to_owner, sync_dir,
};
#[cfg(target_os = "freebsd")]
pub use freebsd::FreeBsdOs;
#[cfg(target_os = "linux")]
pub use linux::LinuxOs;
#[cfg(target_os = "macos")]
pub use macos::MacOs;
pub use memory::{release_freed_memory, return_large_blocks_at_once};
pub use native::native;
pub use self_stats::{self_cpu_time, self_resident_bytes};
pub use shell::shell_command;
pub use signal::Signal;
pub use system::Os;
pub use termination::{CaughtSignal, SignalSet, caught_signals, stop_self, wait_for_closed_stdout};
#[cfg(feature = "testing")]
pub use testing::{PROCESS_ROOT_VAR, is_alive};
pub use trusted_dir::{DirFault, DirStatus, UnsafeDir, check_dir_path, check_private_dir};
pub use unknown::UnknownOs;
#[cfg(unix)]
pub use user::effective_uid;
#[cfg(windows)]
pub use windows::WindowsOs;
