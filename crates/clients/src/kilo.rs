//! Kilo CLI, which was made from OpenCode: `~/.local/share/kilo/kilo.db` has OpenCode's tables. (ccusage's adapter.)

use std::path::Path;

use agtop_model::{ClientId, Role};

use crate::looks::{Looks, MODEL};
use crate::{Client, ClientInfo, Decoder, Env, Format, Knowledge, Known, ProcFacts, Source, Store, opencode};

/// Kilo CLI.
pub(crate) struct Kilo;

const ID: ClientId = ClientId::new("kilo");

static INFO: ClientInfo = ClientInfo {
    id: ID,
    name: "Kilo CLI",
    aliases: &["kilocode"],
    danger_flags: &["--auto", "--yolo"],
    knowledge: Knowledge {
        tokens: Known::Yes,
        cost: Known::Yes,
        cache: Known::Yes,
        context: Known::Yes,
        tools: Known::Yes,
        subagents: Known::Yes,
        ..Knowledge::NONE
    },
    blind_spots: &[
        "Its database is read as OpenCode's, which it was made from; that was not checked against a live one.",
        "A response is written down when its step ends: one whose tool was killed or still runs has no usage yet.",
        "Releases before 1.0 kept files of another kind, which are not read.",
    ],
};

const LOOKS: Looks = Looks {
    // A text editor has the name, too.
    programs: &["kilocode"],
    installed: &[("@kilocode", "kilo"), (".kilo", "kilo")],
    commands: &["kilo", "kilocode"],
    packages: &["@kilocode/cli"],
    chores: &["serve", "web", "acp", "auth", "models", "mcp", "upgrade", "uninstall", "stats", "help"],
    model: MODEL,
    ..Looks::NONE
};

impl Client for Kilo {
    fn info(&self) -> &'static ClientInfo {
        &INFO
    }

    fn recognise(&self, process: &ProcFacts<'_>) -> Option<Role> {
        LOOKS.role(process)
    }

    fn stores(&self, env: &Env) -> Vec<Store> {
        let root = env.data_home().join("kilo");
        vec![Store::usual("database", root, 1, |path| path == Path::new("kilo.db"), Format::Sqlite(opencode::TABLES))]
    }

    fn decoder(&self, _: &Store, source: &Source<'_>) -> Box<dyn Decoder> {
        opencode::heir(ID, source)
    }

    fn session_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        process.option(&["-s", "--session"]).filter(|id| id.starts_with("ses_")).map(str::to_owned)
    }

    fn model_argument(&self, process: &ProcFacts<'_>) -> Option<String> {
        LOOKS.model(process)
    }
}

#[cfg(test)]
mod tests {
    use agtop_model::{Event, EventKind, PicoUsd, Timestamp, Usage};

    use super::*;
    use crate::testing::{Tally, decode_rows, fixture_rows};

    const ROWS: &str = include_str!("../../../fixtures/kilo/2026-11/rows.json");
    const PATH: &str = "/home/u/.local/share/kilo/kilo.db";

    fn events() -> Vec<Event> {
        decode_rows(&Kilo, PATH, &fixture_rows(&Kilo, PATH, ROWS))
    }

    #[test]
    fn its_rows_are_opencodes_under_a_name_of_its_own() {
        let events = events();
        assert!(events.iter().all(|event| event.session.client == ID));
        let tally = Tally::of(&events);
        let expected = Usage { input: 110, cache_read: 2_000, output: 60, reasoning: 10, ..Usage::default() };
        assert_eq!(tally.usage(), expected);
        assert_eq!(tally.turns.values().next().unwrap().1.embedded_cost, PicoUsd::from_usd(0.02));
    }

    #[test]
    fn times_are_seconds_or_milliseconds() {
        let started: Vec<_> = events()
            .iter()
            .filter_map(|event| if let EventKind::Facts(facts) = &event.kind { facts.started } else { None })
            .collect();
        assert_eq!(started, [Timestamp::from_millis(1_795_000_000_000), Timestamp::from_millis(1_795_000_100_000)]);
    }

    #[test]
    fn a_subagent_is_a_session_with_a_parent() {
        let parent = events().into_iter().find_map(|event| match event.kind {
            EventKind::Facts(facts) => facts.parent,
            _ => None,
        });
        assert_eq!(&*parent.unwrap().id, "ses_main");
    }
}
