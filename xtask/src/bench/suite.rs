//! The whole table: reports and the screen, each work beside what it is compared with.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};

use super::context::{BenchContext, corpus_home, print_line};
use super::peers::{PeerArgs, Peers};
use super::report_rows::ReportBench;
use super::screen_rows::{SCREEN_WORKS, ScreenBench, ScreenWork, WatchArgs};
use super::table::{BenchRow, heading};

#[derive(clap::Args)]
pub(crate) struct SuiteArgs {
    /// A home, or what `cargo xtask corpus` wrote; agents are added to it and taken away again
    #[arg(long, value_name = "DIR")]
    home: Option<PathBuf>,
    /// A larger home, to see how time and memory grow
    #[arg(long, value_name = "DIR")]
    large_home: Option<PathBuf>,
    /// The program to measure
    #[arg(long, value_name = "PATH", default_value = "target/release/agtop")]
    agtop: PathBuf,
    #[command(flatten)]
    peers: PeerArgs,
    /// How often each report is run, in turns with its peer; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    #[command(flatten)]
    watch: WatchArgs,
    /// Only work whose name holds this: reports, screen, or a part of a screen work's name
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

pub(super) fn run(args: &SuiteArgs) -> Result<()> {
    let Some(home) = &args.home else {
        bail!("--home is needed: write one with `cargo xtask corpus --size 1g DIR`, then give --home DIR")
    };
    ensure!(args.rounds > 0 && args.watch.is_usable(), "--rounds, --seconds and --screen-rounds must be at least 1");
    let home = corpus_home(home)?;
    let large = args.large_home.as_deref().map(corpus_home).transpose()?;
    let context = BenchContext::new(&args.agtop, Peers::find(&args.peers))?;
    context.peers.missing.iter().try_for_each(print_line)?;
    let mut failures = Vec::new();
    print_line(heading())?;
    if "reports".contains(&args.only) {
        let rows = report_rows(args, &context, &home, large.as_deref());
        show("reports", rows, &mut failures)?;
    }
    let works: Vec<&ScreenWork> = SCREEN_WORKS.iter().filter(|work| work.name.contains(&args.only)).collect();
    if !works.is_empty() {
        watch_screen(args, &context, &home, &works, &mut failures)?;
    }
    ensure!(failures.is_empty(), "not measured:\n{}", failures.join("\n"));
    Ok(())
}

fn report_rows(args: &SuiteArgs, context: &BenchContext, home: &Path, large: Option<&Path>) -> Result<Vec<BenchRow>> {
    let mut bench = ReportBench::new(context, home)?;
    let mut large = large.map(|large| ReportBench::new(context, large)).transpose()?;
    print_line(bench.describe())?;
    for round in 0..args.rounds {
        bench.round(round)?;
        if let Some(large) = &mut large {
            large.round(round)?;
        }
    }
    let mut rows = bench.rows("");
    if let Some(large) = &large {
        print_line(large.describe())?;
        rows.extend(large.rows("larger home: "));
        rows.extend(bench.scaling(large));
    }
    Ok(rows)
}

/// Shows each row as soon as it is known.
fn watch_screen(
    args: &SuiteArgs,
    context: &BenchContext,
    home: &Path,
    works: &[&ScreenWork],
    failures: &mut Vec<String>,
) -> Result<()> {
    let data = context.scratch()?;
    let mut bench = ScreenBench::new(context, home, data.path(), args.watch)?;
    for work in works {
        let row = bench.row(work).map(|row| vec![row]);
        show(work.name, row, failures)?;
    }
    bench.memory_row().into_iter().try_for_each(print_line)
}

/// A work that fails does not keep the others from being measured.
fn show(work: &str, rows: Result<Vec<BenchRow>>, failures: &mut Vec<String>) -> Result<()> {
    match rows {
        Ok(rows) => rows.iter().try_for_each(print_line),
        Err(error) => {
            failures.push(format!("{work}: {error:#}"));
            Ok(())
        }
    }
}
