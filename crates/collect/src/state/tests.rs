use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{
    Billing, BillingPlan, ClientId, CoarserRecords, Event, EventKind, FileId, Gap, InferenceGeo, Lineage, MessageKey,
    Phase, Provenance, Purpose, ServiceTier, Session, SessionFacts, SessionKey, SourcePosition, Status, StopReason,
    Timestamp, Title, TitleRank, ToolKey, Turn, Usage, UsageExtent,
};
use agtop_prices::PriceBook;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{Lens, Scope, World};

const CLIENT: ClientId = ClientId::new("claude");
const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

fn key(id: &str) -> SessionKey {
    SessionKey::new(CLIENT, id)
}

fn event(session: &str, file: u32, at: i64, kind: EventKind) -> Event {
    let source = Provenance { file: FileId(file), place: SourcePosition::Byte(0) };
    Event { at: Some(moment(at)), session: key(session), source, kind }
}

/// A moment some minutes before now.
fn moment(minute: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - 600 * 60_000 + minute * 60_000)
}

fn turn(message: &str, output: u64) -> Turn {
    Turn {
        message: MessageKey::global(CLIENT, message),
        id: Some(message.into()),
        part_of: CoarserRecords::none(),
        geo: InferenceGeo::Global,
        purpose: Purpose::Answer,
        requests: 1,
        model: Some("claude-opus-4-8".into()),
        usage: Usage { input: 10, output, ..Usage::default() },
        tier: ServiceTier::Standard,
        extent: UsageExtent::Response,
        embedded_cost: None,
        stop: None,
        lineage: Lineage::Main,
        opened: moment(0),
        context_used: None,
    }
}

fn said(session: &str, at: i64, turn: Turn) -> Event {
    event(session, 0, at, EventKind::Turn(Box::new(turn)))
}

fn world(events: impl IntoIterator<Item = Event>) -> World {
    world_through(lens(), events)
}

fn world_through(lens: Lens, events: impl IntoIterator<Item = Event>) -> World {
    let mut world = World::new(NOW, lens);
    for event in events {
        world.apply(event, NOW);
    }
    world
}

fn lens() -> Lens {
    Lens { prices: Arc::new(PriceBook::bundled()), scope: Scope::default(), zone: TimeZone::UTC }
}

fn sessions(world: &mut World) -> Arc<[Arc<Session>]> {
    world.tell(NOW).sessions
}

fn parent(child: &str, parent: &str) -> Event {
    let facts = SessionFacts { parent: Some(key(parent)), ..SessionFacts::default() };
    event(child, 1, 0, EventKind::Facts(Box::new(facts)))
}

#[test]
fn the_last_usage_of_a_response_counts_once() {
    let mut world = world([said("a", 1, turn("m", 1)), said("a", 2, turn("m", 400)), said("a", 3, turn("m", 400))]);
    let sessions = sessions(&mut world);
    assert_eq!((sessions[0].usage.output, sessions[0].turns), (400, 1));
    assert_eq!(world.duplicates(CLIENT), 2);
}

#[test]
fn a_response_happened_when_its_first_copy_says() {
    let before_midnight = Timestamp::from_millis(1_789_948_799_000);
    let mut late = said("a", 1, turn("m", 9));
    late.at = Some(Timestamp::from_millis(before_midnight.as_millis() + 2000));
    let mut early = said("a", 1, turn("m", 1));
    early.at = Some(before_midnight);
    let mut world = world([late, early]);
    let told = world.tell(NOW);
    let days: Vec<_> = told.totals.by_day.iter().map(|cell| cell.day.as_str()).collect();
    assert_eq!(days, ["2026-09-20"]);
}

#[test]
fn a_sub_agents_usage_is_its_own_and_its_parents_once() {
    let mut world = world([said("a", 1, turn("m", 5)), parent("a/x", "a"), said("a/x", 2, turn("n", 7))]);
    let sessions = sessions(&mut world);
    assert_eq!(sessions.len(), 1);
    assert_eq!((sessions[0].own_usage.output, sessions[0].usage.output), (5, 12));
    assert_eq!(sessions[0].children[0].usage.output, 7);
    let told = world.tell(NOW);
    assert_eq!(told.totals.usage.output, 12);
    assert_eq!(told.totals.spend.amount, sessions[0].spend.amount);
}

