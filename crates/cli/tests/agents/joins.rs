//! What each agent is started as, what it leaves on disk, and by what it is found.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, SystemTime};

use agtop_testkit::{AgentCommand, FakeAgent};

use crate::machine::{Machine, Row, Test, started};

pub(crate) const TESTS: &[Test] = &[
    ("claude_says_itself_which_session_it_works_on", claude_says_itself_which_session_it_works_on),
    ("an_entry_of_another_process_joins_nothing", an_entry_of_another_process_joins_nothing),
    ("a_resumed_session_is_named_on_the_command_line", a_resumed_session_is_named_on_the_command_line),
    ("claude_without_a_trace_is_near_its_session", claude_without_a_trace_is_near_its_session),
    ("codex_s_wrapper_and_child_are_one_agent", codex_s_wrapper_and_child_are_one_agent),
    ("codex_in_tmux_is_one_agent", codex_in_tmux_is_one_agent),
    ("codex_under_sudo_is_a_danger", codex_under_sudo_is_a_danger),
    ("env_and_npx_start_agents_and_are_none", env_and_npx_start_agents_and_are_none),
    ("gemini_s_two_processes_are_one_agent", gemini_s_two_processes_are_one_agent),
    ("copilot_s_entry_names_its_session", copilot_s_entry_names_its_session),
    ("copilot_s_entry_is_not_of_a_later_process", copilot_s_entry_is_not_of_a_later_process),
    ("two_agents_in_one_directory_have_each_their_own_session", two_agents_in_one_directory),
    ("a_helper_is_no_row_and_a_command_is_work", a_helper_is_no_row_and_a_command_is_work),
    ("agents_without_files_are_found", agents_without_files_are_found),
    ("what_merely_mentions_an_agent_is_none", what_merely_mentions_an_agent_is_none),
];

/// Starts Claude Code in the project.
pub(crate) fn start_claude(machine: &mut Machine, args: &[&str]) -> FakeAgent {
    let mut command = machine.stage.command(&machine.claude());
    machine.stage.start(command.arg0("claude").args(args).current_dir(&machine.project)).unwrap()
}

/// What its script is called with to start Codex.
pub(crate) fn codex_command(machine: &Machine) -> Command {
    let mut command = machine.stage.command(&machine.node());
    command.arg0("node").arg(machine.codex()).current_dir(&machine.project);
    command
}

fn claude_says_itself_which_session_it_works_on() {
    let mut machine = Machine::new();
    let (session, _other) = (machine.claude_session(1), machine.claude_session(2));
    let agent = start_claude(&mut machine, &["--dangerously-skip-permissions"]);
    for (status, state) in [("busy", "working"), ("waiting", "needs_permission"), ("idle", "needs_input")] {
        machine.enter(agent.pid, started(agent.pid), &session, status);
        let expected = Row::new(agent.pid, "claude").joined(&session, "marker", "high");
        assert_eq!(machine.rows(), [expected.danger("--dangerously-skip-permissions")]);
        assert_eq!(machine.state(), state);
    }
}

/// The pid is the same, and the process is not: it was given again.
fn an_entry_of_another_process_joins_nothing() {
    let mut machine = Machine::new();
    let session = machine.claude_session(1);
    let elsewhere = machine.stage.directory("home/u/elsewhere").unwrap();
    let mut command = machine.stage.command(&machine.claude());
    let agent = machine.stage.start(command.arg0("claude").current_dir(elsewhere)).unwrap();
    machine.enter(agent.pid, started(agent.pid) - 1, &session, "busy");
    assert_eq!(machine.rows(), [Row::new(agent.pid, "claude")]);
    machine.enter(agent.pid, started(agent.pid), &session, "busy");
    assert_eq!(machine.rows(), [Row::new(agent.pid, "claude").joined(&session, "marker", "high")]);
}

fn a_resumed_session_is_named_on_the_command_line() {
    let mut machine = Machine::new();
    let (session, _other) = (machine.claude_session(1), machine.claude_session(2));
    let agent = start_claude(&mut machine, &["--resume", &session, "-p", "go on"]);
    assert_eq!(machine.rows(), [Row::new(agent.pid, "claude").joined(&session, "argument", "high")]);
}

fn claude_without_a_trace_is_near_its_session() {
    let mut machine = Machine::new();
    let agent = start_claude(&mut machine, &[]);
    let session = machine.claude_session(1);
    assert_eq!(machine.rows(), [Row::new(agent.pid, "claude").joined(&session, "score", "medium")]);
}

