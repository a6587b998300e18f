//! Which session each process works on.

use std::fs;
use std::path::Path;

use agtop_model::{Confidence, JoinTier, OpenFiles, Status};
use agtop_os::FakeProcess;

use crate::harness::{Harness, SID, append, line, rollout};

#[test]
fn an_agent_is_joined_with_the_session_its_command_line_names() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.machine.spawn(FakeProcess::new(50, &["claude", "--resume", SID]).cwd("/elsewhere"));
    let snapshot = harness.read();
    let agent = &snapshot.agents[0];
    assert_eq!(agent.session.as_ref().unwrap().usage.output, 10);
    assert_eq!(agent.join.unwrap().tier, JoinTier::Argument);
    assert_eq!(agent.join.unwrap().confidence, Confidence::High);
}

#[test]
fn the_vendors_file_counts_before_the_command_line() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    let other = "bbbbbbbb-0000-4000-8000-000000000002";
    harness.machine.spawn(FakeProcess::new(90, &["claude", "--resume", other]).cwd("/work").started(4711));
    harness.enter(90, 4711, SID, "waiting");
    let snapshot = harness.read();
    let agent = &snapshot.agents[0];
    assert_eq!(agent.join.unwrap().tier, JoinTier::Marker);
    assert_eq!((agent.status, agent.evidence.as_str()), (Status::NeedsPermission, "status_file"));
    harness.enter(90, 4711, SID, "busy");
    assert_eq!(harness.read().agents[0].status, Status::Working);
}

#[test]
fn an_entry_of_an_earlier_process_with_the_same_pid_is_ignored() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.machine.spawn(FakeProcess::new(90, &["claude"]).cwd("/elsewhere").started(9999));
    harness.enter(90, 4711, SID, "waiting");
    let snapshot = harness.read();
    assert!(snapshot.agents[0].session.is_none());
    assert_eq!(snapshot.agents[0].status, Status::Idle);
}

#[test]
fn after_clear_the_next_reading_joins_the_process_with_the_new_session() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.machine.spawn(FakeProcess::new(90, &["claude", "--resume", SID]).cwd("/work").started(4711));
    harness.enter(90, 4711, SID, "idle");
    assert!(harness.read().agents[0].session.is_some());
    let fresh = "cccccccc-0000-4000-8000-000000000003";
    harness.enter(90, 4711, fresh, "idle");
    assert!(harness.read().agents[0].session.is_none(), "the new session has no transcript yet");
    let transcript = harness.transcript().with_file_name(format!("{fresh}.jsonl"));
    append(&transcript, &line("m2", 20).replace(SID, fresh));
    let snapshot = harness.read();
    assert_eq!(&*snapshot.agents[0].session.as_ref().unwrap().key.id, fresh);
}

#[test]
fn a_deleted_entry_is_forgotten() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    harness.machine.spawn(FakeProcess::new(90, &["claude"]).cwd("/elsewhere").started(4711));
    harness.enter(90, 4711, SID, "busy");
    assert!(harness.read().agents[0].session.is_some());
    fs::remove_file(harness.home.path().join(".claude/sessions/90.json")).unwrap();
    assert!(harness.read().agents[0].session.is_none());
}

#[test]
fn an_agent_is_joined_with_the_transcript_that_it_has_open() {
    let mut harness = Harness::new();
    append(&harness.transcript(), &line("m1", 10));
    let other = harness.transcript().with_file_name("dddddddd-0000-4000-8000-000000000004.jsonl");
    append(&other, &line("m2", 20).replace(SID, "dddddddd-0000-4000-8000-000000000004"));
    harness.machine.spawn(FakeProcess::new(95, &["claude"]).cwd("/elsewhere"));
    let open = OpenFiles { writing: vec![harness.transcript()], ..OpenFiles::default() };
    harness.machine.set_open_files(95, Ok(open));
    let snapshot = harness.read();
    let agent = &snapshot.agents[0];
    assert_eq!(agent.join.unwrap().tier, JoinTier::OpenFile);
    assert_eq!(&*agent.session.as_ref().unwrap().key.id, SID);
}

