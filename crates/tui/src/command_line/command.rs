/// What a command of the command line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandKind {
    Dashboard,
    Explain,
    Export,
    Filter,
    Group,
    GoTo,
    Help,
    Interval,
    Keys,
    Kill,
    Pause,
    Private,
    Quit,
    Refresh,
    Sort,
    Theme,
    Tree,
    View,
}

/// A command of the command line.
pub(crate) struct CommandSpec {
    pub(crate) name: &'static str,
    /// How the help writes its argument; empty if it takes none.
    pub(crate) argument: &'static str,
    pub(crate) help: &'static str,
    pub(crate) kind: CommandKind,
}

const fn command(name: &'static str, argument: &'static str, kind: CommandKind, help: &'static str) -> CommandSpec {
    CommandSpec { name, argument, help, kind }
}

use CommandKind as K;

/// All commands, in alphabetical order.
pub(crate) static COMMANDS: &[CommandSpec] = &[
    command("dashboard", "", K::Dashboard, "dashboard or classic layout"),
    command("explain", "", K::Explain, "explain the chosen session's figures"),
    command("export", "csv|json", K::Export, "write the visible rows to a file"),
    command("filter", "EXPRESSION", K::Filter, "show only matching rows"),
    command("group", "", K::Group, "group by project"),
    command("goto", "", K::GoTo, "go to the chosen agent's terminal"),
    command("help", "", K::Help, "show the keys"),
    command("interval", "SECONDS", K::Interval, "time between two snapshots"),
    command("keys", "agtop|htop|vim", K::Keys, "preset of keys"),
    command("kill", "", K::Kill, "send a signal to the chosen agent, after a question"),
    command("pause", "", K::Pause, "pause or resume"),
    command("private", "", K::Private, "hide or show message text"),
    command("quit", "", K::Quit, "quit"),
    command("refresh", "", K::Refresh, "refresh now"),
    command("sort", "KEY", K::Sort, "order of rows"),
    command("theme", "NAME", K::Theme, "colours"),
    command("tree", "", K::Tree, "tree of subagents and helpers"),
    command("view", "NAME", K::View, "another view"),
];

/// The command with this name, or the only one whose name begins with it.
pub(crate) fn find_command(name: &str) -> Option<&'static CommandSpec> {
    let mut candidates = COMMANDS.iter().filter(|command| command.name.starts_with(name));
    let exact = COMMANDS.iter().find(|command| command.name == name);
    exact.or_else(|| candidates.next().filter(|_| candidates.next().is_none()))
}
