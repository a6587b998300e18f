//! The command line, as typed. [`plan`](crate::plan) checks it and says what to do.

#![expect(clippy::doc_markdown, reason = "the comments are help texts, read in a terminal")]
#![expect(clippy::struct_excessive_bools, reason = "that is what switches are; the plan has none")]

mod alerts;
mod config;
mod hooks;
mod ledger;
#[cfg(feature = "logos")]
mod logos;
mod report;

use std::path::PathBuf;

pub(crate) use alerts::*;
pub(crate) use config::*;
pub(crate) use hooks::*;
pub(crate) use ledger::*;
#[cfg(feature = "logos")]
pub(crate) use logos::*;
pub(crate) use report::*;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// `top` for AI coding agents: which run, what each is doing, what it has used and cost, and which one needs you
#[derive(Debug, Parser)]
#[command(name = "agtop", version, about, max_term_width = 100, disable_help_subcommand = true)]
#[command(args_conflicts_with_subcommands = false, subcommand_negates_reqs = true)]
#[command(
    after_help = "Reads local files and the process table only. No account, no key; no network unless you ask for it.\n\
                        Dollars are what the API would charge, not a bill."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say how well each agent's files could be read; exit 1 if something was lost
    Doctor,
    /// Show every counted response of a session, with file and line, and every copy that did not count
    Explain(ExplainArgs),
    /// Show what was used by day, week, month, session, project, model, agent, branch, tool or 5-hour block
    Report(ReportArgs),
    /// Price the same tokens on other models
    Compare(CompareArgs),
    /// Print the line that Claude Code shows below its prompt, from the JSON that it sends
    Statusline(StatuslineArgs),
    /// Print where the configuration lies, write one to begin with, or check it
    Config(ConfigArgs),
    /// Look after what is remembered of transcripts, those that agents deleted included
    Ledger(LedgerArgs),
    /// Have agents tell agtop of their doings the moment they happen
    Hooks(HooksArgs),
    /// Print Claude Code's settings with agtop's hooks in them, or write them
    Install(InstallArgs),
    /// What agents call at their events, with the event on standard input; always succeeds, prints nothing
    Hook,
    /// Print what agents push
    Events(EventsArgs),
    /// Print what deserves your eye the moment it does, and do what the rules ask for, without a screen
    WatchAlerts(WatchAlertsArgs),
    /// Show a model's rates, or how prices are looked up
    Prices(PricesArgs),
    /// Fetch vendors' logos, which terminals that draw pictures show before agents' names
    #[cfg(feature = "logos")]
    Logos(LogosArgs),
    /// Show what each agent's files tell, and what they leave out
    Clients(ClientsArgs),
    /// Print the version
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct ClientsArgs {
    /// Print JSON, as one line
    #[arg(short, long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The session's id, or the beginning of it
    pub(crate) session: String,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct PricesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<PricesCommand>,
    /// Models to look up; without any, where prices come from
    pub(crate) models: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PricesCommand {
    /// Fetch the current price list from the network into the cache directory, unless it is younger than a day
    Update(UpdateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
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
    /// Print the live agents and exit
    #[arg(short = '1', long)]
    pub(crate) once: bool,
    /// Print all sessions, live ones and past ones
    #[arg(long, conflicts_with_all = ["once", "json"])]
    pub(crate) list: bool,
    /// Print JSON, as one line: agents (default), sessions or tree
    #[arg(short, long, value_name = "SHAPE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) json: Option<String>,
    /// Print the sessions as CSV
    #[arg(long, conflicts_with_all = ["once", "json", "list"])]
    pub(crate) csv: bool,
    /// Indent JSON
    #[arg(long)]
    pub(crate) pretty: bool,
    /// Include message text, such as tasks and prompts, which is left out otherwise
    #[arg(long)]
    pub(crate) include_content: bool,
    /// Columns to show, separated by commas; 'help' lists them
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
    /// Never use colour (also: set NO_COLOR)
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Rows")]
pub(crate) struct RowArgs {
    /// Only rows that hold this text, or of which this is true: project:api cpu>50 !status:idle
    #[arg(short, long, value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Order: smart, cpu, mem, tokens, uptime, agent, or any column
    #[arg(short, long, value_name = "KEY")]
    pub(crate) sort: Option<String>,
    /// Only the first N rows; 0 is all
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) top: usize,
    /// Only usage from this time on: a date, an RFC 3339 time, or an age such as 7d or 12h
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only usage before this time; a date counts whole
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
    /// Print N snapshots, '---' between them in text [default: 1, or no end with --watch]
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) iterations: Option<u64>,
    /// Print a line a snapshot until interrupted; with --list draw the table again, with --json print a line of JSON
    #[arg(long, conflicts_with_all = ["once", "csv"])]
    pub(crate) watch: bool,
    /// Do not wait for a second reading of processes: the first snapshot has no CPU% and no IO rates
    #[arg(long)]
    pub(crate) no_sample: bool,
    /// With --watch: exit 3 once all agents together use more than this, in percent of one processor
    #[arg(long, value_name = "PERCENT", requires = "watch", allow_negative_numbers = true, value_parser = positive)]
    pub(crate) threshold_cpu: Option<f64>,
    /// With --watch: exit 4 when input + output tokens per minute exceed this, averaged over the last 20 snapshots or 30
    /// seconds, whichever is longer
    #[arg(long, value_name = "TOKENS", requires = "watch", allow_negative_numbers = true, value_parser = positive)]
    pub(crate) threshold_tokens_rate: Option<f64>,
}

/// A bound that can be passed. Everything passes 0, which is for whoever wants to end at once.
fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if number.is_finite() && number >= 0.0 { Ok(number) } else { Err("the value must be positive".to_owned()) }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Agents")]
pub(crate) struct SourceArgs {
    /// Neither read nor write the ledger, which remembers what was read and what agents deleted
    #[arg(long)]
    pub(crate) no_ledger: bool,
    /// Only this agent program; may be given again
    #[arg(
        long = "client",
        value_name = "NAME",
        visible_alias = "agentic-client",
        value_delimiter = ',',
        global = true
    )]
    pub(crate) clients: Vec<String>,
    /// Also take processes whose command line matches for agents; may be given again (also: AGTOP_MATCH, ';' between)
    #[arg(short = 'm', long = "match", value_name = "LABEL=REGEX", action = ArgAction::Append)]
    pub(crate) matchers: Vec<String>,
    /// Print the agent programs that are recognised, and exit
    #[arg(long)]
    pub(crate) list_builtins: bool,
}

