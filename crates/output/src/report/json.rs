use std::io::{Result, Write};

use agtop_model::{PicoUsd, Timestamp};
use agtop_report::{Dimension, LineKey, Report, ReportLine, UsageSums, zone_name};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::json::issue::IssueJson;
use crate::json::wire::{UsageJson, generated_at};
use crate::json::{wire, write};
use crate::report::format::{ReportContext, ReportFormat, ReportFormatInfo};

/// The version of the document. It rises when a key is removed or renamed or changes its type.
const SCHEMA_VERSION: u32 = 1;

/// One JSON document, as `schema/report.schema.json` describes it.
pub(super) struct Json;

static INFO: ReportFormatInfo =
    ReportFormatInfo { id: "json", short: Some('j'), help: Some("Print JSON on one line"), only_kind: None };

impl ReportFormat for Json {
    fn info(&self) -> &'static ReportFormatInfo {
        &INFO
    }

    fn write(&self, report: &Report, context: &ReportContext<'_>, out: &mut dyn Write) -> Result<()> {
        let rest = report.omitted.as_ref().map(|rest| OmittedJson { rows: rest.lines, sums: SumsJson::of(&rest.sums) });
        let document = Document {
            schema_version: SCHEMA_VERSION,
            generated_at: generated_at(report.now),
            agtop_version: context.view.version,
            report: report.kind.as_str(),
            group_by: report.dimensions.iter().map(|dimension| dimension.as_str()).collect(),
            time_zone: zone_name(&report.zone),
            week_starts: "monday",
            since: report.since.and_then(wire::rfc3339),
            until: report.until.and_then(wire::rfc3339),
            plan: context.view.plan.as_str(),
            prices: context.prices,
            token_limit: report.token_limit,
            rows: report.lines.iter().map(|line| LineJson::of(line, report)).collect(),
            rest,
            totals: SumsJson::of(&report.totals),
            health: context.health.issues().map(IssueJson::from).collect(),
            health_total: context.health.issues_total(),
        };
        write(&document, context.view, out)
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    generated_at: String,
    agtop_version: &'a str,
    report: &'static str,
    group_by: Vec<&'static str>,
    time_zone: String,
    week_starts: &'static str,
    since: Option<String>,
    until: Option<String>,
    plan: &'static str,
    prices: &'a str,
    token_limit: Option<u64>,
    rows: Vec<LineJson>,
    rest: Option<OmittedJson>,
    totals: SumsJson,
    health: Vec<IssueJson<'a>>,
    health_total: u64,
}

#[derive(Serialize)]
struct LineJson {
    keys: Vec<Option<String>>,
    from: Option<String>,
    to: Option<String>,
    session: Option<SessionKeyJson>,
    project_path: Option<String>,
    block: Option<BlockJson>,
    #[serde(flatten)]
    sums: SumsJson,
    breakdown: Vec<ModelPartJson>,
}

#[derive(Serialize)]
struct ModelPartJson {
    model: Option<String>,
    #[serde(flatten)]
    sums: SumsJson,
}

#[derive(Serialize)]
struct OmittedJson {
    rows: usize,
    #[serde(flatten)]
    sums: SumsJson,
}

#[derive(Serialize)]
struct SumsJson {
    #[serde(flatten)]
    used: UsageJson,
    cost_basis: Option<&'static str>,
    embedded_usd: f64,
    covered_usd: f64,
    web_searches: u64,
    calls: u64,
    sessions: usize,
    models: Vec<String>,
    first: Option<String>,
    last: Option<String>,
}

#[derive(Serialize)]
struct SessionKeyJson {
    id: String,
    client: &'static str,
    project: Option<String>,
    cwd: Option<String>,
    branch: Option<String>,
}

#[derive(Serialize)]
struct BlockJson {
    state: &'static str,
    minutes_left: Option<f64>,
    tokens_per_minute: Option<f64>,
    fresh_tokens_per_minute: Option<f64>,
    cost_per_hour_usd: Option<f64>,
    projected_tokens: Option<u64>,
    projected_cost_usd: Option<f64>,
}

