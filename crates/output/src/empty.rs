//! What an output shows where no agent has ever been used: what agtop would show, and how to see it.

use std::io::{Result, Write};

use agtop_format::units;
use agtop_model::{ClientHealth, SourceHealth};

use crate::cell::Cell;
use crate::parts::write_sentence;
use crate::tone::Tone;
use crate::view::View;

/// The other agents and places are only counted.
const MAX_NAMED_AGENTS: usize = 6;
const MAX_NAMED_PLACES: usize = 3;

/// Writes which agents agtop knows, where it has looked for their sessions, and how to see fake ones.
pub(crate) fn write_hint(health: &SourceHealth, view: &View, out: &mut dyn Write) -> Result<()> {
    for line in empty_hint(health) {
        write_sentence(&Cell::new(line, Tone::Text), view, out)?;
    }
    Ok(())
}

/// What to say where nothing can be shown: the agents that agtop reads, where it has looked, and the demo.
pub fn empty_hint(health: &SourceHealth) -> Vec<String> {
    let mut lines = Vec::new();
    let names: Vec<&str> = health.clients.iter().map(|client| client.client.as_str()).collect();
    if !names.is_empty() {
        lines.push(format!("Agents that agtop reads: {} (agtop clients)", first(&names, MAX_NAMED_AGENTS, "")));
    }
    // Of the places of an agent, the shortest path is the one that users know.
    let shortest = |client: &ClientHealth| {
        client.stores.iter().map(|store| &store.root).min_by_key(|root| root.as_os_str().len()).cloned()
    };
    let places = health.clients.iter().filter_map(shortest);
    let places: Vec<String> = places.map(|root| root.to_string_lossy().into_owned()).collect();
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    if !places.is_empty() {
        let shown = first(&places, MAX_NAMED_PLACES, " places");
        lines.push(format!("Looked for their files in {shown} (agtop doctor --all)"));
    }
    lines.push("A session appears here as soon as an agent runs. With fake agents: agtop --demo".to_owned());
    lines
}

/// The first names, and the number of the others.
fn first(names: &[&str], most: usize, what: &str) -> String {
    let shown = names.get(..most).unwrap_or(names).join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {} more{what}", units::grouped(more as u64)),
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::{ClientId, StoreHealth};

    use super::*;

    #[test]
    fn the_hint_names_agents_places_and_the_demo() {
        let client = |name: &'static str| ClientHealth {
            stores: vec![StoreHealth {
                layout: "chats",
                root: format!("/home/u/.{name}").into(),
                exists: false,
                files: 0,
                bytes: 0,
            }],
            client: ClientId::new(name),
            sessions: 0,
            records: 0,
            duplicates: 0,
            issues: vec![],
            issues_total: 0,
            versions: vec![],
        };
        let names = ["claude", "codex", "gemini", "opencode", "goose", "aider", "amp"];
        let health = SourceHealth { clients: names.map(client).into(), ..SourceHealth::default() };
        assert_eq!(
            empty_hint(&health),
            [
                "Agents that agtop reads: claude, codex, gemini, opencode, goose, aider and 1 more (agtop clients)",
                "Looked for their files in /home/u/.claude, /home/u/.codex, /home/u/.gemini and 4 more places (agtop \
                 doctor --all)",
                "A session appears here as soon as an agent runs. With fake agents: agtop --demo",
            ]
        );
        assert_eq!(empty_hint(&SourceHealth::default()).len(), 1);
    }
}
