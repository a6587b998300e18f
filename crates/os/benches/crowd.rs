//! What a tick costs on a machine with thousands of processes that are nobody's agents: processor time of this
//! process, in the median.
//!
//! `cargo bench -p agtop-os --bench crowd -- 5000` starts so many real processes that sleep, and ends them again.
//! Without a number it starts 500.

#![expect(clippy::print_stdout, reason = "a benchmark tells what it measured")]

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use agtop_model::ProcId;
use agtop_os::Os;
use rustix::time::{ClockId, clock_gettime};

/// How many ticks the median is taken of.
const TICKS: usize = 100;
/// Between two ticks, so that caches cool down as they do in life.
const PAUSE: Duration = Duration::from_millis(50);

/// Processes that sleep until this is dropped.
struct Crowd(Vec<Child>);

impl Crowd {
    fn of(count: usize) -> Self {
        let start = || Command::new("sleep").arg("3600").stdin(Stdio::null()).spawn().ok();
        Self(std::iter::repeat_with(start).take(count).flatten().collect())
    }
}

impl Drop for Crowd {
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
    let crowd = Crowd::of(count);
    // By then none of them counts as young any more.
    std::thread::sleep(Duration::from_secs(11));
    let mut os = agtop_os::native();
    let (first, rows) = cost_of(&mut *os);
    let watched = watched(&mut *os);
    os.watch(&watched);
    println!("{rows} processes, {} of them started here", crowd.0.len());
    println!("{:<14} {first:>9.2?}", "first pass");
    print("tick", || drop(os.processes()));
    print("listing alone", list);
    print("every stat", || list_of_pids().for_each(|pid| drop(std::fs::read(format!("/proc/{pid}/stat")))));
}

/// Measures what is done in a tick again and again.
fn print(name: &str, mut tick: impl FnMut()) {
    let mut costs: Vec<Duration> = std::iter::repeat_with(|| {
        std::thread::sleep(PAUSE);
        let before = processor_time();
        tick();
        processor_time().saturating_sub(before)
    })
    .take(TICKS)
    .collect();
    costs.sort_unstable();
    let [least, median, most] = [0, TICKS / 2, TICKS - 1].map(|place| costs.get(place).copied().unwrap_or_default());
    println!("{name:<14} {median:>9.2?} (from {least:.2?} to {most:.2?})");
}

fn list() {
    let _ = std::hint::black_box(list_of_pids().count());
}

/// The process table as the system lists it.
fn list_of_pids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// As many as ten agents and their families might be.
fn watched(os: &mut dyn Os) -> Vec<ProcId> {
    os.processes().unwrap_or_default().iter().map(|process| process.id).take(50).collect()
}

/// The processor time one pass takes, and how many processes it finds.
fn cost_of(os: &mut dyn Os) -> (Duration, usize) {
    let before = processor_time();
    let rows = os.processes().map_or(0, |table| table.len());
    (processor_time().saturating_sub(before), rows)
}

fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}
