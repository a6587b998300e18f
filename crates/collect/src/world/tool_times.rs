use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{ClientId, Quantiles, ToolTime, Untrusted};

/// How long the last calls of each tool took.
#[derive(Debug, Default)]
pub(super) struct ToolTimes(HashMap<(ClientId, Arc<str>), VecDeque<u32>>);

/// Calls that are remembered of each tool.
const KEPT: usize = 64;
/// Fewer calls than this tell nothing.
const ENOUGH: usize = 8;

impl ToolTimes {
    pub(super) fn note(&mut self, client: ClientId, tool: &Arc<str>, span: Duration) {
        let times = self.0.entry((client, Arc::clone(tool))).or_default();
        if times.len() == KEPT {
            times.pop_front();
        }
        times.push_back(u32::try_from(span.as_millis()).unwrap_or(u32::MAX));
    }

    /// How long the last calls of each tool took, the slowest tool first.
    pub(super) fn all(&self) -> Vec<ToolTime> {
        let times = |((client, tool), times): (&(ClientId, Arc<str>), &VecDeque<u32>)| {
            Some(ToolTime { client: *client, tool: Untrusted::new(Arc::clone(tool)), times: quantiles(times)? })
        };
        let mut all: Vec<ToolTime> = self.0.iter().filter_map(times).collect();
        all.sort_by(|a, b| {
            b.times.p95.cmp(&a.times.p95).then_with(|| (a.client, a.tool.raw()).cmp(&(b.client, b.tool.raw())))
        });
        all
    }

    /// The 95th percentile of the last calls.
    pub(super) fn usual(&self, client: ClientId, tool: &str) -> Option<Duration> {
        let times = self.0.get(&(client, Arc::from(tool))).filter(|times| times.len() >= ENOUGH)?;
        Some(quantiles(times)?.p95)
    }
}

fn quantiles(times: &VecDeque<u32>) -> Option<Quantiles> {
    Quantiles::of(times.iter().map(|&millis| Duration::from_millis(millis.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_all_calls_are_within_the_usual_time() {
        let mut times = ToolTimes::default();
        let (client, tool) = (ClientId::new("claude"), Arc::from("Bash"));
        assert_eq!(times.usual(client, "Bash"), None);
        for second in 1..=100 {
            times.note(client, &tool, Duration::from_secs(second));
        }
        // The last 64 are 37 to 100 seconds.
        assert_eq!(times.usual(client, "Bash"), Some(Duration::from_secs(97)));
        assert_eq!(times.usual(client, "Bash"), Some(times.all()[0].times.p95));
        assert_eq!(times.usual(ClientId::new("codex"), "Bash"), None);
    }
}
