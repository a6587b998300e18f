mod properties;

use std::sync::Arc;

use agtop_model::{
    Billing, BillingPlan, ClientId, CoarserRecords, Event, EventKind, FileId, Gap, Lineage, MessageKey, Phase,
    Provenance, ResponseCopy, Session, SessionFacts, SessionKey, SourcePosition, Status, StopReason, Timestamp, Title,
    TitleRank, ToolKey, Usage,
};
use agtop_prices::PriceBook;
use jiff::tz::TimeZone;

use super::summary::SummaryScope;
use super::{PricingContext, Scope, World};

const CLIENT: ClientId = ClientId::new("claude");
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn key(id: &str) -> SessionKey {
    SessionKey::new(CLIENT, id)
}

fn event(session: &str, file: u32, at: i64, kind: EventKind) -> Event {
    let source = Provenance { file: FileId(file), place: SourcePosition::Byte(0) };
    Event { at: Some(minute(at)), session: key(session), source, kind }
}

/// A time that many minutes after the beginning of the last ten hours.
fn minute(n: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - 600 * 60_000 + n * 60_000)
}

fn turn(message: &str, output: u64) -> ResponseCopy {
    ResponseCopy {
        id: Some(message.into()),
        model: Some("claude-opus-4-8".into()),
        ..ResponseCopy::new(
            MessageKey::global(CLIENT, message),
            Usage { input: 10, output, ..Usage::default() },
            minute(0),
        )
    }
}

fn response(session: &str, at: i64, turn: ResponseCopy) -> Event {
    event(session, 0, at, EventKind::Response(Box::new(turn)))
}

fn world(events: impl IntoIterator<Item = Event>) -> World {
    world_with(pricing(), events)
}

fn world_with(pricing: PricingContext, events: impl IntoIterator<Item = Event>) -> World {
    let mut world = World::new(NOW, pricing);
    for event in events {
        world.apply(event, NOW);
    }
    world
}

fn pricing() -> PricingContext {
    PricingContext { prices: Arc::new(PriceBook::bundled()), scope: Scope::default(), zone: TimeZone::UTC }
}

fn sessions(world: &mut World) -> Arc<[Arc<Session>]> {
    world.summarise(NOW, SummaryScope::Complete).sessions
}

fn parent(child: &str, parent: &str) -> Event {
    let facts = SessionFacts { parent: Some(key(parent)), ..SessionFacts::default() };
    event(child, 1, 0, EventKind::Facts(Box::new(facts)))
}

#[test]
fn the_greatest_usage_of_a_response_counts_once() {
    let mut world =
        world([response("a", 1, turn("m", 1)), response("a", 2, turn("m", 400)), response("a", 3, turn("m", 400))]);
    let sessions = sessions(&mut world);
    assert_eq!((sessions[0].usage.output, sessions[0].turns), (400, 1));
    assert_eq!(world.duplicates(CLIENT), 2);
}

#[test]
fn a_response_has_the_time_of_its_first_copy() {
    let before_midnight = Timestamp::from_millis(1_789_948_799_000);
    let mut late = response("a", 1, turn("m", 9));
    late.at = Some(Timestamp::from_millis(before_midnight.as_millis() + 2000));
    let mut early = response("a", 1, turn("m", 1));
    early.at = Some(before_midnight);
    let mut world = world([late, early]);
    let summary = world.summarise(NOW, SummaryScope::Complete);
    let days: Vec<_> = summary.totals.by_day.iter().map(|cell| cell.day.as_str()).collect();
    assert_eq!(days, ["2026-09-20"]);
}

#[test]
fn the_usage_of_a_subagent_counts_for_itself_and_once_for_its_parent() {
    let mut world = world([response("a", 1, turn("m", 5)), parent("a/x", "a"), response("a/x", 2, turn("n", 7))]);
    let sessions = sessions(&mut world);
    assert_eq!(sessions.len(), 1);
    assert_eq!((sessions[0].own_usage.output, sessions[0].usage.output), (5, 12));
    assert_eq!(sessions[0].children[0].usage.output, 7);
    let summary = world.summarise(NOW, SummaryScope::Complete);
    assert_eq!(summary.totals.usage.output, 12);
    assert_eq!(summary.totals.spend.amount, sessions[0].spend.amount);
}

