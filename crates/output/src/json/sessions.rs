use std::io::{Result, Write};

use agtop_model::{Snapshot, SnapshotRow};
use agtop_query::select;
use serde::Serialize;

use crate::json::issue::IssueJson;
use crate::json::totals::{ListedJson, TotalsJson};
use crate::json::{session, wire};
use crate::snapshot_format::{SeriesForm, SnapshotFlag, SnapshotFormat, SnapshotFormatInfo};
use crate::view::View;

/// `--json=sessions`: the keys of rust-agtop, with sums by client, model and day.
pub(crate) struct JsonSessions;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    generated_at: String,
    agtop_version: &'static str,
    plan: &'static str,
    prices: &'a str,
    sessions: Vec<session::SessionJson>,
    listed: ListedJson,
    totals: TotalsJson<'a>,
    rate_limits: Vec<RateLimitJson<'a>>,
    health: Vec<IssueJson<'a>>,
    health_total: u64,
}

/// The newest reading of a rate limit.
#[derive(Serialize)]
struct RateLimitJson<'a> {
    client: &'static str,
    limit: &'a str,
    plan: Option<&'a str>,
    read_at: Option<String>,
    windows: Vec<RateLimitWindowJson>,
}

#[derive(Serialize)]
struct RateLimitWindowJson {
    minutes: u32,
    used_percent: Option<f64>,
    resets_at: Option<String>,
}

static INFO: SnapshotFormatInfo =
    SnapshotFormatInfo { id: "json-sessions", flag: SnapshotFlag::JsonShape("sessions"), series: SeriesForm::Lines };

impl SnapshotFormat for JsonSessions {
    fn info(&self) -> &'static SnapshotFormatInfo {
        &INFO
    }

    fn write(&self, snapshot: &Snapshot, view: &View, out: &mut dyn Write) -> Result<()> {
        let rows = select::sessions(snapshot, &view.selection);
        let shown = select::top(&rows, &view.selection);
        let entry = |row: &SnapshotRow<'_>| row.session.map(|session| session::SessionJson::new(session, row, view));
        let document = Document {
            schema_version: wire::SCHEMA_VERSION,
            generated_at: wire::generated_at(snapshot.now),
            agtop_version: view.version,
            plan: view.plan.as_str(),
            prices: &snapshot.prices,
            sessions: shown.iter().filter_map(entry).collect(),
            listed: ListedJson::of(shown),
            totals: TotalsJson::of(snapshot),
            rate_limits: snapshot.allowances().map(RateLimitJson::from).collect(),
            health: snapshot.health.issues().map(IssueJson::from).collect(),
            health_total: snapshot.health.issues_total(),
        };
        super::write(&document, view, out)
    }
}

