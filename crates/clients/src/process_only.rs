//! Agents that are known only from their processes: they keep no useful files, or agtop does not read them.
//!
//! Sources for installation and names: their documentation and installers, 2026-11-21.

use agtop_model::{ClientId, Event};

use crate::signature::{MODEL_OPTIONS, ModelArgument, ProcessSignature};
use crate::{Client, ClientInfo, DecodeError, Decoder, Env, Input, Knowledge, ProcFacts, Source, Store};

/// An agent without files: its names and the signature of its processes.
#[derive(Debug)]
pub struct ProcessOnly {
    info: &'static ClientInfo,
    signature: &'static ProcessSignature,
}

const fn info(id: &'static str, name: &'static str) -> ClientInfo {
    ClientInfo {
        id: ClientId::new(id),
        name,
        aliases: &[],
        danger_flags: &[],
        knowledge: Knowledge::NONE,
        blind_spots: &["its files are not read: sessions, tokens and costs are unknown"],
    }
}

/// Every agent without files, in display order.
pub static PROCESS_ONLY: &[ProcessOnly] = &[
    ProcessOnly {
        info: &info("cody", "Cody CLI"),
        signature: &ProcessSignature {
            programs: &["cody"],
            node_commands: &["cody"],
            npm_packages: &["@sourcegraph/cody"],
            helper_prefixes: &["cody-agent"],
            helper_subcommands: &["api", "auth", "models", "help"],
            model: ModelArgument::Option(&["--model"]),
            ..ProcessSignature::NONE
        },
    },
    ProcessOnly {
        info: &info("mods", "Mods"),
        signature: &ProcessSignature { programs: &["mods"], model: MODEL_OPTIONS, ..ProcessSignature::NONE },
    },
    ProcessOnly {
        info: &info("sgpt", "ShellGPT"),
        signature: &ProcessSignature {
            programs: &["sgpt"],
            python_commands: &["sgpt"],
            model: ModelArgument::Option(&["--model"]),
            ..ProcessSignature::NONE
        },
    },
    ProcessOnly {
        info: &info("llm", "LLM"),
        signature: &ProcessSignature {
            programs: &["llm"],
            python_commands: &["llm"],
            helper_subcommands: &[
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
            model: MODEL_OPTIONS,
            ..ProcessSignature::NONE
        },
    },
    ProcessOnly {
        info: &info("ollama", "Ollama"),
        signature: &ProcessSignature {
            programs: &["ollama"],
            helper_prefixes: &["ollama_llama_server"],
            helper_subcommands: &[
                "runner", "create", "show", "pull", "push", "list", "ls", "ps", "cp", "rm", "stop", "help",
            ],
            model: ModelArgument::After("run"),
            ..ProcessSignature::NONE
        },
    },
    ProcessOnly {
        info: &info("fabric", "Fabric"),
        signature: &ProcessSignature {
            programs: &["fabric", "fabric-ai"],
            server_flags: &["--serve", "--serveOllama"],
            model: MODEL_OPTIONS,
            ..ProcessSignature::NONE
        },
    },
];

impl Client for ProcessOnly {
    fn info(&self) -> &'static ClientInfo {
        self.info
    }

    fn signature(&self) -> &'static ProcessSignature {
        self.signature
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
        self.signature.model(process)
    }
}

/// A decoder for no files: there are no stores.
struct Unread;

impl Decoder for Unread {
    fn feed(&mut self, _: Input<'_>, _: &mut Vec<Event>) -> Result<(), DecodeError> {
        Ok(())
    }
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
        assert_eq!(model("claude --model opus"), None, "its transcript names it");
    }
}
