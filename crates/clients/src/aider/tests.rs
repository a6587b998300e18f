use agtop_model::{Event, EventKind, FileId, PicoUsd, ProcessRole, TitleRank, Usage};
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;

use super::Aider;
use crate::testing::{FILE_MODIFIED, Tally, count, facts, home, open, process};
use crate::{Client, DecodeError, Decoder, Env, Input, Presence, ProcFacts, Source};

const HISTORY: &[u8] = include_bytes!("../../../../fixtures/aider/0.86.2/history.md");
const ANALYTICS: &[u8] = include_bytes!("../../../../fixtures/aider/0.86.2/analytics.jsonl");
const EARLY: &[u8] = include_bytes!("../../../../fixtures/aider/0.30.0/history.md");

const HISTORY_PATH: &str = "/srv/cellar/.aider.chat.history.md";
const LOG_PATH: &str = "/home/u/aider.jsonl";

fn env() -> Env {
    Env { work_dirs: vec!["/srv/cellar".into(), "/srv/attic".into()], ..home() }
}

fn env_with_log() -> Env {
    let mut env = env();
    env.vars.insert("AIDER_ANALYTICS_LOG".into(), "~/aider.jsonl".into());
    env
}

fn feed(decoder: &mut dyn Decoder, text: &[u8], start: u64) -> (Vec<Event>, Vec<DecodeError>) {
    let (mut events, mut errors, mut offset) = (Vec::new(), Vec::new(), start);
    for line in text.split_inclusive(|&b| b == b'\n') {
        let bytes = line.strip_suffix(b"\n").unwrap_or(line);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        errors.extend(decoder.feed(Input::Line { bytes, offset }, &mut events).err());
        offset += line.len() as u64;
    }
    (events, errors)
}

fn lines(env: &Env, path: &str, text: &[u8]) -> Vec<Event> {
    let (events, errors) = feed(open(&Aider, env, path).1.as_mut(), text, 0);
    assert_eq!(errors, []);
    events
}

fn history(text: &[u8]) -> Vec<Event> {
    lines(&env(), HISTORY_PATH, text)
}

fn costs(events: &[Event]) -> Vec<Option<PicoUsd>> {
    let cost = |event: &Event| {
        if let EventKind::Response(response) = &event.kind { Some(response.embedded_cost) } else { None }
    };
    events.iter().filter_map(cost).collect()
}

#[test]
fn each_launch_is_a_session_with_its_own_usage() {
    let events = history(HISTORY);
    let tally = Tally::of(&events);
    let sums = tally.by_session();
    assert_eq!(sums.len(), 2);
    let first =
        Usage { input: 7_400 + 2_600, cache_write_5m: 3_400, cache_read: 1_200, output: 857, ..Usage::default() };
    assert_eq!(sums["/srv/cellar/.aider.chat.history.md#2026-07-01 12:00:00"], first);
    let second = Usage { input: 591, output: 1_800, ..Usage::default() };
    assert_eq!(sums["/srv/cellar/.aider.chat.history.md#2026-07-01 13:00:00"], second);
}

#[test]
fn a_start_is_local_time() {
    let path = HISTORY_PATH.as_ref();
    let zone = TimeZone::fixed(Offset::constant(2));
    let source = Source {
        file: FileId(1),
        path,
        relative: path,
        modified: FILE_MODIFIED,
        text_since: FILE_MODIFIED,
        zone: &zone,
    };
    let store = Aider.stores(&env()).remove(0);
    let (events, _) = feed(Aider.decoder(&store, &source).as_mut(), HISTORY, 0);
    let started = facts(&events)[0].started.map(agtop_model::Timestamp::as_millis);
    assert_eq!(started, Some(1_782_907_200_000 - 2 * 3_600_000));
    assert_eq!(facts(&history(HISTORY))[0].started.map(agtop_model::Timestamp::as_millis), Some(1_782_907_200_000));
}

#[test]
fn only_the_start_has_a_time() {
    let events = history(HISTORY);
    assert!(events[0].at.is_some());
    assert!(events.iter().filter(|event| event.at.is_some()).all(|event| matches!(event.kind, EventKind::Facts(_))));
}

#[test]
fn a_project_is_the_directory_of_its_history() {
    let events = history(HISTORY);
    assert_eq!(facts(&events)[0].cwd.as_deref(), Some("/srv/cellar".as_ref()));
    assert!(facts(&events).iter().any(|facts| facts.version.as_ref().is_some_and(|version| version.raw() == "0.86.2")));
}

