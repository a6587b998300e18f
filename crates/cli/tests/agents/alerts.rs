//! Who waits for its person is told without a screen, and what the rules ask for is done.

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
    ("an_agent_that_waits_is_told_each_time", an_agent_that_waits_is_told_each_time),
    ("a_command_that_hangs_holds_up_nothing", a_command_that_hangs_holds_up_nothing),
];

/// Longer than anything takes on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// `agtop watch-alerts --json` with this configuration.
struct Watch {
    child: Child,
    lines: Receiver<Value>,
}

impl Watch {
    fn start(machine: &Machine, config: &str) -> Self {
        let home = machine.stage.home();
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

    /// Waits until this rule tells of that process.
    fn tells(&self, rule: &str, pid: u32) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let told = self.lines.recv_timeout(left).unwrap_or_else(|_| panic!("{rule} is not told"));
            if told["name"] == rule && told["pid"] == pid {
                return told;
            }
        }
    }

    /// Interrupts it, and waits for its end in good order.
    fn end(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success() && self.child.wait().unwrap().success());
    }
}

fn an_agent_that_waits_is_told_each_time() {
    let mut machine = Machine::new();
    let session = machine.claude_session(1);
    let agent = start_claude(&mut machine, &[]);
    let script =
        machine.stage.home().write("told.sh", "printf '%s\\n' \"$@\" \"$AGTOP_ALERT_PID\" >>\"$0.$2\"\n").unwrap();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let bodies = loopback::serve(server, "204 No Content");
    let watch = Watch::start(
        &machine,
        &format!(
            "[[alerts]]\nname = \"permission\"\ncool_down = \"0s\"\nwebhook = \"http://{address}/secret\"\n\
             command = [\"/bin/sh\", {script:?}, \"$HOME; `id` *\", \"args\"]\n\
             [[alerts]]\nname = \"works\"\nwhen = \"status=working\"\ncool_down = \"0s\"\n"
        ),
    );
    for (status, rule) in [("waiting", "permission"), ("busy", "works"), ("waiting", "permission"), ("busy", "works")] {
        machine.enter(agent.pid, started(agent.pid), &session, status);
        let told = watch.tells(rule, agent.pid);
        assert_eq!((&told["session"], &told["content"]), (&session.as_str().into(), &Value::Null));
    }
    watch.end();
    let written = std::fs::read_to_string(machine.stage.home().root().join("told.sh.args")).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    let pid = agent.pid.to_string();
    let calls: Vec<_> = lines.chunks(3).filter(|call| call[2] == pid).collect();
    assert_eq!(calls, [["$HOME; `id` *", "args", &pid]; 2], "{written}");
    let posted = bodies.try_iter().map(|body| serde_json::from_str::<Value>(&body).unwrap());
    assert_eq!(posted.filter(|alert| alert["pid"] == agent.pid && alert["name"] == "permission").count(), 2);
}

fn a_command_that_hangs_holds_up_nothing() {
    let mut machine = Machine::new();
    let session = machine.claude_session(1);
    let agent = start_claude(&mut machine, &[]);
    let pipe = hostile::fifo(machine.stage.home(), "pipe").unwrap();
    let watch = Watch::start(
        &machine,
        &format!(
            "[[alerts]]\nname = \"permission\"\ncommand = [\"/bin/cat\", {pipe:?}]\n\
             [[alerts]]\nname = \"works\"\nwhen = \"status=working\"\n"
        ),
    );
    for (status, rule) in [("waiting", "permission"), ("busy", "works")] {
        machine.enter(agent.pid, started(agent.pid), &session, status);
        watch.tells(rule, agent.pid);
    }
    // The command reads to the end of what is written, which is nothing.
    drop(std::fs::File::options().write(true).open(pipe).unwrap());
    watch.end();
}
