//! Manual pages: one for agtop, and one for each of its commands.

use std::io;

use clap::Command;
use clap_mangen::Man;
use roff::{Roff, bold, roman};

use super::definition::built_definition;
use super::notes::NOTES;
use super::roff_text::tidy;

/// The section of user commands.
const SECTION: &str = "1";

/// The day of the release that the pages describe: a page must not differ from one build to the next.
const RELEASE_DATE: &str = "2026-12-01";

/// A manual page.
pub(crate) struct ManualPage {
    /// Such as `agtop-report.1`.
    pub(crate) file_name: String,
    pub(crate) text: String,
}

/// The page of agtop itself.
///
/// # Errors
/// If the page cannot be written to memory.
pub(crate) fn main_page() -> io::Result<String> {
    let definition = built_definition();
    Ok(page(&definition, &names(&definition))?.text)
}

/// All pages.
///
/// # Errors
/// If a page cannot be written to memory.
pub(crate) fn pages() -> io::Result<Vec<ManualPage>> {
    let definition = built_definition();
    let names = names(&definition);
    commands(&definition).into_iter().map(|command| page(command, &names)).collect()
}

/// The command, and all below it.
fn commands(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|sub| !sub.is_hide_set()).flat_map(commands);
    std::iter::once(command).chain(below).collect()
}

fn names(definition: &Command) -> Vec<String> {
    commands(definition).into_iter().map(page_name).collect()
}

/// Such as `agtop-hooks-install`.
fn page_name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command, all_names: &[String]) -> io::Result<ManualPage> {
    let name = page_name(command);
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .section(SECTION)
        .date(RELEASE_DATE)
        .source(concat!("agtop ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands");
    let mut text = b".\\\" Made by 'agtop man' from the definition of the command line. Do not edit.\n".to_vec();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    synopsis(command).to_writer(&mut text)?;
    man.render_description_section(&mut text)?;
    if let Some(notes) = command.get_after_help() {
        paragraphs(&notes.to_string()).to_writer(&mut text)?;
    }
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut text)?;
    }
    if command.get_subcommands().any(|sub| !sub.is_hide_set()) {
        man.render_subcommands_section(&mut text)?;
    }
    if name == "agtop" {
        notes().to_writer(&mut text)?;
    }
    see_also(&name, all_names).to_writer(&mut text)?;
    let text = tidy(&String::from_utf8_lossy(&text));
    Ok(ManualPage { file_name: format!("{name}.{SECTION}"), text })
}

/// How the command is called, with one word for all options: `agtop` has too many to list them twice.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut page = Roff::new();
    page.control("SH", ["SYNOPSIS"]);
    for (at, line) in usage.trim_start_matches("Usage:").lines().map(str::trim).enumerate() {
        if at > 0 {
            page.control("br", []);
        }
        page.text([bold(name), roman(line.strip_prefix(name).unwrap_or(line))]);
    }
    page
}

fn paragraphs(text: &str) -> Roff {
    let mut page = Roff::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        page.control("PP", []);
        page.text([roman(line)]);
    }
    page
}

fn notes() -> Roff {
    let mut page = Roff::new();
    for section in NOTES {
        page.control("SH", [section.heading.to_uppercase().as_str()]);
        for (term, meaning) in section.terms {
            page.control("TP", []);
            page.text([bold(*term)]);
            page.text([roman(*meaning)]);
        }
    }
    page
}

/// The page of agtop names all others, and theirs name the page of the command that they belong to.
fn see_also(name: &str, all_names: &[String]) -> Roff {
    let is_named = |other: &&String| match name {
        "agtop" => *other != name,
        _ => name.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('-')),
    };
    let mut others: Vec<&String> = all_names.iter().filter(is_named).collect();
    others.sort();
    let mut page = Roff::new();
    page.control("SH", ["SEE ALSO"]);
    let count = others.len();
    for (at, other) in others.into_iter().enumerate() {
        let end = if at + 1 == count { "" } else { "," };
        page.control("BR", [other.as_str(), &format!("(1){end}")]);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_that_names_its_origin() {
        let pages = pages().unwrap();
        let names: Vec<&str> = pages.iter().map(|page| &*page.file_name).collect();
        for name in ["agtop.1", "agtop-report.1", "agtop-hooks-install.1", "agtop-man.1"] {
            assert!(names.contains(&name), "{name} is missing in {names:?}");
        }
        for page in &pages {
            assert!(page.text.starts_with(".\\\" Made by 'agtop man'"), "{}", page.file_name);
        }
        assert_eq!(main_page().unwrap(), pages[0].text);
    }

    #[test]
    fn the_page_of_agtop_explains_exit_codes_variables_and_files() {
        let page = main_page().unwrap();
        for part in [".SH \"EXIT STATUS\"", "AGTOP_DATA_DIR", "ledger.db", ".BR agtop-report (1),"] {
            assert!(page.contains(part), "{part} is missing in {page}");
        }
    }

    #[test]
    fn a_page_refers_to_the_page_that_it_belongs_to() {
        let names = ["agtop", "agtop-hook", "agtop-hooks", "agtop-hooks-print"].map(str::to_owned);
        let text = see_also("agtop-hooks-print", &names).to_roff();
        assert!(text.contains(".BR agtop (1),\n.BR agtop-hooks (1)\n"), "{text}");
        assert!(!text.contains("hook "), "{text}");
    }
}
