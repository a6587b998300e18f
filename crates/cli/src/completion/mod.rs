//! Completion in shells: the script that a shell loads, and the answers when that script asks what may follow.

mod candidates;
mod ledger_names;

use std::io::{self, Write};

use clap::Command;
use clap_complete::CompleteEnv;
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Zsh};
use clap_complete_nushell::Nushell;

use crate::args::{Cli, ShellChoice};

/// The variable by which a script asks: its value is the shell.
const REQUEST_VAR: &str = "AGTOP_COMPLETE";

/// The name of the program, on command lines and in scripts.
const PROGRAM: &str = "agtop";

/// Answers the request of a shell, and ends the program. Returns if there is none.
pub(crate) fn answer_request() {
    CompleteEnv::with_factory(|| candidates::attach(Cli::definition())).var(REQUEST_VAR).complete();
}

/// Writes the script that a shell loads.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn write_script(shell: ShellChoice, out: &mut dyn Write) -> io::Result<()> {
    let mut script = Vec::new();
    match shell {
        ShellChoice::Bash => register(&Bash, &mut script)?,
        ShellChoice::Zsh => register(&Zsh, &mut script)?,
        ShellChoice::Fish => register(&Fish, &mut script)?,
        ShellChoice::PowerShell => register(&Powershell, &mut script)?,
        ShellChoice::Elvish => register(&Elvish, &mut script)?,
        ShellChoice::Nushell => clap_complete::generate(Nushell, &mut definition(), PROGRAM, &mut script),
    }
    let origin = b"# Made by 'agtop completions' for the same version of agtop.\n";
    let script = script.trim_ascii();
    // Zsh reads the first line to find out what a file in its function path completes.
    let end = if script.starts_with(b"#compdef") { script.iter().position(|&byte| byte == b'\n') } else { None };
    let (first, rest) = script.split_at(end.map_or(0, |end| end + 1));
    for part in [first, origin, rest, b"\n"] {
        out.write_all(part)?;
    }
    Ok(())
}

fn register(shell: &dyn EnvCompleter, script: &mut Vec<u8>) -> io::Result<()> {
    shell.write_registration(REQUEST_VAR, PROGRAM, PROGRAM, PROGRAM, script)
}

/// Without `help`, which would only repeat all other commands.
fn definition() -> Command {
    Cli::definition().disable_help_subcommand(true)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_script_names_the_program_and_its_origin() {
        for &shell in ShellChoice::value_variants() {
            let mut script = Vec::new();
            write_script(shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("# Made by 'agtop completions'") && script.contains("agtop"), "{shell:?}");
            assert!(script.contains(REQUEST_VAR) || shell == ShellChoice::Nushell, "{shell:?}");
            assert_eq!(script.starts_with("#compdef agtop\n"), shell == ShellChoice::Zsh, "{shell:?}");
        }
    }
}
