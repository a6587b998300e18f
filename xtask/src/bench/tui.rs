//! Watches the screen, and peers, at work: what they use, and how soon they show what happened.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::agents::{FakeAgents, ProcessCounts};
use super::measure::{Bar, warm_page_cache};
use super::terminal::Terminal;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A home, such as `cargo xtask corpus` writes; agents are added to it and taken away again
    home: PathBuf,
    /// The program to watch
    #[arg(long, default_value = "target/release/agtop")]
    agtop: PathBuf,
    /// Seconds each is watched
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seconds until each is watched
    #[arg(long, default_value_t = 15)]
    settle: u64,
    /// A monitor to compare with, such as "top -d 2"; may be given again
    #[arg(long = "peer", value_name = "COMMAND")]
    peers: Vec<String>,
    /// Only work whose name holds this
    #[arg(long, default_value = "")]
    only: String,
}

/// What there is to watch.
struct Work {
    name: &'static str,
    counts: ProcessCounts,
    /// Records a second, in all.
    pace: u32,
    /// Percent of a processor that agtop may use.
    most: f64,
}

const TEN: ProcessCounts = ProcessCounts { agents: 10, children: 2, plain: 200, records: 100 };

static WORKS: &[Work] = &[
    Work { name: "10 agents, no records", counts: TEN, pace: 0, most: 0.2 },
    Work { name: "10 agents, 20 records a second", counts: TEN, pace: 20, most: 0.5 },
    Work { name: "500 agents", counts: ProcessCounts { agents: 500, children: 0, ..TEN }, pace: 0, most: 1.0 },
    Work { name: "10 agents, 5,000 processes", counts: ProcessCounts { plain: 5000, ..TEN }, pace: 0, most: 0.7 },
];

/// How often what takes no time is measured.
const TRIES: u32 = 60;

pub(super) fn run(args: &Args) -> Result<()> {
    ensure!(args.seconds > 0, "--seconds must be at least 1");
    let data = tempfile::tempdir()?;
    warm_page_cache(&args.home)?;
    let mut bars = Vec::new();
    for work in WORKS.iter().filter(|work| work.name.contains(&args.only)) {
        let mut fake_agents = FakeAgents::open(&args.home, work.counts)?;
        let start = || start(args, &agtop(args)?, data.path());
        let [cpu, resident, own] = watch(args, start()?, &mut fake_agents, work)?;
        println!("{:<44} agtop  {cpu:>6.2} %   {resident:>6.1} MB, {own:.1} MB its own", work.name);
        bars.push(Bar::new(&format!("{}: CPU in %", work.name), cpu, work.most));
        bars.push(Bar::new(&format!("{}: memory in MB", work.name), resident, 40.0));
        for peer in &args.peers {
            let line: Vec<String> = peer.split(' ').map(str::to_owned).collect();
            let [cpu, resident, _] = watch(args, self::start(args, &line, data.path())?, &mut fake_agents, work)?;
            println!("{:<44} {peer}  {cpu:>6.2} %   {resident:>6.1} MB", work.name);
        }
    }
    if "latency".contains(&args.only) {
        bars.extend(latencies(args, data.path())?);
    }
    bars.iter().for_each(Bar::show);
    Ok(())
}

/// It runs in another directory than we do.
fn agtop(args: &Args) -> Result<Vec<String>> {
    let path = args.agtop.canonicalize().with_context(|| format!("no program at {}", args.agtop.display()))?;
    Ok(vec![path.to_string_lossy().into_owned()])
}

fn start(args: &Args, line: &[String], data: &Path) -> Result<Terminal> {
    Terminal::start(line, |command| {
        command.env("HOME", &args.home).env("AGTOP_DATA_DIR", data).current_dir(&args.home);
    })
}