#[test]
fn a_sub_agent_whose_parent_left_no_transcript_is_still_below_it() {
    let mut world = world([parent("gone/x", "gone"), said("gone/x", 2, turn("n", 7))]);
    let sessions = sessions(&mut world);
    assert_eq!((&*sessions[0].key.id, sessions[0].usage.output, sessions[0].files), ("gone", 7, 2));
}

#[test]
fn sessions_that_claim_to_be_each_others_parent_are_both_shown() {
    let mut world = world([parent("a", "b"), parent("b", "a"), said("a", 1, turn("m", 5)), said("b", 1, turn("n", 6))]);
    let total: u64 = sessions(&mut world).iter().map(|session| session.usage.output).sum();
    assert_eq!(total, 11);
}

#[test]
fn where_a_finer_record_is_known_the_coarse_one_does_not_count() {
    let part =
        Turn { part_of: CoarserRecords::one(MessageKey::global(CLIENT, "whole")), model: None, ..turn("step", 3) };
    for order in [[0, 1], [1, 0]] {
        let events = [said("a", 1, turn("whole", 100)), said("a", 1, part.clone())];
        let mut world = world(order.map(|at| events[at].clone()));
        let sessions = sessions(&mut world);
        assert_eq!((sessions[0].usage.output, sessions[0].turns), (3, 1));
        assert_eq!(sessions[0].models[0].model.as_deref(), Some("claude-opus-4-8"), "a part has its record's model");
    }
}

#[test]
fn times_that_cannot_be_give_way_to_the_nearest_credible_one() {
    let mut odd = said("a", 1, turn("n", 7));
    odd.at = Some(Timestamp::from_millis(32_500_000_000_000));
    let mut old = said("a", 1, turn("o", 7));
    old.at = Some(Timestamp::from_millis(5));
    let mut world = world([said("a", 60, turn("m", 5)), odd, old]);
    let sessions = sessions(&mut world);
    assert_eq!((sessions[0].started, sessions[0].last_active), (Some(moment(60)), Some(moment(60))));
}

#[test]
fn the_context_is_what_the_last_response_on_the_main_line_saw() {
    let side = Turn { lineage: Lineage::Sidechain, ..turn("s", 1) };
    let big = Turn { usage: Usage { input: 1000, cache_read: 49_000, output: 1, ..Usage::default() }, ..turn("m", 1) };
    let mut world = world([said("a", 1, big), said("a", 2, side)]);
    let context = sessions(&mut world)[0].context.unwrap();
    assert_eq!((context.used, context.limit), (50_000, 1_000_000));
}

#[test]
fn a_file_read_anew_does_not_count_its_prompts_twice() {
    let prompt = || event("a", 3, 1, EventKind::Prompt { words: None });
    let mut world = world([prompt(), prompt(), event("a", 4, 1, EventKind::Prompt { words: None })]);
    assert_eq!(sessions(&mut world)[0].prompts, 3);
    world.forget_file(FileId(3));
    world.apply(prompt(), NOW);
    assert_eq!(sessions(&mut world)[0].prompts, 2);
}

#[test]
fn a_turn_is_open_from_the_prompt_to_its_end() {
    let start = |tool| EventKind::ToolStarted { tool: ToolKey::new(CLIENT, tool), name: "Bash".into(), target: None };
    let ended = Turn { stop: Some(StopReason::EndTurn), ..turn("z", 1) };
    let mut world = world([
        event("a", 0, 1, EventKind::Prompt { words: None }),
        event("a", 0, 2, start("t1")),
        event("a", 0, 3, start("t2")),
    ]);
    let told = sessions(&mut world);
    assert_eq!((told[0].phase, told[0].in_flight.len()), (Phase::Open, 2));
    let tool = ToolKey::new(CLIENT, "t1");
    world.apply(event("a", 0, 4, EventKind::ToolEnded { tool, outcome: Ok(()) }), NOW);
    assert_eq!(sessions(&mut world)[0].in_flight.len(), 1);
    world.apply(event("a", 0, 5, EventKind::TurnEnded), NOW);
    world.apply(said("a", 6, ended), NOW);
    let told = sessions(&mut world);
    assert_eq!((told[0].phase, told[0].in_flight.len(), told[0].status), (Phase::Finished, 0, Status::Done));
    assert_eq!(told[0].tools[0].calls, 2);
}

