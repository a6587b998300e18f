use agtop_model::{Event, EventKind, Lineage, ProcessRole, SessionFacts, StopReason, TitleRank, Untrusted, Usage};
use proptest::prelude::*;

use super::Amp;
use crate::testing::{Tally, count, decode_document, home, open, process, titles};
use crate::{Client, Input, ProcFacts};

const LEDGER: &[u8] = include_bytes!("../../../../fixtures/amp/0.0.1780/T-ledger.json");
const MESSAGES: &[u8] = include_bytes!("../../../../fixtures/amp/0.0.1780/T-messages.json");
const PATH: &str = "/home/u/.local/share/amp/threads/T-2aaaaaaa-0000-4000-8000-000000000001.json";

fn decode(text: &[u8]) -> Vec<Event> {
    decode_document(&Amp, PATH, text).unwrap()
}

/// The document without its ledger, as an older release wrote it.
fn without_ledger() -> Vec<u8> {
    let text = std::str::from_utf8(LEDGER).unwrap();
    text.replace("\"usageLedger\"", "\"other\"").into_bytes()
}

fn facts(events: &[Event]) -> &SessionFacts {
    let of = |event| match event {
        &Event { kind: EventKind::Facts(ref facts), .. } => Some(&**facts),
        _ => None,
    };
    events.iter().find_map(of).unwrap()
}

#[test]
fn the_ledger_counts_and_its_messages_do_not() {
    let tally = Tally::of(&decode(LEDGER));
    let opus = Usage { input: 40, output: 152, cache_read: 11_110, cache_write_5m: 900, ..Usage::default() };
    assert_eq!(tally.by_model()["claude-opus-4-5"], opus);
    assert_eq!(tally.responses.len(), 6, "five entries, and the message that no entry refers to");
}

#[test]
fn two_requests_for_one_message_share_its_cached_tokens() {
    let tally = Tally::of(&decode(LEDGER));
    let cached: Vec<u64> =
        tally.responses.values().map(|(_, response)| response.usage.cache_write_5m).filter(|&n| n > 0).collect();
    assert_eq!(cached, [900]);
}

