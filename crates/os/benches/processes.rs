//! What one pass over this machine's process table costs.

use agtop_os::Os;

fn main() {
    divan::main();
}

/// The first pass, which reads everything.
#[divan::bench]
fn first_pass(bencher: divan::Bencher<'_, '_>) {
    bencher.with_inputs(agtop_os::native).bench_values(|mut os| os.processes().map(|table| table.len()));
}

/// A pass of the same process table again, within the first ten seconds, while every process counts as young.
#[divan::bench]
fn pass_over_young_processes(bencher: divan::Bencher<'_, '_>) {
    let mut os = agtop_os::native();
    bencher.bench_local(|| os.processes().map(|table| table.len()));
}

/// The pass of every further tick.
#[divan::bench]
fn settled_pass(bencher: divan::Bencher<'_, '_>) {
    let mut os = settled();
    bencher.bench_local(|| os.processes().map(|table| table.len()));
}

/// Processors, memory and load of the machine.
#[divan::bench]
fn machine(bencher: divan::Bencher<'_, '_>) {
    let mut os = agtop_os::native();
    bencher.bench_local(|| os.system());
}

/// A table whose processes are known long enough not to count as young.
fn settled() -> Box<dyn Os> {
    let mut os = agtop_os::native();
    let _ = os.processes();
    std::thread::sleep(std::time::Duration::from_secs(11));
    os
}
