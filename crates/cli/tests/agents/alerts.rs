//! `agtop watch-alerts` reports agents that wait for the user, and runs the actions of rules.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use agtop_testkit::hostile;
use serde_json::Value;

use crate::joins::start_claude;
use crate::loopback;
use crate::machine::{Machine, Test, started};

pub(crate) const TESTS: &[Test] = &[
    ("an_agent_that_waits_is_reported_each_time", an_agent_that_waits_is_reported_each_time),
    ("a_command_that_hangs_delays_no_alert", a_command_that_hangs_delays_no_alert),
];

/// Longer than any alert takes on a busy machine.
const ALERT_TIMEOUT: Duration = Duration::from_mins(1);

/// `agtop watch-alerts --json` with this configuration.
struct AlertWatch {
    child: Child,
    lines: Receiver<Value>,
}

impl AlertWatch {
    fn start(machine: &Machine, config: &str) -> Self {
        let home = machine.harness.home();
        home.write(".config/agtop/config.toml", config).unwrap();
        let mut command = machine.agtop();
        command.args(["watch-alerts", "--json", "--interval", "0.1"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            lines.map(|line| serde_json::from_str(&line).unwrap()).try_for_each(|line| sender.send(line))
        });
        Self { child, lines }
    }

    /// Waits for an alert of this rule about that process.
    fn wait_for(&self, rule: &str, pid: u32) -> Value {
        let deadline = Instant::now() + ALERT_TIMEOUT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let alert = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("{rule} is not reported"));
            if alert["name"] == rule && alert["pid"] == pid {
                return alert;
            }
        }
    }

    /// Sends a signal to end it, and waits until it has ended without an error.
    fn end(mut self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success() && self.child.wait().unwrap().success());
    }
}

fn an_agent_that_waits_is_reported_each_time() {
    let mut machine = Machine::new();
    let session = machine.claude_session(1);
    let agent = start_claude(&mut machine, &[]);
    let script =
        machine.harness.home().write("record.sh", "printf '%s\\n' \"$@\" \"$AGTOP_ALERT_PID\" >>\"$0.$2\"\n").unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let bodies = loopback::serve(server, "204 No Content");
    let watch = AlertWatch::start(
        &machine,
        &format!(
            "[[alerts]]\nname = \"permission\"\ncool_down = \"0s\"\nwebhook = \"http://{address}/secret\"\n\
             command = [\"/bin/sh\", {script:?}, \"$HOME; `id` *\", \"args\"]\n\
             [[alerts]]\nname = \"works\"\nwhen = \"status=working\"\ncool_down = \"0s\"\n"
        ),
    );
    for (status, rule) in [("waiting", "permission"), ("busy", "works"), ("waiting", "permission"), ("busy", "works")] {
        machine.write_session_file(agent.pid, started(agent.pid), &session, status);
        let alert = watch.wait_for(rule, agent.pid);
        assert_eq!((&alert["session"], &alert["content"]), (&session.as_str().into(), &Value::Null));
    }
    watch.end();
    let written = std::fs::read_to_string(machine.harness.home().root().join("record.sh.args")).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    let pid = agent.pid.to_string();
    let calls: Vec<_> = lines.chunks(3).filter(|call| call[2] == pid).collect();
    assert_eq!(calls, [["$HOME; `id` *", "args", &pid]; 2], "{written}");
    let posted = bodies.try_iter().map(|body| serde_json::from_str::<Value>(&body).unwrap());
    assert_eq!(posted.filter(|alert| alert["pid"] == agent.pid && alert["name"] == "permission").count(), 2);
}

fn a_command_that_hangs_delays_no_alert() {
    let mut machine = Machine::new();
    let session = machine.claude_session(1);
    let agent = start_claude(&mut machine, &[]);
    let pipe = hostile::fifo(machine.harness.home(), "pipe").unwrap();
    let watch = AlertWatch::start(
        &machine,
        &format!(
            "[[alerts]]\nname = \"permission\"\ncommand = [\"/bin/cat\", {pipe:?}]\n\
             [[alerts]]\nname = \"works\"\nwhen = \"status=working\"\n"
        ),
    );
    for (status, rule) in [("waiting", "permission"), ("busy", "works")] {
        machine.write_session_file(agent.pid, started(agent.pid), &session, status);
        watch.wait_for(rule, agent.pid);
    }
    // The command reads an empty input to its end.
    drop(std::fs::File::options().write(true).open(pipe).unwrap());
    watch.end();
}
