//! The command line, as typed. [`plan`](crate::plan) checks it.

#![expect(clippy::doc_markdown, reason = "the comments are help texts, read in a terminal")]
#![expect(clippy::struct_excessive_bools, reason = "switches are bools; the plan has none")]

mod alerts;
mod config;
mod documents;
mod formats;
mod hooks;
mod ledger;
#[cfg(feature = "logos")]
mod logos;
mod report;
mod unused;

use std::path::PathBuf;

pub(crate) use alerts::*;
pub(crate) use config::*;
pub(crate) use documents::*;
pub(crate) use formats::*;
pub(crate) use hooks::*;
pub(crate) use ledger::*;
#[cfg(feature = "logos")]
pub(crate) use logos::*;
use report::add_ccusage_short_flags;
pub(crate) use report::*;
pub(crate) use unused::reject_unused_flags;

use agtop_report::ReportKind;
use clap::{ArgAction, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

/// `top` for AI coding agents: which run, what each is doing, what it has used and cost, and which one needs you
#[derive(Debug, Parser)]
#[command(name = "agtop", version, about, max_term_width = 100)]
#[command(args_conflicts_with_subcommands = false, subcommand_negates_reqs = true)]
#[command(
    after_help = "agtop reads local files and the process table only. It needs no account and no key, and uses the network only if \
                        you ask for it.\nDollars are what the API would charge, not a bill."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<CliCommand>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) rows: RowArgs,
    #[command(flatten)]
    pub(crate) timing: TimingArgs,
    #[command(flatten)]
    pub(crate) sources: SourceArgs,
    #[command(flatten)]
    pub(crate) money: MoneyArgs,
    #[command(flatten)]
    pub(crate) general: GeneralArgs,
    #[command(flatten)]
    pub(crate) screen: ScreenArgs,
}

impl Cli {
    /// The definition of the command line: flags that a command does not use are hidden in its help.
    pub(crate) fn definition() -> Command {
        unused::hide_unused_flags(add_ccusage_short_flags(Self::command()))
    }

