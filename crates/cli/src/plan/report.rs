//! Reports, the status line and comparisons, checked.

use std::path::PathBuf;
use std::sync::Arc;

use agtop_collect::Settings;
use agtop_hooks::HookDirs;
use agtop_model::{ClientId, PicoUsd, Timestamp};
use agtop_output::report::{ReportColumns, ReportFormat, format};
use agtop_output::{Colour, View};
use agtop_prices::PriceBook;
use agtop_report::{BlockSelection, LineDetail, LineOrder, ReportKind, ReportOptions, TokenLimit};
use anyhow::{Result, anyhow, bail};
use jiff::tz::TimeZone;

use super::Ground;
use crate::args::{Cli, CompareArgs, FormatArgs, OrderChoice, ReportArgs, SpanArgs, StatuslineArgs};
use crate::time;

/// Fold usage.
pub(crate) struct Report {
    pub(crate) settings: Settings,
    /// Where hooks leave what no agtop has used yet.
    pub(crate) hooks: HookDirs,
    pub(crate) book: Arc<PriceBook>,
    pub(crate) options: ReportOptions,
    pub(crate) format: &'static dyn ReportFormat,
    pub(crate) columns: ReportColumns,
    pub(crate) view: View,
    pub(crate) budget: Option<PicoUsd>,
}

/// Draw Claude Code's status line.
pub(crate) struct Statusline {
    /// The ledger, if there is a place for one.
    pub(crate) ledger: Option<PathBuf>,
    pub(crate) book: PriceBook,
    pub(crate) zone: TimeZone,
    pub(crate) colour: Colour,
    /// The command whose line is printed instead.
    pub(crate) wrap: Option<String>,
}

/// Price the same tokens by model.
pub(crate) struct Compare {
    pub(crate) settings: Settings,
    pub(crate) book: Arc<PriceBook>,
    pub(crate) session: Option<String>,
    pub(crate) options: ReportOptions,
    /// If none, the usual ones.
    pub(crate) models: Vec<String>,
    pub(crate) layout: Shape,
    pub(crate) view: View,
}

/// How a comparison is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    Json,
}

/// The five-hour window is Claude's.
const BLOCKS_OF: ClientId = ClientId::new("claude");

impl Statusline {
    /// Checks nothing and reads no file: whatever is wrong here, a status line must not break its host.
    pub(crate) fn of(cli: &Cli, args: &StatuslineArgs) -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_plain = cli.output.no_color || is_set("NO_COLOR");
        let ledger = etcetera::base_strategy::Xdg::new().ok().map(|directories| super::ledger_in(&directories));
        let ledger = ledger.filter(|_| !cli.sources.no_ledger);
        let as_of = cli.money.prices_as_of.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default();
        Self {
            ledger,
            book: PriceBook::bundled().with_as_of(as_of),
            zone: TimeZone::system(),
            colour: if is_plain { Colour::Never } else { Colour::Always },
            wrap: args.wrap.clone(),
        }
    }
}

impl Ground {
    pub(super) fn report(&self, cli: &Cli, args: &ReportArgs, book: Arc<PriceBook>) -> Result<Report> {
        check(args)?;
        let budget = args.budget.map(budget).transpose()?;
        let span = self.span(&args.span)?;
        let mut settings = self.settings(cli)?;
        if args.kind == ReportKind::Blocks && settings.clients.is_empty() {
            settings.clients.push(BLOCKS_OF);
        }
        let options = ReportOptions {
            group_by: args.rows.group_by.clone(),
            detail: if args.rows.breakdown { LineDetail::ByModel } else { LineDetail::Whole },
            plan: self.plan(cli),
            order: match args.rows.order {
                None => LineOrder::Usual,
                Some(OrderChoice::Asc) => LineOrder::Ascending,
                Some(OrderChoice::Desc) => LineOrder::Descending,
            },
            limit: args.rows.limit.filter(|&limit| limit > 0),
            blocks: match (args.blocks.active, args.blocks.recent) {
                (true, _) => BlockSelection::Active,
                (false, true) => BlockSelection::Recent,
                (false, false) => BlockSelection::All,
            },
            token_limit: args.blocks.token_limit.as_deref().map(token_limit).transpose()?,
            ..span.options(args.kind)
        };
        Ok(Report {
            settings,
            hooks: self.places(),
            book,
            options,
            format: format_of(&args.format)?,
            columns: if args.rows.compact { ReportColumns::Few } else { ReportColumns::All },
            view: self.view(cli)?,
            budget,
        })
    }

