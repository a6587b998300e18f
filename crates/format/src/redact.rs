use std::borrow::Cow;
use std::ops::Range;

use agtop_model::Untrusted;

mod shell;

use shell::{assignments_in, may_precede_command, password_flag, value_of_option};

/// The text in place of a secret.
const MASK: &str = "***";

/// A name that ends in one of these names a secret: `--openai-api-key`, `GITHUB_TOKEN`, `clientSecret`.
const SECRET_ENDINGS: &[&str] =
    &["apikey", "api-key", "token", "secret", "password", "passwd", "passphrase", "credentials"];

/// A name that is one of these words, or ends in one after a dash or dot, names a secret: `--ssh-key`, not `--monkey`.
const SECRET_WORDS: &[&str] = &["key", "pass", "auth", "authorization", "bearer", "credential"];

/// The beginnings of keys of well-known vendors: `OpenAI` and Anthropic, `GitHub`, `GitLab`, AWS, Google, Slack, Hugging Face,
/// npm, and signed web tokens.
const SECRET_PREFIXES: &[&str] = &[
    "sk-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "hf_",
    "npm_",
    "eyJ",
];

/// The smallest number of bytes of a key after its prefix; a shorter word is no key.
const MIN_KEY_BYTES: usize = 12;

/// A command line with its secrets masked: values of options and variables with a secret's name, passwords in addresses,
/// and words that look like a vendor's key become `***`. In doubt, a text is masked.
pub fn redact(argv: &[Untrusted]) -> Vec<Cow<'_, str>> {
    let program = argv.first().map_or("", Untrusted::raw);
    let mut value_is_secret = false;
    let mut is_before_command = true;
    let mut shown = Vec::with_capacity(argv.len());
    for argument in argv.iter().map(Untrusted::raw) {
        let flag = password_flag(program, argument);
        let assigned = shell::assignment(argument).filter(|_| is_before_command);
        shown.push(if value_is_secret && !argument.starts_with("--") {
            Cow::Borrowed(MASK)
        } else if let Some(name) = assigned {
            Cow::Owned(format!("{name}={MASK}"))
        } else if let Some(flag) = flag.filter(|flag| flag.len() < argument.len()) {
            Cow::Owned(format!("{flag}{MASK}"))
        } else {
            mask_argument(argument)
        });
        is_before_command &= assigned.is_some() || may_precede_command(argument);
        value_is_secret = match flag {
            Some(flag) => flag == argument,
            None => takes_secret(argument),
        };
    }
    shown
}

/// Whether the next argument is the value of this option and a secret.
fn takes_secret(option: &str) -> bool {
    let has_value = shell::attached_password(option, &(0..option.len())).is_some();
    option.starts_with('-') && is_secret_name(option) && !has_value
}

/// One argument with its secrets masked: `--option=value`, `NAME=value`, a header, an address or JSON.
fn mask_argument(argument: &str) -> Cow<'_, str> {
    match argument.split_once('=') {
        Some((name, value)) if !value.is_empty() && name.chars().all(is_word_char) && is_secret_name(name) => {
            Cow::Owned(format!("{name}={MASK}"))
        }
        _ => {
            let secrets = secrets_in(argument).into_iter().chain(assignments_in(argument)).collect();
            mask_ranges(argument, &merge_ranges(secrets))
        }
    }
}

/// The ranges in order; those that overlap or touch become one.
fn merge_ranges(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut disjoint: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match disjoint.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => disjoint.push(range),
        }
    }
    disjoint
}

/// Whether the name is that of a secret, in upper or lower case, with dashes or underscores.
fn is_secret_name(name: &str) -> bool {
    let name = name.trim_start_matches('-').to_ascii_lowercase().replace('_', "-");
    let ends_in_word =
        |word: &str| name.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with(['-', '.']));
    SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending)) || SECRET_WORDS.iter().any(|word| ends_in_word(word))
}

/// The text with `***` in place of the ranges, which are in order.
fn mask_ranges<'t>(text: &'t str, secrets: &[Range<usize>]) -> Cow<'t, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut clean = String::new();
    let mut kept = 0;
    for secret in secrets {
        clean.push_str(text.get(kept..secret.start).unwrap_or_default());
        clean.push_str(MASK);
        kept = secret.end;
    }
    clean.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(clean)
}

