use agtop_query::SortKey;

use super::command::{COMMANDS, CommandKind};
use crate::keys::KeyPreset;
use crate::look::Theme;
use crate::view_id::ViewId;

/// What could stand in place of the word that ends `head`: commands first, then what the command takes.
pub(crate) fn completions(head: &str, themes: &[Theme]) -> Vec<String> {
    let starting_with = |all: Vec<String>, start: &str| all.into_iter().filter(|one| one.starts_with(start)).collect();
    match head.split_once(' ') {
        None => starting_with(names(COMMANDS.iter().map(|command| command.name)), head),
        Some((name, rest)) => {
            let start = rest.rsplit(' ').next().unwrap_or_default();
            let command = COMMANDS.iter().find(|command| command.name == name);
            command.map_or_else(Vec::new, |command| starting_with(arguments(command.kind, themes), start))
        }
    }
}

/// `head` with its last word completed as far as all completions agree; `None` if there is none.
pub(crate) fn completed(head: &str, themes: &[Theme]) -> Option<String> {
    let found = completions(head, themes);
    let common = found.iter().cloned().reduce(|one, other| common_start(&one, &other))?;
    let kept = head.rfind(' ').map_or("", |at| head.get(..=at).unwrap_or_default());
    let end = if found.len() == 1 && !common.ends_with(':') { " " } else { "" };
    Some(format!("{kept}{common}{end}"))
}

/// What may follow a command.
fn arguments(kind: CommandKind, themes: &[Theme]) -> Vec<String> {
    match kind {
        CommandKind::Export => names(["csv", "json"]),
        CommandKind::Filter => agtop_model::FIELDS.iter().map(|field| format!("{}:", field.id)).collect(),
        CommandKind::Keys => names(KeyPreset::ALL.map(KeyPreset::as_str)),
        CommandKind::Sort => names(SortKey::names()),
        CommandKind::Theme => names(themes.iter().map(|theme| &theme.name)),
        CommandKind::View => names(ViewId::ALL.map(ViewId::as_str)),
        _ => Vec::new(),
    }
}

fn names<T: ToString>(list: impl IntoIterator<Item = T>) -> Vec<String> {
    list.into_iter().map(|name| name.to_string()).collect()
}

fn common_start(one: &str, other: &str) -> String {
    one.chars().zip(other.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}
