//! Times how soon the screen shows something: the first data, a record that an agent wrote, and the effect of a key.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::agents::FakeAgents;
use super::context::{BenchContext, corpus_home, print_line};
use super::measure::{percentile, warm_page_cache};
use super::peers::Peers;
use super::screen_rows::TEN_AGENTS;
use super::table::{BenchRow, Limit, Series, Unit, heading};
use super::terminal::Terminal;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A home, or what `cargo xtask corpus` wrote; agents are added to it and taken away again
    home: PathBuf,
    /// The program to measure
    #[arg(long, value_name = "PATH", default_value = "target/release/agtop")]
    agtop: PathBuf,
    /// Seconds from the start until records and keys are timed
    #[arg(long, default_value_t = 15)]
    settle: u64,
}

/// How often the screen is started.
const STARTS: u32 = 10;
/// How often what takes no time is measured.
const TRIES: u32 = 60;

pub(super) fn run(args: &Args) -> Result<()> {
    let context = BenchContext::new(&args.agtop, Peers::default())?;
    let home = corpus_home(&args.home)?;
    warm_page_cache(&home)?;
    let data = context.scratch()?;
    print_line(heading())?;
    let mut agents = FakeAgents::open(&home, TEN_AGENTS, &context.reaper)?;
    let line = [context.agtop.to_string_lossy().into_owned()];
    let start = || Terminal::start(&context, &line, &home, data.path());
    show("screen: first data", &first_data(start)?, &[(50, 60.0)])?;
    let mut monitor = start()?;
    std::thread::sleep(Duration::from_secs(args.settle));
    show("screen: record to screen", &record_to_screen(&mut monitor, &mut agents)?, &[(50, 100.0), (95, 250.0)])?;
    show("screen: key to frame", &key_to_frame(&mut monitor)?, &[(50, 16.0)])
}

/// Shows these percentiles of the times, each with its bar in milliseconds.
fn show(work: &str, times: &[Duration], bars: &[(usize, f64)]) -> Result<()> {
    bars.iter().try_for_each(|&(percent, bar)| {
        let figure = percentile(percent, times.iter().map(|time| time.as_secs_f64() * 1e3));
        let name = format!("{work}, {percent}th percentile");
        print_line(BenchRow::new(name, Unit::Millis, Series::new([figure])).bar(Limit::Value(bar)))
    })
}

/// agtop knows nothing of the home at first, and then all.
fn first_data(start: impl Fn() -> Result<Terminal>) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let mut monitor = start()?;
        times.push(monitor.wait_for(FakeAgents::PROJECT)?.saturating_duration_since(monitor.started));
        std::thread::sleep(Duration::from_secs(2));
        monitor.quit()?;
    }
    Ok(times)
}

fn key_to_frame(monitor: &mut Terminal) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..TRIES {
        std::thread::sleep(Duration::from_millis(41));
        monitor.catch_up();
        let pressed = Instant::now();
        monitor.press("j")?;
        times.push(monitor.wait_for_frame()?.saturating_duration_since(pressed));
    }
    Ok(times)
}

fn record_to_screen(monitor: &mut Terminal, agents: &mut FakeAgents) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    for at in 0..TRIES {
        let agent = usize::try_from(at)? % TEN_AGENTS.agents;
        if !agents.calls_next(agent) {
            agents.append(agent, "")?;
        }
        // Not in step with any interval of agtop.
        std::thread::sleep(Duration::from_millis(700 + u64::from(at * 37 % 400)));
        monitor.catch_up();
        let target = format!("record-{at:03}.rs");
        agents.append(agent, &target)?;
        let appended = Instant::now();
        times.push(monitor.wait_for(&target)?.saturating_duration_since(appended));
    }
    Ok(times)
}
