//! What may follow a flag or a command, for values that the definition of the command line does not list.

use agtop_clients::clients;
use agtop_model::FIELDS;
use agtop_query::SortKey;
use agtop_tui::{THEMES, ViewId};
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use super::ledger_names::LedgerNames;

/// The values of an argument of a command. The command line itself has no name.
struct ValueList {
    /// The command, empty for flags without a command.
    command: &'static str,
    argument: &'static str,
    values: fn() -> Vec<CompletionCandidate>,
}

const VALUE_LISTS: &[ValueList] = &[
    ValueList { command: "", argument: "clients", values: client_ids },
    ValueList { command: "", argument: "fields", values: columns },
    ValueList { command: "", argument: "sort", values: sort_keys },
    ValueList { command: "", argument: "theme", values: themes },
    ValueList { command: "", argument: "view", values: views },
    ValueList { command: "", argument: "prices_as_of", values: price_times },
    ValueList { command: "explain", argument: "session", values: sessions },
    ValueList { command: "compare", argument: "session", values: sessions },
    ValueList { command: "compare", argument: "models", values: models },
    ValueList { command: "compare", argument: "projects", values: projects },
    ValueList { command: "report", argument: "projects", values: projects },
    ValueList { command: "prices", argument: "models", values: models },
];

/// The definition of the command line with the values that a shell may ask for.
pub(super) fn attach(mut definition: Command) -> Command {
    for list in VALUE_LISTS {
        let add = |argument: Arg| argument.add(ArgValueCandidates::new(list.values));
        definition = match list.command {
            "" => definition.mut_arg(list.argument, add),
            command => definition.mut_subcommand(command, |sub| sub.mut_arg(list.argument, add)),
        };
    }
    definition
}

fn named(names: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    names.map(CompletionCandidate::new).collect()
}

fn explained(names: impl Iterator<Item = (String, String)>) -> Vec<CompletionCandidate> {
    names.map(|(name, help)| CompletionCandidate::new(name).help(Some(help.into()))).collect()
}

fn client_ids() -> Vec<CompletionCandidate> {
    explained(clients().map(|client| (client.info().id.to_string(), client.info().name.to_owned())))
}

fn columns() -> Vec<CompletionCandidate> {
    explained(FIELDS.iter().map(|field| (field.id.to_owned(), field.help.to_owned())))
}

fn sort_keys() -> Vec<CompletionCandidate> {
    named(SortKey::names().map(str::to_owned))
}

fn themes() -> Vec<CompletionCandidate> {
    named(THEMES.iter().map(|theme| theme.name.to_string()))
}

fn views() -> Vec<CompletionCandidate> {
    named(ViewId::ALL.iter().map(|view| view.as_str().to_owned()))
}

fn price_times() -> Vec<CompletionCandidate> {
    named(["now", "usage"].into_iter().map(str::to_owned))
}

fn sessions() -> Vec<CompletionCandidate> {
    explained(LedgerNames::load().sessions.into_iter())
}

fn models() -> Vec<CompletionCandidate> {
    named(LedgerNames::load().models.into_iter())
}

fn projects() -> Vec<CompletionCandidate> {
    named(LedgerNames::load().projects.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;

    /// `mut_arg` adds an argument that does not exist.
    #[test]
    fn every_list_of_values_belongs_to_an_argument_of_the_command_line() {
        let definition = Cli::definition();
        for list in VALUE_LISTS {
            let command = match list.command {
                "" => &definition,
                name => definition.find_subcommand(name).unwrap(),
            };
            assert!(command.get_arguments().any(|argument| argument.get_id() == list.argument), "{}", list.argument);
        }
        attach(definition).debug_assert();
    }

    #[test]
    fn columns_themes_and_agents_can_be_completed() {
        let has = |values: Vec<CompletionCandidate>, name: &str| values.iter().any(|value| value.get_value() == name);
        assert!(has(columns(), "cost") && has(themes(), "nord") && has(client_ids(), "claude"));
        assert!(has(views(), "quota") && has(sort_keys(), "smart"));
    }
}