#[test]
fn a_subagent_is_below_a_parent_without_a_transcript() {
    let mut world = world([parent("gone/x", "gone"), response("gone/x", 2, turn("n", 7))]);
    let sessions = sessions(&mut world);
    assert_eq!((&*sessions[0].key.id, sessions[0].usage.output, sessions[0].files), ("gone", 7, 2));
}

#[test]
fn two_sessions_that_name_each_other_as_parent_are_both_shown() {
    let mut world =
        world([parent("a", "b"), parent("b", "a"), response("a", 1, turn("m", 5)), response("b", 1, turn("n", 6))]);
    let total: u64 = sessions(&mut world).iter().map(|session| session.usage.output).sum();
    assert_eq!(total, 11);
}

#[test]
fn a_coarser_record_does_not_count_if_a_finer_one_is_known() {
    let part = ResponseCopy {
        part_of: CoarserRecords::one(MessageKey::global(CLIENT, "whole")),
        model: None,
        ..turn("step", 3)
    };
    for order in [[0, 1], [1, 0]] {
        let events = [response("a", 1, turn("whole", 100)), response("a", 1, part.clone())];
        let mut world = world(order.map(|at| events[at].clone()));
        let sessions = sessions(&mut world);
        assert_eq!((sessions[0].usage.output, sessions[0].turns), (3, 1));
        assert_eq!(
            sessions[0].models[0].model.as_deref(),
            Some("claude-opus-4-8"),
            "a part has the model of its record"
        );
    }
}

#[test]
fn times_that_are_not_credible_are_replaced_by_the_nearest_credible_one() {
    let mut odd = response("a", 1, turn("n", 7));
    odd.at = Some(Timestamp::from_millis(32_500_000_000_000));
    let mut old = response("a", 1, turn("o", 7));
    old.at = Some(Timestamp::from_millis(5));
    let mut world = world([response("a", 60, turn("m", 5)), odd, old]);
    let sessions = sessions(&mut world);
    assert_eq!((sessions[0].started, sessions[0].last_active), (Some(minute(60)), Some(minute(60))));
}

#[test]
fn the_context_is_that_of_the_last_response_on_the_main_line() {
    let side = ResponseCopy { lineage: Lineage::Sidechain, ..turn("s", 1) };
    let big = ResponseCopy {
        usage: Usage { input: 1000, cache_read: 49_000, output: 1, ..Usage::default() },
        ..turn("m", 1)
    };
    let mut world = world([response("a", 1, big), response("a", 2, side)]);
    let context = sessions(&mut world)[0].context.unwrap();
    assert_eq!((context.used, context.limit), (50_000, 1_000_000));
}

#[test]
fn the_prompts_of_a_file_that_is_read_again_count_once() {
    let prompt = || event("a", 3, 1, EventKind::Prompt { words: None });
    let mut world = world([prompt(), prompt(), event("a", 4, 1, EventKind::Prompt { words: None })]);
    assert_eq!(sessions(&mut world)[0].prompts, 3);
    world.reset_file(FileId(3));
    world.apply(prompt(), NOW);
    assert_eq!(sessions(&mut world)[0].prompts, 2);
}

#[test]
fn a_turn_is_open_from_the_prompt_to_its_end() {
    let start = |tool| EventKind::ToolStarted { tool: ToolKey::new(CLIENT, tool), name: "Bash".into(), target: None };
    let ended = ResponseCopy { stop: Some(StopReason::EndTurn), ..turn("z", 1) };
    let mut world = world([
        event("a", 0, 1, EventKind::Prompt { words: None }),
        event("a", 0, 2, start("t1")),
        event("a", 0, 3, start("t2")),
    ]);
    let summary = sessions(&mut world);
    assert_eq!((summary[0].phase, summary[0].in_flight.len()), (Phase::Open, 2));
    let tool = ToolKey::new(CLIENT, "t1");
    world.apply(event("a", 0, 4, EventKind::ToolEnded { tool, outcome: Ok(()) }), NOW);
    assert_eq!(sessions(&mut world)[0].in_flight.len(), 1);
    world.apply(event("a", 0, 5, EventKind::TurnEnded), NOW);
    world.apply(response("a", 6, ended), NOW);
    let summary = sessions(&mut world);
    assert_eq!((summary[0].phase, summary[0].in_flight.len(), summary[0].status), (Phase::Finished, 0, Status::Done));
    assert_eq!(summary[0].tools[0].calls, 2);
}