#[test]
fn a_request_without_a_message_id_is_matched_by_model_and_tokens() {
    let text = std::str::from_utf8(LEDGER).unwrap();
    assert!(text.contains(r#""tokens": {"input": 3, "output": 4}"#));
    let other = text.replace(r#""tokens": {"input": 3, "output": 4}"#, r#""tokens": {"input": 3, "output": 5}"#);
    assert_eq!(Tally::of(&decode(LEDGER)).responses.len() + 1, Tally::of(&decode(other.as_bytes())).responses.len());
}

#[test]
fn a_later_ledger_replaces_the_usage_of_messages() {
    let mut events = decode(&without_ledger());
    assert_eq!(Tally::of(&events).usage().output, 152);
    events.extend(decode(LEDGER));
    assert_eq!(Tally::of(&events).usage(), Tally::of(&decode(LEDGER)).usage());
}

#[test]
fn a_message_without_an_id_does_not_count_with_a_ledger() {
    let text = br#"{"id":"T-1","messages":[{"role":"assistant","usage":{"model":"m","inputTokens":99}}],
        "usageLedger":{"events":[{"id":"e","model":"m","tokens":{"input":1,"output":2}}]}}"#;
    assert_eq!(Tally::of(&decode(text)).usage().total(), 3);
}

#[test]
fn with_an_empty_ledger_the_messages_count() {
    let text = br#"{"id":"T-1","messages":[{"role":"assistant","usage":{"model":"m","inputTokens":99}}],
        "usageLedger":{"events":[{"id":"e","model":"m","tokens":{"input":0,"output":0}}]}}"#;
    assert_eq!(Tally::of(&decode(text)).usage().total(), 99);
}

#[test]
fn a_request_without_a_message_is_off_the_main_line() {
    let events = decode(LEDGER);
    let sides = |event: &Event| match &event.kind {
        EventKind::Response(response) if response.lineage == Lineage::Sidechain => response.model.clone(),
        _ => None,
    };
    assert_eq!(
        events.iter().filter_map(sides).map(|model| model.to_string()).collect::<Vec<_>>(),
        ["claude-haiku-4-5"]
    );
}

#[test]
fn credits_are_no_dollars() {
    let no_cost = |(_, response): &(_, agtop_model::ResponseCopy)| response.embedded_cost.is_none();
    assert!(Tally::of(&decode(LEDGER)).responses.values().all(no_cost));
}

#[test]
fn a_total_alone_counts_as_input() {
    let text = br#"{"id":"T-1","usageLedger":{"events":[{"id":"e","model":"gpt-5","tokens":{"total":345}}]}}"#;
    assert_eq!(Tally::of(&decode(text)).usage(), Usage { input: 345, ..Usage::default() });
    let text = br#"{"id":"T-1","messages":[{"role":"assistant","messageId":1,"usage":{"totalTokens":345}}]}"#;
    assert_eq!(Tally::of(&decode(text)).usage(), Usage { input: 345, ..Usage::default() });
}

#[test]
fn message_ids_are_unique_only_within_their_thread() {
    let mut events = decode(&without_ledger());
    events.extend(decode(MESSAGES));
    let tally = Tally::of(&events);
    assert_eq!(tally.by_session()["T-2bbbbbbb-0000-4000-8000-000000000002"].prompt(), 12_368);
    assert_eq!(tally.responses.len(), 5);
}

#[test]
fn directory_branch_title_and_time_are_emitted() {
    let events = decode(LEDGER);
    let facts = facts(&events);
    assert_eq!(facts.cwd.as_deref(), Some(std::path::Path::new("/srv/my meadow")));
    assert_eq!(facts.branch.as_ref().map(Untrusted::raw), Some("hay"));
    assert_eq!(facts.started.map(agtop_model::Timestamp::as_millis), Some(1_795_248_000_000));
    let titles = titles(&events);
    let expected =
        [(TitleRank::Generated, "Sharpen the scythe"), (TitleRank::FirstPrompt, "Sharpen the scythe, please")];
    assert_eq!(titles, expected);
    assert!(!format!("{events:?}").contains("secret"));
}

#[test]
fn tools_answers_are_no_prompts_and_the_end_of_the_answer_ends_the_turn() {
    let events = decode(LEDGER);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 1);
    let is_whetting = |kind: &EventKind| match kind {
        EventKind::ToolStarted { name, target, .. } => {
            &**name == "Bash" && target.as_ref().is_some_and(|target| target.raw() == "whet scythe")
        }
        _ => false,
    };
    assert_eq!(count(&events, is_whetting), 1);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::ToolEnded { outcome: Err(()), .. })), 1);
    assert!(matches!(events.last().map(|event| &event.kind), Some(EventKind::TurnEnded)));
    let stops: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Response(response) if response.part_of.is_empty() => response.stop,
            _ => None,
        })
        .collect();
    let expected = [StopReason::ToolUse, StopReason::EndTurn, StopReason::MaxTokens, StopReason::EndTurn];
    assert_eq!(stops, expected);
}

#[test]
fn a_tool_that_is_blocked_on_the_user_waits() {
    let events = decode(MESSAGES);
    assert!(matches!(events.last().map(|event| &event.kind), Some(EventKind::NeedsPermission)));
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::ToolEnded { .. })), 0);
}

#[test]
fn a_cancelled_answer_ends_the_turn() {
    let text = br#"{"id":"T-1","messages":[{"role":"assistant","messageId":1,"state":{"type":"cancelled"}}]}"#;
    assert_eq!(count(&decode(text), |kind| matches!(kind, EventKind::TurnEnded)), 1);
}

#[test]
fn a_damaged_message_or_entry_does_not_lose_its_document() {
    let text = br#"{"id":"T-1","messages":[{"role":"assistant","messageId":1,"usage":{"inputTokens":-1}}, 7,
        {"role":"assistant","messageId":2,"usage":{"inputTokens":5}}], "env": "nowhere",
        "usageLedger":{"events":[{"id":"e","tokens":{"input":1}},{"id":"f","tokens":{"input":"much"}}]}}"#;
    let (_, mut decoder) = open(&Amp, &home(), PATH);
    let mut events = Vec::new();
    let error = decoder.feed(Input::Document(text), &mut events).unwrap_err();
    assert!(error.detail.starts_with("2 of 3 messages: number 0 "), "{}", error.detail);
    assert_eq!(Tally::of(&events).usage().total(), 6);
}

