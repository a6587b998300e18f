//! Which time an event has, of every client.

use agtop_model::{Event, Timestamp};

use crate::fixtures::decoded;

/// What an event says of time and usage. When a file was begun is no time of an event: it only decides which of two
/// copies of a response is the original.
fn without_opened(event: &Event) -> String {
    let text = format!("{event:?}");
    let Some(at) = text.find("opened: ") else { return text };
    let (before, rest) = text.split_at(at);
    let end = rest.find(')').unwrap_or_default();
    format!("{before}{}", rest.get(end..).unwrap_or_default())
}

/// After a copy of a home 7.3 M tokens of Continue's stood in another week: its sessions were dated by their files. What
/// a file tells depends on its content alone, whatever the client: what has no time is told without one.
#[test]
fn nothing_that_a_file_tells_is_dated_by_when_the_file_was_written() {
    let days = [1_600_000_000_000, 1_700_000_000_000, 1_796_000_000_000].map(Timestamp::from_millis);
    let [first, second, third] = days.map(decoded);
    let mut wrong = Vec::new();
    for ((a, b), c) in first.iter().zip(&second).zip(&third) {
        let [a_told, b_told, c_told] = [a, b, c].map(|one| one.events.iter().map(without_opened).collect::<Vec<_>>());
        if a_told != b_told || b_told != c_told {
            wrong.push(format!("{} {}", a.client.info().id, a.fixture));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