/// Who pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PlanChoice {
    /// Every token is paid for at API prices
    #[default]
    Retail,
    /// Claude is covered by a subscription
    Max,
    /// Everything is covered by subscriptions
    Included,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Prices")]
pub(crate) struct MoneyArgs {
    /// Who pays [default: retail]
    #[arg(long, value_enum, global = true)]
    pub(crate) plan: Option<PlanChoice>,
    /// A TOML file with prices of your own (also: AGTOP_PRICES)
    #[arg(long = "prices", value_name = "FILE", global = true)]
    pub(crate) price_file: Option<PathBuf>,
    /// Which price lists count: 'now' is the newest, for whatever was ever used; a day is the list of that day; 'usage' is
    /// for each response the list of its own time [default: now]
    #[arg(long, value_name = "DAY|usage|now", global = true)]
    pub(crate) prices_as_of: Option<String>,
    /// Fetch the current price list from the network first
    #[arg(long, conflicts_with = "no_pricing_refresh")]
    pub(crate) refresh_pricing: bool,
    /// Stay off the network; this is what agtop does anyway
    #[arg(long)]
    pub(crate) no_pricing_refresh: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Screen (a bare agtop on a terminal)")]
pub(crate) struct ScreenArgs {
    /// The view to start with: agents, sessions, rates, usage or quota
    #[arg(long, value_name = "VIEW")]
    pub(crate) view: Option<agtop_tui::ViewId>,
    /// Start with the dashboard above the view
    #[arg(long)]
    pub(crate) dashboard: bool,
    /// Only the agent with this process id
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,
    /// Colours: dark, light, contrast, protanopia, deuteranopia, tritanopia, monochrome, dracula, nord, gruvbox, catppuccin,
    /// solarized, or one of the configuration's
    #[arg(long, value_name = "NAME")]
    pub(crate) theme: Option<String>,
    /// Draw with ASCII characters only
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Leave the mouse to the terminal, which selects text with it
    #[arg(long)]
    pub(crate) no_mouse: bool,
    /// Show fake agents
    #[arg(long)]
    pub(crate) demo: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "General")]
pub(crate) struct GeneralArgs {
    /// The configuration file [default: ~/.config/agtop/config.toml]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Write a log to this file (its detail: AGTOP_LOG=error|warn|info|debug|trace)
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) log_file: Option<PathBuf>,
}
