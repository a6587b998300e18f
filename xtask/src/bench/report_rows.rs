//! The rows of reports: cold, second and warm runs on a home, each beside a peer or a floor in the same round. A cold
//! run knows nothing of the home and writes its first ledger; what it reads is in memory.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::appended::append;
use super::context::{BenchContext, progress};
use super::measure::{Cost, time, warm_page_cache};
use super::table::{BenchRow, Limit, Series, Unit};
use super::walk::{HomeSize, walk};

const REPORT: [&str; 3] = ["report", "daily", "--json"];
const CCUSAGE_REPORT: [&str; 3] = ["daily", "--json", "--offline"];

/// Warm runs in a round: each is short.
const WARM_RUNS: usize = 5;

/// Homes of more bytes are judged by the bars of five gigabytes.
const LARGE_HOME_BYTES: u64 = 2_000_000_000;

/// The bars of a home five times as large were set for this ratio of bytes.
const SCALING_BYTES: f64 = 5.07;
const SCALING_TIME: f64 = 5.5;
const SCALING_MEMORY: f64 = 1.7;

/// A home, and what reports on it took so far.
pub(super) struct ReportBench<'a> {
    context: &'a BenchContext,
    home: PathBuf,
    size: HomeSize,
    samples: Samples,
}

#[derive(Default)]
struct Samples {
    cold: Vec<Cost>,
    ccusage: Vec<Cost>,
    second: Vec<Cost>,
    /// A warm run of the same round as each second run.
    warm_of_second: Vec<f64>,
    warm: Vec<Cost>,
    walk: Vec<Cost>,
    /// Runs after a hundredth was appended.
    grown: Vec<Cost>,
}

impl<'a> ReportBench<'a> {
    pub(super) fn new(context: &'a BenchContext, home: &Path) -> Result<Self> {
        let (size, _) = walk(home)?;
        Ok(Self { context, home: home.to_owned(), size, samples: Samples::default() })
    }

    /// What the home holds.
    pub(super) fn describe(&self) -> String {
        let HomeSize { files, directories, bytes } = self.size;
        let gigabytes = bytes as f64 / 1e9;
        format!("{}: {gigabytes:.2} GB, {files} files in {directories} directories", self.home.display())
    }

    /// Runs all once. Who goes first alternates with the rounds.
    pub(super) fn round(&mut self, round: usize) -> Result<()> {
        progress(&format!("reports on {}, round {}", self.home.display(), round + 1));
        let scratch = self.context.scratch()?;
        warm_page_cache(&self.home)?;
        let peer_first = round % 2 == 1;
        if peer_first {
            self.run_ccusage(scratch.path())?;
        }
        let cold = self.run_agtop(scratch.path())?;
        self.samples.cold.push(cold);
        let second = self.run_agtop(scratch.path())?;
        self.samples.second.push(second);
        if !peer_first {
            self.run_ccusage(scratch.path())?;
        }
        self.run_warm(scratch.path(), peer_first)?;
        let appended = append(&self.home, &self.context.reaper)?;
        let grown = self.run_agtop(scratch.path())?;
        self.samples.grown.push(grown);
        drop(appended);
        Ok(())
    }

    fn run_warm(&mut self, data: &Path, walk_first: bool) -> Result<()> {
        let mut warm = Vec::with_capacity(WARM_RUNS);
        for _ in 0..WARM_RUNS {
            if walk_first {
                self.samples.walk.push(walk(&self.home)?.1);
            }
            warm.push(self.run_agtop(data)?);
            if !walk_first {
                self.samples.walk.push(walk(&self.home)?.1);
            }
        }
        self.samples.warm_of_second.push(Series::new(warm.iter().map(Cost::cpu_millis)).median());
        self.samples.warm.extend(warm);
        Ok(())
    }

    fn run_agtop(&self, data: &Path) -> Result<Cost> {
        time(&mut self.context.agtop(&REPORT, &self.home, data), &self.context.reaper)
    }

