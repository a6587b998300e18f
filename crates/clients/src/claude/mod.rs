//! Claude Code.
//!
//! Transcripts: `<config>/projects/<encoded cwd>/<session>.jsonl`, with sub-agents in `<session>/subagents/**/`, next
//! to the session (2.0), or inline (1.x). Sources for layouts and rules: Anthropic's agent SDK for Python 0.2.186
//! (`_internal/sessions.py`), the CLI's change log, and live runs of 2.1.197 and 2.1.332.

mod api_values;
mod compaction;
mod decoder;
pub(crate) mod id;
mod lenient;
mod line_types;
mod lineage;
mod meta;
mod prompt;
mod registry;
mod skim;
mod subagent_mode;
mod usage;
mod wire;

#[cfg(test)]
mod compaction_tests;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use self::id::ID;
use crate::facts::is_uuid;
use crate::signature::ProcessSignature;
use crate::store::{file_name, file_stem, has_extension};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, Presence, ProcFacts, Source, Store};

/// Claude Code.
pub(crate) struct Claude;

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Claude Code",
    aliases: &["claude-code"],
    danger_flags: &[
        "--dangerously-skip-permissions",
        "--allow-dangerously-skip-permissions",
        "--permission-mode bypassPermissions",
    ],
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Yes,
        subagents: Known::Yes,
        permission: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "a response cut off in mid-stream was billed, but reaches no transcript",
        "title generation is billed, but reaches no transcript",
        "the summary of /compact reaches no transcript before 2.1.332; from then on it counts when the session ends, unless \
         sub-agents were at work, or a fork of what was compacted was compacted in its first run",
        "subscription limits are in no transcript",
    ],
};

/// `projects/<cwd>/<session>/subagents/workflows/<run>/agent-*.jsonl` is the deepest known path.
const MAX_DEPTH: usize = 8;

static SIGNATURE: ProcessSignature = ProcessSignature {
    programs: &["claude", "claude-code"],
    // The native installer keeps each version as `…/claude/versions/<semver>`, an executable whose name is its version.
    version_directories: &["claude/versions"],
    node_commands: &["claude"],
    npm_packages: &["@anthropic-ai/claude-code"],
    // The script that npm installs as a package, in the places where editors and hosts keep it.
    script_ends: &["/claude-code/cli.js", "/@anthropic-ai/claude-agent-sdk/cli.js"],
    // Tools, service and flags: from the 2.1.197 binary.
    tool_names: &["rg", "ugrep", "bfs"],
    service_titles: &["claude daemon"],
    // It starts itself with these flags as a tool server, as a terminal host, and as a spare session.
    server_flags: &[
        "--ripgrep",
        "--claude-in-chrome-mcp",
        "--chrome-native-host",
        "--computer-use-mcp",
        "--daemon-worker",
        "--bg-pty-host",
        "--bg-spare",
    ],
    // `claude --help` of 2.1.197.
    helper_subcommands: &[
        "agents",
        "auth",
        "auto-mode",
        "config",
        "daemon",
        "doctor",
        "gateway",
        "install",
        "mcp",
        "plugin",
        "plugins",
        "project",
        "remote-control",
        "setup-token",
        "ultrareview",
        "update",
        "upgrade",
    ],
    valued_options: &[
        "--add-dir",
        "--agent",
        "--agents",
        "--allowedTools",
        "--allowed-tools",
        "--append-system-prompt",
        "--betas",
        "-d",
        "--debug",
        "--debug-file",
        "--disallowedTools",
        "--disallowed-tools",
        "--effort",
        "--fallback-model",
        "--file",
        "--from-pr",
        "--input-format",
        "--json-schema",
        "--max-budget-usd",
        "--max-turns",
        "--mcp-config",
        "--model",
        "-n",
        "--name",
        "--output-format",
        "--permission-mode",
        "--permission-prompt-tool",
        "--plugin-dir",
        "--plugin-url",
        "-r",
        "--resume",
        "--session-id",
        "--setting-sources",
        "--settings",
        "--system-prompt",
        "--tools",
        "-w",
        "--worktree",
    ],
    is_other_product: is_desktop,
    ..ProcessSignature::NONE
};

impl Client for Claude {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn hooks(&self) -> Option<&'static dyn crate::HookDialect> {
        Some(&crate::hooks::ClaudeHooks)
    }

    fn signature(&self) -> &'static ProcessSignature {
        &SIGNATURE
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let named = env.dirs("CLAUDE_CONFIG_DIR");
        let (roots, presence) = if named.is_empty() {
            (vec![env.config_home().join("claude"), env.home.join(".claude")], Presence::Usual)
        } else {
            (named, Presence::Named)
        };
        roots.iter().flat_map(|root| stores_of(root, presence)).collect()
    }

    fn decoder(&self, store: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        match store.layout {
            REGISTRY_LAYOUT => Box::new(registry::RegistryFile::new(source)),
            SUBAGENTS_LAYOUT => Box::new(meta::SubagentMeta::new(source)),
            _ => Box::new(decoder::Transcript::new(source)),
        }
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        if process.has_arg("--fork-session") {
            return None;
        }
        let id = process.option(&["--resume", "-r", "--session-id"])?;
        is_uuid(id).then(|| id.to_ascii_lowercase())
    }
}

/// The chat desktop application, another product, whose program on Windows has the same name.
fn is_desktop(process: &ProcFacts<'_>) -> bool {
    process.file().split(['/', '\\']).any(|part| part == "AnthropicClaude" || part.starts_with("Claude_"))
}

/// A configured directory is either the configuration directory or its `projects`.
fn projects(root: &Path) -> PathBuf {
    if root.ends_with("projects") { root.to_owned() } else { root.join("projects") }
}

/// Layout names.
const PROJECTS_LAYOUT: &str = "projects";
const SUBAGENTS_LAYOUT: &str = "subagent descriptions";
const REGISTRY_LAYOUT: &str = "live sessions";

fn stores_of(root: &Path, presence: Presence) -> [Store; 3] {
    let projects = projects(root);
    let sessions = projects.with_file_name("sessions");
    let usual = Presence::Usual;
    [
        Store {
            root: projects.clone(),
            layout: PROJECTS_LAYOUT,
            depth: MAX_DEPTH,
            accepts: is_transcript,
            format: Format::Lines,
            presence,
        },
        Store {
            root: projects,
            layout: SUBAGENTS_LAYOUT,
            depth: MAX_DEPTH,
            accepts: is_subagent_meta,
            format: Format::Document,
            presence: usual,
        },
        Store {
            root: sessions,
            layout: REGISTRY_LAYOUT,
            depth: 1,
            accepts: is_registry_entry,
            format: Format::Document,
            presence: usual,
        },
    ]
}

/// A session's transcript, or a sub-agent's transcript in a session's `subagents` directory. Workflows keep journals
/// there (`subagents/workflows/wf_*/journal.jsonl`), which are no transcripts.
fn is_transcript(path: &Path) -> bool {
    let lies_in = |directory: &str| path.iter().any(|part| part == directory);
    let is_book = lies_in("subagents") && !file_name(path).starts_with("agent-");
    has_extension(path, "jsonl") && !lies_in("tool-results") && !is_book
}

/// `<pid>.json`; the keys in the same directory are not read.
fn is_registry_entry(path: &Path) -> bool {
    has_extension(path, "json") && file_stem(path).bytes().all(|byte| byte.is_ascii_digit())
}

fn is_subagent_meta(path: &Path) -> bool {
    file_name(path).starts_with("agent-") && file_name(path).ends_with(".meta.json")
}