/// The ranges of the secrets, in order and without overlaps.
fn secrets_in(text: &str) -> Vec<Range<usize>> {
    let mut secrets: Vec<Range<usize>> = Vec::new();
    let mut after_bearer = false;
    for word in words(text) {
        let is_masked = secrets.last().is_some_and(|secret| word.start < secret.end);
        let Some(name) = text.get(word.clone()).filter(|_| !is_masked) else { continue };
        let secret = if after_bearer {
            Some(word.clone())
        } else if let Some(password) = shell::attached_password(text, &word) {
            Some(password)
        } else if is_secret_name(name) {
            value_after(text, word.end).or_else(|| value_of_option(text, &word))
        } else {
            credentials_after(text, word.end).or_else(|| vendor_key_start(name).map(|at| word.start + at..word.end))
        };
        after_bearer = secret.is_none() && name.eq_ignore_ascii_case("bearer");
        secrets.extend(secret);
    }
    secrets
}

/// Whether names and keys may contain the character.
fn is_word_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/')
}

/// The ranges of runs of such characters.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.split(|c| !is_word_char(c)).filter(|word| !word.is_empty()).map(|word| {
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        start..start + word.len()
    })
}

/// The value after the name that ends at `end`: `=value`, `: value`, `": "value"`.
fn value_after(text: &str, end: usize) -> Option<Range<usize>> {
    let rest = text.get(end..)?.trim_start_matches(['"', '\'', '\\', ' ']);
    let assigned = rest.strip_prefix([':', '='])?;
    let is_header = rest.starts_with(':');
    let value = assigned.trim_start_matches(['\\', ' ']);
    let (value, ends): (&str, &[char]) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => (value.get(1..)?, if quote == '"' { &['"'] } else { &['\''] }),
        _ if is_header => (value, &['"', '\'', ',', '}', '\n']),
        _ => (value, &['"', '\'', ',', '}', '\n', ' ', '&', ';']),
    };
    let start = text.len() - value.len();
    let length = value.find(ends).unwrap_or(value.len());
    (length > 0).then_some(start..start + length)
}

/// The credentials in the address whose scheme ends at `end`: `user:password` in `https://user:password@host`.
fn credentials_after(text: &str, end: usize) -> Option<Range<usize>> {
    let authority = text.get(end..)?.strip_prefix("://")?;
    let authority = authority.split(['/', ' ', '?', '#', '"']).next()?;
    let at = authority.rfind('@').filter(|at| *at > 0)?;
    Some(end + 3..end + 3 + at)
}

