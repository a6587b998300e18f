//! What the processes of an agent look like, as a table: for agents that need no more than names to be told.

use std::path::Path;

use agtop_model::Role;

use crate::ProcFacts;
use crate::store::has_extension;

/// What an agent's processes look like.
#[derive(Debug)]
pub(crate) struct Looks {
    /// Names of its executables.
    pub(crate) programs: &'static [&'static str],
    /// Executables whose names are too common, with a directory that is above them and of nobody else's.
    pub(crate) installed: &'static [(&'static str, &'static str)],
    /// Commands that Node.js runs, as package managers link them.
    pub(crate) commands: &'static [&'static str],
    /// npm packages.
    pub(crate) packages: &'static [&'static str],
    /// Commands and modules that Python runs.
    pub(crate) python: &'static [&'static str],
    /// Executables that serve it or an editor.
    pub(crate) parts: &'static [&'static str],
    /// Subcommands that converse with nobody.
    pub(crate) chores: &'static [&'static str],
    /// Flags that make it a server for others.
    pub(crate) serving: &'static [&'static str],
    /// Where the command line names the model.
    pub(crate) model: Model,
}

/// Where a command line names the model.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Model {
    /// Nowhere.
    Unsaid,
    /// After one of these options.
    Option(&'static [&'static str]),
    /// After this word.
    After(&'static str),
}

/// Options that take a value, which is no subcommand, in the notation that all of them share.
const VALUED: &[&str] = &["-m", "--model", "--config", "--workspace", "--cwd"];

/// Options that name the model, in the notation that most agents share.
pub(crate) const MODEL: Model = Model::Option(&["-m", "--model"]);

impl Looks {
    /// Looks like nothing: what tables start from.
    pub(crate) const NONE: Self = Self {
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

    /// What the process is to the agent.
    pub(crate) fn role(&self, process: &ProcFacts<'_>) -> Option<Role> {
        if self.parts.iter().any(|name| process.is_program(name)) {
            return Some(Role::Helper);
        }
        self.is(process).then(|| if self.is_helping(process) { Role::Helper } else { Role::Agent })
    }

    /// The model that the command line names.
    pub(crate) fn model(&self, process: &ProcFacts<'_>) -> Option<String> {
        let named = match self.model {
            Model::Unsaid => None,
            Model::Option(names) => process.option(names),
            Model::After(word) => process.words(VALUED).skip_while(|&one| one != word).nth(1),
        };
        named.map(str::to_owned)
    }

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

/// Whether the process runs the executable of that name somewhere below that directory.
fn is_installed(process: &ProcFacts<'_>, directory: &str, name: &str) -> bool {
    let path = || process.exe().and_then(Path::to_str).unwrap_or(process.title());
    process.exe_name() == name && path().split(['/', '\\']).any(|part| part == directory)
}
