//! Key scripts drive the state as the real loop does.

use std::sync::Arc;
use std::time::Duration;

use agtop_demo::{self as demo, DEMO_START, Demo};
use agtop_model::{Agent, Liveness, Snapshot, Status};
use crossterm::event::KeyModifiers;

use super::*;
use crate::command::Signal;
use crate::keys::{Preset, key};
use crate::testing::text_of;
use crate::{Command, Reply};

fn app_of(snapshot: Snapshot) -> App {
    let mut app = App::new(Options::usual("1.0.0", "linux"));
    app.update(Message::Resize(140, 40));
    app.update(Message::Snapshot(Arc::new(snapshot)));
    app
}

fn app() -> App {
    app_of(demo::crowd(14, 60))
}

fn press(app: &mut App, keys: &str) -> Vec<Command> {
    keys.split(' ').flat_map(|name| app.update(Message::Key(key(name).unwrap()))).collect()
}

/// Types text, letter by letter.
fn type_in(app: &mut App, text: &str) {
    for letter in text.chars() {
        app.update(Message::Key(KeyEvent::new(crossterm::event::KeyCode::Char(letter), KeyModifiers::NONE)));
    }
}

fn chosen_pid(app: &App) -> Option<u32> {
    app.chosen_agent().map(|agent| agent.process.id.pid)
}

fn shown_pids(app: &App) -> Vec<u32> {
    let snapshot = app.snapshot.as_deref().unwrap();
    let rows = app.list().unwrap().items.iter().filter_map(|item| item.row(snapshot));
    rows.filter_map(|row| row.agent).map(|agent| agent.process.id.pid).collect()
}

fn with_agents(snapshot: &Snapshot, change: impl Fn(Vec<Agent>) -> Vec<Agent>) -> Snapshot {
    Snapshot { agents: change(snapshot.agents.to_vec()).into(), ..snapshot.clone() }
}

#[test]
fn s0_key_01_quit_closes_what_is_open_first() {
    let mut app = app();
    assert_eq!(press(&mut app, "Enter q"), []);
    assert!(app.overlay.is_none());
    for keys in ["q", "C-c", "F10"] {
        assert_eq!(press(&mut app, keys), [Command::Quit]);
    }
}

#[test]
fn s0_key_02_help_opens_and_closes() {
    let mut app = app();
    press(&mut app, "?");
    assert!(text_of(&app, 140, 40).contains("Live agents; those that need you come first."));
    press(&mut app, "?");
    assert!(app.overlay.is_none());
    press(&mut app, "h Esc");
    assert!(app.overlay.is_none());
}

#[test]
fn s0_key_03_a_pause_keeps_the_picture_and_going_on_shows_the_newest() {
    let demo = Demo::usual(DEMO_START, jiff::tz::TimeZone::UTC);
    let at = |seconds| Arc::new(demo.snapshot(Duration::from_secs(seconds)));
    let mut app = app_of(demo.snapshot(Duration::ZERO));
    press(&mut app, "p");
    assert!(text_of(&app, 140, 40).contains("paused"));
    app.update(Message::Snapshot(at(10)));
    app.update(Message::Snapshot(at(20)));
    assert_eq!(app.snapshot.as_ref().unwrap().now, DEMO_START);
    press(&mut app, "p");
    assert_eq!(app.snapshot.as_ref().unwrap().now, at(20).now);
}

#[test]
fn s0_key_04_refresh_is_asked_for() {
    assert_eq!(press(&mut app(), "r F5"), [Command::Refresh, Command::Refresh]);
}

#[test]
fn s0_key_05_s_goes_through_agtop_2s_sort_keys_in_their_order() {
    let mut app = app();
    let mut seen = vec![app.sort.key.as_str()];
    for _ in 0..5 {
        press(&mut app, "s");
        seen.push(app.sort.key.as_str());
    }
    assert_eq!(seen, ["smart", "cpu", "mem", "tokens", "uptime", "client"]);
}