/// A database is read again with every change: after ten further rows, one call once counted as eleven.
#[test]
fn a_call_that_is_read_again_is_timed_once() {
    let tool = ToolKey::new(CLIENT, "t1");
    let started = || EventKind::ToolStarted { tool, name: "bash".into(), target: None };
    let ended = || EventKind::ToolEnded { tool, outcome: Ok(()) };
    let mut world = world([]);
    for _ in 0..3 {
        world.reset_file(FileId(0));
        for (at, kind) in [(1, started()), (2, ended())] {
            world.apply(event("a", 0, at, kind), NOW);
        }
    }
    sessions(&mut world);
    let times = world.tool_times();
    assert_eq!((times.len(), times[0].times.count), (1, 1));
}

/// Codex keeps a list of its threads in a database that changes with every response. Each time it was read again, the
/// running call counted as ended, and the list, with its later time, left the session without a phase: an agent that
/// waited for permission was `active` in 285 of 287 samples.
#[test]
fn a_list_of_sessions_that_is_read_again_ends_neither_a_call_nor_a_turn() {
    let list = FileId(3);
    let listed = |at: i64| {
        let facts = SessionFacts { version: Some("0.171".into()), ..SessionFacts::default() };
        event("a", list.0, at, EventKind::Facts(Box::new(facts)))
    };
    let started = EventKind::ToolStarted { tool: ToolKey::new(CLIENT, "t1"), name: "exec".into(), target: None };
    let mut world = world([event("a", 0, 1, EventKind::Prompt { words: None }), event("a", 0, 2, started), listed(1)]);
    for at in [3, 4] {
        world.reset_file(list);
        world.apply(listed(at), NOW);
        let summary = sessions(&mut world);
        assert_eq!((summary[0].phase, summary[0].in_flight.len()), (Phase::Open, 1));
    }
    world.reset_file(FileId(0));
    assert_eq!(sessions(&mut world)[0].in_flight.len(), 0, "the file of the call is read again");
}

#[test]
fn zero_tokens_are_known_only_for_clients_that_record_tokens() {
    let gap = |client| {
        let mut prompt = event("s", 0, 0, EventKind::Prompt { words: None });
        prompt.session = SessionKey::new(ClientId::new(client), "s");
        sessions(&mut world([prompt]))[0].used().err()
    };
    assert_eq!(gap("claude"), None);
    assert_eq!(gap("cursor-agent"), Some(Gap::NotReported));
    assert_eq!(gap("copilot"), Some(Gap::NotReported), "a chat in an editor records none");
    let mut answer = response("s", 1, turn("m", 5));
    answer.session = SessionKey::new(ClientId::new("copilot"), "s");
    assert!(sessions(&mut world([answer]))[0].used().is_ok_and(|usage| usage.output == 5));
}

#[test]
fn the_best_title_counts_and_of_given_ones_the_last() {
    let title = |rank, text: &str| event("a", 0, 1, EventKind::Title(Title { rank, text: text.into() }));
    let mut world = world([title(TitleRank::FirstPrompt, "first"), title(TitleRank::FirstPrompt, "second")]);
    assert_eq!(sessions(&mut world)[0].title.as_ref().unwrap().text.raw(), "first");
    world.apply(title(TitleRank::Given, "mine"), NOW);
    world.apply(title(TitleRank::Generated, "a model's"), NOW);
    world.apply(title(TitleRank::Given, "mine now"), NOW);
    assert_eq!(sessions(&mut world)[0].title.as_ref().unwrap().text.raw(), "mine now");
}

#[test]
fn days_begin_in_the_requested_time_zone() {
    let zone = TimeZone::get("Pacific/Auckland").unwrap();
    let mut at_noon_utc = response("a", 1, turn("m", 5));
    at_noon_utc.at = Some(Timestamp::from_millis(1_789_905_600_000));
    let mut world = world_with(PricingContext { zone, ..pricing() }, [at_noon_utc]);
    let summary = world.summarise(NOW, SummaryScope::Complete);
    assert_eq!(summary.totals.by_day[0].day, "2026-09-21");
    assert_eq!(summary.totals.time_zone, "Pacific/Auckland");
}

#[test]
fn responses_outside_the_scope_do_not_count() {
    let scope = Scope { since: Some(minute(50)), ..Scope::default() };
    let events = [response("a", 1, turn("m", 5)), response("a", 100, turn("n", 7)), response("b", 1, turn("o", 9))];
    let summary = world_with(PricingContext { scope, ..pricing() }, events).summarise(NOW, SummaryScope::Complete);
    assert_eq!((summary.sessions.len(), summary.sessions[0].usage.output, summary.totals.usage.output), (1, 7, 7));
}