fn codex_s_wrapper_and_child_are_one_agent() {
    let mut machine = Machine::new();
    let (thread, rollout) = machine.codex_thread(1);
    machine.codex_thread(2);
    let mut command = codex_command(&machine);
    let mut agent = machine.stage.start(command.args(["-a", "never", "-s", "danger-full-access"])).unwrap();
    agent.execute(&AgentCommand::Open(rollout)).unwrap();
    let expected = Row::new(agent.pid, "codex").joined(&thread, "open_file", "high");
    assert_eq!(machine.rows(), [expected.danger("-a never -s danger-full-access")]);
}

fn codex_in_tmux_is_one_agent() {
    if Command::new("tmux").arg("-V").output().is_err() {
        return eprintln!("not tested: there is no tmux here");
    }
    let mut machine = Machine::new();
    let (thread, rollout) = machine.codex_thread(1);
    let socket = tempfile::tempdir().unwrap();
    let mut command = machine.stage.command("tmux".as_ref());
    command.arg("-S").arg(socket.path().join("tmux")).args(["-f", "/dev/null", "new-session", "-d", "-s", "codex"]);
    command.arg(machine.node()).arg(machine.codex()).current_dir(&machine.project);
    let mut agent = machine.stage.start(&mut command).unwrap();
    agent.execute(&AgentCommand::Open(rollout)).unwrap();
    assert_eq!(machine.rows(), [Row::new(agent.pid, "codex").joined(&thread, "open_file", "high")]);
}

fn codex_under_sudo_is_a_danger() {
    let mut machine = Machine::new();
    let (thread, rollout) = machine.codex_thread(1);
    let sudo = machine.stage.program("usr/bin/sudo").unwrap();
    let mut command = machine.stage.command(&sudo);
    command.arg0("sudo").arg(machine.node()).arg(machine.codex()).current_dir(&machine.project);
    let mut agent = machine.stage.start(&mut command).unwrap();
    agent.execute(&AgentCommand::Open(rollout)).unwrap();
    let expected = Row::new(agent.pid, "codex").joined(&thread, "open_file", "high");
    assert_eq!(machine.rows(), [expected.danger("sudo codex")]);
}

fn env_and_npx_start_agents_and_are_none() {
    let mut machine = Machine::new();
    let session = machine.claude_session(1);
    let npx = machine.stage.script("usr/lib/node_modules/npm/bin/npx-cli.js", Some(&machine.claude())).unwrap();
    let mut command = machine.stage.command("env".as_ref());
    command.arg("CI=1").arg(machine.node()).arg(npx).args([
        "--resume",
        &session,
        "--permission-mode=bypassPermissions",
    ]);
    let agent = machine.stage.start(command.current_dir(&machine.project)).unwrap();
    let expected = Row::new(agent.pid, "claude").joined(&session, "argument", "high");
    assert_eq!(machine.rows(), [expected.danger("--permission-mode=bypassPermissions")]);
}

fn gemini_s_two_processes_are_one_agent() {
    let mut machine = Machine::new();
    let script = "usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js";
    let inner = machine.stage.script(script, None).unwrap();
    let outer = machine.stage.script("usr/bin/gemini", Some(&machine.node())).unwrap();
    let mut command = machine.stage.command(&machine.node());
    command.arg0("node").arg(outer).arg("--max-old-space-size=8192").arg(inner).args(["--approval-mode", "yolo"]);
    let agent = machine.stage.start(command.current_dir(&machine.project)).unwrap();
    let session = machine.gemini_chat();
    let expected = Row::new(agent.pid, "gemini").joined(&session, "score", "medium");
    assert_eq!(machine.rows(), [expected.danger("--approval-mode yolo")]);
}

const COPILOT: &str = "86204044-d826-412f-a7b9-0a4b385b3097";

fn copilot_s_entry_names_its_session() {
    let mut machine = Machine::new();
    let directory = machine.copilot_session(COPILOT);
    machine.copilot_session("8257170f-90a2-48f1-8b21-a160eb47a6c3");
    let native = machine.stage.program("usr/lib/node_modules/@github/copilot-linux-x64/copilot").unwrap();
    let loader = machine.stage.script("usr/lib/node_modules/@github/copilot/npm-loader.js", Some(&native)).unwrap();
    let mut command = machine.stage.command(&machine.node());
    command.arg0("node").arg(loader).arg("--allow-all-tools").current_dir(&machine.project);
    let mut agent = machine.stage.start(&mut command).unwrap();
    std::fs::write(directory.join(format!("inuse.{}.lock", agent.pid)), format!("{}\n", agent.pid)).unwrap();
    agent.execute(&AgentCommand::OpenLocked(directory.join(format!("inuse.{}.hold", agent.pid)))).unwrap();
    let expected = Row::new(agent.pid, "copilot").joined(COPILOT, "marker", "high");
    assert_eq!(machine.rows(), [expected.danger("--allow-all-tools")]);
}

