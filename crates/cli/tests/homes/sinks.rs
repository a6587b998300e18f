//! One hostile text, through every output of agtop.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::{Arc, Mutex};

use agtop_alerts::{Alert, AlertAction, AlertActions, AlertEngine, Rules};
use agtop_demo as demo;
use agtop_format::Content;
use agtop_model::{Agent, Session, SessionKey, Snapshot, Title, TitleRank, Untrusted, is_harmless};
use agtop_output::alert::{NotificationTerminal, json, notification};
use agtop_output::{SNAPSHOT_FORMATS, View};
use agtop_testkit::Home;
use agtop_testkit::hostile::TEXT;
use agtop_tui::{App, Canvas, Command, Host, Input, Message, Options, Reply, Screen, ScreenChange};
use ratatui::Terminal as Drawing;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

use crate::loopback;
use crate::support::{agtop, command};

/// An output of agtop. `output` has agtop print the text there, and returns what it printed.
struct Sink {
    name: &'static str,
    output: fn(&HostileHome) -> Vec<String>,
    format: SinkFormat,
}

/// What an output may contain.
#[derive(Clone, Copy, PartialEq)]
enum SinkFormat {
    /// Lines without terminal control characters. The text has forged no line.
    Lines,
    /// One line.
    Line,
    /// JSON documents, one per line, that contain the text and no terminal control characters.
    Json,
    /// A notification within its own control sequence.
    Sequence,
}

const SINKS: &[Sink] = &[
    Sink { name: "tables", output: |home| home.stdout_of(TABLES), format: SinkFormat::Lines },
    Sink { name: "CSV and Markdown", output: |home| home.stdout_of(FILES), format: SinkFormat::Lines },
    Sink { name: "lines of commands", output: |home| home.stdout_of(COMMANDS), format: SinkFormat::Lines },
    Sink { name: "JSON of commands", output: |home| home.stdout_of(DOCUMENTS), format: SinkFormat::Json },
    Sink {
        name: "JSON, indented",
        output: |home| home.stdout_of(&[&["--json=sessions", "--pretty"]]),
        format: SinkFormat::Lines,
    },
    Sink { name: "errors", output: |home| home.stderr_of(ERRORS), format: SinkFormat::Lines },
    Sink { name: "errors about variables", output: HostileHome::errors_about_variables, format: SinkFormat::Lines },
    Sink {
        name: "errors about the configuration",
        output: HostileHome::errors_about_the_configuration,
        format: SinkFormat::Lines,
    },
    Sink { name: "the log", output: HostileHome::log, format: SinkFormat::Lines },
    Sink { name: "the status line", output: HostileHome::status_line, format: SinkFormat::Lines },
    Sink { name: "cells of the screen", output: |_| screen().cells, format: SinkFormat::Lines },
    Sink { name: "the clipboard", output: |_| screen().copied, format: SinkFormat::Line },
    Sink { name: "exported files", output: |_| screen().exported, format: SinkFormat::Lines },
    Sink { name: "snapshots", output: snapshots, format: SinkFormat::Lines },
    Sink { name: "notifications of the terminal", output: |_| alerts(sequences), format: SinkFormat::Sequence },
    Sink {
        name: "notifications of the desktop",
        output: |_| alerts(|alert| vec![alert.sentence()]),
        format: SinkFormat::Line,
    },
    Sink {
        name: "alerts in JSON",
        output: |_| alerts(|alert| vec![json(alert, demo::DEMO_START)]),
        format: SinkFormat::Json,
    },
    Sink { name: "variables of commands", output: HostileHome::variables, format: SinkFormat::Line },
    Sink { name: "webhooks", output: HostileHome::webhook, format: SinkFormat::Json },
];