impl SumsJson {
    fn of(sums: &UsageSums) -> Self {
        Self {
            used: UsageJson::new(sums.usage, &sums.spend, sums.turns),
            cost_basis: (sums.turns > 0).then(|| sums.spend.basis().as_str()),
            embedded_usd: sums.spend.embedded.as_usd(),
            covered_usd: sums.covered.as_usd(),
            web_searches: sums.usage.web_searches,
            calls: sums.calls,
            sessions: sums.sessions,
            models: sums.models.iter().map(|model| (**model).to_owned()).collect(),
            first: sums.first.and_then(wire::rfc3339),
            last: sums.last.and_then(wire::rfc3339),
        }
    }
}

impl LineJson {
    fn of(line: &ReportLine, report: &Report) -> Self {
        let (from, to) = line.keys.iter().find_map(|key| bounds(key, &report.zone)).unwrap_or_default();
        let keys = line.keys.iter().zip(&report.dimensions);
        Self {
            keys: keys.map(|(key, dimension)| name(key, *dimension, &report.zone)).collect(),
            from: from.and_then(wire::rfc3339),
            to: to.and_then(wire::rfc3339),
            session: line.keys.iter().find_map(session),
            project_path: line.keys.iter().find_map(project_path),
            block: line.keys.iter().find_map(block),
            sums: SumsJson::of(&line.sums),
            breakdown: line.by_model.iter().map(|part| ModelPartJson::of(part, &report.zone)).collect(),
        }
    }
}

impl ModelPartJson {
    fn of(part: &ReportLine, zone: &TimeZone) -> Self {
        let model = part.keys.first().and_then(|key| name(key, Dimension::Model, zone));
        Self { model, sums: SumsJson::of(&part.sums) }
    }
}

/// The key as text; `None` if it is not known.
fn name(key: &LineKey, dimension: Dimension, zone: &TimeZone) -> Option<String> {
    match (key, dimension) {
        (
            LineKey::Period(None)
            | LineKey::Session(None)
            | LineKey::Project(None)
            | LineKey::Model(None)
            | LineKey::Branch(None)
            | LineKey::Tag(None),
            _,
        ) => None,
        (LineKey::Block(block), _) => wire::rfc3339(block.start),
        _ => Some(key.label(zone).raw().to_owned()),
    }
}

type Bounds = (Option<Timestamp>, Option<Timestamp>);

fn bounds(key: &LineKey, zone: &TimeZone) -> Option<Bounds> {
    match key {
        LineKey::Period(Some(period)) => Some(period.bounds(zone)),
        LineKey::Block(block) => Some((Some(block.start), Some(block.end))),
        _ => None,
    }
}

fn session(key: &LineKey) -> Option<SessionKeyJson> {
    let LineKey::Session(Some(session)) = key else { return None };
    let text = |text: &Option<agtop_model::Untrusted>| text.as_ref().map(|text| text.raw().to_owned());
    Some(SessionKeyJson {
        id: session.key.id.to_string(),
        client: session.client().as_str(),
        project: text(&session.project),
        cwd: session.cwd.as_deref().map(wire::path),
        branch: text(&session.branch),
    })
}

fn project_path(key: &LineKey) -> Option<String> {
    match key {
        LineKey::Project(Some(project)) => Some(wire::path(&project.path)),
        _ => None,
    }
}

fn block(key: &LineKey) -> Option<BlockJson> {
    let LineKey::Block(block) = key else { return None };
    let projection = block.projection();
    let burn = projection.and_then(|projection| projection.burn);
    Some(BlockJson {
        state: block.state.as_str(),
        minutes_left: projection.map(|projection| projection.left.as_secs_f64() / 60.0),
        tokens_per_minute: burn.and_then(|burn| wire::finite(burn.tokens_per_minute)),
        fresh_tokens_per_minute: burn.and_then(|burn| wire::finite(burn.fresh_tokens_per_minute)),
        cost_per_hour_usd: burn.and_then(|burn| burn.cost_per_hour).map(PicoUsd::as_usd),
        projected_tokens: projection.and_then(|projection| projection.tokens),
        projected_cost_usd: projection.and_then(|projection| projection.cost).map(PicoUsd::as_usd),
    })
}