/// A database is read again with every change: one call of ten seconds was eleven after ten further rows.
#[test]
fn a_call_that_is_read_again_is_timed_once() {
    let tool = ToolKey::new(CLIENT, "t1");
    let started = || EventKind::ToolStarted { tool, name: "bash".into(), target: None };
    let ended = || EventKind::ToolEnded { tool, outcome: Ok(()) };
    let mut world = world([]);
    for _ in 0..3 {
        world.forget_file(FileId(0));
        for (at, kind) in [(1, started()), (2, ended())] {
            world.apply(event("a", 0, at, kind), NOW);
        }
    }
    sessions(&mut world);
    let times = world.tool_times();
    assert_eq!((times.len(), times[0].times.count), (1, 1));
}

/// Codex keeps a list of its threads in a database that changes with every response. Each time it was read again, the call
/// that the rollout was in was taken for ended, and the list, dated later, left the session without a phase: an agent that
/// waited for permission was `active` in 285 of 287 samples.
#[test]
fn a_list_of_sessions_that_is_read_again_ends_no_call_and_no_turn() {
    let list = FileId(3);
    let listed = |at: i64| {
        let facts = SessionFacts { version: Some("0.171".into()), ..SessionFacts::default() };
        event("a", list.0, at, EventKind::Facts(Box::new(facts)))
    };
    let started = EventKind::ToolStarted { tool: ToolKey::new(CLIENT, "t1"), name: "exec".into(), target: None };
    let mut world = world([event("a", 0, 1, EventKind::Prompt { words: None }), event("a", 0, 2, started), listed(1)]);
    for at in [3, 4] {
        world.forget_file(list);
        world.apply(listed(at), NOW);
        let told = sessions(&mut world);
        assert_eq!((told[0].phase, told[0].in_flight.len()), (Phase::Open, 1));
    }
    world.forget_file(FileId(0));
    assert_eq!(sessions(&mut world)[0].in_flight.len(), 0, "the file of the call is read again");
}

#[test]
fn zero_tokens_are_told_by_those_clients_alone_that_write_tokens_down() {
    let gap = |client| {
        let mut spoken = event("s", 0, 0, EventKind::Prompt { words: None });
        spoken.session = SessionKey::new(ClientId::new(client), "s");
        sessions(&mut world([spoken]))[0].used().err()
    };
    assert_eq!(gap("claude"), None);
    assert_eq!(gap("cursor-agent"), Some(Gap::NotReported));
    assert_eq!(gap("copilot"), Some(Gap::NotReported), "a chat in an editor tells none");
    let mut answer = said("s", 1, turn("m", 5));
    answer.session = SessionKey::new(ClientId::new("copilot"), "s");
    assert!(sessions(&mut world([answer]))[0].used().is_ok_and(|usage| usage.output == 5));
}

#[test]
fn a_better_title_stays_and_among_equals_the_last_counts() {
    let title = |rank, text: &str| event("a", 0, 1, EventKind::Title(Title { rank, text: text.into() }));
    let mut world = world([title(TitleRank::FirstPrompt, "first"), title(TitleRank::FirstPrompt, "second")]);
    assert_eq!(sessions(&mut world)[0].title.as_ref().unwrap().text.raw(), "first");
    world.apply(title(TitleRank::Given, "mine"), NOW);
    world.apply(title(TitleRank::Generated, "a model's"), NOW);
    world.apply(title(TitleRank::Given, "mine now"), NOW);
    assert_eq!(sessions(&mut world)[0].title.as_ref().unwrap().text.raw(), "mine now");
}

#[test]
fn days_are_those_of_the_time_zone() {
    let zone = TimeZone::get("Pacific/Auckland").unwrap();
    let mut at_noon_utc = said("a", 1, turn("m", 5));
    at_noon_utc.at = Some(Timestamp::from_millis(1_789_905_600_000));
    let mut world = world_through(Lens { zone, ..lens() }, [at_noon_utc]);
    let told = world.tell(NOW);
    assert_eq!(told.totals.by_day[0].day, "2026-09-21");
    assert_eq!(told.totals.time_zone, "Pacific/Auckland");
}

#[test]
fn a_scope_leaves_out_what_happened_outside_it() {
    let scope = Scope { since: Some(moment(50)), ..Scope::default() };
    let events = [said("a", 1, turn("m", 5)), said("a", 100, turn("n", 7)), said("b", 1, turn("o", 9))];
    let told = world_through(Lens { scope, ..lens() }, events).tell(NOW);
    assert_eq!((told.sessions.len(), told.sessions[0].usage.output, told.totals.usage.output), (1, 7, 7));
}

