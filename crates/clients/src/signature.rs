//! The signature of an agent's processes, as a table, and the one rule that matches it for all agents: the name of the
//! executable, else the name that it was called by, else the script or the package that a runtime runs.

use std::path::Path;

use agtop_model::ProcessRole;

use crate::ProcFacts;
use crate::program_name::is_program_name;
use crate::store::has_extension;

/// The signature of an agent's processes. Names are matched with the platforms, versions and wrappers that packagers
/// add.
#[derive(Debug)]
pub struct ProcessSignature {
    /// Names of its executables.
    pub programs: &'static [&'static str],
    /// Executables with common names, each with a directory in its path that no other program has.
    pub installed_in: &'static [(&'static str, &'static str)],
    /// Directories whose executables are named by their version.
    pub version_directories: &'static [&'static str],
    /// Titles that it sets in place of its command line.
    pub titles: &'static [&'static str],
    /// Commands that a JavaScript runtime runs, as package managers link them.
    pub node_commands: &'static [&'static str],
    /// npm packages.
    pub npm_packages: &'static [&'static str],
    /// Ends of the paths of scripts that a JavaScript runtime runs.
    pub script_ends: &'static [&'static str],
    /// Commands and modules that Python runs.
    pub python_commands: &'static [&'static str],
    /// Beginnings of the names of executables that serve it or an editor.
    pub helper_prefixes: &'static [&'static str],
    /// Names under which its own executable acts as another tool.
    pub tool_names: &'static [&'static str],
    /// Titles of its background services.
    pub service_titles: &'static [&'static str],
    /// Subcommands that serve sessions to other programs.
    pub host_subcommands: &'static [&'static str],
    /// Subcommands without a conversation.
    pub helper_subcommands: &'static [&'static str],
    /// Flags that make it a server for other programs.
    pub server_flags: &'static [&'static str],
    /// Options that take a value, which is not a subcommand.
    pub(crate) valued_options: &'static [&'static str],
    /// Where the command line names the model.
    pub(crate) model: ModelArgument,
    /// Whether an executable of that name belongs to another product.
    pub(crate) is_other_product: fn(&ProcFacts<'_>) -> bool,
}

/// Where a command line names the model.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ModelArgument {
    /// Nowhere.
    Absent,
    /// After one of these options.
    Option(&'static [&'static str]),
    /// After this word.
    After(&'static str),
}

/// Options that take a value, in the notation that most agents share.
const VALUED_OPTIONS: &[&str] = &["-m", "--model", "--config", "--workspace", "--cwd"];

/// Options that name the model, in the notation that most agents share.
pub(crate) const MODEL_OPTIONS: ModelArgument = ModelArgument::Option(&["-m", "--model"]);

impl ProcessSignature {
    /// The empty signature, on which tables are based.
    pub(crate) const NONE: Self = Self {
        programs: &[],
        installed_in: &[],
        version_directories: &[],
        titles: &[],
        node_commands: &[],
        npm_packages: &[],
        script_ends: &[],
        python_commands: &[],
        helper_prefixes: &[],
        tool_names: &[],
        service_titles: &[],
        host_subcommands: &[],
        helper_subcommands: &[],
        server_flags: &[],
        valued_options: VALUED_OPTIONS,
        model: ModelArgument::Absent,
        is_other_product: |_| false,
    };

    /// The role of the process, if it belongs to the agent.
    pub(crate) fn role(&self, process: &ProcFacts<'_>) -> Option<ProcessRole> {
        if self.helper_prefixes.iter().any(|part| process.is_program_beginning(part)) {
            return Some(ProcessRole::Helper);
        }
        self.is(process).then(|| self.working_role(process))
    }

    /// Whether the process is the agent's program, in any role.
    pub(crate) fn is(&self, process: &ProcFacts<'_>) -> bool {
        self.is_executable(process) || self.is_script(process) || self.titles.contains(&process.title())
    }

    /// Whether the name of the executable file alone identifies the agent's program.
    pub(crate) fn is_named_by_file(&self, process: &ProcFacts<'_>) -> bool {
        self.programs.iter().any(|name| process.is_file_of(name))
    }

    /// The first word on the command line that is neither an option nor an option's value.
    pub(crate) fn subcommand<'a>(&self, process: &ProcFacts<'a>) -> Option<&'a str> {
        // A launcher that keeps its own name in `argv[0]` leaves the script among the words.
        process.words(self.valued_options).find(|word| !has_extension(Path::new(word), "js"))
    }

    /// The model on the command line.
    pub(crate) fn model(&self, process: &ProcFacts<'_>) -> Option<String> {
        let named = match self.model {
            ModelArgument::Absent => None,
            ModelArgument::Option(names) => process.option(names),
            ModelArgument::After(word) => process.words(self.valued_options).skip_while(|&one| one != word).nth(1),
        };
        named.map(str::to_owned)
    }

    fn is_executable(&self, process: &ProcFacts<'_>) -> bool {
        let is_named = self.programs.iter().any(|name| process.is_program(name));
        is_named && !(self.is_other_product)(process)
            || self.installed_in.iter().any(|(directory, name)| is_installed(process, directory, name))
            || self.version_directories.iter().any(|directory| is_version_in(process, directory))
    }

    fn is_script(&self, process: &ProcFacts<'_>) -> bool {
        self.npm_packages.iter().any(|package| process.script_in_package(package))
            || self.script_ends.iter().any(|end| process.script_ends_with(end))
            || self.node_commands.iter().any(|name| process.is_node_command(name))
            || self.python_commands.iter().any(|name| process.is_python_command(name))
            || process.module().is_some_and(|module| self.python_commands.contains(&module))
    }

    fn working_role(&self, process: &ProcFacts<'_>) -> ProcessRole {
        let is_helping = self.tool_names.contains(&process.program())
            || self.service_titles.contains(&process.title())
            || self.server_flags.iter().any(|flag| process.has_arg(flag));
        match self.subcommand(process) {
            _ if is_helping => ProcessRole::Helper,
            Some(word) if self.host_subcommands.contains(&word) => ProcessRole::Host,
            Some(word) if self.helper_subcommands.contains(&word) => ProcessRole::Helper,
            _ => ProcessRole::Agent,
        }
    }
}

/// Whether the process runs the executable of that name somewhere below that directory.
fn is_installed(process: &ProcFacts<'_>, directory: &str, name: &str) -> bool {
    is_program_name(process.exe_name(), name) && process.file().split(['/', '\\']).any(|part| part == directory)
}

/// Whether the process runs an executable in that directory that is named by its version.
fn is_version_in(process: &ProcFacts<'_>, directory: &str) -> bool {
    let is_there = |file: &Path| file.parent().is_some_and(|parent| parent.ends_with(directory));
    let is_version = |name: &str| name.starts_with(|c: char| c.is_ascii_digit());
    is_version(process.exe_name()) && process.exe().is_some_and(is_there)
        || is_version(process.program()) && is_there(Path::new(process.title()))
}