    pub(super) fn compare(&self, cli: &Cli, args: &CompareArgs, book: Arc<PriceBook>) -> Result<Compare> {
        let span = self.span(&args.span)?;
        Ok(Compare {
            settings: self.settings(cli)?,
            book,
            session: args.session.clone(),
            options: ReportOptions { plan: self.plan(cli), ..span.options(ReportKind::Session) },
            models: args.models.clone(),
            layout: if args.json { Shape::Json } else { Shape::Text },
            view: self.view(cli)?,
        })
    }

    fn span(&self, args: &SpanArgs) -> Result<Span> {
        let zone = args.tz.as_deref().map_or_else(|| Ok(self.zone.clone()), zone)?;
        let now = jiff::Timestamp::now();
        let (since, until) = time::span(args.since.as_deref(), args.until.as_deref(), now, &zone)?;
        let now = Timestamp::from_millis(now.as_millisecond());
        Ok(Span { since, until, zone, projects: args.projects.clone(), now })
    }
}

/// Which usage.
struct Span {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    zone: TimeZone,
    projects: Vec<String>,
    now: Timestamp,
}

impl Span {
    fn options(self, kind: ReportKind) -> ReportOptions {
        let Self { since, until, zone, projects, now } = self;
        ReportOptions { since, until, zone, projects, ..ReportOptions::new(kind, now) }
    }
}

/// Flags that say nothing of this kind of report.
fn check(args: &ReportArgs) -> Result<()> {
    let kind = args.kind;
    let is_blocks = kind == ReportKind::Blocks;
    let rules: [(bool, &str, &str); 7] = [
        (args.budget.is_some() && !kind.has_current(), "--budget", "daily, weekly, monthly and blocks"),
        (args.format.graph && kind != ReportKind::Daily, "--graph", "daily"),
        (args.blocks.active && !is_blocks, "--active", "blocks"),
        (args.blocks.recent && !is_blocks, "--recent", "blocks"),
        (args.blocks.token_limit.is_some() && !is_blocks, "--token-limit", "blocks"),
        (!args.rows.group_by.is_empty() && !kind.is_grouped(), "--group-by", "all reports but tool and blocks"),
        (args.rows.breakdown && kind == ReportKind::Tool, "--breakdown", "all reports but tool"),
    ];
    match rules.iter().find(|(is_broken, ..)| *is_broken) {
        Some((_, flag, kinds)) => bail!("{flag} is for {kinds}"),
        None => Ok(()),
    }
}

fn format_of(args: &FormatArgs) -> Result<&'static dyn ReportFormat> {
    let chosen = [(args.json, "json"), (args.csv, "csv"), (args.markdown, "markdown"), (args.graph, "graph")];
    let id = chosen.iter().find(|(is_chosen, _)| *is_chosen).map_or("text", |(_, id)| id);
    format(id).ok_or_else(|| anyhow!("no format is called '{id}'"))
}

fn budget(usd: f64) -> Result<PicoUsd> {
    let amount = PicoUsd::from_usd(usd).filter(|amount| *amount >= PicoUsd::ZERO);
    amount.ok_or_else(|| anyhow!("--budget: {usd} is not an amount of dollars"))
}

fn token_limit(text: &str) -> Result<TokenLimit> {
    match text {
        "max" => Ok(TokenLimit::Largest),
        _ => match text.parse() {
            Ok(tokens) if tokens > 0 => Ok(TokenLimit::Tokens(tokens)),
            _ => bail!("--token-limit: '{text}' is neither a number of tokens nor max"),
        },
    }
}

fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| anyhow!("--tz: no time zone is called '{name}'; write Europe/Berlin or UTC"))
}
