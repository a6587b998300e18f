//! Agents of which only processes are seen: either they keep no files that tell anything, or nothing here reads them.
//!
//! How they are installed and called: their own documentation and installers, 2026-11-21.

use std::path::Path;

use agtop_model::{ClientId, Event, Role};

use crate::store::has_extension;
use crate::{Client, ClientInfo, DecodeError, Decoder, Env, Input, ProcFacts, Source, Store};

/// An agent without files: what it is called, and what its processes look like.
#[derive(Debug)]
pub struct ProcessOnly {
    info: &'static ClientInfo,
    /// Names of its executables.
    programs: &'static [&'static str],
    /// Executables whose names are too common, with a directory that is above them and of nobody else's.
    installed: &'static [(&'static str, &'static str)],
    /// Commands that Node.js runs, as package managers link them.
    commands: &'static [&'static str],
    /// npm packages.
    packages: &'static [&'static str],
    /// Commands and modules that Python runs.
    python: &'static [&'static str],
    /// Executables that serve it or an editor.
    parts: &'static [&'static str],
    /// Subcommands that converse with nobody.
    chores: &'static [&'static str],
    /// Flags that make it a server for others.
    serving: &'static [&'static str],
    /// Where the command line names the model.
    model: Model,
}

/// Where a command line names the model.
#[derive(Clone, Copy, Debug)]
enum Model {
    /// Nowhere.
    Unsaid,
    /// After one of these options.
    Option(&'static [&'static str]),
    /// After this word.
    After(&'static str),
}

/// What the agents below have in common.
const PLAIN: ProcessOnly = ProcessOnly {
    info: &info("", ""),
    programs: &[],
    installed: &[],
    commands: &[],
    packages: &[],
    python: &[],
    parts: &[],
    chores: &[],
    serving: &[],
    model: Model::Unsaid,
};

const fn info(id: &'static str, name: &'static str) -> ClientInfo {
    ClientInfo {
        id: ClientId::new(id),
        name,
        aliases: &[],
        danger_flags: &[],
        blind_spots: &["its files are not read: sessions, tokens and costs are unknown"],
    }
}

/// Options that take a value, which is no subcommand, in the notation that all of them share.
const VALUED: &[&str] = &["-m", "--model", "--config", "--workspace", "--cwd"];

/// Every agent without files, in the order in which they are listed.
pub static PROCESS_ONLY: &[ProcessOnly] = &[
    ProcessOnly {
        // Its launcher replaces itself with a Node.js of its own, under the name that it was called by: `cursor-agent`
        // or, since 2026, `agent`.
        info: &ClientInfo { danger_flags: &["--force", "-f", "--yolo"], ..info("cursor-agent", "Cursor CLI") },
        programs: &["cursor-agent"],
        installed: &[("cursor-agent", "node")],
        chores: &["login", "logout", "status", "whoami", "about", "update", "mcp", "models", "worker-server", "help"],
        model: Model::Option(&["-m", "--model"]),
        ..PLAIN
    },
    ProcessOnly {
        info: &ClientInfo { danger_flags: &["--auto"], ..info("continue", "Continue CLI") },
        programs: &["continue"],
        commands: &["cn"],
        packages: &["@continuedev/cli"],
        parts: &["continue-binary"],
        chores: &["login", "logout", "ls", "help"],
        model: Model::Option(&["--model"]),
        ..PLAIN
    },
    ProcessOnly {
        info: &info("cody", "Cody CLI"),
        programs: &["cody"],
        commands: &["cody"],
        packages: &["@sourcegraph/cody"],
        parts: &["cody-agent"],
        chores: &["api", "auth", "models", "help"],
        model: Model::Option(&["--model"]),
        ..PLAIN
    },
    ProcessOnly { info: &info("mods", "Mods"), programs: &["mods"], model: Model::Option(&["-m", "--model"]), ..PLAIN },
    ProcessOnly {
        info: &info("sgpt", "ShellGPT"),
        programs: &["sgpt"],
        python: &["sgpt"],
        model: Model::Option(&["--model"]),
        ..PLAIN
    },
    ProcessOnly {
        info: &info("llm", "LLM"),
        programs: &["llm"],
        python: &["llm"],
        chores: &[
            "aliases",
            "collections",
            "embed",
            "embed-models",
            "embed-multi",
            "fragments",
            "install",
            "keys",
            "logs",
            "models",
            "plugins",
            "schemas",
            "similar",
            "templates",
            "tools",
            "uninstall",
        ],
        model: Model::Option(&["-m", "--model"]),
        ..PLAIN
    },
    ProcessOnly {
        info: &info("ollama", "Ollama"),
        programs: &["ollama"],
        parts: &["ollama_llama_server"],
        chores: &["runner", "create", "show", "pull", "push", "list", "ls", "ps", "cp", "rm", "stop", "help"],
        model: Model::After("run"),
        ..PLAIN
    },
    ProcessOnly {
        info: &info("fabric", "Fabric"),
        programs: &["fabric", "fabric-ai"],
        serving: &["--serve", "--serveOllama"],
        model: Model::Option(&["-m", "--model"]),
        ..PLAIN
    },
    ProcessOnly {
        info: &ClientInfo { danger_flags: &["--skip-permissions-unsafe", "--auto high"], ..info("droid", "Droid") },
        programs: &["droid"],
        commands: &["droid"],
        packages: &["droid"],
        chores: &["daemon", "mcp", "plugin", "update", "help"],
        model: Model::Option(&["-m", "--model"]),
        ..PLAIN
    },
    ProcessOnly {
        // A text editor has the name, too.
        info: &ClientInfo { danger_flags: &["--auto", "--yolo"], ..info("kilo", "Kilo CLI") },
        programs: &["kilocode"],
        installed: &[("@kilocode", "kilo"), (".kilo", "kilo")],
        commands: &["kilo", "kilocode"],
        packages: &["@kilocode/cli"],
        chores: &["serve", "web", "acp", "auth", "models", "mcp", "upgrade", "uninstall", "stats", "help"],
        model: Model::Option(&["-m", "--model"]),
        ..PLAIN
    },
    ProcessOnly {
        info: &ClientInfo { danger_flags: &["--yolo", "-y"], ..info("cline", "Cline CLI") },
        programs: &["cline"],
        commands: &["cline"],
        packages: &["cline"],
        parts: &["cline-core", "cline-host"],
        chores: &["auth", "config", "history", "update", "version", "help"],
        model: Model::Option(&["-m", "--model"]),
        ..PLAIN
    },
    ProcessOnly {
        info: &info("codebuff", "Codebuff"),
        programs: &["codebuff"],
        commands: &["codebuff"],
        packages: &["codebuff"],
        chores: &["login", "publish", "help"],
        ..PLAIN
    },
    ProcessOnly {
        // A JavaScript engine has the name, too, as a program.
        info: &ClientInfo { danger_flags: &["--yolo"], ..info("hermes", "Hermes Agent") },
        python: &["hermes", "hermes_cli.main"],
        chores: &["auth", "config", "doctor", "login", "logout", "model", "setup", "status", "update", "version"],
        model: Model::Option(&["-m", "--model"]),
        ..PLAIN
    },
    ProcessOnly {
        // A tool for patterns in logs has the name, too.
        info: &info("grok", "Grok CLI"),
        installed: &[(".grok", "grok")],
        commands: &["grok"],
        packages: &["@vibe-kit/grok-cli"],
        chores: &["mcp", "login", "logout", "update", "help"],
        model: Model::Option(&["-m", "--model"]),
        ..PLAIN
    },
    ProcessOnly {
        info: &info("antigravity", "Antigravity CLI"),
        programs: &["agy"],
        chores: &["install", "plugin", "plugins", "update", "changelog", "help"],
        model: Model::Option(&["--model"]),
        ..PLAIN
    },
];

