//! Eight fake agents that run as real ones do, for tests that run beside them.

use std::io;
use std::os::unix::process::CommandExt;

use crate::{FakeAgent, ProcessHarness};

/// How an agent runs: its program, its arguments, and its script if it is one.
#[derive(Debug)]
pub struct FakeAgentSpec {
    /// The client, as agtop calls it.
    pub client: &'static str,
    program: &'static str,
    name: &'static str,
    script: Option<&'static str>,
    args: &'static [&'static str],
}

/// One agent of each of eight clients, native programs and scripts.
pub const FAKE_AGENTS: [FakeAgentSpec; 8] = [
    FakeAgentSpec {
        client: "claude",
        program: "usr/lib/node_modules/@anthropic-ai/claude-code/bin/claude.exe",
        name: "claude",
        script: None,
        args: &["--dangerously-skip-permissions"],
    },
    FakeAgentSpec {
        client: "codex",
        program: "usr/lib/node_modules/@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex",
        name: "codex",
        script: None,
        args: &["-a", "never"],
    },
    FakeAgentSpec {
        client: "gemini",
        program: "usr/bin/node",
        name: "node",
        script: Some("usr/lib/node_modules/@google/gemini-cli/bundle/gemini.js"),
        args: &["--approval-mode", "yolo"],
    },
    FakeAgentSpec {
        client: "opencode",
        program: "usr/lib/node_modules/opencode-ai/bin/opencode.exe",
        name: "opencode",
        script: None,
        args: &[],
    },
    FakeAgentSpec {
        client: "aider",
        program: "usr/bin/python3",
        name: "python3",
        script: Some("usr/local/bin/aider"),
        args: &["--yes-always"],
    },
    FakeAgentSpec { client: "goose", program: "usr/local/bin/goose", name: "goose", script: None, args: &["session"] },
    FakeAgentSpec {
        client: "qwen",
        program: "usr/bin/node",
        name: "node",
        script: Some("usr/lib/node_modules/@qwen-code/qwen-code/cli.js"),
        args: &["--approval-mode", "yolo"],
    },
    FakeAgentSpec {
        client: "copilot",
        program: "usr/lib/node_modules/@github/copilot-linux-x64/copilot",
        name: "copilot",
        script: None,
        args: &["--allow-all-tools"],
    },
];

/// The history that Aider writes into the directory in which it works, and that agtop reads there.
const AIDER_HISTORY: &str = "\n# aider chat started at 2026-11-20 10:00:00\n\n\
                       > Model: gpt-5.5 with diff edit format\n\n#### a secret plan\n\n\
                       Done.\n\n> Tokens: 1.2k sent, 300 received. Cost: $0.01 message, $0.01 session.\n";

impl ProcessHarness {
    /// Starts a fake agent in a project of its own.
    pub fn start_fake_agent(&mut self, spec: &FakeAgentSpec) -> io::Result<FakeAgent> {
        let project = self.directory(&format!("home/u/of-{}", spec.client))?;
        if spec.client == "aider" {
            std::fs::write(project.join(".aider.chat.history.md"), AIDER_HISTORY)?;
        }
        let mut command = self.command(&self.program(spec.program)?);
        command.arg0(spec.name).current_dir(project);
        if let Some(script) = spec.script {
            command.arg(self.script(script, None)?);
        }
        self.start(command.args(spec.args))
    }
}
