use std::io::{Result, Write};

use agtop_model::{PicoUsd, Timestamp};
use agtop_report::{Dimension, Key, Line, Report, Sums, zone_name};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::json::trouble::Trouble;
use crate::json::wire::{Used, generated_at};
use crate::json::{wire, write};
use crate::report::{Format, Page};

/// The version of the shape, which rises as that of the others does.
const SCHEMA_VERSION: u32 = 1;

/// One JSON document, as `schema/report.schema.json` describes it.
pub(super) struct Json;

impl Format for Json {
    fn id(&self) -> &'static str {
        "json"
    }

    fn write(&self, report: &Report, page: &Page<'_>, out: &mut dyn Write) -> Result<()> {
        let rest = report.rest.as_ref().map(|rest| RestWire { rows: rest.lines, sums: SumsWire::of(&rest.sums) });
        let document = Document {
            schema_version: SCHEMA_VERSION,
            generated_at: generated_at(report.now),
            agtop_version: page.view.version,
            report: report.kind.as_str(),
            group_by: report.dimensions.iter().map(|dimension| dimension.as_str()).collect(),
            time_zone: zone_name(&report.zone),
            week_starts: "monday",
            since: report.since.and_then(wire::rfc3339),
            until: report.until.and_then(wire::rfc3339),
            plan: page.view.plan.as_str(),
            prices: page.prices,
            token_limit: report.token_limit,
            rows: report.lines.iter().map(|line| LineWire::of(line, report)).collect(),
            rest,
            totals: SumsWire::of(&report.totals),
            health: page.health.issues().map(Trouble::from).collect(),
            health_total: page.health.issues_total(),
        };
        write(&document, page.view, out)
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
    rows: Vec<LineWire>,
    rest: Option<RestWire>,
    totals: SumsWire,
    health: Vec<Trouble<'a>>,
    health_total: u64,
}

#[derive(Serialize)]
struct LineWire {
    keys: Vec<Option<String>>,
    from: Option<String>,
    to: Option<String>,
    session: Option<SessionWire>,
    project_path: Option<String>,
    block: Option<BlockWire>,
    #[serde(flatten)]
    sums: SumsWire,
    breakdown: Vec<PartWire>,
}

#[derive(Serialize)]
struct PartWire {
    model: Option<String>,
    #[serde(flatten)]
    sums: SumsWire,
}

#[derive(Serialize)]
struct RestWire {
    rows: usize,
    #[serde(flatten)]
    sums: SumsWire,
}

#[derive(Serialize)]
struct SumsWire {
    #[serde(flatten)]
    used: Used,
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
struct SessionWire {
    id: String,
    client: &'static str,
    project: Option<String>,
    cwd: Option<String>,
    branch: Option<String>,
}

#[derive(Serialize)]
struct BlockWire {
    state: &'static str,
    minutes_left: Option<f64>,
    tokens_per_minute: Option<f64>,
    fresh_tokens_per_minute: Option<f64>,
    cost_per_hour_usd: Option<f64>,
    projected_tokens: Option<u64>,
    projected_cost_usd: Option<f64>,
}

impl SumsWire {
    fn of(sums: &Sums) -> Self {
        Self {
            used: Used::new(sums.usage, &sums.spend, sums.turns),
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

impl LineWire {
    fn of(line: &Line, report: &Report) -> Self {
        let (from, to) = line.keys.iter().find_map(|key| bounds(key, &report.zone)).unwrap_or_default();
        let keys = line.keys.iter().zip(&report.dimensions);
        Self {
            keys: keys.map(|(key, dimension)| name(key, *dimension, &report.zone)).collect(),
            from: from.and_then(wire::rfc3339),
            to: to.and_then(wire::rfc3339),
            session: line.keys.iter().find_map(session),
            project_path: line.keys.iter().find_map(project_path),
            block: line.keys.iter().find_map(block),
            sums: SumsWire::of(&line.sums),
            breakdown: line.parts.iter().map(|part| PartWire::of(part, &report.zone)).collect(),
        }
    }
}

impl PartWire {
    fn of(part: &Line, zone: &TimeZone) -> Self {
        let model = part.keys.first().and_then(|key| name(key, Dimension::Model, zone));
        Self { model, sums: SumsWire::of(&part.sums) }
    }
}

/// The key as text; `None` for what is not known.
fn name(key: &Key, dimension: Dimension, zone: &TimeZone) -> Option<String> {
    match (key, dimension) {
        (
            Key::Period(None)
            | Key::Session(None)
            | Key::Project(None)
            | Key::Model(None)
            | Key::Branch(None)
            | Key::Tag(None),
            _,
        ) => None,
        (Key::Block(block), _) => wire::rfc3339(block.start),
        _ => Some(key.label(zone).raw().to_owned()),
    }
}

type Bounds = (Option<Timestamp>, Option<Timestamp>);

fn bounds(key: &Key, zone: &TimeZone) -> Option<Bounds> {
    match key {
        Key::Period(Some(period)) => Some(period.bounds(zone)),
        Key::Block(block) => Some((Some(block.start), Some(block.end))),
        _ => None,
    }
}

fn session(key: &Key) -> Option<SessionWire> {
    let Key::Session(Some(session)) = key else { return None };
    let text = |text: &Option<agtop_model::Untrusted>| text.as_ref().map(|text| text.raw().to_owned());
    Some(SessionWire {
        id: session.key.id.to_string(),
        client: session.client().as_str(),
        project: text(&session.project),
        cwd: session.cwd.as_deref().map(wire::path),
        branch: text(&session.branch),
    })
}

fn project_path(key: &Key) -> Option<String> {
    match key {
        Key::Project(Some(project)) => Some(wire::path(&project.path)),
        _ => None,
    }
}

fn block(key: &Key) -> Option<BlockWire> {
    let Key::Block(block) = key else { return None };
    let outlook = block.outlook();
    let burn = outlook.and_then(|outlook| outlook.burn);
    Some(BlockWire {
        state: block.state.as_str(),
        minutes_left: outlook.map(|outlook| outlook.left.as_secs_f64() / 60.0),
        tokens_per_minute: burn.and_then(|burn| wire::finite(burn.tokens_per_minute)),
        fresh_tokens_per_minute: burn.and_then(|burn| wire::finite(burn.fresh_tokens_per_minute)),
        cost_per_hour_usd: burn.and_then(|burn| burn.cost_per_hour).map(PicoUsd::as_usd),
        projected_tokens: outlook.and_then(|outlook| outlook.tokens),
        projected_cost_usd: outlook.and_then(|outlook| outlook.cost).map(PicoUsd::as_usd),
    })
}