#[test]
fn a_change_of_model_applies_to_later_responses() {
    let tally = Tally::of(&history(HISTORY));
    let models = tally.by_model();
    assert_eq!(
        models.keys().copied().collect::<Vec<_>>(),
        ["anthropic/claude-sonnet-4-5", "ollama/qwen3", "openai/gpt-4o"]
    );
    assert_eq!(models["openai/gpt-4o"].output, 7);
}

#[test]
fn a_cost_on_the_next_line_belongs_to_the_report_before_it() {
    let expected = [None, PicoUsd::from_usd(0.04), PicoUsd::from_usd(0.0065), None];
    assert_eq!(costs(&history(HISTORY)), expected);
    let quoted = String::from_utf8(HISTORY.to_vec()).unwrap().replace("\nCost: ", "\n> Cost: ");
    assert_eq!(costs(&history(quoted.as_bytes())), expected);
    assert_eq!(Tally::of(&history(HISTORY)).responses.len(), 3);
}

#[test]
fn a_cost_further_down_belongs_to_no_report() {
    let text = String::from_utf8(HISTORY.to_vec()).unwrap().replace("\nCost: ", "\n\nCost: ");
    assert_eq!(costs(&history(text.as_bytes()))[1], PicoUsd::from_usd(0.0065));
}

#[test]
fn consecutive_prompt_lines_are_one_prompt_and_headings_of_the_model_are_none() {
    let events = history(HISTORY);
    assert_eq!(count(&events, |kind| matches!(kind, EventKind::Prompt { .. })), 4);
    let titles: Vec<_> = events
        .iter()
        .filter_map(
            |event| if let EventKind::Title(title) = &event.kind { Some((title.rank, title.text.raw())) } else { None },
        )
        .collect();
    assert_eq!(titles, [(TitleRank::FirstPrompt, "Mend the lock"), (TitleRank::FirstPrompt, "oil it")]);
}

#[test]
fn errors_of_the_provider_are_emitted() {
    assert_eq!(count(&history(HISTORY), |kind| matches!(kind, EventKind::Error(_))), 1);
}

#[test]
fn early_versions_are_read_too() {
    let events = history(EARLY);
    assert_eq!(Tally::of(&events).usage(), Usage { input: 1_345, cache_read: 1_000, output: 67, ..Usage::default() });
    assert_eq!(costs(&events), [PicoUsd::from_usd(0.01)]);
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let text = String::from_utf8(HISTORY.to_vec()).unwrap().replace('\n', "\r\n");
    let usage = |events: &[Event]| Tally::of(events).usage();
    assert_eq!(usage(&history(text.as_bytes())), usage(&history(HISTORY)));
    assert_eq!(count(&history(text.as_bytes()), |kind| matches!(kind, EventKind::Prompt { .. })), 4);
}

#[test]
fn two_chats_started_in_one_second_do_not_share_responses() {
    let text = b"# aider chat started at 2026-07-01 12:00:00\n> Tokens: 5 sent, 1 received.  \n";
    assert_eq!(Tally::of(&history(&text.repeat(2))).usage().total(), 12);
}

#[test]
fn a_file_without_a_start_has_no_chat() {
    assert_eq!(history(b"> Tokens: 5 sent, 1 received.  \n#### hello  \n").len(), 0);
}

#[test]
fn a_line_read_before_it_is_complete_counts_once() {
    let (_, mut decoder) = open(&Aider, &env(), HISTORY_PATH);
    let (mut events, _) = feed(decoder.as_mut(), b"# aider chat started at 2026-07-01 12:00:00\n", 0);
    for part in [
        "> Tokens: 5 sent, 1 rec",
        "> Tokens: 5 sent, 1 received.",
        "> Tokens: 5 sent, 1 received. Cost: $0.01 message, $0.01 session.  ",
    ] {
        events.extend(feed(decoder.as_mut(), part.as_bytes(), 44).0);
    }
    events.extend(feed(decoder.as_mut(), b"> Tokens: 5 sent, 1 received.  ", 120).0);
    assert_eq!(Tally::of(&events).responses.len(), 2);
    assert_eq!(costs(&events), [None, PicoUsd::from_usd(0.01), None]);
}

#[test]
fn with_a_log_its_exact_numbers_count_and_nothing_counts_twice() {
    let mut events = lines(&env_with_log(), HISTORY_PATH, HISTORY);
    let history_alone = Tally::of(&events).usage();
    assert_eq!(history_alone, Tally::of(&history(HISTORY)).usage());
    events.extend(lines(&env_with_log(), LOG_PATH, ANALYTICS));
    let usage = Tally::of(&events).usage();
    // The history's last report is older than the log, or from a launch without a log; the log's last entry is from an
    // unknown project.
    assert_eq!(usage, Usage { input: 12_345 + 2_585 + 77 + 591, output: 850 + 7 + 11 + 1_800, ..Usage::default() });
}