#[test]
fn s0_key_06_g_groups_by_project_and_groups_fold() {
    let mut app = app();
    press(&mut app, "g");
    let groups = |app: &App| {
        let items = &app.agents.items;
        items.iter().filter(|item| matches!(item, Item::Group(_))).count()
    };
    assert_eq!(groups(&app), 6);
    let before = app.agents.items.len();
    press(&mut app, "Home Enter");
    assert_eq!(groups(&app), 6);
    assert!(app.agents.items.len() < before);
    press(&mut app, "Enter g");
    assert_eq!((groups(&app), app.agents.items.len()), (0, 14));
}

#[test]
fn s0_key_07_a_filter_is_typed_edited_and_cleared() {
    let mut app = app();
    press(&mut app, "/");
    type_in(&mut app, "agent:codex");
    assert_eq!(shown_pids(&app).len(), 3);
    press(&mut app, "C-u");
    assert_eq!(shown_pids(&app).len(), 14);
    type_in(&mut app, "agent:codex cpu>1000");
    assert_eq!(shown_pids(&app).len(), 0);
    press(&mut app, "C-w Enter");
    assert_eq!((shown_pids(&app).len(), app.prompt.is_none()), (3, true));
    press(&mut app, "Esc");
    assert_eq!(shown_pids(&app).len(), 14);
}

#[test]
fn a_filter_that_is_not_finished_says_so_and_what_is_before_it_stays_in_force() {
    let mut app = app();
    press(&mut app, "f");
    type_in(&mut app, "agent:codex cpu>");
    assert_eq!(shown_pids(&app).len(), 3);
    assert!(text_of(&app, 140, 40).contains("× something is missing after 'cpu>'"));
}

/// `/cpu>x Enter` closed the prompt: its reason went, and all rows were shown.
#[test]
fn a_filter_that_is_wrong_is_not_entered_and_keeps_its_reason() {
    let mut app = app();
    press(&mut app, "/");
    type_in(&mut app, "cpu>x");
    press(&mut app, "Enter");
    assert!(app.prompt.is_some());
    assert!(text_of(&app, 140, 40).contains("× 'x' is not a percentage"));
    press(&mut app, "Backspace 0 Enter");
    assert!(app.prompt.is_none() && app.filtering.error.is_none());
}

#[test]
fn the_history_of_filters_is_one_key_away() {
    let mut app = app();
    press(&mut app, "/");
    type_in(&mut app, "agent:codex");
    press(&mut app, "Enter Esc / Up");
    assert_eq!(app.filtering.text, "agent:codex");
}

#[test]
fn s0_key_08_to_10_keys_move_the_choice() {
    let mut app = app();
    let at = |app: &App| app.agents.index;
    for (keys, expected) in [
        ("j", 1),
        ("Down", 2),
        ("k", 1),
        ("Up", 0),
        ("Up", 0),
        ("PgDn", 10),
        ("PgDn", 13),
        ("PgUp", 3),
        ("End", 13),
        ("Home", 0),
        ("G", 13),
    ] {
        press(&mut app, keys);
        assert_eq!(at(&app), expected, "{keys}");
    }
}

#[test]
fn s0_key_11_enter_and_space_open_and_close_details() {
    let mut app = app();
    for (open, close) in [("Enter", "Enter"), ("Space", "Space"), ("Enter", "Esc")] {
        press(&mut app, open);
        assert!(matches!(app.overlay, Some(Overlay::Detail { .. })));
        press(&mut app, close);
        assert!(app.overlay.is_none());
    }
}

#[test]
fn s1_key_keys_of_rust_agtop_work() {
    let mut app = app();
    press(&mut app, "F6");
    assert_eq!(app.sort.key.as_str(), "cpu");
    press(&mut app, ">");
    assert_eq!(app.sort.key.as_str(), "mem");
    let usual = shown_pids(&app);
    press(&mut app, "i");
    assert_eq!(shown_pids(&app), usual.into_iter().rev().collect::<Vec<_>>());
    press(&mut app, "d");
    assert_eq!(app.arranged, Arranged::Dashboard);
    press(&mut app, "d Tab");
    assert_eq!(app.tab, Tab::Process);
    press(&mut app, "S-Tab S-Tab");
    assert_eq!(app.tab, Tab::Config);
}

