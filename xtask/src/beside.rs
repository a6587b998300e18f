//! Running a command, the tests say, beside agents: whoever changes agtop has some open.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use agtop_testkit::{FAKE_AGENTS, ProcessHarness};
use anyhow::{Context, Result};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The command, and what it is given.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<OsString>,
}

/// The agents end with this process, however that ends.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let directory = tempfile::tempdir()?;
    let mut stage = ProcessHarness::open(directory.path())?;
    let mut agents = Vec::with_capacity(FAKE_AGENTS.len());
    for member in &FAKE_AGENTS {
        let agent = stage.start_member(member).with_context(|| format!("{} does not start", member.client))?;
        say(&format!("beside {}: pid {}", member.client, agent.pid));
        agents.push(agent);
    }
    let (program, rest) = args.command.split_first().context("there is no command")?;
    let status =
        Command::new(program).args(rest).status().with_context(|| format!("{} cannot be run", program.display()))?;
    for (member, agent) in FAKE_AGENTS.iter().zip(&mut agents) {
        agent.nod().with_context(|| format!("{} did not run to the end", member.client))?;
    }
    // A command that a signal ended has no code.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

#[expect(clippy::print_stdout, reason = "who ran beside is part of what the chore shows")]
fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a command there is nothing to run beside; with one its code is handed on. (The agents would be this very
    /// test, which cannot play them: `agtop`'s own tests start them.)
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
