//! Times reports on a home, as whole processes.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::measure::{Bar, Cost, files, time, warm_page_cache};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A home, such as `cargo xtask corpus` writes; a hundredth of it is appended to and cut back again
    home: PathBuf,
    /// The program to time
    #[arg(long, default_value = "target/release/agtop")]
    agtop: PathBuf,
    /// ccusage of npm, to compare with
    #[arg(long)]
    ccusage: Option<PathBuf>,
    /// ccstat of crates.io, to compare with
    #[arg(long)]
    ccstat: Option<PathBuf>,
    /// How often each is run; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

pub(super) fn run(args: &Args) -> Result<()> {
    ensure!(args.rounds > 0, "--rounds must be at least 1");
    let data = tempfile::tempdir()?;
    let agtop = |words: &[&str]| {
        let mut command = Command::new(&args.agtop);
        command.args(words).env("AGTOP_DATA_DIR", data.path());
        command
    };
    let forget = || drop(fs::remove_dir_all(data.path()));
    let report = ["report", "daily", "--json"];
    warm_page_cache(&args.home)?;
    let cold = median(args, || agtop(&report), forget)?;
    let warm = median(args, || agtop(&report), || ())?;
    let tails = Tails::append(&args.home)?;
    let mut first = true;
    let grown = median(
        args,
        || agtop(&report),
        || {
            if std::mem::take(&mut first) {
                return;
            }
            tails.append_again();
        },
    );
    tails.cut()?;
    let grown = grown?;
    let claude = median(args, || agtop(&["--no-ledger", "report", "daily", "--json", "--client", "claude"]), || ())?;

    show("agtop, nothing remembered", cold);
    show("agtop, nothing changed", warm);
    show("agtop, 1 % appended", grown);
    show("agtop, Claude alone, nothing remembered", claude);
    let mut bars = vec![
        Bar::new("memory of a cold scan in MB", cold.memory as f64 / 1024.0, 60.0),
        Bar::new("CPU of a warm start in ms", warm.cpu.as_secs_f64() * 1000.0, 15.0),
    ];
    if let Some(ccusage) = &args.ccusage {
        let peer = median(args, || peer(ccusage, &["daily", "--json", "--offline"]), || ())?;
        show("ccusage daily", peer);
        bars.push(Bar::new("wall of a cold scan, in ccusage's", ratio(cold.wall, peer.wall), 0.35));
        bars.push(Bar::new("CPU of a cold scan, in ccusage's", ratio(cold.cpu, peer.cpu), 0.35));
    }
    if let Some(ccstat) = &args.ccstat {
        let peer = median(args, || peer(ccstat, &["daily", "--json"]), || ())?;
        show("ccstat daily", peer);
        bars.push(Bar::new("wall of Claude's cold scan, in ccstat's", ratio(claude.wall, peer.wall), 0.6));
    }
    bars.iter().for_each(Bar::show);
    Ok(())
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64().max(1e-9)
}

fn peer(program: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(words);
    command
}

fn show(what: &str, cost: Cost) {
    let Cost { wall, cpu, memory } = cost;
    println!(
        "{what:<44} wall {:>7.0} ms  CPU {:>7.0} ms  memory {:>6.1} MB",
        wall.as_secs_f64() * 1000.0,
        cpu.as_secs_f64() * 1000.0,
        memory as f64 / 1024.0
    );
}

/// The run with the median wall time; `before` is done before each.
fn median(args: &Args, command: impl Fn() -> Command, mut before: impl FnMut()) -> Result<Cost> {
    let mut costs = Vec::new();
    for _ in 0..args.rounds {
        before();
        costs.push(time(command().env("HOME", &args.home))?);
    }
    costs.sort_by_key(|cost| cost.wall);
    Ok(costs[costs.len() / 2])
}

/// Transcripts that were appended to, and how long they were.
struct Tails(Vec<(PathBuf, u64)>);

impl Tails {
    /// Appends its own last lines to transcripts, until a hundredth of the home's bytes was appended to.
    fn append(home: &Path) -> Result<Self> {
        let transcripts = files(home)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
        let sized: Vec<(PathBuf, u64)> =
            transcripts.filter_map(|path| Some((path.clone(), path.metadata().ok()?.len()))).collect();
        let enough = sized.iter().map(|(_, size)| size).sum::<u64>() / 100;
        let mut chosen = Vec::new();
        let mut bytes = 0;
        for (path, size) in sized.into_iter().step_by(7).filter(|(_, size)| *size > 0) {
            if bytes >= enough {
                break;
            }
            bytes += size;
            chosen.push((path, size));
        }
        let tails = Self(chosen);
        tails.append_again();
        Ok(tails)
    }

    fn append_again(&self) {
        for (path, _) in &self.0 {
            // A tail that cannot be appended makes the figure better, which the next line of the table shows.
            drop(append_last_line(path));
        }
    }

    fn cut(&self) -> Result<()> {
        for (path, size) in &self.0 {
            File::options().write(true).open(path)?.set_len(*size)?;
        }
        Ok(())
    }
}

fn append_last_line(path: &Path) -> std::io::Result<()> {
    let mut file = File::options().read(true).append(true).open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(64 * 1024)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let text = tail.strip_suffix(b"\n").unwrap_or(&tail);
    let last = text.rsplit(|&byte| byte == b'\n').next().unwrap_or(text);
    file.write_all(&[last, b"\n"].concat())
}
