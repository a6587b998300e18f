use agtop_clients::client;
use agtop_model::{ClientId, Process};
use regex::{Regex, RegexBuilder};

/// A pattern of the user for the command lines of agents.
#[derive(Clone, Debug)]
pub struct Matcher {
    pub(crate) client: ClientId,
    pattern: Regex,
    /// As the user wrote it.
    written: String,
}

/// Memory that a compiled pattern may take.
const MAX_PATTERN_BYTES: usize = 1 << 20;
/// How much of a command line patterns are searched in.
const MAX_COMMAND_BYTES: usize = 64 * 1024;

impl Matcher {
    /// Reads `LABEL=REGEX`. The label is a client's name or any other; the pattern is searched in the whole command
    /// line. Patterns run in linear time and bounded memory.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (label, pattern) = text.split_once('=').ok_or_else(|| format!("matcher '{text}' is not LABEL=REGEX"))?;
        let label = label.trim();
        if label.is_empty() {
            return Err(format!("matcher '{text}' has no label before '='"));
        }
        let pattern = RegexBuilder::new(pattern)
            .size_limit(MAX_PATTERN_BYTES)
            .build()
            .map_err(|error| format!("matcher '{label}': {}", last_line(&error.to_string())))?;
        let known = client(label).map(|client| client.info().id);
        Ok(Self { client: known.unwrap_or_else(|| interned(label)), pattern, written: text.to_owned() })
    }

    /// Whether the pattern is found in the command line. A command line that contains the pattern as the user wrote it
    /// does not match: it is the one of agtop itself, or of a shell, `watch` or `sudo` that started it.
    pub(crate) fn matches(&self, command: &str) -> bool {
        self.pattern.is_match(command) && !command.contains(&self.written)
    }
}

/// The last line of a regex error says what is wrong; the lines before show where.
fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or(text).trim_start_matches("error: ")
}

/// Labels are leaked: matchers live as long as the program.
fn interned(label: &str) -> ClientId {
    ClientId::new(Box::leak(label.to_owned().into_boxed_str()))
}

/// The command line that patterns are searched in.
pub(crate) fn command_line(process: &Process) -> String {
    let mut command = String::new();
    for arg in &process.argv {
        if !command.is_empty() {
            command.push(' ');
        }
        command.push_str(arg.raw());
        if command.len() >= MAX_COMMAND_BYTES {
            break;
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_pattern_is_named_in_the_error() {
        let error = Matcher::parse("bot=py(").unwrap_err();
        assert!(error.contains("matcher 'bot'") && error.contains("unclosed group"), "{error}");
        assert!(Matcher::parse("no pattern").is_err());
        assert!(Matcher::parse("=x").is_err());
    }

    /// The pattern of `-m 'claude=node.*claude'` matches the command line of agtop itself.
    #[test]
    fn a_pattern_does_not_match_the_command_line_that_states_it() {
        let matcher = Matcher::parse("claude=node.*claude").unwrap();
        assert!(matcher.matches("node /opt/claude"));
        for command in [
            "agtop -m claude=node.*claude",
            "agtop --match=claude=node.*claude --json",
            "sh -c agtop -m 'claude=node.*claude' | less",
            "watch agtop -m claude=node.*claude",
        ] {
            assert!(!matcher.matches(command), "{command}");
        }
    }

    #[test]
    fn a_pattern_that_would_take_too_much_memory_is_refused() {
        let error = Matcher::parse("bot=(x{1000}){1000}").unwrap_err();
        assert!(error.contains("size limit"), "{error}");
    }
}