const TABLES: &[&[&str]] = &[
    &["--once"],
    &["--list", "--include-content"],
    &["report", "session"],
    &["report", "daily", "--breakdown"],
    &["compare", "hostile"],
];
const FILES: &[&[&str]] = &[&["--csv"], &["report", "session", "--csv"], &["report", "session", "--markdown"]];
const COMMANDS: &[&[&str]] = &[
    &["explain", "hostile"],
    &["doctor"],
    &["events"],
    &["prices", TEXT],
    &["watch-alerts", "--once"],
    &["hooks", "status"],
    &["ledger", "stats"],
];
const DOCUMENTS: &[&[&str]] =
    &[&["--json=sessions"], &["report", "session", "--json"], &["events", "--json"], &["ledger", "export"]];
const ERRORS: &[&[&str]] = &[
    &["--once", "--filter", "cpu>hostile\u{1b}[2J\u{202e}\u{7f}\u{9b}m\nagtop: forged"],
    &["--once", "--filter", "status:hostile\u{1b}]0;title\u{7} and (\u{9b}m\nagtop: forged"],
    &["--once", "--sort", TEXT],
    &["--once", "--fields", TEXT],
    &["--once", "--since", TEXT],
    &["--once", "--client", TEXT],
    &["--once", "-m", TEXT],
    &["--once", "--config", TEXT],
    &["--once", "--prices", TEXT],
    &["--once", "--prices-as-of", TEXT],
    &["--once", "--view", TEXT],
    &["--once", "--interval", TEXT],
    &["--once", TEXT],
    &["--once", "--log-file", OTHER],
    &["explain", OTHER],
    &["report", TEXT],
    &["report", "daily", "--group-by", TEXT],
    &["report", "daily", "--since", TEXT],
    &["compare", OTHER],
    &["hooks", "install", TEXT],
];

/// A name that no session, file or field has.
const OTHER: &str = "hostile/\u{1b}[2J\u{202e}other\u{7f}\u{9b}m\nagtop: forged";

/// A home in which agents have written the text everywhere.
struct HostileHome {
    home: Home,
}

impl HostileHome {
    fn new() -> Self {
        let home = Home::temporary().unwrap();
        let response = json!({
            "type": "assistant", "sessionId": TEXT, "cwd": format!("/{TEXT}"), "gitBranch": TEXT, "version": TEXT,
            "uuid": TEXT, "requestId": TEXT, "timestamp": "2026-04-01T12:00:00.000Z",
            "message": {
                "id": TEXT, "role": "assistant", "model": TEXT,
                "content": [{ "type": "tool_use", "id": TEXT, "name": TEXT, "input": { "file_path": TEXT } }],
                "usage": { "input_tokens": 1, "output_tokens": 1 },
            },
        });
        let title = json!({ "type": "custom-title", "customTitle": TEXT, "sessionId": TEXT });
        home.write(".claude/projects/-p/x.jsonl", format!("{response}\n{title}\n")).unwrap();
        home.write(format!(".claude/projects/-p/{}.jsonl", file_name()), "damaged\n{\"type\":\"assistant\",\n")
            .unwrap();
        Self { home }
    }

    fn stdout_of(&self, runs: &[&[&str]]) -> Vec<String> {
        let push = json!({ "session_id": TEXT, "hook_event_name": "PreToolUse", "tool_name": TEXT, "cwd": TEXT });
        let output = runs.iter().map(|run| {
            agtop(self.home.root(), &["hook", "--client", "claude", &push.to_string()]);
            let answer = agtop(self.home.root(), run);
            assert!(answer.status.code() != Some(2), "{run:?}: {}", answer.stderr);
            assert!(!answer.stdout.is_empty(), "{run:?}: {}", answer.stderr);
            answer.stdout
        });
        output.collect()
    }

    fn stderr_of(&self, runs: &[&[&str]]) -> Vec<String> {
        let output = runs.iter().map(|run| (run, agtop(self.home.root(), run).stderr));
        let (silent, output): (Vec<_>, Vec<_>) = output.partition(|(_, output)| output.is_empty());
        assert!(silent.is_empty(), "{silent:#?}");
        // A command that is refused for another reason would test nothing.
        let others: Vec<_> = output.iter().filter(|(_, output)| !output.contains("hostile")).collect();
        assert!(others.is_empty(), "{others:#?}");
        output.into_iter().map(|(_, output)| output).collect()
    }

