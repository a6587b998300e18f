//! How fast a home is read: for the first time, and again when nothing or little has changed.
//!
//! `cargo bench -p agtop-collect` prints medians; compare them with the previous commit's on the same machine.

#![expect(clippy::unwrap_used, reason = "a benchmark without its input has nothing to measure")]

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use agtop_clients::Env;
use agtop_collect::{Collector, RunMode, Settings};
use agtop_os::FakeOs;
use agtop_prices::PriceBook;
use agtop_testkit::corpus::{self, Plan, Profile};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use tempfile::TempDir;

const HOME_BYTES: u64 = 20_000_000;

static HOME: LazyLock<TempDir> = LazyLock::new(|| {
    let home = tempfile::tempdir().unwrap();
    corpus::write(home.path(), Plan { seed: 1, size: HOME_BYTES, profile: Profile::Heavy }).unwrap();
    home
});

fn main() {
    divan::main();
}

fn collector(home: &Path) -> Collector {
    let env = Env { home: home.to_owned(), ..Env::default() };
    let settings = Settings { run_mode: RunMode::Repeated, ..Settings::new(env) };
    Collector::new(settings, Box::new(FakeOs::new()), Arc::new(PriceBook::bundled()))
}

#[divan::bench]
fn first_read(bencher: Bencher<'_, '_>) {
    let home = HOME.path();
    bencher.counter(BytesCount::new(HOME_BYTES)).bench_local(|| black_box(collector(home).refresh()));
}

#[divan::bench]
fn unchanged(bencher: Bencher<'_, '_>) {
    let mut collector = collector(HOME.path());
    collector.refresh();
    bencher.bench_local(|| black_box(collector.refresh()));
}

#[divan::bench]
fn one_line_appended(bencher: Bencher<'_, '_>) {
    let home = tempfile::tempdir().unwrap();
    corpus::write(home.path(), Plan { seed: 1, size: HOME_BYTES, profile: Profile::Heavy }).unwrap();
    let project = home.path().join(".claude/projects/-bench");
    std::fs::create_dir_all(&project).unwrap();
    let mut transcript = std::fs::File::create(project.join("bench.jsonl")).unwrap();
    let mut collector = collector(home.path());
    collector.refresh();
    let mut n = 0;
    bencher.bench_local(|| {
        n += 1;
        writeln!(
            transcript,
            r#"{{"type":"assistant","sessionId":"bench","message":{{"id":"m{n}","model":"claude-opus-4-8","usage":{{"input_tokens":1,"output_tokens":2}}}}}}"#
        )
        .unwrap();
        black_box(collector.refresh())
    });
}
