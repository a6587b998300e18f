//! Runs a command, such as the tests, while fake agents run: a developer of agtop has agents open.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use agtop_testkit::{FAKE_AGENTS, ProcessHarness};
use anyhow::{Context, Result};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// Returns the exit code of the command. The fake agents end with this process.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let directory = tempfile::tempdir()?;
    let mut harness = ProcessHarness::open(directory.path())?;
    let mut agents = Vec::with_capacity(FAKE_AGENTS.len());
    for spec in &FAKE_AGENTS {
        let agent = harness.start_fake_agent(spec).with_context(|| format!("{} does not start", spec.client))?;
        print_line(&format!("beside {}: pid {}", spec.client, agent.pid));
        agents.push(agent);
    }
    let (program, rest) = args.command.split_first().context("there is no command")?;
    let status =
        Command::new(program).args(rest).status().with_context(|| format!("{} cannot be run", program.display()))?;
    for (spec, agent) in FAKE_AGENTS.iter().zip(&mut agents) {
        agent.ping().with_context(|| format!("{} did not run to the end", spec.client))?;
    }
    // A command that a signal ended has no code.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

#[expect(clippy::print_stdout, reason = "the output of the task names the fake agents")]
fn print_line(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test does not start the fake agents: they would be this test again, which does not run them. Tests of `agtop` do.
    #[test]
    fn a_command_is_needed_and_may_have_options() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            args: Args,
        }
        let parse = |words: &[&str]| <Line as clap::Parser>::try_parse_from(words).map(|line| line.args.command);
        assert!(parse(&["beside-agents"]).is_err());
        let command = parse(&["beside-agents", "--", "cargo", "test", "--workspace", "--locked"]).unwrap_or_default();
        assert_eq!(command, ["cargo", "test", "--workspace", "--locked"]);
    }
}
