//! The arguments of `agtop completions` and `agtop man`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(
    after_help = "For one session of bash: source <(agtop completions bash). Packages install the script where the shell \
                        looks for it. Except for nushell, the script asks agtop for what may follow, so that it also \
                        completes sessions, projects and models of the ledger."
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: ShellChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShellChoice {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Elvish,
    Nushell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write a page for each command into this directory, instead of printing that of agtop
    #[arg(value_name = "DIRECTORY")]
    pub(crate) directory: Option<PathBuf>,
    /// Print all pages as one Markdown document instead
    #[arg(long, conflicts_with = "directory")]
    pub(crate) markdown: bool,
}
