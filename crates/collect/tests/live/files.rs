//! Files that change between two readings.

use std::fs;
use std::time::Duration;

use agtop_collect::RunMode;
use agtop_model::ActivityKind;
use agtop_os::FakeProcess;

use crate::harness::{Harness, SID, append, called, failed, line, session};

#[test]
fn appended_records_are_added_and_earlier_ones_are_not_read_again() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    assert_eq!(session(&harness.read()).usage.output, 10);
    append(&harness.transcript(), &line("m2", 5));
    let snapshot = harness.read();
    assert_eq!((session(&snapshot).usage.output, session(&snapshot).turns), (15, 2));
    assert_eq!(snapshot.health.clients[0].records, 2, "the first line was not decoded again");
    harness.read();
    assert_eq!(harness.read().health.clients[0].records, 2);
}

#[test]
fn a_changed_file_is_in_the_next_snapshot() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.read();
    // Long enough that only a change can end the wait; short enough for systems that report no changes.
    let long = Duration::from_secs(20);
    append(&harness.transcript(), &line("m2", 5));
    let never = crossbeam_channel::never();
    assert_eq!(session(&harness.collector.next(long, &never)).usage.output, 15);
    let other = harness.transcript().with_file_name("eeeeeeee-0000-4000-8000-000000000005.jsonl");
    append(&other, &line("m3", 7).replace(SID, "eeeeeeee-0000-4000-8000-000000000005"));
    // The system may report the creation of a file and the write to it one after the other.
    let grown = std::iter::repeat_with(|| harness.collector.next(long, &never))
        .take(5)
        .find(|next| next.totals.usage.output == 22);
    assert!(grown.is_some());
}

#[test]
fn a_quick_scan_shows_live_agents_and_the_next_refresh_everything() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    let old = harness.transcript().with_file_name("ffffffff-0000-4000-8000-000000000006.jsonl");
    append(&old, &line("m2", 5).replace(SID, "ffffffff-0000-4000-8000-000000000006"));
    let long_ago = std::time::SystemTime::now() - Duration::from_hours(48);
    fs::File::options().append(true).open(&old).unwrap().set_modified(long_ago).unwrap();
    harness.machine.spawn(FakeProcess::new(97, &["claude", "-r", SID]).cwd("/work"));
    let first = harness.collector.quick_scan();
    assert_eq!((first.totals.usage.output, first.agents.len()), (10, 1));
    assert!(first.agents[0].session.is_some());
    assert_eq!(harness.read().totals.usage.output, 15);
    assert_eq!(harness.read().health.clients[0].records, 2, "each line was read once");
}

/// A live view reads new files before it loads the ledger's sums. It once did not notice that these contain a response that
/// it had just read in a copy of the session, and counted it twice.
#[test]
fn a_copied_session_that_is_read_before_the_ledger_is_loaded_counts_once() {
    let harness = Harness::new();
    let ledger = harness.home.path().join("data/ledger.db");
    append(&harness.transcript(), &(line("m1", 10) + &line("m2", 5)));
    let long_ago = std::time::SystemTime::now() - Duration::from_hours(48);
    fs::File::options().append(true).open(harness.transcript()).unwrap().set_modified(long_ago).unwrap();
    let mut first = harness.with_ledger(&ledger, RunMode::Once);
    assert_eq!(first.refresh().totals.usage.output, 15);
    first.finish();
    let copy = harness.transcript().with_file_name("ffffffff-0000-4000-8000-000000000006.jsonl");
    append(&copy, &(line("m1", 10) + &line("m3", 7)).replace(SID, "ffffffff-0000-4000-8000-000000000006"));
    let mut live = harness.with_ledger(&ledger, RunMode::Repeated);
    assert_eq!(live.quick_scan().totals.usage.output, 17);
    assert_eq!(live.refresh().totals.usage.output, 22);
    assert_eq!(harness.with_ledger(&ledger, RunMode::Once).refresh().totals.usage.output, 22);
}

/// A live view once left out what the ledger had kept of a file's former content, if it had read or loaded the file before.
#[test]
fn usage_of_a_file_that_was_rewritten_counts_in_a_live_view_as_in_a_single_run() {
    for age in [Duration::ZERO, Duration::from_hours(48)] {
        let harness = Harness::new();
        let ledger = harness.home.path().join("data/ledger.db");
        let write = |text: &str| {
            fs::write(harness.transcript(), text).unwrap();
            let written = std::time::SystemTime::now() - age;
            fs::File::options().append(true).open(harness.transcript()).unwrap().set_modified(written).unwrap();
            let mut once = harness.with_ledger(&ledger, RunMode::Once);
            let output = once.refresh().totals.usage.output;
            once.finish();
            output
        };
        assert_eq!(write(&(line("m1", 10) + &line("m2", 5))), 15);
        assert_eq!(write(&line("m3", 7)), 22);
        let mut live = harness.with_ledger(&ledger, RunMode::Repeated);
        live.quick_scan();
        assert_eq!(live.refresh().totals.usage.output, 22, "{age:?}");
        assert_eq!(harness.with_ledger(&ledger, RunMode::Once).refresh().totals.usage.output, 22);
    }
}

