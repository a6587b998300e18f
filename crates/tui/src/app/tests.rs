//! Key scripts drive the state as the real loop does.

use std::sync::Arc;
use std::time::Duration;

use agtop_demo::{self as demo, DEMO_START, Demo};
use agtop_model::{Agent, Liveness, Snapshot, Status, Timestamp};
use crossterm::event::{KeyEvent, KeyModifiers};

use super::*;
use crate::clock::ClockPrecision;
use crate::command::Signal;
use crate::keys::{KeyPreset, key};
use crate::panel::PanelTab;
use crate::testing::{snapshot_message, text_of};
use crate::views::{ListItem, UsageGrouping};

fn app_of(snapshot: Snapshot) -> App {
    let mut app = App::new(Options::with_defaults("1.0.0", "linux"));
    app.update(Message::Resize(140, 40));
    app.update(snapshot_message(Arc::new(snapshot)));
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
    let snapshot = app.data.snapshot.as_deref().unwrap();
    let rows = app.list().unwrap().items.iter().filter_map(|item| item.row(snapshot));
    rows.filter_map(|row| row.agent).map(|agent| agent.process.id.pid).collect()
}

fn with_agents(snapshot: &Snapshot, change: impl Fn(Vec<Agent>) -> Vec<Agent>) -> Snapshot {
    snapshot.clone().with_agents(change(snapshot.cloned_agents()))
}

#[test]
fn quit_closes_an_open_popup_first() {
    let mut app = app();
    assert_eq!(press(&mut app, "Enter q"), []);
    assert!(app.overlay.is_none());
    for keys in ["q", "C-c", "F10"] {
        assert_eq!(press(&mut app, keys), [Command::Quit]);
    }
}

#[test]
fn help_opens_and_closes() {
    let mut app = app();
    press(&mut app, "?");
    assert!(text_of(&app, 140, 40).contains("Live agents; those that need you come first."));
    press(&mut app, "?");
    assert!(app.overlay.is_none());
    press(&mut app, "h Esc");
    assert!(app.overlay.is_none());
}

#[test]
fn a_paused_screen_keeps_its_snapshot_and_resuming_shows_the_newest() {
    let demo = Demo::usual(DEMO_START, jiff::tz::TimeZone::UTC);
    let at = |seconds| Arc::new(demo.snapshot(Duration::from_secs(seconds)));
    let mut app = app_of(demo.snapshot(Duration::ZERO));
    press(&mut app, "p");
    assert!(text_of(&app, 140, 40).contains("paused"));
    app.update(snapshot_message(at(10)));
    app.update(snapshot_message(at(20)));
    assert_eq!(app.data.snapshot.as_ref().unwrap().now, DEMO_START);
    press(&mut app, "p");
    assert_eq!(app.data.snapshot.as_ref().unwrap().now, at(20).now);
}

#[test]
fn refresh_keys_request_a_snapshot() {
    assert_eq!(press(&mut app(), "r F5"), [Command::Refresh, Command::Refresh]);
}

#[test]
fn s_cycles_through_the_sort_keys_of_agtop_2_in_their_order() {
    let mut app = app();
    press(&mut app, "s");
    let mut seen = vec![app.settings().sort.key.as_str()];
    for _ in 0..5 {
        press(&mut app, "s");
        seen.push(app.settings().sort.key.as_str());
    }
    assert_eq!(seen, ["smart", "cpu", "mem", "tokens", "uptime", "client"]);
}

#[test]
fn in_the_sort_menu_a_letter_and_the_cursor_choose_a_column() {
    let mut app = app();
    press(&mut app, "s j j Enter");
    assert_eq!((app.settings().sort.key.as_str(), app.overlay.is_none()), ("mem", true));
    press(&mut app, "s c");
    assert_eq!((app.settings().sort.key.as_str(), app.overlay.is_none()), ("cpu", true));
    press(&mut app, "s i Esc");
    assert_eq!(
        (app.settings().sort.key.as_str(), app.settings().sort.direction),
        ("cpu", crate::views::SortDirection::Reversed)
    );
    press(&mut app, "3 s");
    assert!(app.overlay.is_none() && app.status.as_ref().is_some_and(|notice| notice.outcome.is_err()));
}