    fn command(&self, arguments: &[&str]) -> Process {
        let mut command = command(self.home.root());
        command.args(arguments).stdin(Stdio::null());
        command
    }

    fn errors_about_variables(&self) -> Vec<String> {
        let output = ["AGTOP_MATCH", "AGTOP_PRICES"]
            .map(|name| self.command(&["--once"]).env(name, TEXT).output().unwrap().stderr);
        output.map(|output| String::from_utf8(output).unwrap()).into()
    }

    fn errors_about_the_configuration(&self) -> Vec<String> {
        let text = serde_json::to_string(TEXT).unwrap().replace('\u{7f}', "\\u007f");
        let settings =
            ["{} = 1", "[tui]\n{} = 1", "plan = {}", "[tui.keys]\n{} = 3", "[[alerts]]\nname = {}\nwhen = {}"];
        let output = settings.map(|settings| {
            self.home.write("wrong.toml", settings.replace("{}", &text)).unwrap();
            self.stderr_of(&[&["--once", "--config", "wrong.toml"], &["config", "check", "--config", "wrong.toml"]])
        });
        output.concat()
    }

    fn log(&self) -> Vec<String> {
        let path = self.home.path("agtop.log");
        let mut command = self.command(&["--once", "--log-file"]);
        assert!(command.arg(&path).env("AGTOP_LOG", "debug").output().unwrap().status.success());
        vec![std::fs::read_to_string(path).unwrap()]
    }

    fn status_line(&self) -> Vec<String> {
        let sent = json!({ "session_id": TEXT, "model": { "id": TEXT, "display_name": TEXT }, "workspace": { "current_dir": TEXT } });
        let mut child = self
            .command(&["statusline"])
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(sent.to_string().as_bytes()).unwrap();
        vec![String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()]
    }

    /// Has a rule with the text as its name run an action about lost records.
    fn run_action(&self, action: &str) {
        let name = serde_json::to_string(TEXT).unwrap().replace('\u{7f}', "\\u007f");
        let rule = format!("[[alerts]]\nname = {name}\nof = \"fleet\"\nwhen = \"lost_records>0\"\n{action}\n");
        self.home.write("alerts.toml", rule).unwrap();
        let answer = agtop(self.home.root(), &["watch-alerts", "--once", "--config", "alerts.toml"]);
        assert!(answer.status.success() && answer.stderr.is_empty(), "{}", answer.stderr);
    }

    fn variables(&self) -> Vec<String> {
        self.run_action("command = [\"sh\", \"-c\", \"env -0 > variables\"]");
        let output = std::fs::read_to_string(self.home.path("variables")).unwrap();
        let ours = output.split('\0').filter(|variable| variable.starts_with("AGTOP_ALERT_"));
        let ours: Vec<String> = ours.map(str::to_owned).collect();
        assert!(ours.len() > 5, "{output:?}");
        ours
    }

    fn webhook(&self) -> Vec<String> {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let bodies = loopback::serve(server, "200 OK");
        self.run_action(&format!("webhook = \"http://{address}/\""));
        vec![bodies.recv().unwrap()]
    }
}

/// The text without characters that some file systems refuse.
fn file_name() -> String {
    let is_for_a_file = |c: &char| if cfg!(unix) { *c != '/' } else { is_harmless(*c) && !"]:;\\".contains(*c) };
    TEXT.chars().filter(is_for_a_file).collect()
}