#[test]
fn the_choice_follows_the_agent_and_not_the_row() {
    let before = demo::crowd(14, 14);
    let mut app = app_of(before.clone());
    press(&mut app, "End");
    let pid = chosen_pid(&app).unwrap();
    let after = with_agents(&before, |mut agents| {
        for agent in &mut agents {
            if agent.process.id.pid == pid {
                agent.status = Status::NeedsPermission;
            }
        }
        agents.rotate_left(5);
        agents
    });
    app.update(Message::Snapshot(Arc::new(after)));
    assert_eq!(chosen_pid(&app), Some(pid));
    assert_ne!(app.agents.index, 13);
}

#[test]
fn when_the_chosen_agent_ends_its_neighbour_is_chosen() {
    let before = demo::crowd(5, 5);
    let mut app = app_of(before.clone());
    press(&mut app, "j j");
    let pid = chosen_pid(&app).unwrap();
    let without = |agents: Vec<Agent>| agents.into_iter().filter(|agent| agent.process.id.pid != pid).collect();
    app.update(Message::Snapshot(Arc::new(with_agents(&before, without))));
    assert_eq!((app.agents.index, app.agents.items.len()), (2, 4));
}

#[test]
fn who_needs_its_person_is_one_key_away_from_everywhere() {
    let mut app = app();
    press(&mut app, "4 a");
    assert_eq!(app.view, ViewId::Agents);
    let first = chosen_pid(&app);
    assert!(agtop_query::needs_user(app.chosen_agent().unwrap().status));
    press(&mut app, "a");
    assert!(agtop_query::needs_user(app.chosen_agent().unwrap().status));
    assert_ne!(chosen_pid(&app), first);
}

#[test]
fn focus_goes_round() {
    let mut app = app();
    let counts: Vec<usize> = (0..4)
        .map(|_| {
            press(&mut app, "F");
            shown_pids(&app).len()
        })
        .collect();
    assert_eq!(counts, [2, 8, 14, 14]);
}

#[test]
fn a_signal_is_sent_after_a_question_that_names_the_agent_and_to_that_very_process() {
    let mut app = app();
    let process = app.chosen_agent().unwrap().process.id;
    assert_eq!(press(&mut app, "K"), []);
    let text = text_of(&app, 140, 40);
    assert!(text.contains("codex in payments") && text.contains(&format!("pid {}", process.pid)), "{text}");
    assert_eq!(press(&mut app, "n"), []);
    assert!(app.overlay.is_none());
    for (answer, signal) in
        [("y", Signal::Terminate), ("k", Signal::Kill), ("s", Signal::Stop), ("c", Signal::Continue)]
    {
        press(&mut app, "K");
        assert_eq!(press(&mut app, answer), [Command::Signal { process, signal }]);
    }
}

#[test]
fn the_question_stays_with_the_agent_it_was_asked_about() {
    let before = demo::crowd(14, 14);
    let mut app = app_of(before.clone());
    let process = app.chosen_agent().unwrap().process.id;
    press(&mut app, "K");
    let without =
        |agents: Vec<Agent>| agents.into_iter().filter(|agent| agent.process.id != process).collect::<Vec<_>>();
    app.update(Message::Snapshot(Arc::new(with_agents(&before, without))));
    assert_eq!(press(&mut app, "y"), [Command::Signal { process, signal: Signal::Terminate }]);
}

#[test]
fn an_agent_that_has_ended_is_asked_nothing() {
    let before = demo::crowd(1, 1);
    let mut app = app_of(with_agents(&before, |agents| {
        agents.into_iter().map(|agent| Agent { liveness: Liveness::Stopped, ..agent }).collect()
    }));
    press(&mut app, "K");
    assert!(app.overlay.is_none() && app.notice.as_ref().is_some_and(|notice| notice.outcome.is_err()));
}

