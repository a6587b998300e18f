//! The program's own messages, on standard error: this is the only place that writes them.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::Write;

use agtop_format::sink;

/// Says it, after the program's name, and in the log as well. What it quotes may come from anywhere.
pub(crate) fn say(message: impl Display) {
    tracing::warn!("said on standard error: {message}");
    line(format_args!("agtop: {message}"));
}

/// Writes it as it is, but for what a terminal acts on.
pub(crate) fn line(message: impl Display) {
    // Where nobody can be told, there is nobody to tell it to.
    drop(writeln!(std::io::stderr(), "{}", sink::message(&message.to_string())));
}

/// Tells why the command line is not understood (or prints the help that it asks for), and ends the program as clap does.
/// Where its words hold what a terminal acts on, it does without that and without colours.
pub(crate) fn refuse(error: &clap::Error) -> ! {
    let is_harmless = |text: OsString| text.to_string_lossy().chars().all(sink::is_harmless);
    if !error.use_stderr() || std::env::args_os().chain(own_variables()).all(is_harmless) {
        error.exit();
    }
    line(error.render());
    std::process::exit(error.exit_code());
}

/// The values of the variables that stand in for arguments.
fn own_variables() -> impl Iterator<Item = OsString> {
    let is_ours = |name: &OsStr| name.to_string_lossy().starts_with("AGTOP_");
    std::env::vars_os().filter(move |(name, _)| is_ours(name)).map(|(_, value)| value)
}
