//! The rows of the screen: what it uses while fake agents work, beside other monitors over the same agents.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::agents::{FakeAgents, ProcessCounts};
use super::context::{BenchContext, progress};
use super::measure::{time, warm_page_cache};
use super::table::{BenchRow, Limit, Series, Unit};
use super::terminal::Terminal;

/// How long each monitor is watched, and how often.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// Seconds for which a monitor is watched in a round
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Seconds from a monitor's start until it is watched
    #[arg(long, default_value_t = 10)]
    settle: u64,
    /// How often each monitor is watched, in turns; the median counts
    #[arg(long, default_value_t = 3)]
    screen_rounds: usize,
}

impl WatchArgs {
    pub(super) fn is_usable(&self) -> bool {
        self.seconds > 0 && self.screen_rounds > 0
    }
}

/// What there is to watch.
pub(super) struct ScreenWork {
    pub(super) name: &'static str,
    counts: ProcessCounts,
    /// How many agents write, each in its turn.
    writers: usize,
    /// Of all writers together.
    records_per_second: u32,
    bar: Limit,
    goal: f64,
}

pub(super) const TEN_AGENTS: ProcessCounts = ProcessCounts { agents: 10, children: 2, plain: 200, records: 100 };

/// The bar of each monitor's memory with a home behind it, and the goal, in MB.
const MEMORY: [f64; 2] = [24.0, 16.0];

pub(super) static SCREEN_WORKS: &[ScreenWork] = &[
    ScreenWork {
        name: "screen: 10 agents, idle",
        counts: TEN_AGENTS,
        writers: 0,
        records_per_second: 0,
        bar: Limit::Ratio(1.0),
        goal: 0.1,
    },
    ScreenWork {
        name: "screen: 10 agents, 20 records/s",
        counts: TEN_AGENTS,
        writers: 10,
        records_per_second: 20,
        bar: Limit::Value(0.8),
        goal: 0.4,
    },
    ScreenWork {
        name: "screen: 500 agents, 10 write 20 records/s",
        counts: ProcessCounts { agents: 500, children: 0, ..TEN_AGENTS },
        writers: 10,
        records_per_second: 20,
        bar: Limit::Value(1.5),
        goal: 0.8,
    },
    ScreenWork {
        name: "screen: 10 agents + 5,000 processes, idle",
        counts: ProcessCounts { plain: 5000, ..TEN_AGENTS },
        writers: 0,
        records_per_second: 0,
        bar: Limit::Value(1.0),
        goal: 0.4,
    },
];

/// A monitor, and what it used in each round.
struct Monitor<'a> {
    name: &'static str,
    line: Vec<String>,
    home: &'a Path,
    cpu: Series,
    memory: Series,
}

/// Watches the screen over one home.
pub(super) struct ScreenBench<'a> {
    context: &'a BenchContext,
    home: &'a Path,
    /// Where agtop keeps its ledger, which knows the home from the start.
    data: &'a Path,
    watch: WatchArgs,
    /// Memory of agtop and of abtop in all works so far.
    memory: [Series; 2],
}

impl<'a> ScreenBench<'a> {
    pub(super) fn new(context: &'a BenchContext, home: &'a Path, data: &'a Path, watch: WatchArgs) -> Result<Self> {
        warm_page_cache(home)?;
        time(&mut context.agtop(&["report", "daily", "--json"], home, data), &context.reaper)?;
        Ok(Self { context, home, data, watch, memory: [Series::default(), Series::default()] })
    }