#[test]
fn commands_go_out_for_what_the_screen_cannot_do() {
    let mut app = app();
    let session = app.chosen_session().unwrap().key.clone();
    assert_eq!(press(&mut app, "e"), [Command::Explain(session.clone())]);
    assert_eq!(press(&mut app, "y"), [Command::Copy(session.id.to_string())]);
    assert!(matches!(press(&mut app, "o")[..], [Command::GoTo(ref place)] if place.ancestors == [1_200]));
    assert_eq!(press(&mut app, "C-z"), [Command::Suspend]);
    assert_eq!(press(&mut app, "C-l"), [Command::Redraw]);
}

#[test]
fn an_export_holds_the_rows_that_are_shown_and_nothing_a_person_said() {
    let mut app = app();
    press(&mut app, "/");
    type_in(&mut app, "agent:codex");
    press(&mut app, "Enter");
    let [Command::Export(file)] = &press(&mut app, "E")[..] else { panic!("no file") };
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    assert_eq!(file.name, "agtop-agents-2026-11-21-12-31-30.csv");
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.contains("codex") && !text.contains("claude"));
    press(&mut app, ":");
    type_in(&mut app, "export json");
    let [Command::Export(file)] = &press(&mut app, "Enter")[..] else { panic!("no file") };
    assert_eq!(file.name, "agtop-agents-2026-11-21-12-31-30.json");
}

#[test]
fn the_command_line_completes_and_says_what_it_does_not_know() {
    let mut app = app();
    press(&mut app, ":");
    type_in(&mut app, "th");
    press(&mut app, "Tab");
    assert_eq!(app.prompt.as_ref().unwrap().text(), "theme ");
    type_in(&mut app, "dra");
    press(&mut app, "Tab Enter");
    assert_eq!(app.look.theme.name, "dracula");
    press(&mut app, ":");
    type_in(&mut app, "frobnicate");
    press(&mut app, "Enter");
    assert!(text_of(&app, 140, 40).contains("no command is called 'frobnicate'"));
    press(&mut app, ":");
    type_in(&mut app, "interval 5");
    assert_eq!(press(&mut app, "Enter"), [Command::SetInterval(Duration::from_secs(5))]);
    press(&mut app, ":");
    type_in(&mut app, "interval -1");
    assert_eq!(press(&mut app, "Enter"), []);
    press(&mut app, ":");
    type_in(&mut app, "sort cost");
    press(&mut app, "Enter");
    assert_eq!(app.sort.key.as_str(), "cost");
    press(&mut app, ":");
    type_in(&mut app, "keys vim");
    press(&mut app, "Enter G g g");
    assert_eq!((app.options.keys, app.agents.index), (Preset::Vim, 0));
}

#[test]
fn a_theme_is_a_key_away_and_they_go_round() {
    let mut app = app();
    for _ in 0..app.options.themes.len() {
        press(&mut app, "T");
    }
    assert_eq!(app.look.theme.name, "dark");
}

#[test]
fn columns_are_hidden_moved_widened_and_kept() {
    let mut app = app();
    press(&mut app, "c j Space");
    assert!(app.options.columns.iter().all(|column| column.id != "client"));
    press(&mut app, "Home Right + +");
    assert_eq!((&*app.options.columns[1].id, app.options.columns[1].width), ("status", Some(14)));
    let [Command::Save(choices)] = &press(&mut app, "Esc")[..] else { panic!("not kept") };
    assert_eq!(choices.columns[1].to_string(), "status:14");
}

#[test]
fn usage_is_looked_into_and_left() {
    let mut app = app();
    press(&mut app, "4 w");
    assert!(text_of(&app, 140, 40).contains("by week"));
    press(&mut app, "Enter");
    assert_eq!((app.usage.by, app.usage.path.len()), (By::Model, 1));
    press(&mut app, "Esc");
    assert_eq!((app.usage.by, app.usage.path.len()), (By::Period, 0));
    press(&mut app, "Right Right Right Right");
    assert_eq!(app.usage.by, By::Project);
    press(&mut app, "Enter");
    assert_eq!(app.usage.by, By::Session);
    press(&mut app, "Left Left Left");
    assert_eq!((app.usage.by, app.usage.path.len()), (By::Period, 1), "the project over time");
}