/// Agents of the demo, with the text as every name.
fn snapshot() -> Snapshot {
    let snapshot = demo::crowd(5, 5);
    let title = || Some(Title { rank: TitleRank::FirstCommand, text: TEXT.into() });
    let sessions: Vec<Arc<Session>> = snapshot
        .sessions
        .iter()
        .enumerate()
        .map(|(at, session)| {
            Arc::new(Session {
                key: SessionKey::new(session.key.client, format!("{at}{TEXT}").as_str()),
                title: title(),
                public_title: title(),
                cwd: Some(Path::new("/").join(TEXT)),
                project: Some(Untrusted::from(TEXT)),
                branch: Some(Untrusted::from(TEXT)),
                version: Some(Untrusted::from(TEXT)),
                origin: Some(Untrusted::from(TEXT)),
                tag: Some(Untrusted::from(TEXT)),
                model: Some(TEXT.into()),
                ..Session::clone(session)
            })
        })
        .collect();
    let of = |agent: &Agent| {
        let wanted = agent.session.as_ref()?;
        let at = snapshot.sessions.iter().position(|session| session.key == wanted.key)?;
        sessions.get(at).cloned()
    };
    let agents: Vec<Agent> = snapshot
        .agents
        .iter()
        .map(|agent| Agent {
            label: TEXT.into(),
            session: of(agent),
            launcher: Some(Untrusted::from(TEXT)),
            danger: Some(Untrusted::from(TEXT)),
            children: vec![(7, TEXT.into())],
            skills: vec![TEXT.into()],
            ..(**agent).clone()
        })
        .collect();
    Snapshot { sessions: sessions.into(), prices: TEXT.into(), ..snapshot }.with_agents(agents)
}

