//! `/proc/PID/cmdline`: the arguments, each ended by a NUL.

use agtop_model::Untrusted;

/// Of longer command lines the end is not read: a shell lets through megabytes, and no agent is told by them.
pub(super) const LONGEST: usize = 128 * 1024;

/// Arguments beyond these are not kept: a line of NULs alone would make a string of each.
const MOST_ARGUMENTS: usize = 4096;

/// Splits a command line.
///
/// A process may write what it likes over its arguments, and many put a title there: without NULs, it is one argument,
/// blanks and all; the NULs that a shorter title leaves behind it are not arguments. Where an argument was cut by
/// [`LONGEST`], its beginning is kept.
pub(super) fn parse(bytes: &[u8]) -> Vec<Untrusted> {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    match bytes.get(..end) {
        None | Some([]) => Vec::new(),
        Some(text) => text.split(|&byte| byte == 0).take(MOST_ARGUMENTS).map(Untrusted::from_bytes).collect(),
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
    fn the_nuls_behind_a_title_are_no_arguments() {
        assert_eq!(arguments(b"claude\0\0\0\0\0\0"), ["claude"]);
    }

    #[test]
    fn nothing_and_nuls_alone_are_no_arguments() {
        assert!(arguments(b"").is_empty());
        assert!(arguments(b"\0\0\0").is_empty());
    }

    #[test]
    fn bytes_that_are_no_utf8_are_shown_as_replaced() {
        assert_eq!(arguments(b"vim\0caf\xe9\0"), ["vim", "caf\u{fffd}"]);
    }

    #[test]
    fn a_line_of_very_many_arguments_is_cut() {
        let line = b"x\0".repeat(LONGEST);
        assert_eq!(parse(&line).len(), MOST_ARGUMENTS);
    }
}
