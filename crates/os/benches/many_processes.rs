//! The cost of a tick on a machine with thousands of processes that are not agents: the median of the processor time of
//! this process.
//!
//! `cargo bench -p agtop-os --bench many_processes -- 5000` starts this many processes that sleep, and ends them again.
//! Without a number it starts 500.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use agtop_model::ProcId;
use agtop_os::{Os, self_cpu_time};

/// How many ticks are measured.
const MEASURED_TICKS: usize = 100;
/// The time between two ticks, so that caches become cold as they do in practice.
const TICK_INTERVAL: Duration = Duration::from_millis(50);

/// Processes that sleep until this is dropped.
struct SleepingProcesses(Vec<Child>);

impl SleepingProcesses {
    fn of(count: usize) -> Self {
        let start = || Command::new("sleep").arg("3600").stdin(Stdio::null()).spawn().ok();
        Self(std::iter::repeat_with(start).take(count).flatten().collect())
    }
}

impl Drop for SleepingProcesses {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
        }
        for child in &mut self.0 {
            let _ = child.wait();
        }
    }
}

fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(500);
    let sleepers = SleepingProcesses::of(count);
    // Then none of them is young any more.
    std::thread::sleep(Duration::from_secs(11));
    let mut os = agtop_os::native();
    let (first, rows) = cost_of(&mut *os);
    let watched = watched(&mut *os);
    os.watch(&watched);
    println!("{rows} processes, {} of them started here", sleepers.0.len());
    println!("{:<14} {first:>9.2?}", "first pass");
    print("tick", || drop(os.processes()));
    print("listing alone", list);
    print("every stat", || list_of_pids().for_each(|pid| drop(std::fs::read(format!("/proc/{pid}/stat")))));
}

/// Measures a tick several times and prints the median.
fn print(name: &str, mut tick: impl FnMut()) {
    let mut costs: Vec<Duration> = std::iter::repeat_with(|| {
        std::thread::sleep(TICK_INTERVAL);
        let before = self_cpu_time();
        tick();
        self_cpu_time().saturating_sub(before)
    })
    .take(MEASURED_TICKS)
    .collect();
    costs.sort_unstable();
    let [least, median, most] =
        [0, MEASURED_TICKS / 2, MEASURED_TICKS - 1].map(|place| costs.get(place).copied().unwrap_or_default());
    println!("{name:<14} {median:>9.2?} (from {least:.2?} to {most:.2?})");
}

fn list() {
    let _ = std::hint::black_box(list_of_pids().count());
}

/// The pids that the system lists.
fn list_of_pids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// As many processes as ten agents and their descendants may have.
fn watched(os: &mut dyn Os) -> Vec<ProcId> {
    os.processes().unwrap_or_default().iter().map(|process| process.id).take(50).collect()
}

/// The processor time of one pass, and how many processes it finds.
fn cost_of(os: &mut dyn Os) -> (Duration, usize) {
    let before = self_cpu_time();
    let rows = os.processes().map_or(0, |table| table.len());
    (self_cpu_time().saturating_sub(before), rows)
}