impl<'a> From<agtop_model::Allowance<'a>> for RateLimitJson<'a> {
    fn from(known: agtop_model::Allowance<'a>) -> Self {
        let windows = known.windows().map(|window| RateLimitWindowJson {
            minutes: window.minutes,
            used_percent: wire::finite(window.used_percent),
            resets_at: window.resets_at.and_then(wire::rfc3339),
        });
        Self {
            client: known.client.as_str(),
            limit: &known.limit.limit,
            plan: known.limit.plan.as_ref().map(agtop_model::Untrusted::raw),
            read_at: wire::rfc3339(known.read),
            windows: windows.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use agtop_demo::sample as testing;
    use agtop_format::Content;
    use agtop_model::BillingPlan;
    use serde_json::Value;

    use super::*;
    use crate::JsonLayout;
    use crate::testing::{json_of, text_of, view};

    const NAMES: [&str; 6] = ["input", "output", "reasoning_output", "cache_read", "cache_write_5m", "cache_write_1h"];

    fn document(view: &View) -> Value {
        json_of(&JsonSessions, &testing::rich(), view)
    }

    fn session(document: &Value, id: &str) -> Value {
        document["sessions"].as_array().unwrap().iter().find(|session| session["session_id"] == id).unwrap().clone()
    }

    fn sum_of(name: &str, of: &[&Value]) -> u64 {
        of.iter().map(|tokens| tokens[name].as_u64().unwrap()).sum()
    }

    #[test]
    fn the_sessions_of_a_rich_snapshot() {
        let view = View { layout: JsonLayout::Pretty, ..view() };
        insta::assert_snapshot!("sessions", text_of(&JsonSessions, &testing::rich(), &view));
    }

    /// JSON still showed the percentage of a window after its reset, when there was no reading of it.
    #[test]
    fn a_window_is_omitted_after_its_reset_and_a_rate_limit_with_its_last_window() {
        let later = |hours| {
            let mut snapshot = testing::rich();
            snapshot.now = snapshot.now.plus(std::time::Duration::from_hours(hours));
            json_of(&JsonSessions, &snapshot, &view())["rate_limits"].clone()
        };
        assert_eq!(later(0)[0]["windows"].as_array().unwrap().len(), 2);
        assert_eq!(later(8)[0]["windows"].as_array().unwrap().len(), 1);
        assert_eq!(later(8)[0]["windows"][0]["minutes"], 10_080);
        assert_eq!(later(8 * 24), Value::Array(Vec::new()), "a week after a reading without a reset time");
    }

    #[test]
    fn the_tokens_of_a_session_are_its_own_and_those_of_its_subagents() {
        let session = session(&document(&view()), testing::CLAUDE_SESSION);
        let mut parts = vec![&session["own"]["tokens"]];
        parts.extend(session["subagents"].as_array().unwrap().iter().map(|subagent| &subagent["tokens"]));
        assert_eq!(parts.len(), 3);
        for name in NAMES {
            assert_eq!(sum_of(name, &parts), sum_of(name, &[&session["tokens"]]), "{name}");
        }
    }

    #[test]
    fn cached_input_repeats_cache_read_and_the_total_counts_it_once() {
        let tokens = &session(&document(&view()), testing::CLAUDE_SESSION)["tokens"];
        assert_eq!(tokens["cached_input"], tokens["cache_read"]);
        let once: u64 = ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"]
            .iter()
            .map(|name| tokens[*name].as_u64().unwrap())
            .sum();
        assert_eq!(tokens["total"], once);
    }

    #[test]
    fn clients_models_and_days_each_sum_up_to_the_totals() {
        let totals = &document(&view())["totals"];
        for by in ["by_client", "by_model", "by_day"] {
            let parts: Vec<&Value> = totals[by].as_object().unwrap().values().collect();
            assert!(parts.len() > 1, "{by}");
            for name in NAMES {
                assert_eq!(sum_of(name, &parts), sum_of(name, &[totals]), "{name} {by}");
            }
        }
    }

    #[test]
    fn an_unknown_cost_is_null() {
        let document = document(&view());
        let gemini = session(&document, testing::GEMINI_SESSION);
        assert!(gemini["cost"]["usd"].is_null());
        assert_eq!(gemini["cost"]["basis"], "unknown");
        assert_eq!(gemini["cost"]["unpriced_tokens"], gemini["tokens"]["total"]);
        assert!(json_of(&JsonSessions, &testing::empty(), &view())["totals"]["cost_usd"].is_null());
    }

    #[test]
    fn a_title_that_is_message_text_is_written_only_on_request() {
        let hidden = text_of(&JsonSessions, &testing::rich(), &view());
        assert!(!hidden.contains(testing::SECRET_TEXT));
        let shown = document(&View { content: Content::Included, ..view() });
        assert_eq!(session(&shown, testing::CODEX_SESSION)["title"], testing::SECRET_TEXT);
    }

    #[test]
    fn a_plan_covers_its_clients() {
        let included = |plan| {
            let document = document(&View { plan, ..view() });
            [testing::CLAUDE_SESSION, testing::CODEX_SESSION]
                .map(|id| session(&document, id)["cost"]["included"] == true)
        };
        assert_eq!(included(BillingPlan::Retail), [false, false]);
        assert_eq!(included(BillingPlan::Max), [true, false]);
        assert_eq!(included(BillingPlan::Included), [true, true]);
    }

    #[test]
    fn a_filter_limits_the_list_and_its_sum_but_not_the_totals() {
        let all = document(&view());
        let some = document(&View {
            selection: agtop_query::Selection {
                filter: Some(agtop_query::Filter::new("codex")),
                ..agtop_query::Selection::default()
            },
            ..view()
        });
        assert_eq!((some["sessions"].as_array().unwrap().len(), &some["listed"]["sessions"]), (1, &1.into()));
        assert_eq!(some["totals"], all["totals"]);
    }

    #[test]
    fn deeply_nested_subagents_are_a_flat_list_in_json() {
        let snapshot = testing::with_family(2000);
        let document = json_of(&JsonSessions, &snapshot, &view());
        assert_eq!(document["sessions"][0]["subagents"].as_array().unwrap().len(), 2000);
    }
}
