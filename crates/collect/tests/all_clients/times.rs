//! The times of events, for every client.

use agtop_model::{Event, Timestamp};

use crate::fixtures::decoded;

/// The event as text, without the time at which its file was created: that only decides which copy of a response is the
/// original.
fn without_opened(event: &Event) -> String {
    let text = format!("{event:?}");
    let Some(at) = text.find("opened: ") else { return text };
    let (before, rest) = text.split_at(at);
    let end = rest.find(')').unwrap_or_default();
    format!("{before}{}", rest.get(end..).unwrap_or_default())
}

/// In a copied home, 7.3 M tokens of Continue once moved to another week, because its sessions were dated by their files.
/// The events of a file depend on its content alone: a record without a time has none.
#[test]
fn no_event_is_dated_by_when_its_file_was_written() {
    let days = [1_600_000_000_000, 1_700_000_000_000, 1_796_000_000_000].map(Timestamp::from_millis);
    let [first, second, third] = days.map(decoded);
    let mut wrong = Vec::new();
    for ((a, b), c) in first.iter().zip(&second).zip(&third) {
        let [a_events, b_events, c_events] =
            [a, b, c].map(|one| one.events.iter().map(without_opened).collect::<Vec<_>>());
        if a_events != b_events || b_events != c_events {
            wrong.push(format!("{} {}", a.client.info().id, a.fixture));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