#[test]
fn each_session_of_a_server_has_a_row() {
    let mut harness = Harness::new();
    let open = OpenFiles { writing: vec![rollout(&harness, 1), rollout(&harness, 2)], ..OpenFiles::default() };
    rollout(&harness, 3);
    harness.machine.spawn(FakeProcess::new(95, &["codex", "app-server"]).cwd("/elsewhere"));
    assert!(harness.read().agents.is_empty(), "a server without a session has no row");
    harness.machine.exit(95);
    harness.machine.spawn(FakeProcess::new(96, &["codex", "app-server"]).cwd("/elsewhere"));
    harness.machine.set_open_files(96, Ok(open));
    let snapshot = harness.read();
    let mut rows: Vec<(u32, String)> = snapshot
        .agents
        .iter()
        .map(|agent| (agent.process.id.pid, agent.session.as_ref().unwrap().key.id.to_string()))
        .collect();
    rows.sort();
    let session = |n: u32| format!("019d2d54-207e-7b80-b98e-00000000000{n}");
    assert_eq!(rows, [(96, session(1)), (96, session(2))]);
}

/// A transcript has the directory as the agent sees it: through a link, or with composed letters where the disk has
/// decomposed ones. The system reports the name on disk. They were once two projects, and the process had no session.
#[test]
#[cfg(unix)]
fn a_directory_with_two_names_is_one_project() {
    let mut harness = Harness::new();
    let home = fs::canonicalize(harness.home.path()).unwrap();
    let real = home.join("cafe\u{301}");
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, home.join("link")).unwrap();
    let written = [home.join("caf\u{e9}"), home.join("link"), real.clone()];
    for (n, cwd) in written.iter().enumerate() {
        let id = format!("{n}aaaaaaa-0000-4000-8000-000000000001");
        let text = line(&format!("m{n}"), 10).replace(SID, &id).replace("\"/work\"", &format!("{cwd:?}"));
        append(&harness.transcript().with_file_name(format!("{id}.jsonl")), &text.replace(r"\u{301}", "\u{301}"));
    }
    let snapshot = harness.read();
    let directories: Vec<_> = snapshot.sessions.iter().map(|session| session.cwd.clone().unwrap()).collect();
    assert_eq!(directories, [real.clone(), real.clone(), real]);
}

/// Old releases name a project by the hash of its directory, and newer ones of Gemini continue to use such a project. No
/// file contains the directory, so a live Gemini was once not joined with its own chat. Old chats of Qwen Code, and those of
/// Kimi and Cursor, are below hashes, too.
#[test]
fn a_live_agent_is_joined_with_a_session_stored_under_the_hash_of_its_directory() {
    let chat = include_str!("../../../../fixtures/gemini/0.8.0/session.json").replace("2026-03-29", "2026-11-21");
    // echo -n /work | sha256sum
    let hash = "0c9a453fad615c83c57d57c2b2be05fa938f0791d7624db43827a033227bf78b";
    let mut harness = Harness::new();
    let directory = harness.home.path().join(".gemini/tmp").join(hash).join("chats");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("session-2026-03-29T01-21-77777777.json"), chat).unwrap();
    harness.machine.spawn(FakeProcess::new(90, &["node", "/usr/bin/gemini"]).cwd("/work"));
    let snapshot = harness.read();
    let joined = snapshot.agents[0].session.as_ref().map(|session| &*session.key.id);
    assert_eq!(joined, Some("77777777-aaaa-4000-8000-000000000001"));
    let names = ["gemini", "qwen", "kimi", "cursor-agent"].map(|name| {
        let client = agtop_clients::client(name).unwrap();
        client.project_name(Path::new("/work")).map(|name| name.len())
    });
    assert_eq!(names, [64, 64, 32, 32].map(Some));
}
