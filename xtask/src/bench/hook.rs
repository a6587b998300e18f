//! Times what an agent waits for: `agtop hook`, with a listener and without one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::context::{BenchContext, print_line};
use super::measure::{Cost, OwnedProcess, percentile};
use super::peers::Peers;
use super::table::{BenchRow, Limit, Series, Unit, heading};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The program to time
    #[arg(long, default_value = "target/release/agtop")]
    agtop: PathBuf,
    /// How often it is called each way
    #[arg(long, default_value_t = 200)]
    rounds: u32,
}

/// What an agent pushes most: a call of a tool, here a small and a large one.
const SIZES: [usize; 2] = [200, 200_000];

/// The longest time that the listener takes to listen.
const START_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn run(args: &Args) -> Result<()> {
    ensure!(args.rounds > 0, "--rounds must be at least 1");
    let context = BenchContext::new(&args.agtop, Peers::default())?;
    let home = context.scratch()?;
    print_line(heading())?;
    for (who, listens) in [("no listener", false), ("a listener", true)] {
        let _listener = listens.then(|| listen(&context, home.path())).transpose()?;
        for size in SIZES {
            let costs = call(&context, home.path(), size, args.rounds)?;
            let row = |figure: &str, series| {
                BenchRow::new(format!("hook, {who}, {size} bytes: {figure}"), Unit::Millis, series)
            };
            let walls = || costs.iter().map(|cost| cost.wall_seconds() * 1e3);
            print_line(row("wall", Series::new(walls())))?;
            print_line(row("wall, 95th percentile", Series::new([percentile(95, walls())])).bar(Limit::Value(10.0)))?;
            print_line(row("CPU", Series::new(costs.iter().map(Cost::cpu_millis))).bar(Limit::Value(3.0)))?;
        }
    }
    Ok(())
}

fn agtop(context: &BenchContext, words: &[&str], home: &Path) -> Command {
    let mut command = context.agtop(words, home, home);
    // Without a directory for sockets they are in the home, whose path is short.
    command.env_remove("XDG_RUNTIME_DIR").stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn listen(context: &BenchContext, home: &Path) -> Result<OwnedProcess> {
    let mut command = agtop(context, &["events", "--follow"], home);
    let listener = OwnedProcess::spawn(command.stdin(Stdio::null()), &context.reaper)?;
    let started = Instant::now();
    while !home.join(".agtop/agtop.sock").exists() && started.elapsed() < START_TIMEOUT {
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(listener)
}

fn call(context: &BenchContext, home: &Path, size: usize, rounds: u32) -> Result<Vec<Cost>> {
    let calls = (0..rounds).map(|round| {
        let payload = format!(
            r#"{{"session_id":"s","hook_event_name":"PreToolUse","tool_use_id":"{round}","tool_input":"{}"}}"#,
            "x".repeat(size)
        );
        let started = Instant::now();
        let mut command = agtop(context, &["hook", "--client", "claude"], home);
        let mut hook = OwnedProcess::spawn(command.stdin(Stdio::piped()), &context.reaper)?;
        if let Some(mut stdin) = hook.stdin() {
            stdin.write_all(payload.as_bytes())?;
        }
        hook.cost_since(started)
    });
    calls.collect()
}
