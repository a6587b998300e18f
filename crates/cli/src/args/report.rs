//! The arguments of `agtop report`, `agtop statusline` and `agtop compare`.

use agtop_report::{Dimension, ReportKind};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::formats::ReportFormatArgs;

#[derive(Debug, Args)]
#[command(
    after_help = "Days begin at midnight in the time zone of the report, also when clocks change. Weeks begin on Monday \
                        (ISO 8601).\nagtop daily, weekly, monthly, session and blocks are short for agtop report \
                        daily and so on.\nExit code: 5 if the budget is exceeded."
)]
pub(crate) struct ReportArgs {
    /// What each row is [default: daily]
    #[arg(value_name = "REPORT", value_parser = kind())]
    pub(crate) kind: Option<ReportKind>,
    #[command(flatten)]
    pub(crate) options: ReportOptionArgs,
}

/// What a report has, whichever kind it is.
#[derive(Debug, Args)]
pub(crate) struct ReportOptionArgs {
    #[command(flatten)]
    pub(crate) period: PeriodArgs,
    #[command(flatten)]
    pub(crate) rows: ReportRowArgs,
    #[command(flatten)]
    pub(crate) format: ReportFormatArgs,
    #[command(flatten)]
    pub(crate) blocks: BlockArgs,
    /// With daily, weekly, monthly and blocks: exit 5 if the current one has cost more than this
    #[arg(long, value_name = "USD", help_heading = "Budget", allow_negative_numbers = true)]
    pub(crate) budget: Option<f64>,
    #[command(flatten)]
    pub(crate) ccusage: CcusageArgs,
}

/// Flags of ccusage that agtop accepts, so that its command lines work.
#[derive(Debug, Args)]
pub(crate) struct CcusageArgs {
    /// Only this session: the id, or the beginning of it
    #[arg(long, value_name = "SESSION", help_heading = "Time")]
    pub(crate) id: Option<String>,
    /// Same as --group-by project
    #[arg(long, hide = true)]
    pub(crate) instances: bool,
    /// Has no effect: agtop uses the network only if asked to
    #[arg(short = 'O', long, hide = true)]
    pub(crate) offline: bool,
    /// Where costs come from: only auto, which is what agtop does
    #[arg(short, long, value_name = "MODE", hide = true, value_parser = ["auto"])]
    pub(crate) mode: Option<String>,
}

/// The short flags that ccusage has in one of its commands: command, flag, short.
const CCUSAGE_SHORT_FLAGS: [(&str, &str, char); 2] = [("daily", "instances", 'i'), ("session", "id", 'i')];

/// Gives commands the short flags that ccusage has.
pub(super) fn add_ccusage_short_flags(mut cli: clap::Command) -> clap::Command {
    for (command, flag, short) in CCUSAGE_SHORT_FLAGS {
        cli = cli.mut_subcommand(command, |sub| sub.mut_arg(flag, |arg| arg.short(short)));
    }
    cli
}

fn kind() -> impl TypedValueParser<Value = ReportKind> {
    let names = ReportKind::ALL.map(ReportKind::as_str);
    PossibleValuesParser::new(names).map(|name| ReportKind::named(&name).unwrap_or_default())
}

fn dimension() -> impl TypedValueParser<Value = Dimension> {
    let names = Dimension::GROUPS.map(Dimension::as_str);
    PossibleValuesParser::new(names).map(|name| Dimension::named(&name).unwrap_or(Dimension::Day))
}

/// Which usage.
#[derive(Debug, Args)]
#[command(next_help_heading = "Time")]
pub(crate) struct PeriodArgs {
    /// Only usage from this time on: today, yesterday, a date, a time
    /// (2026-11-21T10:00), or an age such as 7d or 12h
    #[arg(short, long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only usage before this time; a date includes the whole day
    #[arg(short, long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// The time zone of days, such as Europe/Berlin [default: the system's]
    #[arg(short = 'z', long, value_name = "ZONE", visible_alias = "timezone")]
    pub(crate) tz: Option<String>,
    /// Only sessions in directories with this name or path; may be repeated
    #[arg(short, long = "project", value_name = "NAME")]
    pub(crate) projects: Vec<String>,
}

/// Which rows.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows")]
pub(crate) struct ReportRowArgs {
    /// Split each row by these, too
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = dimension())]
    pub(crate) group_by: Vec<Dimension>,
    /// Show each model below its row
    #[arg(short, long)]
    pub(crate) breakdown: bool,
    /// Only the columns for name, tokens and cost
    #[arg(long)]
    pub(crate) compact: bool,
    /// Only the newest or most expensive N rows; one more row sums up the others
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// The order of rows [default: oldest first; rows without a time: most expensive first]
    #[arg(short, long, value_enum)]
    pub(crate) order: Option<OrderChoice>,
}

/// The order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderChoice {
    /// Oldest or cheapest first
    Asc,
    /// Newest or most expensive first
    Desc,
}

/// Blocks of five hours.
#[derive(Debug, Args)]
#[command(next_help_heading = "Blocks")]
pub(crate) struct BlockArgs {
    /// Only the active block
    #[arg(short, long, conflicts_with = "recent")]
    pub(crate) active: bool,
    /// Only blocks of the last three days
    #[arg(short, long)]
    pub(crate) recent: bool,
    /// The token limit of a block: a number, or max for the tokens of the largest block
    #[arg(short, long, value_name = "N")]
    pub(crate) token_limit: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Set it as the statusLine command in Claude Code's settings. It reads no transcripts, and always \
                        prints a line and exits 0."
)]
pub(crate) struct StatuslineArgs {
    /// Print the output of this command, such as your previous status line, and only record rate limits
    #[arg(long, value_name = "COMMAND")]
    pub(crate) wrap: Option<String>,
    /// Flags of ccusage's status line, which have no effect: the line must not be lost where they are given.
    #[arg(short = 'O', long, visible_alias = "no-offline", hide = true)]
    offline: bool,
    #[arg(short = 'B', long, value_name = "STYLE", hide = true)]
    visual_burn_rate: Option<String>,
    #[arg(long, value_name = "SOURCE", hide = true)]
    cost_source: Option<String>,
    #[arg(long, visible_alias = "no-cache", hide = true)]
    cache: bool,
    #[arg(long, value_name = "SECONDS", hide = true)]
    refresh_interval: Option<String>,
    #[arg(long, value_name = "PERCENT", hide = true)]
    context_low_threshold: Option<String>,
    #[arg(long, value_name = "PERCENT", hide = true)]
    context_medium_threshold: Option<String>,
    #[arg(short, long, hide = true)]
    debug: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The id of the session, or the beginning of it; without one, all usage
    #[arg(required_unless_present_any = ["since", "until", "projects"])]
    pub(crate) session: Option<String>,
    #[command(flatten)]
    pub(crate) period: PeriodArgs,
    /// The models to compare with, instead of common ones
    #[arg(long, help_heading = "Output", value_name = "NAMES", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    /// Print JSON on one line
    #[arg(short, long, help_heading = "Output")]
    pub(crate) json: bool,
}
