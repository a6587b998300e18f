//! The cost of one pass over this machine's process table.

use agtop_os::Os;

fn main() {
    divan::main();
}

/// The first pass, which reads everything.
#[divan::bench]
fn first_pass(bencher: divan::Bencher<'_, '_>) {
    bencher.with_inputs(agtop_os::native).bench_values(|mut os| os.processes().map(|table| table.len()));
}

/// Another pass within the first ten seconds, while every process is young.
#[divan::bench]
fn pass_over_young_processes(bencher: divan::Bencher<'_, '_>) {
    let mut os = agtop_os::native();
    bencher.bench_local(|| os.processes().map(|table| table.len()));
}

/// The pass of every further tick.
#[divan::bench]
fn pass_over_old_processes(bencher: divan::Bencher<'_, '_>) {
    let mut os = with_old_processes();
    bencher.bench_local(|| os.processes().map(|table| table.len()));
}

/// Processors, memory and load of the machine.
#[divan::bench]
fn machine(bencher: divan::Bencher<'_, '_>) {
    let mut os = agtop_os::native();
    bencher.bench_local(|| os.system());
}

/// The open files of this process, which holds `more` of them.
#[divan::bench(args = [0, 20, 1000])]
fn open_files(bencher: divan::Bencher<'_, '_>, more: usize) {
    let mut os = agtop_os::native();
    let me = me(&mut *os);
    let _held: Vec<_> = (0..more).map(|_| std::fs::File::open("Cargo.toml")).collect();
    bencher.bench_local(|| me.map(|me| os.open_files(me)));
}

/// The connections of this process, requested ten times at once.
#[divan::bench]
fn sockets_of_ten(bencher: divan::Bencher<'_, '_>) {
    let mut os = agtop_os::native();
    let _listener = std::net::TcpListener::bind("127.0.0.1:0");
    let me = me(&mut *os);
    bencher.bench_local(|| me.map(|me| os.sockets(&[me; 10])));
}

fn me(os: &mut dyn Os) -> Option<agtop_model::ProcId> {
    let table = os.processes().ok()?;
    table.iter().map(|process| process.id).find(|id| id.pid == std::process::id())
}

/// A table whose processes are no longer young.
fn with_old_processes() -> Box<dyn Os> {
    let mut os = agtop_os::native();
    let _ = os.processes();
    std::thread::sleep(std::time::Duration::from_secs(11));
    os
}
