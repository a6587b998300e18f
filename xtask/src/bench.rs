//! Times agtop as whole processes on a home, beside the peers that are installed, and says what falls short of its bar.

use anyhow::Result;

#[cfg(target_os = "linux")]
mod agents;
#[cfg(target_os = "linux")]
mod appended;
#[cfg(target_os = "linux")]
mod context;
#[cfg(target_os = "linux")]
mod hook;
#[cfg(target_os = "linux")]
mod latency;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod peers;
#[cfg(target_os = "linux")]
mod reaper;
#[cfg(target_os = "linux")]
mod report_rows;
#[cfg(target_os = "linux")]
mod screen_rows;
#[cfg(target_os = "linux")]
mod suite;
#[cfg(target_os = "linux")]
mod table;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(target_os = "linux")]
mod walk;

#[cfg(target_os = "linux")]
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    suite: suite::SuiteArgs,
}

#[cfg(target_os = "linux")]
#[derive(clap::Subcommand)]
enum Part {
    /// Time how soon the screen shows something, over ten fake agents
    Latency(latency::Args),
    /// Time what agents wait for: `agtop hook`
    Hook(hook::Args),
    /// Clean up behind a benchmark that was interrupted, as it says on standard input
    #[command(hide = true)]
    Reap,
}

#[cfg(target_os = "linux")]
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.part {
        Some(Part::Latency(args)) => latency::run(args),
        Some(Part::Hook(args)) => hook::run(args),
        Some(Part::Reap) => reaper::run(std::io::stdin().lock()),
        None => suite::run(&args.suite),
    }
}

#[cfg(not(target_os = "linux"))]
#[derive(clap::Args)]
pub(crate) struct Args {}

#[cfg(not(target_os = "linux"))]
pub(crate) fn run(_: &Args) -> Result<()> {
    anyhow::bail!("whole processes are timed on Linux only")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use clap::Parser as _;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn a_part_is_named_or_the_whole_table_is_meant() {
        let parse = |words: &str| Line::try_parse_from(words.split(' ')).map(|line| line.args.part.is_some());
        assert!(matches!(parse("bench --home d --peers --rounds 2"), Ok(false)));
        assert!(matches!(parse("bench latency d"), Ok(true)));
        assert!(parse("bench --home d latency d").is_err());
    }

    #[test]
    fn the_table_needs_a_home() {
        let error = run(&Line::try_parse_from(["bench"]).unwrap().args).unwrap_err();
        assert!(error.to_string().starts_with("--home is needed"), "{error}");
    }
}