    /// Parses the command line of this process. The matches say which flags were given.
    ///
    /// # Errors
    /// If it is invalid, or asks for help or the version.
    pub(crate) fn read() -> Result<(Self, ArgMatches), clap::Error> {
        let matches = Self::definition().try_get_matches()?;
        Ok((Self::from_arg_matches(&matches)?, matches))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// Show which agents have files here and how well agtop reads them; exit 1 if records are lost
    Doctor(DoctorArgs),
    /// Show every counted response of a session, with file and line, and every copy that is not counted
    Explain(ExplainArgs),
    /// Show usage by day, week, month, session, project, model, agent, branch, tool or 5-hour block; also: agtop daily,
    /// weekly, monthly, session, blocks
    Report(ReportArgs),
    /// Same as agtop report daily
    #[command(hide = true)]
    Daily(ReportOptionArgs),
    /// Same as agtop report weekly
    #[command(hide = true)]
    Weekly(ReportOptionArgs),
    /// Same as agtop report monthly
    #[command(hide = true)]
    Monthly(ReportOptionArgs),
    /// Same as agtop report session
    #[command(hide = true, visible_alias = "sessions")]
    Session(ReportOptionArgs),
    /// Same as agtop report blocks
    #[command(hide = true)]
    Blocks(ReportOptionArgs),
    /// Price the same tokens on other models
    Compare(CompareArgs),
    /// Print Claude Code's status line, from the JSON on standard input
    Statusline(StatuslineArgs),
    /// Print the path of the configuration file, write a template, check the file, or print its JSON schema
    Config(ConfigArgs),
    /// Show, check or change the ledger, which keeps the usage of transcripts, deleted ones included
    Ledger(LedgerArgs),
    /// Install hooks, by which agents report events to agtop as they happen
    Hooks(HooksArgs),
    /// Print Claude Code's settings with agtop's hooks, or write them
    Install(InstallArgs),
    /// Receive an event on standard input: agents call this; it always succeeds and prints nothing
    Hook,
    /// Print the events of hooks
    Events(EventsArgs),
    /// Print new alerts as they happen, and run the actions of their rules, without a screen
    WatchAlerts(WatchAlertsArgs),
    /// Show the rates of models, or where prices come from
    Prices(PricesArgs),
    /// Fetch the logos of vendors, which terminals with graphics show before the names of agents
    #[cfg(feature = "logos")]
    Logos(LogosArgs),
    /// Show what each agent records, and what it does not
    Clients(ClientsArgs),
    /// Print the script that completes agtop's command lines in a shell
    Completions(CompletionsArgs),
    /// Print agtop's manual page, or write the pages of all commands
    Man(ManArgs),
    /// Print the version
    Version,
}

impl CliCommand {
    /// The kind and the options of a report, whichever command asks for it; no kind if the user names none.
    pub(crate) fn report(&self) -> Option<(Option<ReportKind>, &ReportOptionArgs)> {
        match self {
            Self::Report(args) => Some((args.kind, &args.options)),
            Self::Daily(options) => Some((Some(ReportKind::Daily), options)),
            Self::Weekly(options) => Some((Some(ReportKind::Weekly), options)),
            Self::Monthly(options) => Some((Some(ReportKind::Monthly), options)),
            Self::Session(options) => Some((Some(ReportKind::Session), options)),
            Self::Blocks(options) => Some((Some(ReportKind::Blocks), options)),
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ClientsArgs {
    /// Print JSON on one line
    #[arg(short, long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Also list agents that have no files here, and every place where agtop looks
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The id of the session, or the beginning of it
    pub(crate) session: String,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct PricesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<PricesCommand>,
    /// Models to look up; without any, the sources of prices are shown
    pub(crate) models: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PricesCommand {
    /// Fetch the current price list from the network into the cache directory, unless it is younger than a day
    Update(UpdatePricesArgs),
}

#[derive(Debug, Args)]
pub(crate) struct UpdatePricesArgs {
    /// Fetch even if the cached list is younger than a day
    #[arg(long)]
    pub(crate) force: bool,
    /// Where to fetch LiteLLM's list from
    #[arg(long, value_name = "URL", default_value = crate::prices::LIST_URL)]
    pub(crate) url: String,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    #[command(flatten)]
    pub(crate) format: SnapshotChoice,
    /// Indent JSON
    #[arg(long)]
    pub(crate) pretty: bool,
    /// Include message text, such as tasks and prompts
    #[arg(long)]
    pub(crate) include_content: bool,
    /// Columns to show, separated by commas; 'help' lists them
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
    /// Do not use colours (also: set NO_COLOR)
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Rows")]
pub(crate) struct RowArgs {
    /// Only rows that contain this text or match this filter: api, idle, !idle, project:api cpu>50
    #[arg(short, long, value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Sort by: smart, cpu, mem, tokens, uptime, agent, or any column
    #[arg(short, long, value_name = "KEY")]
    pub(crate) sort: Option<String>,
    /// Only the first N rows; 0 shows all
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) top: usize,
    /// Only usage from this time on: today, yesterday, a date, a time
    /// (2026-11-21T10:00), or an age such as 7d or 12h
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only usage before this time; a date includes the whole day
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Timing")]
pub(crate) struct TimingArgs {
    /// Seconds between two snapshots [default: 1.5]
    #[arg(short, long, value_name = "SECONDS", visible_alias = "delay", visible_short_alias = 'd')]
    #[arg(allow_negative_numbers = true)]
    pub(crate) interval: Option<f64>,
    /// Print N snapshots, separated by '---' in text [default: 1; no limit with --watch]
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) iterations: Option<u64>,
    /// Print a line per snapshot until interrupted; with --list redraw the table, with --json print a line of JSON
    #[arg(long, conflicts_with_all = ["once", "csv"])]
    pub(crate) watch: bool,
    /// Do not wait for a second reading of processes: the first snapshot then has no CPU% and no IO rates
    #[arg(long)]
    pub(crate) no_sample: bool,
    /// With --watch: exit 3 when all agents together use more processor time than this, in percent of one processor
    #[arg(long, value_name = "PERCENT", requires = "watch", allow_negative_numbers = true, value_parser = positive)]
    pub(crate) threshold_cpu: Option<f64>,
    /// With --watch: exit 4 when input + output tokens per minute exceed this, averaged over the last 20 snapshots or
    /// 30 seconds, whichever is longer
    #[arg(long, value_name = "TOKENS", requires = "watch", allow_negative_numbers = true, value_parser = positive)]
    pub(crate) threshold_tokens_rate: Option<f64>,
}

/// Parses a threshold. 0 is valid: any use exceeds it.
fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err("the value must be positive".to_owned()) }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Agents")]
pub(crate) struct SourceArgs {
    /// Neither read nor write the ledger, which keeps the usage of transcripts, deleted ones included
    #[arg(long)]
    pub(crate) no_ledger: bool,
    /// Only this agent; may be repeated
    #[arg(
        long = "client",
        value_name = "NAME",
        visible_alias = "agentic-client",
        value_delimiter = ',',
        global = true
    )]
    pub(crate) clients: Vec<String>,
    /// Also recognise processes as agents if their command line matches; may be repeated (also: AGTOP_MATCH, separated
    /// by ';')
    #[arg(short = 'm', long = "match", value_name = "LABEL=REGEX", action = ArgAction::Append)]
    pub(crate) matchers: Vec<String>,
    /// Print which agents are recognised, and by what, and exit
    #[arg(long)]
    pub(crate) list_builtins: bool,
}

/// Who pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PlanChoice {
    /// You pay API prices for every token
    #[default]
    Retail,
    /// A subscription covers Claude
    Max,
    /// Subscriptions cover everything
    Included,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Prices")]
pub(crate) struct MoneyArgs {
    /// Who pays [default: retail]
    #[arg(long, value_enum, global = true)]
    pub(crate) plan: Option<PlanChoice>,
    /// A TOML file with your own prices (also: AGTOP_PRICES)
    #[arg(long = "prices", value_name = "FILE", global = true)]
    pub(crate) price_file: Option<PathBuf>,
    /// Which price list applies: 'now' is the newest one, for all usage; a day is the list of that day; 'usage' is for
    /// each response the list of its own time [default: now]
    #[arg(long, value_name = "DAY|usage|now", global = true)]
    pub(crate) prices_as_of: Option<String>,
    /// Fetch the current price list from the network first
    #[arg(long, conflicts_with = "no_pricing_refresh")]
    pub(crate) refresh_pricing: bool,
    /// Do not use the network; this is the default
    #[arg(long)]
    pub(crate) no_pricing_refresh: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Screen (agtop on a terminal, without output flags)")]
pub(crate) struct ScreenArgs {
    /// The view to start with: agents, sessions, rates, usage or quota
    #[arg(long, value_name = "VIEW")]
    pub(crate) view: Option<agtop_tui::ViewId>,
    /// Start with the dashboard above the view
    #[arg(long)]
    pub(crate) dashboard: bool,
    /// Only the agent with this process id
    #[arg(long, value_name = "PID", help_heading = "Rows")]
    pub(crate) pid: Option<u32>,
    /// The theme: dark, light, contrast, protanopia, deuteranopia, tritanopia, monochrome, dracula, nord, gruvbox,
    /// catppuccin, solarized, or one of the configuration file
    #[arg(long, value_name = "NAME")]
    pub(crate) theme: Option<String>,
    /// Use ASCII characters only; names are transliterated
    #[arg(long, global = true, help_heading = "General")]
    pub(crate) ascii: bool,
    /// Leave the mouse to the terminal, for example to select text
    #[arg(long)]
    pub(crate) no_mouse: bool,
    /// Show fake agents, on the screen and in every other output
    #[arg(long, global = true, help_heading = "General")]
    pub(crate) demo: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "General")]
pub(crate) struct GeneralArgs {
    /// The configuration file [default: ~/.config/agtop/config.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Write a log to this file (level: AGTOP_LOG=error|warn|info|debug|trace)
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) log_file: Option<PathBuf>,
}