/// The file says the pid alone; that it is older than the process tells.
fn copilot_s_entry_is_not_of_a_later_process() {
    let mut machine = Machine::new();
    let directory = machine.copilot_session(COPILOT);
    let elsewhere = machine.stage.directory("home/u/elsewhere").unwrap();
    let native = machine.stage.program("usr/bin/copilot").unwrap();
    let agent = machine.stage.start(machine.stage.command(&native).current_dir(elsewhere)).unwrap();
    let entry = directory.join(format!("inuse.{}.lock", agent.pid));
    std::fs::write(&entry, agent.pid.to_string()).unwrap();
    assert_eq!(machine.rows(), [Row::new(agent.pid, "copilot").joined(COPILOT, "marker", "high")]);
    let before = SystemTime::now() - Duration::from_hours(1);
    File::options().append(true).open(&entry).unwrap().set_modified(before).unwrap();
    assert_eq!(machine.rows(), [Row::new(agent.pid, "copilot")]);
}

fn two_agents_in_one_directory() {
    let mut machine = Machine::new();
    let sessions = [machine.claude_session(1), machine.claude_session(2)];
    let agents = [start_claude(&mut machine, &[]), start_claude(&mut machine, &["--resume", &sessions[0]])];
    machine.enter(agents[0].pid, started(agents[0].pid), &sessions[1], "idle");
    let mut rows = machine.rows();
    rows.sort_by_key(|row| row.pid != agents[0].pid);
    let expected = [
        Row::new(agents[0].pid, "claude").joined(&sessions[1], "marker", "high"),
        Row::new(agents[1].pid, "claude").joined(&sessions[0], "argument", "high"),
    ];
    assert_eq!(rows, expected);
}

fn a_helper_is_no_row_and_a_command_is_work() {
    let mut machine = Machine::new();
    let mut agent = machine.stage.start(&mut codex_command(&machine)).unwrap();
    let rollout = machine.codex_thread_in_a_call();
    agent.execute(&AgentCommand::Open(rollout)).unwrap();
    let start = |program: &str, argv: &[&str]| {
        AgentCommand::Start(machine.stage.program(program).unwrap(), argv.iter().map(|&arg| arg.to_owned()).collect())
    };
    agent.execute(&start("usr/lib/codex-code-mode-host", &["codex-code-mode-host"])).unwrap();
    let _helper = machine.stage.next_agent().unwrap();
    machine.becomes("needs_permission");
    agent.execute(&start("usr/bin/bash", &["bash", "-lc", "make"])).unwrap();
    let _command = machine.stage.next_agent().unwrap();
    assert_eq!(machine.state(), "working");
}

fn agents_without_files_are_found() {
    let mut machine = Machine::new();
    let cn = machine.stage.script("usr/bin/cn", None).unwrap();
    for (program, argv, client, danger) in [
        ("usr/bin/ollama", vec!["ollama", "run", "qwen3"], "ollama", None),
        ("home/u/.local/bin/droid", vec!["droid", "exec", "--auto", "high"], "droid", Some("--auto high")),
        ("home/u/cursor-agent/versions/1/node", vec!["/usr/bin/agent", "index.js"], "cursor-agent", None),
        ("usr/bin/node", vec!["node", cn.to_str().unwrap(), "--auto"], "continue", Some("--auto")),
    ] {
        let program = machine.stage.program(program).unwrap();
        let mut command = machine.stage.command(&program);
        let agent = machine.stage.start(command.arg0(argv[0]).args(&argv[1..])).unwrap();
        let expected = Row { danger: danger.map(str::to_owned), ..Row::new(agent.pid, client) };
        assert_eq!(machine.rows(), [expected]);
        machine.stage.kill(agent).unwrap();
    }
}

fn what_merely_mentions_an_agent_is_none() {
    let mut machine = Machine::new();
    let project = machine.project.clone();
    let claude = machine.claude();
    let mut actors = Vec::new();
    for (program, argv) in [
        ("usr/bin/tmux", ["tmux", "attach", "-t", "claude"]),
        ("usr/bin/bash", ["bash", "-c", claude.to_str().unwrap(), "claude"]),
        ("usr/bin/python3", ["python3", "bot.py", "--model", "codex"]),
        ("opt/aider/run", ["run", "aider", "claude", "codex"]),
    ] {
        let program = machine.stage.program(program).unwrap();
        let mut command = machine.stage.command(&program);
        command.arg0(argv[0]).args(&argv[1..]).current_dir(&project);
        actors.push(machine.stage.start(&mut command).unwrap());
    }
    assert_eq!(machine.rows(), []);
}