/// The offset in the word at which a vendor's key begins.
fn vendor_key_start(word: &str) -> Option<usize> {
    let begins_word = |at| word.get(..at).is_some_and(|before| before.is_empty() || before.ends_with(['/', '.', '+']));
    SECRET_PREFIXES.iter().find_map(|prefix| {
        let at = word.find(prefix)?;
        (begins_word(at) && word.len() - at >= prefix.len() + MIN_KEY_BYTES).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(argv: &[&str]) -> Vec<String> {
        let argv: Vec<Untrusted> = argv.iter().map(|&argument| argument.into()).collect();
        redact(&argv).into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn the_value_of_a_secret_option_is_masked_in_both_notations() {
        assert_eq!(
            shown(&["agent", "--api-key", "abc", "--github-token=x@y z", "--model", "opus", "--password", "-p w"]),
            ["agent", "--api-key", "***", "--github-token=***", "--model", "opus", "--password", "***"]
        );
        assert_eq!(shown(&["env", "ANTHROPIC_API_KEY=a b", "claude"]), ["env", "ANTHROPIC_API_KEY=***", "claude"]);
    }

    #[test]
    fn a_vendor_key_is_masked_anywhere_in_an_argument() {
        let cases = [
            ("sk-ant-api03-abcdefghijkl", "***"),
            ("url?k=ghp_0123456789abcdef&x=1", "url?k=***&x=1"),
            ("{\"id\":\"AKIA0123456789ABCDEF\"}", "{\"id\":\"***\"}"),
            ("curl with Bearer abc.def.ghi", "curl with Bearer ***"),
            ("ü sk-0123456789abcdef é", "ü *** é"),
        ];
        for (argument, expected) in cases {
            assert_eq!(shown(&[argument]), [expected]);
        }
    }

    #[test]
    fn secrets_within_an_argument_are_masked() {
        let cases = [
            ("Authorization: Basic dXNlcg==", "Authorization: ***"),
            ("X-Api-Key: a@b c", "X-Api-Key: ***"),
            (
                r#"{"env":{"API_KEY":"p@ss!","openaiApiKey": "x","PORT":"80"}}"#,
                r#"{"env":{"API_KEY":"***","openaiApiKey": "***","PORT":"80"}}"#,
            ),
            (r#"{"token":"","next":"kept"}"#, r#"{"token":"","next":"kept"}"#),
            ("http://h/p?page=2&access_token=abc&z=1", "http://h/p?page=2&access_token=***&z=1"),
            ("postgres://me:p:w@db.host/x?y", "postgres://***@db.host/x?y"),
            ("export GITHUB_TOKEN=abc; run", "export GITHUB_TOKEN=***; run"),
        ];
        for (argument, expected) in cases {
            assert_eq!(mask_argument(argument), expected);
        }
    }

    #[test]
    fn an_argument_without_a_secret_is_unchanged() {
        let argv = [
            "claude",
            "--resume",
            "6163a95c-e18a",
            "--max-tokens",
            "100",
            "--monkey",
            "banana",
            "task-sk-1",
            "sk-short",
            "https://host/path@v2",
            "-p",
            "bearer",
        ];
        assert_eq!(shown(&argv), argv);
    }

    /// `sh -c 'agent --api-key X'`, `-pSECRET` and `KEY=value` before a command were shown unchanged.
    #[test]
    fn secrets_in_shell_lines_short_options_and_assignments_are_masked() {
        const CASES: &[(&[&str], &[&str])] = &[
            (&["sh", "-c", "agent --api-key X --model opus"], &["sh", "-c", "agent --api-key *** --model opus"]),
            (&["sh", "-c", "agent --api-key 'a b' run"], &["sh", "-c", "agent --api-key '***' run"]),
            (&["sh", "-c", "agent --api-key \"a b\"; run"], &["sh", "-c", "agent --api-key \"***\"; run"]),
            (&["sh", "-c", "agent --token --verbose"], &["sh", "-c", "agent --token --verbose"]),
            (&["sh", "-c", "agent --token"], &["sh", "-c", "agent --token"]),
            (&["sh", "-c", "agent --max-tokens 100"], &["sh", "-c", "agent --max-tokens 100"]),
            (&["sh", "-c", "mysql -uroot -ps3cr#t! shop"], &["sh", "-c", "mysql -uroot -p*** shop"]),
            (&["mysql", "-uroot", "-pSECRET", "shop"], &["mysql", "-uroot", "-p***", "shop"]),
            (&["mysql", "-p1234"], &["mysql", "-p***"]),
            (&["any-tool", "-pSECRET"], &["any-tool", "-p***"]),
            (&["/usr/bin/sshpass", "-p", "SECRET", "ssh", "h"], &["/usr/bin/sshpass", "-p", "***", "ssh", "h"]),
            (&["java", "-password", "SECRET", "-jar"], &["java", "-password", "***", "-jar"]),
            (&["curl", "-u", "me:pw", "-uyou:pw", "h"], &["curl", "-u", "***", "-u***", "h"]),
            (&["redis-cli", "-a", "pw", "ping"], &["redis-cli", "-a", "***", "ping"]),
            (&["docker", "run", "-p8080:80", "-p", "1:1"], &["docker", "run", "-p8080:80", "-p", "1:1"]),
            (&["find", ".", "-path", "x", "-print0"], &["find", ".", "-path", "x", "-print0"]),
            (&["claude", "-p", "mend it"], &["claude", "-p", "mend it"]),
            (&["env", "-i", "DB=a b", "X=1", "claude", "Y=2"], &["env", "-i", "DB=***", "X=***", "claude", "Y=2"]),
            (&["sh", "-c", "DB=x claude"], &["sh", "-c", "DB=*** claude"]),
            (&["sh", "-c", "cd /w && A='x y' B=2 claude"], &["sh", "-c", "cd /w && A=*** B=*** claude"]),
            (&["sh", "-c", "env A=1 claude; export C=3"], &["sh", "-c", "env A=*** claude; export C=***"]),
            (&["sh", "-c", "claude --set a=b c=d"], &["sh", "-c", "claude --set a=b c=d"]),
            (&["dd", "if=/dev/zero"], &["dd", "if=/dev/zero"]),
            (&["sh", "-c", "A='never closed"], &["sh", "-c", "A=***"]),
        ];
        for (argv, expected) in CASES {
            assert_eq!(shown(argv), *expected);
        }
    }

    #[test]
    fn an_option_without_a_value_does_not_swallow_the_next_option() {
        assert_eq!(shown(&["a", "--token", "--verbose", "x"]), ["a", "--token", "--verbose", "x"]);
    }

    proptest! {
        #[test]
        fn masking_changes_a_text_only_by_a_mask(text in "[ -~é\n]{0,40}|(token|--key|-p|A=|;|key|://|[:=\"'@\\\\ é]|bearer|sk-0123456789abc){0,12}") {
            let shown = mask_argument(&text);
            prop_assert!(shown == text || shown.contains(MASK));
        }
    }
}
