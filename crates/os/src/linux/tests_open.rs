//! What fake processes hold open, with oddities that real ones rarely have.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::tests::{FakeProc, FakeProcess, NODE_PROCESS};
use super::*;

const ID: ProcId = ProcId { pid: 49, started: 500 };

/// A fake process, and a directory of files for it to hold open.
struct FakeHolder {
    proc: FakeProc,
    files: tempfile::TempDir,
}

impl FakeHolder {
    fn new() -> Self {
        let proc = FakeProc::new().with(&NODE_PROCESS);
        fs::create_dir_all(proc.root().join("49/fd")).unwrap();
        fs::create_dir_all(proc.root().join("49/fdinfo")).unwrap();
        Self { proc, files: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.files.path().join(name);
        fs::write(&path, "").unwrap();
        path
    }

    /// Gives the process a descriptor with these octal flags.
    fn hold(&self, number: usize, target: &Path, flags: &str) {
        self.proc.link(&format!("49/fd/{number}"), target.as_os_str().as_encoded_bytes());
        self.proc.write(&format!("49/fdinfo/{number}"), format!("pos:\t0\nflags:\t{flags}\nino:\t1\n").as_bytes());
    }

    fn open_files(&self) -> Reading<OpenFiles> {
        self.proc.os().open_files(ID)
    }
}

#[test]
fn only_regular_files_are_listed_whatever_the_flags_say() {
    let holder = FakeHolder::new();
    let (log, directory, fifo) = (holder.file("log"), holder.files.path().join("d"), holder.files.path().join("fifo"));
    fs::create_dir(&directory).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    holder.hold(3, &log, "0102001");
    // Opened without O_DIRECTORY, as Go does: only its attributes show that it is a directory.
    holder.hold(4, &directory, "0100000");
    holder.hold(5, &fifo, "02");
    holder.hold(6, Path::new("pipe:[1]"), "01");
    holder.hold(7, Path::new("/gone/away"), "01");
    assert_eq!(holder.open_files(), Ok(OpenFiles { writing: vec![log], ..OpenFiles::default() }));
}

#[test]
fn a_descriptor_that_is_closed_meanwhile_is_left_out() {
    let holder = FakeHolder::new();
    let kept = holder.file("kept");
    holder.hold(3, &holder.file("closed"), "0");
    fs::remove_file(holder.proc.root().join("49/fdinfo/3")).unwrap();
    holder.hold(4, &kept, "0");
    assert_eq!(holder.open_files(), Ok(OpenFiles { reading: vec![kept], ..OpenFiles::default() }));
}

#[test]
fn descriptors_beyond_the_limit_are_counted() {
    let holder = FakeHolder::new();
    let file = holder.file("log");
    for number in 0..4100 {
        holder.hold(number, &file, "0");
    }
    assert_eq!(holder.open_files(), Ok(OpenFiles { reading: vec![file], left_out: 4, ..OpenFiles::default() }));
}

#[test]
fn an_ended_process_holds_nothing_even_if_its_pid_is_reused() {
    let holder = FakeHolder::new();
    let mut os = holder.proc.os();
    for other in [ProcId { started: 499, ..ID }, ProcId { pid: 50, ..ID }] {
        assert_eq!(os.open_files(other), Err(Gap::NotReported));
        assert_eq!(os.sockets(&[other]), [Err(Gap::NotReported)]);
    }
    let zombie = FakeProc::new().with(&FakeProcess { state: 'Z', ..NODE_PROCESS });
    assert_eq!(zombie.os().open_files(ID), Err(Gap::NotReported));
}

#[test]
fn unreadable_descriptors_are_denied() {
    let holder = FakeHolder::new();
    fs::set_permissions(holder.proc.root().join("49/fd"), fs::Permissions::from_mode(0o000)).unwrap();
    // Nothing is hidden from root, so there is nothing to test as root.
    if !rustix::process::geteuid().is_root() {
        assert_eq!(holder.open_files(), Err(Gap::Denied));
        assert_eq!(holder.proc.os().sockets(&[ID]), [Err(Gap::Denied)]);
    }
}

/// Adds a process that holds one socket in a network namespace with this table.
fn connected(proc: &FakeProc, pid: u32, namespace: &str, inode: u64, table: &str) {
    proc.put(&FakeProcess { pid, ..NODE_PROCESS });
    for name in ["fd", "net", "ns"] {
        fs::create_dir_all(proc.root().join(format!("{pid}/{name}"))).unwrap();
    }
    proc.link(&format!("{pid}/fd/3"), format!("socket:[{inode}]").as_bytes());
    proc.link(&format!("{pid}/ns/net"), namespace.as_bytes());
    proc.write(&format!("{pid}/net/tcp"), table.as_bytes());
}

#[test]
fn each_namespace_has_its_own_table_and_gaps_keep_their_position() {
    let line = |state, inode| format!("0: 0100007F:1F90 0100007F:D431 {state} 0:0 0:0 0 0 0 {inode} 1\n");
    let proc = FakeProc::new();
    // The table of the second process is empty: it is in the namespace of the first, whose table is read.
    connected(&proc, 1, "net:[1]", 11, &[line("01", 11), line("0A", 12), line("01", 13)].concat());
    connected(&proc, 2, "net:[1]", 12, "");
    connected(&proc, 3, "net:[2]", 13, &line("0A", 13));
    let ids = [3, 9, 1, 2].map(|pid| ProcId { pid, started: 500 });
    let listening = Sockets { established: 0, listening: vec![8080] };
    let established = Sockets { established: 1, listening: vec![] };
    let expected = [Ok(listening.clone()), Err(Gap::NotReported), Ok(established), Ok(listening)];
    assert_eq!(proc.os().sockets(&ids), expected);
}

#[test]
fn a_process_without_sockets_needs_no_table() {
    let holder = FakeHolder::new();
    fs::create_dir_all(holder.proc.root().join("49/ns")).unwrap();
    holder.proc.link("49/ns/net", b"net:[1]");
    assert_eq!(holder.proc.os().sockets(&[ID]), [Ok(Sockets::default())]);
}

#[test]
fn pids_of_another_machine_are_not_signalled() {
    let mut os = FakeProc::new().with(&NODE_PROCESS).os();
    assert!(matches!(os.signal(ID, Signal::Kill), Err(OsError::NoSuchSignal(Signal::Kill))));
}