/// Rows, totals and rates of what a subscription covers said that each token is paid for.
#[test]
fn what_the_plan_covers_is_covered_in_sessions_totals_and_rates() {
    let covered = |plan| {
        let now = moment(100);
        let mut world = World::new(now, Lens { scope: Scope { plan, ..Scope::default() }, ..lens() });
        world.apply(said("a", 99, turn("m", 5)), now);
        let told = world.tell(now);
        let spends = [told.sessions[0].spend, told.totals.spend, told.lately.all.one_minute().spend];
        spends.map(|spend| (spend.billing, spend.covered == spend.amount && !spend.is_empty()))
    };
    assert_eq!(covered(BillingPlan::Retail), [(Billing::Metered, false); 3]);
    for plan in [BillingPlan::Max, BillingPlan::Included] {
        assert_eq!(covered(plan), [(Billing::Included, true); 3], "{plan:?}");
    }
}

/// Copies of a few responses in a few sessions, as forks, resumes and sub-agents make them.
fn copies() -> impl Strategy<Value = Vec<Event>> {
    let copy = (0..4_u8, 0..5_u8, 0..3_u64, 0..3_i64, prop::option::of(0..5_u8), any::<bool>());
    let copies = prop::collection::vec(copy, 1..24);
    copies.prop_map(|copies| {
        let event = |(session, message, output, opened, coarse, is_side): (u8, u8, u64, i64, Option<u8>, bool)| {
            let part_of = coarse
                .filter(|coarse| *coarse != message)
                .map(|coarse| MessageKey::global(CLIENT, &coarse.to_string()))
                .into();
            let lineage = if is_side { Lineage::Sidechain } else { Lineage::Main };
            let turn = Turn { part_of, lineage, opened: moment(opened), ..turn(&message.to_string(), output * 100) };
            said(&session.to_string(), i64::from(message) + opened, turn)
        };
        copies.into_iter().map(event).collect()
    })
}

/// Sub-agents that become known at any moment.
fn kinships() -> impl Strategy<Value = Vec<(prop::sample::Index, Event)>> {
    let kinship = (any::<prop::sample::Index>(), 0..5_u8, 0..5_u8);
    prop::collection::vec(kinship, 0..4).prop_map(|kinships| {
        let event =
            |(at, child, above): (prop::sample::Index, u8, u8)| (at, parent(&child.to_string(), &above.to_string()));
        kinships.into_iter().map(event).collect()
    })
}

/// What must not depend on order: usage and cost of each session, and of everything.
fn sums(events: impl IntoIterator<Item = Event>) -> (BTreeMap<String, (u64, u64, i64)>, u64) {
    let mut world = world(events);
    let told = world.tell(NOW);
    let of = |session: &Arc<Session>| {
        let sums = (session.usage.total(), session.turns, session.spend.amount.as_pico());
        (session.key.id.to_string(), sums)
    };
    (told.sessions.iter().map(of).collect(), told.totals.usage.total())
}

