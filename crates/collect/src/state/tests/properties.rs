//! What must hold whatever is read, in whatever order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agtop_model::{CoarserRecords, Event, EventKind, Lineage, MessageKey, ResponseCopy, Session, Usage};
use proptest::prelude::*;

use super::{CLIENT, NOW, key, minute, parent, pricing, response, turn, world};
use crate::state::summary::SummaryScope;
use crate::state::{CopyVerdict, World};

/// Copies of a few responses in a few sessions, as forks, resumed sessions and subagents make them.
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
            let turn =
                ResponseCopy { part_of, lineage, opened: minute(opened), ..turn(&message.to_string(), output * 100) };
            response(&session.to_string(), i64::from(message) + opened, turn)
        };
        copies.into_iter().map(event).collect()
    })
}

/// Subagents, and after which event each becomes known.
fn subagents() -> impl Strategy<Value = Vec<(prop::sample::Index, Event)>> {
    let subagent = (any::<prop::sample::Index>(), 0..5_u8, 0..5_u8);
    prop::collection::vec(subagent, 0..4).prop_map(|subagents| {
        let event =
            |(at, child, above): (prop::sample::Index, u8, u8)| (at, parent(&child.to_string(), &above.to_string()));
        subagents.into_iter().map(event).collect()
    })
}

/// The usage, responses and cost of each session, and the usage of all.
fn sums(events: impl IntoIterator<Item = Event>) -> (BTreeMap<String, (u64, u64, i64)>, u64) {
    let mut world = world(events);
    let summary = world.summarise(NOW, SummaryScope::Complete);
    let of = |session: &Arc<Session>| {
        let sums = (session.usage.total(), session.turns, session.spend.amount.as_pico());
        (session.key.id.to_string(), sums)
    };
    (summary.sessions.iter().map(of).collect(), summary.totals.usage.total())
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_change_the_sums(events in copies(), seed in any::<u64>()) {
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
    fn repeated_summaries_give_the_same_as_a_single_one(events in copies(), subagents in subagents()) {
        let mut repeated = world([]);
        let mut events = events;
        for (at, event) in subagents {
            events.insert(at.index(events.len() + 1), event);
        }
        for event in &events {
            repeated.apply(event.clone(), NOW);
            repeated.summarise(NOW, SummaryScope::Changes);
        }
        let summary = format!("{:?}", (repeated.summarise(NOW, SummaryScope::Complete).sessions, repeated.summarise(NOW, SummaryScope::Complete).totals));
        let mut single = world(events);
        prop_assert_eq!(summary, format!("{:?}", (single.summarise(NOW, SummaryScope::Complete).sessions, single.summarise(NOW, SummaryScope::Complete).totals)));
    }

    #[test]
    fn repeated_rates_give_the_same_as_a_single_computation(events in copies(), subagents in subagents(), step in 1..90_i64) {
        let new = || World::new(minute(0), pricing());
        let (mut repeated, mut single) = (new(), new());
        let mut events = events;
        for (at, event) in subagents {
            events.insert(at.index(events.len() + 1), event);
        }
        let seconds = |at: usize| minute(0).plus(Duration::from_secs(step.cast_unsigned() * at as u64));
        for (at, event) in events.iter().enumerate() {
            repeated.apply(event.clone(), NOW);
            repeated.summarise(seconds(at), SummaryScope::Changes);
            single.apply(event.clone(), NOW);
        }
        let (repeated_rates, single_rates) = (repeated.summarise(seconds(events.len()), SummaryScope::Complete).paces, single.summarise(seconds(events.len()), SummaryScope::Complete).paces);
        prop_assert_eq!(&repeated_rates.all, &single_rates.all);
        prop_assert_eq!(&repeated_rates.by_session, &single_rates.by_session);
    }

    #[test]
    fn the_sessions_add_up_to_the_total(events in copies()) {
        let (by_session, total) = sums(events);
        prop_assert_eq!(by_session.values().map(|(usage, _, _)| usage).sum::<u64>(), total);
    }

    #[test]
    fn totals_never_decrease(events in copies()) {
        let without_parts = |mut event: Event| {
            if let EventKind::Response(turn) = &mut event.kind {
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
    fn the_counted_copies_add_up_to_the_session(events in copies(), wanted in 0..4_u8) {
        let mut world = World::audited(NOW, pricing(), "");
        for event in events {
            world.apply(event, NOW);
        }
        let summary = world.summarise(NOW, SummaryScope::Complete);
        let wanted = key(&wanted.to_string());
        let Some(session) = summary.sessions.iter().find(|session| session.key == wanted) else { return Ok(()) };
        let verdicts = world.audit().unwrap().verdicts(std::slice::from_ref(&wanted));
        let counted: Usage = verdicts.iter().filter(|(_, verdict)| *verdict == CopyVerdict::Counted).map(|(copy, _)| copy.usage).sum();
        prop_assert_eq!(counted, session.usage);
    }
}