    /// Watches agtop and the peers in turns while the agents do this.
    pub(super) fn row(&mut self, work: &ScreenWork) -> Result<BenchRow> {
        let mut monitors = self.monitors();
        let mut agents = FakeAgents::open(self.home, work.counts, &self.context.reaper)?;
        for round in 0..self.watch.screen_rounds {
            let count = monitors.len();
            // Who goes first changes with the rounds.
            for at in 0..count {
                let Some(monitor) = monitors.get_mut((at + round) % count) else { continue };
                progress(&format!("{}, round {}: {}", work.name, round + 1, monitor.name));
                let [cpu, memory] =
                    self.watch(monitor, &mut agents, work).with_context(|| format!("{} fails", monitor.name))?;
                monitor.cpu.0.push(cpu);
                monitor.memory.0.push(memory);
            }
        }
        let mut row = BenchRow::new(work.name, Unit::Percent, Series::default());
        for monitor in monitors {
            if monitor.name == "agtop" {
                self.memory[0].0.push(monitor.memory.median());
                row = BenchRow::new(work.name, Unit::Percent, monitor.cpu);
            } else {
                if monitor.name == "abtop" {
                    self.memory[1].0.push(monitor.memory.median());
                }
                row = row.beside(monitor.name, monitor.cpu);
            }
        }
        Ok(row.bar(work.bar).goal(Limit::Value(work.goal)))
    }

    /// The most memory that a work took, if any was watched.
    pub(super) fn memory_row(self) -> Option<BenchRow> {
        let [own, abtop] = self.memory.map(|series| Series::new(series.0.into_iter().reduce(f64::max)));
        let [bar, goal] = MEMORY.map(Limit::Value);
        let row = BenchRow::new("screen: memory with the home behind it, largest", Unit::Megabytes, own.clone());
        (!own.0.is_empty()).then(|| row.beside("abtop", abtop).bar(bar).goal(goal))
    }

    /// agtop comes first, then top, which the first bar is about.
    fn monitors(&self) -> Vec<Monitor<'a>> {
        let peers = &self.context.peers;
        let programs = [
            ("agtop", Some(&self.context.agtop), &[][..], self.home),
            // It makes a directory for its settings.
            ("top", peers.top.as_ref(), &["-d", "2"][..], self.data),
            ("abtop", peers.abtop.as_ref(), &[][..], self.home),
        ];
        let installed = programs.into_iter().filter_map(|(name, program, words, home)| {
            let mut line = vec![program?.to_string_lossy().into_owned()];
            line.extend(words.iter().map(|word| (*word).to_owned()));
            Some(Monitor { name, line, home, cpu: Series::default(), memory: Series::default() })
        });
        installed.collect()
    }

    /// Percent of a processor, and resident megabytes, while the work goes on.
    fn watch(&self, monitor: &Monitor<'_>, agents: &mut FakeAgents, work: &ScreenWork) -> Result<[f64; 2]> {
        let mut terminal = Terminal::start(self.context, &monitor.line, monitor.home, self.data)?;
        write_records(agents, work, Duration::from_secs(self.watch.settle))?;
        let (before, since) = (terminal.cpu()?, Instant::now());
        write_records(agents, work, Duration::from_secs(self.watch.seconds))?;
        let cpu = terminal.cpu()?.saturating_sub(before).as_secs_f64() / since.elapsed().as_secs_f64() * 100.0;
        let memory = terminal.memory();
        let ended = terminal.quit();
        // agtop writes its ledger when it ends; what others do then is theirs.
        if monitor.name == "agtop" {
            ended?;
        }
        Ok([cpu, memory])
    }
}

/// Lets the agents work for a while.
fn write_records(agents: &mut FakeAgents, work: &ScreenWork, span: Duration) -> Result<()> {
    if work.records_per_second == 0 || work.writers == 0 {
        std::thread::sleep(span);
        return Ok(());
    }
    let interval = Duration::from_secs(1) / work.records_per_second;
    let started = Instant::now();
    for at in (0_usize..).take_while(|_| started.elapsed() < span) {
        agents.append(at % work.writers, &format!("src/part_{}.rs", at / 20))?;
        std::thread::sleep((interval * u32::try_from(at + 1)?).saturating_sub(started.elapsed()));
    }
    Ok(())
}