/// Percent of a processor, and megabytes resident and its own, while the work goes on.
fn watch(args: &Args, monitor: Terminal, fake_agents: &mut FakeAgents, work: &Work) -> Result<[f64; 3]> {
    go_on(fake_agents, work, Duration::from_secs(args.settle))?;
    let (before, since) = (monitor.cpu()?, Instant::now());
    go_on(fake_agents, work, Duration::from_secs(args.seconds))?;
    let cpu = monitor.cpu()?.saturating_sub(before).as_secs_f64() / since.elapsed().as_secs_f64() * 100.0;
    let [resident, own] = monitor.memory();
    // What it remembers, it writes down when it ends.
    monitor.quit()?;
    Ok([cpu, resident, own])
}

/// Lets the agents work for a while, each in its turn.
fn go_on(fake_agents: &mut FakeAgents, work: &Work, span: Duration) -> Result<()> {
    if work.pace == 0 {
        std::thread::sleep(span);
        return Ok(());
    }
    let interval = Duration::from_secs(1) / work.pace;
    let started = Instant::now();
    for at in (0_usize..).take_while(|_| started.elapsed() < span) {
        fake_agents.append(at, &format!("src/part_{}.rs", at / 20))?;
        std::thread::sleep((interval * u32::try_from(at + 1)?).saturating_sub(started.elapsed()));
    }
    Ok(())
}

/// How soon something is on the screen.
fn latencies(args: &Args, data: &Path) -> Result<Vec<Bar>> {
    let mut fake_agents = FakeAgents::open(&args.home, TEN)?;
    let agtop = agtop(args)?;
    let mut data_times = Vec::new();
    for _ in 0..10 {
        let mut monitor = start(args, &agtop, data)?;
        data_times.push(monitor.wait_for(FakeAgents::PROJECT)? - monitor.started);
        std::thread::sleep(Duration::from_secs(2));
        monitor.quit()?;
    }
    let shown: Vec<String> = data_times.iter().map(|time| format!("{:.0}", time.as_secs_f64() * 1000.0)).collect();
    println!("{:<44} {} ms", "first data, nothing remembered and then all", shown.join(" "));
    let mut monitor = start(args, &agtop, data)?;
    std::thread::sleep(Duration::from_secs(args.settle));
    let [record, slow] = record_to_screen(&mut monitor, &mut fake_agents)?;
    let mut key_times = Vec::new();
    for _ in 0..TRIES {
        std::thread::sleep(Duration::from_millis(41));
        monitor.catch_up();
        let pressed = Instant::now();
        monitor.press("j")?;
        key_times.push(monitor.wait_for_frame()? - pressed);
    }
    let [key, slow_key] = median_and_p95(key_times);
    println!("{:<44} median {:.1} ms, 95th percentile {slow_key:.1} ms", "key to frame", key);
    Ok(vec![
        Bar::new("first data in ms", median_and_p95(data_times)[0], 60.0),
        Bar::new("record to screen in ms, median", record, 100.0),
        Bar::new("record to screen in ms, 95th percentile", slow, 250.0),
        Bar::new("key to frame in ms", key, 16.0),
    ])
}

fn record_to_screen(monitor: &mut Terminal, fake_agents: &mut FakeAgents) -> Result<[f64; 2]> {
    let mut times = Vec::new();
    for at in 0..TRIES {
        let agent = usize::try_from(at)? % TEN.agents;
        if !fake_agents.calls_next(agent) {
            fake_agents.append(agent, "")?;
        }
        // Not in step with any interval of agtop.
        std::thread::sleep(Duration::from_millis(700 + u64::from(at * 37 % 400)));
        monitor.catch_up();
        let target = format!("record-{at:03}.rs");
        fake_agents.append(agent, &target)?;
        let appended = Instant::now();
        times.push(monitor.wait_for(&target)?.saturating_duration_since(appended));
    }
    Ok(median_and_p95(times))
}

/// In milliseconds.
fn median_and_p95(mut times: Vec<Duration>) -> [f64; 2] {
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0);
    [at(50), at(95)]
}
