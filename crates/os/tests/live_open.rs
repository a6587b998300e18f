//! This machine: files and connections of this process, on every platform.
#![cfg(any(target_os = "linux", target_os = "macos", target_os = "freebsd", windows))]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail their test by panicking, too")]

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use agtop_model::{Gap, ProcId};
use agtop_os::{Os, OsError, Signal};

fn id_of(os: &mut dyn Os, pid: u32) -> ProcId {
    os.processes().unwrap().iter().find(|process| process.id.pid == pid).unwrap().id
}

fn me(os: &mut dyn Os) -> ProcId {
    id_of(os, std::process::id())
}

/// Compares canonical paths: without links and, on Windows, without short names.
fn has(list: &[PathBuf], path: &Path) -> bool {
    let path = path.canonicalize().unwrap();
    list.iter().any(|open| open.canonicalize().is_ok_and(|open| open == path))
}

#[test]
fn files_are_listed_by_what_they_were_opened_for() {
    let mut os = agtop_os::native();
    let me = me(&mut *os);
    let directory = tempfile::tempdir().unwrap();
    let [written, appended, updated, read] = ["w", "ä b", "u", "r"].map(|name| {
        let path = directory.path().join(name);
        std::fs::write(&path, "x").unwrap();
        path
    });
    let open = (
        File::create(&written).unwrap(),
        OpenOptions::new().append(true).open(&appended).unwrap(),
        OpenOptions::new().read(true).write(true).open(&updated).unwrap(),
        File::open(&read).unwrap(),
    );
    let files = os.open_files(me).unwrap();
    for path in [&written, &appended, &updated] {
        assert!(has(&files.writing, path) && !has(&files.reading, path), "{path:?} in {files:?}");
    }
    assert!(has(&files.reading, &read) && !has(&files.writing, &read), "{files:?}");
    drop(open);
    let files = os.open_files(me).unwrap();
    assert!(!has(&files.writing, &written) && !has(&files.reading, &read), "{files:?}");
}

#[cfg(unix)]
#[test]
fn only_regular_files_that_have_a_name_are_listed() {
    let mut os = agtop_os::native();
    let me = me(&mut *os);
    let directory = tempfile::tempdir().unwrap();
    let deleted = directory.path().join("deleted");
    let _open = (
        std::io::pipe().unwrap(),
        std::os::unix::net::UnixStream::pair().unwrap(),
        File::create(&deleted).unwrap(),
        File::open("/dev/null").unwrap(),
        OpenOptions::new().write(true).open("/dev/null").unwrap(),
        File::open(directory.path()).unwrap(),
    );
    std::fs::remove_file(&deleted).unwrap();
    let files = os.open_files(me).unwrap();
    for path in files.writing.iter().chain(&files.reading) {
        // The other tests delete their files when they end.
        assert!(path.metadata().map_or(true, |found| found.is_file()), "{path:?}");
        assert!(path.is_absolute() && !path.to_string_lossy().contains("deleted"), "{path:?}");
    }
}

#[test]
fn an_ended_process_holds_nothing_and_gets_no_signal() {
    let mut os = agtop_os::native();
    let me = me(&mut *os);
    let ended = ProcId { started: me.started - 1, ..me };
    assert_eq!(os.open_files(ended), Err(Gap::NotReported));
    assert_eq!(os.sockets(&[ended]), [Err(Gap::NotReported)]);
    // If this were sent, it would kill the test.
    assert!(matches!(os.signal(ended, Signal::Kill), Err(OsError::Ended)));
    for pid in [0, u32::MAX, i32::MAX as u32] {
        assert!(matches!(os.signal(ProcId { pid, started: 0 }, Signal::Kill), Err(OsError::Ended)));
    }
}

/// A connection within this process: the listener and both ends.
fn loopback() -> (TcpListener, TcpStream, TcpStream) {
    let listener = TcpListener::bind("[::1]:0").or_else(|_| TcpListener::bind("127.0.0.1:0")).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    (listener, client, server)
}

/// Run by the child of the test below: it holds a connection until its input ends.
#[test]
#[ignore = "not a test of its own"]
fn a_child_with_a_connection() {
    let (listener, _client, _server) = loopback();
    println!("port {}", listener.local_addr().unwrap().port());
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn child_with_a_connection() -> (Child, u16) {
    let args = ["--exact", "--ignored", "--nocapture", "a_child_with_a_connection"];
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let lines = output.by_ref().lines();
    let port = lines.map_while(Result::ok).find_map(|line| line.split("port ").nth(1)?.trim().parse().ok()).unwrap();
    // It stays open, so that the child can print the result of its test.
    child.stdout = Some(output.into_inner());
    (child, port)
}

#[test]
fn connections_are_counted_for_the_process_that_holds_them() {
    let mut os = agtop_os::native();
    let me = me(&mut *os);
    assert_eq!(os.sockets(&[me]), [Ok(agtop_model::Sockets::default())]);
    let (listener, client, server) = loopback();
    let second = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut child, port) = child_with_a_connection();
    let child_id = id_of(&mut *os, child.id());

    let mut ports = [&listener, &second].map(|listener| listener.local_addr().unwrap().port());
    ports.sort_unstable();
    let [mine, its] = <[_; 2]>::try_from(os.sockets(&[me, child_id])).unwrap().map(Result::unwrap);
    assert_eq!((mine.established, mine.listening), (2, ports.to_vec()));
    assert_eq!((its.established, its.listening), (2, vec![port]));

    drop((listener, client, server, second));
    assert_eq!(os.sockets(&[me]).remove(0).unwrap().listening, Vec::<u16>::new());
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    child.wait().unwrap();
}

#[test]
fn a_signal_ends_the_process() {
    let mut os = agtop_os::native();
    let (mut child, _) = child_with_a_connection();
    let id = id_of(&mut *os, child.id());
    os.signal(id, Signal::Kill).unwrap();
    assert!(!child.wait().unwrap().success());
    assert!(matches!(os.signal(id, Signal::Kill), Err(OsError::Ended)));
}

#[cfg(unix)]
#[test]
fn a_process_stops_and_continues() {
    let mut os = agtop_os::native();
    let (mut child, _) = child_with_a_connection();
    let id = id_of(&mut *os, child.id());
    let mut state_after = |signal| {
        os.signal(id, signal).unwrap();
        // The child may still run for a moment.
        let states = std::iter::repeat_with(|| os.processes().unwrap());
        let mut states = states.take(1000).map(|table| table.iter().find(|process| process.id == id).unwrap().state);
        states.find(|state| (state.letter() == 'T') == (signal == Signal::Stop))
    };
    assert!(state_after(Signal::Stop).is_some());
    assert!(state_after(Signal::Continue).is_some());
    os.signal(id, Signal::Terminate).unwrap();
    assert!(!child.wait().unwrap().success());
}