    fn run_ccusage(&mut self, data: &Path) -> Result<()> {
        if let Some(ccusage) = &self.context.peers.ccusage {
            let mut command = self.context.command(ccusage, &CCUSAGE_REPORT, &self.home, data);
            self.samples.ccusage.push(time(&mut command, &self.context.reaper)?);
        }
        Ok(())
    }

    /// The rows of this home; the name of each begins with this.
    pub(super) fn rows(&self, prefix: &str) -> Vec<BenchRow> {
        let Samples { cold, ccusage, second, warm_of_second, warm, walk, grown } = &self.samples;
        let row = |work: &str, unit, own| BenchRow::new(format!("{prefix}{work}"), unit, own);
        let (cold_memory, warm_memory) = if self.size.bytes > LARGE_HOME_BYTES { (80.0, 35.0) } else { (45.0, 20.0) };
        vec![
            row("cold report: wall", Unit::Seconds, wall(cold))
                .beside("ccusage", wall(ccusage))
                .bar(Limit::Ratio(0.35))
                .goal(Limit::Ratio(0.2)),
            row("cold report: CPU", Unit::Millis, cpu(cold))
                .beside("ccusage", cpu(ccusage))
                .bar(Limit::Ratio(0.35))
                .goal(Limit::Ratio(0.25)),
            row("second report: CPU", Unit::Millis, cpu(second))
                .beside("warm report", Series(warm_of_second.clone()))
                .bar(Limit::Ratio(1.2)),
            row("warm report, nothing changed: CPU", Unit::Millis, cpu(warm))
                .beside("walk + statx", cpu(walk))
                .bar(Limit::Ratio(1.3))
                .goal(Limit::Ratio(0.5)),
            row("warm report, nothing changed: wall", Unit::Millis, Series::new(warm.iter().map(wall_millis)))
                .beside("walk + statx", Series::new(walk.iter().map(wall_millis))),
            row("report after 1 % was appended: CPU", Unit::Millis, cpu(grown))
                .beside("warm report", Series(warm_of_second.clone())),
            row("cold report: peak memory", Unit::Megabytes, memory(cold))
                .beside("ccusage", memory(ccusage))
                .bar(Limit::Value(cold_memory))
                .goal(Limit::Value(25.0)),
            row("warm report: peak memory", Unit::Megabytes, memory(warm))
                .beside("ccusage", memory(ccusage))
                .bar(Limit::Value(warm_memory))
                .goal(Limit::Value(15.0)),
        ]
    }

    /// How figures grow from this home to a larger one, round by round.
    pub(super) fn scaling(&self, large: &Self) -> Vec<BenchRow> {
        let growth = large.size.bytes as f64 / self.size.bytes.max(1) as f64;
        let row = |work: &str, unit, of: fn(&[Cost]) -> Series| {
            let name = format!("cold report on {growth:.1} times the bytes: {work}");
            BenchRow::new(name, unit, of(&large.samples.cold)).beside("smaller home", of(&self.samples.cold))
        };
        vec![
            row("wall", Unit::Seconds, wall).bar(Limit::Ratio(growth * SCALING_TIME / SCALING_BYTES)),
            row("memory", Unit::Megabytes, memory)
                .bar(Limit::Ratio(growth.powf(SCALING_MEMORY.ln() / SCALING_BYTES.ln()))),
        ]
    }
}

fn wall_millis(cost: &Cost) -> f64 {
    cost.wall_seconds() * 1e3
}

fn wall(costs: &[Cost]) -> Series {
    Series::new(costs.iter().map(Cost::wall_seconds))
}

fn cpu(costs: &[Cost]) -> Series {
    Series::new(costs.iter().map(Cost::cpu_millis))
}

fn memory(costs: &[Cost]) -> Series {
    Series::new(costs.iter().map(|cost| cost.memory))
}
