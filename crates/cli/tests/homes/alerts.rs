//! `agtop watch-alerts`: its output, its actions, and its end.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use agtop_testkit::{Home, hostile};

use crate::loopback;
use crate::support::{agtop, command, json};

/// A home with a damaged file, which is an alert.
fn damaged() -> Home {
    let home = Home::temporary().unwrap();
    hostile::damaged_lines(&home, ".claude/projects/-p/x.jsonl").unwrap();
    home
}

fn configure(home: &Home, text: &str) {
    home.write(".config/agtop/config.toml", text).unwrap();
}

#[test]
fn an_alert_is_a_line_with_time_and_rule() {
    let home = damaged();
    let answer = agtop(home.root(), &["watch-alerts", "--once"]);
    assert!(answer.status.success() && answer.stderr.is_empty(), "{}", answer.stderr);
    let line =
        answer.stdout.lines().find(|line| line.contains(" unread: ")).unwrap_or_else(|| panic!("{}", answer.stdout));
    assert!(line.starts_with("20") && line.ends_with(": agtop doctor") && !line.contains('\u{1b}'), "{line}");
    configure(&home, "[[alerts]]\nname = \"unread\"\nenabled = false");
    assert!(!agtop(home.root(), &["watch-alerts", "--once"]).stdout.contains("unread"));
}

#[test]
fn a_webhook_that_fails_is_reported_without_its_address() {
    let home = damaged();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let bodies = loopback::serve(server, "500 Internal Server Error");
    configure(&home, &format!("[[alerts]]\nname = \"unread\"\nwebhook = \"http://{address}/hooks/s3cret\""));
    let answer = agtop(home.root(), &["watch-alerts", "--once"]);
    assert!(answer.status.success());
    assert_eq!(answer.stderr, "agtop: alert unread: the webhook answered 500\n");
    let body: serde_json::Value = serde_json::from_str(&bodies.recv().unwrap()).unwrap();
    assert_eq!((&body["name"], &body["of"]), (&"unread".into(), &"fleet".into()));
    configure(&home, "[[alerts]]\nname = \"unread\"\nwebhook = \"http://127.0.0.1:1/hooks/s3cret\"");
    let answer = agtop(home.root(), &["watch-alerts", "--once"]);
    assert!(answer.stderr.starts_with("agtop: alert unread: the webhook cannot be reached"), "{}", answer.stderr);
    assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
}

#[test]
fn a_command_that_fails_is_reported() {
    let home = damaged();
    configure(&home, "[[alerts]]\nname = \"unread\"\ncommand = [\"/nonexistent/program\"]");
    let answer = agtop(home.root(), &["watch-alerts", "--once"]);
    assert!(
        answer.stderr.starts_with("agtop: alert unread: /nonexistent/program cannot be started: "),
        "{}",
        answer.stderr
    );
}

#[test]
fn an_invalid_rule_is_an_error_with_file_line_and_column() {
    let home = damaged();
    configure(&home, "interval = 2\n\n[[alerts]]\nname = \"mine\"\nwhen = \"speed>3\"\n");
    let answer = agtop(home.root(), &["watch-alerts", "--once"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(answer.stderr.ends_with("config.toml:5:8: no field is called 'speed'\n"), "{}", answer.stderr);
}

#[test]
fn lines_of_json_have_no_control_characters() {
    let home = damaged();
    configure(&home, "[[alerts]]\nname = \"unread\"\nactions = [\"bell\"]");
    let alert = json(home.root(), &["watch-alerts", "--once", "--json"]);
    assert_eq!((&alert["name"], &alert["severity"]), (&"unread".into(), &"note".into()));
}

/// Nothing more happens in this home, so that no write can fail.
#[cfg(unix)]
#[test]
fn it_ends_when_its_reader_has_ended() {
    let home = damaged();
    let mut command = command(home.root());
    command.arg("watch-alerts").stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    drop(out);
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_mins(1), "it still runs without a reader");
        std::thread::sleep(Duration::from_millis(20));
    }
}
