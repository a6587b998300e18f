//! The real loop, with a host that follows a script and a screen that records calls.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use agtop_alerts::{AlertEngine, RuleEntry, Rules};
use agtop_demo as demo;
use agtop_model::Snapshot;

use super::{Host, Input, Screen, run};
use crate::keys::key;
use crate::testing::snapshot_message;
use crate::{App, Command, Message, Options, Reply, ScreenChange};

/// A host that returns scripted input. The inputs of one act are ready at the same time.
struct ScriptedHost {
    acts: VecDeque<Vec<Input>>,
    now: VecDeque<Input>,
    done: Vec<Command>,
}

impl ScriptedHost {
    fn new(acts: Vec<Vec<Input>>) -> Self {
        Self { acts: acts.into(), now: VecDeque::new(), done: Vec::new() }
    }
}

impl Host for ScriptedHost {
    fn wait(&mut self) -> Input {
        if self.now.is_empty() {
            self.now.extend(self.acts.pop_front().unwrap_or_default());
        }
        self.now.pop_front().unwrap_or(Input::Stop)
    }

    fn ready(&mut self) -> Option<Input> {
        self.now.pop_front()
    }

    fn carry_out(&mut self, command: Command) -> Option<Reply> {
        self.done.push(command);
        None
    }
}

#[derive(Default)]
struct FakeScreen {
    log: Vec<&'static str>,
    breaks: bool,
}

impl Screen for FakeScreen {
    fn draw(&mut self, _: &App, _: ScreenChange) -> io::Result<()> {
        self.log.push("draw");
        if self.breaks { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
    }

    fn clear(&mut self) -> io::Result<()> {
        self.log.push("clear");
        Ok(())
    }

    fn copy(&mut self, _: &str) -> io::Result<()> {
        self.log.push("copy");
        Ok(())
    }

    fn ring(&mut self, _: &str) -> io::Result<()> {
        self.log.push("ring");
        Ok(())
    }

    fn enter(&mut self) -> io::Result<()> {
        self.log.push("enter");
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        self.log.push("leave");
        Ok(())
    }
}

fn pressed(name: &str) -> Input {
    Input::Message(Message::Key(key(name).unwrap()))
}

fn snapshot() -> Input {
    Input::Message(snapshot_message(Arc::new(demo::crowd(3, 3))))
}

fn run_script(acts: Vec<Vec<Input>>) -> (Vec<&'static str>, Vec<Command>) {
    let (mut screen, mut host) = (FakeScreen::default(), ScriptedHost::new(acts));
    let mut app = App::new(Options::with_defaults("1.0.0", "linux"));
    run(&mut screen, &mut app, &mut host).unwrap();
    (screen.log, host.done)
}

#[test]
fn the_first_frame_is_drawn_at_once_and_q_quits() {
    assert_eq!(run_script(vec![vec![pressed("q")], vec![snapshot()]]).0, ["draw"]);
}

#[test]
fn many_resizes_and_snapshots_are_one_frame() {
    let mut storm: Vec<Input> = (20..90).map(|width| Input::Message(Message::Resize(width, 30))).collect();
    storm.extend((0..5).map(|_| snapshot()));
    assert_eq!(run_script(vec![storm]).0, ["draw", "draw"]);
}

#[test]
fn a_message_without_a_change_draws_no_frame() {
    let noon = demo::DEMO_START;
    let ticks = (0..9).map(|_| vec![Input::Message(Message::Clock(noon))]).collect();
    assert_eq!(run_script(ticks).0, ["draw", "draw"]);
}

#[test]
fn suspending_restores_the_terminal_and_resuming_takes_it() {
    let (log, done) = run_script(vec![vec![pressed("C-z")]]);
    assert_eq!(log, ["draw", "leave", "enter", "clear", "draw"]);
    assert_eq!(done, [Command::Suspend]);
}

#[test]
fn the_screen_copies_and_the_host_refreshes() {
    let (log, done) = run_script(vec![vec![snapshot()], vec![pressed("y")], vec![pressed("r")]]);
    assert_eq!(log, ["draw", "draw", "copy", "draw", "draw"]);
    assert_eq!(done, [Command::Refresh]);
}

#[derive(serde::Deserialize)]
struct Alerts {
    alerts: Vec<RuleEntry>,
}

#[test]
fn the_actions_of_a_rule_run_once_and_also_while_the_screen_is_paused() {
    let text = "[[alerts]]\nname = \"permission\"\nactions = [\"bell\"]\ncommand = [\"true\"]";
    let entries = toml::from_str::<Alerts>(text).unwrap().alerts;
    let rules = Rules::default().with(&entries).unwrap();
    let mut engine = AlertEngine::new(rules);
    let mut app = App::new(Options::with_defaults("1.0.0", "linux"));
    let (mut screen, mut host) = (FakeScreen::default(), ScriptedHost::new(vec![]));
    let mut evaluated = |snapshot: Snapshot| {
        let alerts = engine.update(&snapshot);
        vec![Input::Message(Message::Snapshot(Arc::new(snapshot), alerts))]
    };
    let [calm, first, second] = [demo::crowd(0, 0), demo::crowd(5, 5), demo::crowd(5, 5)].map(&mut evaluated);
    host.acts = [calm, vec![pressed("p")], first, second].into();
    run(&mut screen, &mut app, &mut host).unwrap();
    assert_eq!(screen.log.iter().filter(|kind| **kind == "ring").count(), 1, "{:?}", screen.log);
    let [Command::RunAlertActions(alert)] = &*host.done else { panic!("{:?}", host.done) };
    assert_eq!(&*alert.name, "permission");
    assert!(app.alerts.shown.is_empty(), "the rule does not ask for the strip");
}

#[test]
fn a_write_error_ends_the_program() {
    let mut screen = FakeScreen { breaks: true, ..FakeScreen::default() };
    let mut app = App::new(Options::with_defaults("1.0.0", "linux"));
    assert!(run(&mut screen, &mut app, &mut ScriptedHost::new(vec![])).is_err());
}
