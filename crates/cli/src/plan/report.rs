//! Usage reports and comparisons of models.

use agtop_format::units;
use agtop_hooks::HookDirs;
use agtop_model::{ClientId, PicoUsd, Timestamp};
use agtop_output::View;
use agtop_output::report::{ReportColumns, ReportFormat, ReportFormatInfo};
use agtop_report::{BlockSelection, Dimension, LineDetail, LineOrder, ReportKind, ReportOptions, TokenLimit};
use anyhow::{Context, Result, anyhow, bail};
use jiff::tz::TimeZone;

use super::context::PlanContext;
use super::output::TextOrJson;
use super::source::UsageSource;
use crate::args::{Cli, CompareArgs, OrderChoice, PeriodArgs, ReportOptionArgs};
use crate::prices::PriceSettings;
use crate::time;

/// Print a usage report.
pub(crate) struct ReportPlan {
    pub(crate) source: UsageSource,
    /// Where hooks have left events that no agtop has read yet.
    pub(crate) hooks: HookDirs,
    pub(crate) prices: PriceSettings,
    pub(crate) options: ReportOptions,
    pub(crate) format: &'static dyn ReportFormat,
    pub(crate) columns: ReportColumns,
    pub(crate) view: View,
    pub(crate) budget: Option<PicoUsd>,
    /// Only this session: its id, or the beginning of it.
    pub(crate) session: Option<String>,
    /// What the report is restricted to, for its heading.
    pub(crate) restrictions: Vec<String>,
    pub(crate) hint: ReportHint,
}

/// What is printed after a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReportHint {
    None,
    /// Which other kinds of reports there are.
    OtherKinds,
}

/// Price the same tokens on other models.
pub(crate) struct ComparePlan {
    pub(crate) source: UsageSource,
    pub(crate) prices: PriceSettings,
    /// The id of the session, or the beginning of it; `None` for all usage.
    pub(crate) session: Option<String>,
    pub(crate) options: ReportOptions,
    /// The models to compare with; if there are none, the common ones.
    pub(crate) models: Vec<String>,
    pub(crate) format: TextOrJson,
    pub(crate) view: View,
}

/// Blocks of five hours are limits of Claude.
const BLOCKS_CLIENT: ClientId = ClientId::new("claude");

impl PlanContext {
    /// The plan of a report; of the daily one with a hint if the user names no kind.
    pub(super) fn report(&self, cli: &Cli, named: Option<ReportKind>, args: &ReportOptionArgs) -> Result<ReportPlan> {
        let kind = named.unwrap_or_default();
        let format = args.format.format().context("no report has a format")?;
        check_flags(kind, args, format.info())?;
        let budget = args.budget.map(budget).transpose()?;
        let period = self.period(&args.period)?;
        let mut settings = self.settings(cli)?;
        let restrictions = restrictions(kind, args, &settings.clients);
        if kind == ReportKind::Blocks && settings.clients.is_empty() {
            settings.clients.push(BLOCKS_CLIENT);
        }
        let options = ReportOptions {
            group_by: group_by(args),
            detail: if args.rows.breakdown { LineDetail::ByModel } else { LineDetail::Whole },
            plan: self.billing_plan(cli),
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
            ..period.options(kind)
        };
        Ok(ReportPlan {
            source: self.source(cli, settings),
            hooks: self.hook_dirs(),
            prices: self.prices(cli)?,
            options,
            format,
            columns: if args.rows.compact { ReportColumns::Few } else { ReportColumns::All },
            view: self.view(cli)?,
            budget,
            restrictions,
            session: args.ccusage.id.clone(),
            hint: if named.is_none() && format.info().help.is_none() {
                ReportHint::OtherKinds
            } else {
                ReportHint::None
            },
        })
    }

