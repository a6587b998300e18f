//! Where secrets are in the command lines of shells.

use std::ops::Range;

/// Short options with a password: programs, the option, and where the password is.
const PASSWORD_FLAGS: &[(&[&str], &str, PasswordPlace)] = &[
    (&["mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mariadb-admin"], "-p", PasswordPlace::Attached),
    (&["7z", "7za", "7zz"], "-p", PasswordPlace::Attached),
    (&["sshpass", "mongo", "mongosh"], "-p", PasswordPlace::Either),
    (&["zip", "unzip"], "-P", PasswordPlace::Either),
    (&["redis-cli"], "-a", PasswordPlace::Either),
    (&["curl"], "-u", PasswordPlace::Either),
    (&["curl", "smbclient"], "-U", PasswordPlace::Either),
    (&["ldapsearch", "ldapmodify", "ldapadd", "ldapwhoami"], "-w", PasswordPlace::Either),
];

/// Where the password of an option is.
#[derive(Clone, Copy, PartialEq)]
enum PasswordPlace {
    /// Only attached to the option: `-pSECRET`.
    Attached,
    /// Attached, or the next argument.
    Either,
}

/// Options of any program that begin with `-p` and have no password.
const NON_PASSWORD_OPTIONS: &[&str] = &[
    "-param",
    "-parallel",
    "-parent",
    "-pass",
    "-path",
    "-pedantic",
    "-perm",
    "-pid",
    "-pipe",
    "-pix",
    "-plugin",
    "-plain",
    "-pool",
    "-port",
    "-prefix",
    "-preset",
    "-print",
    "-priority",
    "-process",
    "-profile",
    "-project",
    "-prompt",
    "-provider",
    "-proxy",
    "-prune",
    "-pthread",
    "-public",
];

/// Words that may precede a command and its assignments.
const COMMAND_PREFIXES: &[&str] =
    &["env", "export", "sudo", "doas", "exec", "command", "nohup", "time", "setsid", "declare", "local", "readonly"];

/// The password option of this program that the argument is or begins with.
pub(super) fn password_flag(program: &str, argument: &str) -> Option<&'static str> {
    let program = file_name(program);
    let is_password_option = |flag: &str, place: PasswordPlace| {
        argument.strip_prefix(flag).is_some_and(|password| !password.is_empty() || place == PasswordPlace::Either)
    };
    PASSWORD_FLAGS
        .iter()
        .find(|(programs, flag, place)| programs.contains(&program) && is_password_option(flag, *place))
        .map(|(_, flag, _)| *flag)
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether a command may still follow after this argument.
pub(super) fn may_precede_command(argument: &str) -> bool {
    argument.starts_with('-') || COMMAND_PREFIXES.contains(&file_name(argument))
}

/// The name in `NAME=value`; `None` without a value.
pub(super) fn assignment(word: &str) -> Option<&str> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_name && !value.is_empty()).then_some(name)
}

/// The values that are assigned before commands. A text of one word has none: it is no command line of a shell.
pub(super) fn assignments_in(text: &str) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    if !text.contains([' ', '\n', '\t', ';']) {
        return values;
    }
    let mut is_before_command = true;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let length = word_length(rest);
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if let Some(name) = assignment(word).filter(|_| is_before_command) {
            values.push(at + name.len() + 1..at + length);
        } else if !word.is_empty() {
            is_before_command &= may_precede_command(word);
        }
        let separator_length = after.len() - after.trim_start_matches(is_separator).len();
        let separator = after.get(..separator_length).unwrap_or_default();
        is_before_command |= separator.contains([';', '|', '(', '`', '\n']) || separator.contains("&&");
        at += length + separator_length.max(usize::from(length == 0 && separator_length == 0));
    }
    values
}

/// Whether the character separates the words of a command line.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ';' | '|' | '&' | '(' | ')' | '`')
}

/// The length of the first word of the text; quoted text belongs to it.
fn word_length(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if is_separator(c) => return at,
            _ => {}
        }
    }
    text.len()
}

/// The value of an option whose value is the next word, as in `--api-key X`.
pub(super) fn value_of_option(text: &str, option: &Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(option.end..)?;
    let value = rest.trim_start();
    let is_option = is_word_start(text, option.start) && text.get(option.clone())?.starts_with('-');
    if !is_option || value.len() == rest.len() || value.starts_with('-') {
        return None;
    }
    let start = text.len() - value.len();
    let (from, length) = match value.chars().next()? {
        quote @ ('"' | '\'') => {
            let quoted = value.get(1..)?;
            (start + 1, quoted.find(quote).unwrap_or(quoted.len()))
        }
        _ => (start, word_length(value)),
    };
    (length > 0).then_some(from..from + length)
}

/// The password in `-pSECRET`. A number is a port or a pid, and some words are options of their own.
pub(super) fn attached_password(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    let option = text.get(word.start..)?;
    let option = option.get(..word_length(option))?;
    let password = option.strip_prefix("-p")?;
    let is_number = password.starts_with(|c: char| c.is_ascii_digit())
        && password.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '-' | '/'));
    let is_other = password.len() < 4
        || is_number
        || password.starts_with(['/', '.', '='])
        || NON_PASSWORD_OPTIONS.iter().any(|name| option.starts_with(name));
    let start = word.start + "-p".len();
    (is_word_start(text, word.start) && !is_other).then(|| start..start + password.len())
}

fn is_word_start(text: &str, at: usize) -> bool {
    text.get(..at)
        .is_some_and(|before| before.is_empty() || before.ends_with(|c: char| is_separator(c) || c == '"' || c == '\''))
}
