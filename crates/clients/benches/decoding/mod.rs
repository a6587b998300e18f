//! Decodes an in-memory transcript line by line, as a benchmark.

use std::path::Path;

use agtop_clients::{Env, Input, Source};
use agtop_model::{FileId, Timestamp};
use divan::Bencher;
use divan::counter::BytesCount;

/// Decodes the text as a file with that name in the client's first store.
pub(crate) fn bench_lines(bencher: Bencher<'_, '_>, client: &str, name: &str, text: &str) {
    let Some(client) = agtop_clients::client(client) else { return };
    let stores = client.stores(&Env { home: "/home/u".into(), ..Env::default() });
    let Some(store) = stores.first() else { return };
    let name = Path::new(name);
    let source = Source {
        file: FileId(0),
        path: name,
        relative: name,
        modified: Timestamp::from_millis(0),
        text_since: Timestamp::from_millis(i64::MAX),
        zone: &jiff::tz::TimeZone::UTC,
    };
    bencher.counter(BytesCount::of_str(text)).bench_local(|| {
        let mut decoder = client.decoder(store, &source);
        let (mut events, mut count, mut start) = (Vec::new(), 0, 0);
        for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
            let bytes = &text.as_bytes()[start..end];
            let _ = decoder.feed(Input::Line { bytes, offset: start as u64 }, &mut events);
            start = end + 1;
            count += events.len();
            events.clear();
        }
        count
    });
}
