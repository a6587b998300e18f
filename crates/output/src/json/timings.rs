use std::time::Duration;

use agtop_model::ToolTime;
use serde::Serialize;

/// How long tools, first tool calls and turns took.
#[derive(Serialize)]
pub(crate) struct TimingsJson {
    tools: Vec<ToolTimesJson>,
    first_tool: Option<QuantilesJson>,
    turn: Option<QuantilesJson>,
}

#[derive(Serialize)]
struct ToolTimesJson {
    client: &'static str,
    tool: String,
    times: QuantilesJson,
}

#[derive(Serialize)]
struct QuantilesJson {
    count: u32,
    median_ms: u64,
    p95_ms: u64,
    longest_ms: u64,
}

impl From<&agtop_model::Timings> for TimingsJson {
    fn from(timings: &agtop_model::Timings) -> Self {
        let tool = |of: &ToolTime| ToolTimesJson {
            client: of.client.as_str(),
            tool: of.tool.raw().to_owned(),
            times: of.times.into(),
        };
        Self {
            tools: timings.tools.iter().map(tool).collect(),
            first_tool: timings.first_tool.map(Into::into),
            turn: timings.turn.map(Into::into),
        }
    }
}

impl From<agtop_model::Quantiles> for QuantilesJson {
    fn from(of: agtop_model::Quantiles) -> Self {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self { count: of.count, median_ms: millis(of.median), p95_ms: millis(of.p95), longest_ms: millis(of.longest) }
    }
}