impl ProcessOnly {
    fn is(&self, process: &ProcFacts<'_>) -> bool {
        self.programs.iter().any(|name| process.is_program(name))
            || self.installed.iter().any(|(directory, name)| is_installed(process, directory, name))
            || self.packages.iter().any(|package| process.script_in_package(package))
            || self.commands.contains(&process.node_command())
            || self.python.contains(&process.python_command())
            || process.module().is_some_and(|module| self.python.contains(&module))
    }

    fn is_helping(&self, process: &ProcFacts<'_>) -> bool {
        // A launcher that keeps its own name in front leaves the script among the words.
        let command = process.words(VALUED).find(|word| !has_extension(Path::new(word), "js"));
        command.is_some_and(|command| self.chores.contains(&command))
            || self.serving.iter().any(|flag| process.has_arg(flag))
    }
}

impl Client for ProcessOnly {
    fn info(&self) -> &'static ClientInfo {
        self.info
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<Role> {
        if self.parts.iter().any(|name| process.is_program(name)) {
            return Some(Role::Helper);
        }
        self.is(process).then(|| if self.is_helping(process) { Role::Helper } else { Role::Agent })
    }

    fn stores(&self, _: &Env) -> Vec<Store> {
        Vec::new()
    }

    fn decoder(&self, _: &Store, _: &Source<'_>) -> Box<dyn Decoder> {
        Box::new(Unread)
    }

    fn session_argument(&self, _: &ProcFacts<'_>) -> Option<String> {
        None
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        let named = match self.model {
            Model::Unsaid => None,
            Model::Option(names) => process.option(names),
            Model::After(word) => process.words(VALUED).skip_while(|&one| one != word).nth(1),
        };
        named.map(str::to_owned)
    }
}

/// Reads nothing: there are no stores whose files it could be given.
struct Unread;

impl Decoder for Unread {
    fn feed(&mut self, _: Input<'_>, _: &mut Vec<Event>) -> Result<(), DecodeError> {
        Ok(())
    }
}

/// Whether the process runs the executable of that name somewhere below that directory.
fn is_installed(process: &ProcFacts<'_>, directory: &str, name: &str) -> bool {
    let path = || process.exe().and_then(Path::to_str).unwrap_or(process.title());
    process.exe_name() == name && path().split(['/', '\\']).any(|part| part == directory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::process;

    fn model(line: &str) -> Option<String> {
        let argv: Vec<&str> = line.split(' ').collect();
        let process = process("x", &argv, "");
        let (id, _) = crate::recognise(&process)?;
        crate::client(id.as_str())?.model_argument(&ProcFacts::new(&process))
    }

    #[test]
    fn the_command_line_names_the_model() {
        assert_eq!(model("ollama run qwen3:8b --verbose").as_deref(), Some("qwen3:8b"));
        assert_eq!(model("mods -m gpt-5.5 hi").as_deref(), Some("gpt-5.5"));
        assert_eq!(model("python3 /usr/bin/llm chat --model=claude-opus-4-8").as_deref(), Some("claude-opus-4-8"));
    }

    #[test]
    fn a_model_that_is_not_named_is_not_guessed() {
        assert_eq!(model("ollama serve"), None);
        assert_eq!(model("ollama run"), None);
        assert_eq!(model("agy -p run"), None);
        assert_eq!(model("claude --model opus"), None, "its transcript tells");
    }
}
