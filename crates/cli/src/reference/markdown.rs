//! The reference as one Markdown document.

use std::fmt::Write as _;

use clap::{Arg, Command};

use super::definition::built_definition;
use super::notes::NOTES;

const HEADING: &str = "<!-- made by cargo xtask docs from the definition of the command line, do not edit -->\n
# The command line\n
Every command and option of agtop, as `agtop --help` and `agtop COMMAND --help` explain them. The
[README](../README.md) says what they are for. `man agtop` shows the same.\n";

/// The document: the commands in their order, then what holds for all.
pub(crate) fn document() -> String {
    let definition = built_definition();
    let mut document = HEADING.to_owned();
    write_command(&mut document, &definition);
    for notes in NOTES {
        let _ = writeln!(document, "\n## {}\n\n| | |\n|---|---|", notes.heading);
        for (term, meaning) in notes.terms {
            let _ = writeln!(document, "| `{term}` | {} |", cell(meaning));
        }
    }
    document
}

fn write_command(document: &mut String, command: &Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    let usage: Vec<&str> = usage.trim_start_matches("Usage:").lines().map(str::trim).collect();
    let _ = writeln!(document, "\n## `{name}`\n\n{}\n\n```text\n{}\n```", sentence(&about), usage.join("\n"));
    if let Some(notes) = command.get_after_help() {
        let _ = writeln!(document, "\n{}", sentence(&notes.to_string()));
    }
    let mut subcommands: Vec<&Command> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).collect();
    subcommands.sort_by_key(|sub| sub.get_display_order());
    if !subcommands.is_empty() {
        document.push_str("\n| command | what it does |\n|---|---|\n");
    }
    for sub in &subcommands {
        let name = sub.get_bin_name().unwrap_or_else(|| sub.get_name());
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(document, "| [`{name}`](#{}) | {} |", name.replace(' ', "-"), cell(&about));
    }
    write_arguments(document, command);
    for sub in subcommands {
        write_command(document, sub);
    }
}

/// The arguments in tables, one for each heading of the help.
fn write_arguments(document: &mut String, command: &Command) {
    let shown: Vec<&Arg> = command.get_arguments().filter(|argument| !argument.is_hide_set()).collect();
    let heading = |argument: &Arg| argument.get_help_heading().unwrap_or("Options").to_owned();
    let mut headings: Vec<String> = Vec::new();
    for argument in &shown {
        if !headings.contains(&heading(argument)) {
            headings.push(heading(argument));
        }
    }
    for wanted in headings {
        let _ = writeln!(document, "\n| {} | meaning |\n|---|---|", wanted.to_lowercase());
        for argument in shown.iter().filter(|argument| heading(argument) == wanted) {
            let _ = writeln!(document, "| {} | {} |", spelling(argument), cell(&meaning(argument)));
        }
    }
}

/// How the argument is written, with its aliases and the name of its value.
fn spelling(argument: &Arg) -> String {
    let value = value_name(argument);
    if argument.is_positional() {
        return format!("`{}`", value.trim().replace('|', "\\|"));
    }
    let shorts = argument.get_short().into_iter().chain(argument.get_visible_short_aliases().unwrap_or_default());
    let longs = argument.get_long().into_iter().chain(argument.get_visible_aliases().unwrap_or_default());
    let names = shorts.map(|short| format!("-{short}")).chain(longs.map(|long| format!("--{long}")));
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let mut text = names.join(", ");
    if !value.is_empty() {
        text.truncate(text.len() - 1);
        let _ = write!(text, "{}`", value.replace('|', "\\|"));
    }
    text
}

/// The name of the value as it follows the argument; empty if there is none.
fn value_name(argument: &Arg) -> String {
    if !argument.get_action().takes_values() {
        return String::new();
    }
    let name = argument.get_value_names().and_then(<[_]>::first).map_or("VALUE", |name| name.as_str());
    if argument.is_require_equals_set() { format!("[={name}]") } else { format!(" {name}") }
}

fn meaning(argument: &Arg) -> String {
    let mut text = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set() && argument.get_action().takes_values())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({help})", value.get_name()),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if !values.is_empty() {
        let _ = write!(text, ": {}", values.join(", "));
    }
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() && argument.get_action().takes_values() {
        let _ = write!(text, " [default: {}]", defaults.join(", "));
    }
    text
}

/// Text in a cell of a table, on one line.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}

/// Text of help as a paragraph.
fn sentence(text: &str) -> String {
    let text = text.trim().replace('<', "&lt;");
    if text.ends_with('.') { text } else { text + "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_command_with_its_options() {
        let document = document();
        for part in [
            "## `agtop hooks install`",
            "| `-j`, `--json[=SHAPE]` | Print JSON on one line",
            "`--prices-as-of DAY\\|usage\\|now`",
            "| [`agtop report`](#agtop-report) |",
            "| `3` | --watch",
        ] {
            assert!(document.contains(part), "{part} is missing");
        }
    }

    #[test]
    fn every_link_in_the_document_has_its_heading() {
        let document = document();
        let headings: Vec<String> = document
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .map(|heading| heading.replace('`', "").replace(' ', "-").to_lowercase())
            .collect();
        for link in document.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(headings.iter().any(|heading| heading == link), "{link}");
        }
    }

    #[test]
    fn a_bar_in_a_cell_is_escaped() {
        assert_eq!(cell("a|b"), "a\\|b");
    }
}