fn snapshots(_: &HostileHome) -> Vec<String> {
    let view = View { content: Content::Included, ..View::plain("1.0.0", "linux") };
    let written = SNAPSHOT_FORMATS.iter().map(|format| {
        let mut out = Vec::new();
        format.write(&snapshot(), &view, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    });
    written.collect()
}

/// The output for each alert about these agents, with message text.
fn alerts(output: fn(&Alert) -> Vec<String>) -> Vec<String> {
    let alerts = Rules::default().evaluate(&snapshot());
    assert!(alerts.iter().any(|alert| !alert.who.is_empty()));
    let with_content = |alert: Alert| {
        let actions = AlertActions { shown: vec![AlertAction::Notify], ..(*alert.actions).clone() };
        Alert { actions: Arc::new(actions), content: Some(Untrusted::from(TEXT)), who: TEXT.to_owned(), ..alert }
    };
    alerts.into_iter().map(with_content).flat_map(|alert| output(&alert)).collect()
}

/// Each control sequence that has the text in it.
fn sequences(alert: &Alert) -> Vec<String> {
    let carried = notification(alert, NotificationTerminal::default());
    carried.split_inclusive('\u{7}').map(str::to_owned).collect()
}

/// The output of the screen while keys open every part of it.
#[derive(Default)]
struct ScreenOutput {
    cells: Vec<String>,
    copied: Vec<String>,
    exported: Vec<String>,
}

fn screen() -> ScreenOutput {
    let shown = Arc::new(Mutex::new(ScreenOutput::default()));
    let alerts = AlertEngine::new(Rules::default()).update(&snapshot());
    let mut app = App::new(Options { content: Content::Included, ..Options::with_defaults("1.0.0", "linux") });
    let mut inputs: VecDeque<Input> =
        [Message::Resize(140, 40), Message::Snapshot(Arc::new(snapshot()), alerts)].map(Input::Message).into();
    let keys = [
        "y", "Enter", "Down", "y", "Esc", "!", "y", "Enter", "Down", "Down", "y", "Esc", "@", "#", "$", "%", "1", "x",
        "Esc", "E",
    ];
    inputs.extend(["1"].into_iter().chain(keys).map(|name| Input::Message(Message::Key(key(name)))));
    let replies = [Reply::Done(TEXT.to_owned()), Reply::Failed(TEXT.to_owned())];
    inputs.extend(replies.map(|reply| Input::Message(Message::Reply(reply))));
    let pager = Reply::Text { title: TEXT.to_owned(), lines: vec![TEXT.to_owned(); 3] };
    inputs.push_back(Input::Message(Message::Reply(pager)));
    let mut screen = RecordingScreen { shown: Arc::clone(&shown), canvas: Canvas::default() };
    let mut host = ScriptedHost { inputs, shown: Arc::clone(&shown) };
    agtop_tui::run(&mut screen, &mut app, &mut host).unwrap();
    std::mem::take(&mut *shown.lock().unwrap())
}

fn key(name: &str) -> KeyEvent {
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Down" => KeyCode::Down,
        // Shift and a digit stand for the digit.
        "!" | "@" | "#" | "$" | "%" => {
            KeyCode::Char(char::from(b'1' + u8::try_from("!@#$%".find(name).unwrap()).unwrap()))
        }
        name => KeyCode::Char(name.chars().next().unwrap()),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

struct ScriptedHost {
    inputs: VecDeque<Input>,
    shown: Arc<Mutex<ScreenOutput>>,
}

impl Host for ScriptedHost {
    fn wait(&mut self) -> Input {
        self.inputs.pop_front().unwrap_or(Input::Stop)
    }

    fn ready(&mut self) -> Option<Input> {
        None
    }

    fn carry_out(&mut self, command: Command) -> Option<Reply> {
        if let Command::Export(file) = command {
            let mut shown = self.shown.lock().unwrap();
            shown.exported.extend([file.name, String::from_utf8(file.bytes).unwrap()]);
        }
        None
    }
}

struct RecordingScreen {
    shown: Arc<Mutex<ScreenOutput>>,
    canvas: Canvas,
}

impl Screen for RecordingScreen {
    fn draw(&mut self, app: &App, change: ScreenChange) -> io::Result<()> {
        let mut drawing = Drawing::new(TestBackend::new(140, 40)).unwrap();
        drawing.draw(|frame| self.canvas.draw(app, change, frame)).unwrap();
        let cells = drawing.backend().buffer().content.iter().map(ratatui::buffer::Cell::symbol).collect();
        self.shown.lock().unwrap().cells.push(cells);
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.shown.lock().unwrap().copied.push(text.to_owned());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn ring(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn enter(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn leave(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is wrong with an output; `None` if it is safe.
fn fault(out: &str, format: SinkFormat) -> Option<String> {
    let is_layout = |c: char| match format {
        SinkFormat::Lines => matches!(c, '\n' | '\t'),
        SinkFormat::Json => c == '\n',
        SinkFormat::Line | SinkFormat::Sequence => false,
    };
    let text = if format == SinkFormat::Sequence { within_sequence(out) } else { Some(out) };
    let Some(text) = text else { return Some("it is more than one sequence".to_owned()) };
    if let Some(c) = text.chars().find(|&c| !is_harmless(c) && !is_layout(c)) {
        return Some(format!("{c:?} was not removed"));
    }
    if text.lines().any(|line| line.starts_with("agtop: forged")) {
        return Some("a line was forged".to_owned());
    }
    if format == SinkFormat::Json {
        let documents: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
        return match documents {
            Err(error) => Some(error.to_string()),
            Ok(documents) => (!documents.iter().any(contains_text)).then(|| "the text is missing".to_owned()),
        };
    }
    None
}

/// Whether a string in it contains the text.
fn contains_text(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("hostile"),
        Value::Array(values) => values.iter().any(contains_text),
        Value::Object(values) => values.iter().any(|(key, value)| key.contains("hostile") || contains_text(value)),
        _ => false,
    }
}

/// The text in a single control sequence.
fn within_sequence(out: &str) -> Option<&str> {
    out.strip_prefix("\u{1b}]9;").or_else(|| out.strip_prefix("\u{1b}]777;"))?.strip_suffix('\u{7}')
}

/// `y` put a session's id with its line break on the clipboard, errors about `--filter`, `--since`, `--client`,
/// `explain`, `AGTOP_MATCH` and keys of the configuration had raw ESC in them, and JSON on a terminal raw C1, DEL and
/// bidirectional controls.
#[test]
fn no_output_contains_control_characters_of_a_hostile_text() {
    let home = HostileHome::new();
    let mut faults = Vec::new();
    for sink in SINKS {
        let out = (sink.output)(&home);
        assert!(out.iter().any(|out| out.contains("hostile")), "{}: {out:#?}", sink.name);
        let found = out.iter().filter_map(|out| Some((fault(out, sink.format)?, out)));
        faults.extend(found.map(|(fault, out)| format!("{}: {fault}: {out:?}", sink.name)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}