#[test]
fn g_groups_by_project_and_groups_collapse() {
    let mut app = app();
    press(&mut app, "g");
    let groups = |app: &App| {
        let items = &app.lists.agents.items;
        items.iter().filter(|item| matches!(item, ListItem::Group(_))).count()
    };
    assert_eq!(groups(&app), 6);
    let before = app.lists.agents.items.len();
    press(&mut app, "Home Enter");
    assert_eq!(groups(&app), 6);
    assert!(app.lists.agents.items.len() < before);
    press(&mut app, "Enter g");
    assert_eq!((groups(&app), app.lists.agents.items.len()), (0, 14));
}

#[test]
fn a_filter_is_typed_edited_and_cleared() {
    let mut app = app();
    press(&mut app, "/");
    type_in(&mut app, "agent:codex");
    assert_eq!(shown_pids(&app).len(), 3);
    press(&mut app, "C-u");
    assert_eq!(shown_pids(&app).len(), 14);
    type_in(&mut app, "agent:codex cpu>1000");
    assert_eq!(shown_pids(&app).len(), 0);
    press(&mut app, "C-w Enter");
    assert_eq!((shown_pids(&app).len(), app.prompts.open.is_none()), (3, true));
    press(&mut app, "Esc");
    assert_eq!(shown_pids(&app).len(), 14);
}

#[test]
fn an_unfinished_filter_shows_an_error_and_keeps_its_earlier_terms() {
    let mut app = app();
    press(&mut app, "f");
    type_in(&mut app, "agent:codex cpu>");
    assert_eq!(shown_pids(&app).len(), 3);
    assert!(text_of(&app, 140, 40).contains("× something is missing after 'cpu>'"));
}

/// `/cpu>x Enter` closed the prompt, hid the error and showed all rows.
#[test]
fn a_wrong_filter_stays_open_with_its_error() {
    let mut app = app();
    press(&mut app, "/");
    type_in(&mut app, "cpu>x");
    press(&mut app, "Enter");
    assert!(app.prompts.open.is_some());
    assert!(text_of(&app, 140, 40).contains("× 'x' is not a percentage"));
    press(&mut app, "Backspace 0 Enter");
    assert!(app.prompts.open.is_none() && app.settings().filter.error.is_none());
}

#[test]
fn up_recalls_the_last_filter() {
    let mut app = app();
    press(&mut app, "/");
    type_in(&mut app, "agent:codex");
    press(&mut app, "Enter Esc / Up");
    assert_eq!(app.settings().filter.text, "agent:codex");
}

