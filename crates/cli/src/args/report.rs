//! What is typed for reports, the status line and comparisons.

use agtop_report::{Dimension, ReportKind};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(
    after_help = "Days begin at midnight in the time zone shown, also where clocks change. Weeks begin on Monday \
                        (ISO 8601).\nExit codes: 5 if a budget is passed."
)]
pub(crate) struct ReportArgs {
    /// What the rows are
    #[arg(value_name = "REPORT", default_value = "daily", value_parser = kind())]
    pub(crate) kind: ReportKind,
    #[command(flatten)]
    pub(crate) span: SpanArgs,
    #[command(flatten)]
    pub(crate) rows: ReportRowArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) blocks: BlockArgs,
    /// With daily, weekly, monthly and blocks: exit 5 if the present one has cost more than this
    #[arg(long, value_name = "USD", help_heading = "Budget", allow_negative_numbers = true)]
    pub(crate) budget: Option<f64>,
}

fn kind() -> impl TypedValueParser<Value = ReportKind> {
    let names = ReportKind::ALL.map(ReportKind::as_str);
    PossibleValuesParser::new(names).map(|name| ReportKind::named(&name).unwrap_or_default())
}

fn dimension() -> impl TypedValueParser<Value = Dimension> {
    let names = Dimension::GROUPS.map(Dimension::as_str);
    PossibleValuesParser::new(names).map(|name| Dimension::named(&name).unwrap_or(Dimension::Day))
}

/// Which time.
#[derive(Debug, Args)]
#[command(next_help_heading = "Time")]
pub(crate) struct SpanArgs {
    /// Only usage from this time on: a date, an RFC 3339 time, or an age such as 7d or 12h
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Only usage before this time; a date counts whole
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// The time zone in which days begin, such as Europe/Berlin [default: the system's]
    #[arg(long, value_name = "ZONE", visible_alias = "timezone")]
    pub(crate) tz: Option<String>,
    /// Only sessions in directories of this name or path; may be given again
    #[arg(long = "project", value_name = "NAME")]
    pub(crate) projects: Vec<String>,
}

/// Which rows.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows")]
pub(crate) struct ReportRowArgs {
    /// A row for each combination with these, too
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = dimension())]
    pub(crate) group_by: Vec<Dimension>,
    /// Below each row, the same by model
    #[arg(long)]
    pub(crate) breakdown: bool,
    /// Only what each row is of, its tokens and its cost
    #[arg(long)]
    pub(crate) compact: bool,
    /// Only the newest or dearest N rows; what is left out is summed up
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// The order of rows [default: oldest first; without a time, dearest first]
    #[arg(long, value_enum)]
    pub(crate) order: Option<OrderChoice>,
}

/// The order of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderChoice {
    /// Oldest or cheapest first
    Asc,
    /// Newest or dearest first
    Desc,
}

/// How reports are written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
#[group(multiple = false)]
pub(crate) struct FormatArgs {
    /// Print JSON, as one line
    #[arg(short, long)]
    pub(crate) json: bool,
    /// Print CSV, in full figures and without totals
    #[arg(long)]
    pub(crate) csv: bool,
    /// Print a Markdown table
    #[arg(long)]
    pub(crate) markdown: bool,
    /// With daily: print a calendar, darker where more was used
    #[arg(long)]
    pub(crate) graph: bool,
}

/// Blocks of five hours.
#[derive(Debug, Args)]
#[command(next_help_heading = "Blocks")]
pub(crate) struct BlockArgs {
    /// Only the block that is not over
    #[arg(long, conflicts_with = "recent")]
    pub(crate) active: bool,
    /// Only blocks of the last three days
    #[arg(long)]
    pub(crate) recent: bool,
    /// Tokens that a block may have: a number, or max for as many as the largest one had
    #[arg(long, value_name = "N")]
    pub(crate) token_limit: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Set it as the statusLine command in Claude Code's settings. It reads no transcript, and always \
                        prints a line and exits 0."
)]
pub(crate) struct StatuslineArgs {
    /// Print what this command prints, which was the status line before, and only take note of limits
    #[arg(long, value_name = "COMMAND")]
    pub(crate) wrap: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The session's id, or the beginning of it; without one, all usage
    #[arg(required_unless_present_any = ["since", "until", "projects"])]
    pub(crate) session: Option<String>,
    #[command(flatten)]
    pub(crate) span: SpanArgs,
    /// Models to compare with, instead of the usual ones
    #[arg(long, help_heading = "Output", value_name = "NAMES", value_delimiter = ',')]
    pub(crate) models: Vec<String>,
    /// Print JSON, as one line
    #[arg(short, long, help_heading = "Output")]
    pub(crate) json: bool,
}
