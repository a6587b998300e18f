//! Where secrets stand in command lines as shells read them.

use std::ops::Range;

/// Short options that are passwords: of which programs, and whether the password may be an argument of its own.
const PASSWORD_FLAGS: &[(&[&str], &str, Apart)] = &[
    (&["mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump", "mariadb-admin"], "-p", Apart::Never),
    (&["7z", "7za", "7zz"], "-p", Apart::Never),
    (&["sshpass", "mongo", "mongosh"], "-p", Apart::Maybe),
    (&["zip", "unzip"], "-P", Apart::Maybe),
    (&["redis-cli"], "-a", Apart::Maybe),
    (&["curl"], "-u", Apart::Maybe),
    (&["curl", "smbclient"], "-U", Apart::Maybe),
    (&["ldapsearch", "ldapmodify", "ldapadd", "ldapwhoami"], "-w", Apart::Maybe),
];

/// Whether a password may be an argument of its own.
#[derive(Clone, Copy, PartialEq)]
enum Apart {
    Never,
    Maybe,
}

/// Options of any program that begin like a password's and are none.
const NO_PASSWORDS: &[&str] = &[
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

/// What stands before a command and its assignments.
const BEFORE_COMMANDS: &[&str] =
    &["env", "export", "sudo", "doas", "exec", "command", "nohup", "time", "setsid", "declare", "local", "readonly"];

/// The password option that the argument is or begins with, for this program.
pub(super) fn password_flag(program: &str, argument: &str) -> Option<&'static str> {
    let program = file_name(program);
    let is_it = |flag: &str, apart: Apart| {
        argument.strip_prefix(flag).is_some_and(|password| !password.is_empty() || apart == Apart::Maybe)
    };
    PASSWORD_FLAGS
        .iter()
        .find(|(programs, flag, apart)| programs.contains(&program) && is_it(flag, *apart))
        .map(|(_, flag, _)| *flag)
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Whether a command may still follow after this argument.
pub(super) fn before_command(argument: &str) -> bool {
    argument.starts_with('-') || BEFORE_COMMANDS.contains(&file_name(argument))
}

/// The name in `NAME=value`, where there is a value.
pub(super) fn assignment(word: &str) -> Option<&str> {
    let (name, value) = word.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (is_name && !value.is_empty()).then_some(name)
}

/// The values that are assigned before commands, if the text is more than one word: it may be a shell's.
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
            is_before_command &= before_command(word);
        }
        let between = after.len() - after.trim_start_matches(is_between).len();
        let separator = after.get(..between).unwrap_or_default();
        is_before_command |= separator.contains([';', '|', '(', '`', '\n']) || separator.contains("&&");
        at += length + between.max(usize::from(length == 0 && between == 0));
    }
    values
}

/// What stands between the words of a shell's line.
fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, ';' | '|' | '&' | '(' | ')' | '`')
}

/// How long the word is that the text begins with; what is quoted belongs to it.
fn word_length(text: &str) -> usize {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if is_between(c) => return at,
            _ => {}
        }
    }
    text.len()
}

/// The value of an option that is a word of its own, `--api-key X`: what follows, up to its end.
pub(super) fn value_of_option(text: &str, option: &Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(option.end..)?;
    let value = rest.trim_start();
    let is_option = begins_word(text, option.start) && text.get(option.clone())?.starts_with('-');
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

/// The password in `-pSECRET`. A number is a port or a process, and some words are options of their own.
pub(super) fn attached_password(text: &str, word: &Range<usize>) -> Option<Range<usize>> {
    let option = text.get(word.start..)?;
    let option = option.get(..word_length(option))?;
    let password = option.strip_prefix("-p")?;
    let is_number = password.starts_with(|c: char| c.is_ascii_digit())
        && password.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '-' | '/'));
    let is_other = password.len() < 4
        || is_number
        || password.starts_with(['/', '.', '='])
        || NO_PASSWORDS.iter().any(|name| option.starts_with(name));
    let start = word.start + "-p".len();
    (begins_word(text, word.start) && !is_other).then(|| start..start + password.len())
}

fn begins_word(text: &str, at: usize) -> bool {
    text.get(..at)
        .is_some_and(|before| before.is_empty() || before.ends_with(|c: char| is_between(c) || c == '"' || c == '\''))
}