#[test]
fn a_thread_without_id_has_its_files_id() {
    let events = decode(br#"{"created":1795248000000}"#);
    assert_eq!(&*events[0].session.id, "T-2aaaaaaa-0000-4000-8000-000000000001");
}

#[test]
fn only_threads_are_read() {
    let store = &Amp.stores(&home())[0];
    let accepts = |path: &str| (store.accepts)(path.as_ref());
    assert!(accepts("T-1.json") && !accepts("T-1.json.tmp") && !accepts("session.json"));
}

#[test]
fn threads_of_the_old_extension_lie_in_the_storage_of_editors() {
    let path = "/home/u/.config/Code/User/globalStorage/sourcegraph.amp/threads3/T-1.json";
    let events = decode_document(&Amp, path, MESSAGES).unwrap();
    assert_eq!(Tally::of(&events).usage(), Tally::of(&decode(MESSAGES)).usage());
}

#[test]
fn amp_is_recognised_by_its_name_and_other_subcommands_are_helpers() {
    let role = |argv: &[&str], exe: &str| Amp.recognise(&ProcFacts::new(&process("amp", argv, exe)));
    let node = "/usr/bin/node";
    assert_eq!(role(&["node", "/usr/bin/amp"], node), Some(ProcessRole::Agent));
    assert_eq!(role(&["node", "/usr/bin/amp", "-x", "login", "now"], node), Some(ProcessRole::Agent));
    assert_eq!(
        role(&["node", "/x/node_modules/@sourcegraph/amp/dist/main.js", "login"], node),
        Some(ProcessRole::Helper)
    );
    assert_eq!(
        role(&["/home/u/.amp/bin/amp", "threads", "continue", "T-1"], "/home/u/.amp/bin/amp"),
        Some(ProcessRole::Agent)
    );
    assert_eq!(role(&["amp", "threads", "list"], "/home/u/.amp/bin/amp"), Some(ProcessRole::Helper));
    assert_eq!(role(&["python3", "amp.py"], "/usr/bin/python3"), None);
    assert_eq!(role(&["vim", "amp"], "/usr/bin/vim"), None);
}

#[test]
fn a_thread_is_named_by_its_id_or_its_page() {
    let named = |argv: &[&str]| Amp.session_argument(&ProcFacts::new(&process("amp", argv, "/usr/bin/amp")));
    let id = "T-2aaaaaaa-0000-4000-8000-000000000001";
    assert_eq!(named(&["amp", "threads", "continue", id]).as_deref(), Some(id));
    assert_eq!(named(&["amp", "t", "c", &format!("https://ampcode.com/threads/{id}")]).as_deref(), Some(id));
    assert_eq!(named(&["amp", "threads", "continue"]), None);
    assert_eq!(named(&["amp", "threads", "continue", "T-1"]), None);
    assert_eq!(named(&["amp", "threads", "fork", id]), None, "a fork is a thread of its own");
}

proptest! {
    #[test]
    fn reading_a_document_again_changes_nothing(times in 1..4_usize) {
        let events: Vec<Event> = (0..times).flat_map(|_| decode(LEDGER)).collect();
        prop_assert_eq!(Tally::of(&events).usage(), Tally::of(&decode(LEDGER)).usage());
    }

    #[test]
    fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode_document(&Amp, PATH, &noise);
    }

    #[test]
    fn damage_anywhere_never_panics(at in 0..LEDGER.len(), byte in any::<u8>(), cut in 0..LEDGER.len()) {
        let mut text = LEDGER.to_vec();
        text[at] = byte;
        let _ = decode_document(&Amp, PATH, &text);
        let _ = decode_document(&Amp, PATH, &text[..cut]);
    }
}
