//! Messages of agtop on standard error. Nothing else in the program writes there, except terminal control sequences.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::Write;

use agtop_format::sink;

/// Prints a message after the program's name, and logs it. The message may quote untrusted text.
pub(crate) fn print_message(message: impl Display) {
    tracing::warn!("on standard error: {message}");
    print_line(format_args!("agtop: {message}"));
}

/// Prints a text without characters that control a terminal.
pub(crate) fn print_line(message: impl Display) {
    // An error about standard error could not be printed either.
    drop(writeln!(std::io::stderr(), "{}", sink::message(&message.to_string())));
}

/// Prints the error of an invalid command line (or the help that it asks for), and ends the program as clap does. If
/// the command line has characters that control a terminal, it prints without these and without colours.
pub(crate) fn exit_with_usage_error(error: &clap::Error) -> ! {
    let is_harmless = |text: OsString| text.to_string_lossy().chars().all(sink::is_harmless);
    if !error.use_stderr() || std::env::args_os().chain(values_of_agtop_variables()).all(is_harmless) {
        error.exit();
    }
    print_line(error.render());
    std::process::exit(error.exit_code());
}

/// The values of agtop's environment variables, which replace arguments.
fn values_of_agtop_variables() -> impl Iterator<Item = OsString> {
    let is_ours = |name: &OsStr| name.to_string_lossy().starts_with("AGTOP_");
    std::env::vars_os().filter(move |(name, _)| is_ours(name)).map(|(_, value)| value)
}
