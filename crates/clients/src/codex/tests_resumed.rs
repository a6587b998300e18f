//! Threads that several releases wrote, models of several providers, and the size of the context.

use agtop_model::Event;

use super::Codex;
use crate::testing::{Tally, decode_lines, home, open, responses};
use crate::{Decoder, Input};

const PATH: &str =
    "/home/u/.codex/sessions/2026/11/30/rollout-2026-11-30T10-00-00-01a1fda9-0000-7000-8000-000000000071.jsonl";
const TWO_RELEASES: &str = include_str!("../../../../fixtures/codex/0.171/two-releases.jsonl");
const OSS: &str = include_str!("../../../../fixtures/codex/0.171/oss.jsonl");

fn outputs(events: &[Event]) -> Vec<u64> {
    responses(events).iter().map(|response| response.usage.output).collect()
}

/// A thread started by a release that writes a record for each response, and resumed by an older one that writes only
/// totals. Bug: after the first record no total counted, and the later turns (2,000 and 200 tokens, 300 and 30) were
/// lost.
#[test]
fn turns_of_a_release_that_writes_totals_alone_count_after_those_with_records() {
    let (events, errors) = decode_lines(&Codex, PATH, TWO_RELEASES.as_bytes());
    assert_eq!((outputs(&events), errors.len()), (vec![100, 40, 50, 200, 30, 70], 0));
    let usage = Tally::of(&events).usage();
    assert_eq!((usage.prompt(), usage.output), (4_900, 490));
}

/// The state of records and totals is part of a checkpoint: wherever a run ends, the next one continues with the same
/// results.
#[test]
fn a_thread_of_two_releases_can_be_resumed_between_any_two_turns() {
    let feed = |decoder: &mut dyn Decoder, lines: &[&str], from: usize, events: &mut Vec<Event>| {
        for (offset, line) in lines.iter().enumerate().skip(from) {
            decoder.feed(Input::Line { bytes: line.as_bytes(), offset: offset as u64 }, events).unwrap();
        }
    };
    let lines: Vec<&str> = TWO_RELEASES.lines().collect();
    let mut resumed = 0;
    for cut in 0..lines.len() {
        let (mut first, mut second) = (open(&Codex, &home(), PATH).1, open(&Codex, &home(), PATH).1);
        let mut events = Vec::new();
        feed(&mut *first, &lines[..cut], 0, &mut events);
        let Some(checkpoint) = first.checkpoint() else { continue };
        assert!(second.resume(&checkpoint));
        feed(&mut *second, &lines, cut, &mut events);
        assert_eq!(outputs(&events), [100, 40, 50, 200, 30, 70], "cut before line {cut}");
        resumed += 1;
    }
    assert!(resumed > 10);
}

/// `codex --oss` records a provider on this machine, and the model without it. Bug: agtop showed `?` as the cost of a
/// free model.
#[test]
fn a_model_of_a_local_provider_is_marked_as_local() {
    for provider in ["oss", "ollama", "lmstudio"] {
        let (events, _) = decode_lines(&Codex, PATH, OSS.replace("\"oss\"", &format!("\"{provider}\"")).as_bytes());
        assert_eq!(responses(&events)[0].model.as_deref(), Some("ollama/gpt-oss:20b"), "{provider}");
    }
    let (events, _) = decode_lines(&Codex, PATH, OSS.replace("\"oss\"", "\"openai\"").as_bytes());
    assert_eq!(responses(&events)[0].model.as_deref(), Some("gpt-oss:20b"));
}

/// Bug: two views of the same record showed a context of 25,000 and of 27,000 tokens: the prompt alone, or with the
/// response. Codex's own sources use the total, because the response is part of the next request's context.
#[test]
fn the_context_is_the_last_prompt_and_its_answer() {
    let usage = r#"{"input_tokens":25000,"cached_input_tokens":20000,"output_tokens":2000,"reasoning_output_tokens":1500,"total_tokens":27000}"#;
    let payloads = [
        format!(
            r#""event_msg","payload":{{"type":"token_count","info":{{"total_token_usage":{usage},"last_token_usage":{usage}}}}}"#
        ),
        format!(r#""token_usage_record","payload":{{"response_id":"r","usage":{usage}}}"#),
    ];
    for payload in payloads {
        let line = format!(r#"{{"timestamp":"2026-11-30T10:00:00.000Z","type":{payload}}}"#);
        let (events, _) = decode_lines(&Codex, PATH, line.as_bytes());
        let response = responses(&events)[0];
        assert_eq!((response.context_used, response.usage.prompt()), (Some(27_000), 25_000), "{line}");
    }
}
