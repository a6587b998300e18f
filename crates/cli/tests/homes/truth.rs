//! The figures of agtop equal what was written into a home.

use std::collections::BTreeMap;

use agtop_testkit::corpus::{self, Plan, Profile};
use agtop_testkit::{ExpectedUsageFile, Tokens};
use serde_json::Value;

use crate::support::json;

/// Figures by client or day, and bucket.
type Figures = BTreeMap<String, u64>;

fn add(figures: &mut Figures, place: &str, buckets: impl IntoIterator<Item = (&'static str, u64)>) {
    for (bucket, tokens) in buckets {
        *figures.entry(format!("{place} {bucket}")).or_default() += tokens;
    }
}

fn buckets(of: &Value) -> [(&'static str, u64); 6] {
    Tokens::default().buckets().map(|(bucket, _)| (bucket, of[bucket].as_u64().unwrap()))
}

fn text(of: &Value) -> &str {
    of.as_str().unwrap()
}

/// Goose keeps only the sum of some sessions: their number of responses is not known.
fn records_turns(client: &str) -> bool {
    client != "goose"
}

fn figures_of_expected(expected: &ExpectedUsageFile) -> Figures {
    let mut figures = Figures::new();
    for (client, sum) in &expected.by_client {
        let turns = records_turns(client).then_some(("turns", sum.turns));
        add(&mut figures, client, sum.tokens.buckets().into_iter().chain(turns).chain([("sessions", sum.sessions)]));
    }
    for row in &expected.by_day {
        add(&mut figures, &format!("{} {} {}", row.day, row.client, row.model), row.tokens.buckets());
    }
    figures
}

fn figures_of_totals(totals: &Value) -> Figures {
    let mut figures = Figures::new();
    for (client, sum) in totals["by_client"].as_object().unwrap() {
        let turns = records_turns(client).then(|| ("turns", sum["turns"].as_u64().unwrap()));
        let sessions = ("sessions", sum["sessions"].as_u64().unwrap());
        add(&mut figures, client, buckets(sum).into_iter().chain(turns).chain([sessions]));
    }
    for (day, sums) in totals["by_day"].as_object().unwrap() {
        for sum in sums["models"].as_array().unwrap() {
            add(&mut figures, &format!("{day} {} {}", text(&sum["client"]), text(&sum["model"])), buckets(sum));
        }
    }
    figures
}

fn figures_of_sessions(sessions: &Value) -> Figures {
    let mut figures = Figures::new();
    for session in sessions.as_array().unwrap() {
        add(&mut figures, text(&session["client"]), buckets(&session["tokens"]));
    }
    figures
}

fn assert_counted_as_written(plan: Plan) {
    let home = tempfile::tempdir().unwrap();
    let expected = corpus::write(home.path(), plan).unwrap();
    let output = json(home.path(), &["--json=sessions"]);
    let wanted = figures_of_expected(&expected);
    assert_eq!(figures_of_totals(&output["totals"]), wanted);
    for (place, tokens) in figures_of_sessions(&output["sessions"]) {
        assert_eq!(tokens, wanted[&place], "the sessions add up to the totals: {place}");
    }
    assert_eq!(output["totals"]["sessions"], expected.sessions);
}

#[test]
fn a_home_with_heavy_use_is_counted_as_it_was_written() {
    assert_counted_as_written(Plan { seed: 7, size: 3_000_000, profile: Profile::Heavy });
}

#[test]
fn a_home_with_realistic_use_is_counted_as_it_was_written() {
    assert_counted_as_written(Plan { seed: 8, size: 3_000_000, profile: Profile::Real });
}