/// Rows, totals and rates of what a subscription covers once showed each token as paid.
#[test]
fn usage_covered_by_the_plan_is_marked_in_sessions_totals_and_rates() {
    let covered = |plan| {
        let now = minute(100);
        let mut world = World::new(now, PricingContext { scope: Scope { plan, ..Scope::default() }, ..pricing() });
        world.apply(response("a", 99, turn("m", 5)), now);
        let summary = world.summarise(now, SummaryScope::Complete);
        let spends = [summary.sessions[0].spend, summary.totals.spend, summary.paces.all.one_minute().spend];
        spends.map(|spend| (spend.billing, spend.covered == spend.amount && !spend.is_empty()))
    };
    assert_eq!(covered(BillingPlan::Retail), [(Billing::Metered, false); 3]);
    for plan in [BillingPlan::Max, BillingPlan::Included] {
        assert_eq!(covered(plan), [(Billing::Included, true); 3], "{plan:?}");
    }
}

/// The sidecar of a subagent named a subagent without a file as its parent, and its transcript named the session. Depending
/// on the order of reading, the session had 1,684,520 or 1,684,597 tokens.
#[test]
fn of_two_named_parents_the_one_with_files_counts_in_any_order() {
    let names = |file: u32, at: i64, of: &str| {
        let facts = SessionFacts { parent: Some(key(of)), ..SessionFacts::default() };
        event("child", file, at, EventKind::Facts(Box::new(facts)))
    };
    let mut of_child = response("child", 3, turn("n", 7));
    of_child.source.file = FileId(1);
    let events = [response("top", 1, turn("m", 5)), names(1, 2, "top"), names(2, 2, "gone"), of_child];
    for order in [[0, 1, 2, 3], [2, 0, 1, 3], [1, 3, 2, 0], [2, 1, 3, 0], [1, 2, 0, 3]] {
        let mut world = world(order.map(|at| events[at].clone()));
        let summary = sessions(&mut world);
        let child = &summary[0].children[0];
        assert_eq!(
            (summary.len(), summary[0].usage.output, child.parent.clone()),
            (1, 12, Some(key("top"))),
            "{order:?}"
        );
    }
    // If files report both, the parent is the one that is a subagent itself.
    let more = [response("gone", 2, turn("o", 100)), parent("gone", "top")];
    let summary = sessions(&mut world(events.into_iter().chain(more)));
    assert_eq!((summary.len(), summary[0].children[0].children[0].usage.output), (1, 7));
}

/// What two files report about a session does not depend on the order of reading: the newest record counts, and titles
/// from message text are kept apart from others.
#[test]
fn facts_of_two_files_are_merged_the_same_in_any_order() {
    let facts = |branch: &str| SessionFacts { branch: Some(branch.into()), ..SessionFacts::default() };
    let title = |rank, text: &str| EventKind::Title(Title { rank, text: text.into() });
    let events = [
        event("s", 0, 1, EventKind::Facts(Box::new(facts("old")))),
        event("s", 0, 2, title(TitleRank::Summary, "A summary")),
        event("s", 0, 3, EventKind::Prompt { words: None }),
        event("s", 1, 5, EventKind::Facts(Box::new(facts("new")))),
        event("s", 1, 6, title(TitleRank::LastPrompt, "my words")),
        event("s", 1, 7, EventKind::TurnEnded),
    ];
    for order in [[0, 1, 2, 3, 4, 5], [3, 4, 5, 0, 1, 2], [0, 3, 1, 4, 2, 5], [3, 0, 4, 1, 5, 2]] {
        let summary = sessions(&mut world(order.map(|at| events[at].clone())));
        let session = &summary[0];
        let title = |title: &Option<Title>| title.as_ref().map(|title| title.text.raw().to_owned());
        assert_eq!(session.branch.as_ref().map(|branch| branch.raw().to_owned()).as_deref(), Some("new"), "{order:?}");
        assert_eq!(title(&session.title).as_deref(), Some("my words"));
        assert_eq!(title(&session.public_title).as_deref(), Some("A summary"), "later runs show the same");
        assert_eq!((session.prompts, session.phase, session.files), (1, Phase::Finished, 2));
    }
}