#[test]
fn a_log_has_times_models_and_costs_and_the_rest_is_skipped() {
    let mut text = b"2026-07-01 some other program's line\n{\"event\":\"x\"}\n".to_vec();
    text.extend(ANALYTICS);
    let events = lines(&env_with_log(), LOG_PATH, &text);
    assert_eq!(costs(&events), [PicoUsd::from_usd(0.0412), PicoUsd::from_usd(0.006_532_5), None]);
    let tally = Tally::of(&events);
    assert_eq!(tally.by_session().len(), 2);
    assert_eq!(tally.by_model()["openai/gpt-4o"].input, 2_585);
    let last = events.last().and_then(|event| event.at).map(agtop_model::Timestamp::as_millis);
    assert_eq!(last, Some(1_782_909_100_000));
}

#[test]
fn a_damaged_log_entry_is_an_error_without_its_text() {
    let line = br#"{"event":"message_send","properties":{"prompt_tokens":-3,"aider_version":"secret"}}"#;
    let (_, errors) = feed(open(&Aider, &env_with_log(), LOG_PATH).1.as_mut(), line, 0);
    assert_eq!(errors.len(), 1);
    assert!(!errors[0].detail.contains("secret"));
}

#[test]
fn named_files_have_stores_and_relative_ones_lie_in_each_work_directory() {
    let mut env = env_with_log();
    env.vars.insert("AIDER_CHAT_HISTORY_FILE".into(), ".aider/chat.md".into());
    let stores = Aider.stores(&env);
    let named: Vec<_> =
        stores.iter().filter(|store| store.presence == Presence::Named).map(|store| &*store.root).collect();
    assert_eq!(named, ["/home/u", "/srv/cellar/.aider", "/srv/attic/.aider"].map(std::path::Path::new));
    let (store, _) = open(&Aider, &env, "/srv/attic/.aider/chat.md");
    assert!(!(store.accepts)("main.rs".as_ref()));
    let events = lines(&env, "/srv/attic/.aider/chat.md", HISTORY);
    assert_eq!(facts(&events)[0].cwd, None);
}

#[test]
fn the_program_is_recognised_by_its_script_or_module_and_not_by_a_directory() {
    let role = |comm: &str, argv: &[&str]| Aider.recognise(&ProcFacts::new(&process(comm, argv, "-")));
    assert_eq!(role("aider", &["/venv/bin/python3", "/venv/bin/aider", "--yes-always"]), Some(ProcessRole::Agent));
    assert_eq!(role("python3.12", &["python3.12", "-m", "aider", "--message", "hi"]), Some(ProcessRole::Agent));
    assert_eq!(role("aider", &["aider"]), Some(ProcessRole::Agent));
    assert_eq!(role("vim", &["vim", "aider"]), None);
    assert_eq!(role("python3", &["python3", "/src/aider/setup.py"]), None);
    assert_eq!(role("python3", &["python3", "-m", "http.server", "aider"]), None);
}

proptest! {
    #[test]
    fn a_file_read_again_from_its_start_changes_nothing(cut in 0..HISTORY.len()) {
        let (mut events, _) = feed(open(&Aider, &env(), HISTORY_PATH).1.as_mut(), &HISTORY[..cut], 0);
        prop_assert!(Tally::of(&events).usage().total() <= Tally::of(&history(HISTORY)).usage().total());
        events.extend(history(HISTORY));
        prop_assert_eq!(Tally::of(&events).usage(), Tally::of(&history(HISTORY)).usage());
    }

    #[test]
    fn a_log_read_again_from_its_start_changes_nothing(cut in 0..ANALYTICS.len()) {
        let whole = lines(&env_with_log(), LOG_PATH, ANALYTICS);
        let (mut events, _) = feed(open(&Aider, &env_with_log(), LOG_PATH).1.as_mut(), &ANALYTICS[..cut], 0);
        events.extend(whole.iter().cloned());
        prop_assert_eq!(Tally::of(&events).usage(), Tally::of(&whole).usage());
    }

    #[test]
    fn arbitrary_bytes_never_panic(noise in prop::collection::vec(any::<u8>(), 0..200), at in 0..HISTORY.len()) {
        let mut text = HISTORY.to_vec();
        text.splice(at..at, noise.iter().copied());
        feed(open(&Aider, &env(), HISTORY_PATH).1.as_mut(), &text, 0);
        let mut log = ANALYTICS.to_vec();
        log.splice(at % ANALYTICS.len()..at % ANALYTICS.len(), noise);
        feed(open(&Aider, &env_with_log(), LOG_PATH).1.as_mut(), &log, 0);
    }
}
