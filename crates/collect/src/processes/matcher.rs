use agtop_clients::client;
use agtop_model::{ClientId, Process};
use regex::{Regex, RegexBuilder};

/// A user's own pattern for processes that are agents.
#[derive(Clone, Debug)]
pub struct Matcher {
    pub(crate) client: ClientId,
    pattern: Regex,
    /// As the user wrote it.
    written: String,
}

/// A compiled pattern may take this much memory.
const LARGEST_PATTERN: usize = 1 << 20;
/// Patterns see this much of a command line.
const LONGEST_COMMAND: usize = 64 * 1024;

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
            .size_limit(LARGEST_PATTERN)
            .build()
            .map_err(|error| format!("matcher '{label}': {}", last_line(&error.to_string())))?;
        let known = client(label).map(|client| client.info().id);
        Ok(Self { client: known.unwrap_or_else(|| interned(label)), pattern, written: text.to_owned() })
    }

    /// Whether the pattern is found in the command line. What was given the pattern itself (agtop, and a shell, `watch`
    /// or `sudo` in front of it) does not match by that.
    pub(crate) fn matches(&self, command: &str) -> bool {
        self.pattern.is_match(command) && !command.contains(&self.written)
    }
}

/// A regex error's last line says what is wrong; the lines before draw it.
fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or(text).trim_start_matches("error: ")
}

/// Matchers live as long as the program, and so do their labels.
fn interned(label: &str) -> ClientId {
    ClientId::new(Box::leak(label.to_owned().into_boxed_str()))
}

/// The whole command line, as far as patterns see it.
pub(crate) fn command_line(process: &Process) -> String {
    let mut command = String::new();
    for arg in &process.argv {
        if !command.is_empty() {
            command.push(' ');
        }
        command.push_str(arg.raw());
        if command.len() >= LONGEST_COMMAND {
            break;
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_pattern_is_named() {
        let error = Matcher::parse("bot=py(").unwrap_err();
        assert!(error.contains("matcher 'bot'") && error.contains("unclosed group"), "{error}");
        assert!(Matcher::parse("no pattern").is_err());
        assert!(Matcher::parse("=x").is_err());
    }

    /// `-m 'claude=node.*claude'` is found in the command line that it was given on.
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
    fn a_pattern_that_would_take_all_memory_is_refused() {
        let error = Matcher::parse("bot=(x{1000}){1000}").unwrap_err();
        assert!(error.contains("size limit"), "{error}");
    }
}
