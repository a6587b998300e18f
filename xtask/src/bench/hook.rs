//! Times what an agent waits for: `agtop hook`, with a listener and without one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::measure::{Bar, children_cpu};

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

/// A listener ends with this.
struct Listener(Child);

impl Drop for Listener {
    fn drop(&mut self) {
        // It has ended already, or it is to end.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
pub(super) fn run(args: &Args) -> Result<()> {
    ensure!(args.rounds > 0, "--rounds must be at least 1");
    let home = tempfile::tempdir()?;
    let mut bars = Vec::new();
    for (who, listens) in [("no listener", false), ("a listener", true)] {
        let _listener = listens.then(|| listen(args, home.path())).transpose()?;
        for size in SIZES {
            let (mut walls, cpu) = call(args, home.path(), size)?;
            walls.sort_unstable();
            let at = |part: usize| walls.get(walls.len() * part / 100).copied().unwrap_or_default().as_secs_f64() * 1e3;
            let name = format!("{who}, {size} bytes");
            println!("{name:<34} {:>6.2} ms median, {:>6.2} ms p95, {cpu:>5.2} ms CPU", at(50), at(95));
            bars.push(Bar::new(&format!("{name}: p95 in ms"), at(95), 10.0));
            bars.push(Bar::new(&format!("{name}: CPU in ms"), cpu, 3.0));
        }
    }
    bars.iter().for_each(Bar::show);
    Ok(())
}

fn agtop(args: &Args, home: &Path) -> Command {
    let mut command = Command::new(&args.agtop);
    command.env("HOME", home).env_remove("XDG_RUNTIME_DIR").stdout(Stdio::null());
    command
}

fn listen(args: &Args, home: &Path) -> Result<Listener> {
    let listener = Listener(agtop(args, home).args(["events", "--follow"]).spawn()?);
    let started = Instant::now();
    while !home.join(".agtop/agtop.sock").exists() && started.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(listener)
}

/// How long each call took, and its processor time on average in milliseconds.
fn call(args: &Args, home: &Path, size: usize) -> Result<(Vec<Duration>, f64)> {
    let before = children_cpu()?;
    let walls = (0..args.rounds).map(|round| {
        let payload = format!(
            r#"{{"session_id":"s","hook_event_name":"PreToolUse","tool_use_id":"{round}","tool_input":"{}"}}"#,
            "x".repeat(size)
        );
        let started = Instant::now();
        let mut hook = agtop(args, home).args(["hook", "--client", "claude"]).stdin(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = hook.stdin.take() {
            stdin.write_all(payload.as_bytes())?;
        }
        ensure!(hook.wait()?.success(), "agtop hook failed");
        Ok(started.elapsed())
    });
    let walls: Vec<Duration> = walls.collect::<Result<_>>()?;
    let cpu = children_cpu()?.saturating_sub(before).as_secs_f64() * 1e3 / f64::from(args.rounds);
    Ok((walls, cpu))
}