#[test]
fn keys_move_the_choice() {
    let mut app = app();
    let at = |app: &App| app.lists.agents.index;
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
fn enter_and_space_open_and_close_details() {
    let mut app = app();
    for (open, close) in [("Enter", "Enter"), ("Space", "Space"), ("Enter", "Esc")] {
        press(&mut app, open);
        assert!(matches!(app.overlay, Some(Overlay::Detail { .. })));
        press(&mut app, close);
        assert!(app.overlay.is_none());
    }
}

#[test]
fn keys_of_rust_agtop_work() {
    let mut app = app();
    press(&mut app, "F6 F6 Enter");
    assert_eq!(app.settings().sort.key.as_str(), "cpu");
    press(&mut app, "> > Enter");
    assert_eq!(app.settings().sort.key.as_str(), "mem");
    let usual = shown_pids(&app);
    press(&mut app, "i");
    assert_eq!(shown_pids(&app), usual.into_iter().rev().collect::<Vec<_>>());
    press(&mut app, "d");
    assert_eq!(app.layout.mode, LayoutMode::Dashboard);
    press(&mut app, "d Tab");
    assert_eq!(app.layout.tab, PanelTab::Process);
    press(&mut app, "S-Tab S-Tab");
    assert_eq!(app.layout.tab, PanelTab::Config);
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
    app.update(snapshot_message(Arc::new(after)));
    assert_eq!(chosen_pid(&app), Some(pid));
    assert_ne!(app.lists.agents.index, 13);
}

#[test]
fn when_the_chosen_agent_exits_its_neighbour_is_chosen() {
    let before = demo::crowd(5, 5);
    let mut app = app_of(before.clone());
    press(&mut app, "j j");
    let pid = chosen_pid(&app).unwrap();
    let without = |agents: Vec<Agent>| agents.into_iter().filter(|agent| agent.process.id.pid != pid).collect();
    app.update(snapshot_message(Arc::new(with_agents(&before, without))));
    assert_eq!((app.lists.agents.index, app.lists.agents.items.len()), (2, 4));
}

#[test]
fn one_key_goes_to_the_next_agent_that_waits_for_the_user() {
    let mut app = app();
    press(&mut app, "4 a");
    assert_eq!(app.layout.view, ViewId::Agents);
    let first = chosen_pid(&app);
    assert!(agtop_query::needs_user(app.chosen_agent().unwrap().status));
    press(&mut app, "a");
    assert!(agtop_query::needs_user(app.chosen_agent().unwrap().status));
    assert_ne!(chosen_pid(&app), first);
}

#[test]
fn focus_cycles() {
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
fn a_signal_is_sent_to_the_process_that_the_question_names() {
    let mut app = app();
    let process = app.chosen_agent().unwrap().process.id;
    assert_eq!(press(&mut app, "K"), []);
    let text = text_of(&app, 140, 40);
    assert!(text.contains("codex in payments") && text.contains(&format!("pid {}", process.pid)), "{text}");
    assert_eq!(press(&mut app, "n"), []);
    assert!(app.overlay.is_none());
    let answers = [
        ("t", Signal::Terminate),
        ("Enter", Signal::Terminate),
        ("9 y", Signal::Kill),
        ("j Enter j Enter", Signal::Kill),
        ("s", Signal::Stop),
        ("j j j Enter", Signal::Continue),
    ];
    for (answer, signal) in answers {
        press(&mut app, "K");
        assert_eq!(press(&mut app, answer), [Command::Signal { process, signal }], "{answer}");
    }
}

/// `K` and then `k`, which moves up elsewhere, killed at once.
#[test]
fn no_key_that_moves_sends_a_signal_and_a_kill_is_asked_twice() {
    for keys in ["K k", "K k j", "K Down Up", "K 9 k", "K 9 Enter", "K 9 Esc", "K j Enter Enter", "K q", "K C-c"] {
        let mut app = app();
        assert_eq!(press(&mut app, keys), [], "{keys}");
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
    app.update(snapshot_message(Arc::new(with_agents(&before, without))));
    assert_eq!(press(&mut app, "t"), [Command::Signal { process, signal: Signal::Terminate }]);
}

#[test]
fn an_ended_agent_cannot_be_killed() {
    let before = demo::crowd(1, 1);
    let mut app = app_of(with_agents(&before, |agents| {
        agents.into_iter().map(|agent| Agent { liveness: Liveness::Stopped, ..agent }).collect()
    }));
    press(&mut app, "K");
    assert!(app.overlay.is_none() && app.status.as_ref().is_some_and(|notice| notice.outcome.is_err()));
}

#[test]
fn actions_outside_the_screen_are_commands() {
    let mut app = app();
    let session = app.chosen_session().unwrap().key.clone();
    assert_eq!(press(&mut app, "e"), [Command::Explain(session.clone())]);
    assert_eq!(press(&mut app, "y"), [Command::Copy(session.id.to_string())]);
    assert!(matches!(press(&mut app, "o")[..], [Command::GoTo(ref place)] if place.ancestors == [1_200]));
    assert_eq!(press(&mut app, "C-z"), [Command::Suspend]);
    assert_eq!(press(&mut app, "C-l"), [Command::Redraw]);
}

#[test]
fn an_export_has_the_visible_rows_and_no_message_text() {
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
fn the_command_line_completes_and_reports_unknown_commands() {
    let mut app = app();
    press(&mut app, ":");
    type_in(&mut app, "th");
    press(&mut app, "Tab");
    assert_eq!(app.prompts.open.as_ref().unwrap().text(), "theme ");
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
    assert_eq!(app.settings().sort.key.as_str(), "cost");
    press(&mut app, ":");
    type_in(&mut app, "keys vim");
    press(&mut app, "Enter G g g");
    assert_eq!((app.options.keys, app.lists.agents.index), (KeyPreset::Vim, 0));
}

#[test]
fn a_key_cycles_through_themes() {
    let mut app = app();
    for _ in 0..app.options.themes.len() {
        press(&mut app, "T");
    }
    assert_eq!(app.look.theme.name, "dark");
}

#[test]
fn columns_are_hidden_moved_widened_and_saved() {
    let mut app = app();
    press(&mut app, "c j Space");
    assert!(app.options.columns.iter().all(|column| column.id != "client"));
    press(&mut app, "Home Right + +");
    assert_eq!((&*app.options.columns[1].id, app.options.columns[1].width), ("status", Some(14)));
    let [Command::Save(choices)] = &press(&mut app, "Esc")[..] else { panic!("not kept") };
    assert_eq!(choices.columns.as_ref().unwrap()[1].to_string(), "status:14");
    assert_eq!((&choices.theme, &choices.session_columns), (&None, &None), "only what was changed is written");
    assert_eq!(press(&mut self::app(), "c j Esc"), [], "nothing was changed");
}

#[test]
fn groups_of_usage_are_opened_and_closed() {
    let mut app = app();
    press(&mut app, "4 w");
    assert!(text_of(&app, 140, 40).contains("by week"));
    press(&mut app, "Enter");
    assert_eq!((app.usage.by, app.usage.path.len()), (UsageGrouping::Model, 1));
    press(&mut app, "Esc");
    assert_eq!((app.usage.by, app.usage.path.len()), (UsageGrouping::Period, 0));
    press(&mut app, "Right Right Right Right");
    assert_eq!(app.usage.by, UsageGrouping::Project);
    press(&mut app, "Enter");
    assert_eq!(app.usage.by, UsageGrouping::Session);
    press(&mut app, "Left Left Left");
    assert_eq!((app.usage.by, app.usage.path.len()), (UsageGrouping::Period, 1), "the project over time");
}

#[test]
fn a_tree_shows_sub_agents_and_helpers_below_their_agent() {
    let mut app = app();
    press(&mut app, "t");
    let depths: Vec<bool> = app
        .lists
        .agents
        .items
        .iter()
        .map(|item| matches!(item, ListItem::Row { place, .. } if place.is_root()))
        .collect();
    assert_eq!(depths.iter().filter(|is_root| **is_root).count(), 14);
    assert!(
        app.lists
            .agents
            .items
            .iter()
            .any(|item| matches!(item, ListItem::Helper { place, .. } if place.twig().chars().count() == 2))
    );
    assert!(
        app.lists
            .agents
            .items
            .iter()
            .any(|item| matches!(item, ListItem::Row { agent: None, place, .. } if !place.is_root()))
    );
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
    assert!(app.lists.agents.items.len() < 30);
}

#[test]
fn a_reply_is_shown_and_a_text_is_scrolled() {
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
fn the_clock_requests_a_frame_when_what_it_shows_changes() {
    for (clock, step) in [(ClockPrecision::Minutes, 60_000), (ClockPrecision::Seconds, 1000)] {
        let mut app = app();
        app.options.clock = clock;
        app.take_change();
        let now = app.data.snapshot.as_ref().unwrap().now.as_millis();
        let next = now - now.rem_euclid(step) + step;
        app.update(Message::Clock(Timestamp::from_millis(next - 1)));
        assert_eq!(app.take_change(), None);
        app.update(Message::Clock(Timestamp::from_millis(next)));
        assert_eq!(app.take_change(), Some(ScreenChange::Clock));
    }
}

#[test]
fn a_pid_shows_that_agent_alone() {
    let pid = demo::crowd(14, 14).agents[3].process.id.pid;
    let mut app = App::new(Options { pid: Some(pid), ..Options::with_defaults("1.0.0", "linux") });
    app.update(snapshot_message(Arc::new(demo::crowd(14, 14))));
    assert_eq!(shown_pids(&app), [pid]);
}

#[test]
fn sessions_with_an_agent_come_first_in_every_order() {
    let mut app = app();
    press(&mut app, "2 s s s");
    let snapshot = app.data.snapshot.clone().unwrap();
    let has_agent: Vec<bool> = app
        .lists
        .sessions
        .items
        .iter()
        .map(|item| item.row(&snapshot).is_some_and(|row| row.agent.is_some()))
        .collect();
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