#[test]
fn a_tree_shows_sub_agents_and_helpers_below_their_agent() {
    let mut app = app();
    press(&mut app, "t");
    let depths: Vec<bool> = app.agents.items.iter().map(|item| matches!(item, Item::Row { depth: 0, .. })).collect();
    assert_eq!(depths.iter().filter(|is_root| **is_root).count(), 14);
    assert!(app.agents.items.iter().any(|item| matches!(item, Item::Helper { depth: 1, .. })));
    assert!(app.agents.items.iter().any(|item| matches!(item, Item::Row { agent: None, depth: 1, .. })));
}

#[test]
fn a_loop_of_parents_ends() {
    let before = demo::crowd(3, 3);
    let app = app_of(with_agents(&before, |agents| {
        let pids: Vec<u32> = agents.iter().map(|agent| agent.process.id.pid).collect();
        let parent_of = |at: usize| pids.get((at + 1) % pids.len()).copied();
        agents
            .into_iter()
            .enumerate()
            .map(|(at, agent)| {
                let process = agtop_model::Process { parent: parent_of(at), ..(*agent.process).clone() };
                Agent { process: Arc::new(process), ..agent }
            })
            .collect()
    }));
    let mut app = app;
    press(&mut app, "t");
    assert!(app.agents.items.len() < 30);
}

#[test]
fn an_answer_is_shown_and_a_text_can_be_read() {
    let mut app = app();
    app.update(Message::Reply(Reply::Failed("no permission to terminate the process".to_owned())));
    assert!(text_of(&app, 140, 40).contains("no permission to terminate the process"));
    let lines = (0..200).map(|line| format!("line {line}")).collect();
    app.update(Message::Reply(Reply::Text { title: "Explain".to_owned(), lines }));
    press(&mut app, "End");
    assert!(text_of(&app, 140, 40).contains("line 199"));
    press(&mut app, "k");
    assert!(!text_of(&app, 140, 40).contains("line 199"), "one step up from the end is one step");
}

#[test]
fn the_clock_goes_on_and_asks_for_a_frame_once_a_second() {
    let mut app = app();
    app.take_change();
    let now = app.snapshot.as_ref().unwrap().now;
    app.update(Message::Clock(now.plus(Duration::from_millis(100))));
    assert_eq!(app.take_change(), None);
    app.update(Message::Clock(now.plus(Duration::from_millis(1_100))));
    assert_eq!(app.take_change(), Some(Change::Clock));
}

#[test]
fn a_pid_shows_that_agent_alone() {
    let pid = demo::crowd(14, 14).agents[3].process.id.pid;
    let mut app = App::new(Options { pid: Some(pid), ..Options::usual("1.0.0", "linux") });
    app.update(Message::Snapshot(Arc::new(demo::crowd(14, 14))));
    assert_eq!(shown_pids(&app), [pid]);
}

#[test]
fn sessions_at_work_are_on_top_whatever_is_sorted_by() {
    let mut app = app();
    press(&mut app, "2 s s s");
    let snapshot = app.snapshot.clone().unwrap();
    let has_agent: Vec<bool> =
        app.sessions.items.iter().map(|item| item.row(&snapshot).is_some_and(|row| row.agent.is_some())).collect();
    assert!(has_agent.is_sorted_by(|a, b| a >= b) && has_agent.contains(&false));
}

#[test]
fn an_agent_is_found_by_its_sessions_key_where_it_holds_another_copy_of_it() {
    let before = demo::crowd(3, 9);
    let copied = |agent: Agent| {
        let session = agent.session.as_deref().cloned().map(Arc::new);
        Agent { session, ..agent }
    };
    let mut app = app_of(with_agents(&before, |agents| agents.into_iter().map(copied).collect()));
    press(&mut app, "2");
    assert_eq!(shown_pids(&app).len(), 3);
}