proptest! {
    #[test]
    fn order_and_repetition_change_nothing(events in copies(), seed in any::<u64>()) {
        let straight = sums(events.clone());
        let mut shuffled: Vec<Event> = events.iter().chain(&events).cloned().collect();
        let len = shuffled.len();
        let mut state = seed | 1;
        for at in (1..len).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            shuffled.swap(at, usize::try_from(state % (at as u64 + 1)).unwrap());
        }
        prop_assert_eq!(sums(shuffled), straight);
    }

    #[test]
    fn what_is_shared_between_snapshots_is_what_is_told_at_once(events in copies(), kin in kinships()) {
        let mut looked_at = world([]);
        let mut events = events;
        for (at, event) in kin {
            events.insert(at.index(events.len() + 1), event);
        }
        for event in &events {
            looked_at.apply(event.clone(), NOW);
            looked_at.tell(NOW);
        }
        let told = format!("{:?}", (looked_at.tell(NOW).sessions, looked_at.tell(NOW).totals));
        let mut at_once = world(events);
        prop_assert_eq!(told, format!("{:?}", (at_once.tell(NOW).sessions, at_once.tell(NOW).totals)));
    }

    #[test]
    fn rates_that_were_told_before_change_with_news_and_with_time(events in copies(), kin in kinships(), step in 1..90_i64) {
        let began = || World::new(moment(0), lens());
        let (mut looked_at, mut at_once) = (began(), began());
        let mut events = events;
        for (at, event) in kin {
            events.insert(at.index(events.len() + 1), event);
        }
        let seconds = |at: usize| moment(0).plus(Duration::from_secs(step.cast_unsigned() * at as u64));
        for (at, event) in events.iter().enumerate() {
            looked_at.apply(event.clone(), NOW);
            looked_at.tell(seconds(at));
            at_once.apply(event.clone(), NOW);
        }
        let (told, wanted) = (looked_at.tell(seconds(events.len())).lately, at_once.tell(seconds(events.len())).lately);
        prop_assert_eq!(told.all, wanted.all);
        prop_assert_eq!(told.by_session, wanted.by_session);
    }

    #[test]
    fn sessions_sum_up_to_the_total(events in copies()) {
        let (by_session, total) = sums(events);
        prop_assert_eq!(by_session.values().map(|(usage, _, _)| usage).sum::<u64>(), total);
    }

    #[test]
    fn totals_never_fall(events in copies()) {
        let without_parts = |mut event: Event| {
            if let EventKind::Turn(turn) = &mut event.kind {
                turn.part_of = CoarserRecords::none();
            }
            event
        };
        let events: Vec<Event> = events.into_iter().map(without_parts).collect();
        let mut before = 0;
        for end in 0..=events.len() {
            let (_, total) = sums(events[..end].iter().cloned());
            prop_assert!(total >= before);
            before = total;
        }
    }

    #[test]
    fn an_explanation_adds_up_to_the_session(events in copies(), wanted in 0..4_u8) {
        let mut world = World::audited(NOW, lens(), "");
        for event in events {
            world.apply(event, NOW);
        }
        let told = world.tell(NOW);
        let wanted = key(&wanted.to_string());
        let Some(session) = told.sessions.iter().find(|session| session.key == wanted) else { return Ok(()) };
        let verdicts = world.audit().unwrap().verdicts(std::slice::from_ref(&wanted));
        let counted: Usage = verdicts.iter().filter(|(_, verdict)| *verdict == super::Counted::Yes).map(|(entry, _)| entry.usage).sum();
        prop_assert_eq!(counted, session.usage);
    }
}

/// A sub-agent's sidecar names a sub-agent that left no file as its parent, its transcript the session itself. By order of
/// reading the session had 1,684,520 or 1,684,597 tokens.
#[test]
fn of_two_parents_the_one_that_files_tell_of_holds_in_any_order() {
    let names = |file: u32, at: i64, of: &str| {
        let facts = SessionFacts { parent: Some(key(of)), ..SessionFacts::default() };
        event("child", file, at, EventKind::Facts(Box::new(facts)))
    };
    let mut response = said("child", 3, turn("n", 7));
    response.source.file = FileId(1);
    let events = [said("top", 1, turn("m", 5)), names(1, 2, "top"), names(2, 2, "gone"), response];
    for order in [[0, 1, 2, 3], [2, 0, 1, 3], [1, 3, 2, 0], [2, 1, 3, 0], [1, 2, 0, 3]] {
        let mut world = world(order.map(|at| events[at].clone()));
        let told = sessions(&mut world);
        let child = &told[0].children[0];
        assert_eq!((told.len(), told[0].usage.output, child.parent.clone()), (1, 12, Some(key("top"))), "{order:?}");
    }
    // Where files tell of both, the sub-agent's parent is the sub-agent.
    let more = [said("gone", 2, turn("o", 100)), parent("gone", "top")];
    let told = sessions(&mut world(events.into_iter().chain(more)));
    assert_eq!((told.len(), told[0].children[0].children[0].usage.output), (1, 7));
}

/// What two files say of one session does not depend on which is read first: the newest holds, and names that are message
/// text are kept apart from those that are not.
#[test]
fn facts_of_two_files_come_to_the_same_in_any_order() {
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
        let told = sessions(&mut world(order.map(|at| events[at].clone())));
        let session = &told[0];
        let title = |title: &Option<Title>| title.as_ref().map(|title| title.text.raw().to_owned());
        assert_eq!(session.branch.as_ref().map(|branch| branch.raw().to_owned()).as_deref(), Some("new"), "{order:?}");
        assert_eq!(title(&session.title).as_deref(), Some("my words"));
        assert_eq!(title(&session.public_title).as_deref(), Some("A summary"), "what later runs show, too");
        assert_eq!((session.prompts, session.phase, session.files), (1, Phase::Finished, 2));
    }
}
