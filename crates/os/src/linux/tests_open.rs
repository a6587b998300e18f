//! What made-up processes hold open: the oddities that a real one shows only now and then.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::tests::{PLAIN, Spec, Tree};
use super::*;

const ID: ProcId = ProcId { pid: 49, started: 500 };

/// A process in a tree, beside a folder of files for it to hold open.
struct Holder {
    tree: Tree,
    files: tempfile::TempDir,
}

impl Holder {
    fn new() -> Self {
        let tree = Tree::new().with(&PLAIN);
        fs::create_dir_all(tree.root().join("49/fd")).unwrap();
        fs::create_dir_all(tree.root().join("49/fdinfo")).unwrap();
        Self { tree, files: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.files.path().join(name);
        fs::write(&path, "").unwrap();
        path
    }

    /// Gives the process a descriptor, opened with these flags, in octal.
    fn hold(&self, number: usize, target: &Path, flags: &str) {
        self.tree.link(&format!("49/fd/{number}"), target.as_os_str().as_encoded_bytes());
        self.tree.write(&format!("49/fdinfo/{number}"), format!("pos:\t0\nflags:\t{flags}\nino:\t1\n").as_bytes());
    }

    fn open_files(&self) -> Reading<OpenFiles> {
        self.tree.os().open_files(ID)
    }
}

#[test]
fn what_is_no_regular_file_is_left_out_whatever_its_flags_say() {
    let holder = Holder::new();
    let (log, directory, fifo) = (holder.file("log"), holder.files.path().join("d"), holder.files.path().join("fifo"));
    fs::create_dir(&directory).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    holder.hold(3, &log, "0102001");
    // Opened without O_DIRECTORY, as Go does: only a look tells that it is one.
    holder.hold(4, &directory, "0100000");
    holder.hold(5, &fifo, "02");
    holder.hold(6, Path::new("pipe:[1]"), "01");
    holder.hold(7, Path::new("/gone/away"), "01");
    assert_eq!(holder.open_files(), Ok(OpenFiles { writing: vec![log], ..OpenFiles::default() }));
}

#[test]
fn a_descriptor_that_is_closed_meanwhile_is_left_out() {
    let holder = Holder::new();
    let kept = holder.file("kept");
    holder.hold(3, &holder.file("closed"), "0");
    fs::remove_file(holder.tree.root().join("49/fdinfo/3")).unwrap();
    holder.hold(4, &kept, "0");
    assert_eq!(holder.open_files(), Ok(OpenFiles { reading: vec![kept], ..OpenFiles::default() }));
}

#[test]
fn of_thousands_of_descriptors_the_first_are_looked_at() {
    let holder = Holder::new();
    let file = holder.file("log");
    for number in 0..4100 {
        holder.hold(number, &file, "0");
    }
    assert_eq!(holder.open_files(), Ok(OpenFiles { reading: vec![file], left_out: 4, ..OpenFiles::default() }));
}

#[test]
fn what_has_ended_holds_nothing_and_neither_does_its_successor_for_it() {
    let holder = Holder::new();
    let mut os = holder.tree.os();
    for other in [ProcId { started: 499, ..ID }, ProcId { pid: 50, ..ID }] {
        assert_eq!(os.open_files(other), Err(Gap::NotReported));
        assert_eq!(os.sockets(&[other]), [Err(Gap::NotReported)]);
    }
    let zombie = Tree::new().with(&Spec { state: 'Z', ..PLAIN });
    assert_eq!(zombie.os().open_files(ID), Err(Gap::NotReported));
}

#[test]
fn what_is_kept_from_us_is_denied() {
    let holder = Holder::new();
    fs::set_permissions(holder.tree.root().join("49/fd"), fs::Permissions::from_mode(0o000)).unwrap();
    // Nothing is hidden from root, so there is nothing to prove as root.
    if !rustix::process::geteuid().is_root() {
        assert_eq!(holder.open_files(), Err(Gap::Denied));
        assert_eq!(holder.tree.os().sockets(&[ID]), [Err(Gap::Denied)]);
    }
}

/// A process in a network namespace that holds one socket, and the one line of its namespace's table.
fn connected(tree: &Tree, pid: u32, namespace: &str, inode: u64, table: &str) {
    tree.put(&Spec { pid, ..PLAIN });
    for name in ["fd", "net", "ns"] {
        fs::create_dir_all(tree.root().join(format!("{pid}/{name}"))).unwrap();
    }
    tree.link(&format!("{pid}/fd/3"), format!("socket:[{inode}]").as_bytes());
    tree.link(&format!("{pid}/ns/net"), namespace.as_bytes());
    tree.write(&format!("{pid}/net/tcp"), table.as_bytes());
}

#[test]
fn each_namespace_has_a_table_of_its_own_and_a_gap_stays_where_it_is() {
    let line = |state, inode| format!("0: 0100007F:1F90 0100007F:D431 {state} 0:0 0:0 0 0 0 {inode} 1\n");
    let tree = Tree::new();
    // The table of the second process is that of its namespace, so it is not looked at again.
    connected(&tree, 1, "net:[1]", 11, &[line("01", 11), line("0A", 12), line("01", 13)].concat());
    connected(&tree, 2, "net:[1]", 12, "");
    connected(&tree, 3, "net:[2]", 13, &line("0A", 13));
    let ids = [3, 9, 1, 2].map(|pid| ProcId { pid, started: 500 });
    let listening = Sockets { established: 0, listening: vec![8080] };
    let established = Sockets { established: 1, listening: vec![] };
    let expected = [Ok(listening.clone()), Err(Gap::NotReported), Ok(established), Ok(listening)];
    assert_eq!(tree.os().sockets(&ids), expected);
}

#[test]
fn a_process_without_sockets_has_none_even_where_there_is_no_table() {
    let holder = Holder::new();
    fs::create_dir_all(holder.tree.root().join("49/ns")).unwrap();
    holder.tree.link("49/ns/net", b"net:[1]");
    assert_eq!(holder.tree.os().sockets(&[ID]), [Ok(Sockets::default())]);
}

#[test]
fn the_pids_of_another_machines_table_are_not_signalled() {
    let mut os = Tree::new().with(&PLAIN).os();
    assert!(matches!(os.signal(ID, Signal::Kill), Err(OsError::NoSuchSignal(Signal::Kill))));
}
