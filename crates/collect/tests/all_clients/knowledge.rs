//! What each client declares to record is what its fixtures contain, no more and no less.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use agtop_clients::{CLIENTS, Known, clients};
use agtop_model::{Event, EventKind, ResponseCopy, Timestamp, UsageExtent, VendorActivity};

use crate::fixtures::{decoded, directory_of};

/// The events that show each aspect, in the order of `Knowledge::aspects`.
const EVIDENCE: [fn(&EventKind) -> bool; 8] = [
    |kind| response(kind).is_some_and(|response| !response.usage.is_zero()),
    |kind| response(kind).is_some_and(|response| response.embedded_cost.is_some() || response.model.is_some()),
    |kind| response(kind).is_some_and(|response| response.usage.cache_read + response.usage.cache_write() > 0),
    |kind| match kind {
        EventKind::Facts(facts) => facts.context_used.is_some(),
        _ => response(kind)
            .is_some_and(|response| response.extent == UsageExtent::Response && response.usage.prompt() > 0),
    },
    |kind| matches!(kind, EventKind::ToolStarted { .. }),
    |kind| match kind {
        EventKind::Facts(facts) => facts.parent.is_some(),
        _ => matches!(kind, EventKind::SubagentStarted { .. }),
    },
    |kind| match kind {
        EventKind::Running(running) => running.activity == Some(VendorActivity::NeedsPermission),
        _ => matches!(kind, EventKind::NeedsPermission),
    },
    |kind| matches!(kind, EventKind::RateLimit(_)),
];

fn response(kind: &EventKind) -> Option<&ResponseCopy> {
    if let EventKind::Response(response) = kind { Some(response) } else { None }
}

/// The events of each client's fixtures, by its id. A client has none if agtop only recognises its
/// processes.
fn events() -> BTreeMap<&'static str, Vec<Event>> {
    let mut events: BTreeMap<&'static str, Vec<Event>> = BTreeMap::new();
    for fixture in decoded(Timestamp::from_millis(1_790_000_000_000)) {
        events.entry(fixture.client.info().id.as_str()).or_default().extend(fixture.events);
    }
    events
}

#[test]
fn every_declared_aspect_is_in_the_fixtures() {
    let mut wrong = Vec::new();
    let (all, none) = (events(), Vec::new());
    for client in clients() {
        let events = all.get(client.info().id.as_str()).unwrap_or(&none);
        for ((aspect, known), shows) in client.info().knowledge.aspects().into_iter().zip(EVIDENCE) {
            let is_shown = events.iter().any(|event| shows(&event.kind));
            if is_shown != (known != Known::No) {
                wrong.push(format!("{} {aspect}: {} but shown: {is_shown}", client.info().id, known.as_str()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A fixture that is not read could show an aspect that its client does not declare.
#[test]
fn every_fixture_is_read() {
    for client in CLIENTS {
        let directory = directory_of(*client);
        let list = fs::read_to_string(directory.join("paths.tsv")).unwrap();
        let listed: BTreeSet<PathBuf> = list.lines().map(|line| line.split('\t').next().unwrap().into()).collect();
        let mut found = BTreeSet::new();
        let mut open = vec![directory.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if !path.ends_with("README.md") && !path.ends_with("paths.tsv") {
                    found.insert(path.strip_prefix(&directory).unwrap().to_owned());
                }
            }
        }
        assert_eq!(listed, found, "{}", client.info().id);
    }
}

#[test]
fn the_fixtures_of_every_client_give_events() {
    let all = events();
    for client in CLIENTS {
        let id = client.info().id.as_str();
        assert!(all.get(id).is_some_and(|events| !events.is_empty()), "{id}");
    }
}

#[test]
fn a_gap_is_a_phrase_that_fits_into_a_table() {
    for client in clients() {
        for gap in client.info().knowledge.aspects().iter().filter_map(|(_, known)| known.gap()) {
            assert!((1..60).contains(&gap.len()) && !gap.contains('|') && !gap.ends_with('.'), "{gap}");
        }
    }
}
