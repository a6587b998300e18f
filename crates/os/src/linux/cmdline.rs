//! `/proc/PID/cmdline`: the arguments, each ended by a NUL.

use agtop_model::Untrusted;

/// Only the beginning of a longer command line is read. A shell accepts megabytes, and agents are recognised by the
/// beginning.
pub(super) const MAX_CMDLINE_BYTES: usize = 128 * 1024;

/// How many arguments are kept: a line of NULs would make a string of each.
const MAX_ARGUMENTS: usize = 4096;

/// Splits a command line.
///
/// A process may overwrite its arguments, and many write a title there. A title without NULs is one argument, blanks
/// included. The NULs that a shorter title leaves behind it are not arguments. An argument that [`MAX_CMDLINE_BYTES`] cuts
/// off keeps its beginning.
pub(super) fn parse(bytes: &[u8]) -> Vec<Untrusted> {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    match bytes.get(..end) {
        None | Some([]) => Vec::new(),
        Some(text) => text.split(|&byte| byte == 0).take(MAX_ARGUMENTS).map(Untrusted::from_bytes).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(bytes: &[u8]) -> Vec<String> {
        parse(bytes).iter().map(|argument| argument.raw().to_owned()).collect()
    }

    #[test]
    fn arguments_end_with_a_nul_and_may_be_empty_or_hold_blanks() {
        assert_eq!(arguments(b"claude\0-p\0\0two words\0"), ["claude", "-p", "", "two words"]);
    }

    #[test]
    fn a_title_without_nuls_is_one_argument() {
        assert_eq!(arguments(b"nginx: master process"), ["nginx: master process"]);
    }

    #[test]
    fn the_nuls_behind_a_title_are_not_arguments() {
        assert_eq!(arguments(b"claude\0\0\0\0\0\0"), ["claude"]);
    }

    #[test]
    fn an_empty_line_and_nuls_are_no_arguments() {
        assert!(arguments(b"").is_empty());
        assert!(arguments(b"\0\0\0").is_empty());
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(arguments(b"vim\0caf\xe9\0"), ["vim", "caf\u{fffd}"]);
    }

    #[test]
    fn a_line_of_very_many_arguments_is_cut() {
        let line = b"x\0".repeat(MAX_CMDLINE_BYTES);
        assert_eq!(parse(&line).len(), MAX_ARGUMENTS);
    }
}
