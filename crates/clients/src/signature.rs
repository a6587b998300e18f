//! What the processes of an agent look like, as a table, and the one rule by which all agents are told by it: the name
//! of the executable, else the name that it was called by, else the script or the package that a runtime runs.

use std::path::Path;

use agtop_model::ProcessRole;

use crate::ProcFacts;
use crate::called::is_called;
use crate::store::has_extension;

/// What an agent's processes look like. Names are matched with the platforms, versions and wrappers that packagers add
/// to them.
#[derive(Debug)]
pub struct ProcessSignature {
    /// Names of its executables.
    pub programs: &'static [&'static str],
    /// Executables whose names are too common, each with a directory that is above it and of nobody else's.
    pub installed: &'static [(&'static str, &'static str)],
    /// Directories whose executables are named by their versions.
    pub versions: &'static [&'static str],
    /// What it calls itself once it runs, in place of its command line.
    pub titles: &'static [&'static str],
    /// Commands that Node.js runs, as package managers link them.
    pub commands: &'static [&'static str],
    /// npm packages.
    pub packages: &'static [&'static str],
    /// Ends of the paths of scripts that Node.js runs.
    pub scripts: &'static [&'static str],
    /// Commands and modules that Python runs.
    pub python: &'static [&'static str],
    /// What the names of executables that serve it or an editor begin with.
    pub parts: &'static [&'static str],
    /// Names under which its own executable acts as another tool.
    pub tools: &'static [&'static str],
    /// Titles of services that it leaves running.
    pub services: &'static [&'static str],
    /// Subcommands that serve sessions to other programs.
    pub hosts: &'static [&'static str],
    /// Subcommands that converse with nobody.
    pub chores: &'static [&'static str],
    /// Flags that make it a server for others.
    pub serving: &'static [&'static str],
    /// Options that take a value, which is no subcommand.
    pub(crate) valued: &'static [&'static str],
    /// Where the command line names the model.
    pub(crate) model: Model,
    /// Whether an executable of that name is another product's.
    pub(crate) is_namesake: fn(&ProcFacts<'_>) -> bool,
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

/// Options that take a value, in the notation that most agents share.
const VALUED: &[&str] = &["-m", "--model", "--config", "--workspace", "--cwd"];

/// Options that name the model, in the notation that most agents share.
pub(crate) const MODEL: Model = Model::Option(&["-m", "--model"]);

impl ProcessSignature {
    /// Looks like nothing: what tables start from.
    pub(crate) const NONE: Self = Self {
        programs: &[],
        installed: &[],
        versions: &[],
        titles: &[],
        commands: &[],
        packages: &[],
        scripts: &[],
        python: &[],
        parts: &[],
        tools: &[],
        services: &[],
        hosts: &[],
        chores: &[],
        serving: &[],
        valued: VALUED,
        model: Model::Unsaid,
        is_namesake: |_| false,
    };

    /// What the process is to the agent.
    pub(crate) fn role(&self, process: &ProcFacts<'_>) -> Option<ProcessRole> {
        if self.parts.iter().any(|part| process.is_program_beginning(part)) {
            return Some(ProcessRole::Helper);
        }
        self.is(process).then(|| self.work(process))
    }

    /// Whether the process is the agent's program, at whatever work.
    pub(crate) fn is(&self, process: &ProcFacts<'_>) -> bool {
        self.is_executable(process) || self.is_script(process) || self.titles.contains(&process.title())
    }

    /// Whether the name of the executable file alone says that it is the agent's program.
    pub(crate) fn is_named_by_file(&self, process: &ProcFacts<'_>) -> bool {
        self.programs.iter().any(|name| process.is_file_of(name))
    }

    /// The first word on the command line that is no option and no option's value.
    pub(crate) fn subcommand<'a>(&self, process: &ProcFacts<'a>) -> Option<&'a str> {
        // A launcher that keeps its own name in front leaves the script among the words.
        process.words(self.valued).find(|word| !has_extension(Path::new(word), "js"))
    }

    /// The model that the command line names.
    pub(crate) fn model(&self, process: &ProcFacts<'_>) -> Option<String> {
        let named = match self.model {
            Model::Unsaid => None,
            Model::Option(names) => process.option(names),
            Model::After(word) => process.words(self.valued).skip_while(|&one| one != word).nth(1),
        };
        named.map(str::to_owned)
    }

    fn is_executable(&self, process: &ProcFacts<'_>) -> bool {
        let is_named = self.programs.iter().any(|name| process.is_program(name));
        is_named && !(self.is_namesake)(process)
            || self.installed.iter().any(|(directory, name)| is_installed(process, directory, name))
            || self.versions.iter().any(|directory| is_version_in(process, directory))
    }

    fn is_script(&self, process: &ProcFacts<'_>) -> bool {
        self.packages.iter().any(|package| process.script_in_package(package))
            || self.scripts.iter().any(|end| process.script_ends_with(end))
            || self.commands.iter().any(|name| process.is_node_command(name))
            || self.python.iter().any(|name| process.is_python_command(name))
            || process.module().is_some_and(|module| self.python.contains(&module))
    }

    fn work(&self, process: &ProcFacts<'_>) -> ProcessRole {
        let is_helping = self.tools.contains(&process.program())
            || self.services.contains(&process.title())
            || self.serving.iter().any(|flag| process.has_arg(flag));
        match self.subcommand(process) {
            _ if is_helping => ProcessRole::Helper,
            Some(word) if self.hosts.contains(&word) => ProcessRole::Host,
            Some(word) if self.chores.contains(&word) => ProcessRole::Helper,
            _ => ProcessRole::Agent,
        }
    }
}

/// Whether the process runs the executable of that name somewhere below that directory.
fn is_installed(process: &ProcFacts<'_>, directory: &str, name: &str) -> bool {
    is_called(process.exe_name(), name) && process.file().split(['/', '\\']).any(|part| part == directory)
}

/// Whether the process runs an executable named by its version in that directory.
fn is_version_in(process: &ProcFacts<'_>, directory: &str) -> bool {
    let is_there = |file: &Path| file.parent().is_some_and(|parent| parent.ends_with(directory));
    let is_version = |name: &str| name.starts_with(|c: char| c.is_ascii_digit());
    is_version(process.exe_name()) && process.exe().is_some_and(is_there)
        || is_version(process.program()) && is_there(Path::new(process.title()))
}