    pub(super) fn compare(&self, cli: &Cli, args: &CompareArgs) -> Result<ComparePlan> {
        let period = self.period(&args.period)?;
        Ok(ComparePlan {
            source: self.source(cli, self.settings(cli)?),
            prices: self.prices(cli)?,
            session: args.session.clone(),
            options: ReportOptions { plan: self.billing_plan(cli), ..period.options(ReportKind::Session) },
            models: args.models.clone(),
            format: TextOrJson::json_if(args.json),
            view: self.view(cli)?,
        })
    }

    fn period(&self, args: &PeriodArgs) -> Result<UsagePeriod> {
        let zone = args.tz.as_deref().map_or_else(|| Ok(self.zone.clone()), zone)?;
        let now = jiff::Timestamp::now();
        let (since, until) = time::span(args.since.as_deref(), args.until.as_deref(), now, &zone)?;
        let now = Timestamp::from_millis(now.as_millisecond());
        Ok(UsagePeriod { since, until, zone, projects: args.projects.clone(), now })
    }
}

/// Which usage is meant.
struct UsagePeriod {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    zone: TimeZone,
    projects: Vec<String>,
    now: Timestamp,
}

impl UsagePeriod {
    fn options(self, kind: ReportKind) -> ReportOptions {
        let Self { since, until, zone, projects, now } = self;
        ReportOptions { since, until, zone, projects, ..ReportOptions::new(kind, now) }
    }
}

/// Refuses flags that have no meaning for this kind of report.
fn check_flags(kind: ReportKind, args: &ReportOptionArgs, format: &ReportFormatInfo) -> Result<()> {
    let is_blocks = kind == ReportKind::Blocks;
    let format_flag = format!("--{}", format.id);
    let format_kind = format.only_kind.unwrap_or(kind);
    let rules: [(bool, &str, &str); 8] = [
        (args.budget.is_some() && !kind.has_current(), "--budget", "daily, weekly, monthly and blocks"),
        (format_kind != kind, &format_flag, format_kind.as_str()),
        (args.blocks.active && !is_blocks, "--active", "blocks"),
        (args.blocks.recent && !is_blocks, "--recent", "blocks"),
        (args.blocks.token_limit.is_some() && !is_blocks, "--token-limit", "blocks"),
        (args.ccusage.instances && !kind.is_grouped(), "--instances", "all reports but tool and blocks"),
        (!args.rows.group_by.is_empty() && !kind.is_grouped(), "--group-by", "all reports but tool and blocks"),
        (args.rows.breakdown && kind == ReportKind::Tool, "--breakdown", "all reports but tool"),
    ];
    match rules.iter().find(|(is_broken, ..)| *is_broken) {
        Some((_, flag, kinds)) => bail!("{flag} is for {kinds}"),
        None => Ok(()),
    }
}

/// What a report is restricted to, for its heading. Blocks are of one client unless the user names others.
fn restrictions(kind: ReportKind, args: &ReportOptionArgs, clients: &[ClientId]) -> Vec<String> {
    let names: Vec<&str> = clients.iter().map(|client| client.as_str()).collect();
    let of_clients = match (names.is_empty(), kind) {
        (true, ReportKind::Blocks) => Some(format!("only {BLOCKS_CLIENT} (--client for another agent)")),
        (true, _) => None,
        (false, _) => Some(format!("only {}", names.join(", "))),
    };
    let projects = &args.period.projects;
    let of_projects = (!projects.is_empty())
        .then(|| format!("{} {}", units::noun(projects.len() as u64, "project"), projects.join(", ")));
    let of_session = args.ccusage.id.as_ref().map(|id| format!("session {id}"));
    of_clients.into_iter().chain(of_projects).chain(of_session).collect()
}

/// The dimensions of `--group-by`, and that of `--instances`.
fn group_by(args: &ReportOptionArgs) -> Vec<Dimension> {
    let by_project = args.ccusage.instances.then_some(Dimension::Project);
    args.rows.group_by.iter().copied().chain(by_project).collect()
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