#[test]
fn a_torn_last_line_waits_for_its_end() {
    let mut harness = Harness::new();
    let whole = line("m1", 10);
    let (first, rest) = whole.split_at(60);
    append(&harness.transcript(), first);
    let snapshot = harness.read();
    assert!(snapshot.sessions.is_empty() && !snapshot.health.is_degraded());
    append(&harness.transcript(), rest);
    assert_eq!(session(&harness.read()).usage.output, 10);
}

#[test]
fn a_whole_last_line_counts_once_even_before_its_end_is_written() {
    let mut harness = Harness::new();
    let prompt = format!(r#"{{"type":"user","sessionId":"{SID}","message":{{"content":"hi"}}}}"#);
    append(&harness.transcript(), &prompt);
    assert_eq!(session(&harness.read()).prompts, 1);
    append(&harness.transcript(), "\n");
    assert_eq!(session(&harness.read()).prompts, 1);
    append(&harness.transcript(), &(prompt + "\n"));
    assert_eq!(session(&harness.read()).prompts, 2);
}

#[test]
fn a_file_that_was_rewritten_is_read_from_its_beginning() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &(line("m1", 10) + &line("m2", 5)));
    assert_eq!(session(&harness.read()).usage.output, 15);
    fs::write(harness.transcript(), line("m3", 7)).unwrap();
    let snapshot = harness.read();
    assert_eq!(session(&snapshot).usage.output, 22, "usage that was read counts even if its record is deleted");
}

#[test]
fn a_file_replaced_by_one_of_the_same_length_is_read_again() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.read();
    let other = harness.transcript().with_extension("tmp");
    fs::write(&other, line("m9", 33)).unwrap();
    fs::rename(&other, harness.transcript()).unwrap();
    assert_eq!(session(&harness.read()).usage.output, 43);
}

#[test]
fn the_usage_of_a_deleted_transcript_still_counts() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.read();
    fs::remove_file(harness.transcript()).unwrap();
    assert_eq!(session(&harness.read()).usage.output, 10);
}

#[test]
fn roots_that_are_links_to_each_other_are_read_once() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    fs::create_dir_all(harness.home.path().join(".config")).unwrap();
    std::os::unix::fs::symlink(harness.home.path().join(".claude"), harness.home.path().join(".config/claude"))
        .unwrap();
    let snapshot = harness.read();
    assert_eq!((session(&snapshot).files, snapshot.health.clients[0].records), (1, 1));
}

#[test]
fn a_link_that_leads_out_of_the_root_is_not_followed() {
    let mut harness = Harness::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let secret = elsewhere.path().join("x.jsonl");
    append(&secret, &line("m1", 10));
    let directory = harness.transcript().parent().unwrap().to_owned();
    std::os::unix::fs::symlink(&secret, directory.join("x.jsonl")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), directory.join("sub")).unwrap();
    let snapshot = harness.read();
    assert!(snapshot.sessions.is_empty());
    assert_eq!(snapshot.health.clients[0].issues[0].kind.as_str(), "not_a_file");
}

/// The model of a user's own gateway is in no table. OpenCode's context was once 0, although `opencode.json` has its window.
#[test]
fn a_context_window_from_the_clients_configuration_is_used() {
    let mut harness = Harness::new();
    let home = harness.home.path();
    let storage = home.join(".local/share/opencode/storage/message/ses_1");
    fs::create_dir_all(&storage).unwrap();
    let message = r#"{"id":"msg_1","sessionID":"ses_1","role":"assistant","modelID":"rig-large","providerID":"rig","finish":"stop",
        "time":{"created":1795250000000,"completed":1795250001000},"tokens":{"input":30000,"output":9,"cache":{"read":20000}}}"#;
    fs::write(storage.join("msg_1.json"), message).unwrap();
    assert!(harness.read().sessions[0].context.is_err(), "the window is unknown");
    let config = harness.home.path().join(".config/opencode");
    fs::create_dir_all(&config).unwrap();
    let models = r#"{"provider":{"rig":{"models":{"rig-large":{"limit":{"context":200000}}}}}}"#;
    fs::write(config.join("opencode.json"), models).unwrap();
    let context = harness.read().sessions[0].context.unwrap();
    assert_eq!((context.used, context.limit), (50_000, 200_000));
}

#[test]
fn recent_activities_are_in_order() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &called("Bash", "t1", Duration::from_secs(20)));
    append(&harness.transcript(), &failed("server_error"));
    let snapshot = harness.read();
    let recent: Vec<_> = session(&snapshot).recent.iter().map(|activity| &activity.kind).collect();
    assert!(matches!(recent[..], [ActivityKind::Called { .. }, ActivityKind::Failed(_)]), "{recent:?}");
    append(&harness.transcript().with_file_name("old.jsonl"), &line("m9", 1).replace(SID, "old"));
    let snapshot = harness.read();
    assert!(snapshot.sessions.iter().find(|session| &*session.key.id == "old").unwrap().recent.is_empty());
}
