use std::path::Path;

use agtop_model::ClientId;

/// The subcommand that hooks call.
const HOOK_SUBCOMMAND: &str = "hook";
const CLIENT_OPTION: &str = "--client";

/// The command that a hook calls: agtop by its absolute path, because agents run with different `PATH`s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookCommand {
    program: String,
}

impl HookCommand {
    /// A command that calls this program. `None` if a settings file cannot name it: its path is not UTF-8 or not
    /// absolute, has control characters, or is not called agtop, so that agtop would not recognise it.
    pub fn new(program: &Path) -> Option<Self> {
        let text = program.to_str()?;
        let is_plain = program.is_absolute() && !text.chars().any(char::is_control);
        is_plain.then(|| Self::of_program(text.to_owned())).flatten()
    }

    /// The program's path.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The arguments, for a client that starts programs without a shell.
    pub(super) fn arguments(client: ClientId) -> [&'static str; 3] {
        [HOOK_SUBCOMMAND, CLIENT_OPTION, client.as_str()]
    }

    /// The command line for a shell.
    pub(super) fn shell(&self, client: ClientId) -> String {
        format!("{} {}", quoted(&self.program), Self::arguments(client).join(" "))
    }

    /// Parses agtop's own command from a shell command line; `None` for another program. Options and the directory are
    /// ignored: they may be those of an older agtop.
    pub(super) fn of_shell(line: &str) -> Option<Self> {
        let (program, rest) = first_word(line.trim())?;
        (rest.split_ascii_whitespace().next() == Some(HOOK_SUBCOMMAND)).then_some(())?;
        Self::of_program(program)
    }

    /// Like [`of_shell`](Self::of_shell), for a program and its arguments as a list.
    pub(super) fn of_list<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        let program = words.next()?;
        (words.next() == Some(HOOK_SUBCOMMAND)).then_some(())?;
        Self::of_program(program.to_owned())
    }

    fn of_program(program: String) -> Option<Self> {
        let name = program.rsplit(['/', '\\']).next()?;
        let name = name.strip_suffix(".exe").unwrap_or(name);
        (name == "agtop").then_some(Self { program })
    }
}

/// Quotes a word for a POSIX shell, and if possible also for Windows' shells, which do not know single quotes.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:,@".contains(c);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else if word.contains(['"', '$', '`', '!', '%']) || word.ends_with('\\') {
        format!("'{}'", word.replace('\'', r"'\''"))
    } else {
        format!("\"{word}\"")
    }
}

/// The first word of a line in the quoting of [`quoted`], and the rest.
fn first_word(line: &str) -> Option<(String, &str)> {
    if let Some(rest) = line.strip_prefix('"') {
        return rest.split_once('"').map(|(word, rest)| (word.to_owned(), rest));
    }
    let Some(mut rest) = line.strip_prefix('\'') else {
        return line.split_once(' ').map(|(word, rest)| (word.to_owned(), rest));
    };
    let mut word = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        word.push_str(part);
        let Some(more) = after.strip_prefix(r"\''") else { return Some((word, after)) };
        word.push('\'');
        rest = more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAUDE: ClientId = ClientId::new("claude");

    #[test]
    fn a_command_is_read_back_however_its_path_is_quoted() {
        for path in ["/usr/bin/agtop", "/opt/my tools/agtop", "/a'b/agtop", "/a$b c/agtop", "/größe/agtop"] {
            let command = HookCommand::new(Path::new(path)).unwrap();
            let line = command.shell(CLAUDE);
            assert_eq!(HookCommand::of_shell(&line), Some(command), "{line}");
        }
    }

    #[test]
    fn only_paths_that_are_absolute_and_plain_text_can_be_named() {
        assert_eq!(HookCommand::new(Path::new("agtop")), None);
        assert_eq!(HookCommand::new(Path::new("/bin/agtop-dev")), None, "it would not be known again");
        assert_eq!(HookCommand::new(Path::new("/a\nb/agtop")), None);
    }

    #[test]
    fn commands_of_other_tools_are_not_agtops() {
        for line in
            ["/usr/bin/agtop", "agtop statusline", "/bin/aitop hook", "echo agtop hook", "agtop-x hook", "", "'"]
        {
            assert_eq!(HookCommand::of_shell(line), None, "{line}");
        }
        assert!(HookCommand::of_shell("agtop hook").is_some(), "a command of an older agtop has no options");
        assert!(HookCommand::of_shell(r#""C:\Program Files\agtop.exe" hook --client x"#).is_some());
    }
}
